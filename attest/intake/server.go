package intake

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// Options tune a Server. The zero value serves with the defaults.
type Options struct {
	// Admit says whether a node's statements are wanted: nil, a *Refusal that tells
	// the sender why not, or another error when that can't be known now; the sender
	// is put off then. It must end with ctx. A nil Admit takes every node's.
	Admit func(ctx context.Context, node common.Address) error
	// Checkers are the coordinators whose verdicts on canaries and re-runs are taken from
	// others' hands; the coordinator's own go to its store directly. It is asked at most once
	// in checkersFor; a nil Checkers knows none.
	Checkers  func(ctx context.Context) ([]common.Address, error)
	Wallets   attest.Wallets // asks contract wallets that sign as clinics; nil: only keys are known
	PerSecond float64        // statements of one peer in the long run; 0: 100
	Burst     int            // … and at once; 0: 1000
	Streams   int            // whose statements are verified and stored at the same time; the rest waits; 0: 64
	Timeout   time.Duration  // of one statement, or of waiting for the next one on a stream of many; 0: 10 s
	Now       func() time.Time
	Log       *slog.Logger
}

// The defaults: a clinic of a hundred jobs a minute stays far below them, and a peer that
// uses them up costs a hundredth of a core.
const (
	defaultPerSecond = 100
	defaultBurst     = 1000
	defaultStreams   = 64
	defaultTimeout   = 10 * time.Second
)

func (o Options) withDefaults() Options {
	if o.Admit == nil {
		o.Admit = func(context.Context, common.Address) error { return nil }
	}
	if o.PerSecond <= 0 {
		o.PerSecond = defaultPerSecond
	}
	if o.Burst <= 0 {
		o.Burst = defaultBurst
	}
	if o.Streams <= 0 {
		o.Streams = defaultStreams
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wallets != nil {
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// maxKnownKeys is how many signers' keys are remembered: ten megabytes.
const maxKnownKeys = 100_000

// Server takes statements in. Anyone may carry a statement: what counts is who
// signed it.
type Server struct {
	store  Store
	domain attest.Domain
	opts   Options
	rates  *rates
	slots  chan struct{} // one for each statement that is verified, and for each batch that is stored
	doors  *doors        // the streams that are open
	asking *asking       // nil: only keys are known
	life   string        // another one for each Server
	judges judges

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	mu   sync.Mutex // guards host, and that no stream is begun after stop
	host host.Host
	wg   sync.WaitGroup
}

// New makes a server; Start lets it serve.
func New(store Store, domain attest.Domain, opts Options) *Server {
	opts = opts.withDefaults()
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{store: store, domain: domain.Remember(maxKnownKeys), opts: opts, life: rand.Text(), judges: judges{ask: opts.Checkers}, ctx: ctx, stop: stop,
		rates: newRates(opts.PerSecond, opts.Burst), slots: make(chan struct{}, opts.Streams), doors: newDoors()}
	if opts.Wallets != nil {
		s.asking = newAsking(opts.Wallets, opts.Now)
	}
	return s
}

// Start serves Protocol and ManyProtocol on h until Close.
func (s *Server) Start(h host.Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.host = h
	h.SetStreamHandler(Protocol, s.serve)
	h.SetStreamHandler(ManyProtocol, s.serveMany)
}

// Close takes no more streams and waits for those that are being served.
func (s *Server) Close() {
	s.mu.Lock()
	if s.host != nil {
		s.host.RemoveStreamHandler(Protocol)
		s.host.RemoveStreamHandler(ManyProtocol)
	}
	s.stop()
	s.mu.Unlock()
	s.wg.Wait()
}

// begin lets a stream in; false when the server is closing or its peer has too many open.
// Whoever it lets in calls end.
func (s *Server) begin(stream network.Stream) (in *guest, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil, false
	}
	in, ok = s.doors.enter(stream.Conn().RemotePeer(), func() { _ = stream.Reset() })
	if ok {
		s.wg.Add(1)
	}
	return in, ok
}

func (s *Server) end(in *guest) {
	s.doors.leave(in)
	s.wg.Done()
}

// slot waits for the right to verify or to store; the caller calls free. Nobody holds it
// while a peer is waited for.
func (s *Server) slot(ctx context.Context) (free func(), err error) {
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
}

// serve handles one stream: one statement.
func (s *Server) serve(stream network.Stream) {
	in, ok := s.begin(stream)
	if !ok {
		_ = stream.Reset()
		return
	}
	defer s.end(in)
	// Wall clock: stream deadlines are the operating system's.
	if err := stream.SetDeadline(time.Now().Add(s.opts.Timeout)); err != nil {
		_ = stream.Reset()
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.opts.Timeout)
	defer cancel()
	// A sender that is slow to speak must not hold up Close.
	release := context.AfterFunc(s.ctx, func() { _ = stream.Reset() })
	defer release()
	from := stream.Conn().RemotePeer()
	if !s.rates.allow(from, s.opts.Now()) {
		s.opts.Log.Debug("statement put off", "peer", from, "reason", "rate")
		s.finish(stream, reply{Again: true})
		return
	}
	data, err := attest.ReadFrame(stream, maxRequest)
	if err != nil {
		s.opts.Log.Debug("statement not read", "peer", from, "error", err)
		_ = stream.Reset()
		return
	}
	s.doors.heard(in)
	if asksLife(data) {
		s.doors.leave(in)
		s.finish(stream, reply{Life: s.life})
		return
	}
	r := s.replyTo(from, s.take(ctx, from, data))
	s.doors.leave(in) // before the peer hears of it and comes again
	s.finish(stream, r)
}

// replyTo is what the peer hears of its statement.
func (s *Server) replyTo(from peer.ID, err error) reply {
	var refused *Refusal
	switch {
	case err == nil:
		return reply{Stored: true}
	case errors.As(err, &refused):
		s.opts.Log.Info("statement refused", "peer", from, "reason", refused.Text)
		return reply{Refusal: refused.Text}
	case putOff(err): // a flood must not fill the log
		s.opts.Log.Debug("statement put off", "peer", from, "reason", err)
	default:
		s.opts.Log.Error("statement not stored", "peer", from, "error", err)
	}
	return reply{Again: true}
}

// putOff says that nobody is at fault: it is busy here, or the stream or the server is ending.
func putOff(err error) bool {
	return errors.Is(err, ErrBusy) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func (s *Server) finish(stream network.Stream, r reply) {
	if err := send(stream, r); err != nil {
		s.opts.Log.Debug("reply not sent", "peer", stream.Conn().RemotePeer(), "error", err)
		_ = stream.Reset()
	}
}

// take verifies one request and stores it. A *Refusal is the sender's fault,
// ErrBusy nobody's, any other error is ours.
func (s *Server) take(ctx context.Context, from peer.ID, data []byte) error {
	statement, err := readRequest(data)
	if err != nil {
		return &Refusal{err.Error()}
	}
	if err := s.check(ctx, from, &statement); err != nil {
		return err
	}
	free, err := s.slot(ctx)
	if err != nil {
		return err
	}
	defer free()
	return refusedOr(s.store.Put(ctx, []Statement{statement})[0])
}

// asksLife says whether a request asks for the life and brings nothing.
func asksLife(data []byte) bool {
	var r struct{ Kind string }
	return len(data) <= maxLifeRequest && json.Unmarshal(data, &r) == nil && r.Kind == kindLife
}

// maxLifeRequest is above the length in bytes of a request for the life, and below any statement's.
const maxLifeRequest = 64

// readRequest decodes the one statement of a request of Protocol.
func readRequest(data []byte) (Statement, error) {
	var r request
	if err := json.Unmarshal(data, &r); err != nil {
		return Statement{}, fmt.Errorf("request: %w; send a statement of this version", err)
	}
	switch r.Kind {
	case kindReceipt:
		receipt, err := attest.DecodeSignedReceipt(r.Statement)
		return Statement{Receipt: &receipt}, err
	case kindProfile:
		profile, err := attest.DecodeSignedProfile(r.Statement)
		return Statement{Profile: &profile}, err
	case kindVerdict:
		verdict, err := attest.DecodeSignedVerdict(r.Statement)
		return Statement{Verdict: &verdict}, err
	}
	return Statement{}, fmt.Errorf("kind %.20q is unknown; want %s, %s or %s", r.Kind, kindReceipt, kindProfile, kindVerdict)
}

// check asks whether a decoded statement is wanted, verifies it and fills in its digest.
// Its errors are take's. A node that nobody registered costs no signature and no question
// to a wallet.
func (s *Server) check(ctx context.Context, from peer.ID, statement *Statement) error {
	if err := s.opts.Admit(ctx, statement.node()); err != nil {
		return err
	}
	if v := statement.Verdict; v != nil {
		if err := s.mayJudge(ctx, v.Verdict); err != nil {
			return refusedUnless(err)
		}
	}
	free, err := s.slot(ctx)
	if err != nil {
		return err
	}
	defer free()
	return refusedUnless(s.verify(ctx, from, statement))
}

// refusedUnless makes an error the sender's fault, unless it says that somebody could not
// be asked.
func refusedUnless(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, attest.ErrUnchecked), errors.Is(err, ErrBusy):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return &Refusal{err.Error()}
}

func (s *Server) verify(ctx context.Context, from peer.ID, statement *Statement) error {
	switch {
	case statement.Receipt != nil:
		r := statement.Receipt
		statement.Digest = r.Acceptance.Receipt // Verify holds the two digests against each other
		return r.VerifyWith(ctx, s.domain, s.asking.by(from))
	case statement.Verdict != nil:
		v := statement.Verdict
		statement.Digest = v.Verdict.Hash(s.domain)
		return v.VerifyWith(ctx, s.domain, s.asking.by(from))
	case statement.Profile != nil:
		p := statement.Profile
		if err := p.Verify(s.domain); err != nil {
			return err
		}
		// One that this version can't read is kept, and unqualified: its node may be newer.
		if _, foreign := epoch.ReadProfile(p.Statement); errors.Is(foreign, epoch.ErrForeignProfile) {
			return foreign
		}
	}
	return nil
}

// node is the node that a statement is about.
func (s *Statement) node() (node common.Address) {
	switch {
	case s.Receipt != nil:
		node = s.Receipt.Receipt.Node
	case s.Verdict != nil:
		node = s.Verdict.Verdict.Node
	case s.Profile != nil:
		node = s.Profile.Statement.Node
	}
	return node
}

// refusedOr makes a replay the sender's fault; other store errors are ours.
func refusedOr(err error) error {
	if errors.Is(err, ErrReplay) {
		return &Refusal{err.Error()}
	}
	return err
}
