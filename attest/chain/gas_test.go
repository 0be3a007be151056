package chain

import (
	"bytes"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
)

// deepProofs is the number of siblings in an epoch of a million nodes.
const deepProofs = 20

// deepEpoch is a tree in which the given leaves stand as deep as in one of a
// million: they form its lowest levels, and made-up siblings the rest.
func deepEpoch(number uint64, leaves []Leaf) (Root, []Leaf) {
	pair := func(a, b [32]byte) [32]byte {
		if bytes.Compare(a[:], b[:]) > 0 {
			a, b = b, a
		}
		return [32]byte(crypto.Keccak256(a[:], b[:]))
	}
	level := make([][32]byte, len(leaves))
	place := make([]int, len(leaves))
	total := new(big.Int)
	leaves = append([]Leaf(nil), leaves...)
	for i := range leaves {
		level[i], place[i], leaves[i].Proof = leaves[i].Hash(), i, nil
		total.Add(total, leaves[i].CumulativeWei)
	}
	for depth := range deepProofs {
		if len(level)%2 == 1 {
			level = append(level, [32]byte(crypto.Keccak256([]byte{byte(depth)})))
		}
		for i := range leaves {
			leaves[i].Proof = append(leaves[i].Proof, level[place[i]^1])
			place[i] /= 2
		}
		above := make([][32]byte, len(level)/2)
		for i := range above {
			above[i] = pair(level[2*i], level[2*i+1])
		}
		level = above
	}
	return Root{Epoch: number, Root: level[0], DatasetHash: [32]byte{byte(number)}, TotalWei: total}, leaves
}

// TestGas holds what each step costs under today's rules. The limits are the
// project's own; a first payment costs two new storage slots more than a later.
func TestGas(t *testing.T) {
	n := newNetwork(t)
	const nodes = 50
	leaves := make([]Leaf, nodes)
	for i := range leaves {
		hot := n.key()
		if i == 0 {
			n.must(n.client.Transfer(n.ctx, n.dev.FaucetKey().ECDSA(), n.operator.Address(), hive(nodes*10)))
		}
		registered := n.must(n.client.Register(n.ctx, n.operator.ECDSA(), hot, n.key().Address(), "DE"))
		leaves[i] = Leaf{Node: hot.Address(), CumulativeWei: big.NewInt(0)}
		if i == 1 {
			n.within("NodeRegistry.register", registered.GasUsed, 100_000)
		}
	}
	n.wait(time.Hour)
	for number := uint64(1); number <= 3; number++ {
		for i := range leaves {
			leaves[i].CumulativeWei = new(big.Int).Add(leaves[i].CumulativeWei, big.NewInt(1_000_000_007))
		}
		root, proven := deepEpoch(number, leaves)
		posted := n.must(n.client.PostRoot(n.ctx, n.poster.ECDSA(), root))
		n.wait(n.params.ActivationDelay)
		activated := n.must(n.client.Activate(n.ctx, n.outside.ECDSA()))
		one, err := n.claim(proven[0])
		if err != nil {
			t.Fatal(err)
		}
		rest, payments, err := n.client.ClaimMany(n.ctx, n.outside.ECDSA(), proven)
		if err != nil || len(payments) != nodes-1 {
			t.Fatalf("%d payments: %v", len(payments), err)
		}
		if number == 2 {
			n.within("postRoot, second epoch", posted.GasUsed, 55_000)
			n.within("activate, second epoch", activated.GasUsed, 120_000)
			n.within("claim, later", one.GasUsed, 79_000)
			n.within("claimMany of 49, later, each", rest.GasUsed/(nodes-1), 38_500)
			continue
		}
		t.Logf("epoch %d: postRoot %d, activate %d, claim %d, claimMany of 49 %d each",
			number, posted.GasUsed, activated.GasUsed, one.GasUsed, rest.GasUsed/(nodes-1))
	}
}

// TestGasOfActivationFitsTheHeadroom: an estimate made before a root is due
// must still suffice once it is.
func TestGasOfActivationFitsTheHeadroom(t *testing.T) {
	n := newNetwork(t)
	node, _ := n.register()
	n.wait(time.Hour)
	e := twoLeaves(1, node.Address(), hive(1), n.outside.Address(), hive(1))
	n.publish(e)
	gas, _, err := n.client.EstimateClaim(n.ctx, n.outside.Address(), e.leaves[0])
	if err != nil {
		t.Fatal(err)
	}
	n.must(n.client.Activate(n.ctx, n.outside.ECDSA()))
	without, _, err := n.client.EstimateClaim(n.ctx, n.outside.Address(), e.leaves[0])
	if err != nil {
		t.Fatal(err)
	}
	n.within("activation inside the first claim", gas-without, gasHeadroom)
}

func (n *network) within(what string, gas, limit uint64) {
	n.t.Helper()
	n.t.Logf("%-32s %7d gas (limit %d)", what, gas, limit)
	if gas > limit {
		n.t.Errorf("%s costs %d gas, more than %d", what, gas, limit)
	}
}
