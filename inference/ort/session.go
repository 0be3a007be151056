package ort

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	binding "github.com/yalue/onnxruntime_go"
)

// MaxThreads bounds Options.Threads: above it a machine's answer is a mistake.
const MaxThreads = 1024

// Options say how a session computes.
type Options struct {
	Provider string // "cpu", "cuda", …; never empty
	Threads  int    // worker threads of one operator; 0 means Threads()

	// Inputs and Outputs, where given, are the ports that the model must have, in
	// this order; a session on another model is refused. Empty means the model's own.
	Inputs, Outputs []Port

	// Constants says that the model is little else: they take the device's memory that they
	// need, where an arena would grow to the next power of two for them.
	Constants bool
}

// Threads is how many cores this process may use, as affinity and cgroup quota allow.
func Threads() int { return min(runtime.GOMAXPROCS(0), MaxThreads) }

// Port is an input or output of a model. An edge of -1 is dynamic.
type Port struct {
	Name  string
	Type  string // "float32", "uint8", "int32" or ONNX Runtime's name for another
	Shape []int64
}

// Session is a model loaded on a provider. Run is safe for concurrent use.
type Session struct {
	provider string
	inputs   []Port
	outputs  []Port

	mu sync.RWMutex // Run holds it shared, Close alone: a session in use is never freed
	s  *binding.DynamicAdvancedSession
}

// errClosed answers a Run after Close.
var errClosed = errors.New("the session is closed")

// NewSession loads an ONNX model from memory. It fails where the bytes are no model,
// the provider is unknown or missing, an operator can't run on that provider, or the
// ports differ from those in o.
func (r *Runtime) NewSession(weights []byte, o Options) (*Session, error) {
	p, err := providerNamed(o.Provider)
	if err != nil {
		return nil, fmt.Errorf("new session: %w", err)
	}
	if o.Threads < 0 || o.Threads > MaxThreads {
		return nil, fmt.Errorf("new session: %d threads; want 0 to %d", o.Threads, MaxThreads)
	}
	inputs, outputs, err := ports(weights)
	if err != nil {
		return nil, fmt.Errorf("new session: read a model of %d bytes: %w", len(weights), err)
	}
	if inputs, err = matchPorts("input", o.Inputs, inputs, true); err != nil {
		return nil, fmt.Errorf("new session: %w", err)
	}
	if outputs, err = matchPorts("output", o.Outputs, outputs, false); err != nil {
		return nil, fmt.Errorf("new session: %w", err)
	}
	if o.Threads == 0 {
		o.Threads = Threads()
	}
	options, err := sessionOptions(p, o.Threads)
	if err != nil {
		return nil, &Unavailable{Provider: p.name, Err: err}
	}
	defer func() { _ = options.Destroy() }()
	if o.Constants {
		if err := options.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1"); err != nil {
			return nil, fmt.Errorf("new session on %s: %w", p.name, err)
		}
	}
	s, err := binding.NewDynamicAdvancedSessionWithONNXData(weights, names(inputs), names(outputs), options)
	if err != nil && p.name != CPU {
		return nil, &Unavailable{Provider: p.name, Operators: true, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("new session on %s: %w", p.name, err)
	}
	return &Session{provider: p.name, inputs: inputs, outputs: outputs, s: s}, nil
}

// sessionOptions appends the provider, closes the detour over the CPU, and chooses what
// suits whole studies on a shared machine. Workers don't spin between operators: an
// operator here takes milliseconds, waking a thread microseconds, and the core that a
// spinning thread would burn reads the next study meanwhile. Memory patterns are off:
// they reserve a second arena for a shape that the next study does not have.
func sessionOptions(p provider, threads int) (_ *binding.SessionOptions, err error) {
	options, err := binding.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = options.Destroy()
		}
	}()
	if err := options.SetIntraOpNumThreads(threads); err != nil {
		return nil, err
	}
	if err := options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"); err != nil {
		return nil, err
	}
	if err := options.SetMemPattern(false); err != nil {
		return nil, err
	}
	if p.name != CPU {
		if err := options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1"); err != nil {
			return nil, err
		}
	}
	return options, p.append(options)
}

// ports reads the model's own inputs and outputs; all must be tensors.
func ports(weights []byte) (inputs, outputs []Port, err error) {
	in, out, err := binding.GetInputOutputInfoWithONNXData(weights)
	if err != nil {
		return nil, nil, err
	}
	convert := func(infos []binding.InputOutputInfo) (list []Port, err error) {
		for _, info := range infos {
			if info.OrtValueType != binding.ONNXTypeTensor {
				return nil, fmt.Errorf("%.80q is no tensor; only tensors are supported", info.Name)
			}
			list = append(list, Port{Name: info.Name, Type: typeName(info.DataType), Shape: info.Dimensions})
		}
		return list, nil
	}
	if inputs, err = convert(in); err != nil {
		return nil, nil, err
	}
	outputs, err = convert(out)
	return inputs, outputs, err
}

// typeName is the project's word for an element type.
func typeName(t binding.TensorElementDataType) string {
	switch t {
	case binding.TensorElementDataTypeFloat:
		return "float32"
	case binding.TensorElementDataTypeUint8:
		return "uint8"
	case binding.TensorElementDataTypeInt32:
		return "int32"
	}
	return t.String()
}

// matchPorts returns the model's ports in the wanted order, or names the difference.
// Every input must be wanted (all, since a graph can't run without one); an output may
// be left alone.
func matchPorts(kind string, wanted, actual []Port, all bool) ([]Port, error) {
	if len(wanted) == 0 {
		return actual, nil
	}
	if all && len(wanted) != len(actual) {
		return nil, fmt.Errorf("the manifest names %d %ss, the model has %d", len(wanted), kind, len(actual))
	}
	matched := make([]Port, len(wanted))
	for i, w := range wanted {
		n := slices.IndexFunc(actual, func(a Port) bool { return a.Name == w.Name })
		if n < 0 {
			return nil, fmt.Errorf("%s %.80q: the model has no such %s, it has %.200q", kind, w.Name, kind, names(actual))
		}
		a := actual[n]
		if a.Type != w.Type || !shapesAgree(a.Shape, w.Shape) {
			return nil, fmt.Errorf("%s %.80q is %s%v in the manifest, %s%v in the model", kind, w.Name, w.Type, w.Shape, a.Type, a.Shape)
		}
		matched[i] = a
	}
	return matched, nil
}

// shapesAgree reports whether some tensor can have both shapes.
func shapesAgree(a, b []int64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] >= 0 && b[i] >= 0 && a[i] != b[i] {
			return false
		}
	}
	return true
}

func names(ports []Port) []string {
	list := make([]string, len(ports))
	for i, p := range ports {
		list[i] = p.Name
	}
	return list
}

// Provider is where the session computes.
func (s *Session) Provider() string { return s.provider }

// Inputs and Outputs are the ports in the order in which Run takes tensors.
func (s *Session) Inputs() []Port  { return slices.Clone(s.inputs) }
func (s *Session) Outputs() []Port { return slices.Clone(s.outputs) }

// Run computes out from in, both in the order of the ports. The caller allocates out
// with the shape that the graph gives; another shape is an error. When ctx ends, the
// run stops at the next operator and ctx's error is returned: one long operator can't
// be interrupted, so a hard limit needs a process to kill.
func (s *Session) Run(ctx context.Context, in, out []Tensor) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("run model: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.s == nil {
		return fmt.Errorf("run model: %w", errClosed)
	}
	inputs, free, err := bind("input", in, s.inputs)
	defer free()
	if err != nil {
		return fmt.Errorf("run model: %w", err)
	}
	outputs, free, err := bind("output", out, s.outputs)
	defer free()
	if err != nil {
		return fmt.Errorf("run model: %w", err)
	}
	return s.runUntil(ctx, inputs, outputs)
}

// runUntil runs, and asks ONNX Runtime to stop when ctx ends.
func (s *Session) runUntil(ctx context.Context, inputs, outputs []binding.Value) error {
	options, err := binding.NewRunOptions()
	if err != nil {
		return fmt.Errorf("run model: %w", err)
	}
	defer func() { _ = options.Destroy() }()
	terminated := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(terminated)
		_ = options.Terminate() // fails only on options that are gone, and they wait for us
	})
	err = s.s.RunWithOptions(inputs, outputs, options)
	if !stop() {
		<-terminated // the options may go only after the last touch
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("run model: %w", ctx.Err())
	}
	return fmt.Errorf("run model on %s: %w", s.provider, err)
}

// Close waits for running computations and frees the model. A second Close does nothing.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.s == nil {
		return nil
	}
	err := s.s.Destroy()
	s.s = nil
	return err
}
