package device

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// captured is a machine whose /sys and /proc somebody read from its kernel; see
// packaging/captures. Nothing of /dev was kept, so no GPU of theirs is usable.
func captured(t *testing.T, machine string) Roots {
	t.Helper()
	folder := filepath.Join("..", "..", ".tools", "captures", machine)
	if _, err := os.Stat(folder); err != nil {
		t.Fatal("the captures of real machines are missing: run `make test-tools`")
	}
	return Roots{Sys: filepath.Join(folder, "sys"), Proc: filepath.Join(folder, "proc"), Dev: filepath.Join(folder, "dev")}
}

// What is wanted here was read off the captures' own files, by eye.
func TestCapturedMachines(t *testing.T) {
	type gpu struct{ vendor, model, driver, address string }
	for machine, want := range map[string]struct {
		cpu            string
		cores, threads int
		isa            string
		memory         uint64 // bytes
		disks          string // names
		gpu            gpu
	}{
		"linux-amd64-415ee03b8c4d1c4f07ae2e9d8b3d3d6d": {
			"12th Gen Intel(R) Core(TM) i7-1270P", 12, 16, "avx2 avx_vnni fma", 33_323_692_032, "nvme0n1",
			gpu{"intel", "Alder Lake-P Integrated Graphics Controller", "i915", "0000:00:02.0"},
		},
		"linux-amd64-61797caf7c0b6bca1725ad7975ed4773": {
			"AMD Ryzen 5 1600 Six-Core Processor", 6, 12, "avx2 fma", 33_564_585_984, "sda sdb sdc",
			gpu{"amd", "1002:6758", "", "0000:0a:00.0"}, // a Radeon of 2011
		},
		"linux-amd64-8581cf3a529e5d8b97ea876eade2f60d": {
			"Intel(R) Xeon(R) CPU L5640 @ 2.27GHz", 12, 24, "", 67_503_390_720, "sda", gpu{},
		},
		"linux-amd64-accel-nvidia": {
			"Intel(R) Xeon(R) CPU E5-2695 v4 @ 2.10GHz", 8, 8, "avx2 fma", 31_336_259_584, "sda",
			gpu{"nvidia", "Tesla P100 PCIe 16GB", "nvidia", "0000:06:00.0"},
		},
		"linux-amd64-accel": {
			"Intel(R) Xeon(R) Gold 5218R CPU @ 2.10GHz", 2, 2, "avx2 avx512_vnni avx512f fma", 2_055_716_864, "vda", gpu{},
		},
		"linux-amd64-offlineCPUs": {
			"Intel Xeon Processor (Skylake, IBRS)", 2, 2, "avx2 avx512f fma", 8_071_077_888, "", gpu{},
		},
		"linux-arm64-c288e0776090cd558ef793b2a4e61939": {
			"Neoverse-N1", 1, 1, "asimd asimddp", 1_934_315_520, "nvme0n1", gpu{},
		},
	} {
		t.Run(machine, func(t *testing.T) {
			i := Read(t.Context(), captured(t, machine), Options{})
			if i.CPU.Model != want.cpu || i.CPU.Cores != want.cores || i.CPU.Threads != want.threads || strings.Join(i.CPU.ISA, " ") != want.isa {
				t.Errorf("processor %+v, want %s with %d cores, %d threads and %q", i.CPU, want.cpu, want.cores, want.threads, want.isa)
			}
			if i.Memory.TotalBytes != want.memory || i.Memory.State != Present {
				t.Errorf("memory %+v, want %d bytes", i.Memory, want.memory)
			}
			var disks []string
			for _, d := range i.Disks {
				if d.TotalBytes == 0 || d.State != Present {
					t.Errorf("disk %+v", d)
				}
				disks = append(disks, d.Name)
			}
			if got := strings.Join(disks, " "); got != want.disks {
				t.Errorf("disks %q, want %q", got, want.disks)
			}
			if want.gpu == (gpu{}) {
				if len(i.Accelerators) != 0 {
					t.Errorf("accelerators %+v, want none", i.Accelerators)
				}
				return
			}
			if len(i.Accelerators) != 1 {
				t.Fatalf("accelerators %+v, want one", i.Accelerators)
			}
			a := i.Accelerators[0]
			if got := (gpu{string(a.Vendor), a.Model, a.Driver, a.Address}); got != want.gpu {
				t.Errorf("GPU %+v, want %+v", got, want.gpu)
			}
			if a.State != Unusable || a.Why == "" || a.Fix == "" {
				t.Errorf("GPU without a node in /dev: %+v", a.Fact)
			}
		})
	}
}
