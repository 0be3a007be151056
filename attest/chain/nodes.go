package chain

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/contracts/bindings/noderegistry"
	"github.com/medhive/medhive/attest/identity"
)

const (
	// consentLasts is how long a consent that is used at once may take to be
	// mined, in chain time.
	consentLasts = 24 * time.Hour
	// logBlocks is how many blocks one search for events covers; hosted RPC
	// servers refuse much more.
	logBlocks = 2000
)

// Node is what the registry knows of a hot key.
type Node struct {
	HotKey       common.Address
	Operator     common.Address
	Recipient    common.Address // paid now
	Proposed     common.Address // takes over at ChangeAt; zero if no change is under way
	ChangeAt     time.Time
	RegisteredAt time.Time
	ExitAt       time.Time // when the bond may be withdrawn; zero if not leaving
	Jurisdiction string    // ISO 3166-1 alpha-2
	Voucher      [32]byte
	Withdrawn    bool     // the bond went back
	SlashedWei   *big.Int // of the bond; nil if the node was never registered
	Disputes     uint32   // open ones, which hold the bond
}

// Registered says whether the hot key was ever registered.
func (n Node) Registered() bool { return n.Operator != common.Address{} }

// Active says whether the node is registered, wholly bonded and not leaving.
func (n Node) Active() bool {
	return n.Registered() && n.ExitAt.IsZero() && (n.SlashedWei == nil || n.SlashedWei.Sign() == 0)
}

// Node looks a hot key up; one that was never registered is no error (see
// Registered).
func (c *Client) Node(ctx context.Context, hotKey common.Address) (Node, error) {
	found, err := read(ctx, c, c.addresses.Registry, c.registry.PackNodeOf(hotKey), c.registry.UnpackNodeOf)
	if err != nil {
		return Node{}, fmt.Errorf("look up node %s: %w", hotKey, err)
	}
	return asNode(hotKey, found), nil
}

// asNode is the registry's answer about a hot key.
func asNode(hotKey common.Address, found noderegistry.NodeOfOutput) Node {
	node := Node{
		HotKey:    hotKey,
		Operator:  found.Operator,
		Recipient: found.Recipient,
		Proposed:  found.PendingRecipient,
		Voucher:   found.Voucher,
		Withdrawn: found.Withdrawn,
	}
	if node.Registered() {
		node.RegisteredAt = unix(found.RegisteredAt)
		node.Jurisdiction = string(found.Jurisdiction[:])
		node.SlashedWei, node.Disputes = found.Slashed, found.Holds
	}
	if found.ChangeAt != 0 {
		node.ChangeAt = unix(found.ChangeAt)
	}
	if found.ExitAt != 0 {
		node.ExitAt = unix(found.ExitAt)
	}
	return node
}

// RecipientOf is who is paid for the node at this moment; zero if it was never
// registered.
func (c *Client) RecipientOf(ctx context.Context, hotKey common.Address) (common.Address, error) {
	recipient, err := read(ctx, c, c.addresses.Registry, c.registry.PackRecipientOf(hotKey), c.registry.UnpackRecipientOf)
	if err != nil {
		return common.Address{}, fmt.Errorf("look up the recipient of node %s: %w", hotKey, err)
	}
	return recipient, nil
}

// Nodes lists the hot keys that were registered between two blocks, inclusive,
// oldest first; to 0 means the newest block. The list may hold nodes that have
// left since.
func (c *Client) Nodes(ctx context.Context, from, to uint64) ([]common.Address, error) {
	if to == 0 {
		newest, err := c.sender.rpc.BlockNumber(ctx)
		if err != nil {
			return nil, fmt.Errorf("ask for the newest block: %w", withoutURL(err))
		}
		to = newest
	}
	event := c.registry.GetABI().Events[noderegistry.NodeRegistryRegisteredEventName].ID
	var nodes []common.Address
	for first := max(from, c.addresses.DeployBlock); first <= to; first += logBlocks {
		logs, err := c.sender.rpc.FilterLogs(ctx, ethereum.FilterQuery{
			FromBlock: new(big.Int).SetUint64(first),
			ToBlock:   new(big.Int).SetUint64(min(first+logBlocks-1, to)),
			Addresses: []common.Address{c.addresses.Registry},
			Topics:    [][]common.Hash{{event}},
		})
		if err != nil {
			return nil, fmt.Errorf("search blocks from %d for registrations: %w", first, withoutURL(err))
		}
		for i := range logs {
			if logs[i].Address != c.addresses.Registry {
				return nil, fmt.Errorf("search for registrations: the RPC server answered with another contract's event; use another server")
			}
			registered, err := c.registry.UnpackRegisteredEvent(&logs[i])
			if err != nil {
				return nil, fmt.Errorf("read registration in block %d: %w", logs[i].BlockNumber, err)
			}
			nodes = append(nodes, registered.HotKey)
		}
	}
	return nodes, nil
}

// Bond is each node's deposit, in wei of HIVE.
func (c *Client) Bond(ctx context.Context) (*big.Int, error) {
	bond, err := read(ctx, c, c.addresses.Registry, c.registry.PackBond(), c.registry.UnpackBond)
	if err != nil {
		return nil, fmt.Errorf("ask for the bond: %w", err)
	}
	return bond, nil
}

// Register registers hot under operator, where one process holds both keys. If
// it is registered in just this way already, nothing is sent and Mined is zero.
func (c *Client) Register(ctx context.Context, operator Signer, hot *identity.Key, recipient common.Address, jurisdiction string) (Mined, error) {
	return c.RegisterVouched(ctx, operator, hot, recipient, jurisdiction, [32]byte{})
}

// RegisterVouched is Register of a node on a device whose vendor's voucher has that digest;
// zero: none. The registry keeps it for good.
func (c *Client) RegisterVouched(ctx context.Context, operator Signer, hot *identity.Key, recipient common.Address, jurisdiction string, voucher [32]byte) (Mined, error) {
	if operator == nil || hot == nil {
		return Mined{}, fmt.Errorf("register node: both the operator's and the node's key are needed")
	}
	self := operator.Address()
	known, err := c.Node(ctx, hot.Address())
	if err != nil {
		return Mined{}, err
	}
	if known.Active() && known.Operator == self && known.Recipient == recipient && known.Jurisdiction == jurisdiction && known.Voucher == voucher {
		return Mined{}, nil
	}
	now, err := c.ChainTime(ctx)
	if err != nil {
		return Mined{}, err
	}
	registration := Registration{
		Operator:     self,
		HotKey:       hot.Address(),
		Recipient:    recipient,
		Jurisdiction: jurisdiction,
		Voucher:      voucher,
		Deadline:     now.Add(consentLasts),
	}
	consent, err := registration.Sign(c.Domain(), hot.ECDSA())
	if err != nil {
		return Mined{}, err
	}
	return c.RegisterWith(ctx, operator, registration, consent)
}

// RegisterWith registers a node by its consent, made on another machine, and
// deposits the bond, which operator must hold; it is approved first if need be.
func (c *Client) RegisterWith(ctx context.Context, operator Signer, r Registration, consent attest.Signature) (Mined, error) {
	if err := r.Validate(); err != nil {
		return Mined{}, err
	}
	code, err := countryCode(r.Jurisdiction)
	if err != nil {
		return Mined{}, err
	}
	if operator == nil || operator.Address() != r.Operator {
		return Mined{}, fmt.Errorf("register node %s: the consent names operator %s; use that operator's key", r.HotKey, r.Operator)
	}
	bond, err := c.Bond(ctx)
	if err != nil {
		return Mined{}, err
	}
	if err := c.approve(ctx, operator, c.addresses.Registry, bond); err != nil {
		return Mined{}, fmt.Errorf("register node %s: %w", r.HotKey, err)
	}
	data := c.registry.PackRegister(r.HotKey, r.Recipient, code, r.Voucher, big.NewInt(r.Deadline.Unix()), consent[:])
	return c.tell(ctx, operator, "register node", r.HotKey, data)
}

// approve lets a contract take wei of HIVE, unless it may already.
func (c *Client) approve(ctx context.Context, key Signer, spender common.Address, wei *big.Int) error {
	if key == nil {
		return errors.New("no key to sign the transaction with")
	}
	allowance, err := read(ctx, c, c.addresses.Token, c.token.PackAllowance(key.Address(), spender), c.token.UnpackAllowance)
	if err != nil {
		return fmt.Errorf("ask what the contract may take: %w", err)
	}
	if allowance.Cmp(wei) >= 0 {
		return nil
	}
	if _, err := c.sender.send(ctx, key, &c.addresses.Token, nil, c.token.PackApprove(spender, wei)); err != nil {
		return fmt.Errorf("approve the amount: %w", err)
	}
	return nil
}

// ProposeRecipient has another address paid after the registry's delay.
func (c *Client) ProposeRecipient(ctx context.Context, operator Signer, hotKey, recipient common.Address) (Mined, error) {
	return c.tell(ctx, operator, "propose a recipient for node", hotKey, c.registry.PackProposeRecipient(hotKey, recipient))
}

// CancelRecipient stops a proposed recipient; key is the operator's or the
// present recipient's.
func (c *Client) CancelRecipient(ctx context.Context, key Signer, hotKey common.Address) (Mined, error) {
	return c.tell(ctx, key, "cancel the proposed recipient of node", hotKey, c.registry.PackCancelRecipient(hotKey))
}

// Exit ends a node's work and starts the thaw of its bond.
func (c *Client) Exit(ctx context.Context, operator Signer, hotKey common.Address) (Mined, error) {
	return c.tell(ctx, operator, "exit node", hotKey, c.registry.PackExit(hotKey))
}

// WithdrawBond pays a thawed bond to the recipient; any key may send it.
func (c *Client) WithdrawBond(ctx context.Context, key Signer, hotKey common.Address) (Mined, error) {
	return c.tell(ctx, key, "withdraw the bond of node", hotKey, c.registry.PackWithdrawBond(hotKey))
}

// RestoreBond pays in again what disputes took of a node's bond, which makes the
// node active.
func (c *Client) RestoreBond(ctx context.Context, operator Signer, hotKey common.Address) (Mined, error) {
	node, err := c.Node(ctx, hotKey)
	if err != nil {
		return Mined{}, err
	}
	if node.SlashedWei != nil && node.SlashedWei.Sign() > 0 {
		if err := c.approve(ctx, operator, c.addresses.Registry, node.SlashedWei); err != nil {
			return Mined{}, fmt.Errorf("restore the bond of node %s: %w", hotKey, err)
		}
	}
	return c.tell(ctx, operator, "restore the bond of node", hotKey, c.registry.PackRestoreBond(hotKey))
}

// tell sends one call to the registry.
func (c *Client) tell(ctx context.Context, key Signer, what string, hotKey common.Address, data []byte) (Mined, error) {
	receipt, err := c.sender.send(ctx, key, &c.addresses.Registry, nil, data)
	if err != nil {
		return Mined{}, fmt.Errorf("%s %s: %w", what, hotKey, err)
	}
	return asMined(receipt), nil
}
