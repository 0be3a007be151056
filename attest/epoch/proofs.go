package epoch

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"sort"

	"github.com/ethereum/go-ethereum/common"
)

// ProofsFile holds the way from every leaf to the root, so that a proof is read by seeking
// and not by building the tree. It follows from the summary. Numbers are big-endian:
//
//	offset      bytes       what
//	0           8           "MHPROOF1"
//	8           8           epoch
//	16          8           n, the number of leaves
//	24          32          root, zero without leaves
//	56          32          dataset hash
//	88          56·n        leaves by ascending address: node (20), cumulative wei (32),
//	                        index of its hash in the tree (4)
//	88+56·n     32·(2n−1)   the tree: node i at 32·i, the root first, the children of i at
//	                        2i+1 and 2i+2, a parent the keccak256 of its children in
//	                        ascending order
//
// The proof of leaf index i is, while i > 0, the hash at its sibling (i+1 if i is odd,
// else i−1), then i = (i−1)/2. The inner hashes stand there once and not once for each
// proof that needs them: 120 bytes a leaf, where copies would take 32·log₂ n + 56.
const ProofsFile = "proofs"

const (
	proofsMagic   = "MHPROOF1"
	proofsHeader  = 88
	proofsRow     = 20 + 32 + 4
	hashBytes     = 32
	maxProofsLeaf = math.MaxUint32 / 2 // an index fits four bytes
)

// proofsBuffer is how much of a proofs file is written at once.
const proofsBuffer = 1 << 20

// writeProofs writes a ProofsFile of s.
func (s settlement) writeProofs(w io.Writer, number uint64, dataset common.Hash) error {
	if len(s.leaves) > maxProofsLeaf {
		return fmt.Errorf("write proofs of epoch %d: %d leaves are more than an epoch can have", number, len(s.leaves))
	}
	out := bufio.NewWriterSize(w, proofsBuffer)
	root := s.tree.Root()
	head := append(make([]byte, 0, proofsHeader), proofsMagic...)
	head = binary.BigEndian.AppendUint64(head, number)
	head = binary.BigEndian.AppendUint64(head, uint64(len(s.leaves)))
	head = append(append(head, root[:]...), dataset[:]...)
	// A bufio.Writer keeps its first error: Flush returns it.
	_, _ = out.Write(head)
	var row [proofsRow]byte
	for i, l := range s.leaves {
		copy(row[:20], l.node[:])
		copy(row[20:52], l.amount[:])
		binary.BigEndian.PutUint32(row[52:], s.places[i])
		_, _ = out.Write(row[:])
	}
	for i := range s.tree.nodes {
		_, _ = out.Write(s.tree.nodes[i][:])
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write proofs of epoch %d: %w", number, err)
	}
	return nil
}

// writeProofs writes the ProofsFile of a summary, whose lines it takes for right.
func (s Summary) writeProofs(w io.Writer) error {
	leaves := s.Leaves()
	done := settlement{leaves: make([]earned, len(leaves))}
	hashes := make([][32]byte, len(leaves))
	spread(len(hashes), func(from, to int) {
		h := newHasher()
		for i := from; i < to; i++ {
			done.leaves[i], hashes[i] = earnedBy(leaves[i].Node, leaves[i].Cumulative), h.leaf(leaves[i])
		}
	})
	done.tree, done.places = treeOf(hashes)
	if got := common.Hash(done.tree.Root()); got != s.Root {
		return fmt.Errorf("write proofs of epoch %d: its lines give root %s, its summary names %s; recompute it", s.Number, got, s.Root)
	}
	return done.writeProofs(w, s.Number, s.DatasetHash)
}

// Proofs reads a ProofsFile. It is safe for concurrent use.
type Proofs struct {
	Number      uint64
	Root        common.Hash
	DatasetHash common.Hash

	from   io.ReaderAt
	leaves int64
}

// ErrProofs says that a proofs file is not one, is cut off, or contradicts its root.
var ErrProofs = errors.New("the proofs file is damaged; remove it, it is written again from the epoch's files")

// ReadProofs takes size bytes at from for a proofs file.
func ReadProofs(from io.ReaderAt, size int64) (*Proofs, error) {
	var head [proofsHeader]byte
	if _, err := from.ReadAt(head[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read proofs: %w", err)
	}
	n := binary.BigEndian.Uint64(head[16:])
	if !bytes.HasPrefix(head[:], []byte(proofsMagic)) || n > maxProofsLeaf {
		return nil, fmt.Errorf("read proofs: %w", ErrProofs)
	}
	p := &Proofs{
		Number: binary.BigEndian.Uint64(head[8:]), Root: common.Hash(head[24:56]), DatasetHash: common.Hash(head[56:88]),
		from: from, leaves: int64(n),
	}
	if size != p.node(max(2*p.leaves-1, 0)) {
		return nil, fmt.Errorf("read proofs of epoch %d: %d leaves in %d bytes: %w", p.Number, n, size, ErrProofs)
	}
	return p, nil
}

// node is where the tree's node i stands.
func (p *Proofs) node(i int64) int64 { return proofsHeader + proofsRow*p.leaves + hashBytes*i }

// Leaves is how many nodes have something to claim.
func (p *Proofs) Leaves() int { return int(p.leaves) }

// Proof finds a node's cumulative amount in wei and its siblings up to Root, with at most
// 2·log₂ n reads. ErrNoLeaf when the node has earned nothing; ErrProofs when what stands
// there does not lead to Root.
func (p *Proofs) Proof(node common.Address) (cumulative *big.Int, proof [][32]byte, err error) {
	var row, hit [proofsRow]byte
	var fault error
	_, found := sort.Find(int(p.leaves), func(i int) int {
		if fault == nil {
			_, fault = p.from.ReadAt(row[:], proofsHeader+proofsRow*int64(i))
		}
		order := bytes.Compare(node[:], row[:20])
		if order == 0 {
			hit = row
		}
		return order
	})
	switch {
	case fault != nil:
		return nil, nil, fmt.Errorf("read proof of %s: %w", node, fault)
	case !found:
		return nil, nil, fmt.Errorf("epoch %d: %s: %w; run accepted jobs and stay reachable", p.Number, node, ErrNoLeaf)
	}
	leaf := Leaf{node, new(big.Int).SetBytes(hit[20:52])}
	place := int64(binary.BigEndian.Uint32(hit[52:]))
	if place > 2*p.leaves-2 {
		return nil, nil, fmt.Errorf("read proof of %s: %w", node, ErrProofs)
	}
	proof = [][32]byte{}
	for i := place; i > 0; i = (i - 1) / 2 {
		var hash [32]byte
		if _, err := p.from.ReadAt(hash[:], p.node(int64(sibling(int(i))))); err != nil {
			return nil, nil, fmt.Errorf("read proof of %s: %w", node, err)
		}
		proof = append(proof, hash)
	}
	if !VerifyProof(p.Root, leaf, proof) {
		return nil, nil, fmt.Errorf("read proof of %s: %w", node, ErrProofs)
	}
	return leaf.Cumulative, proof, nil
}

// Proof reads node's cumulative amount and proof under the root of epoch n, from the
// epoch's proofs file. ErrNoLeaf when there is nothing to claim, fs.ErrNotExist when the
// epoch is not here; an epoch of an earlier version has its proofs file after Complete.
func (a Archive) Proof(n uint64, node common.Address) (cumulative *big.Int, proof [][32]byte, err error) {
	err = a.proofs(n, func(p *Proofs) (err error) {
		cumulative, proof, err = p.Proof(node)
		return err
	})
	return cumulative, proof, err
}

// Roots is the root and the dataset hash of epoch n, from its proofs file.
func (a Archive) Roots(n uint64) (root, dataset common.Hash, err error) {
	err = a.proofs(n, func(p *Proofs) error {
		root, dataset = p.Root, p.DatasetHash
		return nil
	})
	return root, dataset, err
}

func (a Archive) proofs(n uint64, use func(*Proofs) error) error {
	file, err := os.Open(a.file(n, ProofsFile))
	if err != nil {
		return fmt.Errorf("read proofs of epoch %d: %w", n, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("read proofs of epoch %d: %w", n, err)
	}
	p, err := ReadProofs(file, info.Size())
	if err != nil {
		return err
	}
	if p.Number != n {
		return fmt.Errorf("read proofs of epoch %d: they are of epoch %d: %w", n, p.Number, ErrProofs)
	}
	return use(p)
}

// OpenBundle opens the bundle of epoch n, and says how many bytes it has. The caller closes
// it; fs.ErrNotExist when the epoch is not here, or before Complete.
func (a Archive) OpenBundle(n uint64) (*os.File, int64, error) {
	file, err := os.Open(a.file(n, BundleFile))
	if err != nil {
		return nil, 0, fmt.Errorf("open bundle of epoch %d: %w", n, err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("open bundle of epoch %d: %w", n, err), file.Close())
	}
	return file, info.Size(), nil
}
