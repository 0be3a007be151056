package transfer_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/medhive/medhive/scheduler/transfer"
)

// toxicPath is a proxy that does a network's evils between a node and the host of a clinic.
func toxicPath(t *testing.T, to host.Host) (proxy *toxiproxy.Proxy, through multiaddr.Multiaddr) {
	t.Helper()
	upstream, err := manet.ToNetAddr(to.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	log := zerolog.Nop()
	proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), log), "path", "127.0.0.1:0", upstream.String())
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	var port int
	if _, err := fmt.Sscanf(proxy.Listen, "127.0.0.1:%d", &port); err != nil {
		t.Fatalf("the proxy listens on %q: %v", proxy.Listen, err)
	}
	return proxy, multiaddr.StringCast(fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", port))
}

// TestThroughAToxicNetwork moves a payload of 12 chunks through cuts, resets, silences, thin
// lines and torn packets. Whatever is done to it, it arrives whole, and no cut costs more
// than one chunk received twice.
func TestThroughAToxicNetwork(t *testing.T) {
	const chunk = transfer.ChunkBytes
	m, key, sealed := sealedBytes(t, 12*chunk+7)
	for name, c := range map[string]struct {
		toxic string // as toxiproxy's API takes it, towards the node
		cuts  bool   // it ends connections
	}{
		"clean":                          {},
		"closed after 5 MiB each":        {`{"type":"limit_data","stream":"downstream","attributes":{"bytes":5242880}}`, true},
		"gone and back at each quarter":  {`{"type":"bandwidth","stream":"downstream","attributes":{"rate":40000}}`, true},
		"16 MB a second":                 {`{"type":"bandwidth","stream":"downstream","attributes":{"rate":16000}}`, false},
		"torn into pieces of about 1 kB": {`{"type":"slicer","stream":"downstream","attributes":{"average_size":1000,"size_variation":500,"delay":1}}`, false},
		"20 ms late, give or take 10":    {`{"type":"latency","stream":"downstream","attributes":{"latency":20,"jitter":10}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			clinic, node := pair(t)
			proxy, through := toxicPath(t, clinic)
			serve(clinic, ownProtocol, func(s network.Stream, first int) error {
				return transfer.Send(s, bytes.NewReader(sealed), m, first, func() error { return nil })
			})
			if c.toxic != "" {
				if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(c.toxic)); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), cutLimit)
			defer cancel()
			streams := 0
			open := func(ctx context.Context, first int) (io.ReadCloser, error) {
				node.Peerstore().ClearAddrs(clinic.ID()) // identify told it the way around the proxy
				node.Peerstore().AddAddr(clinic.ID(), through, peerstore.PermanentAddrTTL)
				if err := node.Connect(ctx, peer.AddrInfo{ID: clinic.ID()}); err != nil {
					return nil, err
				}
				s, err := node.NewStream(ctx, clinic.ID(), ownProtocol)
				if err != nil {
					return nil, err
				}
				streams++
				_, err = fmt.Fprintln(s, first)
				return s, err
			}
			quarters := 0
			tally, err := fetchOver(ctx, t, m, key, open, func(done float64) {
				if c.cuts && done > float64(quarters+1)/4 {
					quarters++
					proxy.Stop() // ends its connections
					if err := proxy.Start(); err != nil {
						t.Error(err)
					}
				}
			})
			if err != nil {
				t.Fatalf("after %d streams: %v", streams, err)
			}
			if c.cuts && streams < 2 {
				t.Errorf("nothing was cut: %d stream", streams)
			}
			if limit := int64(max(streams-1, 0)) * chunk; tally.Twice > limit {
				t.Errorf("%d bytes came twice over %d streams, want at most %d", tally.Twice, streams, limit)
			}
		})
	}
}
