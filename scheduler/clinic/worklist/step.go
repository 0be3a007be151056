package worklist

import (
	"errors"
	"fmt"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic"
)

// Event is what happens to a case. It is one of the types below.
type Event interface {
	// apply moves c; false says that the case's state does not allow it.
	apply(c *Case, at time.Time) bool
	name() string
}

// The events.
type (
	// Route: a rule chose the model. received → routed.
	Route struct {
		Rule, Model string
		Terms       Terms
		Policy      clinic.Policy
	}
	// Hold: a person is to look. received, routed or submitted → held.
	Hold struct{ Reason string }
	// Release: a person looked, and Policy says what came of it. held → routed.
	Release struct {
		By     string
		Policy clinic.Policy
	}
	// Raise: an order that came late is more urgent. In routed; never to a lower priority.
	Raise struct {
		Priority scheduler.Class
		By       string
	}
	// Submit: it goes to the market now. routed → submitted; in submitted nothing changes, as
	// after a restart.
	Submit struct{}
	// Task: the market gave it a task. In submitted.
	Task struct{ Task models.Digest }
	// Retry: it could not be submitted or was lost, and is tried again at Next. submitted → routed.
	Retry struct {
		Reason string
		Next   time.Time
	}
	// Analyse: the checked result is in the spool. submitted → analysed.
	Analyse struct {
		Task      models.Digest
		Outcome   string // completed, failed or not-applicable
		PriceGwei uint64
	}
	// Deliver: the outbox has it. analysed → delivering.
	Deliver struct{}
	// Stuck: a destination does not take it; the outbox goes on or waits for a person. In delivering.
	Stuck struct{ Reason string }
	// Arrive: every destination has it. delivering → delivered; a case that is delivered
	// nowhere goes there from analysed.
	Arrive struct{}
	// Fail: there will be no result. received, routed, held or submitted → not-analysed.
	Fail struct {
		Reason string
		By     string // who withdrew it; empty: nobody did
	}
	// Refuse: it may not or can't be analysed. received, routed, held or submitted → refused.
	Refuse struct {
		Reason string
		By     string // empty: a rule or the reader of images did
	}
	// Again: a person wants it tried anew. not-analysed or refused → routed, where a rule chose
	// a model, else received.
	Again struct{ By string }
	// Read: the reader's word. delivered → accepted or rejected; the same word again changes
	// nothing.
	Read struct{ Reading Reading }
)

// ErrNotAllowed says that an event does not fit a case's state.
var ErrNotAllowed = errors.New("the case's state does not allow it; look at the case with `medhive clinic worklist`")

// Step is the case after an event at a time. It is pure: c is not changed.
func Step(c Case, e Event, at time.Time) (Case, error) {
	next := c
	if !e.apply(&next, at) {
		return c, fmt.Errorf("%s case %s, which is %s: %w", e.name(), c.ID, c.State, ErrNotAllowed)
	}
	next.Changed = at
	return next, nil
}

func (Route) name() string   { return "route" }
func (Hold) name() string    { return "hold" }
func (Release) name() string { return "release" }
func (Raise) name() string   { return "raise" }
func (Submit) name() string  { return "submit" }
func (Task) name() string    { return "name the task of" }
func (Retry) name() string   { return "put off" }
func (Analyse) name() string { return "finish" }
func (Deliver) name() string { return "deliver" }
func (Stuck) name() string   { return "mark as stuck" }
func (Arrive) name() string  { return "close" }
func (Fail) name() string    { return "give up" }
func (Refuse) name() string  { return "refuse" }
func (Again) name() string   { return "repeat" }
func (Read) name() string    { return "judge" }

func (e Route) apply(c *Case, at time.Time) bool {
	c.Rule, c.Model, c.Terms, c.Policy = e.Rule, e.Model, e.Terms, e.Policy
	return c.move(Routed, at, Received) && e.Model != ""
}

func (e Hold) apply(c *Case, at time.Time) bool {
	c.Reason = e.Reason
	return c.move(Held, at, Received, Routed, Submitted)
}

func (e Release) apply(c *Case, at time.Time) bool {
	c.Policy, c.By, c.Reason, c.NextTry = e.Policy, e.By, "", time.Time{}
	return c.move(c.beginning(), at, Held)
}

func (e Raise) apply(c *Case, _ time.Time) bool {
	higher := e.Priority > c.Terms.Priority
	c.Terms.Priority, c.Terms.PriorityBy = e.Priority, e.By
	return c.State == Routed && higher
}

func (Submit) apply(c *Case, at time.Time) bool {
	if c.State == Submitted {
		return true
	}
	c.Attempts++
	c.NextTry, c.Reason = time.Time{}, ""
	return c.move(Submitted, at, Routed)
}

func (e Task) apply(c *Case, at time.Time) bool {
	c.Task = e.Task
	return c.State == Submitted && !e.Task.IsZero()
}

func (e Retry) apply(c *Case, at time.Time) bool {
	c.Reason, c.NextTry = e.Reason, e.Next
	return c.move(Routed, at, Submitted)
}

func (e Analyse) apply(c *Case, at time.Time) bool {
	c.Task, c.Outcome, c.PriceGwei, c.Reason = e.Task, e.Outcome, e.PriceGwei, ""
	return c.move(Analysed, at, Submitted) && !e.Task.IsZero()
}

func (Deliver) apply(c *Case, at time.Time) bool {
	return c.move(Delivering, at, Analysed)
}

func (e Stuck) apply(c *Case, _ time.Time) bool {
	c.Reason = e.Reason
	return c.State == Delivering
}

func (Arrive) apply(c *Case, at time.Time) bool {
	c.Reason = ""
	if c.Terms.Silent || len(c.Terms.Destinations) == 0 {
		return c.move(Delivered, at, Analysed, Delivering)
	}
	return c.move(Delivered, at, Delivering)
}

func (e Fail) apply(c *Case, at time.Time) bool {
	c.Reason, c.By = e.Reason, e.By
	return c.move(NotAnalysed, at, Received, Routed, Held, Submitted)
}

func (e Refuse) apply(c *Case, at time.Time) bool {
	c.Reason, c.By = e.Reason, e.By
	return c.move(Refused, at, Received, Routed, Held, Submitted)
}

func (e Again) apply(c *Case, at time.Time) bool {
	c.By, c.Reason, c.NextTry = e.By, "", time.Time{}
	return c.move(c.beginning(), at, NotAnalysed, Refused)
}

func (e Read) apply(c *Case, at time.Time) bool {
	if c.State == Accepted || c.State == Rejected {
		return c.Reading.Accepted == e.Reading.Accepted
	}
	c.Reading = e.Reading
	to := Rejected
	if e.Reading.Accepted {
		to = Accepted
	}
	return c.move(to, at, Delivered)
}

// beginning is where a case starts over: with the rule that chose its model, if one did.
func (c *Case) beginning() State {
	if c.Model == "" {
		return Received
	}
	return Routed
}

// move sets the state, if the case is in one of from, and notes when.
func (c *Case) move(to State, at time.Time, from ...State) bool {
	allowed := false
	for _, s := range from {
		allowed = allowed || c.State == s
	}
	c.State = to
	switch to {
	case Received:
		c.At.Received = at
	case Routed:
		c.At.Routed = at
	case Held:
		c.At.Held = at
	case Submitted:
		c.At.Submitted = at
	case Analysed:
		c.At.Analysed = at
	case Delivered:
		c.At.Delivered = at
	case NotAnalysed, Refused:
		c.At.Ended = at
	case Accepted, Rejected:
		c.At.Read = at
	}
	return allowed
}
