package epoch

import (
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
)

// chronicle is an archive with one job in each epoch, which the test goes on writing.
type chronicle struct {
	*world
	archive Archive
	vetoed  map[common.Hash]bool
	active  uint64
}

func newChronicle(t testing.TB) *chronicle {
	return &chronicle{world: newWorld(t), archive: Archive(t.TempDir()), vetoed: map[common.Hash]bool{}}
}

// close publishes the next epoch, in which ann did the named job.
func (c *chronicle) close(job string) Bundle {
	c.t.Helper()
	base := c.base()
	in := c.inputs()
	in.Number, in.Skipped, in.From, in.To = base.Number(), base.Skipped, 1000, 1000+600*base.Number()
	if base.State.Number > 0 {
		in.From = base.State.To
	}
	in.Window = Join(base.Again, Window{
		Receipts:   []attest.SignedReceipt{c.job(job, "ann", "clinic", 1, time.Minute, "")},
		Challenges: []attest.Challenge{c.challenge("ann", int(base.Number()), attest.Answered)},
	})
	b := c.build(in, base.State)
	c.must(b.Write(c.archive.Dir(b.Summary.Number)))
	return b
}

func (c *chronicle) base() Base {
	c.t.Helper()
	base, err := c.archive.Base(c.active, func(s Summary) (bool, error) { return c.vetoed[s.Root], nil })
	c.must(err)
	return base
}

// A vetoed epoch's amounts do not live on: the next epoch builds on the state before it,
// names what it skips, and counts the skipped jobs again, so that nobody is paid twice and
// nobody's work is lost.
func TestAVetoedEpochsAmountsDoNotLiveOn(t *testing.T) {
	for name, later := range map[string]int{"noticed at once": 0, "noticed after two more epochs": 2} {
		c := newChronicle(t)
		first := c.close("one")
		c.active = 1
		second := c.close("two")
		for i := range later {
			c.close("later " + string(rune('a'+i)))
		}
		c.vetoed[second.Summary.Root] = true
		next := c.close("last")
		number := uint64(3 + later)
		var skipped []uint64
		for n := uint64(2); n < number; n++ {
			skipped = append(skipped, n)
		}
		if next.Summary.Number != number || !slices.Equal(next.Inputs.Skipped, skipped) || next.Inputs.Previous.Root != first.Summary.Root {
			t.Errorf("%s: epoch %d on %d, skipping %v", name, next.Summary.Number, next.Inputs.Previous.Number, next.Inputs.Skipped)
		}
		ann := c.line(next, "ann")
		if want := new(big.Int).Add(c.line(first, "ann").Cumulative.Int, ann.Reward.Int); ann.Cumulative.Cmp(want) != 0 {
			t.Errorf("%s: ann has %s wei, want %s: nothing of the vetoed epoch", name, ann.Cumulative, want)
		}
		if want := uint64(2 + later); ann.Accepted != want {
			t.Errorf("%s: %d jobs count, want %d: those of the skipped epochs too", name, ann.Accepted, want)
		}
		if found, err := c.archive.Verify(); err != nil || len(found) > 0 {
			t.Errorf("%s: the archive differs: %v, %v", name, found, err)
		}
		after := c.close("and on")
		if after.Summary.Number != number+1 || len(after.Inputs.Skipped) > 0 || after.Inputs.Previous.Number != number {
			t.Errorf("%s: the epoch after is %d on %d", name, after.Summary.Number, after.Inputs.Previous.Number)
		}
		if found, err := c.archive.Verify(); err != nil || len(found) > 0 {
			t.Errorf("%s: the archive with it differs: %v, %v", name, found, err)
		}
	}
}

// Two vetoes in a row go back as far as the older one.
func TestTwoVetoedEpochs(t *testing.T) {
	c := newChronicle(t)
	c.close("one")
	c.active = 1
	second := c.close("two")
	third := c.close("three")
	c.vetoed[second.Summary.Root], c.vetoed[third.Summary.Root] = true, true
	base := c.base()
	if base.State.Number != 1 || base.Number() != 4 || len(base.Again.Receipts) != 2 {
		t.Errorf("builds on %d as %d with %d receipts again", base.State.Number, base.Number(), len(base.Again.Receipts))
	}
}

// The very first epoch can be vetoed too.
func TestTheFirstEpochIsVetoed(t *testing.T) {
	c := newChronicle(t)
	first := c.close("one")
	c.vetoed[first.Summary.Root] = true
	next := c.close("two")
	if next.Summary.Number != 2 || next.Inputs.Previous.Number != 0 || c.line(next, "ann").Accepted != 2 {
		t.Errorf("epoch %d on %d", next.Summary.Number, next.Inputs.Previous.Number)
	}
	if found, err := c.archive.Verify(); err != nil || len(found) > 0 {
		t.Errorf("the archive differs: %v, %v", found, err)
	}
}

// A skip that leaves an epoch out, or names one that is not between, is a difference: jobs
// could vanish in it.
func TestASkipIsWhole(t *testing.T) {
	w := newWorld(t)
	first := w.build(w.inputs(), State{})
	for _, skipped := range [][]uint64{nil, {3}, {2, 3, 4}, {1, 2, 3}, {2, 2}} {
		in := w.inputs()
		in.Number, in.Skipped, in.From, in.To, in.Window = 4, skipped, 1600, 2800, Window{}
		if _, err := Build(in, first.State()); err == nil {
			t.Errorf("epoch 4 on 1 skipping %v was built", skipped)
		}
	}
}

// An archive that was restored from an old backup must not go on as if the chain knew no
// more: its next epoch would take back what was paid since.
func TestAnArchiveBehindTheChainIsRefused(t *testing.T) {
	c := newChronicle(t)
	c.close("one")
	if _, err := c.archive.Base(2, func(Summary) (bool, error) { return false, nil }); !errors.Is(err, ErrBehind) {
		t.Errorf("%v, want ErrBehind", err)
	}
	if _, err := Archive(t.TempDir()).Base(1, func(Summary) (bool, error) { return false, nil }); !errors.Is(err, ErrBehind) {
		t.Errorf("an empty one: %v, want ErrBehind", err)
	}
	unreachable := errors.New("the chain does not answer")
	if _, err := c.archive.Base(0, func(Summary) (bool, error) { return false, unreachable }); !errors.Is(err, unreachable) {
		t.Errorf("%v; what could not be asked is not taken for a no", err)
	}
}

func TestJoinKeepsEachStatementOnce(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	newer := w.profile("ann", 50)
	newer.Statement.At = newer.Statement.At.Add(time.Hour)
	joined := Join(in.Window, in.Window, Window{Profiles: []attest.SignedProfile{newer}})
	if len(joined.Receipts) != len(in.Receipts) || len(joined.Challenges) != len(in.Challenges) || len(joined.Profiles) != len(in.Profiles) {
		t.Errorf("%d receipts, %d challenges, %d profiles", len(joined.Receipts), len(joined.Challenges), len(joined.Profiles))
	}
	open := w.verdict(attest.CheckCanary, in.Receipts[0], "coordinator", attest.JudgedUnchecked, 1)
	made := w.verdict(attest.CheckCanary, in.Receipts[0], "coordinator", attest.JudgedInvalid, 2)
	for _, windows := range [][]Window{
		{{Verdicts: []attest.SignedVerdict{open}}, {Verdicts: []attest.SignedVerdict{made}}},
		{{Verdicts: []attest.SignedVerdict{made}}, {Verdicts: []attest.SignedVerdict{open}}},
	} {
		if got := Join(windows...).Verdicts; len(got) != 1 || got[0].Verdict.Result != attest.JudgedInvalid {
			t.Errorf("verdicts %+v, want the one that could be made", got)
		}
	}
	if joined.Profiles[0].Statement.ProfileDigest != newer.Statement.ProfileDigest {
		t.Error("the older profile stayed")
	}
}
