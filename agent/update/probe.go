package update

import "time"

// Verdict is what is known of a version that has to prove itself.
type Verdict int

// The verdicts.
const (
	Undecided Verdict = iota
	Proven            // healthy for ProvedAfter at a stretch
	Hopeless          // not so within ProveWithin
)

// Probe watches the health of a version from its start on.
type Probe struct {
	Started time.Time
	since   time.Time // healthy since then; zero: it is not
}

// See takes in how the version is at a moment, and judges.
func (p *Probe) See(now time.Time, healthy bool) Verdict {
	switch {
	case !healthy:
		p.since = time.Time{}
	case p.since.IsZero():
		p.since = now
	}
	switch {
	case healthy && now.Sub(p.since) >= ProvedAfter:
		return Proven
	case now.Sub(p.Started) >= ProveWithin:
		return Hopeless
	}
	return Undecided
}
