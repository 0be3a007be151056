package worklist

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// SecretBytes is the length of the secret under which the book lies.
const SecretBytes = 32

// idBytes of an HMAC are a case's id.
const idBytes = 6

// lockWait is how long Open waits for another process to let go of the book.
const lockWait = time.Second

var (
	// ErrUnknownCase says that no case, or more than one, has the id.
	ErrUnknownCase = errors.New("the worklist has no such case; see `medhive clinic worklist`")
	// ErrWrongKey says that the book was sealed with another secret.
	ErrWrongKey = errors.New("the key does not fit this worklist; give the clinic the key file that belongs to it")
)

// Buckets. Keys hold ids, times and priorities only; what names a study is in the values,
// or hashed.
var (
	casesBucket   = []byte("cases.v1")   // id → sealed case
	orderBucket   = []byte("order.v1")   // time received ‖ id: all cases, the oldest first
	openBucket    = []byte("open.v1")    // least pressing last: 255−priority ‖ time received ‖ id
	studiesBucket = []byte("studies.v1") // HMAC of the study's UID ‖ id
	changesBucket = []byte("changes.v1") // sequence → id, of each case's last change
	statesBucket  = []byte("states.v1")  // state → how many
	metaBucket    = []byte("meta")
	checkKey      = []byte("check")
)

// Book is the worklist on disk. Its methods may be called by many at once.
type Book struct {
	db   *bbolt.DB
	aead cipher.AEAD
	ids  []byte // key of ids and of studies' hashes
	now  func() time.Time

	mu      sync.Mutex
	changed chan struct{} // guarded by mu; closed at the next change
}

// Open opens or makes the book at path. now is the clock, nil for the system's.
func Open(path string, secret [SecretBytes]byte, now func() time.Time) (*Book, error) {
	if now == nil {
		now = time.Now
	}
	b := &Book{now: now, changed: make(chan struct{})}
	if err := b.derive(secret); err != nil {
		return nil, fmt.Errorf("open the worklist: %w", err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, errors.New("open the worklist: another process uses it; stop the other clinic or choose another folder")
	}
	if err != nil {
		return nil, fmt.Errorf("open the worklist: %w; put it back from your backup", withoutPath(err))
	}
	b.db = db
	err = db.Update(b.unlock)
	if err == nil {
		err = syncFolder(filepath.Dir(path)) // else a power cut may take a new book whole
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the worklist: %w", withoutPath(err)), db.Close())
	}
	return b, nil
}

// syncFolder makes new names in a folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func (b *Book) derive(secret [SecretBytes]byte) error {
	key, err := hkdf.Key(sha256.New, secret[:], nil, "medhive/worklist/cases/1", SecretBytes)
	if err != nil {
		return err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	if b.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return err
	}
	b.ids, err = hkdf.Key(sha256.New, secret[:], nil, "medhive/worklist/ids/1", SecretBytes)
	return err
}

// unlock makes what a new book lacks, and proves the key on the check value.
func (b *Book) unlock(tx *bbolt.Tx) error {
	for _, name := range [][]byte{casesBucket, orderBucket, openBucket, studiesBucket, changesBucket, statesBucket, metaBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(metaBucket)
	sealed := meta.Get(checkKey)
	if sealed == nil {
		return meta.Put(checkKey, b.aead.Seal(nil, nil, nil, checkKey))
	}
	if _, err := b.aead.Open(nil, nil, sealed, checkKey); err != nil {
		return ErrWrongKey
	}
	return nil
}

// withoutPath drops the path from an error of the file system: it gets into logs.
func withoutPath(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// Close lets go of the database.
func (b *Book) Close() error { return b.db.Close() }

func (b *Book) mac(parts ...string) []byte {
	m := hmac.New(sha256.New, b.ids)
	for _, p := range parts {
		m.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
		m.Write([]byte(p))
	}
	return m.Sum(nil)
}

// idOf is the n-th choice of an id for a case; the first is another case's once in some
// hundred million times.
func (b *Book) idOf(c Case, n int) string {
	sum := b.mac("case", c.StudyUID, fmt.Sprint(c.Revision), c.Rule, c.Model, fmt.Sprint(n))
	return hex.EncodeToString(sum[:idBytes])
}

// same says that two cases are one: the same study and revision for the same rule and model.
func same(a, c Case) bool {
	return a.StudyUID == c.StudyUID && a.Revision == c.Revision && a.Rule == c.Rule && a.Model == c.Model
}

// Add puts cases into the book, all or none, and gives them their ids: the same study,
// revision, rule and model always has the same. A case that is there already stays as it
// is. The answer has each as the book has it; fresh says which were not there before. A case
// without a state begins as received.
func (b *Book) Add(cases ...Case) (added []Case, fresh []bool, err error) {
	for _, c := range cases {
		if c.State == "" {
			c.State = Received
		}
		if c.State != Received && c.State != Routed && c.State != Held && c.State != Refused {
			return nil, nil, fmt.Errorf("add a case that is %s: %w", c.State, ErrNotAllowed)
		}
		if c.StudyUID == "" || c.State == Routed && c.Model == "" {
			return nil, nil, errors.New("add a case: it lacks its study, or the model that it was routed to")
		}
		added = append(added, c)
	}
	fresh = make([]bool, len(added))
	err = b.update(func(tx *bbolt.Tx) error {
		for n := range added {
			if err := b.add(tx, &added[n], &fresh[n]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("add to the worklist: %w", err)
	}
	return added, fresh, nil
}

// add puts one case into the book, unless it is there.
func (b *Book) add(tx *bbolt.Tx, c *Case, fresh *bool) error {
	for n := 0; ; n++ {
		c.ID = b.idOf(*c, n)
		there, err := b.get(tx, c.ID)
		switch {
		case errors.Is(err, ErrUnknownCase):
			at := b.now()
			state := c.State
			c.move(state, at)
			c.Changed = at
			if c.At.Received.IsZero() {
				c.At.Received = at
			}
			*fresh = true
			return b.put(tx, nil, c)
		case err != nil:
			return err
		case same(there, *c):
			*c = there
			return nil
		}
	}
}

// Apply steps a case, which is named by its whole id. The change is on disk when it returns.
func (b *Book) Apply(id string, e Event) (after Case, err error) {
	err = b.update(func(tx *bbolt.Tx) error {
		before, err := b.get(tx, id)
		if err != nil {
			return err
		}
		if after, err = Step(before, e, b.now()); err != nil {
			return err
		}
		return b.put(tx, &before, &after)
	})
	if err != nil {
		return Case{}, fmt.Errorf("worklist: %w", err)
	}
	return after, nil
}

// Split replaces a received case by those that the rules made of it, in one step; each is
// routed, and has an id of its own.
func (b *Book) Split(id string, routes ...Route) (cases []Case, err error) {
	if len(routes) == 0 {
		return nil, errors.New("worklist: split a case: into none; refuse it")
	}
	err = b.update(func(tx *bbolt.Tx) error {
		whole, err := b.get(tx, id)
		if err != nil {
			return err
		}
		if err := b.drop(tx, whole); err != nil {
			return err
		}
		for _, route := range routes {
			part, err := Step(whole, route, b.now())
			if err != nil {
				return err
			}
			var fresh bool
			if err := b.add(tx, &part, &fresh); err != nil {
				return err
			}
			cases = append(cases, part)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("worklist: %w", err)
	}
	return cases, nil
}

// update is one durable change, of which those who wait on Changed are told.
func (b *Book) update(change func(*bbolt.Tx) error) error {
	if err := b.db.Update(change); err != nil {
		return withoutPath(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.changed)
	b.changed = make(chan struct{})
	return nil
}

// Changed is closed at the next change of any case. Take it before you look, so that no
// change falls between.
func (b *Book) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// get reads a case by its whole id.
func (b *Book) get(tx *bbolt.Tx, id string) (Case, error) {
	sealed := tx.Bucket(casesBucket).Get([]byte(id))
	if sealed == nil {
		return Case{}, fmt.Errorf("case %.12q: %w", id, ErrUnknownCase)
	}
	return b.unseal(id, sealed)
}

// sealedCase is a case as it lies in the book.
type sealedCase struct {
	Case
	Sequence uint64 `json:"sequence"`
}

func (b *Book) unseal(id string, sealed []byte) (Case, error) {
	plain, err := b.aead.Open(nil, nil, sealed, []byte(id))
	if err != nil {
		return Case{}, fmt.Errorf("case %s: %w", id, ErrWrongKey)
	}
	var c sealedCase
	if err := json.Unmarshal(plain, &c); err != nil {
		return Case{}, fmt.Errorf("case %s: %w", id, err)
	}
	c.Case.Sequence = c.Sequence
	return c.Case, nil
}

// put writes a case and moves it in the lists. before is nil for a new one.
func (b *Book) put(tx *bbolt.Tx, before, c *Case) error {
	if before != nil {
		if err := b.unlist(tx, *before); err != nil {
			return err
		}
	}
	changes := tx.Bucket(changesBucket)
	sequence, err := changes.NextSequence()
	if err != nil {
		return err
	}
	c.Sequence = sequence
	plain, err := json.Marshal(sealedCase{*c, sequence})
	if err != nil {
		return err
	}
	id := []byte(c.ID)
	if err := tx.Bucket(casesBucket).Put(id, b.aead.Seal(nil, nil, plain, id)); err != nil {
		return err
	}
	if err := changes.Put(number(sequence), id); err != nil {
		return err
	}
	if err := tx.Bucket(orderBucket).Put(orderKey(*c), nil); err != nil {
		return err
	}
	if err := tx.Bucket(studiesBucket).Put(b.studyKey(*c), nil); err != nil {
		return err
	}
	if c.State.Open() {
		if err := tx.Bucket(openBucket).Put(openKey(*c), nil); err != nil {
			return err
		}
	}
	return count(tx, c.State, 1)
}

// unlist takes a case out of the lists.
func (b *Book) unlist(tx *bbolt.Tx, c Case) error {
	if err := tx.Bucket(changesBucket).Delete(number(c.Sequence)); err != nil {
		return err
	}
	if err := tx.Bucket(orderBucket).Delete(orderKey(c)); err != nil {
		return err
	}
	if err := tx.Bucket(openBucket).Delete(openKey(c)); err != nil {
		return err
	}
	return count(tx, c.State, -1)
}

// drop removes a case.
func (b *Book) drop(tx *bbolt.Tx, c Case) error {
	if err := b.unlist(tx, c); err != nil {
		return err
	}
	if err := tx.Bucket(studiesBucket).Delete(b.studyKey(c)); err != nil {
		return err
	}
	return tx.Bucket(casesBucket).Delete([]byte(c.ID))
}

func count(tx *bbolt.Tx, s State, by int64) error {
	states := tx.Bucket(statesBucket)
	n := int64(0)
	if value := states.Get([]byte(s)); len(value) == 8 {
		n = int64(binary.BigEndian.Uint64(value))
	}
	return states.Put([]byte(s), number(uint64(n+by)))
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// orderKey sorts by the time at which the case came into the book. Its second half is the id.
func orderKey(c Case) []byte {
	return append(number(uint64(c.At.Received.UnixNano())), c.ID...)
}

// openKey sorts the most pressing first.
func openKey(c Case) []byte {
	return append([]byte{0xFF - byte(c.Terms.Priority)}, orderKey(c)...)
}

// studyHashBytes of an HMAC stand for a study in the list of studies.
const studyHashBytes = 16

func (b *Book) studyKey(c Case) []byte {
	return append(b.mac("study", c.StudyUID)[:studyHashBytes], c.ID...)
}
