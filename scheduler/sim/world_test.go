package sim_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/marcopolo/simnet"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
)

// region is where everybody is: one jurisdiction is the crowded case.
const region = "DE"

// shape is how a world is made.
type shape struct {
	nodes     int
	clinics   int
	relays    int     // coordinators: everybody knows two of them
	friends   int     // further members that each one remembers from before
	loss      float64 // share of packets
	seed      uint64
	attackers int      // of the nodes, the last ones
	passive   bool     // they are there and do nothing
	enemies   []enmity // dealt to them in turn
	unlisted  bool     // there is no list of clinics: everybody may offer
}

// world is a whole market. Members are numbered: relays, then clinics, then nodes.
type world struct {
	shape
	t         *testing.T
	dir       string
	random    *rand.Rand
	net       *simnet.Simnet
	weather   *weather
	ledger    *ledger
	registry  *registry
	keys      []*identity.Key // by member index
	hubs      []*member       // the relays
	clinics   []*clinic
	nodes     []*node
	byAddress map[common.Address]int // of nodes, to member indexes
	lastCrash time.Time
	leaving   sync.WaitGroup // crashed members that are being swept up
}

// newWorld starts everybody and waits until they are connected. It runs in a bubble
// of virtual time.
func newWorld(t *testing.T, s shape) *world {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "disks")
	must(t, err)
	total := s.relays + s.clinics + s.nodes
	w := &world{
		shape: s, t: t, dir: dir, random: rand.New(rand.NewPCG(s.seed, 3)), weather: newWeather(total, s.seed), ledger: newLedger(),
		registry:  &registry{clinics: map[common.Address]bool{}, operators: map[common.Address]common.Address{}, unlisted: s.unlisted},
		byAddress: map[common.Address]int{},
	}
	for index := range total {
		w.enrol(index)
	}
	w.net = &simnet.Simnet{Logger: quiet(), LatencyFunc: func(p *simnet.Packet) time.Duration { return w.weather.oneWay(indexOf(p.From), indexOf(p.To)) }}
	w.net.Start()
	for n := range s.relays {
		m := w.newMember(n)
		w.join(m)
		w.hubs = append(w.hubs, m)
		must(t, m.market.Relay([]string{region}))
	}
	for n := range s.clinics {
		w.clinics = append(w.clinics, w.newClinic(s.relays+n))
	}
	for n := range s.nodes {
		w.nodes = append(w.nodes, w.newNode(s.relays+s.clinics+n, s.enmityOf(n)))
		w.byAddress[w.nodes[n].address()] = w.nodes[n].index
	}
	w.acquaint()
	for _, n := range w.nodes {
		w.attack(n)
	}
	w.weather.lose(s.loss)
	return w
}

// enmityOf is what the nth node is like.
func (s shape) enmityOf(n int) enmity {
	switch k := n - (s.nodes - s.attackers); {
	case k < 0:
		return peaceful
	case s.passive:
		return silent
	default:
		return s.enemies[k%len(s.enemies)]
	}
}

// registry is what the chain says of the members: who may offer, who may work, and for
// whom. It is complete before anybody asks.
type registry struct {
	clinics   map[common.Address]bool
	operators map[common.Address]common.Address // by node
	unlisted  bool                              // no clinic is in it, and everybody may offer
}

func (r *registry) clinic(a common.Address) bool { return r.unlisted || r.clinics[a] }

func (r *registry) node(a common.Address) bool { return r.operators[a] != (common.Address{}) }

func (r *registry) operator(a common.Address) (common.Address, bool) {
	o, ok := r.operators[a]
	return o, ok
}

// gang runs every sybil.
var gang = common.HexToAddress("0x6a")

// enrol gives the member of an index its key and its place in the registry.
func (w *world) enrol(index int) {
	key, err := identity.Generate()
	must(w.t, err)
	w.keys = append(w.keys, key)
	switch node := index - w.shape.relays - w.shape.clinics; {
	case index < w.shape.relays:
	case node < 0:
		w.registry.clinics[key.Address()] = true
	default:
		w.registry.register(key.Address(), w.enmityOf(node))
	}
}

// register enters a node as the registry has it: strangers and vandals are not in it, and
// the decoys' deposits are paid.
func (r *registry) register(a common.Address, e enmity) {
	switch e {
	case vandal, stranger:
	case decoy:
		r.clinics[a] = true
	case sybil:
		r.operators[a] = gang
	default:
		r.operators[a] = a
	}
}

// acquaint tells everybody whom to dial: two relays, and some friends from before.
func (w *world) acquaint() {
	all := w.everybody()
	for _, m := range all {
		for _, n := range w.random.Perm(len(w.hubs))[:min(2, len(w.hubs))] {
			m.remember(w.hubs[n])
		}
		for range w.friends {
			m.remember(all[w.random.IntN(len(all))])
		}
	}
	for _, m := range all {
		m.connect()
	}
	if !until(time.Minute, func() bool { return !slices.ContainsFunc(all, func(m *member) bool { return !m.connected() }) }) {
		w.t.Fatal("after a minute not all who know each other are connected")
	}
}

// connect starts the agent's own loop that dials whom m knows, now and when they are lost.
func (m *member) connect() {
	m.runs.Go(func() { p2p.KeepConnected(m.ctx, m.host, m.knows, nil, p2p.ReconnectEvery, quiet()) })
}

// connected reports whether m has reached all whom it knows.
func (m *member) connected() bool {
	return !slices.ContainsFunc(m.knows, func(i peer.AddrInfo) bool { return m.host.Network().Connectedness(i.ID) != network.Connected })
}

func (w *world) everybody() []*member {
	all := append([]*member(nil), w.hubs...)
	for _, c := range w.clinics {
		all = append(all, c.member)
	}
	for _, n := range w.nodes {
		all = append(all, n.member)
	}
	return all
}

// listeners are the members that should have heard every offer since a moment: nodes
// that have been up for a while then.
func (w *world) listeners(since time.Time) []int {
	var list []int
	for _, n := range w.nodes {
		if !n.down && n.enmity == peaceful && n.up.Before(since) {
			list = append(list, n.index)
		}
	}
	return list
}

// crash cuts a node's power: nobody hears a farewell.
func (w *world) crash(n *node) {
	if n.down {
		return
	}
	n.down, n.crashed = true, time.Now()
	n.crashes++
	w.weather.power(n.index, false)
	w.leaving.Go(n.leave)
}

// restore brings back the nodes that have been down for a while, with their disks.
func (w *world) restore(after time.Duration) {
	for _, n := range w.nodes {
		if n.down && time.Since(n.crashed) >= after {
			w.leaving.Wait()
			w.weather.power(n.index, true)
			w.restart(n)
		}
	}
}

// end stops everybody; without it the bubble never ends.
func (w *world) end() {
	for _, c := range w.clinics {
		_ = c.broker.Close()
	}
	w.leaving.Wait()
	for _, m := range w.everybody() {
		w.leaving.Go(m.leave)
	}
	w.leaving.Wait()
	w.net.Close()
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

// until lets time pass until it is so, at most limit; false when it never was.
func until(limit time.Duration, so func() bool) bool {
	const look = 100 * time.Millisecond
	for end := time.Now().Add(limit); time.Now().Before(end); pass(look) {
		if so() {
			return true
		}
	}
	return so()
}
