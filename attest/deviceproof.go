package attest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/google/go-tpm/tpm2"
)

const (
	// MaxQuoteBytes bounds a TPM's quote; one over a few registers has about 150 bytes.
	MaxQuoteBytes = 512
	// MaxDeviceProofBytes bounds a signed device proof's JSON, its voucher included.
	MaxDeviceProofBytes = MaxDeviceVoucherBytes + 4<<10
)

// DeviceProof is what a node and the TPM that it runs beside say together when a coordinator
// asks: this node's key is used on that device now.
type DeviceProof struct {
	Node    common.Address
	Voucher [32]byte  // digest of the device's voucher
	Nonce   [32]byte  // the coordinator's
	AskedAt time.Time // the coordinator's clock, in whole milliseconds
}

const deviceProofType = "DeviceProof(address node,bytes32 voucher,bytes32 nonce,uint64 askedAt)"

var deviceProofTypeHash = crypto.Keccak256Hash([]byte(deviceProofType))

// Hash is the EIP-712 digest that the node signs and that the TPM quotes.
func (p DeviceProof) Hash(d Domain) [32]byte {
	var w words
	w.word(deviceProofTypeHash)
	w.address(p.Node)
	w.word(p.Voucher)
	w.word(p.Nonce)
	w.time(p.AskedAt)
	return d.digest(w.hash())
}

// Validate checks everything but the signatures.
func (p DeviceProof) Validate() error {
	if p.Node == (common.Address{}) || p.Voucher == [32]byte{} || p.Nonce == [32]byte{} {
		return errors.New("device proof: node, voucher or nonce is empty; answer what the coordinator asked")
	}
	return checkTime("device proof", p.AskedAt)
}

// Quote is what a TPM signs with a restricted key: nobody can have it sign anything else, so
// a quote was made by a TPM. Attested is a TPMS_ATTEST (TPM 2.0 part 2, 10.12.8) of at most
// MaxQuoteBytes, Sig the attestation key's r ‖ s over its SHA-256. The registers in it tell
// how the machine was started; they are kept and not judged.
type Quote struct {
	Attested []byte
	Sig      [64]byte
}

// Verify checks that the TPM that holds key made the quote, over data.
func (q Quote) Verify(key DeviceKey, data [32]byte) error {
	public, err := key.public()
	if err != nil {
		return err
	}
	if len(q.Attested) > MaxQuoteBytes {
		return fmt.Errorf("quote has %d bytes, the limit is %d; quote fewer registers", len(q.Attested), MaxQuoteBytes)
	}
	attested, err := tpm2.Unmarshal[tpm2.TPMSAttest](q.Attested)
	if err != nil {
		return fmt.Errorf("quote is no TPM attestation: %w: %w", err, ErrSignature)
	}
	switch {
	case attested.Magic != tpm2.TPMGeneratedValue || attested.Type != tpm2.TPMSTAttestQuote:
		return fmt.Errorf("quote was not made by TPM2_Quote: %w", ErrSignature)
	case !bytes.Equal(attested.ExtraData.Buffer, data[:]):
		return fmt.Errorf("quote is over another statement: %w", ErrSignature)
	}
	sum := sha256.Sum256(q.Attested)
	if !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(q.Sig[:32]), new(big.Int).SetBytes(q.Sig[32:])) {
		return fmt.Errorf("quote is not signed by device %s: %w", key.Short(), ErrSignature)
	}
	return nil
}

// public is the key on its curve.
func (k DeviceKey) public() (*ecdsa.PublicKey, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append([]byte{4}, k[:]...))
	if err != nil {
		return nil, fmt.Errorf("device key is no point of P-256; take it from `medhive vendor export`: %w", err)
	}
	return key, nil
}

type quoteJSON struct {
	Attested hexutil.Bytes `json:"attested"`
	Sig      hexutil.Bytes `json:"sig"`
}

// MarshalJSON writes the canonical form.
func (q Quote) MarshalJSON() ([]byte, error) { return json.Marshal(quoteJSON{q.Attested, q.Sig[:]}) }

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (q *Quote) UnmarshalJSON(data []byte) error {
	var j quoteJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("quote: %w", err)
	}
	if len(j.Attested) > MaxQuoteBytes || len(j.Sig) != len(q.Sig) {
		return fmt.Errorf("quote of %d bytes with a signature of %d; want at most %d and %d", len(j.Attested), len(j.Sig), MaxQuoteBytes, len(q.Sig))
	}
	*q = Quote{j.Attested, [64]byte(j.Sig)}
	return nil
}

// SignedDeviceProof is a proof with all that it takes to check it: the vendor's voucher, the
// TPM's quote and the node's signature.
type SignedDeviceProof struct {
	Proof   DeviceProof
	Voucher SignedDeviceVoucher
	Quote   Quote
	NodeSig Signature
}

// Verify checks bounds, the voucher, and that both the voucher's device and Proof.Node say
// so. Whether the vendor counts, the voucher stands in the registry and the proof is young
// enough is not asked here.
func (s SignedDeviceProof) Verify(d Domain) error {
	if err := s.Proof.Validate(); err != nil {
		return err
	}
	if err := s.Voucher.Verify(d); err != nil {
		return err
	}
	if s.Voucher.Voucher.Hash(d) != s.Proof.Voucher {
		return fmt.Errorf("device proof of %s: it names another voucher than the one beside it: %w", s.Proof.Node, ErrSignature)
	}
	digest := s.Proof.Hash(d)
	if err := d.verifySigner(digest, s.NodeSig, s.Proof.Node); err != nil {
		return fmt.Errorf("device proof of %s: %w", s.Proof.Node, err)
	}
	if err := s.Quote.Verify(s.Voucher.Voucher.Device, digest); err != nil {
		return fmt.Errorf("device proof of %s: %w", s.Proof.Node, err)
	}
	return nil
}

type deviceProofJSON struct {
	Node      common.Address      `json:"node"`
	Voucher   SignedDeviceVoucher `json:"voucher"`
	Digest    common.Hash         `json:"voucher_digest"`
	Nonce     common.Hash         `json:"nonce"`
	AskedAtMS int64               `json:"asked_at_ms"`
	Quote     Quote               `json:"quote"`
	NodeSig   Signature           `json:"node_sig"`
}

// MarshalJSON writes the canonical form.
func (s SignedDeviceProof) MarshalJSON() ([]byte, error) {
	p := s.Proof
	return json.Marshal(deviceProofJSON{p.Node, s.Voucher, p.Voucher, p.Nonce, unixMilli(p.AskedAt), s.Quote, s.NodeSig})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedDeviceProof) UnmarshalJSON(data []byte) error {
	var j deviceProofJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("device proof: %w", err)
	}
	*s = SignedDeviceProof{DeviceProof{j.Node, j.Digest, j.Nonce, fromMilli(j.AskedAtMS)}, j.Voucher, j.Quote, j.NodeSig}
	return nil
}

// DecodeSignedDeviceProof reads at most MaxDeviceProofBytes of canonical JSON; white space
// between tokens is allowed. It checks bounds, no signature.
func DecodeSignedDeviceProof(data []byte) (SignedDeviceProof, error) {
	var s SignedDeviceProof
	if err := decode("signed device proof", data, MaxDeviceProofBytes, &s); err != nil {
		return SignedDeviceProof{}, err
	}
	return s, errors.Join(s.Proof.Validate(), s.Voucher.Voucher.Validate())
}
