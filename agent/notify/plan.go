package notify

import (
	"slices"
	"time"

	"github.com/medhive/medhive/agent/warning"
)

// told is what a way has said of one warning.
type told struct {
	Warning warning.Warning `json:"warning"`
	At      time.Time       `json:"at"`            // when it was last told
	Gone    time.Time       `json:"gone,omitzero"` // since when the board has it no more; zero: it is up
}

// same reports whether two values are one warning.
func same(a, b warning.Warning) bool { return a.Code == b.Code && a.Subject == b.Subject }

// plan is what to tell at this moment, and when to look again if nothing changes; pure.
// raised, still and passed are disjoint. The lists go into the memory by remember once they
// are told: a message that is not taken is planned anew, with what holds by then.
func (r Rules) plan(memory []told, up []warning.Warning, now time.Time) (raised, still, passed []warning.Warning, next time.Time) {
	later := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for _, w := range up {
		if w.Severity.Rank() < r.Least.Rank() || slices.Contains(r.Mute, w.Code) {
			continue
		}
		at := slices.IndexFunc(memory, func(t told) bool { return same(t.Warning, w) })
		switch {
		case at < 0 || w.Severity.Rank() > memory[at].Warning.Severity.Rank():
			due := w.Since.Add(r.patience(w.Severity))
			if at >= 0 {
				due = now // it got worse: that is news at once
			}
			if due.After(now) {
				later(due)
			} else {
				raised = append(raised, w)
			}
		default:
			due := memory[at].At.Add(r.Again)
			if due.After(now) {
				later(due)
			} else {
				still = append(still, w)
			}
		}
	}
	for _, t := range memory {
		if t.Gone.IsZero() {
			continue
		}
		if due := t.Gone.Add(r.After); due.After(now) {
			later(due)
		} else {
			passed = append(passed, t.Warning)
		}
	}
	return raised, still, passed, next
}

// patience is how long a warning must hold before it is told.
func (r Rules) patience(s warning.Severity) time.Duration {
	if s == warning.Critical {
		return r.After / sooner
	}
	return r.After
}

// observe marks which of what was told is up no more, and since when; pure. What comes back
// before that was told goes on as if it had never been away.
func observe(memory []told, up []warning.Warning, now time.Time) []told {
	memory = slices.Clone(memory)
	for i, t := range memory {
		here := slices.ContainsFunc(up, func(w warning.Warning) bool { return same(w, t.Warning) })
		switch {
		case here:
			memory[i].Gone = time.Time{}
		case t.Gone.IsZero():
			memory[i].Gone = now
		}
	}
	return memory
}

// remember takes in what was told; pure.
func remember(memory []told, m Message, now time.Time) []told {
	memory = slices.Clone(memory)
	for _, w := range slices.Concat(m.Raised, m.Still) {
		at := slices.IndexFunc(memory, func(t told) bool { return same(t.Warning, w) })
		if at < 0 {
			memory = append(memory, told{Warning: w, At: now})
			continue
		}
		memory[at] = told{Warning: w, At: now}
	}
	return slices.DeleteFunc(memory, func(t told) bool {
		return slices.ContainsFunc(m.Passed, func(w warning.Warning) bool { return same(w, t.Warning) })
	})
}

// allowance is a way's messages of the last hour.
type allowance []time.Time

// wait is how long the next message must wait, with most of them an hour; pure.
func (a allowance) wait(most int, now time.Time) time.Duration {
	recent := a.recent(now)
	if len(recent) < most {
		return 0
	}
	return recent[len(recent)-most].Add(time.Hour).Sub(now)
}

// recent drops what is older than an hour.
func (a allowance) recent(now time.Time) allowance {
	return slices.DeleteFunc(slices.Clone(a), func(t time.Time) bool { return now.Sub(t) >= time.Hour })
}
