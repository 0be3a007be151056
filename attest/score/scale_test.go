package score

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
)

// crowd is an epoch of n nodes of all tiers and many places, each with a job, two windows
// and some with checks, sorted by address.
func crowd(n int) Epoch {
	e := day(new(big.Int).Mul(hive(30), big.NewInt(int64(n))))
	e.Nodes = make([]Evidence, n)
	for i := range e.Nodes {
		node := &e.Nodes[i]
		*node = healthy(0, i%TierCount, string([]byte{'A' + byte(i%26), 'A' + byte(i/26%26)}))
		node.Node = common.Address{}
		binary.BigEndian.PutUint32(node.Node[:], uint32(i))
		if i%16 == 0 {
			node.Checks = []Check{{Kind: CheckCanary, Valid: i%32 == 0, AtMS: 1}}
		}
		node.Windows = []Window{{Asked: 72, Answered: 71, At: 58}, {Asked: 72, Answered: 72, At: 59}}
	}
	return e
}

func TestWalkShowsWhatComputeReturns(t *testing.T) {
	e := crowd(2*blockLines + 17)
	whole := mustCompute(t, e)
	seen := 0
	r, err := Walk(DefaultParameters(), e, func(first int, block []Line) error {
		if first != seen {
			return fmt.Errorf("the block begins at %d, not %d", first, seen)
		}
		for i, l := range block {
			if w := whole.Lines[first+i]; w.Node != l.Node || w.Reward.Cmp(l.Reward.Int) != 0 || w.Score != l.Score || w.Standing != l.Standing {
				return fmt.Errorf("line %d is %+v, want %+v", first+i, l, w)
			}
		}
		seen += len(block)
		return nil
	})
	if err != nil || seen != len(e.Nodes) || r.Lines != nil || r.Total.Cmp(whole.Total) != 0 || r.Weights != whole.Weights {
		t.Fatalf("%d lines, %+v: %v", seen, r, err)
	}
	stop := fmt.Errorf("enough")
	if _, err := Walk(DefaultParameters(), e, func(int, []Line) error { return stop }); err != stop {
		t.Errorf("visit's error became %v", err)
	}
}

func TestANodeTwiceIsRefused(t *testing.T) {
	a, b := healthy(1, 1, "DE"), healthy(2, 1, "DE")
	for name, nodes := range map[string][]Evidence{"side by side": {a, a, b}, "apart": {b, a, b}} {
		if _, err := Compute(DefaultParameters(), day(hive(1), nodes...)); err == nil {
			t.Errorf("%s: let through", name)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := crowd(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Walk(DefaultParameters(), e, func(int, []Line) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/node")
		})
	}
}
