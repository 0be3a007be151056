package transfer

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/binary"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
)

// The one HPKE suite of version 1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
// AES-256-GCM (RFC 9180).
func kem() hpke.KEM   { return hpke.DHKEM(ecdh.X25519()) }
func kdf() hpke.KDF   { return hpke.HKDFSHA256() }
func aead() hpke.AEAD { return hpke.AES256GCM() }

// encapsulationBytes is the size of an X25519 encapsulation.
const encapsulationBytes = 32

// Recipient is a private key that others wrap keys to.
type Recipient struct{ key hpke.PrivateKey }

// NewRecipient draws a key pair.
func NewRecipient() (Recipient, error) {
	key, err := kem().GenerateKey()
	if err != nil {
		return Recipient{}, fmt.Errorf("draw HPKE key: %w", err)
	}
	return Recipient{key}, nil
}

// LoadRecipient reads what Bytes returned.
func LoadRecipient(b []byte) (Recipient, error) {
	key, err := kem().NewPrivateKey(b)
	if err != nil {
		return Recipient{}, fmt.Errorf("read HPKE key: %w", err)
	}
	return Recipient{key}, nil
}

// Public is the public key's bytes.
func (r Recipient) Public() []byte { return r.key.PublicKey().Bytes() }

// Bytes is the private key, for the owner's own disk.
func (r Recipient) Bytes() ([]byte, error) { return r.key.Bytes() }

// Binding is what a wrapped key is good for: one award and nothing else.
type Binding struct {
	Task  models.Digest
	Fence uint64
	Node  common.Address
}

// info is HPKE's info parameter: a mismatch makes the key unreadable.
func (b Binding) info(purpose Purpose) []byte {
	var out bytes.Buffer
	out.WriteString("medhive/key/1\x00")
	out.WriteByte(byte(purpose))
	out.Write(b.Task[:])
	out.Write(binary.BigEndian.AppendUint64(nil, b.Fence))
	out.Write(b.Node[:])
	return out.Bytes()
}

// Wrap seals a content key to the node's public key under the award's binding.
func Wrap(key Key, to []byte, b Binding) ([]byte, error) {
	pk, err := kem().NewPublicKey(to)
	if err != nil {
		return nil, fmt.Errorf("wrap content key: the node's HPKE key: %w", err)
	}
	wrapped, err := hpke.Seal(pk, kdf(), aead(), b.info(Payload), key[:])
	if err != nil {
		return nil, fmt.Errorf("wrap content key: %w", err)
	}
	return wrapped, nil
}

// Unwrap opens what Wrap sealed to r under the same binding.
func (r Recipient) Unwrap(wrapped []byte, b Binding) (Key, error) {
	raw, err := hpke.Open(r.key, kdf(), aead(), b.info(Payload), wrapped)
	if err != nil || len(raw) != len(Key{}) {
		return Key{}, fmt.Errorf("unwrap content key of task %s, fence %d: %w", b.Task.Short(), b.Fence, ErrWrongKey)
	}
	return Key(raw), nil
}

// exportLabel names the secret that both sides derive for a result.
const exportLabel = "medhive/result-key/1"

// ResultKey derives a fresh key for one result, and the encapsulation that lets
// only the holder of the task's key derive it too.
func ResultKey(to []byte, b Binding) (encapsulation []byte, key Key, err error) {
	pk, err := kem().NewPublicKey(to)
	if err != nil {
		return nil, key, fmt.Errorf("result key: the clinic's HPKE key: %w", err)
	}
	encapsulation, sender, err := hpke.NewSender(pk, kdf(), aead(), b.info(Result))
	if err != nil {
		return nil, key, fmt.Errorf("result key: %w", err)
	}
	raw, err := sender.Export(exportLabel, len(key))
	if err != nil {
		return nil, key, fmt.Errorf("result key: %w", err)
	}
	return encapsulation, Key(raw), nil
}

// ResultKey derives the key that a node's encapsulation stands for.
func (r Recipient) ResultKey(encapsulation []byte, b Binding) (Key, error) {
	if len(encapsulation) != encapsulationBytes {
		return Key{}, fmt.Errorf("result key: encapsulation of %d bytes, want %d: %w", len(encapsulation), encapsulationBytes, ErrWrongKey)
	}
	rcpt, err := hpke.NewRecipient(encapsulation, r.key, kdf(), aead(), b.info(Result))
	if err != nil {
		return Key{}, fmt.Errorf("result key of task %s, fence %d: %w", b.Task.Short(), b.Fence, ErrWrongKey)
	}
	raw, err := rcpt.Export(exportLabel, len(Key{}))
	if err != nil {
		return Key{}, fmt.Errorf("result key: %w", err)
	}
	return Key(raw), nil
}
