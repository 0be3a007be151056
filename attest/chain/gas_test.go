package chain

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
)

// deepProofs is the number of siblings in an epoch of a million nodes.
const deepProofs = 20

// deepEpoch is a tree in which the given leaves stand as deep as in one of a
// million and as far from each other as can be, which is where their proofs have
// the least in common: one leaf in each of the tree's upper branches, and made-up
// siblings below.
func deepEpoch(number uint64, leaves []Leaf) (Root, []Leaf) {
	branches, upper := 1, 0
	for branches < len(leaves) {
		branches, upper = 2*branches, upper+1
	}
	made := func(words ...int) [32]byte {
		return [32]byte(crypto.Keccak256(fmt.Append(nil, number, words)))
	}
	level := make([][32]byte, branches)
	for i := range level {
		level[i] = made(i)
	}
	total, place := new(big.Int), make([]int, len(leaves))
	leaves = append([]Leaf(nil), leaves...)
	for i := range leaves {
		node := leaves[i].Hash()
		leaves[i].Proof = nil
		for depth := range deepProofs - upper {
			leaves[i].Proof = append(leaves[i].Proof, made(i, depth))
			node = hashPair(node, made(i, depth))
		}
		place[i] = i * branches / len(leaves)
		level[place[i]] = node
		total.Add(total, leaves[i].CumulativeWei)
	}
	for range upper {
		for i := range leaves {
			leaves[i].Proof = append(leaves[i].Proof, level[place[i]^1])
			place[i] /= 2
		}
		above := make([][32]byte, len(level)/2)
		for i := range above {
			above[i] = hashPair(level[2*i], level[2*i+1])
		}
		level = above
	}
	return Root{Epoch: number, Root: level[0], DatasetHash: [32]byte{byte(number)}, TotalWei: total}, leaves
}

// gasBatch is how many claims or vouchers go into one transaction: the batch that
// the limits are about.
const gasBatch = 50

// gasTable is what each step costs, in gas; of a batch, one line of it. Later means
// that node and recipient were paid before.
type gasTable struct {
	Register, PostRoot, Activate, Claim, ClaimMany uint64
	Voucher                                        uint64 // vouchers of 50 clinics for one node, as a node redeems them
	VoucherSpread                                  uint64 // vouchers of one clinic for 50 nodes
}

// gasLimits are the project's own, under today's rules. Of vouchers the limit is
// meant for the batch that a node sends, whose payments are one transfer; 50
// transfers to 50 recipients cost more, and are only kept from growing.
func gasLimits() gasTable {
	return gasTable{Register: 100_000, PostRoot: 55_000, Activate: 121_000, Claim: 79_000, ClaimMany: 35_000, Voucher: 27_000, VoucherSpread: 31_500}
}

// nextForkGas is what the first prototype of each step cost under the next fork's
// prices, where a new storage slot is several times dearer.
func nextForkGas() gasTable {
	return gasTable{PostRoot: 82_000, Claim: 108_000, ClaimMany: 49_000, Voucher: 42_000}
}

// measureGas goes through three epochs and two rounds of vouchers.
func measureGas(t testing.TB, options DevOptions) gasTable {
	n := newNetworkUnder(t, options)
	var table gasTable
	leaves := make([]Leaf, gasBatch)
	n.must(n.client.Transfer(n.ctx, n.faucet, n.operator.Address(), hive(gasBatch*10)))
	for i := range leaves {
		hot := n.key()
		table.Register = n.must(n.client.Register(n.ctx, n.operator, hot, n.key().Address(), "DE")).GasUsed
		leaves[i] = Leaf{Node: hot.Address(), CumulativeWei: big.NewInt(0)}
	}
	n.wait(time.Hour)
	for number := uint64(1); number <= 3; number++ {
		for i := range leaves {
			leaves[i].CumulativeWei = new(big.Int).Add(leaves[i].CumulativeWei, big.NewInt(1_000_000_007))
		}
		root, proven := deepEpoch(number, leaves)
		table.PostRoot = n.must(n.client.PostRoot(n.ctx, n.poster, root)).GasUsed
		n.wait(n.params.ActivationDelay)
		table.Activate = n.must(n.client.Activate(n.ctx, n.outside)).GasUsed
		lines := gasBatch
		if number == 2 {
			one, err := n.claim(proven[0])
			if err != nil {
				t.Fatal(err)
			}
			table.Claim, lines = one.GasUsed, gasBatch-1
		}
		all, payments, err := n.client.ClaimMany(n.ctx, n.outside, proven)
		if err != nil || len(payments) != lines {
			t.Fatalf("%d payments of %d: %v", len(payments), lines, err)
		}
		table.ClaimMany = all.GasUsed / uint64(lines)
	}
	table.Voucher, table.VoucherSpread = n.gasOfVouchers(leaves)
	return table
}

// gasOfVouchers redeems batches of two shapes, twice each; the second counts.
func (n *network) gasOfVouchers(nodes []Leaf) (together, spread uint64) {
	n.t.Helper()
	clinics := make([]*identity.Key, gasBatch)
	if err := n.client.approve(n.ctx, n.faucet, n.client.Addresses().Escrow, hive(2*gasBatch)); err != nil {
		n.t.Fatal(err)
	}
	for i := range clinics {
		clinics[i] = n.key()
		n.must(n.client.DepositFor(n.ctx, n.faucet, clinics[i].Address(), hive(1)))
	}
	for _, gwei := range []uint64{1_000_003, 2_000_009} {
		vouchers := make([]attest.SignedVoucher, gasBatch)
		for i := range vouchers {
			vouchers[i] = n.voucher(clinics[i], nodes[0].Node, gwei)
		}
		mined, paid, err := n.client.Redeem(n.ctx, n.outside, vouchers)
		if err != nil || len(paid) != gasBatch {
			n.t.Fatalf("%d vouchers were paid: %v", len(paid), err)
		}
		together = mined.GasUsed / gasBatch
		for i := range vouchers {
			vouchers[i] = n.voucher(clinics[0], nodes[i].Node, gwei+1_000_000) // the first node was paid by this clinic above
		}
		if mined, paid, err = n.client.Redeem(n.ctx, n.outside, vouchers); err != nil || len(paid) != gasBatch {
			n.t.Fatalf("%d vouchers were paid: %v", len(paid), err)
		}
		spread = mined.GasUsed / gasBatch
	}
	return together, spread
}

// TestGas holds what each step costs under today's rules, and shows it under the
// next fork's.
func TestGas(t *testing.T) {
	limits, today, next := gasLimits(), measureGas(t, DevOptions{}), measureGas(t, DevOptions{NextFork: true})
	for _, step := range []struct {
		what              string
		used, limit, then uint64
	}{
		{"NodeRegistry.register", today.Register, limits.Register, next.Register},
		{"postRoot, third epoch", today.PostRoot, limits.PostRoot, next.PostRoot},
		{"activate, third epoch", today.Activate, limits.Activate, next.Activate},
		{"claim, later", today.Claim, limits.Claim, next.Claim},
		{"claimMany of 50, later, each", today.ClaimMany, limits.ClaimMany, next.ClaimMany},
		{"voucher, 50 clinics to a node, later, each", today.Voucher, limits.Voucher, next.Voucher},
		{"voucher, a clinic to 50 nodes, later, each", today.VoucherSpread, limits.VoucherSpread, next.VoucherSpread},
	} {
		t.Logf("%-44s %7d gas (limit %d), next fork %7d", step.what, step.used, step.limit, step.then)
		if step.used > step.limit {
			t.Errorf("%s costs %d gas, more than %d", step.what, step.used, step.limit)
		}
	}
}

// The benchmarks of `make bench`: gas against its limit. Gas is counted, not timed.
func BenchmarkGasClaim(b *testing.B) {
	reportGas(b, DevOptions{}, func(g gasTable) uint64 { return g.Claim }, gasLimits().Claim)
}

func BenchmarkGasClaimMany(b *testing.B) {
	reportGas(b, DevOptions{}, func(g gasTable) uint64 { return g.ClaimMany }, gasLimits().ClaimMany)
}

func BenchmarkGasPostRoot(b *testing.B) {
	reportGas(b, DevOptions{}, func(g gasTable) uint64 { return g.PostRoot }, gasLimits().PostRoot)
}

func BenchmarkGasVoucher(b *testing.B) {
	reportGas(b, DevOptions{}, func(g gasTable) uint64 { return g.Voucher }, gasLimits().Voucher)
}

// The same under the next fork's prices, against the prototype there.
func BenchmarkGasClaimNext(b *testing.B) {
	reportGas(b, DevOptions{NextFork: true}, func(g gasTable) uint64 { return g.Claim }, nextForkGas().Claim)
}

func BenchmarkGasClaimManyNext(b *testing.B) {
	reportGas(b, DevOptions{NextFork: true}, func(g gasTable) uint64 { return g.ClaimMany }, nextForkGas().ClaimMany)
}

func BenchmarkGasPostRootNext(b *testing.B) {
	reportGas(b, DevOptions{NextFork: true}, func(g gasTable) uint64 { return g.PostRoot }, nextForkGas().PostRoot)
}

func BenchmarkGasVoucherNext(b *testing.B) {
	reportGas(b, DevOptions{NextFork: true}, func(g gasTable) uint64 { return g.Voucher }, nextForkGas().Voucher)
}

func reportGas(b *testing.B, options DevOptions, of func(gasTable) uint64, limit uint64) {
	for b.Loop() {
		b.ReportMetric(float64(of(measureGas(b, options))), "value")
		b.ReportMetric(float64(limit), "against")
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
	n.must(n.client.Activate(n.ctx, n.outside))
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
