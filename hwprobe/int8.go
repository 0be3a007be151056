package hwprobe

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/ort/graph"
)

// int8Edge is the edge of the square product. From 512 to 1024 the CPU's kernels reach
// their best; smaller products measure the call, larger ones the memory.
const int8Edge = 1024

// int8Basis names what was computed, beside the figure.
const int8Basis = "dense int8 MatMulInteger u8×s8 1024³, constant weights"

// product is C = A·B on the provider: A unsigned, B signed and constant, since ONNX
// Runtime's kernels are vectorised for that pair and not for s8×s8.
type product struct {
	session *ort.Session
	edge    int
	in, out []ort.Tensor
}

func newProduct(r *ort.Runtime, provider string, threads, edge int) (*product, error) {
	// Fixed seed: the same numbers on every machine. The values don't change the speed.
	random := rand.NewChaCha8([32]byte{'m', 'e', 'd', 'h', 'i', 'v', 'e'})
	a, b := make([]uint8, edge*edge), make([]byte, edge*edge)
	_, _ = random.Read(a) // never fails
	_, _ = random.Read(b)
	shape := []int64{int64(edge), int64(edge)}
	model := graph.Model{
		Nodes:     []graph.Node{{Op: "MatMulInteger", Inputs: []string{"a", "b"}, Outputs: []string{"c"}}},
		Inputs:    []graph.Value{{Name: "a", Type: graph.Uint8, Shape: shape}},
		Outputs:   []graph.Value{{Name: "c", Type: graph.Int32, Shape: shape}},
		Constants: []graph.Constant{{Value: graph.Value{Name: "b", Type: graph.Int8, Shape: shape}, Raw: b}},
	}.Encode()
	s, err := r.NewSession(model, ort.Options{Provider: provider, Threads: threads})
	if err != nil {
		return nil, err
	}
	p := &product{session: s, edge: edge, in: []ort.Tensor{ort.Bytes(shape, a)}}
	c := make([]int32, edge*edge)
	p.out = []ort.Tensor{ort.Ints(shape, c)}
	if err := p.check(a, b, c); err != nil {
		_ = s.Close()
		return nil, err
	}
	return p, nil
}

// check runs once and compares one row with plain Go, so that a provider that is fast
// because it is wrong gets no tier.
func (p *product) check(a, b []byte, c []int32) error {
	if err := p.session.Run(context.Background(), p.in, p.out); err != nil {
		return err
	}
	row := p.edge / 2
	for col := range p.edge {
		var sum int32
		for k := range p.edge {
			sum += int32(a[row*p.edge+k]) * int32(int8(b[k*p.edge+col]))
		}
		if sum != c[row*p.edge+col] {
			return fmt.Errorf("element (%d,%d) is %d, the provider says %d; its int8 product can't be trusted here", row, col, sum, c[row*p.edge+col])
		}
	}
	return nil
}

// window computes products for at least length and returns the rate in TOPS.
func (p *product) window(ctx context.Context, length time.Duration) (float64, error) {
	operations := 2 * float64(p.edge) * float64(p.edge) * float64(p.edge)
	started, done := time.Now(), 0
	for {
		if err := p.session.Run(ctx, p.in, p.out); err != nil {
			return 0, err
		}
		done++
		if span := time.Since(started); span >= length {
			return float64(done) * operations / span.Seconds() / 1e12, nil
		}
	}
}

// measureInt8 warms up for half a window and then samples whole windows.
func measureInt8(ctx context.Context, r *ort.Runtime, o Options, m meter) (TOPS, Watts, error) {
	p, err := newProduct(r, o.Provider, o.Threads, int8Edge)
	if err != nil {
		return TOPS{}, Watts{}, err
	}
	defer func() { _ = p.session.Close() }()
	length := min(windowLength, o.Duration)
	count := max(1, int(o.Duration/length))
	o.Progress("warm-up", 0)
	if _, err := p.window(ctx, length/2); err != nil {
		return TOPS{}, Watts{}, err
	}
	o.Progress("warm-up", 1)
	var rates []float64
	var joules float64
	started := time.Now()
	before, sensorErr := m.read()
	for n := range count {
		rate, err := p.window(ctx, length)
		if err != nil {
			return TOPS{}, Watts{}, err
		}
		rates = append(rates, rate)
		if sensorErr == nil {
			var after reading
			if after, sensorErr = m.read(); sensorErr == nil {
				joules += m.joules(before, after)
				before = after
			}
		}
		o.Progress("int8", float64(n+1)/float64(count))
	}
	span := time.Since(started)
	if sensorErr != nil {
		m = meter{basis: Unmeasured, note: "the energy counters failed during the measurement"}
	}
	return TOPS{
		Median: rounded(median(rates)), Best: rounded(slices.Max(rates)), Seconds: rounded(span.Seconds()), Windows: count,
		Threads: o.Threads, Provider: o.Provider, Runtime: r.Version(), Basis: int8Basis,
	}, m.watts(joules, span), nil
}

// median is the middle of the values, the mean of both middles for an even count.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
