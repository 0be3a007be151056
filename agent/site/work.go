package site

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// collect makes a case of each study that is complete, until ctx ends. The study is the
// inbox's until the case is on disk.
func (s *Site) collect(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		study, err := s.inbox.Next(ctx)
		for ; err == nil; failures++ {
			if err = s.admit(study); err == nil {
				failures = 0
				break
			}
			s.log.Error("a study could not be put on the worklist; it is tried again", "study", study.Key, "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(pauseAfter(failures + 1)):
				err = nil
			}
		}
		if err != nil && ctx.Err() == nil {
			s.log.Error("the inbox hands out no studies; restart the site", "error", err)
			return
		}
	}
}

// admit puts a study on the worklist, and into the audit log before: a crash between the two
// records it twice, and never not at all.
func (s *Site) admit(study inbox.Study) error {
	c := caseOf(study)
	e := entryOf(audit.Intake, c)
	e.Case, e.Way, e.Count, e.Peer = study.Key, string(study.Origin.Way), study.Instances, study.Origin.CallingAE
	if study.Conflicts > 0 {
		e.Reason = fmt.Sprintf("%d instances came again with other content and were refused", study.Conflicts)
	}
	if err := s.record(e); err != nil {
		return err
	}
	_, fresh, err := s.book.Add(c)
	if err != nil {
		return err
	}
	if fresh[0] {
		s.log.Info("a study is on the worklist", "study", study.Key, "revision", study.Revision, "instances", study.Instances, "because", string(study.Completed))
	}
	return s.inbox.Taken(study)
}

// act does one thing for a case. An error is one that is no step of the case.
func (s *Site) act(ctx context.Context, c worklist.Case, do action) error {
	switch do {
	case decide:
		return s.decide(c)
	case submit:
		return s.submit(ctx, c)
	case handOver:
		return s.handOver(c)
	}
	return nil
}

// apply steps a case and keeps what is derived from it.
func (s *Site) apply(id string, e worklist.Event) (worklist.Case, error) {
	c, err := s.book.Apply(id, e)
	if err == nil {
		s.ledger.note(c)
		s.tasks.note(c)
		s.unread.note(c)
		s.log.Debug("a case moved", "case", c.ID, "state", string(c.State))
	}
	return c, err
}

// What becomes of studies that no model sees.
const (
	reasonNoRule  = "no rule takes the study; see `medhive clinic route --explain`"
	reasonIgnored = "a rule says that such studies are not analysed"
	reasonLate    = "slices came after the study was complete; the site only notes them"
	reasonGone    = "the study's images are no longer here; send it again"
	reasonClash   = "an image came a second time with other content; look at both, then release the first or refuse the study"
)

// decide lets the rules choose models for a study.
func (s *Site) decide(c worklist.Case) error {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	study, err := s.inbox.Study(c.StudyUID, c.Revision)
	if errors.Is(err, inbox.ErrUnknownStudy) {
		return s.giveUp(c, worklist.Refuse{Reason: reasonGone})
	}
	if err != nil {
		return err
	}
	released := c.By != ""
	switch {
	case study.NoteOnly && !released:
		return s.giveUp(c, worklist.Fail{Reason: reasonLate})
	case study.Hold && !released:
		if err := s.recordReason(audit.Hold, c, audit.Success, reasonClash); err != nil {
			return err
		}
		_, err := s.apply(c.ID, worklist.Hold{Reason: reasonClash})
		return err
	}
	facts, asked, err := s.ordered(factsOf(study), study)
	if err != nil {
		return err
	}
	rules, now := *s.rules.Load(), time.Now()
	d := route.Decide(rules, facts, now, s.ledger.spent(rules.Since(now)))
	var routes []worklist.Route
	for _, r := range d.Routes {
		event, err := eventOf(r, c, asked, s.conf.Market)
		if err != nil {
			return s.giveUp(c, worklist.Refuse{Reason: err.Error()})
		}
		routes = append(routes, event)
	}
	if len(routes) == 0 {
		return s.giveUp(c, unrouted(d))
	}
	made, err := s.book.Split(c.ID, routes...)
	for _, one := range made {
		s.ledger.note(one)
		s.log.Info("a study was routed", "study", c.StudyKey, "case", one.ID, "rule", one.Rule, "model", one.Model, "priority", one.Terms.Priority.String())
	}
	return err
}

// unrouted says why no model sees a study.
func unrouted(d route.Decision) worklist.Event {
	for _, stopped := range d.Stopped {
		return worklist.Fail{Reason: fmt.Sprintf("the budget of rule %s is spent: %s", stopped.Rule, stopped.Reason)}
	}
	for _, line := range d.Explain {
		if line.Verdict == route.Ignored {
			return worklist.Refuse{Reason: reasonIgnored}
		}
	}
	return worklist.Refuse{Reason: reasonNoRule}
}

// giveUp ends a case without a result.
func (s *Site) giveUp(c worklist.Case, e worklist.Event) error {
	reason := ""
	switch e := e.(type) {
	case worklist.Fail:
		reason = e.Reason
	case worklist.Refuse:
		reason = e.Reason
	}
	if err := s.recordReason(audit.Result, c, audit.Serious, reason); err != nil {
		return err
	}
	_, err := s.apply(c.ID, e)
	return err
}

func (s *Site) recordReason(kind audit.Kind, c worklist.Case, outcome audit.Outcome, reason string) error {
	e := entryOf(kind, c)
	e.Outcome, e.Reason = outcome, reason
	return s.record(e)
}

// submit takes a case through the market, or joins it there.
func (s *Site) submit(ctx context.Context, c worklist.Case) error {
	study, err := s.inbox.Study(c.StudyUID, c.Revision)
	if errors.Is(err, inbox.ErrUnknownStudy) {
		return s.giveUp(c, worklist.Refuse{Reason: reasonGone})
	}
	if err != nil {
		return err
	}
	if c, err = s.apply(c.ID, worklist.Submit{}); err != nil {
		return err
	}
	defer s.progress.drop(c.ID)
	report, err := s.analyst.Submit(ctx, agent.Submission{
		Path: study.Folder, Out: s.spool(), Model: c.Model, Policy: c.Policy,
		Residency: c.Terms.Residency, Priority: c.Terms.Priority, PriceCeilingGwei: c.Terms.PriceCeilingGwei, Within: c.Terms.Within,
		Copying: c.Terms.Copying, Copies: c.Terms.Copies, LocalAfter: c.Terms.LocalAfter,
		Prepared: func(task models.Digest) error {
			_, err := s.apply(c.ID, worklist.Task{Task: task})
			return err
		},
		Tell: func(e agent.FeedEvent) { s.progress.note(c.ID, e) },
	})
	if err == nil {
		return s.analysed(c, report)
	}
	if ctx.Err() != nil {
		return nil // the next life goes on
	}
	return s.failed(ctx, c, report, err)
}

// analysed notes that a case's result is in the spool.
func (s *Site) analysed(c worklist.Case, report agent.Report) error {
	e := entryOf(audit.Result, c)
	e.Task, e.Peer, e.Hash = hex.EncodeToString(report.Task[:]), report.Winner, hex.EncodeToString(report.Receipt.Receipt.OutputHash[:])
	if report.State == scheduler.Local {
		e.Peer, e.Hash = "the clinic's own runner", ""
	}
	if err := s.record(e); err != nil {
		return err
	}
	_, err := s.apply(c.ID, worklist.Analyse{Task: report.Task, Outcome: report.Outcome, PriceGwei: priceOf(c.Terms, report)})
	return err
}

// priceOf is what the nodes are owed: each copy that is compared is paid what the winner asks
// at the most.
func priceOf(t worklist.Terms, report agent.Report) uint64 {
	if report.State == scheduler.Local {
		return 0
	}
	return mostGwei(worklist.Terms{PriceCeilingGwei: report.Receipt.Receipt.PriceGwei, Copying: t.Copying, Copies: t.Copies})
}

// failed decides what becomes of a case whose submission brought no result.
func (s *Site) failed(ctx context.Context, c worklist.Case, report agent.Report, cause error) error {
	var held *clinic.Held
	var refusal *dicom.Refusal
	switch {
	case errors.As(cause, &held):
		return s.quarantined(ctx, c, held)
	case errors.As(cause, &refusal):
		// What an archive is told are words of this program: the refusal's may be those of a
		// reader that a hostile study has taken over, and stand in the worklist alone.
		if err := s.decline(ctx, c, c.At.Submitted, toldRefused); err != nil {
			return err
		}
		return s.giveUp(c, worklist.Refuse{Reason: refusal.Error()})
	case errors.Is(cause, agent.ErrNoResult):
		return s.notAnalysed(c, report)
	}
	if c.Attempts >= maxAttempts {
		if err := s.decline(ctx, c, c.At.Submitted, toldTried); err != nil {
			return err
		}
		return s.giveUp(c, worklist.Fail{Reason: fmt.Sprintf("it could not be submitted %d times: %v", c.Attempts, cause)})
	}
	pause := pauseAfter(c.Attempts)
	s.log.Warn("a case could not be submitted; it is tried again", "case", c.ID, "attempt", c.Attempts, "in", pause, "error", clinic.Loggable(cause))
	_, err := s.apply(c.ID, worklist.Retry{Reason: cause.Error(), Next: time.Now().Add(pause)})
	return err
}

// quarantined keeps a doubtful study until a person has looked at it.
func (s *Site) quarantined(ctx context.Context, c worklist.Case, held *clinic.Held) error {
	if err := s.held.Remove(ctx, c.ID); err != nil { // of an earlier doubt that a person decided on
		return err
	}
	err := s.held.Hold(ctx, quarantine.Case{ID: c.ID, StudyUID: c.StudyUID, Revision: c.Revision, Rule: c.Rule, Model: c.Model, Held: *held})
	if err != nil {
		return err
	}
	reason := strings.Join(held.Reasons, "; ")
	if err := s.recordReason(audit.Hold, c, audit.Success, "its pixels may show who the patient is"); err != nil {
		return err
	}
	s.log.Info("a study is held until a person has looked at it", "case", c.ID)
	_, err = s.apply(c.ID, worklist.Hold{Reason: reason})
	return err
}

// notAnalysed ends a case that the market brought no result for; where its rule says so, the
// destinations are told by an object of their own.
func (s *Site) notAnalysed(c worklist.Case, report agent.Report) error {
	reason := cmp.Or(report.Reason, "the market brought no result")
	if report.Folder != "" && c.Terms.Notice && !c.Terms.Silent && len(c.Terms.Destinations) > 0 {
		if err := s.put(c, report.Task, filepath.Clean(report.Folder), true); err != nil {
			return err
		}
	}
	return s.giveUp(c, worklist.Fail{Reason: reason})
}

// progress is how far cases in the market are, for screens; nothing of it is kept.
type progress struct {
	mu sync.Mutex // guards by
	by map[string]Progress
}

// Progress is the last step of a case in the market.
type Progress struct {
	Kind  string  `json:"kind"`
	Stage string  `json:"stage,omitempty"`
	Done  float64 `json:"done,omitempty"` // of the stage, 0 to 1
	Node  string  `json:"node,omitempty"`
}

func (p *progress) note(id string, e agent.FeedEvent) {
	now := Progress{Kind: string(e.Kind), Stage: e.Stage, Done: e.Done}
	if e.Kind == broker.Progress || e.Kind == broker.Accepted || e.Kind == broker.Fetching {
		now.Node = e.Node.Hex()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[string]Progress{}
	}
	p.by[id] = now
}

func (p *progress) drop(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.by, id)
}

func (p *progress) of(id string) Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.by[id]
}
