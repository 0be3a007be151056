package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/testdata/peers"
)

// patience bounds what a test waits for on a busy machine.
const patience = 2 * time.Minute

// repository is an audit record repository: it takes syslog over TLS and tells which lines came.
type repository struct {
	listener net.Listener
	came     chan uint64
	bad      chan string      // what came that is no message
	tried    chan struct{}    // somebody connected
	rude     func(n int) bool // after the n-th message of a connection, from 0: break it off

	all sync.WaitGroup
}

// header is what RFC 5424 and PS3.15 A.6 want before a message.
var syslogHeader = regexp.MustCompile(`^<85>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ medhive \d+ DICOM\+RFC3881 - \x{FEFF}`)

func newRepository(t *testing.T, conf *tls.Config, rude func(int) bool) *repository {
	t.Helper()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &repository{listener: plain, came: make(chan uint64, 10_000), bad: make(chan string, 10_000), tried: make(chan struct{}, 10_000), rude: rude}
	r.all.Go(func() {
		for {
			conn, err := plain.Accept()
			if err != nil {
				return
			}
			r.tried <- struct{}{}
			r.all.Go(func() {
				defer conn.Close()
				r.take(conn.(*net.TCPConn), conf)
			})
		}
	})
	t.Cleanup(r.close)
	return r
}

func (r *repository) close() {
	r.listener.Close()
	r.all.Wait()
}

// take reads frames as RFC 5425 has them, until the connection ends.
func (r *repository) take(conn *net.TCPConn, conf *tls.Config) {
	_ = conn.SetDeadline(time.Now().Add(patience)) // a connection that hangs ends the test by until
	if r.rude != nil && r.rude(0) {
		_ = conn.SetLinger(0)
		return
	}
	in := bufio.NewReader(tls.Server(conn, conf))
	for n := 1; ; n++ {
		length, err := in.ReadString(' ')
		if err != nil {
			return
		}
		size, err := strconv.Atoi(strings.TrimSuffix(length, " "))
		if err != nil || size > 1<<20 {
			r.bad <- "a frame of " + length
			return
		}
		frame := make([]byte, size)
		if _, err := io.ReadFull(in, frame); err != nil {
			return
		}
		head := syslogHeader.Find(frame)
		message, err := parseMessage(frame[len(head):])
		if err == nil {
			err = message.conforms()
		}
		if head == nil || err != nil {
			r.bad <- fmt.Sprintf("%v: %s", err, frame)
			return
		}
		line := message.children[len(message.children)-1].attrs["ParticipantObjectID"]
		number, err := strconv.ParseUint(line, 10, 64)
		if err != nil {
			r.bad <- fmt.Sprintf("line %q", line)
			return
		}
		r.came <- number
		if r.rude != nil && r.rude(n) {
			_ = conn.SetLinger(0) // the close is a reset: what is on its way is lost
			return
		}
	}
}

// until waits for a line and returns all that came up to it.
func (r *repository) until(t *testing.T, line uint64) (came []uint64) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case n := <-r.came:
			if came = append(came, n); n == line {
				return came
			}
		case what := <-r.bad:
			t.Fatal(what)
		case <-timeout:
			t.Fatalf("line %d never came; came %v", line, came)
		}
	}
}

// shipping is a log with a shipper at work.
type shipping struct {
	log     *Log
	shipper *Shipper
	cursor  string
	stop    func() error
}

func ship(t *testing.T, p place, l *Log, address string, conf *tls.Config, settle time.Duration) *shipping {
	t.Helper()
	s := &shipping{log: l, cursor: filepath.Join(filepath.Dir(p.folder), "shipped")}
	var err error
	s.shipper, err = NewShipper(ShipperConfig{
		Log: l, Address: address, TLS: conf, Cursor: s.cursor, Host: "ai host", Settle: settle, FirstWait: time.Millisecond, MostWait: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.shipper.part = patience
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.shipper.Run(ctx) }()
	s.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = s.stop() })
	return s
}

func (s *shipping) append(t *testing.T, n int) {
	t.Helper()
	for range n {
		if err := s.log.Append(t.Context(), Entry{Kind: Intake, Case: "0123456789ab", Actor: "MR1"}); err != nil {
			t.Fatal(err)
		}
	}
}

func inOrder(t *testing.T, came []uint64, from, to uint64) {
	t.Helper()
	if len(came) != int(to-from+1) {
		t.Fatalf("%d lines came: %v", len(came), came)
	}
	for i, n := range came {
		if n != from+uint64(i) {
			t.Fatalf("line %d came as %d", n, from+uint64(i))
		}
	}
}

func TestLinesAreShippedInOrderAndOnceWhenNothingBreaks(t *testing.T) {
	certificates := peers.NewCertificates(t)
	r := newRepository(t, certificates.ServerTLS(t), nil)
	p := newPlace(t)
	l, _ := p.open(t, 2000) // many files
	s := ship(t, p, l, r.listener.Addr().String(), certificates.ClientTLS(t), time.Hour)
	s.append(t, 40)
	inOrder(t, r.until(t, 40), 1, 40)
	if n, err := s.shipper.Behind(); n != 40 || err != nil {
		t.Fatal(n, err) // nothing has settled
	}
	if err := s.stop(); err != nil { // says goodbye, and is answered
		t.Fatal(err)
	}
	if n, err := s.shipper.Behind(); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	s = ship(t, p, l, r.listener.Addr().String(), certificates.ClientTLS(t), time.Hour)
	s.append(t, 5)
	inOrder(t, r.until(t, 45), 41, 45)
}

func TestWhatHasSettledIsNotSentAgain(t *testing.T) {
	certificates := peers.NewCertificates(t)
	r := newRepository(t, certificates.ServerTLS(t), nil)
	p := newPlace(t)
	l, _ := p.open(t, 0)
	s := ship(t, p, l, r.listener.Addr().String(), certificates.ClientTLS(t), time.Millisecond)
	s.append(t, 3)
	inOrder(t, r.until(t, 3), 1, 3)
	deadline := time.Now().Add(patience)
	for n := uint64(1); n != 0; {
		var err error
		if n, err = s.shipper.Behind(); err != nil || time.Now().After(deadline) {
			t.Fatal(n, err)
		}
		s.append(t, 1) // wakes it
		<-r.came
	}
}

// A repository that is away at first, and then breaks off again and again, gets every line.
func TestNothingIsLostByARudeRepository(t *testing.T) {
	certificates := peers.NewCertificates(t)
	const away, cuts = 3, 10
	var refused, broken int
	var mu sync.Mutex // guards both
	r := newRepository(t, certificates.ServerTLS(t), func(n int) bool {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case n == 0 && refused < away:
			refused++
			return true
		case n < 7 || broken == cuts:
			return false
		}
		broken++
		return true
	})
	p := newPlace(t)
	l, _ := p.open(t, 2000)
	s := ship(t, p, l, r.listener.Addr().String(), certificates.ClientTLS(t), time.Hour)
	s.append(t, 60)
	seen := map[uint64]bool{}
	for _, n := range r.until(t, 60) {
		seen[n] = true
	}
	for n := range uint64(60) {
		if !seen[n+1] {
			t.Errorf("line %d never came", n+1)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if refused != away || broken != cuts {
		t.Errorf("away %d times, cut %d times", refused, broken)
	}
}

func TestARepositoryThatIsNotTrustedGetsNothing(t *testing.T) {
	certificates, others := peers.NewCertificates(t), peers.NewCertificates(t)
	p := newPlace(t)
	l, _ := p.open(t, 0)
	strange := newRepository(t, others.ServerTLS(t), nil)
	s := ship(t, p, l, strange.listener.Addr().String(), certificates.ClientTLS(t), time.Millisecond)
	s.append(t, 3)
	for range 3 {
		<-strange.tried
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if n, err := s.shipper.Behind(); n != 3 || err != nil || len(strange.came) > 0 {
		t.Fatal(n, err, len(strange.came))
	}
	r := newRepository(t, certificates.ServerTLS(t), nil)
	ship(t, p, l, r.listener.Addr().String(), certificates.ClientTLS(t), time.Millisecond)
	inOrder(t, r.until(t, 3), 1, 3)
}

func TestAShipperEndsWhereALogIsBroken(t *testing.T) {
	certificates := peers.NewCertificates(t)
	r := newRepository(t, certificates.ServerTLS(t), nil)
	p := newPlace(t)
	l, _ := p.open(t, 0)
	s := &shipping{log: l}
	s.append(t, 3)
	data := p.bytes(t, fileName(1))
	lines := bytes.SplitAfter(data, []byte("\n"))
	lines[1][20] ^= 1
	p.put(t, fileName(1), bytes.Join(lines, nil))
	shipper, err := NewShipper(ShipperConfig{Log: l, Address: r.listener.Addr().String(), TLS: certificates.ClientTLS(t), Cursor: filepath.Join(filepath.Dir(p.folder), "shipped")})
	if err != nil {
		t.Fatal(err)
	}
	if err := shipper.Run(t.Context()); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "line 2") {
		t.Fatal(err)
	}
}

// stuck is a disk whose first sync waits, and then fails.
type stuck struct {
	disk
	syncing, goOn chan struct{}
	once          sync.Once
}

func (s *stuck) Sync() (err error) {
	s.once.Do(func() {
		close(s.syncing)
		<-s.goOn
		err = errFull
	})
	return errors.Join(err, s.disk.Sync())
}

// A line that is written and not yet durable may be taken back: it is not shipped.
func TestWhatIsNotDurableIsNotShipped(t *testing.T) {
	certificates := peers.NewCertificates(t)
	r := newRepository(t, certificates.ServerTLS(t), nil)
	p := newPlace(t)
	l, _ := p.open(t, 0)
	(&shipping{log: l}).append(t, 2)
	disk := &stuck{disk: l.file, syncing: make(chan struct{}), goOn: make(chan struct{})}
	l.file = disk
	refused := make(chan error)
	go func() { refused <- l.Append(t.Context(), Entry{Kind: Intake, Case: "taken back"}) }()
	<-disk.syncing
	s := ship(t, p, l, r.listener.Addr().String(), certificates.ClientTLS(t), time.Hour)
	inOrder(t, r.until(t, 2), 1, 2)
	if err := s.stop(); err != nil { // says goodbye, and is answered: all it sent has come
		t.Fatal(err)
	}
	if n := len(r.came); n > 0 {
		t.Errorf("%d lines came that were not durable", n)
	}
	close(disk.goOn)
	if err := <-refused; !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	s = ship(t, p, l, r.listener.Addr().String(), certificates.ClientTLS(t), time.Hour)
	s.append(t, 2)
	inOrder(t, r.until(t, 4), 3, 4)
}

// A log that was begun anew is shipped from its first line, whatever was shipped of the old one.
func TestANewLogIsShippedFromItsBeginning(t *testing.T) {
	certificates := peers.NewCertificates(t)
	r := newRepository(t, certificates.ServerTLS(t), nil)
	p := newPlace(t)
	l, _ := p.open(t, 0)
	(&shipping{log: l}).append(t, 3)
	if err := os.WriteFile(filepath.Join(filepath.Dir(p.folder), "shipped"), []byte(`{"shipped":500}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := ship(t, p, l, r.listener.Addr().String(), certificates.ClientTLS(t), time.Hour)
	if n, err := s.shipper.Behind(); n != 3 || err != nil {
		t.Error(n, err)
	}
	inOrder(t, r.until(t, 3), 1, 3)
}

func TestShipperRefusesWhatCantBe(t *testing.T) {
	p := newPlace(t)
	l, _ := p.open(t, 0)
	good := ShipperConfig{Log: l, Address: "localhost:6514", TLS: &tls.Config{}, Cursor: p.head + "-shipped"}
	if _, err := NewShipper(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ShipperConfig){
		"no log": func(c *ShipperConfig) { c.Log = nil }, "in the clear": func(c *ShipperConfig) { c.TLS = nil },
		"no port": func(c *ShipperConfig) { c.Address = "localhost" }, "no cursor": func(c *ShipperConfig) { c.Cursor = "" },
	} {
		conf := good
		change(&conf)
		if _, err := NewShipper(conf); err == nil {
			t.Error(name)
		}
	}
	if err := os.WriteFile(good.Cursor, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := NewShipper(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), Entry{Kind: Start}); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "remove the file") {
		t.Fatal(err)
	}
}
