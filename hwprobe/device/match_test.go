package device

import (
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/ort"
)

func TestAcceleratorsAreMatchedToWhatWorks(t *testing.T) {
	i := inventory(t, fixture("desktop-nvidia"))
	trials := []Trial{
		{Provider: "tensorrt", Fix: "install TensorRT"}, {Provider: "cuda", Works: true}, {Provider: "openvino", Fix: "install OpenVINO"},
		{Provider: "webgpu", Fix: "install Vulkan"}, {Provider: "cpu", Works: true},
	}
	got := i.Matched(trials)
	nvidia, intel := only(t, got, "0000:01:00.0"), only(t, got, "0000:00:02.0")
	if nvidia.State != Present || !slices.Equal(nvidia.Providers, []string{"cuda"}) {
		t.Errorf("%+v; want it driven by CUDA", nvidia)
	}
	if intel.State != Unusable || !strings.Contains(intel.Why, "tried: openvino, webgpu") || intel.Fix != "for openvino, install OpenVINO" {
		t.Errorf("%+v; want what to install for its best provider", intel.Fact)
	}
	if again := inventory(t, fixture("desktop-nvidia")); !reflect.DeepEqual(i, again) {
		t.Error("matching changed what it was given")
	}
	if same := i.Matched(nil); !reflect.DeepEqual(same, i) {
		t.Errorf("without trials: %+v", same)
	}
}

// A trial never brings a provider that could not drive the device, never hides a
// device's own trouble, and one more that works never makes a device worse.
func TestMatchingProperty(t *testing.T) {
	all := machines(t)
	rapid.Check(t, func(rt *rapid.T) {
		i := inventory(t, fixture(rapid.SampledFrom(all).Draw(rt, "machine")))
		var trials, more []Trial
		for _, p := range ort.KnownProviders() {
			works := rapid.Bool().Draw(rt, p)
			trials = append(trials, Trial{Provider: p, Works: works, Fix: "install it"})
			more = append(more, Trial{Provider: p, Works: works || rapid.Bool().Draw(rt, "too "+p), Fix: "install it"})
		}
		got, better := i.Matched(trials), i.Matched(more)
		for n, before := range i.Accelerators {
			a, b := got.Accelerators[n], better.Accelerators[n]
			if before.State != Present && !reflect.DeepEqual(a, before) {
				rt.Fatalf("%+v became %+v", before, a)
			}
			for _, p := range a.Providers {
				if !slices.Contains(before.Providers, p) {
					rt.Fatalf("%s drives %+v", p, before)
				}
			}
			if a.State == Present && b.State != Present {
				rt.Fatalf("%+v is worse with more that works: %+v", a, b)
			}
		}
	})
}

// Whatever one file of a tree holds, the machine is read, and every fact is whole.
func TestAnyFileMayHoldAnything(t *testing.T) {
	trees := map[string]tree{}
	files := map[string][]string{}
	all := machines(t)
	for _, name := range all {
		tr, dir := copied(t, name)
		trees[name], files[name] = tr, factFiles(t, dir)
	}
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(all).Draw(rt, "machine")
		file := rapid.SampledFrom(files[name]).Draw(rt, "file")
		before, err := os.ReadFile(file)
		if err != nil {
			rt.Fatal(err)
		}
		content := rapid.OneOf(
			rapid.SliceOfN(rapid.Byte(), 0, 64),
			rapid.Map(rapid.Uint64(), func(n uint64) []byte { return strconv.AppendUint(nil, n, 10) }),
			rapid.Map(rapid.IntRange(0, len(before)), func(n int) []byte { return before[:n] }),
		).Draw(rt, "content")
		restore := overwrite(t, file, content)
		defer restore()
		i := inventory(t, trees[name])
		for _, a := range i.Accelerators {
			if a.Address == "" || a.Model == "" || !harmless(a.Model) || !harmless(a.Driver) || a.State != Present && (a.Why == "" || a.Fix == "") || a.MemoryBytes > 2*maxMemoryBytes {
				rt.Fatalf("%+v", a)
			}
		}
		if i.Memory.State == Present && i.Memory.TotalBytes == 0 || i.CPU.Threads < 1 {
			rt.Fatalf("%+v, %+v", i.Memory, i.CPU)
		}
	})
}
