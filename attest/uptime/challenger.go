package uptime

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/attest"
)

// Ledger keeps outcomes. Record is durable when it returns; an answer whose
// sequence number does not rise is attest.ErrSequence and is not kept.
type Ledger interface {
	Record(ctx context.Context, c attest.Challenge) error
}

// ChallengerOptions say whom to ask, how often, and where outcomes go.
type ChallengerOptions struct {
	Domain   attest.Domain
	Ledger   Ledger
	Targets  func(ctx context.Context) []Target // the nodes to ask now; called once an interval; must end with ctx
	Interval time.Duration                      // every node is asked once in each, at a random time
	Epoch    time.Duration                      // of which Most is the bound; 0: there is none
	Most     int                                // challenges in one Epoch: with many nodes intervals are longer, see Spread
	Timeout  time.Duration                      // of one challenge; 0: 10 s
	Parallel int                                // challenges at the same time; 0: 32

	// Online says whether the coordinator itself is connected; it is asked after a
	// challenge got no answer. nil: some peer other than the node answers a ping.
	Online func(ctx context.Context, silent Target) bool
	Now    func() time.Time
	Rand   io.Reader // nil: crypto/rand; nonces and times come from it
	Log    *slog.Logger
}

const (
	defaultTimeout  = 10 * time.Second
	defaultParallel = 32
	onlineTimeout   = 5 * time.Second
	onlinePeers     = 3 // how many others are pinged before "we are cut off"
)

// Challenger asks nodes at random times. Run is its loop; Trigger, Pause and
// Resume steer it, from tests too.
type Challenger struct {
	opts ChallengerOptions
	ask  func(ctx context.Context, to Target, nonce [32]byte) (attest.SignedUptime, error)

	random sync.Mutex // guards opts.Rand

	mu     sync.Mutex    // guards paused
	paused chan struct{} // not nil while paused; closed by Resume
}

// NewChallenger asks through h.
func NewChallenger(h host.Host, opts ChallengerOptions) (*Challenger, error) {
	if opts.Ledger == nil || opts.Targets == nil || opts.Interval <= 0 {
		return nil, errors.New("uptime challenger: ledger, targets and interval must be set")
	}
	if opts.Epoch < 0 || opts.Epoch > 0 && opts.Most <= 0 {
		return nil, errors.New("uptime challenger: an epoch's challenges are bounded by one or more")
	}
	if opts.Timeout <= 0 {
		opts.Timeout = defaultTimeout
	}
	if opts.Parallel <= 0 {
		opts.Parallel = defaultParallel
	}
	if opts.Online == nil {
		opts.Online = func(ctx context.Context, silent Target) bool { return OthersAnswer(ctx, h, silent.Peer) }
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Rand == nil {
		opts.Rand = crand.Reader
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	ask := func(ctx context.Context, to Target, nonce [32]byte) (attest.SignedUptime, error) {
		return ask(ctx, h, opts.Domain, to, nonce)
	}
	return &Challenger{opts: opts, ask: ask}, nil
}

// Run asks every target once an interval until ctx ends, which is no error. It
// ends early only when an outcome can't be recorded.
func (c *Challenger) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := c.interval(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// planned is one challenge of an interval.
type planned struct {
	target Target
	after  time.Duration // since the interval began
}

// interval asks each target at its own random time and ends with the interval.
func (c *Challenger) interval(ctx context.Context) error {
	begin := c.opts.Now()
	targets := c.opts.Targets(ctx)
	length := Spread(c.opts.Interval, c.opts.Epoch, len(targets), c.opts.Most)
	plan, err := c.plan(targets, length)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.opts.Parallel)
	for _, p := range plan {
		if !c.wait(ctx, p.after-c.opts.Now().Sub(begin)) {
			break
		}
		group.Go(func() error { return c.challenge(ctx, p.target) })
	}
	c.wait(ctx, length-c.opts.Now().Sub(begin))
	return group.Wait()
}

// Spread is how long an interval is, in which each of so many nodes is asked once: wish, or
// so long that an epoch has no more than most challenges in the mean,
//
//	max(wish, epoch · nodes / most)
//
// What one epoch holds is bounded, and more nodes must not crowd out what they earn. With
// epoch 0 it is wish.
func Spread(wish, epoch time.Duration, nodes, most int) time.Duration {
	if epoch <= 0 || nodes <= 0 || most <= 0 {
		return wish
	}
	return max(wish, time.Duration(float64(epoch)*(float64(nodes)/float64(most))))
}

// plan draws a time within length for each target, earliest first.
func (c *Challenger) plan(targets []Target, length time.Duration) ([]planned, error) {
	c.random.Lock()
	defer c.random.Unlock()
	plan := make([]planned, len(targets))
	for i, t := range targets {
		var raw [8]byte
		if _, err := io.ReadFull(c.opts.Rand, raw[:]); err != nil {
			return nil, fmt.Errorf("plan uptime challenges: %w", err)
		}
		// The modulo's bias is under 2⁻²⁰ for any interval under a month.
		plan[i] = planned{t, time.Duration(binary.BigEndian.Uint64(raw[:]) % uint64(length))}
	}
	slices.SortFunc(plan, func(a, b planned) int { return cmp.Compare(a.after, b.after) })
	return plan, nil
}

// wait lets d pass, and then the pause if there is one; false when ctx ended.
func (c *Challenger) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	}
	c.mu.Lock()
	paused := c.paused
	c.mu.Unlock()
	if paused == nil {
		return true
	}
	select {
	case <-ctx.Done():
		return false
	case <-paused:
		return true
	}
}

// Pause lets Run ask nothing more until Resume. What is being asked goes on.
func (c *Challenger) Pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused == nil {
		c.paused = make(chan struct{})
	}
}

// Resume ends a pause.
func (c *Challenger) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused != nil {
		close(c.paused)
		c.paused = nil
	}
}

// Trigger asks every target once, now, and returns when all outcomes are
// recorded. It works while paused and without Run.
func (c *Challenger) Trigger(ctx context.Context) error {
	targets := c.opts.Targets(ctx)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.opts.Parallel)
	for _, t := range targets {
		group.Go(func() error { return c.challenge(ctx, t) })
	}
	return group.Wait()
}

// challenge asks one node and records the outcome. A challenge that is cut short
// because ctx ended leaves no record: that was us.
func (c *Challenger) challenge(ctx context.Context, to Target) error {
	nonce, err := c.nonce()
	if err != nil {
		return err
	}
	record := attest.Challenge{Node: to.Node, Nonce: nonce, AskedAt: c.opts.Now(), Outcome: attest.Answered}
	limited, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	answer, err := c.ask(limited, to, nonce)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		record.Answer = &answer
	case errors.Is(err, errInvalid):
		record.Outcome = attest.Refused
	case c.opts.Online(ctx, to):
		record.Outcome = attest.Timeout
	default:
		record.Outcome = attest.OwnOutage
	}
	if ctx.Err() != nil { // it ended while others were pinged: what they said is worth nothing
		return ctx.Err()
	}
	recordErr := c.opts.Ledger.Record(ctx, record)
	if errors.Is(recordErr, attest.ErrSequence) {
		err, record.Outcome, record.Answer = recordErr, attest.Refused, nil
		recordErr = c.opts.Ledger.Record(ctx, record)
	}
	if recordErr != nil {
		return fmt.Errorf("record uptime of %s: %w; check the coordinator's disk", to.Node, recordErr)
	}
	c.opts.Log.Debug("uptime challenge", "node", to.Node, "outcome", record.Outcome, "error", err)
	return nil
}

func (c *Challenger) nonce() (nonce [32]byte, err error) {
	c.random.Lock()
	defer c.random.Unlock()
	if _, err := io.ReadFull(c.opts.Rand, nonce[:]); err != nil {
		return nonce, fmt.Errorf("draw uptime nonce: %w", err)
	}
	return nonce, nil
}

// OthersAnswer reports whether a connected peer other than the silent one
// answers a ping. When nobody does, it is the coordinator that is cut off; with
// nobody else connected that can't be told apart, and the node gets the benefit.
func OthersAnswer(ctx context.Context, h host.Host, silent peer.ID) bool {
	ctx, cancel := context.WithTimeout(ctx, onlineTimeout)
	defer cancel()
	others := slices.DeleteFunc(h.Network().Peers(), func(p peer.ID) bool { return p == silent })
	others = others[:min(len(others), onlinePeers)]
	answers := make(chan bool, len(others))
	for _, p := range others {
		go func() {
			r, ok := <-ping.Ping(ctx, h, p) // closed at the latest when ctx ends
			answers <- ok && r.Error == nil
		}()
	}
	online := false
	for range others { // all of them: nothing is left running
		if <-answers {
			online = true
			cancel()
		}
	}
	return online
}
