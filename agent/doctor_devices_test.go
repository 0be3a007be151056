package agent

import (
	"strings"
	"testing"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/inference/runner"
)

func TestDevicesThatCanNotBeUsedSayWhatToInstall(t *testing.T) {
	present := device.Fact{State: device.Present}
	card := device.Accelerator{Kind: device.GPU, Vendor: "nvidia", Model: "RTX 4090", MemoryBytes: 24 << 30, Driver: "nvidia 550.54.15",
		Address: "0000:01:00.0", Providers: []string{"cuda", "webgpu"}, Fact: present}
	inside := device.Accelerator{Kind: device.GPU, Vendor: "intel", Model: "UHD Graphics 770", SharedMemory: true, Driver: "i915",
		Address: "0000:00:02.0", Providers: []string{"openvino"}, Fact: present}
	npu := device.Accelerator{Kind: device.NPU, Vendor: "hailo", Model: "Hailo-8", Address: "0001:01:00.0",
		Fact: device.Fact{State: device.Unusable, Why: "no execution provider drives it", Fix: "nothing can be installed"}}
	without := func(a device.Accelerator, f device.Fact) device.Accelerator {
		a.Fact = f
		return a
	}
	cuda := []runner.ProviderTrial{{Provider: "cuda", Available: true}, {Provider: "webgpu", Fix: "install Vulkan"}, {Provider: "openvino", Fix: "install OpenVINO"}}
	none := []runner.ProviderTrial{{Provider: "cuda", Fix: "install CUDA"}, {Provider: "webgpu", Fix: "install Vulkan"}, {Provider: "openvino", Fix: "install OpenVINO"}}
	for name, c := range map[string]struct {
		device device.Accelerator
		trials []runner.ProviderTrial
		want   CheckState
		what   string
		fix    string
	}{
		"a card that works":              {card, cuda, CheckOK, "RTX 4090, 24.0 GiB, driver nvidia 550.54.15, driven by cuda", ""},
		"a card without a provider":      {card, none, CheckWarn, "of no use as it is", "for cuda, install CUDA"},
		"a card before any trial":        {card, nil, CheckOK, "for cuda, webgpu, which were not tried", ""},
		"a card without a driver":        {without(card, device.Fact{State: device.Unusable, Why: "no driver", Fix: "install NVIDIA's driver"}), cuda, CheckWarn, "of no use", "install NVIDIA's driver"},
		"a card that can't be asked":     {without(card, device.Fact{State: device.Unknown, Why: "unknown, because it hangs", Fix: "restart"}), cuda, CheckWarn, "unknown whether", "restart"},
		"a card with advice":             {without(card, device.Fact{State: device.Present, Why: "MIG", Fix: "turn it off"}), cuda, CheckWarn, "driven by cuda", "turn it off"},
		"graphics inside the processor":  {inside, cuda, CheckOK, "UHD Graphics 770, shared memory, driver i915", "only if you want it: for openvino, install OpenVINO"},
		"an NPU that nothing here knows": {npu, cuda, CheckOK, "Hailo-8, of no use as it is", "nothing can be installed"},
	} {
		t.Run(name, func(t *testing.T) {
			checks := deviceChecks(device.Inventory{Accelerators: []device.Accelerator{c.device}}, c.trials)
			if len(checks) != 1 {
				t.Fatalf("%+v; want one check", checks)
			}
			judged(t, checks[0], c.want)
			if got := checks[0]; got.Name != c.device.Kind+" "+c.device.Address || !strings.Contains(got.What, c.what) || got.Fix != c.fix {
				t.Errorf("%+v; want what with %q, fix %q", got, c.what, c.fix)
			}
		})
	}
}

func TestDevicesThatCouldNotBeLookedAtAreAWarning(t *testing.T) {
	checks := deviceChecks(device.Inventory{Notes: []device.Fact{
		{State: device.Absent, Why: "there is no GPU"}, {State: device.Unknown, Why: "unknown, because /sys is not there", Fix: "mount /sys"},
	}}, nil)
	if len(checks) != 2 {
		t.Fatalf("%+v; want two checks", checks)
	}
	judged(t, checks[0], CheckOK)
	judged(t, checks[1], CheckWarn)
}
