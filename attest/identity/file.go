package identity

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	ethcrypto "github.com/ethereum/go-ethereum/crypto"
)

const (
	// fileMode lets the owner alone read the key.
	fileMode fs.FileMode = 0o600
	// dirMode is used for a key folder that does not exist yet.
	dirMode fs.FileMode = 0o700
	// othersBits are the permissions that no key file may grant.
	othersBits fs.FileMode = 0o077
	// scalarBytes is the length of a secp256k1 private scalar.
	scalarBytes = 32
	// maxFileBytes bounds a key file: 64 hex digits, "0x" and some white space.
	maxFileBytes = 128
)

// ErrLoosePermissions says that a key file can be read by others than its
// owner, so its key has to be seen as known to them.
var ErrLoosePermissions = errors.New("key file is open to other users")

// LoadOrCreate reads the key at path, or makes one there when the file does not
// exist. The file holds 64 hex digits and a newline, with mode 0600; it is
// written beside its place, synced and linked in, so a crash leaves a whole key
// or none, and of two processes that start at once both use the same key.
func LoadOrCreate(path string) (*Key, error) {
	key, err := Load(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key, err = Generate()
	if err != nil {
		return nil, err
	}
	if err := create(path, key); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return Load(path)
		}
		return nil, err
	}
	return key, nil
}

// Load reads the key at path. It refuses a file that others can read
// (ErrLoosePermissions), that is not a regular file, or that holds no key.
func Load(path string) (*Key, error) {
	name := filepath.Base(path)
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open key file %s: %w", name, pathless(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("inspect key file %s: %w", name, pathless(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open key file %s: not a regular file; point to a file that holds 64 hex digits", name)
	}
	if info.Mode().Perm()&othersBits != 0 {
		return nil, fmt.Errorf("open key file %s with mode %#o: %w; run chmod 600 on it, and make a new key if the machine is shared",
			name, info.Mode().Perm(), ErrLoosePermissions)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read key file %s: %w", name, pathless(err))
	}
	defer clear(text)
	scalar, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("read key file %s: %w; restore it from a backup, or move it away to start with a new identity", name, err)
	}
	defer clear(scalar)
	return fromScalar(scalar)
}

// parse reads 64 hex digits, with or without 0x and white space around them.
// Its errors never quote the text.
func parse(text []byte) ([]byte, error) {
	if len(text) > maxFileBytes {
		return nil, fmt.Errorf("more than %d bytes", maxFileBytes)
	}
	digits := bytes.TrimSpace(text)
	digits = bytes.TrimPrefix(digits, []byte("0x"))
	if len(digits) != hex.EncodedLen(scalarBytes) {
		return nil, fmt.Errorf("%d characters where %d hex digits belong", len(digits), hex.EncodedLen(scalarBytes))
	}
	scalar := make([]byte, scalarBytes)
	if _, err := hex.Decode(scalar, digits); err != nil {
		return nil, errors.New("not hex digits")
	}
	if _, err := ethcrypto.ToECDSA(scalar); err != nil {
		return nil, errors.New("not a secp256k1 private key")
	}
	return scalar, nil
}

// create writes key to path, which must not exist (fs.ErrExist otherwise).
func create(path string, key *Key) (err error) {
	name, dir := filepath.Base(path), filepath.Dir(path)
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return fmt.Errorf("make folder of key file %s: %w", name, pathless(err))
	}
	temporary, err := os.CreateTemp(dir, "."+name+".*") // mode 0600 by contract
	if err != nil {
		return fmt.Errorf("create key file %s: %w", name, pathless(err))
	}
	defer func() {
		temporary.Close()
		os.Remove(temporary.Name())
	}()
	if err := temporary.Chmod(fileMode); err != nil {
		return fmt.Errorf("protect key file %s: %w", name, pathless(err))
	}
	text := hex.EncodeToString(ethcrypto.FromECDSA(key.ecdsa)) + "\n"
	if _, err := temporary.WriteString(text); err != nil {
		return fmt.Errorf("write key file %s: %w", name, pathless(err))
	}
	if err := temporary.Sync(); err != nil {
		return fmt.Errorf("sync key file %s: %w", name, pathless(err))
	}
	// A link, not a rename: it fails when another process was first, where a
	// rename would silently replace that process's identity.
	if err := os.Link(temporary.Name(), path); err != nil {
		return fmt.Errorf("place key file %s: %w", name, pathless(err))
	}
	return syncDir(dir, name)
}

// syncDir makes the new directory entry durable.
func syncDir(dir, name string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open folder of key file %s: %w", name, pathless(err))
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("sync folder of key file %s: %w", name, pathless(err))
	}
	return nil
}

// pathless drops the full path that package os puts into its errors.
func pathless(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	var linkError *os.LinkError
	if errors.As(err, &linkError) {
		return linkError.Err
	}
	return err
}
