package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
)

// readBucket maps a task to the JSON of its reading.
var readBucket = []byte("clinic.read.v1")

// reading is which result of a task people read, and what they said of it.
type reading struct {
	Copy models.Digest   `json:"copy"` // the copy whose result counts, by its own id
	Said *ReaderFeedback `json:"said,omitempty"`
}

// ReaderFeedback is the word of a person who read a delivered result.
type ReaderFeedback struct {
	Accepted bool `json:"accepted"`
	// Reason why not: one of attest.ReaderReasons; empty exactly where accepted.
	Reason string `json:"reason,omitempty"`
}

func (f ReaderFeedback) validate() error {
	switch {
	case f.Accepted && f.Reason != "":
		return errors.New("an accepted result needs no reason; leave it out")
	case !f.Accepted && !slices.Contains(attest.ReaderReasons(), f.Reason):
		return fmt.Errorf("why was it rejected? choose one of %q", attest.ReaderReasons())
	}
	return nil
}

// ErrReadBefore says that another word of a reader is published already.
var ErrReadBefore = errors.New("a reader's other word about this result is published already and stands")

// chosen remembers whose result of a task people are going to read. It is told before the
// result can reach anybody.
func (v *verification) chosen(o broker.Outcome) error {
	if o.Result == nil || o.Receipt.Receipt.Task.IsZero() {
		return nil // taken over before, or the clinic's own
	}
	err := v.db.Update(func(tx *bolt.Tx) error {
		r, err := readReading(tx, o.Task)
		if err != nil {
			return err
		}
		r.Copy = o.Receipt.Receipt.Task
		return writeReading(tx, o.Task, r)
	})
	if err != nil {
		return fmt.Errorf("note whose result of task %s counts: %w", o.Task.Short(), err)
	}
	return nil
}

func readReading(tx *bolt.Tx, task models.Digest) (r reading, err error) {
	if data := tx.Bucket(readBucket).Get(task[:]); data != nil {
		err = json.Unmarshal(data, &r)
	}
	return r, err
}

func writeReading(tx *bolt.Tx, task models.Digest, r reading) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return tx.Bucket(readBucket).Put(task[:], data)
}

// read signs a reader's word and puts it among the verdicts that the coordinator is to get,
// once. ErrReadBefore where another word was signed.
func (v *verification) read(task models.Digest, f ReaderFeedback, receipt attest.SignedReceipt, promise attest.Pledge, at time.Time) error {
	r, clinic := receipt.Receipt, v.key.Address()
	verdict := attest.Verdict{
		Kind: attest.CheckReader, Node: r.Node, Clinic: clinic, Task: r.Task, Fence: r.Fence, Receipt: r.Hash(v.domain), Manifest: r.ManifestDigest,
		Provider: r.Provider, Result: attest.JudgedValid, Checker: clinic, At: at.UTC().Truncate(time.Millisecond),
	}
	if !f.Accepted {
		verdict.Result, verdict.Reason = attest.JudgedInvalid, f.Reason
	}
	return v.db.Update(func(tx *bolt.Tx) error {
		before, err := readReading(tx, task)
		switch {
		case err != nil:
			return err
		case before.Said != nil && *before.Said == f:
			return nil
		case before.Said != nil:
			return ErrReadBefore
		}
		before.Said = &f
		return errors.Join(v.owe(tx, verdict, promise, &receipt), writeReading(tx, task, before))
	})
}

// whose is the copy of a task that counts; the task itself where there were no others.
func (v *verification) whose(task models.Digest) (copy models.Digest, err error) {
	copy = task
	err = v.db.View(func(tx *bolt.Tx) error {
		r, err := readReading(tx, task)
		if err == nil && !r.Copy.IsZero() {
			copy = r.Copy
		}
		return err
	})
	return copy, err
}

// Read takes the word of a person who read the delivered result of a task. It becomes a
// statement about the node's receipt, signed by the clinic, that scoring weighs; stated is
// false where no node is behind the result, and then the word stays here. A second, different
// word is ErrReadBefore. Nothing of the patient or the reader is in the statement.
func (c *Clinic) Read(_ context.Context, task models.Digest, f ReaderFeedback) (stated bool, err error) {
	if err := f.validate(); err != nil {
		return false, err
	}
	copy, err := c.checks.whose(task)
	if err != nil {
		return false, fmt.Errorf("read what is known of task %s: %w", task.Short(), err)
	}
	receipt, promise, err := c.broker.Promised(copy)
	switch {
	case errors.Is(err, broker.ErrNoPromise):
		return false, nil
	case err != nil:
		return false, err
	}
	if err := c.checks.read(task, f, receipt, promise, time.Now()); err != nil {
		return false, fmt.Errorf("a reader's word on task %s: %w", task.Short(), err)
	}
	return true, nil
}
