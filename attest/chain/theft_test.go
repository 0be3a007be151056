package chain

import (
	"bytes"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
)

// Outcome: the thief's root is vetoed within the activation delay and pays nothing;
// the key is dismissed and posts nothing more; the owner appoints another, and what
// the honest node earned meanwhile is paid whole.
func TestAStolenPosterKeyIsStoppedWithinTheDelayAndGainsNothing(t *testing.T) {
	n := newNetwork(t)
	honest, recipient := n.register()
	thief, loot := n.register() // a thief may well run a node
	n.wait(time.Hour)
	allowed, err := n.client.AllowedTotal(n.ctx)
	if err != nil {
		t.Fatal(err)
	}
	forged := twoLeaves(1, thief.Address(), allowed, honest.Address(), big.NewInt(0))
	n.must(n.client.PostRoot(n.ctx, n.poster, forged.root))
	_, err = n.claim(forged.leaves[0])
	n.refused(err, "NoActiveRoot") // all the while that it waits

	n.must(n.client.Veto(n.ctx, n.guardian, forged.root.Root))
	n.must(n.client.DismissPoster(n.ctx, n.guardian))
	again := forged.root
	again.Epoch, again.Root = 2, [32]byte{2}
	_, err = n.client.PostRoot(n.ctx, n.poster, again)
	n.refused(err, "NotPoster")
	_, err = n.client.Perform(n.ctx, n.poster, n.client.AppointCall(n.poster.Address(), n.outside.Address()))
	n.refused(err, "OwnableUnauthorizedAccount")

	successor := n.key()
	n.must(n.client.Fund(n.ctx, n.faucet, successor.Address(), hive(1)))
	n.must(n.client.Perform(n.ctx, n.faucet, n.client.AppointCall(successor.Address(), n.guardian.Address())))
	good := twoLeaves(1, honest.Address(), hive(100), n.outside.Address(), big.NewInt(0))
	n.must(n.client.PostRoot(n.ctx, successor, good.root))
	n.wait(n.params.ActivationDelay)
	if _, err := n.claim(good.leaves[0]); err != nil {
		t.Fatal(err)
	}
	if n.balance(recipient).Cmp(hive(100)) != 0 || n.balance(loot).Sign() != 0 {
		t.Fatalf("the node has %s wei, the thief %s", n.balance(recipient), n.balance(loot))
	}
}

// Outcome: nobody vetoes in time. The thief gets what rate and time allow and the
// breaker lets out, never more, and no coin is made beyond the budget.
func TestAStolenPosterKeyThatNobodyNoticesIsBoundByRateAndBreaker(t *testing.T) {
	n := newNetwork(t)
	thief, loot := n.register()
	n.wait(10 * n.params.BreakerWindow)
	allowed, err := n.client.AllowedTotal(n.ctx)
	if err != nil {
		t.Fatal(err)
	}
	forged := twoLeaves(1, thief.Address(), allowed, n.outside.Address(), big.NewInt(0))
	n.publish(forged)
	if _, err := n.claim(forged.leaves[0]); err != nil {
		t.Fatal(err)
	}
	bucket := new(big.Int).Mul(n.params.RatePerSecondWei, big.NewInt(int64(n.params.BreakerWindow/time.Second)))
	if got := n.balance(loot); got.Cmp(bucket) != 0 || got.Cmp(allowed) >= 0 {
		t.Fatalf("the thief took %s wei at once, the breaker lets %s out", got, bucket)
	}
	room, err := n.client.ClaimableNow(n.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if room.Cmp(hive(60)) > 0 { // what a minute's blocks let decay
		t.Fatalf("%s wei may leave right after", room)
	}
}

// Outcome: whoever has a node's hot key can have its earnings paid to the cold
// address, and nothing else: not change that address, not end the node, not take
// its bond, not occupy it under another operator. The ether on the key is lost.
func TestAStolenHotKeyMovesNoMoneyButToTheColdAddress(t *testing.T) {
	n := newNetwork(t)
	hot, recipient := n.register()
	n.must(n.client.Fund(n.ctx, n.faucet, hot.Address(), hive(1)))
	thief := n.key()
	n.wait(time.Hour)
	e := twoLeaves(1, hot.Address(), hive(100), n.outside.Address(), big.NewInt(0))
	n.publish(e)
	if _, err := n.client.Claim(n.ctx, hot, hot.Address(), e.leaves[0].CumulativeWei, e.leaves[0].Proof); err != nil {
		t.Fatal(err)
	}
	if n.balance(recipient).Cmp(hive(100)) != 0 {
		t.Fatal("the cold address was not paid")
	}
	_, err := n.client.ProposeRecipient(n.ctx, hot, hot.Address(), thief.Address())
	n.refused(err, "NotOperator")
	_, err = n.client.Exit(n.ctx, hot, hot.Address())
	n.refused(err, "NotOperator")
	_, err = n.client.WithdrawBond(n.ctx, hot, hot.Address())
	n.refused(err, "NotLeaving")
	n.must(n.client.Fund(n.ctx, n.faucet, thief.Address(), hive(1)))
	n.must(n.client.Transfer(n.ctx, n.faucet, thief.Address(), n.params.Bond))
	_, err = n.client.Register(n.ctx, thief, hot, thief.Address(), "DE")
	n.refused(err, "AlreadyRegistered")
	if n.balance(hot.Address()).Sign() != 0 || n.balance(thief.Address()).Cmp(n.params.Bond) != 0 {
		t.Fatal("HIVE reached the thief")
	}
}

// Outcome: the thief signs vouchers to its own node up to the deposit that is free;
// what is reserved for others stays theirs, and the clinic's wallet outside the
// escrow is the key's own and lost with it.
func TestAStolenClinicKeyCantTakeWhatIsReservedForANode(t *testing.T) {
	n := newNetwork(t)
	node, paid := n.register()
	thief, loot := n.register()
	clinic := n.clinic(hive(10))
	n.must(n.client.Reserve(n.ctx, clinic, []Reservation{{node.Address(), hive(4)}}))
	n.redeemed(n.client.Redeem(n.ctx, n.outside, []attest.SignedVoucher{n.voucher(clinic, thief.Address(), 100_000_000_000)}))
	if got := n.balance(loot); got.Cmp(hive(6)) != 0 {
		t.Fatalf("the thief took %s wei, want the free 6 HIVE", got)
	}
	n.redeemed(n.client.Redeem(n.ctx, n.outside, []attest.SignedVoucher{n.voucher(clinic, node.Address(), 4_000_000_000)}))
	if got := n.balance(paid); got.Cmp(hive(4)) != 0 {
		t.Fatalf("the node got %s wei, want its 4 HIVE", got)
	}
}

// Outcome: one root, one transaction's fee. A coordinator that was restored from a
// backup, or a second one with the same key, finds the root there and sends nothing.
func TestADuplicatePostIsOneRootAndOneFee(t *testing.T) {
	n := newNetwork(t)
	node, _ := n.register()
	n.wait(time.Hour)
	e := twoLeaves(1, node.Address(), hive(1), n.outside.Address(), hive(1))
	before := n.nonce(n.poster.Address())
	for i, client := range []*Client{n.client, n.client, n.dial()} {
		mined, err := client.PostRoot(n.ctx, n.poster, e.root)
		if err != nil {
			t.Fatal(err)
		}
		if first := i == 0; first != (mined.Tx != common.Hash{}) {
			t.Fatalf("post %d: transaction %s", i+1, mined.Tx)
		}
	}
	n.wait(n.params.ActivationDelay)
	if mined := n.must(n.dial().PostRoot(n.ctx, n.poster, e.root)); mined.Tx != (common.Hash{}) {
		t.Fatal("an active root was posted again")
	}
	if used := n.nonce(n.poster.Address()) - before; used != 1 {
		t.Fatalf("%d transactions were sent", used)
	}
}

// Outcome: a root whose block a reorganisation of ten blocks took away, after it was
// reported (this client asks for no confirmations), is posted again when the
// coordinator looks, and a claim that went the same way pays once in the end.
func TestARootAndAClaimThatAReorganisationTookAwayAreDoneAgainAndPayOnce(t *testing.T) {
	n := newNetwork(t)
	node, recipient := n.register()
	n.wait(time.Hour)
	n.mine(10)
	e := twoLeaves(1, node.Address(), hive(7), n.outside.Address(), hive(1))
	n.must(n.client.PostRoot(n.ctx, n.poster, e.root))
	n.mine(9)
	n.dev.miner.reorganise(t, 10, true)
	if pending, err := n.client.PendingRoot(n.ctx); err != nil || pending.Posted() {
		t.Fatalf("the root is still there: %+v, %v", pending, err)
	}
	if mined := n.must(n.client.PostRoot(n.ctx, n.poster, e.root)); mined.Tx == (common.Hash{}) {
		t.Fatal("the root was not posted again")
	}
	n.wait(n.params.ActivationDelay)
	n.mine(10)
	if _, err := n.claim(e.leaves[0]); err != nil {
		t.Fatal(err)
	}
	n.mine(9)
	n.dev.miner.reorganise(t, 10, true)
	if left := n.balance(recipient); left.Sign() != 0 {
		t.Fatalf("the payment is still there: %s wei", left)
	}
	if _, err := n.claim(e.leaves[0]); err != nil {
		t.Fatal(err)
	}
	_, err := n.claim(e.leaves[0])
	if !NothingToClaim(err) || n.balance(recipient).Cmp(hive(7)) != 0 {
		t.Fatalf("%s wei were paid, %v", n.balance(recipient), err)
	}
}

// clinic is a fresh key with ether and a deposit of wei.
func (n *network) clinic(wei *big.Int) *identity.Key {
	n.t.Helper()
	clinic := n.key()
	n.must(n.client.Fund(n.ctx, n.faucet, clinic.Address(), hive(1)))
	n.must(n.client.Transfer(n.ctx, n.faucet, clinic.Address(), wei))
	n.must(n.client.Deposit(n.ctx, clinic, wei))
	return clinic
}

// voucher is one that the clinic's key signed.
func (n *network) voucher(clinic *identity.Key, node common.Address, totalGwei uint64) attest.SignedVoucher {
	n.t.Helper()
	v := attest.SignedVoucher{Voucher: attest.Voucher{Clinic: clinic.Address(), Node: node, TotalGwei: totalGwei, At: time.UnixMilli(1_700_000_000_000).UTC()}}
	var err error
	if v.ClinicSig, err = attest.Sign(v.Voucher.Hash(n.client.VoucherDomain()), clinic.ECDSA()); err != nil {
		n.t.Fatal(err)
	}
	return v
}

func (n *network) redeemed(_ Mined, redemptions []Redemption, err error) []Redemption {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
	return redemptions
}

// ascending sorts keys as the contract wants signatures.
func ascending(keys []*identity.Key) []*identity.Key {
	return slices.SortedFunc(slices.Values(keys), func(a, b *identity.Key) int {
		left, right := a.Address(), b.Address()
		return bytes.Compare(left[:], right[:])
	})
}
