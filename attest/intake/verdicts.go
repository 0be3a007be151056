package intake

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
)

// putVerdict keeps a verified verdict. A checker speaks once about one receipt in one way,
// but what it could not check at first it may judge later. A verdict waits for the receipt
// that it judges (ErrBusy), and must name that receipt's node; a lapse is refused where a
// receipt shows that the node delivered, and where a clinic tells of many lapses of a node and of few
// receipts.
func (b *Bolt) putVerdict(tx *bbolt.Tx, digest [32]byte, s *attest.SignedVerdict) (refusal, fault error) {
	v := &s.Verdict
	judgements := tx.Bucket([]byte(bucketVerdicts))
	key := judgementKey(v)
	if before := judgements.Get(key); before != nil {
		if bytes.Equal(before[:32], digest[:]) {
			return nil, nil
		}
		if attest.Judgement(before[32:]) != attest.JudgedUnchecked || v.Result == attest.JudgedUnchecked {
			return fmt.Errorf("verdict on task %s fence %d: %s has spoken already; its first word stands: %w", v.Task.Short(), v.Fence, v.Checker, ErrReplay), nil
		}
	}
	stands, err := leaseOf(tx, v)
	if err != nil {
		return nil, err
	}
	switch {
	case v.Kind == attest.CheckLapse:
		if stands.known {
			return fmt.Errorf("lapse of task %s fence %d: a receipt stands under this lease; nothing is to be done: %w", v.Task.Short(), v.Fence, ErrReplay), nil
		}
		open, err := b.opened(tx)
		if err != nil {
			return nil, err
		}
		if refusal := open.mayLapse(v); refusal != nil {
			return refusal, nil
		}
	case !stands.known:
		return fmt.Errorf("verdict on task %s fence %d: its receipt is not here yet: %w", v.Task.Short(), v.Fence, ErrBusy), nil
	case stands.digest != v.Receipt || stands.node != v.Node:
		return fmt.Errorf("verdict on task %s fence %d: another receipt or node stands under this lease; nothing is to be done: %w", v.Task.Short(), v.Fence, ErrReplay), nil
	}
	if _, refusal, err := b.add(tx, entry{Verdict: s}); refusal != nil || err != nil {
		return refusal, err
	}
	return nil, judgements.Put(key, append(digest[:], v.Result...))
}

// leaseOf is the lease that a verdict is about.
func leaseOf(tx *bbolt.Tx, v *attest.Verdict) (lease, error) {
	key := leaseKeyOf(v.Clinic, v.Task, v.Fence)
	value := tx.Bucket([]byte(bucketLeases)).Get(key)
	if value == nil {
		return lease{}, nil
	}
	return readLease(key, value)
}

// judgementKey names what a checker speaks about: SHA-256 of the checker, the kind and the
// lease, as 32 bytes.
func judgementKey(v *attest.Verdict) []byte {
	parts := bytes.Join([][]byte{v.Checker[:], leaseKeyOf(v.Clinic, v.Task, v.Fence), []byte(v.Kind)}, nil)
	key := sha256.Sum256(parts)
	return key[:]
}
