package intake

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
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
// known from then on, so nothing is paid twice. The line under it is drawn after
// what it holds; what the log holds beyond, the epoch's backlog, stays for the next one, in
// its order. Call it for each such epoch, the oldest first, before the intake opens. An
// epoch that is known is left as it is.
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
		if err := b.keepBacklog(tx, heldBy(e), line); err != nil {
			return err
		}
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
		judgements := tx.Bucket([]byte(bucketVerdicts))
		for _, s := range e.Inputs.Verdicts {
			digest := s.Verdict.Hash(domain)
			if err := judgements.Put(judgementKey(&s.Verdict), append(digest[:], s.Verdict.Result...)); err != nil {
				return err
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

// adoptReceipt enters a counted receipt into the index, at or before the line.
func adoptReceipt(tx *bbolt.Tx, s attest.SignedReceipt, digest [32]byte, line uint64) error {
	l := lease{digest: digest, accepted: s.Acceptance.Accepted, sequence: line, node: s.Receipt.Node}
	return tx.Bucket([]byte(bucketLeases)).Put(leaseKey(&s.Receipt), l.value())
}

// held is what a published epoch holds, by what makes a statement the same one.
type held struct {
	leases, jobs, verdicts map[string]bool
	profiles               map[common.Address]time.Time
	challenges, exams      map[[32]byte]bool
}

func heldBy(e epoch.Bundle) held {
	h := held{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[common.Address]time.Time{}, map[[32]byte]bool{}, map[[32]byte]bool{}}
	for i := range e.Inputs.Receipts {
		s := &e.Inputs.Receipts[i]
		key := leaseKey(&s.Receipt)
		h.leases[string(key)] = true
		if s.Acceptance.Accepted {
			h.jobs[string(key[:taskBytes])] = true
		}
	}
	for i := range e.Inputs.Verdicts {
		h.verdicts[string(judgementKey(&e.Inputs.Verdicts[i].Verdict))] = true
	}
	for _, p := range e.Inputs.Profiles {
		h.profiles[p.Statement.Node] = p.Statement.At
	}
	for _, c := range e.Inputs.Challenges {
		h.challenges[c.Nonce] = true
	}
	for _, x := range e.Inputs.Examinations {
		h.exams[x.ID] = true
	}
	return h
}

// over says that an entry is the epoch's, or came to nothing by it: its job was counted
// under another lease, or a newer profile stands.
func (h held) over(e entry) bool {
	switch {
	case e.Receipt != nil:
		key := leaseKey(&e.Receipt.Receipt)
		return h.leases[string(key)] || e.Receipt.Acceptance.Accepted && h.jobs[string(key[:taskBytes])]
	case e.Profile != nil:
		at, known := h.profiles[e.Profile.Statement.Node]
		return known && !e.Profile.Statement.At.After(at)
	case e.Challenge != nil:
		return h.challenges[e.Challenge.Nonce]
	case e.Examination != nil:
		return h.exams[e.Examination.ID]
	case e.Verdict != nil:
		return h.verdicts[string(judgementKey(&e.Verdict.Verdict))]
	}
	return false // an outage, which excuses what was asked in it, in whatever epoch that is
}

// keepBacklog moves what an epoch does not hold behind its line.
func (b *Bolt) keepBacklog(tx *bbolt.Tx, h held, line uint64) error {
	b.open = nil
	var moving []uint64
	err := eachEntry(tx, lastLine(tx), func(sequence uint64, _ []byte, e entry) error {
		if sequence <= line && !h.over(e) {
			moving = append(moving, sequence)
		}
		return nil
	})
	if err != nil {
		return err
	}
	log, leases := tx.Bucket([]byte(bucketLog)), tx.Bucket([]byte(bucketLeases))
	for _, sequence := range moving {
		data := bytes.Clone(log.Get(number(sequence)))
		if err := log.Delete(number(sequence)); err != nil {
			return err
		}
		moved, err := appendEntry(tx, data)
		if err != nil {
			return err
		}
		e, err := decodeEntry(data)
		if err != nil {
			return err
		}
		if e.Receipt == nil {
			continue
		}
		key := leaseKey(&e.Receipt.Receipt)
		l, err := readLease(key, leases.Get(key))
		if err != nil {
			return err
		}
		l.sequence = moved
		if err := leases.Put(key, l.value()); err != nil {
			return err
		}
	}
	return nil
}
