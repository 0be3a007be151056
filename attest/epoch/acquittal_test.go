package epoch

import (
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
)

// suspected is an archive whose epoch 1 left ann's first job out for what the clinic said of
// two copies, and the receipt of that job.
func suspected(t *testing.T) (*world, Archive, Bundle, attest.SignedReceipt) {
	w, archive := newWorld(t), Archive(t.TempDir())
	in := w.inputs()
	in.Checkers = []common.Address{w.party("coordinator")}
	job := in.Receipts[0]
	in.Verdicts = []attest.SignedVerdict{w.verdict(attest.CheckReplica, job, "clinic", attest.JudgedInvalid, 1)}
	first := w.build(in, State{})
	if w.line(first, "ann").Accepted != 0 || len(first.Summary.Uncounted) != 1 {
		t.Fatal("the replica's verdict left nothing out: this test shows nothing")
	}
	w.write(first, archive.Dir(1))
	return w, archive, first, job
}

// after is epoch number after b, with a window as the coordinator puts it together.
func (w *world) after(b Bundle, archive Archive, number uint64, window Window) Bundle {
	w.t.Helper()
	in := w.inputs()
	in.Number, in.From, in.To = number, b.Summary.To, b.Summary.To+600
	in.Checkers = []common.Address{w.party("coordinator")}
	acquitted, err := archive.Acquitted(b.State(), window, testDomain)
	w.must(err)
	window.Receipts = append(window.Receipts, acquitted...)
	in.Window = window
	next := w.build(in, b.State())
	w.write(next, archive.Dir(number))
	return next
}

// A re-run that comes in after the job's epoch and finds it right pays it there, once; the
// archive verifies as a chain, in which no job is paid twice.
func TestALateRerunPaysTheReceipt(t *testing.T) {
	w, archive, first, job := suspected(t)
	rerun := w.verdict(attest.CheckRerun, job, "coordinator", attest.JudgedValid, 700)
	between := w.after(first, archive, 2, Window{Challenges: []attest.Challenge{w.challenge("ann", 11, attest.Answered)}})
	third := w.after(between, archive, 3, Window{Verdicts: []attest.SignedVerdict{rerun}, Challenges: []attest.Challenge{w.challenge("ann", 21, attest.Answered)}})
	if ann := w.line(third, "ann"); ann.Accepted != 1 || ann.Checked != 1 || ann.Reward.Sign() == 0 {
		t.Errorf("%d jobs count, %d checks, %s wei", ann.Accepted, ann.Checked, ann.Reward)
	}
	w.party("other coordinator")
	again := rerun
	again.Verdict.Checker, again.Verdict.At = w.party("other coordinator"), w.start.Add(1400*time.Second)
	again.CheckerSig = w.sign(again.Verdict.Hash(testDomain), again.Verdict.Checker)
	if twice, err := archive.Acquitted(third.State(), Window{Verdicts: []attest.SignedVerdict{again}}, testDomain); err != nil || len(twice) != 0 {
		t.Errorf("acquitted once more: %d receipts, %v", len(twice), err)
	}
	if found, err := archive.Verify(); err != nil || len(found) > 0 {
		t.Errorf("the archive: %v, %v", found, err)
	}
}

// What is no acquittal, or has no job to pay, brings nothing back.
func TestWhatBringsNoReceiptBack(t *testing.T) {
	w, archive, first, job := suspected(t)
	elsewhere := w.job("a scan that never came in", "ann", "clinic", 1, time.Second, "")
	second := w.job("scan 1", "ben", "clinic", 9, time.Second, "") // the same task, by another node
	counted := first.Inputs.Receipts[0]
	for _, s := range first.Inputs.Receipts {
		if s.Acceptance.Accepted && s.Receipt.Task != job.Receipt.Task {
			counted = s
		}
	}
	valid := func(s attest.SignedReceipt) attest.SignedVerdict {
		return w.verdict(attest.CheckRerun, s, "coordinator", attest.JudgedValid, 700)
	}
	for name, window := range map[string]Window{
		"nothing":                          {},
		"a re-run that finds it wrong":     {Verdicts: []attest.SignedVerdict{w.verdict(attest.CheckRerun, job, "coordinator", attest.JudgedInvalid, 700)}},
		"a valid canary":                   {Verdicts: []attest.SignedVerdict{w.verdict(attest.CheckCanary, job, "coordinator", attest.JudgedValid, 700)}},
		"a receipt that is not there":      {Verdicts: []attest.SignedVerdict{valid(elsewhere)}},
		"one that was paid":                {Verdicts: []attest.SignedVerdict{valid(counted)}},
		"one that is in the window itself": {Receipts: []attest.SignedReceipt{job}, Verdicts: []attest.SignedVerdict{valid(job)}},
		"its job is paid in the window":    {Receipts: []attest.SignedReceipt{second}, Verdicts: []attest.SignedVerdict{valid(job)}},
	} {
		if found, err := archive.Acquitted(first.State(), window, testDomain); err != nil || len(found) != 0 {
			t.Errorf("%s: %d receipts, %v", name, len(found), err)
		}
	}
}

// Verdicts of who is no checker any more are left out, those of clinics stay.
func TestVerdictsOfFormerCheckersAreLeftOut(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	in.Checkers = []common.Address{w.party("coordinator")}
	mine := w.verdict(attest.CheckCanary, in.Receipts[1], "coordinator", attest.JudgedValid, 1)
	former := w.verdict(attest.CheckCanary, in.Receipts[0], "former", attest.JudgedInvalid, 1)
	clinics := w.verdict(attest.CheckReplica, in.Receipts[0], "clinic", attest.JudgedValid, 1)
	in.Verdicts = []attest.SignedVerdict{former, mine, clinics}
	if _, err := Build(in, State{}); err == nil {
		t.Fatal("an epoch with a former checker's verdict was built: this test shows nothing")
	}
	var dropped int
	before := in.Window
	in.Window, dropped = in.Admissible(in.Checkers)
	if dropped != 1 || len(in.Verdicts) != 2 || len(before.Verdicts) != 3 || before.Verdicts[0].Verdict.Checker != former.Verdict.Checker {
		t.Errorf("%d dropped, %d left", dropped, len(in.Verdicts))
	}
	if b := w.build(in, State{}); w.line(b, "ann").Accepted != 1 || w.line(b, "ben").Checked != 1 {
		t.Error("what is left does not count as it should")
	}
}

// A job that its epoch paid another node for is not paid again, and a canary that failed is
// overruled by no re-run.
func TestAnAcquittalPaysNoJobTwiceAndNoFailedCanary(t *testing.T) {
	for name, prepare := range map[string]func(w *world, in *Inputs){
		"another node was paid for the task": func(w *world, in *Inputs) {
			in.Receipts = append(in.Receipts, w.job("scan 1", "ben", "clinic", 9, time.Second, ""))
			in.Verdicts = []attest.SignedVerdict{w.verdict(attest.CheckReplica, in.Receipts[0], "clinic", attest.JudgedInvalid, 1)}
		},
		"a canary that failed": func(w *world, in *Inputs) {
			in.Verdicts = []attest.SignedVerdict{w.verdict(attest.CheckCanary, in.Receipts[0], "coordinator", attest.JudgedInvalid, 1)}
		},
	} {
		w, archive := newWorld(t), Archive(t.TempDir())
		in := w.inputs()
		in.Checkers = []common.Address{w.party("coordinator")}
		job := in.Receipts[0]
		prepare(w, &in)
		first := w.build(in, State{})
		w.write(first, archive.Dir(1))
		rerun := w.verdict(attest.CheckRerun, job, "coordinator", attest.JudgedValid, 700)
		if found, err := archive.Acquitted(first.State(), Window{Verdicts: []attest.SignedVerdict{rerun}}, testDomain); err != nil || len(found) != 0 {
			t.Errorf("%s: %d receipts, %v", name, len(found), err)
		}
	}
}
