package market

import (
	"sync/atomic"
	"time"
)

// Flow counts the messages of one kind since the start. Copies of a message count once;
// the keys of the maps are the names of the reasons, such as "expired" and "signature".
type Flow struct {
	Published uint64 // by this host, a topic each
	Accepted  uint64 // of others, valid
	Recalled  uint64 // of others, valid, and told again by somebody who had heard them
	Ignored   map[string]uint64
	Rejected  map[string]uint64
}

// Stats are a market's counters.
type Stats struct {
	Offers, Notices Flow
	// Useless is how many refused messages were held against the peer that sent them.
	Useless uint64
}

// flow is the live form of a Flow; its maps are complete from the start and only read.
type flow struct {
	published, accepted, recalled atomic.Uint64
	refused                       map[*refusal]*atomic.Uint64
}

func newFlow() *flow {
	f := &flow{refused: map[*refusal]*atomic.Uint64{}}
	for _, list := range [][]*refusal{ignored, rejected} {
		for _, r := range list {
			f.refused[r] = &atomic.Uint64{}
		}
	}
	return f
}

func (f *flow) read() Flow {
	out := Flow{Published: f.published.Load(), Accepted: f.accepted.Load(), Recalled: f.recalled.Load(), Ignored: map[string]uint64{}, Rejected: map[string]uint64{}}
	for _, r := range ignored {
		out.Ignored[r.name] = f.refused[r].Load()
	}
	for _, r := range rejected {
		out.Rejected[r.name] = f.refused[r].Load()
	}
	return out
}

// Stats reads the counters.
func (m *Market) Stats() Stats {
	return Stats{Offers: m.offers.read(), Notices: m.notices.read(), Useless: m.useless.Load()}
}

// refused is how many messages were refused, for whatever reason.
func (f Flow) refused() (n uint64) {
	for _, counts := range []map[string]uint64{f.Ignored, f.Rejected} {
		for _, count := range counts {
			n += count
		}
	}
	return n
}

// reportEvery is how often an operator is told that gossip was refused.
const reportEvery = time.Hour

// report writes one line for each stretch of time in which anything was refused.
func (m *Market) report() {
	var before uint64
	for {
		select {
		case <-m.options.Clock.After(reportEvery):
		case <-m.ctx.Done():
			return
		}
		s := m.Stats()
		if now := s.Offers.refused() + s.Notices.refused(); now > before {
			m.options.Log.Info("gossip of others was refused; the counters tell why", "messages", now-before, "in", reportEvery,
				"offers_accepted", s.Offers.Accepted, "notices_accepted", s.Notices.Accepted)
			before = now
		}
	}
}
