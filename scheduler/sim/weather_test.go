package sim_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/marcopolo/simnet"
)

// One-way delays: members live on a square whose corners are maxDelay apart.
const (
	minDelay = 5 * time.Millisecond  // within a city
	maxDelay = 80 * time.Millisecond // across an ocean
)

// place is where a member lives, each axis in [0,1).
type place struct{ x, y float64 }

// weather is what happens to packets: delay by distance, loss by chance, and walls
// between the sides of a partition.
type weather struct {
	places []place // by member index; fixed once the world stands

	mu     sync.Mutex // guards the fields below
	random *rand.Rand
	loss   float64             // share of packets that vanish
	side   func(index int) int // members of different sides don't reach each other; nil: all do
	dead   map[int]bool        // members whose power is off
	sent   int
	lost   int
}

func newWeather(members int, seed uint64) *weather {
	w := &weather{random: rand.New(rand.NewPCG(seed, 1)), dead: map[int]bool{}}
	for range members {
		w.places = append(w.places, place{w.random.Float64(), w.random.Float64()})
	}
	return w
}

// oneWay is the delay between two members.
func (w *weather) oneWay(a, b int) time.Duration {
	dx, dy := w.places[a].x-w.places[b].x, w.places[a].y-w.places[b].y
	return minDelay + time.Duration(math.Hypot(dx, dy)/math.Sqrt2*float64(maxDelay-minDelay))
}

// carries decides whether one packet arrives.
func (w *weather) carries(from, to int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent++
	walled := w.side != nil && w.side(from) != w.side(to)
	if walled || w.dead[from] || w.dead[to] || w.loss > 0 && w.random.Float64() < w.loss {
		w.lost++
		return false
	}
	return true
}

// divide puts up walls between sides; nil takes them down.
func (w *weather) divide(side func(index int) int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.side = side
}

// power switches a member's line off or on.
func (w *weather) power(index int, on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead[index] = !on
}

// lose sets the share of packets that vanish.
func (w *weather) lose(share float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loss = share
}

// traffic is how many packets were sent and lost.
func (w *weather) traffic() (sent, lost int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent, w.lost
}

// Every member has a /24 of its own, as far as its operator does not share one.
const (
	firstOctet = 45
	port       = 8000
)

func addressOf(index int) string { return fmt.Sprintf("%d.%d.%d.1", firstOctet, index>>8, index&0xff) }

// indexOf is the member behind a packet's address.
func indexOf(a net.Addr) int {
	ip := a.(*net.UDPAddr).IP.To4()
	return int(ip[1])<<8 | int(ip[2])
}

// radio is one member's packet conn: it sends through the weather.
type radio struct {
	*simnet.SimConn
	weather *weather
	index   int
}

// WriteTo implements net.PacketConn. A packet that the weather takes was sent, as far
// as the sender knows.
func (r *radio) WriteTo(p []byte, to net.Addr) (int, error) {
	if !r.weather.carries(r.index, indexOf(to)) {
		return len(p), nil
	}
	return r.SimConn.WriteTo(p, to)
}
