package broker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// Buckets beside the records, so that a clinic of many years reads what it needs. They hold
// ids, fences and the addresses of nodes, all of which the records' own keys and the ledger
// show anyway, and are written in one transaction with the record.
var (
	openBucket   = []byte("broker.open.v1")   // ids of records that still ask for something, see pending
	ageBucket    = []byte("broker.age.v1")    // ageKey of every record
	provenBucket = []byte("broker.proven.v1") // nodes whose work was accepted: when last, Unix ms
	fenceBucket  = []byte("broker.fences.v1") // of tasks that were retired: id to the highest fence
	present      = []byte{1}                  // the value of what only has a key
	ageKeyBytes  = 8 + len(models.Digest{})
)

// pending reports whether a start has something to do with the record: it has not ended, its
// result waits for its caller, nodes are to be told, or its key is still there.
func (r record) pending() bool {
	return !r.Task.State.Final() || r.Task.Undelivered() || len(r.Withdrawals) > 0 || r.ContentKey != nil
}

// age is when the task was submitted, the last time; of records that do not say so, their
// deadline, which is at most a day later.
func (r record) age() time.Time {
	if r.Submitted.IsZero() {
		return r.Task.Deadline
	}
	return r.Submitted
}

// ageKey sorts by age: Unix milliseconds as 8 bytes big endian, and the id.
func (r record) ageKey() []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(max(0, r.age().UnixMilli()))), r.Task.ID[:]...)
}

// buckets makes what is missing. A database of the time before the index is read once.
func (s store) buckets(tx *bbolt.Tx) error {
	indexed := tx.Bucket(openBucket) != nil
	for _, name := range [][]byte{tasksBucket, groupsBucket, absentBucket, openBucket, ageBucket, provenBucket, fenceBucket, tabsBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	if err := s.prove(tx); err != nil || indexed {
		return err
	}
	return s.each(tx, func(r record) error {
		if r.Receipt != nil {
			if err := markProven(tx, r.Receipt.Receipt.Node, r.Receipt.Acceptance.At); err != nil {
				return err
			}
		}
		return index(tx, r)
	})
}

// index writes what the buckets say of a record.
func index(tx *bbolt.Tx, r record) error {
	if err := mark(tx.Bucket(openBucket), r.Task.ID[:], r.pending()); err != nil {
		return err
	}
	return mark(tx.Bucket(ageBucket), r.ageKey(), true)
}

// mark leaves a bucket alone that says so already: most writes of a task change neither.
func mark(bucket *bbolt.Bucket, key []byte, wanted bool) error {
	switch there := bucket.Get(key) != nil; {
	case wanted == there:
		return nil
	case wanted:
		return bucket.Put(key, present)
	default:
		return bucket.Delete(key)
	}
}

// markProven writes that a node's work was accepted.
func markProven(tx *bbolt.Tx, node common.Address, at time.Time) error {
	return tx.Bucket(provenBucket).Put(node[:], binary.BigEndian.AppendUint64(nil, uint64(max(0, at.UnixMilli()))))
}

// loadProven reads the nodes whose work was accepted. Beyond maxProven any are left out, which
// have to do their next task before they get a second one.
func (s store) loadProven() (*proven, error) {
	p := newProven()
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(provenBucket).ForEach(func(k, _ []byte) error {
			if len(k) != common.AddressLength {
				return fmt.Errorf("memory of proven nodes: a key of %d bytes; restore the database from its backup", len(k))
			}
			p.add(common.BytesToAddress(k))
			return nil
		})
	})
	return p, err
}

// each hands out every record.
func (s store) each(tx *bbolt.Tx, take func(record) error) error {
	return tx.Bucket(tasksBucket).ForEach(func(k, v []byte) error {
		id, err := digestKey(k)
		if err != nil {
			return err
		}
		r, err := s.decode(id, v)
		if err != nil {
			return err
		}
		return take(r)
	})
}

// pending reads the records that still ask for something.
func (s store) pending() (records []record, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(openBucket).ForEach(func(k, _ []byte) error {
			id, err := digestKey(k)
			if err != nil {
				return err
			}
			r, err := s.record(tx, id)
			records = append(records, r)
			return err
		})
	})
	return records, err
}

// lastFence is the highest fence of a task that was retired, 0 of one that never was here.
func (s store) lastFence(id models.Digest) (fence uint64, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		if v := tx.Bucket(fenceBucket).Get(id[:]); len(v) == 8 {
			fence = binary.BigEndian.Uint64(v)
		}
		return nil
	})
	return fence, err
}

// retire removes up to limit records, from the key on, that were submitted before a time and
// ask for nothing, with all of their copies. It returns where to go on; nil at the end.
func (s store) retire(before time.Time, from []byte, limit int) (removed int, next []byte, err error) {
	var old []models.Digest
	err = s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(ageBucket).Cursor()
		for k, _ := c.Seek(from); k != nil && len(old) < limit; k, _ = c.Next() {
			if next = append(bytes.Clone(k), 0); len(k) != ageKeyBytes { // the key right after k
				return fmt.Errorf("task database: an index key of %d bytes; restore the database from its backup", len(k))
			}
			if int64(binary.BigEndian.Uint64(k)) >= before.UnixMilli() {
				break
			}
			old = append(old, models.Digest(k[8:]))
		}
		return nil
	})
	if err != nil || len(old) == 0 {
		return 0, nil, err
	}
	if len(old) < limit {
		next = nil
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		for _, id := range old {
			n, err := s.retireFamily(tx, id, before)
			if err != nil {
				return err
			}
			removed += n
		}
		return nil
	})
	if err != nil {
		return 0, nil, err // nothing of it was written
	}
	return removed, next, nil
}

// retireFamily removes a task with its copies, if all of them are old and done with. Their
// highest fences stay: none is ever given twice, even if the task is submitted again.
func (s store) retireFamily(tx *bbolt.Tx, id models.Digest, before time.Time) (removed int, err error) {
	first, err := s.record(tx, id)
	if errors.Is(err, ErrUnknownTask) {
		return 0, nil // it went with another copy
	}
	if err != nil {
		return 0, err
	}
	family := []record{first}
	if !first.Parent.IsZero() {
		family = family[:0]
		for n := range first.Copies {
			r, err := s.record(tx, scheduler.CopyID(first.Parent, n))
			if err != nil {
				return 0, err
			}
			family = append(family, r)
		}
	}
	for _, r := range family {
		if r.pending() || !r.age().Before(before) {
			return 0, nil
		}
	}
	for _, r := range family {
		if r.Task.Fence > 0 {
			if err := tx.Bucket(fenceBucket).Put(r.Task.ID[:], binary.BigEndian.AppendUint64(nil, r.Task.Fence)); err != nil {
				return 0, err
			}
		}
		if err := errors.Join(tx.Bucket(tasksBucket).Delete(r.Task.ID[:]), tx.Bucket(ageBucket).Delete(r.ageKey())); err != nil {
			return 0, err
		}
	}
	parent := first.family()
	return len(family), tx.Bucket(groupsBucket).Delete(parent[:])
}
