package clinic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// next is the end of the names of what a rotation prepares: a key and a database.
const next = ".next"

// resealedBytes are what a rotation seals in one transaction, which lies in memory.
const resealedBytes = 16 << 20

// Rotate gives the vault a new key: everything is sealed anew into a database of its own,
// which takes the old one's place by one rename. Whoever has a copy of the old key and of
// the old database still reads that copy, and nothing that comes after. Backups of before
// need the old key: make a new one. Pseudonyms stay what they are. Other calls wait; a
// process that is killed at any point leaves a vault that opens, under the old key before
// the rename and under the new one after it.
func (v *Vault) Rotate(ctx context.Context) error { return v.rotate(ctx, func(string) {}) }

// rotate tells each step that is on disk to reached.
func (v *Vault) rotate(ctx context.Context, reached func(step string)) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.placeKey(); err != nil { // of an earlier rotation
		return fmt.Errorf("rotate the vault's key: %w", err)
	}
	db, key, err := v.renewed(ctx, reached)
	if err == nil {
		err = os.Rename(v.path+next, v.path)
	}
	if err != nil {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
		err = errors.Join(withoutPath(err), v.forgetRotation())
		return fmt.Errorf("rotate the vault's key: %w; the vault is as it was, check the space and rights of its folders and try again", err)
	}
	// From here on the new database counts, and the next start would finish the rest.
	reached("in place")
	old := v.db
	v.db, v.key, v.misplaced = db, key, true
	if err = syncFolder(filepath.Dir(v.path)); err == nil { // before the old key goes
		err = v.placeKey()
	}
	reached("done")
	if err = errors.Join(err, old.Close()); err != nil {
		return fmt.Errorf("the vault's new key is in force, but: %w", withoutPath(err))
	}
	return nil
}

// placeKey gives the key of a rotation its name, if it has not got it yet.
func (v *Vault) placeKey() error {
	if !v.misplaced {
		return nil
	}
	keyFile := filepath.Join(v.keyDir, vaultKeyFile)
	err := os.Rename(keyFile+next, keyFile)
	if err == nil {
		v.misplaced = false
		err = syncFolder(v.keyDir)
	}
	if err != nil {
		return fmt.Errorf("put the new key in the old one's place: %w; check the rights of the key folder, then restart the clinic, which does it", withoutPath(err))
	}
	return nil
}

// renewed makes a key, and beside the vault's database a copy under this key, on disk.
func (v *Vault) renewed(ctx context.Context, reached func(step string)) (db *bbolt.DB, key vaultKey, err error) {
	if err := v.forgetRotation(); err != nil {
		return nil, key, err
	}
	var secret [SecretBytes]byte
	if err := makeKey(filepath.Join(v.keyDir, vaultKeyFile)+next, &secret); err != nil {
		return nil, key, err
	}
	reached("key made")
	if key, err = newVaultKey(secret); err != nil {
		return nil, key, err
	}
	if db, err = bbolt.Open(v.path+next, 0o600, &bbolt.Options{Timeout: lockWait, NoSync: true}); err != nil { // synced when it is whole
		return nil, key, err
	}
	if err := v.reseal(ctx, db, key); err != nil {
		return db, key, err
	}
	reached("copied")
	db.NoSync = false
	err = errors.Join(db.Sync(), syncFolder(filepath.Dir(v.path)))
	reached("synced")
	return db, key, err
}

// reseal copies all values into db under key.
func (v *Vault) reseal(ctx context.Context, db *bbolt.DB, key vaultKey) error {
	err := db.Update(func(tx *bbolt.Tx) error {
		if err := makeBuckets(tx); err != nil {
			return err
		}
		return putCheck(tx, key, v.names)
	})
	if err != nil {
		return err
	}
	return v.db.View(func(from *bbolt.Tx) error {
		deliveries := from.Bucket(deliveriesBucket)
		if err := copyBucket(ctx, deliveries.Cursor(), db, deliveriesBucket, func(_, value []byte) ([]byte, error) { return value, nil }); err != nil {
			return err
		}
		return copyBucket(ctx, from.Bucket(identityBucket).Cursor(), db, identityBucket, func(name, value []byte) ([]byte, error) {
			plain, err := v.key.open(name, value)
			if err != nil {
				return nil, err
			}
			return key.seal(name, plain)
		})
	})
}

// copyBucket writes what as makes of each value into the bucket of db, a few at a time.
func copyBucket(ctx context.Context, from *bbolt.Cursor, db *bbolt.DB, bucket []byte, as func(name, value []byte) ([]byte, error)) error {
	name, value := from.First()
	for name != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := db.Update(func(tx *bbolt.Tx) error {
			to := tx.Bucket(bucket)
			for written := 0; written < resealedBytes && name != nil; written += len(value) {
				changed, err := as(name, value)
				if err != nil {
					return fmt.Errorf("value %x: %w", name[:min(len(name), shownBytes)], err)
				}
				if err := to.Put(bytes.Clone(name), bytes.Clone(changed)); err != nil {
					return err
				}
				name, value = from.Next()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shownBytes of a task's digest name it.
const shownBytes = 6

// finishRotation is called where the key in its place does not open the check value: a
// rotation may have been cut off after its database was in place. It returns what the check
// value holds.
func (v *Vault) finishRotation(sealed []byte) (plain []byte, err error) {
	refused := fmt.Errorf("%s: %w; put the key folder of this vault back from your backup", vaultKeyFile, ErrWrongKey)
	keyFile := filepath.Join(v.keyDir, vaultKeyFile)
	var secret [SecretBytes]byte
	if err := readKey(keyFile+next, &secret); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, refused
		}
		return nil, err
	}
	key, err := newVaultKey(secret)
	if err != nil {
		return nil, err
	}
	if plain, err = key.open(checkKey, sealed); err != nil {
		return nil, refused
	}
	v.key, v.misplaced = key, true
	return plain, v.placeKey()
}

// forgetRotation removes what a rotation left that was cut off before its database was in
// place.
func (v *Vault) forgetRotation() error {
	for _, path := range []string{v.path + next, filepath.Join(v.keyDir, vaultKeyFile) + next, filepath.Join(v.keyDir, vaultKeyFile) + next + ".part"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clear away a rotation that was cut off: %w; check the rights of the vault's folders", withoutPath(err))
		}
	}
	return nil
}
