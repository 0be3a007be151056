package main

import (
	"errors"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"
)

// far bounds a try to connect that is to fail: SYNs are repeated after 1 s and 3 s.
const far = 1500 * time.Millisecond

// The faults do to packets what their names say, and can be told from their absence.
func TestSpacesCutWhatTheySay(t *testing.T) {
	links, err := newSpaces()
	if err != nil {
		t.Log("not tested:", err)
		return
	}
	defer links.close()
	s := links.(*spaces)
	for _, name := range []string{"a", "b", "c"} {
		if _, err := links.join(name); err != nil {
			t.Fatal(err)
		}
	}
	listener := listen(t, s, "b")
	defer listener.Close()
	hears := func(from string) bool {
		conn, err := dial(s, from, listener.Addr().String())
		if err == nil {
			conn.Close()
		}
		return err == nil
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if !hears("a") || !hears("c") {
		t.Fatal("a place does not reach another")
	}
	must(links.detach("b"))
	if hears("a") {
		t.Error("a detached place is reached")
	}
	must(links.attach("b"))
	if !hears("a") {
		t.Error("a place that is attached again is not reached")
	}
	must(links.isolate("a"))
	must(links.isolate("b"))
	if hears("a") || !hears("c") {
		t.Error("isolated places reach each other, or not the others")
	}
	if _, err := exec.LookPath("nft"); err != nil {
		t.Log("loss is not tested:", err)
	} else {
		must(links.lose("b", 999))
		if hears("c") {
			t.Error("a place that loses all but one in a thousand packets is reached")
		}
		must(links.lose("b", 0))
	}

	conn, err := dial(s, "c", listener.Addr().String())
	must(err)
	defer conn.Close()
	must(links.reset("b", "c"))
	must(conn.SetReadDeadline(time.Now().Add(10 * time.Second)))
	var timeout net.Error
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("a connection that was reset ends with %v", err)
	}
}

// A limit of 1 Mbit/s makes 250 kB take about two seconds.
func TestSpacesLimitWhatIsSent(t *testing.T) {
	links, err := newSpaces()
	if err != nil {
		t.Log("not tested:", err)
		return
	}
	defer links.close()
	s := links.(*spaces)
	for _, name := range []string{"a", "b"} {
		if _, err := links.join(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := links.limit("a", 1000); err != nil {
		t.Fatal(err)
	}
	listener := listen(t, s, "b")
	defer listener.Close()
	go func() {
		if conn, err := dial(s, "a", listener.Addr().String()); err == nil {
			_, _ = conn.Write(make([]byte, 250_000))
			conn.Close()
		}
	}()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	n, err := io.Copy(io.Discard, conn)
	if took := time.Since(began); err != nil || n != 250_000 || took < time.Second {
		t.Errorf("%d bytes in %v (%v), want 250000 in 1.7 s or more", n, took, err)
	}
}

func listen(t *testing.T, s *spaces, name string) (listener net.Listener) {
	t.Helper()
	m, err := s.member(name)
	if err != nil {
		t.Fatal(err)
	}
	err = within(m.space, func() (err error) {
		listener, err = net.Listen("tcp", m.ip+":0")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// dial makes the socket on the place's own thread, as a dialer with one address does.
func dial(s *spaces, from, to string) (conn net.Conn, err error) {
	m, err := s.member(from)
	if err != nil {
		return nil, err
	}
	err = within(m.space, func() (err error) {
		conn, err = net.DialTimeout("tcp", to, far)
		return err
	})
	return conn, err
}
