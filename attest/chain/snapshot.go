package chain

import (
	"context"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"
)

// Snapshot is what the registry knows of every node that was ever registered,
// oldest first, all in the state after one block, which is the newest and comes
// back too.
func (c *Client) Snapshot(ctx context.Context) ([]Node, uint64, error) {
	block, err := c.sender.rpc.BlockNumber(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("ask for the newest block: %w", withoutURL(err))
	}
	nodes, err := c.SnapshotAt(ctx, block)
	return nodes, block, err
}

// SnapshotAt is Snapshot as it was after an earlier block. The server must still have that state: hosted ones keep 128 blocks
// unless they are archives.
func (c *Client) SnapshotAt(ctx context.Context, block uint64) ([]Node, error) {
	keys, err := c.Nodes(ctx, 0, block)
	if err != nil {
		return nil, err
	}
	nodes := make([]Node, 0, len(keys))
	for batch := range slices.Chunk(keys, snapshotBatch) {
		found, err := c.nodesAt(ctx, batch, block)
		if err != nil {
			return nil, fmt.Errorf("look up %d nodes at block %d: %w", len(batch), block, err)
		}
		nodes = append(nodes, found...)
	}
	return nodes, nil
}

// snapshotBatch is how many nodes are asked for in one request; hosted RPC servers
// take 100 calls or more.
const snapshotBatch = 64

// nodesAt looks nodes up in one request.
func (c *Client) nodesAt(ctx context.Context, keys []common.Address, block uint64) ([]Node, error) {
	answers := make([]hexutil.Bytes, len(keys))
	calls := make([]rpc.BatchElem, len(keys))
	for i, key := range keys {
		calls[i] = rpc.BatchElem{Method: "eth_call", Result: &answers[i], Args: []any{
			map[string]any{"to": c.addresses.Registry, "input": hexutil.Bytes(c.registry.PackNodeOf(key))}, hexutil.Uint64(block),
		}}
	}
	if err := c.sender.rpc.Client().BatchCallContext(ctx, calls); err != nil {
		return nil, withoutURL(err)
	}
	nodes := make([]Node, len(keys))
	for i, key := range keys {
		if calls[i].Error != nil {
			return nil, c.sender.refusals.explain(calls[i].Error)
		}
		found, err := c.registry.UnpackNodeOf(answers[i])
		if err != nil {
			return nil, fmt.Errorf("read the contract's answer: %w", err)
		}
		nodes[i] = asNode(key, found)
	}
	return nodes, nil
}
