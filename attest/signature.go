package attest

import (
	"crypto/ecdsa"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// recoveryOffset is what Ethereum adds to the recovery id: v is 27 or 28.
const recoveryOffset = 27

// ErrSignature says that a signature is malformed, malleable or not by the one
// who should have signed. A caller refuses the statement and keeps serving.
var ErrSignature = errors.New("signature is not valid")

// Signature is r ‖ s ‖ v over secp256k1: s in the lower half of the group order
// (EIP-2), v 27 or 28. Its text form is 0x and 130 hex digits.
type Signature [65]byte

// Sign signs hash. The result recovers to the address of key.
func Sign(hash [32]byte, key *ecdsa.PrivateKey) (Signature, error) {
	if key == nil {
		return Signature{}, errors.New("sign statement: no key; load the node's or clinic's key first")
	}
	raw, err := crypto.Sign(hash[:], key)
	if err != nil {
		return Signature{}, fmt.Errorf("sign statement: %w", err)
	}
	sig := Signature(raw)
	sig[64] += recoveryOffset
	return sig, nil
}

// Recover returns the address that signed hash. A signature with a high s, with
// r or s out of range or with a v other than 27 and 28 is refused, so that a
// statement has exactly one valid signature per nonce and can't be altered in
// transit.
func Recover(hash [32]byte, sig Signature) (common.Address, error) {
	public, err := recoverKey(hash, sig)
	if err != nil {
		return common.Address{}, err
	}
	return addressOf(public), nil
}

// publicKey is 0x04 ‖ x ‖ y.
type publicKey [65]byte

func addressOf(p publicKey) common.Address {
	hash := crypto.Keccak256Hash(p[1:])
	return common.Address(hash[12:])
}

func recoverKey(hash [32]byte, sig Signature) (publicKey, error) {
	v := sig[64]
	if v != recoveryOffset && v != recoveryOffset+1 {
		return publicKey{}, fmt.Errorf("recover signer: v is %d, want 27 or 28; sign again with a current version: %w", v, ErrSignature)
	}
	r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:64])
	if !crypto.ValidateSignatureValues(v-recoveryOffset, r, s, true) {
		return publicKey{}, fmt.Errorf("recover signer: r or s is out of range or s is high; sign again with a current version: %w", ErrSignature)
	}
	sig[64] = v - recoveryOffset
	public, err := crypto.Ecrecover(hash[:], sig[:])
	if err != nil {
		return publicKey{}, fmt.Errorf("recover signer: %w; sign again with the right key: %w", err, ErrSignature)
	}
	return publicKey(public), nil
}

// verifySigner reports whether who signed hash. Which of the two keys that r and s stand
// for is meant (v) is not asked: both who knows the public key and who recovers it take the
// same statements, and a statement is known by its digest, never by its signature's bytes.
func (d Domain) verifySigner(hash [32]byte, sig Signature, who common.Address) error {
	if public, known := d.memory.key(who); known {
		if v := sig[64]; v != recoveryOffset && v != recoveryOffset+1 || !crypto.VerifySignature(public[:], hash[:], sig[:64]) {
			return fmt.Errorf("not signed by %s; sign with the key of that address on the same chain and registry: %w", who, ErrSignature)
		}
		return nil
	}
	public, err := recoverKey(hash, sig)
	if err != nil {
		return err
	}
	signer := addressOf(public)
	if signer != who {
		sig[64] ^= recoveryOffset ^ (recoveryOffset + 1)
		if public, err = recoverKey(hash, sig); err != nil || addressOf(public) != who {
			return fmt.Errorf("signed by %s, want %s; sign with the key of that address on the same chain and registry: %w", signer, who, ErrSignature)
		}
	}
	d.memory.keep(who, public)
	return nil
}

// verifyOnChain is verifySigner as a contract does it: v must be the right one.
func verifyOnChain(hash [32]byte, sig Signature, who common.Address) error {
	signer, err := Recover(hash, sig)
	if err == nil && signer != who {
		err = fmt.Errorf("signed by %s, want %s; sign with the key of that address on the same chain and contract: %w", signer, who, ErrSignature)
	}
	return err
}

// String is the text form.
func (s Signature) String() string { return "0x" + hex.EncodeToString(s[:]) }

// IsZero reports whether s was never set.
func (s Signature) IsZero() bool { return s == Signature{} }

// MarshalText implements encoding.TextMarshaler.
func (s Signature) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Signature) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(strings.TrimPrefix(string(text), "0x"))
	if err != nil || len(raw) != len(s) {
		return fmt.Errorf("signature %.20q: want 0x and 130 hex digits", text)
	}
	copy(s[:], raw)
	return nil
}
