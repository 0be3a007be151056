package agent

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
)

// errandsBucket maps a task to where its result is to go, sealed.
var errandsBucket = []byte("clinic.errands.v1")

// errand is what is left to do for a task when the market has done its part.
type errand struct {
	Out     string        `json:"out"` // folder for the results; it may name a patient, so it lies sealed
	Package models.Digest `json:"package"`
}

// errands are the deliveries that a clinic owes. They survive a crash, so that a result
// reaches its folder although nobody submits the study again.
type errands struct {
	db   *bolt.DB
	aead cipher.AEAD
}

// secretBytes is the length of the clinic's task secret.
const secretBytes = 32

// loadSecret reads the secret under which a clinic's tasks lie on disk, and makes it at the
// first start. Who copies the database has nothing without it.
func loadSecret(path string) (secret [secretBytes]byte, err error) {
	if secret, err = readSecret(path); !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	rand.Read(secret[:]) // never fails, see crypto/rand
	return secret, writeFileDurably(path, secret[:], 0o600)
}

func readSecret(path string) (secret [secretBytes]byte, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return secret, fmt.Errorf("read the key of the tasks: %w", pathless(err))
	}
	if len(data) != secretBytes {
		return secret, fmt.Errorf("read the key of the tasks: it has %d bytes instead of %d; put it back from your backup", len(data), secretBytes)
	}
	copy(secret[:], data)
	return secret, nil
}

func openErrands(db *bolt.DB, secret [secretBytes]byte) (errands, error) {
	key, err := hkdf.Key(sha256.New, secret[:], nil, "medhive/errands/1", secretBytes)
	if err != nil {
		return errands{}, fmt.Errorf("derive the key of the errands: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return errands{}, fmt.Errorf("derive the key of the errands: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return errands{}, fmt.Errorf("derive the key of the errands: %w", err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(errandsBucket)
		return err
	})
	if err != nil {
		return errands{}, fmt.Errorf("open the list of errands: %w", err)
	}
	return errands{db, aead}, nil
}

func (e errands) put(task models.Digest, what errand) error {
	data, err := json.Marshal(what)
	if err == nil {
		sealed := e.aead.Seal(nil, nil, data, task[:])
		err = e.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(errandsBucket).Put(task[:], sealed) })
	}
	if err != nil {
		return fmt.Errorf("note where the result of task %s goes: %w", task.Short(), err)
	}
	return nil
}

func (e errands) drop(task models.Digest) error {
	err := e.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(errandsBucket).Delete(task[:]) })
	if err != nil {
		return fmt.Errorf("strike the errand of task %s: %w", task.Short(), err)
	}
	return nil
}

// all lists what is owed.
func (e errands) all() (map[models.Digest]errand, error) {
	owed := map[models.Digest]errand{}
	err := e.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(errandsBucket).ForEach(func(k, sealed []byte) error {
			if len(k) != len(models.Digest{}) {
				return fmt.Errorf("a key of %d bytes", len(k))
			}
			data, err := e.aead.Open(nil, nil, sealed, k)
			if err != nil {
				return fmt.Errorf("task %s: %w", models.Digest(k).Short(), err)
			}
			var what errand
			if err := json.Unmarshal(data, &what); err != nil {
				return fmt.Errorf("task %s: %w", models.Digest(k).Short(), err)
			}
			owed[models.Digest(k)] = what
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the list of errands: %w; give the clinic the key file that belongs to its database", err)
	}
	return owed, nil
}

// runErrands delivers what earlier lives of this clinic owe, each when its task has ended.
func (c *Clinic) runErrands(ctx context.Context) error {
	owed, err := c.errands.all()
	if err != nil {
		return err
	}
	for task, what := range owed {
		c.loops.Go(func() {
			var report Report
			report.Task = task
			entry, err := c.catalog.Entry(what.Package.String())
			var pkg models.Package
			if err == nil {
				pkg, err = entry.Load()
			}
			if err == nil {
				err = c.finish(ctx, task, what.Out, pkg, &report)
			}
			if errors.Is(err, broker.ErrUnknownTask) { // it was refused before it was one
				if err = c.errands.drop(task); err == nil {
					return
				}
			}
			switch {
			case ctx.Err() != nil:
			case err != nil:
				c.conf.Log.Warn("a task of an earlier life of this clinic", "task", task.Short(), "state", string(report.State), "error", err)
			default:
				c.conf.Log.Info("delivered the result of an earlier life of this clinic", "task", task.Short(), "state", string(report.State))
			}
		})
	}
	return nil
}
