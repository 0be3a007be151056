package worker

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

// The worker's buckets. Receipts are keyed by an ascending number, so that they
// are forwarded in order.
var (
	jobsBucket    = []byte("worker.jobs.v1")
	receiptBucket = []byte("worker.receipts.v1")
	totalsBucket  = []byte("worker.totals.v1")
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
	GiveUp    time.Time      `json:"give_up"` // nobody wants the result after this
	Sealed    *sealed        `json:"sealed,omitempty"`
}

// sealed is a result that waits for its clinic's acknowledgement.
type sealed struct {
	Blob          string           `json:"blob"`
	Encapsulation []byte           `json:"encapsulation"`
	Manifest      []byte           `json:"manifest"`
	Receipt       attest.Receipt   `json:"receipt"`
	Signature     attest.Signature `json:"signature"`
}

// store is the worker's part of the database; every write is fsynced.
type store struct{ db *bbolt.DB }

func openStore(db *bbolt.DB) (store, Totals, error) {
	var totals Totals
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{jobsBucket, receiptBucket, totalsBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
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
	err = s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(jobsBucket).Put(r.Task[:], data) })
	if err != nil {
		return fmt.Errorf("persist job %s: %w", r.Task.Short(), err)
	}
	return nil
}

// settle ends a job: its record goes, its receipt (if any) enters the outbox, and
// the totals move, in one transaction.
func (s store) settle(task models.Digest, receipt *attest.SignedReceipt) (totals Totals, err error) {
	err = s.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.Bucket(jobsBucket).Delete(task[:]); err != nil {
			return err
		}
		if receipt != nil {
			data, err := json.Marshal(receipt)
			if err != nil {
				return err
			}
			box := tx.Bucket(receiptBucket)
			seq, err := box.NextSequence()
			if err != nil {
				return err
			}
			if err := box.Put(binary.BigEndian.AppendUint64(nil, seq), data); err != nil {
				return err
			}
		}
		if data := tx.Bucket(totalsBucket).Get(totalsKey); data != nil {
			if err := json.Unmarshal(data, &totals); err != nil {
				return err
			}
		}
		totals.count(receipt)
		data, err := json.Marshal(totals)
		if err != nil {
			return err
		}
		return tx.Bucket(totalsBucket).Put(totalsKey, data)
	})
	if err != nil {
		return totals, fmt.Errorf("persist end of job %s: %w", task.Short(), err)
	}
	return totals, nil
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
