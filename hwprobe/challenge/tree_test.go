package challenge

import (
	"encoding/hex"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The roots of RFC 6962's reference tests (certificate-transparency-go, merkle
// testonly/reference: eight inputs), for 1, 2, 3 and 8 leaves.
func TestRootsAreThoseOfCertificateTransparency(t *testing.T) {
	var leaves []Root
	want := map[int]string{
		1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	for _, text := range []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"} {
		raw, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leafHash(raw))
		if root := rootOf(leaves); want[len(leaves)] != "" && hex.EncodeToString(root[:]) != want[len(leaves)] {
			t.Errorf("%d leaves: root %x, want %s", len(leaves), root, want[len(leaves)])
		}
	}
}

func TestEveryLeafClimbsToTheRootAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subtrees := rapid.IntRange(1, 37).Draw(t, "subtrees")
		n := uint64(subtrees * stem)
		const size = 5
		leaves := make([]byte, n*size)
		for i := range leaves {
			leaves[i] = byte(i * i >> 3)
		}
		tree := newCrown(n)
		for first := uint64(0); first < n; first += stem {
			tree.grow(first, leaves[first*size:(first+stem)*size], size)
		}
		root := rootOf(tree)
		if root != rootOf(hashes(leaves, size)) {
			t.Fatal("the crown's root is not the whole tree's")
		}
		index := rapid.Uint64Range(0, n-1).Draw(t, "index")
		first := index / stem * stem
		opening, err := tree.open(index, leaves[first*size:(first+stem)*size], size)
		if err != nil {
			t.Fatal(err)
		}
		both := []opened{opening}
		tree.finish(both)
		path := both[0].path
		leaf := leaves[index*size : (index+1)*size]
		if len(path) != pathLength(index, n) || climb(leafHash(leaf), path, index, n) != root {
			t.Fatalf("leaf %d of %d does not climb to the root", index, n)
		}
		other := rapid.Uint64Range(0, n-1).Draw(t, "other")
		if other != index && pathLength(other, n) == len(path) && climb(leafHash(leaf), path, other, n) == root {
			t.Fatalf("leaf %d of %d climbs as leaf %d too", index, n, other)
		}
		broken := slices.Clone(path)
		if len(broken) > 0 {
			broken[rapid.IntRange(0, len(broken)-1).Draw(t, "sibling")][3] ^= 1
			if climb(leafHash(leaf), broken, index, n) == root {
				t.Fatal("a broken path climbs to the root")
			}
		}
	})
}
