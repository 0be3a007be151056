package dimse

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Config of a server. Zero values take the defaults named.
type Config struct {
	AETitle         string      // ours: 1 to 16 characters
	AnyCalledAE     bool        // associations for other titles are taken too
	Peers           []Peer      // who may call; empty: anybody, from loopback addresses only
	TLS             *tls.Config // nil: plain TCP
	MaxAssociations int         // at once; 0: 64
	// MaxOfOne bounds the associations of one address, so that a sender that never hangs up
	// leaves places for others; 0: three quarters of MaxAssociations.
	MaxOfOne     int
	MaxPDULength int // bytes; 0: 128 KiB
	// Idle is the longest silence of a peer while we wait for it, and the time within which
	// one in the middle of a message must have sent 1 KiB for each second; 0: 60 s.
	Idle     time.Duration
	Receiver Receiver
	// AssociationEnded, if set, is told when an association is over that gave the Receiver
	// anything, also where that was refused or cut off.
	AssociationEnded func(association uint64)
	// Committed, if set, takes archives' reports on commitment that we asked for; the
	// archive is told success only when it returns nil.
	Committed func(ctx context.Context, report Commitment) error
	// Holds, if set, says which of the instances asked for are safe with us, so that a
	// modality may ask us for commitment: those not returned fail with "no such instance".
	Holds func(ctx context.Context, callingAE string, asked []Reference) ([]Reference, error)
	Log   *slog.Logger // nil: none
}

// Defaults and bounds of a server.
const (
	defaultAssociations = 64
	defaultIdle         = 60 * time.Second
	largestPDU          = 1 << 20
	// greetingTime is how long a connection may take to TLS and an association: PS3.8's
	// ARTIM timer.
	greetingTime = 15 * time.Second
	// maxGreetings bounds connections without an association yet, and of one address.
	maxGreetings      = 128
	maxGreetingsOfOne = 64
	// maxLists bounds how many lists of references are in memory at once: each takes up to
	// maxReferences as bytes and some 7 MB as values.
	maxLists            = 8
	acceptPause         = 200 * time.Millisecond // before the next try where the system has no more sockets
	maxReportsUnderway  = 64
	firstReportRetry    = 30 * time.Second
	reportRetries       = 4 // after 30 s, 2 min, 8 min, 32 min
	reportRetryStretch  = 4
	defaultClientSilent = 30 * time.Second
)

// server is what associations share.
type server struct {
	config Config
	terms  terms
	log    *slog.Logger

	mu         sync.Mutex // guards what follows
	greetings  map[netip.Addr]int
	waiting    int                // sum of greetings
	active     int                // associations
	ofOne      map[netip.Addr]int // sum: active
	numbered   uint64
	reporting  int
	background sync.WaitGroup
	lists      chan struct{} // held by those who read a list of references
}

func newServer(config Config) (*server, error) {
	if config.MaxAssociations == 0 {
		config.MaxAssociations = defaultAssociations
	}
	if config.MaxOfOne == 0 {
		config.MaxOfOne = max(1, config.MaxAssociations*3/4)
	}
	if config.MaxPDULength == 0 {
		config.MaxPDULength = defaultPDU
	}
	if config.Idle == 0 {
		config.Idle = defaultIdle
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case !validAE(config.AETitle):
		return nil, fmt.Errorf("AE title %q: want 1 to %d printable ASCII characters without a backslash; correct it, and start again", config.AETitle, maxAE)
	case config.Receiver == nil:
		return nil, errors.New("DIMSE server without a receiver of its objects")
	case config.MaxAssociations < 1, config.MaxOfOne < 1, config.Idle < 0, config.MaxPDULength < smallestPDU, config.MaxPDULength > largestPDU:
		return nil, fmt.Errorf("DIMSE server for %d associations, PDUs of %d bytes, silence of %v: want at least 1, %d to %d, and above 0", config.MaxAssociations, config.MaxPDULength, config.Idle, smallestPDU, largestPDU)
	}
	for _, p := range config.Peers {
		if !validAE(p.AETitle) {
			return nil, fmt.Errorf("peer's AE title %q: want 1 to %d printable ASCII characters without a backslash; correct it, and start again", p.AETitle, maxAE)
		}
		if p.Certificate != "" && (config.TLS == nil || config.TLS.ClientAuth != tls.RequireAndVerifyClientCert) {
			return nil, fmt.Errorf("peer %s must show the certificate of %.64q, and the door asks for none; name an authority for its TLS, and start again", p.AETitle, p.Certificate)
		}
	}
	return &server{
		config: config, log: config.Log, greetings: map[netip.Addr]int{}, ofOne: map[netip.Addr]int{}, lists: make(chan struct{}, maxLists),
		terms: terms{
			title: config.AETitle, anyTitle: config.AnyCalledAE, peers: config.Peers, maxLength: uint32(config.MaxPDULength),
			takeReports: config.Committed != nil, answerAsked: config.Holds != nil,
		},
	}, nil
}

// Serve takes associations until ctx ends, then breaks off those that are left, waits for
// them and returns nil. What a Receiver had not said nil to by then, a peer sends again. It
// closes the listener.
func Serve(ctx context.Context, listener net.Listener, config Config) error {
	s, err := newServer(config)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer s.background.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			s.admit(ctx, conn)
		case ctx.Err() != nil:
			return nil
		case scarce(err):
			s.log.Warn("no more sockets: associations have to wait", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(acceptPause):
			}
		default:
			return errors.Join(fmt.Errorf("take an association: %w", err), listener.Close())
		}
	}
}

// scarce says whether the system lacks something that it may have again soon.
func scarce(err error) bool {
	for _, cause := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED, syscall.ENOBUFS, syscall.ENOMEM, syscall.EINTR} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}

// admit starts a connection's goroutine, or closes it where too many wait or nobody at its
// address may call.
func (s *server) admit(ctx context.Context, conn net.Conn) {
	from := addressOf(conn)
	s.mu.Lock()
	ok := welcome(s.config.Peers, from) && s.waiting < maxGreetings && s.greetings[from] < maxGreetingsOfOne
	if ok {
		s.greetings[from]++
		s.waiting++
	}
	s.mu.Unlock()
	if !ok {
		s.log.Debug("connection turned away", "address", from)
		_ = conn.Close()
		return
	}
	s.background.Go(func() { s.converse(ctx, conn, from) })
}

// greeted ends a connection's time without association.
func (s *server) greeted(from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting--
	if s.greetings[from]--; s.greetings[from] == 0 {
		delete(s.greetings, from)
	}
}

// seat takes one of the places for associations and gives it a number.
func (s *server) seat(from netip.Addr) (number uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active == s.config.MaxAssociations || s.ofOne[from] >= s.config.MaxOfOne {
		return 0, false
	}
	s.active++
	s.ofOne[from]++
	s.numbered++
	return s.numbered, true
}

func (s *server) leave(from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	if s.ofOne[from]--; s.ofOne[from] == 0 {
		delete(s.ofOne, from)
	}
}

func addressOf(conn net.Conn) netip.Addr {
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// converse is a connection from its first byte to its last.
func (s *server) converse(ctx context.Context, conn net.Conn, from netip.Addr) {
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	a, err := s.greet(ctx, conn, from)
	s.greeted(from)
	if err != nil {
		s.log.Info("no association", "address", from, "cause", err)
		return
	}
	defer s.leave(from)
	started := time.Now()
	err = a.run(ctx)
	if a.brought && s.config.AssociationEnded != nil {
		s.config.AssociationEnded(a.number)
	}
	log := s.log.With("association", a.number, "calling", a.calling, "address", from, "stored", a.stored, "refused", a.refused, "bytes", a.bytes, "took", time.Since(started))
	switch {
	case err == nil:
		log.Debug("association released")
	case ctx.Err() != nil:
		log.Info("association broken off: we stop")
	default:
		if aborted := (*AbortedError)(nil); !errors.As(err, &aborted) {
			a.link.abort(err)
		}
		log.Info("association broken off", "cause", err)
	}
}

// greet brings a connection to an association, or says why there is none.
func (s *server) greet(ctx context.Context, conn net.Conn, from netip.Addr) (*association, error) {
	var certificate *x509.Certificate // that an authority of ours signed
	hurry := time.AfterFunc(greetingTime, func() { _ = conn.Close() })
	defer hurry.Stop()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(true) // under TLS the link does not see it
	}
	if s.config.TLS != nil {
		secured := tls.Server(conn, s.config.TLS)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, fmt.Errorf("TLS: %w", err)
		}
		conn = secured
		if chains := secured.ConnectionState().VerifiedChains; len(chains) > 0 {
			certificate = chains[0][0]
		}
	}
	l := newLink(conn, s.config.Idle, uint32(s.config.MaxPDULength))
	kind, length, err := l.pduStart()
	if err != nil {
		return nil, err
	}
	if kind != pduAssociateRQ {
		err := breach(abortUnexpected, "PDU %02X where a request for an association should be", kind)
		l.abort(err)
		return nil, err
	}
	body, err := l.body(length, maxAssociatePDU)
	if err != nil {
		l.abort(err)
		return nil, err
	}
	request, err := parseAssociate(body, false)
	request.certificate = certificate
	if err == nil && len(request.offers) == 0 {
		err = breach(abortInvalidParameter, "a request without presentation contexts")
	}
	if err == nil {
		err = l.takesAtMost(request.maxLength)
	}
	if err != nil {
		l.abort(err)
		return nil, err
	}
	return s.answer(l, request, from)
}

// answer accepts a request or rejects it.
func (s *server) answer(l *link, request associate, from netip.Addr) (*association, error) {
	acceptance, contexts, peer, err := negotiate(request, from, s.terms)
	number, seated := uint64(0), false
	if err == nil {
		if number, seated = s.seat(from); !seated {
			busy := rejectBusy
			err = &busy
		}
	}
	var rejected *RejectedError
	if errors.As(err, &rejected) {
		l.last([]byte{pduAssociateRJ, 0, 0, 0, 0, shortPDU, 0, rejected.Result, rejected.Source, rejected.Reason})
		calling := request.calling
		if !validAE(calling) {
			calling = ""
		}
		return nil, fmt.Errorf("rejected AE title %q (result %d, source %d, reason %d)", calling, rejected.Result, rejected.Source, rejected.Reason)
	}
	if _, err := l.patient.Write(acceptance.encode()); err != nil {
		s.leave(from)
		return nil, fmt.Errorf("accept an association: %w", err)
	}
	return &association{server: s, link: l, contexts: contexts, peer: peer, from: from, number: number, calling: request.calling, called: request.called}, nil
}
