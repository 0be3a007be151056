// Package directory is a clinic's index of the nodes it knows from their notices. In:
// notices that the market has checked. Out: how many nodes could do a task, and the few
// that are worth asking first. It is bounded, forgets what expires, lives in memory only,
// and never talks to anybody.
package directory

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// DefaultLimit is how many nodes a directory knows unless told otherwise.
const DefaultLimit = 20_000

const (
	// sweep is how many entries every new notice has looked at for having expired.
	sweep = 4
	// sample is among how many entries, drawn at random, one makes room in a full directory.
	sample = 8
)

// ErrFull says that a full directory had no room for one more node that is not listed, or of
// a crowded operator or subnet.
var ErrFull = errors.New("the directory is full, and this node is not listed or its operator or subnet is crowded in it")

// Entry is a node that is worth asking, and where it is.
type Entry struct {
	Notice scheduler.Notice
	Peer   peer.ID
}

// key names a shelf: who holds a package in a region.
type key struct {
	pkg    models.Digest
	region string
}

// node is one entry of the index.
type node struct {
	Entry
	operator common.Address // its own address where nobody tells
	unlisted bool
	subnet   string
	at       int   // in Directory.all
	places   []int // of Notice.Models, on their shelves
}

// slot is a node on a shelf, with all that a match looks at, so that a pass along a shelf
// reads one piece of memory.
type slot struct {
	means   scheduler.Means
	seat    scheduler.Seat
	expires time.Time
	room    [scheduler.STAT + 1]bool // by class
	node    *node
	holding int // of node.Notice.Models
}

func slotOf(n *node, holding int) slot {
	s := slot{means: n.Notice.Means(holding), seat: scheduler.Seat{Node: n.Notice.Node, Operator: n.operator, Subnet: n.subnet},
		expires: n.Notice.Expires, node: n, holding: holding}
	for class := range s.room {
		s.room[class] = n.Notice.HasRoom(scheduler.Class(class))
	}
	return s
}

// hasRoom is the notice's word; a class that is none has no room.
func (s *slot) hasRoom(class scheduler.Class) bool { return int(class) < len(s.room) && s.room[class] }

// Directory is safe for concurrent use.
type Directory struct {
	limit    int
	operator func(node common.Address) (operator common.Address, listed bool)

	mu        sync.RWMutex // guards what follows
	nodes     map[common.Address]*node
	all       []*node // in no order, to sweep and to sample
	cursor    int     // of the sweep, in all
	shelves   map[key][]slot
	operators map[common.Address]int // nodes by operator
	subnets   map[string]int         // nodes by subnet; those that tell none count as one
}

// New is an empty directory of at most limit nodes, 0: DefaultLimit, in which every node is
// its own operator.
func New(limit int) *Directory {
	return NewListed(limit, func(node common.Address) (common.Address, bool) { return node, true })
}

// NewListed is an empty directory of at most limit nodes, 0: DefaultLimit, that asks who
// operates a node with each notice of it, and whether the registry lists it. Where room is
// short, nodes that are listed go before others and many names of one operator are a crowd.
func NewListed(limit int, operator func(node common.Address) (operator common.Address, listed bool)) *Directory {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Directory{limit: limit, operator: operator, nodes: map[common.Address]*node{}, shelves: map[key][]slot{},
		operators: map[common.Address]int{}, subnets: map[string]int{}}
}

// Observe takes a notice that came, signed, from its node's own peer. It replaces an older
// one of the node; an older or expired one is refused with scheduler.ErrStale, a malformed
// one with scheduler.ErrNotice.
func (d *Directory) Observe(n scheduler.Notice, from peer.ID, now time.Time) error {
	if err := n.Validate(now); err != nil {
		return fmt.Errorf("notice of node %s: %w", n.Node, err)
	}
	n.Models = distinct(n.Models)
	fresh := &node{Entry: Entry{Notice: n, Peer: from}, operator: n.Node, subnet: subnetOf(n.Addresses)}
	if operator, listed := d.operator(n.Node); listed {
		fresh.operator = operator
	} else {
		fresh.unlisted = true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sweep(now)
	if known := d.nodes[n.Node]; known != nil {
		if !n.Issued.After(known.Notice.Issued) {
			return fmt.Errorf("notice of node %s: %w", n.Node, scheduler.ErrStale)
		}
		d.remove(known)
	} else if len(d.nodes) >= d.limit && !d.makeRoom(fresh, now) {
		return fmt.Errorf("notice of node %s: %w", n.Node, ErrFull)
	}
	d.insert(fresh)
	return nil
}

// distinct drops the second mention of a package.
func distinct(models []scheduler.Holding) []scheduler.Holding {
	var list []scheduler.Holding
	for _, h := range models {
		if !slices.ContainsFunc(list, func(known scheduler.Holding) bool { return known.Package == h.Package }) {
			list = append(list, h)
		}
	}
	return list
}

// Forget drops a node: it has left, or it does not answer.
func (d *Directory) Forget(address common.Address) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.nodes[address]; n != nil {
		d.remove(n)
	}
}

// Len is how many nodes are known. Expired ones are counted until a notice sweeps them out.
func (d *Directory) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.nodes)
}

// Known is how many nodes could do a task, whether or not they have a place just now: the
// number that a lottery's threshold is a share of.
func (d *Directory) Known(o scheduler.Offer, now time.Time) int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	count := 0
	for s := range d.holders(&o) {
		if s.suits(&o, now) {
			count++
		}
	}
	return count
}

// Best are at most n nodes to ask for a task, best first, as scheduler.Selection draws
// them. score is a node's quality in [0,1] and busy the tasks it holds of this clinic; nil
// stands for 1 and 0. Both are called with the directory locked and must not use it.
func (d *Directory) Best(o scheduler.Offer, n int, now time.Time, score func(common.Address) float64, busy func(common.Address) int) []Entry {
	if score == nil {
		score = func(common.Address) float64 { return 1 }
	}
	if busy == nil {
		busy = func(common.Address) int { return 0 }
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	selection := scheduler.NewSelection(&o, n)
	var held []*node
	for s := range d.holders(&o) {
		if cap(held) == 0 {
			all := len(d.shelves[key{o.Package, s.means.Jurisdiction}])
			selection.Grow(all)
			held = make([]*node, 0, all)
		}
		if !s.suits(&o, now) || !s.hasRoom(o.Class) {
			continue
		}
		selection.Add(len(held), s.means.PriceGwei, s.means.Promise, score(s.seat.Node), busy(s.seat.Node), s.seat)
		held = append(held, s.node)
	}
	var best []Entry
	for _, at := range selection.Best() {
		best = append(best, held[at].Entry)
	}
	return best
}

func (s *slot) suits(o *scheduler.Offer, now time.Time) bool {
	return now.Before(s.expires) && o.Suits(&s.means, now) == nil
}

// holders are the slots of a package in an offer's regions; d.mu is held.
func (d *Directory) holders(o *scheduler.Offer) func(yield func(*slot) bool) {
	return func(yield func(*slot) bool) {
		for n, region := range o.Residency {
			if slices.Contains(o.Residency[:n], region) {
				continue
			}
			shelf := d.shelves[key{o.Package, region}]
			for at := range shelf {
				if !yield(&shelf[at]) {
					return
				}
			}
		}
	}
}

// insert enters a node on its shelves; d.mu is held.
func (d *Directory) insert(n *node) {
	d.nodes[n.Notice.Node] = n
	n.at = len(d.all)
	d.all = append(d.all, n)
	d.operators[n.operator]++
	d.subnets[n.subnet]++
	n.places = make([]int, len(n.Notice.Models))
	for at, h := range n.Notice.Models {
		k := key{h.Package, n.Notice.Jurisdiction}
		n.places[at] = len(d.shelves[k])
		d.shelves[k] = append(d.shelves[k], slotOf(n, at))
	}
}

// remove takes a node off its shelves, each in constant time; d.mu is held.
func (d *Directory) remove(n *node) {
	delete(d.nodes, n.Notice.Node)
	last := d.all[len(d.all)-1]
	d.all[n.at], last.at = last, n.at
	d.all[len(d.all)-1] = nil
	d.all = d.all[:len(d.all)-1]
	if d.operators[n.operator]--; d.operators[n.operator] == 0 {
		delete(d.operators, n.operator)
	}
	if d.subnets[n.subnet]--; d.subnets[n.subnet] == 0 {
		delete(d.subnets, n.subnet)
	}
	for at, h := range n.Notice.Models {
		k := key{h.Package, n.Notice.Jurisdiction}
		shelf, place := d.shelves[k], n.places[at]
		moved := shelf[len(shelf)-1]
		shelf[place], moved.node.places[moved.holding] = moved, place
		shelf[len(shelf)-1] = slot{}
		if shelf = shelf[:len(shelf)-1]; len(shelf) == 0 {
			delete(d.shelves, k)
		} else {
			d.shelves[k] = shelf
		}
	}
}

// sweep drops a few expired nodes, so that all are gone after a while; d.mu is held.
func (d *Directory) sweep(now time.Time) {
	for range min(sweep, len(d.all)) {
		d.cursor %= len(d.all)
		if n := d.all[d.cursor]; now.Before(n.Notice.Expires) {
			d.cursor++
			continue
		}
		d.remove(d.all[d.cursor]) // another one stands there now
		if len(d.all) == 0 {
			return
		}
	}
}

// makeRoom drops one of a few nodes drawn at random: an expired one, or else the least
// welcome. So names that nobody listed never displace listed ones, and an operator of many
// names displaces its own; only where operators tell nothing does the subnet count, and
// there whoever has many networks to speak from can displace others. A newcomer that is less
// welcome than all of them is refused; d.mu is held.
func (d *Directory) makeRoom(newcomer *node, now time.Time) bool {
	var crowded *node
	for range sample {
		n := d.all[rand.IntN(len(d.all))]
		if !now.Before(n.Notice.Expires) {
			d.remove(n)
			return true
		}
		if crowded == nil || d.byWelcome(n, crowded) > 0 {
			crowded = n
		}
	}
	if d.byWelcome(crowded, newcomer) < 0 {
		return false
	}
	d.remove(crowded)
	return true
}

// byWelcome orders nodes by how little they are welcome: listed ones first, then those whose
// operator has few nodes here, then those of a subnet that has; d.mu is held.
func (d *Directory) byWelcome(a, b *node) int {
	unlisted := func(n *node) int {
		if n.unlisted {
			return 1
		}
		return 0
	}
	// A newcomer is not counted yet.
	names := func(n *node) int { return max(1, d.operators[n.operator]) }
	return cmp.Or(cmp.Compare(unlisted(a), unlisted(b)), cmp.Compare(names(a), names(b)), cmp.Compare(d.subnets[a.subnet], d.subnets[b.subnet]))
}

// sharedSpace is the network between a provider and its customers (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// subnetOf is the subnet of a node's first address that tells one. An address by way of a
// relay is the relay's; private ones are the same in many places.
func subnetOf(addresses []string) string {
	for _, text := range addresses {
		a, err := multiaddr.NewMultiaddr(text)
		if err != nil {
			continue
		}
		if _, err := a.ValueForProtocol(multiaddr.P_CIRCUIT); err == nil {
			continue
		}
		for _, protocol := range []int{multiaddr.P_IP4, multiaddr.P_IP6} {
			value, err := a.ValueForProtocol(protocol)
			if err != nil {
				continue
			}
			ip, err := netip.ParseAddr(value)
			if ip = ip.Unmap(); err != nil || ip.IsPrivate() || sharedSpace.Contains(ip) {
				continue
			}
			if subnet := scheduler.Subnet(ip); subnet != "" {
				return subnet
			}
		}
	}
	return ""
}
