package site

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/audit"
)

// How much refused callers get into the audit log. Each line is a write that the disk
// confirms, and a message to the collector; anybody on the network could ask for them.
const (
	refusalPeriod    = 10 * time.Minute
	refusalAddresses = 8 // that have lines of their own in a period; the others share one
	// refusalBits of an IPv6 address are one network's, of which a machine has as many
	// addresses as it likes (RFC 4291 section 2.5.1).
	refusalBits = 64
)

// refusals records the web door's refused callers in few lines: the first refusal of an
// address at once, the rest of a period as one line with their count for each of the first
// addresses, and one for all others. What is counted when the process is killed is lost.
type refusals struct {
	record func(audit.Entry) error
	failed func(error)

	mu     sync.Mutex           // guards what follows
	total  uint64               // since the start
	more   map[netip.Prefix]int // by address with a line of its own: refusals since that line
	others int                  // refusals of all other addresses
}

func newRefusals(record func(audit.Entry) error, failed func(error)) *refusals {
	return &refusals{record: record, failed: failed, more: map[netip.Prefix]int{}}
}

// note counts a refusal of the caller at host:port, and records it if it is the address's
// first in this period.
func (r *refusals) note(address string) {
	who := networkOf(address)
	if r.count(who) {
		r.write(who, 1)
	}
}

// count says whether a refusal is to be recorded at once.
func (r *refusals) count(who netip.Prefix) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	if _, known := r.more[who]; known {
		r.more[who]++
		return false
	}
	if len(r.more) == refusalAddresses {
		r.others++
		return false
	}
	r.more[who] = 0
	return true
}

// run ends a period at each tick, until ctx ends; the last one is the caller's to end.
func (r *refusals) run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ticks:
			r.end()
		case <-ctx.Done():
			return
		}
	}
}

// end records what a period's lines have left out, and begins the next one.
func (r *refusals) end() {
	r.mu.Lock()
	more, others := r.more, r.others
	r.more, r.others = map[netip.Prefix]int{}, 0
	r.mu.Unlock()
	for who, n := range more {
		if n > 0 {
			r.write(who, n)
		}
	}
	if others > 0 {
		r.write(netip.Prefix{}, others)
	}
}

// write records refusals of an address; the zero prefix: of several.
func (r *refusals) write(who netip.Prefix, n int) {
	e := audit.Entry{Kind: audit.Login, Outcome: audit.Serious, Way: "web", Reason: "no known token", Count: n}
	switch {
	case who.IsSingleIP():
		e.Peer = who.Addr().String()
	case who.IsValid():
		e.Peer = who.String()
	}
	if err := r.record(e); err != nil {
		r.failed(err)
	}
}

// sum is how many callers were refused since the start.
func (r *refusals) sum() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

// networkOf is whose address host:port is: a machine's, in IPv6 a network's. The zero prefix
// is of what can't be read.
func networkOf(address string) netip.Prefix {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.Prefix{}
	}
	ip := at.Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = refusalBits
	}
	return netip.PrefixFrom(ip, bits).Masked()
}
