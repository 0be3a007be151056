package challenge

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// Root commits to all leaves of a tree in their order (RFC 6962, section 2.1: SHA-256,
// leaves behind a byte 0, inner nodes behind a byte 1).
type Root [32]byte

func leafHash(leaf []byte) Root {
	var buffer [1 + 2*outputWidth]byte // leaves are short: no allocation for millions of them
	return sha256.Sum256(append(buffer[:1], leaf...))
}

func nodeHash(left, right Root) Root {
	var buffer [1 + 2*len(left)]byte
	buffer[0] = 1
	copy(buffer[1:], left[:])
	copy(buffer[1+len(left):], right[:])
	return sha256.Sum256(buffer[:])
}

// split is where a tree of n ≥ 2 leaves parts: the largest power of two under n.
func split(n uint64) uint64 { return 1 << (bits.Len64(n-1) - 1) }

// rootOf is the root over nodes, which are leaves' hashes or whole subtrees of one size.
func rootOf(nodes []Root) Root {
	if len(nodes) == 1 {
		return nodes[0]
	}
	at := split(uint64(len(nodes)))
	return nodeHash(rootOf(nodes[:at]), rootOf(nodes[at:]))
}

// pathOf appends the siblings of node index to path, from the bottom to the top.
func pathOf(nodes []Root, index uint64, path []Root) []Root {
	if len(nodes) == 1 {
		return path
	}
	at := split(uint64(len(nodes)))
	if index < at {
		return append(pathOf(nodes[:at], index, path), rootOf(nodes[at:]))
	}
	return append(pathOf(nodes[at:], index-at, path), rootOf(nodes[:at]))
}

// pathLength is how many siblings leaf index of n has.
func pathLength(index, n uint64) int {
	length := 0
	for n > 1 {
		at := split(n)
		if index < at {
			n = at
		} else {
			index, n = index-at, n-at
		}
		length++
	}
	return length
}

// climb computes the root from a leaf's hash and its siblings, as many as pathLength says.
func climb(hash Root, path []Root, index, n uint64) Root {
	if n == 1 {
		return hash
	}
	at, top := split(n), len(path)-1
	if index < at {
		return nodeHash(climb(hash, path[:top], index, at), path[top])
	}
	return nodeHash(path[top], climb(hash, path[:top], index-at, n-at))
}

// stem is how many leaves a stored node stands for: of millions of leaves only these
// nodes are kept, and the few subtrees that are opened are computed again.
const stem = 64

// crown is the upper part of a tree: the roots of its subtrees of stem leaves.
type crown []Root

// newCrown is for n leaves, a multiple of stem.
func newCrown(n uint64) crown { return make(crown, n/stem) }

// grow enters the subtree of leaves that begins at leaf first: stem leaves of size bytes.
func (c crown) grow(first uint64, leaves []byte, size int) {
	c[first/stem] = rootOf(hashes(leaves, size))
}

// growAll enters all subtrees of leaves, from leaf first on.
func (c crown) growAll(first uint64, leaves []byte, size int) {
	part := stem * size
	together(len(leaves)/part, func(n int) { c.grow(first+uint64(n*stem), leaves[n*part:(n+1)*part], size) })
}

func hashes(leaves []byte, size int) []Root {
	list := make([]Root, len(leaves)/size)
	for i := range list {
		list[i] = leafHash(leaves[i*size : (i+1)*size])
	}
	return list
}

// opened is a leaf with its siblings from the bottom up.
type opened struct {
	index uint64
	path  []Root
}

// open finds the lower siblings of leaf index, given the leaves of its subtree. They must
// be those that grew. finish adds the upper ones.
func (c crown) open(index uint64, leaves []byte, size int) (opened, error) {
	list := hashes(leaves, size)
	if rootOf(list) != c[index/stem] {
		return opened{}, errUnsteady
	}
	return opened{index, pathOf(list, index%stem, nil)}, nil
}

// finish adds the upper siblings of leaves, which rise, in one walk over the crown.
func (c crown) finish(leaves []opened) { ascend(c, 0, leaves) }

// ascend returns the root over nodes, of which the first is the subtree number first, and
// adds the siblings on the way up to the leaves below them.
func ascend(nodes []Root, first uint64, leaves []opened) Root {
	if len(leaves) == 0 || len(nodes) == 1 {
		return rootOf(nodes)
	}
	at := split(uint64(len(nodes)))
	middle, _ := slices.BinarySearchFunc(leaves, (first+at)*stem, func(o opened, index uint64) int { return cmp.Compare(o.index, index) })
	left, right := ascend(nodes[:at], first, leaves[:middle]), ascend(nodes[at:], first+at, leaves[middle:])
	for i := range leaves {
		if i < middle {
			leaves[i].path = append(leaves[i].path, right)
		} else {
			leaves[i].path = append(leaves[i].path, left)
		}
	}
	return nodeHash(left, right)
}

// errUnsteady means that a machine which computes something twice gets two results.
var errUnsteady = errors.New("the same rows were computed differently a second time; test this machine's memory and its cooling")

// errOpening says that an opening can't be read: it has the wrong size.
func errOpening(have, want int) error {
	return fmt.Errorf("opening has %d bytes, want %d: %w", have, want, ErrFalse)
}

// ErrFalse says that an opening does not hold: what was committed to is not the work.
var ErrFalse = errors.New("the proof is false")
