package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
)

// maxNetworkBytes bounds the network file before it is parsed.
const maxNetworkBytes = 1 << 20

// Network is what every role of one network must agree on: the chain with its
// contracts, and the peers that a newcomer dials first. `medhive chain dev` writes
// it, `medhive coordinator run` adds itself, nodes and clinics read it.
type Network struct {
	RPC         string          `json:"rpc"`                   // JSON-RPC address of the chain
	RPCMore     []string        `json:"rpc_more,omitempty"`    // further ones, asked in this order when those before don't answer
	Final       chain.Finality  `json:"final,omitzero"`        // "finalized", or how many blocks confirm a transaction; none: the block that holds it is enough, which suits a development chain alone
	Contracts   chain.Addresses `json:"contracts"`             // with the chain id
	Coordinator []string        `json:"coordinator,omitempty"` // multiaddresses with peer id
	Bootstrap   []string        `json:"bootstrap,omitempty"`   // further peers, likewise
	Denied      []string        `json:"denied,omitempty"`      // peer ids that nobody here talks to
	// Vendors are whose vouchers for devices count on this network. Each epoch names those it
	// was computed with, and whoever verifies it holds them against their own network file.
	Vendors []common.Address `json:"vendors,omitempty"`
	// DevelopmentKeys is a development chain's key folder, relative to this file:
	// play money from which roles make what they lack. Empty on a real network.
	DevelopmentKeys string `json:"development_keys,omitempty"`

	path string // where it was read from
}

// Domain binds statements to this network's chain and registry.
func (n Network) Domain() attest.Domain {
	return attest.Domain{ChainID: new(big.Int).SetUint64(n.Contracts.ChainID), Registry: n.Contracts.Registry}
}

// Dial connects to the network's chain through the first of its RPC servers that
// answers; what it sends counts as done by the network's rule of finality. log may
// be nil.
func (n Network) Dial(ctx context.Context, log *slog.Logger) (*chain.Client, error) {
	return chain.Dial(ctx, n.RPC, n.Contracts, chain.Fallback(n.RPCMore...), chain.Until(n.Final), chain.Log(quiet(log)))
}

// Peers are the ones that a role dials first and again.
func (n Network) Peers() ([]peer.AddrInfo, error) {
	return p2p.ParsePeers(slices.Concat(n.Coordinator, n.Bootstrap))
}

// coordinator is the peer that statements go to, and that has the proofs of claims.
func (n Network) coordinator() (peer.AddrInfo, error) {
	infos, err := p2p.ParsePeers(n.Coordinator)
	if err != nil {
		return peer.AddrInfo{}, err
	}
	if len(infos) == 0 {
		return peer.AddrInfo{}, errors.New("the network file names no coordinator; start one with `medhive coordinator run`, then try again")
	}
	return infos[0], nil
}

// developmentKey opens one of a development chain's keys; a real network has none.
func (n Network) developmentKey(name string) (*identity.Key, error) {
	if n.DevelopmentKeys == "" {
		return nil, errRealNetwork
	}
	return identity.Load(filepath.Join(filepath.Dir(n.path), n.DevelopmentKeys, name))
}

// errRealNetwork says that nobody hands out money here.
var errRealNetwork = errors.New("this network has no faucet")

// NetworkPath is where a home keeps its network file.
func NetworkPath(home string) string { return filepath.Join(home, "network.json") }

// FindNetwork is the network file of a home, or else, where there is one, that of this machine's
// installed services.
func FindNetwork(home string) string {
	own, installed := NetworkPath(home), NetworkPath(installedFolder)
	if _, err := os.Stat(own); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(installed); err == nil {
			return installed
		}
	}
	return own
}

// ReadNetwork reads a network file.
func ReadNetwork(path string) (Network, error) {
	var n Network
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return n, fmt.Errorf("no network file at %s (%w); whoever runs your network gives it out: put it there, or name it with --network; `medhive chain dev` starts a network to try", path, fs.ErrNotExist)
	}
	if err != nil {
		return n, fmt.Errorf("network file: %w; give this user the right to read it, or name another with --network", err)
	}
	if info.Size() > maxNetworkBytes {
		return n, fmt.Errorf("network file has %d bytes: the limit is %d; this is not a network file: name yours with --network", info.Size(), maxNetworkBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return n, fmt.Errorf("network file: %w; give this user the right to read it, or name another with --network", err)
	}
	if err := json.Unmarshal(data, &n); err != nil {
		return n, fmt.Errorf("network file %s: %w; get it anew from whoever runs the network (`medhive chain dev` writes that of a network to try)", path, err)
	}
	if n.RPC == "" {
		return n, fmt.Errorf("network file %s names no rpc; get it anew from whoever runs the network (`medhive chain dev` writes that of a network to try)", path)
	}
	if err := n.Contracts.Validate(); err != nil {
		return n, fmt.Errorf("network file %s: %w; get it anew from whoever runs the network (`medhive chain dev` writes that of a network to try)", path, err)
	}
	n.path = path
	return n, nil
}

// WriteNetwork replaces a network file.
func WriteNetwork(path string, n Network) error {
	data, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return fmt.Errorf("network file: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("network file: %w", err)
	}
	return writeFileDurably(path, append(data, '\n'), 0o644)
}

// coordinatorPoll is how often a network file is looked at again for a coordinator.
const coordinatorPoll = 500 * time.Millisecond

// AwaitCoordinator reads a network file until it names a coordinator, which adds itself
// there when it starts, or another peer. tell is called once if there is none yet. On the
// local network roles may find each other without.
func AwaitCoordinator(ctx context.Context, path string, reach Reach, tell func(text string)) (Network, error) {
	n, err := ReadNetwork(path)
	alone := func() bool { return len(n.Coordinator)+len(n.Bootstrap) == 0 }
	if err != nil || reach.LAN || !alone() {
		return n, err
	}
	tell("the network file names no coordinator yet; start one with `medhive coordinator run`; waiting for it …")
	poll := time.NewTicker(coordinatorPoll)
	defer poll.Stop()
	for err == nil && alone() {
		select {
		case <-ctx.Done():
			return n, fmt.Errorf("wait for a coordinator: %w; start one with `medhive coordinator run`, then try again", context.Cause(ctx))
		case <-poll.C:
			n, err = ReadNetwork(path)
		}
	}
	return n, err
}
