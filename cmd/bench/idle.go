package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest/identity"
)

// What an idle node is measured with.
const (
	idlePeers  = 50
	idleSettle = time.Minute // from the last peer's arrival to the first sample
	idleWindow = 10 * time.Minute
	idleSample = time.Second
)

// Limits of an idle node.
const (
	idleMemoryMB = 80
	idlePercent  = 1 // of one core
)

// idleRun says how idle processes are measured.
type idleRun struct {
	medhive, ipfs  string // programs; empty ipfs: only the node
	peers          int
	settle, window time.Duration
	profiles       string // folder for profiles of the node at the end; empty: none
}

// idleResult is what they took, all in the same minutes and with the same peers.
type idleResult struct{ node, kubo usage }

// idleTargets are of a node that waits for work among fifty peers. All are read off one run.
func idleTargets() []target {
	var once sync.Once
	var measured idleResult
	var failed error
	run := func(ctx context.Context) (idleResult, error) {
		once.Do(func() {
			measured, failed = idleRun{
				medhive: filepath.Join("bin", "medhive"), ipfs: "ipfs", peers: idlePeers, settle: idleSettle, window: idleWindow,
			}.measure(ctx)
		})
		return measured, failed
	}
	return []target{
		{
			name: "idle/memory", unit: "MB", goal: 1, against: "limit, highest resident size in ten minutes with 50 peers",
			run: func(ctx context.Context) (value, limit float64, also map[string]float64, err error) {
				r, err := run(ctx)
				return r.node.residentMB, idleMemoryMB, r.node.also(), err
			},
		},
		{
			name: "idle/cpu", unit: "%", goal: 1, against: "limit, processor time of a core over the same minutes",
			run: func(ctx context.Context) (value, limit float64, also map[string]float64, err error) {
				r, err := run(ctx)
				return r.node.percent, idlePercent, nil, err
			},
		},
		{
			name: "idle/kubo", unit: "MB", goal: 0.5, against: "kubo's daemon, bare swarm of the same 50 peers, same minutes",
			run: func(ctx context.Context) (value, limit float64, also map[string]float64, err error) {
				r, err := run(ctx)
				return r.node.residentMB, r.kubo.residentMB, r.kubo.also(), err
			},
		},
	}
}

// measure starts a chain, a coordinator, a node and kubo, connects the same crowd to both,
// and watches them wait.
func (r idleRun) measure(ctx context.Context) (result idleResult, err error) {
	home, err := os.MkdirTemp("", "medhive-idle-")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	for _, program := range []*string{&r.medhive, &r.ipfs} {
		if *program != "" {
			if *program, err = installed(*program, home); err != nil {
				return result, err
			}
		}
	}
	var started household
	defer started.end()
	node, nodePeer, err := r.startNode(ctx, &started, home)
	if err != nil {
		return result, err
	}
	guests, err := newCrowd(ctx, r.peers)
	if err != nil {
		return result, err
	}
	defer guests.close()
	if err := guests.visit(ctx, nodePeer); err != nil {
		return result, err
	}
	watched := []*watch{{process: node}}
	visited := []peer.AddrInfo{nodePeer}
	if r.ipfs != "" {
		kubo, kuboPeer, err := r.startKubo(ctx, &started, home)
		if err != nil {
			return result, err
		}
		if err := guests.visit(ctx, kuboPeer); err != nil {
			return result, err
		}
		watched, visited = append(watched, &watch{process: kubo}), append(visited, kuboPeer)
	}
	if err := observe(ctx, watched, r.settle, r.window); err != nil {
		return result, err
	}
	for n, host := range visited {
		if left := guests.connected(host.ID); left < r.peers {
			return result, fmt.Errorf("%s: %d of %d peers are still connected after the measurement; it has measured something else", watched[n].process.name, left, r.peers)
		}
	}
	if r.profiles != "" {
		for _, kind := range []string{"heap", "goroutine"} {
			if err := started.ask(ctx, r.medhive, home, "node", "pprof", kind, "--out", filepath.Join(r.profiles, kind+".pprof")); err != nil {
				return result, err
			}
		}
	}
	result.node = watched[0].usage
	if len(watched) > 1 {
		result.kubo = watched[1].usage
	}
	return result, nil
}

// installed writes a program into a folder as a package manager does. One that a linker has
// just written lies in the system's cache in pages of 2 MB, all of which count as resident
// where one byte of them is read.
func installed(program, folder string) (path string, err error) {
	found, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("find %s: %w; `make bench` builds it", filepath.Base(program), err)
	}
	from, err := os.Open(found)
	if err != nil {
		return "", err
	}
	defer from.Close()
	path = filepath.Join(folder, filepath.Base(program))
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return "", err
	}
	// In pieces: a copy by the file system alone would share the cached pages' sizes.
	_, err = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, 64<<10))
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		return "", fmt.Errorf("install %s: %w", found, err)
	}
	return path, nil
}

// startNode starts a development network with one node, which is measured briefly.
func (r idleRun) startNode(ctx context.Context, started *household, home string) (*child, peer.AddrInfo, error) {
	var none peer.AddrInfo
	medhive := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(ctx, r.medhive, args...)
		c.Env = append(os.Environ(), "MEDHIVE_HOME="+home)
		return c
	}
	// An examination is ten seconds of work, which an idle node doesn't do.
	for _, role := range []struct {
		name, ready string
		args        []string
	}{
		{"chain", "medhive coordinator run", []string{"chain", "dev", "--listen", "127.0.0.1:0"}},
		{"coordinator", "medhive node run", []string{"coordinator", "run", "--examine-every", "0"}},
	} {
		if _, err := started.start(ctx, role.name, medhive(role.args...), role.ready); err != nil {
			return nil, none, err
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, none, err
	}
	address := fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", port)
	node, err := started.start(ctx, "node", medhive("node", "run", "--listen", address, "--tpm", "none", "--probe-duration", "500ms"), "medhive node status")
	if err != nil {
		return nil, none, err
	}
	key, err := identity.Load(filepath.Join(home, "node", "node.key"))
	if err != nil {
		return nil, none, err
	}
	id, err := peer.IDFromPrivateKey(key.Libp2p())
	if err != nil {
		return nil, none, err
	}
	info, err := peer.AddrInfoFromString(address + "/p2p/" + id.String())
	if err != nil {
		return nil, none, err
	}
	return node, *info, nil
}

// startKubo starts kubo's daemon with as little as it can do: a swarm on loopback that finds
// nobody by itself, provides nothing and routes nothing.
func (r idleRun) startKubo(ctx context.Context, started *household, home string) (*child, peer.AddrInfo, error) {
	var none peer.AddrInfo
	folder := filepath.Join(home, "kubo")
	ipfs := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(ctx, r.ipfs, args...)
		c.Env = append(os.Environ(), "IPFS_PATH="+folder, "IPFS_TELEMETRY=off")
		return c
	}
	port, err := freePort()
	if err != nil {
		return nil, none, err
	}
	address := fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", port)
	for _, args := range [][]string{
		{"init", "--profile=test"},
		{"config", "--json", "Addresses.Swarm", fmt.Sprintf("[%q]", address)},
		{"config", "--json", "Addresses.Gateway", "[]"},
		{"config", "--json", "AutoConf.Enabled", "false"},
		{"config", "--json", "AutoTLS.Enabled", "false"},
		{"config", "--json", "Provide.Enabled", "false"},
		{"config", "--json", "Bootstrap", "[]"},
		{"config", "--json", "DNS.Resolvers", "{}"},
		{"config", "--json", "Ipns.DelegatedPublishers", "[]"},
		{"config", "--json", "Routing", `{"Type": "none", "DelegatedRouters": []}`},
	} {
		if out, err := ipfs(args...).CombinedOutput(); err != nil {
			return nil, none, fmt.Errorf("set up kubo: ipfs %v: %w: %s", args, err, out)
		}
	}
	kubo, err := started.start(ctx, "kubo", ipfs("daemon"), "Daemon is ready")
	if err != nil {
		return nil, none, err
	}
	id, err := ipfs("config", "Identity.PeerID").Output()
	if err != nil {
		return nil, none, fmt.Errorf("ask kubo who it is: %w", err)
	}
	info, err := peer.AddrInfoFromString(address + "/p2p/" + strings.TrimSpace(string(id)))
	if err != nil {
		return nil, none, err
	}
	return kubo, *info, nil
}

// freePort is one of loopback that nobody listens at now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
