package worker

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// The worker's buckets. Receipts are keyed by an ascending number, so that they
// are forwarded in order.
var (
	jobsBucket    = []byte("worker.jobs.v1")
	receiptBucket = []byte("worker.receipts.v1")
	totalsBucket  = []byte("worker.totals.v1")
	litterBucket  = []byte("worker.litter.v1") // names of ciphertext that nobody needs any more
	totalsKey     = []byte("totals")
)

// Totals counts what this node did since its database exists.
type Totals struct {
	Accepted   uint64 `json:"accepted"`    // receipts that a clinic countersigned
	Disputed   uint64 `json:"disputed"`    // receipts that a clinic disputed
	Failed     uint64 `json:"failed"`      // jobs given up or refused
	EarnedGwei uint64 `json:"earned_gwei"` // agreed prices of accepted receipts
}

// count adds one ended job; receipt is nil when it brought none.
func (t *Totals) count(receipt *attest.SignedReceipt) {
	switch {
	case receipt == nil:
		t.Failed++
	case !receipt.Acceptance.Accepted:
		t.Disputed++
	default:
		t.Accepted++
		t.EarnedGwei += receipt.Receipt.PriceGwei
	}
}

// record is a promise on disk: an accepted job, then its sealed result.
type record struct {
	Task      models.Digest  `json:"task"`
	Fence     uint64         `json:"fence"`
	Clinic    common.Address `json:"clinic"`
	Peer      peer.ID        `json:"peer"`
	Addresses []string       `json:"addresses"`
	GiveUp    time.Time      `json:"give_up"`         // nobody wants the result after this
	Terms     *terms         `json:"terms,omitempty"` // nil in records of versions that could not go on after a restart
	Sealed    *sealed        `json:"sealed,omitempty"`
	Taken     time.Time      `json:"taken,omitzero"` // when the clinic had the whole sealed result first
}

func (r record) errand() errand { return errand{r.Clinic, r.Task} }

// model is the package that the job asks for, as far as an older version's record tells.
func (r record) model() models.Digest {
	switch {
	case r.Terms != nil:
		return r.Terms.Package
	case r.Sealed != nil:
		return r.Sealed.Receipt.ManifestDigest
	}
	return models.Digest{}
}

// blob names the ciphertext of the job's result, whether or not there is one.
func (r record) blob() string {
	if r.Sealed != nil {
		return r.Sealed.Blob // an older version's name, perhaps
	}
	return resultBlob(r.errand(), r.Fence)
}

// key is the key of a job's record: 20 bytes of the clinic, 32 of the task.
func (e errand) key() []byte { return slices.Concat(e.clinic[:], e.task[:]) }

// rekey moves records of versions that knew a job by its task alone.
func rekey(jobs *bbolt.Bucket) error {
	old := map[string]record{}
	err := jobs.ForEach(func(k, data []byte) error {
		if len(k) != len(models.Digest{}) {
			return nil
		}
		var r record
		if err := json.Unmarshal(data, &r); err != nil {
			return fmt.Errorf("a job's record is damaged: %w; restore the database from its backup", err)
		}
		old[string(k)] = r
		return nil
	})
	if err != nil {
		return err
	}
	for k, r := range old {
		data := slices.Clone(jobs.Get([]byte(k)))
		if err := jobs.Delete([]byte(k)); err != nil {
			return err
		}
		if err := jobs.Put(r.errand().key(), data); err != nil {
			return err
		}
	}
	return nil
}

// terms are what a restarted node needs to go on with an accepted job, but for the content
// key: that is never on disk, and the clinic gives it again to whoever holds the lease.
type terms struct {
	Package      models.Digest   `json:"package"`
	Manifest     models.Digest   `json:"manifest"`
	Weights      models.Digest   `json:"weights"`
	Payload      string          `json:"payload"`
	PayloadBytes int64           `json:"payload_bytes"`
	Class        scheduler.Class `json:"class"`
	Deadline     time.Time       `json:"deadline"`
	PriceGwei    uint64          `json:"price_gwei"`
	Promise      time.Duration   `json:"promise_ns"` // from Accepted
	Work         time.Duration   `json:"work_ns"`    // of it, the job's own part
	Lease        time.Duration   `json:"lease_ns"`
	ResultKey    []byte          `json:"result_key"` // public
	Accepted     time.Time       `json:"accepted"`
	Commit       bool            `json:"commit,omitempty"` // to be committed to before it is shown
}

// sealed is a result that waits for its clinic's acknowledgement.
type sealed struct {
	Blob          string           `json:"blob"`
	Encapsulation []byte           `json:"encapsulation"`
	Manifest      []byte           `json:"manifest"`
	Receipt       attest.Receipt   `json:"receipt"`
	Signature     attest.Signature `json:"signature"`
	Salt          []byte           `json:"salt,omitempty"` // of a replica: opens its commitment
}

// saltBytes is the length of a commitment's salt.
const saltBytes = 32

// store is the worker's part of the database; every write is fsynced.
type store struct{ db *bbolt.DB }

func openStore(db *bbolt.DB) (store, Totals, error) {
	var totals Totals
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{jobsBucket, receiptBucket, totalsBucket, modeBucket, litterBucket, clinicsBucket, unsignedBucket, accountBucket, earnedBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		if err := rekey(tx.Bucket(jobsBucket)); err != nil {
			return err
		}
		if data := tx.Bucket(totalsBucket).Get(totalsKey); data != nil {
			return json.Unmarshal(data, &totals)
		}
		return nil
	})
	if err != nil {
		return store{}, totals, fmt.Errorf("open worker's database: %w", err)
	}
	return store{db}, totals, nil
}

func (s store) putJob(r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("persist job %s: %w", r.Task.Short(), err)
	}
	err = s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(jobsBucket).Put(r.errand().key(), data) })
	if err != nil {
		return fmt.Errorf("persist job %s: %w", r.Task.Short(), err)
	}
	return nil
}

// ending is how a job ended.
type ending struct {
	receipt   *attest.SignedReceipt // nil when it brought none
	owed      *UnsignedReceipt      // nil unless the clinic took the result for nothing
	clinic    common.Address
	conduct   *conduct        // of the clinic from now on; nil: as before
	forgotten *common.Address // whose conduct makes room for it
	account   *account        // of the clinic from now on; nil: as before
	payment   *Payment        // that the account is of
	at        time.Time       // when
	model     models.Digest   // the package that ran
	litter    string          // ciphertext to be deleted now
	swept     []string        // ciphertext of earlier jobs that is gone
}

// settle ends a job: its record goes, its receipt (if any) enters the outbox, and the
// totals and the clinic's conduct move, in one transaction.
func (s store) settle(about errand, e ending) (totals Totals, err error) {
	err = s.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.Bucket(jobsBucket).Delete(about.key()); err != nil {
			return err
		}
		if err := putLitter(tx, e.litter, e.swept); err != nil {
			return err
		}
		if e.receipt != nil {
			data, err := json.Marshal(e.receipt)
			if err != nil {
				return err
			}
			if err := appendTo(tx.Bucket(receiptBucket), data); err != nil {
				return err
			}
		}
		if e.receipt != nil && e.receipt.Acceptance.Accepted {
			if err := putEarned(tx, e.model, e.receipt, e.at); err != nil {
				return err
			}
		}
		if e.account != nil {
			if err := putAccount(tx, e.payment, e.clinic, *e.account); err != nil {
				return err
			}
		}
		if e.owed != nil {
			if err := putUnsigned(tx, *e.owed); err != nil {
				return err
			}
		}
		if e.conduct != nil {
			if err := putConduct(tx, e.clinic, *e.conduct, e.forgotten); err != nil {
				return err
			}
		}
		if data := tx.Bucket(totalsBucket).Get(totalsKey); data != nil {
			if err := json.Unmarshal(data, &totals); err != nil {
				return err
			}
		}
		totals.count(e.receipt)
		data, err := json.Marshal(totals)
		if err != nil {
			return err
		}
		return tx.Bucket(totalsBucket).Put(totalsKey, data)
	})
	if err != nil {
		return totals, fmt.Errorf("persist end of job %s: %w", about.task.Short(), err)
	}
	return totals, nil
}

// putLitter notes ciphertext that is about to be deleted, so that a crash leaves none, and
// forgets what is gone.
func putLitter(tx *bbolt.Tx, litter string, swept []string) error {
	bucket := tx.Bucket(litterBucket)
	for _, name := range swept {
		if err := bucket.Delete([]byte(name)); err != nil {
			return err
		}
	}
	if litter == "" {
		return nil
	}
	return bucket.Put([]byte(litter), []byte{})
}

// litter lists the ciphertext that a process before did not come to delete, or did just
// before it ended.
func (s store) litter() (names []string, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(litterBucket).ForEach(func(k, _ []byte) error {
			names = append(names, string(k))
			return nil
		})
	})
	return names, err
}

// appendTo adds a value under the bucket's next number.
func appendTo(bucket *bbolt.Bucket, data []byte) error {
	seq, err := bucket.NextSequence()
	if err != nil {
		return err
	}
	return bucket.Put(binary.BigEndian.AppendUint64(nil, seq), data)
}

func (s store) jobs() (records []record, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(jobsBucket).ForEach(func(_, data []byte) error {
			var r record
			if err := json.Unmarshal(data, &r); err != nil {
				return fmt.Errorf("a job's record is damaged: %w; restore the database from its backup", err)
			}
			records = append(records, r)
			return nil
		})
	})
	return records, err
}

// firstReceipt is the oldest receipt that waits; nil when there is none.
func (s store) firstReceipt() (key []byte, receipt *attest.SignedReceipt, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		k, data := tx.Bucket(receiptBucket).Cursor().First()
		if k == nil {
			return nil
		}
		key = append(key, k...)
		decoded, err := attest.DecodeSignedReceipt(data)
		receipt = &decoded
		return err
	})
	return key, receipt, err
}

func (s store) dropReceipt(key []byte) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(receiptBucket).Delete(key) })
}

func (s store) waitingReceipts() (n int, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		n = tx.Bucket(receiptBucket).Stats().KeyN
		return nil
	})
	return n, err
}

func (s store) unsignedReceipts() (n int, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		n = tx.Bucket(unsignedBucket).Stats().KeyN
		return nil
	})
	return n, err
}
