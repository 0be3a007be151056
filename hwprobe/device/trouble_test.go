package device

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// What can be wrong with a device that is there, each with what to do.
func TestTroublesSayWhatToDo(t *testing.T) {
	const (
		rtx   = "0000:01:00.0"
		radeo = "0000:03:00.0"
		arc   = "0000:03:00.0"
	)
	uevent := func(address, driver, class, id string) string {
		return "DRIVER=" + driver + "\nPCI_CLASS=" + class + "\nPCI_ID=" + id + "\nPCI_SLOT_NAME=" + address + "\n"
	}
	type machine struct {
		tree
		dir string
	}
	copies := map[string]machine{}
	for _, name := range []string{"desktop-nvidia", "dgpu-amd", "intel-arc", "jetson-orin", "raspberry-pi-5"} {
		tr, dir := copied(t, name)
		copies[name] = machine{tr, dir}
	}
	for name, c := range map[string]struct {
		machine, address string
		bend             func(t *testing.T, dir string)
		state            State
		why, fix         string // each holds this
	}{
		"no node of NVIDIA's driver": {"desktop-nvidia", rtx, func(t *testing.T, dir string) { gone(t, dir, "dev/nvidia0") }, Unusable, "/dev/nvidia0 is not there", "--device /dev/nvidia0"},
		"an old NVIDIA driver": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.256.02  Thu May  2 14:37:44 UTC 2024", dir, "proc/driver/nvidia/version")
		}, Unusable, "470.256.02, too old for CUDA 12", "525 or newer"},
		"no memory node of CUDA yet": {"desktop-nvidia", rtx, func(t *testing.T, dir string) { gone(t, dir, "dev/nvidia-uvm") }, Present, "nvidia-uvm", "nvidia-persistenced"},
		"given to a virtual machine": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, uevent(rtx, "vfio-pci", "30000", "10DE:2684"), dir, "sys/bus/pci/devices", rtx, "uevent")
		}, Unusable, "virtual machine", "inside that machine"},
		"a driver that nobody knows": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, uevent(rtx, "other", "30000", "10DE:2684"), dir, "sys/bus/pci/devices", rtx, "uevent")
		}, Unusable, "an unknown driver, other", "bind NVIDIA's driver"},
		"NVML without its library": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, `{"version":1,"error":"library not found"}`, dir, "nvml.json")
		}, Unusable, "libraries are not found", "libnvidia-ml1"},
		"a driver updated under way": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, `{"version":1,"error":"driver and library versions differ"}`, dir, "nvml.json")
		}, Unusable, "versions differ", "restart the machine"},
		"a GPU that fell off its bus": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, `{"version":1,"driver":"550.54.15","devices":[{"index":0,"address":"00000000:01:00.0","error":"GPU is lost"}]}`, dir, "nvml.json")
		}, Unusable, "lost", "dmesg"},
		"a card without its cables": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, `{"version":1,"error":"power cables are not attached"}`, dir, "nvml.json")
		}, Unusable, "cables", "switch the machine off"},
		"an error that nobody knows": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, `{"version":1,"error":"error 999"}`, dir, "nvml.json")
		}, Unknown, "error 999", "nvidia-smi"},
		"a report that is none": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, `{"version":1,`, dir, "nvml.json")
		}, Unknown, "parse NVML report", "nvidia-smi"},
		"split into instances": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, `{"version":1,"driver":"550.54.15","devices":[{"index":0,"address":"0000:01:00.0","memory_bytes":42949672960,"mig":true}]}`, dir, "nvml.json")
		}, Present, "its memory is unknown, because NVML tells that of all", "-mig 0"},
		"memory that NVML doesn't tell": {"desktop-nvidia", rtx, func(t *testing.T, dir string) {
			put(t, `{"version":1,"driver":"550.54.15","devices":[{"index":0,"address":"0000:01:00.0"}]}`, dir, "nvml.json")
		}, Present, "its memory is unknown, because", "newer driver"},
		"no driver for a Radeon": {"dgpu-amd", radeo, func(t *testing.T, dir string) {
			put(t, "PCI_CLASS=30000\nPCI_ID=1002:744C\n", dir, "sys/bus/pci/devices", radeo, "uevent")
		}, Unusable, "no driver is bound", "firmware-amd-graphics"},
		"a Radeon of another age": {"dgpu-amd", radeo, func(t *testing.T, dir string) {
			put(t, uevent(radeo, "radeon", "30000", "1002:6798"), dir, "sys/bus/pci/devices", radeo, "uevent")
		}, Unusable, "radeon drives it", "jobs run on the CPU"},
		"no node of ROCm":        {"dgpu-amd", radeo, func(t *testing.T, dir string) { gone(t, dir, "dev/kfd") }, Present, "ROCm can't use it", "/dev/kfd"},
		"a Radeon without nodes": {"dgpu-amd", radeo, func(t *testing.T, dir string) { gone(t, dir, "sys/bus/pci/devices", radeo, "drm") }, Unusable, "no render node", "dmesg"},
		"memory that amdgpu doesn't tell": {"dgpu-amd", radeo, func(t *testing.T, dir string) {
			gone(t, dir, "sys/bus/pci/devices", radeo, "mem_info_vram_total")
		}, Present, "its memory is unknown, because", "kernel"},
		"memory that is no number": {"dgpu-amd", radeo, func(t *testing.T, dir string) {
			put(t, "much\n", dir, "sys/bus/pci/devices", radeo, "mem_info_vram_total")
		}, Present, "its memory is unknown, because", "kernel"},
		"no driver for an Arc": {"intel-arc", arc, func(t *testing.T, dir string) {
			put(t, "PCI_CLASS=30000\nPCI_ID=8086:E20B\n", dir, "sys/bus/pci/devices", arc, "uevent")
		}, Unusable, "no driver is bound", "6.12 or newer for Arc B"},
		"memory that xe doesn't tell": {"intel-arc", arc, func(t *testing.T, dir string) { gone(t, dir, "sys/bus/pci/devices", arc, "tile0") }, Present, "its memory is unknown, because", "not claimed"},
		"an NPU without a driver": {"intel-arc", "0000:00:0b.0", func(t *testing.T, dir string) {
			put(t, "PCI_CLASS=120000\nPCI_ID=8086:7D1D\n", dir, "sys/bus/pci/devices/0000:00:0b.0/uevent")
		}, Unusable, "no driver", "intel_vpu"},
		"an NPU without its node": {"intel-arc", "0000:00:0b.0", func(t *testing.T, dir string) { gone(t, dir, "sys/bus/pci/devices/0000:00:0b.0/accel") }, Unusable, "no node", "dmesg"},
		"a Jetson without nodes":  {"jetson-orin", "17000000.gpu", func(t *testing.T, dir string) { gone(t, dir, "dev") }, Unusable, "/dev/nvgpu/igpu0/ctrl is not there", "--device"},
		"a Jetson without its driver": {"jetson-orin", "17000000.gpu", func(t *testing.T, dir string) {
			put(t, "OF_NAME=gpu\nOF_COMPATIBLE_0=nvidia,ga10b\nOF_COMPATIBLE_N=1\n", dir, "sys/bus/platform/devices/17000000.gpu/uevent")
		}, Unusable, "no driver", "JetPack"},
		"a Pi without v3d's node": {"raspberry-pi-5", "1002000000.v3d", func(t *testing.T, dir string) { gone(t, dir, "sys/bus/platform/devices/1002000000.v3d/drm") }, Unusable, "no render node", "vc4-kms-v3d"},
	} {
		t.Run(name, func(t *testing.T) {
			m := copies[c.machine]
			c.bend(t, m.dir)
			a := only(t, inventory(t, m.tree), c.address)
			if a.State != c.state || !strings.Contains(a.Why, c.why) || !strings.Contains(a.Fix, c.fix) {
				t.Errorf("%+v\nwant %s, why with %q, fix with %q", a.Fact, c.state, c.why, c.fix)
			}
			if strings.Contains(c.why, "its memory is unknown") && a.MemoryBytes != 0 {
				t.Errorf("%d bytes of memory that nobody told", a.MemoryBytes)
			}
		})
	}
}

func TestAUserWithoutTheGroupIsToldWhich(t *testing.T) {
	for machine, want := range map[string][2]string{
		"desktop-nvidia": {"0000:01:00.0", "usermod -aG video USER"}, "dgpu-amd": {"0000:03:00.0", "usermod -aG render USER"},
		"intel-arc": {"0000:00:0b.0", "usermod -aG render USER"}, "jetson-orin": {"17000000.gpu", "usermod -aG video USER"},
		"raspberry-pi-5": {"1002000000.v3d", "usermod -aG render USER"},
	} {
		tr := fixture(machine)
		tr.usable = func(string) error { return fs.ErrPermission }
		if a := only(t, inventory(t, tr), want[0]); a.State != Unusable || !strings.Contains(a.Fix, want[1]) {
			t.Errorf("%s: %+v; want %q", machine, a.Fact, want[1])
		}
	}
}

func TestALibraryThatDiesLeavesItsGPUUnknown(t *testing.T) {
	tr := fixture("desktop-nvidia")
	i := tr.read(t.Context(), Options{NVML: func(context.Context) ([]byte, error) {
		return nil, errors.New("NVIDIA's library ended the process that asked it")
	}})
	a := only(t, i, "0000:01:00.0")
	if a.State != Unknown || !strings.Contains(a.Why, "ended the process") || a.Fix == "" || a.Model != "NVIDIA GeForce RTX 4090" || a.MemoryBytes != 0 {
		t.Errorf("%+v; want it unknown, with the model that the kernel's driver tells", a)
	}
	if other := only(t, i, "0000:00:02.0"); other.State != Present {
		t.Errorf("Intel's GPU suffers for it: %+v", other)
	}
}

func TestAJetsonHasOneGPU(t *testing.T) {
	tr, dir := copied(t, "jetson-orin")
	want := inventory(t, tr).Accelerators
	put(t, "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build", dir, "proc/driver/nvidia/version")
	put(t, `{"version":1,"driver":"540.4.0","devices":[{"index":0,"name":"Orin (nvgpu)","address":"0000:00:00.0"}]}`, dir, "nvml.json")
	if got := inventory(t, tr).Accelerators; len(got) != 1 || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v; want %+v", got, want)
	}
}

func TestTheLibraryIsAskedOnlyWhereADriverIs(t *testing.T) {
	for _, name := range machines(t) {
		asked := false
		fixture(name).read(t.Context(), Options{NVML: func(context.Context) ([]byte, error) {
			asked = true
			return nil, errors.New("none")
		}})
		if want := name == "desktop-nvidia" || name == "dgx-a100" || name == "wsl"; asked != want {
			t.Errorf("%s: asked %v, want %v", name, asked, want)
		}
	}
}

func TestAnUnknownAcceleratorIsNotPassedOverInSilence(t *testing.T) {
	tr, dir := copied(t, "vm-bare")
	put(t, "PCI_CLASS=30200\nPCI_ID=1ED5:0300\n", dir, "sys/bus/pci/devices/0000:00:05.0/uevent")
	i := inventory(t, tr)
	if len(i.Accelerators) != 0 || len(i.Notes) != 1 || i.Notes[0].State != Unknown || !strings.Contains(i.Notes[0].Why, "1ed5:0300 at PCI 0000:00:05.0") {
		t.Errorf("%+v, %+v; want a note of it", i.Accelerators, i.Notes)
	}
}

// Some kernels and containers withhold uevent files.
func TestPCIFunctionsWithoutUeventAreReadToo(t *testing.T) {
	const address = "0000:01:00.0"
	tr, dir := copied(t, "desktop-nvidia")
	want := only(t, inventory(t, tr), address)
	gone(t, dir, "sys/bus/pci/devices", address, "uevent")
	gone(t, dir, "sys/bus/pci/devices", address, "class")
	if i := inventory(t, tr); len(i.Accelerators) != 2 || len(i.Notes) != 1 || !strings.HasPrefix(i.Notes[0].Why, "unknown, because 1 of the PCI") {
		t.Errorf("without anything: %+v, %+v", i.Accelerators, i.Notes) // NVML still knows the GPU
	}
	put(t, "0x030000\n", dir, "sys/bus/pci/devices", address, "class")
	put(t, "0x10de\n", dir, "sys/bus/pci/devices", address, "vendor")
	put(t, "0x2684\n", dir, "sys/bus/pci/devices", address, "device")
	if err := os.Symlink("../../drivers/nvidia", filepath.Join(dir, "sys/bus/pci/devices", address, "driver")); err != nil {
		t.Fatal(err)
	}
	if i := inventory(t, tr); !reflect.DeepEqual(only(t, i, address), want) || len(i.Notes) != 0 {
		t.Errorf("%+v, %+v; want %+v", i.Accelerators, i.Notes, want)
	}
}

func TestAContainerIsToldHowToGetAGPU(t *testing.T) {
	tr, dir := copied(t, "vm-bare")
	gone(t, dir, "sys/class/dmi")
	put(t, "processor : 0\nflags : sse avx2\n", dir, "proc/cpuinfo")
	put(t, "40 1 0:50 / / rw - overlay overlay rw\n", dir, "proc/self/mountinfo")
	i := inventory(t, tr)
	if i.Virtual != "container" || len(i.Notes) != 1 || i.Notes[0].State != Absent || !strings.Contains(i.Notes[0].Fix, "--gpus all") {
		t.Errorf("%q, %+v", i.Virtual, i.Notes)
	}
}

func TestUnreadableIsUnknownAndNeverZero(t *testing.T) {
	tr, dir := copied(t, "desktop-nvidia")
	unreadable(t, dir, "proc/meminfo")
	unreadable(t, dir, "sys/block/sda/size")
	i := inventory(t, tr)
	if i.Memory.State != Unknown || i.Memory.Fix == "" || !strings.HasPrefix(i.Memory.Why, "unknown, because /proc/meminfo can't be read") {
		t.Errorf("memory: %+v", i.Memory)
	}
	if d := i.Disks[1]; d.State != Unknown || d.TotalBytes != 0 || d.Fix == "" {
		t.Errorf("disk: %+v", d)
	}
}

func TestRootsDefaultToTheMachinesOwn(t *testing.T) {
	if got, want := (Roots{}).OrDefault(), (Roots{Sys: "/sys", Proc: "/proc", Dev: "/dev"}); got != want {
		t.Errorf("%+v", got)
	}
	own := Roots{Sys: "a", Proc: "b", Dev: filepath.Join("c", "d")}
	if got := own.OrDefault(); got != own {
		t.Errorf("%+v", got)
	}
}
