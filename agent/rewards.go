package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/epoch"
)

// rewardProtocol asks a coordinator for the proof behind one node's claim. Anybody
// may ask for any node: the data set is public.
const rewardProtocol = "/medhive/reward/1"

const (
	maxRewardRequest = 1 << 10
	maxRewardAnswer  = 64 << 10 // a proof among 2^40 leaves has 40 hashes
	rewardTimeout    = 10 * time.Second
)

type rewardRequest struct {
	Epoch uint64         `json:"epoch"` // the one that is active on chain
	Node  common.Address `json:"node"`
}

type rewardAnswer struct {
	Cumulative *big.Int      `json:"cumulative_wei,omitempty"`
	Proof      []common.Hash `json:"proof,omitempty"`
	Nothing    bool          `json:"nothing,omitempty"` // the node has earned nothing yet
	Error      string        `json:"error,omitempty"`
}

// serveRewards answers from the published epochs, which find returns by number.
func serveRewards(h host.Host, find func(number uint64) (epoch.Bundle, error)) {
	h.SetStreamHandler(rewardProtocol, func(s network.Stream) {
		defer s.Close()
		if s.SetDeadline(time.Now().Add(rewardTimeout)) != nil {
			return
		}
		answer := rewardFor(s, find)
		data, err := json.Marshal(answer)
		if err != nil || attest.WriteFrame(s, data) != nil {
			_ = s.Reset() // the asker sees that the answer is not whole
		}
	})
}

func rewardFor(s network.Stream, find func(uint64) (epoch.Bundle, error)) rewardAnswer {
	data, err := attest.ReadFrame(s, maxRewardRequest)
	if err != nil {
		return rewardAnswer{Error: err.Error()}
	}
	var request rewardRequest
	if err := json.Unmarshal(data, &request); err != nil {
		return rewardAnswer{Error: "the request is no JSON of this version"}
	}
	bundle, err := find(request.Epoch)
	if err != nil {
		return rewardAnswer{Error: fmt.Sprintf("epoch %d is not published here", request.Epoch)}
	}
	cumulative, proof, err := bundle.Proof(request.Node)
	switch {
	case errors.Is(err, epoch.ErrNoLeaf):
		return rewardAnswer{Nothing: true}
	case err != nil:
		return rewardAnswer{Error: err.Error()}
	}
	answer := rewardAnswer{Cumulative: cumulative}
	for _, hash := range proof {
		answer.Proof = append(answer.Proof, hash)
	}
	return answer
}

// askReward fetches a node's leaf and checks it against the root on chain: the
// coordinator's word alone is worth nothing.
func askReward(ctx context.Context, h host.Host, coordinator peer.ID, node common.Address, active chain.Root) (chain.Leaf, error) {
	leaf := chain.Leaf{Node: node}
	ctx, cancel := context.WithTimeout(ctx, rewardTimeout)
	defer cancel()
	s, err := h.NewStream(ctx, coordinator, rewardProtocol)
	if err != nil {
		return leaf, fmt.Errorf("ask the coordinator for the reward: %w", err)
	}
	defer s.Close()
	if err := s.SetDeadline(time.Now().Add(rewardTimeout)); err != nil {
		return leaf, fmt.Errorf("ask the coordinator for the reward: %w", err)
	}
	request, err := json.Marshal(rewardRequest{Epoch: active.Epoch, Node: node})
	if err != nil {
		return leaf, fmt.Errorf("ask the coordinator for the reward: %w", err)
	}
	if err := attest.WriteFrame(s, request); err != nil {
		return leaf, fmt.Errorf("ask the coordinator for the reward: %w", err)
	}
	data, err := attest.ReadFrame(s, maxRewardAnswer)
	if err != nil {
		return leaf, fmt.Errorf("ask the coordinator for the reward: %w", err)
	}
	var answer rewardAnswer
	if err := json.Unmarshal(data, &answer); err != nil {
		return leaf, fmt.Errorf("ask the coordinator for the reward: the answer is no JSON: %w", err)
	}
	switch {
	case answer.Error != "":
		return leaf, fmt.Errorf("the coordinator has no proof: %.200q", answer.Error)
	case answer.Nothing:
		return leaf, ErrNothingEarned
	case answer.Cumulative == nil || answer.Cumulative.Sign() <= 0:
		return leaf, errors.New("the coordinator's proof names no amount; ask another coordinator or recompute the epoch")
	}
	leaf.CumulativeWei = answer.Cumulative
	for _, hash := range answer.Proof {
		leaf.Proof = append(leaf.Proof, hash)
	}
	if !epoch.VerifyProof(active.Root, epoch.Leaf{Node: node, Cumulative: leaf.CumulativeWei}, leaf.Proof) {
		return leaf, fmt.Errorf("the coordinator's proof does not lead to the root of epoch %d on chain; recompute the epoch with `medhive coordinator verify`", active.Epoch)
	}
	return leaf, nil
}

// ErrNothingEarned is a node without a leaf under the active root.
var ErrNothingEarned = errors.New("nothing is earned yet: run accepted jobs, stay reachable, and wait until a root with this node is active")

// errPaidAlready is a node whose whole leaf has been paid.
var errPaidAlready = errors.New("everything that is active has been claimed")

// ClaimReport is what a claim moved.
type ClaimReport struct {
	Tx        common.Hash    `json:"tx"`
	Epoch     uint64         `json:"epoch"`
	AmountWei *big.Int       `json:"amount_wei"`
	Recipient common.Address `json:"recipient"`
	GasUsed   uint64         `json:"gas_used"`
}

// Claim pays the recipient what the active root gives this node beyond what was
// paid before, and waits until that is confirmed. Nothing to pay is
// ErrNothingEarned or wraps it.
func (n *Node) Claim(ctx context.Context) (ClaimReport, error) {
	var report ClaimReport
	active, err := n.chain.ActiveRoot(ctx)
	if err != nil {
		return report, err
	}
	if !active.Posted() {
		return report, fmt.Errorf("%w; no root is active on this chain", ErrNothingEarned)
	}
	to, err := n.coordinator()
	if err != nil {
		return report, err
	}
	leaf, err := askReward(ctx, n.host, to, n.key.Address(), active)
	if err != nil {
		return report, err
	}
	paid, err := n.chain.Claimed(ctx, leaf.Node)
	if err != nil {
		return report, err
	}
	if paid.Cmp(leaf.CumulativeWei) >= 0 {
		return report, errPaidAlready
	}
	payment, err := n.chain.Claim(ctx, n.key.ECDSA(), leaf.Node, leaf.CumulativeWei, leaf.Proof)
	if err != nil {
		return report, err
	}
	n.conf.Log.Info("reward claimed", "epoch", active.Epoch, "wei", payment.AmountWei, "recipient", payment.Recipient, "tx", payment.Tx)
	return ClaimReport{Tx: payment.Tx, Epoch: active.Epoch, AmountWei: payment.AmountWei, Recipient: payment.Recipient, GasUsed: payment.GasUsed}, nil
}

// claimLoop claims whatever becomes active, if the node was asked to.
func (n *Node) claimLoop(ctx context.Context) {
	if n.conf.ClaimEvery <= 0 {
		return
	}
	ticker := time.NewTicker(n.conf.ClaimEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		_, err := n.Claim(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrNothingEarned) && !errors.Is(err, errPaidAlready) {
			n.conf.Log.Warn("claim failed, trying again later", "error", err)
		}
	}
}

// RecipientBalance is what the cold address holds, in wei of HIVE.
func (n *Node) RecipientBalance(ctx context.Context) (*big.Int, error) {
	return n.chain.Balance(ctx, n.recipient)
}
