package attest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
)

// fakeWallets is a chain with one contract wallet. It counts how often it is asked.
type fakeWallets struct {
	wallet common.Address
	stands string // the signature that the wallet stands by
	fault  error
	asked  int
}

func (f *fakeWallets) IsValidSignature(_ context.Context, wallet common.Address, _ [32]byte, sig []byte) (bool, error) {
	f.asked++
	return wallet == f.wallet && string(sig) == f.stands, f.fault
}

func TestWalletsStandForClinics(t *testing.T) {
	key, node := keyOf(t, 1)
	owner, ownerAddress := keyOf(t, 6)
	stranger, _ := keyOf(t, 7)
	wallet := common.HexToAddress("0x00000000000000000000000000000000000000dd")
	base := signedReceipt(t)
	base.Receipt.Clinic = wallet
	hash := base.Receipt.Hash(testDomain)
	base.NodeSig, base.Acceptance.Receipt, base.ClinicSig = sign(t, hash, key), hash, Signature{}
	verdict := base.Acceptance.Hash(testDomain)
	owners := sign(t, verdict, owner)
	long := WalletSignature(strings.Repeat("safe", 100))
	down := errors.New("connection refused")
	short := WalletSignature(owners[:]) // a wallet's signature of 65 bytes is a wallet's all the same
	cases := map[string]struct {
		sig     Signature
		long    WalletSignature
		wallets *fakeWallets
		want    error
		asked   int
	}{
		"an owner's key, the wallet stands by it":  {Signature{}, short, &fakeWallets{wallet: wallet, stands: string(short)}, nil, 1},
		"an owner's key where the wallet's own is": {owners, "", &fakeWallets{wallet: wallet, stands: string(short)}, ErrSignature, 0},
		"a stranger's key":                         {sign(t, verdict, stranger), "", &fakeWallets{wallet: wallet, stands: string(short)}, ErrSignature, 0},
		"a wallet's own form":                      {Signature{}, long, &fakeWallets{wallet: wallet, stands: string(long)}, nil, 1},
		"a wallet's own form, forged":              {Signature{}, long + "x", &fakeWallets{wallet: wallet, stands: string(long)}, ErrDisowned, 1},
		"both forms at once":                       {owners, long, &fakeWallets{wallet: wallet, stands: string(long)}, ErrSignature, 0},
		"too long to be shown":                     {Signature{}, WalletSignature(strings.Repeat("x", MaxWalletSignatureBytes+1)), &fakeWallets{wallet: wallet}, ErrSignature, 0},
		"the chain can't be asked":                 {Signature{}, short, &fakeWallets{wallet: wallet, stands: string(short), fault: down}, ErrUnchecked, 1},
		"the chain can't be asked about a forgery": {Signature{}, long, &fakeWallets{fault: down}, ErrUnchecked, 1},
	}
	for name, c := range cases {
		s := base
		s.ClinicSig, s.WalletSig = c.sig, c.long
		if err := s.VerifyWith(t.Context(), testDomain, c.wallets); !errors.Is(err, c.want) || c.wallets.asked != c.asked {
			t.Errorf("%s: %v after %d questions, want %v after %d", name, err, c.wallets.asked, c.want, c.asked)
		}
	}
	s := base
	s.WalletSig = long
	if err := s.Verify(testDomain); !errors.Is(err, ErrUnchecked) {
		t.Errorf("without a chain: %v, want ErrUnchecked", err)
	}
	if again, err := DecodeSignedReceipt(encode(t, s)); err != nil || again != s {
		t.Errorf("decoded as %+v, %v", again, err)
	}
	s.ClinicSig, s.WalletSig = owners, ""
	if err := s.Verify(testDomain); !errors.Is(err, ErrSignature) {
		t.Errorf("an owner's key without a chain: %v, want ErrSignature", err)
	}
	if !errors.Is(ErrDisowned, ErrSignature) || errors.Is(ErrSignature, ErrDisowned) {
		t.Error("what a wallet disowns is not valid, and a forged key's signature is nothing that a wallet disowns")
	}
	// An account that delegates by EIP-7702 keeps its key: nobody is asked.
	delegated := &fakeWallets{wallet: ownerAddress, fault: down}
	v := SignedVoucher{Voucher: Voucher{Clinic: ownerAddress, Node: node, TotalGwei: 1, At: base.Acceptance.At}}
	v.ClinicSig = sign(t, v.Voucher.Hash(testVoucherDomain), owner)
	if err := v.VerifyWith(t.Context(), testVoucherDomain, delegated); err != nil || delegated.asked != 0 {
		t.Errorf("a delegating account's own key: %v after %d questions", err, delegated.asked)
	}
	// … and what only its code stands by is asked of its code.
	delegated = &fakeWallets{wallet: ownerAddress, stands: string(long)}
	v.ClinicSig, v.WalletSig = Signature{}, long
	if err := v.VerifyWith(t.Context(), testVoucherDomain, delegated); err != nil || delegated.asked != 1 {
		t.Errorf("a delegating account's code: %v after %d questions", err, delegated.asked)
	}
	for name, text := range map[string]string{
		"empty": `"0x"`, "no prefix": `"ab"`, "odd": `"0xabc"`, "no digits": `"0xzz"`,
		"too long": `"0x` + strings.Repeat("00", MaxWalletSignatureBytes+1) + `"`,
	} {
		if err := new(WalletSignature).UnmarshalText([]byte(strings.Trim(text, `"`))); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
