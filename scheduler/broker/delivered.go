package broker

import (
	"context"
	"fmt"
	"slices"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// Delivered notes that the caller has taken the result over, with the results of all
// copies; their ciphertext and keys are dropped. Calling it again is no error.
func (b *Broker) Delivered(ctx context.Context, id models.Digest) error {
	_, copies, err := b.store.families(id)
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	taken := 0
	for _, r := range copies {
		if len(copies) > 1 && !hasResult(r.Task.State) {
			continue
		}
		if err := b.deliver(ctx, r.Task.ID); err != nil {
			return err
		}
		taken++
	}
	if taken == 0 {
		return fmt.Errorf("deliver task %s: no copy of it has a result: %w", id.Short(), scheduler.ErrTransition)
	}
	return nil
}

func (b *Broker) deliver(ctx context.Context, id models.Digest) error {
	r, err := b.store.update(id, func(r *record) error {
		if hasResult(r.Task.State) && !r.Task.Undelivered() {
			return nil
		}
		next, err := r.Task.Deliver()
		if err != nil {
			return err
		}
		r.Task = next
		r.forgetDelivered()
		return nil
	})
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	if r.Result == nil {
		return nil
	}
	return b.Blobs.Delete(ctx, r.Result.Blob)
}

// Undelivered lists the tasks whose result was accepted but not taken over yet, a copied
// one under the id that it was submitted by.
func (b *Broker) Undelivered() ([]models.Digest, error) {
	records, err := b.store.pending()
	if err != nil {
		return nil, err
	}
	var ids []models.Digest
	for _, r := range records {
		if r.Task.Undelivered() && !slices.Contains(ids, r.family()) {
			ids = append(ids, r.family())
		}
	}
	return ids, nil
}
