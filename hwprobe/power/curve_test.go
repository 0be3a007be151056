package power

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// epoch is when curves of tests begin.
var epoch = time.Unix(1_750_000_000, 0)

func at(seconds float64) time.Time {
	return epoch.Add(time.Duration(seconds * float64(time.Second)))
}

// gauge makes a curve of powers, one a second.
func gauge(watts ...float64) *curve {
	c := &curve{}
	for i, w := range watts {
		c.add(sample{at: at(float64(i)), watts: w})
	}
	return c
}

// counter makes a curve of a counter that went up by these joules each second. The first
// is what it shows at the beginning, and tells nothing.
func counter(joules ...float64) *curve {
	c := &curve{}
	for i, j := range joules {
		c.add(sample{at: at(float64(i)), joules: j, counts: true, restart: i == 0})
	}
	return c
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*(1+math.Abs(a)+math.Abs(b)) }

func TestEnergyOfCurves(t *testing.T) {
	silent := gauge(10, 10)
	silent.add(sample{at: at(30), watts: 10})
	silent.add(sample{at: at(31), watts: 10})
	reset := counter(0, 5, 5)
	reset.add(sample{at: at(3), counts: true, restart: true})
	reset.add(sample{at: at(4), counts: true, joules: 5})
	reset.add(sample{at: at(5), counts: true, joules: 5})
	late := counter(0, 5)
	late.add(sample{at: at(40), counts: true, joules: 195})
	hasty := counter(0, 10, 10) // and twice in a moment, with one step of the counter in between
	hasty.add(sample{at: at(2.0001), counts: true, joules: 0.5})
	troubled := gauge(10)
	troubled.fail("it was unplugged")
	for name, c := range map[string]struct {
		curve    *curve
		from, to float64
		joules   float64
		why      string // part of the error; "" where there is none
	}{
		"constant power":                         {gauge(10, 10, 10), 0, 2, 20, ""},
		"a ramp is a trapezium":                  {gauge(0, 10, 20), 0, 2, 20, ""},
		"inside one step":                        {gauge(10, 10), 0.25, 0.75, 5, ""},
		"power goes on past the last answer":     {gauge(10, 20), 0, 3, 15 + 40, ""},
		"and before the first":                   {gauge(10, 10), -2, 1, 30, ""},
		"a single answer of a gauge":             {gauge(10), 0, 2, 20, ""},
		"nothing, at a moment when it is off":    {gauge(0, 0), 0, 1, 0, ""},
		"a counter":                              {counter(7, 5, 5), 0, 2, 10, ""},
		"a counter's first step tells its power": {counter(7, 5), -1, 1, 10, ""},
		"a counter bridges a silence":            {late, 0, 40, 200, ""},
		"two looks in a moment at the end":       {hasty, 0, 3, 20.5 + 10.5/1.0001*0.9999, ""},
		"before a silence":                       {silent, 0, 2, 20, ""},
		"after a silence":                        {silent, 29, 31, 20, ""},
		"after a counter was reset":              {reset, 3, 5, 10, ""},
		"no answer ever":                         {&curve{}, 0, 1, 0, "not answered"},
		"the end is too far":                     {gauge(10, 10), 0, 5, 0, "last answer came 4 s before the end"},
		"the start is too far":                   {gauge(10, 10), -4, 1, 0, "first answer came 4 s after the start"},
		"a silence in between":                   {silent, 0, 31, 0, "silent for 29 s"},
		"a reset in between":                     {reset, 0, 5, 0, "began anew"},
		"a single answer of a counter":           {counter(7), 0, 1, 0, "tells no power"},
		"its own trouble is told":                {troubled, 0, 9, 0, "9 s before the end: it was unplugged"},
	} {
		got, _, err := c.curve.energies([]time.Time{at(c.from), at(c.to)})
		switch {
		case c.why != "":
			if err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("%s: %v, %v; want the error %q", name, got, err, c.why)
			}
		case err != nil || !near(got[0], c.joules):
			t.Errorf("%s: %v J, %v; want %v", name, got, err, c.joules)
		}
	}
}

func TestSameMomentTwice(t *testing.T) {
	c := gauge(10, 20)
	c.add(sample{at: at(1), watts: 99})
	c.add(sample{at: at(0.5), watts: 99})
	if len(c.points) != 2 {
		t.Errorf("%d points; want 2", len(c.points))
	}
}

// drawCurve is a curve without silences, of a gauge or a counter, and its length.
func drawCurve(t *rapid.T) (*curve, float64) {
	c := &curve{}
	counts := rapid.Bool().Draw(t, "counts")
	now := 0.0
	for i := range rapid.IntRange(2, 60).Draw(t, "samples") {
		if i > 0 {
			now += rapid.Float64Range(0.01, 4.9).Draw(t, "pause")
		}
		watts := rapid.Float64Range(0, 500).Draw(t, "watts")
		c.add(sample{at: at(now), watts: watts, joules: watts, counts: counts, restart: counts && i == 0})
	}
	return c, now
}

// The energy of a span is that of its pieces, never negative, and dropping what lies
// before a span does not change it.
func TestEnergyAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, length := drawCurve(t)
		a := rapid.Float64Range(-2, length).Draw(t, "a")
		b := rapid.Float64Range(a, length+2).Draw(t, "b")
		m := rapid.Float64Range(a, b).Draw(t, "middle")
		whole, _, err := c.energies([]time.Time{at(a), at(b)})
		if err != nil {
			t.Fatal(err)
		}
		pieces, _, err := c.energies([]time.Time{at(a), at(m), at(b)})
		if err != nil || pieces[0] < 0 || pieces[1] < 0 || !near(pieces[0]+pieces[1], whole[0]) {
			t.Fatalf("%v and in pieces %v, %v", whole, pieces, err)
		}
		c.forget(at(a))
		if again, _, err := c.energies([]time.Time{at(a), at(b)}); err != nil || !near(again[0], whole[0]) {
			t.Fatalf("%v, and %v after older points were dropped: %v", whole, again, err)
		}
	})
}

// A long recording is thinned out and keeps its energy; silences stay silences.
func TestThinnedCurveKeepsItsEnergy(t *testing.T) {
	c := &curve{}
	const last = 3*maxPoints + 7
	for i := range last + 1 {
		c.add(sample{at: at(float64(i)), watts: float64(10 + i%2*10)})
	}
	if len(c.points) > maxPoints {
		t.Errorf("%d points", len(c.points))
	}
	got, _, err := c.energies([]time.Time{at(0), at(last)})
	if err != nil || !near(got[0], 15*last) {
		t.Errorf("%v J, %v; want %v", got, err, 15.0*last)
	}
	c.add(sample{at: at(last + 100), watts: 10})
	c.add(sample{at: at(last + 101), watts: 10})
	for i := range 4 { // at any place in the row
		c.add(sample{at: at(float64(last + 102 + i)), watts: 10})
		c.thin()
		if _, _, err := c.energies([]time.Time{at(0), at(last + 101)}); err == nil {
			t.Fatal("a silence was thinned away")
		}
		if got, _, err := c.energies([]time.Time{at(last + 100), at(last + 101)}); err != nil || !near(got[0], 10) {
			t.Fatalf("%v J, %v after the silence", got, err)
		}
	}
}
