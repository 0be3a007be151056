// Package broker is the clinic's side of the market: the single writer of its
// tasks. In: a payload with what it needs and what may be paid. Out: a checked
// result with a receipt that both sides signed, or a named final state. Every
// step is persisted before anybody hears of it. It never sees identity, and never
// trusts a node beyond its lease.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// Defaults of Config.
const (
	DefaultLease = 10 * time.Second
	// DefaultBidWindow, after the first bid, outlasts three gossip heartbeats, by
	// which a node that has just joined hears of the offer.
	DefaultBidWindow      = 1500 * time.Millisecond
	DefaultSTATWindow     = 100 * time.Millisecond // the same for an emergency
	DefaultRoundWait      = 2 * time.Second        // for the first bid of a round
	DefaultAwardTimeout   = 3 * time.Second        // for a node's yes
	DefaultMaxAttempts    = 8                      // awards of one task
	DefaultMaxResultBytes = 256 << 20
	maxBids               = 64               // kept of one task
	maxReceiving          = 4                // results taken in at once, bounds memory
	maxPatience           = 24 * time.Hour   // longest deadline of a task
	replyTimeout          = 10 * time.Second // for one message of a peer
	resultTimeout         = 10 * time.Minute // for a whole result
)

// Config is what a broker needs. Host, Market, DB, Blobs and Key must be set.
type Config struct {
	Host   host.Host
	Market *market.Market
	DB     *bbolt.DB
	Blobs  transfer.BlobStore
	Key    *identity.Key
	Domain attest.Domain

	// Check judges a decrypted result and what its receipt says of the run before it is
	// accepted; an error disputes the receipt with its text, which must not speak of a
	// patient. The receipt's signer, task, price and hashes were checked. nil accepts.
	// ErrNotJudged leaves the result undecided: the node offers it again.
	Check func(task models.Digest, receipt attest.Receipt, result []byte) error
	// Score is a node's quality in [0,1]; nil counts everyone as 1.
	Score func(node common.Address) float64
	// Events hears every step. It is called in order for one task and must not block.
	Events func(Event)
	Clock  scheduler.Clock
	Random func() float64 // uniform in [0,1); nil: the runtime's generator
	Log    *slog.Logger

	Lease          time.Duration // a node must report at least this often; it does so three times as often
	BidWindow      time.Duration
	STATWindow     time.Duration
	RoundWait      time.Duration
	AwardTimeout   time.Duration
	MaxAttempts    int
	MaxResultBytes int64
}

func (c *Config) fill() error {
	if c.Host == nil || c.Market == nil || c.DB == nil || c.Blobs == nil || c.Key == nil {
		return errors.New("start broker: host, market, database, ciphertext store and key must be set")
	}
	if c.Check == nil {
		c.Check = func(models.Digest, attest.Receipt, []byte) error { return nil }
	}
	if c.Score == nil {
		c.Score = func(common.Address) float64 { return 1 }
	}
	if c.Events == nil {
		c.Events = func(Event) {}
	}
	if c.Clock == nil {
		c.Clock = scheduler.SystemClock{}
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&c.Lease, DefaultLease}, {&c.BidWindow, DefaultBidWindow}, {&c.STATWindow, DefaultSTATWindow},
		{&c.RoundWait, DefaultRoundWait}, {&c.AwardTimeout, DefaultAwardTimeout}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if c.MaxAttempts <= 0 {
		c.MaxAttempts = DefaultMaxAttempts
	}
	if c.MaxResultBytes <= 0 {
		c.MaxResultBytes = DefaultMaxResultBytes
	}
	return nil
}

// Submission is a task to be done. Task is the caller's idempotent id: submitting
// it twice makes one task.
type Submission struct {
	Task           models.Digest
	Payload        []byte // plaintext; it is sealed before Submit returns and not kept
	PackageDigest  models.Digest
	WeightsDigest  models.Digest
	ManifestDigest models.Digest
	Priority       scheduler.Class
	Deadline       time.Time
	Residency      []string // ISO 3166-1 alpha-2; at least one
	MinTier        uint8
	MinTrust       scheduler.Trust
	PriceCeiling   uint64 // gwei of HIVE for the whole task
	MemoryBytes    int64  // what the model needs
}

func (s Submission) validate(now time.Time) error {
	switch {
	case s.Task.IsZero() || s.PackageDigest.IsZero() || s.WeightsDigest.IsZero() || s.ManifestDigest.IsZero():
		return errors.New("task id and the digests of package, weights and manifest must be set")
	case len(s.Payload) == 0 || int64(len(s.Payload)) > scheduler.MaxPayloadBytes:
		return fmt.Errorf("payload has %d bytes; want 1 to %d", len(s.Payload), int64(scheduler.MaxPayloadBytes))
	case !s.Deadline.After(now) || s.Deadline.Sub(now) > maxPatience:
		return fmt.Errorf("deadline is in %v; want more than 0 and at most %v", s.Deadline.Sub(now), maxPatience)
	case s.Priority > scheduler.STAT:
		return fmt.Errorf("%v: want routine, urgent or STAT", s.Priority)
	case len(s.Residency) == 0 || len(s.Residency) > scheduler.MaxRegions:
		return fmt.Errorf("residency set has %d regions; name 1 to %d where the data may go", len(s.Residency), scheduler.MaxRegions)
	}
	for _, region := range s.Residency {
		if !scheduler.ValidRegion(region) {
			return fmt.Errorf("residency %.8q: want an ISO 3166-1 code such as DE", region)
		}
	}
	return nil
}

// Broker owns the tasks in its database. It is safe for concurrent use.
type Broker struct {
	Config
	store     store
	ctx       context.Context
	cancel    context.CancelFunc
	running   sync.WaitGroup // task loops, dialogues and inbound streams
	receiving chan struct{}  // one token per result being taken in
	sealing   sync.Mutex     // one Submit at a time: two of one id must not seal over each other

	mu     sync.Mutex // guards tasks, held and closed
	tasks  map[models.Digest]*task
	held   map[common.Address]int // live leases by node
	closed bool
}

// New opens the broker's part of the database and answers nodes. Resume takes up
// what an earlier process left; Close ends it.
func New(c Config) (*Broker, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	st, err := openStore(c.DB)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &Broker{
		Config: c, store: st, ctx: ctx, cancel: cancel,
		receiving: make(chan struct{}, maxReceiving),
		tasks:     map[models.Digest]*task{}, held: map[common.Address]int{},
	}
	b.serve()
	return b, nil
}

// Submit seals the payload, persists the task and starts to offer it. When it
// returns nil, the task survives any crash. The same id again is the same task;
// one that ended without a result is taken up again, with fences that go on rising.
func (b *Broker) Submit(ctx context.Context, s Submission) error {
	if err := s.validate(b.Clock.Now()); err != nil {
		return fmt.Errorf("submit task %s: %w", s.Task.Short(), err)
	}
	payloadHash := models.DigestOf(s.Payload)
	b.sealing.Lock()
	defer b.sealing.Unlock()
	known, err := b.store.load(s.Task)
	fresh := errors.Is(err, ErrUnknownTask)
	if err != nil && !fresh {
		return fmt.Errorf("submit: %w", err)
	}
	if !fresh && (known.PayloadHash != payloadHash || known.Package != s.PackageDigest) {
		return fmt.Errorf("submit task %s: this id stands for another payload or model; choose a fresh id", s.Task.Short())
	}
	again, reopenErr := known.Task.Reopen(s.Deadline, b.MaxAttempts)
	if !fresh && reopenErr != nil {
		return b.start(known) // it runs, or has its result
	}
	if !fresh {
		if err := b.ended(ctx, s.Task); err != nil {
			return fmt.Errorf("submit task %s: %w", s.Task.Short(), err)
		}
	}
	r, err := b.seal(ctx, s)
	if err != nil {
		return fmt.Errorf("submit task %s: %w", s.Task.Short(), err)
	}
	r.PayloadHash = payloadHash
	if fresh {
		err = b.store.create(r)
	} else {
		r.Task = again
		_, err = b.store.update(s.Task, func(old *record) error { *old = r; return nil })
	}
	if err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	b.emit(r, Sealed, Event{Text: fmt.Sprintf("%d bytes as %s", len(s.Payload), r.PayloadCID)})
	return b.start(r)
}

// ended waits until nothing works on an ended task any more.
func (b *Broker) ended(ctx context.Context, id models.Digest) error {
	t, err := b.find(id)
	if err != nil {
		return nil // its loop is gone
	}
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Resume takes up every task that has not ended, with a whole fresh lease for
// those that a node holds: the clinic's outage is nobody's strike.
func (b *Broker) Resume(context.Context) error {
	records, err := b.store.all()
	if err != nil {
		return fmt.Errorf("resume tasks: %w", err)
	}
	for _, r := range records {
		if r.Task.State.Final() {
			if r.ContentKey != nil {
				b.tidy(r)
			}
			continue
		}
		if err := b.start(r); err != nil {
			return fmt.Errorf("resume tasks: %w", err)
		}
	}
	return nil
}

// start runs the loop of a persisted task, unless one runs or it has ended.
func (b *Broker) start(r record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errors.New("the broker is closed; start the clinic again")
	}
	if _, running := b.tasks[r.Task.ID]; running || r.Task.State.Final() {
		return nil
	}
	r.Task = r.Task.Restore(b.Clock.Now(), b.Lease)
	t := newTask(b, r)
	b.tasks[r.Task.ID] = t
	b.running.Go(t.loop)
	return nil
}

// find is the running task of an id.
func (b *Broker) find(id models.Digest) (*task, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.tasks[id]
	if !ok {
		return nil, fmt.Errorf("task %s: %w", id.Short(), ErrUnknownTask)
	}
	return t, nil
}

// Wait returns the outcome once the task has ended, with or without a result.
func (b *Broker) Wait(ctx context.Context, id models.Digest) (Outcome, error) {
	if t, err := b.find(id); err == nil {
		select {
		case <-t.done:
		case <-ctx.Done():
			return Outcome{}, fmt.Errorf("wait for task %s: %w", id.Short(), context.Cause(ctx))
		case <-b.ctx.Done():
			return Outcome{}, fmt.Errorf("wait for task %s: the broker is closed; start the clinic again to resume", id.Short())
		}
	}
	r, err := b.store.load(id)
	if err != nil {
		return Outcome{}, fmt.Errorf("wait: %w", err)
	}
	if !r.Task.State.Final() {
		return Outcome{}, fmt.Errorf("wait for task %s: it is %s and not running; call Resume first", id.Short(), r.Task.State)
	}
	return b.outcome(ctx, r)
}

// Delivered notes that the caller has taken the result over; its ciphertext and
// keys are dropped. Calling it again is no error.
func (b *Broker) Delivered(ctx context.Context, id models.Digest) error {
	r, err := b.store.update(id, func(r *record) error {
		if r.Task.State == scheduler.Delivered {
			return nil
		}
		next, err := r.Task.Deliver()
		if err != nil {
			return err
		}
		r.Task = next
		r.forgetKeys()
		return nil
	})
	if err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	if r.Result == nil {
		return nil
	}
	return b.Blobs.Delete(ctx, r.Result.Blob)
}

// Undelivered lists the tasks whose result was accepted but not taken over yet.
func (b *Broker) Undelivered() ([]models.Digest, error) {
	records, err := b.store.all()
	if err != nil {
		return nil, err
	}
	var ids []models.Digest
	for _, r := range records {
		if r.Task.State == scheduler.Resulted {
			ids = append(ids, r.Task.ID)
		}
	}
	return ids, nil
}

// Cancel withdraws a task that has no result yet. A node that works on it hears of
// it with its next report.
func (b *Broker) Cancel(ctx context.Context, id models.Digest, reason string) error {
	t, err := b.find(id)
	if err != nil {
		return fmt.Errorf("cancel: %w", err)
	}
	return t.do(ctx, func() error {
		next, err := t.rec.Task.Cancel(wire.Reason(reason))
		if err != nil {
			return err
		}
		return t.save(func(r *record) { r.Task = next })
	})
}

// Close stops answering nodes and waits for every goroutine. Tasks stay in the
// database for the next Resume.
func (b *Broker) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.unserve()
	b.cancel()
	b.running.Wait()
	return nil
}
