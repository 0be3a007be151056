package broker

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/scheduler"
)

// registered holds what a node says of itself against the registry: who operates it, and
// that it stands where it says. A node must not choose its country anew with each bid; one
// whose country the registry does not tell is nowhere.
func (b *Broker) registered(node common.Address, says string) (operator common.Address, err error) {
	operator, ok := b.Operator(node)
	if !ok {
		return operator, fmt.Errorf("node %s: %w", node, ErrUnregistered)
	}
	if b.Jurisdiction == nil {
		return operator, nil
	}
	if at := b.Jurisdiction(node); at != says {
		return operator, fmt.Errorf("node %s says it stands in %.8q and is registered in %.8q: %w", node, says, at, scheduler.ErrResidency)
	}
	return operator, nil
}
