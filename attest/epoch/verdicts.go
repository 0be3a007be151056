package epoch

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/models"
)

// coordinators reports whether verdicts of this kind are a coordinator's. The others are
// the clinic's, which a valid verdict shows by its signature.
func coordinators(kind attest.CheckKind) bool {
	return kind == attest.CheckCanary || kind == attest.CheckRerun
}

// ruling is what verdicts say of one receipt.
type ruling struct {
	wrong     string // the kind of check that found it wrong; empty: none
	acquitted bool   // a re-run found it right
}

// checks enters the verdicts into the nodes' evidence and says what they make of the
// receipts. A verdict counts where its node has a line; a clinic's, moreover, where the
// clinic is admitted and, for a replica, where the receipt stands in this epoch and is that
// of the verdict's lease: a clinic has no word on work that nobody signed for. A
// coordinator's verdict on a job of an earlier epoch still counts for the node, where it has the
// node's promise with it, and so does a reader's, who always has; one on work that the clinic disputed does not.
func (g *gathered) checks(in Inputs, byNode map[common.Address]*score.Evidence) map[[32]byte]ruling {
	domain := in.Domain()
	receipts := make(map[[32]byte]attest.SignedReceipt, len(in.Receipts))
	if len(in.Verdicts) > 0 {
		for _, s := range in.Receipts {
			receipts[s.Receipt.Hash(domain)] = s
		}
	}
	byChecks := map[common.Address][]score.Check{}
	for _, s := range in.Verdicts {
		v := s.Verdict
		e := byNode[v.Node]
		if e == nil || !coordinators(v.Kind) && !in.AnyClinic && !slices.Contains(in.Clinics, v.Clinic) {
			continue
		}
		signed, here := receipts[v.Receipt]
		r := signed.Receipt
		if here && v.Kind == attest.CheckReader && !signed.Acceptance.Accepted {
			continue
		}
		if here && (r.Node != v.Node || r.Clinic != v.Clinic || r.Task != v.Task || r.Fence != v.Fence) || !here && v.Kind == attest.CheckReplica {
			continue
		}
		// The thief of a coordinator's key could name receipts that no node ever signed.
		if !here && coordinators(v.Kind) && s.Promise.IsZero() && in.Parameters.Conduct.ReaderShare > 0 {
			continue
		}
		if v.Result == attest.JudgedUnchecked {
			e.Unchecked++
			continue
		}
		byChecks[v.Node] = append(byChecks[v.Node], score.Check{
			Kind: string(v.Kind), Valid: v.Result == attest.JudgedValid, AtMS: v.At.UnixMilli(), Receipt: v.Receipt, By: v.Checker,
		})
	}
	rulings := map[[32]byte]ruling{}
	for node, list := range byChecks { // each by itself: the order is of no matter
		slices.SortFunc(list, func(a, b score.Check) int {
			return cmp.Or(cmp.Compare(a.AtMS, b.AtMS), bytes.Compare(a.Receipt[:], b.Receipt[:]), cmp.Compare(a.Kind, b.Kind), a.By.Cmp(b.By))
		})
		settled := score.Settle(list)
		byNode[node].Checks = settled
		if !in.Parameters.ByConduct() {
			continue
		}
		for _, c := range settled {
			if c.Kind == score.CheckLapse || c.Kind == score.CheckReader {
				continue // no pay hangs on them
			}
			r := rulings[c.Receipt]
			switch {
			case !c.Valid && r.wrong == "":
				r.wrong = c.Kind
			case c.Valid && c.Kind == score.CheckRerun:
				r.acquitted = true
			}
			rulings[c.Receipt] = r
		}
	}
	return rulings
}

// judged names one check: a checker speaks once about one lease by each kind.
type judged struct {
	kind    attest.CheckKind
	checker common.Address
	node    common.Address
	clinic  common.Address
	task    models.Digest
	fence   uint64
}

func judgedBy(v attest.Verdict) judged {
	return judged{v.Kind, v.Checker, v.Node, v.Clinic, v.Task, v.Fence}
}

// keepSingleVerdicts drops a checker's second word about one lease.
func (in *Inputs) keepSingleVerdicts() (found []Difference) {
	if len(in.Verdicts) == 0 {
		return nil
	}
	seen := map[judged]bool{}
	in.Verdicts = keep(in.Verdicts, func(s attest.SignedVerdict) bool {
		j := judgedBy(s.Verdict)
		if seen[j] {
			found = append(found, Difference{"verdict " + j.task.Short(), "one of each checker, kind and lease", "two"})
			return false
		}
		seen[j] = true
		return true
	})
	return found
}
