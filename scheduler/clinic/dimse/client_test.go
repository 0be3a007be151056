package dimse

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"strconv"
	"testing"
	"testing/iotest"
	"time"
)

// TestSourceFails: an object that breaks off while it is sent is not completed by accident.
func TestSourceFails(t *testing.T) {
	received := &shelf{}
	remote, _ := serve(t, Config{Receiver: received})
	_, objects, hashes := study(t, "1.2.60", 3, 300_000)
	broken := errors.New("disk on fire")
	open := objects[1].Open
	objects[1].Open = func() (io.ReadCloser, error) {
		file, err := open()
		if err != nil {
			return nil, err
		}
		type reading struct {
			io.Reader
			io.Closer
		}
		return reading{io.MultiReader(io.LimitReader(file, 200_000), iotest.ErrReader(broken)), file}, nil
	}
	missing := Object{SOPClassUID: ctClass, SOPInstanceUID: "1.2.61", TransferSyntaxUID: explicitLittleEndian, Open: func() (io.ReadCloser, error) { return nil, broken }}
	sent, err := Send(t.Context(), remote, append(objects, missing, Object{SOPInstanceUID: "?"}), nil)
	if err != nil || len(sent) != 5 {
		t.Fatal(err, sent)
	}
	for n, good := range []bool{true, false, true, false, false} {
		if (sent[n].Err == nil) != good {
			t.Errorf("object %d: %v", n, sent[n].Err)
		}
	}
	if !errors.Is(sent[1].Err, broken) || !errors.Is(sent[3].Err, broken) {
		t.Errorf("causes: %v, %v", sent[1].Err, sent[3].Err)
	}
	delete(hashes, objects[1].SOPInstanceUID)
	arrived(t, received, hashes)
}

// TestManyClasses: more than one association has contexts for.
func TestManyClasses(t *testing.T) {
	received := &shelf{}
	ended := make(chan uint64, 8)
	remote, _ := serve(t, Config{Receiver: received, AssociationEnded: func(n uint64) { ended <- n }})
	var objects []Object
	hashes := map[string][sha256.Size]byte{}
	content := []byte("an object.")
	for n := range 2*maxContexts + 1 {
		o := Object{SOPClassUID: storagePrefix + "2." + strconv.Itoa(n), SOPInstanceUID: "1.2." + strconv.Itoa(n), TransferSyntaxUID: explicitLittleEndian}
		o.Open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
		hashes[o.SOPInstanceUID] = sha256.Sum256(content)
		objects = append(objects, o)
	}
	if sent, err := Send(t.Context(), remote, objects, nil); err != nil || len(sent) != len(objects) {
		t.Fatal(err, len(sent))
	}
	arrived(t, received, hashes)
	for range 3 {
		<-ended
	}
}

// TestFull: a place too few is a rejection that may be tried again.
func TestFull(t *testing.T) {
	hold, holding := make(chan struct{}), make(chan struct{})
	received := &shelf{refuse: func(Incoming) error {
		close(holding)
		<-hold
		return nil
	}}
	remote, _ := serve(t, Config{Receiver: received, MaxAssociations: 1})
	_, objects, _ := study(t, "1.2.70", 1, 100)
	done := make(chan error, 1)
	go func() {
		_, err := Send(t.Context(), remote, objects, nil)
		done <- err
	}()
	<-holding
	var rejected *RejectedError
	if err := Echo(t.Context(), remote); !errors.As(err, &rejected) || *rejected != rejectBusy {
		t.Errorf("one too many: %v", err)
	}
	close(hold)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestSilentCallers: those that never ask for an association take only the places for that.
func TestSilentCallers(t *testing.T) {
	remote, _ := serve(t, Config{Receiver: &shelf{}})
	var silent []net.Conn
	for range maxGreetingsOfOne {
		conn, err := net.Dial("tcp", remote.Address)
		if err != nil {
			t.Fatal(err)
		}
		silent = append(silent, conn)
	}
	if err := Echo(t.Context(), remote); err == nil { // the server took the others first
		t.Error("one more than may wait was let in")
	}
	for _, conn := range silent {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for Echo(t.Context(), remote) != nil { // until the server has seen that they are gone
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("nobody is let in any more")
		}
	}
}

// TestIdle: an association without a word is ended.
func TestIdle(t *testing.T) {
	remote, _ := serve(t, Config{Receiver: &shelf{}, Idle: 2 * time.Second})
	c, err := dial(t.Context(), remote, []offer{{id: 1, class: verification, syntaxes: []string{implicitLittleEndian}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	var aborted *AbortedError
	if _, _, err := c.link.readCommand(); !errors.As(err, &aborted) {
		t.Errorf("an association without a word: %v", err)
	}
}

// TestStop: a server that is told to stop does so with an association open and one that
// never said a word.
func TestStop(t *testing.T) {
	listener, _ := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, Config{AETitle: "MEDHIVE", Receiver: &shelf{}}) }()
	quiet, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	open, err := dial(t.Context(), Remote{Address: listener.Addr().String(), CalledAE: "MEDHIVE", CallingAE: "TESTER"}, []offer{{id: 1, class: verification, syntaxes: []string{implicitLittleEndian}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer open.close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := Serve(t.Context(), listener, Config{AETitle: "MEDHIVE"}); err == nil {
		t.Error("served without a receiver")
	}
}

// TestSilentPeers: a call ends when its context does, or its peer is silent for too long.
func TestSilentPeers(t *testing.T) {
	listener, _ := listen(t)
	t.Cleanup(func() { _ = listener.Close() })
	remote := Remote{Address: listener.Addr().String(), CalledAE: "MUTE", CallingAE: "TESTER", Timeout: 50 * time.Millisecond}
	var timeout net.Error
	if err := Echo(t.Context(), remote); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("silent peer: %v", err)
	}
	remote.Timeout = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if conn, err := listener.Accept(); err == nil { // the first caller's
			_ = conn.Close()
		}
		if conn, err := listener.Accept(); err == nil {
			defer conn.Close()
			_, _ = io.ReadFull(conn, make([]byte, pduHead))
			cancel()
			_, _ = io.Copy(io.Discard, conn)
		}
	}()
	if err := Echo(ctx, remote); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled call: %v", err)
	}
}
