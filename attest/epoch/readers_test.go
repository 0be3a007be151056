package epoch

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
)

// reading is a clinic's reader's word on a job, with the node's promise.
func (w *world) reading(job attest.SignedReceipt, by string, accepted bool) attest.SignedVerdict {
	r := job.Receipt
	v := attest.Verdict{
		Kind: attest.CheckReader, Node: r.Node, Clinic: w.party(by), Task: r.Task, Fence: r.Fence, Receipt: r.Hash(testDomain), Manifest: r.ManifestDigest,
		Provider: r.Provider, Result: attest.JudgedInvalid, Reason: attest.ReaderOutline, Checker: w.party(by), At: w.start.Add(time.Second),
	}
	if accepted {
		v.Result, v.Reason = attest.JudgedValid, ""
	}
	p := attest.Promise{Task: v.Task, Fence: v.Fence, Node: v.Node, Clinic: v.Clinic, At: w.start}
	return attest.SignedVerdict{Verdict: v, CheckerSig: w.sign(v.Hash(testDomain), v.Checker), Promise: attest.Pledge{At: p.At, NodeSig: w.sign(p.Hash(testDomain), v.Node)}}
}

func TestWhatReadersMakeOfAJob(t *testing.T) {
	for name, c := range map[string]struct {
		verdicts       func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict // jobs: ann's accepted one, ben's, ann's disputed one
		read, rejected uint64                                                             // of ann
	}{
		"accepted": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.reading(jobs[0], "clinic", true)}
		}, 1, 0},
		"rejected": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.reading(jobs[0], "clinic", false)}
		}, 1, 1},
		"of an earlier epoch": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.reading(w.job("an old scan", "ann", "clinic", 1, time.Second, ""), "clinic", false)}
		}, 1, 1},
		"of work that the clinic disputed": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.reading(jobs[2], "clinic", false)}
		}, 0, 0},
		"of a clinic that is not admitted": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.reading(w.job("a scan elsewhere", "ann", "elsewhere", 1, time.Second, ""), "elsewhere", false)}
		}, 0, 0},
		"and a re-run finds the node right": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.reading(jobs[0], "clinic", false), w.verdict(attest.CheckRerun, jobs[0], "coordinator", attest.JudgedValid, 2)}
		}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			in := w.inputs()
			in.Checkers = []common.Address{w.party("coordinator")}
			plain := w.line(w.build(in, State{}), "ann")
			in.Verdicts = c.verdicts(w, in.Receipts)
			b := w.build(in, State{})
			if found, err := Verify(w.write(b, filepath.Join(t.TempDir(), "1"))); err != nil || len(found) > 0 {
				t.Errorf("the epoch does not recompute: %v, %v", found, err)
			}
			ann := w.line(b, "ann")
			if ann.Read != c.read || ann.Rejected != c.rejected || ann.Accepted != plain.Accepted || ann.Reputation != plain.Reputation || ann.Gate != plain.Gate {
				t.Errorf("read %d, rejected %d of %d accepted; want %d and %d of %d", ann.Read, ann.Rejected, ann.Accepted, c.read, c.rejected, plain.Accepted)
			}
			if (ann.Factors.Q < plain.Factors.Q) != (c.rejected > 0) {
				t.Errorf("q %s became %s", plain.Factors.Q, ann.Factors.Q)
			}
		})
	}
}

// A reader speaks once about a lease, and not without the node's promise.
func TestReadersWordsAreChecked(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	once, again := w.reading(in.Receipts[0], "clinic", true), w.reading(in.Receipts[0], "clinic", false)
	bare := once
	bare.Promise = attest.Pledge{}
	for what, list := range map[string][]attest.SignedVerdict{"two": {once, again}, "promise": {bare}} {
		in.Verdicts = list
		if _, err := Build(in, State{}); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %q", err, what)
		}
	}
}

// Epochs that were published before readers counted have the wei of then, and follow each
// other as they did. testdata/third and third-next were written by the version before; they
// hold a replica that a re-run overruled, a lapse, and a canary on a job of the epoch before.
func TestEpochsOfTheThirdRulesRecompute(t *testing.T) {
	first, next := filepath.Join("testdata", "third"), filepath.Join("testdata", "third-next")
	if found, err := VerifyChain(first, next); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	b, err := Read(first)
	if err != nil || b.Inputs.Parameters != score.ThirdParameters() || len(b.Inputs.Verdicts) != 3 {
		t.Fatalf("%+v, %v", b.Inputs.Parameters, err)
	}
}

// An epoch by the third rules may hold a coordinator's verdict from before clinics consented;
// one of the rules of now may not, and neither may hold a wrong consent.
func TestVerdictsFromBeforeConsentsRecompute(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	in.Checkers = []common.Address{w.party("coordinator")}
	bare := w.verdict(attest.CheckCanary, in.Receipts[0], "coordinator", attest.JudgedInvalid, 1)
	forged := bare
	forged.Consent = bare.CheckerSig
	bare.Consent = attest.Signature{}
	for _, c := range []struct {
		verdict    attest.SignedVerdict
		parameters score.Parameters
		sound      bool
	}{
		{bare, score.ThirdParameters(), true}, {bare, score.DefaultParameters(), false},
		{forged, score.ThirdParameters(), false}, {forged, score.DefaultParameters(), false},
	} {
		in.Parameters, in.Verdicts = c.parameters, []attest.SignedVerdict{c.verdict}
		b, err := Build(in, State{})
		if !c.sound {
			if err == nil || !strings.Contains(err.Error(), "consent") {
				t.Errorf("%v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if found, err := Verify(w.write(b, filepath.Join(t.TempDir(), "1"))); err != nil || len(found) > 0 {
			t.Errorf("%v, %v", found, err)
		}
		if l := w.line(b, "ann"); l.Accepted != 0 || l.Failed != 1 {
			t.Errorf("the verdict does not count: %+v", l.Line)
		}
	}
}

// Once readers have counted, no epoch goes back to the rules of before.
func TestReadersDoNotGoBack(t *testing.T) {
	w := newWorld(t)
	first := w.build(w.inputs(), State{})
	in := w.inputs()
	in.Number, in.From, in.To, in.Parameters, in.Window = 2, 1600, 2200, score.ThirdParameters(), Window{}
	if _, err := Build(in, first.State()); err == nil || !strings.Contains(err.Error(), "reader_share") {
		t.Errorf("%v", err)
	}
}
