package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// What commands and pages ask of a site. Answers name patients: they are for the clinic's
// own people, and nothing of them belongs into a log.

// Status is a site on one screen.
type Status struct {
	Up      time.Duration `json:"up_ns"`
	DICOM   string        `json:"dicom,omitempty"` // where it listens; empty: shut
	Orders  string        `json:"hl7,omitempty"`
	Web     string        `json:"web,omitempty"`
	Watched int           `json:"watched_folders,omitempty"`
	// Dashboard is where it is opened; empty: there is none.
	Dashboard string                 `json:"dashboard,omitempty"`
	AETitle   string                 `json:"ae_title"`
	Rules     int                    `json:"rules"`
	Inbox     inbox.Storage          `json:"inbox"`
	Arriving  []Arriving             `json:"arriving,omitempty"`
	Cases     map[worklist.State]int `json:"cases"`
	Outbox    []outbox.Health        `json:"outbox,omitempty"`
}

// Arriving is a study that is still coming in.
type Arriving struct {
	Key       string    `json:"key"`
	Instances int       `json:"instances"`
	Expected  int       `json:"expected,omitempty"`
	Since     time.Time `json:"since"`
}

// Status is a snapshot.
func (s *Site) Status() (Status, error) {
	st := Status{Up: time.Since(s.started), AETitle: s.conf.DICOM.AETitle, Rules: s.rules.Load().Len(), Outbox: s.outbox.Health(), Watched: len(s.conf.Watch)}
	if s.dicom != nil {
		st.DICOM = s.dicom.Addr().String()
	}
	if s.orderDoor != nil {
		st.Orders = s.orderDoor.Addr().String()
	}
	if s.web != nil {
		st.Web = s.web.Addr().String()
	}
	st.Dashboard = s.dashboardURL()
	for _, p := range s.inbox.Arriving() {
		st.Arriving = append(st.Arriving, Arriving{Key: p.Key, Instances: p.Instances, Expected: p.Expected, Since: p.First})
	}
	var err error
	if st.Inbox, err = s.inbox.Storage(); err != nil {
		return st, err
	}
	st.Cases, err = s.book.Counts()
	return st, err
}

// Entry is a case as screens show it.
type Entry struct {
	worklist.Case
	Progress Progress `json:"progress,omitzero"` // of a submitted one
}

// Worklist lists cases, the newest first.
func (s *Site) Worklist(f worklist.Filter) ([]Entry, error) {
	cases, err := s.book.List(f)
	list := make([]Entry, len(cases))
	for n, c := range cases {
		list[n] = Entry{c, s.progress.of(c.ID)}
	}
	return list, err
}

// Case finds the case whose id begins with id.
func (s *Site) Case(id string) (Entry, error) {
	c, err := s.book.Get(id)
	return Entry{c, s.progress.of(c.ID)}, err
}

// Changed is closed at the next change of any case.
func (s *Site) Changed() <-chan struct{} { return s.book.Changed() }

// Again has a case that ended without a result tried anew.
func (s *Site) Again(id, who string) (worklist.Case, error) {
	c, err := s.book.Get(id)
	if err != nil {
		return c, err
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	rules, now := *s.rules.Load(), time.Now()
	if why := rules.Over(c.Rule, s.ledger.spent(rules.Since(now)), mostGwei(c.Terms), c.Terms.Priority); why != "" {
		return c, fmt.Errorf("%w: of rule %s, %s; try it again in the next day or month, or raise the budget in the rules", errSpent, c.Rule, why)
	}
	return s.apply(c.ID, worklist.Again{By: who})
}

// errSpent says that a budget has no room for a case that is to be tried anew.
var errSpent = errors.New("the budget is spent")

// Read takes the word of a person who read a delivered result: it becomes the case's last
// state and, where a node made the result, a signed statement about its work. The same word
// again changes nothing.
func (s *Site) Read(ctx context.Context, id, who string, f agent.ReaderFeedback) (worklist.Case, error) {
	c, err := s.book.Get(id)
	if err != nil {
		return c, err
	}
	word := worklist.Read{Reading: worklist.Reading{Accepted: f.Accepted, Code: f.Reason, By: who}}
	if _, err := worklist.Step(c, word, time.Now()); err != nil {
		return c, err
	}
	if _, err := s.analyst.Read(ctx, c.Task, f); err != nil {
		return c, err
	}
	e := entryOf(audit.Verdict, c)
	e.Actor, e.Reason = who, cmp.Or(f.Reason, "accepted")
	if err := s.record(e); err != nil {
		return c, err
	}
	return s.apply(c.ID, word)
}

// HeldCase is a case that waits for a person.
type HeldCase struct {
	worklist.Case
	// Doubt is what its pixels may show; nil where it is held for another reason.
	Doubt *quarantine.Case `json:"doubt,omitempty"`
	// Damaged says that what was kept of it can't be read: it can be refused and then tried
	// anew, which makes its pictures again.
	Damaged bool `json:"damaged,omitempty"`
}

// Held lists the cases that wait for a person, without pictures.
func (s *Site) Held(ctx context.Context) ([]HeldCase, error) {
	cases, err := s.book.List(worklist.Filter{States: []worklist.State{worklist.Held}})
	if err != nil {
		return nil, err
	}
	doubts, damaged, err := s.held.List(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]HeldCase, len(cases))
	for n, c := range cases {
		list[n].Case, list[n].Damaged = c, slices.Contains(damaged, c.ID)
		if at := slices.IndexFunc(doubts, func(d quarantine.Case) bool { return d.ID == c.ID }); at >= 0 {
			list[n].Doubt = &doubts[at]
		}
	}
	return list, nil
}

// Look shows a held case with its pictures to a person, which is recorded.
func (s *Site) Look(ctx context.Context, id, who string) (HeldCase, error) {
	c, err := s.book.Get(id)
	if err != nil {
		return HeldCase{}, err
	}
	e := entryOf(audit.View, c)
	e.Actor = who
	if err := s.record(e); err != nil {
		return HeldCase{}, err
	}
	doubt, err := s.held.Get(ctx, c.ID)
	switch {
	case errors.Is(err, quarantine.ErrUnknown):
		return HeldCase{Case: c}, nil
	case errors.Is(err, quarantine.ErrDamaged):
		return HeldCase{Case: c, Damaged: true}, nil
	}
	return HeldCase{Case: c, Doubt: &doubt}, err
}

// Decide is a person's word on a held case.
func (s *Site) Decide(ctx context.Context, id, who string, d quarantine.Decision, reason string) (worklist.Case, error) {
	s.judging.Lock() // of two people who decide at once the first one's word counts
	defer s.judging.Unlock()
	c, err := s.book.Get(id)
	if err != nil {
		return c, err
	}
	if c.State != worklist.Held {
		return c, fmt.Errorf("case %s is %s, and not held; see `medhive clinic worklist`", c.ID, c.State)
	}
	if who == "" {
		return c, errors.New("nobody decides; name the user")
	}
	doubt, err := s.held.Decide(ctx, c.ID, who, d, reason)
	switch {
	case errors.Is(err, quarantine.ErrUnknown) && d.Choice == quarantine.Redact:
		return c, fmt.Errorf("case %s is held for another reason than its pixels: release or refuse it", c.ID)
	case errors.Is(err, quarantine.ErrDamaged) && d.Choice != quarantine.Refuse:
		return c, fmt.Errorf("what was kept of case %s can't be read: refuse it and try it again, then its pictures are made anew", c.ID)
	case errors.Is(err, quarantine.ErrUnknown), errors.Is(err, quarantine.ErrDamaged): // the worklist keeps the word
		d.Who, d.Reason = who, reason
	case err != nil:
		return c, err
	default:
		d = *doubt.Decision
	}
	return s.decided(ctx, c, d)
}

// decided carries a person's word out. It may be told twice, after a crash between the two.
func (s *Site) decided(ctx context.Context, c worklist.Case, d quarantine.Decision) (worklist.Case, error) {
	e := entryOf(audit.Release, c)
	e.Actor, e.Count, e.Reason = d.Who, len(d.Regions), string(d.Choice)
	if d.Choice == quarantine.Refuse {
		e.Outcome = audit.Minor
	}
	if err := s.record(e); err != nil {
		return c, err
	}
	if d.Choice == quarantine.Refuse {
		if err := s.decline(ctx, c, c.At.Held, toldDeclined); err != nil {
			return c, err
		}
		return s.apply(c.ID, worklist.Refuse{Reason: cmp.Or(d.Reason, "a person refused it"), By: d.Who})
	}
	policy := c.Policy
	if c.Model != "" { // else it was held before a rule chose a model, and nobody looked at pixels
		policy = d.Policy(policy)
	}
	return s.apply(c.ID, worklist.Release{By: d.Who, Policy: policy})
}

// recall carries out what people decided just before an earlier life ended.
func (s *Site) recall(ctx context.Context) error {
	held, err := s.Held(ctx)
	if err != nil {
		return err
	}
	for _, h := range held {
		if h.Damaged {
			s.log.Error("what was kept of a held case can't be read; refuse it and try it again, then its pictures are made anew", "case", h.ID)
		}
		if h.Doubt != nil && h.Doubt.Decision != nil {
			if _, err := s.decided(ctx, h.Case, *h.Doubt.Decision); err != nil { // it still is held; the person's word can be repeated
				s.log.Error("what was decided on a held case could not be carried out; decide the same again", "case", h.ID, "error", clinic.Loggable(err))
			}
		}
	}
	return nil
}

// Deliveries lists what goes to destinations, the newest first: those that are on their way
// or were given up, and of the others as many as fit into limit.
func (s *Site) Deliveries(limit int) ([]outbox.Delivery, error) {
	all, err := s.outbox.All()
	list := []outbox.Delivery{}
	for _, d := range all {
		if len(list) < limit || !d.State.Final() || d.State == outbox.Failed {
			list = append(list, d)
		}
	}
	return list, err
}

// RetryNow tries deliveries that wait or were given up, of one destination or of all.
func (s *Site) RetryNow(destination string) (int, error) {
	if destination != "" {
		if _, err := s.conf.DestinationNamed(destination); err != nil {
			return 0, err
		}
	}
	return s.outbox.Retry(func(d outbox.Delivery) bool { return destination == "" || d.Destination == destination })
}

// Withdraw gives up the deliveries to a destination that are not there yet; it may have left
// the site file.
func (s *Site) Withdraw(who, destination string) (int, error) {
	n, err := s.outbox.Withdraw(func(d outbox.Delivery) bool { return d.Destination == destination })
	if n > 0 && err == nil {
		err = s.record(audit.Entry{Kind: audit.Delivery, Outcome: audit.Serious, Actor: who, Peer: destination, Count: n, Reason: "withdrawn by hand"})
	}
	return n, err
}

// Explanation is what the rules make of a study, and why.
type Explanation struct {
	Study   string           `json:"study"` // its UID
	Subject worklist.Subject `json:"subject"`
	Facts   route.Facts      `json:"facts"`
	Routes  []route.Route    `json:"routes"`
	Stopped []route.Stopped  `json:"stopped,omitempty"`
	Lines   []route.Line     `json:"rules"`
}

// Explain says what the rules would make of a study; nothing comes of it.
func Explain(rules route.Rules, study inbox.Study, now time.Time, spent route.Spent) Explanation {
	facts := factsOf(study)
	d := route.Decide(rules, facts, now, spent)
	return Explanation{Study: study.StudyUID, Subject: caseOf(study).Subject, Facts: facts, Routes: d.Routes, Stopped: d.Stopped, Lines: d.Explain}
}

// ExplainStudy is Explain for a study that the site holds, with what was ordered for it and
// what the budgets have left.
func (s *Site) ExplainStudy(studyUID string) (Explanation, error) {
	return s.explain(studyUID, *s.rules.Load())
}

// explain is ExplainStudy by any rules.
func (s *Site) explain(studyUID string, rules route.Rules) (Explanation, error) {
	study, err := s.inbox.Study(studyUID, -1)
	if err != nil {
		return Explanation{}, err
	}
	facts, _, err := s.ordered(factsOf(study), study)
	if err != nil {
		return Explanation{}, err
	}
	now := time.Now()
	d := route.Decide(rules, facts, now, s.ledger.spent(rules.Since(now)))
	return Explanation{Study: study.StudyUID, Subject: caseOf(study).Subject, Facts: facts, Routes: d.Routes, Stopped: d.Stopped, Lines: d.Explain}, nil
}

// Vault is where the clinic keeps who its tasks are about, for backup and rotation.
func (s *Site) Vault() *clinic.Vault { return s.clinic.Vault() }
