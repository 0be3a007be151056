package route

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/scheduler"
)

// askers are who may raise a priority beside the rule itself.
var askers = []string{"order", "requested", "dimse"}

// Decide takes the first rule of each group whose conditions hold. A rule that goes on
// leaves its group open; one without budget stops its group, or lets later rules try, as it
// says. A rule that ignores and names no group closes all of them. The same rules, facts, time and use always give the same decision.
func Decide(rules Rules, facts Facts, now time.Time, spent Spent) Decision {
	var d Decision
	closed := map[string]string{} // group -> the rule that closed it
	shut := ""                    // the rule that closed every group
	for _, rule := range rules.rules {
		line := Line{Rule: rule.Name, Group: rule.Group}
		by, isClosed := closed[rule.Group]
		if shut != "" {
			by, isClosed = shut, true
		}
		switch {
		case rule.Off:
			line.Verdict = Off
		case !rule.asked(facts.AskedModel):
			line.Verdict = NotAsked
		default:
			var held bool
			line.Conditions, held = rule.look(facts, now)
			switch {
			case !held:
				line.Verdict = Missed
			case isClosed:
				line.Verdict, line.Detail = Preceded, by
			default:
				rule.take(&d, &line, facts, spent[rule.Name])
				if line.Verdict != OverBudget && !rule.Continue || line.Verdict == OverBudget && rule.Budget.Then != thenNext {
					closed[rule.Group] = rule.Name
				}
				if line.Verdict == Ignored && rule.Group == "" {
					shut = rule.Name
				}
			}
		}
		d.Explain = append(d.Explain, line)
	}
	return d
}

// asked says whether the rule is of the model or the name that an order asks for. A rule
// that ignores is always looked at.
func (r compiled) asked(model string) bool {
	if model == "" || r.Ignore || model == r.Name || model == r.Model {
		return true
	}
	id, _, _ := strings.Cut(r.Model, "@")
	return model == id
}

// look holds all conditions against the facts.
func (r compiled) look(facts Facts, now time.Time) (seen []Condition, held bool) {
	held = true
	seen = r.match.hold(facts, now)
	for _, c := range seen {
		held = held && c.Held
	}
	for _, c := range r.unless.hold(facts, now) {
		held = held && !c.Held
		c.Held = !c.Held // what is explained is whether it speaks for the rule
		seen = append(seen, c)
	}
	return seen, held
}

// take writes what a rule whose conditions hold does with the study.
func (r compiled) take(d *Decision, line *Line, facts Facts, use Use) {
	if r.Ignore {
		line.Verdict = Ignored
		return
	}
	route := r.route
	route.Priority, route.PriorityBy = r.priority(facts)
	route.Residency, route.Destinations = slices.Clone(route.Residency), slices.Clone(route.Destinations)
	route.Forms, route.Deidentify.Private = slices.Clone(route.Forms), slices.Clone(route.Deidentify.Private)
	if reason := r.Budget.spent(use, route.MostGwei(), route.Priority); reason != "" {
		line.Verdict, line.Detail = OverBudget, reason
		if r.Budget.Then != thenNext {
			d.Stopped = append(d.Stopped, Stopped{Rule: r.Name, Model: r.Model, Reason: reason})
		}
		return
	}
	line.Verdict = Taken
	line.Detail = fmt.Sprintf("%s, %s by %s", route.Model, route.Priority, route.PriorityBy)
	d.Routes = append(d.Routes, route)
}

// priority is the rule's own, raised by who it heeds, no further than it allows.
func (r compiled) priority(facts Facts) (scheduler.Class, string) {
	class, by := r.route.Priority, "rule"
	for _, asked := range []struct {
		who   string
		class scheduler.Class
	}{
		{"order", orderedClass(facts.OrderPriority)},
		{"requested", RequestedClass(facts.RequestedPriority)},
		{"dimse", DIMSEClass(facts.DIMSEPriority)},
	} {
		if wanted := min(asked.class, r.atMost); wanted > class && slices.Contains(r.heed, asked.who) {
			class, by = wanted, asked.who
		}
	}
	return class, by
}

func orderedClass(name string) scheduler.Class {
	class, err := scheduler.ParseClass(name)
	if err != nil {
		return scheduler.Routine // no order, or one that states none
	}
	return class
}

// RequestedClass is what a Requested Procedure Priority (0040,1003; PS3.3 C.4.11) means here.
func RequestedClass(value string) scheduler.Class {
	switch fold(value) {
	case fold("STAT"):
		return scheduler.STAT
	case fold("HIGH"):
		return scheduler.Urgent
	}
	return scheduler.Routine
}

// DIMSEClass is what the priority of a C-STORE (PS3.7 9.3.1.1: low, medium or high) means
// here: a sender that has anything to say by it says STAT.
func DIMSEClass(value string) scheduler.Class {
	if fold(value) == fold("HIGH") {
		return scheduler.STAT
	}
	return scheduler.Routine
}

// String is the line as a person reads it.
func (l Line) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", l.Rule, l.Verdict)
	if l.Detail != "" {
		fmt.Fprintf(&b, " (%s)", l.Detail)
	}
	for _, c := range l.Conditions {
		word := "met"
		if !c.Held {
			word = "failed"
		}
		fmt.Fprintf(&b, "\n  %s: %s wants %s, saw %s", word, c.Key, c.Wanted, c.Saw)
	}
	return b.String()
}
