package chain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"
)

func TestDialTellsWhatIsWrong(t *testing.T) {
	n := newNetwork(t)
	good := n.client.Addresses()
	for name, c := range map[string]struct {
		url    string
		change func(*Addresses)
		want   string
	}{
		"other chain":    {n.url, func(a *Addresses) { a.ChainID = 1 }, "address book of that chain"},
		"no contract":    {n.url, func(a *Addresses) { a.Registry = common.Address{1} }, "NodeRegistry is not at"},
		"missing token":  {n.url, func(a *Addresses) { a.Token = common.Address{} }, "token is missing"},
		"no server":      {"http://127.0.0.1:1", func(*Addresses) {}, "is the chain running"},
		"not a URL":      {"127.0.0.1:8545", func(*Addresses) {}, "not an http"},
		"not over http":  {"ws://127.0.0.1:1", func(*Addresses) {}, "not an http"},
		"a file's path":  {"/tmp/geth.ipc", func(*Addresses) {}, "not an http"},
		"with a secret":  {"http://127.0.0.1:1/v3/s3cret", func(*Addresses) {}, "is the chain running"},
		"missing scheme": {"", func(*Addresses) {}, "not an http"},
	} {
		t.Run(name, func(t *testing.T) {
			a := good
			c.change(&a)
			client, err := Dial(n.ctx, c.url, a)
			if err == nil {
				client.Close()
				t.Fatal("connected")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Fatalf("the error shows the RPC server's secret: %v", err)
			}
		})
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	for name, write := range map[string]func(http.ResponseWriter){
		"announced": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", fmt.Sprint(maxAnswerBytes+1))
		},
		"endless": func(w http.ResponseWriter) {
			block := []byte(strings.Repeat(" ", 1<<16))
			for range 2 * maxAnswerBytes / len(block) {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { write(w) }))
			defer server.Close()
			if _, err := newSender(t.Context(), server.URL); !errors.Is(err, errAnswerTooLarge) {
				t.Fatalf("error %v, want %v", err, errAnswerTooLarge)
			}
		})
	}
}

func TestABoundedBodyIsWholeOrFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(0, 64).Draw(t, "limit")
		text := strings.Repeat("x", rapid.IntRange(0, 80).Draw(t, "length"))
		got, err := io.ReadAll(&boundedBody{ReadCloser: io.NopCloser(strings.NewReader(text)), left: limit})
		switch {
		case len(text) <= limit && (err != nil || string(got) != text):
			t.Fatalf("%d bytes under a limit of %d: %d read, %v", len(text), limit, len(got), err)
		case len(text) > limit && !errors.Is(err, errAnswerTooLarge):
			t.Fatalf("%d bytes over a limit of %d: %v", len(text), limit, err)
		}
	})
}

func TestARealChainsClockStays(t *testing.T) {
	n := newNetwork(t)
	// The same chain without the dev namespace, as a real one has it.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"the method dev_advanceTime does not exist/is not available"}}`)
	}))
	defer server.Close()
	rpc, err := dialRPC(n.ctx, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer rpc.Close()
	real := &Client{sender: &sender{rpc: rpc, chainID: big.NewInt(1)}}
	if _, err := real.AdvanceTime(n.ctx, 1); err == nil || !strings.Contains(err.Error(), "real chain") {
		t.Fatalf("error %v", err)
	}
}

func TestSendStopsWithItsContext(t *testing.T) {
	n := newNetwork(t)
	ended, cancel := context.WithCancel(n.ctx)
	cancel()
	if _, err := n.client.Fund(ended, n.outside, n.outside.Address(), big.NewInt(1)); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want the context's", err)
	}
	if _, err := n.client.Fund(n.ctx, n.key(), n.outside.Address(), big.NewInt(1)); err == nil || !strings.Contains(err.Error(), "send ether") {
		t.Fatalf("an account without ether: %v", err)
	}
}

func TestAddressesOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "addresses.json")
	want := Addresses{ChainID: 1337, Token: common.Address{1}, Registry: common.Address{2}, Distributor: common.Address{3}, Disputes: common.Address{4}, Escrow: common.Address{5}, DeployBlock: 6}
	for range 2 { // a second save replaces the first
		if err := want.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	got, err := LoadAddresses(path)
	if err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := (Addresses{}).Save(path); err == nil {
		t.Fatal("saved nothing")
	}
	for name, text := range map[string]string{
		"empty": "", "not JSON": "x", "unknown field": `{"chain":1}`, "incomplete": `{"chainId":1}`,
		"two values": `{} {}`, "huge": `{"chainId":` + strings.Repeat("1", maxAddressesBytes) + `}`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadAddresses(path); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := LoadAddresses(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func FuzzDecodeAddresses(f *testing.F) {
	f.Add(`{"chainId":1337,"token":"0x0000000000000000000000000000000000000001"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := DecodeAddresses(strings.NewReader(text)); err == nil && a.Validate() != nil {
			t.Fatal("an invalid address book was taken")
		}
	})
}

func TestDeploymentIsCheckedBeforeItCosts(t *testing.T) {
	n := newNetwork(t)
	for name, change := range map[string]func(*Params){
		"delay under a day":  func(p *Params) { p.ActivationDelay = MinActivationDelay - 1 },
		"guardian is poster": func(p *Params) { p.Guardian = p.Poster },
		"no poster":          func(p *Params) { p.Poster = common.Address{} },
		"no rate":            func(p *Params) { p.RatePerSecondWei = nil },
		"absurd rate":        func(p *Params) { p.RatePerSecondWei = new(big.Int).Lsh(big.NewInt(1), 97) },
		"negative bond":      func(p *Params) { p.Bond = big.NewInt(-1) },
		"negative thaw":      func(p *Params) { p.ExitThaw = -1 },
		"no supply":          func(p *Params) { p.InitialSupply = nil },
		"no breaker":         func(p *Params) { p.BreakerWindow = 0 },
		"no challenge bond":  func(p *Params) { p.ChallengeBond = nil },
		"no time to decide":  func(p *Params) { p.ResolveWithin = 0 },
		"greedy challengers": func(p *Params) { p.ChallengerShareBps = 5001 },
		"clinics run off":    func(p *Params) { p.EscrowThaw = time.Hour },
		"nobody proposes":    func(p *Params) { p.Timelock.Delay = time.Hour },
		"poster proposes":    func(p *Params) { p.Timelock = Timelock{Delay: time.Hour, Proposers: []common.Address{p.Poster}} },
		"too slow to decide": func(p *Params) { p.Timelock = Timelock{Delay: p.ResolveWithin, Proposers: []common.Address{{1}}} },
	} {
		p := n.params
		change(&p)
		if err := p.Validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := Deploy(n.ctx, n.url, n.faucet, p); err == nil {
			t.Errorf("%s: deployed", name)
		}
	}
	if err := DefaultParams(common.Address{1}, common.Address{2}).Validate(); err != nil {
		t.Error(err)
	}
}

// With an owner, the deployer's key ends with no power: it can't mint.
func TestDeployerGivesUpItsPower(t *testing.T) {
	n := newNetwork(t)
	p := n.params
	p.Owner = n.operator.Address()
	addresses, err := Deploy(n.ctx, n.url, n.faucet, p)
	if err != nil {
		t.Fatal(err)
	}
	client, err := Dial(n.ctx, n.url, addresses)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	grant := client.token.PackGrantRole([32]byte{}, n.outside.Address())
	_, err = client.sender.send(n.ctx, n.faucet, &addresses.Token, nil, grant)
	n.refused(err, "AccessControlUnauthorizedAccount")
	mint := client.token.PackMint(n.outside.Address(), hive(1))
	_, err = client.sender.send(n.ctx, n.operator, &addresses.Token, nil, mint)
	n.refused(err, "AccessControlUnauthorizedAccount")
	appoint := client.distributor.PackAppoint(n.outside.Address(), n.guardian.Address())
	_, err = client.sender.send(n.ctx, n.faucet, &addresses.Distributor, nil, appoint)
	n.refused(err, "OwnableUnauthorizedAccount")
	if _, err := client.sender.send(n.ctx, n.operator, &addresses.Distributor, nil, appoint); err != nil {
		t.Fatal(err)
	}
}

func TestAPoolThatLagsBehindItsBlockIsAskedAgain(t *testing.T) {
	n := newNetwork(t)
	target, err := url.Parse(n.url)
	if err != nil {
		t.Fatal(err)
	}
	var refusals atomic.Int32
	refusals.Store(3)
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if bytes.Contains(body, []byte("eth_sendRawTransaction")) && refusals.Add(-1) >= 0 {
			var request struct{ ID json.RawMessage }
			if err := json.Unmarshal(body, &request); err != nil {
				t.Error(err)
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32000,"message":"insufficient funds for gas * price + value: balance 0"}}`, request.ID)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	client, err := Dial(n.ctx, server.URL, n.client.Addresses())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	n.must(client.Fund(n.ctx, n.operator, n.outside.Address(), big.NewInt(1)))
	if left := refusals.Load(); left != -1 {
		t.Errorf("%d refusals were left, want -1: three and then the transaction", left)
	}
}
