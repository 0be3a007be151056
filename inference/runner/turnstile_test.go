package runner

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// fakeChild stands in for a job's process.
type fakeChild struct {
	mu       sync.Mutex // guards the fields
	frozen   bool
	stubborn bool // can't be frozen
}

func (f *fakeChild) freeze() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stubborn {
		return errors.New("no")
	}
	f.frozen = true
	return nil
}

func (f *fakeChild) thaw() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.frozen = false
}

func (f *fakeChild) isFrozen() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.frozen
}

// visitor is a turn with its child.
type visitor struct {
	*turn
	fake *fakeChild
}

func visit(s *turnstile, p Priority) visitor {
	f := &fakeChild{}
	t := s.newTurn(p, func() {})
	t.child = f
	return visitor{t, f}
}

// holds reports whether v may compute now.
func (v visitor) holds() bool {
	v.stile.mu.Lock()
	defer v.stile.mu.Unlock()
	return v.stile.holder == v.turn && !v.fake.isFrozen()
}

// queueUp starts to wait for the turn; it ends with the test's bubble.
func (v visitor) queueUp(ctx context.Context) {
	go func() { _ = v.enter(ctx, nil) }()
	synctest.Wait()
}

func TestTurnstileOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s turnstile
		first, second, urgent, stat, another := visit(&s, Routine), visit(&s, Routine), visit(&s, Urgent), visit(&s, Stat), visit(&s, Stat)
		expect := func(when string, v visitor) {
			t.Helper()
			if !v.holds() {
				t.Errorf("%s: somebody else computes", when)
			}
		}
		first.queueUp(t.Context())
		expect("alone", first)
		second.queueUp(t.Context())
		urgent.queueUp(t.Context())
		expect("an urgent one waits its turn", first)
		stat.queueUp(t.Context())
		expect("a stat one does not", stat)
		if !first.fake.isFrozen() {
			t.Error("the routine job was not stopped")
		}
		another.queueUp(t.Context())
		expect("one stat does not stop another", stat)
		stat.leave()
		expect("but follows it", another)
		another.leave()
		expect("then the stopped one goes on", first)
		first.leave()
		expect("then the urgent one", urgent)
		urgent.leave()
		expect("then the rest", second)
		second.leave()
		second.leave()
		if s.holder != nil || len(s.waiting)+len(s.frozen) > 0 {
			t.Errorf("left over: %+v", &s)
		}
	})
}

func TestTurnstileStubbornChildGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s turnstile
		gave := false
		routine := s.newTurn(Routine, func() { gave = true })
		routine.child = &fakeChild{stubborn: true}
		if err := routine.enter(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		stat := visit(&s, Stat)
		stat.queueUp(t.Context())
		if !gave || stat.holds() {
			t.Fatalf("asked to give way: %v; the stat job computes beside it: %v", gave, stat.holds())
		}
		routine.leave()
		synctest.Wait()
		if !stat.holds() {
			t.Error("the stat job waits on")
		}
	})
}

func TestTurnstileEndsEarly(t *testing.T) {
	var s turnstile
	holder, late := visit(&s, Routine), visit(&s, Routine)
	if err := holder.enter(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := late.enter(ended, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	late.leave()
	dead := make(chan struct{})
	close(dead)
	later := visit(&s, Routine)
	if err := later.enter(t.Context(), dead); !errors.Is(err, io.EOF) {
		t.Errorf("a dead child: %v", err)
	}
	later.leave()
	holder.leave()
	if s.holder != nil || len(s.waiting) > 0 {
		t.Errorf("left over: %+v", &s)
	}
}

// In any order of comings and goings: one computes at most, whoever is stopped is stopped
// by a stat job, and the stile is never free while somebody waits.
func TestTurnstileProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var s turnstile
		var present []visitor
		ended, cancel := context.WithCancel(context.Background())
		cancel() // enter queues up, then returns: the order of arrivals is this test's own
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			if len(present) == 0 || rapid.Bool().Draw(rt, "comes") {
				v := visit(&s, rapid.SampledFrom([]Priority{Routine, Urgent, Stat}).Draw(rt, "priority"))
				present = append(present, v)
				_ = v.enter(ended, nil)
			} else {
				n := rapid.IntRange(0, len(present)-1).Draw(rt, "goes")
				present[n].leave()
				present = append(present[:n], present[n+1:]...)
			}
			computing := 0
			for _, v := range present {
				if v.holds() {
					computing++
				}
				if v.fake.isFrozen() && (s.holder == nil || s.holder.priority != Stat) {
					rt.Error("somebody is stopped, and no stat job computes")
				}
			}
			if want := min(1, len(present)); computing != want {
				rt.Errorf("%d compute of %d", computing, len(present))
			}
		}
	})
}

func TestCountdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		started := time.Now()
		c := startCountdown(10*time.Second, func() { close(over) })
		time.AfterFunc(4*time.Second, c.pause)
		time.AfterFunc(5*time.Second, c.pause)
		time.AfterFunc(time.Hour, c.resume)
		time.AfterFunc(time.Hour+time.Second, c.resume)
		<-over
		if got, want := time.Since(started), time.Hour+6*time.Second; got != want {
			t.Errorf("over after %v; want %v", got, want)
		}
		c.pause() // too late, and harmless
	})
}
