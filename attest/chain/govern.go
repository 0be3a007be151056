package chain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/attest/contracts/bindings/timelock"
)

// Call is something that the timelock can be asked to do.
type Call struct {
	To   common.Address
	Data []byte
}

// salt makes a scheduled call's id. The same call can be scheduled again once it
// was carried out, under another round.
func (call Call) salt(round uint64) [32]byte {
	return [32]byte(crypto.Keccak256([]byte("medhive"), new(big.Int).SetUint64(round).Bytes()))
}

// Scheduled is a call that waits in the timelock.
type Scheduled struct {
	ID    [32]byte
	Round uint64
	Ready time.Time // chain time from which it can be executed
}

// maxRounds bounds how often the same call may have been carried out before.
const maxRounds = 1000

// doneAt is OpenZeppelin's time stamp of an operation that was carried out.
const doneAt = 1

// AppointCall makes poster and guardian other accounts.
func (c *Client) AppointCall(poster, guardian common.Address) Call {
	return Call{To: c.addresses.Distributor, Data: c.distributor.PackAppoint(poster, guardian)}
}

// CoSignersCall names who may co-sign epochs, and how many have to.
func (c *Client) CoSignersCall(signers []common.Address, threshold uint8) (Call, error) {
	if int(threshold) > len(signers) {
		return Call{}, fmt.Errorf("%d co-signatures can't come from %d co-signers; lower the threshold or name more", threshold, len(signers))
	}
	ascending := slices.Clone(signers)
	slices.SortFunc(ascending, func(a, b common.Address) int { return bytes.Compare(a[:], b[:]) })
	return Call{To: c.addresses.Distributor, Data: c.distributor.PackSetCosigners(ascending, threshold)}, nil
}

// CoSigners are the accounts that may co-sign epochs, ascending, and how many of
// them have to.
func (c *Client) CoSigners(ctx context.Context) (threshold int, signers []common.Address, err error) {
	needed, err := read(ctx, c, c.addresses.Distributor, c.distributor.PackThreshold(), c.distributor.UnpackThreshold)
	if err != nil {
		return 0, nil, fmt.Errorf("ask how many co-signers are needed: %w", err)
	}
	signers, err = read(ctx, c, c.addresses.Distributor, c.distributor.PackCosigners(), c.distributor.UnpackCosigners)
	if err != nil {
		return 0, nil, fmt.Errorf("ask for the co-signers: %w", err)
	}
	return int(needed), signers, nil
}

// Roles are the accounts with power over the distributor.
type Roles struct {
	Owner    common.Address
	Poster   common.Address // zero if it was dismissed
	Guardian common.Address
}

// Roles asks who administers, posts and vetoes.
func (c *Client) Roles(ctx context.Context) (Roles, error) {
	var r Roles
	for _, role := range []struct {
		what   string
		into   *common.Address
		data   []byte
		unpack func([]byte) (common.Address, error)
	}{
		{"owner", &r.Owner, c.distributor.PackOwner(), c.distributor.UnpackOwner},
		{"poster", &r.Poster, c.distributor.PackPoster(), c.distributor.UnpackPoster},
		{"guardian", &r.Guardian, c.distributor.PackGuardian(), c.distributor.UnpackGuardian},
	} {
		account, err := read(ctx, c, c.addresses.Distributor, role.data, role.unpack)
		if err != nil {
			return Roles{}, fmt.Errorf("ask for the %s: %w", role.what, err)
		}
		*role.into = account
	}
	return r, nil
}

// Perform carries a call out where an account owns the contracts, as on a
// development chain.
func (c *Client) Perform(ctx context.Context, owner Signer, call Call) (Mined, error) {
	receipt, err := c.sender.send(ctx, owner, &call.To, nil, call.Data)
	if err != nil {
		return Mined{}, fmt.Errorf("administer the contracts: %w", err)
	}
	return asMined(receipt), nil
}

// Waiting is how a call stands in the timelock: Ready is zero if it does not wait
// there, because it was never proposed, was cancelled or was carried out.
func (c *Client) Waiting(ctx context.Context, call Call) (Scheduled, error) {
	_, waiting, err := c.locked(ctx, call)
	return waiting, err
}

// Schedule proposes a call to the timelock, whose delay begins. A call that waits
// there already is not proposed again.
func (c *Client) Schedule(ctx context.Context, proposer Signer, call Call) (Scheduled, error) {
	lock, waiting, err := c.locked(ctx, call)
	if err != nil {
		return Scheduled{}, err
	}
	if !waiting.Ready.IsZero() {
		return waiting, nil
	}
	delay, err := read(ctx, c, c.addresses.Timelock, lock.PackGetMinDelay(), lock.UnpackGetMinDelay)
	if err != nil {
		return Scheduled{}, fmt.Errorf("ask for the timelock's delay: %w", err)
	}
	data := lock.PackSchedule(call.To, new(big.Int), call.Data, [32]byte{}, call.salt(waiting.Round), delay)
	if _, err := c.sender.send(ctx, proposer, &c.addresses.Timelock, nil, data); err != nil {
		return Scheduled{}, fmt.Errorf("propose to the timelock: %w", err)
	}
	_, waiting, err = c.locked(ctx, call)
	return waiting, err
}

// Execute carries out a call that has waited.
func (c *Client) Execute(ctx context.Context, executor Signer, call Call) (Mined, error) {
	lock, waiting, err := c.locked(ctx, call)
	if err != nil {
		return Mined{}, err
	}
	if waiting.Ready.IsZero() {
		return Mined{}, errors.New("the timelock does not know this call, or carried it out already; propose it first")
	}
	data := lock.PackExecute(call.To, new(big.Int), call.Data, [32]byte{}, call.salt(waiting.Round))
	receipt, err := c.sender.send(ctx, executor, &c.addresses.Timelock, nil, data)
	if err != nil {
		return Mined{}, fmt.Errorf("execute what the timelock holds: %w", err)
	}
	return asMined(receipt), nil
}

// locked finds a call in the timelock: the round that waits, or the first that is
// free; Ready is zero in the latter case.
func (c *Client) locked(ctx context.Context, call Call) (*timelock.Timelock, Scheduled, error) {
	lock := timelock.NewTimelock()
	if c.addresses.Timelock == (common.Address{}) {
		return nil, Scheduled{}, errNoTimelock
	}
	for round := range uint64(maxRounds) {
		id, err := read(ctx, c, c.addresses.Timelock, lock.PackHashOperation(call.To, new(big.Int), call.Data, [32]byte{}, call.salt(round)), lock.UnpackHashOperation)
		if err != nil {
			return nil, Scheduled{}, fmt.Errorf("ask the timelock for a call's id: %w", err)
		}
		at, err := read(ctx, c, c.addresses.Timelock, lock.PackGetTimestamp(id), lock.UnpackGetTimestamp)
		if err != nil {
			return nil, Scheduled{}, fmt.Errorf("ask the timelock about a call: %w", err)
		}
		switch {
		case at.Sign() == 0:
			return lock, Scheduled{ID: id, Round: round}, nil
		case at.Uint64() != doneAt:
			return lock, Scheduled{ID: id, Round: round, Ready: unix(at.Uint64())}, nil
		}
	}
	return nil, Scheduled{}, fmt.Errorf("the timelock carried the same call out %d times", maxRounds)
}
