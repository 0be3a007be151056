package epoch

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/models"
)

// Difference is one thing in a folder that is not as the rules say.
type Difference struct {
	Where string `json:"where"` // "receipt 1a2b3c4d", "line 0x… reward_wei", "root"
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// String is the difference in one line.
func (d Difference) String() string { return d.Where + ": want " + d.Want + ", got " + d.Got }

// Auditor checks epochs. The zero value asks no chain.
type Auditor struct {
	// Wallets are asked about statements that a contract wallet signed, in the state after a
	// block: the epoch's Inputs.RegistryBlock. The intake asked before that block, and a wallet
	// may have changed its mind between: what it does not confirm is named as unchecked and is
	// no difference, or any wallet could make an honest epoch fail. nil: all are so named.
	Wallets func(block uint64) attest.Wallets
}

// audited is what check found.
type audited struct {
	sound     Inputs       // without the statements that are not valid
	faults    []Difference // one for each of them, and for what the epoch's own shape lacks
	unchecked []string     // statements in sound that no wallet has confirmed
}

// check verifies every statement and the epoch's own shape.
func (a Auditor) check(ctx context.Context, in Inputs) audited {
	found := in.shape()
	last := map[common.Address]uint64{}
	for _, s := range in.Previous.Nodes {
		last[s.Node] = s.LastSeq
	}
	result := audited{sound: in}
	more, unchecked := a.keepValid(ctx, &result.sound)
	result.faults = slices.Concat(found, more, result.sound.keepSingle(last))
	result.unchecked = unchecked
	return result
}

// shape checks what is no statement: numbers, times, rows, and how the epoch follows the
// one before.
func (in Inputs) shape() (found []Difference) {
	want := func(ok bool, where, want string, got any) {
		if !ok {
			found = append(found, Difference{where, want, fmt.Sprint(got)})
		}
	}
	prev := in.Previous
	want(in.Schema == Schema, "schema", Schema, in.Schema)
	next := prev.Number + 1
	for _, skipped := range in.Skipped {
		want(skipped == next, "skipped", fmt.Sprint(next), skipped)
		next = skipped + 1
	}
	want(in.Number == next, "epoch", fmt.Sprint(next), in.Number)
	want(prev.Number == 0 || in.From == prev.To, "from", fmt.Sprintf("%d, the end of the epoch before", prev.To), in.From)
	want(in.To > in.From, "to", fmt.Sprintf("more than %d", in.From), in.To)
	counted := slices.ContainsFunc(prev.Nodes, func(n NodeState) bool { return n.Efficiency.Known })
	want(in.Parameters.Thrift || !counted, "parameters thrift", "true, as in an epoch before: nobody goes back to the rules of old", false)
	standing := slices.ContainsFunc(prev.Nodes, func(n NodeState) bool { return n.Standing != (score.Standing{}) })
	want(in.Parameters.ByConduct() || !standing, "parameters conduct", "present, as in an epoch before: nobody goes back to the rules of old", "none")
	want(in.Parameters.Conduct.ReaderShare > 0 || !prev.Readers, "parameters reader_share", "present, as in an epoch before: nobody goes back to the rules of old", "none")
	nodes := map[common.Address]bool{}
	for _, r := range in.Registrations {
		want(!nodes[r.Node], "registration "+r.Node.Hex(), "one row", "two")
		nodes[r.Node] = true
	}
	states := map[common.Address]bool{}
	for _, s := range prev.Nodes {
		want(!states[s.Node], "previous "+s.Node.Hex(), "one state", "two")
		states[s.Node] = true
	}
	if root := common.Hash(NewTree(prev.leaves()).Root()); root != prev.Root {
		found = append(found, Difference{"previous root", root.Hex() + ", of the amounts that are carried over", prev.Root.Hex()})
	}
	return found
}

// maxRemembered is how many signers' keys are remembered while an epoch is checked: a node
// or a clinic signs many statements.
const maxRemembered = 1 << 17

// keepValid drops the statements whose signatures or bounds fail.
func (a Auditor) keepValid(ctx context.Context, in *Inputs) (found []Difference, unchecked []string) {
	domain := in.Domain().Remember(maxRemembered)
	var wallets attest.Wallets
	if a.Wallets != nil {
		wallets = a.Wallets(in.RegistryBlock)
	}
	checkers := map[common.Address]bool{}
	for _, c := range in.Checkers {
		checkers[c] = true
	}
	in.Receipts = valid(in.Receipts, "receipt", &found, &unchecked, func(r attest.SignedReceipt) error { return r.VerifyWith(ctx, domain, wallets) },
		func(r attest.SignedReceipt) string { return r.Receipt.Task.Short() })
	in.Profiles = valid(in.Profiles, "profile", &found, &unchecked, func(p attest.SignedProfile) error { return p.Verify(domain) },
		func(p attest.SignedProfile) string { return p.Statement.Node.Hex() })
	in.Challenges = valid(in.Challenges, "challenge", &found, &unchecked, func(c attest.Challenge) error { return c.Verify(domain) },
		func(c attest.Challenge) string { return fmt.Sprintf("%x", c.Nonce[:4]) })
	in.Examinations = valid(in.Examinations, "examination", &found, &unchecked, func(e attest.Examination) error { return e.Verify(domain) },
		func(e attest.Examination) string { return fmt.Sprintf("%x", e.ID[:4]) })
	in.Verdicts = valid(in.Verdicts, "verdict", &found, &unchecked, func(v attest.SignedVerdict) error {
		if coordinators(v.Verdict.Kind) && !checkers[v.Verdict.Checker] {
			return fmt.Errorf("%s is no checker of this epoch; a %s is for those that it names", v.Verdict.Checker, v.Verdict.Kind)
		}
		return in.VerifyVerdict(ctx, v, domain, wallets)
	}, func(v attest.SignedVerdict) string { return v.Verdict.Task.Short() })
	in.Devices = valid(in.Devices, "device proof", &found, &unchecked, func(p attest.SignedDeviceProof) error { return p.Verify(domain) },
		func(p attest.SignedDeviceProof) string { return p.Proof.Node.Hex() })
	in.Revoked = valid(in.Revoked, "device revocation", &found, &unchecked, func(r attest.SignedDeviceRevocation) error { return r.Verify(domain) },
		func(r attest.SignedDeviceRevocation) string { return fmt.Sprintf("%x", r.Revocation.Voucher[:4]) })
	return found, unchecked
}

// VerifyVerdict is VerifyWith of one of the epoch's verdicts. In an epoch by the rules from
// before readers counted, a coordinator's may lack its clinic's consent, which came with them.
// domain is in.Domain(), which may remember keys.
func (in *Inputs) VerifyVerdict(ctx context.Context, s attest.SignedVerdict, domain attest.Domain, wallets attest.Wallets) error {
	if in.Parameters.Conduct.ReaderShare == 0 && s.Verdict.Kind.NeedsConsent() && s.Consent.IsZero() {
		return s.VerifyWithoutConsent(ctx, domain, wallets)
	}
	return s.VerifyWith(ctx, domain, wallets)
}

// valid verifies a list on all cores and keeps, in order, what is valid and what no wallet
// has confirmed.
func valid[T any](list []T, what string, found *[]Difference, unchecked *[]string, verify func(T) error, name func(T) string) []T {
	faults := make([]error, len(list))
	spread(len(list), func(from, to int) {
		for i := from; i < to; i++ {
			faults[i] = verify(list[i])
		}
	})
	kept := make([]T, 0, len(list))
	for i, v := range list {
		switch {
		case errors.Is(faults[i], attest.ErrUnchecked):
			*unchecked = append(*unchecked, what+" "+name(v))
		case errors.Is(faults[i], attest.ErrDisowned):
			*unchecked = append(*unchecked, what+" "+name(v)+", whose wallet says no")
		case faults[i] != nil:
			*found = append(*found, Difference{what + " " + name(v), "a valid statement", faults[i].Error()})
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

// verdict names one judgement: a clinic speaks once about one lease of a task.
type verdict struct {
	clinic common.Address
	task   models.Digest
	fence  uint64
}

// keepSingle drops what stands there twice: a second verdict, a second profile,
// a sequence number that does not rise, an examination's id.
func (in *Inputs) keepSingle(last map[common.Address]uint64) []Difference {
	var found []Difference
	verdicts := map[verdict]bool{}
	in.Receipts = keep(in.Receipts, func(s attest.SignedReceipt) bool {
		v := verdict{s.Receipt.Clinic, s.Receipt.Task, s.Receipt.Fence}
		if verdicts[v] {
			found = append(found, Difference{"receipt " + v.task.Short(), "one verdict for each clinic, task and fence", "two"})
			return false
		}
		verdicts[v] = true
		return true
	})
	profiles := map[common.Address]bool{}
	in.Profiles = keep(in.Profiles, func(p attest.SignedProfile) bool {
		node := p.Statement.Node
		if profiles[node] {
			found = append(found, Difference{"profile " + node.Hex(), "one profile for each node", "two"})
			return false
		}
		profiles[node] = true
		return true
	})
	type answer struct {
		node common.Address
		seq  uint64
	}
	answers := map[answer]bool{}
	in.Challenges = keep(in.Challenges, func(c attest.Challenge) bool {
		if c.Outcome != attest.Answered {
			return true
		}
		a := answer{c.Node, c.Answer.Uptime.Seq}
		if answers[a] || a.seq <= last[a.node] {
			found = append(found, Difference{fmt.Sprintf("challenge %x", c.Nonce[:4]), fmt.Sprintf("a new sequence number over %d", last[a.node]), fmt.Sprint(a.seq)})
			return false
		}
		answers[a] = true
		return true
	})
	examined := map[[32]byte]bool{}
	in.Examinations = keep(in.Examinations, func(e attest.Examination) bool {
		if examined[e.ID] {
			found = append(found, Difference{fmt.Sprintf("examination %x", e.ID[:4]), "each examination once", "two"})
			return false
		}
		examined[e.ID] = true
		return true
	})
	devices := map[common.Address]bool{}
	in.Devices = keep(in.Devices, func(p attest.SignedDeviceProof) bool {
		node := p.Proof.Node
		if devices[node] {
			found = append(found, Difference{"device proof " + node.Hex(), "one for each node", "two"})
			return false
		}
		devices[node] = true
		return true
	})
	return append(found, in.keepSingleVerdicts()...)
}

func keep[T any](list []T, is func(T) bool) []T {
	kept := make([]T, 0, len(list))
	for _, v := range list {
		if is(v) {
			kept = append(kept, v)
		}
	}
	return kept
}
