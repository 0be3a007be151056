package compute

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
)

// Records keeps outcomes. RecordExamination is durable when it returns, and recording an
// id a second time changes nothing.
type Records interface {
	RecordExamination(ctx context.Context, e attest.Examination) error
	// ForgetExamination lets go of an id that can't be recorded again.
	ForgetExamination(ctx context.Context, id [32]byte) error
}

// Ledger knows every examination from before its id is sent until its outcome is kept.
type Ledger interface {
	// Ask notes, durably, what is about to be asked. An id that is open already is ErrAsked.
	Ask(ctx context.Context, e attest.Examination) error
	// Record keeps the outcome of what was asked, once.
	Record(ctx context.Context, e attest.Examination) error
	// Abandon records everything that was asked before and has no outcome as an outage of
	// the coordinator's own: it ended in between.
	Abandon(ctx context.Context) error
	// Ended says when each node's last outcome was recorded, of those since then. What is
	// older is forgotten.
	Ended(since time.Time) (map[common.Address]time.Time, error)
}

// ErrAsked says that an id is open already, or that an outcome belongs to none that is.
var ErrAsked = errors.New("an examination is asked once and answered once")

const (
	bucketAsked = "compute.asked" // id → the examination as it was asked
	bucketEnded = "compute.ended" // node → when its last outcome was recorded, unix ms
)

// Bolt is a Ledger in a bbolt file, in front of records.
type Bolt struct {
	db      *bbolt.DB
	records Records
	now     func() time.Time
}

// NewBolt prepares its buckets in db, which the caller opens and closes.
func NewBolt(db *bbolt.DB, records Records) (*Bolt, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		_, asked := tx.CreateBucketIfNotExists([]byte(bucketAsked))
		_, ended := tx.CreateBucketIfNotExists([]byte(bucketEnded))
		return errors.Join(asked, ended)
	})
	if err != nil {
		return nil, fmt.Errorf("open the ledger of examinations: %w; check the disk and the file's rights", err)
	}
	return &Bolt{db, records, time.Now}, nil
}

// Ask implements Ledger.
func (b *Bolt) Ask(ctx context.Context, e attest.Examination) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("note an examination: %w", err)
	}
	var used error
	err = b.db.Batch(func(tx *bbolt.Tx) error {
		asked := tx.Bucket([]byte(bucketAsked))
		if used = nil; asked.Get(e.ID[:]) != nil {
			used = fmt.Errorf("examination %x: %w", e.ID[:4], ErrAsked)
			return nil
		}
		return asked.Put(e.ID[:], data)
	})
	if err != nil {
		return fmt.Errorf("note an examination: %w; check the coordinator's disk", err)
	}
	return used
}

// Record implements Ledger. The outcome is kept before the question is struck out: a crash
// between the two leaves a question whose outcome is known, and Abandon changes nothing.
func (b *Bolt) Record(ctx context.Context, e attest.Examination) error {
	var open bool
	if err := b.db.View(func(tx *bbolt.Tx) error {
		open = tx.Bucket([]byte(bucketAsked)).Get(e.ID[:]) != nil
		return nil
	}); err != nil {
		return fmt.Errorf("record an examination: %w; check the coordinator's disk", err)
	}
	if !open {
		return fmt.Errorf("examination %x was not asked, or has its outcome: %w", e.ID[:4], ErrAsked)
	}
	if err := b.records.RecordExamination(ctx, e); err != nil {
		return err
	}
	now := binary.BigEndian.AppendUint64(nil, uint64(b.now().UnixMilli()))
	err := b.db.Batch(func(tx *bbolt.Tx) error {
		return errors.Join(tx.Bucket([]byte(bucketAsked)).Delete(e.ID[:]), tx.Bucket([]byte(bucketEnded)).Put(e.Node[:], now))
	})
	if err != nil {
		return fmt.Errorf("record an examination: %w; check the coordinator's disk", err)
	}
	return b.records.ForgetExamination(ctx, e.ID) // nothing asks for it any more
}

// Ended implements Ledger.
func (b *Bolt) Ended(since time.Time) (map[common.Address]time.Time, error) {
	list := map[common.Address]time.Time{}
	err := b.db.Update(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket([]byte(bucketEnded)).Cursor()
		var old [][]byte
		for node, value := cursor.First(); node != nil; node, value = cursor.Next() {
			at := time.Time{}
			if len(value) == 8 {
				at = time.UnixMilli(int64(binary.BigEndian.Uint64(value)))
			}
			if at.Before(since) {
				old = append(old, node)
				continue
			}
			list[common.BytesToAddress(node)] = at
		}
		for _, node := range old {
			if err := tx.Bucket([]byte(bucketEnded)).Delete(node); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read when nodes were examined: %w; check the coordinator's disk", err)
	}
	return list, nil
}

// Abandon implements Ledger.
func (b *Bolt) Abandon(ctx context.Context) error {
	var open []attest.Examination
	err := b.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketAsked)).ForEach(func(_, data []byte) error {
			var e attest.Examination
			if err := json.Unmarshal(data, &e); err != nil {
				return err
			}
			e.Outcome, e.Answer, e.TookMS = attest.OwnOutage, nil, 0
			open = append(open, e)
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("read examinations that were cut short: %w; restore the coordinator's database", err)
	}
	for _, e := range open {
		if err := b.Record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
