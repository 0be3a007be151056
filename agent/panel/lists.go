package panel

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/medhive/medhive/agent/history"
	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/hwprobe"
)

// scoresShown are the epochs of the chart: a season of days.
const scoresShown = 90

type scorePage struct {
	Newest *Score
	Chart  chart
	Older  []Score
}

func (p *Panel) showScore(v *web.Visit) error {
	list, err := p.node.Scores(scoresShown)
	if err != nil {
		return err
	}
	page := scorePage{}
	if len(list) > 0 {
		page.Newest, page.Older = &list[0], list[1:min(len(list), scoreLines)]
		page.Chart = scoreChart(list)
	}
	return v.Page(http.StatusOK, "score", "Score", page)
}

// scoreLines are the epochs of the table.
const scoreLines = 15

// scoreChart draws the four factors over the epochs, of which the newest comes first.
func scoreChart(list []Score) chart {
	newest, oldest := list[0], list[len(list)-1]
	var series []drawn
	for n, f := range newest.Factors {
		s := history.Span{Series: history.Series{Name: f.Name, Unit: "%"}, Step: newest.To.Sub(newest.From)}
		for i := len(list) - 1; i >= 0; i-- {
			if n < len(list[i].Factors) {
				share := 100 * list[i].Factors[n].Value
				s.Points = append(s.Points, history.Point{At: list[i].From, Cell: history.Cell{N: 1, Sum: share, Min: float32(share), Max: float32(share)}})
			}
		}
		series = append(series, drawn{s, f.Name, "factor" + fmt.Sprint(n+1)})
	}
	c := chart{Title: "Factors by epoch", Unit: "%", Top: "100", Bottom: "0", From: oldest.From, Until: newest.To}
	const none, all = 0, 100
	c.Lines = linesWithin(c.From, c.Until, none, all, series)
	var now []string
	for _, f := range newest.Factors {
		now = append(now, fmt.Sprintf("%s %.0f %%", f.Name, 100*f.Value))
	}
	c.Says = fmt.Sprintf("The four factors over %d epochs; in the newest one: %s.", len(list), strings.Join(now, ", "))
	return c
}

func (p *Panel) showModels(v *web.Visit) error {
	list, err := p.node.Models()
	if err != nil {
		return err
	}
	return v.Page(http.StatusOK, "models", "Models", list)
}

type machinePage struct {
	hwprobe.Profile
	Status    Status
	Explained []string
}

func (p *Panel) showMachine(v *web.Visit) error {
	st, err := p.node.Status(v.R.Context())
	if err != nil {
		return err
	}
	profile := p.node.Profile()
	return v.Page(http.StatusOK, "machine", "Machine", machinePage{profile, st, hwprobe.Explain(profile)})
}

func (p *Panel) showNetwork(v *web.Visit) error {
	return v.Page(http.StatusOK, "network", "Network", p.node.Network())
}

type logPage struct {
	Least Severity
	Lines []Line
}

// logShown are the lines of a page.
const logShown = 300

func (p *Panel) showLog(v *web.Visit) error {
	least, ok := ParseSeverity(v.R.URL.Query().Get("least"))
	if !ok {
		return web.Refuse("least %.20q: want %s, %s or %s", v.R.URL.Query().Get("least"), Info, Warn, Error)
	}
	return v.Page(http.StatusOK, "log", "Log", logPage{least, p.node.Log(least, logShown)})
}

// choice is one that a page offers.
type choice struct{ Word, Name string }

var choices = []choice{{string(Info), "All"}, {string(Warn), "Warnings and errors"}, {string(Error), "Errors"}}

// words are how pages write a node's values.
func words() template.FuncMap {
	return template.FuncMap{
		"wei": weiHIVE, "severity": severityTone, "share": func(f float64) string { return fmt.Sprintf("%.2f", f) },
		"figure": number, "brief": brief, "when": func(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") },
		"signed": func(n uint64) int64 { return int64(min(n, math.MaxInt64)) }, "severities": func() []choice { return choices },
		"millis": func(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond)) },
	}
}

// brief is the beginning and the end of a long name.
func brief(s string) string {
	const whole, end = 16, 6
	if len(s) <= whole {
		return s
	}
	return s[:whole-end-1] + "…" + s[len(s)-end:]
}

// severityTone is the colour of a severity; the word says the same without it.
func severityTone(s any) string {
	switch fmt.Sprint(s) {
	case "critical", "error":
		return "bad"
	case "warning", "warn":
		return "wait"
	}
	return "work"
}
