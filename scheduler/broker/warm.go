package broker

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/scheduler"
)

// Warm connections: an emergency has no time for a handshake.
const (
	warmEvery  = 30 * time.Second
	warmNodes  = 2 * asks        // by package: twice what one emergency asks
	warmModels = 8               // packages that are kept in mind, the latest ones
	warmDial   = 5 * time.Second // for one connection
	warmTag    = "medhive-ask"
)

// warmth is what this clinic has offered lately: it will again.
type warmth struct {
	wake chan struct{} // holds one: a package is new

	mu     sync.Mutex        // guards offers
	offers []scheduler.Offer // one of each package, the latest last
}

func newWarmth() *warmth { return &warmth{wake: make(chan struct{}, 1)} }

// wanted keeps an offer in mind.
func (w *warmth) wanted(o scheduler.Offer) {
	w.mu.Lock()
	at := slices.IndexFunc(w.offers, func(known scheduler.Offer) bool { return known.Package == o.Package })
	if at >= 0 {
		w.offers = slices.Delete(w.offers, at, at+1)
	} else if len(w.offers) == warmModels {
		w.offers = slices.Delete(w.offers, 0, 1)
	}
	w.offers = append(w.offers, o)
	w.mu.Unlock()
	if at >= 0 {
		return
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *warmth) list() []scheduler.Offer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.offers)
}

// KeepWarm holds connections to nodes that suit an offer, as if it had been made: a clinic
// that has just started knows which models its emergencies will need. Task, payload and
// times of the offer do not matter.
func (b *Broker) KeepWarm(o scheduler.Offer) {
	if b.Directory != nil {
		b.warm.wanted(o)
	}
}

// multiaddresses are those of the texts that can be read.
func multiaddresses(texts []string) []multiaddr.Multiaddr {
	var list []multiaddr.Multiaddr
	for _, text := range texts {
		if a, err := multiaddr.NewMultiaddr(text); err == nil {
			list = append(list, a)
		}
	}
	return list
}

// keepWarm holds connections to the nodes that the next emergency would ask.
func (b *Broker) keepWarm() {
	held := map[peer.ID]bool{}
	for {
		select {
		case <-b.ctx.Done():
			return
		case <-b.warm.wake:
		case <-b.Clock.After(warmEvery):
		}
		wanted := map[peer.ID]peer.AddrInfo{}
		now := b.Clock.Now()
		for _, o := range b.warm.list() {
			o.Class, o.Deadline = scheduler.STAT, now.Add(maxPatience)
			for _, e := range b.Directory.Best(o, warmNodes, now, b.Score, nil) {
				wanted[e.Peer] = peer.AddrInfo{ID: e.Peer, Addrs: multiaddresses(e.Notice.Addresses)}
			}
		}
		for id := range held {
			if _, still := wanted[id]; !still {
				b.Host.ConnManager().Unprotect(id, warmTag)
				delete(held, id)
			}
		}
		var dials sync.WaitGroup
		for id, info := range wanted {
			b.Host.ConnManager().Protect(id, warmTag)
			held[id] = true
			dials.Go(func() {
				ctx, cancel := context.WithTimeout(b.ctx, warmDial)
				defer cancel()
				if err := b.Host.Connect(ctx, info); err != nil {
					b.Log.Debug("node not reached beforehand; an emergency will try", "peer", id.String(), "error", err)
				}
			})
		}
		dials.Wait()
	}
}
