package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
)

// Reach is how a role meets others beyond its listen addresses. The zero value is right
// where those are reachable.
type Reach struct {
	LAN       bool   // find roles on the local network by multicast DNS
	BehindNAT bool   // spare finding out that this role can't be reached: be passed on to by relays
	SwarmKey  string // file of a pre-shared key of the whole network; empty: none
}

// joined is a host in its network: whom it dials, and whom it remembers.
type joined struct {
	host   host.Host
	peers  []peer.AddrInfo // of the network file
	relays []peer.AddrInfo // that a place must be kept at
	book   *p2p.Book
	lan    *p2p.LAN // nil unless asked for
	log    *slog.Logger
}

// join starts a role's host in its network; options hold what the role is there. Coordinator
// and bootstrap peers are its relays, unless it is one itself.
func (r Reach) join(state string, key *identity.Key, listen []string, n Network, options p2p.Options, log *slog.Logger) (_ *joined, err error) {
	j := &joined{log: log}
	if j.peers, err = n.Peers(); err != nil {
		return nil, err
	}
	denied, err := n.denied()
	if err != nil {
		return nil, err
	}
	options.Gate, options.BehindNAT, options.Log = p2p.NewGate(j.peers, denied, nil), r.BehindNAT, log
	if !options.Relay {
		options.Relays = j.peers
	}
	if r.BehindNAT {
		j.relays = options.Relays
	}
	if r.BehindNAT && len(options.Relays) == 0 {
		return nil, errors.New("a role behind a NAT needs a peer that passes connections on, and the network file names none; start the coordinator first, or leave --behind-nat out")
	}
	if options.SwarmKey, err = p2p.ReadSwarmKey(r.SwarmKey); err != nil {
		return nil, err
	}
	if j.book, err = p2p.OpenBook(filepath.Join(state, "peers.json")); err != nil {
		return nil, err
	}
	if j.host, err = p2p.NewHostIn(state, key, listen, options); err != nil {
		return nil, err
	}
	if r.LAN {
		if j.lan, err = p2p.FindOnLAN(j.host, log); err != nil {
			return nil, errors.Join(err, j.host.Close())
		}
	}
	return j, nil
}

// keepConnected dials lost peers, and keeps a place at relays where one is needed, until ctx
// ends.
func (j *joined) keepConnected(ctx context.Context) {
	var reserving sync.WaitGroup
	defer reserving.Wait()
	for _, relay := range j.relays {
		reserving.Go(func() { p2p.KeepReserved(ctx, j.host, relay, j.log) })
	}
	p2p.KeepConnected(ctx, j.host, j.peers, j.book, p2p.ReconnectEvery, j.log)
}

// close ends the host.
func (j *joined) close() error {
	var errs []error
	if j.lan != nil {
		errs = append(errs, j.lan.Close())
	}
	return errors.Join(append(errs, j.host.Close())...)
}

// denied are the peers that nobody of this network is to talk to.
func (n Network) denied() (ids []peer.ID, err error) {
	for _, text := range n.Denied {
		id, err := peer.Decode(text)
		if err != nil {
			return nil, fmt.Errorf("network file: denied peer %.80q: %w; write its peer id, such as 16Uiu2HA…", text, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
