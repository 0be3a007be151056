package intake

import (
	"errors"
	"math/big"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/models"
)

func (b *Bolt) put(t testing.TB, s attest.SignedReceipt) {
	t.Helper()
	must(t, b.PutReceipt(t.Context(), s.Receipt.Hash(testDomain), s))
}

func TestSealIsTheSameAgainAndEndsWhereTheNextBegins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coordinator.db")
	store, db := openStore(t, path)
	store.put(t, receipt(t, "scan 1", "node", "clinic", 1, ""))
	must(t, store.PutProfile(t.Context(), profile(t, "node", `{"version":1}`, 10)))
	must(t, store.PutProfile(t.Context(), profile(t, "node", `{"version":2}`, 20)))
	must(t, store.Record(t.Context(), answered(t, "node", 1)))
	first, err := store.Seal(1)
	must(t, err)
	if len(first.Receipts) != 1 || len(first.Challenges) != 1 || len(first.Profiles) != 1 || first.Profiles[0].Statement.ProfileDigest != models.DigestOf([]byte(`{"version":2}`)) {
		t.Fatalf("window 1: %+v", first)
	}
	store.put(t, receipt(t, "scan 2", "node", "clinic", 1, ""))
	must(t, db.Close())
	store, _ = openStore(t, path)
	again, err := store.Seal(1)
	must(t, err)
	if !reflect.DeepEqual(first, again) {
		t.Fatalf("sealed again after a restart: %+v, before %+v", again, first)
	}
	second, err := store.Seal(2)
	must(t, err)
	if len(second.Receipts) != 1 || second.Receipts[0].Receipt.Task != models.DigestOf([]byte("scan 2")) || len(second.Profiles)+len(second.Challenges) != 0 {
		t.Fatalf("window 2: %+v", second)
	}
	if first, err = store.Seal(1); err != nil || len(first.Receipts) != 1 {
		t.Fatalf("sealed a third time: %+v, %v", first, err)
	}
	if _, err := store.Seal(4); err == nil {
		t.Fatal("an epoch was left out")
	}
}

func TestAStoreThatBeginsLate(t *testing.T) {
	store, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	if _, err := store.Seal(7); err != nil {
		t.Fatalf("a coordinator that takes over at epoch 7: %v", err)
	}
	if _, err := store.Seal(6); err == nil {
		t.Fatal("an epoch from before its time was sealed")
	}
}

func TestAHigherFenceReplacesInTheSameWindow(t *testing.T) {
	store, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	store.put(t, receipt(t, "scan", "node", "clinic", 1, ""))
	store.put(t, receipt(t, "scan", "other node", "clinic", 2, ""))
	store.put(t, receipt(t, "scan", "node", "other clinic", 1, "")) // another clinic's task of the same name
	if w, err := store.Seal(1); err != nil || len(w.Receipts) != 3 {
		t.Fatalf("%d receipts: %v; the epoch decides which of them count", len(w.Receipts), err)
	}
}

// built is an epoch of one window, published by a coordinator whose store is lost.
func built(t testing.TB, n uint64, w epoch.Window, prev epoch.State) epoch.Bundle {
	t.Helper()
	_, node := keyOf(t, "node")
	b, err := epoch.Build(epoch.Inputs{ChainID: 1337, Registry: testDomain.Registry, Number: n, From: n * 100, To: n*100 + 100,
		Pool: score.Wei{Int: big.NewInt(1e18)}, Parameters: score.DefaultParameters(), AnyClinic: true,
		Registrations: []epoch.Registration{{Node: node, Active: true}}, Window: w}, prev)
	must(t, err)
	return b
}

func TestARestoredStoreKnowsWhatWasPublished(t *testing.T) {
	first := built(t, 1, epoch.Window{Receipts: []attest.SignedReceipt{receipt(t, "scan", "node", "clinic", 1, "")}, Challenges: []attest.Challenge{answered(t, "node", 5)}}, epoch.State{})
	second := built(t, 2, epoch.Window{Receipts: []attest.SignedReceipt{receipt(t, "scan 2", "node", "clinic", 1, "")}}, first.State())
	// The backup is from before epoch 1 was sealed: its receipt is still in the log.
	store, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	store.put(t, receipt(t, "scan", "node", "clinic", 1, ""))
	for _, b := range []epoch.Bundle{first, second, first} {
		must(t, store.Adopt(b))
	}
	if n, err := store.LastSealed(); err != nil || n != 2 {
		t.Fatalf("last sealed %d, %v; want 2", n, err)
	}
	for _, task := range []string{"scan", "scan 2"} {
		again := receipt(t, task, "other node", "clinic", 2, "")
		if err := store.PutReceipt(t.Context(), again.Receipt.Hash(testDomain), again); !errors.Is(err, ErrReplay) {
			t.Errorf("%s under a new lease: %v, want ErrReplay", task, err)
		}
		store.put(t, receipt(t, task, "node", "clinic", 1, "")) // known: acknowledged, not counted
	}
	if err := store.Record(t.Context(), answered(t, "node", 5)); !errors.Is(err, attest.ErrSequence) {
		t.Errorf("an old uptime answer: %v", err)
	}
	store.put(t, receipt(t, "scan 3", "node", "clinic", 1, ""))
	w, err := store.Seal(3)
	must(t, err)
	if len(w.Receipts) != 1 || w.Receipts[0].Receipt.Task != models.DigestOf([]byte("scan 3")) {
		t.Fatalf("epoch 3 holds %d receipts, want the new one", len(w.Receipts))
	}
	if err := store.Adopt(built(t, 5, epoch.Window{}, epoch.State{Number: 4, To: 500})); err == nil {
		t.Error("an epoch was left out")
	}
}

func TestUptimeSequenceRisesAcrossRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coordinator.db")
	store, db := openStore(t, path)
	must(t, store.Record(t.Context(), answered(t, "node", 5)))
	must(t, db.Close())
	store, _ = openStore(t, path)
	for _, seq := range []uint64{5, 4} {
		if err := store.Record(t.Context(), answered(t, "node", seq)); !errors.Is(err, attest.ErrSequence) {
			t.Errorf("%d after 5: %v", seq, err)
		}
	}
	missed := answered(t, "node", 5)
	missed.Outcome, missed.Answer = attest.Timeout, nil
	must(t, store.Record(t.Context(), missed))
	must(t, store.Record(t.Context(), answered(t, "node", 6)))
	must(t, store.Record(t.Context(), answered(t, "other node", 1)))
	if w, err := store.Seal(1); err != nil || len(w.Challenges) != 4 {
		t.Errorf("%d challenges: %v", len(w.Challenges), err)
	}
}

func BenchmarkPutReceipt(b *testing.B) {
	store, db := openStore(b, filepath.Join(b.TempDir(), "coordinator.db"))
	db.MaxBatchDelay = time.Millisecond
	s := receipt(b, "scan", "node", "clinic", 1, "")
	b.SetParallelism(64) // as many senders as the server's streams: they share fsyncs
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			// A fresh task each: the signatures are not looked at here.
			fresh := s
			fresh.Receipt.Task = models.DigestOf([]byte(time.Now().String()))
			must(b, store.PutReceipt(b.Context(), fresh.Receipt.Hash(testDomain), fresh))
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "receipts/s")
}

func TestAnExaminationIsKeptOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coordinator.db")
	store, db := openStore(t, path)
	e := attest.Examination{Node: answered(t, "node", 1).Node, ID: [32]byte{1}, Subject: attest.ComputeRate, ClaimMOPS: 5, AskedAt: time.UnixMilli(1_790_000_000_000).UTC(), Outcome: attest.Missed}
	must(t, store.RecordExamination(t.Context(), e))
	e.Outcome = attest.OwnOutage // what a restart would say of it
	must(t, store.RecordExamination(t.Context(), e))
	must(t, db.Close())
	store, _ = openStore(t, path)
	must(t, store.RecordExamination(t.Context(), e))
	window, err := store.Seal(1)
	must(t, err)
	if len(window.Examinations) != 1 || window.Examinations[0].Outcome != attest.Missed {
		t.Fatalf("kept %+v, want the first outcome only", window.Examinations)
	}
	// A store that was lost learns from the published epoch which ids are used.
	fresh, _ := openStore(t, filepath.Join(t.TempDir(), "new.db"))
	must(t, fresh.Adopt(epoch.Bundle{Inputs: epoch.Inputs{Window: window}, Summary: epoch.Summary{Number: 1}}))
	must(t, fresh.RecordExamination(t.Context(), e))
	if window, err = fresh.Seal(2); err != nil || len(window.Examinations) != 0 {
		t.Errorf("an examination of epoch 1 again in epoch 2: %+v, %v", window.Examinations, err)
	}
	// What can't come again needs no index.
	must(t, store.ForgetExamination(t.Context(), e.ID))
	must(t, store.db.View(func(tx *bbolt.Tx) error {
		if key, _ := tx.Bucket([]byte(bucketExams)).Cursor().First(); key != nil {
			t.Errorf("examination %x is still in the index", key[:4])
		}
		return nil
	}))
}
