package panel

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/medhive/medhive/agent/history"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/hwprobe"
)

// SeriesInfo is a figure whose history is kept.
type SeriesInfo struct {
	Name  string `json:"name"`
	Unit  string `json:"unit"`
	Does  string `json:"does"`
	Total bool   `json:"total"` // amounts, which add up; else levels
}

// SeriesSpan is how a figure went.
type SeriesSpan struct {
	Name   string        `json:"name"`
	Unit   string        `json:"unit"`
	Step   time.Duration `json:"step_ns"`
	Points []SeriesPoint `json:"points"` // by time; a step without a figure has none
}

// SeriesPoint is a figure in a step of time.
type SeriesPoint struct {
	At    time.Time `json:"at"`    // when the step begins
	Value float64   `json:"value"` // mean of a level, sum of an amount
	Least float64   `json:"least"`
	Most  float64   `json:"most"`
}

// ModeRequest asks a node to change what it takes on.
type ModeRequest struct {
	Mode Mode `json:"mode"` // working, draining or paused
}

// Bounds of lists for programs.
const (
	maxSteps     = 2000
	maxScores    = 400
	defaultLines = 200
)

func (p *Panel) operations() []web.Operation {
	get := http.MethodGet
	return []web.Operation{
		{Method: get, Path: "/status", Role: Viewer, Does: "The node on one screen", Out: Status{}, Answer: func(v *web.Visit) (any, error) { return p.node.Status(v.R.Context()) }},
		{Method: get, Path: "/warnings", Role: Viewer, Does: "What is not as it should be, the worst first, each with what to do", Out: []warning.Warning{}, Answer: func(*web.Visit) (any, error) { return p.node.Warnings(), nil }},
		{Method: get, Path: "/series", Role: Viewer, Does: "The figures whose history is kept", Out: []SeriesInfo{}, Answer: func(*web.Visit) (any, error) { return p.series(), nil }},
		{Method: get, Path: "/series/{name}", Role: Viewer, Does: "How a figure went", Query: []web.Param{
			{Name: "span", Does: "hour, day, week or year until now; a day where it is left out"}, {Name: "steps", Does: "at most so many, 1 to 2000; 400 where it is left out"}},
			Out: SeriesSpan{}, Answer: p.answerSeries},
		{Method: get, Path: "/earnings", Role: Viewer, Does: "What the node earned by day and model, its vouchers and rewards", Query: []web.Param{{Name: "days", Does: "of the last so many days, 1 to 500; 30 where it is left out"}},
			Out: Earnings{}, Answer: p.answerEarnings},
		{Method: get, Path: "/scores", Role: Viewer, Does: "How the newest epochs scored the node, and why", Query: []web.Param{{Name: "limit", Does: "at most so many, 1 to 400; 15 where it is left out"}},
			Out: []Score{}, Answer: p.answerScores},
		{Method: get, Path: "/models", Role: Viewer, Does: "The models of this machine and their validations", Out: []Model{}, Answer: func(*web.Visit) (any, error) { return p.node.Models() }},
		{Method: get, Path: "/machine", Role: Viewer, Does: "What was measured of the machine", Out: hwprobe.Profile{}, Answer: func(*web.Visit) (any, error) { return p.node.Profile(), nil }},
		{Method: get, Path: "/network", Role: Viewer, Does: "Whom the node is connected to, and how it is reached", Out: Network{}, Answer: func(*web.Visit) (any, error) { return p.node.Network(), nil }},
		{Method: get, Path: "/log", Role: Viewer, Does: "The newest lines of the log, the newest first", Query: []web.Param{
			{Name: "least", Does: "info, warn or error; info where it is left out"}, {Name: "limit", Does: "at most so many, 1 to 1000; 200 where it is left out"}},
			Out: []Line{}, Answer: p.answerLog},
		{Method: http.MethodPost, Path: "/mode", Role: Admin, Does: "Drain, pause or resume; no job is dropped for it", In: ModeRequest{}, Out: Status{}, Answer: p.answerMode},
	}
}

func (p *Panel) series() []SeriesInfo {
	list := []SeriesInfo{}
	for _, s := range p.node.Series() {
		list = append(list, SeriesInfo{s.Name, s.Unit, s.Does, s.Total})
	}
	return list
}

func (p *Panel) answerSeries(v *web.Visit) (any, error) {
	chosen, err := spanNamed(v.R.URL.Query().Get("span"))
	if err != nil {
		return nil, err
	}
	steps, err := numberOf(v, "steps", chartSteps, maxSteps)
	if err != nil {
		return nil, err
	}
	until := p.now()
	found, err := p.node.Read(v.R.PathValue("name"), until.Add(-chosen.of), until, steps)
	switch {
	case errors.Is(err, history.ErrUnknown):
		return nil, web.ErrNoPage
	case err != nil:
		return nil, err
	}
	out := SeriesSpan{Name: found.Series.Name, Unit: found.Series.Unit, Step: found.Step, Points: []SeriesPoint{}}
	for _, at := range found.Points {
		out.Points = append(out.Points, SeriesPoint{at.At, at.Value(found.Series), float64(at.Min), float64(at.Max)})
	}
	return out, nil
}

// numberOf is a number of the query.
func numberOf(v *web.Visit, name string, otherwise, most int) (int, error) {
	text := v.R.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, web.Refuse("%s %.20q: want 1 to %d", name, text, most)
	}
	return n, nil
}

func (p *Panel) answerEarnings(v *web.Visit) (any, error) {
	days, err := daysOf(v)
	if err != nil {
		return nil, err
	}
	return p.node.Earnings(v.R.Context(), days)
}

func (p *Panel) answerScores(v *web.Visit) (any, error) {
	limit, err := numberOf(v, "limit", scoreLines, maxScores)
	if err != nil {
		return nil, err
	}
	return p.node.Scores(limit)
}

func (p *Panel) answerLog(v *web.Visit) (any, error) {
	least, ok := ParseSeverity(v.R.URL.Query().Get("least"))
	if !ok {
		return nil, web.Refuse("least %.20q: want %s, %s or %s", v.R.URL.Query().Get("least"), Info, Warn, Error)
	}
	limit, err := numberOf(v, "limit", defaultLines, tailLines)
	if err != nil {
		return nil, err
	}
	return p.node.Log(least, limit), nil
}

func (p *Panel) answerMode(v *web.Visit) (any, error) {
	var asked ModeRequest
	if err := v.Decode(&asked); err != nil {
		return nil, err
	}
	if err := p.setMode(string(asked.Mode)); err != nil {
		return nil, err
	}
	return p.node.Status(v.R.Context())
}
