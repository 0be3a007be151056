package rate

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/inference/ort"
)

// BenchmarkInt8 compares the graph that a measurement chooses with the best of a wide
// sweep, in turns. ratio is best window over best window, which other load on the machine
// disturbs least; the goal is 0.95 or more. value and against are both in TOPS.
func BenchmarkInt8(b *testing.B) {
	r, threads := openRuntime(b), ort.Threads()
	graphs := []Graph{
		{Int8, formInteger, 384, 1}, {Int8, formInteger, 512, 1}, {Int8, formInteger, 640, 1}, {Int8, formInteger, 768, 1}, {Int8, formInteger, 1024, 1},
		{Int8, formInteger, 1536, 1}, {Int8, formInteger, 2048, 1}, {Int8, formConvolution, 128, 1}, {Int8, formConvolution, 256, 1}, {Int8, formConvolution, 512, 1},
		{Int8, formQuantised, 512, 4}, {Int8, formQuantised, 1024, 4},
	}
	var products []*product
	for _, g := range graphs {
		p, err := newProduct(b.Context(), r, ort.CPU, threads, g)
		if err != nil {
			b.Fatal(err)
		}
		defer p.close()
		products = append(products, p)
	}
	const rounds, window = 7, 300 * time.Millisecond
	chosen, trials, err := choose(b.Context(), r, ort.CPU, threads, Candidates(ort.CPU, Int8), trialLength, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer chosen.close()
	for _, t := range trials {
		b.Logf("candidate %s: %.3f TOPS %v", t.Graph, t.TOPS, t.Err)
	}
	products = append(products, chosen)
	rates := make([][]float64, len(products))
	for range rounds {
		for i, p := range products {
			rate, err := timed(b.Context(), p, window, time.Now)
			if err != nil {
				b.Fatal(err)
			}
			rates[i] = append(rates[i], rate)
		}
	}
	best := 0.0
	for i, p := range products {
		b.Logf("%s: median %.3f, best %.3f TOPS", p.graph, median(rates[i]), slices.Max(rates[i]))
		best = max(best, slices.Max(rates[i]))
	}
	value := slices.Max(rates[len(rates)-1])
	b.ReportMetric(value, "value")
	b.ReportMetric(best, "against")
	b.ReportMetric(value/best, "ratio")
}

// BenchmarkSpread takes five runs that no flag of noise is on and compares their medians:
// value is (most − least) ÷ middle in percent, against the limit of 5. A machine that is
// never quiet has no spread, and the benchmark says so.
func BenchmarkSpread(b *testing.B) {
	r := openRuntime(b)
	const runs, tries, limit = 5, 20, 5
	var medians []float64
	for try := range tries {
		watch := NewWatch("/sys", "/proc")
		run, err := Measure(b.Context(), r, Options{Precision: Int8, Plan: Lasting(10 * time.Second), Sample: watch.Sample})
		if err != nil {
			b.Fatal(err)
		}
		around := Surrounding(run.Series)
		noisy := slices.ContainsFunc(Flags(run.Figure, around), func(f Flag) bool { return f.Code == Noisy })
		b.Logf("run %d: median %.4f, best %.4f TOPS, %s, noisy %t, others %s, pressure %s", try+1, run.Figure.Median, run.Figure.Best, run.Figure.Basis,
			noisy, percent(around.Others), percent(around.Pressure))
		if noisy {
			continue
		}
		if medians = append(medians, run.Figure.Median); len(medians) == runs {
			break
		}
	}
	if len(medians) < runs {
		b.Fatalf("only %d of %d runs were quiet; stop other work on this machine and measure again", len(medians), tries)
	}
	spread := 100 * (slices.Max(medians) - slices.Min(medians)) / median(medians)
	b.ReportMetric(max(spread, 1e-3), "value") // five equal runs are no failure to measure
	b.ReportMetric(limit, "against")
}

func percent(share *float64) string {
	if share == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.1f %%", 100**share)
}

// waiting is a computation that takes no processor time, as one on an accelerator.
type waiting struct{ each time.Duration }

func (w waiting) Run(ctx context.Context) error {
	timer := time.NewTimer(w.each)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
func (waiting) Operations() float64 { return 1e9 }

// BenchmarkOverhead is what the prober itself takes: processor time of the loop, the
// watch on the surroundings and the power meter, while nothing is computed, as a share of
// one core; the limit is 2 %. Processor time, unlike the rate, is not disturbed by load.
func BenchmarkOverhead(b *testing.B) {
	meter, _ := power.Find(b.Context(), device.Roots{}, power.Config{})
	defer func() { _ = meter.Close() }()
	watch := NewWatch("/sys", "/proc")
	recording := meter.Start()
	began, own := time.Now(), ownTime()
	series, err := drive(b.Context(), waiting{5 * time.Millisecond}, Options{Plan: Lasting(10 * time.Second), Now: time.Now, Sample: watch.Sample})
	if err != nil {
		b.Fatal(err)
	}
	_ = Flags(Summarise(series, windowOf), Surrounding(series))
	recording.Stop()
	const limit = 2
	b.ReportMetric(100*(ownTime()-own).Seconds()/time.Since(began).Seconds(), "value")
	b.ReportMetric(limit, "against")
}
