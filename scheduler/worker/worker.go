// Package worker is the node's side of the market. In: offers, a capacity and an
// Executor that runs models. Out: bids that are backed by a reserved place, results
// sealed to their clinic, and receipts on their way to the coordinator. What it
// promised survives a crash; plaintext is only ever in memory. It never runs a
// task without a live award, and never outside its jurisdiction.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
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
	farewell               = 2 * time.Second // for telling clinics that this node stops
)

// Job is what an Executor runs. Payload is plaintext in memory; it is wiped when
// Execute returns and must not be kept.
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
	Models       func(pkg models.Digest) (Model, bool)
	Executor     Executor
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
		c.Promise = time.Minute
	}
	if c.Capacity <= 0 {
		c.Capacity = 1
	}
	c.StatPlaces = max(0, c.StatPlaces)
	if c.Hold <= 0 {
		c.Hold = DefaultHold
	}
	if c.MaxPayloadBytes <= 0 {
		c.MaxPayloadBytes = DefaultMaxPayloadBytes
	}
	return nil
}

// pending is a bid that may still be awarded.
type pending struct {
	offer  scheduler.Offer
	bid    scheduler.Bid
	clinic peer.ID
	key    transfer.Recipient
	place  place
	model  Model // as it was when the bid was made

	// Guarded by Worker.mu:
	reserved  bool   // it keeps its place
	lastFence uint64 // highest fence accepted on it: an award replayed is not a new one
}

// Worker bids and works while Run runs. It is safe for concurrent use.
type Worker struct {
	Config
	store   store
	running sync.WaitGroup // bids, jobs, deliveries and inbound streams
	outbox  chan struct{}  // holds one: a receipt waits to be forwarded

	mu      sync.Mutex // guards the fields below
	started bool
	closing bool // Run is ending: no new work
	load    load // places reserved or working
	pending map[models.Digest]*pending
	jobs    map[models.Digest]*job
	totals  Totals
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
	return &Worker{Config: c, store: st, outbox: make(chan struct{}, 1),
		pending: map[models.Digest]*pending{}, jobs: map[models.Digest]*job{}, totals: totals}, nil
}

// Run bids, works and forwards receipts until ctx ends; then running jobs are
// given up, their clinics told, and Run returns nil once every goroutine is done.
// What a process before left on disk is taken up first.
func (w *Worker) Run(ctx context.Context) error {
	offers, err := w.Market.Subscribe(ctx, w.Jurisdiction)
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
	if err := w.resume(ctx); err != nil {
		return fmt.Errorf("run worker: %w", err)
	}
	w.Host.SetStreamHandler(wire.AwardProtocol, func(raw network.Stream) { w.serveAward(ctx, raw) })
	w.running.Go(func() { w.forward(ctx) })
	for o := range offers { // until ctx ends
		w.consider(ctx, o)
	}
	w.Host.RemoveStreamHandler(wire.AwardProtocol)
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.running.Wait()
	return nil
}
