package rate

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Conditions are what surrounded a second of a run. What is not known is absent.
type Conditions struct {
	Celsius  *float64 // of the hottest part that computes
	Watts    *float64 // of the best source that there is
	Pressure *float64 // share of the time in which some task waited for a CPU (PSI)
	Others   *float64 // share of all CPUs' time that went elsewhere: other processes, the hypervisor
	Throttle []string // what slowed the device down meanwhile, in words
}

// Code names a flag.
type Code string

// What can be wrong with a run. Any of them keeps it from certifying.
const (
	Noisy     Code = "noisy"     // something else used the machine
	Throttled Code = "throttled" // heat or power limited it
	Unsteady  Code = "unsteady"  // the windows or the end differ, for no reason that was seen
)

// Flag is one of them, with the figures behind it and what to do.
type Flag struct {
	Code Code   `json:"code"`
	Text string `json:"text"`
}

// The limits behind the flags.
const (
	// maxPressure and maxOthers: on an idle machine the measurement's own threads make a
	// few percent of pressure; contention by one process of two made 100 %.
	maxPressure = 0.20
	maxOthers   = 0.05
	// minLastQuarter is the last quarter over the best second. A steady machine stays
	// above 0.95; throttling takes 10 % and more.
	minLastQuarter = 0.90
	// maxSpread is what quiet windows of 10 s stay within.
	maxSpread = 0.05
)

// Surroundings sums a run's conditions up. What was never known is absent.
type Surroundings struct {
	MaxCelsius *float64 `json:"max_celsius,omitempty"`
	Pressure   *float64 `json:"pressure,omitempty"` // mean share of time with tasks waiting for a CPU
	Others     *float64 `json:"others,omitempty"`   // mean share of all CPUs that went elsewhere
	Throttle   []string `json:"throttle,omitempty"` // every reason that was seen, sorted
}

// Surrounding sums the series up, weighted by time.
func Surrounding(series []Second) (s Surroundings) {
	var pressure, others weighted
	for _, x := range series {
		if x.Celsius != nil && (s.MaxCelsius == nil || *x.Celsius > *s.MaxCelsius) {
			s.MaxCelsius = x.Celsius
		}
		pressure.add(x.Pressure, x.Span)
		others.add(x.Others, x.Span)
		s.Throttle = append(s.Throttle, x.Throttle...)
	}
	s.Pressure, s.Others = pressure.mean(), others.mean()
	slices.Sort(s.Throttle)
	s.Throttle = slices.Compact(s.Throttle)
	return s
}

// weighted is a mean over time of a value that may be absent.
type weighted struct{ sum, seconds float64 }

func (w *weighted) add(v *float64, span time.Duration) {
	if v != nil {
		w.sum, w.seconds = w.sum+*v*span.Seconds(), w.seconds+span.Seconds()
	}
}

func (w *weighted) mean() *float64 {
	if w.seconds <= 0 {
		return nil
	}
	m := rounded(w.sum / w.seconds)
	return &m
}

// Flags judges a run by its figure and surroundings; none means that it was quiet,
// cool and steady as far as anybody could see.
func Flags(f Figure, s Surroundings) (flags []Flag) {
	add := func(code Code, format string, values ...any) {
		flags = append(flags, Flag{code, fmt.Sprintf(format, values...)})
	}
	switch {
	case s.Others != nil && *s.Others > maxOthers:
		add(Noisy, "%.0f %% of the processors' time went to something else; stop other work and measure again", 100**s.Others)
	case s.Pressure != nil && *s.Pressure > maxPressure:
		add(Noisy, "tasks waited for a processor %.0f %% of the time; stop other work and measure again", 100**s.Pressure)
	}
	for _, reason := range s.Throttle {
		add(Throttled, "the device was slowed down: %s", reason)
	}
	fell := f.LastQuarter > 0 && f.LastQuarter < minLastQuarter
	if fell && len(flags) == 0 {
		if s.MaxCelsius != nil && *s.MaxCelsius >= hotCelsius {
			add(Throttled, "the last quarter ran at %.2f of the best second, at %.0f °C; cool the machine better", f.LastQuarter, *s.MaxCelsius)
		} else {
			add(Unsteady, "the last quarter ran at %.2f of the best second, under %.2f; look for heat, power limits or other work", f.LastQuarter, minLastQuarter)
		}
	}
	if f.Spread > maxSpread && len(flags) == 0 {
		add(Unsteady, "the windows differ by %.0f %% of their median; look for other work on this machine or its host", 100*f.Spread)
	}
	return flags
}

// hotCelsius is where processors and GPUs begin to slow themselves down.
const hotCelsius = 85

// share is a/b between 0 and 1, absent where b is not positive or a is no number.
func share(a, b float64) *float64 {
	if b <= 0 || math.IsNaN(a) {
		return nil
	}
	s := min(max(a/b, 0), 1)
	return &s
}
