package uptime

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"math/big"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/models"
)

var testDomain = attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0xaa")}

func newHost(t testing.TB) host.Host {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
	must(t, err)
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func openDB(t testing.TB, path string) *bbolt.DB {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// network of one coordinator, one node and, as a witness, one other peer.
type testNetwork struct {
	coordinator, node, other host.Host
	key                      *ecdsa.PrivateKey
	db                       *bbolt.DB // the node's
	store                    *intake.Bolt
	challenger               *Challenger
}

func newNetwork(t testing.TB) *testNetwork {
	t.Helper()
	key, err := crypto.GenerateKey()
	must(t, err)
	n := &testNetwork{coordinator: newHost(t), node: newHost(t), other: newHost(t), key: key, db: openDB(t, filepath.Join(t.TempDir(), "node.db"))}
	for _, h := range []host.Host{n.node, n.other} {
		must(t, h.Connect(t.Context(), peer.AddrInfo{ID: n.coordinator.ID(), Addrs: n.coordinator.Addrs()}))
	}
	n.store, err = intake.NewBolt(openDB(t, filepath.Join(t.TempDir(), "coordinator.db")))
	must(t, err)
	n.challenger, err = NewChallenger(n.coordinator, ChallengerOptions{
		Domain: testDomain, Ledger: n.store, Interval: time.Hour, Timeout: 30 * time.Second,
		Targets: func(context.Context) []Target { return []Target{{n.address(), n.node.ID()}} },
	})
	must(t, err)
	return n
}

func (n *testNetwork) address() common.Address { return crypto.PubkeyToAddress(n.key.PublicKey) }

func (n *testNetwork) options(t testing.TB) ResponderOptions {
	t.Helper()
	seq, err := NewBoltSequence(n.db)
	must(t, err)
	return ResponderOptions{
		Key: n.key, Domain: testDomain, Sequence: seq, Load: func() uint32 { return 2000 },
		Profile: func() models.Digest { return models.DigestOf([]byte("profile")) },
		Allow:   func(p peer.ID) bool { return p == n.coordinator.ID() },
	}
}

func (n *testNetwork) respond(t testing.TB, opts ResponderOptions) *Responder {
	t.Helper()
	r, err := NewResponder(opts)
	must(t, err)
	r.Start(n.node)
	t.Cleanup(r.Close)
	return r
}

// records asks once more and returns everything that was recorded so far.
func (n *testNetwork) records(t testing.TB) []attest.Challenge {
	t.Helper()
	must(t, n.challenger.Trigger(t.Context()))
	w, err := n.store.Seal(1)
	must(t, err)
	return w.Challenges
}

func TestANodeThatIsThereAnswers(t *testing.T) {
	n := newNetwork(t)
	n.respond(t, n.options(t))
	must(t, n.challenger.Trigger(t.Context()))
	got := n.records(t)
	if len(got) != 2 {
		t.Fatalf("%d records, want 2", len(got))
	}
	for i, c := range got {
		must(t, c.Verify(testDomain))
		u := c.Answer.Uptime
		if c.Outcome != attest.Answered || u.Seq != uint64(i+1) || u.LoadPermille != attest.FullLoadPermille || u.ProfileDigest != models.DigestOf([]byte("profile")) {
			t.Errorf("record %d: %+v", i, c)
		}
	}
	if got[0].Nonce == got[1].Nonce {
		t.Error("a nonce was used twice")
	}
}

func TestTheSequenceGoesOnAfterARestart(t *testing.T) {
	n := newNetwork(t)
	first := n.respond(t, n.options(t))
	must(t, n.challenger.Trigger(t.Context()))
	first.Close()
	path := n.db.Path()
	must(t, n.db.Close())
	n.db = openDB(t, path)
	n.respond(t, n.options(t))
	got := n.records(t)
	if len(got) != 2 || got[1].Outcome != attest.Answered || got[1].Answer.Uptime.Seq != 2 {
		t.Fatalf("after a restart: %+v", got)
	}
}

// fixed is a node that lost its state: always the same number.
type fixed uint64

func (f fixed) Next() (uint64, error) { return uint64(f), nil }

type broken struct{}

func (broken) Next() (uint64, error) { return 0, errors.New("no space left") }

func TestWhatANodeCanDoWrong(t *testing.T) {
	cases := map[string]struct {
		alter func(t *testing.T, n *testNetwork, o *ResponderOptions)
		want  []attest.Outcome // of two challenges
	}{
		"another key": {func(t *testing.T, _ *testNetwork, o *ResponderOptions) {
			key, err := crypto.GenerateKey()
			must(t, err)
			o.Key = key
		}, []attest.Outcome{attest.Refused, attest.Refused}},
		"another chain":   {func(_ *testing.T, _ *testNetwork, o *ResponderOptions) { o.Domain.ChainID = big.NewInt(1) }, []attest.Outcome{attest.Refused, attest.Refused}},
		"a lost sequence": {func(_ *testing.T, _ *testNetwork, o *ResponderOptions) { o.Sequence = fixed(3) }, []attest.Outcome{attest.Answered, attest.Refused}},
		"a full disk":     {func(_ *testing.T, _ *testNetwork, o *ResponderOptions) { o.Sequence = broken{} }, []attest.Outcome{attest.Timeout, attest.Timeout}},
		"a closed door":   {func(_ *testing.T, _ *testNetwork, o *ResponderOptions) { o.Allow = func(peer.ID) bool { return false } }, []attest.Outcome{attest.Timeout, attest.Timeout}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			opts := n.options(t)
			c.alter(t, n, &opts)
			n.respond(t, opts)
			must(t, n.challenger.Trigger(t.Context()))
			var got []attest.Outcome
			for _, r := range n.records(t) {
				got = append(got, r.Outcome)
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("recorded %v, want %v", got, c.want)
			}
		})
	}
}

func TestAnOldAnswerIsRefused(t *testing.T) {
	n := newNetwork(t)
	r := n.respond(t, n.options(t))
	old, err := r.sign([32]byte{1})
	must(t, err)
	data, err := json.Marshal(old)
	must(t, err)
	r.Close()
	n.node.SetStreamHandler(Protocol, func(s network.Stream) {
		_ = attest.WriteFrame(s, data)
		_ = s.Close()
	})
	if got := n.records(t); got[0].Outcome != attest.Refused {
		t.Fatalf("an old answer: %+v", got[0])
	}
}

func TestANodeThatIsGone(t *testing.T) {
	t.Run("while others are there", func(t *testing.T) {
		n := newNetwork(t)
		must(t, n.node.Close())
		if got := n.records(t); got[0].Outcome != attest.Timeout {
			t.Fatalf("recorded %s", got[0].Outcome)
		}
	})
	t.Run("with everybody else", func(t *testing.T) {
		n := newNetwork(t)
		must(t, n.node.Close())
		must(t, n.other.Close())
		for _, p := range n.coordinator.Network().Peers() {
			must(t, n.coordinator.Network().ClosePeer(p))
		}
		if got := n.records(t); got[0].Outcome != attest.OwnOutage {
			t.Fatalf("recorded %s", got[0].Outcome)
		}
	})
	t.Run("mute", func(t *testing.T) {
		n := newNetwork(t)
		n.challenger.opts.Timeout = 200 * time.Millisecond
		n.node.SetStreamHandler(Protocol, func(network.Stream) {})
		if got := n.records(t); got[0].Outcome != attest.Timeout {
			t.Fatalf("recorded %s", got[0].Outcome)
		}
	})
}

func TestTheResponderOutlivesGarbage(t *testing.T) {
	n := newNetwork(t)
	n.respond(t, n.options(t))
	for name, raw := range map[string]string{"absurd length": "\xff\xff\xff\xff", "not JSON": "\x00\x00\x00\x02hi", "short nonce": "\x00\x00\x00\x0e{\"nonce\":\"0x\"}"} {
		stream, err := n.coordinator.NewStream(t.Context(), n.node.ID(), Protocol)
		must(t, err)
		if _, err := stream.Write([]byte(raw)); err != nil {
			t.Fatal(err)
		}
		if answer, err := attest.ReadFrame(stream, attest.MaxUptimeBytes); err == nil {
			t.Errorf("%s was answered: %s", name, answer)
		}
	}
	if got := n.records(t); got[0].Outcome != attest.Answered {
		t.Fatalf("after garbage: %s", got[0].Outcome)
	}
}

func TestAResponderNeedsEverything(t *testing.T) {
	if _, err := NewResponder(ResponderOptions{}); err == nil {
		t.Error("a responder without a key")
	}
	if _, err := NewChallenger(nil, ChallengerOptions{}); err == nil {
		t.Error("a challenger without a ledger")
	}
}
