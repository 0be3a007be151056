package chain

import (
	"encoding/json"
	"errors"
	"math/big"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"

	"github.com/medhive/medhive/attest/identity"
)

// approver speaks clef's JSON-RPC and approves everything, as change says.
type approver struct {
	keys   []*identity.Key
	change func(*types.DynamicFeeTx)
}

// Version is account_version.
func (a *approver) Version() string { return "6.1.0" }

// List is account_list.
func (a *approver) List() (accounts []common.Address) {
	for _, key := range a.keys {
		accounts = append(accounts, key.Address())
	}
	return accounts
}

// SignTransaction is account_signTransaction.
func (a *approver) SignTransaction(args apitypes.SendTxArgs) (map[string]any, error) {
	unsigned, err := args.ToTransaction()
	if err != nil {
		return nil, err
	}
	data := types.DynamicFeeTx{
		ChainID: unsigned.ChainId(), Nonce: unsigned.Nonce(), GasTipCap: unsigned.GasTipCap(), GasFeeCap: unsigned.GasFeeCap(),
		Gas: unsigned.Gas(), To: unsigned.To(), Value: unsigned.Value(), Data: unsigned.Data(),
	}
	if a.change != nil {
		a.change(&data)
	}
	for _, key := range a.keys {
		if key.Address() == args.From.Address() {
			tx, err := types.SignNewTx(key.ECDSA(), types.LatestSignerForChainID(data.ChainID), &data)
			if err != nil {
				return nil, err
			}
			raw, err := tx.MarshalBinary()
			return map[string]any{"raw": hexutil.Bytes(raw), "tx": tx}, err
		}
	}
	return nil, errors.New("request denied")
}

func clefAt(t *testing.T, a *approver) string {
	t.Helper()
	server := rpc.NewServer()
	t.Cleanup(server.Stop)
	if err := server.RegisterName("account", a); err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	return listening.URL
}

func TestAnExternalSignerPaysAndIsHeldToWhatWasAsked(t *testing.T) {
	n := newNetwork(t)
	to := common.Address{0xca}
	a := &approver{keys: []*identity.Key{n.operator, n.outside}}
	url := clefAt(t, a)
	if _, err := DialClef(url, common.Address{}); err == nil {
		t.Error("one of two accounts was guessed")
	}
	if _, err := DialClef(url, n.guardian.Address()); err == nil {
		t.Error("an account that it doesn't offer was taken")
	}
	clef, err := DialClef(url, n.outside.Address())
	if err != nil || clef.Address() != n.outside.Address() {
		t.Fatalf("%v, %v", clef, err)
	}
	n.must(n.client.Fund(n.ctx, clef, to, big.NewInt(1)))
	for name, change := range map[string]func(*types.DynamicFeeTx){
		"another receiver": func(tx *types.DynamicFeeTx) { tx.To = &common.Address{9} },
		"another amount":   func(tx *types.DynamicFeeTx) { tx.Value = big.NewInt(2) },
		"other fees":       func(tx *types.DynamicFeeTx) { tx.GasFeeCap = new(big.Int).Lsh(tx.GasFeeCap, 1) },
		"another chain":    func(tx *types.DynamicFeeTx) { tx.ChainID = big.NewInt(1) },
	} {
		a.change = change
		if _, err := n.client.Fund(n.ctx, clef, to, big.NewInt(1)); err == nil {
			t.Errorf("%s was sent", name)
		}
	}
	if paid := balanceOf(t, n.dev, to); paid != 1 {
		t.Fatalf("%d wei were paid, want 1", paid)
	}
}

func TestAKeystoreSignsForAnotherMachine(t *testing.T) {
	n := newNetwork(t)
	folder := keystore.NewKeyStore(t.TempDir(), keystore.LightScryptN, keystore.LightScryptP)
	account, err := folder.ImportECDSA(n.outside.ECDSA(), "cold")
	if err != nil {
		t.Fatal(err)
	}
	text, err := folder.Export(account, "cold", "colder")
	if err != nil {
		t.Fatal(err)
	}
	cold, err := OpenKeystore(text, "colder")
	if err != nil || cold.Address() != n.outside.Address() {
		t.Fatalf("%v, %v", cold, err)
	}
	for name, c := range map[string][2]string{
		"wrong password": {string(text), "cold"}, "not a keystore": {"{}", "colder"}, "no JSON": {"x", "colder"},
		"huge": {strings.Repeat(" ", MaxKeystoreBytes+1), "colder"},
	} {
		if _, err := OpenKeystore([]byte(c[0]), c[1]); err == nil {
			t.Errorf("%s was opened", name)
		}
	}

	// Prepared here, carried as JSON, signed there, sent from here.
	to := common.Address{0xcb}
	unsigned, err := n.client.Prepare(n.ctx, cold.Address(), Call{To: to})
	if err != nil {
		t.Fatal(err)
	}
	carried, err := json.Marshal(unsigned)
	if err != nil {
		t.Fatal(err)
	}
	there, err := DecodeUnsigned(carried)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := there.Sign(n.ctx, n.operator); err == nil {
		t.Error("signed with another's key")
	}
	raw, err := there.Sign(n.ctx, cold)
	if err != nil {
		t.Fatal(err)
	}
	mined := n.must(n.client.Broadcast(n.ctx, raw))
	if again := n.must(n.client.Broadcast(n.ctx, raw)); again.Tx != mined.Tx {
		t.Errorf("sent twice: %s and %s", mined.Tx, again.Tx)
	}
	for name, bad := range map[string][]byte{"nothing": nil, "cut": raw[:len(raw)-1], "huge": make([]byte, maxUnsignedBytes+1)} {
		if _, err := n.client.Broadcast(n.ctx, bad); err == nil {
			t.Errorf("%s was sent", name)
		}
	}
	for name, text := range map[string]string{
		"no fees": strings.Replace(string(carried), "maxFeePerGas", "maxFee", 1), "nothing": "{}", "huge": strings.Repeat(" ", maxUnsignedBytes+1),
		"unknown field": strings.Replace(string(carried), "{", `{"memo":"0x",`, 1),
	} {
		if _, err := DecodeUnsigned([]byte(text)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
