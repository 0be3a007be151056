package quarantine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/medhive/medhive/scheduler/clinic"
)

// Errors on which a caller decides.
var (
	ErrUnknown  = errors.New("quarantine holds no such case")
	ErrDecided  = errors.New("the case was decided on already")
	ErrWrongKey = errors.New("the key does not fit this quarantine")
	// ErrDamaged says that one case's record can't be read; the others can.
	ErrDamaged = errors.New("what was kept of the case can't be read")
)

var (
	metaBucket    = []byte("meta")
	caseBucket    = []byte("cases")    // id -> Case without pictures, sealed
	pictureBucket = []byte("pictures") // id -> the pictures in their order, sealed
	checkKey      = []byte("check")
	checkValue    = []byte("medhive.quarantine/1")
	plainID       = regexp.MustCompile(`^[0-9a-f]{8,64}$`)
)

const (
	// lockWait is how long Open waits for another process to let go of the database.
	lockWait = time.Second
	// Bounds of what a person writes.
	maxWho    = 256  // bytes
	maxReason = 2000 // bytes
)

// Store is the quarantine of one clinic. It is safe for concurrent use.
type Store struct {
	db   *bbolt.DB
	aead cipher.AEAD
	now  func() time.Time
}

// Open opens or makes the database at path, sealed with AES-256-GCM under secret, which is
// kept elsewhere. The caller closes it.
func Open(path string, secret [32]byte, now func() time.Time) (*Store, error) {
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		return nil, fmt.Errorf("open the quarantine: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("open the quarantine: %w", err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, errors.New("open the quarantine: another process uses it; stop the other clinic or choose another folder")
	}
	if err != nil {
		return nil, fmt.Errorf("open the quarantine: %w; put it back from your backup", err)
	}
	s := &Store{db: db, aead: aead, now: now}
	if err := s.unlock(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the quarantine: %w", err), db.Close())
	}
	return s, nil
}

// unlock proves the key on a value that the first unlock writes.
func (s *Store) unlock() error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{metaBucket, caseBucket, pictureBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(metaBucket)
		sealed := meta.Get(checkKey)
		if sealed == nil {
			value, err := s.seal(checkKey, checkValue)
			if err != nil {
				return err
			}
			return meta.Put(checkKey, value)
		}
		plain, err := s.unseal(checkKey, sealed)
		if err != nil {
			return fmt.Errorf("%w; put the key back from your backup", err)
		}
		if !bytes.Equal(plain, checkValue) {
			return errors.New("it is of a newer version; use the program that wrote it")
		}
		return nil
	})
}

// Close lets go of the database.
func (s *Store) Close() error { return s.db.Close() }

// Hold keeps a case, and is on disk when it returns. A case that waits already, or was
// decided on, stays as it is: holding it again changes nothing.
func (s *Store) Hold(ctx context.Context, c Case) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("hold the study: %w", err)
	}
	if !plainID.MatchString(c.ID) {
		return errors.New("hold the study: its case has no name of 8 to 64 hexadecimal digits")
	}
	c.HeldAt, c.Decision = s.now().UTC(), nil
	pictures := make([][]byte, len(c.Held.Images))
	c.Held.Images = slices.Clone(c.Held.Images)
	for n := range c.Held.Images {
		pictures[n], c.Held.Images[n].Picture = c.Held.Images[n].Picture, nil
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket(caseBucket).Get([]byte(c.ID)) != nil {
			return nil
		}
		return errors.Join(s.put(tx, caseBucket, c.ID, c), s.put(tx, pictureBucket, c.ID, pictures))
	})
	if err != nil {
		return fmt.Errorf("hold case %s: %w; free some disk space and submit the study again", c.ID, err)
	}
	return nil
}

// List returns all cases without their pictures: those that wait first, each kind by the
// time that they were held at. Cases whose records can't be read are named apart: one must
// not hide the others.
func (s *Store) List(ctx context.Context) (list []Case, damaged []string, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(caseBucket).ForEach(func(id, sealed []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			var c Case
			if s.read(caseBucket, string(id), sealed, &c) != nil {
				damaged = append(damaged, string(id))
			} else {
				list = append(list, c)
			}
			return nil
		})
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list the quarantine: %w", err)
	}
	slices.SortFunc(list, func(a, b Case) int {
		return cmp.Or(boolOrder(a.Decision != nil, b.Decision != nil), a.HeldAt.Compare(b.HeldAt), cmp.Compare(a.ID, b.ID))
	})
	return list, damaged, nil
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Get returns one case with its pictures, or ErrUnknown.
func (s *Store) Get(ctx context.Context, id string) (c Case, err error) {
	if err = ctx.Err(); err != nil {
		return c, fmt.Errorf("look at case %.64q: %w", id, err)
	}
	err = s.db.View(func(tx *bbolt.Tx) error {
		if err := s.get(tx, caseBucket, id, &c); err != nil {
			return err
		}
		var pictures [][]byte
		if err := s.get(tx, pictureBucket, id, &pictures); err != nil {
			return err
		}
		if len(pictures) != len(c.Held.Images) {
			return ErrDamaged
		}
		for n := range pictures {
			c.Held.Images[n].Picture = pictures[n]
		}
		return nil
	})
	if err != nil {
		return Case{}, fmt.Errorf("look at case %.64q: %w", id, err)
	}
	return c, nil
}

// Decide records what who decided on a case, and returns the case with it. It is on disk
// then. The same decision of the same person again changes nothing and is no error; another
// one is ErrDecided. Of a decision, Choice and Regions count.
func (s *Store) Decide(ctx context.Context, id, who string, d Decision, reason string) (c Case, err error) {
	if err = ctx.Err(); err != nil {
		return c, fmt.Errorf("decide on case %.64q: %w", id, err)
	}
	d.Who, d.Reason, d.At = who, reason, s.now().UTC()
	if err = d.validate(); err != nil {
		return c, fmt.Errorf("decide on case %.64q: %w", id, err)
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		if err := s.get(tx, caseBucket, id, &c); err != nil {
			return err
		}
		if c.Decision != nil {
			if c.Decision.Choice == d.Choice && c.Decision.Who == d.Who && slices.Equal(c.Decision.Regions, d.Regions) {
				return nil
			}
			return fmt.Errorf("%w (%s)", ErrDecided, c.Decision.Choice)
		}
		if err := d.covers(c.Held); err != nil {
			return err
		}
		c.Decision = &d
		return s.put(tx, caseBucket, id, c)
	})
	if err != nil {
		return Case{}, fmt.Errorf("decide on case %.64q: %w", id, err)
	}
	return c, nil
}

// validate says what of a decision can't be followed.
func (d Decision) validate() error {
	switch {
	case d.Who == "" || len(d.Who) > maxWho || !utf8.ValidString(d.Who):
		return errors.New("nobody decided: name the user")
	case len(d.Reason) > maxReason || !utf8.ValidString(d.Reason):
		return fmt.Errorf("the reason is longer than %d bytes; shorten it", maxReason)
	case d.Choice != Release && d.Choice != Redact && d.Choice != Refuse:
		return fmt.Errorf("choice %.20q: want %s, %s or %s", d.Choice, Release, Redact, Refuse)
	case (d.Choice == Redact) != (len(d.Regions) > 0):
		return errors.New("regions belong to a redaction, and a redaction needs some; name them or release the study")
	}
	return clinic.Policy{Redactions: d.Regions}.Validate()
}

// covers refuses a redaction that would leave text in frames of which there is no picture, or
// that misses the images that were shown.
func (d Decision) covers(h clinic.Held) error {
	switch named := slices.ContainsFunc(d.Regions, func(r clinic.Redaction) bool { return r.SOPInstanceUID != "" || r.Frame != 0 }); {
	case d.Choice != Redact:
		return nil
	case h.Others > 0:
		return fmt.Errorf("%d more frames are in doubt, of which there is no picture: black out the text before you submit the study, or refuse it", h.Others)
	case h.Alike > 0 && named:
		return fmt.Errorf("%d more frames show text in the same places: give the regions for every image, without an instance and a frame", h.Alike)
	}
	for n, r := range d.Regions {
		met := false
		for _, i := range h.Images {
			if r.SOPInstanceUID != "" && r.SOPInstanceUID != i.SOPInstanceUID {
				continue
			}
			if met = true; r.X >= i.Columns || r.Y >= i.Rows {
				return fmt.Errorf("region %d lies outside of an image of %d × %d pixels: draw it again", n+1, i.Columns, i.Rows)
			}
		}
		if !met {
			return fmt.Errorf("region %d is of an image that was not shown: draw it again", n+1)
		}
	}
	return nil
}

// Remove forgets a case and its pictures; one that is not there is no error.
func (s *Store) Remove(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("remove case %.64q: %w", id, err)
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(tx.Bucket(caseBucket).Delete([]byte(id)), tx.Bucket(pictureBucket).Delete([]byte(id)))
	})
	if err != nil {
		return fmt.Errorf("remove case %.64q: %w", id, err)
	}
	return nil
}

func (s *Store) put(tx *bbolt.Tx, bucket []byte, id string, v any) error {
	plain, err := json.Marshal(v)
	if err != nil {
		return err
	}
	sealed, err := s.seal(name(bucket, id), plain)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put([]byte(id), sealed)
}

func (s *Store) get(tx *bbolt.Tx, bucket []byte, id string, v any) error {
	sealed := tx.Bucket(bucket).Get([]byte(id))
	if sealed == nil {
		return ErrUnknown
	}
	return s.read(bucket, id, sealed, v)
}

func (s *Store) read(bucket []byte, id string, sealed []byte, v any) error {
	plain, err := s.unseal(name(bucket, id), sealed)
	if err != nil || json.Unmarshal(plain, v) != nil {
		return ErrDamaged // the key fits: unlock has proved it
	}
	return nil
}

// name is what a sealed value is bound to, so that values can't change places.
func name(bucket []byte, id string) []byte { return append(append(bytes.Clone(bucket), 0), id...) }

// seal encrypts plain under a fresh nonce, which stands before it.
func (s *Store) seal(name, plain []byte) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return s.aead.Seal(nonce, nonce, plain, name), nil
}

func (s *Store) unseal(name, sealed []byte) ([]byte, error) {
	if len(sealed) < s.aead.NonceSize() {
		return nil, ErrWrongKey
	}
	plain, err := s.aead.Open(nil, sealed[:s.aead.NonceSize()], sealed[s.aead.NonceSize():], name)
	if err != nil {
		return nil, ErrWrongKey
	}
	return plain, nil
}
