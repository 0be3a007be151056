package attest

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// The bounds of a device's statements in bytes of JSON.
const (
	MaxDeviceVoucherBytes    = 2 << 10
	MaxDeviceRevocationBytes = 1 << 10
)

// DeviceKey is the public key of a device's attestation key, x ‖ y on P-256 (FIPS 186-4). It
// never leaves the device's TPM, and a TPM makes the same one again after its disk was wiped.
// Its text form is 0x and 128 hex digits.
type DeviceKey [64]byte

// IsZero reports whether there is none.
func (k DeviceKey) IsZero() bool { return k == DeviceKey{} }

// String is the text form.
func (k DeviceKey) String() string { return "0x" + hex.EncodeToString(k[:]) }

// Short names the key to people: the first eight bytes of it.
func (k DeviceKey) Short() string { return hex.EncodeToString(k[:8]) }

// MarshalText implements encoding.TextMarshaler.
func (k DeviceKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. It does not ask for a point of the curve.
func (k *DeviceKey) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(strings.TrimPrefix(string(text), "0x"))
	if err != nil || len(raw) != len(k) {
		return fmt.Errorf("device key %.20q: want 0x and 128 hex digits", text)
	}
	copy(k[:], raw)
	return nil
}

// DeviceVoucher is a vendor's word that it built a device: that the attestation key Device
// lies in the TPM whose endorsement key is Endorsement, which the vendor tried. Its digest
// stands in the registry beside the node that works on the device. It holds no serial
// number: what is published names a machine to nobody but its vendor.
type DeviceVoucher struct {
	Vendor      common.Address
	Endorsement [32]byte // SHA-256 of the endorsement key's TPMT_PUBLIC
	Device      DeviceKey
	IssuedAt    time.Time // the vendor's clock, in whole milliseconds
	ExpiresAt   time.Time // likewise; zero: never
}

const deviceVoucherType = "DeviceVoucher(address vendor,bytes32 endorsement,bytes32 deviceX,bytes32 deviceY,uint64 issuedAt,uint64 expiresAt)"

var deviceVoucherTypeHash = crypto.Keccak256Hash([]byte(deviceVoucherType))

// Hash is the EIP-712 digest that the vendor signs, and the registry's voucher.
func (v DeviceVoucher) Hash(d Domain) [32]byte {
	var w words
	w.word(deviceVoucherTypeHash)
	w.address(v.Vendor)
	w.word(v.Endorsement)
	w.word([32]byte(v.Device[:32]))
	w.word([32]byte(v.Device[32:]))
	w.time(v.IssuedAt)
	w.time(v.ExpiresAt)
	return d.digest(w.hash())
}

// Validate checks everything but the signature.
func (v DeviceVoucher) Validate() error {
	switch {
	case v.Vendor == (common.Address{}):
		return errors.New("device voucher: vendor is the zero address; name who vouches")
	case v.Endorsement == [32]byte{}:
		return errors.New("device voucher: no endorsement key; take what `medhive vendor export` says of the device")
	}
	if _, err := v.Device.public(); err != nil {
		return fmt.Errorf("device voucher: %w", err)
	}
	if err := checkTime("device voucher", v.IssuedAt); err != nil {
		return err
	}
	if v.ExpiresAt.IsZero() {
		return nil
	}
	if !v.ExpiresAt.After(v.IssuedAt) {
		return errors.New("device voucher: it ends before it begins; give a later end, or none")
	}
	return checkTime("device voucher's end", v.ExpiresAt)
}

type deviceVoucherJSON struct {
	Vendor      common.Address `json:"vendor"`
	Endorsement common.Hash    `json:"endorsement"`
	Device      DeviceKey      `json:"device"`
	IssuedAtMS  int64          `json:"issued_at_ms"`
	ExpiresAtMS int64          `json:"expires_at_ms,omitempty"`
}

// MarshalJSON writes the canonical form.
func (v DeviceVoucher) MarshalJSON() ([]byte, error) {
	return json.Marshal(deviceVoucherJSON{v.Vendor, v.Endorsement, v.Device, unixMilli(v.IssuedAt), unixMilli(v.ExpiresAt)})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (v *DeviceVoucher) UnmarshalJSON(data []byte) error {
	var j deviceVoucherJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("device voucher: %w", err)
	}
	*v = DeviceVoucher{j.Vendor, j.Endorsement, j.Device, fromMilli(j.IssuedAtMS), fromMilli(j.ExpiresAtMS)}
	return nil
}

// SignedDeviceVoucher is the statement with the vendor's signature.
type SignedDeviceVoucher struct {
	Voucher   DeviceVoucher
	VendorSig Signature
}

// Verify checks bounds and that Voucher.Vendor signed. Whether that vendor counts is the
// network's to say.
func (s SignedDeviceVoucher) Verify(d Domain) error {
	if err := s.Voucher.Validate(); err != nil {
		return err
	}
	if err := d.verifySigner(s.Voucher.Hash(d), s.VendorSig, s.Voucher.Vendor); err != nil {
		return fmt.Errorf("device voucher of %s: %w", s.Voucher.Vendor, err)
	}
	return nil
}

type signedDeviceVoucherJSON struct {
	Voucher   DeviceVoucher `json:"voucher"`
	VendorSig Signature     `json:"vendor_sig"`
}

// MarshalJSON writes the canonical form.
func (s SignedDeviceVoucher) MarshalJSON() ([]byte, error) {
	return json.Marshal(signedDeviceVoucherJSON(s))
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedDeviceVoucher) UnmarshalJSON(data []byte) error {
	return strict(data, (*signedDeviceVoucherJSON)(s))
}

// DecodeSignedDeviceVoucher reads at most MaxDeviceVoucherBytes of canonical JSON; white
// space between tokens is allowed. It checks bounds, not the signature.
func DecodeSignedDeviceVoucher(data []byte) (SignedDeviceVoucher, error) {
	var s SignedDeviceVoucher
	if err := decode("signed device voucher", data, MaxDeviceVoucherBytes, &s); err != nil {
		return SignedDeviceVoucher{}, err
	}
	return s, s.Voucher.Validate()
}

// DeviceRevocation takes a voucher back: the device was stolen, sold for parts, or built
// wrongly. It is final; a device that comes back gets a new voucher.
type DeviceRevocation struct {
	Vendor  common.Address
	Voucher [32]byte  // digest of the voucher
	At      time.Time // the vendor's clock, in whole milliseconds
}

const deviceRevocationType = "DeviceRevocation(address vendor,bytes32 voucher,uint64 at)"

var deviceRevocationTypeHash = crypto.Keccak256Hash([]byte(deviceRevocationType))

// Hash is the EIP-712 digest that the vendor signs.
func (r DeviceRevocation) Hash(d Domain) [32]byte {
	var w words
	w.word(deviceRevocationTypeHash)
	w.address(r.Vendor)
	w.word(r.Voucher)
	w.time(r.At)
	return d.digest(w.hash())
}

// Validate checks everything but the signature.
func (r DeviceRevocation) Validate() error {
	if r.Vendor == (common.Address{}) || r.Voucher == [32]byte{} {
		return errors.New("device revocation: vendor or voucher is empty; name the voucher by its digest")
	}
	return checkTime("device revocation", r.At)
}

type deviceRevocationJSON struct {
	Vendor  common.Address `json:"vendor"`
	Voucher common.Hash    `json:"voucher"`
	AtMS    int64          `json:"at_ms"`
}

// MarshalJSON writes the canonical form.
func (r DeviceRevocation) MarshalJSON() ([]byte, error) {
	return json.Marshal(deviceRevocationJSON{r.Vendor, r.Voucher, unixMilli(r.At)})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (r *DeviceRevocation) UnmarshalJSON(data []byte) error {
	var j deviceRevocationJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("device revocation: %w", err)
	}
	*r = DeviceRevocation{j.Vendor, j.Voucher, fromMilli(j.AtMS)}
	return nil
}

// SignedDeviceRevocation is the statement with the vendor's signature.
type SignedDeviceRevocation struct {
	Revocation DeviceRevocation
	VendorSig  Signature
}

// Verify checks bounds and that Revocation.Vendor signed. It takes back vouchers of that
// vendor only.
func (s SignedDeviceRevocation) Verify(d Domain) error {
	if err := s.Revocation.Validate(); err != nil {
		return err
	}
	if err := d.verifySigner(s.Revocation.Hash(d), s.VendorSig, s.Revocation.Vendor); err != nil {
		return fmt.Errorf("device revocation of %s: %w", s.Revocation.Vendor, err)
	}
	return nil
}

type signedDeviceRevocationJSON struct {
	Revocation DeviceRevocation `json:"revocation"`
	VendorSig  Signature        `json:"vendor_sig"`
}

// MarshalJSON writes the canonical form.
func (s SignedDeviceRevocation) MarshalJSON() ([]byte, error) {
	return json.Marshal(signedDeviceRevocationJSON(s))
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (s *SignedDeviceRevocation) UnmarshalJSON(data []byte) error {
	return strict(data, (*signedDeviceRevocationJSON)(s))
}

// DecodeSignedDeviceRevocation reads at most MaxDeviceRevocationBytes of canonical JSON;
// white space between tokens is allowed. It checks bounds, not the signature.
func DecodeSignedDeviceRevocation(data []byte) (SignedDeviceRevocation, error) {
	var s SignedDeviceRevocation
	if err := decode("signed device revocation", data, MaxDeviceRevocationBytes, &s); err != nil {
		return SignedDeviceRevocation{}, err
	}
	return s, s.Revocation.Validate()
}
