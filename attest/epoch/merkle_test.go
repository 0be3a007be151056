package epoch

import (
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"
)

func leavesOf(n int) []Leaf {
	leaves := make([]Leaf, n)
	for i := range leaves {
		v := big.NewInt(int64(i + 1))
		leaves[i] = Leaf{common.BigToAddress(v), new(big.Int).Mul(v, big.NewInt(1e18))}
	}
	return leaves
}

// The roots are those of npm's @openzeppelin/merkle-tree 1.0.8, StandardMerkleTree,
// over the addresses 1 to n with as many whole tokens, encoded as (address, uint256).
func TestRootsEqualOpenZeppelins(t *testing.T) {
	cases := map[int]string{
		1: "0x6081e60a560cf21a6ea538bd62fec907bc40d5711c5e8c7e8fbe6dc134b72608",
		2: "0x03c0b05ec3ddabd05619c2171b32592eb04182e79274e6c7e0cc58ef91437dd3",
		3: "0x1f15d1edd8ec9df5444bcc9f906af766538008cc6b818dfba1edf8617ce6d961",
		7: "0x92452f12e9360f3f933f353589e2360d476c41d2444af8dfaa0cf6c87b9633de",
	}
	for n, want := range cases {
		if got := NewTree(leavesOf(n)).Root(); got != common.HexToHash(want) {
			t.Errorf("%d leaves: root %x, want %s", n, got, want)
		}
	}
	proof, err := NewTree(leavesOf(3)).Proof(leavesOf(3)[0])
	if err != nil || len(proof) != 2 || proof[0] != common.HexToHash("0x09ef46ce7299321a1324f25b2d659db10365f7155d3b3af2012d212aa90c6792") {
		t.Errorf("proof of the first of three is %x, %v", proof, err)
	}
}

func TestEveryLeafIsProvedAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := leavesOf(rapid.IntRange(1, 70).Draw(t, "leaves"))
		tree := NewTree(rapid.Permutation(leaves).Draw(t, "order"))
		i := rapid.IntRange(0, len(leaves)-1).Draw(t, "leaf")
		proof, err := tree.Proof(leaves[i])
		if err != nil || !VerifyProof(tree.Root(), leaves[i], proof) {
			t.Fatalf("leaf %d of %d is not proved: %v", i, len(leaves), err)
		}
		richer := Leaf{leaves[i].Node, new(big.Int).Add(leaves[i].Cumulative, big.NewInt(1))}
		if VerifyProof(tree.Root(), richer, proof) {
			t.Fatal("one wei more is proved too")
		}
		if len(proof) > 0 {
			proof[rapid.IntRange(0, len(proof)-1).Draw(t, "sibling")][0] ^= 1
			if VerifyProof(tree.Root(), leaves[i], proof) {
				t.Fatal("a broken proof holds")
			}
		}
		if _, err := tree.Proof(richer); err == nil {
			t.Fatal("a leaf that is not there has a proof")
		}
	})
}

func TestAnEmptyTreeHasNoRoot(t *testing.T) {
	if root := NewTree(nil).Root(); root != [32]byte{} {
		t.Errorf("root %x", root)
	}
}

func BenchmarkMerkle100k(b *testing.B) {
	leaves := leavesOf(100_000)
	b.Run("tree", func(b *testing.B) {
		for b.Loop() {
			NewTree(leaves)
		}
	})
	tree := NewTree(leaves)
	b.Run("proof", func(b *testing.B) {
		for b.Loop() {
			if _, err := tree.Proof(leaves[77_777]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
