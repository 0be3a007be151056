package score

import (
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"
)

func TestWhatReadersCost(t *testing.T) {
	const fifth = One / 5
	for _, c := range []struct {
		name                     string
		read, rejected, accepted uint64
		want                     Parts
	}{
		{"nobody read", 0, 0, 10, One},
		{"all were accepted", 10, 0, 10, One},
		{"all were rejected", 10, 10, 10, One - fifth},
		{"one of ten, the others unread", 1, 1, 10, One - fifth/10},
		{"half of what an earlier epoch made", 4, 2, 0, One - fifth/2},
		{"one, of nothing", 1, 1, 0, One - fifth},
	} {
		if got := unread(fifth, c.read, c.rejected, c.accepted); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// read is a reader's word on a receipt.
func read(valid bool, receipt byte) Check {
	return Check{Kind: CheckReader, Valid: valid, AtMS: 1, Receipt: [32]byte{receipt}, By: common.Address{9}}
}

// Readers' words lower q by the parameters' share at the most and close no gate; without the
// parameter they are nothing; and a re-run of the receipt overrules them.
func TestReadersLowerQualityAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEpoch(t)
		if len(e.Nodes) == 0 {
			return
		}
		before, err := Compute(DefaultParameters(), e)
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(0, len(e.Nodes)-1).Draw(t, "node")
		word := read(rapid.Bool().Draw(t, "accepted"), 1)
		e.Nodes[n].Checks = append(slices.Clone(e.Nodes[n].Checks), word)
		after, err := Compute(DefaultParameters(), e)
		if err != nil {
			t.Fatal(err)
		}
		was, is := before.Lines[n], after.Lines[n]
		if is.Read != was.Read+1 || is.Gate != was.Gate || is.Reputation != was.Reputation || is.Standing != was.Standing {
			t.Fatalf("a reader's word made of\n%+v\n%+v", was, is)
		}
		if lost := was.Factors.Q - min(is.Factors.Q, was.Factors.Q); lost > One/5+1 || word.Valid && was.Rejected == 0 && lost > 0 {
			t.Fatalf("it cost %s of q", lost)
		}
		third, err := Compute(ThirdParameters(), e)
		if err != nil || third.Lines[n].Read != 0 || third.Lines[n].Factors.Q < is.Factors.Q {
			t.Fatalf("by the rules of before: %+v, %v", third.Lines[n], err)
		}
	})
	settled := Settle([]Check{read(false, 1), read(false, 2), {Kind: CheckRerun, Valid: true, Receipt: [32]byte{1}}})
	if len(settled) != 2 || settled[0].Receipt != [32]byte{2} {
		t.Errorf("a re-run overrules a reader: %+v", settled)
	}
}

func TestReadersAreExplained(t *testing.T) {
	e := day(hive(1), healthy(1, 1, "DE"))
	e.Nodes[0].Checks = []Check{read(true, 1), read(false, 2)}
	r, err := Compute(DefaultParameters(), e)
	if err != nil {
		t.Fatal(err)
	}
	said := Explain(r.Lines[0], Context{Parameters: DefaultParameters(), Weights: r.Weights, Seconds: e.Seconds, To: e.To})
	if !slices.ContainsFunc(said, func(s Sentence) bool {
		return s.About == "quality" && s.Mood == MoodNotice && strings.Contains(s.Text, "accepted 1 results and rejected 1")
	}) {
		t.Errorf("%+v", said)
	}
	l := r.Lines[0]
	if l.Rejected = l.Read + 1; l.Validate() == nil {
		t.Error("more rejections than words are let through")
	}
}
