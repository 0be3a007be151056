package intake

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// LastSealed is the newest epoch under which a line is drawn, 0 before the first.
func (b *Bolt) LastSealed() (n uint64, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		if key, _ := tx.Bucket([]byte(bucketEpochs)).Cursor().Last(); key != nil {
			n = binary.BigEndian.Uint64(key)
		}
		return nil
	})
	return n, err
}

// Adopt teaches the store an epoch that was published but that it never sealed:
// the store is new, or was restored from a backup. What the epoch counted is
// known from then on, so nothing is paid twice, and the line under it is drawn
// after everything in the log: what a backup holds is older than the epoch. Call
// it for each such epoch, the oldest first, before the intake opens. An epoch
// that is known is left as it is.
func (b *Bolt) Adopt(e epoch.Bundle) error {
	n, domain := e.Summary.Number, e.Inputs.Domain()
	err := b.db.Update(func(tx *bbolt.Tx) error {
		lines := tx.Bucket([]byte(bucketEpochs))
		if lines.Get(number(n)) != nil {
			return nil
		}
		if key, _ := lines.Cursor().Last(); key != nil && n != binary.BigEndian.Uint64(key)+1 {
			return fmt.Errorf("the last known one is %d; adopt them in order", binary.BigEndian.Uint64(key))
		}
		line := tx.Bucket([]byte(bucketLog)).Sequence()
		for _, s := range e.Inputs.Receipts {
			if err := adoptReceipt(tx, s, s.Receipt.Hash(domain), line); err != nil {
				return err
			}
		}
		uptime := tx.Bucket([]byte(bucketUptime))
		for _, l := range e.Summary.Lines {
			if before := uptime.Get(l.Node[:]); l.LastSeq > 0 && (before == nil || binary.BigEndian.Uint64(before) < l.LastSeq) {
				if err := uptime.Put(l.Node[:], number(l.LastSeq)); err != nil {
					return err
				}
			}
		}
		profiles := tx.Bucket([]byte(bucketProfiles))
		for _, p := range e.Inputs.Profiles {
			at := uint64(p.Statement.At.UnixMilli())
			if before := profiles.Get(p.Statement.Node[:]); before == nil || binary.BigEndian.Uint64(before[:8]) < at {
				if err := profiles.Put(p.Statement.Node[:], profileValue(p.Statement)); err != nil {
					return err
				}
			}
		}
		exams := tx.Bucket([]byte(bucketExams))
		for _, e := range e.Inputs.Examinations {
			if err := exams.Put(e.ID[:], []byte{1}); err != nil {
				return err
			}
		}
		return lines.Put(number(n), number(line))
	})
	if err != nil {
		return fmt.Errorf("adopt epoch %d: %w", n, err)
	}
	return nil
}

// adoptReceipt enters a counted receipt into the indexes, at or before the line.
func adoptReceipt(tx *bbolt.Tx, s attest.SignedReceipt, digest [32]byte, line uint64) error {
	verdict := []byte{0}
	var jobErr error
	if s.Acceptance.Accepted {
		verdict[0] = 1
		id := epoch.JobID(s.Receipt)
		jobErr = tx.Bucket([]byte(bucketJobs)).Put(id[:], append(number(s.Receipt.Fence), number(line)...))
	}
	return errors.Join(jobErr,
		tx.Bucket([]byte(bucketReceipts)).Put(digest[:], verdict),
		tx.Bucket([]byte(bucketVerdicts)).Put(verdictKey(s.Receipt), digest[:]))
}
