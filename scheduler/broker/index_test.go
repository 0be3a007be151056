package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// shelf is a task database with records that a test makes.
type shelf struct {
	t *testing.T
	store
	begin time.Time
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "state.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.NoSync = true
	s := &shelf{t: t, store: store{db: db}, begin: time.Unix(1_800_000_000, 0)}
	s.open()
	return s
}

// open is a start of the clinic.
func (s *shelf) open() {
	s.t.Helper()
	var err error
	if s.store, err = openStore(s.db, [32]byte{1}); err != nil {
		s.t.Fatal(err)
	}
}

func numbered(n int) models.Digest { return models.DigestOf(fmt.Append(nil, n)) }

// put writes the n-th task, submitted n minutes after the beginning.
func (s *shelf) put(n int, state scheduler.State, change func(*record)) record {
	s.t.Helper()
	at := s.begin.Add(time.Duration(n) * time.Minute)
	r := record{Task: scheduler.Task{ID: numbered(n), State: state, Fence: uint64(n), Deadline: at.Add(time.Hour)}, Submitted: at, Tries: map[common.Address]int{}}
	if change != nil {
		change(&r)
	}
	if err := s.create(nil, []record{r}); err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *shelf) pendingIDs() (ids []models.Digest) {
	s.t.Helper()
	records, err := s.pending()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range records {
		ids = append(ids, r.Task.ID)
	}
	return ids
}

func (s *shelf) left() (ids []models.Digest) {
	s.t.Helper()
	list, err := s.newest(0)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, one := range list {
		ids = append(ids, one.Task)
	}
	return ids
}

func same(a, b []models.Digest) bool {
	order := func(a, b models.Digest) int { return slices.Compare(a[:], b[:]) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order))
}

// What a start has to do is found without a look at what has ended, however much there is.
func TestOnlyOpenTasksAreRead(t *testing.T) {
	s := newShelf(t)
	states := []scheduler.State{scheduler.Open, scheduler.Offered, scheduler.Leased, scheduler.Running, scheduler.Resulted, scheduler.Local,
		scheduler.Delivered, scheduler.Failed, scheduler.Expired, scheduler.Cancelled}
	somebody, err := peer.Decode("12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN")
	if err != nil {
		t.Fatal(err)
	}
	var want []models.Digest
	for n, state := range states {
		s.put(n, state, nil)
		if n < 6 {
			want = append(want, numbered(n))
		}
	}
	s.put(20, scheduler.Cancelled, func(r *record) { r.Withdrawals = []withdrawal{{Peer: somebody, Fence: 1}} })
	s.put(21, scheduler.Failed, func(r *record) { r.ContentKey = []byte{1} })
	want = append(want, numbered(20), numbered(21))
	damaged := s.put(22, scheduler.Delivered, nil)
	err = s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(tasksBucket).Put(damaged.Task.ID[:], []byte("{")) })
	if err != nil {
		t.Fatal(err)
	}
	if got := s.pendingIDs(); !same(got, want) {
		t.Errorf("%d records are read, want %d", len(got), len(want))
	}
	for _, id := range want { // they end
		_, err := s.update(id, func(r *record) error {
			r.Task.State, r.Task.Taken, r.Withdrawals, r.ContentKey = scheduler.Delivered, true, nil, nil
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := s.pendingIDs(); len(got) > 0 {
		t.Errorf("%d records are still read", len(got))
	}
}

func TestDatabaseOfTheTimeBeforeTheIndexIsTakenOver(t *testing.T) {
	s := newShelf(t)
	old := func(r *record) { r.Submitted = time.Time{} }
	s.put(1, scheduler.Delivered, old)
	s.put(3, scheduler.Open, old)
	s.put(2, scheduler.Resulted, old)
	err := s.db.Update(func(tx *bbolt.Tx) error { return errors.Join(tx.DeleteBucket(openBucket), tx.DeleteBucket(ageBucket)) })
	if err != nil {
		t.Fatal(err)
	}
	want := []models.Digest{numbered(3), numbered(2), numbered(1)}
	if got := s.left(); !slices.Equal(got, want) { // as `medhive clinic tasks` reads it beside
		t.Errorf("before: %v", got)
	}
	s.open()
	if got := s.left(); !slices.Equal(got, want) {
		t.Errorf("newest first: %v", got)
	}
	if got := s.pendingIDs(); !same(got, want[:2]) {
		t.Errorf("open: %v", got)
	}
}

func TestNewestTasksComeFirst(t *testing.T) {
	s := newShelf(t)
	for n := range 10 {
		s.put((n*7)%10, scheduler.Delivered, nil)
	}
	list, err := s.newest(3)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d lines, %v", len(list), err)
	}
	for n, one := range list {
		if one.Task != numbered(9-n) {
			t.Errorf("line %d is another task", n)
		}
	}
	if _, err := s.update(numbered(0), func(r *record) error { r.Submitted = s.begin.Add(time.Hour); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := s.left(); got[0] != numbered(0) || len(got) != 10 {
		t.Errorf("a task that was submitted once more is not the newest of %d", len(got))
	}
}

// Old tasks go with all of their copies; what somebody still waits for stays, and no fence
// comes twice.
func TestOldTasksAreRetired(t *testing.T) {
	s := newShelf(t)
	for n := range 20 {
		s.put(n, scheduler.Delivered, nil)
	}
	waits := s.put(30, scheduler.Resulted, func(r *record) { r.Submitted = s.begin })
	copies := func(parent int, late time.Duration, second scheduler.State) (records []record) {
		for n := range 2 {
			records = append(records, record{Task: scheduler.Task{ID: scheduler.CopyID(numbered(parent), n), State: scheduler.Delivered, Deadline: s.begin},
				Parent: numbered(parent), Copy: n, Copies: 2, Submitted: s.begin})
		}
		records[1].Submitted, records[1].Task.State = s.begin.Add(late), second
		if err := s.create(&scheduler.Group{Parent: numbered(parent), Copying: scheduler.Hedged, Copies: 2}, records); err != nil {
			t.Fatal(err)
		}
		return records
	}
	gone, younger, open := copies(40, 0, scheduler.Cancelled), copies(50, time.Hour, scheduler.Cancelled), copies(60, 0, scheduler.Running)
	removed := 0
	for from := []byte(nil); ; {
		n, next, err := s.retire(s.begin.Add(10*time.Minute), from, 3)
		if err != nil {
			t.Fatal(err)
		}
		if removed += n; next == nil {
			break
		}
		from = next
	}
	if removed != 12 {
		t.Errorf("%d records were removed, want 10 and two copies", removed)
	}
	want := []models.Digest{waits.Task.ID, younger[0].Task.ID, younger[1].Task.ID, open[0].Task.ID, open[1].Task.ID}
	for n := range 10 {
		want = append(want, numbered(10+n))
	}
	if got := s.left(); !same(got, want) {
		t.Errorf("%d records are left, want %d", len(got), len(want))
	}
	if _, _, err := s.families(gone[0].Parent); !errors.Is(err, ErrUnknownTask) {
		t.Errorf("a retired task is still known: %v", err)
	}
	if _, _, err := s.families(open[0].Parent); err != nil {
		t.Error(err)
	}
	for n, want := range []uint64{0, 1, 2} {
		if fence, err := s.lastFence(numbered(n)); fence != want || err != nil {
			t.Errorf("task %d begins again after fence %d, %v; want %d", n, fence, err, want)
		}
	}
	if n, next, err := s.retire(s.begin.Add(10*time.Minute), nil, 100); n != 0 || next != nil || err != nil {
		t.Errorf("a second time %d are removed, %v", n, err)
	}
}

func TestTasksAreFoundByTheBeginningOfTheirID(t *testing.T) {
	s := newShelf(t)
	for n := range 300 { // two digits name several
		s.put(n, scheduler.Delivered, nil)
	}
	parent := numbered(1000)
	var records []record
	for n := range 2 {
		records = append(records, record{Task: scheduler.Task{ID: scheduler.CopyID(parent, n), State: scheduler.Running}, Parent: parent, Copy: n, Copies: 2, Submitted: s.begin})
	}
	if err := s.create(&scheduler.Group{Parent: parent, Copying: scheduler.Hedged, Copies: 2}, records); err != nil {
		t.Fatal(err)
	}
	b := &Broker{store: s.store}
	for _, begin := range []string{parent.String(), parent.String()[7:], scheduler.CopyID(parent, 1).String(), parent.String()[7:30], parent.String()[7:21]} {
		list, err := b.Family(begin)
		if err != nil || len(list) != 2 || list[0].Task != parent || list[1].Copy != 1 {
			t.Errorf("%s: %+v, %v", begin, list, err)
		}
	}
	for _, begin := range []string{"", "sha256:", "xyz", "0/", parent.String() + "00", "ffffffffffffffff"} {
		if _, err := b.Family(begin); !errors.Is(err, ErrUnknownTask) {
			t.Errorf("%q: %v", begin, err)
		}
	}
	if _, err := b.Family(numbered(1).String()[7:8]); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("one digit of 300 tasks: %v", err)
	}
}

func TestRefusedProvidersAreCountedByName(t *testing.T) {
	if word := criterion(fmt.Errorf("bid: %w", scheduler.ErrProvider)); word != "provider" {
		t.Errorf("counted as %q", word)
	}
}

// What nobody asks for any more is not kept for a month: manifests, keys, the losers' bids.
func TestDeliveredRecordsAreSmall(t *testing.T) {
	s := newShelf(t)
	r := s.put(1, scheduler.Resulted, func(r *record) {
		r.PayloadManifest, r.ContentKey, r.ResultKey = make([]byte, 8<<10), make([]byte, 32), make([]byte, 32)
		r.Result = &resultRecord{Blob: "result", Encapsulation: make([]byte, 1<<10), Manifest: make([]byte, 8<<10)}
		r.Bids = make([]BidSummary, maxBids)
		r.Bids[7] = BidSummary{Tier: 7, Won: true}
	})
	written, err := s.update(r.Task.ID, func(r *record) error {
		r.Task.State = scheduler.Delivered
		r.forgetDelivered()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(written)
	if err != nil || len(data) > 2<<10 {
		t.Errorf("%d bytes are kept, %v", len(data), err)
	}
	if len(written.Bids) != 1 || written.Bids[0].Tier != 7 || written.status().Bids != maxBids {
		t.Errorf("%d bids are kept of %d", len(written.Bids), written.status().Bids)
	}
	if len(s.pendingIDs()) != 0 {
		t.Error("it is still open")
	}
}
