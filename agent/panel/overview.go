package panel

import (
	"fmt"
	"net/http"
	"time"

	"github.com/medhive/medhive/agent/history"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/agent/web"
)

// span is a stretch of time that charts show.
type span struct {
	Name string // in the address
	Word string
	of   time.Duration
}

var spans = []span{
	{"hour", "1 hour", time.Hour}, {"day", "1 day", 24 * time.Hour}, {"week", "7 days", 7 * 24 * time.Hour}, {"year", "1 year", 365 * 24 * time.Hour},
}

// chartSteps are the most that a chart is drawn of: a pixel or two each, and every step of the last hour.
const chartSteps = 400

// barSteps are the most bars.
const barSteps = 60

// spanNamed is a span by its name; the day's where none is given.
func spanNamed(name string) (span, error) {
	for _, s := range spans {
		if s.Name == name || name == "" && s.Name == "day" {
			return s, nil
		}
	}
	return span{}, web.Refuse("span %.20q: want hour, day, week or year", name)
}

type overviewPage struct {
	Status
	Warnings []warning.Warning
	Charts   []chart
	Spans    []span
	Span     string
}

func (p *Panel) showOverview(v *web.Visit) error {
	chosen, err := spanNamed(v.R.URL.Query().Get("span"))
	if err != nil {
		return err
	}
	st, err := p.node.Status(v.R.Context())
	if err != nil {
		return err
	}
	page := overviewPage{Status: st, Warnings: p.node.Warnings(), Spans: spans, Span: chosen.Name}
	if page.Charts, err = p.charts(chosen); err != nil {
		return err
	}
	return v.Page(http.StatusOK, "overview", "Overview", page)
}

// charts are those of the overview.
func (p *Panel) charts(s span) ([]chart, error) {
	until := p.now()
	from := until.Add(-s.of)
	found := map[string]history.Span{}
	for name, most := range map[string]int{Watts: chartSteps, Celsius: chartSteps, TOPS: chartSteps, Proved: chartSteps, Busy: chartSteps, Done: barSteps} {
		one, err := p.node.Read(name, from, until, most)
		if err != nil {
			return nil, fmt.Errorf("draw %s: %w", name, err)
		}
		found[name] = one
	}
	return []chart{
		levels("Power", from, until, drawn{found[Watts], "machine", "watts"}),
		levels("Temperature", from, until, drawn{found[Celsius], "hottest", "celsius"}),
		levels("TOPS", from, until, drawn{found[TOPS], "measured", "tops"}, drawn{found[Proved], "proved", "proved"}),
		shares("Work", from, until, drawn{found[Busy], "busy", "busy"}),
		amounts("Jobs done", from, until, found[Done]),
	}, nil
}

func (p *Panel) sendMode(v *web.Visit) error {
	if err := p.setMode(v.R.PostForm.Get("mode")); err != nil {
		return err
	}
	v.Redirect("/")
	return nil
}

func (p *Panel) setMode(word string) error {
	m := Mode(word)
	if m != Working && m != Draining && m != Paused {
		return web.Refuse("mode %.20q: want %s, %s or %s", word, Working, Draining, Paused)
	}
	return p.node.SetMode(m)
}
