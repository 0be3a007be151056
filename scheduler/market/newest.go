package market

import (
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/scheduler"
)

// newest remembers each node's newest notice. A notice outlives gossip's own memory of it,
// so an enemy could say an old one again and make a full node look free; and who joins
// late asks for what was said before.
type newest struct {
	mu sync.Mutex // guards of
	of bounded[common.Address, said]
}

// said is a notice as it was signed, and for when and where it holds.
type said struct {
	issued, expires time.Time
	region          string
	envelope        []byte
}

func saidOf(n scheduler.Notice, envelope []byte) said {
	return said{issued: n.Issued, expires: n.Expires, region: n.Jurisdiction, envelope: envelope}
}

func newNewest() *newest { return &newest{of: newBounded[common.Address, said](maxBuckets)} }

// news reports whether the notice is newer than what is remembered.
func (n *newest) news(node common.Address, issued time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return issued.After(n.of.of[node].issued)
}

// note remembers a notice. It is false, and nothing is remembered, where the notice is no
// news or where maxBuckets other nodes' notices hold.
func (n *newest) note(node common.Address, s said, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	before, known := n.of.of[node]
	if known && !s.issued.After(before.issued) {
		return false
	}
	expired := func(held said) bool { return !now.Before(held.expires) } // and so is refused anyway
	if !known && !n.of.room(now, expired) {
		return false
	}
	s.envelope = slices.Clone(s.envelope)
	n.of.of[node] = s
	return true
}

// known are the envelopes of at most most notices that hold in the regions; of more,
// some at random.
func (n *newest) known(regions []string, now time.Time, most int) [][]byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	var envelopes [][]byte
	for _, s := range n.of.of {
		if len(envelopes) == most {
			break
		}
		if now.Before(s.expires) && slices.Contains(regions, s.region) {
			envelopes = append(envelopes, s.envelope)
		}
	}
	return envelopes
}
