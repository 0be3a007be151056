package chain

import (
	"bytes"
	"math/big"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/attest/contracts/bindings/rewarddistributor"
)

// shareProofs writes leaves of one tree as the distributor's claimMany takes
// them: each line's proof ends where it meets the path of a line before it, as
// that line's sibling there is this line's own ancestor. So 50 leaves of a
// million need 763 siblings at most, and not 1,000. The leaves' proofs are whole;
// one that is wrong stays wrong.
func shareProofs(leaves []Leaf) (claims []rewarddistributor.RewardDistributorClaim, siblings [][32]byte) {
	claims = make([]rewarddistributor.RewardDistributorClaim, len(leaves))
	place := make(map[[32]byte]int) // of a sibling in siblings, from 1
	for i, leaf := range leaves {
		node, length, meets := leaf.Hash(), 0, place[leaf.Hash()]
		for meets == 0 && length < len(leaf.Proof) {
			node = hashPair(node, leaf.Proof[length])
			length++
			meets = place[node]
		}
		for _, sibling := range leaf.Proof[:length] {
			siblings = append(siblings, sibling)
			if place[sibling] == 0 {
				place[sibling] = len(siblings)
			}
		}
		claims[i] = rewarddistributor.RewardDistributorClaim{
			Node:          leaf.Node,
			CumulativeWei: leaf.CumulativeWei,
			Siblings:      big.NewInt(int64(length)),
			Meets:         big.NewInt(int64(meets)),
		}
	}
	return claims, siblings
}

// hashPair is the inner node over two children: keccak256 of them in ascending
// order (OpenZeppelin's rule).
func hashPair(a, b [32]byte) [32]byte {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return [32]byte(crypto.Keccak256(a[:], b[:]))
}
