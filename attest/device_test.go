package attest

import (
	"bytes"
	"context"
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding"
	"encoding/asn1"
	"errors"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"
	"github.com/google/go-tpm/tpm2"
	"pgregory.net/rapid"
)

// testDevice is an attestation key outside a TPM: tests sign with it what a TPM would.
func testDevice(t testing.TB, n int64) (*ecdsa.PrivateKey, DeviceKey) {
	t.Helper()
	raw := make([]byte, 32)
	big.NewInt(n).FillBytes(raw)
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return key, DeviceKey(point[1:])
}

// testQuote is what a TPM with that key says over data; alter may change it before it is signed.
func testQuote(t testing.TB, key *ecdsa.PrivateKey, data [32]byte, alter func(a *tpm2.TPMSAttest)) Quote {
	t.Helper()
	attested := tpm2.TPMSAttest{
		Magic: tpm2.TPMGeneratedValue, Type: tpm2.TPMSTAttestQuote, QualifiedSigner: tpm2.TPM2BName{Buffer: make([]byte, 34)},
		ExtraData: tpm2.TPM2BData{Buffer: data[:]}, ClockInfo: tpm2.TPMSClockInfo{Clock: 7, ResetCount: 3, Safe: true}, FirmwareVersion: 9,
		Attested: tpm2.NewTPMUAttest(tpm2.TPMSTAttestQuote, &tpm2.TPMSQuoteInfo{
			PCRSelect: tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{Hash: tpm2.TPMAlgSHA256, PCRSelect: []byte{0x95, 0, 0}}}},
			PCRDigest: tpm2.TPM2BDigest{Buffer: make([]byte, 32)},
		}),
	}
	if alter != nil {
		alter(&attested)
	}
	q := Quote{Attested: tpm2.Marshal(attested)}
	sum := sha256.Sum256(q.Attested)
	der, err := key.Sign(nil, sum[:], stdcrypto.SHA256) // without randomness it is RFC 6979's: always the same
	if err != nil {
		t.Fatal(err)
	}
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &parts); err != nil {
		t.Fatal(err)
	}
	parts.R.FillBytes(q.Sig[:32])
	parts.S.FillBytes(q.Sig[32:])
	return q
}

func deviceVoucher(t testing.TB) SignedDeviceVoucher {
	t.Helper()
	key, vendor := keyOf(t, 2)
	_, device := testDevice(t, 99)
	v := DeviceVoucher{Vendor: vendor, Endorsement: sha256.Sum256([]byte("endorsement key")), Device: device,
		IssuedAt: time.UnixMilli(1_790_000_000_000).UTC(), ExpiresAt: time.UnixMilli(1_950_000_000_000).UTC()}
	return SignedDeviceVoucher{Voucher: v, VendorSig: sign(t, v.Hash(testDomain), key)}
}

func deviceRevocation(t testing.TB) SignedDeviceRevocation {
	t.Helper()
	key, vendor := keyOf(t, 2)
	r := DeviceRevocation{Vendor: vendor, Voucher: deviceVoucher(t).Voucher.Hash(testDomain), At: time.UnixMilli(1_790_000_500_000).UTC()}
	return SignedDeviceRevocation{Revocation: r, VendorSig: sign(t, r.Hash(testDomain), key)}
}

func deviceProof(t testing.TB) SignedDeviceProof {
	t.Helper()
	key, node := keyOf(t, 1)
	device, _ := testDevice(t, 99)
	voucher := deviceVoucher(t)
	p := DeviceProof{Node: node, Voucher: voucher.Voucher.Hash(testDomain), Nonce: crypto.Keccak256Hash([]byte("nonce")), AskedAt: time.UnixMilli(1_790_000_100_000).UTC()}
	digest := p.Hash(testDomain)
	return SignedDeviceProof{Proof: p, Voucher: voucher, Quote: testQuote(t, device, digest, nil), NodeSig: sign(t, digest, key)}
}

func TestDeviceHashesEqualGoEthereums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDomain(t)
		x, y := drawBytes32(t, "x"), drawBytes32(t, "y")
		v := DeviceVoucher{drawAddress(t, "vendor"), drawBytes32(t, "endorsement"), DeviceKey(append(bytes.Clone(x[:]), y[:]...)), drawTime(t, "issued"), drawTime(t, "expires")}
		want := reference(t, d, deviceVoucherType, apitypes.TypedDataMessage{
			"vendor": v.Vendor.Hex(), "endorsement": v.Endorsement[:], "deviceX": x[:], "deviceY": y[:],
			"issuedAt": number(uint64(unixMilli(v.IssuedAt))), "expiresAt": number(uint64(unixMilli(v.ExpiresAt))),
		})
		if got := v.Hash(d); got != want {
			t.Fatalf("voucher %x, apitypes %x", got, want)
		}
		r := DeviceRevocation{v.Vendor, v.Endorsement, v.IssuedAt}
		want = reference(t, d, deviceRevocationType, apitypes.TypedDataMessage{"vendor": r.Vendor.Hex(), "voucher": r.Voucher[:], "at": number(uint64(unixMilli(r.At)))})
		if got := r.Hash(d); got != want {
			t.Fatalf("revocation %x, apitypes %x", got, want)
		}
		p := DeviceProof{v.Vendor, x, y, v.IssuedAt}
		want = reference(t, d, deviceProofType, apitypes.TypedDataMessage{
			"node": p.Node.Hex(), "voucher": p.Voucher[:], "nonce": p.Nonce[:], "askedAt": number(uint64(unixMilli(p.AskedAt))),
		})
		if got := p.Hash(d); got != want {
			t.Fatalf("proof %x, apitypes %x", got, want)
		}
	})
}

func TestDeviceStatementsGoThroughTheirForms(t *testing.T) {
	voucher, revocation, proof := deviceVoucher(t), deviceRevocation(t), deviceProof(t)
	if got, err := DecodeSignedDeviceVoucher(encode(t, voucher)); err != nil || got != voucher {
		t.Errorf("voucher %+v, %v", got, err)
	}
	if got, err := DecodeSignedDeviceRevocation(encode(t, revocation)); err != nil || got != revocation {
		t.Errorf("revocation %+v, %v", got, err)
	}
	if got, err := DecodeSignedDeviceProof(encode(t, proof)); err != nil || !reflect.DeepEqual(got, proof) {
		t.Errorf("proof %+v, %v", got, err)
	}
	endless := voucher
	endless.Voucher.ExpiresAt = time.Time{}
	for _, s := range []interface {
		encoding.BinaryAppender
		Verify(d Domain) error
	}{voucher, revocation, proof} {
		if err := s.Verify(testDomain); err != nil {
			t.Errorf("%T: %v", s, err)
		}
	}
	for _, s := range []encoding.BinaryAppender{voucher, endless, revocation, proof} {
		form, err := s.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(s))
		if err := back.Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(form); err != nil || !reflect.DeepEqual(back.Elem().Interface(), s) {
			t.Errorf("%T comes back as %+v, %v", s, back.Elem().Interface(), err)
		}
		if err := back.Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(append(form, 0)); err == nil {
			t.Errorf("%T: something behind the form is taken", s)
		}
	}
}

func TestSignedDeviceVoucherVerify(t *testing.T) {
	for name, alter := range map[string]func(v *DeviceVoucher){
		"another device":          func(v *DeviceVoucher) { _, v.Device = testDevice(t, 5) },
		"another endorsement key": func(v *DeviceVoucher) { v.Endorsement[0]++ },
		"another vendor":          func(v *DeviceVoucher) { _, v.Vendor = keyOf(t, 3) },
		"a later end":             func(v *DeviceVoucher) { v.ExpiresAt = v.ExpiresAt.Add(time.Hour) },
		"no end":                  func(v *DeviceVoucher) { v.ExpiresAt = time.Time{} },
	} {
		s := deviceVoucher(t)
		alter(&s.Voucher)
		if err := s.Verify(testDomain); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
	for name, alter := range map[string]func(v *DeviceVoucher){
		"nobody's":              func(v *DeviceVoucher) { *v = DeviceVoucher{} },
		"off the curve":         func(v *DeviceVoucher) { v.Device[0]++ },
		"no endorsement key":    func(v *DeviceVoucher) { v.Endorsement = [32]byte{} },
		"over before it begins": func(v *DeviceVoucher) { v.ExpiresAt = v.IssuedAt },
		"of no time":            func(v *DeviceVoucher) { v.IssuedAt = time.Time{} },
	} {
		s := deviceVoucher(t)
		alter(&s.Voucher)
		if err := s.Verify(testDomain); err == nil || errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, want a fault of the voucher itself", name, err)
		}
	}
	if err := deviceVoucher(t).Verify(Domain{ChainID: big.NewInt(1)}); !errors.Is(err, ErrSignature) {
		t.Errorf("a voucher of another network: %v", err)
	}
	r := deviceRevocation(t)
	r.Revocation.Voucher[0]++
	if err := r.Verify(testDomain); !errors.Is(err, ErrSignature) {
		t.Errorf("a revocation of another voucher: %v", err)
	}
	r.Revocation.Voucher = [32]byte{}
	if err := r.Verify(testDomain); err == nil || errors.Is(err, ErrSignature) {
		t.Errorf("a revocation of nothing: %v", err)
	}
}

// TestSignedDeviceProofVerify: a proof takes the voucher's device, the node and the very
// question; no part of another proof fits.
func TestSignedDeviceProofVerify(t *testing.T) {
	device, _ := testDevice(t, 99)
	otherDevice, otherPoint := testDevice(t, 5)
	vendor, _ := keyOf(t, 2)
	for name, alter := range map[string]func(s *SignedDeviceProof){
		"another node":     func(s *SignedDeviceProof) { _, s.Proof.Node = keyOf(t, 3) },
		"another question": func(s *SignedDeviceProof) { s.Proof.Nonce[0]++ },
		"another time":     func(s *SignedDeviceProof) { s.Proof.AskedAt = s.Proof.AskedAt.Add(time.Millisecond) },
		"another network's voucher": func(s *SignedDeviceProof) {
			s.Voucher.VendorSig = sign(t, s.Voucher.Voucher.Hash(Domain{ChainID: big.NewInt(5)}), vendor)
		},
		"another voucher than it names": func(s *SignedDeviceProof) {
			s.Voucher.Voucher.Device = otherPoint
			s.Voucher.VendorSig = sign(t, s.Voucher.Voucher.Hash(testDomain), vendor)
		},
		"another device's quote": func(s *SignedDeviceProof) {
			s.Quote = testQuote(t, otherDevice, s.Proof.Hash(testDomain), nil)
		},
		"a quote over something else": func(s *SignedDeviceProof) { s.Quote = testQuote(t, device, [32]byte{1}, nil) },
		"a quote of no TPM": func(s *SignedDeviceProof) {
			s.Quote = testQuote(t, device, s.Proof.Hash(testDomain), func(a *tpm2.TPMSAttest) { a.Magic++ })
		},
		"another kind of attestation": func(s *SignedDeviceProof) {
			s.Quote = testQuote(t, device, s.Proof.Hash(testDomain), func(a *tpm2.TPMSAttest) {
				a.Type, a.Attested = tpm2.TPMSTAttestCreation, tpm2.NewTPMUAttest(tpm2.TPMSTAttestCreation, &tpm2.TPMSCreationInfo{})
			})
		},
		"no quote": func(s *SignedDeviceProof) { s.Quote = Quote{} },
	} {
		s := deviceProof(t)
		alter(&s)
		if err := s.Verify(testDomain); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
	long := deviceProof(t)
	long.Quote.Attested = make([]byte, MaxQuoteBytes+1)
	if err := long.Verify(testDomain); err == nil {
		t.Error("an endless quote is read")
	}
}

func FuzzDeviceForms(f *testing.F) {
	for _, s := range []encoding.BinaryAppender{deviceVoucher(f), deviceRevocation(f), deviceProof(f)} {
		form, err := s.AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(form)
		f.Add(encode(f, s))
	}
	f.Add(encode(f, ownerBinding(f)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, s := range []interface {
			encoding.BinaryUnmarshaler
			encoding.BinaryAppender
			Verify(d Domain) error
		}{new(SignedDeviceVoucher), new(SignedDeviceRevocation), new(SignedDeviceProof)} {
			if s.UnmarshalBinary(data) == nil {
				if again, err := s.AppendBinary(nil); err != nil || !bytes.Equal(again, data) {
					t.Fatalf("%T: another form is read: %v", s, err)
				}
				_ = s.Verify(testDomain)
			}
		}
		if s, err := DecodeSignedDeviceProof(data); err == nil {
			if again, err := DecodeSignedDeviceProof(encode(t, s)); err != nil || !reflect.DeepEqual(again, s) {
				t.Fatalf("decoded, encoded and decoded differs: %v", err)
			}
			_ = s.Verify(testDomain)
		}
		if s, err := DecodeSignedDeviceVoucher(data); err == nil {
			_ = s.Verify(testDomain)
		}
		if s, err := DecodeSignedDeviceRevocation(data); err == nil {
			_ = s.Verify(testDomain)
		}
		if s, err := DecodeSignedOwnerBinding(data); err == nil {
			_ = s.Verify(context.Background(), testDomain, nil)
		}
	})
}

// FuzzQuote: whatever a stranger calls a quote is judged within its bounds.
func FuzzQuote(f *testing.F) {
	key, device := testDevice(f, 99)
	f.Add(testQuote(f, key, [32]byte{1}, nil).Attested)
	f.Add([]byte{0xff, 'T', 'C', 'G', 0x80, 0x18})
	f.Fuzz(func(t *testing.T, attested []byte) {
		if err := (Quote{Attested: attested}).Verify(device, [32]byte{1}); err == nil {
			t.Fatal("a quote without a signature is taken")
		}
	})
}

// ownerBinding is signed by the wallet of key 2.
func ownerBinding(t testing.TB) SignedOwnerBinding {
	t.Helper()
	key, owner := keyOf(t, 2)
	_, node := keyOf(t, 1)
	b := OwnerBinding{Node: node, Owner: owner, Code: crypto.Keccak256Hash([]byte("code")), Deadline: time.UnixMilli(1_790_000_000_000).UTC()}
	return SignedOwnerBinding{Binding: b, OwnerSig: sign(t, b.Hash(testDomain), key)}
}

func TestOwnerBinding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDomain(t)
		b := OwnerBinding{drawAddress(t, "node"), drawAddress(t, "owner"), drawBytes32(t, "code"), drawTime(t, "deadline")}
		want := reference(t, d, ownerBindingType, apitypes.TypedDataMessage{
			"node": b.Node.Hex(), "owner": b.Owner.Hex(), "code": b.Code[:], "deadline": number(uint64(unixMilli(b.Deadline))),
		})
		if got := b.Hash(d); got != want {
			t.Fatalf("owner binding %x, apitypes %x", got, want)
		}
	})
	good := ownerBinding(t)
	if err := good.Verify(t.Context(), testDomain, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeSignedOwnerBinding(encode(t, good)); err != nil || got != good {
		t.Fatalf("decoded as %+v, %v", got, err)
	}
	for name, alter := range map[string]func(b *OwnerBinding){
		"another node":  func(b *OwnerBinding) { _, b.Node = keyOf(t, 3) },
		"another owner": func(b *OwnerBinding) { _, b.Owner = keyOf(t, 3) },
		"another code":  func(b *OwnerBinding) { b.Code[0]++ },
		"a later end":   func(b *OwnerBinding) { b.Deadline = b.Deadline.Add(time.Hour) },
	} {
		s := good
		alter(&s.Binding)
		if err := s.Verify(t.Context(), testDomain, nil); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
	for name, alter := range map[string]func(b *OwnerBinding){
		"nobody's":       func(b *OwnerBinding) { b.Owner = common.Address{} },
		"the node's own": func(b *OwnerBinding) { b.Owner = b.Node },
		"no code":        func(b *OwnerBinding) { b.Code = [32]byte{} },
		"no end":         func(b *OwnerBinding) { b.Deadline = time.Time{} },
	} {
		s := good
		alter(&s.Binding)
		if err := s.Verify(t.Context(), testDomain, nil); err == nil || errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, want a fault of the binding itself", name, err)
		}
	}
}
