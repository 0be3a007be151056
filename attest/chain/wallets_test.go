package chain

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/holiman/uint256"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
)

// ownersWallet is the smallest EIP-1271 wallet: its one owner's ECDSA signature,
// r ‖ s ‖ v, is its own. EVM code by hand.
func ownersWallet(owner common.Address) []byte {
	code := common.FromHex("600435600052" + // mem[0] = hash
		"60a4356000" + "1a602052" + // mem[32] = v
		"606435604052" + "608435606052" + // mem[64] = r, mem[96] = s
		"6020608060806000" + "60015afa50" + // ecrecover into mem[128]
		"60805173")
	code = append(code, owner[:]...)
	return append(code, common.FromHex("14"+"631626ba7e60e01b02"+"60005260206000f3")...) // equal × magic
}

// place puts runtime code on the chain.
func (n *network) place(code []byte) common.Address {
	n.t.Helper()
	const prologue = 11
	if len(code) > 255 {
		n.t.Fatalf("%d bytes of code: the prologue counts to 255", len(code))
	}
	creation := append([]byte{0x60, byte(len(code)), 0x80, 0x60, prologue, 0x60, 0, 0x39, 0x60, 0, 0xf3}, code...)
	receipt, err := n.client.sender.send(n.ctx, n.faucet, nil, nil, creation)
	if err != nil {
		n.t.Fatal(err)
	}
	return receipt.ContractAddress
}

func TestAWalletIsAskedAndBelievedWordByWord(t *testing.T) {
	n := newNetwork(t)
	hash := [32]byte{1, 2, 3}
	sign := func(key *identity.Key) []byte {
		sig, err := attest.Sign(hash, key.ECDSA())
		if err != nil {
			t.Fatal(err)
		}
		return sig[:]
	}
	good := n.place(ownersWallet(n.operator.Address()))
	magic := "7f1626ba7e" + strings.Repeat("00", 28) // PUSH32
	for name, c := range map[string]struct {
		wallet common.Address
		sig    []byte
		want   bool
	}{
		"its owner's signature":          {good, sign(n.operator), true},
		"another's signature":            {good, sign(n.outside), false},
		"no signature":                   {good, nil, false},
		"longer than a wallet is shown":  {good, make([]byte, attest.MaxWalletSignatureBytes+1), false},
		"no contract there":              {n.outside.Address(), sign(n.outside), false},
		"a wallet that reverts":          {n.place(common.FromHex("60006000fd")), sign(n.operator), false},
		"a wallet that answers 4 bytes":  {n.place(common.FromHex(magic + "600052" + "60046000f3")), sign(n.operator), false},
		"a wallet that answers true (1)": {n.place(common.FromHex("6001600052" + "60206000f3")), sign(n.operator), false},
		"a wallet that says yes at once": {n.place(common.FromHex(magic + "600052" + "60206000f3")), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := n.client.IsValidSignature(n.ctx, c.wallet, hash, c.sig)
			if err != nil || got != c.want {
				t.Fatalf("%t, %v, want %t", got, err, c.want)
			}
		})
	}
}

// A wallet that needs more gas than the escrow leaves it, or that tells the escrow
// otherwise than everybody else, is heard as the escrow hears it.
func TestAWalletIsAskedAsTheEscrowWillAskIt(t *testing.T) {
	n := newNetwork(t)
	escrow := n.client.addresses.Escrow
	magic := "7f1626ba7e" + strings.Repeat("00", 28) + "600052" // mem[0] = the magic word
	counts := func(rounds uint32) string {                      // PUSH3 rounds, then a loop of 26 gas a round
		return "62" + hex.EncodeToString(binary.BigEndian.AppendUint32(nil, rounds)[1:]) + "5b60019003" + "80600457" + "50"
	}
	for name, c := range map[string]struct {
		code             string
		anybody, pays    bool
		escrowIsNoAnswer bool // out of gas
	}{
		"says yes at once":          {magic + "60206000f3", true, true, false},
		"needs 130,000 gas":         {counts(130_000/26) + magic + "60206000f3", true, true, false},
		"needs 170,000 gas":         {counts(170_000/26) + magic + "60206000f3", true, false, true},
		"says yes to a stranger":    {magic + "73" + hex.EncodeToString(escrow[:]) + "3314" + "15" + "60005102600052" + "60206000f3", true, false, false},
		"says yes to nobody at all": {"60206000f3", false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			wallet := n.place(common.FromHex(c.code))
			if got, err := n.client.IsValidSignature(n.ctx, wallet, [32]byte{1}, []byte{2}); err != nil || got != c.anybody {
				t.Errorf("everybody hears %t, %v, want %t", got, err, c.anybody)
			}
			if got, err := n.client.EscrowWallets().IsValidSignature(n.ctx, wallet, [32]byte{1}, []byte{2}); got != c.pays || (err != nil) != c.escrowIsNoAnswer {
				t.Errorf("the escrow hears %t, %v, want %t", got, err, c.pays)
			}
		})
	}
}

// What could not be checked is an error, which is neither yes nor no.
func TestWhatCouldNotBeCheckedIsNoAnswer(t *testing.T) {
	n := newNetwork(t)
	endless := n.place(common.FromHex("5b600056")) // runs until its gas is gone
	if _, err := n.client.IsValidSignature(n.ctx, endless, [32]byte{}, nil); err == nil {
		t.Error("a call that ran out of gas passed for an answer")
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "busy", http.StatusServiceUnavailable)
	}))
	defer broken.Close()
	rpc, err := dialRPC(n.ctx, broken.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer rpc.Close()
	client := &Client{sender: &sender{rpc: rpc}}
	if _, err := client.IsValidSignature(n.ctx, n.outside.Address(), [32]byte{}, nil); err == nil {
		t.Error("a server that does not answer passed for an answer")
	}
	ended, cancel := context.WithCancel(n.ctx)
	cancel()
	if _, err := n.client.IsValidSignature(ended, endless, [32]byte{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}

// An account with code by EIP-7702: its own key still signs, and what it delegates
// to is asked about every other signature.
func TestAnAccountThatDelegatesIsAskedThroughItsCode(t *testing.T) {
	n := newNetwork(t)
	account, session := n.key(), n.key()
	n.must(n.client.Fund(n.ctx, n.faucet, account.Address(), hive(1)))
	delegate := n.place(ownersWallet(session.Address()))
	authorization, err := types.SignSetCode(account.ECDSA(), types.SetCodeAuthorization{
		ChainID: *uint256.MustFromBig(n.client.sender.chainID), Address: delegate, Nonce: 1, // its own transaction is 0
	})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := types.SignNewTx(account.ECDSA(), types.LatestSignerForChainID(n.client.sender.chainID), &types.SetCodeTx{
		ChainID: uint256.MustFromBig(n.client.sender.chainID), GasTipCap: uint256.NewInt(1e9), GasFeeCap: uint256.NewInt(1e11), Gas: 200_000,
		To: account.Address(), AuthList: []types.SetCodeAuthorization{authorization},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.client.sender.hand(n.ctx, tx); err != nil {
		t.Fatal(err)
	}
	n.until(func() bool {
		has, err := n.client.HasCode(n.ctx, account.Address())
		return err == nil && has
	})
	if has, err := n.client.HasCode(n.ctx, common.Address{9}); err != nil || has {
		t.Errorf("code at an address of nobody: %t, %v", has, err)
	}
	domain := attest.VoucherDomain(n.client.sender.chainID, common.Address{9})
	voucher := attest.Voucher{Clinic: account.Address(), Node: n.outside.Address(), TotalGwei: 1, At: time.UnixMilli(1_700_000_000_000)}
	signs := func(key *identity.Key) attest.Signature {
		t.Helper()
		sig, err := attest.Sign(voucher.Hash(domain), key.ECDSA())
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	byCode := func(sig attest.Signature) attest.SignedVoucher {
		return attest.SignedVoucher{Voucher: voucher, WalletSig: attest.WalletSignature(sig[:])}
	}
	for name, c := range map[string]struct {
		signed attest.SignedVoucher
		good   bool
	}{
		"own key":                         {attest.SignedVoucher{Voucher: voucher, ClinicSig: signs(account)}, true},
		"key of the code it delegates to": {byCode(signs(session)), true},
		"that key's as the account's own": {attest.SignedVoucher{Voucher: voucher, ClinicSig: signs(session)}, false},
		"stranger's":                      {attest.SignedVoucher{Voucher: voucher, ClinicSig: signs(n.outside)}, false},
		"stranger's, to the code":         {byCode(signs(n.outside)), false},
	} {
		err := c.signed.VerifyWith(n.ctx, domain, n.client)
		if (err == nil) != c.good || (!c.good && !errors.Is(err, attest.ErrSignature)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheQuestionIsEncodedAsTheABISays(t *testing.T) {
	definition, err := abi.JSON(strings.NewReader(`[{"type":"function","name":"isValidSignature","inputs":[{"name":"hash","type":"bytes32"},{"name":"sig","type":"bytes"}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		hash := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		sig := rapid.SliceOfN(rapid.Byte(), 0, attest.MaxWalletSignatureBytes).Draw(t, "sig")
		want, err := definition.Pack("isValidSignature", hash, sig)
		if err != nil {
			t.Fatal(err)
		}
		if got := walletQuestion(hash, sig); !bytes.Equal(got, want) {
			t.Fatalf("%x, want %x", got, want)
		}
	})
}

// until waits for something that the chain does in a moment.
func (n *network) until(happened func() bool) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !happened() {
		select {
		case <-ctx.Done():
			n.t.Fatal("it did not happen within a minute")
		case <-tick.C:
		}
	}
}
