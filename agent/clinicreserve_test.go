package agent

import (
	"context"
	"log/slog"
	"maps"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

// safe is a pretended JobEscrow of one clinic, in gwei.
type safe struct {
	free     uint64
	reserved map[common.Address]uint64
	redeemed map[common.Address]uint64
	thawing  map[common.Address]uint64
	asked    int
	sent     int
}

func (s *safe) EscrowOf(context.Context, common.Address) (chain.Funds, error) {
	s.asked++
	return chain.Funds{FreeWei: GweiToWei(s.free), ThawingWei: new(big.Int)}, nil
}

func (s *safe) ReservationOf(_ context.Context, _, node common.Address) (chain.Funds, error) {
	return chain.Funds{FreeWei: GweiToWei(s.reserved[node]), ThawingWei: GweiToWei(s.thawing[node])}, nil
}

func (s *safe) RedeemedGwei(_ context.Context, _, node common.Address) (uint64, error) {
	return s.redeemed[node], nil
}

func (s *safe) Reserve(_ context.Context, _ chain.Signer, list []chain.Reservation) (chain.Mined, error) {
	s.sent++
	for _, r := range list {
		gwei := weiToGwei(r.Wei)
		s.free, s.reserved[r.Node] = s.free-gwei, s.reserved[r.Node]+gwei
	}
	return chain.Mined{}, nil
}

// TestClinicReservesForItsNodes: after the first job, in one transaction for many studies,
// and not for those that it works with no more or takes its money back from.
func TestClinicReservesForItsNodes(t *testing.T) {
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	now := time.UnixMilli(1_800_000_000_000)
	a, old, leaving := common.Address{1}, common.Address{2}, common.Address{3}
	s := &safe{free: 1000, reserved: map[common.Address]uint64{}, redeemed: map[common.Address]uint64{}, thawing: map[common.Address]uint64{leaving: 5}}
	books := map[common.Address]broker.Owed{
		old:     {Node: old, TotalGwei: 70, RecentGwei: 70, At: now.Add(-scheduler.ReserveFor)},
		leaving: {Node: leaving, TotalGwei: 10, RecentGwei: 10, At: now},
	}
	work := func(gwei uint64) {
		o := books[a]
		books[a] = broker.Owed{Node: a, TotalGwei: o.TotalGwei + gwei, RecentGwei: o.RecentGwei + gwei, At: now}
	}
	r := reserver{key: key, now: func() time.Time { return now }, log: slog.New(slog.DiscardHandler),
		owed: func() (list []broker.Owed, _ error) {
			for o := range maps.Values(books) {
				list = append(list, o)
			}
			return list, nil
		},
		dial: func(context.Context) (pots, error) { return s, nil }}
	look := func() int {
		t.Helper()
		now = now.Add(reserveEvery)
		n, err := r.look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	work(10)
	if look() != 1 || s.reserved[a] != 30 || s.free != 970 || len(s.reserved) != 1 {
		t.Fatalf("after the first job %+v", s)
	}
	s.asked = 0
	if look() != 0 || s.asked != 0 {
		t.Errorf("nothing is new: %d questions", s.asked)
	}
	for range 100 {
		work(1)
		look()
	}
	if due := books[a].TotalGwei; s.reserved[a] < due+books[a].RecentGwei/2 || s.sent > 8 {
		t.Errorf("%d are owed, %d reserved in %d transactions", due, s.reserved[a], s.sent)
	}
	paid := s.reserved[a] // the node redeems everything and the clinic's deposit grows
	s.redeemed[a], s.reserved[a] = 110, paid-110
	now = now.Add(reserveAgain)
	if look(); s.reserved[a] != 220 && s.reserved[a] != paid-110 {
		t.Errorf("%d are reserved when nothing is owed", s.reserved[a])
	}
	before := s.free
	now = now.Add(scheduler.ReserveFor)
	if look() != 0 || s.free != before {
		t.Error("money was reserved for nodes that did not work for a day")
	}
}

// TestClinicReservesOnChain is the same by the contract on the embedded EVM.
func TestClinicReservesOnChain(t *testing.T) {
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
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fundClinic(t.Context(), n, key.Address(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	const hive = 1_000_000_000 // in gwei
	nodes := []common.Address{{1}, {2}}
	r := reserver{key: key, now: time.Now, log: slog.New(slog.DiscardHandler), dial: func(context.Context) (pots, error) { return client, nil },
		owed: func() ([]broker.Owed, error) {
			return []broker.Owed{{Node: nodes[0], TotalGwei: hive, RecentGwei: hive, At: time.Now()}, {Node: nodes[1], TotalGwei: 2 * hive, RecentGwei: 2 * hive, At: time.Now()}}, nil
		}}
	if done, err := r.look(t.Context()); err != nil || done != 2 {
		t.Fatalf("reserved for %d nodes, %v", done, err)
	}
	for k, want := range []int64{3, 6} {
		own, err := client.ReservationOf(t.Context(), key.Address(), nodes[k])
		if err != nil || own.FreeWei.Cmp(hiveWei(want)) != 0 {
			t.Errorf("node %d: %v, %v, want %d HIVE", k, own.FreeWei, err, want)
		}
	}
}
