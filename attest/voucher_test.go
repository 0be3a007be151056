package attest

import (
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

// signedVoucher is a whole and valid one: clinic key 2 owes node key 1.
func signedVoucher(t testing.TB) SignedVoucher {
	t.Helper()
	_, node := keyOf(t, 1)
	key, clinic := keyOf(t, 2)
	v := Voucher{Clinic: clinic, Node: node, TotalGwei: 12_000_000, At: time.UnixMilli(1_790_000_000_500).UTC()}
	return SignedVoucher{Voucher: v, ClinicSig: sign(t, v.Hash(testVoucherDomain), key)}
}

func epochStatement() EpochStatement {
	total, _ := new(big.Int).SetString("340282366920938463463374607431768211455", 10) // 2¹²⁸ - 1
	return EpochStatement{Epoch: 12, Root: crypto.Keccak256Hash([]byte("root")), DatasetHash: crypto.Keccak256Hash([]byte("dataset")), CumulativeTotal: total}
}

func TestVoucherAndEpochHashesEqualGoEthereums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDomain(t)
		v := Voucher{drawAddress(t, "clinic"), drawAddress(t, "node"), rapid.Uint64().Draw(t, "total"), drawTime(t, "at")}
		want := reference(t, d, voucherType, apitypes.TypedDataMessage{
			"clinic": v.Clinic.Hex(), "node": v.Node.Hex(), "totalGwei": number(v.TotalGwei), "at": number(uint64(unixMilli(v.At))),
		})
		if got := v.Hash(d); got != want {
			t.Fatalf("voucher %x, apitypes %x", got, want)
		}
		wide := drawBytes32(t, "wei")
		e := EpochStatement{rapid.Uint64().Draw(t, "epoch"), drawBytes32(t, "root"), drawBytes32(t, "dataset"), new(big.Int).SetBytes(wide[:16])}
		want = reference(t, d, epochType, apitypes.TypedDataMessage{
			"epoch": number(e.Epoch), "root": e.Root[:], "datasetHash": e.DatasetHash[:], "cumulativeTotal": e.CumulativeTotal.String(),
		})
		if got := e.Hash(d); got != want {
			t.Fatalf("epoch %x, apitypes %x", got, want)
		}
	})
}

func TestSignedVoucherVerify(t *testing.T) {
	good := signedVoucher(t)
	if err := good.Verify(testVoucherDomain); err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeSignedVoucher(encode(t, good)); err != nil || got != good {
		t.Fatalf("decoded as %+v, %v", got, err)
	}
	for name, alter := range map[string]func(v *Voucher){
		"a greater total": func(v *Voucher) { v.TotalGwei++ },
		"another node":    func(v *Voucher) { _, v.Node = keyOf(t, 3) },
		"a later time":    func(v *Voucher) { v.At = v.At.Add(time.Millisecond) },
		"another clinic":  func(v *Voucher) { _, v.Clinic = keyOf(t, 3) },
	} {
		s := good
		alter(&s.Voucher)
		if err := s.Verify(testVoucherDomain); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
	for name, alter := range map[string]func(v *Voucher){
		"nobody's":  func(v *Voucher) { v.Clinic = common.Address{} },
		"to itself": func(v *Voucher) { v.Node = v.Clinic },
		"nothing":   func(v *Voucher) { v.TotalGwei = 0 },
		"no time":   func(v *Voucher) { v.At = time.Time{} },
	} {
		s := good
		alter(&s.Voucher)
		if err := s.Verify(testVoucherDomain); err == nil || errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, want a fault of the voucher itself", name, err)
		}
	}
	// A voucher says nothing to another escrow, another chain, or where statements count.
	for name, d := range map[string]Domain{
		"another escrow": VoucherDomain(testDomain.ChainID, common.Address{1}),
		"another chain":  VoucherDomain(big.NewInt(1), testVoucherDomain.Registry),
		"the registry":   testDomain,
	} {
		if err := good.Verify(d); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
}

func TestCoSignatureVerify(t *testing.T) {
	key, signer := keyOf(t, 4)
	good := CoSignature{Statement: epochStatement(), Signer: signer}
	good.Sig = sign(t, good.Statement.Hash(testEpochDomain), key)
	if err := good.Verify(testEpochDomain); err != nil {
		t.Fatal(err)
	}
	data := encode(t, good)
	got, err := DecodeCoSignature(data)
	if err != nil || string(encode(t, got)) != string(data) || got.Verify(testEpochDomain) != nil {
		t.Fatalf("decoded as %+v, %v", got, err)
	}
	for name, text := range map[string]string{
		"more than 2^128":  strings.Replace(string(data), "340282366920938463463374607431768211455", "340282366920938463463374607431768211456", 1),
		"a sign":           strings.Replace(string(data), `"3402`, `"+3402`, 1),
		"a negative total": strings.Replace(string(data), `"34028236692093846346337460743176821145`, `"-3402823669209384634633746074317682114`, 1),
		"a huge total":     strings.Replace(string(data), `"3402`, `"9999999999999993402`, 1),
		"no total":         strings.Replace(string(data), "340282366920938463463374607431768211455", "", 1),
		"epoch 0":          strings.Replace(string(data), `"epoch":12`, `"epoch":0`, 1),
	} {
		if _, err := DecodeCoSignature([]byte(text)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	for name, alter := range map[string]func(s *CoSignature){
		"another root":   func(s *CoSignature) { s.Statement.Root[0]++ },
		"another total":  func(s *CoSignature) { s.Statement.CumulativeTotal = big.NewInt(1) },
		"another signer": func(s *CoSignature) { _, s.Signer = keyOf(t, 5) },
	} {
		s := good
		alter(&s)
		if err := s.Verify(testEpochDomain); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
	// A contract wallet is no co-signer: nothing that is stored as its word can reach the
	// contract, which recovers keys and would refuse the root with it.
	wallets := strings.Replace(string(data), `}`, `,"wallet_sig":"0xabcd"}`, 1)
	if _, err := DecodeCoSignature([]byte(wallets)); err == nil {
		t.Error("a wallet's co-signature was read")
	}
	nobodys := good
	nobodys.Signer = common.Address{}
	if err := nobodys.Verify(testEpochDomain); err == nil {
		t.Error("nobody's co-signature was taken")
	}
}

// TestOutputCommitmentBindsEachPart: only the same output, salt, node and task open it.
func TestOutputCommitmentBindsEachPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		output, salt, node, task := models.Digest(drawBytes32(t, "output")), drawBytes32(t, "salt"), drawAddress(t, "node"), models.Digest(drawBytes32(t, "task"))
		commitment := OutputCommitment(output, salt, node, task)
		at, bit := rapid.IntRange(0, 31).Draw(t, "byte"), byte(1)<<rapid.IntRange(0, 7).Draw(t, "bit")
		o, s, n, k := output, salt, node, task
		switch rapid.IntRange(0, 3).Draw(t, "part") {
		case 0:
			o[at] ^= bit
		case 1:
			s[at] ^= bit
		case 2:
			n[at%len(n)] ^= bit
		case 3:
			k[at] ^= bit
		}
		if OutputCommitment(o, s, n, k) == commitment {
			t.Fatal("another opening fits")
		}
	})
}

func FuzzDecodeSignedVoucher(f *testing.F) {
	f.Add(encode(f, signedVoucher(f)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeSignedVoucher(data)
		if err != nil {
			return
		}
		if again, err := DecodeSignedVoucher(encode(t, s)); err != nil || again != s {
			t.Fatalf("decoded, encoded and decoded differs: %v", err)
		}
		_ = s.Verify(testVoucherDomain)
	})
}

func FuzzDecodeCoSignature(f *testing.F) {
	key, signer := keyOf(f, 4)
	s := CoSignature{Statement: epochStatement(), Signer: signer}
	s.Sig = sign(f, s.Statement.Hash(testEpochDomain), key)
	f.Add(encode(f, s))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeCoSignature(data)
		if err != nil {
			return
		}
		if again, err := DecodeCoSignature(encode(t, s)); err != nil || string(encode(t, again)) != string(encode(t, s)) {
			t.Fatalf("decoded, encoded and decoded differs: %v", err)
		}
		_ = s.Verify(testEpochDomain)
	})
}
