// Package worker is the node's side of the market. In: offers and questions of clinics, a
// capacity and an Executor that runs models. Out: notices, bids that are backed by a
// reserved place, a queue by class, results sealed to their clinic, and receipts on their
// way to the coordinator. What it promised survives a crash; plaintext is only ever in
// memory. It never runs a task without a live award, and never outside its jurisdiction.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
)

// Defaults and limits.
const (
	DefaultHold            = 5 * time.Second // a bid keeps its place this long
	DefaultMaxPayloadBytes = 1 << 30
	maxPending             = 1024 // bids remembered for a late award
	dialTimeout            = 5 * time.Second
	replyTimeout           = 10 * time.Second
	resultTimeout          = 10 * time.Minute
	maxCuts                = 8               // attempts of a fetch that bring no chunk
	maxUndelivered         = 256             // results that wait for their clinics: beyond it the node takes no work
	farewell               = 2 * time.Second // for telling clinics that this node stops
)

// Job is what an Executor runs. Payload is plaintext in pages of its own, which are wiped
// and gone when Execute returns: nothing may read them later.
type Job struct {
	Task          models.Digest
	PackageDigest models.Digest
	Class         scheduler.Class // a STAT job is to stop the others, an urgent one to go before those that wait
	Payload       []byte
}

// Output is what an Executor made of a Job.
type Output struct {
	Result       []byte
	Provider     string // execution provider that ran: "cpu", …
	Runtime      string // its name and version
	EnergyMilliJ uint64 // 0 when unmeasured
	EnergyBasis  string // "wall", "board", "package", "declared" or "unmeasured"
}

// Executor runs one job. progress may be called often and from any goroutine.
type Executor interface {
	Execute(ctx context.Context, job Job, progress func(stage string, done float64)) (Output, error)
}

// Model is what a node knows about a package it holds.
type Model struct {
	ManifestDigest models.Digest
	WeightsDigest  models.Digest
	Promise        time.Duration // from award to result, for a job that is alone here; 0: Config.Promise
}

// Profile is what a node says about itself in bids.
type Profile struct {
	Tier        uint8
	Trust       scheduler.Trust
	Digest      models.Digest // of the hardware profile
	MemoryBytes int64         // for one job
	Provider    string        // execution provider that runs its jobs: "cpu", …; empty: it says none
}

// Config is what a worker needs. Host, Market, DB, Blobs, Key, Executor, Models
// and Jurisdiction must be set.
type Config struct {
	Host   host.Host
	Market *market.Market
	DB     *bbolt.DB
	Blobs  transfer.BlobStore // sealed results until their clinic has them
	Key    *identity.Key
	Domain attest.Domain

	Jurisdiction string // ISO 3166-1 alpha-2
	Profile      Profile
	PriceGwei    uint64        // asked for one task
	Promise      time.Duration // from award to result, for a job that is alone here; default 1 min
	Capacity     int           // tasks at once; default 1
	StatPlaces   int           // further tasks at once that only STAT may take
	Queue        int           // accepted tasks that may wait for one of those places; default 0
	Models       func(pkg models.Digest) (Model, bool)
	Executor     Executor
	// Holdings lists the packages that Models knows now, for the notices by which clinics
	// find this node; nil: it sends none, and hears of tasks on gossip only.
	Holdings    func() []scheduler.Holding
	NoticeEvery time.Duration // between two notices when nothing changes; default a third of a notice's life
	// Open says why the node takes no work at this moment (its opening hours, a limit of
	// power or temperature), in words for its operator; nil error: it takes work. Jobs that
	// were accepted go on. It is asked for each offer, so it must be quick. nil: always open.
	Open func(now time.Time) error
	// Allow says whose questions and awards are answered, as market.Options.Allow says
	// whose offers are; nil: everybody's.
	Allow func(clinic common.Address) bool
	// Wallets asks contract wallets whether a countersignature is theirs; nil: only keys sign.
	Wallets attest.Wallets
	// Payment is how clinics pay; nil: the node works for receipts alone.
	Payment *Payment
	// Forward hands a receipt with both signatures to the coordinator. It is called
	// again, with growing pauses and over restarts, until it returns nil.
	Forward func(ctx context.Context, r attest.SignedReceipt) error

	Hold            time.Duration
	MaxPayloadBytes int64
	Events          func(Event) // must not block
	Clock           scheduler.Clock
	Log             *slog.Logger
}

func (c *Config) fill() error {
	if c.Host == nil || c.Market == nil || c.DB == nil || c.Blobs == nil || c.Key == nil || c.Executor == nil || c.Models == nil {
		return errors.New("start worker: host, market, database, ciphertext store, key, executor and models must be set")
	}
	if !scheduler.ValidRegion(c.Jurisdiction) {
		return fmt.Errorf("start worker: jurisdiction %.8q: want an ISO 3166-1 code such as DE; set it in the node's configuration", c.Jurisdiction)
	}
	if c.Forward == nil {
		c.Forward = func(context.Context, attest.SignedReceipt) error { return errors.New("no coordinator is configured") }
	}
	if c.Events == nil {
		c.Events = func(Event) {}
	}
	if c.Clock == nil {
		c.Clock = scheduler.SystemClock{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Promise <= 0 {
		c.Promise = defaultPromise
	}
	if c.Capacity <= 0 {
		c.Capacity = 1
	}
	c.StatPlaces, c.Queue = max(0, c.StatPlaces), max(0, c.Queue)
	if c.Open == nil {
		c.Open = func(time.Time) error { return nil }
	}
	if c.Allow == nil {
		c.Allow = func(common.Address) bool { return true }
	}
	if c.NoticeEvery <= 0 || c.NoticeEvery > scheduler.MaxNoticeLife/2 {
		c.NoticeEvery = scheduler.MaxNoticeLife / noticesPerLife
	}
	if c.Hold <= 0 {
		c.Hold = DefaultHold
	}
	if c.MaxPayloadBytes <= 0 {
		c.MaxPayloadBytes = DefaultMaxPayloadBytes
	}
	return c.fillPayment()
}

// errand is how a node knows a task. Two clinics may call theirs by the same digest, and a
// hostile one does: what it says of its own must not touch another's.
type errand struct {
	clinic common.Address
	task   models.Digest
}

func (p *pending) errand() errand { return errand{p.offer.Clinic, p.offer.Task} }

// pending is a bid that may still be awarded.
type pending struct {
	offer  scheduler.Offer
	bid    scheduler.Bid
	clinic peer.ID
	key    transfer.Recipient
	place  place
	model  Model // as it was when the bid was made

	taken chan struct{} // closed when an award has taken its place over

	// Guarded by Worker.mu:
	reserved  bool      // it keeps its place
	since     time.Time // it has done so
	lastFence uint64    // highest fence accepted on it: an award replayed is not a new one
}

// Worker bids and works while Run runs. It is safe for concurrent use.
type Worker struct {
	Config
	tariff    atomic.Pointer[Tariff] // what bids say now; at first what Config says
	store     store
	running   sync.WaitGroup // bids, jobs, deliveries and inbound streams
	outbox    chan struct{}  // holds one: a receipt waits to be forwarded
	stirred   chan struct{}  // holds one: what a notice says may have changed
	unvouched chan struct{}  // holds one: a receipt came without its voucher
	askers    *rates
	counters  *counters
	switching sync.Mutex // one change of mode at a time
	settling  sync.Mutex // one end of a job, or change of an account, at a time

	mu       sync.Mutex // guards the fields below
	started  bool
	closing  bool // Run is ending: no new work
	mode     Mode
	load     load // places reserved, waiting or working
	turns    turns
	pending  map[errand]*pending
	jobs     map[errand]*job
	clinics  map[common.Address]conduct
	patience map[common.Address]patience
	accounts accounts
	talks    talks
	totals   Totals
	swept    []string // ciphertext that is gone and still noted on disk
}

// New opens the worker's part of the database. Run does the work.
func New(c Config) (*Worker, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	st, totals, err := openStore(c.DB)
	if err != nil {
		return nil, err
	}
	mode, err := st.mode()
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	clinics, err := st.loadConduct()
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	owed, err := st.loadAccounts(c.Payment)
	if err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	w := &Worker{
		Config: c, store: st, outbox: make(chan struct{}, 1),
		stirred: make(chan struct{}, 1), unvouched: make(chan struct{}, 1), accounts: accounts{known: owed, covers: map[common.Address]scheduler.Cover{}}, askers: newRates(), counters: newCounters(),
		mode: mode, turns: turns{capacity: c.Capacity, reserve: c.StatPlaces},
		pending: map[errand]*pending{}, jobs: map[errand]*job{}, clinics: clinics, patience: map[common.Address]patience{}, talks: newTalks(), totals: totals,
	}
	w.SetTariff(Tariff{PriceGwei: c.PriceGwei, Promise: c.Promise})
	if mode == Paused {
		w.turns.held = errPaused
	}
	return w, nil
}

// Run bids, works and forwards receipts until ctx ends; then it returns nil once every
// goroutine is done. Jobs that are not done by then stay on disk, as after a kill: the next
// Run goes on with those whose clinics have not given them to another node meanwhile. It
// takes up what a process before left so. Drain is for a node that is not to come back soon.
func (w *Worker) Run(ctx context.Context) error {
	offers, err := w.Market.Subscribe(ctx, w.Jurisdiction, w.Profile.Tier)
	if err != nil {
		return fmt.Errorf("run worker: %w", err)
	}
	w.mu.Lock()
	if w.started {
		w.mu.Unlock()
		return errors.New("run worker: it was started before; make a new one")
	}
	w.started = true
	w.mu.Unlock()
	arrivals := w.arrivals()
	w.Host.Network().Notify(arrivals)
	defer w.Host.Network().StopNotify(arrivals)
	if err := w.takeUp(ctx); err != nil {
		return fmt.Errorf("run worker: %w", err)
	}
	w.serve(ctx)
	w.running.Go(func() { w.forward(ctx) })
	w.running.Go(func() { w.tell(ctx) })
	w.running.Go(func() { w.demandVouchers(ctx) })
	for o := range offers { // until ctx ends
		w.consider(ctx, o)
	}
	w.unserve()
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.running.Wait()
	return nil
}
