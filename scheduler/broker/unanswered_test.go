package broker

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

func TestPauseAfterAwardsWithoutAYes(t *testing.T) {
	for n, want := range []time.Duration{0, 0, 0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, maxPause, maxPause} {
		if got := pauseAfter(n); got != want {
			t.Errorf("after %d: %v, want %v", n, got, want)
		}
	}
	if got := pauseAfter(1 << 40); got != maxPause {
		t.Errorf("after very many: %v", got)
	}
}

// quietTask is an open task of a broker that talks to nobody.
func quietTask(clock scheduler.Clock) *task {
	b := &Broker{Config: Config{Clock: clock, Score: func(common.Address) float64 { return 1 }, BidWindow: DefaultBidWindow, STATWindow: DefaultSTATWindow},
		absent: newAbsences(clock), proven: newProven(), held: map[common.Address]int{}}
	id := models.DigestOf([]byte("task"))
	return newTask(b, record{Task: scheduler.NewTask(id, clock.Now().Add(time.Hour), 8), Tries: map[common.Address]int{}})
}

// persist gives a quiet task a database.
func (t *task) persist(test *testing.T) {
	test.Helper()
	db, err := bbolt.Open(filepath.Join(test.TempDir(), "state.db"), 0o600, nil)
	if err != nil {
		test.Fatal(err)
	}
	test.Cleanup(func() { db.Close() })
	b := t.b
	if b.store, err = openStore(db, [32]byte{1}); err != nil {
		test.Fatal(err)
	}
	b.tally, b.unread, b.Events, b.Log, b.Lease = newTally(), newUnread(), func(Event) {}, slog.New(slog.DiscardHandler), DefaultLease
	if err := b.store.create(nil, []record{t.rec}); err != nil {
		test.Fatal(err)
	}
}

func (t *task) bidFrom(n byte) {
	node := common.BytesToAddress([]byte{1, n})
	t.bids = append(t.bids, bidder{bid: scheduler.Bid{Node: node, PriceGwei: 1000, Promise: time.Minute},
		seat: scheduler.Seat{Node: node, Operator: node}, at: t.b.Clock.Now()})
}

// A spare that is older than nodes hold a place is not awarded, and takes nobody's place.
func TestOldSparesAreNoCandidates(t *testing.T) {
	clock := &stoppedClock{time.Unix(1_800_000_000, 0)}
	tk := quietTask(clock)
	tk.bidFrom(1)
	clock.now = clock.now.Add(spareLife - time.Second)
	tk.bidFrom(2)
	for n, want := range []int{2, 2, 1, 1, 1, 1, 0} {
		if got := len(tk.candidates()); got != want {
			t.Errorf("%d s later %d candidates, want %d", n, got, want)
		}
		clock.now = clock.now.Add(time.Second)
	}
	if tk.hasFreshSpare() {
		t.Error("an old spare counts as fresh")
	}
	if tk.dropStale(clock.now); len(tk.bids) != 0 {
		t.Errorf("%d old bids are kept", len(tk.bids))
	}
	tk.b.BidWindow = time.Minute // no bid ages within its own round
	tk.bidFrom(3)
	clock.now = clock.now.Add(time.Minute)
	if len(tk.candidates()) != 1 {
		t.Error("a bid aged in its own round")
	}
}

// The third award in a row without a yes ends the use of spares: the task waits and asks anew.
func TestThreeAwardsWithoutAYesEndTheRound(t *testing.T) {
	clock := &stoppedClock{time.Unix(1_800_000_000, 0)}
	tk := quietTask(clock)
	for range patientAfter - 1 {
		tk.bidFrom(1)
		tk.noYes()
		if !tk.pauseUntil.IsZero() || !tk.hasFreshSpare() {
			t.Fatal("it pauses too soon")
		}
	}
	tk.noYes()
	if len(tk.bids) != 0 || !tk.pauseUntil.Equal(clock.now.Add(firstPause)) {
		t.Fatalf("%d bids are kept, the pause ends at %v", len(tk.bids), tk.pauseUntil)
	}
	tk.bidFrom(2) // one that comes meanwhile has to wait too
	if err := tk.step(); err != nil || tk.rec.Task.State != scheduler.Open {
		t.Errorf("in the pause it is %s, %v", tk.rec.Task.State, err)
	}
	if got := tk.nextTimer(); !got.Equal(tk.pauseUntil) {
		t.Errorf("the timer is set for %v, the pause ends at %v", got, tk.pauseUntil)
	}
}

// Only awards that ended without a yes are counted, and a yes begins anew.
func TestAwardsAreCountedUntilAYes(t *testing.T) {
	clock := &stoppedClock{time.Unix(1_800_000_000, 0)}
	tk := quietTask(clock)
	tk.persist(t)
	b := tk.b
	node := common.HexToAddress("0x01")
	for n, c := range []struct {
		yes  bool
		want int
	}{{false, 1}, {false, 2}, {true, 0}, {false, 1}, {false, 2}, {false, 3}} {
		next, err := tk.rec.Task.Award(node, clock.now, b.Lease)
		if err != nil {
			t.Fatal(err)
		}
		if err := tk.save(func(r *record) { r.Task = next }); err != nil {
			t.Fatal(err)
		}
		if c.yes {
			if err := tk.accepted(next.Lease, attest.Pledge{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := tk.release(next.Fence, TryFailed, lossSilent, "no answer"); err != nil {
			t.Fatal(err)
		}
		if tk.unanswered != c.want {
			t.Errorf("after award %d: %d without a yes, want %d", n+1, tk.unanswered, c.want)
		}
	}
	if !tk.pauseUntil.After(clock.now) || tk.rec.Task.MaxAttempts != 8+5 {
		t.Errorf("pause until %v, %d attempts", tk.pauseUntil, tk.rec.Task.MaxAttempts)
	}
}
