package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// Options tune a Server. The zero value serves with the defaults.
type Options struct {
	// Admit says whether a node's statements are wanted: nil, a *Refusal that tells
	// the sender why not, or another error when that can't be known now; the sender
	// is put off then. It must end with ctx. A nil Admit takes every node's.
	Admit     func(ctx context.Context, node common.Address) error
	PerSecond float64       // statements of one peer in the long run; 0: 20
	Burst     int           // … and at once; 0: 100
	Streams   int           // served at the same time; more are turned away; 0: 64
	Timeout   time.Duration // of one statement; 0: 10 s
	Now       func() time.Time
	Log       *slog.Logger
}

// The defaults: a clinic of a hundred jobs a minute stays far below them.
const (
	defaultPerSecond = 20
	defaultBurst     = 100
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
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Server takes statements in. Anyone may carry a statement: what counts is who
// signed it.
type Server struct {
	store  Store
	domain attest.Domain
	opts   Options
	rates  *rates
	slots  chan struct{} // one for each stream that is served

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
	return &Server{store: store, domain: domain, opts: opts, ctx: ctx, stop: stop,
		rates: newRates(opts.PerSecond, opts.Burst), slots: make(chan struct{}, opts.Streams)}
}

// Start serves Protocol on h until Close.
func (s *Server) Start(h host.Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.host = h
	h.SetStreamHandler(Protocol, s.serve)
}

// Close takes no more streams and waits for those that are being served.
func (s *Server) Close() {
	s.mu.Lock()
	if s.host != nil {
		s.host.RemoveStreamHandler(Protocol)
	}
	s.stop()
	s.mu.Unlock()
	s.wg.Wait()
}

// begin takes a slot; false when the server is closing or full.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	select {
	case s.slots <- struct{}{}:
		s.wg.Add(1)
		return true
	default:
		return false
	}
}

func (s *Server) end() {
	<-s.slots
	s.wg.Done()
}

// serve handles one stream: one statement.
func (s *Server) serve(stream network.Stream) {
	if !s.begin() {
		_ = stream.Reset()
		return
	}
	defer s.end()
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
	err = s.take(ctx, data)
	var refused *Refusal
	switch {
	case err == nil:
		s.finish(stream, reply{Stored: true})
	case errors.As(err, &refused):
		s.opts.Log.Info("statement refused", "peer", from, "reason", refused.Text)
		s.finish(stream, reply{Refusal: refused.Text})
	case errors.Is(err, ErrBusy): // a flood must not fill the log
		s.opts.Log.Debug("statement put off", "peer", from, "reason", err)
		s.finish(stream, reply{Again: true})
	default:
		s.opts.Log.Error("statement not stored", "peer", from, "error", err)
		s.finish(stream, reply{Again: true})
	}
}

func (s *Server) finish(stream network.Stream, r reply) {
	if err := send(stream, r); err != nil {
		s.opts.Log.Debug("reply not sent", "peer", stream.Conn().RemotePeer(), "error", err)
		_ = stream.Reset()
	}
}

// take verifies one request and stores it. A *Refusal is the sender's fault,
// ErrBusy nobody's, any other error is ours.
func (s *Server) take(ctx context.Context, data []byte) error {
	var r request
	if err := json.Unmarshal(data, &r); err != nil {
		return &Refusal{fmt.Sprintf("request: %v; send a statement of this version", err)}
	}
	switch r.Kind {
	case kindReceipt:
		receipt, err := attest.DecodeSignedReceipt(r.Statement)
		if err == nil {
			err = receipt.Verify(s.domain)
		}
		if err != nil {
			return &Refusal{err.Error()}
		}
		if err := s.opts.Admit(ctx, receipt.Receipt.Node); err != nil {
			return err
		}
		return refusedOr(s.store.PutReceipt(ctx, receipt.Receipt.Hash(s.domain), receipt))
	case kindProfile:
		profile, err := attest.DecodeSignedProfile(r.Statement)
		if err == nil {
			err = profile.Verify(s.domain)
		}
		if err != nil {
			return &Refusal{err.Error()}
		}
		// One that this version can't read is kept, and unqualified: its node may be newer.
		if _, err := epoch.ReadProfile(profile.Statement); errors.Is(err, epoch.ErrForeignProfile) {
			return &Refusal{err.Error()}
		}
		if err := s.opts.Admit(ctx, profile.Statement.Node); err != nil {
			return err
		}
		return refusedOr(s.store.PutProfile(ctx, profile))
	}
	return &Refusal{fmt.Sprintf("kind %.20q is unknown; want %s or %s", r.Kind, kindReceipt, kindProfile)}
}

// refusedOr makes a replay the sender's fault; other store errors are ours.
func refusedOr(err error) error {
	if errors.Is(err, ErrReplay) {
		return &Refusal{err.Error()}
	}
	return err
}
