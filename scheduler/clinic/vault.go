package clinic

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/medhive/medhive/models"
)

// Identity is what the clinic keeps of one task to give a result its patient
// back. It never leaves the vault.
type Identity struct {
	StudyUID   string            `json:"study"`      // the clinic's own
	SeriesUID  string            `json:"series"`     // the clinic's own
	Attributes []Attribute       `json:"attributes"` // patient and study level, as they stood in the source
	UIDs       map[string]string `json:"uids"`       // new UID -> the clinic's own
	Instances  int               `json:"instances"`  // slices in the payload: objects of their own, or frames of one
	Rows       int               `json:"rows"`
	Columns    int               `json:"columns"`
	Model      string            `json:"model"`       // "id@version"
	Structures []string          `json:"structures"`  // what the model finds, by name, in the manifest's order
	Series     string            `json:"description"` // of the result's series, with the warning
	Payload    models.Digest     `json:"payload"`
	PreparedAt time.Time         `json:"prepared_at"`

	// An entry of an earlier version lacks these; then they bind nobody.
	SpacingMM [3]float64     `json:"spacing_mm,omitzero"` // between columns, rows, slices of the payload
	Labels    []models.Label `json:"labels,omitempty"`    // value, name and type of each of Structures
	Providers []string       `json:"providers,omitempty"` // execution providers that the model permits
	Source    *Referred      `json:"source,omitempty"`    // what the clinic's own reports refer to
	// Manifest is what of the model's manifest a result is held against; see ofResult.
	Manifest *models.Manifest `json:"manifest,omitempty"`

	Policy    Policy `json:"policy,omitzero"`     // under which the study left
	ShiftDays int    `json:"shift_days,omitzero"` // by which the dates moved that left
}

// Referred names the images of a task as the clinic has them, slice by slice.
type Referred struct {
	Modality            string     `json:"modality"`
	FrameOfReferenceUID string     `json:"frame_of_reference,omitempty"`
	Instances           []Instance `json:"instances"`
}

// Instance names one image, or one frame of an object that has several.
type Instance struct {
	Class string `json:"class"`           // SOP Class UID
	UID   string `json:"uid"`             // SOP Instance UID, the clinic's own
	Frame int    `json:"frame,omitempty"` // in the clinic's object, from 1; 0 if it has only one
	Sent  int    `json:"sent,omitempty"`  // in the payload's object, which holds the frames of the series alone
}

// Attribute is one text attribute of the source.
type Attribute struct {
	Group   uint16   `json:"g"`
	Element uint16   `json:"e"`
	VR      string   `json:"vr"`
	Values  []string `json:"v"`
}

// Vault keeps identities by task, encrypted with AES-256-GCM under a key that
// lies in another folder than the database. A value is on disk before Put returns.
type Vault struct {
	path, keyDir string
	names        Pseudonyms

	mu        sync.RWMutex // guards what follows, which a rotation replaces
	db        *bbolt.DB
	key       vaultKey
	misplaced bool // the key's file is still under its name of a rotation
}

// ErrUnknownTask says that the vault holds nothing under a task.
var ErrUnknownTask = errors.New("this clinic never prepared the task")

// ErrWrongKey says that the vault was sealed with other keys.
var ErrWrongKey = errors.New("the key does not fit this vault")

// Bucket names of the vault's database.
var (
	metaBucket       = []byte("meta")
	identityBucket   = []byte("identities")
	deliveriesBucket = []byte("deliveries")
	checkKey         = []byte("check")
)

// lockWait is how long OpenVault waits for another process to let go of the database.
const lockWait = time.Second

// OpenVault opens or makes the database at path and the keys in keyDir, which
// must be another folder. The first call makes both; later ones want the same keys.
func OpenVault(path, keyDir string) (*Vault, error) {
	if sameFolder(filepath.Dir(path), keyDir) {
		return nil, errors.New("open the vault: its key must lie in another folder than its database, so that a copy of one is worth nothing; choose another key folder")
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, errors.New("open the vault: another process uses it; stop the other clinic or choose another folder")
	}
	if err != nil {
		return nil, fmt.Errorf("open the vault: %w; put it back from your backup", err)
	}
	v := &Vault{path: path, keyDir: keyDir, db: db}
	if err := v.unlock(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the vault: %w", err), db.Close())
	}
	return v, syncFolder(filepath.Dir(path))
}

// unlock loads the keys and proves them on the check value, which the first unlock writes.
func (v *Vault) unlock() error {
	return v.db.Update(func(tx *bbolt.Tx) error {
		if err := makeBuckets(tx); err != nil {
			return err
		}
		sealed := tx.Bucket(metaBucket).Get(checkKey)
		k, err := loadKeys(v.keyDir, sealed == nil)
		if err != nil {
			return err
		}
		v.names = NewPseudonyms(k.pseudonyms)
		if v.key, err = newVaultKey(k.vault); err != nil {
			return err
		}
		if sealed == nil {
			return putCheck(tx, v.key, v.names)
		}
		plain, err := v.key.open(checkKey, sealed)
		if err != nil {
			if plain, err = v.finishRotation(sealed); err != nil {
				return err
			}
		} else if err := v.forgetRotation(); err != nil {
			return err
		}
		if models.Digest(plain) != v.names.fingerprint() {
			return fmt.Errorf("%s: %w; put the key folder of this vault back from your backup", pseudonymKeyFile, ErrWrongKey)
		}
		return nil
	})
}

func makeBuckets(tx *bbolt.Tx) error {
	for _, name := range [][]byte{metaBucket, identityBucket, deliveriesBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return nil
}

// putCheck writes the value by which a key is known to fit.
func putCheck(tx *bbolt.Tx, key vaultKey, names Pseudonyms) error {
	fingerprint := names.fingerprint()
	value, err := key.seal(checkKey, fingerprint[:])
	if err != nil {
		return err
	}
	return tx.Bucket(metaBucket).Put(checkKey, value)
}

// view reads the database that is in force.
func (v *Vault) view(read func(*bbolt.Tx, vaultKey) error) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.db.View(func(tx *bbolt.Tx) error { return read(tx, v.key) })
}

// update changes the database that is in force, durably.
func (v *Vault) update(write func(*bbolt.Tx, vaultKey) error) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.db.Update(func(tx *bbolt.Tx) error { return write(tx, v.key) })
}

// Close lets go of the database.
func (v *Vault) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.db.Close()
}

// Pseudonyms are the clinic's own.
func (v *Vault) Pseudonyms() Pseudonyms { return v.names }

// Put stores the identity of task, over an earlier one. It is on disk when Put returns.
func (v *Vault) Put(task models.Digest, id Identity) error {
	plain, err := json.Marshal(id)
	if err != nil {
		return fmt.Errorf("vault task %s: %w", task.Short(), err)
	}
	err = v.update(func(tx *bbolt.Tx, key vaultKey) error {
		sealed, err := key.seal(task[:], plain)
		if err != nil {
			return err
		}
		return tx.Bucket(identityBucket).Put(task[:], sealed)
	})
	if err != nil {
		return fmt.Errorf("vault task %s: %w; nothing was sent, free some disk space and submit again", task.Short(), err)
	}
	return nil
}

// Get returns the identity of task, or ErrUnknownTask, or ErrWrongKey if the value was changed.
func (v *Vault) Get(task models.Digest) (Identity, error) {
	var id Identity
	err := v.view(func(tx *bbolt.Tx, key vaultKey) error {
		sealed := tx.Bucket(identityBucket).Get(task[:])
		if sealed == nil {
			return ErrUnknownTask
		}
		plain, err := key.open(task[:], sealed)
		if err != nil {
			return err
		}
		return json.Unmarshal(plain, &id)
	})
	if err != nil {
		return Identity{}, fmt.Errorf("vault task %s: %w", task.Short(), err)
	}
	return id, nil
}

func sameFolder(a, b string) bool {
	resolve := func(path string) string {
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		return path
	}
	return resolve(a) == resolve(b)
}
