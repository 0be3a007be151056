package score

// Verdict is what an examination of a claim came to.
type Verdict int

// The verdicts. An examination that the coordinator's own outage ended is none.
const (
	VerdictNone   Verdict = iota
	VerdictProved         // by as much as Exam.Figure
	VerdictMissed         // not there, not ready or too late
	VerdictFalse          // answered with something that is not the work
)

// Exam is one examination of a node.
type Exam struct {
	Memory   bool // of memory's size; else of the rate
	Prompted bool // the operator chose its time, with a new profile
	Verdict  Verdict
	Figure   uint64 // proved: 10⁶ operations a second, or bytes
}

// Proven is what the examinations of one kind have come to.
type Proven struct {
	Figure uint64 `json:"figure,omitempty"` // proved: the best of the last epoch that had a proof; 0: never
	Doubt  uint64 `json:"doubt,omitempty"`  // 0 to maxDoubt; from deniedFrom on nothing is believed
}

// Doubt rises and falls so that a node which misses more than one examination in three
// can't keep its claim for long: two names for one machine, that are asked together and
// answer in turn, miss every second one.
const (
	missDoubt   = 2
	proofRelief = 1
	deniedFrom  = 6 // three misses in a row
	maxDoubt    = 12
)

// Denied reports whether no claim of this kind is believed until more is proved.
func (s Proven) Denied() bool { return s.Doubt >= deniedFrom }

// Verified is what is known of a node's claims. The zero value is a node that was never
// examined.
type Verified struct {
	ClaimMOPS uint64 `json:"claim_mops,omitempty"` // the examined profile's int8 rate, 10⁶ operations a second
	Rate      Proven `json:"rate,omitzero"`
	Memory    Proven `json:"memory,omitzero"`
}

// After is the state after an epoch's examinations, in the order in which they were asked:
//
//	doubt′  = max(0, doubt − 1) when proved, min(12, doubt + 2) when missed, 12 when false
//	figure′ = the best proof of the epoch, the figure before if there was none
//
// A prompted proof leaves doubt as it is: who chooses the time can rent the machine for it.
func (v Verified) After(exams []Exam) Verified {
	var rate, memory uint64
	for _, e := range exams {
		proven, best := &v.Rate, &rate
		if e.Memory {
			proven, best = &v.Memory, &memory
		}
		switch e.Verdict {
		case VerdictProved:
			if !e.Prompted {
				proven.Doubt -= min(proven.Doubt, proofRelief)
			}
			*best = max(*best, e.Figure)
		case VerdictMissed:
			proven.Doubt = min(maxDoubt, proven.Doubt+missDoubt)
		case VerdictFalse:
			proven.Doubt = maxDoubt
		}
	}
	if rate > 0 {
		v.Rate.Figure = rate
	}
	if memory > 0 {
		v.Memory.Figure = memory
	}
	return v
}

// maxFigure bounds a figure that comes from a file, so that no sum overflows.
const maxFigure = 1 << 62

// Cap is the rate, in 10⁶ operations a second, that a claim is worth:
//
//	0 while either kind is denied, the claim before the first proof,
//	else min(claim, verified · 5/4)
//
// The quarter is hwprobe/challenge's Slack: a proof counts less than the bare products
// that a profile is measured with.
func (v Verified) Cap(claimMOPS uint64) uint64 {
	switch {
	case v.Rate.Denied() || v.Memory.Denied():
		return 0
	case v.Rate.Figure == 0:
		return claimMOPS
	}
	figure := min(v.Rate.Figure, maxFigure)
	return min(claimMOPS, figure+figure/4)
}
