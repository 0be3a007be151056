package rate

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// series makes a second of each rate.
func series(rates ...float64) (list []Second) {
	var end time.Duration
	for _, r := range rates {
		end += time.Second
		list = append(list, Second{End: end, Span: time.Second, Operations: r * 1e12})
	}
	return list
}

func repeat(n int, rate float64) (rates []float64) {
	for range n {
		rates = append(rates, rate)
	}
	return rates
}

func TestSummarise(t *testing.T) {
	for name, c := range map[string]struct {
		series []Second
		window time.Duration
		want   Figure
	}{
		"nothing":             {nil, time.Second, Figure{}},
		"one short window":    {series(3), 10 * time.Second, Figure{Median: 3, Best: 3, Windows: 1, Seconds: 1}},
		"median of three":     {series(1, 5, 2), time.Second, Figure{Median: 2, Best: 5, Spread: 2, Windows: 3, Seconds: 3}},
		"even count":          {series(1, 2, 3, 4), time.Second, Figure{Median: 2.5, Best: 4, Spread: 1.2, Windows: 4, Seconds: 4}},
		"windows are means":   {series(1, 3, 5, 7), 2 * time.Second, Figure{Median: 4, Best: 7, Spread: 1, Windows: 2, Seconds: 4}},
		"a rest is left out":  {series(2, 2, 9), 2 * time.Second, Figure{Median: 2, Best: 9, Windows: 1, Seconds: 3}},
		"the last quarter":    {series(4, 4, 4, 4, 4, 4, 2, 3), 8 * time.Second, Figure{Median: 3.625, Best: 4, LastQuarter: 0.625, Windows: 1, Seconds: 8}},
		"too short a quarter": {series(repeat(7, 4)...), 7 * time.Second, Figure{Median: 4, Best: 4, Windows: 1, Seconds: 7}},
		"a stalled second":    {[]Second{{Span: time.Second}}, time.Second, Figure{Windows: 1, Seconds: 1}},
		"a second of no span": {[]Second{{Operations: 1e12}}, time.Second, Figure{}},
		"seconds may be longer": {[]Second{{Span: 4 * time.Second, Operations: 8e12}, {Span: time.Second, Operations: 2e12}}, time.Second,
			Figure{Median: 2, Best: 2, Windows: 2, Seconds: 5}},
	} {
		if got := Summarise(c.series, c.window); got != c.want {
			t.Errorf("%s: %+v; want %+v", name, got, c.want)
		}
	}
}

// However a run went: worst ≤ median ≤ best, and shares are shares.
func TestSummariseProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rates := rapid.SliceOfN(rapid.Float64Range(0.001, 1000), 1, 80).Draw(rt, "rates")
		window := time.Duration(rapid.IntRange(1, 15).Draw(rt, "window")) * time.Second
		f := Summarise(series(rates...), window)
		if f.Median > f.Best+1e-6 || f.LastQuarter < 0 || f.LastQuarter > 1+1e-6 || f.Spread < 0 || f.Windows < 1 || math.Abs(f.Seconds-float64(len(rates))) > 1e-6 {
			rt.Fatalf("%v by %v: %+v", rates, window, f)
		}
		twice := make([]float64, len(rates))
		for i, r := range rates {
			twice[i] = 2 * r
		}
		g := Summarise(series(twice...), window)
		if math.Abs(g.Median-2*f.Median) > 1e-5 || math.Abs(g.Spread-f.Spread) > 1e-5+1e-3*f.Spread {
			rt.Fatalf("a machine twice as fast: %+v after %+v", g, f)
		}
	})
}

func TestPlans(t *testing.T) {
	for name, c := range map[string]struct {
		plan Plan
		want time.Duration
	}{
		"quick": {Quick(), 50 * time.Second}, "certify": {Certify(), CertifyLength},
		"a day too short": {Lasting(300 * time.Millisecond), 300 * time.Millisecond},
		"seconds":         {Lasting(5 * time.Second), 5 * time.Second}, "none": {Lasting(0), 0},
	} {
		if got := c.plan.Length(); got != c.want || c.plan.Windows < 1 {
			t.Errorf("%s: %v in %d windows; want %v", name, got, c.plan.Windows, c.want)
		}
	}
}

// machine is a computation on a clock of its own.
type machine struct {
	now    time.Time
	each   time.Duration // of a run
	runs   int
	broken int // fails after so many runs
	cancel context.CancelFunc
}

func (m *machine) Run(ctx context.Context) error {
	m.now = m.now.Add(m.each)
	if m.runs++; m.broken > 0 && m.runs > m.broken {
		return errors.New("the device is lost")
	}
	if m.cancel != nil && m.runs == 3 {
		m.cancel()
	}
	return ctx.Err()
}
func (m *machine) Operations() float64 { return 1e9 }
func (m *machine) clock() time.Time    { return m.now }

func TestDrive(t *testing.T) {
	m := &machine{each: 3 * time.Millisecond}
	var heard []float64
	samples := 0
	list, err := drive(t.Context(), m, Options{
		Plan: Plan{Windows: 3, Window: 10 * time.Second}, Now: m.clock,
		Sample: func() Conditions {
			m.now = m.now.Add(time.Millisecond) // a slow sensor
			samples++
			return Conditions{}
		},
		Progress: func(done float64) { heard = append(heard, done) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 30 || samples != 31 || len(heard) != 30 || heard[29] != 1 {
		t.Fatalf("%d seconds, %d samples, progress %v", len(list), samples, heard)
	}
	var operations float64
	var sum time.Duration
	for i, s := range list {
		operations, sum = operations+s.Operations, sum+s.Span
		if s.Span < time.Second || s.Span > time.Second+4*time.Millisecond || s.End != sum {
			t.Errorf("second %d ends at %v after %v; spans must join", i, s.End, s.Span)
		}
	}
	if operations != float64(m.runs)*1e9 {
		t.Errorf("%v operations of %d runs", operations, m.runs)
	}
	f := Summarise(list, 10*time.Second)
	if want := 1e9 / 3e-3 / 1e12; f.Windows != 3 || f.Median > want || f.Median < want*0.998 {
		t.Errorf("%+v; want just under %v, by the sensor's time", f, want)
	}
}

func TestDriveOfASlowMachine(t *testing.T) {
	m := &machine{each: 2500 * time.Millisecond}
	list, err := drive(t.Context(), m, Options{Plan: Lasting(5 * time.Second), Now: m.clock})
	if err != nil || len(list) != 2 || list[0].Span != m.each {
		t.Errorf("%+v, %v; want a second of each product", list, err)
	}
}

func TestDriveEnds(t *testing.T) {
	m := &machine{each: time.Millisecond, broken: 5}
	if _, err := drive(t.Context(), m, Options{Plan: Quick(), Now: m.clock}); err == nil {
		t.Error("a lost device gave a figure")
	}
	ctx, cancel := context.WithCancel(t.Context())
	m = &machine{each: time.Millisecond, cancel: cancel}
	if _, err := drive(ctx, m, Options{Plan: Quick(), Now: m.clock}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFastest(t *testing.T) {
	for name, c := range map[string]struct {
		rates []float64
		want  int
	}{
		"none runs":                   {[]float64{0, 0}, -1},
		"the fastest":                 {[]float64{1, 3, 2}, 1},
		"the first of equals":         {[]float64{0, 2.97, 3}, 1},
		"noise does not decide":       {[]float64{0.98, 1, 0.985}, 0},
		"an earlier that can't run":   {[]float64{0, 0.5}, 1},
		"clearly slower is not taken": {[]float64{0.96, 1}, 1},
	} {
		var trials []Trial
		for _, r := range c.rates {
			trials = append(trials, Trial{TOPS: r})
		}
		if got := fastest(trials); got != c.want {
			t.Errorf("%s: %d; want %d", name, got, c.want)
		}
	}
}

func known(x float64) *float64 { return &x }

func TestFlags(t *testing.T) {
	steady := Figure{Median: 1, Best: 1.01, LastQuarter: 0.98, Spread: 0.01}
	for name, c := range map[string]struct {
		figure Figure
		around Surroundings
		want   []Code
	}{
		"quiet and cool":               {steady, Surroundings{Pressure: known(0.04), Others: known(0.01), MaxCelsius: known(70)}, nil},
		"nothing is known":             {steady, Surroundings{}, nil},
		"other processes":              {steady, Surroundings{Others: known(0.5)}, []Code{Noisy}},
		"pressure alone":               {steady, Surroundings{Pressure: known(0.9)}, []Code{Noisy}},
		"both are one cause":           {steady, Surroundings{Pressure: known(0.9), Others: known(0.5)}, []Code{Noisy}},
		"throttle count rose":          {steady, Surroundings{Throttle: []string{"hw_thermal_slowdown"}}, []Code{Throttled}},
		"noisy and throttled":          {steady, Surroundings{Others: known(0.3), Throttle: []string{"sw_thermal_slowdown"}}, []Code{Noisy, Throttled}},
		"it fell when it was hot":      {Figure{Median: 1, Best: 1.3, LastQuarter: 0.7, Spread: 0.4}, Surroundings{MaxCelsius: known(97)}, []Code{Throttled}},
		"it fell and nobody knows why": {Figure{Median: 1, Best: 1.3, LastQuarter: 0.7, Spread: 0.01}, Surroundings{}, []Code{Unsteady}},
		"windows differ":               {Figure{Median: 1, Best: 1.1, LastQuarter: 0.95, Spread: 0.08}, Surroundings{}, []Code{Unsteady}},
		"noise explains the windows":   {Figure{Median: 1, Best: 3, LastQuarter: 0.33, Spread: 2}, Surroundings{Others: known(0.6)}, []Code{Noisy}},
	} {
		flags := Flags(c.figure, c.around)
		var codes []Code
		for _, f := range flags {
			codes = append(codes, f.Code)
			if f.Text == "" {
				t.Errorf("%s: %s without words", name, f.Code)
			}
		}
		if len(codes) != len(c.want) {
			t.Errorf("%s: %+v; want %v", name, flags, c.want)
			continue
		}
		for i := range codes {
			if codes[i] != c.want[i] {
				t.Errorf("%s: %+v; want %v", name, flags, c.want)
			}
		}
	}
}

func TestSurrounding(t *testing.T) {
	list := []Second{
		{Span: time.Second, Conditions: Conditions{Celsius: known(60), Others: known(0.1), Throttle: []string{"b"}}},
		{Span: 3 * time.Second, Conditions: Conditions{Celsius: known(71.5), Others: known(0.5), Throttle: []string{"b", "a"}}},
		{Span: time.Second, Conditions: Conditions{Celsius: known(66)}},
	}
	s := Surrounding(list)
	if *s.MaxCelsius != 71.5 || *s.Others != 0.4 || s.Pressure != nil || len(s.Throttle) != 2 || s.Throttle[0] != "a" {
		t.Errorf("%+v", s)
	}
	if s := Surrounding(nil); s.MaxCelsius != nil || s.Others != nil || s.Throttle != nil {
		t.Errorf("out of nothing: %+v", s)
	}
}

// A plan gives as many windows as it says and measures all of its time, however long one
// product takes, as long as a window is longer than an entry of the series.
func TestDriveGivesThePlansWindows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{each: time.Duration(rapid.IntRange(1, 990).Draw(rt, "each")) * time.Millisecond}
		plan := Plan{Windows: rapid.IntRange(1, 12).Draw(rt, "windows"), Window: time.Duration(rapid.IntRange(2, 12).Draw(rt, "window")) * time.Second}
		list, err := drive(t.Context(), m, Options{Plan: plan, Now: m.clock})
		if err != nil {
			rt.Fatal(err)
		}
		f := Summarise(list, plan.Window)
		if f.Windows != plan.Windows || f.Seconds < plan.Length().Seconds() || f.Seconds > plan.Length().Seconds()+1 {
			rt.Fatalf("%v by %v: %+v", plan, m.each, f)
		}
	})
}
