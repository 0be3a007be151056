package ort

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/medhive/medhive/inference/ort/graph"
)

// openRuntime loads the real library, which `make deps` brings.
func openRuntime(t testing.TB) *Runtime {
	t.Helper()
	lib, err := Locate("")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(lib)
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

// thresholdModel labels every voxel above 0.5 with 1: a dynamic [1,1,D,H,W] float32 in,
// [1,D,H,W] uint8 out, like the product's models.
func thresholdModel() []byte {
	return graph.Model{
		Nodes: []graph.Node{
			{Op: "Greater", Inputs: []string{"image", "half"}, Outputs: []string{"above"}},
			{Op: "Cast", Inputs: []string{"above"}, Outputs: []string{"wide"}, Ints: map[string]int64{"to": int64(graph.Uint8)}},
			{Op: "Squeeze", Inputs: []string{"wide", "axis"}, Outputs: []string{"labels"}},
		},
		Inputs:  []graph.Value{{Name: "image", Type: graph.Float32, Shape: []int64{1, 1, -1, -1, -1}}},
		Outputs: []graph.Value{{Name: "labels", Type: graph.Uint8, Shape: []int64{1, -1, -1, -1}}},
		Constants: []graph.Constant{
			{Value: graph.Value{Name: "half", Type: graph.Float32, Shape: []int64{1}}, Raw: []byte{0, 0, 0, 0x3f}},
			{Value: graph.Value{Name: "axis", Type: graph.Int64, Shape: []int64{1}}, Raw: []byte{1, 0, 0, 0, 0, 0, 0, 0}},
		},
	}.Encode()
}

// longModel multiplies a matrix by itself many times: long, yet with an end of an
// operator every few milliseconds, where a run can stop.
func longModel(edge int64, products int) []byte {
	m := graph.Model{
		Inputs:  []graph.Value{{Name: "x", Type: graph.Float32, Shape: []int64{edge, edge}}},
		Outputs: []graph.Value{{Name: "y", Type: graph.Float32, Shape: []int64{edge, edge}}},
	}
	from := "x"
	for n := range products {
		to := "y"
		if n < products-1 {
			to = "step" + strings.Repeat("i", n)
		}
		m.Nodes = append(m.Nodes, graph.Node{Op: "MatMul", Inputs: []string{"x", from}, Outputs: []string{to}})
		from = to
	}
	return m.Encode()
}

func TestOpen(t *testing.T) {
	r := openRuntime(t)
	if v := r.Version(); !strings.HasPrefix(v, "1.") {
		t.Errorf("version %q", v)
	}
	again, err := Open(r.Library())
	if err != nil {
		t.Fatalf("a second Open of the same library: %v", err)
	}
	if err := errors.Join(again.Close(), again.Close()); err != nil {
		t.Errorf("close twice: %v", err)
	}
	if err := r.Try(CPU); err != nil {
		t.Errorf("after the other share was closed: %v", err)
	}
	other := filepath.Join(t.TempDir(), "libonnxruntime.so")
	if err := os.WriteFile(other, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(other); err == nil || !strings.Contains(err.Error(), "already runs") {
		t.Errorf("another library in the same process: %v", err)
	}
}

func TestOpenRefusesWhatIsNoLibrary(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "libonnxruntime.so")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, dir, filepath.Join(dir, "absent.so")} {
		if _, err := Open(path); err == nil || !(strings.Contains(err.Error(), "make deps") || strings.Contains(err.Error(), EnvLibrary)) {
			t.Errorf("%s: %v; want an error that says what to do", filepath.Base(path), err)
		}
	}
	openRuntime(t) // and a failed Open leaves the process able to open the real one
}

func TestLocate(t *testing.T) {
	lib := filepath.Join(t.TempDir(), "any.so")
	if err := os.WriteFile(lib, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(EnvLibrary, lib)
	if got, err := Locate(""); err != nil || got != lib {
		t.Errorf("from the environment: %q, %v", got, err)
	}
	t.Setenv(EnvLibrary, lib+".absent")
	if _, err := Locate(""); err == nil || !strings.Contains(err.Error(), EnvLibrary) {
		t.Errorf("a wrong $%s: %v", EnvLibrary, err)
	}
	if got, err := Locate(lib); err != nil || got != lib {
		t.Errorf("an explicit path goes first: %q, %v", got, err)
	}
	t.Setenv(EnvLibrary, "")
	t.Chdir(t.TempDir())
	if _, err := Locate(""); err == nil || !strings.Contains(err.Error(), "make deps") {
		t.Errorf("nothing there: %v", err)
	}
}

func TestRunLabels(t *testing.T) {
	r := openRuntime(t)
	s, err := r.NewSession(thresholdModel(), Options{Provider: CPU, Threads: 2,
		Inputs:  []Port{{"image", "float32", []int64{1, 1, -1, -1, -1}}},
		Outputs: []Port{{"labels", "uint8", []int64{1, -1, -1, -1}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	random := rand.New(rand.NewPCG(1, 2))
	var running sync.WaitGroup
	for range 8 { // sizes differ from run to run, and runs overlap
		d, h, w := 1+random.Int64N(9), 1+random.Int64N(9), 1+random.Int64N(9)
		in, want := make([]float32, d*h*w), make([]uint8, d*h*w)
		for i := range in {
			if in[i] = random.Float32(); in[i] > 0.5 {
				want[i] = 1
			}
		}
		running.Go(func() {
			got := make([]uint8, len(in))
			err := s.Run(t.Context(), []Tensor{Floats([]int64{1, 1, d, h, w}, in)}, []Tensor{Bytes([]int64{1, d, h, w}, got)})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%d×%d×%d: %v, %v; want %v", d, h, w, err, got, want)
			}
		})
	}
	running.Wait()
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if err := s.Run(t.Context(), nil, nil); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestRunRefusesWrongTensors(t *testing.T) {
	s, err := openRuntime(t).NewSession(thresholdModel(), Options{Provider: CPU})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	in, out := Floats([]int64{1, 1, 2, 2, 2}, make([]float32, 8)), Bytes([]int64{1, 2, 2, 2}, make([]uint8, 8))
	for name, c := range map[string]struct {
		in, out []Tensor
		want    string
	}{
		"none":                {nil, []Tensor{out}, "takes 1"},
		"two":                 {[]Tensor{in, in}, []Tensor{out}, "takes 1"},
		"zero tensor":         {[]Tensor{{}}, []Tensor{out}, "shape"},
		"rank":                {[]Tensor{Floats([]int64{8}, make([]float32, 8))}, []Tensor{out}, "shape"},
		"short data":          {[]Tensor{Floats([]int64{1, 1, 2, 2, 3}, make([]float32, 8))}, []Tensor{out}, "holds 12"},
		"negative edge":       {[]Tensor{Floats([]int64{1, 1, -2, -2, 2}, make([]float32, 8))}, []Tensor{out}, "out of range"},
		"overflowing edges":   {[]Tensor{Floats([]int64{1, 1, 1 << 31, 1 << 31, 4}, make([]float32, 8))}, []Tensor{out}, "out of range"},
		"type of the input":   {[]Tensor{Bytes([]int64{1, 1, 2, 2, 2}, make([]uint8, 8))}, []Tensor{out}, "float32"},
		"type of the output":  {[]Tensor{in}, []Tensor{Floats([]int64{1, 2, 2, 2}, make([]float32, 8))}, "uint8"},
		"shape of the output": {[]Tensor{in}, []Tensor{Bytes([]int64{1, 2, 2, 3}, make([]uint8, 12))}, ""},
	} {
		if err := s.Run(t.Context(), c.in, c.out); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want an error with %q", name, err, c.want)
		}
	}
	if err := s.Run(t.Context(), []Tensor{in}, []Tensor{out}); err != nil {
		t.Errorf("a good run after all those: %v", err)
	}
}

func TestNewSessionChecksPorts(t *testing.T) {
	r := openRuntime(t)
	image, labels := Port{"image", "float32", []int64{1, 1, -1, -1, -1}}, Port{"labels", "uint8", []int64{1, -1, -1, -1}}
	for name, o := range map[string]Options{
		"input's name":   {Inputs: []Port{{"picture", "float32", image.Shape}}},
		"input's type":   {Inputs: []Port{{"image", "uint8", image.Shape}}},
		"input's shape":  {Inputs: []Port{{"image", "float32", []int64{1, 3, -1, -1, -1}}}},
		"input too many": {Inputs: []Port{image, image}},
		"output's name":  {Outputs: []Port{{"logits", "uint8", labels.Shape}}},
		"output's rank":  {Outputs: []Port{{"labels", "uint8", []int64{-1}}}},
	} {
		o.Provider = CPU
		if s, err := r.NewSession(thresholdModel(), o); err == nil {
			t.Errorf("%s: accepted", name)
			s.Close()
		}
	}
}

func TestNewSessionRefusesHostileModels(t *testing.T) {
	r := openRuntime(t)
	good := thresholdModel()
	random := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for name, weights := range map[string][]byte{
		"empty": nil, "text": []byte("not a model"), "noise": noise, "half": good[:len(good)/2],
		"unknown operator": graph.Model{
			Nodes:   []graph.Node{{Op: "Exfiltrate", Inputs: []string{"x"}, Outputs: []string{"y"}}},
			Inputs:  []graph.Value{{Name: "x", Type: graph.Float32, Shape: []int64{1}}},
			Outputs: []graph.Value{{Name: "y", Type: graph.Float32, Shape: []int64{1}}},
		}.Encode(),
		"weights from another file": externalModel("/etc/hostname"),
		"constant without its data": graph.Model{
			Nodes:     []graph.Node{{Op: "Identity", Inputs: []string{"c"}, Outputs: []string{"y"}}},
			Outputs:   []graph.Value{{Name: "y", Type: graph.Float32, Shape: []int64{1 << 40}}},
			Constants: []graph.Constant{{Value: graph.Value{Name: "c", Type: graph.Float32, Shape: []int64{1 << 40}}, Raw: []byte{1}}},
		}.Encode(),
	} {
		if s, err := r.NewSession(weights, Options{Provider: CPU}); err == nil {
			t.Errorf("%s: accepted", name)
			s.Close()
		}
	}
	// A flipped byte may leave a valid model; it must never end the process.
	for range 64 {
		bent := slices.Clone(good)
		bent[random.IntN(len(bent))] ^= byte(1 + random.IntN(255))
		if s, err := r.NewSession(bent, Options{Provider: CPU}); err == nil {
			s.Close()
		}
	}
}

// externalModel claims that its one constant lies in a file of this machine.
func externalModel(path string) []byte {
	text := func(b []byte, field protowire.Number, s string) []byte {
		return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
	}
	number := func(b []byte, field protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
	}
	location := text(text(nil, 1, "location"), 2, path)
	tensor := number(number(nil, 1, 1), 2, uint64(graph.Uint8))
	tensor = text(tensor, 8, "c")
	tensor = text(tensor, 13, string(location)) // TensorProto.external_data
	tensor = number(tensor, 14, 1)              // TensorProto.data_location = EXTERNAL
	base := graph.Model{
		Nodes:   []graph.Node{{Op: "Identity", Inputs: []string{"c"}, Outputs: []string{"y"}}},
		Outputs: []graph.Value{{Name: "y", Type: graph.Uint8, Shape: []int64{1}}},
	}.Encode()
	// Protobuf merges a message field that stands twice, so the constant can follow.
	return text(base, 7, string(text(nil, 5, string(tensor))))
}

func TestRunStopsWithItsContext(t *testing.T) {
	s, err := openRuntime(t).NewSession(longModel(512, 400), Options{Provider: CPU, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	square := []int64{512, 512}
	run := func(ctx context.Context) (time.Duration, error) {
		started := time.Now()
		err := s.Run(ctx, []Tensor{Floats(square, make([]float32, 512*512))}, []Tensor{Floats(square, make([]float32, 512*512))})
		return time.Since(started), err
	}
	whole, err := run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), whole/20)
	defer cancel()
	took, err := run(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || took > whole/2 {
		t.Errorf("stopped after %v of %v: %v", took, whole, err)
	}
	if _, err := run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a context that has ended: %v", err)
	}
	if _, err := run(t.Context()); err != nil {
		t.Errorf("the next run: %v", err)
	}
}

func TestProviders(t *testing.T) {
	r := openRuntime(t)
	found := r.Providers()
	if !slices.Contains(found, CPU) {
		t.Fatalf("providers %v lack the CPU", found)
	}
	for _, name := range []string{"", "CPU", "abacus"} {
		if _, err := r.NewSession(thresholdModel(), Options{Provider: name}); err == nil || !strings.Contains(err.Error(), "known are") {
			t.Errorf("provider %q: %v", name, err)
		}
	}
	for _, p := range providers() {
		if slices.Contains(found, p.name) {
			continue
		}
		s, err := r.NewSession(thresholdModel(), Options{Provider: p.name})
		if err == nil || !strings.Contains(err.Error(), p.remedy) {
			t.Errorf("absent provider %s: %v; want an error that says what to install", p.name, err)
		}
		if s != nil {
			s.Close()
		}
	}
	if _, err := r.NewSession(thresholdModel(), Options{Provider: CPU, Threads: -1}); err == nil {
		t.Error("-1 threads: accepted")
	}
}

// A provider that this machine lacks is named with its remedy, and the CPU never
// stands in for it.
func TestUnavailable(t *testing.T) {
	r := openRuntime(t)
	_, err := r.NewSession(thresholdModel(), Options{Provider: "qnn"})
	var missing *Unavailable
	if !errors.As(err, &missing) || missing.Provider != "qnn" || !strings.Contains(err.Error(), Remedy("qnn")) {
		t.Errorf("%v; want what is missing", err)
	}
	if Remedy("abacus") != "" {
		t.Error("an unknown provider has a remedy")
	}
	for _, name := range KnownProviders() {
		if Remedy(name) == "" {
			t.Errorf("%s has none", name)
		}
	}
	if n := Threads(); n < 1 || n > MaxThreads {
		t.Errorf("%d threads", n)
	}
}
