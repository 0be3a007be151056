package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/attest/identity"
)

// testLimit is far beyond what any step takes; it turns a hang into a failure.
const testLimit = 2 * time.Minute

func newHost(t *testing.T) (host.Host, *identity.Key) {
	t.Helper()
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	h, err := libp2p.New(libp2p.Identity(key.Libp2p()), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay(), libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h, key
}

// TestUnknownVersionIsRefusedKindly: whoever speaks a version that is not spoken here is
// told which one is, and sees it in words; the dialogue ends there.
func TestUnknownVersionIsRefusedKindly(t *testing.T) {
	server, serverKey := newHost(t)
	client, clientKey := newHost(t)
	server.SetStreamHandler(AskProtocol, func(raw network.Stream) {
		defer raw.Close()
		s, err := Inbound(raw, serverKey, testLimit)
		if err != nil {
			return
		}
		if _, err := Expect[*Offer](s.Reader, MaxOffer, s.Peer); !errors.Is(err, ErrVersion) {
			t.Errorf("the asked side: %v", err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	s, err := Dial(ctx, client, server.ID(), HostAddresses(server), AskProtocol, clientKey, testLimit)
	if err != nil {
		t.Fatal(err)
	}
	later, err := proto.Marshal(&Envelope{Version: 2, Kind: 77, Payload: []byte("of the future")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(append(binary.AppendUvarint(nil, uint64(len(later))), later...)); err != nil {
		t.Fatal(err)
	}
	_, err = Expect[*Bid](s.Reader, MaxControl, serverKey.Address())
	var refused *Refused
	if !errors.As(err, &refused) || refused.Version != Version || !strings.Contains(err.Error(), "update the older one") {
		t.Errorf("the asking side: %v", err)
	}
	if _, err := s.Next(MaxControl); !errors.Is(err, io.EOF) {
		t.Errorf("after the refusal: %v", err)
	}
}

// TestRefusalInPlaceOfAnAnswer: a no without a version is its reason, made harmless.
func TestRefusalInPlaceOfAnAnswer(t *testing.T) {
	server, serverKey := newHost(t)
	client, clientKey := newHost(t)
	server.SetStreamHandler(GrantProtocol, func(raw network.Stream) {
		defer raw.Close()
		if s, err := Inbound(raw, serverKey, testLimit); err == nil {
			_ = s.Send(&Refusal{Reason: "no\x1b[31m lease"})
		}
	})
	ask := func(from *identity.Key) error {
		t.Helper()
		s, err := Dial(t.Context(), client, server.ID(), HostAddresses(server), GrantProtocol, clientKey, testLimit)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Send(&GrantRequest{}); err != nil {
			t.Fatal(err)
		}
		_, err = Expect[*Grant](s.Reader, MaxBulk, from.Address())
		return err
	}
	var refused *Refused
	if err := ask(serverKey); !errors.As(err, &refused) || refused.Version != 0 || refused.Reason != "no [31m lease" {
		t.Errorf("got %v", err)
	}
	if err := ask(clientKey); !errors.Is(err, ErrSignature) {
		t.Errorf("a refusal by another: %v", err)
	}
}
