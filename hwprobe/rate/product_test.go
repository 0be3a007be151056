package rate

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/ort"
)

// openRuntime loads the real library, which `make deps` brings.
func openRuntime(t testing.TB) *ort.Runtime {
	t.Helper()
	lib, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	r, err := ort.Open(lib)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// Every form computes on the CPU what plain Go computes: those that accelerators get,
// too, at a small size.
func TestEveryFormIsRight(t *testing.T) {
	r := openRuntime(t)
	for _, g := range []Graph{
		{Int8, formInteger, 96, 1}, {Int8, formConvolution, 16, 1}, {Int8, formIntegerChain, 96, 3}, {Int8, formQuantised, 96, 3},
		{Int8, formIntegersInFloat, 96, 3}, {FP32, formMatMul, 96, 1}, {FP16, formMatMul, 96, 1}, {FP32, formMatMulChain, 96, 16}, {FP16, formMatMulChain, 96, 16},
	} {
		p, err := newProduct(t.Context(), r, ort.CPU, 1, g)
		if err != nil {
			t.Errorf("%s: %v", g, err)
			continue
		}
		if err := errors.Join(p.Run(t.Context()), p.check()); err != nil {
			t.Errorf("%s, again: %v", g, err)
		}
		p.close()
	}
}

// A provider that gives other numbers is found out: here the outputs are spoilt.
func TestWrongProductsAreFound(t *testing.T) {
	r := openRuntime(t)
	spoil := func(p *product, g Graph, v values) {
		v.weights = slices.Clone(v.weights)
		for i := range v.weights {
			v.weights[i] = -v.weights[i]
		}
		p.bind(v)
	}
	for _, g := range []Graph{
		{Int8, formInteger, 64, 1}, {Int8, formConvolution, 16, 1}, {Int8, formQuantised, 64, 3}, {Int8, formIntegersInFloat, 64, 3},
		{FP32, formMatMul, 64, 1}, {FP32, formMatMulChain, 64, 3}, {FP16, formMatMulChain, 64, 3},
	} {
		p, err := newProduct(t.Context(), r, ort.CPU, 1, g)
		if err != nil {
			t.Fatal(err)
		}
		spoil(p, g, g.draw())
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.check(); err == nil || !strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: the negative of every product passes: %v", g, err)
		}
		p.close()
	}
}

func TestGraphsAreBounded(t *testing.T) {
	r := openRuntime(t)
	for _, g := range []Graph{{Int8, formInteger, 0, 1}, {Int8, formInteger, 1 << 20, 1}, {FP32, formMatMulChain, 64, 0}, {FP32, formMatMulChain, 64, 1 << 20}} {
		if _, err := newProduct(t.Context(), r, ort.CPU, 1, g); err == nil {
			t.Errorf("%+v: accepted", g)
		}
	}
	for _, provider := range ort.KnownProviders() {
		for _, p := range []Precision{Int8, FP32, FP16} {
			for _, g := range Candidates(provider, p) {
				if err := g.check(); err != nil || g.Precision != p || g.Operations() <= 0 || !strings.Contains(g.String(), string(p)) {
					t.Errorf("%s on %s: %v", g, provider, err)
				}
			}
			if len(Candidates(provider, p)) == 0 {
				t.Errorf("%s has no candidate on %s", p, provider)
			}
		}
	}
}

func TestMeasure(t *testing.T) {
	r := openRuntime(t)
	for _, p := range []Precision{Int8, FP32, FP16} {
		var last float64
		run, err := Measure(t.Context(), r, Options{Precision: p, Plan: Lasting(200 * time.Millisecond), Threads: 1, Progress: func(done float64) { last = done }})
		if err != nil {
			t.Fatal(err)
		}
		f := run.Figure
		if f.Median <= 0 || f.Best < f.Median || f.Seconds < 0.2 || f.Windows != 1 || f.Threads != 1 || f.Provider != ort.CPU || f.Runtime == "" ||
			!strings.Contains(f.Basis, string(p)) || last != 1 || len(run.Trials) != len(Candidates(ort.CPU, p)) {
			t.Errorf("%+v, progress %v, %d trials", f, last, len(run.Trials))
		}
	}
}

func TestMeasureRefuses(t *testing.T) {
	r := openRuntime(t)
	if _, err := Measure(t.Context(), r, Options{Precision: Int8, Provider: "abacus", Plan: Lasting(time.Second)}); err == nil || !strings.Contains(err.Error(), "abacus") {
		t.Errorf("an unknown provider: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Measure(ctx, r, Options{Precision: Int8, Plan: Plan{Windows: 3600, Window: time.Second}, Threads: 1, Progress: func(float64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled after the first second: %v", err)
	}
	cancel()
	if _, err := Measure(ctx, r, Options{Precision: Int8, Plan: Quick()}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

// wide is the value of a binary16, by its definition.
func wide(h uint16) float64 {
	sign, exponent, fraction := 1.0, int(h>>10&31), float64(h&1023)/1024
	if h>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return sign * fraction * math.Pow(2, -14)
	case 31:
		if fraction > 0 {
			return math.NaN()
		}
		return sign * math.Inf(1)
	}
	return sign * (1 + fraction) * math.Pow(2, float64(exponent-15))
}

// Every binary16 comes back from float32, and every float32 goes to a nearest one.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		v := wide(uint16(h))
		if got := half(float32(v)); got != uint16(h) && !math.IsNaN(v) || math.IsNaN(v) && !math.IsNaN(wide(got)) {
			t.Fatalf("%#04x is %v and comes back as %#04x", h, v, got)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		x := rapid.Float32Range(-65519, 65519).Draw(rt, "x")
		h := half(x)
		off := math.Abs(wide(h) - float64(x))
		for _, next := range []uint16{h - 1, h + 1} {
			v := wide(next)
			if d := math.Abs(v - float64(x)); d < off || d == off && v != wide(h) && h&1 == 1 {
				rt.Fatalf("%v becomes %#04x, but %#04x is as near and even, or nearer", x, h, next)
			}
		}
	})
	for x, want := range map[float32]uint16{65520: 0x7c00, -1e30: 0xfc00, 65504: 0x7bff, 1e-10: 0, 0: 0} {
		if got := half(x); got != want {
			t.Errorf("%v: %#04x; want %#04x", x, got, want)
		}
	}
}
