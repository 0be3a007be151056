package uptime

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
)

// ledger keeps outcomes in memory.
type ledger struct {
	mu      sync.Mutex // guards records
	records []attest.Challenge
	refuse  error // what Record says to answers
}

func (l *ledger) Record(_ context.Context, c attest.Challenge) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.Outcome == attest.Answered && l.refuse != nil {
		return l.refuse
	}
	l.records = append(l.records, c)
	return nil
}

func (l *ledger) outcomes() (all []attest.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.records {
		all = append(all, c.Outcome)
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func targets(n int) func(context.Context) []Target {
	list := make([]Target, n)
	for i := range list {
		list[i] = Target{Node: common.Address{19: byte(i + 1)}}
	}
	return func(context.Context) []Target { return list }
}

type asker func(ctx context.Context, to Target, nonce [32]byte) (attest.SignedUptime, error)

func yes(context.Context, Target, [32]byte) (attest.SignedUptime, error) {
	return attest.SignedUptime{}, nil
}

// challenger is one with a scripted network instead of a host.
func challenger(t testing.TB, opts ChallengerOptions, ask asker) *Challenger {
	t.Helper()
	c, err := NewChallenger(nil, opts)
	must(t, err)
	c.ask = ask
	return c
}

func TestEveryNodeIsAskedOnceAnIntervalAtARandomTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const nodes, hours = 20, 50
		l := &ledger{}
		c := challenger(t, ChallengerOptions{Ledger: l, Targets: targets(nodes), Interval: time.Hour}, yes)
		ctx, cancel := context.WithTimeout(t.Context(), hours*time.Hour-time.Second)
		defer cancel()
		begin := time.Now()
		must(t, c.Run(ctx))
		asked := map[common.Address][]time.Duration{}
		for _, r := range l.records {
			asked[r.Node] = append(asked[r.Node], r.AskedAt.Sub(begin))
		}
		var sum time.Duration
		for node, times := range asked {
			if len(times) != hours {
				t.Fatalf("%s was asked %d times in %d hours", node, len(times), hours)
			}
			for hour, at := range times {
				if at < time.Duration(hour)*time.Hour || at > time.Duration(hour+1)*time.Hour {
					t.Fatalf("challenge %d of %s came at %v", hour, node, at)
				}
				sum += at - time.Duration(hour)*time.Hour
			}
		}
		// The mean of 1000 uniform draws: 30 min, give or take 33 s; five of those are enough.
		if mean := sum / (nodes * hours); mean < 27*time.Minute || mean > 33*time.Minute {
			t.Errorf("challenges come %v into the interval on average", mean)
		}
	})
}

// TestManyNodesAreAskedLessOften: an epoch has no more challenges than it has room for, and
// every node still gets its share of them.
func TestManyNodesAreAskedLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const nodes, most, epochs = 40, 60, 20 // by the hour: 960 in a day
		l := &ledger{}
		c := challenger(t, ChallengerOptions{Ledger: l, Targets: targets(nodes), Interval: time.Hour, Epoch: 24 * time.Hour, Most: most}, yes)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), epochs*24*time.Hour-time.Second)
		defer cancel()
		must(t, c.Run(ctx))
		byDay, byNode := map[int]int{}, map[common.Address]int{}
		for _, r := range l.records {
			byDay[int(r.AskedAt.Sub(begin)/(24*time.Hour))]++
			byNode[r.Node]++
		}
		for day, n := range byDay {
			if n > most+nodes/2 { // an interval begins within a day: half of its nodes, give or take
				t.Errorf("%d challenges on day %d, want %d in the mean", n, day, most)
			}
		}
		if len(l.records) > most*epochs || len(l.records) < most*epochs-nodes {
			t.Errorf("%d challenges in %d days, want %d a day", len(l.records), epochs, most)
		}
		for node, n := range byNode {
			if n < most*epochs/nodes-1 {
				t.Errorf("%s was asked %d times, want %d", node, n, most*epochs/nodes)
			}
		}
	})
}

func TestSpread(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		wish, epoch time.Duration
		nodes, most int
		want        time.Duration
	}{
		{10 * time.Minute, day, 0, 150_000, 10 * time.Minute},
		{10 * time.Minute, day, 1041, 150_000, 10 * time.Minute},
		{10 * time.Minute, day, 15_000, 150_000, day / 10},
		{10 * time.Minute, day, 1_000_000, 150_000, day * 20 / 3},
		{time.Second, time.Minute, 10, 60, 10 * time.Second},
		{time.Second, 0, 1_000_000, 60, time.Second},
	} {
		if got := Spread(c.wish, c.epoch, c.nodes, c.most); (got - c.want).Abs() > time.Microsecond {
			t.Errorf("%d nodes: every %v, want %v", c.nodes, got, c.want)
		}
	}
}

func TestPauseAndTrigger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		c := challenger(t, ChallengerOptions{Ledger: l, Targets: targets(3), Interval: time.Minute}, yes)
		ctx, cancel := context.WithCancel(t.Context())
		c.Pause()
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		passed := func(d time.Duration) { <-time.After(d); synctest.Wait() }
		passed(time.Hour)
		if n := len(l.outcomes()); n != 0 {
			t.Fatalf("%d challenges during a pause", n)
		}
		must(t, c.Trigger(ctx))
		if n := len(l.outcomes()); n != 3 {
			t.Fatalf("%d challenges after Trigger, want 3", n)
		}
		c.Resume()
		passed(2 * time.Minute)
		if n := len(l.outcomes()); n < 6 {
			t.Fatalf("%d challenges two minutes after Resume", n)
		}
		cancel()
		must(t, <-done)
	})
}

func TestOutcomes(t *testing.T) {
	silent := func(ctx context.Context, _ Target, _ [32]byte) (attest.SignedUptime, error) {
		<-ctx.Done()
		return attest.SignedUptime{}, ctx.Err()
	}
	online := func(is bool) func(context.Context, Target) bool {
		return func(context.Context, Target) bool { return is }
	}
	cases := map[string]struct {
		ask    asker
		online bool
		refuse error
		want   attest.Outcome
	}{
		"answered":                        {yes, true, nil, attest.Answered},
		"nothing in time":                 {silent, true, nil, attest.Timeout},
		"nothing, and nobody else either": {silent, false, nil, attest.OwnOutage},
		"can't be dialled": {func(context.Context, Target, [32]byte) (attest.SignedUptime, error) {
			return attest.SignedUptime{}, errors.New("no route")
		}, true, nil, attest.Timeout},
		"an answer that is not valid": {func(context.Context, Target, [32]byte) (attest.SignedUptime, error) {
			return attest.SignedUptime{}, errInvalid
		}, true, nil, attest.Refused},
		"a sequence number that fell back": {yes, true, attest.ErrSequence, attest.Refused},
		"not valid, though cut off by now": {func(context.Context, Target, [32]byte) (attest.SignedUptime, error) {
			return attest.SignedUptime{}, errInvalid
		}, false, nil, attest.Refused},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &ledger{refuse: test.refuse}
				c := challenger(t, ChallengerOptions{Ledger: l, Targets: targets(1), Interval: time.Hour, Online: online(test.online)}, test.ask)
				must(t, c.Trigger(t.Context()))
				if got := l.outcomes(); !slices.Equal(got, []attest.Outcome{test.want}) {
					t.Fatalf("recorded %v, want %s", got, test.want)
				}
				if r := l.records[0]; (r.Answer != nil) != (test.want == attest.Answered) {
					t.Fatalf("%s with answer %v", r.Outcome, r.Answer)
				}
			})
		})
	}
}

func TestAChallengeThatIsCutShortLeavesNoRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		ctx, cancel := context.WithCancel(t.Context())
		c := challenger(t, ChallengerOptions{Ledger: l, Targets: targets(4), Interval: time.Hour}, func(ctx context.Context, _ Target, _ [32]byte) (attest.SignedUptime, error) {
			cancel()
			<-ctx.Done()
			return attest.SignedUptime{}, ctx.Err()
		})
		if err := c.Trigger(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if n := len(l.outcomes()); n != 0 {
			t.Errorf("%d records", n)
		}
	})
}

func TestAFullDiskStopsTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := challenger(t, ChallengerOptions{Ledger: &ledger{refuse: errors.New("no space left")}, Targets: targets(4), Interval: time.Hour}, yes)
		if err := c.Run(t.Context()); err == nil {
			t.Error("outcomes were lost in silence")
		}
	})
}

func TestWhatIsDrawnDependsOnRandOnly(t *testing.T) {
	plan := func() []planned {
		c := challenger(t, ChallengerOptions{Ledger: &ledger{}, Targets: targets(8), Interval: time.Hour, Rand: bytes.NewReader(bytes.Repeat([]byte("0123456789abcde"), 8))}, yes)
		p, err := c.plan(c.opts.Targets(t.Context()), c.opts.Interval)
		must(t, err)
		return p
	}
	if a, b := plan(), plan(); !slices.Equal(a, b) || !slices.IsSortedFunc(a, func(x, y planned) int { return int(x.after - y.after) }) {
		t.Errorf("plans %v and %v", a, b)
	}
}
