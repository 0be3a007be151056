package agent

import (
	"log/slog"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
)

// TestVouchersArePaidOnChain is a redemption by the contract on the embedded EVM: deposit,
// reservation, two vouchers, a redemption of each, one of both again, and the way out.
func TestVouchersArePaidOnChain(t *testing.T) {
	home := t.TempDir()
	dev, err := StartChain(t.Context(), ChainConfig{Home: home, NetworkPath: NetworkPath(home), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, dev.Close) })
	n := dev.Network()
	client, err := n.Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	state := ClinicState(home, "clinic")
	if err := makeState(state); err != nil {
		t.Fatal(err)
	}
	clinic, err := identity.LoadOrCreate(filepath.Join(state, "clinic.key"))
	if err != nil {
		t.Fatal(err)
	}
	node := registered(t, client, NodeConfig{State: NodeState(home, "node"), Network: n, Jurisdiction: "DE", Log: slog.New(slog.DiscardHandler)})
	recipient, err := client.Node(t.Context(), node.Address())
	if err != nil {
		t.Fatal(err)
	}
	added, err := fundClinic(t.Context(), n, clinic.Address(), slog.New(slog.DiscardHandler))
	if err != nil || added.Cmp(hiveWei(playDeposit)) != 0 {
		t.Fatalf("added %v, %v", added, err)
	}
	if added, err = fundClinic(t.Context(), n, clinic.Address(), slog.New(slog.DiscardHandler)); err != nil || added.Sign() != 0 {
		t.Fatalf("added again %v, %v", added, err)
	}
	if _, err := ReserveFunds(t.Context(), state, n, node.Address(), hiveWei(2)); err != nil {
		t.Fatal(err)
	}
	s := newPayScene(t)
	p := newPayments(client, node, s.rule, s.gas, slog.New(slog.DiscardHandler))
	p.now = func() time.Time { return s.pages.now }
	var total uint64
	for _, gwei := range []uint64{1_000_000_000, 3_000_000_000, 0} { // 1 HIVE, 3 more, and the same voucher once again
		if gwei > 0 {
			total += gwei
			s.pages.vouch(clinic.Address(), gwei)
			a := s.pages.rows[clinic.Address()]
			a.Voucher.Voucher.Node, a.Voucher.Voucher.At = node.Address(), time.UnixMilli(1_800_000_000_000+int64(total)/1000).UTC()
			if a.Voucher.ClinicSig, err = attest.Sign(a.Voucher.Voucher.Hash(n.Vouchers()), clinic.ECDSA()); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.cover(t.Context(), s.pages, clinic.Address()); err != nil {
			t.Fatal(err)
		}
		report, err := p.redeem(t.Context(), s.pages, whatever)
		t.Logf("%d gwei redeemed for %d gas", gwei, report.GasUsed)
		if err != nil || report.PaidWei.Cmp(GweiToWei(gwei)) != 0 {
			t.Fatalf("redeemed %+v, %v; want %d gwei", report, err, gwei)
		}
		if held, err := client.Balance(t.Context(), recipient.Recipient); err != nil || held.Cmp(GweiToWei(total)) != 0 {
			t.Fatalf("the recipient holds %v, %v; want %d gwei", held, err, total)
		}
	}
	funds, err := ReadFunds(t.Context(), state, n)
	if err != nil {
		t.Fatal(err)
	}
	if want := hiveWei(playDeposit - 4); funds.FreeWei.Cmp(want) != 0 || len(funds.Nodes) != 1 || funds.Nodes[0].ReservedWei.Sign() != 0 || funds.Nodes[0].RedeemedGwei != total {
		t.Errorf("the clinic's funds are %+v", funds)
	}
	leaves(t, dev, client, state, n, clinic.Address())
}

// leaves takes a deposit out after its thaw, and not before.
func leaves(t *testing.T, dev *Chain, client *chain.Client, state string, n Network, clinic common.Address) {
	t.Helper()
	everybody := common.Address{}
	if _, err := WithdrawFunds(t.Context(), state, n, everybody); err == nil {
		t.Error("what does not thaw was withdrawn")
	}
	if pot, err := ThawFunds(t.Context(), state, n, everybody, hiveWei(5)); err != nil || pot.ThawingWei.Cmp(hiveWei(5)) != 0 {
		t.Fatalf("thawing %+v, %v", pot, err)
	}
	if _, err := WithdrawFunds(t.Context(), state, n, everybody); err == nil {
		t.Error("what thaws was withdrawn at once")
	}
	thaw, err := client.EscrowThaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if thaw <= scheduler.DefaultRedeemAfter || thaw <= scheduler.CoverLife {
		t.Errorf("a deposit thaws in %v, before a node redeems or looks again", thaw)
	}
	if _, err := dev.Advance(t.Context(), thaw); err != nil {
		t.Fatal(err)
	}
	before, err := client.Balance(t.Context(), clinic)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := WithdrawFunds(t.Context(), state, n, everybody); err != nil {
		t.Fatal(err)
	}
	after, err := client.Balance(t.Context(), clinic)
	if err != nil || new(big.Int).Sub(after, before).Cmp(hiveWei(5)) != 0 {
		t.Errorf("the account rose from %v to %v, %v", before, after, err)
	}
}

// registered is a node that the registry knows.
func registered(t *testing.T, client *chain.Client, conf NodeConfig) *identity.Key {
	t.Helper()
	if err := makeState(conf.State); err != nil {
		t.Fatal(err)
	}
	key, err := identity.LoadOrCreate(filepath.Join(conf.State, "node.key"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enrol(t.Context(), client, conf, key, nil); err != nil {
		t.Fatal(err)
	}
	return key
}
