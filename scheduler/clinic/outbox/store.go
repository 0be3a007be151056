package outbox

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
)

var (
	deliveriesBucket = []byte("outbox.deliveries.v1") // key to the sealed JSON of a Delivery
	unsettledBucket  = []byte("outbox.unsettled.v1")  // keys of those that are not delivered yet
	instancesBucket  = []byte("outbox.instances.v1")  // HMACs of the SOP Instance UIDs that went through here
)

// lockTimeout is how long another process may hold the database.
const lockTimeout = 5 * time.Second

// key names a delivery on disk: 16 bytes of its task's HMAC, then 16 of its kind and
// destination's. Who reads the database learns neither.
type key [32]byte

// store keeps deliveries, sealed.
type store struct {
	db   *bbolt.DB
	aead cipher.AEAD
	mac  []byte
}

func openStore(file string, secret [32]byte) (*store, error) {
	derive := func(info string) ([]byte, error) { return hkdf.Key(sha256.New, secret[:], nil, info, len(secret)) }
	sealing, err := derive("medhive/outbox/seal/1")
	if err != nil {
		return nil, fmt.Errorf("derive the outbox's keys: %w", err)
	}
	naming, err := derive("medhive/outbox/name/1")
	if err != nil {
		return nil, fmt.Errorf("derive the outbox's keys: %w", err)
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, fmt.Errorf("derive the outbox's keys: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("derive the outbox's keys: %w", err)
	}
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if err == nil {
		err = db.Update(func(tx *bbolt.Tx) error {
			for _, name := range [][]byte{deliveriesBucket, unsettledBucket, instancesBucket} {
				if _, err := tx.CreateBucketIfNotExists(name); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("open the outbox: %w; is another medhive running there?", withoutPath(err))
	}
	return &store{db: db, aead: aead, mac: naming}, nil
}

// withoutPath drops the paths from an error of the file system: folders may name a patient.
func withoutPath(err error) error {
	var at *fs.PathError
	var link *os.LinkError // a rename's
	switch {
	case errors.As(err, &at):
		return at.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// keyOf names the delivery of a task to a destination.
func (s *store) keyOf(task models.Digest, notice bool, destination string) (k key) {
	copy(k[:], s.prefix(task))
	kind := "result"
	if notice {
		kind = "notice"
	}
	copy(k[len(k)/2:], s.hash(kind+" to "+destination))
	return k
}

// prefix begins the keys of a task's deliveries.
func (s *store) prefix(task models.Digest) []byte { return s.hash("task " + string(task[:])) }

func (s *store) hash(text string) []byte {
	h := hmac.New(sha256.New, s.mac)
	h.Write([]byte(text))
	return h.Sum(nil)[:len(key{})/2]
}

func (s *store) seal(k key, d Delivery) ([]byte, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return s.aead.Seal(nil, nil, data, k[:]), nil
}

func (s *store) unseal(k key, sealed []byte) (d Delivery, err error) {
	data, err := s.aead.Open(nil, nil, sealed, k[:])
	if err == nil {
		err = json.Unmarshal(data, &d)
	}
	if err != nil {
		return d, fmt.Errorf("read the outbox: %w; give the clinic the key that belongs to its database", err)
	}
	return d, nil
}

// write puts deliveries on disk in one step.
func (s *store) write(changed map[key]Delivery) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for k, d := range changed {
			sealed, err := s.seal(k, d)
			if err == nil {
				err = tx.Bucket(deliveriesBucket).Put(k[:], sealed)
			}
			if err == nil && d.unsettled() {
				err = tx.Bucket(unsettledBucket).Put(k[:], nil)
			} else if err == nil {
				err = tx.Bucket(unsettledBucket).Delete(k[:])
			}
			if err == nil {
				err = s.mark(tx, d.Items)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the outbox: %w; check the disk", withoutPath(err))
	}
	return nil
}

// mark remembers the instances of items, for ever: see Outbox.Has.
func (s *store) mark(tx *bbolt.Tx, items []Item) error {
	marks := tx.Bucket(instancesBucket)
	for _, i := range items {
		if i.SOPInstanceUID == "" {
			continue
		}
		if name := s.hash("instance " + i.SOPInstanceUID); marks.Get(name) == nil {
			if err := marks.Put(name, []byte{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// marked says that an instance was in an item.
func (s *store) marked(instance string) (there bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		there = tx.Bucket(instancesBucket).Get(s.hash("instance "+instance)) != nil
		return nil
	})
	return there, err
}

// of are the deliveries of a task.
func (s *store) of(task models.Digest) (map[key]Delivery, error) {
	found := map[key]Delivery{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		prefix := s.prefix(task)
		c := tx.Bucket(deliveriesBucket).Cursor()
		for k, sealed := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, sealed = c.Next() {
			d, err := s.unseal(key(k), sealed)
			if err != nil {
				return err
			}
			found[key(k)] = d
		}
		return nil
	})
	return found, err
}

// unsettled are the deliveries that are not delivered yet, or were given up.
func (s *store) unsettled() (map[key]Delivery, error) {
	found := map[key]Delivery{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(unsettledBucket).ForEach(func(k, _ []byte) error {
			d, err := s.unseal(key(k), tx.Bucket(deliveriesBucket).Get(k))
			found[key(k)] = d
			return err
		})
	})
	return found, err
}

// each shows every delivery, in no order.
func (s *store) each(visit func(key, Delivery) error) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(deliveriesBucket).ForEach(func(k, sealed []byte) error {
			d, err := s.unseal(key(k), sealed)
			if err != nil {
				return err
			}
			return visit(key(k), d)
		})
	})
}

// prune forgets deliveries that ended well before a time.
func (s *store) prune(before time.Time) (forgotten int, err error) {
	var old []key
	err = s.each(func(k key, d Delivery) error {
		if !d.unsettled() && d.EndedAt.Before(before) {
			old = append(old, k)
		}
		return nil
	})
	if err != nil || len(old) == 0 {
		return 0, err
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		for _, k := range old {
			if err := tx.Bucket(deliveriesBucket).Delete(k[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("forget old deliveries: %w; check the disk", withoutPath(err))
	}
	return len(old), nil
}
