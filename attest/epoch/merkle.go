package epoch

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"sort"

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
func (l Leaf) Hash() [32]byte { return newHasher().leaf(l) }

// hasher computes keccak256 without allocating. It serves one goroutine.
type hasher struct {
	state crypto.KeccakState
	raw   [2 * 32]byte
}

func newHasher() *hasher { return &hasher{state: crypto.NewKeccakState()} }

func (h *hasher) sum(data []byte) (out [32]byte) {
	h.state.Reset()
	h.state.Write(data)      // a hash takes everything
	h.state.Read(h.raw[:32]) // … and always answers
	return [32]byte(h.raw[:32])
}

func (h *hasher) leaf(l Leaf) [32]byte {
	clear(h.raw[:12])
	copy(h.raw[12:32], l.Node[:])
	l.Cumulative.FillBytes(h.raw[32:])
	h.sum(h.raw[:])
	return h.sum(h.raw[:32])
}

// pair hashes two nodes in ascending order.
func (h *hasher) pair(a, b *[32]byte) [32]byte {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	copy(h.raw[:32], a[:])
	copy(h.raw[32:], b[:])
	return h.sum(h.raw[:])
}

// Tree is a Merkle tree of the shape of OpenZeppelin's StandardMerkleTree: leaves
// sorted by hash, a complete binary tree in one array with the root at 0, each
// inner node the keccak256 of its two children in ascending order.
type Tree struct {
	nodes [][32]byte // 2n−1; the leaves are the last n, the smallest hash last
}

// NewTree hashes the leaves, on all cores. Their order is of no matter. Without
// leaves the root is zero and there is nothing to post.
func NewTree(leaves []Leaf) *Tree {
	hashes := make([][32]byte, len(leaves))
	spread(len(leaves), func(from, to int) {
		h := newHasher()
		for i := from; i < to; i++ {
			hashes[i] = h.leaf(leaves[i])
		}
	})
	t, _ := treeOf(hashes)
	return t
}

// treeOf builds the tree over leaf hashes in any order, and says for each of them
// where it stands in nodes.
func treeOf(hashes [][32]byte) (t *Tree, places []uint32) {
	n := len(hashes)
	t, places = &Tree{nodes: make([][32]byte, max(2*n-1, 0))}, make([]uint32, n)
	for rank, i := range ranked(hashes) {
		place := len(t.nodes) - 1 - rank
		t.nodes[place], places[i] = hashes[i], uint32(place)
	}
	// Level by level from the deepest: the nodes of one level are independent.
	for first := levelOf(n - 2); n > 1 && first >= 0; first = (first+1)/2 - 1 { // ends with the root: (0+1)/2 − 1 = −1
		last := min(2*first, n-2) // inner nodes are 0 to n−2
		spread(last-first+1, func(from, to int) {
			h := newHasher()
			for i := first + from; i < first+to; i++ {
				t.nodes[i] = h.pair(&t.nodes[2*i+1], &t.nodes[2*i+2])
			}
		})
	}
	return t, places
}

// levelOf is the first node of the level on which node i ≥ 0 stands: 0, 1, 3, 7, …
func levelOf(i int) int {
	first := 0
	for 2*first+1 <= i {
		first = 2*first + 1
	}
	return first
}

// ranked is the order of hashes, ascending: the place in hashes of the smallest, of the
// next, and so on. Hashes are evenly spread, so they are dealt into buckets by their first
// 16 bits and each bucket is sorted by itself.
func ranked(hashes [][32]byte) []uint32 {
	const buckets = 1 << 16
	at := func(i uint32) uint16 { return binary.BigEndian.Uint16(hashes[i][:2]) }
	order := make([]uint32, len(hashes))
	if len(hashes) < buckets { // too few to deal
		for i := range order {
			order[i] = uint32(i)
		}
		slices.SortFunc(order, func(a, b uint32) int { return bytes.Compare(hashes[a][:], hashes[b][:]) })
		return order
	}
	ends := make([]uint32, buckets+1)
	for i := range hashes {
		ends[int(at(uint32(i)))+1]++
	}
	for b := range buckets {
		ends[b+1] += ends[b]
	}
	next := slices.Clone(ends[:buckets])
	for i := range hashes {
		b := at(uint32(i))
		order[next[b]] = uint32(i)
		next[b]++
	}
	spread(buckets, func(from, to int) {
		for b := from; b < to; b++ {
			slices.SortFunc(order[ends[b]:ends[b+1]], func(x, y uint32) int {
				return cmp.Or(cmp.Compare(binary.BigEndian.Uint64(hashes[x][:8]), binary.BigEndian.Uint64(hashes[y][:8])), bytes.Compare(hashes[x][8:], hashes[y][8:]))
			})
		}
	})
	return order
}

// Root is what goes on chain; zero for an empty tree.
func (t *Tree) Root() [32]byte {
	if len(t.nodes) == 0 {
		return [32]byte{}
	}
	return t.nodes[0]
}

// place finds a leaf by its hash.
func (t *Tree) place(hash [32]byte) (int, bool) {
	n := (len(t.nodes) + 1) / 2
	last := len(t.nodes) - 1
	rank, found := sort.Find(n, func(rank int) int { return bytes.Compare(hash[:], t.nodes[last-rank][:]) })
	return last - rank, found
}

// Proof is the siblings from the leaf up to the root; empty for the only leaf.
func (t *Tree) Proof(l Leaf) ([][32]byte, error) {
	i, ok := t.place(l.Hash())
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
	hash := newHasher()
	h := hash.leaf(l)
	for i := range proof {
		h = hash.pair(&h, &proof[i])
	}
	return h == root
}
