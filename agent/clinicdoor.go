package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/clinic"
)

// maxReading is how many studies are read at once: one may take gigabytes while it is
// de-identified.
const maxReading = 2

// ClinicStatus is a clinic on one screen.
type ClinicStatus struct {
	Address string   `json:"address"`
	Peer    string   `json:"peer"`
	Serving bool     `json:"serving"` // it takes studies at its local door
	Runner  bool     `json:"runner"`  // it can run models itself
	Regions []string `json:"regions"` // whose nodes it knows
	Listed  int      `json:"listed"`  // nodes of the registry
	Known   int      `json:"known"`   // nodes whose notice is in force
	Peers   int      `json:"peers"`
	// Rechecks are what coordinators may still run again and were given; nil: nothing is kept
	// for it.
	Rechecks *broker.Allowance `json:"rechecks,omitempty"`
	Warnings []warning.Warning `json:"warnings"` // the worst first
	Up       time.Duration     `json:"up_ns"`
}

// Status is a snapshot.
func (c *Clinic) Status() ClinicStatus {
	s := ClinicStatus{Address: c.key.Address().Hex(), Peer: c.host.ID().String(), Serving: c.conf.Serve, Runner: c.local != nil,
		Regions: []string{}, Listed: c.roster.size(), Known: c.known.Len(), Peers: len(c.host.Network().Peers()), Warnings: c.look(), Up: time.Since(c.started)}
	if c.conf.Rechecks {
		if a, err := c.broker.Allowance(); err == nil {
			s.Rechecks = &a
		} else {
			c.conf.Log.Error("what may be run again is not readable", "error", err)
		}
	}
	c.following.Lock()
	defer c.following.Unlock()
	for region := range c.followed {
		s.Regions = append(s.Regions, region)
	}
	slices.Sort(s.Regions)
	return s
}

// settlePatience is how long Settle waits: a node's restart takes about as long.
const settlePatience = 3 * time.Second

// Settle waits a moment for nodes that have not read their receipt yet, because they were
// cut off or restarted as they were about to: they ask for it at the clinic's next start
// otherwise. Where all have, which is nearly always, it returns at once.
func (c *Clinic) Settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settlePatience)
	defer cancel()
	if err := c.broker.Settled(ctx); err != nil {
		c.conf.Log.Debug("a node has not read its receipt; it asks again", "error", err)
	}
}

// SubmissionLine is one line of the door's answer to a study: a step, or the report at the
// end; a line of the error ends it otherwise.
type SubmissionLine struct {
	Step   *FeedEvent `json:"step,omitempty"`
	Report *Report    `json:"report,omitempty"`
	// NoResult is why there is none, with the report of it.
	NoResult string `json:"no_result,omitempty"`
}

// noResult is the running clinic's ErrNoResult, in its words.
type noResult string

func (n noResult) Error() string { return string(n) }

func (n noResult) Unwrap() error { return ErrNoResult }

func (c *Clinic) openDoor(context.Context) (err error) {
	c.api, err = api.Serve(c.conf.State, map[string]api.Handler{
		"GET /status": func(context.Context) (any, error) { return c.Status(), nil },
	}, api.Page{Pattern: "GET /tasks", Handler: api.Answer(c.listTasks)},
		api.Page{Pattern: "GET /tasks/all", Handler: api.Lines(c.tellTasks)},
		api.Page{Pattern: "POST /tasks/{task}/cancel", Handler: api.Answer(func(r *http.Request) (any, error) {
			return c.Cancel(r.Context(), r.PathValue("task"))
		})},
		api.Page{Pattern: "GET /events", Handler: api.Lines(c.tellEvents)},
		api.Page{Pattern: "POST /submit", Handler: api.Lines(c.takeStudy)},
		api.Page{Pattern: "GET /vouchers", Handler: api.Answer(func(*http.Request) (any, error) { return c.broker.Owed() })},
		api.Page{Pattern: "GET /metrics", Handler: c.metrics()})
	if err == nil {
		c.profiles, err = api.ServeProfiles(c.conf.State)
	}
	if err == nil && c.conf.Metrics != "" {
		c.scrape, err = serveMetrics(c.conf.Metrics, c.metrics(), c.conf.Log)
	}
	return err
}

// tellEvents sends every step of every task until the listener goes away.
func (c *Clinic) tellEvents(r *http.Request, send func(any) error) error {
	events, stop := c.feed.listen(models.Digest{})
	defer stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case e := <-events:
			if err := send(e); err != nil {
				return err
			}
		}
	}
}

// takeStudy takes a study of a process of this machine the whole way. It goes on when that
// process goes away: the result is delivered all the same.
func (c *Clinic) takeStudy(r *http.Request, send func(any) error) error {
	if !c.conf.Serve {
		return errors.New("this clinic has one study of its own to do and takes no others; start `medhive clinic run`, which takes many")
	}
	var s Submission
	if err := api.Decode(r, &s); err != nil {
		return err
	}
	if !filepath.IsAbs(s.Path) || !filepath.IsAbs(s.Out) {
		return errors.New("study and folder of the results must be absolute paths")
	}
	steps := make(chan FeedEvent, feedBuffer)
	s.Tell = func(e FeedEvent) {
		select {
		case steps <- e:
		default: // the asker is slow; the end is told in any case
		}
	}
	var report Report
	ended := make(chan error, 1)
	c.loops.Go(func() {
		var err error
		if report, err = c.Submit(c.ctx, s); err != nil {
			c.conf.Log.Warn("a study that was handed over brought no result", "task", report.Task.Short(), "error", clinic.Loggable(err))
		}
		ended <- err
	})
	return c.tellSubmission(r.Context(), steps, ended, &report, send)
}

// tellSubmission sends what happens to a study, and how it ended.
func (c *Clinic) tellSubmission(ctx context.Context, steps <-chan FeedEvent, ended <-chan error, report *Report, send func(any) error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-steps:
			if err := send(SubmissionLine{Step: &e}); err != nil {
				return err
			}
		case err := <-ended:
			for len(steps) > 0 {
				e := <-steps
				if err := send(SubmissionLine{Step: &e}); err != nil {
					return err
				}
			}
			if err != nil && !errors.Is(err, ErrNoResult) {
				return err
			}
			line := SubmissionLine{Report: report}
			if err != nil {
				line.NoResult = err.Error()
			}
			return send(line)
		}
	}
}

// HandOver gives a study to the clinic that runs in state, tells its steps, and returns
// what Submit returned there.
func HandOver(ctx context.Context, state string, s Submission) (report Report, err error) {
	for _, path := range []*string{&s.Path, &s.Out} {
		if *path, err = filepath.Abs(*path); err != nil {
			return report, fmt.Errorf("submit: %w", err)
		}
	}
	var last SubmissionLine
	err = api.Follow(ctx, state, http.MethodPost, "/submit", s, func(data []byte) error {
		last = SubmissionLine{}
		if err := json.Unmarshal(data, &last); err != nil {
			return fmt.Errorf("the clinic that runs answers in another language: %w; is it of another version?", err)
		}
		if last.Step != nil && s.Tell != nil {
			s.Tell(*last.Step)
		}
		return nil
	})
	switch {
	case ctx.Err() != nil:
		return report, fmt.Errorf("%w; the clinic that runs goes on with it, see `medhive clinic tasks`", context.Cause(ctx))
	case err != nil:
		return report, err
	case last.Report == nil:
		return report, errors.New("the clinic that ran has ended meanwhile; nothing is lost: start it again, or submit the same study again")
	}
	if last.NoResult != "" {
		return *last.Report, noResult(last.NoResult)
	}
	return *last.Report, nil
}

// Serves reports whether a clinic runs in state that takes studies.
func Serves(ctx context.Context, state string) bool {
	var s ClinicStatus
	return api.Call(ctx, state, http.MethodGet, "/status", &s) == nil && s.Serving
}
