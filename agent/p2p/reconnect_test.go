package p2p_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
)

// journal is a log that a test reads while it is written.
type journal struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

// Write implements io.Writer.
func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) count(what string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), what)
}

// hangUp takes connections and closes them at once, until stopped; each is told of.
func hangUp(t *testing.T) (at *net.TCPAddr, dials <-chan struct{}, stop func()) {
	t.Helper()
	door, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{}, 1024)
	var taking sync.WaitGroup
	taking.Go(func() {
		for {
			c, err := door.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
			select {
			case told <- struct{}{}:
			default:
			}
		}
	})
	return door.Addr().(*net.TCPAddr), told, func() {
		_ = door.Close()
		taking.Wait()
	}
}

// libp2p itself dials a peer that it missed after five seconds, then after six, nine, 14,
// and up to five minutes: a coordinator that was away for an hour would be missed for five
// minutes more.
func TestAStaticPeerIsDialledInEachRoundAndComplainedOfOnce(t *testing.T) {
	at, dials, stop := hangUp(t)
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPublicKey(key.Libp2p().GetPublic())
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", at.Port)
	static := []peer.AddrInfo{{ID: id, Addrs: []ma.Multiaddr{ma.StringCast(address)}}}
	node := startHost(t, p2p.Options{})
	seen := connected(node, id)
	log := &journal{}
	ctx, cancel := context.WithCancel(t.Context())
	var loop sync.WaitGroup
	loop.Go(func() {
		p2p.KeepConnected(ctx, node, static, nil, 20*time.Millisecond, slog.New(slog.NewTextHandler(log, nil)))
	})
	defer loop.Wait()
	defer cancel()
	for range 10 {
		wait(t, "another dial", dials)
	}
	if n := log.count("not reachable"); n != 1 {
		t.Errorf("complained %d times", n)
	}
	stop()
	back, err := p2p.NewHost(key, []string{address}, p2p.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	wait(t, "the peer that is back", seen)
	for wanted := within(t); log.count("reachable again") == 0; {
		if wanted.Err() != nil {
			t.Fatal("nobody was told that the peer is back")
		}
	}
}

// Who was met since the start is dialled again like who was met before it.
func TestAPeerThatWasMetIsDialledAgainAfterACut(t *testing.T) {
	node, clinic := startHost(t, p2p.Options{}), startHost(t, p2p.Options{})
	if err := node.Connect(within(t), info(clinic)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "peers.json")
	stop := keep(t, node, nil, path)
	defer stop()
	for wanted := within(t); ; {
		if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), clinic.ID().String()) {
			break
		}
		if wanted.Err() != nil {
			t.Fatal("the meeting was not noted")
		}
	}
	seen := connected(node, clinic.ID())
	if err := node.Network().ClosePeer(clinic.ID()); err != nil {
		t.Fatal(err)
	}
	wait(t, "the peer that was met", seen)
}
