package compute

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

// nobody is a ledger that keeps nothing.
type nobody struct{}

func (nobody) Ask(context.Context, attest.Examination) error    { return nil }
func (nobody) Record(context.Context, attest.Examination) error { return nil }
func (nobody) Abandon(context.Context) error                    { return nil }

func (nobody) Ended(time.Time) (map[common.Address]time.Time, error) { return nil, nil }

func TestExaminationsComeAtRandomAndSoonAfterANewProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const operators, days = 20, 40
		var mu sync.Mutex
		asked, prompted := map[common.Address][]time.Time{}, map[common.Address]int{}
		profile := models.DigestOf([]byte("first"))
		list := func(context.Context) (list []Target) {
			mu.Lock()
			defer mu.Unlock()
			for i := range operators {
				t := Target{Node: common.Address{19: byte(i + 1)}, Operator: common.Address{0: byte(i + 1)}, Claims: Claims{TOPS: 1}}
				if i == 0 {
					t.Claims.Profile = profile
				}
				list = append(list, t)
			}
			return list
		}
		e, err := NewExaminer(nil, ExaminerOptions{Key: newKey(t), Ledger: nobody{}, Targets: list, Interval: 24 * time.Hour})
		must(t, err)
		e.one = func(_ context.Context, turn turn) error {
			mu.Lock()
			defer mu.Unlock()
			for _, n := range turn.group {
				asked[n.Node] = append(asked[n.Node], time.Now())
				if turn.prompted {
					prompted[n.Node]++
				}
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), days*24*time.Hour)
		defer cancel()
		done := make(chan error)
		go func() { done <- e.Run(ctx) }()
		<-time.After(10*24*time.Hour + time.Minute) // between two ticks
		mu.Lock()
		profile = models.DigestOf([]byte("second"))
		changed := time.Now()
		mu.Unlock()
		must(t, <-done)
		total, soon := 0, 0
		for _, times := range asked {
			total += len(times)
			for i, at := range times[1:] {
				if at.Sub(times[i]) < 6*time.Hour {
					soon++
				}
			}
		}
		// 800 expected, give or take 28; a quarter of a Poisson process's gaps are under 0.29 of the mean.
		if mean := float64(total) / operators / days; mean < 0.8 || mean > 1.2 {
			t.Errorf("%.2f examinations a day, want 1", mean)
		}
		if share := float64(soon) / float64(total); share < 0.12 || share > 0.35 {
			t.Errorf("%.2f of them come within six hours of the one before: they can be foreseen", share)
		}
		fresh := common.Address{19: 1}
		if !slices.ContainsFunc(asked[fresh], func(at time.Time) bool { return at.After(changed) && at.Sub(changed) <= 24*time.Hour/ticks }) {
			t.Error("a new profile waits for its examination")
		}
		if len(prompted) > 1 || prompted[fresh] > 1 {
			t.Errorf("prompted are %v; want the one with the new profile, once", prompted)
		}
	})
}

func TestGroupsAreOfOneOperatorAndSmall(t *testing.T) {
	e, err := NewExaminer(nil, ExaminerOptions{Key: newKey(t), Ledger: nobody{}, Targets: func(context.Context) []Target { return nil }, Interval: time.Hour})
	must(t, err)
	var targets []Target
	for i := range 30 {
		targets = append(targets, Target{Node: common.Address{19: byte(i)}, Operator: common.Address{0: byte(i % 2)}})
	}
	groups, err := e.groups(targets)
	must(t, err)
	seen := map[common.Address]bool{}
	for _, g := range groups {
		if len(g) > groupSize {
			t.Errorf("a group of %d", len(g))
		}
		for _, n := range g {
			if n.Operator != g[0].Operator || seen[n.Node] {
				t.Errorf("%s stands in two groups or in another operator's", n.Node)
			}
			seen[n.Node] = true
		}
	}
	if len(seen) != 30 {
		t.Errorf("%d of 30 nodes are in groups", len(seen))
	}
}

func TestASlowGroupHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const operators, slow, days = 20, 10, 10
		list := func(context.Context) (list []Target) {
			for i := range operators {
				list = append(list, Target{Node: common.Address{19: byte(i + 1)}, Operator: common.Address{0: byte(i + 1)}, Claims: Claims{TOPS: 1}})
			}
			return list
		}
		e, err := NewExaminer(nil, ExaminerOptions{Key: newKey(t), Ledger: nobody{}, Targets: list, Interval: 24 * time.Hour})
		must(t, err)
		var mu sync.Mutex
		quick := 0
		stuck := map[common.Address]bool{}
		e.one = func(ctx context.Context, turn turn) error {
			mu.Lock()
			node := turn.group[0].Node
			held := node[19] <= slow && !stuck[node]
			if held {
				stuck[node] = true
			}
			if node[19] > slow {
				quick++
			}
			mu.Unlock()
			if held {
				<-ctx.Done()
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), days*24*time.Hour)
		defer cancel()
		must(t, e.Run(ctx))
		if want := (operators - slow) * days / 2; quick < want || len(stuck) < slow/2 {
			t.Errorf("with %d slow ones the others were examined %d times in %d days, want %d at least", len(stuck), quick, days, want)
		}
	})
}

func TestANewProfileAsksForOneExaminationADay(t *testing.T) {
	n := news{known: map[common.Address]models.Digest{}, prompted: map[common.Address]time.Time{}}
	node, now, prompted := common.Address{1}, time.Unix(1_790_000_000, 0), 0
	const hours = 10 * 24
	for hour := range hours { // another profile each hour, up to the last day
		profile := models.DigestOf([]byte{byte(min(hour, hours-25))})
		if n.of([]Target{{Node: node, Claims: Claims{Profile: profile}}}, hour == 0, now.Add(time.Duration(hour)*time.Hour))[node] {
			prompted++
		}
	}
	if prompted < 9 || prompted > 10 {
		t.Errorf("%d examinations in ten days of new profiles, want one a day", prompted)
	}
	last := models.DigestOf([]byte{byte(hours - 25)})
	if n.known[node] != last {
		t.Error("the newest profile was never examined")
	}
}
