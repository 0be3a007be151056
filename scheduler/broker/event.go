package broker

import (
	"context"
	"fmt"
	"io"
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
	Awarded   Kind = "awarded"
	Accepted  Kind = "accepted"
	Fetching  Kind = "fetching"
	Progress  Kind = "progress"
	Returned  Kind = "result"
	Receipt   Kind = "receipt"
	LeaseLost Kind = "lease-lost"
	TryFailed Kind = "failed"
	Finished  Kind = "finished"
)

// Event is one step of one task, for a person's eyes and for progress bars.
type Event struct {
	Time  time.Time       `json:"time"`
	Task  models.Digest   `json:"task,omitzero"`
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
	State   scheduler.State // Resulted or Delivered with a result; else Failed, Expired or Cancelled
	Reason  string          // why there is no result
	Result  []byte          // plaintext; nil without a result and after Delivered
	Receipt attest.SignedReceipt
	Bids    []BidSummary
	Node    common.Address
	Fence   uint64
	Phases  Phases
}

// emit completes an event and hands it out.
func (b *Broker) emit(r record, kind Kind, e Event) {
	e.Time, e.Task, e.Kind, e.State = b.Clock.Now(), r.Task.ID, kind, r.Task.State
	if e.Node == (common.Address{}) && r.Task.Lease.Fence > 0 {
		e.Node, e.Fence = r.Task.Lease.Node, r.Task.Lease.Fence
	}
	b.Log.Debug("task event", "task", r.Task.ID.Short(), "kind", string(kind), "state", string(r.Task.State),
		"node", e.Node, "fence", e.Fence, "stage", e.Stage, "text", e.Text)
	b.Events(e)
}

// outcome builds what Wait returns from a record that has ended.
func (b *Broker) outcome(ctx context.Context, r record) (Outcome, error) {
	o := Outcome{Task: r.Task.ID, Class: r.Class, State: r.Task.State, Reason: r.Task.Reason, Bids: slices.Clone(r.Bids), Phases: r.Phases}
	if r.Result == nil {
		return o, nil
	}
	o.Node, o.Fence = r.Task.Lease.Node, r.Task.Lease.Fence
	if r.Receipt != nil {
		o.Receipt = *r.Receipt
	}
	if r.Task.State == scheduler.Delivered {
		return o, nil
	}
	result, err := b.readResult(ctx, r)
	if err != nil {
		return o, fmt.Errorf("read result of task %s: %w", r.Task.ID.Short(), err)
	}
	o.Result = result
	return o, nil
}

// readResult decrypts the stored ciphertext of an accepted result.
func (b *Broker) readResult(ctx context.Context, r record) ([]byte, error) {
	opener, manifest, err := r.resultOpener(b.MaxResultBytes, r.Result.Encapsulation, r.Result.Manifest, r.Task.Lease)
	if err != nil {
		return nil, err
	}
	blob, err := b.Blobs.Open(ctx, r.Result.Blob)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	plain := make([]byte, 0, manifest.PlainBytes)
	_, err = transfer.Receive(ctx, io.NewSectionReader(blob, 0, manifest.CipherBytes()), func() {}, opener, 0, func(_ int, part []byte) error {
		plain = append(plain, part...)
		return nil
	})
	return plain, err
}

// TaskStatus is one line of a clinic's status.
type TaskStatus struct {
	Task     models.Digest   `json:"task"`
	State    scheduler.State `json:"state"`
	Class    string          `json:"class"`
	Node     common.Address  `json:"node,omitzero"`
	Fence    uint64          `json:"fence"`
	Round    uint32          `json:"round"`
	Bids     int             `json:"bids"`
	Deadline time.Time       `json:"deadline"`
	Reason   string          `json:"reason,omitempty"`
}

// Status lists every task in the database.
func (b *Broker) Status() ([]TaskStatus, error) {
	records, err := b.store.all()
	if err != nil {
		return nil, fmt.Errorf("task status: %w", err)
	}
	list := make([]TaskStatus, 0, len(records))
	for _, r := range records {
		list = append(list, TaskStatus{Task: r.Task.ID, State: r.Task.State, Class: r.Class.String(), Node: r.Task.Lease.Node,
			Fence: r.Task.Fence, Round: r.Task.Round, Bids: len(r.Bids), Deadline: r.Task.Deadline, Reason: r.Task.Reason})
	}
	return list, nil
}
