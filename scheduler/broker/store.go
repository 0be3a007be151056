package broker

import (
	"bytes"
	"context"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
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

// tasksBucket maps a task id to its record's JSON, groupsBucket the id of a copied task to
// its scheduler.Group's; both sealed where the clinic has a secret.
var (
	tasksBucket  = []byte("broker.tasks.v1")
	groupsBucket = []byte("broker.groups.v1")
)

// record is everything the clinic knows about one task. A bbolt transaction writes
// it whole, so it is always of one piece.
type record struct {
	Task        scheduler.Task  `json:"task"`
	Parent      models.Digest   `json:"parent,omitzero"`  // of a copy: the task that was submitted
	Copy        int             `json:"copy,omitempty"`   // of a copy: its number, from 0
	Copies      int             `json:"copies,omitempty"` // of a copy: how many there are
	Package     models.Digest   `json:"package"`
	Weights     models.Digest   `json:"weights"`
	Manifest    models.Digest   `json:"manifest"`
	Class       scheduler.Class `json:"class"`
	Residency   []string        `json:"residency"`
	MinTier     uint8           `json:"min_tier"`
	MinTrust    scheduler.Trust `json:"min_trust"`
	Ceiling     uint64          `json:"ceiling_gwei"`
	MemoryBytes int64           `json:"memory_bytes"`
	Providers   []string        `json:"providers,omitempty"`
	Submitted   time.Time       `json:"submitted,omitzero"` // the last time; zero in records of the time before the index

	PayloadHash     models.Digest `json:"payload_hash"` // of the plaintext, to know the same submission again
	PayloadBytes    int64         `json:"payload_bytes"`
	PayloadCID      string        `json:"payload_cid"`
	PayloadManifest []byte        `json:"payload_manifest,omitempty"` // dropped when the task ends
	ContentKey      []byte        `json:"content_key,omitempty"`      // dropped when the task ends
	ResultKey       []byte        `json:"result_key,omitempty"`       // dropped when the result is delivered

	Winner  *winner                `json:"winner,omitempty"` // of the current lease
	Tries   map[common.Address]int `json:"tries,omitempty"`  // lost leases by node
	Bids    []BidSummary           `json:"bids,omitempty"`   // the winner's alone, once the result is delivered
	Bade    int                    `json:"bade,omitempty"`   // how many there were before
	Result  *resultRecord          `json:"result,omitempty"`
	Receipt *attest.SignedReceipt  `json:"receipt,omitempty"`
	Dispute []attest.SignedReceipt `json:"disputes,omitempty"`
	// Disputed are results that the clinic refused to accept and keeps, so that a coordinator
	// may say who was right.
	Disputed []disputedResult `json:"disputed_results,omitempty"`
	Phases   Phases           `json:"phases"`

	// Commit says that the result is one of several that are compared.
	Commit bool `json:"commit,omitempty"`
	// Bound says that the current award asked its node to commit to the result before it is
	// taken; false in records of the time when only replicas did.
	Bound      bool        `json:"bound,omitempty"`
	Commitment *commitment `json:"commitment,omitempty"`
	// Uncharged is an accepted result's price that is on no tab yet: it waits for the verdict.
	Uncharged bool `json:"uncharged,omitempty"`

	// Contested says that not all copies' results agree. Granted is the coordinator that was
	// given the task to run again, Grants how often.
	Contested bool           `json:"contested,omitempty"`
	Granted   common.Address `json:"granted,omitzero"`
	Grants    int            `json:"grants,omitempty"`

	// KeptUntil is until when a delivered task may be run again; zero: it is not kept.
	KeptUntil time.Time `json:"kept_until,omitzero"`

	// Withdrawals are nodes that are still to be told that their work is not wanted.
	Withdrawals []withdrawal `json:"withdrawals,omitempty"`
}

// family is the id that the caller knows the task by.
func (r record) family() models.Digest {
	if r.Parent.IsZero() {
		return r.Task.ID
	}
	return r.Parent
}

// winner is the bid behind the current lease and where to reach its node.
type winner struct {
	Bid  scheduler.Bid  `json:"bid"`
	Peer peer.ID        `json:"peer"`
	Seat scheduler.Seat `json:"seat,omitzero"` // zero in records of the time before copies
	At   time.Time      `json:"at,omitzero"`   // when the bid came
	// Promise is the node's signature under its yes; none before it, nor in records of the
	// time before promises.
	Promise attest.Pledge `json:"promise,omitzero"`
}

// resultRecord names the accepted result's ciphertext.
type resultRecord struct {
	Blob          string `json:"blob"`
	Encapsulation []byte `json:"encapsulation"`
	Manifest      []byte `json:"manifest"`
	// MadeAt of a local result, to the millisecond; a node's is in its receipt.
	MadeAt time.Time `json:"made_at,omitzero"`
}

// disputedResult is a refused result's ciphertext. Its receipt stands in Dispute.
type disputedResult struct {
	Fence   uint64        `json:"fence"`
	Result  resultRecord  `json:"result"`
	Promise attest.Pledge `json:"promise,omitzero"` // the node's, to this lease
}

// answers are the names of all results' ciphertexts.
func (r record) answers() (names []string) {
	if r.Result != nil {
		names = append(names, r.Result.Blob)
	}
	for _, d := range r.Disputed {
		names = append(names, d.Result.Blob)
	}
	return names
}

// forgetDelivered drops what nobody asks for once the result was taken over: keys, manifests,
// and the bids of those that did not win.
func (r *record) forgetDelivered() {
	r.ContentKey, r.ResultKey, r.PayloadManifest, r.Disputed = nil, nil, nil, nil
	if r.Result != nil {
		r.Result.Encapsulation, r.Result.Manifest = nil, nil
	}
	r.Bade = max(r.Bade, len(r.Bids))
	r.Bids = slices.DeleteFunc(r.Bids, func(s BidSummary) bool { return !s.Won })
}

// payloadBlob names a task's ciphertext in the store.
func payloadBlob(id models.Digest) string { return hex.EncodeToString(id[:]) + ".payload" }

// resultBlob carries the fence, so that no stale upload can touch another one's.
func resultBlob(id models.Digest, fence uint64) string {
	return fmt.Sprintf("%s.%d.result", hex.EncodeToString(id[:]), fence)
}

// localBlob is the result of the clinic's own runner.
func localBlob(id models.Digest) string { return hex.EncodeToString(id[:]) + ".local.result" }

// seal encrypts a submission's payload to disk, under a key of its own for each copy, and
// returns the first record of the n-th copy.
func (b *Broker) seal(ctx context.Context, s Submission, n int) (record, error) {
	id := scheduler.CopyID(s.Task, n)
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
	err = b.Blobs.Put(ctx, payloadBlob(id), func(w io.Writer) (err error) {
		manifest, err = transfer.Seal(w, s.Payload, transfer.Payload, id, key)
		return err
	})
	if err != nil {
		return record{}, err
	}
	encoded, err := manifest.Encode()
	if err != nil {
		return record{}, err
	}
	last, err := b.store.lastFence(id)
	if err != nil {
		return record{}, fmt.Errorf("read task database: %w", err)
	}
	deadline := s.Deadline
	if n > 0 {
		deadline = b.otherDeadline(deadline)
	}
	r := record{
		Task:    scheduler.NewTask(id, deadline, b.MaxAttempts),
		Package: s.PackageDigest, Weights: s.WeightsDigest, Manifest: s.ManifestDigest, Class: s.Priority,
		Residency: s.Residency, MinTier: s.MinTier, MinTrust: s.MinTrust, Ceiling: s.PriceCeiling, MemoryBytes: s.MemoryBytes,
		Providers: s.Providers, PayloadHash: models.DigestOf(s.Payload), PayloadBytes: int64(len(s.Payload)), PayloadCID: transfer.CID(encoded), PayloadManifest: encoded,
		Submitted: b.Clock.Now().UTC().Truncate(time.Millisecond), ContentKey: key[:], ResultKey: resultKey, Tries: map[common.Address]int{},
	}
	r.Task.Fence = last // its fences go on rising, also where its record was retired meanwhile
	r.Task.MaxAttempts += int(last)
	if s.Copying != scheduler.Once {
		r.Parent, r.Copy, r.Copies, r.Commit = s.Task, n, s.copies(), s.Copying == scheduler.Replicated
	}
	if n == 0 && b.Local != nil {
		r.Task.LocalBy = s.LocalBy // one local run is enough for all copies
	}
	return r, nil
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
		Task: r.Task.ID, Package: r.Package, Clinic: clinic, Addresses: addresses, Payload: r.PayloadCID, PayloadBytes: scheduler.CoarseBytes(r.PayloadBytes),
		MemoryBytes: r.MemoryBytes, Class: r.Class, Deadline: r.Task.Deadline, Expires: expires, Residency: r.Residency,
		MinTier: r.MinTier, MinTrust: r.MinTrust, CeilingGwei: r.Ceiling, Round: r.Task.Round, Threshold: threshold,
		Providers: r.Providers,
	}
}

// store is the broker's part of the database. Every write is an fsynced
// transaction: when it returns, the step has happened.
type store struct {
	db   *bbolt.DB
	aead cipher.AEAD // seals every value; nil without a secret
}

func openStore(db *bbolt.DB, secret [32]byte) (store, error) {
	aead, err := sealer(secret)
	if err != nil {
		return store{}, err
	}
	s := store{db, aead}
	err = db.Update(s.buckets)
	if err != nil {
		return store{}, fmt.Errorf("open task database: %w", err)
	}
	return s, nil
}

// record reads a task in a transaction.
func (s store) record(tx *bbolt.Tx, id models.Digest) (record, error) {
	return s.decode(id, tx.Bucket(tasksBucket).Get(id[:]))
}

func (s store) decode(id models.Digest, stored []byte) (record, error) {
	var r record
	if stored == nil {
		return r, fmt.Errorf("task %s: %w", id.Short(), ErrUnknownTask)
	}
	data, err := s.open(tasksBucket, id[:], stored)
	if err != nil {
		return r, fmt.Errorf("task %s: %w", id.Short(), err)
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
		r, err = s.record(tx, id)
		return err
	})
	return r, err
}

// create writes the first records of a task or of its copies, with their group, at once.
func (s store) create(group *scheduler.Group, records []record) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, r := range records {
			if tx.Bucket(tasksBucket).Get(r.Task.ID[:]) != nil {
				return fmt.Errorf("task %s exists", r.Task.ID.Short())
			}
			if err := s.put(tx, r); err != nil {
				return err
			}
		}
		if group == nil {
			return nil
		}
		return s.putGroup(tx, *group)
	})
}

func (s store) put(tx *bbolt.Tx, r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("task %s: encode record: %w", r.Task.ID.Short(), err)
	}
	if err := tx.Bucket(tasksBucket).Put(r.Task.ID[:], s.seal(tasksBucket, r.Task.ID[:], data)); err != nil {
		return err
	}
	return index(tx, r)
}

// update changes a record in one transaction and returns what was written. What also does
// is written with it or not at all.
func (s store) update(id models.Digest, change func(*record) error, also ...func(*bbolt.Tx) error) (r record, err error) {
	err = s.db.Update(func(tx *bbolt.Tx) error {
		if r, err = s.record(tx, id); err != nil {
			return err
		}
		was := r.ageKey()
		if err := change(&r); err != nil {
			return err
		}
		if !bytes.Equal(was, r.ageKey()) {
			if err := tx.Bucket(ageBucket).Delete(was); err != nil {
				return err
			}
		}
		for _, more := range also {
			if err := more(tx); err != nil {
				return err
			}
		}
		return s.put(tx, r)
	})
	return r, err
}

func digestKey(k []byte) (models.Digest, error) {
	if len(k) != len(models.Digest{}) {
		return models.Digest{}, fmt.Errorf("task database: a key of %d bytes; restore the database from its backup", len(k))
	}
	return models.Digest(k), nil
}
