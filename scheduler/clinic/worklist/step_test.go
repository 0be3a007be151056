package worklist

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// allowed is the whole machine, as the design has it: what is not here is refused.
func allowed() map[State]map[string]State {
	end := map[string]State{"fail": NotAnalysed, "refuse": Refused}
	with := func(more map[string]State) map[string]State {
		for name, to := range end {
			more[name] = to
		}
		return more
	}
	return map[State]map[string]State{
		Received:    with(map[string]State{"route": Routed, "hold": Held}),
		Routed:      with(map[string]State{"hold": Held, "raise": Routed, "submit": Submitted}),
		Held:        with(map[string]State{"release": Routed}),
		Submitted:   with(map[string]State{"hold": Held, "submit": Submitted, "task": Submitted, "retry": Routed, "analyse": Analysed}),
		Analysed:    {"deliver": Delivering},
		Delivering:  {"stuck": Delivering, "arrive": Delivered},
		Delivered:   {"accept": Accepted, "reject": Rejected},
		NotAnalysed: {"again": Routed},
		Refused:     {"again": Routed},
		Accepted:    {"accept": Accepted},
		Rejected:    {"reject": Rejected},
	}
}

func events() map[string]Event {
	task := models.DigestOf([]byte("a task"))
	return map[string]Event{
		"route": Route{Rule: "brain", Model: "t1-tissue", Terms: Terms{Destinations: []string{"pacs"}}},
		"hold":  Hold{Reason: "text in the pixels"}, "release": Release{By: "somebody", Policy: clinic.Policy{Released: true}},
		"raise":  Raise{Priority: scheduler.STAT, By: "order"},
		"submit": Submit{}, "task": Task{task}, "retry": Retry{Reason: "no node", Next: noon.Add(time.Minute)},
		"analyse": Analyse{Task: task, Outcome: "completed", PriceGwei: 7}, "deliver": Deliver{}, "stuck": Stuck{"the archive refuses"},
		"arrive": Arrive{}, "fail": Fail{Reason: "too late"}, "refuse": Refuse{Reason: "no slices"}, "again": Again{By: "somebody"},
		"accept": Read{Reading{Accepted: true}}, "reject": Read{Reading{Code: "wrong"}},
	}
}

// at is a case in a state, routed and with a destination.
func at(s State) Case {
	c := Case{ID: "0123456789ab", StudyUID: "1.2.3", State: s, Rule: "brain", Model: "t1-tissue", Terms: Terms{Destinations: []string{"pacs"}}}
	c.Reading.Accepted = s == Accepted
	return c
}

func TestEveryEventInEveryState(t *testing.T) {
	machine := allowed()
	for _, state := range States() {
		for name, e := range events() {
			before := at(state)
			after, err := Step(before, e, noon)
			want, ok := machine[state][name]
			switch {
			case ok && err != nil:
				t.Errorf("%s in %s: %v", name, state, err)
			case ok && after.State != want:
				t.Errorf("%s in %s: %s, want %s", name, state, after.State, want)
			case !ok && !errors.Is(err, ErrNotAllowed):
				t.Errorf("%s in %s is not refused: %v, now %s", name, state, err, after.State)
			case !ok && (after.State != before.State || after.Reason != before.Reason || !after.Changed.Equal(before.Changed)):
				t.Errorf("%s in %s is refused, and changed the case", name, state)
			}
		}
	}
}

func TestWhatEventsLeave(t *testing.T) {
	c := Case{ID: "0123456789ab", State: Received}
	step := func(e Event) {
		t.Helper()
		next, err := Step(c, e, noon)
		if err != nil {
			t.Fatal(err)
		}
		c = next
	}
	all := events()
	step(all["route"])
	step(all["submit"])
	step(all["task"])
	step(all["retry"])
	if c.Reason != "no node" || !c.NextTry.Equal(noon.Add(time.Minute)) || c.Attempts != 1 {
		t.Errorf("put off: %+v", c)
	}
	step(all["submit"])
	if c.Reason != "" || !c.NextTry.IsZero() || c.Attempts != 2 {
		t.Errorf("submitted again: %+v", c)
	}
	step(all["submit"]) // after a restart
	if c.Attempts != 2 {
		t.Errorf("a restart counts as an attempt: %+v", c)
	}
	step(all["hold"])
	step(all["release"])
	if !c.Policy.Released || c.By != "somebody" || c.Reason != "" {
		t.Errorf("released: %+v", c)
	}
	step(all["submit"])
	step(all["analyse"])
	if c.Outcome != "completed" || c.PriceGwei != 7 || c.Task.IsZero() {
		t.Errorf("analysed: %+v", c)
	}
	step(all["deliver"])
	step(all["arrive"])
	step(all["accept"])
	if !c.Reading.Accepted || c.At.Read.IsZero() || c.At.Delivered.IsZero() || c.At.Submitted.IsZero() {
		t.Errorf("read: %+v", c)
	}
}

// A case is raised and never lowered.
func TestAPriorityOnlyRises(t *testing.T) {
	c, err := Step(at(Routed), Raise{Priority: scheduler.STAT, By: "order"}, noon)
	if err != nil || c.Terms.Priority != scheduler.STAT || c.Terms.PriorityBy != "order" {
		t.Fatalf("%+v, %v", c.Terms, err)
	}
	for _, p := range []scheduler.Class{scheduler.Routine, scheduler.Urgent, scheduler.STAT} {
		if after, err := Step(c, Raise{Priority: p, By: "somebody"}, noon); !errors.Is(err, ErrNotAllowed) || after.Terms.PriorityBy != "order" {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestACaseThatIsDeliveredNowhereIsDeliveredAtOnce(t *testing.T) {
	for name, terms := range map[string]Terms{"silent": {Silent: true, Destinations: []string{"pacs"}}, "no destination": {}} {
		c := at(Analysed)
		c.Terms = terms
		if after, err := Step(c, Arrive{}, noon); err != nil || after.State != Delivered {
			t.Errorf("%s: %s, %v", name, after.State, err)
		}
	}
}

func TestWithoutAModelACaseStartsOverAsReceived(t *testing.T) {
	c := Case{State: Refused, Reason: "no rule"}
	if after, err := Step(c, Again{By: "somebody"}, noon); err != nil || after.State != Received {
		t.Errorf("%s, %v", after.State, err)
	}
	if _, err := Step(Case{State: Received}, Route{Rule: "brain"}, noon); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("routed to no model: %v", err)
	}
	if _, err := Step(at(Submitted), Analyse{}, noon); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("analysed without a task: %v", err)
	}
}

// TestNoWayBack walks at random: once a case is delivered, only its reader changes it; only
// the named events lead to an earlier state.
func TestNoWayBack(t *testing.T) {
	all := events()
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	rank := map[State]int{Received: 0, Routed: 1, Held: 1, Submitted: 2, Analysed: 3, Delivering: 4, Delivered: 5, Accepted: 6, Rejected: 6, NotAnalysed: 5, Refused: 5}
	back := []string{"again", "release", "retry", "hold"}
	rapid.Check(t, func(t *rapid.T) {
		c := Case{State: Received}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			name := rapid.SampledFrom(names).Draw(t, "event")
			after, err := Step(c, all[name], noon)
			if err != nil {
				continue
			}
			final := c.State == Delivered || c.State == Accepted || c.State == Rejected
			if final && after.State != c.State && name != "accept" && name != "reject" {
				t.Fatalf("%s took a case from %s to %s", name, c.State, after.State)
			}
			if rank[after.State] < rank[c.State] && !slices.Contains(back, name) {
				t.Fatalf("%s took a case back from %s to %s", name, c.State, after.State)
			}
			if (c.State == Accepted || c.State == Rejected) && after.State != c.State {
				t.Fatalf("the reader's word was changed from %s to %s", c.State, after.State)
			}
			c = after
		}
	})
}
