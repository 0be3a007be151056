package dicomweb

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What breaks off is not kept, and what came before it is.
func TestStoreThatBreaksOff(t *testing.T) {
	whole := body(object("1.1"), object("1.2"))
	for cut := range len(whole) {
		k := newKeeper()
		w := post(storeServer(t, k, nil), "/web/studies", multipartType, whole[:cut])
		for instance, data := range k.kept {
			if !bytes.Equal(data, plainFile(instance)) {
				t.Fatalf("cut at %d of %d, a torn object was kept", cut, len(whole))
			}
		}
		if len(k.kept) < 2 && w.Code == http.StatusOK {
			t.Fatalf("cut at %d of %d: answered %d with %d kept", cut, len(whole), w.Code, len(k.kept))
		}
	}
}

// waiter is a Receiver that says when it has begun, and holds until it is let go.
type waiter struct {
	begun chan struct{}
	let   chan struct{}
}

func (h waiter) Receive(_ context.Context, _ Incoming, data io.Reader) error {
	h.begun <- struct{}{}
	<-h.let
	_, err := io.Copy(io.Discard, data)
	return err
}

func TestStoresTakeTurns(t *testing.T) {
	h := waiter{make(chan struct{}), make(chan struct{})}
	s, err := NewServer(Config{Receiver: h, MaxRequests: 1})
	if err != nil {
		t.Fatal(err)
	}
	first := make(chan int)
	go func() { first <- post(s, "/studies", multipartType, body(object("1.1"))).Code }()
	<-h.begun
	if w := post(s, "/studies", multipartType, body(object("1.2"))); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a second store at once: %d", w.Code)
	}
	close(h.let)
	if code := <-first; code != http.StatusOK {
		t.Errorf("the first store: %d", code)
	}
}

// An object is handed on while the sender has not sent it whole: none is held in memory.
func TestStoreStreams(t *testing.T) {
	h := waiter{make(chan struct{}), make(chan struct{})}
	s, err := NewServer(Config{Receiver: h})
	if err != nil {
		t.Fatal(err)
	}
	host := httptest.NewServer(s)
	defer host.Close()
	reader, sender := io.Pipe()
	answered := make(chan error)
	go func() {
		answer, err := http.Post(host.URL+"/studies", multipartType, reader)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = errors.New(answer.Status)
		}
		if err == nil {
			err = answer.Body.Close()
		}
		answered <- err
	}()
	whole := body(part{typeDICOM, string(plainFile("1.1")) + strings.Repeat("pixels", 10_000)})
	if _, err := sender.Write(whole[:8000]); err != nil {
		t.Fatal(err)
	}
	<-h.begun
	close(h.let)
	if _, err := sender.Write(whole[8000:]); err != nil {
		t.Fatal(err)
	}
	if err := sender.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// A sender that falls silent is let go, and nothing of it is kept.
func TestSilentSendersAreLetGo(t *testing.T) {
	k := newKeeper()
	ended := make(chan int, 1)
	s := storeServer(t, k, func(c *Config) {
		c.Idle = 50 * time.Millisecond
		c.RequestEnded = func(_ uint64, kept int) { ended <- kept }
	})
	host := httptest.NewServer(s)
	defer host.Close()
	conn, err := net.Dial("tcp", host.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	whole := body(object("1.1"))
	if _, err := fmt.Fprintf(conn, "POST /web/studies HTTP/1.1\r\nHost: site\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", multipartType, len(whole), whole[:len(whole)-100]); err != nil {
		t.Fatal(err)
	}
	if kept := <-ended; kept != 0 {
		t.Errorf("%d objects of a silent sender were kept", kept)
	}
}

// discard is a Receiver that keeps nothing, as fast as it comes.
type discard struct{}

func (discard) Receive(_ context.Context, _ Incoming, data io.Reader) error {
	_, err := io.Copy(io.Discard, data)
	return err
}

// BenchmarkStore sends 500 CT slices of 512 × 512 through both ends, over loopback.
func BenchmarkStore(b *testing.B) {
	s, err := NewServer(Config{Receiver: discard{}})
	if err != nil {
		b.Fatal(err)
	}
	client := clientOf(b, s.ServeHTTP)
	client.Base = client.Base.JoinPath("..")
	pixels := strings.Repeat("\x07\x00", 512*512)
	var objects []Object
	for n := range 500 {
		objects = append(objects, held(part10(explicit, fmt.Sprintf("1.%d", n), func(w *writer) {
			w.text(studyInstanceUID, "UI", someStudy)
			w.text(0x7FE0_0010, "OW", pixels)
		})))
	}
	b.SetBytes(500 * int64(len(pixels)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Store(b.Context(), someStudy, objects); err != nil {
			b.Fatal(err)
		}
	}
}

// slow is a Receiver whose disk takes its time, unless the request ends meanwhile.
type slow struct{ takes time.Duration }

func (s slow) Receive(ctx context.Context, _ Incoming, data io.Reader) error {
	if _, err := io.Copy(io.Discard, data); err != nil {
		return err
	}
	disk := time.NewTimer(s.takes)
	defer disk.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-disk.C:
		return nil
	}
}

// Only a sender's silence ends a store, not our own slowness: over HTTP/1.1 and HTTP/2.
func TestSlowDisksAreNoSilence(t *testing.T) {
	const idle = time.Second
	s, err := NewServer(Config{Receiver: slow{idle * 3 / 2}, Idle: idle})
	if err != nil {
		t.Fatal(err)
	}
	for name, second := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Proto != name {
					t.Errorf("it came by %s", r.Proto)
				}
				s.ServeHTTP(w, r)
			}))
			host.EnableHTTP2 = second
			host.StartTLS()
			defer host.Close()
			answer, err := host.Client().Post(host.URL+"/studies", multipartType, bytes.NewReader(body(object("1.1"))))
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != http.StatusOK {
				t.Errorf("a slow disk is answered with %d", answer.StatusCode)
			}
			if err := answer.Body.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A sender that falls silent after many objects is answered and let go: the server does not
// wait for the rest of what it sends before it gives the turn back.
func TestSilentSendersKeepNoTurn(t *testing.T) {
	s := storeServer(t, newKeeper(), func(c *Config) { c.Idle, c.MaxRequests = 200*time.Millisecond, 1 })
	host := httptest.NewServer(s)
	defer host.Close()
	const many = 200 // their answer is longer than what a server holds back
	var objects []part
	for n := range many {
		objects = append(objects, object(fmt.Sprintf("1.%d", n+1)))
	}
	whole := body(objects...)
	conn, err := net.Dial("tcp", host.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST /web/studies HTTP/1.1\r\nHost: site\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", multipartType, len(whole), whole[:len(whole)-100]); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("a silent sender is not answered: %v", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		t.Errorf("answered %s", answer.Status)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Error(err)
	}
	if code := post(s, "/web/studies", multipartType, body(object("2.1"))).Code; code != http.StatusOK {
		t.Errorf("the turn is still held: %d", code)
	}
}

// A sender that never falls silent and brings next to nothing is let go too.
func TestTricklingSendersAreLetGo(t *testing.T) {
	const idle = 400 * time.Millisecond
	ended := make(chan int, 1)
	s := storeServer(t, newKeeper(), func(c *Config) {
		c.Idle = idle
		c.RequestEnded = func(_ uint64, kept int) { ended <- kept }
	})
	host := httptest.NewServer(s)
	defer host.Close()
	conn, err := net.Dial("tcp", host.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	begun := body(object("1.1"))[:200]
	if _, err := fmt.Fprintf(conn, "POST /web/studies HTTP/1.1\r\nHost: site\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", multipartType, len(begun), begun); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(idle / 8)
	defer tick.Stop()
	for {
		select {
		case kept := <-ended:
			if kept != 0 {
				t.Errorf("%d objects were kept", kept)
			}
			return
		case <-tick.C:
			if _, err := io.WriteString(conn, "1\r\nx\r\n"); err != nil {
				t.Log(err) // it was let go
			}
		}
	}
}

// A request that is refused unread holds its connection no longer than one that is taken.
func TestRefusedSendersAreLetGo(t *testing.T) {
	s := storeServer(t, newKeeper(), func(c *Config) { c.Idle = 100 * time.Millisecond })
	host := httptest.NewServer(s)
	defer host.Close()
	conn, err := net.Dial("tcp", host.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /web/studies HTTP/1.1\r\nHost: site\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(data, []byte("HTTP/1.1 415")) {
		t.Errorf("%v: %s", err, data)
	}
}

// counted says how much was read of it.
type counted struct {
	io.Reader
	bytes int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.bytes += n
	return n, err
}

// Headers that do not end are not collected, neither before the first object nor between two.
func TestEndlessPartHeadersAreNotHeld(t *testing.T) {
	const most = 1 << 20
	for name, before := range map[string][]byte{
		"the first":          []byte("--" + boundary + "\r\n"),
		"the second":         append(bytes.TrimSuffix(body(object("1.1")), []byte("--\r\n")), "\r\n"...),
		"before all of them": nil,
	} {
		endless := &counted{Reader: io.MultiReader(bytes.NewReader(before), strings.NewReader(strings.Repeat("X-Long: "+strings.Repeat("x", 1000)+"\r\n", 4*most/1000)))}
		all := newParts(endless, boundary)
		var err error
		for err == nil {
			_, _, err = all.next()
		}
		if errors.Is(err, io.EOF) || endless.bytes > most {
			t.Errorf("%s: %d bytes were read, %v", name, endless.bytes, err)
		}
	}
}
