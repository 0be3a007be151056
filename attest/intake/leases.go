package intake

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// lease is what the index knows of the receipt under one lease of a task.
type lease struct {
	known    bool
	fence    uint64
	digest   [32]byte // of the receipt
	accepted bool
	sequence uint64         // in the log, or the line of the epoch that it was adopted with
	node     common.Address // zero where the index is from before verdicts
}

// leaseBytes is the length of a lease's value, taskBytes of a task's name in a lease's key.
const (
	leaseBytes = 32 + 1 + 8 + common.AddressLength
	taskBytes  = common.AddressLength + 32
)

// leaseKey names a lease: the leases of one task stand side by side, the oldest first.
func leaseKey(r *attest.Receipt) []byte { return leaseKeyOf(r.Clinic, r.Task, r.Fence) }

func leaseKeyOf(clinic common.Address, task [32]byte, fence uint64) []byte {
	key := make([]byte, 0, taskBytes+8)
	return binary.BigEndian.AppendUint64(append(append(key, clinic[:]...), task[:]...), fence)
}

func (l lease) value() []byte {
	v := make([]byte, 0, leaseBytes)
	v = append(append(v, l.digest[:]...), 0)
	if l.accepted {
		v[32] = 1
	}
	return append(binary.BigEndian.AppendUint64(v, l.sequence), l.node[:]...)
}

func readLease(key, value []byte) (lease, error) {
	if len(key) != taskBytes+8 || len(value) != leaseBytes {
		return lease{}, fmt.Errorf("index entry of %d and %d bytes; restore the store from its backup", len(key), len(value))
	}
	return lease{
		known: true, fence: binary.BigEndian.Uint64(key[taskBytes:]), digest: [32]byte(value), accepted: value[32] == 1,
		sequence: binary.BigEndian.Uint64(value[33:]), node: common.Address(value[41:]),
	}, nil
}

// maxLeases bounds the judged leases of one task: a walk over them takes microseconds. A
// task has one, and a few more when it is done twice or a result is disputed.
const maxLeases = 64

// leasesOf looks a receipt's task up: what stands under its own lease, and the accepted
// lease of the highest fence. Where nothing stands, crowded says that the task has so many
// leases that no other one is taken.
func leasesOf(leases *bbolt.Bucket, r *attest.Receipt) (stands, best lease, crowded bool, err error) {
	own := leaseKey(r)
	if value := leases.Get(own); value != nil {
		stands, err = readLease(own, value)
		return stands, best, false, err
	}
	cursor, n := leases.Cursor(), 0
	for key, value := cursor.Seek(own[:taskBytes]); bytes.HasPrefix(key, own[:taskBytes]); key, value = cursor.Next() {
		if n++; n >= maxLeases {
			return stands, best, true, nil
		}
		l, err := readLease(key, value)
		if err != nil {
			return stands, best, false, err
		}
		if l.accepted {
			best = l
		}
	}
	return stands, best, false, nil
}

// The indexes of the first version, which bucketLeases replaces.
const (
	firstReceipts = "attest.receipts" // receipt digest → 1 accepted, 0 disputed
	firstVerdicts = "attest.verdicts" // clinic ‖ task ‖ fence → receipt digest
	firstJobs     = "attest.jobs"     // epoch.JobID → fence ‖ sequence of the best accepted receipt
)

// moveFirstIndexes makes bucketLeases of the first version's indexes, once.
func moveFirstIndexes(tx *bbolt.Tx) error {
	receipts, verdicts, jobs := tx.Bucket([]byte(firstReceipts)), tx.Bucket([]byte(firstVerdicts)), tx.Bucket([]byte(firstJobs))
	if receipts == nil || verdicts == nil || jobs == nil {
		return nil
	}
	leases := tx.Bucket([]byte(bucketLeases))
	err := verdicts.ForEach(func(key, digest []byte) error {
		if len(key) != taskBytes+8 || len(digest) != 32 {
			return fmt.Errorf("index entry of %d and %d bytes; restore the store from its backup", len(key), len(digest))
		}
		r := attest.Receipt{Clinic: common.Address(key), Task: [32]byte(key[common.AddressLength:]), Fence: binary.BigEndian.Uint64(key[taskBytes:])}
		l := lease{digest: [32]byte(digest), accepted: bytes.Equal(receipts.Get(digest), []byte{1})}
		job := epoch.JobID(r)
		// Only the best one's place in the log was kept; of the others nobody asks.
		if best := jobs.Get(job[:]); len(best) == 16 {
			l.sequence = binary.BigEndian.Uint64(best[8:])
		}
		return leases.Put(key, l.value())
	})
	return errors.Join(err, tx.DeleteBucket([]byte(firstReceipts)), tx.DeleteBucket([]byte(firstVerdicts)), tx.DeleteBucket([]byte(firstJobs)))
}
