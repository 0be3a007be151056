package epoch

import (
	"bytes"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest/score"
)

// earnings is a summary in which the nodes 1 to n have earned as many tokens, but for every
// seventh, which has earned nothing.
func earnings(n int) Summary {
	s := Summary{Number: 17, DatasetHash: common.Hash{9}}
	for i, l := range leavesOf(n) {
		amount := l.Cumulative
		if i%7 == 6 {
			amount = new(big.Int)
		}
		s.Lines = append(s.Lines, Line{Line: score.Line{Node: l.Node}, Cumulative: score.Wei{Int: amount}})
	}
	s.Root = NewTree(s.Leaves()).Root()
	return s
}

func proofsOf(t rapid.TB, s Summary) (*Proofs, []byte) {
	t.Helper()
	var file bytes.Buffer
	if err := s.writeProofs(&file); err != nil {
		t.Fatal(err)
	}
	p, err := ReadProofs(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return p, file.Bytes()
}

func TestEveryProofIsReadFromTheFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := earnings(rapid.IntRange(1, 90).Draw(t, "nodes"))
		p, _ := proofsOf(t, s)
		if p.Number != s.Number || p.Root != s.Root || p.DatasetHash != s.DatasetHash || p.Leaves() != len(s.Leaves()) {
			t.Fatalf("head %+v of %d leaves", p, p.Leaves())
		}
		tree := NewTree(s.Leaves())
		for _, l := range s.Lines {
			amount, proof, err := p.Proof(l.Node)
			if l.Cumulative.Sign() == 0 {
				if !errors.Is(err, ErrNoLeaf) {
					t.Fatalf("%s has earned nothing: %v", l.Node, err)
				}
				continue
			}
			want, fault := tree.Proof(Leaf{l.Node, l.Cumulative.Int})
			if err != nil || fault != nil || amount.Cmp(l.Cumulative.Int) != 0 || len(proof) != len(want) {
				t.Fatalf("%s: %s, %d siblings, want %d: %v, %v", l.Node, amount, len(proof), len(want), err, fault)
			}
			for i := range want {
				if proof[i] != want[i] {
					t.Fatalf("sibling %d of %s is another one", i, l.Node)
				}
			}
		}
		if _, _, err := p.Proof(common.Address{0xff}); !errors.Is(err, ErrNoLeaf) {
			t.Fatalf("a stranger: %v", err)
		}
	})
}

// A damaged file is never a wrong proof: whatever bit is turned, the answer is an error or
// the truth.
func TestADamagedProofsFileProvesNothingWrong(t *testing.T) {
	s := earnings(40)
	_, file := proofsOf(t, s)
	truth := map[common.Address]*big.Int{}
	for _, l := range s.Lines {
		truth[l.Node] = l.Cumulative.Int
	}
	rapid.Check(t, func(t *rapid.T) {
		bad := bytes.Clone(file)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		p, err := ReadProofs(bytes.NewReader(bad), int64(len(bad)))
		if err != nil {
			return
		}
		node := s.Lines[rapid.IntRange(0, len(s.Lines)-1).Draw(t, "node")].Node
		if amount, proof, err := p.Proof(node); err == nil && p.Root == s.Root {
			if amount.Cmp(truth[node]) != 0 || !VerifyProof(s.Root, Leaf{node, amount}, proof) {
				t.Fatalf("%s wei are proved for %s, who earned %s", amount, node, truth[node])
			}
		}
	})
	for name, bad := range map[string][]byte{"empty": nil, "cut": file[:len(file)-1], "longer": append(bytes.Clone(file), 0)} {
		if _, err := ReadProofs(bytes.NewReader(bad), int64(len(bad))); !errors.Is(err, ErrProofs) {
			t.Errorf("%s: %v, want ErrProofs", name, err)
		}
	}
}

func TestProofsOfAnEpochWithoutLeaves(t *testing.T) {
	p, _ := proofsOf(t, Summary{})
	if _, _, err := p.Proof(common.Address{1}); !errors.Is(err, ErrNoLeaf) || p.Leaves() != 0 {
		t.Errorf("%v", err)
	}
}

func TestTheArchiveAnswersFromTheFile(t *testing.T) {
	w := newWorld(t)
	archive := Archive(t.TempDir())
	b := w.build(w.inputs(), State{})
	w.write(b, archive.Dir(1))
	amount, proof, err := archive.Proof(1, w.party("ben"))
	if err != nil || amount.Cmp(w.line(b, "ben").Cumulative.Int) != 0 || !VerifyProof(b.Summary.Root, Leaf{w.party("ben"), amount}, proof) {
		t.Errorf("ben: %s, %v", amount, err)
	}
	if _, _, err := archive.Proof(1, w.party("eve")); !errors.Is(err, ErrNoLeaf) {
		t.Errorf("eve: %v", err)
	}
	if root, dataset, err := archive.Roots(1); err != nil || root != b.Summary.Root || dataset != b.Summary.DatasetHash {
		t.Errorf("root %s, dataset %s, %v", root, dataset, err)
	}
	w.write(b, archive.Dir(3)) // under another number
	if _, _, err := archive.Roots(3); !errors.Is(err, ErrProofs) {
		t.Errorf("a folder of another epoch: %v", err)
	}
	if _, _, err := archive.Proof(2, w.party("ben")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an epoch that is not here: %v", err)
	}
}

// The lines must give the root that goes on chain: else nothing is written.
func TestProofsOfABrokenSummaryAreNotWritten(t *testing.T) {
	w := newWorld(t)
	b := w.build(w.inputs(), State{})
	b.Summary.Root[0] ^= 1
	dir := filepath.Join(t.TempDir(), "1")
	if err := b.Write(dir); err == nil {
		t.Error("it was written")
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder was left: %v", err)
	}
}
