package p2p

import (
	"context"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	ma "github.com/multiformats/go-multiaddr"
)

const (
	// reserveAgain is how long before its end a reservation is renewed.
	reserveAgain = 10 * time.Minute
	// reserveRetry is the longest pause after a relay that gave no place.
	reserveRetry = 15 * time.Second
	// reserveSoon is the shortest time between two requests: a relay that closes each
	// connection must not be asked in a circle.
	reserveSoon = time.Second
)

// atRelays adds to a host's addresses where its relays pass connections on to it, whether
// those relays have public addresses or, as within a hospital's own network, private ones.
func atRelays(relays []peer.AddrInfo) func([]ma.Multiaddr) []ma.Multiaddr {
	var circuits []ma.Multiaddr
	for _, relay := range relays {
		addresses, err := peer.AddrInfoToP2pAddrs(&relay)
		if err != nil {
			continue // its id is no peer's: it can't be dialled either
		}
		for _, a := range addresses {
			circuits = append(circuits, a.Encapsulate(ma.StringCast("/p2p-circuit")))
		}
	}
	return func(own []ma.Multiaddr) []ma.Multiaddr { return append(own[:len(own):len(own)], circuits...) }
}

// KeepReserved holds a place at a relay for a host behind a NAT (Options.BehindNAT) until
// ctx ends. It returns then, so its caller can wait for it. A relay gives a place away when
// the connection to it ends, and knows of none after a restart, so whenever a connection to
// it ends or begins a place is asked for again.
func KeepReserved(ctx context.Context, h host.Host, relay peer.AddrInfo, log *slog.Logger) {
	changed := make(chan struct{}, 1)
	tell := func(_ network.Network, c network.Conn) {
		if c.RemotePeer() != relay.ID {
			return
		}
		select {
		case changed <- struct{}{}:
		default: // it is told already
		}
	}
	watch := &network.NotifyBundle{ConnectedF: tell, DisconnectedF: tell}
	h.Network().Notify(watch)
	defer h.Network().StopNotify(watch)
	held, retry := true, reserveSoon
	for {
		pause := retry
		place, err := reserve(ctx, h, relay)
		switch {
		case err == nil:
			if !held {
				log.Info("relay gave a place again", "peer", relay.ID)
			}
			held, retry = true, reserveSoon
			pause = time.Until(place.Expiration) - reserveAgain
		case ctx.Err() == nil:
			if held {
				log.Warn("relay gave no place, trying again; until then nobody reaches this role", "peer", relay.ID, "error", err)
			}
			held, retry = false, min(2*retry, reserveRetry)
			select {
			case <-changed: // by the attempt itself
			default:
			}
		}
		if !rest(ctx, reserveSoon, nil) || !rest(ctx, pause-reserveSoon, changed) {
			return
		}
	}
}

func reserve(ctx context.Context, h host.Host, relay peer.AddrInfo) (*client.Reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	forgetFailures(h, relay.ID)
	return client.Reserve(ctx, h, relay)
}

// rest waits for so long, or until something is received; false: ctx ended before.
func rest(ctx context.Context, long time.Duration, until <-chan struct{}) bool {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-until:
	}
	return true
}

// forgetFailures has the next dial of a peer go out: after a failed one libp2p refuses to
// dial again for five seconds, and for longer after each further one, up to five minutes.
func forgetFailures(h host.Host, id peer.ID) {
	if dialler, ok := h.Network().(interface{ Backoff() *swarm.DialBackoff }); ok {
		dialler.Backoff().Clear(id)
	}
}
