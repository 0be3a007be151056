package score

import (
	"cmp"
	"math/big"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Compute scores an epoch:
//
//	weights = before moved by signals (Weights.Next)
//	score   = tierWeight · gate · (w·f) · thrift
//	reward  = min(pool · score / Σ score, limit of the tier)
//
// Σ reward ≤ pool. The same input gives the same output on every machine.
func Compute(p Parameters, e Epoch) (Result, error) {
	lines := make([]Line, 0, len(e.Nodes))
	r, err := Walk(p, e, func(_ int, block []Line) error {
		lines = append(lines, block...)
		return nil
	})
	r.Lines = lines
	if err != nil {
		return Result{}, err
	}
	return r, nil
}

// blockLines is how many lines Walk shows at once: enough work for every core, and small
// beside the evidence.
const blockLines = 4096

// Walk computes as Compute does, and shows the lines in blocks, in the order of e.Nodes;
// first is the index of a block's first node. It keeps 20 bytes a node and one block,
// which it overwrites after visit; Result.Lines stays nil. visit is called by one
// goroutine, and its error ends the walk. It needs no set of addresses where nodes come
// sorted by address.
func Walk(p Parameters, e Epoch, visit func(first int, block []Line) error) (Result, error) {
	if err := e.validate(p); err != nil {
		return Result{}, err
	}
	briefs := make([]brief, len(e.Nodes))
	tally := survey(p, e, briefs)
	signals := tally.signals(e)
	before := e.Before
	if before == (Weights{}) {
		before = InitialWeights(p)
	}
	weights := before.Next(p, signals)
	sum := settle(&p, &e, weights, tally, briefs)

	total, block := new(big.Int), make([]Line, min(blockLines, len(e.Nodes)))
	for first := 0; first < len(e.Nodes); first += blockLines {
		block = block[:min(blockLines, len(e.Nodes)-first)]
		spread(len(block), func(from, to int, s *scales) {
			pay := newPayer(p, e, sum, to-from)
			for i := from; i < to; i++ {
				s.weigh(&p, &e, &e.Nodes[first+i], &block[i])
				pay.line(&block[i], briefs[first+i], weights)
			}
		})
		for i := range block {
			total.Add(total, block[i].Reward.Int)
		}
		if err := visit(first, block); err != nil {
			return Result{}, err
		}
	}
	return Result{Signals: signals, Weights: weights, Total: total}, nil
}

// brief is what is kept of a node between the passes. Parts of at most One fit 32 bits.
type brief struct {
	c, a, q, n uint32
	tier       uint8
	open       bool
}

// survey weighs every node for the first time: what all of them together show.
func survey(p Parameters, e Epoch, briefs []brief) tally {
	var joining sync.Mutex // guards all
	all := tally{here: map[string]uint64{}}
	spread(len(briefs), func(from, to int, s *scales) {
		t := tally{here: map[string]uint64{}}
		var l Line
		for i := from; i < to; i++ {
			s.weigh(&p, &e, &e.Nodes[i], &l)
			t.add(&l)
			briefs[i] = brief{c: uint32(l.Factors.C), a: uint32(l.Factors.A), q: uint32(l.Factors.Q), tier: uint8(l.Tier), open: l.Gate == GateOpen}
		}
		joining.Lock()
		defer joining.Unlock()
		all.join(t) // sums of whole numbers: the order is of no matter
	})
	return all
}

// settle fills n, now that it is known who else is there, and returns Σ score.
func settle(p *Parameters, e *Epoch, w Weights, t tally, briefs []brief) *big.Int {
	var hi, lo uint64
	for i := range briefs {
		b, node := &briefs[i], &e.Nodes[i]
		b.n = uint32(network(scarcity(node.Jurisdiction, t.here[node.Jurisdiction], t.live), node.Trust))
		if b.open {
			var carry uint64
			lo, carry = bits.Add64(lo, b.score(p, factor(w, b.shares()), node.Efficiency), 0)
			hi += carry
		}
	}
	const word = 64
	sum := new(big.Int).Lsh(new(big.Int).SetUint64(hi), word)
	return sum.Add(sum, new(big.Int).SetUint64(lo))
}

func (b brief) shares() Shares {
	return Shares{C: Parts(b.c), A: Parts(b.a), Q: Parts(b.q), N: Parts(b.n)}
}

// score is tierWeight · gate · (w·f) · thrift, in 1e-9.
func (b brief) score(p *Parameters, factor Parts, e Efficiency) uint64 {
	if !b.open {
		return 0
	}
	return p.Tiers[b.tier].Weight * uint64(factor.times(p.thrift(int(b.tier), e)))
}

// spread gives every core one part of 0 to n, and scales of its own.
func spread(n int, work func(from, to int, s *scales)) {
	cores := max(min(runtime.GOMAXPROCS(0), n), 1)
	var group errgroup.Group
	for core := range cores {
		group.Go(func() error {
			work(n*core/cores, n*(core+1)/cores, &scales{})
			return nil
		})
	}
	_ = group.Wait() // no part fails
}

// scales is the room in which one goroutine weighs nodes.
type scales struct {
	spans   []Job
	windows []Window
}

// weigh fills what concerns a node alone: counts, c, a, q, the standing and the gate.
func (s *scales) weigh(p *Parameters, e *Epoch, n *Evidence, l *Line) {
	*l = Line{Node: n.Node, Tier: n.Tier, Jurisdiction: n.Jurisdiction, Trust: n.Trust, Efficiency: n.Efficiency, Reputation: n.Before.from(initial(p.Alpha)), Gate: GateOpen}
	for _, j := range n.Jobs {
		l.Reputation = l.Reputation.After(p, j.Accepted)
		switch {
		case !j.Accepted:
			l.Disputed++
		case j.Late:
			l.Accepted++
			l.Late++
		default:
			l.Accepted++
		}
	}
	for _, w := range n.Windows {
		l.Asked += w.Asked
		l.Answered += min(w.Answered, w.Asked)
	}
	l.BusyMS = s.busyMS(n.Jobs)
	checked := One
	if p.ByConduct() {
		s.judge(p, e, n, l)
		checked = l.Standing.Checked(p)
	}
	l.Factors.C = compute(l.BusyMS, e.Seconds)
	l.Factors.A = availability(n.Windows, l.Accepted)
	l.Factors.Q = quality(l.Reputation, checked, l.Accepted, l.Late).times(unread(p.Conduct.ReaderShare, l.Read, l.Rejected, l.Accepted))
	switch {
	case !n.Registered:
		l.Gate = GateNotRegistered
	case l.Accepted == 0 && l.Answered == 0:
		l.Gate = GateNoEvidence
	case l.Reputation.Value() < p.DisqualifyUnder:
		l.Gate = GateQuality
	case p.ByConduct():
		l.Gate = l.Standing.gate(p, e.To)
	}
	if p.ByConduct() {
		l.Standing.suspended(l.Gate, e.To)
	}
}

// judge enters the epoch's checks, promises and windows in the standing. A replica is a
// clinic's word on a receipt like its signature is, and moves the same model.
func (s *scales) judge(p *Parameters, e *Epoch, n *Evidence, l *Line) {
	for _, c := range n.Checks {
		if c.Kind == CheckReplica {
			l.Compared++
			if !c.Valid {
				l.Differed++
			}
			l.Reputation = l.Reputation.After(p, c.Valid)
		}
	}
	if p.Conduct.ReaderShare > 0 {
		l.Read, l.Rejected = readers(n.Checks)
	}
	l.Unchecked = n.Unchecked
	l.Standing = n.Standing
	l.Standing.judge(p, n.Checks, l)
	l.Standing.promise(p, n, l)
	s.windows = append(s.windows[:0], n.Windows...)
	slices.SortStableFunc(s.windows, func(a, b Window) int { return cmp.Compare(a.At, b.At) })
	l.Standing.Uptime.Enter(s.windows, int64(e.To/p.WindowSeconds))
	l.Standing.wait(&p.Conduct, e.To)
}
