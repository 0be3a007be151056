package score

import "github.com/ethereum/go-ethereum/common"

// The kinds of a check, with the words of the verdicts that they are read from.
const (
	CheckCanary  = "canary"  // the coordinator's own study, whose findings it knows
	CheckRerun   = "rerun"   // the coordinator ran the clinic's study again
	CheckReplica = "replica" // the clinic compared two nodes' results
	CheckLapse   = "lapse"   // the clinic waited in vain for what was promised
	CheckReader  = "reader"  // a person at the clinic read the delivered result
)

// Check is one verdict on a node's work. A check that could not be made is none: it is
// counted in Evidence.Unchecked, and neither for the node nor against it.
type Check struct {
	Kind    string
	Valid   bool // never for a lapse
	AtMS    int64
	Receipt [32]byte       // the judged receipt's hash; zero for a lapse
	By      common.Address // who judged: a coordinator (canary, rerun) or a clinic (replica, lapse, reader)
}

// Settle drops what a better judge overruled: a replica's or a reader's verdict on a receipt
// that a coordinator re-ran itself. The order stays, and checks is not changed.
func Settle(checks []Check) []Check {
	rerun := map[[32]byte]bool{}
	for _, c := range checks {
		if c.Kind == CheckRerun {
			rerun[c.Receipt] = true
		}
	}
	if len(rerun) == 0 {
		return checks
	}
	kept := make([]Check, 0, len(checks))
	for _, c := range checks {
		if c.Kind != CheckReplica && c.Kind != CheckReader || !rerun[c.Receipt] {
			kept = append(kept, c)
		}
	}
	return kept
}
