package ort

import (
	"context"
	"fmt"
	"slices"
	"strings"

	binding "github.com/yalue/onnxruntime_go"

	"github.com/medhive/medhive/inference/ort/graph"
)

// CPU is the provider that every build of ONNX Runtime has.
const CPU = "cpu"

// provider is one execution provider that this package can ask for.
type provider struct {
	name   string // as manifests and receipts write it
	append func(*binding.SessionOptions) error
	remedy string // what a person installs when it is missing
}

// providers lists them in the order in which a node would prefer them.
func providers() []provider {
	generic := func(name string) func(*binding.SessionOptions) error {
		return func(o *binding.SessionOptions) error { return o.AppendExecutionProvider(name, nil) }
	}
	return []provider{
		{"tensorrt", appendTensorRT, "an NVIDIA driver, CUDA, TensorRT, and libonnxruntime_providers_tensorrt.so beside libonnxruntime"},
		{"cuda", appendCUDA, "an NVIDIA driver, CUDA 12 with cuDNN 9, and libonnxruntime_providers_cuda.so beside libonnxruntime"},
		{"migraphx", generic("MIGraphX"), "an AMD GPU with ROCm, MIGraphX, and a MIGraphX build of libonnxruntime"},
		{"rocm", generic("ROCM"), "an AMD GPU with ROCm, and a ROCm build of libonnxruntime"},
		{"openvino", func(o *binding.SessionOptions) error { return o.AppendExecutionProviderOpenVINO(nil) },
			"OpenVINO and libonnxruntime_providers_openvino.so beside libonnxruntime"},
		{"qnn", generic("QNN"), "Qualcomm's QNN libraries and a QNN build of libonnxruntime"},
		{"coreml", func(o *binding.SessionOptions) error { return o.AppendExecutionProviderCoreMLV2(nil) }, "macOS and a Core ML build of libonnxruntime"},
		{"webgpu", generic("WebGPU"), "a Vulkan, Metal or Direct3D driver and a WebGPU build of libonnxruntime"},
		{CPU, func(*binding.SessionOptions) error { return nil }, "libonnxruntime"},
	}
}

func appendCUDA(o *binding.SessionOptions) error {
	options, err := binding.NewCUDAProviderOptions()
	if err != nil {
		return err
	}
	defer func() { _ = options.Destroy() }()
	return o.AppendExecutionProviderCUDA(options)
}

func appendTensorRT(o *binding.SessionOptions) error {
	options, err := binding.NewTensorRTProviderOptions()
	if err != nil {
		return err
	}
	defer func() { _ = options.Destroy() }()
	return o.AppendExecutionProviderTensorRT(options)
}

func providerNamed(name string) (provider, error) {
	all := providers()
	n := slices.IndexFunc(all, func(p provider) bool { return p.name == name })
	if n < 0 {
		return provider{}, fmt.Errorf("provider %.40q is unknown; known are %s", name, strings.Join(KnownProviders(), ", "))
	}
	return all[n], nil
}

// Unavailable is a provider that a session can't be made on.
type Unavailable struct {
	Provider  string
	Operators bool  // the model's operators may be the cause as well as the machine
	Err       error // ONNX Runtime's own words
}

// Error says what is missing and what to do.
func (u *Unavailable) Error() string {
	if u.Operators {
		return fmt.Sprintf("new session on %s: %v; either an operator of this model can't run there (choose provider cpu), or this machine lacks %s", u.Provider, u.Err, Remedy(u.Provider))
	}
	return fmt.Sprintf("new session on %s: %v; it needs %s", u.Provider, u.Err, Remedy(u.Provider))
}

// Unwrap gives ONNX Runtime's error.
func (u *Unavailable) Unwrap() error { return u.Err }

// KnownProviders names the execution providers that this package can ask for, in the
// order in which a node would prefer them. Which of them work here only a trial tells.
func KnownProviders() []string {
	all := providers()
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.name
	}
	return names
}

// Remedy says what to install where a provider is missing; "" for an unknown one.
func Remedy(name string) string {
	p, err := providerNamed(name)
	if err != nil {
		return ""
	}
	return p.remedy
}

// Providers lists the execution providers that work here, best first, found by Try in
// this process. A vendor's library that crashes or hangs takes the process with it, so
// a daemon asks runner.Discover instead.
func (r *Runtime) Providers() []string {
	var working []string
	for _, name := range KnownProviders() {
		if r.Try(name) == nil {
			working = append(working, name)
		}
	}
	return working
}

// Try runs a two-by-two multiplication on the provider and checks what it gives: builds
// name providers whose libraries or devices are missing, so their own list proves nothing.
func (r *Runtime) Try(name string) error {
	s, err := r.NewSession(trialModel(), Options{Provider: name, Threads: 1})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	square := []int64{2, 2}
	y := make([]float32, 4)
	if err := s.Run(context.Background(), []Tensor{Floats(square, []float32{1, 2, 3, 4})}, []Tensor{Floats(square, y)}); err != nil {
		return err
	}
	if want := []float32{7, 10, 15, 22}; !slices.Equal(y, want) {
		return fmt.Errorf("provider %s computed %v for a product that is %v", name, y, want)
	}
	return nil
}

// trialModel squares a 2×2 matrix.
func trialModel() []byte {
	square := []int64{2, 2}
	return graph.Model{
		Nodes:   []graph.Node{{Op: "MatMul", Inputs: []string{"x", "x"}, Outputs: []string{"y"}}},
		Inputs:  []graph.Value{{Name: "x", Type: graph.Float32, Shape: square}},
		Outputs: []graph.Value{{Name: "y", Type: graph.Float32, Shape: square}},
	}.Encode()
}
