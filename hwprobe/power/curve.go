package power

import (
	"fmt"
	"slices"
	"time"
)

const (
	// maxPoints bounds a curve: two hours of samples a second before it is thinned out.
	maxPoints = 8192
	// maxGap is how long a sensor may say nothing before the time in between counts as
	// not measured: a few lost answers of a plug, far less than a job.
	maxGap = 5 * time.Second
	// maxHold is how long a last or first answer speaks for the time beyond it.
	maxHold = 3 * time.Second
	// endSpan is what a counter's power at an end is the mean of. Two looks that follow
	// closely upon each other tell little: it goes up in steps, and looks are late.
	endSpan = time.Second / 2
)

// sample is what a sensor told at one moment: a power, or energy since its last sample.
type sample struct {
	at      time.Time
	watts   float64 // where it does not count
	joules  float64 // where it counts: since the sample before
	counts  bool
	restart bool // it can't be joined to the sample before: a counter began anew
}

// point is a moment of a curve.
type point struct {
	at     time.Time
	joules float64 // since the curve's beginning
	watts  float64 // at this moment; of a counter, on average since the point before
	counts bool    // it is a counter's
	breaks bool    // what happened since the point before is not known
	blind  bool    // the power is not known either: a counter's first answer
}

// curve is the energy that one sensor has seen, as a function of time. Between two
// points it is a straight line; beyond the ends it goes on with the last known power for
// maxHold at most. The zero value has seen nothing.
type curve struct {
	points []point // by time
	why    string  // what went wrong last; "" when the last sample was good
}

// add puts a sample at the end. One that is not after the last point is dropped: clocks
// of this process don't go back, so it is the same moment read twice.
func (c *curve) add(s sample) {
	c.why = ""
	n := len(c.points)
	if n == 0 {
		c.points = append(c.points, point{at: s.at, watts: s.watts, counts: s.counts, breaks: true, blind: s.counts})
		return
	}
	last := &c.points[n-1]
	span := s.at.Sub(last.at)
	if span <= 0 {
		return
	}
	next := point{at: s.at, joules: last.joules, watts: s.watts, counts: s.counts}
	switch {
	case s.restart || !s.counts && span > maxGap:
		next.breaks, next.blind = true, s.counts
	case s.counts:
		next.joules += s.joules
		next.watts = s.joules / span.Seconds()
		if last.blind {
			last.watts, last.blind = next.watts, false
		}
	default:
		next.joules += (last.watts + s.watts) / 2 * span.Seconds()
	}
	c.points = append(c.points, next)
	if len(c.points) > maxPoints {
		c.thin()
	}
}

// fail notes why there was no sample.
func (c *curve) fail(why string) { c.why = why }

// thin drops every second point, but none at a break or at the ends. The energy between
// points that stay is unchanged.
func (c *curve) thin() {
	kept := c.points[:0]
	odd := false
	for i, p := range c.points {
		edge := i == 0 || i == len(c.points)-1 || p.breaks || c.points[i+1].breaks
		if odd = !odd; edge || odd {
			kept = append(kept, p)
		}
	}
	c.points = kept
}

// forget drops points that no span beginning at t or later needs.
func (c *curve) forget(t time.Time) {
	first, _ := slices.BinarySearchFunc(c.points, t, func(p point, t time.Time) int { return p.at.Compare(t) })
	if first = max(0, first-2); first > 0 {
		c.points = slices.Delete(c.points, 0, first)
	}
}

// energies is what the sensor saw between each two successive bounds, in joules, and
// from how many samples. Bounds ascend; there are at least two. The error says in words
// why it is not known.
func (c *curve) energies(bounds []time.Time) (joules []float64, samples int, err error) {
	a, b := bounds[0], bounds[len(bounds)-1]
	first, last, err := c.stretch(a, b)
	if err != nil {
		return nil, 0, err
	}
	points := c.points[first : last+1]
	for _, p := range points {
		if !p.at.Before(a) && !p.at.After(b) {
			samples++
		}
	}
	before := level(points, a)
	for _, t := range bounds[1:] {
		after := level(points, t)
		joules = append(joules, max(0, after-before)) // rounding may take it below
		before = after
	}
	return joules, samples, nil
}

// stretch finds the points that tell of a to b: from the last one at or before a to the
// first at or after b, or the ends where they are near enough.
func (c *curve) stretch(a, b time.Time) (first, last int, err error) {
	if len(c.points) == 0 {
		return 0, 0, c.silence("it has not answered yet")
	}
	byTime := func(p point, t time.Time) int { return p.at.Compare(t) }
	first, exact := slices.BinarySearchFunc(c.points, a, byTime)
	if !exact && first > 0 {
		first--
	}
	last, _ = slices.BinarySearchFunc(c.points, b, byTime)
	last = min(last, len(c.points)-1)
	// A break before a is none of ours; nor is one whose second half alone we need, if
	// what lies before it is short.
	for first < last && c.points[first+1].breaks && c.points[first+1].at.Sub(a) <= maxHold {
		first++
	}
	for last > first && c.points[last].breaks && b.Sub(c.points[last-1].at) <= maxHold {
		last--
	}
	if late := c.points[first].at.Sub(a); late > maxHold {
		return 0, 0, c.silence(fmt.Sprintf("its first answer came %.0f s after the start", late.Seconds()))
	}
	if early := b.Sub(c.points[last].at); early > maxHold {
		return 0, 0, c.silence(fmt.Sprintf("its last answer came %.0f s before the end", early.Seconds()))
	}
	for i := first + 1; i <= last; i++ {
		if c.points[i].breaks {
			return 0, 0, fmt.Errorf("it was silent for %.0f s, or began anew", c.points[i].at.Sub(c.points[i-1].at).Seconds())
		}
	}
	if c.points[first].blind {
		return 0, 0, c.silence("a single answer of a counter tells no power")
	}
	return first, last, nil
}

// silence words what is missing, with the sensor's own trouble where it had one.
func (c *curve) silence(what string) error {
	if c.why == "" {
		return fmt.Errorf("%s", what)
	}
	return fmt.Errorf("%s: %s", what, c.why)
}

// level is the curve's height at t, in joules, along one unbroken stretch of points.
func level(points []point, t time.Time) float64 {
	i, exact := slices.BinarySearchFunc(points, t, func(p point, t time.Time) int { return p.at.Compare(t) })
	switch {
	case exact:
		return points[i].joules
	case i == 0:
		return points[0].joules - endPower(points, 0, 1)*points[0].at.Sub(t).Seconds()
	case i == len(points):
		return points[i-1].joules + endPower(points, i-1, -1)*t.Sub(points[i-1].at).Seconds()
	}
	before, after := points[i-1], points[i]
	share := t.Sub(before.at).Seconds() / after.at.Sub(before.at).Seconds()
	return before.joules + share*(after.joules-before.joules)
}

// endPower is the power at the first or last of points, from where step leads inwards.
func endPower(points []point, end, step int) float64 {
	p := points[end]
	if !p.counts {
		return p.watts
	}
	for i := end + step; i >= 0 && i < len(points); i += step {
		span := points[i].at.Sub(p.at).Seconds() * float64(step)
		if outermost := i+step < 0 || i+step == len(points); outermost || span >= endSpan.Seconds() {
			return (points[i].joules - p.joules) * float64(step) / span
		}
	}
	return p.watts
}
