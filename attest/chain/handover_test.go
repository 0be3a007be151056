package chain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
)

// A deployment that ended in another's hands is not handed out: here the chain says
// that the deployer kept the token's administration.
func TestADeployerThatKeptARoleIsNoticed(t *testing.T) {
	n := newNetwork(t)
	target, err := url.Parse(n.url)
	if err != nil {
		t.Fatal(err)
	}
	kept := hexutil.Encode(n.client.token.PackHasRole([32]byte{}, n.faucet.Address()))
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if bytes.Contains(body, []byte(kept)) {
			var request struct{ ID json.RawMessage }
			if err := json.Unmarshal(body, &request); err != nil {
				t.Error(err)
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"result":"%s"}`, request.ID, common.BigToHash(common.Big1))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	p := n.params
	p.Timelock = Timelock{Delay: 24 * time.Hour, Proposers: []common.Address{n.operator.Address()}}
	_, err = Deploy(n.ctx, server.URL, n.faucet, p)
	if want := fmt.Sprintf("account %s holds DEFAULT_ADMIN_ROLE of HiveToken on chain, and should not", n.faucet.Address()); err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("error %v, want %q", err, want)
	}
}

// Each role that is not as it was asked for is named, also one in the hands of an
// account that nobody thought of.
func TestEachRoleIsReadBack(t *testing.T) {
	n := newNetwork(t)
	deployed := deployment{sender: n.client.sender, key: n.faucet, self: n.faucet.Address(), params: n.params}
	deployed.params.Treasury = n.faucet.Address()
	if err := deployed.readBack(n.ctx, n.client.Addresses()); err != nil {
		t.Fatal(err)
	}
	differs := func(words string, change func(*deployment, *Addresses)) {
		t.Helper()
		d, a := deployed, n.client.Addresses()
		change(&d, &a)
		if err := d.readBack(n.ctx, a); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("error %v, want %q", err, words)
		}
	}
	differs("poster is", func(d *deployment, _ *Addresses) { d.params.Poster = n.outside.Address() })
	differs("guardian is", func(d *deployment, _ *Addresses) { d.params.Guardian = n.outside.Address() })
	differs("owner is", func(d *deployment, _ *Addresses) { d.params.Owner = n.outside.Address() })
	differs("treasury is", func(d *deployment, _ *Addresses) { d.params.Treasury = n.outside.Address() })
	token := n.client.Addresses().Token
	n.must(n.client.Perform(n.ctx, n.faucet, Call{token, n.client.token.PackGrantRole(roleID("MINTER_ROLE"), n.outside.Address())}))
	differs(n.outside.Address().Hex()+" holds MINTER_ROLE", func(*deployment, *Addresses) {})
	n.must(n.client.Perform(n.ctx, n.faucet, Call{token, n.client.token.PackRevokeRole(roleID("MINTER_ROLE"), n.outside.Address())}))
	if err := deployed.readBack(n.ctx, n.client.Addresses()); err != nil {
		t.Fatal(err)
	}
	n.must(n.client.Perform(n.ctx, n.faucet, Call{token, n.client.token.PackRevokeRole(roleID("MINTER_ROLE"), n.client.Addresses().Distributor)}))
	differs("does not hold MINTER_ROLE", func(*deployment, *Addresses) {})

	locked := n.timelocked().Addresses()
	deployed.params.Timelock = Timelock{Delay: 24 * time.Hour, Proposers: []common.Address{n.operator.Address()}}
	if err := deployed.readBack(n.ctx, locked); err != nil {
		t.Fatal(err)
	}
	for words, lock := range map[string]Timelock{
		n.operator.Address().Hex() + " holds PROPOSER_ROLE":   {Delay: 24 * time.Hour},
		n.outside.Address().Hex() + " does not hold PROPOSER": {Delay: 24 * time.Hour, Proposers: []common.Address{n.operator.Address(), n.outside.Address()}},
		n.outside.Address().Hex() + " does not hold EXECUTOR": {Delay: 24 * time.Hour, Proposers: []common.Address{n.operator.Address()}, Executors: []common.Address{n.outside.Address()}},
		"delay is 86400 seconds on chain, want 3600":          {Delay: time.Hour, Proposers: []common.Address{n.operator.Address()}},
	} {
		d := deployed
		d.params.Timelock = lock
		if err := d.readBack(n.ctx, locked); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("error %v, want %q", err, words)
		}
	}
}
