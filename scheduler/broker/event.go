package broker

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
)

// Kind names what happened to a task.
type Kind string

// The kinds of events, in the order of a task's life.
const (
	Sealed    Kind = "sealed"
	Offered   Kind = "offered"
	BidTaken  Kind = "bid"
	Asked     Kind = "asked" // the best known nodes, directly
	Awarded   Kind = "awarded"
	Accepted  Kind = "accepted"
	Fetching  Kind = "fetching"
	Progress  Kind = "progress"
	Committed Kind = "committed" // a replica's result is bound, and waits for the others
	Returned  Kind = "result"
	Receipt   Kind = "receipt"
	LeaseLost Kind = "lease-lost"
	TryFailed Kind = "failed"
	Regranted Kind = "regranted" // the key, to a leaseholder that was restarted
	CalledOff Kind = "called-off"
	Told      Kind = "told" // a node that was called off has stopped
	LocalRun  Kind = "local"
	Finished  Kind = "finished"
)

// Event is one step of one task, for a person's eyes and for progress bars.
type Event struct {
	Time  time.Time       `json:"time"`
	Task  models.Digest   `json:"task,omitzero"`
	Of    models.Digest   `json:"of,omitzero"`    // of a copy: the task that was submitted
	Copy  int             `json:"copy,omitempty"` // of a copy: its number, from 0
	Kind  Kind            `json:"kind"`
	State scheduler.State `json:"state,omitempty"`
	Node  common.Address  `json:"node,omitzero"`
	Fence uint64          `json:"fence,omitempty"`
	Stage string          `json:"stage,omitempty"` // of Progress
	Done  float64         `json:"done,omitempty"`  // of Progress, 0 to 1
	Price uint64          `json:"price_gwei,omitempty"`
	Text  string          `json:"text,omitempty"`
}

// BidSummary is a bid as reports show it.
type BidSummary struct {
	Node         common.Address `json:"node"`
	PriceGwei    uint64         `json:"price_gwei"`
	PromiseMS    int64          `json:"promise_ms"`
	Tier         uint8          `json:"tier"`
	Jurisdiction string         `json:"jurisdiction"`
	Won          bool           `json:"won"` // the last award went to it
}

// Phases are durations on the clinic's monotonic clock; zero when a phase did not
// happen in this process (a restart in between).
type Phases struct {
	OfferToAward time.Duration `json:"offer_to_award"` // first offer to the node's yes
	Transfer     time.Duration `json:"transfer"`       // yes to the payload in the node's memory
	Inference    time.Duration `json:"inference"`      // executor's run, seen from here
	Result       time.Duration `json:"result"`         // result sealed to result persisted here
}

// Outcome is how a task ended.
type Outcome struct {
	Task    models.Digest
	Class   scheduler.Class
	State   scheduler.State      // Resulted, Delivered or Local with a result; else Failed, Expired or Cancelled
	Reason  string               // why there is no result
	Result  []byte               // plaintext; nil without a result and after Delivered
	Receipt attest.SignedReceipt // zero of a local result, which nobody is paid for
	Bids    []BidSummary
	Node    common.Address
	Fence   uint64
	// FinishedAt is when the result was made: what its receipt says or, of a local one, when
	// it was persisted; the same after each restart.
	FinishedAt time.Time
	Phases     Phases
	Copies     []Outcome // of a copied task: each copy's own, in their order; this outcome is the winner's
}

// hasResult reports whether a task that ended in this state has, or had, a result.
func hasResult(s scheduler.State) bool {
	return s == scheduler.Resulted || s == scheduler.Delivered || s == scheduler.Local
}

// emit completes an event and hands it out.
func (b *Broker) emit(r record, kind Kind, e Event) {
	e.Time, e.Task, e.Kind, e.State = b.Clock.Now(), r.Task.ID, kind, r.Task.State
	e.Of, e.Copy = r.Parent, r.Copy
	if e.Node == (common.Address{}) && r.Task.Lease.Fence > 0 {
		e.Node, e.Fence = r.Task.Lease.Node, r.Task.Lease.Fence
	}
	level := slog.LevelDebug
	if kind == Finished {
		level = slog.LevelInfo
	}
	b.Log.Log(b.ctx, level, e.line(), "task", r.Task.ID.Short(), "kind", string(kind), "state", string(r.Task.State),
		"class", r.Class.String(), "node", e.Node, "fence", e.Fence)
	b.Events(e)
}

// outcome builds what Wait returns from a record that has ended.
func (b *Broker) outcome(ctx context.Context, r record) (Outcome, error) {
	o := Outcome{Task: r.Task.ID, Class: r.Class, State: r.Task.State, Reason: r.Task.Reason, Bids: slices.Clone(r.Bids), Phases: r.Phases}
	if r.Result == nil {
		return o, nil
	}
	lease := b.leaseOf(r)
	o.Node, o.Fence = lease.Node, lease.Fence
	o.FinishedAt = r.Result.MadeAt
	if r.Receipt != nil {
		o.Receipt, o.FinishedAt = *r.Receipt, r.Receipt.Receipt.FinishedAt
	}
	if !r.Task.Undelivered() {
		return o, nil
	}
	result, err := b.readResult(ctx, r)
	if err != nil {
		return o, fmt.Errorf("read result of task %s: %w", r.Task.ID.Short(), err)
	}
	o.Result = result
	return o, nil
}

// leaseOf is the lease that a result was made under: of a local one the clinic's own, under
// the last fence.
func (b *Broker) leaseOf(r record) scheduler.Lease {
	if r.Task.State == scheduler.Local {
		return scheduler.Lease{Node: b.Key.Address(), Fence: r.Task.Fence}
	}
	return r.Task.Lease
}

// readResult decrypts the stored ciphertext of an accepted result.
func (b *Broker) readResult(ctx context.Context, r record) ([]byte, error) {
	opener, manifest, err := r.resultOpener(b.MaxResultBytes, r.Result.Encapsulation, r.Result.Manifest, b.leaseOf(r))
	if err != nil {
		return nil, err
	}
	return b.readSealed(ctx, r.Result.Blob, manifest, opener)
}

// readSealed decrypts a stored blob; what was decrypted is returned even on an error, to be
// wiped.
func (b *Broker) readSealed(ctx context.Context, name string, m transfer.Manifest, opener *transfer.Opener) ([]byte, error) {
	blob, err := b.Blobs.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	plain := make([]byte, 0, m.PlainBytes)
	_, err = transfer.Receive(ctx, io.NewSectionReader(blob, 0, m.CipherBytes()), func() {}, opener, 0, func(_ int, part []byte) error {
		plain = append(plain, part...)
		return nil
	})
	return plain, err
}
