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
)

// ErrReplay says that a statement can't count because another one already does:
// the job was counted, the clinic has spoken, or a newer statement stands.
var ErrReplay = errors.New("statement is replayed or stale")

// Statement is one verified statement to keep. Exactly one of the three is set.
type Statement struct {
	Receipt *attest.SignedReceipt
	Profile *attest.SignedProfile
	Verdict *attest.SignedVerdict

	Digest [32]byte // EIP-712 digest of the receipt or the verdict; of a profile it is not used
}

// Store keeps verified statements. Whatever stands behind it, a table or a stream, has
// one thing to do: keep these, all or none, and say so when they are durable. It returns
// an error for each statement, nil for what is kept; one that was kept before is no error
// and changes nothing. ErrReplay is the statement's fault, ErrBusy nobody's, any other
// the store's.
type Store interface {
	Put(ctx context.Context, statements []Statement) []error
}

// The buckets. The log is the truth, in order of arrival; the others are its indexes.
const (
	bucketLog      = "attest.log"        // sequence → entry
	bucketLeases   = "attest.leases"     // clinic ‖ task ‖ fence → lease
	bucketVerdicts = "attest.judgements" // judgementKey → digest of the verdict ‖ its result
	bucketProfiles = "attest.profiles"   // node → profileValue of the newest profile
	bucketUptime   = "attest.uptime"     // node → last sequence number of an uptime statement
	bucketEpochs   = "attest.epochs"     // epoch → last log sequence that belongs to it
	bucketExams    = "attest.exams"      // id of an examination that is recorded and may come again → 1
	bucketBeat     = "attest.beat"       // keyBeat → unix milliseconds of the last Beat
)

const keyBeat = "last"

// Bolt is the Store of one coordinator in a bbolt file. It is safe for
// concurrent use; concurrent Puts share one commit, which is two fsyncs.
type Bolt struct {
	db   *bbolt.DB
	open *openWindow // nil: not counted yet
}

// NewBolt prepares its buckets in db, which the caller opens and closes. Other
// packages may keep buckets of other names there.
func NewBolt(db *bbolt.DB) (*Bolt, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{bucketLog, bucketLeases, bucketVerdicts, bucketProfiles, bucketUptime, bucketEpochs, bucketExams, bucketBeat} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return fmt.Errorf("prepare bucket %s: %w", name, err)
			}
		}
		return moveFirstIndexes(tx)
	})
	if err != nil {
		return nil, fmt.Errorf("open intake store: %w; check the disk and the file's rights", err)
	}
	return &Bolt{db: db}, nil
}

// Put implements Store: one commit for all of them.
func (b *Bolt) Put(ctx context.Context, statements []Statement) []error {
	errs := make([]error, len(statements))
	if len(statements) == 0 {
		return errs
	}
	fault := b.batch(ctx, len(statements), func(tx *bbolt.Tx) error {
		clear(errs) // bbolt may run it twice
		for i, s := range statements {
			var fault error
			if errs[i], fault = b.keep(tx, s); fault != nil {
				return fault
			}
		}
		return nil
	})
	if fault != nil {
		for i := range errs {
			errs[i] = fault
		}
	}
	return errs
}

// keep keeps one statement. A refusal is the statement's, a fault the disk's.
func (b *Bolt) keep(tx *bbolt.Tx, s Statement) (refusal, fault error) {
	switch {
	case s.Receipt != nil:
		return b.putReceipt(tx, s.Digest, s.Receipt)
	case s.Verdict != nil:
		return b.putVerdict(tx, s.Digest, s.Verdict)
	case s.Profile != nil:
		return b.putProfile(tx, s.Profile)
	}
	return nil, errors.New("nothing to keep")
}

// PutReceipt is Put of one receipt.
func (b *Bolt) PutReceipt(ctx context.Context, digest [32]byte, r attest.SignedReceipt) error {
	return b.Put(ctx, []Statement{{Receipt: &r, Digest: digest}})[0]
}

// PutProfile is Put of one profile.
func (b *Bolt) PutProfile(ctx context.Context, p attest.SignedProfile) error {
	return b.Put(ctx, []Statement{{Profile: &p}})[0]
}

// PutVerdict is Put of one verdict. Whether its checker may judge, other than as the
// clinic, is the caller's to know.
func (b *Bolt) PutVerdict(ctx context.Context, digest [32]byte, v attest.SignedVerdict) error {
	return b.Put(ctx, []Statement{{Verdict: &v, Digest: digest}})[0]
}

// batch runs change in a transaction and waits until it is durable. A small one shares
// its transaction with others, for which it waits a little.
func (b *Bolt) batch(ctx context.Context, size int, change func(tx *bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	commit := b.db.Batch
	if size >= ownCommit {
		commit = b.db.Update
	}
	if err := commit(change); err != nil {
		return fmt.Errorf("store statement: %w; the coordinator's disk is at fault, send it again later", err)
	}
	return nil
}

// ownCommit is how many statements are worth a commit of their own.
const ownCommit = 32

// update is batch for a change that may refuse. A refusal is carried past bbolt, which
// would run the change again.
func (b *Bolt) update(ctx context.Context, change func(tx *bbolt.Tx) (refusal, fault error)) error {
	var refusal error
	if err := b.batch(ctx, 1, func(tx *bbolt.Tx) (fault error) {
		refusal, fault = change(tx)
		return fault
	}); err != nil {
		return err
	}
	return refusal
}

// putReceipt keeps a verified receipt. A clinic speaks once about one (task, fence), and a
// job counts once ever: ErrReplay names which of the two stands against it.
func (b *Bolt) putReceipt(tx *bbolt.Tx, digest [32]byte, s *attest.SignedReceipt) (refusal, fault error) {
	r := &s.Receipt
	leases := tx.Bucket([]byte(bucketLeases))
	stands, best, crowded, err := leasesOf(leases, r)
	if err != nil {
		return nil, err
	}
	switch {
	case stands.known && stands.digest == digest:
		if stands.accepted == s.Acceptance.Accepted {
			return nil, nil
		}
		return fmt.Errorf("task %s fence %d: the clinic has judged this receipt otherwise already; its first word stands: %w", r.Task.Short(), r.Fence, ErrReplay), nil
	case stands.known:
		return fmt.Errorf("task %s fence %d: another receipt stands under this lease; nothing is to be done: %w", r.Task.Short(), r.Fence, ErrReplay), nil
	case crowded:
		return fmt.Errorf("task %s: %d leases are judged already; submit the study as a new task: %w", r.Task.Short(), maxLeases, ErrReplay), nil
	case s.Acceptance.Accepted && best.known:
		if sealed, closed := sealedIn(tx, best.sequence); closed {
			return fmt.Errorf("task %s: counted in epoch %d already; a job counts once: %w", r.Task.Short(), sealed, ErrReplay), nil
		}
		if r.Fence < best.fence {
			return fmt.Errorf("task %s: fence %d is stale, fence %d was accepted; only the last lease counts: %w", r.Task.Short(), r.Fence, best.fence, ErrReplay), nil
		}
	}
	sequence, refusal, err := b.add(tx, entry{Receipt: s})
	if refusal != nil || err != nil {
		return refusal, err
	}
	return nil, leases.Put(leaseKey(r), lease{digest: digest, accepted: s.Acceptance.Accepted, sequence: sequence, node: r.Node}.value())
}

// putProfile keeps a verified profile unless a newer one of the node stands, or one that
// says more: nobody can bring back an old and better one, or unsay what was said.
func (b *Bolt) putProfile(tx *bbolt.Tx, p *attest.SignedProfile) (refusal, fault error) {
	node, at := p.Statement.Node, uint64(p.Statement.At.UnixMilli())
	value := profileValue(p.Statement)
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
	if _, refusal, err := b.add(tx, entry{Profile: p}); refusal != nil || err != nil {
		return refusal, err
	}
	return nil, profiles.Put(node[:], value)
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
		_, refusal, err := b.add(tx, entry{Challenge: &c})
		return refusal, err
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
		if _, refusal, err := b.add(tx, entry{Examination: &e}); refusal != nil || err != nil {
			return refusal, err
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

// number is v as eight bytes, big-endian, so that keys sort by value.
func number(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
