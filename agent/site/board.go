package site

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/site/dashboard"
	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// board is the site as the dashboard asks it.
type board struct{ s *Site }

var _ dashboard.Site = board{}

// dashboard is the site's pages; nil where the door is open to other machines, or wants
// tokens, and nobody has a login.
func (s *Site) dashboard() (http.Handler, error) {
	web := s.conf.Web
	if !web.shows() {
		return nil, nil
	}
	return dashboard.New(dashboard.Config{
		Site: board{s}, Users: web.Users, Secure: web.TLS.Certificate != "", Done: s.ctx.Done(), Log: s.log,
		Costs: dashboard.Costs{Currency: s.conf.Costs.Currency, PerHIVE: s.conf.Costs.PerHIVE, Manual: s.conf.Costs.Manual, Models: s.conf.Costs.Models},
	})
}

// shows says that the door has a dashboard.
func (w Web) shows() bool {
	return w.Users != "" || w.Tokens == "" && web.OnLoopback(w.Listen)
}

// dashboardURL is where the dashboard is opened; empty: there is none.
func (s *Site) dashboardURL() string {
	if s.web == nil || !s.conf.Web.shows() {
		return ""
	}
	return s.web.URL() + "/"
}

func (b board) Worklist(f worklist.Filter) ([]dashboard.Entry, error) {
	list, err := b.s.Worklist(f)
	shown := make([]dashboard.Entry, len(list))
	for n, e := range list {
		shown[n] = dashboard.Entry{Case: e.Case, Progress: dashboard.Progress(e.Progress)}
	}
	return shown, err
}

func (b board) Case(id string) (dashboard.Entry, error) {
	e, err := b.s.Case(id)
	return dashboard.Entry{Case: e.Case, Progress: dashboard.Progress(e.Progress)}, err
}

func (b board) Changed() <-chan struct{} { return b.s.Changed() }

func (b board) Again(id, who string) (worklist.Case, error) {
	c, err := b.s.Again(id, who)
	if errors.Is(err, errSpent) {
		err = errors.Join(dashboard.ErrRefused, err)
	}
	return c, err
}

func (b board) Read(ctx context.Context, id, who string, w dashboard.Word) (worklist.Case, error) {
	c, err := b.s.Read(ctx, id, who, agent.ReaderFeedback{Accepted: w.Accepted, Reason: w.Reason})
	if errors.Is(err, agent.ErrReadBefore) {
		err = errors.Join(dashboard.ErrRefused, err)
	}
	return c, err
}

// Bounds of what is shown of a result. The files are the clinic's own, which wrote them from
// checked findings.
const (
	maxFindings = 1 << 20  // bytes
	maxPicture  = 32 << 20 // bytes
)

// Result reads findings.json of a case's result; nil where the case has none, or its files
// were removed after their time.
func (b board) Result(id string) (*dashboard.Result, error) {
	c, err := b.s.book.Get(id)
	if err != nil || c.At.Analysed.IsZero() || c.Task.IsZero() {
		return nil, err
	}
	folder := b.s.resultFolder(c.Task)
	data, err := readBounded(filepath.Join(folder, "findings.json"), maxFindings)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the findings: %w", err)
	}
	var f inference.Findings
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, errors.New("read the findings: they are none of this version; look at the delivered objects")
	}
	r := &dashboard.Result{Outcome: f.Outcome, Reason: f.Reason, Figures: figuresOf(f)}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("list the result: %w", pathless(err))
	}
	for _, e := range entries {
		r.Files = append(r.Files, e.Name())
	}
	r.Pictured = slices.Contains(r.Files, "overlay.png")
	return r, nil
}

// figuresOf are the numbers of findings.
func figuresOf(f inference.Findings) (list []dashboard.Figure) {
	for _, s := range f.Segments {
		if s.VolumeML > 0 {
			list = append(list, dashboard.Figure{Name: s.Name, Value: s.VolumeML, Unit: "ml"})
		}
	}
	for _, m := range f.Measurements {
		list = append(list, dashboard.Figure{Name: m.Code.Meaning, Value: m.Value, Unit: m.Unit.Value})
	}
	for _, p := range f.Probabilities {
		list = append(list, dashboard.Figure{Name: p.Name, Value: p.Value, Unit: "probability"})
	}
	return list
}

// Picture is the overlay of a case's result.
func (b board) Picture(id string) ([]byte, error) {
	c, err := b.s.book.Get(id)
	if err == nil && (c.At.Analysed.IsZero() || c.Task.IsZero()) {
		err = dashboard.ErrNothing
	}
	if err != nil {
		return nil, err
	}
	data, err := readBounded(filepath.Join(b.s.resultFolder(c.Task), "overlay.png"), maxPicture)
	if errors.Is(err, fs.ErrNotExist) {
		err = dashboard.ErrNothing
	}
	return data, err
}

// readBounded reads a file that is no longer than anything of ours.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, pathless(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	return data, pathless(err)
}

func (b board) Held(ctx context.Context) ([]dashboard.HeldCase, error) {
	list, err := b.s.Held(ctx)
	shown := make([]dashboard.HeldCase, len(list))
	for n, h := range list {
		shown[n] = dashboard.HeldCase(h)
	}
	return shown, err
}

func (b board) Look(ctx context.Context, id, who string) (dashboard.HeldCase, error) {
	h, err := b.s.Look(ctx, id, who)
	return dashboard.HeldCase(h), err
}

func (b board) HeldPicture(ctx context.Context, id string, n int) ([]byte, error) {
	doubt, err := b.s.held.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if n >= len(doubt.Held.Images) {
		return nil, dashboard.ErrNothing
	}
	return doubt.Held.Images[n].Picture, nil
}

func (b board) Decide(ctx context.Context, id, who string, d quarantine.Decision, reason string) (worklist.Case, error) {
	c, err := b.s.Case(id)
	if err != nil {
		return c.Case, err
	}
	after, err := b.s.Decide(ctx, id, who, d, reason)
	if err != nil && c.State != worklist.Held {
		err = errors.Join(dashboard.ErrRefused, err)
	}
	return after, err
}

func (b board) Deliveries(limit int) ([]outbox.Delivery, error) { return b.s.Deliveries(limit) }

func (b board) RetryNow(destination string) (int, error) { return b.s.RetryNow(destination) }

func (b board) Withdraw(who, destination string) (int, error) { return b.s.Withdraw(who, destination) }

// RulesText is the file of rules.
func (b board) RulesText() (string, error) {
	data, err := readBounded(b.s.conf.Rules, maxSiteFile)
	if err != nil {
		return "", fmt.Errorf("read the rules: %w", err)
	}
	return string(data), nil
}

// Explain asks the rules in force, or the text's.
func (b board) Explain(studyUID, text string) (dashboard.Explanation, error) {
	rules := *b.s.rules.Load()
	if text != "" {
		var err error
		if rules, err = route.Parse([]byte(text)); err == nil && b.s.clinic != nil {
			err = b.s.checks(rules)
		}
		if err != nil {
			return dashboard.Explanation{}, errors.Join(dashboard.ErrRefused, err)
		}
	}
	x, err := b.s.explain(studyUID, rules)
	if errors.Is(err, inbox.ErrUnknownStudy) {
		err = fmt.Errorf("the site holds no images of that study; its rules can be tried while it is kept: %w", err)
	}
	return dashboard.Explanation(x), err
}

func (b board) LoadRules(who string) error {
	if err := b.s.record(audit.Entry{Kind: audit.Configure, Actor: who, Reason: "the rules were read anew"}); err != nil {
		return err
	}
	return b.s.LoadRules()
}

func (b board) Viewed(who, id string, count int, what string) error {
	e := audit.Entry{Kind: audit.View}
	if id != "" {
		c, err := b.s.book.Get(id)
		if err != nil {
			return err
		}
		e = entryOf(audit.View, c)
	}
	e.Actor, e.Count, e.Reason, e.Way = who, count, what, "dashboard"
	return b.s.record(e)
}

func (b board) Logged(who string, in bool) error {
	e := audit.Entry{Kind: audit.Login, Actor: cmp.Or(who, "unknown"), Way: "dashboard"}
	if !in {
		e.Outcome, e.Reason = audit.Serious, "name or password is wrong"
	}
	return b.s.record(e)
}

func (b board) UsersChanged() error {
	return b.s.record(audit.Entry{Kind: audit.Configure, Reason: "the users of the dashboard were changed"})
}

func (b board) Exported(who string) error {
	return b.s.record(audit.Entry{Kind: audit.Export, Actor: who, Reason: "the audit log"})
}

func (b board) Lines(ctx context.Context, span audit.Span, tell func(audit.Line) error) error {
	return b.s.audit.Read(ctx, span, tell)
}

func (b board) Reporting() audit.Reporting { return b.s.conf.reporting() }

func (b board) Status() (dashboard.Status, error) {
	st, err := b.s.Status()
	shown := dashboard.Status{Up: st.Up, AETitle: st.AETitle, Rules: st.Rules, Inbox: st.Inbox, Cases: st.Cases, Outbox: st.Outbox}
	for _, d := range []dashboard.Door{{Kind: "DICOM", Address: st.DICOM}, {Kind: "HL7", Address: st.Orders}, {Kind: "web", Address: st.Web}} {
		if d.Address != "" {
			shown.Doors = append(shown.Doors, d)
		}
	}
	for _, a := range st.Arriving {
		shown.Arriving = append(shown.Arriving, dashboard.Arriving(a))
	}
	return shown, err
}
