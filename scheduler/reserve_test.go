package scheduler

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestReservations(t *testing.T) {
	for name, c := range map[string]struct {
		free  uint64
		nodes []Reserve
		want  []uint64
	}{
		"nobody":                        {100, nil, []uint64{}},
		"the first job of a node":       {100, []Reserve{{DueGwei: 5, RecentGwei: 5}}, []uint64{15}},
		"enough ahead for half a day":   {100, []Reserve{{DueGwei: 5, RecentGwei: 5, ReservedGwei: 10}}, []uint64{0}},
		"a little less":                 {100, []Reserve{{DueGwei: 5, RecentGwei: 5, ReservedGwei: 9}}, []uint64{6}},
		"what was paid needs no more":   {100, []Reserve{{RecentGwei: 5, ReservedGwei: 5}}, []uint64{0}},
		"nothing is free":               {0, []Reserve{{DueGwei: 5, RecentGwei: 5}}, []uint64{0}},
		"debts before what may come":    {12, []Reserve{{RecentGwei: 3}, {DueGwei: 10, RecentGwei: 10}}, []uint64{2, 10}},
		"the large one crowds nobody":   {12, []Reserve{{DueGwei: 1000, RecentGwei: 1000}, {DueGwei: 5, RecentGwei: 5}}, []uint64{7, 5}},
		"figures at the edge of 64 bit": {7, []Reserve{{DueGwei: math.MaxUint64, RecentGwei: math.MaxUint64}}, []uint64{7}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Reservations(c.free, c.nodes); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestReservationsShareWhatIsFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gwei := rapid.Uint64Range(0, 1000)
		nodes := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Reserve {
			return Reserve{DueGwei: gwei.Draw(t, "due"), RecentGwei: gwei.Draw(t, "recent"), ReservedGwei: gwei.Draw(t, "reserved")}
		})).Draw(t, "nodes")
		free := rapid.Uint64Range(0, 100_000).Draw(t, "free")
		var sum, debts, missing uint64
		more := Reservations(free, nodes)
		for n, r := range nodes {
			sum += more[n]
			missing += minus(r.DueGwei, r.ReservedGwei)
			debts += min(more[n], minus(r.DueGwei, r.ReservedGwei))
			if more[n] > 0 && r.ReservedGwei+more[n] > r.DueGwei+2*r.RecentGwei {
				t.Fatalf("%+v gets %d", r, more[n])
			}
			nodes[n].ReservedGwei += more[n]
		}
		if sum > free {
			t.Fatalf("%d are reserved of %d", sum, free)
		}
		if want := min(missing, free); debts != want && sum > debts {
			t.Fatalf("%d gwei of debts are covered and %d of work to come; %d were owed", debts, sum-debts, missing)
		}
		for n, again := range Reservations(free-sum, nodes) {
			if again > 0 && free > sum {
				t.Fatalf("%d more for %+v at once", again, nodes[n])
			}
		}
	})
}

func TestADaysCharges(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_000)
	tab := Tab{}.Charge(1, at).Charge(2, at.Add(time.Hour)).Charge(4, at.Add(ReserveFor))
	if got := tab.RecentGwei(); got != 6 {
		t.Errorf("got %d, want 6", got)
	}
	if got := (Tab{}).RecentGwei(); got != 0 {
		t.Errorf("nothing was charged: %d", got)
	}
}
