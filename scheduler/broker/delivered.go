package broker

import (
	"context"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// Judged says what the comparison of a task's copies came to, before it is delivered: wrong are
// the copies whose results do not count, and differ says that not all of them agree. The others'
// prices go on their nodes' tabs, each once, however often it is called; theirs never do.
func (b *Broker) Judged(id models.Digest, wrong []models.Digest, differ bool) error {
	_, copies, err := b.store.families(id)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	for _, r := range copies {
		var debt func(*bbolt.Tx) error
		_, err := b.store.update(r.Task.ID, func(r *record) error {
			r.Contested = r.Contested || differ
			if debt = b.debtOf(*r); slices.Contains(wrong, r.Task.ID) {
				debt = nothing
			}
			r.Uncharged = false
			return nil
		}, func(tx *bbolt.Tx) error { return debt(tx) })
		if err != nil {
			return fmt.Errorf("judge task %s: %w", r.Task.ID.Short(), err)
		}
	}
	return nil
}

// debtOf charges what an accepted result is still to be paid.
func (b *Broker) debtOf(r record) func(*bbolt.Tx) error {
	if !r.Uncharged || r.Receipt == nil {
		return nothing
	}
	return b.charge(r.Receipt.Receipt.Node, r.Receipt.Receipt.PriceGwei, b.Clock.Now())
}

func nothing(*bbolt.Tx) error { return nil }

// Delivered notes that the caller has taken the result over, with the results of all
// copies; their ciphertext and keys are dropped. Who was not judged is charged for now.
// Calling it again is no error.
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
	kept := false
	var answers []string
	var debt func(*bbolt.Tx) error
	fresh := false
	r, err := b.store.update(id, func(r *record) error {
		debt, r.Uncharged = b.debtOf(*r), false
		answers = r.answers()
		if hasResult(r.Task.State) && !r.Task.Undelivered() {
			return nil
		}
		next, err := r.Task.Deliver()
		if err != nil {
			return err
		}
		r.Task, fresh = next, true
		if kept = b.keep(r); !kept {
			r.forgetDelivered()
		}
		return nil
	}, func(tx *bbolt.Tx) error {
		if fresh && kept {
			err := b.store.allow(tx, func(a Allowance) (Allowance, error) { return a.earned(), nil })
			if err != nil {
				return err
			}
		}
		return debt(tx)
	})
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	if r.Result == nil || kept || b.keepsPayload(r) {
		return nil
	}
	return b.deleteAll(ctx, append(answers, payloadBlob(id)))
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
