package canary

import "github.com/medhive/medhive/attest"

// Latitude counts how often a node on one provider was left unchecked because its class has
// no second witness. It is no free pass: beyond the first few, and one in fifty of what was
// checked, the node is judged by the CPU's reference (Sample.Strict).
type Latitude struct {
	Alone   uint64 `json:"alone,omitempty"`   // unchecked for want of a second witness
	Checked uint64 `json:"checked,omitempty"` // judged valid or invalid
}

// What an honest class of providers needs at most: two machines of one class meet within a
// few canaries, and its results lie outside of the manifest's tolerance rarely.
const (
	latitudeFirst = 4
	latitudeEvery = 50
)

// After is the count with one more opinion.
func (l Latitude) After(o Opinion) Latitude {
	switch {
	case o.Judgement != attest.JudgedUnchecked:
		l.Checked++
	case o.Reason == ReasonOneWitness:
		l.Alone++
	}
	return l
}

// Spent reports whether the CPU's reference decides from now on.
func (l Latitude) Spent() bool { return l.Alone >= latitudeFirst+l.Checked/latitudeEvery }
