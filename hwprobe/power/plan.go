package power

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxTrace bounds the points of a reading's trace.
const maxTrace = 2048

// plan is a way to put a figure together.
type plan struct {
	basis   Basis
	sensors []*sensor
	missing []string  // parts that are there and that none of the sensors covers
	within  []*sensor // what its sensors contain, and so can't be less than
}

var errStill = errors.New("it did not move")

// measure adds up the plan's sensors over the pieces between bounds, each by its weight.
func (p plan) measure(bounds []time.Time, weights []float64) (Reading, error) {
	r := Reading{Basis: p.basis, Missing: p.missing}
	var whole float64
	for _, s := range p.sensors {
		pieces, samples, err := s.curve.energies(bounds)
		if err != nil {
			return Reading{}, fmt.Errorf("%s: %w", s.name, err)
		}
		for i, joules := range pieces {
			whole += joules
			r.Joules += joules * weights[i]
		}
		if len(r.Sources) == 0 || samples < r.Samples {
			r.Samples = samples
		}
		r.Sources = append(r.Sources, s.name)
		r.Coverage = append(r.Coverage, s.parts...)
	}
	if whole <= 0 {
		return Reading{}, fmt.Errorf("%s: %w", strings.Join(r.Sources, ", "), errStill)
	}
	var inner float64
	for _, s := range p.within {
		pieces, _, err := s.curve.energies(bounds)
		if err != nil {
			continue // nothing to compare with
		}
		for _, joules := range pieces {
			inner += joules
		}
	}
	if inner > whole {
		return Reading{}, fmt.Errorf("%s tells less than the parts within it; it is not wired on this board", strings.Join(r.Sources, ", "))
	}
	slices.Sort(r.Coverage)
	r.Coverage = slices.Compact(r.Coverage)
	return r, nil
}

// trace is the plan's power from a to b in equal steps of about every.
func (p plan) trace(a, b time.Time, every time.Duration) []Point {
	span := b.Sub(a)
	steps := int(min(max(1, span/every), maxTrace))
	bounds := make([]time.Time, steps+1)
	for i := range bounds {
		bounds[i] = a.Add(time.Duration(float64(span) * float64(i) / float64(steps)))
	}
	points := make([]Point, steps)
	for i := range points {
		points[i].At = (bounds[i].Sub(a) + bounds[i+1].Sub(a)) / 2
	}
	for _, s := range p.sensors {
		pieces, _, err := s.curve.energies(bounds)
		if err != nil {
			return nil
		}
		for i, joules := range pieces {
			points[i].Watts += joules / bounds[i+1].Sub(bounds[i]).Seconds()
		}
	}
	return points
}

// passedOver is a plan that gave no figure, and why.
type passedOver struct {
	basis Basis
	err   error
}

// words tells of the plans that would have been better than what was taken; one that is
// no better is no loss.
func words(passed []passedOver, taken Basis) string {
	var list []string
	for _, p := range passed {
		switch {
		case p.basis == Unmeasured:
			list = append(list, p.err.Error())
		case p.basis.Rank() > taken.Rank():
			list = append(list, fmt.Sprintf("%s: %v", p.basis, p.err))
		}
	}
	return strings.Join(list, "; ")
}
