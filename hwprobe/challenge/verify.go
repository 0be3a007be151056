package challenge

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Openings is how many leaves are opened. Whoever left out a share s of the rows is not
// found out with a chance of at most (1−s)^Openings: 0.9⁶⁶ < 0.001.
const Openings = 66

// leaves is how many leaves all trees of a work have, and how many one tree has.
func (w Work) leaves() (all, tree uint64) {
	if w.Kind == Memory {
		tree = w.Rows / tableGroup
		return tree * uint64(w.Passes), tree
	}
	return w.Rows, w.Rows
}

// picks are the leaves that a nonce opens, in rising order and each once. They follow from
// the root too: nobody knows them before having committed.
func picks(w Work, root Root, nonce [32]byte) []uint64 {
	all, _ := w.leaves()
	key := sha256.Sum256(slices.Concat([]byte("medhive/challenge/1/picks/"), root[:], nonce[:]))
	random := from(Seed(key), "picks")
	chosen := make([]uint64, 0, Openings)
	var word [16]byte
	for offset := uint64(0); len(chosen) < Openings; offset += uint64(len(word)) {
		random.read(word[:], offset)
		index := binary.BigEndian.Uint64(word[:]) % all // a bias under 2⁻³⁰: all is under 2³⁴
		if at, taken := slices.BinarySearch(chosen, index); !taken {
			chosen = slices.Insert(chosen, at, index)
		}
	}
	return chosen
}

// opening is the paths of leaves, which rise, in a row.
func (c crown) opening(leaves []opened) (raw []byte) {
	c.finish(leaves)
	for _, leaf := range leaves {
		raw = appendPath(raw, leaf.path)
	}
	return raw
}

func appendPath(opening []byte, path []Root) []byte {
	for _, sibling := range path {
		opening = append(opening, sibling[:]...)
	}
	return opening
}

// MaxOpening bounds the bytes of any opening: the paths and the roots of the passes.
const MaxOpening = (Openings*(64-1) + maxPasses) * len(Root{})

// Verify reports whether an opening holds: root commits, at the leaves that the nonce
// picks, to what the seed gives. start is the nonce that began a Memory work's walk, and
// not looked at for Compute. An opening that does not hold is ErrFalse.
func Verify(w Work, seed Seed, start [32]byte, root Root, nonce [32]byte, opening []byte) error {
	if err := w.Validate(); err != nil {
		return fmt.Errorf("verify proof: %w", err)
	}
	if err := newVerifier(w, seed).verify(start, root, nonce, opening); err != nil {
		return fmt.Errorf("verify proof: %w", err)
	}
	return nil
}

func (v *verifier) verify(start [32]byte, root Root, nonce [32]byte, opening []byte) error {
	w := v.work
	_, tree := w.leaves()
	chosen := picks(w, root, nonce)
	roots, paths, err := parts(w, root, opening, chosen)
	if err != nil {
		return err
	}
	leaf := func(index uint64) []byte { return v.row(index) }
	if w.Kind == Memory {
		keys := passKeys(start, roots)
		leaf = func(index uint64) []byte { return v.tableLeaf(index%tree, keys[index/tree]) }
	}
	group, ctx := errgroup.WithContext(context.Background()) // ends with the first false leaf
	group.SetLimit(runtime.GOMAXPROCS(0))
	for n, index := range chosen {
		group.Go(func() error {
			if ctx.Err() == nil && climb(leafHash(leaf(index)), paths[n], index%tree, tree) != roots[index/tree] {
				return fmt.Errorf("leaf %d is not what the seed gives: %w", index, ErrFalse)
			}
			return nil
		})
	}
	return group.Wait()
}

// parts takes an opening apart: the roots of its trees and a path for each leaf.
func parts(w Work, root Root, opening []byte, chosen []uint64) (roots []Root, paths [][]Root, err error) {
	_, tree := w.leaves()
	lengths, want := make([]int, len(chosen)), w.Passes
	for n, index := range chosen {
		lengths[n] = pathLength(index%tree, tree)
		want += lengths[n]
	}
	if len(opening) != want*len(root) {
		return nil, nil, errOpening(len(opening), want*len(root))
	}
	all := make([]Root, want)
	for i := range all {
		all[i] = Root(opening[i*len(root):])
	}
	roots, all = all[:w.Passes], all[w.Passes:]
	switch {
	case w.Kind == Compute:
		roots = []Root{root}
	case !bytes.Equal(root[:], walkRoot(roots)):
		return nil, nil, fmt.Errorf("the passes' roots are not what was committed to: %w", ErrFalse)
	}
	for _, length := range lengths {
		paths, all = append(paths, all[:length]), all[length:]
	}
	return roots, paths, nil
}
