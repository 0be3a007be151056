package intake

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// firstStore writes what the first version would have: entries in JSON, three indexes. The
// receipts are accepted unless they were disputed, the best lease of a job is the last one.
func firstStore(t *testing.T, path string, receipts []attest.SignedReceipt, challenge attest.Challenge) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		bucket := func(name string) *bbolt.Bucket {
			b, err := tx.CreateBucketIfNotExists([]byte(name))
			must(t, err)
			return b
		}
		log := bucket(bucketLog)
		record := func(e entry) uint64 {
			data, err := json.Marshal(e)
			must(t, err)
			sequence, err := log.NextSequence()
			must(t, err)
			must(t, log.Put(number(sequence), data))
			return sequence
		}
		for _, s := range receipts {
			sequence, digest := record(entry{Receipt: &s}), s.Receipt.Hash(testDomain)
			verdict := []byte{0}
			if s.Acceptance.Accepted {
				verdict[0] = 1
				job := epoch.JobID(s.Receipt)
				must(t, bucket(firstJobs).Put(job[:], append(number(s.Receipt.Fence), number(sequence)...)))
			}
			must(t, bucket(firstReceipts).Put(digest[:], verdict))
			must(t, bucket(firstVerdicts).Put(leaseKey(&s.Receipt), digest[:]))
		}
		record(entry{Challenge: &challenge})
		return bucket(bucketEpochs).Put(number(1), number(1)) // the first receipt is counted
	}))
	must(t, db.Close())
}

// TestAStoreOfTheFirstVersion is opened as it is: its log is read, and every word of its
// indexes stands.
func TestAStoreOfTheFirstVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coordinator.db")
	counted, open := receipt(t, "scan", "node", "clinic", 1, ""), receipt(t, "scan 2", "node", "clinic", 1, "")
	better, disputed := receipt(t, "scan 2", "other node", "clinic", 3, ""), receipt(t, "scan 3", "node", "clinic", 1, "empty output")
	firstStore(t, path, []attest.SignedReceipt{counted, open, better, disputed}, answered(t, "node", 7))
	for range 2 { // and again, when the indexes are moved already
		store, db := openStore(t, path)
		for _, known := range []attest.SignedReceipt{counted, open, better, disputed} {
			store.put(t, known)
		}
		for name, s := range map[string]attest.SignedReceipt{
			"a counted job under a new lease": receipt(t, "scan", "other node", "clinic", 2, ""),
			"another node under its lease":    receipt(t, "scan", "other node", "clinic", 1, ""),
			"a stale lease":                   receipt(t, "scan 2", "node", "clinic", 2, ""),
			"an accepted dispute":             receipt(t, "scan 3", "node", "clinic", 1, ""),
		} {
			if err := store.PutReceipt(t.Context(), s.Receipt.Hash(testDomain), s); !errors.Is(err, ErrReplay) {
				t.Errorf("%s: %v, want ErrReplay", name, err)
			}
		}
		w, err := store.Seal(2)
		must(t, err)
		if len(w.Receipts) != 3 || w.Receipts[0] != open || w.Receipts[2] != disputed || len(w.Challenges) != 1 || w.Challenges[0].Answer.Uptime.Seq != 7 {
			t.Fatalf("epoch 2 holds %d receipts and %d challenges", len(w.Receipts), len(w.Challenges))
		}
		must(t, db.View(func(tx *bbolt.Tx) error {
			if tx.Bucket([]byte(firstReceipts)) != nil {
				t.Error("the first indexes are still there")
			}
			return nil
		}))
		must(t, db.Close())
	}
}

// TestTheLogIsSmall holds an entry's size, which a year of jobs multiplies.
func TestTheLogIsSmall(t *testing.T) {
	s := receipt(t, "scan", "node", "clinic", 1, "")
	data, err := entry{Receipt: &s}.encode()
	must(t, err)
	text, err := json.Marshal(entry{Receipt: &s})
	must(t, err)
	t.Logf("a receipt takes %d bytes of the log, %d in JSON", len(data), len(text))
	if len(data) > entryBytes || 3*len(data) > len(text)+len(text)/2 {
		t.Errorf("a receipt takes %d bytes, want at most %d and half of JSON's %d", len(data), entryBytes, len(text))
	}
	for name, bad := range map[string][]byte{"empty": {}, "unknown kind": {77}, "cut": data[:40]} {
		if _, err := decodeEntry(bad); err == nil {
			t.Errorf("%s entry was read", name)
		}
	}
}
