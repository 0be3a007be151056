package chain

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
)

// fickleWallet says yes to everything until it is sent a transaction without data, and no
// from then on.
const fickleWallet = "36600a57" + "6001600055" + "00" + // no data: slot 0 = 1
	"5b" + "60005415" + "7f1626ba7e00000000000000000000000000000000000000000000000000000000" + "02" + "600052" + "60206000f3"

// TestAWalletIsHeldToABlock: what a wallet said at a block it can't take back, and what it
// says now does not count for then.
func TestAWalletIsHeldToABlock(t *testing.T) {
	n := newNetwork(t)
	wallet := n.place(common.FromHex(fickleWallet))
	before, err := n.client.sender.rpc.BlockNumber(n.ctx)
	fine(t, err)
	turned, err := n.client.sender.send(n.ctx, n.faucet, &wallet, nil, nil)
	fine(t, err)
	at := turned.BlockNumber.Uint64()
	for name, c := range map[string]struct {
		ask  attest.Wallets
		want bool
	}{
		"at the block before it changed its mind": {n.client.WalletsAt(before), true},
		"at the block where it did":               {n.client.WalletsAt(at), false},
		"now":                                     {n.client, false},
		"before it was there":                     {n.client.WalletsAt(before - 1), false},
	} {
		if got, err := c.ask.IsValidSignature(n.ctx, wallet, [32]byte{1}, []byte{1}); err != nil || got != c.want {
			t.Errorf("%s: %t, %v, want %t", name, got, err, c.want)
		}
	}
}

// TestAWalletWithoutAJudgementIsToldFromASilentChain: the first is the wallet's doing and
// lasts, the second passes.
func TestAWalletWithoutAJudgementIsToldFromASilentChain(t *testing.T) {
	n := newNetwork(t)
	block, err := n.client.sender.rpc.BlockNumber(n.ctx)
	fine(t, err)
	endless := n.place(common.FromHex("5b600056")) // runs until its gas is gone
	if _, err := n.client.WalletsAt(block+1).IsValidSignature(n.ctx, endless, [32]byte{}, nil); !errors.Is(err, attest.ErrNoJudgement) {
		t.Errorf("out of gas: %v, want ErrNoJudgement", err)
	}
	if _, err := n.client.WalletsAt(block+1000).IsValidSignature(n.ctx, endless, [32]byte{}, nil); err == nil || errors.Is(err, attest.ErrNoJudgement) {
		t.Errorf("a block that the server has not seen: %v, want another error", err)
	}
	for name, answer := range map[string]string{
		"short of time":     `{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"limit exceeded"}}`,
		"not answering":     "",
		"the state is gone": `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"missing trie node"}}`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if answer == "" {
				http.Error(w, "busy", http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(answer))
		}))
		rpc, err := dialRPC(n.ctx, server.URL)
		fine(t, err)
		client := &Client{sender: &sender{rpc: rpc}}
		if _, err := client.WalletsAt(block).IsValidSignature(n.ctx, endless, [32]byte{}, nil); err == nil || errors.Is(err, attest.ErrNoJudgement) {
			t.Errorf("a server that is %s: %v, want another error", name, err)
		}
		rpc.Close()
		server.Close()
	}
}

func fine(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
