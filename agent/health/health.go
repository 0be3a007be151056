// Package health says whether a role does its work, in fixed words for anybody who asks:
// uptime monitors, load balancers, the service manager, Prometheus. In: the role's checks,
// each a question with a limit of time and a patience. Out: a report, and a public port that
// answers 200 or 503 with reasons. It mends nothing, and its words hold no address, path or
// name of anybody: they are sentences of this program.
package health

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Reason is why a check is not passed, for everybody to read; empty: it is passed. Reasons
// are constants of this program and never quote an error.
type Reason string

// Check is one thing that a role needs to do its work.
type Check struct {
	Name string // a word, also a label of a metric
	// Ask answers before ctx ends. One that doesn't is not passed, and is not asked again
	// until it has answered: a role whose lock nobody gives back is found so.
	Ask func(ctx context.Context) Reason
	// Patience is how long it may fail before it counts: what passes by itself, such as a
	// lost connection, is nobody's alarm. 0: it counts at once.
	Patience time.Duration
	// Alive says that a restart mends it: the service manager is told of these only.
	Alive bool
}

const (
	// askLimit is what one check has to answer.
	askLimit = 5 * time.Second
	// fresh is how long a report is given again: whoever asks in a flood makes one a second.
	fresh = time.Second
)

// NoAnswer is the reason of a check that did not answer in time.
const NoAnswer Reason = "it does not answer"

// Finding is one check's outcome.
type Finding struct {
	Check  string `json:"check"`
	Passed bool   `json:"passed"`
	// Reason is why it is not passed, also while that does not count yet.
	Reason Reason `json:"reason,omitempty"`
	// Since is when it was first seen failing, by whoever asked; zero when it is passed.
	Since time.Time `json:"since,omitzero"`
}

// State is where a role is between its start and its end.
type State string

// The states. Only a running role can be healthy.
const (
	Starting State = "starting"
	Running  State = "running"
	Stopping State = "stopping"
)

// Report is a role's health at a moment.
type Report struct {
	Role    string    `json:"role"`
	Healthy bool      `json:"healthy"`
	State   State     `json:"state"`
	Checks  []Finding `json:"checks"`
}

// Reasons are those that count, as "check: reason".
func (r Report) Reasons() (list []string) {
	for _, f := range r.Checks {
		if !f.Passed {
			list = append(list, f.Check+": "+string(f.Reason))
		}
	}
	return list
}

// Monitor asks a role's checks when somebody wants to know. It is safe for concurrent use.
type Monitor struct {
	role string
	now  func() time.Time

	asking sync.Mutex // one round of questions at a time; guards last and at
	last   Report
	at     time.Time

	mu     sync.Mutex // guards what follows
	state  State
	checks []*asked
}

// asked is a check and what is known of it.
type asked struct {
	Check
	since   time.Time   // first seen failing; zero: passed
	pending chan Reason // of a question that has not been answered yet; nil: none
}

// New is the health of a role ("node", "clinic", "coordinator") that is starting.
func New(role string) *Monitor { return &Monitor{role: role, now: time.Now, state: Starting} }

// Started gives the checks of a role that has started. What asks the role may be asked from
// now on, until Stopped.
func (m *Monitor) Started(checks ...Check) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = Running
	for _, c := range checks {
		m.checks = append(m.checks, &asked{Check: c})
	}
}

// Stopped ends the questions: the role is being closed. It waits for those that are being
// asked; one that does not answer in its time is left behind.
func (m *Monitor) Stopped() {
	m.mu.Lock()
	m.state, m.checks = Stopping, nil
	m.mu.Unlock()
	m.Changed()
}

// Changed has the next report made anew: the role knows that the last one is wrong.
func (m *Monitor) Changed() {
	m.asking.Lock() // after the round that is on its way
	defer m.asking.Unlock()
	m.at = time.Time{}
}

// Report asks every check, or gives the report of the last second again.
func (m *Monitor) Report(ctx context.Context) Report {
	m.asking.Lock()
	defer m.asking.Unlock()
	if now := m.now(); !m.at.IsZero() && now.Sub(m.at) < fresh && now.Sub(m.at) >= 0 {
		return m.last
	}
	m.mu.Lock()
	state, checks := m.state, slices.Clone(m.checks)
	m.mu.Unlock()
	report := Report{Role: m.role, Healthy: state == Running, State: state, Checks: []Finding{}}
	// The questions outlive who asked first: the next one reads the same report.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askLimit)
	defer cancel()
	for _, c := range checks {
		c.begin(ctx)
	}
	for _, c := range checks {
		f := c.judge(c.answer(ctx), m.now())
		report.Checks = append(report.Checks, f)
		report.Healthy = report.Healthy && f.Passed
	}
	if state == Running { // else its next state is told at once
		m.last, m.at = report, m.now()
	}
	return report
}

// Alive is nil where no restart is called for, and else the first reason for one. A role
// that has not started is alive: its start has a limit of its own.
func (m *Monitor) Alive(ctx context.Context) error {
	r := m.Report(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, f := range r.Checks {
		if i < len(m.checks) && m.checks[i].Alive && !f.Passed {
			return stuck{f}
		}
	}
	return nil
}

// stuck is why a role is to be started anew.
type stuck struct{ Finding }

func (s stuck) Error() string {
	return s.Check + ": " + string(s.Reason) + "; start the role again"
}

// begin asks, unless the question before is still open.
func (a *asked) begin(ctx context.Context) {
	if a.pending != nil {
		return
	}
	answer := make(chan Reason, 1)
	a.pending = answer
	go func() { answer <- a.Ask(ctx) }() // ends when Ask does, which ctx limits
}

// answer waits for the answer until ctx ends.
func (a *asked) answer(ctx context.Context) Reason {
	select {
	case r := <-a.pending:
		a.pending = nil
		return r
	case <-ctx.Done():
	}
	select {
	case r := <-a.pending: // both at once: the answer is what was asked for
		a.pending = nil
		return r
	default:
		return NoAnswer
	}
}

// judge holds an answer against the patience. A check that did not answer at all counts at
// once: that is no outage that passes.
func (a *asked) judge(r Reason, now time.Time) Finding {
	f := Finding{Check: a.Name, Passed: true, Reason: r}
	if r == "" {
		a.since = time.Time{}
		return f
	}
	if a.since.IsZero() || a.since.After(now) {
		a.since = now
	}
	f.Since = a.since
	f.Passed = r != NoAnswer && now.Sub(a.since) < a.Patience
	return f
}
