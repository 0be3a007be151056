package compute

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"math/big"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/libp2p/go-libp2p"
	libp2pcrypto "github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
)

var testDomain = attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0xaa")}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := crypto.GenerateKey()
	must(t, err)
	return key
}

// newHost is a host whose peer id is that of key.
func newHost(t testing.TB, key *ecdsa.PrivateKey) host.Host {
	t.Helper()
	identity, err := libp2pcrypto.UnmarshalSecp256k1PrivateKey(crypto.FromECDSA(key))
	must(t, err)
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.Identity(identity))
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

// node is one node of the test network, with the answers that tests may replace.
type node struct {
	key    *ecdsa.PrivateKey
	host   host.Host
	claims Claims
}

func (n *node) address() common.Address { return crypto.PubkeyToAddress(n.key.PublicKey) }

// world is one coordinator, its nodes, which belong to one operator, and a bystander.
type world struct {
	t           *testing.T
	key         *ecdsa.PrivateKey
	coordinator host.Host
	db          *bbolt.DB
	store       *intake.Bolt
	ledger      *Bolt
	examiner    *Examiner
	nodes       []*node
}

// tops is so small that a work of the least size, which any machine computes in a moment,
// may take two minutes: no test hangs on how busy the machine is.
const tops = 0.0005

// fast is so much that a work is due half a second after it began.
const fast = 1

func newWorld(t *testing.T, nodes int, alter func(*ExaminerOptions)) *world {
	t.Helper()
	w := &world{t: t, key: newKey(t)}
	w.coordinator = newHost(t, w.key)
	bystander := newHost(t, newKey(t))
	must(t, bystander.Connect(t.Context(), peer.AddrInfo{ID: w.coordinator.ID(), Addrs: w.coordinator.Addrs()}))
	w.db = openDB(t, filepath.Join(t.TempDir(), "coordinator.db"))
	var err error
	w.store, err = intake.NewBolt(w.db)
	must(t, err)
	w.ledger, err = NewBolt(w.db, w.store)
	must(t, err)
	for range nodes {
		n := &node{key: newKey(t), claims: Claims{Profile: models.DigestOf([]byte("profile")), TOPS: tops}}
		n.host = newHost(t, n.key)
		must(t, n.host.Connect(t.Context(), peer.AddrInfo{ID: w.coordinator.ID(), Addrs: w.coordinator.Addrs()}))
		w.nodes = append(w.nodes, n)
	}
	opts := ExaminerOptions{
		Key: w.key, Domain: testDomain, Ledger: w.ledger, Interval: time.Hour, Length: time.Second, ReadyWithin: 20 * time.Second, Bandwidth: 1e6,
		Targets: func(context.Context) (list []Target) {
			for _, n := range w.nodes {
				list = append(list, Target{Node: n.address(), Peer: n.host.ID(), Operator: common.Address{1}, Claims: n.claims})
			}
			return list
		},
	}
	if alter != nil {
		alter(&opts)
	}
	w.examiner, err = NewExaminer(w.coordinator, opts)
	must(t, err)
	return w
}

// respond lets a node answer with machine.
func (w *world) respond(n *node, machine Machine, alter func(*ResponderOptions)) *Responder {
	w.t.Helper()
	opts := ResponderOptions{
		Key: n.key, Domain: testDomain, Allow: func(p peer.ID) bool { return p == w.coordinator.ID() },
		Claims:  func() Claims { return n.claims },
		Machine: func(context.Context) (Machine, error) { return machine, nil },
		Ready:   func(context.Context) (func(), error) { return func() {}, nil },
		Result:  func(attest.SignedExamination) {},
	}
	if alter != nil {
		alter(&opts)
	}
	r, err := NewResponder(opts)
	must(w.t, err)
	r.Start(n.host)
	w.t.Cleanup(r.Close)
	return r
}

// records examines everybody once more and returns all that was recorded so far.
func (w *world) records() []attest.Examination {
	w.t.Helper()
	must(w.t, w.examiner.Trigger(w.t.Context()))
	return w.recorded().Examinations
}

func (w *world) recorded() epoch.Window {
	w.t.Helper()
	window, err := w.store.Seal(1)
	must(w.t, err)
	return window
}

// prover is this processor's, found out once for all tests.
var prover = sync.OnceValues(func() (*challenge.Prover, error) {
	lib, err := ort.Locate("")
	if err != nil {
		return nil, err
	}
	r, err := ort.Open(lib)
	if err != nil {
		return nil, err
	}
	return challenge.NewProver(context.Background(), r, ort.CPU, 0)
})

// processor is the real machine: the prover on this processor, without a process of its
// own, which challenge's tests have.
type processor struct {
	prover *challenge.Prover
	kept   []interface{ Close() error }
}

func cpu(t testing.TB) Machine {
	t.Helper()
	p, err := prover()
	must(t, err)
	return &processor{prover: p}
}

func (m *processor) Prove(ctx context.Context, w challenge.Work, seed challenge.Seed) (challenge.Answer, error) {
	proof, err := m.prover.Prove(ctx, w, seed)
	if err != nil {
		return nil, err
	}
	m.kept = append(m.kept, proof)
	return proof, nil
}

func (m *processor) Fill(ctx context.Context, w challenge.Work, seed challenge.Seed) (func(context.Context, [32]byte) (challenge.Answer, error), error) {
	table, err := m.prover.Fill(ctx, w, seed)
	if err != nil {
		return nil, err
	}
	m.kept = append(m.kept, table)
	return func(ctx context.Context, nonce [32]byte) (challenge.Answer, error) {
		walk, err := table.Walk(ctx, nonce)
		if err != nil {
			return nil, err
		}
		return walk, nil
	}, nil
}

func (m *processor) Close() error {
	var errs []error
	for _, k := range m.kept {
		errs = append(errs, k.Close())
	}
	m.kept = nil
	return errors.Join(errs...)
}
