package chain

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/medhive/medhive/attest/contracts/bindings/disputes"
)

// DisputeState is how a dispute stands.
type DisputeState uint8

// The states, in the contract's order.
const (
	DisputeNone DisputeState = iota
	DisputeOpen
	DisputeUpheld
	DisputeRejected
	DisputeLapsed
)

// String is the state in a word.
func (s DisputeState) String() string {
	words := [...]string{"none", "open", "upheld", "rejected", "lapsed"}
	if int(s) < len(words) {
		return words[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// Dispute is one challenge: of a node over a receipt, or of a pending root.
type Dispute struct {
	ID          uint64         `json:"dispute"`
	State       DisputeState   `json:"state"`
	Challenger  common.Address `json:"challenger"`
	Deadline    time.Time      `json:"deadline"`        // chain time; the arbiter decides before it
	Node        common.Address `json:"node,omitzero"`   // zero for a root
	Epoch       uint64         `json:"epoch,omitempty"` // zero for a node
	Subject     common.Hash    `json:"subject"`         // the receipt's hash, or the root
	Evidence    common.Hash    `json:"evidence"`        // SHA-256 of the published file
	DatasetHash common.Hash    `json:"dataset_hash,omitzero"`
}

// MarshalText writes the word.
func (s DisputeState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ChallengeBond is what a challenger puts up, in wei of HIVE.
func (c *Client) ChallengeBond(ctx context.Context) (*big.Int, error) {
	bond, err := read(ctx, c, c.addresses.Disputes, c.disputes.PackBond(), c.disputes.UnpackBond)
	if err != nil {
		return nil, fmt.Errorf("ask for a challenger's bond: %w", err)
	}
	return bond, nil
}

// ChallengeRoot challenges the pending root, which can't become active until the
// arbiter decides or the challenge lapses. It takes the challenger's bond, which
// is approved first if need be. evidence is the SHA-256 of the published file
// that shows the fault.
func (c *Client) ChallengeRoot(ctx context.Context, challenger Signer, root, evidence [32]byte) (Mined, uint64, error) {
	return c.challenge(ctx, challenger, "challenge the pending root", c.disputes.PackChallengeRoot(root, evidence))
}

// ChallengeNode challenges a node over a receipt, whose hash is named; its bond
// can't be withdrawn until the dispute is over.
func (c *Client) ChallengeNode(ctx context.Context, challenger Signer, node common.Address, receipt, evidence [32]byte) (Mined, uint64, error) {
	return c.challenge(ctx, challenger, fmt.Sprintf("challenge node %s", node), c.disputes.PackChallengeNode(node, receipt, evidence))
}

func (c *Client) challenge(ctx context.Context, challenger Signer, what string, data []byte) (Mined, uint64, error) {
	bond, err := c.ChallengeBond(ctx)
	if err != nil {
		return Mined{}, 0, err
	}
	if err := c.approve(ctx, challenger, c.addresses.Disputes, bond); err != nil {
		return Mined{}, 0, fmt.Errorf("%s: %w", what, err)
	}
	receipt, err := c.sender.send(ctx, challenger, &c.addresses.Disputes, nil, data)
	if err != nil {
		return Mined{}, 0, fmt.Errorf("%s: %w", what, err)
	}
	id, err := c.opened(receipt)
	return asMined(receipt), id, err
}

// opened reads the id of the dispute that a transaction opened.
func (c *Client) opened(receipt *types.Receipt) (uint64, error) {
	events := c.disputes.GetABI().Events
	for _, log := range receipt.Logs {
		if log.Address != c.addresses.Disputes || len(log.Topics) == 0 {
			continue
		}
		switch log.Topics[0] {
		case events[disputes.DisputesNodeChallengedEventName].ID:
			opened, err := c.disputes.UnpackNodeChallengedEvent(log)
			if err != nil {
				return 0, fmt.Errorf("read challenge of transaction %s: %w", receipt.TxHash, err)
			}
			return opened.Id.Uint64(), nil
		case events[disputes.DisputesRootChallengedEventName].ID:
			opened, err := c.disputes.UnpackRootChallengedEvent(log)
			if err != nil {
				return 0, fmt.Errorf("read challenge of transaction %s: %w", receipt.TxHash, err)
			}
			return opened.Id.Uint64(), nil
		}
	}
	return 0, fmt.Errorf("transaction %s holds no challenge", receipt.TxHash)
}

// Dispute looks a dispute up; one that never was has the state DisputeNone.
func (c *Client) Dispute(ctx context.Context, id uint64) (Dispute, error) {
	found, err := read(ctx, c, c.addresses.Disputes, c.disputes.PackDisputeOf(new(big.Int).SetUint64(id)), c.disputes.UnpackDisputeOf)
	if err != nil {
		return Dispute{}, fmt.Errorf("look up dispute %d: %w", id, err)
	}
	dispute := Dispute{
		ID: id, State: DisputeState(found.State), Challenger: found.Challenger, Node: found.Node, Epoch: found.Epoch,
		Subject: found.Subject, Evidence: found.Evidence, DatasetHash: found.DatasetHash,
	}
	if found.Deadline != 0 {
		dispute.Deadline = unix(found.Deadline)
	}
	return dispute, nil
}

// Disputes is how many disputes there have been; their ids start at 1.
func (c *Client) Disputes(ctx context.Context) (uint64, error) {
	count, err := read(ctx, c, c.addresses.Disputes, c.disputes.PackCount(), c.disputes.UnpackCount)
	if err != nil {
		return 0, fmt.Errorf("ask for the number of disputes: %w", err)
	}
	return count.Uint64(), nil
}

// Resolve decides an open dispute where the arbiter is an account, as on a
// development chain; a timelock decides by ResolveCall. slashWei of the node's
// bond is taken if the challenge is upheld; of a root it must be zero.
func (c *Client) Resolve(ctx context.Context, arbiter Signer, id uint64, upheld bool, slashWei *big.Int) (Mined, error) {
	call, err := c.ResolveCall(id, upheld, slashWei)
	if err != nil {
		return Mined{}, err
	}
	return c.disputed(ctx, arbiter, fmt.Sprintf("decide dispute %d", id), call.Data)
}

// ResolveCall is what the arbiter has to call; see Schedule.
func (c *Client) ResolveCall(id uint64, upheld bool, slashWei *big.Int) (Call, error) {
	if slashWei == nil || slashWei.Sign() < 0 || slashWei.BitLen() > 256 {
		return Call{}, fmt.Errorf("decide dispute %d: what is slashed must be zero or more wei", id)
	}
	return Call{To: c.addresses.Disputes, Data: c.disputes.PackResolve(new(big.Int).SetUint64(id), upheld, slashWei)}, nil
}

// Lapse ends a dispute that nobody decided in time; any key may send it. The
// challenger gets the bond back.
func (c *Client) Lapse(ctx context.Context, key Signer, id uint64) (Mined, error) {
	return c.disputed(ctx, key, fmt.Sprintf("let dispute %d lapse", id), c.disputes.PackLapse(new(big.Int).SetUint64(id)))
}

func (c *Client) disputed(ctx context.Context, key Signer, what string, data []byte) (Mined, error) {
	receipt, err := c.sender.send(ctx, key, &c.addresses.Disputes, nil, data)
	if err != nil {
		return Mined{}, fmt.Errorf("%s: %w", what, err)
	}
	return asMined(receipt), nil
}
