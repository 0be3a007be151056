package challenge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// The simulation draws machines and claims, takes the time of each answer from a model, and
// lets the real verifier judge real trees: only the time and the plain Go products that a
// machine would have computed are not those of the machine.
//
// The model: a machine of rate R proves at R·efficiency·(1−contention)/sharers. Efficiency
// is 0.80 to 0.90 (0.86 measured, see BenchmarkProveAgainstProduct); contention is 0.3 ±
// 0.02 for the honest and nothing for a cheater; a round trip takes 5 to 300 ms. A cheater
// computes as many rows as the limit lets it, leaves the others out, and answers at the
// last moment, which is the best it can do: a root that comes later is worth nothing.

const attempts = 1000

// tree is a computed work whose leaves can be left out.
type tree struct {
	work     Work
	verifier *verifier
	leaves   []byte
}

// trunk is a work of fewer rows than a challenge may have, to judge thousands of trees.
func trunk(rows uint64) Work { return Work{Kind: Compute, Width: 512, Layers: 1, Rows: rows} }

func newTree(t *testing.T, w Work, seed Seed) *tree {
	t.Helper()
	p := on(t, Quantized)
	e, err := newEngine(p.runtime, p.provider, p.threads, p.path, rowMultiple, w, seed)
	must(t, err)
	made := &tree{work: w, verifier: newVerifier(w, seed)}
	must(t, stream(t.Context(), e, newInputs(w, seed), w.Rows, func(_ uint64, rows []byte) { made.leaves = append(made.leaves, rows...) }))
	must(t, e.close())
	return made
}

// judge commits to the tree with a share of its rows left out, and opens what the nonce picks.
func (m *tree) judge(t *testing.T, random *rand.Rand, left float64) error {
	t.Helper()
	leaves := m.leaves
	if left > 0 {
		leaves = bytes.Clone(m.leaves)
		for row := range int(m.work.Rows) {
			if random.Float64() < left {
				leaves[row*outputWidth] ^= byte(1 + random.IntN(255))
			}
		}
	}
	c := newCrown(m.work.Rows)
	c.growAll(0, leaves, outputWidth)
	var nonce [32]byte
	binary.BigEndian.PutUint64(nonce[:], random.Uint64())
	var found []opened
	for _, index := range picks(m.work, rootOf(c), nonce) {
		first := index / stem * stem
		leaf, err := c.open(index, leaves[first*outputWidth:(first+stem)*outputWidth], outputWidth)
		must(t, err)
		found = append(found, leaf)
	}
	return m.verifier.verify([32]byte{}, rootOf(c), nonce, c.opening(found))
}

// machine is one draw of the model.
type machine struct {
	tops       float64 // what it can do
	claim      float64
	sharers    float64 // names that use it at the same moment
	contention float64
}

// attempt is how a machine fares: the share of rows that it must leave out to be in time,
// and when its root arrives.
func (m machine) attempt(random *rand.Rand) (left float64, arrives, limit time.Duration, w Work, err error) {
	if w, err = ComputeWork(m.claim, Length); err != nil {
		return 0, 0, 0, w, err
	}
	trip := time.Duration(5+random.IntN(295)) * time.Millisecond
	efficiency := 0.8 + 0.1*random.Float64()
	rate := m.tops * 1e12 * efficiency * (1 - m.contention) / m.sharers
	need := w.Operations() / rate
	limit = w.Within(m.claim, trip)
	loading := 100 * time.Millisecond
	have := (limit - trip - loading).Seconds()
	left = max(0, 1-have/need)
	return left, trip + loading + seconds(min(need, have)), limit, w, nil
}

func TestFakedProfilesAreRefusedAndHonestOnesAreNot(t *testing.T) {
	real := newTree(t, trunk(1024), Seed{42})
	rates := func(random *rand.Rand) float64 { return math.Pow(10, -1+3.6*random.Float64()) } // 0.1 to 400 TOPS
	for name, draw := range map[string]func(*rand.Rand) machine{
		"TOPS × 3": func(r *rand.Rand) machine {
			tops := rates(r)
			return machine{tops: tops, claim: 3 * tops, sharers: 1}
		},
		"another's GPU, copied from its profile": func(r *rand.Rand) machine {
			tops := rates(r)
			return machine{tops: tops, claim: tops * (2.5 + 30*r.Float64()), sharers: 1}
		},
		"one GPU behind several names": func(r *rand.Rand) machine {
			tops := rates(r)
			return machine{tops: tops, claim: tops, sharers: float64(2 + r.IntN(7))}
		},
		"a stale profile: the GPU is gone": func(r *rand.Rand) machine {
			tops := rates(r)
			return machine{tops: tops / (2.5 + 100*r.Float64()), claim: tops, sharers: 1}
		},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(len(name))))
			refused, worst, least := 0, 0.0, 1.0
			for range attempts {
				m := draw(random)
				left, arrives, limit, w, err := m.attempt(random)
				must(t, err)
				if arrives > limit {
					t.Fatal("a cheater came too late on its own account")
				}
				least = min(least, left)
				if err := real.judge(t, random, left); errors.Is(err, ErrFalse) {
					refused++
					continue
				} else if err != nil {
					t.Fatal(err)
				}
				worst = max(worst, Capped(m.claim, w.Rate(arrives))/m.claim)
			}
			t.Logf("%d of %d refused; at least %.0f%% of rows were left out", refused, attempts, 100*least)
			if refused < attempts*999/1000 {
				t.Errorf("%d of %d were refused, want 99.9 %%; the best kept %.2f of its claim", refused, attempts, worst)
			}
		})
	}
	t.Run("honest under 30 % contention", func(t *testing.T) {
		random := rand.New(rand.NewPCG(3, 4))
		slowest, kept := 0.0, 1.0
		for range attempts {
			tops := rates(random)
			m := machine{tops: tops, claim: tops * (0.97 + 0.06*random.Float64()), sharers: 1, contention: 0.28 + 0.04*random.Float64()}
			left, arrives, limit, w, err := m.attempt(random)
			must(t, err)
			slowest = max(slowest, arrives.Seconds()/limit.Seconds())
			if left > 0 || arrives > limit {
				t.Fatalf("an honest machine of %.2f TOPS would have to leave out %.2f %% of its rows", tops, 100*left)
			}
			if err := real.judge(t, random, 0); err != nil {
				t.Fatal(err)
			}
			kept = min(kept, Capped(m.claim, w.Rate(arrives))/m.claim)
		}
		t.Logf("0 of %d refused; the slowest took %.0f %% of its limit, and kept %.2f of its claim until it is asked again", attempts, 100*slowest, kept)
	})
}

func TestSkippingATenthIsFoundOut(t *testing.T) {
	real := newTree(t, trunk(minRows), Seed{43})
	random := rand.New(rand.NewPCG(5, 6))
	caught := 0
	for range attempts {
		if errors.Is(real.judge(t, random, 0.1), ErrFalse) {
			caught++
		}
	}
	bound := 1 - math.Pow(0.9, Openings)
	t.Logf("%d of %d tries to leave out a tenth were caught; the formula says %.4f", caught, attempts, bound)
	if bound < 0.999 || caught < attempts-6 { // mean 999, six below has a chance of 2e-4
		t.Errorf("%d of %d caught, the formula says %.4f", caught, attempts, bound)
	}
}

// memoryCheat is a machine with part of the table's memory: what is missing is made anew
// on each pass, at remake bytes a second, or read from slower storage at that rate.
func memoryCheat(w Work, has, read, remake float64) float64 {
	size := float64(w.TableBytes())
	return float64(w.Passes) * (has*size/read + (1-has)*size/remake)
}

func TestHalfTheMemoryIsTooSlow(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	refused, honest := 0, 0
	for range attempts {
		device := random.IntN(2) == 0
		tops, least := math.Pow(10, -0.5+1.2*random.Float64()), HostBandwidth
		read := float64(least) * (2.3 + 20*random.Float64()) // hosts read at 4.6 GB/s and more
		remake := 0.0
		size := uint64(4+random.IntN(60)) << 30
		if device {
			tops, least = math.Pow(10, 1.2+1.4*random.Float64()), DeviceBandwidth
			read = (200 + 2000*random.Float64()) * 1e9
			remake = (8 + 24*random.Float64()) * 1e9 // over PCIe 3.0 ×8 to 4.0 ×16 from the host's memory
		}
		w, err := MemoryWork(2*size, tops, least) // VRAM × 2
		must(t, err)
		remake = max(remake, w.remade(tops))
		limit := (w.WalkWithin(least, 0) - grace).Seconds() // the grace is what the cheater can't count on
		if memoryCheat(w, 0.5, read, remake) > limit+grace.Seconds()+0.3 {
			refused++
		}
		fair, err := MemoryWork(size, tops, least)
		must(t, err)
		const contention = 0.3
		if memoryCheat(fair, 1, read*(1-contention), 1) <= (fair.WalkWithin(least, 0) - grace).Seconds() {
			honest++
		}
	}
	t.Logf("VRAM × 2: %d of %d refused; honest under 30 %% contention: %d of %d pass", refused, attempts, honest, attempts)
	if refused < attempts*999/1000 || honest < attempts {
		t.Errorf("%d of %d claims of twice the memory are refused, %d of %d honest ones pass", refused, attempts, honest, attempts)
	}
}
