package attest

import (
	"errors"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"pgregory.net/rapid"
)

// TestMemoryChangesNoAnswer: whoever remembers keys and whoever recovers them each time
// take the same signatures, also those that somebody altered on the way.
func TestMemoryChangesNoAnswer(t *testing.T) {
	order := crypto.S256().Params().N
	remembering := testDomain.Remember(3)
	rapid.Check(t, func(rt *rapid.T) {
		scalar := rapid.ByteRange(1, 6).Draw(rt, "key") // more keys than are remembered
		key, who := keyOf(t, scalar)
		hash := drawBytes32(rt, "hash")
		sig := sign(t, hash, key)
		valid := true
		switch rapid.SampledFrom([]string{"whole", "other v", "foreign v", "high s", "bit", "another signer"}).Draw(rt, "alteration") {
		case "other v":
			sig[64] ^= 27 ^ 28
		case "foreign v":
			sig[64], valid = rapid.Byte().Filter(func(v byte) bool { return v != 27 && v != 28 }).Draw(rt, "v"), false
		case "high s":
			new(big.Int).Sub(order, new(big.Int).SetBytes(sig[32:64])).FillBytes(sig[32:64])
			sig[64], valid = sig[64]^27^28, false
		case "bit":
			sig[rapid.IntRange(0, 63).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
			valid = false
		case "another signer":
			_, who = keyOf(t, scalar+1)
			valid = false
		}
		plain, remembered := testDomain.verifySigner(hash, sig, who), remembering.verifySigner(hash, sig, who)
		if (plain == nil) != valid || (remembered == nil) != valid {
			rt.Fatalf("recovering: %v, remembering: %v; valid: %v", plain, remembered, valid)
		}
		if !valid && (!errors.Is(plain, ErrSignature) || !errors.Is(remembered, ErrSignature)) {
			rt.Fatalf("recovering: %v, remembering: %v; want ErrSignature", plain, remembered)
		}
		if len(remembering.memory.keys) > 3 {
			rt.Fatalf("%d keys are remembered", len(remembering.memory.keys))
		}
	})
}

// TestMemoryBelongsToItsDomain: a copy that is made another domain hashes as that one.
func TestMemoryBelongsToItsDomain(t *testing.T) {
	remembering := testDomain.Remember(1)
	if remembering.Separator() != testDomain.Separator() {
		t.Fatal("another separator is remembered")
	}
	other := remembering
	other.Registry = common.Address{1}
	if other.Separator() != (Domain{ChainID: testDomain.ChainID, Registry: other.Registry}).Separator() {
		t.Error("another registry's separator is the remembered one")
	}
	other = remembering
	other.ChainID = big.NewInt(1)
	if other.Separator() != (Domain{ChainID: big.NewInt(1), Registry: testDomain.Registry}).Separator() {
		t.Error("another chain's separator is the remembered one")
	}
	other.ChainID = nil
	if other.Separator() != (Domain{Registry: testDomain.Registry}).Separator() {
		t.Error("no chain's separator is the remembered one")
	}
}

// TestVouchersAreStrictAboutV: a contract recovers, so a voucher whose v was turned would
// be refused there, and is refused before.
func TestVouchersAreStrictAboutV(t *testing.T) {
	d := testVoucherDomain.Remember(4)
	s := signedVoucher(t)
	if err := s.Verify(d); err != nil {
		t.Fatal(err)
	}
	s.ClinicSig[64] ^= 27 ^ 28
	if err := s.Verify(d); !errors.Is(err, ErrSignature) {
		t.Errorf("a voucher with the other v: %v, want ErrSignature", err)
	}
}
