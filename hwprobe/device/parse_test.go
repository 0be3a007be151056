package device

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"
)

func TestParsePCI(t *testing.T) {
	for name, c := range map[string]struct {
		uevent string
		want   pciDevice
		ok     bool
	}{
		"captured": {"DRIVER=nvidia\nPCI_CLASS=30000\nPCI_ID=10DE:2684\nPCI_SUBSYS_ID=1043:889A\nPCI_SLOT_NAME=0000:01:00.0\nMODALIAS=pci:v000010DEd00002684sv00001043sd0000889Abc03sc00i00\n",
			pciDevice{class: 0x0300, vendor: 0x10de, device: 0x2684, driver: "nvidia"}, true},
		"without a driver": {"PCI_CLASS=120000\nPCI_ID=8086:7D1D\n", pciDevice{class: 0x1200, vendor: 0x8086, device: 0x7d1d}, true},
		"empty":            {"", pciDevice{}, false},
		"no class":         {"PCI_ID=10DE:2684\n", pciDevice{}, false},
		"no id":            {"PCI_CLASS=30000\n", pciDevice{}, false},
		"half an id":       {"PCI_CLASS=30000\nPCI_ID=10DE\n", pciDevice{}, false},
		"too long":         {"PCI_CLASS=3000000\nPCI_ID=10DE:2684\n", pciDevice{}, false},
		"no numbers":       {"PCI_CLASS=VGA\nPCI_ID=10DE:2684\n", pciDevice{}, false},
	} {
		if got, ok := parsePCI(c.uevent); ok != c.ok || ok && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, ok, c.want, c.ok)
		}
	}
}

func TestParseNVIDIA(t *testing.T) {
	for text, want := range map[string]string{
		"NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue Jun  6 22:20:39 UTC 2023\nGCC version: gcc version 12.2.0": "535.54.03",
		"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (archlinux-builder@)":                  "550.54.15",
		"NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.95  Release Build":                                          "580.95",
		"": "", "NVRM version:": "", "GCC version: 535.54.03": "", "NVRM version: NVIDIA UNIX x86_64 Kernel Module": "",
	} {
		if got := parseNVRM(text); got != want {
			t.Errorf("%q is version %q, want %q", text, got, want)
		}
	}
	captured := "Model: \t\t NVIDIA GeForce RTX 4090\nIRQ:   \t\t 180\nGPU UUID: \t GPU-00000000-0000-0000-0000-000000000000\nDevice Minor: \t 3\n"
	for text, want := range map[string]nvidiaInformation{
		captured: {"NVIDIA GeForce RTX 4090", 3},
		"Model: \t\t Unknown\nGPU UUID: \t GPU-????????-????-????-????-????????????\nDevice Minor: \t 0":     {"", 0},
		"Model: \t\tNVIDIA GeForce GTX 1660 SUPER\nBus Type: \tPCIe\nDevice Minor: \t0\nGPU Excluded:\tNo\n": {"NVIDIA GeForce GTX 1660 SUPER", 0},
		"":                                 {"", -1},
		"Model\nDevice Minor: many\n":      {"", -1},
		"Device Minor: 999999\nModel: A\n": {"A", -1},
	} {
		if got := parseNVIDIAInformation(text); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
	for version, want := range map[string]bool{"470.256.02": true, "524.9": true, "525.60.13": false, "550.54.15": false, "": false, "x.1": false} {
		if got := tooOldForCUDA(version); got != want {
			t.Errorf("driver %q: too old is %v", version, got)
		}
	}
}

func TestParseKFDNode(t *testing.T) {
	for text, want := range map[string]kfdNode{
		"cpu_cores_count 16\nsimd_count 0\ngfx_target_version 0\nlocation_id 0\n":                                               {},
		"simd_count 416\nhive_id 12609507387757274807\ngfx_target_version 90010\nvendor_id 4098\nlocation_id 25344\ndomain 0\n": {"0000:63:00.0", "gfx90a"}, // MI210
		"simd_count 304\ngfx_target_version 90402\nlocation_id 49664\ndomain 1\n":                                               {"0001:c2:00.0", "gfx942"},
		"simd_count 208\ngfx_target_version 90010\nlocation_id 256\ndomain 0\n":                                                 {"0000:01:00.0", "gfx90a"},
		"simd_count 192\ngfx_target_version 110000\nlocation_id 768\ndomain 0\n":                                                {"0000:03:00.0", "gfx1100"},
		"simd_count 24\ngfx_target_version 110003\nlocation_id 50432\ndomain 0\nlocal_mem 0\n":                                  {"0000:c5:00.0", "gfx1103"},
		"":                                      {},
		"simd_count many\ngfx_target_version 1": {},
		"simd_count 1\ngfx_target_version 18446744073709551615\nlocation_id 1": {},
		"simd_count 1\ngfx_target_version 110000\nlocation_id 99999999":        {},
	} {
		if got := parseKFDNode(text); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
}

func TestParseMetricsHeader(t *testing.T) {
	for name, c := range map[string]struct {
		head    []byte
		apu, ok bool
	}{
		"card, 1.3":     {[]byte{120, 0, 1, 3}, false, true},
		"APU, 2.1":      {[]byte{120, 0, 2, 1}, true, true},
		"APU, 3.0":      {[]byte{8, 1, 3, 0}, true, true},
		"a new format":  {[]byte{120, 0, 9, 0}, false, false},
		"no table":      {[]byte{0, 0, 1, 3}, false, false},
		"cut":           {[]byte{120, 0, 1}, false, false},
		"nothing there": {nil, false, false},
	} {
		if apu, ok := parseMetricsHeader(c.head); apu != c.apu || ok != c.ok {
			t.Errorf("%s: %v, %v", name, apu, ok)
		}
	}
}

func TestParseMemoryAndLimits(t *testing.T) {
	for text, want := range map[string]uint64{
		"MemTotal:       65536000 kB\nMemFree: 1 kB\n": 65536000 << 10,
		"MemFree: 1 kB\nMemTotal: 4 kB\n":              4096,
		"":                                             0, "MemTotal: kB": 0, "MemTotal: -1 kB": 0, "MemTotal: 0 kB": 0, "MemTotal: 1 MB": 0, "MemTotal: 99999999999999999999 kB": 0,
	} {
		if got, ok := parseMemTotal(text); got != want && ok || ok != (want > 0) {
			t.Errorf("%q is %d bytes, %v; want %d", text, got, ok, want)
		}
	}
	for text, want := range map[string]string{
		"0::/system.slice/medhive.service\n": "/system.slice/medhive.service", "12:memory:/docker/1\n0::/a/../../b\n": "/b", "": "/", "1:name=systemd:/x": "/", "0::": "/",
	} {
		if got := parseCgroup(text); got != want {
			t.Errorf("%q is group %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]float64{
		"200000 100000": 2, "150000 100000": 1.5, "1 3": 0.34, "max 100000": 0, "": 0, "1": 0, "0 100000": 0, "1 0": 0, "-1 1": 0, "99999999999999 1": 0,
	} {
		if got, ok := parseQuota(text); got != want || ok != (want > 0) {
			t.Errorf("%q is %v threads, %v; want %v", text, got, ok, want)
		}
	}
}

func TestParseMounts(t *testing.T) {
	captured := "22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n" +
		"28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro\n" +
		"40 28 8:1 / /mnt/a\\040b rw - ext4 /dev/sda1 rw\n"
	want := []mount{{"0:20", "/sys", "sysfs", "sysfs"}, {"259:2", "/", "ext4", "/dev/nvme0n1p2"}, {"8:1", "/mnt/a b", "ext4", "/dev/sda1"}}
	if got := parseMounts(captured); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v; want %+v", got, want)
	}
	for _, text := range []string{"", "-", "a b c d e f", "1 2 3 4 5 - x", "1 2 3:4 / / rw - ext4", strings.Repeat("- ", 100)} {
		if got := parseMounts(text); len(got) != 0 {
			t.Errorf("%q has mounts: %+v", text, got)
		}
	}
}

func TestRoomIsCountedOncePerFileSystem(t *testing.T) {
	i := inventory(t, fixture("desktop-nvidia")) // the root is mounted twice, the EFI partition once
	if got := i.Disks[0].FreeBytes; got != 2<<30 {
		t.Errorf("%d bytes free on the first disk; two file systems have 1 GiB each", got)
	}
	tr := fixture("desktop-nvidia")
	tr.free = nil
	if got := inventory(t, tr).Disks[0].FreeBytes; got != 0 {
		t.Errorf("%d bytes that nobody told", got)
	}
}

func TestNamesOfPCIDevices(t *testing.T) {
	for want, d := range map[string]pciDevice{
		"GeForce RTX 4090": {vendor: 0x10de, device: 0x2684},
		"H100 SXM5 80GB":   {vendor: 0x10de, device: 0x2330},
		"Arc B580":         {vendor: 0x8086, device: 0xe20b},
		"AlderLake-S GT1":  {vendor: 0x8086, device: 0x4680}, // no brackets
		"10de:ffff":        {vendor: 0x10de, device: 0xffff},
	} {
		if got := modelName(d); got != want {
			t.Errorf("%s is %q, want %q", d.id(), got, want)
		}
	}
	for line := range strings.Lines(pciNames) {
		if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, "#") && (len(line) < 11 || line[4] != ':' || line[9] != ' ' || printable(line) != strings.Join(strings.Fields(line), " ")) {
			t.Errorf("line %q of the names", line)
		}
	}
}

func TestPCIAddress(t *testing.T) {
	for text, want := range map[string]string{
		"00000000:01:00.0": "0000:01:00.0", "00000001:C2:00.0": "0001:c2:00.0", "0000:0A:00.0": "0000:0a:00.0", "00010000:01:00.0": "00010000:01:00.0",
		"": "", "01:00.0": "", "0000:01:20.0": "", "0000:01:00.8": "", "0000:01:00.0 ": "", "../../etc": "",
	} {
		if got := PCIAddress(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestParseNVMLRefuses(t *testing.T) {
	many, err := json.Marshal(NVMLReport{Version: 1, Devices: make([]NVMLDevice, maxNVMLDevices+1)})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":         "",
		"no JSON":         "NVML: Driver not loaded",
		"another version": `{"version":2}`,
		"no version":      `{"driver":"1"}`,
		"too long":        `{"version":1,"driver":"` + strings.Repeat("9", MaxNVMLBytes) + `"}`,
		"too many":        string(many),
		"much memory":     `{"version":1,"devices":[{"memory_bytes":18446744073709551615}]}`,
		"much power":      `{"version":1,"devices":[{"power_mw":18446744073709551615}]}`,
		"a negative":      `{"version":1,"devices":[{"memory_bytes":-1}]}`,
		"many reasons":    `{"version":1,"devices":[{"throttle":[` + strings.Repeat(`"x",`, maxNVMLThrottle) + `"x"]}]}`,
	} {
		if r, err := ParseNVML([]byte(text)); err == nil {
			t.Errorf("%s: accepted as %+v", name, r)
		}
	}
	r, err := ParseNVML([]byte(`{"version":1,"driver":"1\u001b[2J","devices":[{"name":"a\u0000 b","address":"x"}]}`))
	if err != nil || r.Driver != "1[2J" || r.Devices[0].Name != "a b" || r.Devices[0].Address != "" {
		t.Errorf("%+v, %v; want it without what a screen obeys", r, err)
	}
}

func TestWordsOfDevicesArePrintable(t *testing.T) {
	for in, want := range map[string]string{"  a\t b\n": "a b", "NVIDIA\x00Jetson": "NVIDIA Jetson", "\x1b[31mred": "[31mred", "Größe": "Gre", strings.Repeat("x", 500): strings.Repeat("x", maxWords)} {
		if got := printable(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// harmless says whether a text is one that printable would give.
func harmless(s string) bool {
	return len(s) <= maxWords && !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) })
}

func FuzzParseUevent(f *testing.F) {
	for _, path := range []string{"desktop-nvidia/sys/bus/pci/devices/0000:01:00.0/uevent", "rockchip-npu/sys/bus/platform/devices/fdab0000.npu/uevent"} {
		f.Add(seed(f, path))
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := parsePCI(s); ok && !harmless(d.driver) {
			t.Errorf("driver %q", d.driver)
		}
		driver, compatibles := parsePlatform(s)
		if !harmless(driver) || len(compatibles) > maxCompatibles {
			t.Errorf("driver %q, %d names", driver, len(compatibles))
		}
	})
}

func FuzzParseNVIDIA(f *testing.F) {
	f.Add(seed(f, "desktop-nvidia/proc/driver/nvidia/version"))
	f.Add(seed(f, "desktop-nvidia/proc/driver/nvidia/gpus/0000:01:00.0/information"))
	f.Fuzz(func(t *testing.T, s string) {
		if v := parseNVRM(s); v != "" {
			if major, ok := driverMajor(v); !ok || major < 10 || !harmless(v) {
				t.Errorf("version %q", v)
			}
		}
		if info := parseNVIDIAInformation(s); !harmless(info.model) || info.minor < -1 || info.minor > 255 {
			t.Errorf("%+v", info)
		}
	})
}

func FuzzParseKFDNode(f *testing.F) {
	f.Add(seed(f, "apu-amd/sys/class/kfd/kfd/topology/nodes/1/properties"))
	f.Fuzz(func(t *testing.T, s string) {
		node := parseKFDNode(s)
		if (node.address == "") != (node.target == "") || node.address != "" && (!pciAddress.MatchString(node.address) || !strings.HasPrefix(node.target, "gfx")) {
			t.Errorf("%+v", node)
		}
	})
}

func FuzzParseNVML(f *testing.F) {
	f.Add([]byte(seed(f, "dgx-a100/nvml.json")))
	f.Add([]byte(seed(f, "wsl/nvml.json")))
	f.Add([]byte(`{"version":1,"error":"GPU is lost"}`))
	f.Fuzz(func(t *testing.T, s []byte) {
		r, err := ParseNVML(s)
		if err != nil {
			return
		}
		cards := []Accelerator{{Kind: GPU, Vendor: "nvidia", Address: "0000:01:00.0", Fact: Fact{State: Present}}}
		for _, a := range mergeNVML(cards, r) {
			if a.MemoryBytes > maxMemoryBytes || !harmless(a.Model) || a.State != Present && (a.Why == "" || a.Fix == "") || PCIAddress(a.Address) != a.Address {
				t.Errorf("%+v", a)
			}
		}
	})
}

func FuzzParseMounts(f *testing.F) {
	f.Add(seed(f, "desktop-nvidia/proc/self/mountinfo"))
	f.Fuzz(func(t *testing.T, s string) {
		for _, m := range parseMounts(s) {
			if m.number == "" || m.kind == "" || m.source == "" {
				t.Errorf("%+v", m)
			}
		}
		if group := parseCgroup(s); !filepath.IsAbs(group) || strings.Contains(group, "..") && strings.Contains(group, "/../") {
			t.Errorf("group %q", group)
		}
		if n, ok := parseMemTotal(s); ok != (n > 0) {
			t.Errorf("%d bytes, %v", n, ok)
		}
		if n, ok := parseQuota(s); ok != (n > 0) {
			t.Errorf("%v threads, %v", n, ok)
		}
	})
}

func FuzzParseFeatures(f *testing.F) {
	f.Add(seed(f, "desktop-nvidia/proc/cpuinfo"))
	f.Add(seed(f, "raspberry-pi-5/proc/cpuinfo"))
	known := map[string]bool{}
	for _, x := range extensions() {
		known[x] = true
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, x := range isaOf(parseFeatures(strings.NewReader(s))) {
			if !known[x] {
				t.Errorf("%q is no extension", x)
			}
		}
	})
}

// seed is a captured file.
func seed(f *testing.F, path string) string {
	f.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", path))
	if err != nil {
		f.Fatal(err)
	}
	return string(text)
}
