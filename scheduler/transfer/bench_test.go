package transfer_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/transfer"
)

// benchBytes is one transfer; compare the two benchmarks of one run with each other.
const benchBytes = 128 << 20

// pair is two connected hosts over TCP on loopback.
func pair(b *testing.B) (from, to host.Host) {
	b.Helper()
	hosts := make([]host.Host, 2)
	for n := range hosts {
		h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay(), libp2p.DisableMetrics())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { h.Close() })
		hosts[n] = h
	}
	if err := hosts[1].Connect(b.Context(), peer.AddrInfo{ID: hosts[0].ID(), Addrs: hosts[0].Addrs()}); err != nil {
		b.Fatal(err)
	}
	return hosts[0], hosts[1]
}

const benchProtocol protocol.ID = "/medhive/bench/1"

// stream opens one and waits until the other side sends.
func stream(b *testing.B, from, to host.Host) network.Stream {
	b.Helper()
	s, err := to.NewStream(b.Context(), from.ID(), benchProtocol)
	if err == nil {
		_, err = s.Write([]byte{1})
	}
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func serve(from host.Host, send func(io.Writer) error) {
	from.SetStreamHandler(benchProtocol, func(s network.Stream) {
		defer s.Close()
		if _, err := io.ReadFull(s, make([]byte, 1)); err == nil {
			_ = send(s)
		}
	})
}

// BenchmarkBareStream is the limit: the same bytes over libp2p with nothing else.
func BenchmarkBareStream(b *testing.B) {
	from, to := pair(b)
	payload := make([]byte, transfer.ChunkBytes)
	serve(from, func(w io.Writer) error {
		for range benchBytes / len(payload) {
			if _, err := w.Write(payload); err != nil {
				return err
			}
		}
		return nil
	})
	b.SetBytes(benchBytes)
	buf := make([]byte, transfer.ChunkBytes)
	for b.Loop() {
		s := stream(b, from, to)
		for range benchBytes / len(buf) {
			if _, err := io.ReadFull(s, buf); err != nil {
				b.Fatal(err)
			}
		}
		s.Close()
	}
}

// BenchmarkTransfer sends from a ciphertext store and verifies and decrypts.
func BenchmarkTransfer(b *testing.B) {
	from, to := pair(b)
	task := models.DigestOf([]byte("task"))
	key, err := transfer.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	var sealed bytes.Buffer
	m, err := transfer.Seal(&sealed, make([]byte, benchBytes), transfer.Payload, task, key)
	if err != nil {
		b.Fatal(err)
	}
	serve(from, func(w io.Writer) error {
		return transfer.Send(w, bytes.NewReader(sealed.Bytes()), m, 0, func() error { return nil })
	})
	o, err := transfer.NewOpener(m, transfer.Payload, task, key)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(benchBytes)
	for b.Loop() {
		s := stream(b, from, to)
		if _, err := transfer.Receive(context.Background(), s, func() { _ = s.Reset() }, o, 0, func(int, []byte) error { return nil }); err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
