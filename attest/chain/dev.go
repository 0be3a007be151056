package chain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/eth"
	"github.com/ethereum/go-ethereum/eth/catalyst"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/eth/filters"
	gethlog "github.com/ethereum/go-ethereum/log"
	"github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/medhive/medhive/attest/identity"
)

const (
	// devCacheMB bounds each of the embedded chain's caches, in MiB. Its whole
	// state is a few kilobytes; geth's defaults are made for mainnet.
	devCacheMB = 16
	// devHandles is how many files the embedded database may hold open, in
	// place of half of what the process is allowed.
	devHandles = 64
	// devGasLimit of each block: mainnet's, so that what fits here fits there.
	devGasLimit = 60_000_000
	// faucetEther is what the funded account starts with.
	faucetEther = 1_000_000
	// faucetFile holds the funded account's key in the chain's data folder.
	faucetFile = "faucet.key"
)

// DevOptions says where an embedded chain lives.
type DevOptions struct {
	// DataDir keeps blocks and the faucet's key over restarts; empty means
	// memory only.
	DataDir string
	// Listen is a loopback host:port for JSON-RPC over HTTP; port 0 lets the
	// system choose, empty means 127.0.0.1:0.
	Listen string
	// NextFork runs the rules that follow today's mainnet, as far as geth has them,
	// to see what the contracts will cost then.
	NextFork bool
	// Log receives geth's warnings; nil discards them.
	Log *slog.Logger
}

// Dev is a whole EVM chain inside the process: geth's state, transaction pool
// and JSON-RPC, with blocks made as transactions arrive. It follows the rules
// that mainnet runs today. Nothing in it is faked but the clock, which
// AdvanceTime moves, so that a delay of 24 h can be waited out in a test.
//
// Anyone who reaches its port can move that clock, so it listens on loopback
// and nowhere else.
type Dev struct {
	stack  *node.Node
	miner  *miner
	faucet *identity.Key
}

// StartDev starts an embedded chain; ctx bounds the start alone. Close ends it.
func StartDev(ctx context.Context, opts DevOptions) (_ *Dev, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start development chain: %w", err)
	}
	host, port, err := loopback(opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("start development chain: %w", err)
	}
	faucet, err := faucetKey(opts.DataDir)
	if err != nil {
		return nil, fmt.Errorf("start development chain: %w", err)
	}
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	stack, err := node.New(nodeConfig(opts.DataDir, host, port, log))
	if err != nil {
		return nil, fmt.Errorf("start development chain: %w%s", err, hint(err))
	}
	defer func() {
		if err != nil {
			stack.Close()
		}
	}()
	backend, err := eth.New(stack, ethConfig(faucet, opts.NextFork))
	if err != nil {
		return nil, fmt.Errorf("open development chain: %w", err)
	}
	stack.RegisterAPIs([]rpc.API{{
		Namespace: "eth",
		Service:   filters.NewFilterAPI(filters.NewFilterSystem(backend.APIBackend, filters.Config{})),
	}})
	beacon, err := catalyst.NewSimulatedBeacon(0, faucet.Address(), backend)
	if err != nil {
		return nil, fmt.Errorf("start block production: %w", err)
	}
	miner := newMiner(backend, beacon, log)
	stack.RegisterAPIs([]rpc.API{{Namespace: "dev", Service: &devAPI{miner: miner}}})
	stack.RegisterLifecycle(miner)
	if err := stack.Start(); err != nil {
		return nil, fmt.Errorf("start development chain on %s: %w%s", net.JoinHostPort(host, strconv.Itoa(port)), err, hint(err))
	}
	return &Dev{stack: stack, miner: miner, faucet: faucet}, nil
}

// URL is where the chain answers JSON-RPC over HTTP.
func (d *Dev) URL() string { return d.stack.HTTPEndpoint() }

// FaucetKey is the account that holds all ether of this chain.
func (d *Dev) FaucetKey() *identity.Key { return d.faucet }

// AdvanceTime moves the chain's clock forward by at least d, which is rounded
// up to whole seconds, and returns the chain's new time.
func (d *Dev) AdvanceTime(ctx context.Context, by time.Duration) (time.Time, error) {
	return d.miner.advance(ctx, by)
}

// Close ends the chain and frees its port and files.
func (d *Dev) Close() error {
	if err := d.stack.Close(); err != nil && !errors.Is(err, node.ErrNodeStopped) {
		return fmt.Errorf("close development chain: %w", err)
	}
	return nil
}

// loopback splits a listen address and refuses one that others can reach.
func loopback(listen string) (host string, port int, err error) {
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q: %w; write it as 127.0.0.1:8545", listen, err)
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("listen address %q: port is not a number from 0 to 65535", listen)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", 0, fmt.Errorf("listen address %q is not loopback: whoever reaches a development chain moves its clock; listen on 127.0.0.1", listen)
	}
	return host, int(number), nil
}

// faucetKey reads or makes the funded account's key; in memory it is fresh, so
// that no well-known key ever holds anything.
func faucetKey(dataDir string) (*identity.Key, error) {
	if dataDir == "" {
		return identity.Generate()
	}
	return identity.LoadOrCreate(filepath.Join(dataDir, faucetFile))
}

// nodeConfig is geth's shell with no peers, no IPC and one loopback port.
func nodeConfig(dataDir, host string, port int, log *slog.Logger) *node.Config {
	config := node.DefaultConfig
	config.Name = "medhive-dev"
	config.DataDir = dataDir
	config.P2P = p2p.Config{NoDiscovery: true} // nobody to dial and nowhere to listen
	config.UseLightweightKDF = true
	config.IPCPath = ""
	config.HTTPHost, config.HTTPPort = host, port
	config.HTTPModules = []string{"eth", "net", "web3", "dev"}
	config.HTTPVirtualHosts = []string{"localhost"} // and addresses; stops DNS rebinding
	config.AuthPort = 0
	config.Logger = gethlog.NewLogger(warnings{log.Handler()})
	return &config
}

// ethConfig is geth's chain with small caches and today's mainnet rules, or the
// next ones.
func ethConfig(faucet *identity.Key, nextFork bool) *ethconfig.Config {
	config := ethconfig.Defaults
	address := faucet.Address()
	genesis := core.DeveloperGenesisBlock(devGasLimit, &address)
	genesis.Alloc[address] = types.Account{
		Balance: new(big.Int).Mul(big.NewInt(faucetEther), big.NewInt(params.Ether)),
	}
	// The forks after Osaka make a new storage slot cost several times today's
	// gas; a chain that runs them would teach wrong figures.
	if !nextFork {
		genesis.Config.AmsterdamTime = nil
		genesis.Config.BogotaTime = nil
	}
	config.Genesis = genesis
	config.SyncMode = ethconfig.FullSync
	// Each block's state is stored with it (and written through by the miner): a
	// chain that is killed must come back with the blocks that it confirmed.
	config.StateScheme = rawdb.HashScheme
	config.NoPruning = true
	config.DatabaseCache = devCacheMB
	config.DatabaseHandles = devHandles
	config.TrieCleanCache = devCacheMB
	config.TrieDirtyCache = devCacheMB
	config.SnapshotCache = 0
	config.LogNoHistory = true // logs are searched by block, without an index
	config.TxPool.NoLocals = true
	config.TxPool.Journal = ""
	config.Miner.GasCeil = devGasLimit
	config.Miner.PendingFeeRecipient = address
	return &config
}

// warnings passes on what is worth an operator's eye, and drops geth's chatter.
type warnings struct{ slog.Handler }

// Enabled keeps warnings and errors.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the filter around the derived handler.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the filter around the derived handler.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

// hint says what to do about the two usual reasons why a chain can't start.
func hint(err error) string {
	switch {
	case errors.Is(err, node.ErrDatadirUsed):
		return "; another process runs a chain in this data folder: stop it or choose another folder"
	case errors.Is(err, syscall.EADDRINUSE):
		return "; another process listens there: stop it or choose another port"
	case errors.Is(err, os.ErrPermission):
		return "; choose a data folder that this user may write to"
	}
	return ""
}
