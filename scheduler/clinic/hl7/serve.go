package hl7

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// The bytes that frame a message (HL7 Implementation Support Guide, Minimal Lower Layer Protocol).
const (
	frameStart = 0x0B
	frameEnd   = 0x1C
	frameTail  = '\r'
)

// What a listener takes where its settings say nothing.
const (
	DefaultConnections  = 32
	DefaultMessageBytes = 256 << 10
	DefaultIdle         = 10 * time.Minute

	handshakeTime = 10 * time.Second
	messageTime   = 30 * time.Second // from a message's first byte to its last; and for an answer to be taken
	keepTime      = 20 * time.Second // to write the orders of one message
	strayBytes    = 16               // line ends between messages
	acceptPause   = 200 * time.Millisecond
)

// What a listener tells of each message.
const (
	ToldAccepted = "accepted" // kept and acknowledged
	ToldRejected = "rejected" // can't be read or is not taken
	ToldFailed   = "failed"   // could not be kept; the sender will try again
	ToldRefused  = "refused"  // a connection that was not let in
	ToldDropped  = "dropped"  // an idle connection that made room for another
)

// Told are all words of what a listener tells.
func Told() []string {
	return []string{ToldAccepted, ToldRejected, ToldFailed, ToldRefused, ToldDropped}
}

// Config is what a listener needs.
type Config struct {
	Keep func(context.Context, []Order) error // the orders of one message are on disk, all of them, when it returns nil

	TLS             *tls.Config       // nil: in the clear, for a network that is the hospital's own
	Peers           []netip.Prefix    // who may connect; none: this machine alone
	MaxConnections  int               // at once; one more closes the one that was idle the longest; 0: DefaultConnections
	MaxMessageBytes int               // 0: DefaultMessageBytes
	Idle            time.Duration     // a silent connection is closed then; 0: DefaultIdle
	Accession       []Field           // where accession numbers stand; none: IPC-1, then OBR-18
	Application     string            // MSH-3 of answers; empty: MEDHIVE
	Facility        string            // MSH-4 of answers
	Told            func(what string) // one of the words above for each message and connection; nil: nobody
	Now             func() time.Time  // nil: time.Now
	Log             *slog.Logger      // nil: nobody
}

func (c *Config) complete() error {
	if c.Keep == nil {
		return errors.New("hear orders: nobody keeps them")
	}
	for _, place := range c.Accession {
		if !place.Valid() {
			return fmt.Errorf("hear orders: accession numbers at %.20q: want IPC-1, OBR-18, OBR-2, OBR-3, ORC-2 or ORC-3", place)
		}
	}
	if c.MaxConnections <= 0 {
		c.MaxConnections = DefaultConnections
	}
	if c.MaxMessageBytes <= 0 {
		c.MaxMessageBytes = DefaultMessageBytes
	}
	if c.Idle <= 0 {
		c.Idle = DefaultIdle
	}
	if c.Application == "" {
		c.Application = "MEDHIVE"
	}
	if c.Told == nil {
		c.Told = func(string) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Serve takes connections until ctx ends or the listener fails, and returns when the last
// connection is closed. It closes the listener. A message whose orders were kept and whose
// answer was cut off is sent again by its sender, which changes nothing.
func Serve(ctx context.Context, listener net.Listener, conf Config) error {
	if err := conf.complete(); err != nil {
		return errors.Join(err, listener.Close())
	}
	s := &server{conf: conf, seats: newSeats(conf.MaxConnections)}
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() }) // Accept says so
	defer stop()
	var connections sync.WaitGroup
	defer connections.Wait()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close() // it came too late to be heard
			}
			return nil
		}
		if scarce(err) {
			conf.Log.Warn("no more sockets: systems with orders have to wait", "error", err)
			pause(ctx)
			continue
		}
		if err != nil {
			return errors.Join(fmt.Errorf("take a connection for orders: %w", err), listener.Close())
		}
		if !conf.lets(conn.RemoteAddr()) {
			s.refuse(conn, "its address is not on the list")
			continue
		}
		place, madeRoom := s.seats.sit(conn)
		if place == nil {
			s.refuse(conn, "all places are taken, and none is idle")
			continue
		}
		if madeRoom {
			conf.Told(ToldDropped)
			conf.Log.Info("closed the connection for orders that was idle the longest: all places were taken")
		}
		connections.Go(func() {
			defer s.seats.leave(place)
			s.serve(ctx, conn, place)
		})
	}
}

// scarce says whether the system lacks something that it may have again soon.
func scarce(err error) bool {
	return slices.ContainsFunc([]error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED}, func(cause error) bool {
		return errors.Is(err, cause)
	})
}

// pause lets the system find what it lacks.
func pause(ctx context.Context) {
	timer := time.NewTimer(acceptPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// lets says whether an address may connect.
func (c Config) lets(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return len(c.Peers) == 0 // a listener of this machine's own
	}
	ip := tcp.AddrPort().Addr().Unmap()
	if len(c.Peers) == 0 {
		return ip.IsLoopback()
	}
	return slices.ContainsFunc(c.Peers, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// server is one listener's connections.
type server struct {
	conf    Config
	seats   *seats
	answers atomic.Uint64
}

func (s *server) refuse(conn net.Conn, why string) {
	s.conf.Told(ToldRefused)
	s.conf.Log.Warn("refused a connection for orders", "why", why)
	_ = conn.Close() // nothing was said on it
}

// serve answers the messages of one connection until it ends.
func (s *server) serve(ctx context.Context, conn net.Conn, place *seat) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends a read that waits
	defer stop()
	defer func() { _ = conn.Close() }()
	if s.conf.TLS != nil {
		secured := tls.Server(conn, s.conf.TLS)
		greeting, end := context.WithTimeout(ctx, handshakeTime)
		err := secured.HandshakeContext(greeting)
		end()
		if err != nil {
			s.refuse(conn, "no TLS, or no certificate that is trusted here")
			return
		}
		conn = secured
	}
	reader := bufio.NewReader(conn)
	for {
		data, err := s.read(conn, reader, place)
		if err != nil {
			if !errors.Is(err, io.EOF) && ctx.Err() == nil {
				s.conf.Log.Debug("a connection for orders ended", "error", err)
			}
			return
		}
		if err := s.handle(ctx, conn, data); err != nil {
			s.conf.Log.Debug("a connection for orders ended", "error", err)
			return
		}
	}
}

// read takes one frame. Its memory grows with what arrives, to the limit.
func (s *server) read(conn net.Conn, r *bufio.Reader, place *seat) ([]byte, error) {
	if err := conn.SetReadDeadline(time.Now().Add(s.conf.Idle)); err != nil {
		return nil, err
	}
	s.seats.idle(place)
	if err := skipToFrame(r); err != nil {
		return nil, err
	}
	s.seats.busy(place)
	if err := conn.SetReadDeadline(time.Now().Add(messageTime)); err != nil {
		return nil, err
	}
	return readFrame(r, s.conf.MaxMessageBytes)
}

// skipToFrame passes over line ends before a frame.
func skipToFrame(r *bufio.Reader) error {
	for range strayBytes {
		b, err := r.ReadByte()
		switch {
		case err != nil:
			return err
		case b == frameStart:
			return nil
		case b != '\r' && b != '\n':
			return errors.New("read a frame: it does not begin with 0x0B")
		}
	}
	return errors.New("read a frame: nothing but line ends came")
}

// readFrame reads up to 0x1C 0x0D; its first byte is read already.
func readFrame(r *bufio.Reader, limit int) ([]byte, error) {
	var data []byte
	for {
		piece, err := r.ReadSlice(frameEnd)
		if len(data)+len(piece) > limit {
			return nil, fmt.Errorf("read a frame: it is longer than %d bytes", limit)
		}
		data = append(data, piece...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, fmt.Errorf("read a frame: %w", err)
		}
		tail, err := r.ReadByte()
		if err != nil {
			return nil, fmt.Errorf("read a frame: %w", err)
		}
		if tail == frameTail {
			return data[:len(data)-1], nil
		}
		if err := r.UnreadByte(); err != nil { // 0x1C within the text: no end
			return nil, fmt.Errorf("read a frame: %w", err)
		}
	}
}

// handle keeps the orders of a message and answers it. What has no header can't be answered.
func (s *server) handle(ctx context.Context, conn net.Conn, data []byte) error {
	m, err := parseMessage(data)
	if len(m.segments) == 0 {
		s.conf.Told(ToldRejected)
		return err
	}
	var orders []Order
	if err == nil {
		orders, err = m.orders(s.conf.Accession, s.conf.Now())
	}
	if err == nil {
		keeping, cancel := context.WithTimeout(ctx, keepTime)
		err = s.conf.Keep(keeping, orders)
		cancel()
	}
	switch {
	case err == nil:
		s.conf.Told(ToldAccepted)
		s.conf.Log.Debug("kept orders", "orders", len(orders))
	case rejected(err):
		s.conf.Told(ToldRejected)
		s.conf.Log.Warn("rejected a message with orders", "error", err)
	default:
		s.conf.Told(ToldFailed)
		s.conf.Log.Error("orders could not be kept; their sender will try again", "error", err)
	}
	for _, answer := range m.answers(s.conf, err, answerID(s.conf.Now(), s.answers.Add(1))) {
		if err := writeFrame(conn, answer); err != nil {
			return err
		}
	}
	return nil
}

func writeFrame(conn net.Conn, data []byte) error {
	if err := conn.SetWriteDeadline(time.Now().Add(messageTime)); err != nil {
		return err
	}
	frame := make([]byte, 0, len(data)+3)
	frame = append(append(append(frame, frameStart), data...), frameEnd, frameTail)
	if _, err := conn.Write(frame); err != nil {
		return fmt.Errorf("answer a message: %w", err)
	}
	return nil
}
