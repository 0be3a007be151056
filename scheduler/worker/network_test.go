package worker_test

import (
	"context"
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
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/worker"
)

// testLimit is far beyond what any step takes; it turns a hang into a failure.
const testLimit = time.Minute

var (
	domain      = attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0x01")}
	packageID   = models.DigestOf([]byte("package"))
	manifestID  = models.DigestOf([]byte("manifest"))
	weightsID   = models.DigestOf([]byte("weights"))
	testPayload = slices.Repeat([]byte("a study that nobody may read in the clear. "), 30_000) // two chunks
)

// member is one host with its own key, disk and gossip.
type member struct {
	t      testing.TB
	key    *identity.Key
	host   host.Host
	market *market.Market
	db     *bbolt.DB
	blobs  *transfer.Folder
	dir    string
}

func newMember(t testing.TB) *member {
	t.Helper()
	key, err := identity.Generate()
	must(t, err)
	return newMemberAs(t, key, t.TempDir())
}

func newMemberAs(t testing.TB, key *identity.Key, dir string) *member {
	t.Helper()
	h, err := libp2p.New(libp2p.Identity(key.Libp2p()), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay(),
		libp2p.DisableMetrics())
	must(t, err)
	t.Cleanup(func() { h.Close() })
	m, err := market.New(t.Context(), h, market.Options{})
	must(t, err)
	t.Cleanup(func() { m.Close() })
	db, err := bbolt.Open(filepath.Join(dir, "state.db"), 0o600, &bbolt.Options{Timeout: testLimit})
	must(t, err)
	t.Cleanup(func() { db.Close() })
	blobs, err := transfer.NewFolder(filepath.Join(dir, "sealed"))
	must(t, err)
	return &member{t: t, key: key, host: h, market: m, db: db, blobs: blobs, dir: dir}
}

// image copies a member's disk as a kill at this moment would leave it.
func (m *member) image() string {
	m.t.Helper()
	dir := m.t.TempDir()
	must(m.t, m.db.View(func(tx *bbolt.Tx) error { return tx.CopyFile(filepath.Join(dir, "state.db"), 0o600) }))
	must(m.t, os.CopyFS(filepath.Join(dir, "sealed"), os.DirFS(filepath.Join(m.dir, "sealed"))))
	return dir
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

// executor is a stand-in for inference, so that a test decides when and how a run ends.
type executor struct {
	started chan worker.Job // every run, when it begins; the payload is gone when it ends
	run     func(ctx context.Context, job worker.Job) ([]byte, error)
}

// analysis is what every honest executor returns for a payload.
func analysis(payload []byte) []byte { return fmt.Appendf(nil, "%d bytes read", len(payload)) }

func (e *executor) Execute(ctx context.Context, job worker.Job, progress func(string, float64)) (worker.Output, error) {
	e.started <- worker.Job{Task: job.Task, Class: job.Class}
	progress("infer", 0.5)
	result, err := e.run(ctx, job)
	return worker.Output{Result: result, Provider: "cpu", Runtime: "test 1.0", EnergyBasis: "unmeasured"}, err
}

// until makes runs wait for the channel's end.
func until(finish <-chan struct{}) func(context.Context, worker.Job) ([]byte, error) {
	return func(ctx context.Context, job worker.Job) ([]byte, error) {
		select {
		case <-finish:
			return analysis(job.Payload), nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
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

// newNode makes a node; change may alter it and its configuration first.
func newNode(t testing.TB, change func(*node, *worker.Config)) *node {
	t.Helper()
	return startNode(newMember(t), change)
}

func startNode(m *member, change func(*node, *worker.Config)) *node {
	t := m.t
	t.Helper()
	n := &node{member: m, events: newLog[worker.Event](), forwarded: make(chan attest.SignedReceipt, 64), executor: &executor{
		started: make(chan worker.Job, 64), run: func(_ context.Context, job worker.Job) ([]byte, error) { return analysis(job.Payload), nil }}}
	c := worker.Config{
		Host: n.host, Market: n.market, DB: n.db, Blobs: n.blobs, Key: n.key, Domain: domain, Jurisdiction: "DE",
		Profile:   worker.Profile{Tier: 1, MemoryBytes: 1 << 30, Digest: models.DigestOf([]byte("profile")), Provider: "cpu"},
		PriceGwei: price, Promise: 5 * time.Second, Capacity: 1,
		Models: func(d models.Digest) (worker.Model, bool) {
			return worker.Model{ManifestDigest: manifestID, WeightsDigest: weightsID}, d == packageID
		},
		Executor: n.executor, Events: n.events.add,
		Forward: func(_ context.Context, r attest.SignedReceipt) error { n.forwarded <- r; return nil },
	}
	if change != nil {
		change(n, &c)
	}
	var err error
	n.worker, err = worker.New(c)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.worker.Run(ctx) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("worker: %v", err)
		}
	})
	t.Cleanup(n.stop)
	n.awaitServing()
	return n
}

// awaitServing returns when the node answers questions.
func (n *node) awaitServing() {
	n.t.Helper()
	n.eventually("the node serves", func() bool { return slices.Contains(n.host.Mux().Protocols(), "/medhive/ask/1") })
}

// eventually waits for something that no event tells of.
func (m *member) eventually(what string, holds func() bool) {
	m.t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	limit := time.After(testLimit)
	for !holds() {
		select {
		case <-ticker.C:
		case <-limit:
			m.t.Fatalf("it never came to: %s", what)
		}
	}
}

// kill ends a node as a power cut would: no farewell gets through, and what a restart finds
// is the disk as it was before.
func (n *node) kill() (image string) {
	n.t.Helper()
	image = n.image()
	must(n.t, n.host.Close())
	n.stop()
	return image
}

// restart makes a new process of the same node from an image.
func (n *node) restart(image string, change func(*node, *worker.Config)) *node {
	n.t.Helper()
	return startNode(newMemberAs(n.t, n.key, image), change)
}

func (n *node) status() worker.Status {
	n.t.Helper()
	s, err := n.worker.Status()
	must(n.t, err)
	return s
}

func (n *node) await(kind worker.Kind, task models.Digest) worker.Event {
	n.t.Helper()
	return n.events.await(n.t, string(kind), func(e worker.Event) bool { return e.Kind == kind && e.Task == task })
}

// started returns the next run.
func (n *node) started() worker.Job {
	n.t.Helper()
	select {
	case job := <-n.executor.started:
		return job
	case <-time.After(testLimit):
		n.t.Fatal("nothing runs")
		return worker.Job{}
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
func (l *log[E]) await(t testing.TB, what string, wanted func(E) bool) E {
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

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
