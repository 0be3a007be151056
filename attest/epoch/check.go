package epoch

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/attest"
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

// check verifies every statement and the epoch's own shape. It returns in
// without the statements that are not valid, and a difference for each of them.
func (in Inputs) check() (Inputs, []Difference) {
	var found []Difference
	want := func(ok bool, where, want string, got any) {
		if !ok {
			found = append(found, Difference{where, want, fmt.Sprint(got)})
		}
	}
	prev := in.Previous
	want(in.Schema == Schema, "schema", Schema, in.Schema)
	want(in.Number == prev.Number+1, "epoch", fmt.Sprint(prev.Number+1), in.Number)
	want(prev.Number == 0 || in.From == prev.To, "from", fmt.Sprintf("%d, the end of the epoch before", prev.To), in.From)
	want(in.To > in.From, "to", fmt.Sprintf("more than %d", in.From), in.To)
	counted := slices.ContainsFunc(prev.Nodes, func(n NodeState) bool { return n.Efficiency.Known })
	want(in.Parameters.Thrift || !counted, "parameters thrift", "true, as in an epoch before: nobody goes back to the rules of old", false)
	nodes := map[common.Address]bool{}
	for _, r := range in.Registrations {
		want(!nodes[r.Node], "registration "+r.Node.Hex(), "one row", "two")
		nodes[r.Node] = true
	}
	last := map[common.Address]uint64{}
	for _, s := range prev.Nodes {
		_, twice := last[s.Node]
		want(!twice, "previous "+s.Node.Hex(), "one state", "two")
		last[s.Node] = s.LastSeq
	}
	found = append(found, in.keepValid()...)
	found = append(found, in.keepSingle(last)...)
	return in, found
}

// keepValid drops the statements whose signatures or bounds fail.
func (in *Inputs) keepValid() []Difference {
	domain := in.Domain()
	receipts, found := valid(in.Receipts, "receipt", func(r attest.SignedReceipt) error { return r.Verify(domain) },
		func(r attest.SignedReceipt) string { return r.Receipt.Task.Short() })
	profiles, more := valid(in.Profiles, "profile", func(p attest.SignedProfile) error { return p.Verify(domain) },
		func(p attest.SignedProfile) string { return p.Statement.Node.Hex() })
	found = append(found, more...)
	challenges, more := valid(in.Challenges, "challenge", func(c attest.Challenge) error { return c.Verify(domain) },
		func(c attest.Challenge) string { return fmt.Sprintf("%x", c.Nonce[:4]) })
	found = append(found, more...)
	examinations, more := valid(in.Examinations, "examination", func(e attest.Examination) error { return e.Verify(domain) },
		func(e attest.Examination) string { return fmt.Sprintf("%x", e.ID[:4]) })
	in.Receipts, in.Profiles, in.Challenges, in.Examinations = receipts, profiles, challenges, examinations
	return append(found, more...)
}

// valid verifies a list on all cores and splits it, in order.
func valid[T any](list []T, what string, verify func(T) error, name func(T) string) ([]T, []Difference) {
	faults := make([]error, len(list))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	const batch = 64 // enough work for a goroutine
	for start := 0; start < len(list); start += batch {
		group.Go(func() error {
			for i := start; i < min(start+batch, len(list)); i++ {
				faults[i] = verify(list[i])
			}
			return nil
		})
	}
	_ = group.Wait() // the faults are in their places
	kept := make([]T, 0, len(list))
	var found []Difference
	for i, v := range list {
		if faults[i] != nil {
			found = append(found, Difference{what + " " + name(v), "a valid statement", faults[i].Error()})
			continue
		}
		kept = append(kept, v)
	}
	return kept, found
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
	return found
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
