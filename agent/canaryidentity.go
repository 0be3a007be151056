package agent

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
)

// The canary clinics' part of the book.
var (
	slotBucket   = []byte("canary.slots.v1") // number of the slot to the JSON of its canaryIdentity
	slotSequence = []byte("newest")          // to the number that was given out last
	heldBucket   = []byte("canary.held.v1")  // identity ‖ receipt's hash to the JSON of a heldVerdict
)

// canaryIdentity is one name that canaries come from. Verdicts on its jobs are held back
// while it is used: published, they would tell which clinic it is.
type canaryIdentity struct {
	Number uint64    `json:"number"` // from 1; 0: none
	Until  uint64    `json:"until"`  // no canary begins once this epoch is published
	Last   time.Time `json:"last"`   // when a canary of it ended
}

// heldVerdict waits for the end of its clinic's name.
type heldVerdict struct {
	Receipt attest.SignedReceipt `json:"receipt"`
	Verdict attest.SignedVerdict `json:"verdict"`
	Files   []common.Hash        `json:"files"` // SHA-256 of the study, the right answer and the node's
}

func slotKey(slot int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(slot)) }

// identity is a slot's name of now.
func (b checkBook) identity(slot int) (id canaryIdentity, err error) {
	err = b.db.View(func(tx *bolt.Tx) error { return readJSON(tx.Bucket(slotBucket), slotKey(slot), &id) })
	return id, err
}

// identities are the names that are in use, by slot.
func (b checkBook) identities() (list map[int]canaryIdentity, err error) {
	list = map[int]canaryIdentity{}
	err = b.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(slotBucket).ForEach(func(k, data []byte) error {
			if bytes.Equal(k, slotSequence) {
				return nil
			}
			var id canaryIdentity
			if err := json.Unmarshal(data, &id); err != nil {
				return fmt.Errorf("a canary clinic's name is damaged: %w; restore the database from its backup", err)
			}
			list[int(binary.BigEndian.Uint64(k))] = id
			return nil
		})
	})
	return list, err
}

// begin gives a slot a name that nobody had.
func (b checkBook) begin(slot int, until uint64, now time.Time) (id canaryIdentity, err error) {
	err = b.db.Update(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(slotBucket)
		if data := bucket.Get(slotSequence); len(data) == 8 {
			id.Number = binary.BigEndian.Uint64(data)
		}
		id = canaryIdentity{Number: id.Number + 1, Until: until, Last: now}
		if err := bucket.Put(slotSequence, binary.BigEndian.AppendUint64(nil, id.Number)); err != nil {
			return err
		}
		return writeJSON(bucket, slotKey(slot), id)
	})
	return id, err
}

// newestIdentity is the number that was given out last.
func (b checkBook) newestIdentity() (number uint64, err error) {
	err = b.db.View(func(tx *bolt.Tx) error {
		if data := tx.Bucket(slotBucket).Get(slotSequence); len(data) == 8 {
			number = binary.BigEndian.Uint64(data)
		}
		return nil
	})
	return number, err
}

// end takes a slot's name away.
func (b checkBook) end(slot int) error {
	return b.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(slotBucket).Delete(slotKey(slot)) })
}

// touch notes when a slot's newest canary ended.
func (b checkBook) touch(slot int, now time.Time) error {
	return b.db.Update(func(tx *bolt.Tx) error {
		var id canaryIdentity
		if err := readJSON(tx.Bucket(slotBucket), slotKey(slot), &id); err != nil || id.Number == 0 {
			return err
		}
		id.Last = now
		return writeJSON(tx.Bucket(slotBucket), slotKey(slot), id)
	})
}

func heldKey(identity uint64, receipt [32]byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, identity), receipt[:]...)
}

// hold keeps a verdict until its clinic's name is over. The first word about a receipt stays.
func (b checkBook) hold(identity uint64, v heldVerdict) error {
	return b.db.Update(func(tx *bolt.Tx) error {
		bucket, key := tx.Bucket(heldBucket), heldKey(identity, v.Verdict.Verdict.Receipt)
		if bucket.Get(key) != nil {
			return nil
		}
		return writeJSON(bucket, key, v)
	})
}

// maxReleased are read and published at once.
const maxReleased = 64

// held are verdicts on jobs of a name, at most maxReleased; of all names where it is 0.
func (b checkBook) held(identity uint64) (keys [][]byte, list []heldVerdict, err error) {
	prefix := binary.BigEndian.AppendUint64(nil, identity)
	if identity == 0 {
		prefix = nil
	}
	err = b.db.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(heldBucket).Cursor()
		for k, data := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix) && len(list) < maxReleased; k, data = c.Next() {
			var v heldVerdict
			if err := json.Unmarshal(data, &v); err != nil {
				return fmt.Errorf("a verdict that is held back is damaged: %w; restore the database from its backup", err)
			}
			keys, list = append(keys, bytes.Clone(k)), append(list, v)
		}
		return nil
	})
	return keys, list, err
}

// released forgets verdicts that the intake has now.
func (b checkBook) released(keys [][]byte) error {
	return b.db.Update(func(tx *bolt.Tx) error {
		for _, k := range keys {
			if err := tx.Bucket(heldBucket).Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// heldFiles are the names of all files that verdicts on hold name.
func (b checkBook) heldFiles() (names map[string]bool, err error) {
	names = map[string]bool{}
	err = b.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(heldBucket).ForEach(func(_, data []byte) error {
			var v heldVerdict
			if err := json.Unmarshal(data, &v); err != nil {
				return err
			}
			for _, f := range v.Files {
				names[hex.EncodeToString(f[:])+evidenceBlob] = true
			}
			return nil
		})
	})
	return names, err
}

// ground takes the canaries that are on their way from a name back: they are made anew.
func (b checkBook) ground(identity uint64) error {
	return b.db.Update(func(tx *bolt.Tx) error {
		again := map[string]dueCheck{}
		err := eachDue(tx, func(k []byte, d dueCheck) error {
			if d.Flight != nil && d.Flight.Identity == identity {
				d.Flight = nil
				again[string(k)] = d
			}
			return nil
		})
		for k, d := range again {
			if err == nil {
				err = putDue(tx, []byte(k), d)
			}
		}
		return err
	})
}
