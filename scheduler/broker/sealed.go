package broker

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// ErrSecret says that the database was sealed under another secret than Config.Secret.
var ErrSecret = errors.New("the task database was sealed under another secret; give the clinic the key file that belongs to it")

// sealedMark begins every sealed value. A value without it is JSON of a time before
// sealing, or of a clinic without a secret, and begins with a brace.
const sealedMark = 0x01

// metaBucket holds what speaks of the database itself, and proofKey a value that only the
// right secret opens.
var (
	metaBucket = []byte("broker.meta.v1")
	proofKey   = []byte("sealed")
	proofText  = []byte("medhive task database")
)

// sealer makes the AEAD of a secret; nil for the zero secret. The key serves this purpose
// alone: HKDF-SHA256 (RFC 5869).
func sealer(secret [32]byte) (cipher.AEAD, error) {
	if secret == [32]byte{} {
		return nil, nil
	}
	key, err := hkdf.Key(sha256.New, secret[:], nil, "medhive/task-database/1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive key of the task database: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("derive key of the task database: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// place is a value's associated data: a value moved to another key does not open.
func place(bucket, key []byte) []byte { return bytes.Join([][]byte{bucket, key}, []byte{0}) }

// seal is what is stored for a value. 2³² values may be sealed under one key with random
// nonces; a clinic of a million tasks a day would take a year.
func (s store) seal(bucket, key, value []byte) []byte {
	if s.aead == nil {
		return value
	}
	return s.aead.Seal([]byte{sealedMark}, nil, value, place(bucket, key))
}

// open is the value of what is stored, sealed or not.
func (s store) open(bucket, key, stored []byte) ([]byte, error) {
	if len(stored) == 0 || stored[0] != sealedMark {
		return stored, nil
	}
	if s.aead == nil {
		return nil, ErrSecret
	}
	value, err := s.aead.Open(nil, nil, stored[1:], place(bucket, key))
	if err != nil {
		return nil, ErrSecret
	}
	return value, nil
}

// prove refuses a database that was sealed under another secret, and marks a fresh one.
// Records of the time before are sealed by their next write.
func (s store) prove(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucketIfNotExists(metaBucket)
	if err != nil {
		return err
	}
	if known := meta.Get(proofKey); known != nil {
		text, err := s.open(metaBucket, proofKey, known)
		if err == nil && !bytes.Equal(text, proofText) {
			err = ErrSecret
		}
		return err
	}
	if s.aead == nil {
		return nil
	}
	return meta.Put(proofKey, s.seal(metaBucket, proofKey, proofText))
}
