package intake

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// ErrReplay says that a statement can't count because another one already does:
// the job was counted, the clinic has spoken, or a newer statement stands.
var ErrReplay = errors.New("statement is replayed or stale")

// Store keeps verified statements. Each Put returns after the statement is
// durable; putting the same one again is no error and changes nothing.
type Store interface {
	PutReceipt(ctx context.Context, digest [32]byte, r attest.SignedReceipt) error
	PutProfile(ctx context.Context, p attest.SignedProfile) error
}

// maxWindow bounds the statements of one epoch; the rest goes into the next one.
const maxWindow = 200_000

// The buckets. The log is the truth, in order of arrival; the others are its indexes.
const (
	bucketLog      = "attest.log"      // sequence → entry
	bucketReceipts = "attest.receipts" // receipt digest → 1 accepted, 0 disputed
	bucketVerdicts = "attest.verdicts" // clinic ‖ task ‖ fence → receipt digest
	bucketJobs     = "attest.jobs"     // epoch.JobID → fence ‖ sequence of the best accepted receipt
	bucketProfiles = "attest.profiles" // node → profileValue of the newest profile
	bucketUptime   = "attest.uptime"   // node → last sequence number of an uptime statement
	bucketEpochs   = "attest.epochs"   // epoch → last log sequence that belongs to it
	bucketExams    = "attest.exams"    // id of an examination that is recorded and may come again → 1
)

// entry is one record of the log. Exactly one field is set.
type entry struct {
	Receipt   *attest.SignedReceipt `json:"receipt,omitempty"`
	Profile   *attest.SignedProfile `json:"profile,omitempty"`
	Challenge *attest.Challenge     `json:"challenge,omitempty"`

	Examination *attest.Examination `json:"examination,omitempty"`
}

// Bolt is the Store of one coordinator in a bbolt file. It is safe for
// concurrent use; concurrent Puts share one fsync.
type Bolt struct{ db *bbolt.DB }

// NewBolt prepares its buckets in db, which the caller opens and closes. Other
// packages may keep buckets of other names there.
func NewBolt(db *bbolt.DB) (*Bolt, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{bucketLog, bucketReceipts, bucketVerdicts, bucketJobs, bucketProfiles, bucketUptime, bucketEpochs, bucketExams} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return fmt.Errorf("prepare bucket %s: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open intake store: %w; check the disk and the file's rights", err)
	}
	return &Bolt{db}, nil
}

// update runs change in a transaction shared with others and waits until it is
// durable. A refusal is carried past bbolt, which would run the change again.
func (b *Bolt) update(ctx context.Context, change func(tx *bbolt.Tx) (refusal, fault error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var refusal error
	err := b.db.Batch(func(tx *bbolt.Tx) (fault error) {
		refusal, fault = change(tx)
		return fault
	})
	if err != nil {
		return fmt.Errorf("store statement: %w; the coordinator's disk is at fault, send it again later", err)
	}
	return refusal
}

func (b *Bolt) add(tx *bbolt.Tx, e entry) (sequence uint64, err error) {
	data, err := json.Marshal(e)
	if err != nil {
		return 0, err
	}
	log := tx.Bucket([]byte(bucketLog))
	if sequence, err = log.NextSequence(); err != nil {
		return 0, err
	}
	return sequence, log.Put(number(sequence), data)
}

// PutReceipt keeps a verified receipt under its digest. A clinic speaks once
// about one (task, fence), and a job counts once ever: ErrReplay names which of
// the two stands against it.
func (b *Bolt) PutReceipt(ctx context.Context, digest [32]byte, s attest.SignedReceipt) error {
	r := s.Receipt
	verdictKey := verdictKey(r)
	jobKey := epoch.JobID(r)
	return b.update(ctx, func(tx *bbolt.Tx) (refusal, fault error) {
		receipts, verdicts, jobs := tx.Bucket([]byte(bucketReceipts)), tx.Bucket([]byte(bucketVerdicts)), tx.Bucket([]byte(bucketJobs))
		verdict := []byte{0}
		if s.Acceptance.Accepted {
			verdict[0] = 1
		}
		if before := receipts.Get(digest[:]); before != nil {
			if bytes.Equal(before, verdict) {
				return nil, nil
			}
			return fmt.Errorf("task %s fence %d: the clinic has judged this receipt otherwise already; its first word stands: %w", r.Task.Short(), r.Fence, ErrReplay), nil
		}
		if verdicts.Get(verdictKey) != nil {
			return fmt.Errorf("task %s fence %d: another receipt stands under this lease; nothing is to be done: %w", r.Task.Short(), r.Fence, ErrReplay), nil
		}
		if s.Acceptance.Accepted {
			if best := jobs.Get(jobKey[:]); best != nil {
				fence, sequence := binary.BigEndian.Uint64(best[:8]), binary.BigEndian.Uint64(best[8:])
				if sealed, closed := sealedIn(tx, sequence); closed {
					return fmt.Errorf("task %s: counted in epoch %d already; a job counts once: %w", r.Task.Short(), sealed, ErrReplay), nil
				}
				if r.Fence < fence {
					return fmt.Errorf("task %s: fence %d is stale, fence %d was accepted; only the last lease counts: %w", r.Task.Short(), r.Fence, fence, ErrReplay), nil
				}
			}
		}
		sequence, err := b.add(tx, entry{Receipt: &s})
		if err != nil {
			return nil, err
		}
		err = errors.Join(receipts.Put(digest[:], verdict), verdicts.Put(verdictKey, digest[:]))
		if s.Acceptance.Accepted {
			err = errors.Join(err, jobs.Put(jobKey[:], append(number(r.Fence), number(sequence)...)))
		}
		return nil, err
	})
}

// PutProfile keeps a verified profile unless a newer one of the node stands, or one that
// says more: nobody can bring back an old and better one, or unsay what was said.
func (b *Bolt) PutProfile(ctx context.Context, p attest.SignedProfile) error {
	node, at := p.Statement.Node, uint64(p.Statement.At.UnixMilli())
	value := profileValue(p.Statement)
	return b.update(ctx, func(tx *bbolt.Tx) (refusal, fault error) {
		profiles := tx.Bucket([]byte(bucketProfiles))
		if before := profiles.Get(node[:]); before != nil {
			if bytes.HasPrefix(value, before) {
				return nil, nil
			}
			if len(before) == len(value) && before[len(before)-1] != firstProfile && value[len(value)-1] == firstProfile {
				return fmt.Errorf("profile of %s: one of version 2 stands, version 1 can't replace it; probe again with this version: %w", node, ErrReplay), nil
			}
			if at <= binary.BigEndian.Uint64(before[:8]) {
				return fmt.Errorf("profile of %s: a newer one stands; probe again and sign the new one: %w", node, ErrReplay), nil
			}
		}
		if _, err := b.add(tx, entry{Profile: &p}); err != nil {
			return nil, err
		}
		return nil, profiles.Put(node[:], value)
	})
}

// firstProfile is the version of profiles that know neither power nor their node.
const firstProfile = 1

// profileValue is what is remembered of a profile: the time's eight bytes and the digest,
// so that the same one again is known, and its version: 1, or 2 for any other. Stores of
// before hold the first two only.
func profileValue(s attest.ProfileStatement) []byte {
	var head struct{ Version int }
	version := byte(firstProfile + 1)
	if json.Unmarshal(s.Profile, &head) == nil && head.Version == firstProfile {
		version = firstProfile
	}
	return append(append(number(uint64(s.At.UnixMilli())), s.ProfileDigest[:]...), version)
}

// Record keeps the outcome of an uptime challenge; it is uptime.Ledger. An answer
// whose sequence number does not rise is attest.ErrSequence and is not kept: the
// caller records the challenge as refused.
func (b *Bolt) Record(ctx context.Context, c attest.Challenge) error {
	return b.update(ctx, func(tx *bbolt.Tx) (refusal, fault error) {
		if c.Outcome == attest.Answered {
			uptime := tx.Bucket([]byte(bucketUptime))
			seq := c.Answer.Uptime.Seq
			if before := uptime.Get(c.Node[:]); before != nil && seq <= binary.BigEndian.Uint64(before) {
				return fmt.Errorf("uptime of %s: %d after %d; restore the node's state or register a new key: %w", c.Node, seq, binary.BigEndian.Uint64(before), attest.ErrSequence), nil
			}
			if err := uptime.Put(c.Node[:], number(seq)); err != nil {
				return nil, err
			}
		}
		_, err := b.add(tx, entry{Challenge: &c})
		return nil, err
	})
}

// RecordExamination keeps the outcome of a compute challenge. An id counts once ever: the
// same again changes nothing, whatever its outcome.
func (b *Bolt) RecordExamination(ctx context.Context, e attest.Examination) error {
	return b.update(ctx, func(tx *bbolt.Tx) (refusal, fault error) {
		exams := tx.Bucket([]byte(bucketExams))
		if exams.Get(e.ID[:]) != nil {
			return nil, nil
		}
		if _, err := b.add(tx, entry{Examination: &e}); err != nil {
			return nil, err
		}
		return nil, exams.Put(e.ID[:], []byte{1})
	})
}

// ForgetExamination lets go of an id whose outcome can't be recorded again, so that the
// index does not grow with every examination ever held. The record itself stays.
func (b *Bolt) ForgetExamination(ctx context.Context, id [32]byte) error {
	return b.update(ctx, func(tx *bbolt.Tx) (refusal, fault error) {
		return nil, tx.Bucket([]byte(bucketExams)).Delete(id[:])
	})
}

// verdictKey names one judgement: a clinic speaks once about one lease of a task.
func verdictKey(r attest.Receipt) []byte {
	return bytes.Join([][]byte{r.Clinic[:], r.Task[:], number(r.Fence)}, nil)
}

// number is v as eight bytes, big-endian, so that keys sort by value.
func number(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
