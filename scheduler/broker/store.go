package broker

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
)

// ErrUnknownTask says that no task has this id.
var ErrUnknownTask = errors.New("no such task here; submit it first")

// tasksBucket maps a task id to its record's JSON.
var tasksBucket = []byte("broker.tasks.v1")

// record is everything the clinic knows about one task. A bbolt transaction writes
// it whole, so it is always of one piece.
type record struct {
	Task        scheduler.Task  `json:"task"`
	Package     models.Digest   `json:"package"`
	Weights     models.Digest   `json:"weights"`
	Manifest    models.Digest   `json:"manifest"`
	Class       scheduler.Class `json:"class"`
	Residency   []string        `json:"residency"`
	MinTier     uint8           `json:"min_tier"`
	MinTrust    scheduler.Trust `json:"min_trust"`
	Ceiling     uint64          `json:"ceiling_gwei"`
	MemoryBytes int64           `json:"memory_bytes"`

	PayloadHash     models.Digest `json:"payload_hash"` // of the plaintext, to know the same submission again
	PayloadBytes    int64         `json:"payload_bytes"`
	PayloadCID      string        `json:"payload_cid"`
	PayloadManifest []byte        `json:"payload_manifest"`
	ContentKey      []byte        `json:"content_key,omitempty"` // dropped when the task ends
	ResultKey       []byte        `json:"result_key,omitempty"`  // dropped when the result is delivered

	Winner  *winner                `json:"winner,omitempty"` // of the current lease
	Tries   map[common.Address]int `json:"tries,omitempty"`  // lost leases by node
	Bids    []BidSummary           `json:"bids,omitempty"`
	Result  *resultRecord          `json:"result,omitempty"`
	Receipt *attest.SignedReceipt  `json:"receipt,omitempty"`
	Dispute []attest.SignedReceipt `json:"disputes,omitempty"`
	Phases  Phases                 `json:"phases"`
}

// winner is the bid behind the current lease and where to reach its node.
type winner struct {
	Bid  scheduler.Bid `json:"bid"`
	Peer peer.ID       `json:"peer"`
}

// resultRecord names the accepted result's ciphertext.
type resultRecord struct {
	Blob          string `json:"blob"`
	Encapsulation []byte `json:"encapsulation"`
	Manifest      []byte `json:"manifest"`
}

func (r *record) forgetKeys() { r.ContentKey, r.ResultKey = nil, nil }

// payloadBlob names a task's ciphertext in the store.
func payloadBlob(id models.Digest) string { return hex.EncodeToString(id[:]) + ".payload" }

// resultBlob carries the fence, so that no stale upload can touch another one's.
func resultBlob(id models.Digest, fence uint64) string {
	return fmt.Sprintf("%s.%d.result", hex.EncodeToString(id[:]), fence)
}

// seal encrypts a submission's payload to disk and returns the task's first record.
func (b *Broker) seal(ctx context.Context, s Submission) (record, error) {
	key, err := transfer.NewKey()
	if err != nil {
		return record{}, err
	}
	recipient, err := transfer.NewRecipient()
	if err != nil {
		return record{}, err
	}
	resultKey, err := recipient.Bytes()
	if err != nil {
		return record{}, err
	}
	var manifest transfer.Manifest
	err = b.Blobs.Put(ctx, payloadBlob(s.Task), func(w io.Writer) (err error) {
		manifest, err = transfer.Seal(w, s.Payload, transfer.Payload, s.Task, key)
		return err
	})
	if err != nil {
		return record{}, err
	}
	encoded, err := manifest.Encode()
	if err != nil {
		return record{}, err
	}
	return record{
		Task:    scheduler.NewTask(s.Task, s.Deadline, b.MaxAttempts),
		Package: s.PackageDigest, Weights: s.WeightsDigest, Manifest: s.ManifestDigest, Class: s.Priority,
		Residency: s.Residency, MinTier: s.MinTier, MinTrust: s.MinTrust, Ceiling: s.PriceCeiling, MemoryBytes: s.MemoryBytes,
		PayloadBytes: int64(len(s.Payload)), PayloadCID: transfer.CID(encoded), PayloadManifest: encoded,
		ContentKey: key[:], ResultKey: resultKey, Tries: map[common.Address]int{},
	}, nil
}

// resultOpener prepares to decrypt a result that was sealed under lease.
func (r record) resultOpener(maxBytes int64, encapsulation, manifestBytes []byte, lease scheduler.Lease) (*transfer.Opener, transfer.Manifest, error) {
	manifest, err := transfer.DecodeManifest(manifestBytes, maxBytes)
	if err != nil {
		return nil, manifest, err
	}
	recipient, err := transfer.LoadRecipient(r.ResultKey)
	if err != nil {
		return nil, manifest, err
	}
	key, err := recipient.ResultKey(encapsulation, transfer.Binding{Task: r.Task.ID, Fence: lease.Fence, Node: lease.Node})
	if err != nil {
		return nil, manifest, err
	}
	opener, err := transfer.NewOpener(manifest, transfer.Result, r.Task.ID, key)
	return opener, manifest, err
}

// offer is the announcement of the task's current round.
func (r record) offer(clinic common.Address, addresses []string, expires time.Time, threshold uint64) scheduler.Offer {
	return scheduler.Offer{
		Task: r.Task.ID, Package: r.Package, Clinic: clinic, Addresses: addresses, Payload: r.PayloadCID, PayloadBytes: r.PayloadBytes,
		MemoryBytes: r.MemoryBytes, Class: r.Class, Deadline: r.Task.Deadline, Expires: expires, Residency: r.Residency,
		MinTier: r.MinTier, MinTrust: r.MinTrust, CeilingGwei: r.Ceiling, Round: r.Task.Round, Threshold: threshold,
	}
}

// store is the broker's part of the database. Every write is an fsynced
// transaction: when it returns, the step has happened.
type store struct{ db *bbolt.DB }

func openStore(db *bbolt.DB) (store, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(tasksBucket)
		return err
	})
	if err != nil {
		return store{}, fmt.Errorf("open task database: %w", err)
	}
	return store{db}, nil
}

func decodeRecord(id models.Digest, data []byte) (record, error) {
	var r record
	if data == nil {
		return r, fmt.Errorf("task %s: %w", id.Short(), ErrUnknownTask)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("task %s: its record is damaged: %w; restore the database from its backup", id.Short(), err)
	}
	if r.Tries == nil {
		r.Tries = map[common.Address]int{}
	}
	return r, nil
}

func (s store) load(id models.Digest) (r record, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		r, err = decodeRecord(id, tx.Bucket(tasksBucket).Get(id[:]))
		return err
	})
	return r, err
}

// create writes the first record of a task.
func (s store) create(r record) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket(tasksBucket).Get(r.Task.ID[:]) != nil {
			return fmt.Errorf("task %s exists", r.Task.ID.Short())
		}
		return put(tx, r)
	})
}

func put(tx *bbolt.Tx, r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("task %s: encode record: %w", r.Task.ID.Short(), err)
	}
	return tx.Bucket(tasksBucket).Put(r.Task.ID[:], data)
}

// update changes a record in one transaction and returns what was written.
func (s store) update(id models.Digest, change func(*record) error) (r record, err error) {
	err = s.db.Update(func(tx *bbolt.Tx) error {
		if r, err = decodeRecord(id, tx.Bucket(tasksBucket).Get(id[:])); err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		return put(tx, r)
	})
	return r, err
}

func (s store) all() (records []record, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(tasksBucket).ForEach(func(k, v []byte) error {
			id, err := digestKey(k)
			if err != nil {
				return err
			}
			r, err := decodeRecord(id, v)
			records = append(records, r)
			return err
		})
	})
	return records, err
}

func digestKey(k []byte) (models.Digest, error) {
	if len(k) != len(models.Digest{}) {
		return models.Digest{}, fmt.Errorf("task database: a key of %d bytes; restore the database from its backup", len(k))
	}
	return models.Digest(k), nil
}
