package agent

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/params"
	"github.com/libp2p/go-libp2p/core/host"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
)

// ErrNothingEarned is a node without a leaf under the active root.
var ErrNothingEarned = errors.New("nothing is earned yet: run accepted jobs, stay reachable, and wait until a root with this node is active")

// ErrPaidAlready is a node whose whole leaf has been paid.
var ErrPaidAlready = errors.New("everything that is active has been claimed; claim again after the next epoch's root is active")

// ClaimQuote is what a claim would move and cost if it were sent now.
type ClaimQuote struct {
	Node      common.Address `json:"node"`
	Epoch     uint64         `json:"epoch"`
	EarnedWei *big.Int       `json:"earned_wei"`  // wei of HIVE since the beginning, under the active root
	PaidWei   *big.Int       `json:"paid_wei"`    // of those, claimed before
	AmountWei *big.Int       `json:"amount_wei"`  // what this claim would pay, wei of HIVE
	LaterWei  *big.Int       `json:"later_wei"`   // what the breaker keeps for another claim
	Recipient common.Address `json:"recipient"`   // who is paid: the cold address in the registry
	Payer     common.Address `json:"payer"`       // who pays the gas
	Gas       uint64         `json:"gas"`         // estimate
	FeeWei    *big.Int       `json:"fee_wei"`     // wei of ether at the present price
	PayerWei  *big.Int       `json:"payer_holds"` // wei of ether

	leaf chain.Leaf
}

// ClaimReport is what a claim moved.
type ClaimReport struct {
	Tx        common.Hash    `json:"tx"`
	Block     uint64         `json:"block"`
	Epoch     uint64         `json:"epoch"`
	AmountWei *big.Int       `json:"amount_wei"`
	Recipient common.Address `json:"recipient"`
	GasUsed   uint64         `json:"gas_used"`
	FeeWei    *big.Int       `json:"fee_wei"` // wei of ether that the payer paid
}

// ClaimPolicy says when a node claims by itself. The zero value never does.
type ClaimPolicy struct {
	Every      time.Duration // how often it looks; 0: never
	MinimumWei *big.Int      // wei of HIVE below which it waits; nil: none
	// PriceWei is what the operator reckons one whole HIVE is worth, in wei of
	// ether; nil or zero: unknown, and only MinimumWei counts.
	PriceWei *big.Int
	TimesGas uint64 // how many times its fee a claim must be worth, if there is a price
}

// worthwhile says whether a claim of amount (wei of HIVE) at a fee (wei of ether)
// is worth its fee: amount >= MinimumWei, and amount/1e18 x PriceWei >= TimesGas x fee.
func (p ClaimPolicy) worthwhile(amountWei, feeWei *big.Int) bool {
	if p.MinimumWei != nil && amountWei.Cmp(p.MinimumWei) < 0 {
		return false
	}
	if p.PriceWei == nil || p.PriceWei.Sign() == 0 {
		return true
	}
	worth := new(big.Int).Mul(amountWei, p.PriceWei) // 1e-36 ether
	cost := new(big.Int).Mul(feeWei, new(big.Int).SetUint64(p.TimesGas))
	return worth.Cmp(cost.Mul(cost, big.NewInt(params.Ether))) >= 0
}

// findLeaf finds a node's leaf under the active root, or says ErrNothingEarned.
type findLeaf func(ctx context.Context, active chain.Root) (chain.Leaf, error)

// fromCoordinator asks the network's coordinator for a node's leaf.
func fromCoordinator(h host.Host, n Network, node common.Address) findLeaf {
	return func(ctx context.Context, active chain.Root) (chain.Leaf, error) {
		to, err := n.coordinator()
		if err != nil {
			return chain.Leaf{}, err
		}
		return askReward(ctx, h, to.ID, node, active)
	}
}

// leafMemory keeps what was found under one root: that never changes, so whoever
// looks every minute asks a coordinator once an epoch. It is not for concurrent use.
type leafMemory struct {
	root    [32]byte // zero: nothing is kept
	leaf    chain.Leaf
	nothing bool // there is no leaf under the root
}

// once is find, asked only where the active root is another than the last.
func (m *leafMemory) once(find findLeaf) findLeaf {
	return func(ctx context.Context, active chain.Root) (chain.Leaf, error) {
		if m.root != active.Root {
			leaf, err := find(ctx, active)
			nothing := errors.Is(err, ErrNothingEarned)
			if err != nil && !nothing {
				return chain.Leaf{}, err
			}
			*m = leafMemory{root: active.Root, leaf: leaf, nothing: nothing}
		}
		if m.nothing {
			return chain.Leaf{}, ErrNothingEarned
		}
		return m.leaf, nil
	}
}

// quote finds out what a claim for node, paid for by payer, would move and cost.
// Nothing to pay is ErrNothingEarned or ErrPaidAlready.
func quote(ctx context.Context, client *chain.Client, find findLeaf, node, payer common.Address) (ClaimQuote, error) {
	q := ClaimQuote{Node: node, Payer: payer}
	active, err := client.ActiveRoot(ctx)
	if err != nil {
		return q, err
	}
	if !active.Posted() {
		return q, fmt.Errorf("%w; no root is active on this chain", ErrNothingEarned)
	}
	q.Epoch = active.Epoch
	if q.leaf, err = find(ctx, active); err != nil {
		return q, err
	}
	q.EarnedWei = q.leaf.CumulativeWei
	if q.PaidWei, err = client.Claimed(ctx, node); err != nil {
		return q, err
	}
	owed := new(big.Int).Sub(q.EarnedWei, q.PaidWei)
	if owed.Sign() <= 0 {
		return q, ErrPaidAlready
	}
	room, err := client.ClaimableNow(ctx)
	if err != nil {
		return q, err
	}
	q.AmountWei = owed
	if room.Cmp(owed) < 0 {
		q.AmountWei = room
	}
	q.LaterWei = new(big.Int).Sub(owed, q.AmountWei)
	if q.Recipient, err = client.RecipientOf(ctx, node); err != nil {
		return q, err
	}
	if q.Gas, q.FeeWei, err = client.EstimateClaim(ctx, payer, q.leaf); err != nil {
		return q, err
	}
	q.PayerWei, err = client.EtherBalance(ctx, payer)
	return q, err
}

// sendClaim sends what was quoted and waits until it is final.
func sendClaim(ctx context.Context, client *chain.Client, payer chain.Signer, q ClaimQuote) (ClaimReport, error) {
	paid, err := client.Claim(ctx, payer, q.Node, q.leaf.CumulativeWei, q.leaf.Proof)
	if chain.NothingToClaim(err) { // somebody else sent it meanwhile, and it went to the same recipient
		return ClaimReport{}, ErrPaidAlready
	}
	if err != nil {
		return ClaimReport{}, err
	}
	return ClaimReport{
		Tx: paid.Tx, Block: paid.Block, Epoch: q.Epoch, AmountWei: paid.AmountWei, Recipient: paid.Recipient, GasUsed: paid.GasUsed, FeeWei: paid.FeeWei,
	}, nil
}

// Claim pays the recipient what the active root gives this node beyond what was
// paid before, and waits until that is final. Nothing to pay is ErrNothingEarned,
// or ErrPaidAlready. The hot key pays the gas.
func (n *Node) Claim(ctx context.Context) (ClaimReport, error) {
	q, err := quote(ctx, n.chain, fromCoordinator(n.host, n.conf.Network, n.key.Address()), n.key.Address(), n.key.Address())
	if err != nil {
		return ClaimReport{}, err
	}
	return n.sendClaim(ctx, q)
}

func (n *Node) sendClaim(ctx context.Context, q ClaimQuote) (ClaimReport, error) {
	report, err := sendClaim(ctx, n.chain, n.key, q)
	if err == nil {
		n.conf.Log.Info("reward claimed", "epoch", report.Epoch, "wei", report.AmountWei, "recipient", report.Recipient, "tx", report.Tx)
	}
	return report, err
}

// claimLoop claims whatever becomes active and is worth it, if the node was asked to.
func (n *Node) claimLoop(ctx context.Context) {
	if n.conf.Claims.Every <= 0 {
		return
	}
	ticker := time.NewTicker(n.conf.Claims.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := n.claimIfWorthwhile(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrNothingEarned) && !errors.Is(err, ErrPaidAlready) {
			n.conf.Log.Warn("claim failed, trying again later", "error", err)
		}
	}
}

// claimIfWorthwhile is one look of the claim loop, which alone calls it. Only where
// another root is active than the last time is the coordinator asked.
func (n *Node) claimIfWorthwhile(ctx context.Context) error {
	find := n.leaves.once(fromCoordinator(n.host, n.conf.Network, n.key.Address()))
	q, err := quote(ctx, n.chain, find, n.key.Address(), n.key.Address())
	if err != nil {
		return err
	}
	if !n.claimPolicy().worthwhile(q.AmountWei, q.FeeWei) {
		n.conf.Log.Debug("reward is not worth a claim yet", "wei", q.AmountWei, "fee_wei", q.FeeWei)
		return nil
	}
	_, err = n.sendClaim(ctx, q)
	return err
}

// RecipientBalance is what the cold address holds, in wei of HIVE.
func (n *Node) RecipientBalance(ctx context.Context) (*big.Int, error) {
	return n.chain.Balance(ctx, n.recipient)
}

// Claimant claims for any node from any machine that reaches the chain and the
// coordinator. It holds no key of the node.
type Claimant struct {
	network Network
	client  *chain.Client
	host    host.Host
}

// OpenClaimant connects to the chain and the coordinator of a network, under a
// name that is made for this and forgotten.
func OpenClaimant(ctx context.Context, n Network, reach Reach) (_ *Claimant, err error) {
	c := &Claimant{network: n}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if c.client, err = n.Dial(ctx, nil); err != nil {
		return nil, err
	}
	coordinator, err := n.coordinator()
	if err != nil {
		return nil, err
	}
	name, err := identity.Generate()
	if err != nil {
		return nil, err
	}
	swarm, err := p2p.ReadSwarmKey(reach.SwarmKey)
	if err != nil {
		return nil, err
	}
	if c.host, err = p2p.NewHost(name, nil, p2p.Options{SwarmKey: swarm}); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, rewardTimeout)
	defer cancel()
	if err := c.host.Connect(ctx, coordinator); err != nil {
		return nil, fmt.Errorf("reach the coordinator: %w; is it running, and are its addresses in the network file still right?", err)
	}
	return c, nil
}

// Quote is what a claim for node, with gas paid by payer, would move and cost.
func (c *Claimant) Quote(ctx context.Context, node, payer common.Address) (ClaimQuote, error) {
	return quote(ctx, c.client, fromCoordinator(c.host, c.network, node), node, payer)
}

// Send claims what was quoted, with gas paid by payer, and waits until it is final.
func (c *Claimant) Send(ctx context.Context, payer chain.Signer, q ClaimQuote) (ClaimReport, error) {
	return sendClaim(ctx, c.client, payer, q)
}

// Unsigned is the transaction that would claim what was quoted, for a key on
// another machine.
func (c *Claimant) Unsigned(ctx context.Context, q ClaimQuote) (chain.Unsigned, error) {
	return c.client.PrepareClaim(ctx, q.Payer, q.leaf)
}

// Close lets go of both connections.
func (c *Claimant) Close() error {
	if c.client != nil {
		c.client.Close()
	}
	if c.host != nil {
		return c.host.Close()
	}
	return nil
}
