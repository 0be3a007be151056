package agent

import (
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/score"
)

// unposted is a village whose epoch 2 is published and was never posted, since epoch 1
// waits; epoch 3 builds on it and was posted.
func unposted(t *testing.T) (v *village, node *villager, second, third epoch.Bundle) {
	t.Helper()
	v, node = working(t)
	v.close()
	v.must(node.work("the second study"))
	second = v.close()
	v.activate()
	v.must(node.work("the third study"))
	third = v.close()
	if v.pending().Epoch != 3 || third.Inputs.Previous.Number != 2 {
		t.Fatalf("epoch %d waits on chain, and builds on %d", v.pending().Epoch, third.Inputs.Previous.Number)
	}
	return v, node, second, third
}

// enrich is a state in which its first node has a wei more, with the root that belongs to
// it: too little for the contract's budget to show it.
func enrich(s epoch.State) epoch.State {
	s.Nodes = slices.Clone(s.Nodes)
	s.Nodes[0].Cumulative = score.Wei{Int: new(big.Int).Add(s.Nodes[0].Cumulative.Int, big.NewInt(1))}
	var leaves []epoch.Leaf
	for _, n := range s.Nodes {
		if n.Cumulative.Sign() > 0 {
			leaves = append(leaves, epoch.Leaf{Node: n.Node, Cumulative: n.Cumulative.Int})
		}
	}
	s.Root = epoch.NewTree(leaves).Root()
	return s
}

// replace publishes another outcome of an epoch, built on another state.
func (v *village) replace(b epoch.Bundle, on epoch.State) epoch.Bundle {
	v.t.Helper()
	b.Inputs.Pool = score.Wei{Int: new(big.Int)} // so that the sum stays under what the contract allows
	forged, err := epoch.Build(b.Inputs, on)
	v.must(err)
	v.must(os.RemoveAll(v.archive.Dir(b.Summary.Number)))
	v.must(forged.Write(v.archive.Dir(b.Summary.Number)))
	return forged
}

// differing are the differences that contain a word.
func differing(v Verdict, word string) (found []string) {
	for _, d := range v.Differences {
		if strings.Contains(d, word) {
			found = append(found, d)
		}
	}
	return found
}

// An honest epoch on one that was never posted verifies, and both were recomputed.
func TestAnUnpostedEpochIsRecomputedWithTheOneOnIt(t *testing.T) {
	v, _, _, _ := unposted(t)
	found, err := v.audit(3, "")
	v.must(err)
	if len(found.Differences) > 0 || found.Number != 3 {
		t.Errorf("epoch %d: %v", found.Number, found.Differences)
	}
	if given := strings.Join(found.Given, "; "); strings.Contains(given, "epoch 2") {
		t.Errorf("taken as given: %s", given)
	}
	v.must(os.RemoveAll(v.archive.Dir(2)))
	if _, err := v.audit(3, ""); err == nil || !strings.Contains(err.Error(), "builds on epoch 2") {
		t.Errorf("without epoch 2: %v", err)
	}
}

// Amounts of an epoch that was never posted bind nobody: a state with a gift in it and the
// root that belongs to it is a difference, whether the epoch that it claims to come from
// shows other amounts, is forged likewise, or is withheld.
func TestInventedAmountsOfAnUnpostedEpochAreFound(t *testing.T) {
	v, _, second, third := unposted(t)
	v.veto() // so that the chain's root says nothing of epoch 3
	if forged := v.replace(third, enrich(second.State())); len(forged.Summary.Lines) == 0 {
		t.Fatal("the forged epoch pays nobody")
	}
	find := func(number uint64, in string) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "epochs") // not by the chain's hash: that one is vetoed
		v.must(os.CopyFS(dir, os.DirFS(v.EpochsFolder())))
		a := v.auditing(dir)
		defer a.close()
		number, bundle, err := a.source.open(t.Context(), number)
		v.must(err)
		defer bundle.Close()
		unpacked, err := a.unpack(bundle, number, [32]byte{})
		v.must(err)
		found, _, err := a.verify(t.Context(), unpacked, nothingHeld, false)
		if in == "" {
			if err == nil || !strings.Contains(err.Error(), "can't be recomputed") {
				t.Errorf("withheld: %v, %v", found.Differences, err)
			}
			return
		}
		v.must(err)
		if len(differing(found.Verdict, in)) == 0 {
			t.Errorf("want a difference in %q, found %v", in, found.Differences)
		}
	}
	find(3, "epoch 3 previous")

	first, err := v.published(1)
	v.must(err)
	lied := v.replace(second, enrich(first.State())) // and its base is settled
	v.replace(third, lied.State())
	find(3, "epoch 2 previous")

	v.must(os.RemoveAll(v.archive.Dir(2)))
	find(3, "")
}

// auditing is an audit of a folder of epochs.
func (v *village) auditing(folder string) *audit {
	v.t.Helper()
	a, err := openAudit(v.t.Context(), AuditConfig{Network: v.chain.Network(), From: folder})
	v.must(err)
	return a
}

// A co-signer signs nothing that builds on amounts which it has not recomputed: a gift in an
// epoch that was never posted, and a settled epoch whose bundle nobody hands out.
func TestACosignerRefusesInventedAmounts(t *testing.T) {
	v, node := working(t)
	n := v.chain.Network()
	n.Coordinator = v.Addresses()
	conf := CosignConfig{State: filepath.Join(t.TempDir(), "coordinator"), Network: n}
	_, _ = Cosign(t.Context(), conf) // makes its key
	key, err := identity.Load(filepath.Join(conf.State, "coordinator.key"))
	v.must(err)
	v.close()
	v.must(node.work("the second study"))
	second := v.close() // not posted: epoch 1 waits
	v.activate()
	v.appoint(1, key.Address())
	v.must(node.work("the third study"))
	third := v.close()
	v.replace(third, enrich(second.State()))
	if _, err := Cosign(t.Context(), conf); err == nil || !strings.Contains(err.Error(), "epoch 3 previous") {
		t.Errorf("a gift in epoch 2: %v", err)
	}
	again, err := epoch.Build(third.Inputs, second.State())
	v.must(err)
	v.must(os.RemoveAll(v.archive.Dir(3)))
	v.must(again.Write(v.archive.Dir(3)))
	first := filepath.Join(t.TempDir(), "1")
	v.must(os.Rename(v.archive.Dir(1), first))
	if _, err := Cosign(t.Context(), conf); err == nil || !strings.Contains(err.Error(), "builds on epoch 1") {
		t.Errorf("without the settled epoch 1: %v", err)
	}
	v.must(os.Rename(first, v.archive.Dir(1)))
	done, err := Cosign(t.Context(), conf)
	v.must(err)
	if !done.Signed || done.Number != 3 {
		t.Errorf("an honest epoch 3: %+v", done)
	}
}

// A root on chain binds amounts and inputs, not what a successor says of reputations: those
// too must be what the settled epoch's inputs give.
func TestAnInventedReputationOnASettledEpochIsFound(t *testing.T) {
	v, node := working(t)
	first := v.close()
	v.activate()
	v.must(node.work("the second study"))
	second := v.close()
	v.veto()
	state := first.State()
	state.Nodes = slices.Clone(state.Nodes)
	state.Nodes[0].Tier++
	v.replace(second, state)
	a := v.auditing(v.EpochsFolder())
	defer a.close()
	number, bundle, err := a.source.open(t.Context(), 2)
	v.must(err)
	defer bundle.Close()
	dir, err := a.unpack(bundle, number, [32]byte{})
	v.must(err)
	found, _, err := a.verify(t.Context(), dir, nothingHeld, false)
	v.must(err)
	if len(found.Differences) != 1 || len(differing(found.Verdict, "epoch 2 previous")) != 1 {
		t.Errorf("found %v", found.Differences)
	}
}
