package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

var vouchers = attest.VoucherDomain(big.NewInt(1337), common.HexToAddress("0xe5"))

// paid makes a node demand vouchers.
func paid(limits scheduler.CreditLimits) func(*node, *worker.Config) {
	return func(_ *node, c *worker.Config) {
		c.Queue = 8 // so that only credit is short
		c.Payment = &worker.Payment{Domain: vouchers, Limits: limits}
	}
}

// voucher signs that a clinic owes a node so much in all.
func voucher(t testing.TB, key *identity.Key, node common.Address, totalGwei uint64, in attest.Domain) []byte {
	t.Helper()
	v := attest.SignedVoucher{Voucher: attest.Voucher{Clinic: key.Address(), Node: node, TotalGwei: totalGwei, At: time.UnixMilli(1_800_000_000_000).UTC()}}
	var err error
	v.ClinicSig, err = attest.Sign(v.Voucher.Hash(in), key.ECDSA())
	must(t, err)
	data, err := json.Marshal(v)
	must(t, err)
	return data
}

// pays makes the clinic give this voucher with each receipt; nil: none.
func (c *clinic) pays(n *node, give func() []byte) {
	c.answer(func() {
		c.onResult = func(x *task, receipt *attest.SignedReceipt) *wire.ResultAck {
			encoded, err := json.Marshal(receipt)
			must(c.t, err)
			return &wire.ResultAck{Task: x.id[:], Fence: x.fence, Settled: true, Receipt: encoded, Voucher: give()}
		}
	})
}

// account is what the node keeps of this clinic.
func (n *node) account(c *clinic) worker.Account {
	n.t.Helper()
	for _, a := range n.worker.Accounts() {
		if a.Clinic == c.key.Address() {
			return a
		}
	}
	return worker.Account{}
}

// done has a node do one task for a clinic to its end.
func (c *clinic) done(n *node, name string) *task {
	c.t.Helper()
	x := c.give(n, name, scheduler.Routine)
	n.await(worker.Receipt, x.id)
	n.eventually("the job is forgotten", func() bool { return len(n.status().Jobs) == 0 })
	return x
}

// refused wants no bid, and why.
func (c *clinic) refused(n *node, name, why string) {
	c.t.Helper()
	if err := c.ask(n, c.newTask(name, scheduler.Routine), nil); err == nil || !strings.Contains(err.Error(), why) {
		c.t.Errorf("a bid for %s: %v, want %q", name, err, why)
	}
}

// TestClinicThatWithholdsVouchersIsStopped: at the limit, and not one job later; its voucher,
// when the node asks for it, lets it go on.
func TestClinicThatWithholdsVouchersIsStopped(t *testing.T) {
	t.Parallel()
	const jobs = 3
	n := newNode(t, paid(scheduler.CreditLimits{ExposureGwei: jobs * price, UnsecuredGwei: jobs * price}))
	c := newClinic(t)
	asked := newLog[*wire.VoucherRequest]()
	give := make(chan bool, 1)
	c.handle(wire.VoucherProtocol, func(s *wire.Stream) error {
		request, err := wire.Expect[*wire.VoucherRequest](s.Reader, wire.MaxControl, s.Peer)
		if err != nil {
			return err
		}
		asked.add(request)
		reply := &wire.VoucherReply{Clinic: request.Clinic, Node: request.Node, Reason: "not today"}
		select {
		case <-give:
			reply.Voucher = voucher(t, c.key, n.key.Address(), request.OwedGwei, vouchers)
		default:
		}
		return s.Send(reply)
	})
	must(t, n.worker.Covered(c.key.Address(), scheduler.Cover{ReservedGwei: 1 << 40, At: time.Now()})) // it has reserved plenty
	for k := range jobs {
		c.done(n, fmt.Sprint("unsigned ", k))
	}
	c.refused(n, "one more", "limit")
	if got := n.worker.Stats().NotBid["exposure"]; got != 1 {
		t.Errorf("%d offers refused for exposure", got)
	}
	if a := n.account(c); a.OwedGwei != jobs*price || a.VoucheredGwei != 0 || a.ExposureGwei != jobs*price || a.Stopped == "" {
		t.Errorf("account %+v", a)
	}
	asked.await(t, "a demand", func(r *wire.VoucherRequest) bool { return r.OwedGwei > 0 && len(r.Voucher) == 0 })

	// A restarted node asks at once.
	give <- true
	image := n.kill()
	n = n.restart(image, paid(scheduler.CreditLimits{ExposureGwei: jobs * price, UnsecuredGwei: jobs * price}))
	n.eventually("the voucher is there", func() bool { return n.account(c).VoucheredGwei == jobs*price })
	must(t, n.worker.Covered(c.key.Address(), scheduler.Cover{ReservedGwei: 1 << 40, At: time.Now()}))
	c.done(n, "goes on")
}

// TestClinicWithoutADepositGetsLittle, and no more for signing vouchers that nothing covers.
func TestClinicWithoutADepositGetsLittle(t *testing.T) {
	t.Parallel()
	n := newNode(t, paid(scheduler.CreditLimits{ExposureGwei: 100 * price, UnsecuredGwei: 2 * price}))
	c := newClinic(t)
	var owed uint64
	c.pays(n, func() []byte { owed += price; return voucher(t, c.key, n.key.Address(), owed, vouchers) })
	c.done(n, "first")
	c.done(n, "second")
	c.refused(n, "third", "deposit")
	must(t, n.worker.Covered(c.key.Address(), scheduler.Cover{ReservedGwei: 3 * price, At: time.Now()}))
	c.done(n, "covered")
	if a := n.account(c); a.PayableGwei != 3*price || a.VoucheredGwei != 3*price || a.UnsecuredGwei != 0 {
		t.Errorf("account %+v", a)
	}
}

// TestFreeDepositIsEverybodys: whatever a clinic signs against it, a node lends the same again
// and no more, until the money is reserved for it.
func TestFreeDepositIsEverybodys(t *testing.T) {
	t.Parallel()
	n := newNode(t, paid(scheduler.CreditLimits{ExposureGwei: 100 * price, UnsecuredGwei: price}))
	c := newClinic(t)
	var owed uint64
	c.pays(n, func() []byte { owed += price; return voucher(t, c.key, n.key.Address(), owed, vouchers) })
	must(t, n.worker.Covered(c.key.Address(), scheduler.Cover{FreeGwei: 1 << 40, At: time.Now()}))
	c.done(n, "first")
	c.done(n, "second")
	c.refused(n, "third", "reserve")
	if a := n.account(c); a.PayableGwei != 2*price || a.LentGwei != 2*price || a.UnsecuredGwei != 2*price || a.Stopped == "" {
		t.Errorf("account %+v", a)
	}
	must(t, n.worker.Covered(c.key.Address(), scheduler.Cover{FreeGwei: 1 << 40, ReservedGwei: price, At: time.Now()}))
	c.done(n, "reserved")
}

// fickle is a contract wallet that stands by whatever it is shown, for now.
type fickle struct{}

func (fickle) IsValidSignature(context.Context, common.Address, [32]byte, []byte) (bool, error) {
	return true, nil
}

// TestWalletClinicIsBounded: a wallet can take its vouchers back when they are redeemed, so
// that they let a clinic go no further than if it had signed nothing.
func TestWalletClinicIsBounded(t *testing.T) {
	t.Parallel()
	const jobs = 2
	n := newNode(t, func(n *node, c *worker.Config) {
		paid(scheduler.CreditLimits{ExposureGwei: jobs * price, UnsecuredGwei: jobs * price})(n, c)
		c.Payment.Escrow = fickle{}
	})
	c := newClinic(t)
	var owed uint64
	c.pays(n, func() []byte {
		owed += price
		v := attest.SignedVoucher{Voucher: attest.Voucher{Clinic: c.key.Address(), Node: n.key.Address(), TotalGwei: owed, At: time.UnixMilli(1_800_000_000_000).UTC()}, WalletSig: "mine"}
		data, err := json.Marshal(v)
		must(t, err)
		return data
	})
	must(t, n.worker.Covered(c.key.Address(), scheduler.Cover{ReservedGwei: 1 << 40, At: time.Now()}))
	for k := range jobs {
		c.done(n, fmt.Sprint("by a wallet's word ", k))
	}
	c.refused(n, "one more", "limit")
	if a := n.account(c); a.VoucheredGwei != jobs*price || a.ExposureGwei != jobs*price || a.PayableGwei != jobs*price || !a.Revocable {
		t.Errorf("account %+v", a)
	}
	must(t, n.worker.Covered(c.key.Address(), scheduler.Cover{ReservedGwei: 1 << 40, RedeemedGwei: jobs * price, At: time.Now()}))
	c.done(n, "once it was paid")
}

// TestManyNamesShareOneCredit: a clinic that comes under fresh names gets no fresh credit
// for each.
func TestManyNamesShareOneCredit(t *testing.T) {
	t.Parallel()
	n := newNode(t, paid(scheduler.CreditLimits{ExposureGwei: 100 * price, UnsecuredGwei: 10 * price, TogetherGwei: 3 * price}))
	for k := range 3 {
		newClinic(t).done(n, fmt.Sprint("name ", k))
	}
	c := newClinic(t)
	c.refused(n, "fourth name", "of all clinics")
	must(t, n.worker.Covered(c.key.Address(), scheduler.Cover{FreeGwei: 1 << 40, At: time.Now()}))
	c.refused(n, "a deposit that every node sees", "of all clinics")
	must(t, n.worker.Covered(c.key.Address(), scheduler.Cover{ReservedGwei: price, At: time.Now()}))
	c.done(n, "with a reservation")
}

// TestVouchersThatAreRefused: the receipt stands, the voucher does not, and the clinic stays
// in debt.
func TestVouchersThatAreRefused(t *testing.T) {
	t.Parallel()
	other, err := identity.Generate()
	must(t, err)
	for name, forge := range map[string]func(c *clinic, n *node) []byte{
		"signed by another":   func(c *clinic, n *node) []byte { return relabelled(t, other, c.key.Address(), n.key.Address()) },
		"another clinic's":    func(_ *clinic, n *node) []byte { return voucher(t, other, n.key.Address(), 5*price, vouchers) },
		"for another node":    func(c *clinic, _ *node) []byte { return voucher(t, c.key, other.Address(), 5*price, vouchers) },
		"for another escrow":  func(c *clinic, n *node) []byte { return voucher(t, c.key, n.key.Address(), 5*price, domain) },
		"no voucher":          func(*clinic, *node) []byte { return []byte("{}") },
		"of some other shape": func(*clinic, *node) []byte { return []byte("I owe you nothing, and more of it") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, c := newNode(t, paid(scheduler.CreditLimits{})), newClinic(t)
			c.pays(n, func() []byte { return forge(c, n) })
			c.done(n, "forged")
			if a := n.account(c); a.OwedGwei != price || a.VoucheredGwei != 0 || a.Voucher != nil {
				t.Errorf("account %+v", a)
			}
			if got := n.worker.Stats().VouchersRefused; got != 1 {
				t.Errorf("%d vouchers refused", got)
			}
		})
	}
}

// relabelled is a voucher that names a clinic that did not sign it.
func relabelled(t testing.TB, signer *identity.Key, clinic, node common.Address) []byte {
	t.Helper()
	v := attest.SignedVoucher{Voucher: attest.Voucher{Clinic: clinic, Node: node, TotalGwei: 5 * price, At: time.UnixMilli(1_800_000_000_000).UTC()}}
	var err error
	v.ClinicSig, err = attest.Sign(v.Voucher.Hash(vouchers), signer.ECDSA())
	must(t, err)
	data, err := json.Marshal(v)
	must(t, err)
	return data
}

// TestFallingVoucherIsRefused: the node keeps what it has, and shows it when it asks.
func TestFallingVoucherIsRefused(t *testing.T) {
	t.Parallel()
	n, c := newNode(t, paid(scheduler.CreditLimits{})), newClinic(t)
	totals := []uint64{price, price / 2}
	c.pays(n, func() []byte {
		total := totals[0]
		totals = totals[1:]
		return voucher(t, c.key, n.key.Address(), total, vouchers)
	})
	shown := newLog[*wire.VoucherRequest]()
	c.handle(wire.VoucherProtocol, func(s *wire.Stream) error {
		request, err := wire.Expect[*wire.VoucherRequest](s.Reader, wire.MaxControl, s.Peer)
		if err != nil {
			return err
		}
		shown.add(request)
		return s.Send(&wire.VoucherReply{Clinic: request.Clinic, Node: request.Node, Voucher: voucher(t, c.key, n.key.Address(), 2*price, vouchers)})
	})
	c.done(n, "first")
	c.done(n, "second")
	r := shown.await(t, "a demand", func(*wire.VoucherRequest) bool { return true })
	if v, err := attest.DecodeSignedVoucher(r.Voucher); err != nil || v.Voucher.TotalGwei != price || r.OwedGwei != 2*price {
		t.Errorf("it showed %s for %d: %v", r.Voucher, r.OwedGwei, err)
	}
	n.eventually("the voucher is there", func() bool { return n.account(c).VoucheredGwei == 2*price })
	if a := n.account(c); a.OwedGwei != 2*price {
		t.Errorf("account %+v", a)
	}
}

// TestNodeKilledAroundItsReceipt: at whatever moment, each job is counted once and the newest
// voucher is on disk.
func TestNodeKilledAroundItsReceipt(t *testing.T) {
	t.Parallel()
	for name, killAt := range map[string]string{"before the clinic's word": "before", "after it is on disk": "after"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, c := newNode(t, paid(scheduler.CreditLimits{})), newClinic(t)
			image := ""
			c.pays(n, func() []byte {
				if killAt == "before" && image == "" {
					image = n.image()
				}
				return voucher(t, c.key, n.key.Address(), price, vouchers) // the clinic charges a task once, however often it is asked
			})
			x := c.done(n, "killed")
			if killAt == "after" {
				image = n.image()
			}
			must(t, n.host.Close())
			n.stop()
			n = n.restart(image, paid(scheduler.CreditLimits{}))
			if killAt == "before" {
				n.await(worker.Receipt, x.id)
			}
			if a := n.account(c); a.OwedGwei != price || a.VoucheredGwei != price || a.ExposureGwei != price { // nothing covers it
				t.Errorf("account %+v", a)
			}
			if list, err := n.worker.Earnings(time.Time{}); err != nil || len(list) != 1 || list[0].Receipts != 1 || list[0].Gwei != price {
				t.Errorf("earnings %+v, %v", list, err)
			}
		})
	}
}

// TestSpareBidIsDeclinedBeyondTheLimit: credit counts when the award comes, too.
func TestSpareBidIsDeclinedBeyondTheLimit(t *testing.T) {
	t.Parallel()
	n := newNode(t, func(n *node, c *worker.Config) {
		paid(scheduler.CreditLimits{ExposureGwei: 100 * price, UnsecuredGwei: price})(n, c)
	})
	c := newClinic(t)
	spare := c.newTask("spare", scheduler.Routine)
	lost := false
	must(t, c.ask(n, spare, &lost))
	n.await(worker.Lost, spare.id)
	c.done(n, "uses the credit up")
	if err := c.award(n, spare); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("the spare bid's award: %v", err)
	}
}
