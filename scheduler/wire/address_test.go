package wire

import (
	"slices"
	"testing"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/multiformats/go-multiaddr"
)

// homed is a host of which only the addresses count.
type homed struct {
	host.Host
	addresses []string
}

func (h homed) Addrs() (all []multiaddr.Multiaddr) {
	for _, text := range h.addresses {
		all = append(all, multiaddr.StringCast(text))
	}
	return all
}

func TestHostAddresses(t *testing.T) {
	const (
		loop   = "/ip4/127.0.0.1/tcp/9400"
		loop6  = "/ip6/::1/tcp/9400"
		lan    = "/ip4/192.168.1.7/tcp/9400"
		lanUDP = "/ip4/192.168.1.7/udp/9400/quic-v1"
		bridge = "/ip4/172.17.0.1/tcp/9400"
		second = "/ip4/10.8.0.2/tcp/9400"
		public = "/ip4/203.0.114.9/tcp/9400"
		named  = "/dns4/clinic.example/tcp/9400"
		relay  = "/ip4/198.51.101.4/tcp/9400/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N/p2p-circuit"
		udp    = "/ip4/198.51.101.4/udp/9400/quic-v1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N/p2p-circuit"
		own    = "/ip4/127.0.0.1/tcp/9401/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N/p2p-circuit"
	)
	for name, c := range map[string]struct{ has, told []string }{
		"nothing":                    {nil, nil},
		"loopback alone":             {[]string{loop6, loop}, []string{loop6, loop}},
		"loopback beside others":     {[]string{loop, lan, loop6}, []string{lan}},
		"loopback beside a relay":    {[]string{loop, relay}, []string{loop, relay}},
		"public first, TCP first":    {[]string{lanUDP, lan, loop, public}, []string{public, lan, lanUDP}},
		"a name is public":           {[]string{lan, named}, []string{named, lan}},
		"four at most":               {[]string{lan, bridge, second, lanUDP, public}, []string{public, lan, bridge, second}},
		"one place for a relay":      {[]string{lan, bridge, second, public, udp, relay}, []string{public, lan, bridge, relay}},
		"relays in the places left":  {[]string{loop, lan, udp, relay}, []string{lan, relay, udp}},
		"only relays":                {[]string{udp, own, relay}, []string{relay, udp, own}},
		"a relay of this machine":    {[]string{loop, loop6, own}, []string{loop, loop6, own}},
		"a relay, but no TCP at all": {[]string{lanUDP, udp}, []string{lanUDP, udp}},
	} {
		if got := HostAddresses(homed{addresses: c.has}); !slices.Equal(got, c.told) {
			t.Errorf("%s: %v, want %v", name, got, c.told)
		}
	}
}
