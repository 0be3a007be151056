package broker

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

// ErrNoPromise says that no node promised what was asked about: the clinic ran the task
// itself, or its node was of a time before promises.
var ErrNoPromise = errors.New("no node promised this result")

// Promised is the accepted receipt of a task, or of one copy by its own id, and the promise
// under which its node worked. ErrUnknownTask or ErrNoPromise where there is none.
func (b *Broker) Promised(id models.Digest) (receipt attest.SignedReceipt, promise attest.Pledge, err error) {
	err = b.DB.View(func(tx *bbolt.Tx) error {
		r, err := b.store.record(tx, id)
		if err != nil {
			return err
		}
		if r.Receipt == nil || r.Winner == nil || r.Winner.Promise.IsZero() {
			return fmt.Errorf("task %s: %w", id.Short(), ErrNoPromise)
		}
		receipt, promise = *r.Receipt, r.Winner.Promise
		return nil
	})
	return receipt, promise, err
}
