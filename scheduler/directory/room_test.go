package directory

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
)

func TestSubnetOfAddresses(t *testing.T) {
	const relay = "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit"
	for name, c := range map[string]struct {
		addresses []string
		want      string
	}{
		"none":                   {nil, ""},
		"public":                 {[]string{"/ip4/203.0.113.7/tcp/4001"}, "203.0.113.0/24"},
		"the first that tells":   {[]string{"nonsense", "/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.2/tcp/1", "/ip6/2001:db8:1::7/tcp/1", "/ip4/203.0.113.7/tcp/1"}, "2001:db8:1::/48"},
		"behind a relay":         {[]string{"/ip4/203.0.113.7/tcp/4001" + relay}, ""},
		"a relay, then its own":  {[]string{"/ip4/203.0.113.7/tcp/4001" + relay, "/ip4/198.51.100.9/tcp/1"}, "198.51.100.0/24"},
		"at home":                {[]string{"/ip4/10.0.0.7/tcp/1", "/ip4/172.16.0.7/tcp/1", "/ip4/192.168.178.20/tcp/1", "/ip6/fd00::7/tcp/1"}, ""},
		"at home, mapped to six": {[]string{"/ip6/::ffff:192.168.178.20/tcp/1"}, ""},
		"behind a provider":      {[]string{"/ip4/100.64.3.7/tcp/1"}, ""},
		"this machine":           {[]string{"/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"}, ""},
		"a name":                 {[]string{"/dns4/node.example/tcp/1"}, ""},
	} {
		if got := subnetOf(c.addresses); got != c.want {
			t.Errorf("%s: in %q, want %q", name, got, c.want)
		}
	}
}

// flood fills a directory of honest nodes, each of its own operator, with names that come
// from ever new networks, and counts the honest ones that are left.
func flood(t *testing.T, operator func(common.Address) (common.Address, bool), honest, names int) (d *Directory, left int) {
	t.Helper()
	d = NewListed(5*honest, operator)
	for n := range honest + names {
		err := d.Observe(sampleNotice(n), "", epoch)
		if n < honest && err != nil || err != nil && !errors.Is(err, ErrFull) {
			t.Fatal(err)
		}
	}
	for n := range honest {
		if d.nodes[address(n)] != nil {
			left++
		}
	}
	return d, left
}

// TestFloodFromManySubnets: neither names that are not listed nor the many names of one
// operator displace others, from however many networks they speak.
func TestFloodFromManySubnets(t *testing.T) {
	const honest = 100
	const newcomer = 20_000
	isHonest := map[common.Address]bool{address(newcomer): true}
	for n := range honest {
		isHonest[address(n)] = true
	}
	for name, other := range map[string]func(common.Address) (common.Address, bool){
		"names that nobody listed":   func(common.Address) (common.Address, bool) { return common.Address{}, false },
		"many names of one operator": func(common.Address) (common.Address, bool) { return common.HexToAddress("0x99"), true },
	} {
		t.Run(name, func(t *testing.T) {
			d, left := flood(t, func(node common.Address) (common.Address, bool) {
				if isHonest[node] {
					return node, true
				}
				return other(node)
			}, honest, 10_000)
			if left < honest-1 { // one is lost when all eight of a sample are honest: 10,000 · (1/5)^8 = 0.03
				t.Errorf("%d of %d honest nodes are left", left, honest)
			}
			if err := d.Observe(sampleNotice(newcomer), "", epoch); err != nil {
				t.Errorf("an honest newcomer: %v", err)
			}
		})
	}
}

// TestUnlistedNewcomerIsRefused where all others are listed.
func TestUnlistedNewcomerIsRefused(t *testing.T) {
	d := NewListed(10, func(node common.Address) (common.Address, bool) { return node, node != address(10) })
	for n := range 11 {
		if err := d.Observe(sampleNotice(n), "", epoch); errors.Is(err, ErrFull) != (n == 10) {
			t.Errorf("node %d: %v", n, err)
		}
	}
}

// TestBestSpreadsOverOperators: of the many names of one operator one is asked while others
// are left, and their promises are one among those that tell what is usual.
func TestBestSpreadsOverOperators(t *testing.T) {
	const honest = 4
	d := NewListed(0, func(node common.Address) (common.Address, bool) {
		for n := range honest {
			if node == address(n) {
				return node, true
			}
		}
		return common.HexToAddress("0x99"), true
	})
	for n := range 100 {
		notice := sampleNotice(n)
		if n >= honest {
			notice.PriceGwei = 1
		}
		if err := d.Observe(notice, peer.ID(fmt.Sprint(n)), epoch); err != nil {
			t.Fatal(err)
		}
	}
	names := 0
	for _, e := range d.Best(sampleOffer(), honest+1, epoch, nil, nil) {
		if e.Notice.PriceGwei == 1 {
			names++
		}
	}
	if names != 1 {
		t.Errorf("%d names of one operator are asked, want 1", names)
	}
}
