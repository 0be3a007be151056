package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/medhive/medhive/attest/contracts/bindings/timelock"
)

// Operation is what the timelock will do unless a proposer cancels it.
type Operation struct {
	ID    common.Hash `json:"operation"`
	Ready time.Time   `json:"ready"` // chain time from which it can be executed
	Calls []Deed      `json:"calls"`
}

// logSearches is how many searches for events go into one request.
const logSearches = 16

// Operations are those that wait in the timelock, whoever proposed them and by
// whatever program, oldest first; none where there is no timelock. It searches the
// chain's events since the deployment, because an operation never expires.
func (c *Client) Operations(ctx context.Context) ([]Operation, error) {
	if c.addresses.Timelock == (common.Address{}) {
		return nil, nil
	}
	lock := timelock.NewTimelock()
	event := lock.GetABI().Events[timelock.TimelockCallScheduledEventName].ID
	logs, err := c.events(ctx, c.addresses.Timelock, event)
	if err != nil {
		return nil, fmt.Errorf("search for what the timelock was asked: %w", err)
	}
	var operations []Operation
	place, known := make(map[common.Hash]int), newMethods()
	for i := range logs {
		asked, err := lock.UnpackCallScheduledEvent(&logs[i])
		if err != nil {
			return nil, fmt.Errorf("read what the timelock was asked in block %d: %w", logs[i].BlockNumber, err)
		}
		at, seen := place[asked.Id]
		if !seen {
			at = len(operations)
			place[asked.Id] = at
			operations = append(operations, Operation{ID: asked.Id})
		}
		deed := known.describe(Call{asked.Target, asked.Data}, asked.Value, c.addresses, 0)
		if index := int(asked.Index.Int64()); asked.Index.IsInt64() && index < len(operations[at].Calls) {
			operations[at].Calls[index] = deed // cancelled and proposed again
			continue
		}
		operations[at].Calls = append(operations[at].Calls, deed)
	}
	for i := range operations {
		if operations[i].Ready, err = c.readyAt(ctx, lock, operations[i].ID); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(operations, func(o Operation) bool { return o.Ready.IsZero() }), nil
}

// readyAt is when a waiting operation can be executed; zero if it does not wait.
func (c *Client) readyAt(ctx context.Context, lock *timelock.Timelock, id [32]byte) (time.Time, error) {
	at, err := read(ctx, c, c.addresses.Timelock, lock.PackGetTimestamp(id), lock.UnpackGetTimestamp)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the timelock about operation %s: %w", common.Hash(id), err)
	}
	if at.Sign() == 0 || at.Uint64() == doneAt {
		return time.Time{}, nil
	}
	return unix(at.Uint64()), nil
}

// Cancel ends an operation that waits in the timelock, with a proposer's key.
func (c *Client) Cancel(ctx context.Context, proposer Signer, id [32]byte) (Mined, error) {
	if c.addresses.Timelock == (common.Address{}) {
		return Mined{}, errNoTimelock
	}
	receipt, err := c.sender.send(ctx, proposer, &c.addresses.Timelock, nil, timelock.NewTimelock().PackCancel(id))
	if err != nil {
		return Mined{}, fmt.Errorf("cancel operation %s: %w", common.Hash(id), err)
	}
	return asMined(receipt), nil
}

// errNoTimelock says that an account administers.
var errNoTimelock = errors.New("these contracts have no timelock; their owner is an account, which acts at once")

// events are all of one kind that a contract emitted since the deployment, in
// order.
func (c *Client) events(ctx context.Context, contract common.Address, event common.Hash) ([]types.Log, error) {
	return c.eventsBy(ctx, contract, event, logBlocks)
}

// eventsBy is events, with so many blocks a search. Many searches travel in one
// request.
func (c *Client) eventsBy(ctx context.Context, contract common.Address, event common.Hash, blocks uint64) ([]types.Log, error) {
	newest, err := c.sender.rpc.BlockNumber(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for the newest block: %w", withoutURL(err))
	}
	var found []types.Log
	for first := c.addresses.DeployBlock; first <= newest; {
		var answers [logSearches][]types.Log
		var searches []rpc.BatchElem
		for ; first <= newest && len(searches) < logSearches; first += blocks {
			searches = append(searches, rpc.BatchElem{Method: "eth_getLogs", Result: &answers[len(searches)], Args: []any{map[string]any{
				"fromBlock": hexutil.Uint64(first), "toBlock": hexutil.Uint64(min(first+blocks-1, newest)),
				"address": contract, "topics": []common.Hash{event},
			}}})
		}
		if err := c.sender.rpc.Client().BatchCallContext(ctx, searches); err != nil {
			return nil, withoutURL(err)
		}
		for i := range searches {
			if searches[i].Error != nil {
				return nil, c.sender.refusals.explain(searches[i].Error)
			}
			for _, log := range answers[i] {
				if log.Address != contract || len(log.Topics) == 0 || log.Topics[0] != event {
					return nil, errors.New("the RPC server answered with another event; use another server")
				}
			}
			found = append(found, answers[i]...)
		}
	}
	return found, nil
}
