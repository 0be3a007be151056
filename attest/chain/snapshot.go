package chain

import (
	"context"
	"fmt"
)

// Snapshot is what the registry knows of every node that was ever registered,
// oldest first, and the block that the list was made at. Nodes that change while
// it is read are given as they are then.
func (c *Client) Snapshot(ctx context.Context) ([]Node, uint64, error) {
	block, err := c.sender.rpc.BlockNumber(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("ask for the newest block: %w", withoutURL(err))
	}
	keys, err := c.Nodes(ctx, 0, block)
	if err != nil {
		return nil, 0, err
	}
	nodes := make([]Node, 0, len(keys))
	for _, key := range keys {
		node, err := c.Node(ctx, key)
		if err != nil {
			return nil, 0, err
		}
		nodes = append(nodes, node)
	}
	return nodes, block, nil
}
