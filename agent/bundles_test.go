package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/attest/score"
)

func stranger(n int) peer.ID { return peer.ID(fmt.Sprintf("stranger %d", n)) }

// Strangers fill the places of strangers only: heads and the network's co-signers have
// places of their own.
func TestStrangersLeaveACosignerItsPlace(t *testing.T) {
	p := newBundlePlaces(func(id peer.ID) bool { return strings.HasPrefix(string(id), "co-signer") })
	for i := range bundleSenders {
		if _, ok := p.begin(stranger(i), false); !ok {
			t.Fatalf("the %d. stranger has no place", i+1)
		}
	}
	if _, ok := p.begin("one more", false); ok {
		t.Error("one stranger more than there are places")
	}
	end, ok := p.begin("co-signer 1", false)
	if !ok {
		t.Fatal("a co-signer has no place")
	}
	if _, ok := p.begin("co-signer 2", false); ok {
		t.Error("more co-signers than places that are kept for them")
	}
	end()
	if _, ok := p.begin("co-signer 2", false); !ok {
		t.Error("the place was not given back")
	}
	for i := range bundleHeads {
		if _, ok := p.begin(stranger(i), true); !ok {
			t.Fatalf("the %d. head has no place, though only bundles are sent", i+1)
		}
	}
	if _, ok := p.begin("one more", true); ok {
		t.Error("one head more than there are places")
	}
}

// A peer's second request waits for the end of its first, and not for ever.
func TestAPeersRequestsComeOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newBundlePlaces(func(peer.ID) bool { return false })
		end, _ := p.begin("a peer", false)
		begun := make(chan bool)
		go func() { _, ok := p.begin("a peer", false); begun <- ok }()
		synctest.Wait()
		select {
		case <-begun:
			t.Fatal("it did not wait")
		default:
		}
		end()
		if !<-begun {
			t.Fatal("its turn came and it had no place")
		}
		at := time.Now()
		if _, ok := p.begin("a peer", false); ok || time.Since(at) != bundleTurn {
			t.Errorf("a request behind one that does not end: %t after %v", ok, time.Since(at))
		}
	})
}

// loopback is a host with a key, which ends with the test.
func loopback(t *testing.T) (host.Host, *identity.Key) {
	t.Helper()
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	h, err := p2p.NewHost(key, []string{"/ip4/127.0.0.1/tcp/0"}, p2p.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, h.Close) })
	return h, key
}

// Peers that open streams and ask for nothing keep nobody else from asking.
func TestWhoAsksForNothingHasNoPlace(t *testing.T) {
	archive := epoch.Archive(t.TempDir())
	b, err := epoch.Build(epoch.Inputs{Schema: epoch.Schema, ChainID: 1, Number: 1, From: 1, To: 2, Pool: score.Wei{Int: new(big.Int)}, Parameters: score.DefaultParameters()}, epoch.State{})
	if err == nil {
		err = b.Write(archive.Dir(1))
	}
	if err != nil {
		t.Fatal(err)
	}
	server, _ := loopback(t)
	serveBundles(server, archive, func(peer.ID) bool { return false }, quiet(nil))
	dial := func() host.Host {
		h, _ := loopback(t)
		if err := h.Connect(t.Context(), peer.AddrInfo{ID: server.ID(), Addrs: server.Addrs()}); err != nil {
			t.Fatal(err)
		}
		return h
	}
	for range bundleSenders + bundleHeads {
		s, err := dial().NewStream(t.Context(), server.ID(), bundleProtocol)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte{0}); err != nil { // the first byte of a frame that never comes
			t.Fatal(err)
		}
	}
	h := dial()
	for range 3 { // the same peer, one right after the other
		head, body, err := askBundle(t.Context(), h, server.ID(), bundleRequest{Epoch: 1})
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(body)
		if err != nil || int64(len(data)) != head.Bytes || head.DatasetHash != b.Summary.DatasetHash {
			t.Errorf("%d bytes of %d: %v", len(data), head.Bytes, err)
		}
		_ = body.Close()
	}
}

// The co-signers are asked for at most once a minute, and a chain that is silent takes no
// co-signer's place away.
func TestCosignersAreKnownByTheirPeers(t *testing.T) {
	_, key := loopback(t)
	_, other := loopback(t)
	now, asked, fault := time.Unix(1_000, 0), 0, error(nil)
	c := &cosignerPeers{now: func() time.Time { return now }, ask: func(context.Context) (int, []common.Address, error) {
		asked++
		return 1, []common.Address{key.Address()}, fault
	}}
	for range 3 {
		if !c.include(key.PeerID()) || c.include(other.PeerID()) || c.include("no key") {
			t.Fatal("the wrong peers are known")
		}
	}
	now, fault = now.Add(2*cosignersFresh), errors.New("silent")
	if !c.include(key.PeerID()) || asked != 2 {
		t.Errorf("a silent chain; asked %d times", asked)
	}
}

// A co-signer is removed while a verdict of its waits: the epoch is closed without it.
func TestARemovedCheckersVerdictStopsNoEpoch(t *testing.T) {
	v, node := working(t)
	_, former := loopback(t)
	v.appoint(1, former.Address())
	domain := v.conf.Network.Domain()
	job := node.receipt("a study that is run again")
	v.must(node.submit(func(ctx context.Context) error { return intake.Submit(ctx, node.host, v.host.ID(), job) }))
	r := job.Receipt
	verdict := attest.Verdict{
		Kind: attest.CheckRerun, Node: r.Node, Clinic: r.Clinic, Task: r.Task, Fence: r.Fence, Receipt: r.Hash(domain), Manifest: r.ManifestDigest,
		Provider: r.Provider, Against: [32]byte{1}, Result: attest.JudgedValid, Checker: former.Address(), At: time.UnixMilli(1_790_000_000_000).UTC(),
	}
	digest := verdict.Hash(domain)
	sig, err := attest.Sign(digest, former.ECDSA())
	v.must(err)
	v.must(v.store.PutVerdict(t.Context(), digest, attest.SignedVerdict{Verdict: verdict, CheckerSig: sig}))
	v.appoint(0)
	if b := v.close(); len(b.Inputs.Verdicts) != 0 || slices.Contains(b.Inputs.Checkers, former.Address()) || len(b.Inputs.Receipts) == 0 {
		t.Errorf("%d verdicts, checkers %v", len(b.Inputs.Verdicts), b.Inputs.Checkers)
	}
}
