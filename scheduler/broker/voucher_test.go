package broker_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// jobPrice is what the tests' nodes ask, in gwei.
const jobPrice = 1000

var vouchers = attest.VoucherDomain(big.NewInt(1337), common.HexToAddress("0xe5"))

func vouches(c *broker.Config) { c.Vouchers = vouchers }

// isPaid makes a node demand vouchers.
func isPaid(c *worker.Config) { c.Payment = &worker.Payment{Domain: vouchers} }

// owed is what the clinic's books say of a node.
func (c *clinic) owed(n *node) uint64 {
	c.t.Helper()
	list, err := c.broker.Owed()
	must(c.t, err)
	for _, o := range list {
		if o.Node == n.address() {
			return o.TotalGwei
		}
	}
	return 0
}

// account is what the node keeps of its clinic.
func (n *node) account() worker.Account {
	n.t.Helper()
	list := n.worker.Accounts()
	if len(list) != 1 {
		return worker.Account{}
	}
	return list[0]
}

// vouchered waits until the node holds a voucher over so much.
func (n *node) vouchered(gwei uint64) {
	n.t.Helper()
	n.events.await(n.t, fmt.Sprintf("a voucher over %d gwei", gwei), func(e worker.Event) bool {
		return e.Kind == worker.Voucher && e.Price == gwei
	})
}

// TestEveryAcceptedResultIsVouchered: with the receipt, over all that was done before, and
// also over a restart of the clinic.
func TestEveryAcceptedResultIsVouchered(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, vouches)
	n := newNode(t, ctx, isPaid)
	c.connect(n.member)
	for k := range 3 {
		if k == 2 {
			must(t, c.broker.Close())
			c.open(vouches)
			must(t, c.broker.Resume(ctx))
		}
		c.wantResult(c.wait(c.submit(fmt.Sprint("paid ", k))))
		n.vouchered(uint64(k+1) * jobPrice)
	}
	if list, err := c.broker.Owed(); err != nil || len(list) != 1 || list[0].RecentGwei != 3*jobPrice {
		t.Errorf("owed %+v, %v; want all of it in the last day", list, err)
	}
	a := n.account()
	must(t, a.Voucher.Verify(vouchers))
	if a.OwedGwei != 3*jobPrice || a.VoucheredGwei != 3*jobPrice || c.owed(n) != 3*jobPrice {
		t.Errorf("the node's account is %+v, the clinic's books say %d", a, c.owed(n))
	}
}

// TestWhatIsDisputedIsNotOwed, and neither is what was refused.
func TestWhatIsDisputedIsNotOwed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) {
		vouches(b)
		b.MaxAttempts = 1
		b.Check = func(_ models.Digest, _ attest.Receipt, _ []byte) error { return fmt.Errorf("no good") }
	})
	n := newNode(t, ctx, isPaid)
	c.connect(n.member)
	c.wait(c.submit("disputed"))
	n.await(worker.Receipt)
	if a := n.account(); a.OwedGwei != 0 || c.owed(n) != 0 {
		t.Errorf("the node's account is %+v, the clinic's books say %d", a, c.owed(n))
	}
}

// TestReplicaIsChargedByItsVerdict: a result that is compared is on its node's tab once it is
// known not to be wrong, whenever the clinic is killed, and once; a wrong one never is.
func TestReplicaIsChargedByItsVerdict(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		wrong []int // copies
		judge bool
		owed  [2]uint64
	}{
		"both agree":            {nil, true, [2]uint64{1, 1}},
		"one is wrong":          {[]int{1}, true, [2]uint64{1, 0}},
		"nobody judged":         {nil, false, [2]uint64{1, 1}},
		"both wrong, of others": {[]int{0, 1}, true, [2]uint64{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClinic(t, t.Context(), func(b *broker.Config) {
				vouches(b)
				b.Lease = time.Minute
			})
			task, rogues, claims := replicas(t, c, name)
			for n, r := range rogues {
				_, err := r.commit(c, claims[n], testSalt)
				must(t, err)
			}
			for n, r := range rogues {
				if n == 0 {
					_, err := r.commit(c, claims[n], testSalt)
					must(t, err)
				}
				if ack := r.send(c, claims[n]); len(ack.Receipt) == 0 || len(ack.Voucher) > 0 {
					t.Errorf("copy %d came back with a receipt of %d bytes and a voucher of %d", n, len(ack.Receipt), len(ack.Voucher))
				}
			}
			_ = c.wait(task)
			owed := func() (list [2]uint64) {
				all, err := c.broker.Owed()
				must(t, err)
				for _, o := range all {
					for n, r := range rogues {
						if o.Node == r.address() {
							list[n] = o.TotalGwei
						}
					}
				}
				return list
			}
			if got := owed(); got != [2]uint64{} {
				t.Errorf("before the verdict %v gwei are owed", got)
			}
			for range 2 { // the second time by a clinic that was killed before it delivered
				if k.judge {
					var wrong []models.Digest
					for _, n := range k.wrong {
						wrong = append(wrong, scheduler.CopyID(task, n))
					}
					must(t, c.broker.Judged(task, wrong, len(wrong) > 0))
					if got := owed(); got != k.owed {
						t.Errorf("after the verdict %v gwei are owed, want %v", got, k.owed)
					}
				}
				must(t, c.broker.Close())
				c.open(func(b *broker.Config) { vouches(b) })
				must(t, c.broker.Resume(t.Context()))
			}
			for range 2 {
				must(t, c.broker.Delivered(t.Context(), task))
			}
			if got := owed(); got != k.owed {
				t.Errorf("after the delivery %v gwei are owed, want %v", got, k.owed)
			}
		})
	}
}

// TestNodeIsPaidForAComparedResult: it asks for its voucher once the verdict is there.
func TestNodeIsPaidForAComparedResult(t *testing.T) {
	t.Parallel()
	c := newClinic(t, t.Context(), func(b *broker.Config) {
		vouches(b)
		b.Replicate, b.BidWindow = always, 300*time.Millisecond
	})
	nodes := []*node{newNode(t, t.Context(), isPaid), newNode(t, t.Context(), isPaid)}
	c.connect(nodes[0].member, nodes[1].member)
	c.awaitMembers(2)
	task := c.submit("paid later")
	_ = c.wait(task)
	must(t, c.broker.Judged(task, nil, false))
	for _, n := range nodes {
		n.vouchered(jobPrice)
	}
}

// TestClinicKilledAroundItsVoucher: the result and the charge are one write. A clinic that is
// killed before it does the job again and charges it once; after it, it gives the same voucher.
func TestClinicKilledAroundItsVoucher(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	images := map[broker.Kind]string{}
	var mu sync.Mutex // guards images
	c := &clinic{member: newMember(t, ctx)}
	c.open(func(b *broker.Config) {
		vouches(b)
		events := b.Events
		b.Events = func(e broker.Event) {
			mu.Lock()
			defer mu.Unlock()
			if images[e.Kind] == "" {
				images[e.Kind] = c.image()
			}
			events(e)
		}
	})
	n := newNode(t, ctx, isPaid)
	c.connect(n.member)
	id := c.submit("killed clinic")
	c.wantResult(c.wait(id))
	n.vouchered(jobPrice)
	must(t, c.broker.Close())
	must(t, c.host.Close())
	n.stop()
	mu.Lock()
	defer mu.Unlock()
	for _, kind := range []broker.Kind{broker.Fetching, broker.Returned, broker.Receipt} {
		t.Run("at "+string(kind), func(t *testing.T) {
			ctx := t.Context()
			again := &clinic{member: newMemberAs(t, ctx, c.key, images[kind])}
			again.open(func(b *broker.Config) {
				vouches(b)
				b.Lease, b.AwardTimeout, b.RoundWait = 300*time.Millisecond, 200*time.Millisecond, 100*time.Millisecond
			})
			fresh := newNode(t, ctx, isPaid)
			again.connect(fresh.member)
			must(t, again.broker.Resume(ctx))
			again.wantResult(again.wait(id))
			total := again.owed(n) + again.owed(fresh)
			if total != jobPrice {
				t.Errorf("%d gwei are owed for one job at %d", total, jobPrice)
			}
		})
	}
}

// TestClinicOfABackupFindsItsDebts: its vouchers fall; the node refuses them, shows what it
// holds, and is paid for every job.
func TestClinicOfABackupFindsItsDebts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, vouches)
	n := newNode(t, ctx, isPaid)
	c.connect(n.member)
	c.wantResult(c.wait(c.submit("kept")))
	n.vouchered(jobPrice)
	backup := c.image()
	for k := range 2 {
		c.wantResult(c.wait(c.submit(fmt.Sprint("lost ", k))))
		n.vouchered(uint64(k+2) * jobPrice)
	}
	must(t, c.broker.Close())
	must(t, c.host.Close())

	again := &clinic{member: newMemberAs(t, ctx, c.key, backup)}
	again.open(vouches)
	must(t, again.broker.Resume(ctx))
	again.connect(n.member)
	again.wantResult(again.wait(again.submit("after it")))
	n.vouchered(4 * jobPrice)
	if a := n.account(); a.OwedGwei != 4*jobPrice || again.owed(n) != 4*jobPrice {
		t.Errorf("the node's account is %+v, the clinic's books say %d", a, again.owed(n))
	}
}

// TestAnotherEscrowBeginsAnew: what one escrow has paid is on no voucher for the next one,
// at the clinic as at the node.
func TestAnotherEscrowBeginsAnew(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, vouches)
	n := newNode(t, ctx, isPaid)
	c.connect(n.member)
	for k := range 2 {
		c.wantResult(c.wait(c.submit(fmt.Sprint("under the first ", k))))
	}
	n.vouchered(2 * jobPrice)
	next := attest.VoucherDomain(vouchers.ChainID, common.HexToAddress("0xe6"))
	must(t, c.broker.Close())
	n.stop()
	c.open(func(b *broker.Config) { b.Vouchers = next })
	must(t, c.broker.Resume(ctx))
	n = startNode(t, ctx, n.member, func(w *worker.Config) { w.Payment = &worker.Payment{Domain: next} })
	c.wantResult(c.wait(c.submit("under the second")))
	n.vouchered(jobPrice)
	if a := n.account(); a.OwedGwei != jobPrice || a.VoucheredGwei != jobPrice || c.owed(n) != jobPrice {
		t.Errorf("the node's account is %+v, the clinic's books say %d", a, c.owed(n))
	}
	c.open(vouches)
	if c.owed(n) != 2*jobPrice {
		t.Errorf("of the first escrow's %d gwei, %d are known", 2*jobPrice, c.owed(n))
	}
}

// TestVoucherIsTheNodesAlone: a demand of somebody else, or with somebody else's voucher,
// brings nothing and changes nothing.
func TestVoucherIsTheNodesAlone(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, vouches)
	n := newNode(t, ctx, isPaid)
	c.connect(n.member)
	c.wantResult(c.wait(c.submit("work")))
	n.vouchered(jobPrice)
	held, err := json.Marshal(n.account().Voucher)
	must(t, err)
	thief := newMember(t, ctx)
	c.connect(thief)
	demand := func(m *member, as common.Address, shown []byte) (*wire.VoucherReply, error) {
		s, err := wire.Dial(ctx, m.host, c.host.ID(), wire.HostAddresses(c.host), wire.VoucherProtocol, m.key, testLimit)
		must(t, err)
		defer s.Close()
		clinic := c.address()
		must(t, s.Send(&wire.VoucherRequest{Clinic: clinic[:], Node: as[:], OwedGwei: 1 << 60, Voucher: shown}))
		return wire.Expect[*wire.VoucherReply](s.Reader, wire.MaxControl, clinic)
	}
	if reply, err := demand(thief, n.address(), nil); err == nil {
		t.Errorf("somebody else was given %s", reply.Voucher)
	}
	if reply, err := demand(thief, thief.address(), held); err != nil || len(reply.Voucher) != 0 {
		t.Errorf("another node's voucher brought %v, %v", reply, err)
	}
	if reply, err := demand(thief, thief.address(), nil); err != nil || len(reply.Voucher) != 0 || reply.Reason == "" {
		t.Errorf("who did nothing was answered %v, %v", reply, err)
	}
	n.stop() // its own demands, with whatever it claims to be owed
	forged := *n.account().Voucher
	forged.Voucher.TotalGwei = 99 * jobPrice
	shown, err := json.Marshal(forged)
	must(t, err)
	if reply, err := demand(n.member, n.address(), shown); err != nil || len(reply.Voucher) != 0 {
		t.Errorf("a forged voucher brought %v, %v", reply, err)
	}
	reply, err := demand(n.member, n.address(), held)
	must(t, err)
	v, err := attest.DecodeSignedVoucher(reply.Voucher)
	must(t, err)
	if v.Voucher.TotalGwei != jobPrice || c.owed(n) != jobPrice {
		t.Errorf("the voucher is over %d, the books say %d", v.Voucher.TotalGwei, c.owed(n))
	}
}
