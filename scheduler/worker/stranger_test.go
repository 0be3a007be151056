package worker

import (
	"errors"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// bare is a worker that has no network: what it does with bids.
func bare(capacity, queue int) *Worker {
	return &Worker{Config: Config{Capacity: capacity, Queue: queue, Hold: DefaultHold, Clock: scheduler.SystemClock{}},
		pending: map[errand]*pending{}, jobs: map[errand]*job{}, clinics: map[common.Address]conduct{}, patience: map[common.Address]patience{},
		stirred: make(chan struct{}, 1)}
}

// bidFor makes one more bid for a clinic.
func bidFor(w *Worker, clinic common.Address, task int) (*pending, error) {
	p := &pending{offer: scheduler.Offer{Task: models.Digest{byte(task), byte(task >> 8)}, Clinic: clinic, Round: 1, Deadline: time.Now().Add(time.Hour)},
		place: place{scheduler.Routine, time.Second}, taken: make(chan struct{})}
	return p, w.enter(p)
}

func fresh(n int) common.Address { return common.BytesToAddress([]byte{7, byte(n), byte(n >> 8)}) }

// However many names a stranger has, half of the places are for clinics that have paid.
func TestStrangersHaveHalfTogether(t *testing.T) {
	w, paid := bare(1, 5), common.HexToAddress("0x1")
	w.clinics[paid] = conduct{Signed: 1}
	w.patience[paid] = patience{awarded: true}
	for n := range 100 {
		if _, err := bidFor(w, fresh(n), n); (err == nil) != (n < 3) || err != nil && !errors.Is(err, errStrangers) {
			t.Fatalf("stranger %d: %v", n, err)
		}
	}
	for n := range 4 {
		if _, err := bidFor(w, paid, n); (err == nil) != (n < 3) {
			t.Fatalf("bid %d for a clinic that has paid: %v", n, err)
		}
	}
}

// A node of one place gives it to a stranger, and takes it back for a clinic that has paid.
func TestTheOnlyPlace(t *testing.T) {
	w, paid, other := bare(1, 0), common.HexToAddress("0x1"), common.HexToAddress("0x2")
	w.clinics[paid], w.clinics[other] = conduct{Signed: 1}, conduct{Signed: 5}
	strangers, err := bidFor(w, fresh(0), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bidFor(w, fresh(1), 1); !errors.Is(err, errStrangers) {
		t.Errorf("a second stranger: %v", err)
	}
	theirs, err := bidFor(w, paid, 2)
	if err != nil || strangers.reserved || !theirs.reserved || w.load.total() != 1 {
		t.Fatalf("%v, %d places taken", err, w.load.total())
	}
	if _, err := bidFor(w, other, 3); !errors.Is(err, errNoPlace) {
		t.Errorf("another clinic that has paid: %v", err)
	}
	if w.unreserve(strangers, false); w.patience[fresh(0)].strikes > 0 || w.patience[fresh(0)].open != 0 {
		t.Errorf("the stranger bears the blame: %+v", w.patience[fresh(0)])
	}
	if w.unreserve(theirs, true); w.load != (load{}) {
		t.Errorf("places are lost: %+v", w.load)
	}
}

// Bids that are remembered for a late award are bounded, and a flood of lost ones neither
// keeps out a further one nor washes out that of a clinic that has paid, nor a job's.
func TestRememberedBidsAreBounded(t *testing.T) {
	w, paid := bare(1, 5), common.HexToAddress("0x1")
	w.clinics[paid] = conduct{Signed: 1}
	kept, err := bidFor(w, paid, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.unreserve(kept, true)
	works, err := bidFor(w, fresh(0), 0)
	if err != nil {
		t.Fatal(err)
	}
	w.unreserve(works, true)
	w.jobs[works.errand()] = &job{}
	for n := range 2 * maxPending {
		p, err := bidFor(w, fresh(n+1), n)
		if err != nil {
			t.Fatalf("bid %d: %v", n, err)
		}
		w.unreserve(p, true)
	}
	if len(w.pending) != maxPending {
		t.Errorf("%d bids are remembered", len(w.pending))
	}
	if w.pending[kept.errand()] != kept || w.pending[works.errand()] != works {
		t.Error("strangers washed out a bid that matters")
	}
}
