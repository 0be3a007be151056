package epoch

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/models"
)

// verdict is by's word about a job, with every figure at rest.
func (w *world) verdict(kind attest.CheckKind, job attest.SignedReceipt, by string, result attest.Judgement, n int) attest.SignedVerdict {
	r := job.Receipt
	v := attest.Verdict{
		Kind: kind, Node: r.Node, Clinic: r.Clinic, Task: r.Task, Fence: r.Fence, Receipt: r.Hash(testDomain), Manifest: r.ManifestDigest,
		Provider: r.Provider, Against: [32]byte{1}, Result: result, Checker: w.party(by), At: w.start.Add(time.Duration(n) * time.Second),
	}
	if result != attest.JudgedValid {
		v.Reason = "other findings"
	}
	if kind == attest.CheckLapse {
		v.Receipt, v.Against = [32]byte{}, [32]byte{}
	}
	s := attest.SignedVerdict{Verdict: v, CheckerSig: w.sign(v.Hash(testDomain), v.Checker)}
	if kind == attest.CheckLapse || kind.NeedsConsent() {
		p := attest.Promise{Task: v.Task, Fence: v.Fence, Node: v.Node, Clinic: v.Clinic, At: w.start}
		s.Promise = attest.Pledge{At: p.At, NodeSig: w.sign(p.Hash(testDomain), v.Node)}
	}
	if kind.NeedsConsent() {
		s.Consent = w.sign(attest.Consent{Receipt: v.Receipt, Clinic: v.Clinic, Checker: v.Checker}.Hash(testDomain), v.Clinic)
	}
	return s
}

func TestWhatVerdictsMakeOfAJob(t *testing.T) {
	cases := map[string]struct {
		verdicts func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict // jobs: ann's accepted one, ben's, ann's disputed one
		accepted uint64                                                             // of ann
		disputed uint64
		checked  uint64
		compared uint64
		reason   string // of an uncounted receipt
	}{
		"none": {func(*world, []attest.SignedReceipt) []attest.SignedVerdict { return nil }, 1, 1, 0, 0, ""},
		"a valid canary": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.verdict(attest.CheckCanary, jobs[0], "coordinator", attest.JudgedValid, 1)}
		}, 1, 1, 1, 0, ""},
		"a failed canary": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.verdict(attest.CheckCanary, jobs[0], "coordinator", attest.JudgedInvalid, 1)}
		}, 0, 1, 1, 0, "found wrong by a canary"},
		"a canary that could not be checked": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.verdict(attest.CheckCanary, jobs[0], "coordinator", attest.JudgedUnchecked, 1)}
		}, 1, 1, 0, 0, ""},
		"a replica that differs": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.verdict(attest.CheckReplica, jobs[0], "clinic", attest.JudgedInvalid, 1)}
		}, 0, 1, 0, 1, "found wrong by a replica"},
		"a replica that differs, and a re-run that does not": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{
				w.verdict(attest.CheckReplica, jobs[0], "clinic", attest.JudgedInvalid, 1),
				w.verdict(attest.CheckRerun, jobs[0], "coordinator", attest.JudgedValid, 2),
			}
		}, 1, 1, 1, 0, ""},
		"a replica that agrees, and a re-run that does not": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{
				w.verdict(attest.CheckReplica, jobs[0], "clinic", attest.JudgedValid, 1),
				w.verdict(attest.CheckRerun, jobs[0], "coordinator", attest.JudgedInvalid, 2),
			}
		}, 0, 1, 1, 0, "found wrong by a rerun"},
		"a dispute that a re-run found wrong": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.verdict(attest.CheckRerun, jobs[2], "coordinator", attest.JudgedValid, 1)}
		}, 1, 0, 1, 0, "found right by a rerun"},
		"a canary on a job of an epoch before": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			old := w.job("an old scan", "ann", "clinic", 1, time.Second, "")
			return []attest.SignedVerdict{w.verdict(attest.CheckCanary, old, "coordinator", attest.JudgedInvalid, 1)}
		}, 1, 1, 1, 0, ""},
		"a canary on work that its node never took": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			v := w.verdict(attest.CheckCanary, w.job("a scan that never was", "ann", "clinic", 1, time.Second, ""), "coordinator", attest.JudgedInvalid, 1)
			v.Promise = attest.Pledge{}
			return []attest.SignedVerdict{v}
		}, 1, 1, 0, 0, ""},
		"a canary on a job of this epoch, whose promise nobody knows": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			v := w.verdict(attest.CheckCanary, jobs[0], "coordinator", attest.JudgedValid, 1)
			v.Promise = attest.Pledge{}
			return []attest.SignedVerdict{v}
		}, 1, 1, 1, 0, ""},
		"a clinic's word on work that nobody signed for": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			never := w.job("a scan that never was", "ann", "clinic", 1, time.Second, "")
			return []attest.SignedVerdict{w.verdict(attest.CheckReplica, never, "clinic", attest.JudgedInvalid, 1)}
		}, 1, 1, 0, 0, ""},
		"a clinic that is not admitted": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			lapse := w.job("a scan elsewhere", "ann", "elsewhere", 1, time.Second, "")
			return []attest.SignedVerdict{w.verdict(attest.CheckLapse, lapse, "elsewhere", attest.JudgedInvalid, 1)}
		}, 1, 1, 0, 0, ""},
		"about the right receipt under another lease": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			v := w.verdict(attest.CheckCanary, jobs[0], "coordinator", attest.JudgedInvalid, 1)
			v.Verdict.Fence++
			v.CheckerSig = w.sign(v.Verdict.Hash(testDomain), v.Verdict.Checker)
			v.Promise = attest.Pledge{} // the node made none for it
			return []attest.SignedVerdict{v}
		}, 1, 1, 0, 0, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			in := w.inputs()
			in.Checkers = []common.Address{w.party("coordinator")}
			in.Verdicts = c.verdicts(w, in.Receipts)
			b := w.build(in, State{})
			ann := w.line(b, "ann")
			if ann.Accepted != c.accepted || ann.Disputed != c.disputed || ann.Checked != c.checked || ann.Compared != c.compared {
				t.Errorf("accepted %d, disputed %d, checked %d, compared %d", ann.Accepted, ann.Disputed, ann.Checked, ann.Compared)
			}
			reasons := ""
			for _, u := range b.Summary.Uncounted {
				reasons += u.Reason + "; "
			}
			if (reasons == "") != (c.reason == "") || !strings.Contains(reasons, c.reason) {
				t.Errorf("uncounted: %q, want %q", reasons, c.reason)
			}
			if found, err := Verify(w.write(b, filepath.Join(t.TempDir(), "1"))); err != nil || len(found) > 0 {
				t.Errorf("it does not verify: %v, %v", found, err)
			}
		})
	}
}

// Six failed canaries in a row close the gate, and what is known of a node goes on into
// epochs without a verdict.
func TestFailedCanariesCloseTheGate(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	in.Checkers = []common.Address{w.party("coordinator")}
	for i := range 6 {
		job := w.job("canary "+string(rune('a'+i)), "ben", "hidden", 1, time.Second, "")
		in.Verdicts = append(in.Verdicts, w.verdict(attest.CheckCanary, job, "coordinator", attest.JudgedInvalid, i))
	}
	first := w.build(in, State{})
	if ben := w.line(first, "ben"); ben.Gate == score.GateOpen || ben.Reward.Sign() != 0 || ben.Failed != 6 {
		t.Errorf("gate %q, %s wei, %d failed", ben.Gate, ben.Reward, ben.Failed)
	}
	in = w.inputs()
	in.Number, in.From, in.To = 2, 1600, 2200
	in.Window = Window{Challenges: []attest.Challenge{w.challenge("ben", 40, attest.Answered)}}
	second := w.line(w.build(in, first.State()), "ben")
	if second.Gate == score.GateOpen || second.Standing.Checks != w.line(first, "ben").Standing.Checks {
		t.Errorf("an epoch later: gate %q, %+v", second.Gate, second.Standing)
	}
}

func TestBuildRefusesVerdictsOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		verdict func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict
		says    string
	}{
		"a canary by nobody's coordinator": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.verdict(attest.CheckCanary, jobs[0], "stranger", attest.JudgedInvalid, 1)}
		}, "no checker of this epoch"},
		"a replica by the coordinator": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{w.verdict(attest.CheckReplica, jobs[0], "coordinator", attest.JudgedInvalid, 1)}
		}, "clinic's to judge"},
		"one that was altered": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			v := w.verdict(attest.CheckCanary, jobs[0], "coordinator", attest.JudgedValid, 1)
			v.Verdict.Manifest = models.DigestOf([]byte("another"))
			return []attest.SignedVerdict{v}
		}, "verdict"},
		"a canary that its clinic knows nothing of": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			v := w.verdict(attest.CheckCanary, jobs[0], "coordinator", attest.JudgedInvalid, 1)
			v.Consent = w.sign(attest.Consent{Receipt: v.Verdict.Receipt, Clinic: v.Verdict.Clinic, Checker: v.Verdict.Checker}.Hash(testDomain), v.Verdict.Checker)
			return []attest.SignedVerdict{v}
		}, "consent of clinic"},
		"a re-run that its clinic did not allow": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			v := w.verdict(attest.CheckRerun, jobs[0], "coordinator", attest.JudgedInvalid, 1)
			v.Consent = w.verdict(attest.CheckRerun, jobs[2], "coordinator", attest.JudgedInvalid, 1).Consent
			return []attest.SignedVerdict{v}
		}, "consent of clinic"},
		"a lapse that nobody promised against": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			v := w.verdict(attest.CheckLapse, jobs[0], "clinic", attest.JudgedInvalid, 1)
			v.Promise = attest.Pledge{}
			return []attest.SignedVerdict{v}
		}, "without the node's promise"},
		"a lapse of a promise about another lease": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			v := w.verdict(attest.CheckLapse, jobs[0], "clinic", attest.JudgedInvalid, 1)
			v.Promise = w.verdict(attest.CheckLapse, jobs[2], "clinic", attest.JudgedInvalid, 1).Promise
			return []attest.SignedVerdict{v}
		}, "promise on task"},
		"two words about one lease": {func(w *world, jobs []attest.SignedReceipt) []attest.SignedVerdict {
			return []attest.SignedVerdict{
				w.verdict(attest.CheckCanary, jobs[0], "coordinator", attest.JudgedValid, 1),
				w.verdict(attest.CheckCanary, jobs[0], "coordinator", attest.JudgedInvalid, 2),
			}
		}, "one of each checker"},
	} {
		w := newWorld(t)
		in := w.inputs()
		in.Checkers = []common.Address{w.party("coordinator")}
		in.Verdicts = c.verdict(w, in.Receipts)
		if _, err := Build(in, State{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want one that says %q", name, err, c.says)
		}
	}
}

// A receipt that only a wallet can confirm is counted and named, not dropped.
func TestAWalletThatIsNotAskedIsNamed(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	in.Receipts[0].ClinicSig, in.Receipts[0].WalletSig = attest.Signature{}, "a wallet's own form"
	b := w.build(in, State{})
	if w.line(b, "ann").Accepted != 1 {
		t.Error("the coordinator's intake had asked the wallet; the job counts")
	}
	dir := w.write(b, filepath.Join(t.TempDir(), "1"))
	var named []string
	w.must(Walk([]string{dir}, func(v Verified) { named = v.Unchecked }))
	if len(named) != 1 || !strings.HasPrefix(named[0], "receipt ") {
		t.Errorf("named as unchecked: %q", named)
	}
	for name, c := range map[string]struct {
		says      wallet
		unchecked int
	}{
		"it stands by it":             {wallet{stands: true}, 0},
		"the chain does not answer":   {wallet{fault: errors.New("connection refused")}, 1},
		"it comes to no judgement":    {wallet{fault: attest.ErrNoJudgement}, 1},
		"it changed its mind later":   {wallet{stands: true, until: in.RegistryBlock}, 0},
		"it had changed its mind":     {wallet{stands: true, until: in.RegistryBlock - 1}, 1},
		"it came round only later on": {wallet{stands: true, from: in.RegistryBlock + 1}, 1},
	} {
		w.must(Auditor{Wallets: c.says.at}.Walk(t.Context(), []string{dir}, func(v Verified) {
			if len(v.Unchecked) != c.unchecked || len(v.Differences) > 0 {
				t.Errorf("%s: an honest epoch is found to differ: %v, unchecked %v", name, v.Differences, v.Unchecked)
			}
		}))
	}
}

// A key's signature that is not the clinic's is a forgery, whatever wallets say: nobody can
// pass it off as a wallet's that has changed its mind.
func TestAForgedKeyIsNoWallet(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	b := w.build(in, State{})
	in = b.Inputs
	in.Receipts = slices.Clone(in.Receipts)
	in.Receipts[0].ClinicSig = in.Receipts[1].ClinicSig
	if _, err := Build(in, State{}); err == nil {
		t.Error("it was built from")
	}
	b.Inputs = in
	dir := w.write(b, filepath.Join(t.TempDir(), "1"))
	for _, says := range []wallet{{stands: true}, {}} {
		w.must(Auditor{Wallets: says.at}.Walk(t.Context(), []string{dir}, func(v Verified) {
			if len(v.Unchecked) > 0 || !slices.ContainsFunc(v.Differences, func(d Difference) bool { return strings.Contains(d.Where, "receipt ") }) {
				t.Errorf("where every wallet says %t: %v, unchecked %v", says.stands, v.Differences, v.Unchecked)
			}
		}))
	}
}
