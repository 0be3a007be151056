package worklist

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// Get returns the case whose id begins with id: some digits are enough where they name one.
func (b *Book) Get(id string) (found Case, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		begin := []byte(strings.ToLower(id))
		c := tx.Bucket(casesBucket).Cursor()
		k, sealed := c.Seek(begin)
		if len(begin) == 0 || k == nil || !strings.HasPrefix(string(k), string(begin)) {
			return fmt.Errorf("case %.12q: %w", id, ErrUnknownCase)
		}
		if found, err = b.unseal(string(k), sealed); err != nil {
			return err
		}
		if next, _ := c.Next(); strings.HasPrefix(string(next), string(begin)) && next != nil {
			return fmt.Errorf("case %.12q: several ids begin so: %w", id, ErrUnknownCase)
		}
		return nil
	})
	if err != nil {
		return Case{}, fmt.Errorf("worklist: %w", err)
	}
	return found, nil
}

// Filter picks cases. A zero field picks all.
type Filter struct {
	States   []State
	StudyUID string
	Limit    int // the newest so many; 0: all
}

// List returns cases, the newest first.
func (b *Book) List(f Filter) (list []Case, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		if f.StudyUID != "" {
			if list, err = b.ofStudy(tx, f); err != nil {
				return err
			}
			slices.SortFunc(list, func(a, b Case) int { return -slices.Compare(orderKey(a), orderKey(b)) })
			if f.Limit > 0 && len(list) > f.Limit {
				list = list[:f.Limit]
			}
			return nil
		}
		c := tx.Bucket(orderBucket).Cursor()
		for k, _ := c.Last(); k != nil && (f.Limit <= 0 || len(list) < f.Limit); k, _ = c.Prev() {
			one, err := b.get(tx, string(k[8:]))
			if err != nil {
				return err
			}
			if f.takes(one) {
				list = append(list, one)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the worklist: %w", err)
	}
	return list, nil
}

func (f Filter) takes(c Case) bool {
	return (len(f.States) == 0 || slices.Contains(f.States, c.State)) && (f.StudyUID == "" || f.StudyUID == c.StudyUID)
}

// ofStudy lists the cases of one study.
func (b *Book) ofStudy(tx *bbolt.Tx, f Filter) (list []Case, err error) {
	begin := string(b.mac("study", f.StudyUID)[:studyHashBytes])
	c := tx.Bucket(studiesBucket).Cursor()
	for k, _ := c.Seek([]byte(begin)); strings.HasPrefix(string(k), begin) && k != nil; k, _ = c.Next() {
		one, err := b.get(tx, string(k[studyHashBytes:]))
		if err != nil {
			return nil, err
		}
		if f.takes(one) {
			list = append(list, one)
		}
	}
	return list, nil
}

// Pending returns the open cases in the order in which they are to be worked on: by
// priority, then the oldest first.
func (b *Book) Pending() (list []Case, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(openBucket).ForEach(func(k, _ []byte) error {
			one, err := b.get(tx, string(k[9:]))
			list = append(list, one)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list the open cases: %w", err)
	}
	return list, nil
}

// Counts says how many cases are in each state.
func (b *Book) Counts() (map[State]int, error) {
	counts := map[State]int{}
	err := b.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(statesBucket).ForEach(func(k, value []byte) error {
			if len(value) != 8 {
				return fmt.Errorf("a count of %d bytes", len(value))
			}
			if n := int(int64(binary.BigEndian.Uint64(value))); n != 0 {
				counts[State(k)] = n
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count the worklist: %w", err)
	}
	return counts, nil
}

// Since returns the cases that changed after a sequence number, each as it is now and in the
// order of their last change, and the number to ask with the next time. 0 asks for all.
func (b *Book) Since(sequence uint64) (changed []Case, next uint64, err error) {
	next = sequence
	err = b.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(changesBucket).Cursor()
		for k, id := c.Seek(number(sequence + 1)); k != nil; k, id = c.Next() {
			one, err := b.get(tx, string(id))
			if err != nil {
				return err
			}
			changed = append(changed, one)
			next = binary.BigEndian.Uint64(k)
		}
		return nil
	})
	if err != nil {
		return nil, sequence, fmt.Errorf("list what changed: %w", err)
	}
	return changed, next, nil
}

// Prune removes cases that ended before a time and says how many. A delivered case ends with
// its last change, be it the reader's word.
func (b *Book) Prune(before time.Time) (removed int, err error) {
	err = b.update(func(tx *bbolt.Tx) error {
		var old []Case
		c := tx.Bucket(orderBucket).Cursor()
		limit := number(uint64(before.UnixNano()))
		for k, _ := c.First(); k != nil && slices.Compare(k[:8], limit) < 0; k, _ = c.Next() {
			one, err := b.get(tx, string(k[8:]))
			if err != nil {
				return err
			}
			if !one.State.Open() && one.Changed.Before(before) {
				old = append(old, one)
			}
		}
		for _, one := range old {
			if err := b.drop(tx, one); err != nil {
				return err
			}
		}
		removed = len(old)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("prune the worklist: %w", err)
	}
	return removed, nil
}
