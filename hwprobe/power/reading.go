package power

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reading is what a machine took over a span. Where Basis is Unmeasured all figures are
// 0 and Note says why.
type Reading struct {
	Basis          Basis
	Span           time.Duration
	Joules         float64  // idle included; of a shared recording, its share
	MeanWatts      float64  // Joules over Span
	IdleWatts      float64  // of the same sensors at rest; 0 until Over, or where it isn't known
	AboveIdleWatts float64  // MeanWatts − IdleWatts, at least 0; 0 until Over
	Sources        []string // the sensors behind the figures
	Coverage       []string // parts that are in the figures
	Missing        []string // parts that are there and are not in the figures
	Samples        int      // of the sensor that gave the fewest
	Note           string   // why a better basis, or any, was not to be had; "" where nothing is to be said
	Trace          []Point  // at most maxTrace, in equal steps
}

// Point is the mean power of one step of a Reading.
type Point struct {
	At    time.Duration // of the step's middle, since the start
	Watts float64
}

// unmeasured is a reading without figures.
func unmeasured(span time.Duration, why string) Reading {
	return Reading{Basis: Unmeasured, Span: span, Note: why}
}

// Over fills in what the same sensors read at rest: IdleWatts, and what the work took
// above it. Where idle has another basis or covers other parts r stays as it is, since
// their difference would mean nothing. A declared figure has its own word on idle.
func (r Reading) Over(idle Reading) Reading {
	if r.Basis == Unmeasured || r.Basis == Declared || r.Basis != idle.Basis || !slices.Equal(r.Coverage, idle.Coverage) {
		return r
	}
	r.IdleWatts = idle.MeanWatts
	r.AboveIdleWatts = max(0, r.MeanWatts-r.IdleWatts)
	return r
}

// Of is r where it covers the part that computed, CPU or GPU, and unmeasured where it
// doesn't: what a card computed must not be divided by the watts of the processor. A GPU
// counts as covered when no card is left out, since graphics inside a processor are in
// that one's figure.
func (r Reading) Of(kind string) Reading {
	if r.Basis == Unmeasured || r.Basis == Declared || slices.Contains(r.Coverage, Machine) {
		return r
	}
	if i := slices.IndexFunc(r.Missing, func(part string) bool { return kindOf(part) == kind }); i >= 0 {
		return unmeasured(r.Span, fmt.Sprintf("%s computed, and no sensor here tells what it takes", r.Missing[i]))
	}
	if kind == CPU && !slices.Contains(r.Coverage, CPU) || len(r.Coverage) == 0 {
		return unmeasured(r.Span, "the processor computed, and no sensor here tells what it takes")
	}
	return r
}

// kindOf is a part without its address.
func kindOf(part string) string {
	kind, _, _ := strings.Cut(part, " ")
	return kind
}

// String is the figure with its basis, or why there is none.
func (r Reading) String() string {
	if r.Basis == Unmeasured {
		return fmt.Sprintf("%s (%s)", r.Basis, r.Note)
	}
	text := fmt.Sprintf("%.1f W, %s (%s)", r.MeanWatts, r.Basis, strings.Join(r.Sources, ", "))
	if r.IdleWatts > 0 {
		text += fmt.Sprintf("; %.1f W idle", r.IdleWatts)
	}
	return text
}
