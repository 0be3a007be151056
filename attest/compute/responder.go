package compute

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/models"
)

// Machine computes works; challenge.Remote does. Whatever it computed is kept until Close.
type Machine interface {
	// Prove computes a Compute work.
	Prove(ctx context.Context, w challenge.Work, seed challenge.Seed) (challenge.Answer, error)
	// Fill computes the table of a Memory work; walk passes over it.
	Fill(ctx context.Context, w challenge.Work, seed challenge.Seed) (walk func(ctx context.Context, nonce [32]byte) (challenge.Answer, error), err error)
	Close() error
}

// Claims are what a node's profile says.
type Claims struct {
	Profile     models.Digest
	TOPS        float64 // int8, 10¹² operations a second
	MemoryBytes uint64  // own, of the accelerator that was measured; 0: none
}

// ResponderOptions are what a node answers with. All but Gap, Result, Now and Log are needed.
type ResponderOptions struct {
	Key     *ecdsa.PrivateKey
	Domain  attest.Domain
	Allow   func(peer.ID) bool // who may examine: the coordinators
	Claims  func() Claims
	Machine func(ctx context.Context) (Machine, error)

	// Ready takes no new jobs from when it is called until release, and returns when the
	// last one has ended. It must end with ctx; an error means that the node is too busy.
	Ready func(ctx context.Context) (release func(), err error)

	Gap    time.Duration                    // between two examinations: they take the machine's time; 0: none
	Result func(r attest.SignedExamination) // hears the coordinator's signed word
	Now    func() time.Time
	Log    *slog.Logger
}

// The bounds of a responder.
const (
	// longestWork times the node's own claim is the most that it computes for one
	// examination.
	longestWork = 5 * time.Minute
	// wordTimeout is how long the coordinator may take for what costs it nothing.
	wordTimeout = time.Minute
	// startTimeout is how long the start may be away: others of the operator get ready.
	startTimeout = 15 * time.Minute
	// sessionTimeout bounds everything together.
	sessionTimeout = time.Hour
)

// Responder answers examinations for one node, one at a time.
type Responder struct {
	opts ResponderOptions
	slot chan struct{}

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	mu   sync.Mutex // guards host and last, and that no stream is begun after stop
	host host.Host
	last time.Time // when the last examination ended; zero: none yet
	wg   sync.WaitGroup
}

// NewResponder checks that nothing is missing. Start lets it answer.
func NewResponder(opts ResponderOptions) (*Responder, error) {
	if opts.Key == nil || opts.Allow == nil || opts.Claims == nil || opts.Machine == nil || opts.Ready == nil {
		return nil, errors.New("compute responder: key, allow, claims, machine and ready must all be set")
	}
	if opts.Result == nil {
		opts.Result = func(attest.SignedExamination) {}
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Responder{opts: opts, slot: make(chan struct{}, 1), ctx: ctx, stop: stop}, nil
}

// Start answers Protocol on h until Close.
func (r *Responder) Start(h host.Host) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.host = h
	h.SetStreamHandler(Protocol, r.serve)
	h.SetStreamHandler(OutcomeProtocol, r.hear)
}

// Close answers no more and waits for what is being answered, which it cuts short.
func (r *Responder) Close() {
	r.mu.Lock()
	if r.host != nil {
		r.host.RemoveStreamHandler(Protocol)
		r.host.RemoveStreamHandler(OutcomeProtocol)
	}
	r.stop()
	r.mu.Unlock()
	r.wg.Wait()
}

// begin takes the slot; rested reports whether the gap since the last examination is over.
func (r *Responder) begin() (ok, rested bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return false, false
	}
	select {
	case r.slot <- struct{}{}:
		r.wg.Add(1)
		return true, r.last.IsZero() || r.opts.Now().Sub(r.last) >= r.opts.Gap
	default:
		return false, false
	}
}

func (r *Responder) end(computed bool) {
	r.mu.Lock()
	if computed {
		r.last = r.opts.Now()
	}
	r.mu.Unlock()
	<-r.slot
	r.wg.Done()
}

func (r *Responder) serve(stream network.Stream) {
	from := stream.Conn().RemotePeer()
	if !r.opts.Allow(from) {
		r.opts.Log.Debug("examination turned away", "peer", from)
		_ = stream.Reset()
		return
	}
	ok, rested := r.begin()
	if !ok {
		r.opts.Log.Debug("examination turned away: one is under way", "peer", from)
		_ = stream.Reset()
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, sessionTimeout)
	release := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	s := &sitting{Responder: r, stream: stream, rested: rested}
	err := s.run(ctx)
	release()
	cancel()
	r.end(s.computed)
	if err != nil {
		r.opts.Log.Warn("examination not answered", "peer", from, "error", err)
		_ = stream.Reset()
		return
	}
	_ = stream.Close()
}

// sitting is one examination at the node.
type sitting struct {
	*Responder
	stream   network.Stream
	rested   bool
	computed bool // the work was begun
}

// within sets the time for what the coordinator sends next. Wall clock: stream deadlines
// are the operating system's.
func (s *sitting) within(d time.Duration) error { return s.stream.SetReadDeadline(time.Now().Add(d)) }

func (s *sitting) run(ctx context.Context) error {
	if err := s.within(wordTimeout); err != nil {
		return err
	}
	var o offer
	if err := receive(s.stream, &o); err != nil {
		return fmt.Errorf("read the offer of an examination: %w", err)
	}
	claims := s.opts.Claims()
	if reason := s.judge(o, claims); reason != "" {
		return send(s.stream, reply{Reason: reason})
	}
	release, err := s.opts.Ready(ctx)
	if err != nil {
		s.opts.Log.Warn("examination missed: the jobs of this node did not end in time; three missed in a row cost its tier, so allow it shorter or fewer jobs", "error", err)
		return send(s.stream, reply{Reason: ReasonBusy})
	}
	defer release()
	machine, err := s.opts.Machine(ctx)
	if err != nil {
		return s.unable(err)
	}
	err = s.compute(ctx, o, machine)
	return errors.Join(err, machine.Close())
}

// judge says why the offer is not taken, or nothing.
func (s *sitting) judge(o offer, claims Claims) Reason {
	switch {
	case !s.rested:
		return ReasonBusy
	case o.Profile != claims.Profile:
		return ReasonProfile
	case o.Work.Validate() != nil, !(claims.TOPS > 0), o.Work.Operations()/(claims.TOPS*1e12) > longestWork.Seconds():
		return ReasonRefused
	case o.Work.Kind == challenge.Memory && o.Work.TableBytes() > claims.MemoryBytes:
		return ReasonRefused
	}
	return ""
}

// compute goes from ready to the coordinator's word on the outcome.
func (s *sitting) compute(ctx context.Context, o offer, machine Machine) error {
	if err := errors.Join(send(s.stream, reply{Ready: true}), s.within(startTimeout)); err != nil {
		return err
	}
	var seed word
	if err := receive(s.stream, &seed); err != nil {
		return fmt.Errorf("wait for the seed: %w", err)
	}
	s.computed = true
	answer, err := s.answer(ctx, o.Work, challenge.Seed(seed.Value), machine)
	if errors.Is(err, challenge.ErrUnable) || (err != nil && o.Work.Kind == challenge.Memory) {
		return s.unable(err) // of memory, whatever the cause: being without enough of it costs no more than that
	}
	if err != nil {
		return err
	}
	c := attest.Commitment{
		Node: crypto.PubkeyToAddress(s.opts.Key.PublicKey), Challenge: o.ID, Seed: seed.Value, Work: workDigest(o.Work),
		Root: answer.Root(), ProfileDigest: o.Profile, At: s.opts.Now(),
	}
	signature, err := attest.Sign(c.Hash(s.opts.Domain), s.opts.Key)
	if err != nil {
		return err
	}
	if err := errors.Join(send(s.stream, attest.SignedCommitment{Commitment: c, NodeSig: signature}), s.within(wordTimeout)); err != nil {
		return err
	}
	var nonce word
	if err := receive(s.stream, &nonce); err != nil {
		return fmt.Errorf("wait for what to open: %w", err)
	}
	opening, err := answer.Open(ctx, nonce.Value)
	if err != nil {
		return err
	}
	if err := errors.Join(attest.WriteFrame(s.stream, opening), s.within(wordTimeout)); err != nil {
		return err
	}
	return s.outcome(o)
}

// unable declines for good, and leaves the reason in the node's own log.
func (s *sitting) unable(reason error) error {
	s.opts.Log.Warn("this machine can't prove what it claims, which counts as a missed examination", "error", reason)
	return send(s.stream, reply{Reason: ReasonUnable})
}

// answer computes the work. A table is walked when the coordinator says so.
func (s *sitting) answer(ctx context.Context, w challenge.Work, seed challenge.Seed, machine Machine) (challenge.Answer, error) {
	if w.Kind == challenge.Compute {
		return machine.Prove(ctx, w, seed)
	}
	walk, err := machine.Fill(ctx, w, seed)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(send(s.stream, reply{Ready: true}), s.within(wordTimeout)); err != nil {
		return nil, err
	}
	var start word
	if err := receive(s.stream, &start); err != nil {
		return nil, fmt.Errorf("wait for the walk to begin: %w", err)
	}
	return walk(ctx, start.Value)
}

// outcome hands the coordinator's signed word on to whoever listens.
func (s *sitting) outcome(o offer) error {
	data, err := attest.ReadFrame(s.stream, attest.MaxExaminationBytes)
	if err != nil {
		return fmt.Errorf("wait for the outcome: %w", err)
	}
	return s.take(data, s.stream.Conn().RemotePeer(), func(e attest.Examination) bool { return e.ID == o.ID })
}

// take hands on what the coordinator signed, if it is of an examination that is meant.
func (r *Responder) take(data []byte, from peer.ID, meant func(e attest.Examination) bool) error {
	signed, err := attest.DecodeSignedExamination(data)
	if err != nil {
		return err
	}
	coordinator, err := identity.AddressOf(from)
	if err != nil {
		return fmt.Errorf("outcome of an examination: %w", err)
	}
	if !meant(signed.Examination) {
		return errors.New("outcome of an examination: it is of another one")
	}
	if err := signed.Verify(r.opts.Domain, coordinator); err != nil {
		return err
	}
	r.opts.Result(signed)
	return nil
}

// hear takes the outcome of an examination that this node missed or declined.
func (r *Responder) hear(stream network.Stream) {
	from := stream.Conn().RemotePeer()
	r.mu.Lock()
	ended := r.ctx.Err() != nil
	if !ended {
		r.wg.Add(1)
	}
	r.mu.Unlock()
	if ended || !r.opts.Allow(from) {
		if !ended {
			r.wg.Done()
		}
		_ = stream.Reset()
		return
	}
	defer r.wg.Done()
	release := context.AfterFunc(r.ctx, func() { _ = stream.Reset() })
	defer release()
	// Wall clock: stream deadlines are the operating system's.
	_ = stream.SetReadDeadline(time.Now().Add(tellTimeout))
	data, err := attest.ReadFrame(stream, attest.MaxExaminationBytes)
	if err == nil {
		self := crypto.PubkeyToAddress(r.opts.Key.PublicKey)
		err = r.take(data, from, func(e attest.Examination) bool { return e.Node == self })
	}
	if err != nil {
		r.opts.Log.Warn("outcome of an examination not taken", "peer", from, "error", err)
		_ = stream.Reset()
		return
	}
	_ = stream.Close()
}
