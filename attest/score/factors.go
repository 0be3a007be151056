package score

import (
	"cmp"
	"slices"

	"github.com/ethereum/go-ethereum/common"
)

// Reputation is the beta model's state of one device key, in 1e-9. There are three: one
// over what clinics say of jobs and replicas, and in Standing one over the coordinators'
// checks and one over promises.
type Reputation struct {
	Alpha uint64 `json:"alpha"` // good jobs, with what is forgotten
	Beta  uint64 `json:"beta"`  // bad ones
}

// After is the state after one judged job (Storj's model, see market.md's sources):
//
//	α′ = λα + step·v, β′ = λβ + step·(1−v), v = 1 when accepted, else 0
func (r Reputation) After(p *Parameters, accepted bool) Reputation {
	r.Alpha = mulDiv(r.Alpha, uint64(p.Lambda), uint64(One))
	r.Beta = mulDiv(r.Beta, uint64(p.Lambda), uint64(One))
	if accepted {
		r.Alpha += p.Step
	} else {
		r.Beta += p.Step
	}
	return r
}

// Value is α/(α+β), the expected share of good jobs; 0 when both are 0.
func (r Reputation) Value() Parts { return ratio(r.Alpha, r.Alpha+r.Beta) }

// Job is one judged receipt.
type Job struct {
	StartMS, EndMS int64 // the node's clock, unix milliseconds, EndMS ≥ StartMS
	Accepted       bool  // by the clinic; false: disputed
	Late           bool  // finished after its deadline
	Clinic         common.Address
}

// Window counts the uptime challenges of one window of Parameters.WindowSeconds,
// without those that fell into the coordinator's own outage.
type Window struct {
	Asked, Answered uint64
	At              int64 // the window's number: unix seconds / WindowSeconds
}

// busyMS is the length of the union of the accepted jobs' times in milliseconds:
// two jobs at once keep a machine busy once.
func (s *scales) busyMS(jobs []Job) uint64 {
	spans := s.spans[:0]
	for _, j := range jobs {
		if j.Accepted && j.EndMS > j.StartMS {
			spans = append(spans, j)
		}
	}
	slices.SortFunc(spans, func(x, y Job) int { return cmp.Compare(x.StartMS, y.StartMS) })
	var total uint64
	var end int64
	for i, j := range spans {
		if i == 0 || j.StartMS > end {
			end = j.StartMS
		}
		if j.EndMS > end {
			total += uint64(j.EndMS - end)
			end = j.EndMS
		}
	}
	s.spans = spans
	return total
}

// compute is the factor c: verified work over capacity,
//
//	c = min(1, busy time of accepted jobs / length of the epoch)
//
// The tier's share of c stands outside, as the tier weight of the score.
func compute(busyMS, epochSeconds uint64) Parts { return ratio(busyMS, epochSeconds*1000) }

// availability is the factor a: the mean over windows of answered/asked. A node
// that nobody could ask (the coordinator was out all the time) but whose work
// was accepted was there: 1. Without either it is 0.
//
// It looks at the epoch alone, so that an absence costs when it happens; the mean over
// thirty days (Uptime.Mean) is what suspends.
func availability(windows []Window, accepted uint64) Parts {
	var sum, count uint64
	for _, w := range windows {
		if w.Asked > 0 {
			sum += uint64(ratio(w.Answered, w.Asked))
			count++
		}
	}
	if count == 0 {
		if accepted > 0 {
			return One
		}
		return 0
	}
	return Parts(sum / count)
}

// quality is the factor q: what the clinics say (reputation after the epoch's jobs and
// replicas), what the coordinators' checks say, less half the share of accepted jobs that
// came late,
//
//	q = r · k · (1 − late / (2·accepted))
//
// with k = Standing.Checked, 1 before conduct counted. A late result is worth something to
// most readers, so it costs half, not all. What readers rejected is taken off it after, by
// unread.
func quality(r Reputation, checked Parts, accepted, late uint64) Parts {
	return r.Value().times(checked).times(One - ratio(late, 2*accepted))
}

// Trust is how much of a machine is vouched for.
type Trust string

// The trust levels of design.md, Identity.
const (
	TrustSoftware Trust = "software" // a key in a file
	TrustDevice   Trust = "device"   // a TPM key and a vendor's voucher
)

// share is what a trust level adds to n: device all, software half, anything else nothing.
func (t Trust) share() Parts {
	switch t {
	case TrustDevice:
		return One
	case TrustSoftware:
		return One / 2
	}
	return 0
}

// scarcity is the share of the other live nodes that stand in other
// jurisdictions: 1 − (same − 1)/(live − 1). The only node is scarce; one of
// unknown jurisdiction is not.
func scarcity(jurisdiction string, same, live uint64) Parts {
	if jurisdiction == "" {
		return 0
	}
	if live <= 1 || same <= 1 {
		return One
	}
	return One - ratio(same-1, live-1)
}

// network is the factor n: the mean of scarcity and trust.
func network(scarcity Parts, trust Trust) Parts { return (scarcity + trust.share()) / 2 }
