package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
)

// lanService keeps MedHive's roles apart from other programs that speak libp2p.
const lanService = "_medhive._udp"

// maxLANDials bounds what a flood of announcements can make this host do at once.
const maxLANDials = 8

// LAN finds roles on the same local network by multicast DNS (RFC 6762).
type LAN struct {
	host    host.Host
	service io.Closer
	log     *slog.Logger
	stop    context.CancelFunc
	ctx     context.Context
	dials   sync.WaitGroup
	places  chan struct{} // one token per dial
}

// FindOnLAN announces h on the local network and connects to those that do the same,
// until it is closed.
func FindOnLAN(h host.Host, log *slog.Logger) (*LAN, error) {
	ctx, stop := context.WithCancel(context.Background())
	l := &LAN{host: h, log: log, ctx: ctx, stop: stop, places: make(chan struct{}, maxLANDials)}
	service := mdns.NewMdnsService(h, lanService, l)
	if err := service.Start(); err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("look for peers on the local network: %w; start without --lan where multicast is not allowed", err), service.Close())
	}
	l.service = service
	return l, nil
}

// HandlePeerFound implements mdns.Notifee.
func (l *LAN) HandlePeerFound(info peer.AddrInfo) {
	if info.ID == l.host.ID() || l.host.Network().Connectedness(info.ID) == network.Connected {
		return
	}
	select {
	case l.places <- struct{}{}:
	default:
		return // it announces itself again
	}
	l.dials.Go(func() {
		defer func() { <-l.places }()
		ctx, cancel := context.WithTimeout(l.ctx, dialTimeout)
		defer cancel()
		if err := l.host.Connect(ctx, info); err != nil && l.ctx.Err() == nil {
			l.log.Debug("peer of the local network is not reachable", "peer", info.ID, "error", err)
		}
	})
}

// Close ends the announcements and waits for dials under way.
func (l *LAN) Close() error {
	l.stop()
	err := l.service.Close()
	l.dials.Wait()
	return err
}
