package worker

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
)

// Kind names what happened.
type Kind string

// The kinds of events, in the order of a job's life.
const (
	Bid       Kind = "bid"
	Lost      Kind = "lost"
	Awarded   Kind = "awarded"
	Queued    Kind = "queued" // it waits for its turn
	Progress  Kind = "progress"
	Preempted Kind = "preempted" // stopped for an emergency; it waits again
	Resumed   Kind = "resumed"   // it goes on after a restart
	Revoked   Kind = "revoked"
	Cancelled Kind = "cancelled" // its clinic withdrew it
	Sealed    Kind = "result"
	Committed Kind = "committed" // a replica waits for the others' commitments
	Receipt   Kind = "receipt"   // both signatures are on disk
	Unsigned  Kind = "unsigned"  // the clinic took the result and did not sign
	Failed    Kind = "failed"
	Forwarded Kind = "forwarded" // the coordinator has the receipt
	Voucher   Kind = "voucher"   // the clinic has promised Price in all; it names no task
)

// Event is one step of one job.
type Event struct {
	Time   time.Time      `json:"time"`
	Task   models.Digest  `json:"task"`
	Kind   Kind           `json:"kind"`
	Clinic common.Address `json:"clinic,omitzero"`
	Fence  uint64         `json:"fence,omitempty"`
	Stage  string         `json:"stage,omitempty"`
	Done   float64        `json:"done,omitempty"` // of the stage, 0 to 1
	Price  uint64         `json:"price_gwei,omitempty"`
	Text   string         `json:"text,omitempty"`
}

func (w *Worker) emit(kind Kind, task models.Digest, e Event) {
	e.Time, e.Task, e.Kind = w.Clock.Now(), task, kind
	w.Log.Debug("job event", "task", task.Short(), "kind", string(kind), "clinic", e.Clinic, "fence", e.Fence, "text", e.Text)
	w.Events(e)
}

// note keeps a job's stage for Status and tells about it.
func (w *Worker) note(j *job, stage string, done float64) {
	w.mu.Lock()
	j.stage, j.progress = stage, done
	w.mu.Unlock()
	w.Events(Event{Time: w.Clock.Now(), Task: j.task, Kind: Progress, Clinic: j.clinic, Fence: j.fence, Stage: stage, Done: done})
}

// JobStatus is one running job.
type JobStatus struct {
	Task   models.Digest  `json:"task"`
	Clinic common.Address `json:"clinic"`
	Fence  uint64         `json:"fence"`
	Class  string         `json:"class,omitempty"` // empty for a result of an earlier life that is being sent
	Stage  string         `json:"stage"`
	Done   float64        `json:"done"`
}

// Status is a worker at one moment.
type Status struct {
	Mode            Mode           `json:"mode"`
	Closed          string         `json:"closed,omitempty"` // why it takes no work at this moment
	Idle            bool           `json:"idle"`             // nothing is promised, computes or waits for its clinic: it may be stopped without a loss
	Node            common.Address `json:"node"`
	Jurisdiction    string         `json:"jurisdiction"`
	PriceGwei       uint64         `json:"price_gwei"`
	Capacity        int            `json:"capacity"`
	StatPlaces      int            `json:"stat_places"`
	Queue           int            `json:"queue"`       // accepted jobs that may wait beyond the places
	Used            int            `json:"used"`        // places reserved for bids, waiting or working
	Waiting         int            `json:"waiting"`     // accepted jobs that wait for their turn
	Undelivered     int            `json:"undelivered"` // results on their way to their clinics
	Jobs            []JobStatus    `json:"jobs"`
	Totals          Totals         `json:"totals"`
	WaitingReceipts int            `json:"waiting_receipts"` // for the coordinator
	Unsigned        int            `json:"unsigned"`         // kept receipts of results that clinics took and did not sign
	Avoided         int            `json:"avoided"`          // clinics that the node does not bid for because of that
}

// Status is a snapshot for `medhive node status`.
func (w *Worker) Status() (Status, error) {
	waiting, err := w.store.waitingReceipts()
	if err != nil {
		return Status{}, fmt.Errorf("node status: %w", err)
	}
	unsigned, err := w.store.unsignedReceipts()
	if err != nil {
		return Status{}, fmt.Errorf("node status: %w", err)
	}
	now := w.Clock.Now()
	closed := ""
	if err := w.closed(now); err != nil {
		closed = err.Error()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := Status{Mode: w.mode, Closed: closed, Idle: len(w.jobs) == 0 && w.load.total() == 0,
		Node: w.Key.Address(), Jurisdiction: w.Jurisdiction, PriceGwei: w.Tariff().PriceGwei, Capacity: w.Capacity,
		StatPlaces: w.StatPlaces, Queue: w.Queue, Used: w.load.total(), Waiting: len(w.turns.waiting), Undelivered: w.undelivered(),
		Jobs: []JobStatus{}, Totals: w.totals, WaitingReceipts: waiting, Unsigned: unsigned}
	for _, c := range w.clinics {
		if c.avoided(0, now) {
			s.Avoided++
		}
	}
	for _, j := range w.jobs {
		status := JobStatus{Task: j.task, Clinic: j.clinic, Fence: j.fence, Stage: j.stage, Done: j.progress}
		if j.pending != nil { // not of an earlier life
			status.Class = j.pending.place.class.String()
		}
		s.Jobs = append(s.Jobs, status)
	}
	slices.SortFunc(s.Jobs, func(a, b JobStatus) int {
		return cmp.Or(strings.Compare(a.Task.String(), b.Task.String()), a.Clinic.Cmp(b.Clinic))
	})
	return s, nil
}

// Engaged reports whether a bid that keeps its place, or a job, is about this package: a
// node lets go of a package only when none is.
func (w *Worker) Engaged(pkg models.Digest) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.pending {
		if p.reserved && p.offer.Package == pkg {
			return true
		}
	}
	for _, j := range w.jobs {
		if j.pending != nil && j.pending.offer.Package == pkg {
			return true
		}
	}
	return false
}
