package agent

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ethereum/go-ethereum/common"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/models"
)

// The coordinator's part in checking nodes, in its database.
var (
	dueBucket    = []byte("canary.due.v1")     // ascending number to the JSON of a dueCheck
	recordBucket = []byte("canary.history.v1") // canary.Key to the JSON of its canary.History
	drawnBucket  = []byte("canary.drawn.v1")   // kind and task of a draw that is in the book to the epoch of the draw
)

// Bounds of the checks that wait. Beyond them a drawn check is not made: the rates are what
// this machine can compute, and nobody's checks keep out all others'.
const (
	maxDue          = 1024
	maxDuePerNode   = 16 // of one node, canaries and re-runs each
	maxDuePerClinic = 16 // re-runs of one clinic's tasks
)

// checkTries is how often a check is tried before it is dropped: the node may be away, or
// others may always be first.
const checkTries = 4

// dueCheck is a check that a draw has asked for.
type dueCheck struct {
	Key   canary.Key `json:"key"` // whom a canary is meant for; of a re-run whom it is about
	Rerun *rerun     `json:"rerun,omitempty"`
	At    time.Time  `json:"at"` // not before
	// Of is the task whose receipt it was drawn for: drawn again after a restart, it is the
	// same check. Zero: it stands for itself.
	Of     models.Digest `json:"of,omitzero"`
	Tries  int           `json:"tries,omitempty"`
	Flight *flight       `json:"flight,omitempty"` // a canary that is on its way
}

// clinic is whose task is to be run again; zero of a canary.
func (d dueCheck) clinic() common.Address {
	if d.Rerun == nil {
		return common.Address{}
	}
	return d.Rerun.Receipt.Receipt.Clinic
}

// drawn is under which name the book knows the draw.
func (d dueCheck) drawn() []byte {
	kind := byte('c')
	if d.Rerun != nil {
		kind = 'r'
	}
	return append([]byte{kind}, append(d.Of[:], d.Key.Node[:]...)...)
}

// rerun is a task to be run again.
type rerun struct {
	Receipt attest.SignedReceipt `json:"receipt"`
}

// flight is a canary after its submission: enough to judge it after a restart.
type flight struct {
	Identity uint64        `json:"identity"` // of the clinic
	Task     models.Digest `json:"task"`
	Package  models.Digest `json:"package"`
	Study    common.Hash   `json:"study"` // SHA-256 of the payload
	Seed     common.Hash   `json:"seed"`
	Answer   common.Hash   `json:"answer"`  // SHA-256 of the right answer
	Took     time.Duration `json:"took_ns"` // of its run
}

// checkBook is what a coordinator remembers of checks: who is to be checked, and how they
// did.
type checkBook struct{ db *bolt.DB }

func openCheckBook(db *bolt.DB) (checkBook, error) {
	err := db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{dueBucket, recordBucket, drawnBucket, slotBucket, heldBucket, aloneBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return checkBook{}, fmt.Errorf("open the book of checks: %w", err)
	}
	return checkBook{db}, nil
}

// history is a key's record; a newcomer's where there is none.
func (b checkBook) history(key canary.Key) (h canary.History, err error) {
	err = b.db.View(func(tx *bolt.Tx) error { return readJSON(tx.Bucket(recordBucket), key.Bytes(), &h) })
	return h, err
}

// Why a check is not put among those that wait.
var (
	errFull  = errors.New("more checks wait than are made; this one is left out")
	errDrawn = errors.New("this check was drawn before")
)

// add puts a check among those that wait, once for each draw. epoch is the newest one.
func (b checkBook) add(d dueCheck, epoch uint64) error {
	return b.db.Update(func(tx *bolt.Tx) error {
		if !d.Of.IsZero() && tx.Bucket(drawnBucket).Get(d.drawn()) != nil {
			return errDrawn
		}
		all, ofNode, ofClinic := 0, 0, 0
		err := eachDue(tx, func(_ []byte, other dueCheck) error {
			all++
			if (other.Rerun == nil) == (d.Rerun == nil) && other.Key.Node == d.Key.Node {
				ofNode++
			}
			if d.Rerun != nil && other.clinic() == d.clinic() {
				ofClinic++
			}
			return nil
		})
		if err != nil {
			return err
		}
		if all >= maxDue || ofNode >= maxDuePerNode || ofClinic >= maxDuePerClinic {
			return errFull
		}
		n, err := tx.Bucket(dueBucket).NextSequence()
		if err != nil {
			return err
		}
		if !d.Of.IsZero() {
			if err := tx.Bucket(drawnBucket).Put(d.drawn(), binary.BigEndian.AppendUint64(nil, epoch)); err != nil {
				return err
			}
		}
		return putDue(tx, binary.BigEndian.AppendUint64(nil, n), d)
	})
}

// drawnFor is for how many epochs a draw is remembered: the open window is drawn from again
// at a start, and holds nothing older.
const drawnFor = 2

// forgetDraws drops draws of windows that are long closed.
func (b checkBook) forgetDraws(epoch uint64) error {
	return b.db.Update(func(tx *bolt.Tx) error {
		c := tx.Bucket(drawnBucket).Cursor()
		for k, v := c.First(); k != nil; {
			if len(v) == 8 && binary.BigEndian.Uint64(v)+drawnFor >= epoch {
				k, v = c.Next()
				continue
			}
			if err := c.Delete(); err != nil {
				return err
			}
			k, v = c.Seek(k)
		}
		return nil
	})
}

func eachDue(tx *bolt.Tx, visit func(number []byte, d dueCheck) error) error {
	return tx.Bucket(dueBucket).ForEach(func(k, data []byte) error {
		var d dueCheck
		if err := json.Unmarshal(data, &d); err != nil {
			return fmt.Errorf("a check that waits is damaged: %w; restore the database from its backup", err)
		}
		return visit(k, d)
	})
}

func putDue(tx *bolt.Tx, number []byte, d dueCheck) error {
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return tx.Bucket(dueBucket).Put(number, data)
}

// put replaces a check that waits.
func (b checkBook) put(number []byte, d dueCheck) error {
	return b.db.Update(func(tx *bolt.Tx) error { return putDue(tx, number, d) })
}

// next is the check that is due first among those that suit; nil where none waits. What is
// on its way comes before what is not.
func (b checkBook) next(suits func(number []byte, d dueCheck) bool) (number []byte, first *dueCheck, err error) {
	sooner := func(a, b dueCheck) bool {
		if (a.Flight != nil) != (b.Flight != nil) {
			return a.Flight != nil
		}
		return a.At.Before(b.At)
	}
	err = b.db.View(func(tx *bolt.Tx) error {
		return eachDue(tx, func(k []byte, d dueCheck) error {
			if suits(k, d) && (first == nil || sooner(d, *first)) {
				number, first = bytes.Clone(k), &d
			}
			return nil
		})
	})
	return number, first, err
}

// flights are the canaries that are on their way.
func (b checkBook) flights() (list []flight, err error) {
	err = b.db.View(func(tx *bolt.Tx) error {
		return eachDue(tx, func(_ []byte, d dueCheck) error {
			if d.Flight != nil {
				list = append(list, *d.Flight)
			}
			return nil
		})
	})
	return list, err
}

// finding is what a check said about one key.
type finding struct {
	key     canary.Key
	opinion canary.Opinion
}

// done strikes a check, with what it found: the histories move with it or not at all.
func (b checkBook) done(number []byte, found []finding) error {
	return b.db.Update(func(tx *bolt.Tx) error {
		for _, f := range found {
			var h canary.History
			records, key := tx.Bucket(recordBucket), f.key.Bytes()
			if err := readJSON(records, key, &h); err != nil {
				return err
			}
			if err := writeJSON(records, key, h.After(f.opinion.Judgement)); err != nil {
				return err
			}
			if f.opinion.Judgement == attest.JudgedInvalid { // on whichever provider: a node names its own
				if err := forfeit(records, f.key); err != nil {
					return err
				}
			}
			var l canary.Latitude
			if err := readJSON(tx.Bucket(aloneBucket), aloneKey(f.key), &l); err != nil {
				return err
			}
			if err := writeJSON(tx.Bucket(aloneBucket), aloneKey(f.key), l.After(f.opinion)); err != nil {
				return err
			}
		}
		return tx.Bucket(dueBucket).Delete(number)
	})
}

// aloneBucket holds, for each node and provider, the JSON of its canary.Latitude.
var aloneBucket = []byte("canary.latitude.v1")

func aloneKey(k canary.Key) []byte { return append(k.Node.Bytes(), k.Provider...) }

// latitude is how often a node's class of providers was given room.
func (b checkBook) latitude(key canary.Key) (l canary.Latitude, err error) {
	err = b.db.View(func(tx *bolt.Tx) error { return readJSON(tx.Bucket(aloneBucket), aloneKey(key), &l) })
	return l, err
}

// readJSON leaves v as it is where there is nothing.
func readJSON(bucket *bolt.Bucket, key []byte, v any) error {
	data := bucket.Get(key)
	if data == nil {
		return nil
	}
	return json.Unmarshal(data, v)
}

func writeJSON(bucket *bolt.Bucket, key []byte, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return bucket.Put(key, data)
}

// pauseOf is an exponentially distributed pause of this mean for a uniform draw in [0,1): a
// node that knows when it was last checked knows nothing of when it will be.
func pauseOf(mean time.Duration, draw float64) time.Duration {
	const longest = 10 // means: one in 22,000 would be longer
	return time.Duration(min(-math.Log1p(-draw), longest) * float64(mean))
}
