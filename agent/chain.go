package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/params"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
)

// devEther is what a role's account gets from the faucet for gas, in wei of ether.
func devEther() *big.Int { return new(big.Int).Mul(big.NewInt(10), big.NewInt(params.Ether)) }

// ChainConfig is what a development chain needs.
type ChainConfig struct {
	Home        string // blocks and the faucet's key go to HOME/chain
	NetworkPath string // the network file that is written
	Listen      string // loopback host:port
	Log         *slog.Logger
}

// Chain is a running development chain with the contracts deployed.
type Chain struct {
	dev     *chain.Dev
	network Network
}

const chainFolder = "chain"

// StartChain serves the embedded EVM, deploys the contracts unless the network
// file already names this chain's, and writes that file.
func StartChain(ctx context.Context, conf ChainConfig) (_ *Chain, err error) {
	dir := filepath.Join(conf.Home, chainFolder)
	if err := makeState(dir); err != nil {
		return nil, err
	}
	dev, err := chain.StartDev(ctx, chain.DevOptions{DataDir: dir, Listen: conf.Listen, Log: conf.Log})
	if err != nil {
		return nil, err
	}
	c := &Chain{dev: dev}
	defer func() {
		if err != nil {
			err = errors.Join(err, dev.Close())
		}
	}()
	old, err := ReadNetwork(conf.NetworkPath)
	switch {
	case err == nil && old.DevelopmentKeys != "":
		c.network = old
	case err == nil:
		return nil, fmt.Errorf("%s describes a network that is not a development chain; name another file with --network", conf.NetworkPath)
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	}
	if c.network.Contracts, err = c.contracts(ctx, filepath.Join(dir, "contracts.json")); err != nil {
		return nil, err
	}
	keys, err := filepath.Rel(filepath.Dir(conf.NetworkPath), dir)
	if err != nil {
		return nil, fmt.Errorf("network file: %w; keep it below --home", err)
	}
	c.network.RPC, c.network.DevelopmentKeys, c.network.path = dev.URL(), keys, conf.NetworkPath
	return c, WriteNetwork(conf.NetworkPath, c.network)
}

// contracts returns the address book of this chain, deploying once.
func (c *Chain) contracts(ctx context.Context, book string) (chain.Addresses, error) {
	addresses, err := chain.LoadAddresses(book)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return addresses, err
	}
	poster, err := identity.LoadOrCreate(filepath.Join(filepath.Dir(book), "poster.key"))
	if err != nil {
		return addresses, err
	}
	guardian, err := identity.LoadOrCreate(filepath.Join(filepath.Dir(book), "guardian.key"))
	if err != nil {
		return addresses, err
	}
	faucet := c.dev.FaucetKey()
	addresses, err = chain.Deploy(ctx, c.dev.URL(), faucet, chain.DefaultParams(poster.Address(), guardian.Address()))
	if err != nil {
		return addresses, err
	}
	client, err := chain.Dial(ctx, c.dev.URL(), addresses)
	if err != nil {
		return addresses, err
	}
	defer client.Close()
	if _, err := client.Fund(ctx, faucet, poster.Address(), devEther()); err != nil {
		return addresses, err
	}
	return addresses, addresses.Save(book)
}

// Network is the network that this chain carries.
func (c *Chain) Network() Network { return c.network }

// Advance moves the chain's clock forward and returns what it shows.
func (c *Chain) Advance(ctx context.Context, by time.Duration) (time.Time, error) {
	return c.dev.AdvanceTime(ctx, by)
}

// Close ends the chain.
func (c *Chain) Close() error { return c.dev.Close() }

// AdvanceChain moves the clock of a development chain in another process.
func AdvanceChain(ctx context.Context, n Network, by time.Duration) (time.Time, error) {
	client, err := n.Dial(ctx, nil)
	if err != nil {
		return time.Time{}, err
	}
	defer client.Close()
	return client.AdvanceTime(ctx, by)
}
