package transfer_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/scheduler/transfer"
)

// cutLimit is far beyond what any step takes; it turns a hang into a failure.
const cutLimit = 2 * time.Minute

// pair is two hosts of one machine.
func pair(t *testing.T) (from, to host.Host) {
	t.Helper()
	var hosts []host.Host
	for range 2 {
		h, err := newHost()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		hosts = append(hosts, h)
	}
	return hosts[0], hosts[1]
}

// dial opens streams from one host to the other, connecting again where it was cut.
func dial(h, to host.Host) func(ctx context.Context, first int) (network.Stream, error) {
	return func(ctx context.Context, first int) (network.Stream, error) {
		if err := h.Connect(ctx, peer.AddrInfo{ID: to.ID(), Addrs: to.Addrs()}); err != nil {
			return nil, err
		}
		s, err := h.NewStream(ctx, to.ID(), ownProtocol)
		if err != nil {
			return nil, err
		}
		_, err = fmt.Fprintln(s, first)
		return s, err
	}
}

func sealedBytes(t *testing.T, size int64) (transfer.Manifest, transfer.Key, []byte) {
	t.Helper()
	key, err := transfer.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	m, err := transfer.SealFrom(&sealed, io.LimitReader(rand.Reader, size), size, transfer.Payload, raceTask, key)
	if err != nil {
		t.Fatal(err)
	}
	return m, key, sealed.Bytes()
}

func fetchOver(ctx context.Context, t *testing.T, m transfer.Manifest, key transfer.Key, open transfer.OpenStream, progress func(float64)) (transfer.Tally, error) {
	t.Helper()
	o, err := transfer.NewOpener(m, transfer.Payload, raceTask, key)
	if err != nil {
		t.Fatal(err)
	}
	v, err := transfer.NewVessel(m.PlainBytes)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	return transfer.FetchInto(ctx, o, v, 0, open, progress)
}

// TestAGivenUpFetchFreesItsSender has a sender without any deadline: it writes until it is
// told that nobody reads any more.
func TestAGivenUpFetchFreesItsSender(t *testing.T) {
	m, key, sealed := sealedBytes(t, 2*transfer.ChunkBytes)
	for name, tampered := range map[string]bool{"refused chunk": true, "cancelled": false} {
		t.Run(name, func(t *testing.T) {
			clinic, node := pair(t)
			ended := make(chan error, 1)
			serve(clinic, ownProtocol, func(s network.Stream, _ int) error {
				_, err := s.Write(sealed[:m.Offset(1)])
				for noise := make([]byte, 1<<16); tampered && err == nil; {
					_, err = s.Write(noise)
				}
				if !tampered { // nothing more comes; it hears of the end by reading
					_, err = s.Read(make([]byte, 1))
				}
				ended <- err
				return err
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			to := dial(node, clinic)
			open := func(ctx context.Context, first int) (io.ReadCloser, error) { return to(ctx, first) }
			_, err := fetchOver(ctx, t, m, key, open, func(float64) {
				if !tampered {
					cancel()
				}
			})
			if err == nil {
				t.Fatal("the fetch was not given up")
			}
			select {
			case err := <-ended:
				if err == nil || err == io.EOF {
					t.Errorf("the sender was not told that it was given up: %v", err)
				}
			case <-time.After(cutLimit):
				t.Error("the sender still waits for a reader")
			}
		})
	}
}

// sentTo counts what a sender could hand to its stream.
type sentTo struct {
	io.Writer
	bytes *atomic.Int64
}

func (s sentTo) Write(p []byte) (int, error) {
	n, err := s.Writer.Write(p)
	s.bytes.Add(int64(n))
	return n, err
}

// cutAfter closes the whole connection once so many bytes were read.
type cutAfter struct {
	network.Stream
	left int64
}

func (c *cutAfter) Read(p []byte) (int, error) {
	if c.left <= 0 {
		_ = c.Conn().Close()
	} else {
		p = p[:min(int64(len(p)), c.left)]
	}
	n, err := c.Stream.Read(p)
	c.left -= int64(n)
	return n, err
}

// TestThreeCutConnections counts at both ends of real connections: the receiver gets at
// most a chunk twice for each cut, the sender writes at most a window more.
func TestThreeCutConnections(t *testing.T) {
	const (
		chunk  = transfer.ChunkBytes
		window = 16 << 20 // yamux's largest
	)
	m, key, sealed := sealedBytes(t, 24*chunk+99)
	clinic, node := pair(t)
	var sent atomic.Int64
	done := make(chan struct{}, 8)
	serve(clinic, ownProtocol, func(s network.Stream, first int) error {
		defer func() { done <- struct{}{} }()
		return transfer.Send(sentTo{s, &sent}, bytes.NewReader(sealed), m, first, func() error { return nil })
	})
	to, cuts, streams := dial(node, clinic), []int64{3*chunk + chunk/2, 5*chunk - 10, 2*chunk + 100}, 0
	open := func(ctx context.Context, first int) (io.ReadCloser, error) {
		s, err := to(ctx, first)
		if streams++; err != nil || streams > len(cuts) {
			return s, err
		}
		return &cutAfter{s, cuts[streams-1]}, nil
	}
	tally, err := fetchOver(t.Context(), t, m, key, open, func(float64) {})
	if err != nil || tally.Streams != len(cuts)+1 {
		t.Fatalf("%+v: %v", tally, err)
	}
	for range tally.Streams {
		select {
		case <-done:
		case <-time.After(cutLimit):
			t.Fatal("a sender still waits for a reader")
		}
	}
	limit := int64(len(cuts)) * int64(m.Size(0))
	if tally.Received-tally.Twice != m.CipherBytes() || tally.Twice == 0 || tally.Twice > limit {
		t.Errorf("%+v for %d bytes of ciphertext; at most %d may come twice", tally, m.CipherBytes(), limit)
	}
	more := sent.Load() - m.CipherBytes()
	t.Logf("%d bytes of ciphertext, %d of them twice; the sender wrote %d more than once", m.CipherBytes(), tally.Twice, more)
	if more < tally.Twice || more > limit+int64(len(cuts))*window {
		t.Errorf("the sender wrote %d bytes more than the payload has", more)
	}
}
