package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
)

// A clinic can open a sealed result as soon as it has it, before it countersigns the
// receipt that the node is paid by. A node can't prevent that; it can stop working for a
// clinic that does so.
const (
	// unsignedAllowed is how many results a clinic may keep unsigned without consequence: a
	// clinic's disk may die.
	unsignedAllowed = 2
	// signedPerUnsigned is how many signed results make up for one that was not, beyond.
	signedPerUnsigned = 10
	// avoidFor is how long a clinic is avoided after the latest one; then it has one chance.
	avoidFor = 24 * time.Hour
	// overdueAfter is when a result that a clinic has taken and not answered counts as
	// unsigned, until it answers.
	overdueAfter = 10 * time.Minute
	// maxClinics bounds what is remembered, on disk and in memory.
	maxClinics = 1024
	// maxUnsigned bounds the receipts that are kept without a clinic's signature.
	maxUnsigned = 1024
)

var errConduct = errors.New("the clinic has kept results without countersigning their receipts")

var (
	clinicsBucket  = []byte("worker.clinics.v1")  // by address
	unsignedBucket = []byte("worker.unsigned.v1") // by ascending number
)

// conduct is how a clinic has settled with this node.
type conduct struct {
	Signed   uint64    `json:"signed"`   // receipts that it countersigned, accepted or disputed
	Unsigned uint64    `json:"unsigned"` // results that it took for nothing
	Last     time.Time `json:"last"`     // of the latest unsigned one, or of the latest signed one where there is none
}

// signed and unsigned are the conduct after one more result.
func (c conduct) signed(now time.Time) conduct {
	c.Signed++
	if c.Unsigned == 0 {
		c.Last = now
	}
	return c
}

func (c conduct) unsigned(now time.Time) conduct {
	c.Unsigned++
	c.Last = now
	return c
}

// avoided reports whether the node bids for this clinic at all; overdue is how many taken
// results are unanswered for too long now. A clinic is avoided while
//
//	unsigned + overdue > 2  and  10 · (unsigned + overdue) > signed
//
// and the latest is younger than 24 h or still overdue.
func (c conduct) avoided(overdue int, now time.Time) bool {
	owed := c.Unsigned + uint64(overdue)
	return owed > unsignedAllowed && owed > c.Signed/signedPerUnsigned && (overdue > 0 || now.Before(c.Last.Add(avoidFor)))
}

// UnsignedReceipt is a receipt of work whose clinic took the result and did not
// countersign: the node's side of the story.
type UnsignedReceipt struct {
	Receipt   attest.Receipt   `json:"receipt"`
	Signature attest.Signature `json:"signature"`
	GivenUp   time.Time        `json:"given_up"`
	Reason    string           `json:"reason"`
}

// loadConduct reads what is remembered of clinics.
func (s store) loadConduct() (map[common.Address]conduct, error) {
	known := map[common.Address]conduct{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(clinicsBucket).ForEach(func(k, data []byte) error {
			var c conduct
			if err := json.Unmarshal(data, &c); err != nil {
				return fmt.Errorf("what is remembered of a clinic is damaged: %w; restore the database from its backup", err)
			}
			known[common.BytesToAddress(k)] = c
			return nil
		})
	})
	return known, err
}

// putConduct writes one clinic's conduct and forgets another's where there are too many.
func putConduct(tx *bbolt.Tx, clinic common.Address, c conduct, forgotten *common.Address) error {
	if forgotten != nil {
		if err := tx.Bucket(clinicsBucket).Delete(forgotten[:]); err != nil {
			return err
		}
	}
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return tx.Bucket(clinicsBucket).Put(clinic[:], data)
}

// putUnsigned keeps a receipt that nobody countersigned, the latest maxUnsigned of them.
func putUnsigned(tx *bbolt.Tx, r UnsignedReceipt) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	bucket := tx.Bucket(unsignedBucket)
	if err := appendTo(bucket, data); err != nil {
		return err
	}
	if bucket.Sequence() <= maxUnsigned {
		return nil
	}
	oldest, _ := bucket.Cursor().First()
	return bucket.Delete(oldest)
}

// leastMissed is whose conduct to forget for another's: the oldest of those that are not
// avoided, else the oldest.
func leastMissed(known map[common.Address]conduct, now time.Time) *common.Address {
	var least *common.Address
	for address, c := range known {
		if least == nil {
			least = &address
			continue
		}
		avoided, than := c.avoided(0, now), known[*least].avoided(0, now)
		if avoided == than && c.Last.Before(known[*least].Last) || !avoided && than {
			least = &address
		}
	}
	return least
}

// Unsigned lists the receipts that no clinic countersigned, the oldest first.
func (w *Worker) Unsigned() ([]UnsignedReceipt, error) {
	var list []UnsignedReceipt
	err := w.store.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(unsignedBucket).ForEach(func(_, data []byte) error {
			var r UnsignedReceipt
			if err := json.Unmarshal(data, &r); err != nil {
				return err
			}
			list = append(list, r)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list unsigned receipts: %w", err)
	}
	return list, nil
}

// avoids reports whether the node stays away from a clinic; w.mu is held.
func (w *Worker) avoids(clinic common.Address, now time.Time) bool {
	overdue := 0
	for _, j := range w.jobs {
		if j.clinic == clinic && !j.taken.IsZero() && now.Sub(j.taken) > overdueAfter {
			overdue++
		}
	}
	return w.clinics[clinic].avoided(overdue, now)
}

// took notes on disk that the clinic has this job's whole sealed result.
func (w *Worker) took(j *job) {
	w.mu.Lock()
	before := j.taken
	if before.IsZero() {
		j.taken = w.Clock.Now()
		j.rec.Taken = j.taken
	}
	rec := j.rec
	w.mu.Unlock()
	if !before.IsZero() {
		return
	}
	if err := w.store.putJob(rec); err != nil {
		w.Log.Warn("not persisted that a clinic has a result", "task", j.task.Short(), "error", err)
	}
}

// owed is the receipt that a settled job leaves without its clinic's signature, nil
// where the clinic did not have the result.
func (r record) owed(now time.Time, reason string) *UnsignedReceipt {
	if r.Sealed == nil || r.Taken.IsZero() {
		return nil
	}
	return &UnsignedReceipt{Receipt: r.Sealed.Receipt, Signature: r.Sealed.Signature, GivenUp: now, Reason: reason}
}
