package chain

import (
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
)

func TestFromDepositToRedemption(t *testing.T) { depositToRedemption(newNetwork(t)) }

func depositToRedemption(n *network) {
	t := n.t
	node, recipient := n.register()
	other, otherRecipient := n.register()
	clinic := n.clinic(hive(10))
	n.must(n.client.Reserve(n.ctx, clinic, []Reservation{{node.Address(), hive(3)}, {other.Address(), hive(1)}}))
	funds, err := n.client.EscrowOf(n.ctx, clinic.Address())
	if err != nil || funds.FreeWei.Cmp(hive(6)) != 0 || funds.ThawingWei.Sign() != 0 || !funds.ThawedAt.IsZero() {
		t.Fatalf("%+v, %v", funds, err)
	}
	kept, err := n.client.ReservationOf(n.ctx, clinic.Address(), node.Address())
	if err != nil || kept.FreeWei.Cmp(hive(3)) != 0 {
		t.Fatalf("%+v, %v", kept, err)
	}

	// Beyond what is reserved, the free part pays.
	vouchers := []attest.SignedVoucher{n.voucher(clinic, node.Address(), 4_000_000_000), n.voucher(clinic, other.Address(), 500_000_000)}
	gas, fee, payable, err := n.client.EstimateRedeem(n.ctx, n.outside.Address(), vouchers)
	if err != nil || gas == 0 || fee.Sign() <= 0 || payable.Cmp(new(big.Int).Add(hive(4), new(big.Int).Quo(hive(1), big.NewInt(2)))) != 0 {
		t.Fatalf("%d gas, %v, pays %v: %v", gas, fee, payable, err)
	}
	paid := n.redeemed(n.client.Redeem(n.ctx, n.outside, vouchers))
	if len(paid) != 2 || paid[0].PaidWei.Cmp(hive(4)) != 0 || paid[0].Recipient != recipient || paid[0].RedeemedGwei != 4_000_000_000 || paid[0].Clinic != clinic.Address() {
		t.Fatalf("%+v", paid)
	}
	if n.balance(recipient).Cmp(hive(4)) != 0 || n.balance(otherRecipient).Sign() == 0 {
		t.Fatal("the cold addresses were not paid")
	}
	// The same vouchers again, or older ones, pay nothing and send nothing.
	before := n.nonce(n.outside.Address())
	stale := append(vouchers, n.voucher(clinic, node.Address(), 1))
	if again := n.redeemed(n.client.Redeem(n.ctx, n.outside, stale)); len(again) != 0 || n.nonce(n.outside.Address()) != before {
		t.Fatalf("paid again: %+v", again)
	}
	redeemed, err := n.client.RedeemedGwei(n.ctx, clinic.Address(), node.Address())
	if err != nil || redeemed != 4_000_000_000 {
		t.Fatalf("%d, %v", redeemed, err)
	}
}

func TestABatchPaysWhatItCanAndPassesOverTheRest(t *testing.T) {
	n := newNetwork(t)
	node, recipient := n.register()
	poor, rich, silent := n.clinic(hive(1)), n.clinic(hive(5)), n.key()
	forged := n.voucher(rich, node.Address(), 5_000_000_000)
	forged.Voucher.TotalGwei++
	paid := n.redeemed(n.client.Redeem(n.ctx, n.outside, []attest.SignedVoucher{
		n.voucher(poor, node.Address(), 3_000_000_000),   // covered in part
		n.voucher(silent, node.Address(), 1_000_000_000), // no deposit
		forged, // not what was signed
		n.voucher(rich, n.key().Address(), 1_000_000_000), // not registered
		n.voucher(rich, node.Address(), 2_000_000_000),
	}))
	if len(paid) != 2 || n.balance(recipient).Cmp(hive(3)) != 0 {
		t.Fatalf("%d were paid, %s wei in all: %+v", len(paid), n.balance(recipient), paid)
	}
	// The rest of the poor clinic's voucher is paid when it deposits again.
	n.must(n.client.Transfer(n.ctx, n.faucet, n.operator.Address(), hive(5)))
	n.must(n.client.DepositFor(n.ctx, n.operator, poor.Address(), hive(5)))
	n.redeemed(n.client.Redeem(n.ctx, n.outside, []attest.SignedVoucher{n.voucher(poor, node.Address(), 3_000_000_000)}))
	if n.balance(recipient).Cmp(hive(5)) != 0 {
		t.Fatalf("%s wei in all", n.balance(recipient))
	}
}

func TestADepositLeavesAfterItsThawAndPaysUntilThen(t *testing.T) {
	n := newNetwork(t)
	node, recipient := n.register()
	clinic := n.clinic(hive(10))
	free := common.Address{}
	_, err := n.client.Withdraw(n.ctx, clinic, free)
	n.refused(err, "NothingThawing")
	n.must(n.client.Thaw(n.ctx, clinic, free, hive(10)))
	funds, err := n.client.EscrowOf(n.ctx, clinic.Address())
	if err != nil || funds.FreeWei.Sign() != 0 || funds.ThawingWei.Cmp(hive(10)) != 0 || funds.ThawedAt.IsZero() {
		t.Fatalf("%+v, %v", funds, err)
	}
	_, err = n.client.Withdraw(n.ctx, clinic, free)
	n.refused(err, "StillThawing")
	n.redeemed(n.client.Redeem(n.ctx, n.outside, []attest.SignedVoucher{n.voucher(clinic, node.Address(), 4_000_000_000)}))
	if n.balance(recipient).Cmp(hive(4)) != 0 {
		t.Fatal("what thaws did not pay")
	}
	delay, err := n.client.EscrowThaw(n.ctx)
	if err != nil || delay != n.params.EscrowThaw {
		t.Fatalf("%s, %v", delay, err)
	}
	n.wait(delay)
	n.must(n.client.Withdraw(n.ctx, clinic, free))
	if n.balance(clinic.Address()).Cmp(hive(6)) != 0 {
		t.Fatalf("the clinic got %s wei back, want 6 HIVE", n.balance(clinic.Address()))
	}
}

// A clinic that is a contract: its owner's signature pays, and the escrow and
// attest.Voucher agree on it.
func TestAVoucherOfAContractWalletIsPaid(t *testing.T) {
	n := newNetwork(t)
	node, recipient := n.register()
	wallet := n.place(ownersWallet(n.operator.Address()))
	n.must(n.client.Transfer(n.ctx, n.faucet, n.operator.Address(), hive(5)))
	n.must(n.client.DepositFor(n.ctx, n.operator, wallet, hive(5)))
	v := attest.SignedVoucher{Voucher: attest.Voucher{Clinic: wallet, Node: node.Address(), TotalGwei: 2_000_000_000, At: time.UnixMilli(1_700_000_000_000).UTC()}}
	sig, err := attest.Sign(v.Voucher.Hash(n.client.VoucherDomain()), n.operator.ECDSA())
	if err != nil {
		t.Fatal(err)
	}
	v.WalletSig = attest.WalletSignature(sig[:])
	if err := v.VerifyWith(n.ctx, n.client.VoucherDomain(), n.client); err != nil {
		t.Fatal(err)
	}
	n.redeemed(n.client.Redeem(n.ctx, n.outside, []attest.SignedVoucher{v}))
	if n.balance(recipient).Cmp(hive(2)) != 0 {
		t.Fatalf("%s wei were paid, want 2 HIVE", n.balance(recipient))
	}
}

func TestAmountsAreBoundedBeforeTheyAreSent(t *testing.T) {
	n := newNetwork(t)
	huge := new(big.Int).Lsh(big.NewInt(1), depositBits)
	for name, wei := range map[string]*big.Int{"none": nil, "zero": new(big.Int), "negative": big.NewInt(-1), "huge": huge} {
		if _, err := n.client.Deposit(n.ctx, n.operator, wei); err == nil {
			t.Errorf("%s was deposited", name)
		}
		if _, err := n.client.Reserve(n.ctx, n.operator, []Reservation{{n.outside.Address(), wei}}); err == nil {
			t.Errorf("%s was reserved", name)
		}
	}
	if _, err := n.client.Thaw(n.ctx, n.operator, common.Address{}, huge); err == nil {
		t.Error("a huge amount thawed")
	}
	if _, err := n.client.Reserve(n.ctx, n.operator, make([]Reservation, MaxVouchers+1)); err == nil {
		t.Error("257 reservations were sent")
	}
	if _, _, err := n.client.Redeem(n.ctx, n.operator, make([]attest.SignedVoucher, MaxVouchers+1)); err == nil {
		t.Error("257 vouchers were sent")
	}
	if _, err := n.client.Deposit(n.ctx, nil, hive(1)); err == nil {
		t.Error("deposited without a key")
	}
}
