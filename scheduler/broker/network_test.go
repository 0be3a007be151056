package broker_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/worker"
)

// testLimit is far beyond what any step takes; it turns a hang into a failure.
const testLimit = 30 * time.Second

var (
	domain      = attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0x01")}
	packageID   = models.DigestOf([]byte("package"))
	manifestID  = models.DigestOf([]byte("manifest"))
	weightsID   = models.DigestOf([]byte("weights"))
	testPayload = slices.Repeat([]byte("a study that nobody may read in the clear. "), 70_000) // three chunks
)

// member is one host with its own key, disk and gossip.
type member struct {
	t      *testing.T
	key    *identity.Key
	host   host.Host
	market *market.Market
	db     *bbolt.DB
	blobs  *transfer.Folder
	dir    string
}

func newMember(t *testing.T, ctx context.Context) *member {
	t.Helper()
	key, err := identity.Generate()
	must(t, err)
	return newMemberAs(t, ctx, key, t.TempDir())
}

func newMemberAs(t *testing.T, ctx context.Context, key *identity.Key, dir string) *member {
	t.Helper()
	h, err := libp2p.New(libp2p.Identity(key.Libp2p()), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay(),
		libp2p.DisableMetrics())
	must(t, err)
	t.Cleanup(func() { h.Close() })
	m, err := market.New(ctx, h, market.Options{})
	must(t, err)
	t.Cleanup(func() { m.Close() })
	db, err := bbolt.Open(filepath.Join(dir, "state.db"), 0o600, &bbolt.Options{Timeout: testLimit})
	must(t, err)
	t.Cleanup(func() { db.Close() })
	blobs, err := transfer.NewFolder(filepath.Join(dir, "sealed"))
	must(t, err)
	return &member{t: t, key: key, host: h, market: m, db: db, blobs: blobs, dir: dir}
}

func (m *member) address() common.Address { return m.key.Address() }

func (m *member) connect(others ...*member) {
	m.t.Helper()
	for _, o := range others {
		must(m.t, m.host.Connect(m.t.Context(), peer.AddrInfo{ID: o.host.ID(), Addrs: o.host.Addrs()}))
	}
}

// awaitMembers returns when an offer would reach n nodes at once.
func (m *member) awaitMembers(n int) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), testLimit)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for m.market.Peers([]string{"DE"}) < n {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			m.t.Fatalf("%d of %d nodes are in the market", m.market.Peers([]string{"DE"}), n)
		}
	}
}

// executor is a stand-in for inference, so that a test decides when and how a run
// ends. Only fault tests of the market use it.
type executor struct {
	started chan worker.Job // every run, when it begins
	run     func(ctx context.Context, job worker.Job) ([]byte, error)
}

func newExecutor() *executor {
	return &executor{started: make(chan worker.Job, 64), run: func(_ context.Context, job worker.Job) ([]byte, error) { return analysis(job.Payload), nil }}
}

// analysis is what every honest executor returns for a payload.
func analysis(payload []byte) []byte { return fmt.Appendf(nil, "%d bytes read", len(payload)) }

// hang ends only when the job is taken away.
func hang(ctx context.Context, _ worker.Job) ([]byte, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func (e *executor) Execute(ctx context.Context, job worker.Job, progress func(string, float64)) (worker.Output, error) {
	e.started <- job
	progress("infer", 0.5)
	result, err := e.run(ctx, job)
	return worker.Output{Result: result, Provider: "cpu", Runtime: "test 1.0", EnergyBasis: "unmeasured"}, err
}

// node is a member that works.
type node struct {
	*member
	worker    *worker.Worker
	executor  *executor
	events    *log[worker.Event]
	forwarded chan attest.SignedReceipt
	stop      func() // ends Run and waits
}

// newNode makes a node; change may alter its configuration first.
func newNode(t *testing.T, ctx context.Context, change func(*worker.Config)) *node {
	t.Helper()
	return startNode(t, ctx, newMember(t, ctx), change)
}

func startNode(t *testing.T, ctx context.Context, m *member, change func(*worker.Config)) *node {
	t.Helper()
	n := &node{member: m, executor: newExecutor(), events: newLog[worker.Event](), forwarded: make(chan attest.SignedReceipt, 16)}
	c := worker.Config{
		Host: n.host, Market: n.market, DB: n.db, Blobs: n.blobs, Key: n.key, Domain: domain, Jurisdiction: "DE",
		Profile: worker.Profile{Tier: 1, MemoryBytes: 1 << 30, Digest: models.DigestOf([]byte("profile"))}, PriceGwei: 1000, Promise: 5 * time.Second, Capacity: 1,
		Models: func(d models.Digest) (worker.Model, bool) {
			return worker.Model{ManifestDigest: manifestID, WeightsDigest: weightsID}, d == packageID
		},
		Executor: n.executor, Events: n.events.add,
		Forward: func(_ context.Context, r attest.SignedReceipt) error { n.forwarded <- r; return nil },
	}
	if change != nil {
		change(&c)
	}
	var err error
	n.worker, err = worker.New(c)
	must(t, err)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- n.worker.Run(ctx) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("worker: %v", err)
		}
	})
	t.Cleanup(n.stop)
	return n
}

// clinic is a member with a broker.
type clinic struct {
	*member
	broker *broker.Broker
	events *log[broker.Event]
}

func newClinic(t *testing.T, ctx context.Context, change func(*broker.Config)) *clinic {
	t.Helper()
	c := &clinic{member: newMember(t, ctx)}
	c.open(change)
	return c
}

// open starts a broker on the member's disk; after a Close it is a restart.
func (c *clinic) open(change func(*broker.Config)) {
	c.t.Helper()
	c.events = newLog[broker.Event]()
	config := broker.Config{Host: c.host, Market: c.market, DB: c.db, Blobs: c.blobs, Key: c.key, Domain: domain, Events: c.events.add,
		Check: func(_ models.Digest, _ attest.Receipt, result []byte) error {
			if string(result) != string(analysis(testPayload)) {
				return errors.New("not an analysis of this payload")
			}
			return nil
		}}
	if change != nil {
		change(&config)
	}
	b, err := broker.New(config)
	must(c.t, err)
	c.broker = b
	c.t.Cleanup(func() { b.Close() })
}

func submission(name string) broker.Submission {
	return broker.Submission{Task: models.DigestOf([]byte(name)), Payload: testPayload, PackageDigest: packageID, WeightsDigest: weightsID,
		ManifestDigest: manifestID, Deadline: time.Now().Add(time.Minute), Residency: []string{"DE"}, PriceCeiling: 5000, MemoryBytes: 1 << 20}
}

func (c *clinic) submit(name string) models.Digest {
	c.t.Helper()
	s := submission(name)
	must(c.t, c.broker.Submit(c.t.Context(), s))
	return s.Task
}

func (c *clinic) wait(id models.Digest) broker.Outcome {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), testLimit)
	defer cancel()
	o, err := c.broker.Wait(ctx, id)
	must(c.t, err)
	return o
}

// wantResult checks a whole, honest outcome.
func (c *clinic) wantResult(o broker.Outcome) {
	c.t.Helper()
	if o.State != scheduler.Resulted {
		c.t.Fatalf("task ended %s (%s), want resulted", o.State, o.Reason)
	}
	if string(o.Result) != string(analysis(testPayload)) {
		c.t.Fatalf("result is %q", o.Result)
	}
	must(c.t, o.Receipt.Verify(domain))
	if r := o.Receipt.Receipt; !o.Receipt.Acceptance.Accepted || r.Node != o.Node || r.Fence != o.Fence || r.Clinic != c.address() {
		c.t.Fatalf("receipt of %s under fence %d, outcome says %s under %d", r.Node, r.Fence, o.Node, o.Fence)
	}
}

// log collects events and lets a test wait for one.
type log[E any] struct {
	mu     sync.Mutex // guards the fields below
	events []E
	grown  chan struct{} // closed and renewed with each event
}

func newLog[E any]() *log[E] { return &log[E]{grown: make(chan struct{})} }

func (l *log[E]) add(e E) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *log[E]) all() []E {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

// await returns the first event that is wanted, past or to come.
func (l *log[E]) await(t *testing.T, what string, wanted func(E) bool) E {
	t.Helper()
	limit := time.After(testLimit)
	for seen := 0; ; {
		l.mu.Lock()
		fresh, grown := slices.Clone(l.events[seen:]), l.grown
		l.mu.Unlock()
		if at := slices.IndexFunc(fresh, wanted); at >= 0 {
			return fresh[at]
		}
		seen += len(fresh)
		select {
		case <-grown:
		case <-limit:
			t.Fatalf("no event: %s; had %+v", what, l.all())
		}
	}
}

func (c *clinic) await(kind broker.Kind) broker.Event {
	c.t.Helper()
	return c.events.await(c.t, string(kind), func(e broker.Event) bool { return e.Kind == kind })
}

func (n *node) await(kind worker.Kind) worker.Event {
	n.t.Helper()
	return n.events.await(n.t, string(kind), func(e worker.Event) bool { return e.Kind == kind })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// files lists what lies in a member's ciphertext folder.
func (m *member) files() []string {
	m.t.Helper()
	entries, err := os.ReadDir(filepath.Join(m.dir, "sealed"))
	must(m.t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
