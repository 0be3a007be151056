package simulation

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/score"
)

// The conduct of a node.
type conduct int

const (
	honest   conduct = iota
	newcomer         // cheats from its first job on
	sleeper          // cheats once it is trusted
	breaker          // lets awards lapse
)

// The mix of a network. Shares are of nodes; nobody has counted a real one.
var (
	tierShares  = [score.TierCount]float64{0.10, 0.45, 0.28, 0.13, 0.04}
	tierSpeed   = [score.TierCount]float64{5, 15, 45, 120, 450} // work in an hour: the tier's TOPS
	placeShares = []struct {
		place string
		share float64
	}{{"US", 0.22}, {"DE", 0.16}, {"FR", 0.12}, {"GB", 0.10}, {"IT", 0.08}, {"ES", 0.07}, {"NL", 0.06}, {"PL", 0.05}, {"SE", 0.04}, {"CH", 0.04}, {"AT", 0.03}, {"FI", 0.02}, {"EE", 0.01}}
	// tempers are how long a machine is up and down at a time, in hours on the average.
	tempers = []struct{ share, up, down float64 }{
		{0.70, 30 * 24, 2}, // in a rack
		{0.25, 7 * 24, 5},  // at home
		{0.05, 24, 10},     // switched off as it pleases
	}
)

const deviceShare, meteredShare = 0.2, 0.5 // with a TPM; with watts that are measured

type node struct {
	address    common.Address
	tier       int
	place      string
	trust      score.Trust
	efficiency score.Efficiency
	temper     int
	conduct    conduct
	random     *rand.Rand

	joined  int // day
	up      bool
	flips   float64 // hours from the day's beginning until up changes
	history canary.History
	before  score.Reputation
	stands  score.Standing
	gate    score.Gate // of the epoch before

	jobs           uint64             // results, of canaries too
	cheatedFrom    uint64             // results for clinics when cheating began
	startRate      float64            // checks per job then
	caught         uint64             // jobs from then to the first invalid check, with it; 0: not yet
	gatedDay       int                // first day with a gate closed by checks or quality; -1: none
	cheatDay       int                // day on which cheating began; -1: none
	flagged        bool               // ever
	suspended      map[score.Gate]int // days
	month          monthly
	evidence       score.Evidence // reused
	computed, cost uint64         // results for clinics, computations of their checks
	checks, flags  uint64         // verdicts on honest work, of these invalid
}

// monthly is what is counted until the month ends.
type monthly struct {
	hive            float64
	asked, answered uint64
	closed          int // days with a closed gate
}

// join makes a node out of the next address.
func (w *world) join(day int) *node {
	w.joined++
	n := &node{joined: day, suspended: map[score.Gate]int{}, gatedDay: -1, cheatDay: -1, up: true}
	binary.BigEndian.PutUint64(n.address[:], w.joined)
	n.random = rand.New(rand.NewPCG(w.conf.Seed, w.joined))
	n.tier = pick(n.random, len(tierShares), func(i int) float64 { return tierShares[i] })
	n.place = placeShares[pick(n.random, len(placeShares), func(i int) float64 { return placeShares[i].share })].place
	n.temper = pick(n.random, len(tempers), func(i int) float64 { return tempers[i].share })
	n.trust, n.efficiency.Known = score.TrustSoftware, true
	if n.random.Float64() < deviceShare {
		n.trust = score.TrustDevice
	}
	if n.random.Float64() < meteredShare {
		const least = 0.8 // of the tier's TOPS/W; who measures mostly has reason to
		n.efficiency.Share = score.Parts(min(1, least+0.4*n.random.Float64()) * float64(score.One))
	}
	switch draw := n.random.Float64(); {
	case draw < w.conf.Newcomers:
		n.conduct, n.cheatDay, n.startRate = newcomer, day, w.conf.Rates.Overhead(canary.History{})
	case draw < w.conf.Newcomers+w.conf.Sleepers:
		n.conduct = sleeper
	case draw < w.conf.Newcomers+w.conf.Sleepers+w.conf.Breakers:
		n.conduct = breaker
	}
	n.flips = n.random.ExpFloat64() * tempers[n.temper].up
	return n
}

// pick draws an index by its share; what rounding leaves over goes to the last.
func pick(random *rand.Rand, count int, share func(int) float64) int {
	draw := random.Float64()
	for i := range count - 1 {
		if draw -= share(i); draw < 0 {
			return i
		}
	}
	return count - 1
}

// cheats reports whether the node makes up results by now.
func (n *node) cheats(c Config, day int) bool {
	if n.conduct == sleeper && n.cheatDay < 0 && day >= n.joined+c.SleepDays {
		n.cheatDay, n.cheatedFrom, n.startRate = day, n.computed-1, c.Rates.Overhead(n.history)
	}
	return n.cheatDay >= 0
}

// present is how many hours of each half of the day the machine was up.
func (n *node) present() (hours [2]float64) {
	const half = 12
	for i := range hours {
		for at := 0.0; at < half; {
			step := min(half-at, n.flips)
			if n.up {
				hours[i] += step
			}
			at += step
			if n.flips -= step; n.flips <= 0 {
				n.up = !n.up
				mean := tempers[n.temper].down
				if n.up {
					mean = tempers[n.temper].up
				}
				n.flips = n.random.ExpFloat64() * mean
			}
		}
	}
	return hours
}
