package epoch

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// Leaf is what a node has earned since the first epoch.
type Leaf struct {
	Node       common.Address
	Cumulative *big.Int // wei, 0 ≤ value < 2²⁵⁶
}

// Hash is OpenZeppelin's leaf rule, keccak256(keccak256(abi.encode(node,
// cumulative))): hashed twice, so that no inner node can pass for a leaf.
func (l Leaf) Hash() [32]byte {
	var encoded [2 * 32]byte
	copy(encoded[12:32], l.Node[:])
	l.Cumulative.FillBytes(encoded[32:])
	inner := crypto.Keccak256Hash(encoded[:])
	return crypto.Keccak256Hash(inner[:])
}

// Tree is a Merkle tree of the shape of OpenZeppelin's StandardMerkleTree: leaves
// sorted by hash, a complete binary tree in one array with the root at 0, each
// inner node the keccak256 of its two children in ascending order.
type Tree struct {
	nodes [][32]byte       // 2n−1
	at    map[[32]byte]int // leaf hash to its place in nodes
}

// NewTree hashes the leaves. Their order is of no matter. Without leaves the
// root is zero and there is nothing to post.
func NewTree(leaves []Leaf) *Tree {
	hashes := make([][32]byte, len(leaves))
	for i, l := range leaves {
		hashes[i] = l.Hash()
	}
	slices.SortFunc(hashes, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	n := len(hashes)
	t := &Tree{nodes: make([][32]byte, max(2*n-1, 0)), at: make(map[[32]byte]int, n)}
	for i, h := range hashes {
		place := len(t.nodes) - 1 - i
		t.nodes[place] = h
		t.at[h] = place
	}
	for i := n - 2; i >= 0; i-- {
		t.nodes[i] = hashPair(t.nodes[2*i+1], t.nodes[2*i+2])
	}
	return t
}

// Root is what goes on chain; zero for an empty tree.
func (t *Tree) Root() [32]byte {
	if len(t.nodes) == 0 {
		return [32]byte{}
	}
	return t.nodes[0]
}

// Proof is the siblings from the leaf up to the root; empty for the only leaf.
func (t *Tree) Proof(l Leaf) ([][32]byte, error) {
	i, ok := t.at[l.Hash()]
	if !ok {
		return nil, fmt.Errorf("merkle proof of %s with %s wei: no such leaf; take the amount from the epoch's line", l.Node, l.Cumulative)
	}
	proof := [][32]byte{}
	for i > 0 {
		proof = append(proof, t.nodes[sibling(i)])
		i = (i - 1) / 2
	}
	return proof, nil
}

// sibling of node i > 0: the left child has an odd index.
func sibling(i int) int {
	if i%2 == 1 {
		return i + 1
	}
	return i - 1
}

// VerifyProof reports whether the leaf stands under root, as the contract does.
func VerifyProof(root [32]byte, l Leaf, proof [][32]byte) bool {
	h := l.Hash()
	for _, s := range proof {
		h = hashPair(h, s)
	}
	return h == root
}

func hashPair(a, b [32]byte) [32]byte {
	var raw [64]byte
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	copy(raw[:32], a[:])
	copy(raw[32:], b[:])
	return crypto.Keccak256Hash(raw[:])
}
