package scheduler

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// Known is a node that a clinic knows from its notice, with what the clinic thinks of it.
type Known struct {
	Notice   Notice
	Score    float64 // quality in [0,1]; 1 for a node without history
	Busy     int     // tasks of this clinic that the node holds now
	Operator common.Address
	Subnet   string
}

// Shortlist ranks known nodes for a direct ask: indices into known of at most n nodes that
// are worth asking at now, best first, drawn as Selection says.
func Shortlist(o Offer, known []Known, n int, now time.Time) []int {
	s := NewSelection(&o, n)
	for i := range known {
		k := &known[i]
		if EligibleNotice(o, k.Notice, now) != nil {
			continue
		}
		promise, _ := k.Notice.promise(o.Package)
		s.Add(i, k.Notice.PriceGwei, promise, k.Score, k.Busy, Seat{k.Notice.Node, k.Operator, k.Subnet})
	}
	return s.Best()
}

// Selection draws the few nodes of a shortlist from a stream of nodes that are worth
// asking. Each node's rank is −ln(u)/w, lowest first, with u uniform in (0,1) by task,
// round and node, and w the weight of Weights: a weighted draw without replacement
// (Efraimidis and Spirakis, 2006), so that clinics do not all ask the same best node. What
// is usual is taken from a sample of distinct operators. Only one node of an operator and of a subnet is drawn
// while others are left.
type Selection struct {
	want  int
	pref  preference
	seed  uint64
	ranks heap
	seats []entered
}

// sampled is how many operators tell what is usual: the median of 101 lies between the 40 %
// and the 60 % mark of all of them in 95 of 100 draws. They are looked for in at most drawn
// draws, so that who has nine names in ten leaves room for 100 others.
const (
	sampled = 101
	drawn   = 10 * sampled
)

// entered is a node of the stream under its caller's index.
type entered struct {
	index       int
	price, time float64 // as Weights has them
	seat        Seat
}

// NewSelection starts a shortlist of n nodes for an offer.
func NewSelection(o *Offer, n int) *Selection {
	seed := binary.BigEndian.Uint64(o.Task[:8]) ^ binary.BigEndian.Uint64(o.Task[8:16]) + uint64(o.Round)
	return &Selection{want: max(0, n), pref: preferenceOf(o.Class), seed: seed}
}

// Grow makes room for as many nodes as will come.
func (s *Selection) Grow(nodes int) {
	s.ranks, s.seats = slices.Grow(s.ranks, nodes), slices.Grow(s.seats, nodes)
}

// Add enters a node under the caller's index. A score of 0 or none keeps it out.
func (s *Selection) Add(index int, priceGwei uint64, promise time.Duration, score float64, busy int, seat Seat) {
	if !(score > 0) {
		return
	}
	rank := math.Log(-math.Log(s.uniform(seat.Node))) - s.pref.score*math.Log(math.Min(1, score)) + math.Log(1+math.Max(0, float64(busy)))
	s.ranks = append(s.ranks, ranked{rank, len(s.seats)})
	s.seats = append(s.seats, entered{index, priceFigure(priceGwei), timeFigure(promise), seat})
}

// weigh completes the ranks by price and time, once it is known what is usual.
func (s *Selection) weigh() {
	var asked figures
	count := uint64(len(s.seats))
	draws := count
	if count > sampled {
		draws = drawn
	}
	for n := range draws {
		at := n
		if count > sampled {
			at = mix(s.seed+n) % count
		}
		e := &s.seats[at]
		if asked.add(e.seat.operator(), e.price, e.time); len(asked.prices) == sampled {
			break
		}
	}
	price, promise := usual(asked.prices), usual(asked.times)
	for n := range s.ranks {
		e := &s.seats[s.ranks[n].at]
		s.ranks[n].rank += s.pref.price*math.Log(math.Max(price, e.price)) + s.pref.time*math.Log(math.Max(promise, e.time))
	}
}

// uniform is a node's number in (0,1). It is no secret and no signature: nobody chooses a
// task's id, a hash of somebody's content, so a mixing function (splitmix64) will do.
func (s *Selection) uniform(node common.Address) float64 {
	x := mix(s.seed ^ binary.BigEndian.Uint64(node[0:8]))
	x = mix(x ^ binary.BigEndian.Uint64(node[8:16]))
	x = mix(x ^ uint64(binary.BigEndian.Uint32(node[16:20])))
	return (float64(x>>11) + 0.5) / (1 << 53)
}

// mix is one step of splitmix64 (Steele, Lea and Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Best are the callers' indices of the nodes that were drawn, best first. It ends the
// selection. Ordering costs n, and log n for each node that is looked at: a few more than
// are wanted, or all where nearly all are of one operator or subnet.
func (s *Selection) Best() []int {
	var best, rest []int
	var taken []Seat
	s.weigh()
	s.ranks.order()
	for len(best) < s.want && len(s.ranks) > 0 {
		e := s.seats[s.ranks.pop()]
		if Spread(taken, e.seat) != nil {
			rest = append(rest, e.index)
			continue
		}
		best, taken = append(best, e.index), append(taken, e.seat)
	}
	return append(best, rest[:min(len(rest), s.want-len(best))]...)
}

// ranked is a node's rank and where it stands in Selection.seats.
type ranked struct {
	rank float64
	at   int
}

// heap has its lowest rank first, as a binary heap.
type heap []ranked

func (h heap) order() {
	for at := len(h)/2 - 1; at >= 0; at-- {
		h.sink(at)
	}
}

func (h *heap) pop() int {
	lowest, last := (*h)[0], len(*h)-1
	(*h)[0] = (*h)[last]
	*h = (*h)[:last]
	h.sink(0)
	return lowest.at
}

func (h heap) sink(at int) {
	for {
		child := 2*at + 1
		if child >= len(h) {
			return
		}
		if right := child + 1; right < len(h) && h[right].before(h[child]) {
			child = right
		}
		if !h[child].before(h[at]) {
			return
		}
		h[at], h[child] = h[child], h[at]
		at = child
	}
}

func (r ranked) before(other ranked) bool {
	return r.rank < other.rank || r.rank == other.rank && r.at < other.at
}
