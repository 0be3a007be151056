// Package rate measures how many dense products a second an execution provider
// sustains: int8, fp32 and fp16, through the ONNX Runtime that runs the jobs. In: a
// runtime, a provider, a plan of windows and what watches the machine meanwhile. Out:
// a Run, second by second, and the figures and flags that follow from it by pure
// functions. A graph whose product is wrong gives no figure, and a disturbed or
// throttled run says so. It reads no device and decides no tier.
package rate

import (
	"math"
	"slices"
	"time"
)

// Precision is what the products are made of.
type Precision string

// The precisions that are measured.
const (
	Int8 Precision = "int8"
	FP32 Precision = "fp32"
	FP16 Precision = "fp16"
)

// Plan is how long is measured: Windows of the length Window, one after the other.
type Plan struct {
	Windows int
	Window  time.Duration
}

// Quick is the plan of an installation: five windows of 10 s, as MLPerf Tiny takes the
// median of five runs of 10 s.
func Quick() Plan { return Plan{Windows: 5, Window: 10 * time.Second} }

// Certify is the plan that a certificate needs: 600 s, the minimum of MLPerf Inference.
func Certify() Plan { return Plan{Windows: 60, Window: 10 * time.Second} }

// CertifyLength is the shortest measurement that certifies.
const CertifyLength = 600 * time.Second

// windowOf is the window of a plan that is given as one length.
const windowOf = time.Second

// Lasting is a plan of about d in windows of a second, or one shorter window.
func Lasting(d time.Duration) Plan {
	window := min(windowOf, d)
	return Plan{Windows: max(1, int(d/max(window, 1))), Window: window}
}

// Length is the whole plan's.
func (p Plan) Length() time.Duration { return time.Duration(p.Windows) * p.Window }

// second is one entry of the series, if windows are not shorter themselves.
const second = time.Second

// Second is what happened in about one second of a run: the span ends with the first
// product that ends after it.
type Second struct {
	End        time.Duration // since the run's start
	Span       time.Duration
	Operations float64 // a multiply and an add are two
	Conditions
}

// TOPS is the second's rate in 10¹² operations a second.
func (s Second) TOPS() float64 { return tops(s.Operations, s.Span) }

func tops(operations float64, span time.Duration) float64 {
	if span <= 0 {
		return 0
	}
	const tera = 1e12
	return operations / span.Seconds() / tera
}

// Figure is a sustained rate in TOPS, 10¹² operations a second.
type Figure struct {
	Median      float64 `json:"median"`                 // over the windows
	Best        float64 `json:"best"`                   // the best second
	LastQuarter float64 `json:"last_quarter,omitempty"` // mean of the run's last quarter ÷ best second; absent for runs under 8 seconds of the series
	Spread      float64 `json:"spread,omitempty"`       // (best window − worst) ÷ median; absent for one window
	Seconds     float64 `json:"seconds"`                // measured, without choice of graph and warm-up
	Windows     int     `json:"windows"`
	Threads     int     `json:"threads"`
	Provider    string  `json:"provider"`
	Runtime     string  `json:"runtime"` // ONNX Runtime's version
	Basis       string  `json:"basis"`   // what was computed
}

// quarterFrom is how many seconds a series needs before its last quarter says
// something: with fewer it is a single second or none.
const quarterFrom = 8

// Summarise makes the figure of a series. A window ends with the first second that ends
// at or after a multiple of its length; a rest that fills none is left out, unless it is
// all there is.
//
//	median       = middle of the windows' rates
//	best         = max over seconds of operations/span
//	last quarter = rate of the last ⌈n/4⌉ seconds ÷ best
//	spread       = (max − min of the windows) ÷ median
func Summarise(series []Second, window time.Duration) Figure {
	var f Figure
	rates := windowRates(series, window)
	if len(rates) == 0 {
		return f
	}
	var span time.Duration
	for _, s := range series {
		f.Best = max(f.Best, s.TOPS())
		span += s.Span
	}
	f.Median, f.Windows, f.Seconds = rounded(median(rates)), len(rates), rounded(span.Seconds())
	if len(rates) > 1 && f.Median > 0 {
		f.Spread = rounded((slices.Max(rates) - slices.Min(rates)) / f.Median)
	}
	if n := len(series); n >= quarterFrom && f.Best > 0 {
		const quarter, whole = 4, math.MaxInt64
		last := windowRates(series[n-(n+quarter-1)/quarter:], whole)
		f.LastQuarter = rounded(last[0] / f.Best)
	}
	f.Best = rounded(f.Best)
	return f
}

// windowRates is the rate of each window in TOPS.
func windowRates(series []Second, window time.Duration) (rates []float64) {
	var operations float64
	var span, total time.Duration
	for next := window; len(series) > 0; series = series[1:] {
		s := series[0]
		operations, span, total = operations+s.Operations, span+s.Span, total+s.Span
		if total < next || span <= 0 {
			continue
		}
		rates = append(rates, tops(operations, span))
		operations, span = 0, 0
		next += (total-next)/window*window + window
	}
	if len(rates) == 0 && span > 0 {
		return []float64{tops(operations, span)}
	}
	return rates
}

// median is the middle of the values, the mean of both middles for an even count.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// rounded keeps six decimals: a millionth of a TOPS, where slow devices still differ.
func rounded(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	const keep = 1e6
	return math.Round(x*keep) / keep
}
