// Package p2p builds the libp2p host of a role and keeps it connected. In: the
// role's key, its listen addresses and the peers it should know. Out: a host
// with bounded resources and a loop that dials lost peers again. It knows nothing of offers, receipts or studies.
package p2p

import (
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/attest/identity"
)

// lowPeers and highPeers bound idle connections; an agent serves a region, not the world.
const lowPeers, highPeers = 64, 192

// NewHost starts a libp2p host on the given multiaddresses (TCP: bulk transfer is
// 2.5 times faster on it than on QUIC). The caller closes it.
func NewHost(key *identity.Key, listen []string) (host.Host, error) {
	limits, err := resources()
	if err != nil {
		return nil, err
	}
	conns, err := connmgr.NewConnManager(lowPeers, highPeers)
	if err != nil {
		return nil, fmt.Errorf("connection manager: %w", err)
	}
	h, err := libp2p.New(
		libp2p.Identity(key.Libp2p()),
		libp2p.ListenAddrStrings(listen...),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(libp2ptls.ID, libp2ptls.New),
		libp2p.Security(noise.ID, noise.New),
		libp2p.ResourceManager(limits),
		libp2p.ConnectionManager(conns),
		libp2p.DisableRelay(),
		libp2p.UserAgent("medhive"),
	)
	if err != nil {
		return nil, fmt.Errorf("listen on %v: %w; choose a free port with --listen", listen, err)
	}
	return h, nil
}

// resources allows many bidders behind one hospital address: the library's
// default of 8 connections per /32 refused 421 of 500 bids from one NAT.
func resources() (network.ResourceManager, error) {
	scaling := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&scaling)
	scaled := scaling.AutoScale()
	custom := rcmgr.PartialLimitConfig{
		System:    rcmgr.ResourceLimits{Conns: 2048, ConnsInbound: 1536, ConnsOutbound: 512, Streams: 8192, StreamsInbound: 6144, StreamsOutbound: 2048},
		Transient: rcmgr.ResourceLimits{Conns: 512, ConnsInbound: 512, ConnsOutbound: 128, Streams: 1024, StreamsInbound: 1024},
	}
	perSubnet := rcmgr.WithLimitPerSubnet(
		[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: 1024}},
		[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: 1024}},
	)
	manager, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(custom.Build(scaled)), perSubnet)
	if err != nil {
		return nil, fmt.Errorf("resource limits: %w", err)
	}
	return manager, nil
}

// Addresses are h's own addresses with its peer id: what another role dials.
func Addresses(h host.Host) []string {
	full, err := peer.AddrInfoToP2pAddrs(&peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()})
	if err != nil {
		return nil
	}
	text := make([]string, len(full))
	for i, a := range full {
		text[i] = a.String()
	}
	return text
}

// ParsePeers reads multiaddresses with peer ids, joining those of one peer.
func ParsePeers(addresses []string) ([]peer.AddrInfo, error) {
	parsed := make([]ma.Multiaddr, 0, len(addresses))
	var faults []error
	for _, text := range addresses {
		a, err := ma.NewMultiaddr(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("peer address %.200q: %w; write it as /ip4/HOST/tcp/PORT/p2p/ID", text, err))
			continue
		}
		parsed = append(parsed, a)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	infos, err := peer.AddrInfosFromP2pAddrs(parsed...)
	if err != nil {
		return nil, fmt.Errorf("peer addresses: %w; each must end in /p2p/ID", err)
	}
	return infos, nil
}
