package agent

import (
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
)

// copyResult is one node's result of a task that several did.
type copyResult struct {
	signed attest.SignedReceipt
	result inference.Result
}

// consensus is what the results of one task come to.
type consensus struct {
	verdicts []attest.Verdict // of each copy, in their order
	chosen   int              // the copy whose result counts
	tied     bool             // they differ, and no majority says who is right
}

// judgeCopies compares the results of one task's copies with each other. Those that agree
// with each other and are more than half of them are valid, and the others are not; where
// there is no such majority nobody is judged. The first of the majority counts. It is pure:
// the same results give the same verdicts, byte for byte, also after a restart, since their
// time is that of the last acceptance.
//
// Two results agree where each is valid by the other, by the manifest's tolerance
// (canary.Compare). With one result there is nothing to say.
func judgeCopies(m models.Manifest, clinic common.Address, domain attest.Domain, copies []copyResult) consensus {
	if len(copies) < 2 {
		return consensus{}
	}
	n := len(copies)
	seen := make([][]comparison, n) // seen[i][j]: copy j by the reference i
	for i := range n {
		seen[i] = make([]comparison, n)
		for j := range n {
			if i != j {
				seen[i][j] = compare(m, copies[i].result, copies[j].result)
			}
		}
	}
	agree := func(i, j int) bool {
		return seen[i][j].judgement == attest.JudgedValid && seen[j][i].judgement == attest.JudgedValid
	}
	majority := largestAgreeing(n, agree)
	a := consensus{tied: 2*len(majority) <= n}
	if !a.tied {
		a.chosen = majority[0]
	}
	var at time.Time
	for _, c := range copies {
		if c.signed.Acceptance.At.After(at) {
			at = c.signed.Acceptance.At
		}
	}
	inMajority := map[int]bool{}
	for _, i := range majority {
		inMajority[i] = true
	}
	for j, c := range copies {
		against := 0 // the reference: the first of the majority that is not itself
		for !a.tied && !inMajority[against] || against == j {
			against++
		}
		if a.tied {
			against = (j + 1) % n
		}
		by := seen[against][j]
		r := c.signed.Receipt
		v := attest.Verdict{
			Kind: attest.CheckReplica, Node: r.Node, Clinic: clinic, Task: r.Task, Fence: r.Fence, Receipt: r.Hash(domain), Manifest: r.ManifestDigest,
			Provider: r.Provider, Against: copies[against].signed.Receipt.OutputHash, Figures: by.figures, Checker: clinic, At: at,
		}
		switch {
		case a.tied:
			v.Result, v.Reason = attest.JudgedUnchecked, canary.ReasonDisagreement
		case inMajority[j]:
			v.Result = attest.JudgedValid
		default:
			v.Result, v.Reason = attest.JudgedInvalid, by.reason
			if by.judgement != attest.JudgedInvalid { // valid in this direction alone, or the reference is no use
				v.Reason = canary.ReasonDisagreement
			}
		}
		a.verdicts = append(a.verdicts, v)
	}
	return a
}

// comparison is one result by another.
type comparison struct {
	figures   attest.Figures
	judgement attest.Judgement
	reason    string
}

func compare(m models.Manifest, reference, result inference.Result) (c comparison) {
	c.figures, c.judgement, c.reason = canary.Compare(m, reference, result)
	return c
}

// largestAgreeing is the largest set of 0 to n-1 all of whose members agree with each other,
// the first of several; n is at most scheduler.MaxCopies.
func largestAgreeing(n int, agree func(i, j int) bool) (best []int) {
	for set := 1; set < 1<<n; set++ {
		var members []int
		for i := range n {
			if set&(1<<i) != 0 {
				members = append(members, i)
			}
		}
		if len(members) > len(best) && allAgree(members, agree) {
			best = members
		}
	}
	return best
}

func allAgree(members []int, agree func(i, j int) bool) bool {
	for k, i := range members {
		for _, j := range members[k+1:] {
			if !agree(i, j) {
				return false
			}
		}
	}
	return true
}
