package inbox

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// ledger says of each revision that was ever complete whether it still is to be taken. What
// is in a revision stands in its own journal.
type ledger struct {
	db    *bbolt.DB
	seals seals
}

// standing is what the ledger knows of a revision.
type standing struct {
	State string `json:"state"`
	Bytes int64  `json:"bytes,omitempty"`
}

// States of a revision in the ledger.
const (
	stateComplete = "complete" // to be handed out
	stateTaken    = "taken"
	stateRemoved  = "removed" // only of the latest, so that the next has a number of its own
)

// place names a revision.
type place struct {
	id       studyID
	revision int
}

// folder is the name of a revision's folder.
func (p place) folder() string { return hex.EncodeToString(p.id[:]) + "-" + strconv.Itoa(p.revision) }

// placeOf reads the name of a revision's folder.
func placeOf(folder string) (p place, ok bool) {
	id, number, found := strings.Cut(folder, "-")
	raw, err := hex.DecodeString(id)
	if !found || err != nil || len(raw) != len(p.id) {
		return p, false
	}
	n, err := strconv.ParseUint(number, 10, 31)
	p = place{studyID(raw), int(n)}
	return p, err == nil && p.folder() == folder
}

func (p place) bytes() []byte {
	return binary.BigEndian.AppendUint32(append([]byte(nil), p.id[:]...), uint32(p.revision))
}

var (
	ledgerBucket = []byte("revisions.v1")
	metaBucket   = []byte("meta")
	checkKey     = []byte("check")
)

// lockWait is how long opening waits for another process to let go of the inbox.
const lockWait = time.Second

func openLedger(folder string, s seals) (ledger, error) {
	db, err := bbolt.Open(filepath.Join(folder, "inbox.db"), 0o600, &bbolt.Options{Timeout: lockWait})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return ledger{}, errors.New("another process uses it; stop the other clinic or choose another folder")
	}
	if err != nil {
		return ledger{}, fmt.Errorf("%w; put it back from your backup", ofDisk(err))
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(ledgerBucket); err != nil {
			return err
		}
		meta, err := tx.CreateBucketIfNotExists(metaBucket)
		if err != nil {
			return err
		}
		sealed := meta.Get(checkKey)
		if sealed == nil {
			return meta.Put(checkKey, s.records.Seal(nil, nil, nil, checkKey))
		}
		if _, err := s.records.Open(nil, nil, sealed, checkKey); err != nil {
			return errors.New("the key does not fit it; give the clinic the key file that belongs to this folder")
		}
		return nil
	})
	if err != nil {
		return ledger{}, errors.Join(ofDisk(err), db.Close())
	}
	return ledger{db, s}, nil
}

// put writes the standing of a revision, durably.
func (l ledger) put(p place, s standing) error {
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return l.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(ledgerBucket).Put(p.bytes(), value) })
}

// remove leaves the mark that revisions up to p are gone.
func (l ledger) remove(p place) error {
	return l.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(ledgerBucket)
		for revision := p.revision - 1; revision >= 0; revision-- {
			earlier := place{p.id, revision}.bytes()
			if b.Get(earlier) == nil {
				break
			}
			if err := b.Delete(earlier); err != nil {
				return err
			}
		}
		value, err := json.Marshal(standing{State: stateRemoved})
		if err != nil {
			return err
		}
		return b.Put(p.bytes(), value)
	})
}

// all lists the standings of all revisions.
func (l ledger) all() (map[place]standing, error) {
	list := map[place]standing{}
	err := l.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(ledgerBucket).ForEach(func(k, value []byte) error {
			if len(k) != len(studyID{})+4 {
				return fmt.Errorf("a key of %d bytes", len(k))
			}
			var s standing
			if err := json.Unmarshal(value, &s); err != nil {
				return err
			}
			list[place{studyID(k), int(binary.BigEndian.Uint32(k[len(studyID{}):]))}] = s
			return nil
		})
	})
	return list, err
}
