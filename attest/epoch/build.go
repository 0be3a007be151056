package epoch

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/models"
)

// Line is one node's epoch: how it scored and what it has earned in all.
type Line struct {
	score.Line
	ProfileDigest models.Digest `json:"profile_digest"`
	LastSeq       uint64        `json:"last_seq"`
	Cumulative    score.Wei     `json:"cumulative_wei"` // of the epoch before, and this reward
	Leaf          common.Hash   `json:"leaf"`           // zero while Cumulative is 0: no leaf yet

	Verified score.Verified   `json:"verified,omitzero"`           // what compute challenges say of the profile; it caps Tier
	Claimed  score.Efficiency `json:"claimed_efficiency,omitzero"` // by the profile alone; Efficiency is what of it was verified
}

// Uncounted is a receipt that earned nothing and why.
type Uncounted struct {
	Receipt common.Hash   `json:"receipt"` // EIP-712 digest
	Task    models.Digest `json:"task"`
	Reason  string        `json:"reason"`
}

// Summary is what follows from Inputs. It is written as epoch.json.
type Summary struct {
	Schema   string         `json:"schema"`
	ChainID  uint64         `json:"chain_id"`
	Registry common.Address `json:"registry"`
	Number   uint64         `json:"epoch"`
	From     uint64         `json:"from"` // chain time, unix seconds
	To       uint64         `json:"to"`
	Pool     score.Wei      `json:"pool_wei"`

	Signals   score.Signals `json:"signals"`
	Weights   score.Weights `json:"weights"`
	Lines     []Line        `json:"lines"` // by address; every node that is or was registered
	Uncounted []Uncounted   `json:"uncounted"`

	Total           score.Wei   `json:"total_wei"`            // of this epoch, at most Pool
	CumulativeTotal score.Wei   `json:"cumulative_total_wei"` // of all leaves
	Counted         common.Hash `json:"counted"`              // sha256(previous Counted ‖ sorted ids of the jobs counted here)
	Root            common.Hash `json:"root"`                 // Merkle root over the leaves; zero while there are none
	DatasetHash     common.Hash `json:"dataset_hash"`         // sha256 of inputs.json
}

// Bundle is an epoch: everything that went in and everything that follows.
type Bundle struct {
	Inputs  Inputs
	Summary Summary
}

// Build verifies every statement in in and computes the epoch after prev (the
// zero State for epoch 1; in.Previous is set to it). It is deterministic: the
// order of the lists is of no matter. A statement that is not valid, or stands
// there twice, is an error: the intake should have refused it. No wallet is asked: the
// intake has asked it, and what it said then is decided, or any wallet could keep an epoch
// from being closed by changing its mind.
func Build(in Inputs, prev State) (Bundle, error) {
	in.Previous = prev
	if in.Pool.Int == nil || in.Pool.Sign() < 0 {
		return Bundle{}, fmt.Errorf("build epoch %d: no pool; give 0 wei or more", in.Number)
	}
	in = in.canonical()
	if checked := (Auditor{}).check(context.Background(), in); len(checked.faults) > 0 {
		found := checked.faults
		return Bundle{}, fmt.Errorf("build epoch %d: %s (and %d more); leave out what is named and build again", in.Number, found[0], len(found)-1)
	}
	summary, _, err := compute(in)
	if err != nil {
		return Bundle{}, fmt.Errorf("build epoch %d: %w", in.Number, err)
	}
	data, err := in.encode()
	if err != nil {
		return Bundle{}, fmt.Errorf("build epoch %d: encode inputs: %w", in.Number, err)
	}
	summary.DatasetHash = sha256.Sum256(data)
	return Bundle{Inputs: in, Summary: summary}, nil
}

// State is what the next epoch builds on.
func (b Bundle) State() State {
	s := State{Number: b.Summary.Number, To: b.Summary.To, Root: b.Summary.Root, DatasetHash: b.Summary.DatasetHash,
		Counted: b.Summary.Counted, Weights: b.Summary.Weights, Nodes: make([]NodeState, len(b.Summary.Lines)),
		Readers: b.Inputs.Parameters.Conduct.ReaderShare > 0}
	for i, l := range b.Summary.Lines {
		s.Nodes[i] = NodeState{l.Node, l.Cumulative, l.Reputation, l.Tier, l.ProfileDigest, l.LastSeq, l.Verified, l.Claimed, l.Standing}
	}
	return s
}

// Leaves are the leaves of the tree: every node that has earned something.
func (s Summary) Leaves() []Leaf {
	var leaves []Leaf
	for _, l := range s.Lines {
		if l.Cumulative.Int != nil && l.Cumulative.Sign() > 0 {
			leaves = append(leaves, Leaf{l.Node, l.Cumulative.Int})
		}
	}
	return leaves
}

// ErrNoLeaf says that a node has earned nothing yet: there is nothing to claim.
var ErrNoLeaf = errors.New("node has earned nothing so far")

// Proof is what node needs for a claim under Summary.Root: its cumulative amount
// in wei and the Merkle proof. ErrNoLeaf when there is nothing to claim.
func (b Bundle) Proof(node common.Address) (cumulative *big.Int, proof [][32]byte, err error) {
	for _, l := range b.Summary.Leaves() {
		if l.Node == node {
			proof, err = NewTree(b.Summary.Leaves()).Proof(l)
			return l.Cumulative, proof, err
		}
	}
	return nil, nil, fmt.Errorf("epoch %d: %s: %w; run accepted jobs and stay reachable", b.Summary.Number, node, ErrNoLeaf)
}

// compute is the pure part: checked inputs in, everything but the dataset's hash
// out, and the ids of the jobs that count.
func compute(in Inputs) (Summary, [][32]byte, error) {
	g := gather(in)
	var seconds uint64
	if in.To > in.From {
		seconds = in.To - in.From
	}
	s := Summary{
		Schema: Schema, ChainID: in.ChainID, Registry: in.Registry, Number: in.Number, From: in.From, To: in.To, Pool: in.Pool,
		Lines: make([]Line, 0, len(g.evidence)), Uncounted: g.uncounted, Counted: g.chain(in.Previous.Counted),
	}
	done, err := settle(in.Parameters, score.Epoch{
		Seconds: seconds, To: in.To, Pool: in.Pool.Int, Before: in.Previous.Weights, Demand: in.Demand, Nodes: g.evidence,
	}, func(node common.Address) NodeState { return g.before[node] }, func(lines []Line) { s.Lines = append(s.Lines, lines...) })
	if err != nil {
		return Summary{}, nil, err
	}
	s.Signals, s.Weights = done.signals, done.weights
	s.Total, s.CumulativeTotal, s.Root = score.Wei{Int: done.total}, score.Wei{Int: done.cumulative}, done.tree.Root()
	return s, g.jobs, nil
}

// gathered is the evidence by node.
type gathered struct {
	evidence  []score.Evidence             // by address
	before    map[common.Address]NodeState // with this epoch's profile and sequence number
	uncounted []Uncounted
	jobs      [][32]byte // ids of the jobs that counted, unsorted
}

// gather turns statements into evidence. A node has a line when it is or was
// registered; a stranger's receipts are listed as uncounted, so that keys made
// for nothing can't swell the epoch.
func gather(in Inputs) gathered {
	g := gathered{before: map[common.Address]NodeState{}, uncounted: []Uncounted{}}
	byNode := map[common.Address]*score.Evidence{}
	for _, s := range in.Previous.Nodes {
		g.before[s.Node] = s
		byNode[s.Node] = &score.Evidence{Node: s.Node, Tier: s.Tier, Before: s.Reputation, Standing: s.Standing}
	}
	for _, r := range in.Registrations {
		e := byNode[r.Node]
		if e == nil {
			e = &score.Evidence{Node: r.Node}
			byNode[r.Node] = e
		}
		e.Registered, e.Jurisdiction, e.Trust = r.Active, r.Jurisdiction, r.Trust
	}
	for node := range in.devices() {
		byNode[node].Trust = score.TrustDevice
	}
	g.examinations(in, g.profiles(in, byNode), byNode)
	for node, e := range byNode { // each by itself: the order is of no matter
		state := g.before[node]
		e.Efficiency = state.Efficiency
		if claim := state.Verified.ClaimMOPS; claim > 0 {
			e.Efficiency = e.Efficiency.Capped(state.Verified.Cap(claim), claim)
		}
	}
	g.challenges(in, byNode)
	g.receipts(in, byNode, g.checks(in, byNode))
	for _, e := range byNode {
		g.evidence = append(g.evidence, *e)
	}
	slices.SortFunc(g.evidence, func(a, b score.Evidence) int { return a.Node.Cmp(b.Node) })
	return g
}

// challenges counts uptime by windows of the coordinator's clock.
func (g *gathered) challenges(in Inputs, byNode map[common.Address]*score.Evidence) {
	windows := map[common.Address]map[int64]score.Window{}
	length := max(int64(in.Parameters.WindowSeconds), 1)
	for _, c := range in.Challenges {
		if byNode[c.Node] == nil || c.Outcome == attest.OwnOutage {
			continue
		}
		if windows[c.Node] == nil {
			windows[c.Node] = map[int64]score.Window{}
		}
		at := c.AskedAt.Unix() / length
		w := windows[c.Node][at]
		w.At = at
		w.Asked++
		if c.Outcome == attest.Answered {
			w.Answered++
			state := g.before[c.Node]
			state.LastSeq = max(state.LastSeq, c.Answer.Uptime.Seq)
			g.before[c.Node] = state
		}
		windows[c.Node][at] = w
	}
	for node, list := range windows {
		for _, w := range list { // a mean: the order is of no matter
			byNode[node].Windows = append(byNode[node].Windows, w)
		}
	}
}

// receipts decides which receipts count. A job is a clinic's task, and it counts
// once ever: of several accepted receipts the one with the highest fencing
// number, the lease that the clinic gave last. A disputed receipt counts against
// its node whatever became of the task later. Jobs count in the order of their
// end and then of their digest, so that no coordinator can choose it. What rulings
// says of a receipt comes first: work that was found wrong earns nothing, and a
// dispute that was found wrong is nobody's strike.
func (g *gathered) receipts(in Inputs, byNode map[common.Address]*score.Evidence, rulings map[[32]byte]ruling) {
	domain := in.Domain()
	admitted := map[common.Address]bool{}
	for _, clinic := range in.Clinics {
		admitted[clinic] = true
	}
	best := map[[32]byte]uint64{}
	var judged []attest.SignedReceipt
	for _, s := range in.Receipts {
		switch {
		case !in.AnyClinic && !admitted[s.Receipt.Clinic]:
			g.skip(s, domain, "the clinic is not admitted")
		case byNode[s.Receipt.Node] == nil:
			g.skip(s, domain, "the node is not registered")
		case rulings[s.Receipt.Hash(domain)].wrong != "" && s.Acceptance.Accepted:
			g.skip(s, domain, wrongBy(rulings[s.Receipt.Hash(domain)].wrong))
		case rulings[s.Receipt.Hash(domain)].acquitted && !s.Acceptance.Accepted:
			g.skip(s, domain, "disputed by the clinic, found right by a rerun")
		default:
			judged = append(judged, s)
			if s.Acceptance.Accepted {
				id := JobID(s.Receipt)
				best[id] = max(best[id], s.Receipt.Fence)
			}
		}
	}
	type ended struct {
		node common.Address
		hash [32]byte
		job  score.Job
	}
	var jobs []ended
	for _, s := range judged {
		r, id := s.Receipt, JobID(s.Receipt)
		if s.Acceptance.Accepted && r.Fence != best[id] {
			g.skip(s, domain, fmt.Sprintf("superseded by fence %d", best[id]))
			continue
		}
		if s.Acceptance.Accepted {
			g.jobs = append(g.jobs, id)
		}
		jobs = append(jobs, ended{r.Node, r.Hash(domain), score.Job{
			Clinic: r.Clinic, StartMS: r.StartedAt.UnixMilli(), EndMS: r.FinishedAt.UnixMilli(), Accepted: s.Acceptance.Accepted, Late: !r.OnTime(),
		}})
	}
	slices.SortFunc(jobs, func(a, b ended) int {
		return cmp.Or(cmp.Compare(a.job.EndMS, b.job.EndMS), bytes.Compare(a.hash[:], b.hash[:]))
	})
	for _, j := range jobs {
		byNode[j.node].Jobs = append(byNode[j.node].Jobs, j.job)
	}
}

func (g *gathered) skip(s attest.SignedReceipt, d attest.Domain, reason string) {
	g.uncounted = append(g.uncounted, Uncounted{s.Receipt.Hash(d), s.Receipt.Task, reason})
}

// JobID names what is paid once ever: a clinic's task, whatever the lease. The
// clinic is part of it, so that nobody can use up another clinic's task ids.
func JobID(r attest.Receipt) [32]byte {
	return sha256.Sum256(append(r.Clinic[:], r.Task[:]...))
}

// chain appends this epoch's jobs to the running hash. Who has every epoch's
// inputs can replay it, and sees a job that counts twice.
func (g *gathered) chain(before common.Hash) common.Hash {
	slices.SortFunc(g.jobs, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	h := sha256.New()
	h.Write(before[:])
	for _, id := range g.jobs {
		h.Write(id[:])
	}
	return common.Hash(h.Sum(nil))
}
