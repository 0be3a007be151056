package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
)

func TestModelPlacesAreShared(t *testing.T) {
	var p modelPlaces
	greedy := modelOrigin(ma.StringCast("/ip4/192.0.2.1/tcp/1"))
	for range maxModelStreamsEach {
		if !p.take(greedy) {
			t.Fatal("the first ones get no place")
		}
	}
	if p.take(modelOrigin(ma.StringCast("/ip4/192.0.2.1/tcp/2"))) {
		t.Error("another port of the same machine got more than its share")
	}
	for n := range maxModelStreams - maxModelStreamsEach {
		if !p.take(string(rune('a' + n))) {
			t.Errorf("place %d is kept from the others", n)
		}
	}
	if p.take("late") {
		t.Error("more places than there are")
	}
	p.leave(greedy)
	if !p.take("late") || len(p.each) != maxModelStreams-maxModelStreamsEach+2 {
		t.Errorf("a place that was left is not free: %v", p.each)
	}
}

func TestModelOrigin(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.1/udp/2/quic-v1", true},
		{"/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1", false},
		{"/ip6/2001:db8::1/tcp/1", "/ip6/2001:db8::ffff:2/tcp/1", true},
		{"/ip6/2001:db8::1/tcp/1", "/ip6/2001:db8:0:1::1/tcp/1", false},
		{"/ip6/::ffff:192.0.2.1/tcp/1", "/ip4/192.0.2.1/tcp/1", true},
		{"/dns4/a.example/tcp/1", "/dns4/b.example/tcp/1", true},
	} {
		if got := modelOrigin(ma.StringCast(c.a)) == modelOrigin(ma.StringCast(c.b)); got != c.same {
			t.Errorf("%s and %s are one: %t", c.a, c.b, got)
		}
	}
}

// Whoever takes nothing does not keep a place.
func TestSendModelCutsSlowPeers(t *testing.T) {
	file := bytes.Repeat([]byte{1}, 3*modelPieceBytes+1)
	for name, c := range map[string]struct {
		takes int64
		limit time.Duration
		cut   bool
	}{
		"nothing":    {0, 20 * time.Millisecond, true},
		"then stops": {modelPieceBytes + 5, 200 * time.Millisecond, true},
		"all":        {int64(len(file)), time.Minute, false},
	} {
		near, far := net.Pipe()
		sent := make(chan error, 1)
		go func() { sent <- sendModel(near, bytes.NewReader(file), c.limit) }()
		if _, err := io.CopyN(io.Discard, far, c.takes); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := <-sent; errors.Is(err, os.ErrDeadlineExceeded) != c.cut || !c.cut && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := errors.Join(near.Close(), far.Close()); err != nil {
			t.Error(err)
		}
	}
}

// One address that opens streams and says nothing is told to wait with the next.
func TestServeModelsLimitsOneAddress(t *testing.T) {
	packages, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	h, err := p2p.NewHost(key, []string{"/ip4/127.0.0.1/tcp/0"}, p2p.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, h.Close) })
	serveModels(h, packages)
	d := models.DigestOf(nil)
	from, err := dialModels(t.Context(), h.Addrs()[0].String()+"/p2p/"+h.ID().String()+"/"+d.String())
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	answers := make(chan modelAnswer, maxModelStreamsEach+1)
	for range maxModelStreamsEach + 1 {
		s, err := from.host.NewStream(t.Context(), from.peer, modelProtocol)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Reset()
		if _, err := s.Write([]byte{0}); err != nil { // the beginning of a request
			t.Fatal(err)
		}
		go func() {
			var a modelAnswer
			data, err := attest.ReadFrame(s, maxModelAnswer)
			if err == nil {
				err = json.Unmarshal(data, &a)
			}
			if err != nil {
				a.Error = err.Error()
			}
			answers <- a
		}()
	}
	if a := <-answers; !strings.HasPrefix(a.Error, "busy") { // the others wait for their request
		t.Errorf("one address got more than %d places: %+v", maxModelStreamsEach, a)
	}
}
