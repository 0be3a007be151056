package score

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
)

// Conduct are the numbers by which checks, broken promises and long absence close a gate.
type Conduct struct {
	CheckUnder    Parts  `json:"check_under"`    // α/(α+β) of the coordinators' checks below closes the gate
	PromiseAlpha  uint64 `json:"promise_alpha"`  // the α of a node that broke no promise yet, in 1e-9
	PromiseStep   uint64 `json:"promise_step"`   // what one delivery or lapse adds, in 1e-9
	PromiseLambda Parts  `json:"promise_lambda"` // what one leaves of the past
	PromiseUnder  Parts  `json:"promise_under"`  // α/(α+β) of promises below suspends
	UptimeWindows uint64 `json:"uptime_windows"` // the mean of uptime reaches back so many windows, at most MaxUptimeWindows
	UptimeUnder   Parts  `json:"uptime_under"`   // a mean below suspends, after the grace
	GraceSeconds  uint64 `json:"grace_seconds"`  // chain time
	LapseRoom     uint64 `json:"lapse_room"`     // judged jobs of the node that its lapses can draw on, at most, and at an epoch's beginning
	StrangersPay  uint64 `json:"strangers_pay"`  // how many of them a lapse takes whose clinic has no judged receipt of the node in the epoch; the others take 1

	// ReaderShare is the part of q that readers' rejections can cost; absent from epochs from
	// before readers counted, which recompute as published.
	ReaderShare Parts `json:"reader_share,omitempty"`
}

// DefaultConduct are the numbers of this version. Checks use the beta model of
// Parameters (six straight failures). Promises: α₀ = 20, λ = 0.95, so that α+β stays 20
// and ten straight lapses suspend (0.95¹⁰ < 0.6). Uptime: 60 windows of 12 h are 30 days.
// Readers: a fifth of q where every result of an epoch is rejected, see unread.
func DefaultConduct() Conduct {
	const day = 24 * 3600
	return Conduct{
		CheckUnder:   950_000_000,
		PromiseAlpha: 20 * uint64(One), PromiseStep: uint64(One), PromiseLambda: 950_000_000, PromiseUnder: 600_000_000,
		UptimeWindows: MaxUptimeWindows, UptimeUnder: 900_000_000, GraceSeconds: 7 * day,
		LapseRoom: 4, StrangersPay: 4,
		ReaderShare: 200_000_000,
	}
}

func (c Conduct) validate() error {
	if c.CheckUnder > One || c.PromiseUnder > One || c.UptimeUnder > One || c.PromiseLambda > One || c.ReaderShare > One {
		return errors.New("parameters: want the limits of conduct, its λ and the readers' share in 0 to 1")
	}
	if c.PromiseAlpha == 0 || c.PromiseAlpha > maxTokens*uint64(One) || c.PromiseStep > maxTokens*uint64(One) {
		return fmt.Errorf("parameters: want a promise's α of more than 0 and its step in 0 to %d", maxTokens)
	}
	if c.StrangersPay == 0 || c.StrangersPay > maxTokens || c.LapseRoom > maxTokens {
		return fmt.Errorf("parameters: want a lapse of a stranger to take 1 to %d judged jobs, of at most %d", maxTokens, maxTokens)
	}
	if c.UptimeWindows == 0 || c.UptimeWindows > MaxUptimeWindows || c.GraceSeconds > maxEpochSeconds {
		return fmt.Errorf("parameters: want a mean over 1 to %d windows and a grace of at most ten years", MaxUptimeWindows)
	}
	return nil
}

// Standing is what conduct has come to; an epoch hands it to the next. The zero value is
// a new node. It belongs to the device's key, whatever the machine restarts or re-installs.
type Standing struct {
	Checks   Reputation `json:"checks,omitzero"`   // by coordinators; absent before the first that failed
	Promises Reputation `json:"promises,omitzero"` // awards taken: delivered or lapsed; absent before the first lapse
	Uptime   Uptime     `json:"uptime,omitzero"`

	GraceUntil     uint64 `json:"grace_until,omitempty"`     // chain time, unix seconds: while the mean of uptime is under the limit
	SuspendedSince uint64 `json:"suspended_since,omitempty"` // end of the first epoch with a gate closed by conduct
}

// initial is a beta model before the first failure. A model that stands there is kept as
// zero: most nodes never fail, and their state stays small.
func initial(alpha uint64) Reputation { return Reputation{Alpha: alpha} }

func (r Reputation) from(start Reputation) Reputation {
	if r == (Reputation{}) {
		return start
	}
	return r
}

func (r Reputation) kept(start Reputation) Reputation {
	if r == start {
		return Reputation{}
	}
	return r
}

// Checked is the expected share of valid checks, by the coordinators; One before the first
// failed one.
func (s *Standing) Checked(p *Parameters) Parts { return s.Checks.from(initial(p.Alpha)).Value() }

// Kept is the expected share of promises that are kept; One before the first broken one.
func (s *Standing) Kept(p *Parameters) Parts {
	return s.Promises.from(initial(p.Conduct.PromiseAlpha)).Value()
}

// judge is the beta model (Reputation.After) over the coordinators' checks alone. The
// clinics' receipts have a model of their own: mixed with them, the one check in fifty
// that finds something would drown among forty-nine receipts that a clinic signed without
// being able to tell.
func (s *Standing) judge(p *Parameters, checks []Check, l *Line) {
	start := initial(p.Alpha)
	r := s.Checks.from(start)
	for _, c := range checks {
		if c.Kind != CheckCanary && c.Kind != CheckRerun {
			continue
		}
		l.Checked++
		if !c.Valid {
			l.Failed++
		}
		r = r.After(p, c.Valid)
	}
	s.Checks = r.kept(start)
}

// promise is the beta model over awards that the node said yes to, in the order of time,
// judged receipts first at the same time:
//
//	α′ = λα + step when a result came, β′ = λβ + step when none did
//
// A lapse shows the node's promise, but that nothing came is one clinic's word, and keys of
// clinics cost nothing; see lapses for those that count.
func (s *Standing) promise(p *Parameters, n *Evidence, l *Line) {
	start := initial(p.Conduct.PromiseAlpha)
	lapses := n.lapses(&p.Conduct)
	l.Lapsed = uint64(len(lapses))
	if len(lapses) == 0 && s.Promises == (Reputation{}) {
		return // results alone leave the model where it began
	}
	model := &Parameters{Lambda: p.Conduct.PromiseLambda, Step: p.Conduct.PromiseStep}
	r := s.Promises.from(start)
	for _, j := range n.Jobs {
		for len(lapses) > 0 && lapses[0].AtMS < j.EndMS {
			r, lapses = r.After(model, false), lapses[1:]
		}
		r = r.After(model, true)
	}
	for range lapses {
		r = r.After(model, false)
	}
	s.Promises = r.kept(start)
}

// lapses are those of n.Checks that count, in their order. A lapse draws on the node's judged
// jobs: on one of them where its clinic has a judged receipt of the node in the epoch, else on
// c.StrangersPay. Each of the two groups has a room of its own, of c.LapseRoom at the epoch's
// beginning and never more, into which each judged job of anybody puts one. So clinics that
// take no work from a node, however many, lower its promises by one in four of its jobs, which
// closes no gate where it delivers three an epoch or more; no burst of lapses closes it; and
// to suspend a node, nearly half of what it promises must come to nothing.
func (n *Evidence) lapses(c *Conduct) []Check {
	var counted []Check
	var regular map[common.Address]bool // clinics that have judged a receipt of the node
	regulars, strangers, done := c.LapseRoom, c.LapseRoom, 0
	for _, lapse := range n.Checks {
		if lapse.Kind != CheckLapse {
			continue
		}
		if regular == nil {
			regular = map[common.Address]bool{}
			for _, j := range n.Jobs {
				regular[j.Clinic] = true
			}
		}
		for ; done < len(n.Jobs) && n.Jobs[done].EndMS <= lapse.AtMS; done++ {
			regulars, strangers = min(regulars+1, c.LapseRoom), min(strangers+1, c.LapseRoom)
		}
		room, price := &strangers, c.StrangersPay
		if regular[lapse.By] {
			room, price = &regulars, 1
		}
		if *room >= price {
			*room -= price
			counted = append(counted, lapse)
		}
	}
	return counted
}

// wait moves the grace on: it begins with the first epoch whose end finds the mean under
// the limit, and is forgotten with the first that does not.
func (s *Standing) wait(c *Conduct, to uint64) {
	mean, known := s.Uptime.Mean(c.UptimeWindows)
	switch {
	case !known || mean >= c.UptimeUnder:
		s.GraceUntil = 0
	case s.GraceUntil == 0:
		s.GraceUntil = to + c.GraceSeconds
	}
}

// gate is what the standing closes at the time to; GateOpen if nothing.
func (s *Standing) gate(p *Parameters, to uint64) Gate {
	switch {
	case s.Checked(p) < p.Conduct.CheckUnder:
		return GateChecks
	case s.Kept(p) < p.Conduct.PromiseUnder:
		return GatePromises
	case s.GraceUntil != 0 && to >= s.GraceUntil:
		return GateUptime
	}
	return GateOpen
}

// suspended notes since when a gate that conduct or quality closes has been closed.
func (s *Standing) suspended(g Gate, to uint64) {
	switch g {
	case GateQuality, GateChecks, GatePromises, GateUptime:
		if s.SuspendedSince == 0 {
			s.SuspendedSince = to
		}
	case GateOpen:
		s.SuspendedSince = 0
	}
}
