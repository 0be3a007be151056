package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	p2pnetwork "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
)

// The little internet of this test: a public machine, and two homes whose routers
// translate addresses. 8.1.0.0/24 is a public range to libp2p, which punches no holes
// towards private ones; it exists only inside the namespaces.
const (
	publicMachines = 1 // a coordinator, which is relay and observer
	natLimit       = time.Minute
	natSpeak       = protocol.ID("/medhive/test/nat/1")
	natRole        = "MEDHIVE_TEST_NAT_ROLE"
)

// natOrder is what a process of the test is told on its standard input.
type natOrder struct {
	Listen []string
	Peers  []string // the public machines; the first is the relay
	Dial   []string // a peer behind another router, by its relay
}

// natReport is one line of what it says on its standard output.
type natReport struct {
	Addresses []string `json:",omitempty"`
	Direct    string   `json:",omitempty"` // the direct connection's remote address
	Answer    string   `json:",omitempty"` // that came over it
	Error     string   `json:",omitempty"`
}

// TestNATProcess is one machine of the tests below; on its own it has nothing to do.
func TestNATProcess(t *testing.T) {
	role := os.Getenv(natRole)
	if role == "" {
		return
	}
	var order natOrder
	in := json.NewDecoder(os.Stdin)
	if err := in.Decode(&order); err != nil {
		t.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	ctx, cancel := context.WithTimeout(t.Context(), natLimit)
	defer cancel()
	if err := natMachine(ctx, role, order, out); err != nil {
		_ = out.Encode(natReport{Error: err.Error()})
	}
	_ = in.Decode(&order) // until the other end closes
}

func natMachine(ctx context.Context, role string, order natOrder, out *json.Encoder) error {
	peers, err := p2p.ParsePeers(order.Peers)
	if err != nil {
		return err
	}
	open := func(listen []string, o p2p.Options) (host.Host, error) {
		key, err := identity.Generate()
		if err != nil {
			return nil, err
		}
		return p2p.NewHost(key, listen, o)
	}
	if role != "public" {
		h, err := open(order.Listen, p2p.Options{Relays: peers[:1]})
		if err != nil {
			return err
		}
		return natHome(ctx, h, peers, order, out)
	}
	var addresses []string
	for _, listen := range order.Listen {
		h, err := open([]string{listen}, p2p.Options{Relay: true, Hub: true})
		if err != nil {
			return err
		}
		addresses = append(addresses, p2p.Addresses(h)...)
	}
	return out.Encode(natReport{Addresses: addresses})
}

func natHome(ctx context.Context, h host.Host, peers []peer.AddrInfo, order natOrder, out *json.Encoder) error {
	h.SetStreamHandler(natSpeak, func(s p2pnetwork.Stream) {
		fmt.Fprintln(s, "hello from behind a router")
		_ = s.Close()
	})
	changed := make(chan struct{}, 1)
	h.Network().Notify(&p2pnetwork.NotifyBundle{ConnectedF: func(p2pnetwork.Network, p2pnetwork.Conn) {
		select {
		case changed <- struct{}{}:
		default:
		}
	}})
	for _, p := range peers {
		if err := h.Connect(ctx, p); err != nil {
			return err
		}
	}
	if len(order.Dial) == 0 {
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			if all := p2p.Addresses(h); strings.Contains(strings.Join(all, " "), "p2p-circuit") {
				return out.Encode(natReport{Addresses: all})
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("it never learned that it can't be reached: %v", h.Addrs())
			}
		}
	}
	to, err := p2p.ParsePeers(order.Dial)
	if err != nil {
		return err
	}
	// It punches holes once a peer has told it its public address. Who is met before that
	// is met through the relay only, and the library does not try again.
	for tick := time.NewTicker(10 * time.Millisecond); !slices.Contains(h.Mux().Protocols(), holepunch.Protocol); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("nobody told it its public address: %v", h.Addrs())
		}
	}
	if err := h.Connect(ctx, to[0]); err != nil {
		return err
	}
	for {
		for _, c := range h.Network().ConnsToPeer(to[0].ID) {
			if _, err := c.RemoteMultiaddr().ValueForProtocol(ma.P_CIRCUIT); err == nil {
				continue
			}
			s, err := h.NewStream(ctx, to[0].ID, natSpeak)
			if err != nil {
				return err
			}
			line, err := bufio.NewReader(s).ReadString('\n')
			if err != nil {
				return err
			}
			return out.Encode(natReport{Direct: c.RemoteMultiaddr().String(), Answer: line})
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.New("only the relay leads there")
		}
	}
}

// natWorld is the little internet. Each home is a namespace behind a router's.
type natWorld struct {
	internet *os.File
	homes    []*os.File
}

func newNATWorld(t *testing.T) natWorld {
	t.Helper()
	space := func() *os.File {
		s, err := newSpace()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	in := func(s *os.File, commands ...string) {
		t.Helper()
		for _, c := range commands {
			if err := tool(s, strings.Fields(c)...); err != nil {
				t.Fatal(err)
			}
		}
	}
	at := func(s *os.File) string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), s.Fd()) }
	w := natWorld{internet: space()}
	in(w.internet, "ip link add wan type bridge", "ip link set wan up")
	for n := range publicMachines {
		in(w.internet, fmt.Sprintf("ip addr add 8.1.0.%d/24 dev wan", 10+n))
	}
	for n := 1; n <= 2; n++ {
		router, home := space(), space()
		in(w.internet, fmt.Sprintf("ip link add home%d type veth peer name wan netns %s", n, at(router)), fmt.Sprintf("ip link set home%d master wan up", n))
		in(router, fmt.Sprintf("ip link add lan type veth peer name eth0 netns %s", at(home)),
			fmt.Sprintf("ip addr add 8.1.0.%d/24 dev wan", 1+n), "ip link set wan up", fmt.Sprintf("ip addr add 10.%d.0.1/24 dev lan", n), "ip link set lan up")
		in(home, fmt.Sprintf("ip addr add 10.%d.0.2/24 dev eth0", n), "ip link set eth0 up", fmt.Sprintf("ip route add default via 10.%d.0.1", n))
		if err := within(router, func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644) }); err != nil {
			t.Fatal(err)
		}
		// As routers at home do: own addresses for what goes out, silence to what nobody asked for.
		if err := tool(router, "nft", "add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; }; add rule ip nat out oifname wan masquerade; "+
			"add table ip wall; add chain ip wall own { type filter hook input priority 0; }; add rule ip wall own iifname wan drop; "+
			"add chain ip wall on { type filter hook forward priority 0; }; add rule ip wall on iifname wan ct state established,related accept; add rule ip wall on iifname wan drop"); err != nil {
			t.Fatal(err)
		}
		w.homes = append(w.homes, home)
	}
	return w
}

// machine starts a process in a namespace and returns its first report.
func machine(t *testing.T, space *os.File, role string, order natOrder) natReport {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestNATProcess$")
	cmd.Env = append(os.Environ(), natRole+"="+role)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	wait, err := startIn(space, cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		wait()
	})
	if err := json.NewEncoder(in).Encode(order); err != nil {
		t.Fatal(err)
	}
	var report natReport
	if err := json.NewDecoder(out).Decode(&report); err != nil {
		t.Fatalf("%s told nothing: %v", role, err)
	}
	if report.Error != "" {
		t.Fatalf("%s: %s", role, report.Error)
	}
	return report
}

// A node and a clinic behind routers of their own find out by AutoNAT that nobody reaches
// them, take a place at the relay, meet there, and punch a hole through both routers: what
// they say then goes directly, and the relay carries none of it.
func TestTwoHomesMeetThroughTheirRouters(t *testing.T) {
	for _, name := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Log("not tested:", err)
			return
		}
	}
	if space, err := newSpace(); err != nil {
		t.Log("not tested:", err)
		return
	} else {
		space.Close()
	}
	w := newNATWorld(t)
	const listen = "/ip4/%s/tcp/9400" // over UDP no hole was punched here
	var public []string
	for n := range publicMachines {
		public = append(public, fmt.Sprintf(listen, fmt.Sprintf("8.1.0.%d", 10+n)))
	}
	hubs := machine(t, w.internet, "public", natOrder{Listen: public})
	home := []string{fmt.Sprintf(listen, "0.0.0.0")}
	clinic := machine(t, w.homes[0], "clinic", natOrder{Listen: home, Peers: hubs.Addresses})
	relayed := slices.DeleteFunc(clinic.Addresses, func(a string) bool { return !strings.Contains(a, "p2p-circuit") })
	node := machine(t, w.homes[1], "node", natOrder{Listen: home, Peers: hubs.Addresses, Dial: relayed})
	if !strings.Contains(node.Direct, "/8.1.0.2/") || !strings.Contains(node.Answer, "hello") {
		t.Errorf("direct at %q it heard %q; want the clinic's router and its word", node.Direct, node.Answer)
	}
}
