package p2p

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"
)

const (
	// ReconnectEvery heals a partition: gossip alone delivered 49 % half a minute
	// after one, with this loop 100 %.
	ReconnectEvery = 10 * time.Second
	dialTimeout    = 5 * time.Second
	dialsAtOnce    = 8
	// longestPause between two dials of a peer that was met once and does not answer.
	longestPause = 10 * time.Minute
	// jitter spreads the dials of many roles that lost the same peer at the same time.
	jitter = 0.2
	// noteEvery so many rounds the book is written, and read for those lost since.
	noteEvery = 6
)

// patience is how a peer that can't be reached is tried again.
type patience struct {
	next  time.Time
	pause time.Duration
}

// after is the patience after a failed dial: static peers are tried in every round, others
// half as often after each failure, ± jitter by random in [0,1).
func (p patience) after(now time.Time, every time.Duration, static bool, random float64) patience {
	if static {
		return patience{}
	}
	p.pause = min(max(2*p.pause, every), longestPause)
	p.next = now.Add(time.Duration(float64(p.pause) * (1 - jitter + 2*jitter*random)))
	return p
}

// keeper dials lost peers again.
type keeper struct {
	host     host.Host
	static   []peer.AddrInfo
	isStatic map[peer.ID]bool
	known    []peer.AddrInfo // the static peers, then those of the book
	book     *Book           // nil: none
	patience map[peer.ID]patience
	down     map[peer.ID]bool // static peers that were not reached last time
	every    time.Duration
	log      *slog.Logger
}

// KeepConnected dials the static peers and those of the book (nil: none) at once, and
// every so often those that were lost, until ctx ends. It returns then, so its caller can
// wait for it. Who is connected meanwhile is entered in the book, and dialled again like
// those that were met before.
func KeepConnected(ctx context.Context, h host.Host, static []peer.AddrInfo, book *Book, every time.Duration, log *slog.Logger) {
	k := &keeper{host: h, static: static, isStatic: map[peer.ID]bool{}, known: static, book: book, patience: map[peer.ID]patience{}, down: map[peer.ID]bool{}, every: every, log: log}
	for _, info := range static {
		k.isStatic[info.ID] = true
		h.ConnManager().Protect(info.ID, "static")
	}
	k.remember()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for round := 1; ; round++ {
		k.dial(ctx)
		if round%noteEvery == 1 {
			k.note()
			k.remember()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// note enters in the book who is connected.
func (k *keeper) note() {
	if k.book == nil {
		return
	}
	if err := k.book.note(k.host, time.Now()); err != nil {
		k.log.Warn("the peers met are not remembered", "error", err)
	}
}

// remember looks up in the book whom to dial beside the static peers: those that were met,
// in this life or before, and are not connected now.
func (k *keeper) remember() {
	if k.book == nil {
		return
	}
	k.known = k.static[:len(k.static):len(k.static)]
	patient := map[peer.ID]patience{}
	for _, info := range k.book.recent(time.Now(), func(id peer.ID) bool { return k.isStatic[id] || k.connected(id) }) {
		k.known = append(k.known, info)
		if p, tried := k.patience[info.ID]; tried {
			patient[info.ID] = p
		}
	}
	k.patience = patient
}

func (k *keeper) connected(id peer.ID) bool {
	return id == k.host.ID() || k.host.Network().Connectedness(id) == network.Connected
}

// dial tries those of the known peers that are not connected and whose time has come.
func (k *keeper) dial(ctx context.Context) {
	var dials errgroup.Group
	dials.SetLimit(dialsAtOnce)
	failed := make([]error, len(k.known))
	now := time.Now()
	for i, info := range k.known {
		if k.connected(info.ID) || now.Before(k.patience[info.ID].next) {
			continue
		}
		dials.Go(func() error {
			failed[i] = k.connect(ctx, info)
			return nil
		})
	}
	_ = dials.Wait() // connect tells by failed
	if ctx.Err() != nil {
		return
	}
	for i, info := range k.known {
		switch {
		case failed[i] != nil:
			k.missed(info.ID, failed[i])
		case k.connected(info.ID):
			k.met(info.ID)
		}
	}
}

func (k *keeper) connect(ctx context.Context, info peer.AddrInfo) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	forgetFailures(k.host, info.ID) // the keeper has a patience of its own
	return k.host.Connect(ctx, info)
}

// missed notes that a peer could not be reached. Of a static one that is told when it
// begins, not in each round; one that was met once may have gone for good.
func (k *keeper) missed(id peer.ID, err error) {
	k.patience[id] = k.patience[id].after(time.Now(), k.every, k.isStatic[id], rand.Float64())
	if k.isStatic[id] && !k.down[id] {
		k.down[id] = true
		k.log.Warn("peer is not reachable, trying again until it is", "peer", id, "error", err)
		return
	}
	k.log.Debug("peer is not reachable, trying again later", "peer", id, "error", err)
}

// met notes that a peer is connected, whoever of the two dialled.
func (k *keeper) met(id peer.ID) {
	delete(k.patience, id)
	if k.down[id] {
		delete(k.down, id)
		k.log.Info("peer is reachable again", "peer", id)
	}
}
