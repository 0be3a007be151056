package scheduler

import (
	"cmp"
	"slices"
	"time"
)

// ReserveFor is how long after a node's last charge a clinic still keeps money ready for it.
const ReserveFor = 24 * time.Hour

// ahead is how many times what a node earned in the last day is kept for its next work.
const ahead = 2

// Reserve is one node's part of a clinic's deposit, in gwei of HIVE.
type Reserve struct {
	DueGwei      uint64 // signed by vouchers and not redeemed
	RecentGwei   uint64 // charged in the day before the last charge, see Tab.RecentGwei
	ReservedGwei uint64 // what is reserved and does not thaw
}

// fullGwei is what a clinic wants to have reserved: what it owes, and twice a day's work.
func (r Reserve) fullGwei() uint64 { return plus(r.DueGwei, times(r.RecentGwei, ahead)) }

// lowGwei is below what it reserves more. It is half a day's work ahead of the debt, so that
// a reservation is one transaction for many studies.
func (r Reserve) lowGwei() uint64 { return plus(r.DueGwei, r.RecentGwei) }

// Reservations shares out what is free of a deposit among nodes, and returns what to reserve
// for each besides what it has. Debts come before work to come, and the smallest want comes
// first, so that one node's cannot crowd out the others'. The sum is freeGwei at most, and
// nobody gets past its debt and twice its day's work.
func Reservations(freeGwei uint64, nodes []Reserve) []uint64 {
	more := make([]uint64, len(nodes))
	var low []int
	for n, r := range nodes {
		if r.ReservedGwei < r.lowGwei() {
			low = append(low, n)
		}
	}
	fill := func(want func(Reserve) uint64) {
		missing := func(n int) uint64 { return minus(want(nodes[n]), plus(nodes[n].ReservedGwei, more[n])) }
		slices.SortStableFunc(low, func(a, b int) int { return cmp.Compare(missing(a), missing(b)) })
		for _, n := range low {
			part := min(missing(n), freeGwei)
			more[n], freeGwei = more[n]+part, freeGwei-part
		}
	}
	fill(func(r Reserve) uint64 { return r.DueGwei })
	fill(Reserve.fullGwei)
	return more
}

// RecentGwei is what was charged in the day before the last charge, as far as the tab keeps
// charges one by one.
func (t Tab) RecentGwei() (gwei uint64) {
	for _, c := range t.Recent {
		if t.At.Sub(c.At) < ReserveFor {
			gwei = plus(gwei, c.PriceGwei)
		}
	}
	return gwei
}
