package enrolment

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
)

// Options are what a Server serves by. Admit and Voucher are needed.
type Options struct {
	// Vendors are whose vouchers count.
	Vendors []common.Address
	// Admit says whether a node is registered: nil, a *Refusal, or another error when that
	// can't be known now. It is asked often.
	Admit func(ctx context.Context, node common.Address) error
	// Voucher is the digest that the registry names for a node, zero where it names none. It
	// is asked when a node is to show its device.
	Voucher func(ctx context.Context, node common.Address) (common.Hash, error)
	Now     func() time.Time
	Log     *slog.Logger
}

// Bounds of a server.
const (
	maxAnswering  = 64               // streams at once; further ones are turned away
	answerTimeout = 10 * time.Second // of one stream
	askedFor      = time.Minute      // how long a challenge may be answered: a slow TPM takes seconds
	maxAsked      = 10_000           // challenges that wait for their answers
)

// Server takes vouchers, challenges devices and hears who lives.
type Server struct {
	book  *Book
	opts  Options
	seen  *sightings
	slots chan struct{}

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	mu   sync.Mutex // guards what follows, and that no stream is begun after stop
	host host.Host
	busy map[peer.ID]bool // peers whose request is being answered
	open map[common.Address]asked
	wg   sync.WaitGroup
}

// asked is what waits for a node's answers.
type asked struct {
	nonce   common.Hash
	secret  [32]byte
	voucher common.Hash
	at      time.Time
}

// NewServer makes a server; Start lets it serve.
func NewServer(book *Book, opts Options) (*Server, error) {
	if opts.Admit == nil || opts.Voucher == nil {
		return nil, errors.New("enrolment: who is registered must be known")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Server{book: book, opts: opts, seen: newSightings(), slots: make(chan struct{}, maxAnswering), ctx: ctx, stop: stop,
		busy: map[peer.ID]bool{}, open: map[common.Address]asked{}}, nil
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

// Flags are the keys and devices that are in two places at once.
func (s *Server) Flags() []Flag { return s.seen.all(s.opts.Now()) }

// begin lets a stream in: one of a peer at a time, and not too many in all.
func (s *Server) begin(from peer.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil || s.busy[from] {
		return false
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return false
	}
	s.busy[from] = true
	s.wg.Add(1)
	return true
}

// leave lets the peer come again.
func (s *Server) leave(from peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, from)
}

func (s *Server) serve(stream network.Stream) {
	from := stream.Conn().RemotePeer()
	if !s.begin(from) {
		_ = stream.Reset()
		return
	}
	defer func() { <-s.slots; s.wg.Done() }()
	leave := sync.OnceFunc(func() { s.leave(from) })
	defer leave()
	ctx, cancel := context.WithTimeout(s.ctx, answerTimeout)
	defer cancel()
	release := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	defer release()
	raw, err := attest.ReadFrame(stream, maxRequest)
	if err != nil {
		_ = stream.Reset()
		return
	}
	r, err := s.answer(ctx, from, raw)
	var refused *Refusal
	switch {
	case errors.As(err, &refused):
		// The peer is told; anybody may ask often.
		s.opts.Log.Debug("a device's statement is refused", "peer", from, "reason", refused.Text)
		r = reply{Refusal: refused.Text}
	case err != nil:
		leave()
		s.opts.Log.Warn("a device's statement is not answered", "peer", from, "error", err)
		_ = stream.Reset()
		return
	}
	leave() // before the peer hears of it and comes again
	data, err := json.Marshal(r)
	if err == nil {
		err = attest.WriteFrame(stream, data)
	}
	if err != nil {
		_ = stream.Reset()
		return
	}
	_ = stream.Close() // the peer has its answer or asks again
}

// answer is the reply to one request. A *Refusal is the peer's fault, any other error ours.
func (s *Server) answer(ctx context.Context, from peer.ID, raw []byte) (reply, error) {
	var q request
	if err := json.Unmarshal(raw, &q); err != nil {
		return reply{}, refuse("the request can't be read: %v", err)
	}
	switch {
	case q.Kind == kindVoucher && q.Voucher != nil:
		return s.takeVoucher(ctx, *q.Voucher)
	case q.Kind == kindRevoke && q.Revocation != nil:
		return s.takeRevocation(ctx, *q.Revocation)
	case q.Kind == kindFind && q.Device != nil:
		return s.find(*q.Device)
	}
	node, err := identity.AddressOf(from)
	if err != nil {
		return reply{}, refuse("the peer is no node: %v", err)
	}
	if err := s.opts.Admit(ctx, node); err != nil {
		return reply{}, err
	}
	switch {
	case q.Kind == kindBegin && q.Voucher != nil && q.Keys != nil:
		return s.ask(ctx, node, *q.Voucher, *q.Keys)
	case q.Kind == kindProve && q.Proof != nil:
		return s.takeProof(ctx, node, *q.Proof, q.Secret)
	case q.Kind == kindHere && q.Life != "" && len(q.Life) <= maxLifeBytes:
		if since := s.seen.hear(node, q.Life, s.opts.Now()); !since.IsZero() {
			s.opts.Log.Warn("a node's key is used in two places at once", "node", node, "since", since)
		}
		return reply{Done: true, Flags: s.seen.flags(node, s.opts.Now())}, nil
	}
	return reply{}, refuse("%.20q is not understood; this coordinator may be older", q.Kind)
}

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// counts refuses a vendor that this network doesn't know.
func (s *Server) counts(vendor common.Address) error {
	if !slices.Contains(s.opts.Vendors, vendor) {
		return refuse("vendor %s does not count on this network; have it added to the network file's vendors", vendor)
	}
	return nil
}

func (s *Server) takeVoucher(ctx context.Context, v attest.SignedDeviceVoucher) (reply, error) {
	if err := s.sound(v); err != nil {
		return reply{}, err
	}
	if err := s.book.PutVoucher(ctx, v); err != nil {
		return reply{}, err
	}
	return reply{Done: true}, nil
}

// sound checks a voucher: whose it is first, which costs no signature.
func (s *Server) sound(v attest.SignedDeviceVoucher) error {
	if err := s.counts(v.Voucher.Vendor); err != nil {
		return err
	}
	if err := v.Verify(s.book.domain); err != nil {
		return refuse("%v", err)
	}
	return nil
}

func (s *Server) takeRevocation(ctx context.Context, r attest.SignedDeviceRevocation) (reply, error) {
	if err := s.counts(r.Revocation.Vendor); err != nil {
		return reply{}, err
	}
	if err := r.Verify(s.book.domain); err != nil {
		return reply{}, refuse("%v", err)
	}
	if err := s.book.PutRevocation(ctx, r); err != nil {
		return reply{}, err
	}
	s.opts.Log.Info("a vendor took a voucher back", "vendor", r.Revocation.Vendor, "voucher", common.Hash(r.Revocation.Voucher))
	return reply{Done: true}, nil
}

func (s *Server) find(device attest.DeviceKey) (reply, error) {
	v, err := s.book.Find(device)
	if errors.Is(err, ErrNoVoucher) {
		return reply{Unknown: true}, nil
	}
	return reply{Voucher: &v}, err
}

// ask makes a challenge for the device of a voucher, and a question for it and the node.
func (s *Server) ask(ctx context.Context, node common.Address, v attest.SignedDeviceVoucher, keys Keys) (reply, error) {
	if err := s.sound(v); err != nil {
		return reply{}, err
	}
	registered, err := s.opts.Voucher(ctx, node)
	if err != nil {
		return reply{}, err
	}
	digest := common.Hash(v.Voucher.Hash(s.book.domain))
	now := s.opts.Now()
	switch {
	case registered == (common.Hash{}):
		return reply{}, refuse("node %s was registered without a voucher, and that stays; let this device begin as a new node, with its voucher", node)
	case registered != digest:
		return reply{}, refuse("node %s was registered with another voucher; use that one, or begin as a new node", node)
	case !v.Voucher.ExpiresAt.IsZero() && v.Voucher.ExpiresAt.Before(now):
		return reply{}, refuse("the voucher ended at %s; ask its vendor for a new one, and begin as a new node", v.Voucher.ExpiresAt.Format(time.RFC3339))
	}
	if revoked, err := s.book.Revoked(digest, v.Voucher.Vendor); err != nil {
		return reply{}, err
	} else if revoked {
		return reply{}, refuse("the vendor took this voucher back; ask it why")
	}
	device, err := DeviceKeyOf(keys.Attestation)
	if err != nil {
		return reply{}, refuse("%v", err)
	}
	if device != v.Voucher.Device || sha256.Sum256(keys.Endorsement) != v.Voucher.Endorsement {
		return reply{}, refuse("the voucher is of another device than these keys'")
	}
	q := asked{voucher: digest, at: now.UTC().Truncate(time.Millisecond)}
	for _, secret := range [][]byte{q.nonce[:], q.secret[:]} {
		if _, err := rand.Read(secret); err != nil {
			return reply{}, fmt.Errorf("make a challenge: %w", err)
		}
	}
	challenge, err := Ask(keys, q.secret)
	if err != nil {
		return reply{}, refuse("%v", err)
	}
	if !s.keep(node, q, now) {
		return reply{}, errors.New("too many devices are being challenged")
	}
	return reply{Challenge: &challenge, Nonce: q.nonce, AskedAtMS: q.at.UnixMilli()}, nil
}

// keep remembers what a node was asked; false where there is no room.
func (s *Server) keep(node common.Address, q asked, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.open[node]; !again && len(s.open) >= maxAsked {
		for other, old := range s.open {
			if now.Sub(old.at) > askedFor {
				delete(s.open, other)
			}
		}
		if len(s.open) >= maxAsked {
			return false
		}
	}
	s.open[node] = q
	return true
}

// takeProof checks the answers to what the node was asked last. Right or wrong, a question
// is answered once.
func (s *Server) takeProof(ctx context.Context, node common.Address, p attest.SignedDeviceProof, secret []byte) (reply, error) {
	s.mu.Lock()
	q, known := s.open[node]
	delete(s.open, node)
	s.mu.Unlock()
	now := s.opts.Now()
	switch {
	case !known || now.Sub(q.at) > askedFor:
		return reply{}, refuse("nothing was asked, or too long ago; begin again")
	case subtle.ConstantTimeCompare(secret, q.secret[:]) != 1:
		return reply{}, refuse("the challenge was not answered: the attestation key does not lie in the TPM of the endorsement key")
	case p.Proof.Node != node || p.Proof.Nonce != q.nonce || p.Proof.Voucher != q.voucher || !p.Proof.AskedAt.Equal(q.at):
		return reply{}, refuse("the proof answers another question")
	}
	if err := p.Verify(s.book.domain); err != nil {
		return reply{}, refuse("%v", err)
	}
	former, at, err := s.book.PutProof(ctx, p)
	if err != nil {
		return reply{}, err
	}
	if former != (common.Address{}) && now.Sub(at) < FlagLife {
		s.seen.share(node, former, now)
		s.opts.Log.Warn("one device stands behind two nodes", "device", p.Voucher.Voucher.Device.Short(), "node", node, "other", former)
	}
	return reply{Done: true, Flags: s.seen.flags(node, now)}, nil
}
