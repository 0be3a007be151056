package chain

import (
	"context"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// proxy stands before the chain; broken decides about each request before it passes.
func (n *network) proxy(broken func(w http.ResponseWriter, r *http.Request) bool) *httptest.Server {
	n.t.Helper()
	target, err := url.Parse(n.url)
	if err != nil {
		n.t.Fatal(err)
	}
	through := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken == nil || !broken(w, r) {
			through.ServeHTTP(w, r)
		}
	}))
	n.t.Cleanup(server.Close)
	return server
}

func TestTheNextServerAnswersWhenOneDoesNot(t *testing.T) {
	n := newNetwork(t)
	for name, broken := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"overloaded": func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "", http.StatusServiceUnavailable)
			return true
		},
		"too many requests": func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "", http.StatusTooManyRequests)
			return true
		},
		"key expired": func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "", http.StatusUnauthorized)
			return true
		},
		"quota used up": func(w http.ResponseWriter, _ *http.Request) bool {
			io.WriteString(w, `{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"daily request count exceeded"}}`)
			return true
		},
		"cuts the answer": func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"jsonrpc":`)
			return true
		},
		"endless answer": func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Length", fmt.Sprint(maxAnswerBytes+1))
			return true
		},
		"hangs up": func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			bad := n.proxy(broken)
			client, err := Dial(n.ctx, bad.URL, n.client.Addresses(), Fallback(n.url))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			n.must(client.Fund(n.ctx, n.operator, common.Address{1}, big.NewInt(1)))
		})
	}
}

func TestAConnectionThatClosesInTheMomentOfItsUseIsNoFailure(t *testing.T) {
	n := newNetwork(t)
	var requests atomic.Int32
	hasty := n.proxy(func(http.ResponseWriter, *http.Request) bool {
		if requests.Add(1)%2 == 1 {
			panic(http.ErrAbortHandler) // each first try is cut
		}
		return false
	})
	client, err := Dial(n.ctx, hasty.URL, n.client.Addresses())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	to := common.Address{0xbb}
	n.must(client.Fund(n.ctx, n.operator, to, big.NewInt(1)))
	if paid := balanceOf(t, n.dev, to); paid != 1 {
		t.Fatalf("%d wei were paid, want 1", paid)
	}
}

// A server that fails in the middle of a transaction's life: the others bring it home.
func TestATransactionOutlivesTheServerThatTookIt(t *testing.T) {
	n := newNetwork(t)
	var sent atomic.Bool
	dying := n.proxy(func(w http.ResponseWriter, r *http.Request) bool {
		if sent.Load() {
			http.Error(w, "", http.StatusBadGateway)
			return true
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if strings.Contains(string(body), "eth_sendRawTransaction") {
			sent.Store(true) // it takes the transaction with it
			http.Error(w, "", http.StatusBadGateway)
			return true
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		return false
	})
	client, err := Dial(n.ctx, dying.URL, n.client.Addresses(), Fallback(n.url))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	to := common.Address{0xba}
	n.must(client.Fund(n.ctx, n.operator, to, big.NewInt(1)))
	if paid := balanceOf(t, n.dev, to); paid != 1 || !sent.Load() {
		t.Fatalf("%d wei were paid, want 1; sent through the dying server: %t", paid, sent.Load())
	}
}

// A contract's refusal is an answer: it is not asked for anew elsewhere.
func TestARefusalIsAnAnswer(t *testing.T) {
	n := newNetwork(t)
	var second atomic.Int32
	counting := n.proxy(func(http.ResponseWriter, *http.Request) bool { second.Add(1); return false })
	client, err := Dial(n.ctx, n.url, n.client.Addresses(), Fallback(counting.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, err = client.Activate(n.ctx, n.operator)
	n.refused(err, "NoPendingRoot")
	if asked := second.Load(); asked != 0 {
		t.Fatalf("the second server was asked %d times", asked)
	}
}

func TestAServerOfAnotherChainIsNeverUsed(t *testing.T) {
	n := newNetwork(t)
	var transactions atomic.Int32
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if !strings.Contains(string(body), "eth_chainId") {
			transactions.Add(1)
		}
		io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":"0x1"}`)
	}))
	defer foreign.Close()
	var down atomic.Bool
	first := n.proxy(func(w http.ResponseWriter, _ *http.Request) bool {
		if down.Load() {
			http.Error(w, "", http.StatusBadGateway)
		}
		return down.Load()
	})
	client, err := Dial(n.ctx, first.URL, n.client.Addresses(), Fallback(foreign.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	down.Store(true)
	_, err = client.ChainTime(n.ctx)
	if err == nil || !strings.Contains(err.Error(), "serves chain 1, the others 1337") {
		t.Fatalf("error %v", err)
	}
	if asked := transactions.Load(); asked != 0 {
		t.Fatalf("the other chain's server got %d requests beside the question", asked)
	}
}

func TestAFailedServerRestsAndIsPreferredAgain(t *testing.T) {
	n := newNetwork(t)
	var failing atomic.Bool
	var first, second atomic.Int32
	preferred := n.proxy(func(w http.ResponseWriter, _ *http.Request) bool {
		first.Add(1)
		if failing.Load() {
			http.Error(w, "", http.StatusBadGateway)
		}
		return failing.Load()
	})
	other := n.proxy(func(http.ResponseWriter, *http.Request) bool { second.Add(1); return false })
	several, err := newServers([]string{preferred.URL, other.URL}, boundedTransport{http.DefaultTransport})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	several.now = func() time.Time { return now }
	ask := func() {
		t.Helper()
		request, err := http.NewRequestWithContext(n.ctx, http.MethodPost, preferred.URL, strings.NewReader(chainQuestion))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := several.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	ask() // and the question for its chain before it
	failing.Store(true)
	ask()
	if first.Load() != 3 || second.Load() != 2 {
		t.Fatalf("asked %d and %d times, want 3 and 2", first.Load(), second.Load())
	}
	failing.Store(false)
	ask() // while the first rests
	now = now.Add(restAfterFailure)
	ask()
	if first.Load() != 4 || second.Load() != 3 {
		t.Fatalf("asked %d and %d times, want 4 and 3", first.Load(), second.Load())
	}
}

func TestWhenNoServerAnswersEachSaysWhyAndNoneShowsItsSecret(t *testing.T) {
	n := newNetwork(t)
	down := n.proxy(func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "", http.StatusBadGateway)
		return true
	})
	_, err := Dial(n.ctx, "http://127.0.0.1:1/v3/s3cret", n.client.Addresses(), Fallback(down.URL+"/v3/s3cret"))
	if err == nil || !strings.Contains(err.Error(), "RPC server 1 of 2") || !strings.Contains(err.Error(), "RPC server 2 of 2: answered 502") {
		t.Fatalf("error %v", err)
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Fatalf("the error shows a server's secret: %v", err)
	}
	if _, err := newServers(make([]string, maxServers+1), http.DefaultTransport); err == nil {
		t.Error("nine servers were taken")
	}
	ended, cancel := context.WithCancel(n.ctx)
	cancel()
	if _, err := Dial(ended, n.url, n.client.Addresses(), Fallback(n.url)); err == nil {
		t.Error("connected with a context that had ended")
	}
}
