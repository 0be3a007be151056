package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
)

// enrol makes sure that the registry knows this node, and returns who is paid. On
// a real network the operator has registered it before; on a development network
// an operator account is made here, with gas and bond from the faucet.
func enrol(ctx context.Context, client *chain.Client, conf NodeConfig, hot *identity.Key, device *nodeDevice) (common.Address, error) {
	known, err := client.Node(ctx, hot.Address())
	if err != nil {
		return common.Address{}, err
	}
	if known.Active() {
		if conf.Recipient != "" && common.HexToAddress(conf.Recipient) != known.Recipient {
			return common.Address{}, fmt.Errorf("the registry pays %s for this node, --recipient names %s; leave the flag out, or have the operator propose the new recipient", known.Recipient, conf.Recipient)
		}
		if owner, err := Owner(ctx, conf.State, conf.Network, hot.Address()); err == nil && owner != nil && *owner != known.Recipient {
			conf.Log.Warn("this node is bound to one wallet and the registry pays another; have its operator change that with `medhive chain recipient`", "owner", owner, "paid", known.Recipient)
		}
		return known.Recipient, nil
	}
	if conf.Network.DevelopmentKeys == "" {
		return common.Address{}, fmt.Errorf("node %s is not registered on chain %d; have its operator register and bond it, then start again", hot.Address(), conf.Network.Contracts.ChainID)
	}
	recipient, err := coldAddress(ctx, conf, hot.Address())
	if err != nil {
		return recipient, err
	}
	operator, err := identity.LoadOrCreate(filepath.Join(conf.State, "operator.key"))
	if err != nil {
		return recipient, err
	}
	if err := endow(ctx, client, conf.Network, operator.Address(), hot.Address()); err != nil {
		return recipient, fmt.Errorf("get play money from the faucet: %w", err)
	}
	device.findVoucher(ctx, conf)
	if device != nil && device.unfit != nil {
		return recipient, fmt.Errorf("%w; or remove it, to register this node without one, which stays", device.unfit)
	}
	if _, err := client.RegisterVouched(ctx, operator, hot, recipient, conf.Jurisdiction, device.digest(conf.Network.Domain())); err != nil {
		return recipient, err
	}
	conf.Log.Info("registered on the development chain", "node", hot.Address(), "operator", operator.Address(), "recipient", recipient)
	return recipient, nil
}

// coldAddress is the address that --recipient names, else the wallet that the owner bound
// the node to, else that of a key made for play money. Its key is never opened by the node:
// it only receives.
func coldAddress(ctx context.Context, conf NodeConfig, node common.Address) (common.Address, error) {
	if conf.Recipient != "" {
		if !common.IsHexAddress(conf.Recipient) {
			return common.Address{}, fmt.Errorf("--recipient %.60q is no EVM address: want 0x and 40 hex digits", conf.Recipient)
		}
		return common.HexToAddress(conf.Recipient), nil
	}
	if owner, err := Owner(ctx, conf.State, conf.Network, node); owner != nil || err != nil {
		if err != nil {
			return common.Address{}, err
		}
		return *owner, nil
	}
	dir := filepath.Join(conf.State, "cold")
	if err := makeState(dir); err != nil {
		return common.Address{}, err
	}
	key, err := identity.LoadOrCreate(filepath.Join(dir, "recipient.key"))
	if err != nil {
		return common.Address{}, err
	}
	return key.Address(), nil
}

// withFaucet lends the faucet's key of a development chain. One process at a time uses it:
// its transactions are numbered.
func withFaucet(ctx context.Context, n Network, use func(faucet *identity.Key) error) (err error) {
	faucet, err := n.developmentKey("faucet.key")
	if err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(filepath.Dir(n.path), n.DevelopmentKeys, "faucet.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock faucet: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := lockFile(ctx, lock); err != nil {
		return fmt.Errorf("lock faucet: %w", err)
	}
	return use(faucet)
}

// endow gives the operator gas and a bond, and the hot key gas for claims.
func endow(ctx context.Context, client *chain.Client, n Network, operator, hot common.Address) error {
	return withFaucet(ctx, n, func(faucet *identity.Key) error { return endowFrom(ctx, client, faucet, operator, hot) })
}

func endowFrom(ctx context.Context, client *chain.Client, faucet *identity.Key, operator, hot common.Address) error {
	for _, account := range []common.Address{operator, hot} {
		balance, err := client.EtherBalance(ctx, account)
		if err != nil {
			return err
		}
		if balance.Sign() == 0 {
			if _, err := client.Fund(ctx, faucet, account, devEther()); err != nil {
				return err
			}
		}
	}
	bond, err := client.Bond(ctx)
	if err != nil {
		return err
	}
	held, err := client.Balance(ctx, operator)
	if err != nil || held.Cmp(bond) >= 0 {
		return err
	}
	_, err = client.Transfer(ctx, faucet, operator, bond)
	return err
}

// lockEvery is the pause between two tries for the faucet's lock.
const lockEvery = 50 * time.Millisecond

// lockFile waits for the lock until ctx ends. Closing the file gives it back.
func lockFile(ctx context.Context, f *os.File) error {
	ticker := time.NewTicker(lockEvery)
	defer ticker.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}
