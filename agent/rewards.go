package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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

// findProof reads a node's cumulative amount and its proof under the root of an epoch.
type findProof func(number uint64, node common.Address) (*big.Int, [][32]byte, error)

// serveRewards answers from the published epochs.
func serveRewards(h host.Host, find findProof) {
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

func rewardFor(s network.Stream, find findProof) rewardAnswer {
	data, err := attest.ReadFrame(s, maxRewardRequest)
	if err != nil {
		return rewardAnswer{Error: err.Error()}
	}
	var request rewardRequest
	if err := json.Unmarshal(data, &request); err != nil {
		return rewardAnswer{Error: "the request is no JSON of this version"}
	}
	cumulative, proof, err := find(request.Epoch, request.Node)
	switch {
	case errors.Is(err, epoch.ErrNoLeaf):
		return rewardAnswer{Nothing: true}
	case errors.Is(err, fs.ErrNotExist):
		return rewardAnswer{Error: fmt.Sprintf("epoch %d is not published here", request.Epoch)}
	case err != nil:
		return rewardAnswer{Error: "the coordinator can't read its proofs; ask again later"}
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
