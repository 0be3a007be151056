package attest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/models"
)

// Bounds of a receipt's texts, in bytes, and of its times.
const (
	MaxProviderBytes    = 64
	MaxRuntimeBytes     = 64
	MaxEnergyBasisBytes = 32
	MaxReasonBytes      = 256
	// MaxJobDuration is the longest job that a receipt may claim: no model of the
	// catalogue takes minutes, and work counts by the second.
	MaxJobDuration = 24 * time.Hour
)

// Receipt is what a node says it did for one task under one fencing number. It
// binds the request, the model and the output, so none can be swapped later.
type Receipt struct {
	Task   models.Digest // task id, chosen by the clinic
	Fence  uint64        // fencing number of the lease, from 1
	Node   common.Address
	Clinic common.Address

	RequestHash    models.Digest // SHA-256 of the sealed payload
	ManifestDigest models.Digest // digest of the model package
	WeightsDigest  models.Digest
	Provider       string        // execution provider that ran: "cpu", "cuda", …
	Runtime        string        // its name and version: "onnxruntime 1.30.0"
	OutputHash     models.Digest // SHA-256 of the result's plaintext

	StartedAt, FinishedAt time.Time // the node's clock, in whole milliseconds
	Deadline              time.Time // promised completion on the same clock; zero: none was promised

	EnergyMilliJ uint64 // energy of the job in mJ, 0 when unmeasured
	EnergyBasis  string // "wall", "board", "package", "declared" or "unmeasured"
	PriceGwei    uint64 // agreed price in 1e-9 HIVE
}

const receiptType = "Receipt(bytes32 task,uint64 fence,address node,address clinic," +
	"bytes32 requestHash,bytes32 manifestDigest,bytes32 weightsDigest,string provider,string runtime," +
	"bytes32 outputHash,uint64 startedAt,uint64 finishedAt,uint64 deadline," +
	"uint64 energyMilliJ,string energyBasis,uint64 priceGwei)"

var receiptTypeHash = crypto.Keccak256Hash([]byte(receiptType))

// Hash is the EIP-712 digest that the node signs. Times count in whole milliseconds.
func (r Receipt) Hash(d Domain) [32]byte {
	var w words
	w.word(receiptTypeHash)
	w.word(r.Task)
	w.uint64(r.Fence)
	w.address(r.Node)
	w.address(r.Clinic)
	w.word(r.RequestHash)
	w.word(r.ManifestDigest)
	w.word(r.WeightsDigest)
	w.string(r.Provider)
	w.string(r.Runtime)
	w.word(r.OutputHash)
	w.time(r.StartedAt)
	w.time(r.FinishedAt)
	w.time(r.Deadline)
	w.uint64(r.EnergyMilliJ)
	w.string(r.EnergyBasis)
	w.uint64(r.PriceGwei)
	return d.digest(w.hash())
}

// Validate checks everything but the signature: bounded texts, sane times, and
// that node and clinic are two parties.
func (r Receipt) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	want(!r.Task.IsZero(), "task is empty; name the task")
	want(r.Fence > 0, "fence is 0; fencing numbers start at 1")
	want(r.Node != (common.Address{}) && r.Clinic != (common.Address{}), "node or clinic is the zero address; name both")
	want(r.Node != r.Clinic, "node and clinic are both %s; a node can't accept its own work", r.Node)
	want(!r.RequestHash.IsZero() && !r.ManifestDigest.IsZero() && !r.WeightsDigest.IsZero() && !r.OutputHash.IsZero(),
		"request, manifest, weights or output hash is empty; a receipt binds all four")
	faults = append(faults,
		checkText("provider", r.Provider, MaxProviderBytes),
		checkText("runtime", r.Runtime, MaxRuntimeBytes),
		checkText("energy basis", r.EnergyBasis, MaxEnergyBasisBytes),
		checkTime("started", r.StartedAt), checkTime("finished", r.FinishedAt))
	if !r.Deadline.IsZero() {
		faults = append(faults, checkTime("deadline", r.Deadline))
	}
	took := r.FinishedAt.Sub(r.StartedAt)
	want(took >= 0 && took <= MaxJobDuration, "finished %v after it started; want 0 to %v, check the node's clock", took, MaxJobDuration)
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("receipt of task %s: %w", r.Task.Short(), err)
	}
	return nil
}

// OnTime reports whether the job was finished by its deadline, if it had one.
func (r Receipt) OnTime() bool {
	return r.Deadline.IsZero() || unixMilli(r.FinishedAt) <= unixMilli(r.Deadline)
}

// Acceptance is the clinic's countersignature under a receipt, or its dispute.
type Acceptance struct {
	Receipt  [32]byte // Receipt.Hash: this receipt on this chain and no other
	Accepted bool
	Reason   string    // why it was disputed, for people; empty when accepted; never about a patient
	At       time.Time // the clinic's clock, in whole milliseconds
}

const acceptanceType = "Acceptance(bytes32 receipt,bool accepted,bytes32 reasonHash,uint64 at)"

var acceptanceTypeHash = crypto.Keccak256Hash([]byte(acceptanceType))

// Hash is the EIP-712 digest that the clinic signs. The reason goes in as its
// keccak256, so a chain can judge the verdict without the text.
func (a Acceptance) Hash(d Domain) [32]byte {
	var w words
	w.word(acceptanceTypeHash)
	w.word(a.Receipt)
	w.bool(a.Accepted)
	w.string(a.Reason)
	w.time(a.At)
	return d.digest(w.hash())
}

// Validate checks everything but the signature.
func (a Acceptance) Validate() error {
	if err := checkTime("acceptance", a.At); err != nil {
		return err
	}
	if err := checkText("reason", a.Reason, MaxReasonBytes); err != nil && a.Reason != "" {
		return err
	}
	if !a.Accepted && a.Reason == "" {
		return errors.New("acceptance: disputed without a reason; say why in a few words")
	}
	return nil
}

// SignedReceipt is a receipt with both signatures. Both are needed for pay.
type SignedReceipt struct {
	Receipt    Receipt
	NodeSig    Signature
	Acceptance Acceptance
	ClinicSig  Signature
	WalletSig  WalletSignature // instead of ClinicSig, when the clinic is a contract wallet
}

// Verify checks bounds, times, that the verdict is about exactly this receipt,
// and both signatures: the node's by Receipt.Node, the clinic's by
// Receipt.Clinic. A signature at fault is ErrSignature.
func (s SignedReceipt) Verify(d Domain) error { return s.VerifyWith(context.Background(), d, nil) }

// VerifyWith is Verify that also takes a contract wallet's word for the clinic, if wallets
// is not nil. A wallet that can't be asked is ErrUnchecked.
func (s SignedReceipt) VerifyWith(ctx context.Context, d Domain, wallets Wallets) error {
	if err := s.Receipt.Validate(); err != nil {
		return err
	}
	if err := s.Acceptance.Validate(); err != nil {
		return fmt.Errorf("receipt of task %s: %w", s.Receipt.Task.Short(), err)
	}
	hash := s.Receipt.Hash(d)
	if s.Acceptance.Receipt != hash {
		return fmt.Errorf("receipt of task %s: the clinic's verdict is about another receipt; have the clinic countersign this one: %w", s.Receipt.Task.Short(), ErrSignature)
	}
	if err := d.verifySigner(hash, s.NodeSig, s.Receipt.Node); err != nil {
		return fmt.Errorf("receipt of task %s: node's signature: %w", s.Receipt.Task.Short(), err)
	}
	p := party{who: s.Receipt.Clinic, hash: s.Acceptance.Hash(d), sig: s.ClinicSig, wallet: s.WalletSig}
	if err := p.verify(ctx, d, wallets); err != nil {
		return fmt.Errorf("receipt of task %s: clinic's signature: %w", s.Receipt.Task.Short(), err)
	}
	return nil
}
