package epoch

import (
	"errors"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/score"
)

// settlement is what scored evidence comes to, without the lines.
type settlement struct {
	signals    score.Signals
	weights    score.Weights
	total      *big.Int // wei of this epoch
	cumulative *big.Int // wei of all leaves
	leaves     []earned // by address; every node that has earned something since the beginning
	tree       *Tree
	places     []uint32 // of each leaf in tree
}

// earned is a Leaf without a pointer, of which a million weigh 52 MB.
type earned struct {
	node   common.Address
	amount [32]byte // wei, big-endian
}

func earnedBy(node common.Address, wei *big.Int) (e earned) {
	e.node = node
	wei.FillBytes(e.amount[:])
	return e
}

// wordBits is the width of an amount on chain.
const wordBits = 256

// settle scores evidence, which is sorted by address, adds each reward to what before says
// of the node and roots the sums. It shows the lines to visit in blocks, in order; a block
// is visit's only until it returns. It keeps about 200 bytes a node.
func settle(p score.Parameters, e score.Epoch, before func(common.Address) NodeState, visit func([]Line)) (settlement, error) {
	s := settlement{cumulative: new(big.Int), leaves: make([]earned, 0, len(e.Nodes))}
	hashes := make([][32]byte, 0, len(e.Nodes))
	var block []Line
	result, err := score.Walk(p, e, func(_ int, scored []score.Line) error {
		block = slices.Grow(block[:0], len(scored))[:len(scored)]
		spread(len(scored), func(from, to int) {
			h := newHasher()
			for i := from; i < to; i++ {
				block[i] = lineOf(scored[i], before(scored[i].Node), h)
			}
		})
		for _, l := range block {
			if s.cumulative.Add(s.cumulative, l.Cumulative.Int).BitLen() > wordBits {
				return errors.New("cumulative total passes 2^256 wei; the epoch before is broken, go back to one that verifies")
			}
			if l.Cumulative.Sign() > 0 {
				s.leaves, hashes = append(s.leaves, earnedBy(l.Node, l.Cumulative.Int)), append(hashes, l.Leaf)
			}
		}
		visit(block)
		return nil
	})
	if err != nil {
		return settlement{}, err
	}
	s.signals, s.weights, s.total = result.Signals, result.Weights, result.Total
	s.tree, s.places = treeOf(hashes)
	return s, nil
}

// lineOf joins a score with what the node brings along. Of an amount over 2²⁵⁶ − 1 it
// leaves the leaf out: settle refuses the sum.
func lineOf(scored score.Line, before NodeState, h *hasher) Line {
	line := Line{Line: scored, ProfileDigest: before.ProfileDigest, LastSeq: before.LastSeq, Verified: before.Verified, Claimed: before.Efficiency}
	sum := new(big.Int)
	if before.Cumulative.Int != nil {
		sum.Add(before.Cumulative.Int, scored.Reward.Int)
	} else {
		sum.Set(scored.Reward.Int)
	}
	line.Cumulative = score.Wei{Int: sum}
	if sum.Sign() > 0 && sum.BitLen() <= wordBits {
		line.Leaf = h.leaf(Leaf{line.Node, sum})
	}
	return line
}
