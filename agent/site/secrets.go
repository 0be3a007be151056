package site

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// secretBytes is the length of the site's secret and of each room's.
const secretBytes = 32

// secretFile is the site's secret, with the vault's keys and apart from what it seals.
const secretFile = "site.key"

// secrets gives each room a key of its own. Who copies the site's folder has nothing
// without it.
type secrets struct{ root [secretBytes]byte }

// loadSecrets reads the site's secret and makes it at the first start.
func loadSecrets(folder string) (s secrets, err error) {
	path := filepath.Join(folder, secretFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		rand.Read(s.root[:]) // never fails, see crypto/rand
		return s, writeDurably(path, s.root[:])
	}
	if err == nil && len(data) != secretBytes {
		err = fmt.Errorf("it has %d bytes instead of %d; put it back from your backup", len(data), secretBytes)
	}
	if err != nil {
		return s, fmt.Errorf("read the site's key: %w", pathless(err))
	}
	copy(s.root[:], data)
	return s, nil
}

// of is the key for one room.
func (s secrets) of(room string) (key [secretBytes]byte, err error) {
	k, err := hkdf.Key(sha256.New, s.root[:], nil, "medhive/site/"+room+"/1", secretBytes)
	if err != nil {
		return key, fmt.Errorf("derive the key of %s: %w", room, err)
	}
	copy(key[:], k)
	return key, nil
}

// writeDurably writes a private file that is whole or not there, also after a power cut.
func writeDurably(path string, data []byte) error {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return pathless(err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(pathless(err), os.Remove(part))
	}
	if err := os.Rename(part, path); err != nil {
		return pathless(err)
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return pathless(err)
	}
	return errors.Join(d.Sync(), d.Close())
}
