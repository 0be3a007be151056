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
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/medhive/medhive/testdata/peers"
)

// patience bounds what a test waits for on a busy machine.
const patience = 60 * time.Second

// listen runs a server on loopback until the test ends and returns its address.
func listen(t *testing.T, conf Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, conf) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// caller is a hospital's system on a connection.
type caller struct {
	net.Conn
	r *bufio.Reader
}

func call(t *testing.T, address string) caller {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return answering(t, conn)
}

func answering(t *testing.T, conn net.Conn) caller {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return caller{conn, bufio.NewReader(conn)}
}

// ask sends a message and returns the code and the message id of its answer.
func (c caller) ask(data []byte) (string, error) {
	if err := writeFrame(c.Conn, data); err != nil {
		return "", err
	}
	return c.answer()
}

func (c caller) answer() (string, error) {
	if err := skipToFrame(c.r); err != nil {
		return "", err
	}
	data, err := readFrame(c.r, DefaultMessageBytes)
	if err != nil {
		return "", err
	}
	m, err := parseMessage(data)
	if err != nil {
		return "", err
	}
	return m.value(m.segments[1], 1, 1) + " " + m.value(m.segments[1], 2, 1), nil
}

// order is a message for one accession number.
func orderFor(accession string) []byte {
	return lines(header("OMI^O23"), patient, "ORC|NW", "TQ1|1||||||||S", "IPC|"+accession)
}

func TestOrdersAreOnDiskBeforeTheyAreAcknowledged(t *testing.T) {
	book := openBook(t, filepath.Join(t.TempDir(), "orders.db"), 1)
	keeping, goOn := make(chan struct{}), make(chan struct{})
	address := listen(t, Config{Keep: func(ctx context.Context, orders []Order) error {
		err := book.Keep(ctx, orders)
		keeping <- struct{}{}
		<-goOn
		return err
	}})
	c := call(t, address)
	if err := writeFrame(c, orderFor("A1")); err != nil {
		t.Fatal(err)
	}
	<-keeping
	answered := make(chan string, 1)
	go func() {
		code, err := c.answer()
		answered <- fmt.Sprint(code, err)
	}()
	select {
	case code := <-answered:
		t.Fatalf("answered %s before the order was kept", code)
	default:
	}
	if _, found, err := book.Find("A1", ""); !found || err != nil {
		t.Fatal(found, err)
	}
	close(goOn)
	if code := <-answered; code != "AA MSG00001<nil>" {
		t.Fatal(code)
	}
}

func TestServeAnswersEachMessageOfAConnection(t *testing.T) {
	full := errors.New("disk full")
	var mu sync.Mutex // guards told and logged
	told := map[string]int{}
	var logged strings.Builder
	address := listen(t, Config{
		Keep: func(_ context.Context, orders []Order) error {
			if orders[0].Accession == "FULL" {
				return full
			}
			return nil
		},
		Told: func(what string) { mu.Lock(); told[what]++; mu.Unlock() },
		Log: slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return logged.Write(p)
		}), &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	c := call(t, address)
	for _, m := range []struct {
		data []byte
		want string
	}{
		{orderFor("A1"), "AA MSG00001"}, {orderFor("FULL"), "AE MSG00001"}, {orderFor("A1"), "AA MSG00001"},
		{lines(header("ORU^R01"), patient), "AR MSG00001"}, {lines(header("ORM^O01"), "ORC|NW"), "AR MSG00001"},
	} {
		if got, err := c.ask(m.data); err != nil || got != m.want {
			t.Fatalf("%q, %v; want %q", got, err, m.want)
		}
	}
	if _, err := c.ask([]byte("no message")); !errors.Is(err, io.EOF) {
		t.Fatalf("%v: what can't be answered ends the connection", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if told[ToldAccepted] != 2 || told[ToldFailed] != 1 || told[ToldRejected] != 3 {
		t.Error(told)
	}
	for _, secret := range []string{"DOE", "JANE", "4711", "1970", "FULL", "A1"} {
		if strings.Contains(logged.String(), secret) {
			t.Errorf("%s is in the log: %s", secret, logged.String())
		}
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestServeBoundsStrangers(t *testing.T) {
	keep := func(context.Context, []Order) error { return nil }
	t.Run("a long message", func(t *testing.T) {
		c := call(t, listen(t, Config{Keep: keep, MaxMessageBytes: 1000}))
		long := append(orderFor("A1"), strings.Repeat("NTE|1||x\r", 1000)...)
		if got, err := c.ask(long); err == nil {
			t.Fatalf("answered %q", got)
		}
	})
	t.Run("another protocol", func(t *testing.T) {
		c := call(t, listen(t, Config{Keep: keep}))
		if _, err := c.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.answer(); err == nil {
			t.Fatal("answered")
		}
	})
	t.Run("a silent one", func(t *testing.T) {
		c := call(t, listen(t, Config{Keep: keep, Idle: time.Millisecond}))
		if _, err := c.answer(); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	})
	t.Run("an address that is not on the list", func(t *testing.T) {
		address := listen(t, Config{Keep: keep, Peers: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
		if got, err := call(t, address).ask(orderFor("A1")); err == nil {
			t.Fatalf("answered %q", got)
		}
	})
	t.Run("settings that can't be", func(t *testing.T) {
		for _, conf := range []Config{{}, {Keep: keep, Accession: []Field{"PID-3"}}} {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if err := Serve(t.Context(), l, conf); err == nil {
				t.Error("served")
			}
		}
	})
}

// Connections that wait do not keep others out: the one that has waited the longest goes.
func TestAnIdleConnectionMakesRoom(t *testing.T) {
	told := make(chan string, 1000)
	address := listen(t, Config{Keep: func(context.Context, []Order) error { return nil }, MaxConnections: 1, Told: func(what string) { told <- what }})
	first := call(t, address)
	if got, err := first.ask(orderFor("A1")); err != nil || got != "AA MSG00001" {
		t.Fatal(got, err)
	}
	limit := time.Now().Add(patience)
	for { // first may not wait yet: then its answer is still under way
		got, err := call(t, address).ask(orderFor("A2"))
		if err == nil && got == "AA MSG00001" {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("an idle connection keeps the next one out: %q, %v", got, err)
		}
	}
	if _, err := first.answer(); !errors.Is(err, io.EOF) {
		t.Errorf("the idle connection goes on: %v", err)
	}
	for what := range told {
		if what == ToldDropped {
			break
		}
		if what != ToldAccepted && what != ToldRefused {
			t.Fatal(what)
		}
	}
}

// One that is busy keeps its place.
func TestABusyConnectionStays(t *testing.T) {
	keeping, goOn := make(chan struct{}, 2), make(chan struct{})
	address := listen(t, Config{MaxConnections: 1, Keep: func(context.Context, []Order) error {
		keeping <- struct{}{}
		<-goOn
		return nil
	}})
	first := call(t, address)
	if err := writeFrame(first, orderFor("A1")); err != nil {
		t.Fatal(err)
	}
	<-keeping
	if got, err := call(t, address).ask(orderFor("A2")); err == nil {
		t.Errorf("answered %q", got)
	}
	close(goOn)
	if got, err := first.answer(); err != nil || got != "AA MSG00001" {
		t.Error(got, err)
	}
}

// closing is a connection that is told apart by its name.
type closing struct {
	name   string
	closed *[]string
}

func (c closing) Close() error {
	*c.closed = append(*c.closed, c.name)
	return nil
}

func TestTheLongestIdleGoes(t *testing.T) {
	var closed []string
	s := newSeats(3)
	sit := func(name string) *seat {
		place, _ := s.sit(closing{name, &closed})
		return place
	}
	a, b, c := sit("a"), sit("b"), sit("c")
	if sit("d") != nil {
		t.Error("a busy connection made room")
	}
	for _, place := range []*seat{a, b, c} {
		s.idle(place)
	}
	s.busy(a)
	s.idle(a) // it has had a message since
	s.busy(c)
	d := sit("d")
	e := sit("e")
	if d == nil || e == nil || sit("f") != nil || strings.Join(closed, " ") != "b a" {
		t.Errorf("closed %v", closed)
	}
	s.leave(a) // it left already
	s.leave(d)
	if sit("g") == nil || len(s.taken) != 3 || len(closed) != 2 {
		t.Errorf("%d places are taken, closed %v", len(s.taken), closed)
	}
}

// exhausted is a listener on a system that has no socket left at first.
type exhausted struct {
	net.Listener
	left int // tries that fail
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.left > 0 {
		e.left--
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return e.Listener.Accept()
}

// What exhausts the system's sockets for a moment does not close the door for good.
func TestServeOutlivesAShortageOfSockets(t *testing.T) {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Serve(ctx, &exhausted{plain, 3}, Config{Keep: func(context.Context, []Order) error { return nil }})
	}()
	if got, err := call(t, plain.Addr().String()).ask(orderFor("A1")); err != nil || got != "AA MSG00001" {
		t.Error(got, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Twenty systems at once lose nothing.
func TestManyConnections(t *testing.T) {
	const callers, each = 20, 10
	book := openBook(t, filepath.Join(t.TempDir(), "orders.db"), 1)
	address := listen(t, Config{Keep: book.Keep})
	var all sync.WaitGroup
	for i := range callers {
		c := call(t, address)
		all.Go(func() {
			for k := range each {
				if got, err := c.ask(orderFor(fmt.Sprintf("A%d-%d", i, k))); err != nil || got != "AA MSG00001" {
					t.Error(got, err)
				}
			}
		})
	}
	all.Wait()
	for i := range callers {
		for k := range each {
			if _, found, err := book.Find(fmt.Sprintf("A%d-%d", i, k), ""); !found || err != nil {
				t.Fatal(i, k, found, err)
			}
		}
	}
}

func TestServeWantsAClientCertificate(t *testing.T) {
	certificates := peers.NewCertificates(t)
	address := listen(t, Config{
		Keep: func(context.Context, []Order) error { return nil },
		TLS:  certificates.ServerTLS(t),
	})
	for _, known := range []bool{true, false} {
		conf := certificates.ClientTLS(t)
		if !known {
			conf.Certificates = nil
		}
		conn, err := tls.Dial("tcp", address, conf)
		if err != nil {
			t.Fatal(err)
		}
		got, err := answering(t, conn).ask(orderFor("A1"))
		if known != (err == nil && got == "AA MSG00001") {
			t.Errorf("with a certificate %t: %q, %v", known, got, err)
		}
	}
	if got, err := call(t, address).ask(orderFor("A1")); err == nil {
		t.Errorf("answered %q in the clear", got)
	}
}
