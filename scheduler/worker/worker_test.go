package worker

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

func newStore(t *testing.T) (store, Totals) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "state.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, totals, err := openStore(db)
	if err != nil {
		t.Fatal(err)
	}
	return s, totals
}

// receipt has the form that the outbox keeps; its signatures are not checked here.
func receipt(price uint64, accepted bool) *attest.SignedReceipt {
	d, at := models.DigestOf([]byte("x")), time.UnixMilli(1_800_000_000_000).UTC()
	r := &attest.SignedReceipt{
		Receipt: attest.Receipt{Task: d, Fence: 1, Node: common.HexToAddress("0x1"), Clinic: common.HexToAddress("0x2"), RequestHash: d,
			ManifestDigest: d, WeightsDigest: d, Provider: "cpu", Runtime: "test 1.0", OutputHash: d, StartedAt: at, FinishedAt: at,
			EnergyBasis: "unmeasured", PriceGwei: price},
		Acceptance: attest.Acceptance{Accepted: accepted, At: at},
	}
	if !accepted {
		r.Acceptance.Reason = "no"
	}
	return r
}

func TestOutboxKeepsOrderAndTotals(t *testing.T) {
	s, totals := newStore(t)
	if totals != (Totals{}) {
		t.Fatalf("a new node has %+v", totals)
	}
	for n, r := range []*attest.SignedReceipt{receipt(10, true), nil, receipt(20, false), receipt(30, true)} {
		task := models.DigestOf([]byte{byte(n)})
		if err := s.putJob(record{Task: task, Fence: 1}); err != nil {
			t.Fatal(err)
		}
		var err error
		if totals, err = s.settle(errand{task: task}, ending{receipt: r}); err != nil {
			t.Fatal(err)
		}
	}
	if want := (Totals{Accepted: 2, Disputed: 1, Failed: 1, EarnedGwei: 40}); totals != want {
		t.Errorf("totals %+v, want %+v", totals, want)
	}
	if jobs, err := s.jobs(); err != nil || len(jobs) != 0 {
		t.Errorf("%d jobs left, %v", len(jobs), err)
	}
	for _, price := range []uint64{10, 20, 30} {
		key, r, err := s.firstReceipt()
		if err != nil || r == nil || r.Receipt.PriceGwei != price {
			t.Fatalf("got %+v, %v; want the receipt of %d gwei", r, err, price)
		}
		if err := s.dropReceipt(key); err != nil {
			t.Fatal(err)
		}
	}
	if _, r, err := s.firstReceipt(); r != nil || err != nil {
		t.Errorf("the outbox is not empty: %v", err)
	}
	_, again, err := openStore(s.db)
	if err != nil || again != totals {
		t.Errorf("after a restart: %+v, %v", again, err)
	}
}

func TestConfigRefuses(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a worker without anything was made")
	}
}

func TestRequestHash(t *testing.T) {
	if _, err := requestHash("not a cid"); err == nil {
		t.Error("noise has a hash")
	}
	if _, err := requestHash("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"); err != nil {
		t.Errorf("any SHA-256 CID will do: %v", err)
	}
}

// A job's record of the first version, which could not go on after a restart, is still read.
func TestOldRecordIsRead(t *testing.T) {
	s, _ := newStore(t)
	task := models.DigestOf([]byte("old"))
	old := fmt.Sprintf(`{"task":%q,"fence":3,"clinic":"0x0000000000000000000000000000000000000002","peer":"16Uiu2HAm3rhkD8HtXFkQWMsHCSzVNVVVzN5PrMzMPNaEeXpGhtoW",`+
		`"addresses":["/ip4/127.0.0.1/tcp/1"],"give_up":"2026-11-21T10:00:00Z"}`, task)
	err := s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(jobsBucket).Put(task[:], []byte(old)) })
	if err != nil {
		t.Fatal(err)
	}
	records, err := s.jobs()
	if err != nil || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	r := records[0]
	if r.Task != task || r.Fence != 3 || r.Terms != nil || r.Sealed != nil || !r.Taken.IsZero() {
		t.Errorf("%+v", r)
	}
	if j := restored(t.Context(), r); j.slot || j.pending != nil {
		t.Error("it takes a place although it can't go on")
	}
	if _, _, err := openStore(s.db); err != nil { // the next start knows it by its clinic, too
		t.Fatal(err)
	}
	if records, err := s.jobs(); err != nil || !reflect.DeepEqual(records, []record{r}) {
		t.Errorf("after the next start: %+v, %v", records, err)
	}
	if _, err := s.settle(r.errand(), ending{}); err != nil {
		t.Fatal(err)
	}
	if records, err := s.jobs(); err != nil || len(records) > 0 {
		t.Errorf("after its end: %+v, %v", records, err)
	}
}

// What was deleted is noted before and forgotten after, with no write of its own.
func TestLitterIsForgotten(t *testing.T) {
	s, _ := newStore(t)
	for _, step := range []struct {
		end  ending
		want []string
	}{
		{ending{litter: "a"}, []string{"a"}},
		{ending{litter: "b"}, []string{"a", "b"}},
		{ending{litter: "c", swept: []string{"a", "b"}}, []string{"c"}},
		{ending{swept: []string{"c"}}, nil},
	} {
		if _, err := s.settle(errand{task: models.DigestOf([]byte("x"))}, step.end); err != nil {
			t.Fatal(err)
		}
		if names, err := s.litter(); err != nil || !slices.Equal(names, step.want) {
			t.Errorf("after %+v: %v, %v", step.end, names, err)
		}
	}
}
