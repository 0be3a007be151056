package clinic

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
)

// A backup is this line, the length of the database (8 bytes, big-endian), the database,
// and HMAC-SHA-256 of all that under a key derived from the vault's. The values in the
// database stay sealed as they are; the keys are no part of it.
const backupLine = "medhive vault backup 1\n"

// maxBackupBytes bounds the length that a backup may claim: ten million studies.
const maxBackupBytes = 8 << 40

// ErrNoBackup says that a file is no whole backup of a vault under this key.
var ErrNoBackup = errors.New("this is no whole backup of this clinic's vault")

// Backup writes the vault as it is at one moment, while it stays in use. Keep the key folder
// apart from it: neither is worth anything without the other.
func (v *Vault) Backup(ctx context.Context, w io.Writer) error {
	err := v.view(func(tx *bbolt.Tx, key vaultKey) error {
		mac := hmac.New(sha256.New, key.backup)
		out := io.MultiWriter(mac, &untilDone{ctx, w})
		if _, err := out.Write(binary.BigEndian.AppendUint64([]byte(backupLine), uint64(tx.Size()))); err != nil {
			return err
		}
		if _, err := tx.WriteTo(out); err != nil {
			return err
		}
		_, err := w.Write(mac.Sum(nil))
		return err
	})
	if err != nil {
		return fmt.Errorf("back up the vault: %w; what was written of it is worth nothing, check the space where it goes", withoutPath(err))
	}
	return nil
}

// untilDone writes until a context ends.
type untilDone struct {
	ctx context.Context
	io.Writer
}

func (u *untilDone) Write(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.Writer.Write(p)
}

// RestoreBackup makes the vault at path from a backup, with the keys of keyDir, which must be
// those it was made under. No byte of the backup is interpreted before all of it is known to
// be this clinic's, and the vault appears whole or not at all. One that is there already
// stays: move it away first. What was prepared after the backup can't be restored with it.
func RestoreBackup(ctx context.Context, r io.Reader, path, keyDir string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("restore the vault: %w", withoutPath(err))
		}
	}()
	if sameFolder(filepath.Dir(path), keyDir) {
		return errors.New("its key must lie in another folder than its database; choose another key folder")
	}
	if _, err := os.Stat(path); err == nil {
		return errors.New("there is a vault already; move its file away first, and keep it until you have looked at the restored one")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	k, err := loadKeys(keyDir, false)
	if err != nil {
		return err
	}
	keys := []([SecretBytes]byte){k.vault}
	var other [SecretBytes]byte // a rotation may have been cut off before or after its database was in place
	if readKey(filepath.Join(keyDir, vaultKeyFile)+next, &other) == nil {
		keys = append(keys, other)
	}
	part := path + ".part"
	secret, err := unpackBackup(ctx, r, part, keys)
	if err == nil {
		err = proveBackup(part, secret, NewPseudonyms(k.pseudonyms))
	}
	if err == nil {
		err = errors.Join(os.Rename(part, path), syncFolder(filepath.Dir(path)))
	}
	if err != nil {
		if gone := os.Remove(part); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, withoutPath(gone))
		}
	}
	return err
}

// unpackBackup writes the backup's database to part and says which of the keys it was made
// under.
func unpackBackup(ctx context.Context, r io.Reader, part string, secrets [][SecretBytes]byte) (under [SecretBytes]byte, err error) {
	head := make([]byte, len(backupLine)+8)
	if _, err := io.ReadFull(r, head); err != nil || string(head[:len(backupLine)]) != backupLine {
		return under, fmt.Errorf("%w: it does not begin like one; choose the file that `medhive clinic vault backup` wrote", ErrNoBackup)
	}
	size := binary.BigEndian.Uint64(head[len(backupLine):])
	if size > maxBackupBytes {
		return under, fmt.Errorf("%w: it says that it has %d bytes; choose another backup", ErrNoBackup, size)
	}
	macs := make([]hash.Hash, len(secrets))
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return under, err
	}
	out := []io.Writer{&untilDone{ctx, f}}
	for n, secret := range secrets {
		key, err := newVaultKey(secret)
		if err != nil {
			return under, errors.Join(err, f.Close())
		}
		macs[n] = hmac.New(sha256.New, key.backup)
		macs[n].Write(head)
		out = append(out, macs[n])
	}
	_, err = io.CopyN(io.MultiWriter(out...), r, int64(size))
	if err = errors.Join(err, f.Sync(), f.Close()); errors.Is(err, io.EOF) {
		return under, fmt.Errorf("%w: it is cut off; choose another backup", ErrNoBackup)
	}
	if err != nil {
		return under, err
	}
	said := make([]byte, sha256.Size+1) // one more than there should be
	n, err := io.ReadFull(r, said)
	if n != sha256.Size || !errors.Is(err, io.ErrUnexpectedEOF) {
		return under, fmt.Errorf("%w: it is cut off, or has something behind its end; choose another backup", ErrNoBackup)
	}
	at := slices.IndexFunc(macs, func(mac hash.Hash) bool { return hmac.Equal(mac.Sum(nil), said[:n]) })
	if at < 0 {
		return under, fmt.Errorf("%w: it was changed, or made under another key; put back the key folder of its time", ErrNoBackup)
	}
	return secrets[at], nil
}

// proveBackup looks whether the unpacked database opens with the clinic's keys.
func proveBackup(part string, secret [SecretBytes]byte, names Pseudonyms) error {
	key, err := newVaultKey(secret)
	if err != nil {
		return err
	}
	db, err := bbolt.Open(part, 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true})
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		var plain []byte
		err := ErrWrongKey
		if meta := tx.Bucket(metaBucket); meta != nil {
			plain, err = key.open(checkKey, meta.Get(checkKey))
		}
		if err == nil && models.Digest(plain) != names.fingerprint() {
			err = fmt.Errorf("%s: %w; put the key folder of this vault back from your backup", pseudonymKeyFile, ErrWrongKey)
		}
		return err
	})
	return errors.Join(err, db.Close())
}
