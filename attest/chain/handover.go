package chain

import (
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/contracts/bindings/hivetoken"
	"github.com/medhive/medhive/attest/contracts/bindings/timelock"
)

// handOver gives the distributor its role, and the token's administration to the
// owner. Whoever deployed has no power left then.
func (d *deployment) handOver(ctx context.Context, a Addresses) error {
	token := hivetoken.NewHiveToken()
	minter := roleID("MINTER_ROLE")
	var admin [32]byte // DEFAULT_ADMIN_ROLE is zero
	owner := d.owner(a)
	for _, step := range []struct {
		what string
		data []byte
	}{
		{"make the distributor a minter", token.PackGrantRole(minter, a.Distributor)},
		{"make the owner the token's admin", token.PackGrantRole(admin, owner)},
		{"give up the token's administration", token.PackRenounceRole(admin, d.self)},
	} {
		if _, err := d.sender.send(ctx, d.key, &a.Token, nil, step.data); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		if owner == d.self {
			return nil // it administers already
		}
	}
	return nil
}

// readBack asks the chain who holds which role, and which contract relies on which:
// all of it must be as the parameters say, and nobody else may hold anything.
func (d *deployment) readBack(ctx context.Context, a Addresses) error {
	c, owner := newClient(d.sender, a), d.owner(a)
	if err := c.relies(ctx, d.params, owner); err != nil {
		return err
	}
	var admin [32]byte
	if err := c.onlyThese(ctx, "HiveToken", a.Token, []grant{{roleID("MINTER_ROLE"), a.Distributor}, {admin, owner}}); err != nil {
		return err
	}
	if a.Timelock == (common.Address{}) {
		return nil
	}
	lock, t := timelock.NewTimelock(), d.params.Timelock
	delay, err := read(ctx, c, a.Timelock, lock.PackGetMinDelay(), lock.UnpackGetMinDelay)
	if err != nil {
		return fmt.Errorf("ask for the timelock's delay: %w", err)
	}
	if want := new(big.Int).SetUint64(seconds(t.Delay)); delay.Cmp(want) != 0 {
		return fmt.Errorf("the timelock's delay is %s seconds on chain, want %s", delay, want)
	}
	wanted := []grant{{admin, a.Timelock}} // it administers itself
	for _, proposer := range t.Proposers {
		wanted = append(wanted, grant{roleID("PROPOSER_ROLE"), proposer}, grant{roleID("CANCELLER_ROLE"), proposer})
	}
	for _, executor := range t.executors() {
		wanted = append(wanted, grant{roleID("EXECUTOR_ROLE"), executor})
	}
	return c.onlyThese(ctx, "Timelock", a.Timelock, wanted)
}

// relies compares what the contracts say of each other, and of the accounts with
// power over them, with what was asked for.
func (c *Client) relies(ctx context.Context, p Params, owner common.Address) error {
	a := c.addresses
	for _, says := range []struct {
		what   string
		of     common.Address
		data   []byte
		unpack func([]byte) (common.Address, error)
		want   common.Address
	}{
		{"RewardDistributor's owner", a.Distributor, c.distributor.PackOwner(), c.distributor.UnpackOwner, owner},
		{"RewardDistributor's next owner", a.Distributor, c.distributor.PackPendingOwner(), c.distributor.UnpackPendingOwner, common.Address{}},
		{"RewardDistributor's poster", a.Distributor, c.distributor.PackPoster(), c.distributor.UnpackPoster, p.Poster},
		{"RewardDistributor's guardian", a.Distributor, c.distributor.PackGuardian(), c.distributor.UnpackGuardian, p.Guardian},
		{"RewardDistributor's token", a.Distributor, c.distributor.PackToken(), c.distributor.UnpackToken, a.Token},
		{"RewardDistributor's registry", a.Distributor, c.distributor.PackRegistry(), c.distributor.UnpackRegistry, a.Registry},
		{"RewardDistributor's disputes", a.Distributor, c.distributor.PackDisputes(), c.distributor.UnpackDisputes, a.Disputes},
		{"NodeRegistry's token", a.Registry, c.registry.PackToken(), c.registry.UnpackToken, a.Token},
		{"NodeRegistry's disputes", a.Registry, c.registry.PackDisputes(), c.registry.UnpackDisputes, a.Disputes},
		{"Disputes' arbiter", a.Disputes, c.disputes.PackArbiter(), c.disputes.UnpackArbiter, owner},
		{"Disputes' treasury", a.Disputes, c.disputes.PackTreasury(), c.disputes.UnpackTreasury, p.Treasury},
		{"Disputes' token", a.Disputes, c.disputes.PackToken(), c.disputes.UnpackToken, a.Token},
		{"Disputes' registry", a.Disputes, c.disputes.PackRegistry(), c.disputes.UnpackRegistry, a.Registry},
		{"Disputes' distributor", a.Disputes, c.disputes.PackDistributor(), c.disputes.UnpackDistributor, a.Distributor},
		{"JobEscrow's token", a.Escrow, c.escrow.PackToken(), c.escrow.UnpackToken, a.Token},
		{"JobEscrow's registry", a.Escrow, c.escrow.PackRegistry(), c.escrow.UnpackRegistry, a.Registry},
	} {
		found, err := read(ctx, c, says.of, says.data, says.unpack)
		if err != nil {
			return fmt.Errorf("ask for %s: %w", says.what, err)
		}
		if found != says.want {
			return fmt.Errorf("%s is %s on chain, want %s", says.what, found, says.want)
		}
	}
	return nil
}

// grant is one role in one account's hands.
type grant struct {
	role    [32]byte
	account common.Address
}

// onlyThese asks an AccessControl contract whether exactly the wanted grants hold:
// of everybody who was ever granted a role, nobody else may have it. HiveToken and
// Timelock have the same methods and events for it.
func (c *Client) onlyThese(ctx context.Context, name string, at common.Address, wanted []grant) error {
	logs, err := c.events(ctx, at, c.token.GetABI().Events[hivetoken.HiveTokenRoleGrantedEventName].ID)
	if err != nil {
		return fmt.Errorf("search for the roles of %s: %w", name, err)
	}
	asked := slices.Clone(wanted)
	for i := range logs {
		event, err := c.token.UnpackRoleGrantedEvent(&logs[i])
		if err != nil {
			return fmt.Errorf("read a role of %s: %w", name, err)
		}
		asked = append(asked, grant{event.Role, event.Account})
	}
	words := roleWords()
	for _, g := range asked {
		has, err := read(ctx, c, at, c.token.PackHasRole(g.role, g.account), c.token.UnpackHasRole)
		if err != nil {
			return fmt.Errorf("ask for a role of %s: %w", name, err)
		}
		role, ok := words[g.role]
		if !ok {
			role = common.Hash(g.role).Hex()
		}
		switch wants := slices.Contains(wanted, g); {
		case has && !wants:
			return fmt.Errorf("account %s holds %s of %s on chain, and should not", g.account, role, name)
		case wants && !has:
			return fmt.Errorf("account %s does not hold %s of %s on chain, and should", g.account, role, name)
		}
	}
	return nil
}
