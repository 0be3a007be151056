package epoch

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
)

// acquittalReach is how many epochs back an acquitted receipt is looked for. A re-run comes
// hours after its job, and every step back reads a whole epoch.
const acquittalReach = 32

// Acquitted are the receipts that an epoch behind base left out for what a clinic said of
// its copies, and that a coordinator's re-run in w finds right: their work is paid where the
// re-run came in. They go into w with it. base is the state that the epoch of w builds on;
// a receipt whose job was paid meanwhile, or that is older than acquittalReach epochs, is
// none of them.
func (a Archive) Acquitted(base State, w Window, domain attest.Domain) ([]attest.SignedReceipt, error) {
	wanted := map[[32]byte]bool{}
	for _, s := range w.Verdicts {
		if s.Verdict.Kind == attest.CheckRerun && s.Verdict.Result == attest.JudgedValid {
			wanted[s.Verdict.Receipt] = true
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	paid := map[[32]byte]bool{} // jobs, by this window or an epoch behind it
	for _, s := range w.Receipts {
		if s.Acceptance.Accepted {
			paid[JobID(s.Receipt)] = true
		}
		delete(wanted, s.Receipt.Hash(domain))
	}
	var found []attest.SignedReceipt
	for n, steps := base.Number, 0; n > 0 && len(wanted) > 0 && steps < acquittalReach; steps++ {
		b, err := Read(a.Dir(n))
		if errors.Is(err, fs.ErrNotExist) {
			break // nothing older is here
		}
		if err != nil {
			return nil, err
		}
		out := make(map[common.Hash]string, len(b.Summary.Uncounted))
		for _, u := range b.Summary.Uncounted {
			out[u.Receipt] = u.Reason
		}
		for _, s := range b.Inputs.Receipts {
			hash := s.Receipt.Hash(domain)
			reason, uncounted := out[hash]
			switch {
			case !uncounted && s.Acceptance.Accepted:
				paid[JobID(s.Receipt)] = true
			case wanted[hash] && s.Acceptance.Accepted && reason == wrongBy(string(attest.CheckReplica)):
				found = append(found, s)
			}
			delete(wanted, hash)
		}
		n = b.Inputs.Previous.Number
	}
	return slices.DeleteFunc(found, func(s attest.SignedReceipt) bool { return paid[JobID(s.Receipt)] }), nil
}

// wrongBy is why a receipt earns nothing that a check found wrong.
func wrongBy(kind string) string { return "found wrong by a " + kind }

// Admissible is w without the verdicts that only a checker may give and that none of
// checkers gave: who judged when the statement came in may have lost that right since.
func (w Window) Admissible(checkers []common.Address) (kept Window, dropped int) {
	whole := len(w.Verdicts)
	w.Verdicts = slices.DeleteFunc(slices.Clone(w.Verdicts), func(s attest.SignedVerdict) bool {
		return coordinators(s.Verdict.Kind) && !slices.Contains(checkers, s.Verdict.Checker)
	})
	return w, whole - len(w.Verdicts)
}
