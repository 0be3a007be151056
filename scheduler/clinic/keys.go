package clinic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// keys are the two secrets of a clinic. They are apart because the vault's key
// may be changed, and the pseudonyms' secret may not: patients would get new
// pseudonyms.
type keys struct{ vault, pseudonyms [SecretBytes]byte }

// vaultKey seals the vault's values, and authenticates its backups under a key derived
// from it.
type vaultKey struct {
	aead   cipher.AEAD
	backup []byte
}

func newVaultKey(secret [SecretBytes]byte) (k vaultKey, err error) {
	block, err := aes.NewCipher(secret[:])
	if err == nil {
		k.aead, err = cipher.NewGCM(block)
	}
	if err == nil {
		k.backup, err = hkdf.Key(sha256.New, secret[:], nil, "medhive.clinic/1 vault backup", SecretBytes)
	}
	if err != nil {
		return k, fmt.Errorf("derive the vault's keys: %w", err)
	}
	return k, nil
}

// seal encrypts plain under a fresh nonce, which stands before it. The name under
// which it is stored is authenticated too, so that values can't change places.
func (k vaultKey) seal(name, plain []byte) ([]byte, error) {
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(plain)+k.aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return k.aead.Seal(nonce, nonce, plain, name), nil
}

func (k vaultKey) open(name, sealed []byte) ([]byte, error) {
	if len(sealed) < k.aead.NonceSize() {
		return nil, ErrWrongKey
	}
	plain, err := k.aead.Open(nil, sealed[:k.aead.NonceSize()], sealed[k.aead.NonceSize():], name)
	if err != nil {
		return nil, ErrWrongKey
	}
	return plain, nil
}

// File names in the key folder.
const (
	vaultKeyFile     = "vault.key"
	pseudonymKeyFile = "pseudonym.key"
)

// ErrKeyMissing says that a vault exists and its key file does not.
var ErrKeyMissing = errors.New("the key file is missing")

// loadKeys reads both key files of dir. With create it makes those that are missing.
func loadKeys(dir string, create bool) (keys, error) {
	var k keys
	if create {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return k, fmt.Errorf("make the key folder: %w", err)
		}
	}
	for name, key := range map[string]*[SecretBytes]byte{vaultKeyFile: &k.vault, pseudonymKeyFile: &k.pseudonyms} {
		path := filepath.Join(dir, name)
		err := readKey(path, key)
		if errors.Is(err, fs.ErrNotExist) {
			if !create {
				return k, fmt.Errorf("read %s: %w; put the key folder back from your backup, nothing can be restored without it", name, ErrKeyMissing)
			}
			err = makeKey(path, key)
		}
		if err != nil {
			return k, err
		}
	}
	return k, nil
}

func readKey(path string, key *[SecretBytes]byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("read %s: others may read it (mode %o); run chmod 600 on it", filepath.Base(path), info.Mode().Perm())
	}
	if info.Size() != SecretBytes {
		return fmt.Errorf("read %s: it has %d bytes instead of %d; put it back from your backup", filepath.Base(path), info.Size(), SecretBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	copy(key[:], data)
	return nil
}

func makeKey(path string, key *[SecretBytes]byte) error {
	if _, err := rand.Read(key[:]); err != nil {
		return fmt.Errorf("make %s: %w", filepath.Base(path), err)
	}
	if err := writeDurably(path, key[:], 0o600); err != nil {
		return fmt.Errorf("make %s: %w", filepath.Base(path), err)
	}
	return nil
}

// writeDurably writes a file that is whole or not there, also after a power cut.
func writeDurably(path string, data []byte, mode fs.FileMode) error {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes new, renamed and removed names in dir durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
