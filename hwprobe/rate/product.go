package rate

import (
	"context"
	"fmt"
	"math"

	"github.com/medhive/medhive/inference/ort"
)

// product is a graph on a provider, checked and ready to be timed.
type product struct {
	graph   Graph
	session *ort.Session
	in, out []ort.Tensor
	check   func() error // compares the last run's output with plain Go
}

// newProduct loads the graph, runs it once and checks what it gives: a provider that is
// fast because it is wrong gets no figure.
func newProduct(ctx context.Context, r *ort.Runtime, provider string, threads int, g Graph) (*product, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	v := g.draw()
	s, err := r.NewSession(g.encode(v), ort.Options{Provider: provider, Threads: threads})
	if err != nil {
		return nil, err
	}
	p := &product{graph: g, session: s}
	p.bind(v)
	if err := p.Run(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	if err := p.check(); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("%s on %s: %w; its products can't be trusted here", g, provider, err)
	}
	return p, nil
}

// Run computes once.
func (p *product) Run(ctx context.Context) error { return p.session.Run(ctx, p.in, p.out) }

// Operations of one run.
func (p *product) Operations() float64 { return p.graph.Operations() }

func (p *product) close() { _ = p.session.Close() } // frees memory; nothing can be done about a failure

// bind makes the tensors and what checks them.
func (p *product) bind(v values) {
	g, square := p.graph, p.graph.square()
	switch g.Form {
	case formInteger:
		c := make([]int32, g.Edge*g.Edge)
		p.in, p.out = []ort.Tensor{ort.Bytes(square, v.start)}, []ort.Tensor{ort.Ints(square, c)}
		p.check = func() error { return compare(g.integerRow(v), integers(c[g.checkedRow()*g.Edge:][:g.Edge]), 0, 0) }
	case formConvolution:
		shape := []int64{1, int64(g.Edge), convolutionPlane, convolutionPlane}
		c := make([]uint8, len(v.start))
		p.in, p.out = []ort.Tensor{ort.Bytes(shape, v.start)}, []ort.Tensor{ort.Bytes(shape, c)}
		p.check = func() error {
			want, got := g.convolved(v, c)
			return compare(want, got, 1, 0) // halves may be rounded either way
		}
	case formMatMul:
		c := make([]float32, g.Edge*g.Edge)
		p.in, p.out = []ort.Tensor{ort.Floats(square, v.floats())}, []ort.Tensor{ort.Floats(square, c)}
		p.check = func() error {
			return compare(g.floatRow(v), c[g.checkedRow()*g.Edge:][:g.Edge], tolerance(g.Precision)*startDeviation, 0)
		}
	default:
		row := []int64{1, int64(g.Edge)}
		gain, last, peaks := make([]float32, g.Edge), make([]float32, g.Edge), make([]float32, g.Edge)
		for i := range gain {
			gain[i] = 1
		}
		p.in, p.out = []ort.Tensor{ort.Floats(row, gain)}, []ort.Tensor{ort.Floats(row, last), ort.Floats(row, peaks)}
		p.check = func() error {
			for i, x := range last { // the maxima are of all rows, so also of this one
				if peaks[i] < x {
					return fmt.Errorf("column %d has the maximum %v and the value %v", i, peaks[i], x)
				}
			}
			if g.Precision == Int8 {
				return compare(g.chainRow(v), last, chainTolerance, chainOutliers)
			}
			return compare(g.chainRow(v), last, tolerance(g.Precision)*startDeviation, chainOutliers)
		}
	}
}

// The tolerances of a chain of 8-bit layers: an accelerator may scale in another order,
// which moves a value by one where it lies on a half, and the next layers a little.
const (
	chainTolerance = 3
	chainOutliers  = 0.01 // share of values
)

// tolerance of a float product against float64, relative to the values' deviation: TF32
// and fp16 have 10 bits of fraction and up to 16 layers to add their errors up.
func tolerance(p Precision) float64 {
	if p == FP16 {
		return 0.05
	}
	return 0.02
}

// compare wants all but a share of outliers within the tolerance.
func compare(want, got []float32, within, outliers float64) error {
	off, first := 0, -1
	for i, w := range want {
		if d := math.Abs(float64(w) - float64(got[i])); !(d <= within) { // also where got is not a number
			off++
			if first < 0 {
				first = i
			}
		}
	}
	if float64(off) > outliers*float64(len(want)) {
		return fmt.Errorf("%d of %d values are wrong, the first is %v instead of %v", off, len(want), got[first], want[first])
	}
	return nil
}

func integers(c []int32) []float32 {
	out := make([]float32, len(c))
	for i, x := range c {
		out[i] = float32(x) // below 2²⁴ but for improbable sums, which both sides round alike
	}
	return out
}

// integerRow is the checked row of u8 × s8, exactly.
func (g Graph) integerRow(v values) []float32 {
	sums := make([]int32, g.Edge)
	for k := range g.Edge {
		a := int32(v.start[g.checkedRow()*g.Edge+k])
		for n, w := range v.weights[k*g.Edge:][:g.Edge] {
			sums[n] += a * int32(w)
		}
	}
	return integers(sums)
}

// floatRow is the checked row of one float product.
func (g Graph) floatRow(v values) []float32 {
	return g.row(v, v.floats()[g.checkedRow()*g.Edge:][:g.Edge])
}

// row is x · (weights × scale), summed in float64.
func (g Graph) row(v values, x []float32) []float32 {
	sums := make([]float64, g.Edge)
	for k, a := range x {
		for n, w := range v.weights[k*g.Edge:][:g.Edge] {
			sums[n] += float64(a) * float64(w)
		}
	}
	out := make([]float32, g.Edge)
	for n, s := range sums {
		out[n] = float32(s * float64(v.scale))
	}
	return out
}

// chainRow is the checked row of a chain's last layer: a row of a product depends on the
// same row of the layer before alone.
func (g Graph) chainRow(v values) []float32 {
	x := v.floats()[g.checkedRow()*g.Edge:][:g.Edge]
	if g.Form == formIntegerChain { // QuantizeLinear saturates the first values, too
		for i := range x {
			x[i] = min(x[i], math.MaxInt8)
		}
	}
	for range g.Depth {
		x = g.row(v, x)
		for i, s := range x {
			switch g.Form {
			case formMatMulChain:
				x[i] = max(s, 0)
			case formIntegersInFloat:
				x[i] = min(max(float32(math.Floor(float64(s*(1/v.step)))), -v.limit), v.limit)
			default:
				x[i] = float32(min(max(math.RoundToEven(float64(s/v.step)), math.MinInt8), math.MaxInt8))
			}
		}
	}
	return x
}

// convolved compares some places of a convolution: want by plain Go, got from c.
func (g Graph) convolved(v values, c []uint8) (want, got []float32) {
	const plane, stride = convolutionPlane, 1009 // a prime: places of every border and channel
	for at := 0; at < len(c); at += stride * plane {
		channel, y, x := at/(plane*plane), at/plane%plane, (at/stride)%plane
		var sum int32
		for in := range g.Edge {
			for ky := range 3 {
				for kx := range 3 {
					sy, sx := y+ky-1, x+kx-1
					if sy < 0 || sx < 0 || sy >= plane || sx >= plane {
						continue // padded with the zero point
					}
					sum += (int32(v.start[(in*plane+sy)*plane+sx]) - middle) * int32(v.weights[((channel*g.Edge+in)*3+ky)*3+kx])
				}
			}
		}
		want = append(want, float32(min(max(math.RoundToEven(float64(float32(sum)/v.step))+middle, 0), math.MaxUint8)))
		got = append(got, float32(c[(channel*plane+y)*plane+x]))
	}
	return want, got
}
