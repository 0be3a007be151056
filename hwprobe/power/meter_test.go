package power

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// load is a power over the time since it began, in watts.
type load func(since time.Duration) float64

// steady is a load that never changes.
func steady(watts float64) load { return func(time.Duration) float64 { return watts } }

// until fails from a moment on.
func until(end time.Duration, l load, why string) (load, func(time.Duration) error) {
	return l, func(since time.Duration) error {
		if since >= end {
			return errors.New(why)
		}
		return nil
	}
}

// fake is a sensor of a load. broken may be nil.
func fake(name string, basis Basis, part string, l load, broken func(time.Duration) error) *sensor {
	began := time.Now()
	return &sensor{name: name, basis: basis, parts: []string{part}, read: func(context.Context) (sample, error) {
		since := time.Since(began)
		if broken != nil {
			if err := broken(since); err != nil {
				return sample{}, err
			}
		}
		return sample{at: time.Now(), watts: l(since)}, nil
	}}
}

// wait lets the bubble's time pass.
func wait(d time.Duration) { <-time.After(d) }

func closeMeter(t *testing.T, m *Meter) {
	t.Helper()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestReadingOfAPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ramp := func(since time.Duration) float64 { return 100 + since.Seconds() }
		m := newMeter(time.Second, []plan{{
			basis: Package, missing: []string{"gpu 0000:02:00.0"},
			sensors: []*sensor{fake("RAPL package", Package, CPU, ramp, nil), fake("NVML", Package, "gpu 0000:01:00.0", steady(300), nil)},
		}})
		defer closeMeter(t, m)
		wait(10 * time.Second)
		rec := m.Start()
		wait(60 * time.Second)
		r := rec.Stop()
		if took := time.Since(began); took > 70*time.Second {
			t.Errorf("stopping took %v", took-70*time.Second)
		}
		const want = 60 * (100 + 40 + 300.0) // the ramp's mean is at its middle
		if r.Basis != Package || !near(r.Joules, want) || !near(r.MeanWatts, want/60) || r.Span != time.Minute || r.Note != "" {
			t.Errorf("%+v; want %v J in a minute", r, want)
		}
		if !slices.Equal(r.Sources, []string{"RAPL package", "NVML"}) || !slices.Equal(r.Coverage, []string{CPU, "gpu 0000:01:00.0"}) || !slices.Equal(r.Missing, []string{"gpu 0000:02:00.0"}) {
			t.Errorf("%+v; want sources and parts", r)
		}
		if r.Samples < 60 || len(r.Trace) != 60 || r.Trace[0].At != 500*time.Millisecond || !near(r.Trace[0].Watts, 410.5) || !near(r.Trace[59].Watts, 469.5) {
			t.Errorf("%d samples, trace %v", r.Samples, r.Trace)
		}
		if again := rec.Stop(); again.Joules != r.Joules {
			t.Errorf("a second Stop says %v", again)
		}
	})
}

// The best plan that knows the whole span is taken, and the reading says what was better
// and why it is not that.
func TestPlansFallBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mains, dies := until(90*time.Second, steady(200), "it can't be reached")
		m := newMeter(time.Second, []plan{
			{basis: Wall, sensors: []*sensor{fake("Shelly plug", Wall, Machine, mains, dies)}},
			{basis: Package, sensors: []*sensor{fake("RAPL package", Package, CPU, steady(120), nil)}},
		})
		defer closeMeter(t, m)
		if m.Basis() != Wall {
			t.Errorf("basis %v", m.Basis())
		}
		first, whole := m.Start(), m.Start()
		wait(time.Minute)
		if r := first.Stop(); r.Basis != Wall || !near(r.MeanWatts, 200) || r.Note != "" {
			t.Errorf("while the plug answers: %+v", r)
		}
		wait(time.Minute)
		if r := whole.Stop(); r.Basis != Package || !near(r.MeanWatts, 120) || !strings.Contains(r.Note, "wall: Shelly plug: its last answer came 31 s before the end: it can't be reached") {
			t.Errorf("after the plug died: %+v", r)
		}
	})
}

// A source that dies leaves no figure, and never a figure of 0 W.
func TestDeadSensorIsUnmeasured(t *testing.T) {
	for name, c := range map[string]struct {
		load   load
		broken func(time.Duration) error
		why    string
	}{
		"it fails in the middle": {steady(50), func(d time.Duration) error {
			if d > 20*time.Second {
				return errors.New("its driver was unloaded")
			}
			return nil
		}, "its driver was unloaded"},
		"it fails from the start": {steady(50), func(time.Duration) error { return errors.New("reading it fails") }, "it has not answered yet: reading it fails"},
		"a long silence in between": {steady(50), func(d time.Duration) error {
			if d > 20*time.Second && d < 30*time.Second {
				return errors.New("busy")
			}
			return nil
		}, "it was silent for 10 s"},
		"it shows nothing": {steady(0), nil, "it did not move"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMeter(time.Second, []plan{{basis: Board, sensors: []*sensor{fake("battery", Board, Machine, c.load, c.broken)}}})
			defer closeMeter(t, m)
			rec := m.Start()
			wait(time.Minute)
			r := rec.Stop()
			if r.Basis != Unmeasured || r.Joules != 0 || r.MeanWatts != 0 || r.Span != time.Minute || !strings.Contains(r.Note, c.why) || !strings.Contains(r.Note, "battery") {
				t.Errorf("%s: %+v; want unmeasured because %q", name, r, c.why)
			}
		})
	}
}

func TestShortTroubleIsBridged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hiccup := func(d time.Duration) error {
			if d > 20*time.Second && d < 23*time.Second {
				return errSilent
			}
			return nil
		}
		m := newMeter(time.Second, []plan{{basis: Wall, sensors: []*sensor{fake("Tasmota plug", Wall, Machine, steady(50), hiccup)}}})
		defer closeMeter(t, m)
		rec := m.Start()
		wait(time.Minute)
		if r := rec.Stop(); r.Basis != Wall || !near(r.Joules, 3000) {
			t.Errorf("%+v; want 3,000 J", r)
		}
	})
}

// psys is not wired on many boards and then tells less than the package inside it.
func TestPlatformBelowItsPackage(t *testing.T) {
	for _, c := range []struct {
		platform float64
		want     Basis
	}{{80, Board}, {3, Package}} {
		synctest.Test(t, func(t *testing.T) {
			inside := fake("RAPL package", Package, CPU, steady(50), nil)
			m := newMeter(time.Second, []plan{
				{basis: Board, sensors: []*sensor{fake("RAPL psys", Board, Machine, steady(c.platform), nil)}, within: []*sensor{inside}},
				{basis: Package, sensors: []*sensor{inside}},
			})
			defer closeMeter(t, m)
			rec := m.Start()
			wait(10 * time.Second)
			r := rec.Stop()
			if r.Basis != c.want || r.Basis == Package && !strings.Contains(r.Note, "not wired") {
				t.Errorf("psys at %v W: %+v; want %v", c.platform, r, c.want)
			}
		})
	}
}

func TestDeclaredWatts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeter(time.Second, []plan{{basis: Board, sensors: []*sensor{fake("battery", Board, Machine, steady(5), func(time.Duration) error { return errMains })}}})
		defer closeMeter(t, m)
		if notes := m.declare(Config{DeclaredWatts: 65, DeclaredIdleWatts: 20}); len(notes) != 0 {
			t.Fatal(notes)
		}
		rec := m.Start()
		wait(10 * time.Second)
		r := rec.Stop()
		if r.Basis != Declared || !near(r.Joules, 650) || r.IdleWatts != 20 || r.AboveIdleWatts != 45 || !strings.Contains(r.Note, "mains") {
			t.Errorf("%+v; want 65 W as declared", r)
		}
		if r.Over(Reading{Basis: Declared, MeanWatts: 65, Coverage: r.Coverage}).IdleWatts != 20 {
			t.Error("a declared idle was replaced by the declared figure at work")
		}
	})
	for _, c := range []Config{
		{DeclaredWatts: -1}, {DeclaredWatts: 1e9}, {DeclaredIdleWatts: 5}, {DeclaredWatts: 10, DeclaredIdleWatts: 11},
		{DeclaredWatts: 10, DeclaredIdleWatts: -1},
	} {
		m := newMeter(time.Second, nil)
		if notes := m.declare(c); len(notes) != 1 || m.Basis() != Unmeasured {
			t.Errorf("%+v: accepted", c)
		}
	}
}

// Shares of jobs that run at once add up to what the machine took while any of them ran.
func TestSharesAddUp(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			wave := func(since time.Duration) float64 { return 100 + 50*float64(int(since.Seconds())%7) }
			m := newMeter(time.Second, []plan{{basis: Package, sensors: []*sensor{fake("RAPL package", Package, CPU, wave, nil)}}})
			defer closeMeter(t, m)
			whole := m.Start() // exactly while a job runs: the first begins at once, the last ends it
			var open []*Recording
			var sum float64
			stop := func(i int) {
				r := open[i].Stop()
				if r.Basis != Package || r.Trace != nil {
					t.Fatalf("%+v", r)
				}
				sum += r.Joules
				open = slices.Delete(open, i, i+1)
			}
			for range 30 {
				for len(open) == 0 || random.IntN(3) == 0 {
					open = append(open, m.StartShared())
				}
				wait(time.Duration(1+random.IntN(7_000_000)) * time.Microsecond)
				if len(open) > 1 && random.IntN(2) == 0 {
					stop(random.IntN(len(open)))
				}
			}
			for len(open) > 0 {
				stop(0)
			}
			if r := whole.Stop(); !near(r.Joules, sum) {
				t.Errorf("seed %d: shares are %v J of %v", seed, sum, r.Joules)
			}
		})
	}
}

func TestShareIsByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeter(time.Second, []plan{{basis: Package, sensors: []*sensor{fake("RAPL package", Package, CPU, steady(60), nil)}}})
		defer closeMeter(t, m)
		long := m.StartShared()
		wait(10 * time.Second)
		short := m.StartShared()
		wait(10 * time.Second)
		if r := short.Stop(); !near(r.Joules, 300) {
			t.Errorf("half of ten seconds at 60 W: %v J", r.Joules)
		}
		wait(10 * time.Second)
		if r := long.Stop(); !near(r.Joules, 600+300+600) || !near(r.MeanWatts, 50) {
			t.Errorf("the rest: %+v", r)
		}
	})
}

// Sensors are read while something is recorded and a minute longer, and not otherwise.
func TestSensorsRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		s := &sensor{name: "RAPL package", basis: Package, parts: []string{CPU}, read: func(context.Context) (sample, error) {
			reads++
			return sample{at: time.Now(), watts: 10}, nil
		}}
		m := newMeter(time.Second, []plan{{basis: Package, sensors: []*sensor{s}}})
		defer closeMeter(t, m)
		wait(time.Minute)
		synctest.Wait()
		if reads != 0 {
			t.Errorf("%d reads before the first recording", reads)
		}
		rec := m.Start()
		wait(10 * time.Second)
		rec.Stop()
		wait(linger / 2)
		next := m.Start() // within the minute: the sensors go on
		wait(linger)
		next.Stop()
		wait(2 * linger)
		synctest.Wait()
		rested := reads
		wait(time.Hour)
		synctest.Wait()
		if reads != rested || reads > 180 {
			t.Errorf("%d reads, and %d after an hour in which nothing was recorded", rested, reads)
		}
		if n := len(s.curve.points); n > 200 {
			t.Errorf("%d points are kept", n)
		}
		again := m.Start()
		wait(10 * time.Second)
		if r := again.Stop(); !near(r.Joules, 100) {
			t.Errorf("after the rest: %+v", r)
		}
	})
}

func TestMeterAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeter(time.Second, []plan{{basis: Package, sensors: []*sensor{fake("RAPL package", Package, CPU, steady(60), nil)}}})
		open := m.Start()
		wait(5 * time.Second)
		closeMeter(t, m)
		closeMeter(t, m)
		wait(time.Minute)
		if r := open.Stop(); r.Basis != Unmeasured {
			t.Errorf("%+v; want nothing of a minute that nobody looked at", r)
		}
		late := m.Start()
		wait(time.Second)
		if r := late.Stop(); r.Basis != Unmeasured {
			t.Errorf("begun after the end: %+v", r)
		}
	})
}

// A sensor that hangs holds up neither the start nor the end of a recording.
func TestHangingSensor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := &sensor{name: "Shelly plug", basis: Wall, parts: []string{Machine}, read: func(ctx context.Context) (sample, error) {
			<-ctx.Done()
			return sample{}, errSilent
		}}
		m := newMeter(time.Second, []plan{
			{basis: Wall, sensors: []*sensor{hanging}},
			{basis: Package, sensors: []*sensor{fake("RAPL package", Package, CPU, steady(60), nil)}},
		})
		defer closeMeter(t, m)
		began := time.Now()
		rec := m.Start()
		wait(time.Second)
		r := rec.Stop()
		if took := time.Since(began); took > time.Second+patience {
			t.Errorf("it took %v", took)
		}
		if r.Basis != Package || !near(r.Joules, 60) {
			t.Errorf("%+v; want the package's 60 J", r)
		}
	})
}

// A sensor in trouble, and one that can't be asked, are not waited for.
func TestStopDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := fake("battery", Board, Machine, steady(5), func(time.Duration) error { return errMains })
		watched := &sensor{name: "NVML", basis: Package, parts: []string{GPU + " " + first}, watch: func(ctx context.Context, every time.Duration, emit func(sample)) error {
			for ctx.Err() == nil {
				emit(sample{at: time.Now(), watts: 40})
				<-time.After(every)
			}
			return ctx.Err()
		}}
		m := newMeter(time.Second, []plan{
			{basis: Board, sensors: []*sensor{broken}},
			{basis: Package, sensors: []*sensor{fake("RAPL package", Package, CPU, steady(60), nil), watched}},
		})
		defer closeMeter(t, m)
		rec := m.Start()
		wait(1500 * time.Millisecond)
		began := time.Now()
		if r := rec.Stop(); r.Basis != Package || !near(r.Joules, 150) {
			t.Errorf("%+v; want 150 J", r)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("it waited %v", took)
		}
	})
}
