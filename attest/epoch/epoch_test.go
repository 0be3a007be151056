package epoch

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/models"
)

func TestBuildPaysForWhatIsProved(t *testing.T) {
	w := newWorld(t)
	b := w.build(w.inputs(), State{})
	ann, ben, eve := w.line(b, "ann"), w.line(b, "ben"), w.line(b, "eve")
	if ann.Tier != 1 || ben.Tier != 3 || eve.Tier != 0 {
		t.Errorf("tiers %d, %d, %d; want 1, 3 and unqualified", ann.Tier, ben.Tier, eve.Tier)
	}
	if ann.Factors.C != 150_000_000 || ben.Factors.C != 50_000_000 {
		t.Errorf("c is %s and %s; want 90 s and 30 s of 600 s", ann.Factors.C, ben.Factors.C)
	}
	if ann.Factors.A != score.One/2 || ben.Factors.A != score.One || eve.Factors.A != 0 {
		t.Errorf("a is %s, %s, %s; want a half, all (an own outage doesn't count), nothing", ann.Factors.A, ben.Factors.A, eve.Factors.A)
	}
	if ann.Disputed != 1 || ann.Factors.Q >= ben.Factors.Q {
		t.Errorf("a dispute left q at %s, without one it is %s", ann.Factors.Q, ben.Factors.Q)
	}
	if ann.Reward.Sign() <= 0 || ben.Reward.Cmp(ann.Reward.Int) <= 0 || eve.Reward.Sign() != 0 {
		t.Errorf("rewards %s, %s, %s", ann.Reward, ben.Reward, eve.Reward)
	}
	total := new(big.Int).Add(ann.Reward.Int, ben.Reward.Int)
	if total.Cmp(b.Summary.Total.Int) != 0 || total.Cmp(b.Summary.Pool.Int) > 0 {
		t.Errorf("total %s, sum %s, pool %s", b.Summary.Total, total, b.Summary.Pool)
	}
	amount, proof, err := b.Proof(w.party("ben"))
	if err != nil || amount.Cmp(ben.Cumulative.Int) != 0 || !VerifyProof(b.Summary.Root, Leaf{ben.Node, amount}, proof) {
		t.Errorf("ben's proof of %s fails: %v", amount, err)
	}
	if _, _, err := b.Proof(w.party("eve")); !errors.Is(err, ErrNoLeaf) {
		t.Errorf("eve's proof: %v, want ErrNoLeaf", err)
	}
}

func TestTheOrderOfInputsIsOfNoMatter(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	want := w.build(in, State{})
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		rng.Shuffle(len(in.Receipts), reflect.Swapper(in.Receipts))
		rng.Shuffle(len(in.Challenges), reflect.Swapper(in.Challenges))
		rng.Shuffle(len(in.Profiles), reflect.Swapper(in.Profiles))
		rng.Shuffle(len(in.Registrations), reflect.Swapper(in.Registrations))
		if got := w.build(in, State{}); got.Summary.DatasetHash != want.Summary.DatasetHash || got.Summary.Root != want.Summary.Root {
			t.Fatal("another order gave another epoch")
		}
	}
}

func TestAJobCountsOnce(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	in.Receipts = []attest.SignedReceipt{
		w.job("scan", "ann", "clinic", 1, 60*time.Second, ""),
		w.job("scan", "ben", "clinic", 2, 60*time.Second, ""),
		w.job("scan", "ann", "stranger", 3, 60*time.Second, ""),
		w.job("other", "nobody", "clinic", 1, 60*time.Second, ""),
	}
	b := w.build(in, State{})
	if ann, ben := w.line(b, "ann"), w.line(b, "ben"); ann.Accepted != 0 || ben.Accepted != 1 {
		t.Errorf("ann has %d and ben %d accepted jobs; want 0 and 1, the highest fence", ann.Accepted, ben.Accepted)
	}
	var reasons []string
	for _, u := range b.Summary.Uncounted {
		reasons = append(reasons, u.Reason)
	}
	for _, want := range []string{"superseded by fence 2", "the clinic is not admitted", "the node is not registered"} {
		if !strings.Contains(strings.Join(reasons, "; "), want) {
			t.Errorf("reasons %q lack %q", reasons, want)
		}
	}
}

func TestBuildRefusesWhatTheIntakeShouldHave(t *testing.T) {
	cases := map[string]struct {
		alter func(w *world, in *Inputs)
		says  string
	}{
		"tampered receipt":       {func(w *world, in *Inputs) { in.Receipts[0].Receipt.FinishedAt = w.start.Add(time.Hour) }, "receipt"},
		"the same verdict twice": {func(w *world, in *Inputs) { in.Receipts = append(in.Receipts, in.Receipts[0]) }, "one verdict"},
		"accepted and disputed": {func(w *world, in *Inputs) {
			in.Receipts = append(in.Receipts, w.job("scan 1", "ann", "clinic", 1, 90*time.Second, "on second thoughts"))
		}, "one verdict"},
		"the same answer twice":    {func(w *world, in *Inputs) { in.Challenges = append(in.Challenges, in.Challenges[0]) }, "sequence number"},
		"two profiles":             {func(w *world, in *Inputs) { in.Profiles = append(in.Profiles, w.profile("ann", 500)) }, "one profile"},
		"profile of another node":  {func(w *world, in *Inputs) { in.Profiles[0].Statement.Node = w.party("eve") }, "profile"},
		"answer to another nonce":  {func(w *world, in *Inputs) { in.Challenges[0].Nonce[0]++ }, "challenge"},
		"another chain":            {func(w *world, in *Inputs) { in.ChainID = 1 }, "receipt"},
		"end before the beginning": {func(w *world, in *Inputs) { in.To = in.From }, "to"},
		"epoch left out":           {func(w *world, in *Inputs) { in.Number = 2 }, "epoch"},
		"registered twice":         {func(w *world, in *Inputs) { in.Registrations = append(in.Registrations, in.Registrations[0]) }, "registration"},
		"no pool":                  {func(w *world, in *Inputs) { in.Pool = score.Wei{} }, "no pool"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			in := w.inputs()
			c.alter(w, &in)
			if _, err := Build(in, State{}); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error %v, want one that says %q", err, c.says)
			}
		})
	}
}

func TestAnOddRowOfTheRegistryStopsNothing(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	for _, odd := range []string{"Germany", "\x00\x00", "\xff\xfe", "de"} {
		in.Registrations[0].Jurisdiction = odd
		b := w.build(in, State{})
		if got := w.line(b, "ann").Jurisdiction; got != "" {
			t.Errorf("jurisdiction %q became %q, want unknown", odd, got)
		}
		if found, err := Verify(w.write(b, filepath.Join(t.TempDir(), "1"))); err != nil || len(found) > 0 {
			t.Errorf("jurisdiction %q: the folder differs: %v, %v", odd, found, err)
		}
	}
}

// next is epoch 2 on top of b: one more job, by ann.
func (w *world) next(b Bundle) Bundle {
	in := w.inputs()
	in.Number, in.From, in.To = 2, 1600, 2200
	in.Window = Window{Receipts: []attest.SignedReceipt{w.job("scan 9", "ann", "clinic", 1, time.Minute, "")}, Challenges: []attest.Challenge{w.challenge("ann", 30, attest.Answered)}}
	return w.build(in, b.State())
}

func TestTheNextEpochAddsToTheOneBefore(t *testing.T) {
	w := newWorld(t)
	first := w.build(w.inputs(), State{})
	second := w.next(first)
	before, after := w.line(first, "ann"), w.line(second, "ann")
	if want := new(big.Int).Add(before.Cumulative.Int, after.Reward.Int); after.Cumulative.Cmp(want) != 0 || after.Reward.Sign() <= 0 {
		t.Errorf("cumulative %s, want %s", after.Cumulative, want)
	}
	if after.Tier != 1 || after.ProfileDigest != before.ProfileDigest {
		t.Errorf("tier %d without a new profile, want the one before, 1", after.Tier)
	}
	if ben := w.line(second, "ben"); ben.Reward.Sign() != 0 || ben.Cumulative.Cmp(w.line(first, "ben").Cumulative.Int) != 0 {
		t.Errorf("ben did nothing and has %s, before %s", ben.Cumulative, w.line(first, "ben").Cumulative)
	}
	if got := second.State().CumulativeTotal(); got.Cmp(second.Summary.CumulativeTotal.Int) != 0 {
		t.Errorf("the state's total is %s, the summary's %s", got, second.Summary.CumulativeTotal)
	}
	if first.Summary.Weights == second.Summary.Weights {
		t.Error("the weights stand still though the signals changed")
	}
	stale := w.inputs()
	stale.Number, stale.From, stale.To = 2, 1600, 2200
	stale.Window = Window{Challenges: first.Inputs.Challenges}
	if _, err := Build(stale, first.State()); err == nil || !strings.Contains(err.Error(), "sequence number") {
		t.Errorf("answers of epoch 1 in epoch 2: %v", err)
	}
}

func (w *world) write(b Bundle, dir string) string {
	w.t.Helper()
	w.must(b.Write(dir))
	return dir
}

func TestWriteReadVerify(t *testing.T) {
	w := newWorld(t)
	b := w.build(w.inputs(), State{})
	dir := w.write(b, filepath.Join(t.TempDir(), "epochs", "1"))
	w.must(b.Write(dir)) // a second time is nothing
	back, err := Read(dir)
	w.must(err)
	if !reflect.DeepEqual(back.State(), b.State()) {
		t.Errorf("state %+v came back as %+v", b.State(), back.State())
	}
	found, err := Verify(dir)
	if err != nil || len(found) > 0 {
		t.Fatalf("a good folder differs: %v, %v", found, err)
	}
	other := b
	other.Summary.Total = score.Wei{Int: big.NewInt(1)}
	if err := other.Write(dir); err == nil || !strings.Contains(err.Error(), "another epoch") {
		t.Errorf("another epoch over it: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(dir), ".epoch-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("temporary folders are left: %v", left)
	}
}

// TestVerifyNamesWhatWasTampered alters a written folder as a lying coordinator
// could, and expects the difference by name.
func TestVerifyNamesWhatWasTampered(t *testing.T) {
	cases := map[string]struct {
		file  string
		alter func(w *world, text []byte) []byte
		where string
	}{
		"a receipt's output": {InputsFile, func(w *world, text []byte) []byte {
			return bytes.Replace(text, digestText("output"), digestText("better output"), 1)
		}, "receipt "},
		"a challenge turned into a timeout": {InputsFile, func(w *world, text []byte) []byte {
			return bytes.Replace(text, []byte(`"outcome":"refused"`), []byte(`"outcome":"timeout"`), 1)
		}, "dataset_hash"},
		"a node's TOPS": {InputsFile, func(w *world, text []byte) []byte {
			return bytes.Replace(text, []byte(`"median":20`), []byte(`"median":90`), 1)
		}, "profile "},
		"the parameters": {InputsFile, func(w *world, text []byte) []byte {
			return bytes.Replace(text, []byte(`"high_hive":150`), []byte(`"high_hive":151`), 1)
		}, "parameters"},
		"a reward": {SummaryFile, func(w *world, text []byte) []byte {
			l := w.line(w.build(newWorld(w.t).inputs(), State{}), "ann")
			return bytes.Replace(text, fmt.Appendf(nil, `"reward_wei": "%s"`, l.Reward), fmt.Appendf(nil, `"reward_wei": "9%s"`, l.Reward), 1)
		}, "reward_wei"},
		"a cumulative amount": {SummaryFile, func(w *world, text []byte) []byte {
			l := w.line(w.build(newWorld(w.t).inputs(), State{}), "ann")
			return bytes.Replace(text, fmt.Appendf(nil, `"cumulative_wei": "%s"`, l.Cumulative), []byte(`"cumulative_wei": "1"`), 1)
		}, "cumulative_wei"},
		"a leaf": {SummaryFile, func(w *world, text []byte) []byte {
			l := w.line(w.build(newWorld(w.t).inputs(), State{}), "ben")
			return bytes.Replace(text, []byte(l.Leaf.Hex()), nil, 1)
		}, ""}, // no longer a hash: can't be read
		"another leaf": {SummaryFile, func(w *world, text []byte) []byte {
			l := w.line(w.build(newWorld(w.t).inputs(), State{}), "ben")
			return bytes.Replace(text, []byte(l.Leaf.Hex()), []byte("0x"+strings.Repeat("ab", 32)), 1)
		}, " leaf"},
		"the root": {SummaryFile, func(w *world, text []byte) []byte {
			return bytes.Replace(text, []byte(w.build(newWorld(w.t).inputs(), State{}).Summary.Root.Hex()), []byte("0x"+strings.Repeat("cd", 32)), 1)
		}, "root"},
		"the data set's hash": {SummaryFile, func(w *world, text []byte) []byte {
			return bytes.Replace(text, []byte(w.build(newWorld(w.t).inputs(), State{}).Summary.DatasetHash.Hex()), []byte("0x"+strings.Repeat("ef", 32)), 1)
		}, "dataset_hash"},
		"a reordered list": {InputsFile, func(w *world, text []byte) []byte {
			return bytes.Replace(text, []byte(`"registry_block":7`), []byte(`"registry_block": 7`), 1)
		}, InputsFile},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			dir := w.write(w.build(w.inputs(), State{}), filepath.Join(t.TempDir(), "1"))
			rewrite(t, filepath.Join(dir, c.file), func(text []byte) []byte { return c.alter(w, text) })
			found, err := Verify(dir)
			if c.where == "" {
				if err == nil {
					t.Fatal("a file that can't be read was verified")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range found {
				if strings.Contains(d.Where, c.where) {
					return
				}
			}
			t.Fatalf("differences %v; want one at %q", found, c.where)
		})
	}
}

func digestText(of string) []byte { return []byte(models.DigestOf([]byte(of)).String()) }

func TestVerifyChainSeesAJobPaidTwice(t *testing.T) {
	w := newWorld(t)
	root := t.TempDir()
	first := w.build(w.inputs(), State{})
	second := w.next(first)
	one, two := w.write(first, filepath.Join(root, "1")), w.write(second, filepath.Join(root, "2"))
	if found, err := VerifyChain(one, two); err != nil || len(found) > 0 {
		t.Fatalf("a good chain differs: %v, %v", found, err)
	}
	in := w.inputs()
	in.Number, in.From, in.To, in.Window = 3, 2200, 2800, Window{Receipts: w.inputs().Receipts[:1]}
	three := w.write(w.build(in, second.State()), filepath.Join(root, "3"))
	found, err := VerifyChain(one, two, three)
	if err != nil || len(found) != 1 || !strings.Contains(found[0].String(), "counted in epoch 1 already") {
		t.Fatalf("differences %v, %v; want the job of epoch 1", found, err)
	}
	in.Number, in.From, in.To, in.Window = 2, 1600, 2200, Window{}
	richer := first.State()
	richer.Nodes[0].Cumulative = score.Wei{Int: big.NewInt(5e18)}
	if _, err := Build(in, richer); err == nil || !strings.Contains(err.Error(), "previous root") {
		t.Fatalf("amounts under another root: %v", err)
	}
	richer.Root = NewTree(richer.leaves()).Root()
	lie := w.write(w.build(in, richer), filepath.Join(root, "lie"))
	found, err = VerifyChain(one, lie)
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Where, "previous") {
		t.Fatalf("differences %v, %v; want the previous state", found, err)
	}
}

func TestAnEpochWithoutNodesHasNoRoot(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	in.Registrations, in.Window = nil, Window{}
	b := w.build(in, State{})
	if b.Summary.Root != [32]byte{} || b.Summary.Total.Sign() != 0 {
		t.Errorf("root %s, total %s", b.Summary.Root, b.Summary.Total)
	}
	if found, err := Verify(w.write(b, filepath.Join(t.TempDir(), "1"))); err != nil || len(found) > 0 {
		t.Errorf("it differs: %v, %v", found, err)
	}
}

func BenchmarkBuild1000Receipts(b *testing.B) {
	w := newWorld(b)
	in := w.inputs()
	in.Receipts = nil
	for i := range 1000 {
		in.Receipts = append(in.Receipts, w.job(fmt.Sprint("scan ", i), "ann", "clinic", 1, time.Second, ""))
	}
	for b.Loop() {
		w.build(in, State{})
	}
}

func TestAnEpochUnderAnotherNumberIsADifference(t *testing.T) {
	w := newWorld(t)
	archive := Archive(t.TempDir())
	first := w.build(w.inputs(), State{})
	w.write(first, archive.Dir(1))
	w.write(first, archive.Dir(2))
	var walked []uint64
	w.must(archive.Walk(func(v Verified) { walked = append(walked, v.Bundle.Summary.Number) }))
	found, err := archive.Verify()
	w.must(err)
	if len(walked) != 2 || !slices.ContainsFunc(found, func(d Difference) bool { return d.Where == "epoch-00000002" && d.Got == "epoch 1" }) {
		t.Errorf("%d epochs walked, differences %v", len(walked), found)
	}
}
