package chain

import (
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	attestepoch "github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
)

func TestFromRegistrationToPayment(t *testing.T) { registrationToPayment(newNetwork(t)) }

func registrationToPayment(n *network) {
	t := n.t
	node, recipient := n.register()
	other, _ := n.register()
	n.wait(time.Hour) // lets the budget accrue: 3600 HIVE

	first := twoLeaves(1, node.Address(), hive(100), other.Address(), hive(50))
	n.must(n.client.PostRoot(n.ctx, n.poster, first.root))
	pending, err := n.client.PendingRoot(n.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !pending.same(first.root) {
		t.Fatalf("pending root %+v, want %+v", pending, first.root)
	}
	_, err = n.claim(first.leaves[0])
	n.refused(err, "NoActiveRoot")

	n.wait(n.params.ActivationDelay - time.Minute)
	_, err = n.claim(first.leaves[0])
	n.refused(err, "NoActiveRoot")
	n.wait(time.Minute)

	active, err := n.client.ActiveRoot(n.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !active.same(first.root) {
		t.Fatalf("active root %+v, want %+v", active, first.root)
	}
	gas, fee, err := n.client.EstimateClaim(n.ctx, n.outside.Address(), first.leaves[0])
	if err != nil || gas == 0 || fee.Sign() <= 0 {
		t.Fatalf("estimate %d gas, %s wei: %v", gas, fee, err)
	}
	paid, err := n.claim(first.leaves[0])
	if err != nil {
		t.Fatal(err)
	}
	if paid.AmountWei.Cmp(hive(100)) != 0 || paid.Recipient != recipient || n.balance(recipient).Cmp(hive(100)) != 0 {
		t.Fatalf("paid %s to %s, who holds %s", paid.AmountWei, paid.Recipient, n.balance(recipient))
	}
	_, err = n.claim(first.leaves[0])
	if !NothingToClaim(err) {
		t.Fatalf("second claim: %v", err)
	}
	if n.balance(recipient).Cmp(hive(100)) != 0 {
		t.Fatal("a second claim paid")
	}

	// The second epoch pays the difference, and the node that skipped loses nothing.
	second := twoLeaves(2, node.Address(), hive(130), other.Address(), hive(80))
	n.publish(second)
	if paid, err = n.claim(second.leaves[0]); err != nil || paid.AmountWei.Cmp(hive(30)) != 0 {
		t.Fatalf("second epoch paid %v: %v", paid.AmountWei, err)
	}
	if paid, err = n.claim(second.leaves[1]); err != nil || paid.AmountWei.Cmp(hive(80)) != 0 {
		t.Fatalf("node that skipped an epoch was paid %v: %v", paid.AmountWei, err)
	}
	claimed, err := n.client.Claimed(n.ctx, node.Address())
	if err != nil || claimed.Cmp(hive(130)) != 0 {
		t.Fatalf("claimed %v: %v", claimed, err)
	}
	if rest := n.balance(n.client.Addresses().Distributor); rest.Sign() != 0 {
		t.Fatalf("distributor keeps %s wei of a budget that was claimed whole", rest)
	}
}

// What attest/epoch computes is what the contract pays by, for trees of each
// shape: one leaf, an even and an odd number.
func TestEpochTreesAreClaimable(t *testing.T) {
	n := newNetwork(t)
	var nodes []common.Address
	var recipients []common.Address
	for range 3 {
		node, recipient := n.register()
		nodes, recipients = append(nodes, node.Address()), append(recipients, recipient)
	}
	n.wait(time.Hour)
	for size := 1; size <= len(nodes); size++ {
		var leaves []attestepoch.Leaf
		total := new(big.Int)
		for _, node := range nodes[:size] {
			leaves = append(leaves, attestepoch.Leaf{Node: node, Cumulative: hive(int64(size))})
			total.Add(total, hive(int64(size)))
		}
		tree := attestepoch.NewTree(leaves)
		n.publish(epoch{root: Root{Epoch: uint64(size), Root: tree.Root(), DatasetHash: [32]byte{1}, TotalWei: total}})
		for i, leaf := range leaves {
			proof, err := tree.Proof(leaf)
			if err != nil {
				t.Fatal(err)
			}
			own := Leaf{leaf.Node, leaf.Cumulative, proof}
			if own.Hash() != leaf.Hash() {
				t.Fatal("the two packages hash leaves differently")
			}
			if _, err := n.claim(own); err != nil {
				t.Fatalf("%d leaves, leaf %d: %v", size, i, err)
			}
			if n.balance(recipients[i]).Cmp(leaf.Cumulative) != 0 {
				t.Fatalf("%d leaves: recipient %d holds %s", size, i, n.balance(recipients[i]))
			}
		}
	}
}

func TestRootsThatAreRefused(t *testing.T) {
	n := newNetwork(t)
	node, _ := n.register()
	post := func(key *identity.Key, root Root) error {
		_, err := n.client.PostRoot(n.ctx, key, root)
		return err
	}
	good := twoLeaves(1, node.Address(), hive(1), n.outside.Address(), hive(1)).root
	n.wait(time.Minute)

	n.refused(post(n.outside, good), "NotPoster")
	n.refused(post(n.guardian, good), "NotPoster")
	over := good
	over.TotalWei = hive(1_000_000)
	n.refused(post(n.poster, over), "TotalOverRate")
	zero := good
	zero.Root = [32]byte{}
	n.refused(post(n.poster, zero), "ZeroRoot")
	undocumented := good
	undocumented.DatasetHash = [32]byte{}
	n.refused(post(n.poster, undocumented), "ZeroRoot")
	zeroth := good
	zeroth.Epoch = 0
	n.refused(post(n.poster, zeroth), "EpochNotNewer")

	n.must(n.client.PostRoot(n.ctx, n.poster, good))
	if mined := n.must(n.client.PostRoot(n.ctx, n.poster, good)); mined.Tx != (common.Hash{}) {
		t.Fatal("the same root was posted twice")
	}
	next := good
	next.Epoch, next.Root = 2, [32]byte{1}
	n.refused(post(n.poster, next), "PendingRootExists")
	n.wait(n.params.ActivationDelay)
	again := good
	again.DatasetHash = [32]byte{2}
	n.refused(post(n.poster, again), "EpochNotNewer")
	lower := next
	lower.TotalWei = hive(1)
	n.refused(post(n.poster, lower), "TotalFell")
}

// A cap on each root is useless when roots can be stacked; the total is capped.
func TestBudgetIsBoundOverAllRoots(t *testing.T) {
	n := newNetwork(t)
	node, recipient := n.register()
	for number := uint64(1); number <= 3; number++ {
		allowed, err := n.client.AllowedTotal(n.ctx)
		if err != nil {
			t.Fatal(err)
		}
		greedy := twoLeaves(number, node.Address(), allowed, n.outside.Address(), big.NewInt(0))
		n.publish(greedy)
		if _, err := n.claim(greedy.leaves[0]); err != nil {
			t.Fatal(err)
		}
		if n.balance(recipient).Cmp(allowed) != 0 {
			t.Fatalf("epoch %d: paid %s of %s", number, n.balance(recipient), allowed)
		}
	}
}

// Leaves that add up to more than the posted budget find an empty contract.
func TestLeavesBeyondTheBudgetCreateNothing(t *testing.T) {
	n := newNetwork(t)
	node, _ := n.register()
	other, _ := n.register()
	n.wait(time.Hour)
	lying := twoLeaves(1, node.Address(), hive(100), other.Address(), hive(100))
	lying.root.TotalWei = hive(150)
	n.publish(lying)
	if _, err := n.claim(lying.leaves[0]); err != nil {
		t.Fatal(err)
	}
	_, err := n.claim(lying.leaves[1])
	n.refused(err, "ERC20InsufficientBalance")
}

func TestGuardianStopsARoot(t *testing.T) {
	n := newNetwork(t)
	node, _ := n.register()
	n.wait(time.Hour)
	bad := twoLeaves(1, node.Address(), hive(100), n.outside.Address(), hive(1))
	n.must(n.client.PostRoot(n.ctx, n.poster, bad.root))

	_, err := n.client.Veto(n.ctx, n.poster, bad.root.Root)
	n.refused(err, "NotGuardian")
	_, err = n.client.Veto(n.ctx, n.guardian, [32]byte{9})
	n.refused(err, "NoPendingRoot")
	n.must(n.client.Veto(n.ctx, n.guardian, bad.root.Root))
	n.wait(2 * n.params.ActivationDelay)
	_, err = n.claim(bad.leaves[0])
	n.refused(err, "NoActiveRoot")
	_, err = n.client.Activate(n.ctx, n.outside)
	n.refused(err, "NoPendingRoot")

	_, err = n.client.PostRoot(n.ctx, n.poster, bad.root)
	n.refused(err, "RootWasVetoed")

	// The same epoch is posted again, corrected.
	good := twoLeaves(1, node.Address(), hive(10), n.outside.Address(), hive(1))
	n.must(n.client.PostRoot(n.ctx, n.poster, good.root))
	_, err = n.client.Activate(n.ctx, n.outside)
	n.refused(err, "PendingRootNotDue")
	n.wait(n.params.ActivationDelay)
	_, err = n.client.Veto(n.ctx, n.guardian, good.root.Root)
	n.refused(err, "VetoTooLate")
	n.must(n.client.Activate(n.ctx, n.outside))
	if _, err := n.claim(good.leaves[0]); err != nil {
		t.Fatal(err)
	}

	_, err = n.client.DismissPoster(n.ctx, n.outside)
	n.refused(err, "NotGuardian")
	n.must(n.client.DismissPoster(n.ctx, n.guardian))
	_, err = n.client.PostRoot(n.ctx, n.poster, twoLeaves(2, node.Address(), hive(20), n.outside.Address(), hive(1)).root)
	n.refused(err, "NotPoster")
}

func TestClaimsThatAreRefused(t *testing.T) {
	n := newNetwork(t)
	node, recipient := n.register()
	stranger := n.key().Address()
	n.wait(time.Hour)
	e := twoLeaves(1, node.Address(), hive(10), stranger, hive(10))
	n.publish(e)
	n.wait(time.Second)

	for name, c := range map[string]struct {
		leaf Leaf
		want string
	}{
		"more than the leaf":   {Leaf{node.Address(), hive(11), e.leaves[0].Proof}, "InvalidProof"},
		"less than the leaf":   {Leaf{node.Address(), hive(9), e.leaves[0].Proof}, "InvalidProof"},
		"another's proof":      {Leaf{node.Address(), hive(10), e.leaves[1].Proof}, "InvalidProof"},
		"no proof":             {Leaf{node.Address(), hive(10), nil}, "InvalidProof"},
		"the root as its leaf": {Leaf{node.Address(), hive(10), [][32]byte{e.root.Root}}, "InvalidProof"},
		"not in the tree":      {Leaf{n.outside.Address(), hive(10), e.leaves[0].Proof}, "InvalidProof"},
		"not registered":       {e.leaves[1], "NodeNotRegistered"},
		"nothing":              {Leaf{node.Address(), big.NewInt(0), e.leaves[0].Proof}, "NothingToClaim"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := n.claim(c.leaf); !Refused(err, c.want) {
				t.Fatalf("error %v, want %s", err, c.want)
			}
		})
	}
	if _, err := n.claim(Leaf{node.Address(), hive(10), make([][32]byte, MaxProofLength+1)}); err == nil {
		t.Fatal("a proof longer than any tree was sent")
	}
	if n.balance(recipient).Sign() != 0 {
		t.Fatal("a refused claim paid")
	}
	if _, err := n.claim(e.leaves[0]); err != nil {
		t.Fatalf("the true leaf: %v", err)
	}
}

func TestClaimManyPassesOverWhatWasPaid(t *testing.T) {
	n := newNetwork(t)
	node, recipient := n.register()
	other, otherRecipient := n.register()
	n.wait(time.Hour)
	e := twoLeaves(1, node.Address(), hive(10), other.Address(), hive(20))
	n.publish(e)
	if _, err := n.claim(e.leaves[0]); err != nil {
		t.Fatal(err)
	}
	_, payments, err := n.client.ClaimMany(n.ctx, n.outside, e.leaves[:])
	if err != nil {
		t.Fatal(err)
	}
	if len(payments) != 1 || payments[0].Node != other.Address() || payments[0].AmountWei.Cmp(hive(20)) != 0 {
		t.Fatalf("payments %+v", payments)
	}
	if n.balance(recipient).Cmp(hive(10)) != 0 || n.balance(otherRecipient).Cmp(hive(20)) != 0 {
		t.Fatal("balances are not what the leaves say")
	}
	forged := e.leaves[1]
	forged.CumulativeWei = hive(21)
	_, _, err = n.client.ClaimMany(n.ctx, n.outside, []Leaf{e.leaves[0], forged})
	n.refused(err, "InvalidProof")
}
