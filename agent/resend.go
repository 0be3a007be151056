package agent

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/models"
)

// What a node and a clinic keep of what they told the coordinator, so that one which comes
// back from a backup gets again what it lost.
var (
	keptBucket = []byte("intake.kept.v1") // time of keeping ‖ name → intake.Statement.Encode
	lifeBucket = []byte("intake.life.v1") // lifeKey → the life of the coordinator that has all of it
	lifeKey    = []byte("life")
)

const (
	// keepFor is longer than any epoch is open: what is older is counted, or lost for good.
	keepFor = 8 * 24 * time.Hour
	// maxResends bounds the disk: about 25 MB.
	maxResends = 40_000
	// maxDropped are let go at once, so that keeping one statement stays cheap.
	maxDropped = 16

	askLifeEvery = time.Hour
	// resendAtOnce stays below what the coordinator takes of one peer at once.
	resendAtOnce = 256
	resendPause  = 10 * time.Second
)

// resends keeps statements for a while after the coordinator has acknowledged them, and
// sends them again when it lives another life.
type resends struct {
	db     *bolt.DB
	life   func(ctx context.Context) (string, error)
	submit submitter
	now    func() time.Time
	log    *slog.Logger

	// Only reconcile touches them: the life that is being told, and the key up to which.
	telling string
	told    []byte
}

func openResends(db *bolt.DB, life func(ctx context.Context) (string, error), submit submitter, log *slog.Logger) (*resends, error) {
	err := db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{keptBucket, lifeBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open the statements that are kept: %w; check the disk", err)
	}
	return &resends{db: db, life: life, submit: submit, now: time.Now, log: log}, nil
}

// keep writes statements down before they are sent. The same ones again change nothing.
func (r *resends) keep(statements []intake.Statement) error {
	fresh, err := r.fresh(statements)
	if err == nil && len(fresh) > 0 {
		err = r.db.Update(func(tx *bolt.Tx) error {
			bucket := tx.Bucket(keptBucket)
			for key, data := range fresh {
				if err := bucket.Put([]byte(key), data); err != nil {
					return err
				}
			}
			return r.drop(bucket, bucket.Sequence()+uint64(len(fresh)))
		})
	}
	if err != nil {
		return fmt.Errorf("keep what the coordinator is told: %w; check the disk", err)
	}
	return nil
}

// fresh are the statements that are not kept yet, by their keys.
func (r *resends) fresh(statements []intake.Statement) (map[string][]byte, error) {
	fresh := map[string][]byte{}
	err := r.db.View(func(tx *bolt.Tx) error {
		for _, s := range statements {
			data, err := s.Encode()
			if err != nil {
				return err
			}
			if key := keptKey(s, data); tx.Bucket(keptBucket).Get(key) == nil {
				fresh[string(key)] = data
			}
		}
		return nil
	})
	return fresh, err
}

// drop lets the oldest of n go: those whose time is over, and those that are too many. The
// bucket's sequence is how many there are.
func (r *resends) drop(bucket *bolt.Bucket, n uint64) error {
	spare := int(n) - maxResends
	limit := uint64(r.now().Add(-keepFor).UnixMilli())
	var old [][]byte
	cursor := bucket.Cursor()
	for k, _ := cursor.First(); k != nil && len(old) < maxDropped && (len(old) < spare || binary.BigEndian.Uint64(k) < limit); k, _ = cursor.Next() {
		old = append(old, slices.Clone(k))
	}
	for _, k := range old {
		if err := bucket.Delete(k); err != nil {
			return err
		}
	}
	return bucket.SetSequence(n - uint64(len(old)))
}

// keptKey sorts by the statement's own time, and is the same for the same statement.
func keptKey(s intake.Statement, data []byte) []byte {
	var at time.Time
	switch {
	case s.Receipt != nil:
		at = s.Receipt.Acceptance.At
	case s.Verdict != nil:
		at = s.Verdict.Verdict.At
	case s.Profile != nil:
		at = s.Profile.Statement.At
	}
	name := models.DigestOf(data)
	return append(binary.BigEndian.AppendUint64(nil, uint64(max(0, at.UnixMilli()))), name[:]...)
}

// run asks for the coordinator's life until ctx ends, and sends what is kept to each new one.
func (r *resends) run(ctx context.Context) {
	for pause := firstRetry; ; {
		err := r.reconcile(ctx)
		wait := askLifeEvery
		if err != nil {
			wait, pause = pause, min(2*pause, lastRetry)
			r.log.Debug("the coordinator was not asked whether it lost anything; it is asked again", "pause", wait, "error", err)
		} else {
			pause = firstRetry
		}
		if !pass(ctx, wait) {
			return
		}
	}
}

// pass lets d pass; false when ctx ended.
func pass(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// reconcile sends everything that is kept if the coordinator lives a life that does not have it.
func (r *resends) reconcile(ctx context.Context) error {
	life, err := r.life(ctx)
	if err != nil {
		return err
	}
	var known string
	if err := r.db.View(func(tx *bolt.Tx) error {
		known = string(tx.Bucket(lifeBucket).Get(lifeKey))
		return nil
	}); err != nil || known == life {
		return err
	}
	if r.telling != life {
		r.telling, r.told = life, nil
	}
	d := delivery{r: r}
	for {
		batch, last, err := r.batch(r.told)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		if err := d.deliver(ctx, batch); err != nil {
			return err
		}
		r.told = last
	}
	if d.sent > 0 {
		r.log.Info("the coordinator was started anew; it has been sent again what it was told before", "statements", d.sent, "left", d.left)
	}
	err = r.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(lifeBucket).Put(lifeKey, []byte(life)) })
	if err != nil {
		return fmt.Errorf("note the coordinator's life: %w; check the disk", err)
	}
	return nil
}

// batch reads the next statements after a key, and the last one's key.
func (r *resends) batch(after []byte) (batch []intake.Statement, last []byte, err error) {
	err = r.db.View(func(tx *bolt.Tx) error {
		cursor := tx.Bucket(keptBucket).Cursor()
		k, data := cursor.First()
		if after != nil {
			if k, data = cursor.Seek(after); slices.Equal(k, after) {
				k, data = cursor.Next()
			}
		}
		for ; k != nil && len(batch) < resendAtOnce; k, data = cursor.Next() {
			s, err := intake.DecodeStatement(slices.Clone(data))
			if err != nil {
				return fmt.Errorf("a kept statement is damaged: %w; restore the database from its backup", err)
			}
			batch, last = append(batch, s), slices.Clone(k)
		}
		return nil
	})
	return batch, last, err
}

// delivery is one life's telling.
type delivery struct {
	r          *resends
	witness    *intake.Statement // one that was answered for good: it can be again, at no cost
	sent, left int
}

// deliver sends statements until each is taken or refused. Only a verdict may be left, when
// it is put off twice although the coordinator, in the same breath, takes the witness: its
// receipt is nowhere, and it would be put off for ever. Whatever else is not taken is an
// error, also a connection that is cut: the life is not noted then, and all of it is sent
// again.
func (d *delivery) deliver(ctx context.Context, statements []intake.Statement) error {
	for first := true; ; first = false {
		sending := statements
		if d.witness != nil { // the last one: nothing after it is looked at
			sending = append(slices.Clone(statements), *d.witness)
		}
		errs := d.r.submit(ctx, sending)
		var again []intake.Statement
		var why error
		orphans, answered := true, false
		for i, err := range errs {
			var refused *intake.Refusal
			if err == nil || errors.As(err, &refused) { // what is refused now was refused before
				d.witness, answered = &sending[i], true
				continue
			}
			if !errors.Is(err, intake.ErrBusy) {
				return err
			}
			if i == len(statements) {
				continue // the witness is put off: it is busy there
			}
			again, why = append(again, statements[i]), err
			orphans = orphans && statements[i].Verdict != nil
		}
		switch {
		case len(again) == 0, orphans && answered && !first:
			d.sent, d.left = d.sent+len(statements)-len(again), d.left+len(again)
			return nil
		case len(again) == len(statements) && !(first && answered):
			return why
		}
		d.sent += len(statements) - len(again)
		statements = again
		if !pass(ctx, resendPause) {
			return ctx.Err()
		}
	}
}

// keepReceipt keeps one receipt, see keep.
func (r *resends) keepReceipt(receipt attest.SignedReceipt) error {
	return r.keep([]intake.Statement{{Receipt: &receipt}})
}
