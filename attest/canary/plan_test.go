package canary_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/models"
)

func TestRatesFall(t *testing.T) {
	r := canary.DefaultRates()
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		streak          uint64
		canary, replica float64
	}{
		{0, 0.10, 1}, {9, 0.10, 1}, {10, 0.10, 0.10}, {20, 0.05, 0.05}, {50, 0.02, 0.02}, {1000, 0.02, 0.02}, {math.MaxUint64, 0.02, 0.02},
	} {
		h := canary.History{Streak: c.streak}
		if got := r.Canary(h); math.Abs(got-c.canary) > 1e-12 {
			t.Errorf("after %d: canaries %v, want %v", c.streak, got, c.canary)
		}
		if got := r.Replica(h); math.Abs(got-c.replica) > 1e-12 {
			t.Errorf("after %d: replicas %v, want %v", c.streak, got, c.replica)
		}
	}
}

func TestRatesRefuse(t *testing.T) {
	for name, spoil := range map[string]func(*canary.Rates){
		"more than all jobs":    func(r *canary.Rates) { r.NewReplica = 1.1 },
		"less than none":        func(r *canary.Rates) { r.Rerun = -0.1 },
		"no number":             func(r *canary.Rates) { r.NewCanary = math.NaN() },
		"a floor above":         func(r *canary.Rates) { r.FloorCanary = 0.2 },
		"a replica floor above": func(r *canary.Rates) { r.NewReplica = 0.01 },
	} {
		r := canary.DefaultRates()
		spoil(&r)
		if r.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// No history makes a rate leave its limits, and no valid check makes one rise.
func TestRatesStayBetweenFloorAndStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := canary.DefaultRates()
		r.TrustAfter = rapid.Uint64Range(0, 1000).Draw(t, "trust after")
		h := canary.History{Streak: rapid.Uint64().Draw(t, "streak")}
		if c := r.Canary(h); c < r.FloorCanary || c > r.NewCanary {
			t.Fatalf("canaries %v", c)
		}
		if c := r.Replica(h); c < r.FloorReplica || c > r.NewReplica {
			t.Fatalf("replicas %v", c)
		}
		if h.Streak == math.MaxUint64 {
			return
		}
		if next := h.After(attest.JudgedValid); r.Overhead(next) > r.Overhead(h) {
			t.Fatalf("a valid check raised the overhead from %v to %v", r.Overhead(h), r.Overhead(next))
		}
		if fallen := h.After(attest.JudgedInvalid); r.TrustAfter > 0 && (r.Replica(fallen) != r.NewReplica || r.Canary(fallen) != r.NewCanary) {
			t.Fatal("who failed is still trusted")
		}
	})
}

func TestHistory(t *testing.T) {
	h := canary.History{}
	for _, j := range []attest.Judgement{attest.JudgedValid, attest.JudgedUnchecked, attest.JudgedValid, attest.JudgedInvalid, attest.JudgedUnchecked, attest.JudgedValid} {
		h = h.After(j)
	}
	if want := (canary.History{Streak: 1, Valid: 3, Invalid: 1, Unchecked: 2}); h != want {
		t.Errorf("%+v, want %+v", h, want)
	}
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var back canary.History
	if err := json.Unmarshal(text, &back); err != nil || back != h {
		t.Errorf("%+v came back as %+v (%v)", h, back, err)
	}
}

func TestKeysOfOneNodeLieTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := func(name string) canary.Key {
			return canary.Key{Node: common.Address{rapid.Byte().Draw(t, name)}, Model: models.Digest{rapid.Byte().Draw(t, name+" model")},
				Provider: rapid.StringN(0, 8, 64).Draw(t, name+" provider")}
		}
		a, b := key("a"), key("b")
		if (string(a.Bytes()) == string(b.Bytes())) != (a == b) {
			t.Fatalf("%v and %v have the keys %x and %x", a, b, a.Bytes(), b.Bytes())
		}
		if string(a.Bytes()[:common.AddressLength]) != string(a.Node[:]) {
			t.Fatal("a key does not begin with its node")
		}
	})
}

// The draws are uniform, independent of each other, and another secret's are others.
func TestDraws(t *testing.T) {
	const n = 100_000
	var sum, square, cross [3]float64
	for i := range n {
		task := models.DigestOf([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		d := canary.DrawsOf([32]byte{1}, task)
		if d != canary.DrawsOf([32]byte{1}, task) {
			t.Fatal("the same draw came out otherwise")
		}
		if d == canary.DrawsOf([32]byte{2}, task) {
			t.Fatal("two secrets drew the same")
		}
		list := [3]float64{d.Canary, d.Replica, d.Rerun}
		for k, u := range list {
			if u < 0 || u >= 1 {
				t.Fatalf("drew %v", u)
			}
			sum[k] += u
			square[k] += u * u
			cross[k] += (u - 0.5) * (list[(k+1)%3] - 0.5)
		}
	}
	for k := range sum {
		// Five standard deviations of the mean, of the mean square, and of the covariance.
		if math.Abs(sum[k]/n-0.5) > 5*math.Sqrt(1.0/12/n) || math.Abs(square[k]/n-1.0/3) > 5*math.Sqrt(4.0/45/n) || math.Abs(cross[k]/n) > 5/12.0/math.Sqrt(n) {
			t.Errorf("draw %d: mean %v, mean square %v, covariance %v", k, sum[k]/n, square[k]/n, cross[k]/n)
		}
	}
}

// career is a node that cheats in a part of what it computes, as far as it can't tell what
// is checked: jobs, canaries and copies look alike to it. It says at which job the first
// check was invalid (0: at none), and what was computed. falseAlarm is the chance that a
// check of honest work is invalid.
func career(r canary.Rates, h canary.History, jobs int, cheats, falseAlarm float64, source *rand.Rand) (caught int, a canary.Accounts, after canary.History) {
	const one = time.Second // of computing, for each job alike
	check := func(job int, wrong bool) {
		a.Checks += one
		if !wrong && source.Float64() >= falseAlarm {
			h = h.After(attest.JudgedValid)
			return
		}
		a.Checks += one // a third copy, or the coordinator's own run, says who was right
		h = h.After(attest.JudgedInvalid)
		if caught == 0 {
			caught = job
		}
	}
	for job := 1; job <= jobs; job++ {
		a.Jobs += one
		wrong := source.Float64() < cheats
		plan := r.Plan(h, canary.Draws{Canary: source.Float64(), Replica: source.Float64(), Rerun: source.Float64()})
		if plan.Replica {
			check(job, wrong)
		}
		if plan.Rerun {
			check(job, wrong)
		}
		if plan.Canary {
			check(job, source.Float64() < cheats)
		}
	}
	return caught, a, h
}

// Who cheats in every fifth job is caught within 100 jobs: in at least 63 % of the runs
// where it is trusted longest and cheats from then on, in at least 85 % as a newcomer.
func TestCheatersAreCaught(t *testing.T) {
	const runs, jobs, cheats = 200_000, 100, 0.2
	r := canary.DefaultRates()
	for _, c := range []struct {
		name  string
		start canary.History
		least float64
	}{
		{"at the floor", canary.History{Streak: 10_000, Valid: 10_000}, 0.63},
		{"a newcomer", canary.History{}, 0.85},
	} {
		source := rand.New(rand.NewPCG(1, 2))
		caught := 0
		for range runs {
			if at, _, _ := career(r, c.start, jobs, cheats, 0, source); at > 0 {
				caught++
			}
		}
		share := float64(caught) / runs
		t.Logf("%s: %d of %d careers of %d jobs with %.0f %% cheating were caught: %.2f %% (wanted %.0f %%)", c.name, caught, runs, jobs, 100*cheats, 100*share, 100*c.least)
		if share < c.least {
			t.Errorf("%s: caught in %.2f %%; want at least %.0f %%", c.name, 100*share, 100*c.least)
		}
	}
	// The exact figure at the floor: a job escapes unless it is wrong and looked at, or its canary is.
	escape := (1 - cheats*(1-(1-r.FloorReplica)*(1-r.Rerun))) * (1 - cheats*r.FloorCanary)
	if exact := 1 - math.Pow(escape, jobs); exact < 0.63 {
		t.Errorf("at the floor %.4f are caught, computed; want 0.63", exact)
	} else {
		t.Logf("at the floor, computed: %.2f %%", 100*exact)
	}
}

// What checks cost in the steady state: nodes come and go, and each begins anew with each
// model. falseAlarm is the most that is allowed, so third copies are in it.
func TestOverheadIsWithinTenPercent(t *testing.T) {
	const falseAlarm, cheats = 0.001, 0
	r := canary.DefaultRates()
	for _, c := range []struct {
		name string
		jobs int // of one node with one model, from its first to its last
		most float64
	}{
		{"leaves after a day of 100 jobs", 100, 1}, // printed only: no such network has a steady state
		{"leaves after 1,000 jobs", 1_000, 0.10},
		{"leaves after a month of 100 a day", 3_000, 0.10},
		{"leaves after a year of 100 a day", 36_500, 0.10},
	} {
		source := rand.New(rand.NewPCG(3, 4))
		var all canary.Accounts
		for range max(20, 400_000/c.jobs) {
			_, a, _ := career(r, canary.History{}, c.jobs, cheats, falseAlarm, source)
			all = all.Plus(a)
		}
		t.Logf("%s: checks are %.2f %% of all that is computed", c.name, 100*all.Share())
		if all.Share() > c.most {
			t.Errorf("%s: %.2f %%; want at most %.0f %%", c.name, 100*all.Share(), 100*c.most)
		}
	}
	if share := (canary.Accounts{}).Share(); share != 0 {
		t.Errorf("where nothing was computed, the share is %v", share)
	}
}
