package epoch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math/big"
	"regexp"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/models"
)

// Schema is the version of the folder's format.
const Schema = "medhive.epoch/1"

// Registration is one row of the NodeRegistry at the snapshot's block.
type Registration struct {
	Node         common.Address `json:"node"`
	Jurisdiction string         `json:"jurisdiction"` // ISO 3166-1 alpha-2, "" unknown
	Trust        score.Trust    `json:"trust"`
	Active       bool           `json:"active"`

	// Voucher is the digest of the vendor's voucher for the node's device. It is absent where
	// there is none, and from epochs from before devices counted.
	Voucher common.Hash `json:"voucher,omitzero"`
}

// NodeState is what one epoch hands to the next about one node.
type NodeState struct {
	Node          common.Address   `json:"node"`
	Cumulative    score.Wei        `json:"cumulative_wei"`
	Reputation    score.Reputation `json:"reputation"`
	Tier          int              `json:"tier"`
	ProfileDigest models.Digest    `json:"profile_digest"`      // of the profile behind Tier, zero when there is none
	LastSeq       uint64           `json:"last_seq"`            // highest uptime sequence number that counted
	Verified      score.Verified   `json:"verified,omitzero"`   // absent until the node is examined for the first time
	Efficiency    score.Efficiency `json:"efficiency,omitzero"` // by the profile's own claim; absent until there is one of version 2
	Standing      score.Standing   `json:"standing,omitzero"`   // what checks, promises and uptime have come to; absent before they counted
}

// State is what one epoch hands to the next. The zero State stands before epoch 1.
type State struct {
	Number      uint64        `json:"epoch"`
	To          uint64        `json:"to"` // its end, chain time in unix seconds
	Root        common.Hash   `json:"root"`
	DatasetHash common.Hash   `json:"dataset_hash"`
	Counted     common.Hash   `json:"counted"` // chain over every job ever counted, see Summary.Counted
	Weights     score.Weights `json:"weights"`
	Nodes       []NodeState   `json:"nodes"` // by address

	// Readers says that readers' words counted; absent before they did.
	Readers bool `json:"readers,omitempty"`
}

// Window is the statements that the coordinator took in during one epoch. What
// belongs to it is decided by when it was stored, never by the times that the
// statements name: those are other people's clocks.
type Window struct {
	Receipts   []attest.SignedReceipt `json:"receipts"`   // judged ones; one verdict for each clinic, task and fence
	Profiles   []attest.SignedProfile `json:"profiles"`   // the newest of each node
	Challenges []attest.Challenge     `json:"challenges"` // all that were asked, the unanswered too

	// Examinations are all that were begun. The list is absent where there are none, so
	// that folders from before there were any keep their bytes.
	Examinations []attest.Examination `json:"examinations,omitempty"`

	// Verdicts are what checkers found about jobs, of this epoch and of earlier ones; absent
	// where there are none.
	Verdicts []attest.SignedVerdict `json:"verdicts,omitempty"`
}

// Inputs is everything that an epoch is computed from.
type Inputs struct {
	Schema   string         `json:"schema"` // always Schema
	ChainID  uint64         `json:"chain_id"`
	Registry common.Address `json:"registry"`

	Number uint64    `json:"epoch"` // from 1
	From   uint64    `json:"from"`  // chain time in unix seconds: the end of the epoch before
	To     uint64    `json:"to"`    // … and of this one; more than From
	Pool   score.Wei `json:"pool_wei"`

	Parameters score.Parameters `json:"parameters"`
	Previous   State            `json:"previous"`
	Demand     score.Demand     `json:"demand"`

	RegistryBlock uint64           `json:"registry_block"` // block of the snapshot
	Registrations []Registration   `json:"registrations"`
	AnyClinic     bool             `json:"any_clinic"` // an open market: every clinic's countersignature counts
	Clinics       []common.Address `json:"clinics"`    // else only these

	// Checkers are the coordinators whose canaries and re-runs count. Replicas and lapses are
	// the word of the clinic whose task it was.
	Checkers []common.Address `json:"checkers,omitempty"`
	// Skipped are the epochs after Previous that were published and never paid, because
	// Previous' successor was vetoed; the window holds their statements again. Ascending, and
	// every number between Previous and this epoch.
	Skipped []uint64 `json:"skipped,omitempty"`

	// Vendors are whose vouchers for devices count, Devices the newest proof of each node that
	// has one, and Revoked what vendors took back. They raise a node's trust and are absent
	// where there are none, and from epochs from before devices counted.
	Vendors []common.Address                `json:"vendors,omitempty"`
	Devices []attest.SignedDeviceProof      `json:"devices,omitempty"`
	Revoked []attest.SignedDeviceRevocation `json:"revoked,omitempty"`

	Window
}

// Domain is the EIP-712 domain of the statements.
func (in Inputs) Domain() attest.Domain {
	return attest.Domain{ChainID: new(big.Int).SetUint64(in.ChainID), Registry: in.Registry}
}

// CumulativeTotal is the sum of all leaves in wei. What the contract allows in
// all, less this, is the most that the next pool may be.
func (s State) CumulativeTotal() *big.Int {
	total := new(big.Int)
	for _, n := range s.Nodes {
		if n.Cumulative.Int != nil {
			total.Add(total, n.Cumulative.Int)
		}
	}
	return total
}

// leaves are the leaves of the tree after that epoch.
func (s State) leaves() (leaves []Leaf) {
	for _, n := range s.Nodes {
		if n.Cumulative.Int != nil && n.Cumulative.Sign() > 0 {
			leaves = append(leaves, Leaf{n.Node, n.Cumulative.Int})
		}
	}
	return leaves
}

var jurisdictionPattern = regexp.MustCompile(`^[A-Z]{2}$`)

// canonical is in with every list sorted and none nil: the same evidence in any
// order becomes the same bytes. A jurisdiction that is not two letters becomes
// unknown: it comes from the chain, where one odd row must not stop an epoch.
func (in Inputs) canonical() Inputs {
	in.Schema = Schema
	in.Previous.Nodes = sorted(in.Previous.Nodes, func(a, b NodeState) int { return a.Node.Cmp(b.Node) })
	in.Registrations = sorted(in.Registrations, func(a, b Registration) int { return a.Node.Cmp(b.Node) })
	for i, r := range in.Registrations {
		if !jurisdictionPattern.MatchString(r.Jurisdiction) {
			in.Registrations[i].Jurisdiction = ""
		}
	}
	in.Clinics = sorted(in.Clinics, common.Address.Cmp)
	in.Checkers = sorted(in.Checkers, common.Address.Cmp)
	in.Skipped = sorted(in.Skipped, cmp.Compare[uint64])
	in.Vendors = sorted(in.Vendors, common.Address.Cmp)
	in.Devices = sorted(in.Devices, func(a, b attest.SignedDeviceProof) int { return a.Proof.Node.Cmp(b.Proof.Node) })
	in.Revoked = sorted(in.Revoked, func(a, b attest.SignedDeviceRevocation) int {
		return cmp.Or(bytes.Compare(a.Revocation.Voucher[:], b.Revocation.Voucher[:]), a.Revocation.Vendor.Cmp(b.Revocation.Vendor), a.Revocation.At.Compare(b.Revocation.At))
	})
	domain := in.Domain()
	in.Receipts = sortedByKey(in.Receipts, func(r attest.SignedReceipt) string { h := r.Receipt.Hash(domain); return string(h[:]) })
	in.Profiles = sorted(in.Profiles, func(a, b attest.SignedProfile) int { return a.Statement.Node.Cmp(b.Statement.Node) })
	in.Challenges = sorted(in.Challenges, func(a, b attest.Challenge) int {
		return cmp.Or(a.Node.Cmp(b.Node), a.AskedAt.Compare(b.AskedAt), bytes.Compare(a.Nonce[:], b.Nonce[:]))
	})
	in.Examinations = sorted(in.Examinations, func(a, b attest.Examination) int {
		return cmp.Or(a.Node.Cmp(b.Node), a.AskedAt.Compare(b.AskedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	in.Verdicts = sortedByKey(in.Verdicts, func(v attest.SignedVerdict) string { h := v.Verdict.Hash(domain); return string(h[:]) })
	return in
}

func sorted[T any](list []T, order func(a, b T) int) []T {
	list = append([]T{}, list...)
	slices.SortStableFunc(list, order)
	return list
}

// sortedByKey computes each key once: hashing is the dear part.
func sortedByKey[T any](list []T, key func(T) string) []T {
	type keyed struct {
		key   string
		value T
	}
	pairs := make([]keyed, len(list))
	for i, v := range list {
		pairs[i] = keyed{key(v), v}
	}
	slices.SortStableFunc(pairs, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	out := make([]T, len(list))
	for i, p := range pairs {
		out[i] = p.value
	}
	return out
}

// encode is the canonical JSON of in, with a newline at its end.
func (in Inputs) encode() ([]byte, error) {
	data, err := json.Marshal(in)
	return append(data, '\n'), err
}
