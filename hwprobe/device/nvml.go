package device

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// NVMLVersion is raised when a field of NVMLReport changes its meaning.
const NVMLVersion = 1

// MaxNVMLBytes bounds a report: 64 GPUs of a KiB each, with room.
const MaxNVMLBytes = 256 << 10

// Bounds of the figures in a report: above anything that is built, below what overflows.
const (
	maxNVMLDevices  = 64
	maxNVMLMilliW   = 100_000_000
	maxNVMLThrottle = 16
)

// NVMLReport is what the hidden command `medhive probe-nvml` prints: what NVIDIA's
// management library tells at one moment. With --every it prints one a line, for ever.
type NVMLReport struct {
	Version int          `json:"version"`
	Error   string       `json:"error,omitempty"`   // an NVMLError when the library could not start; no devices then
	Driver  string       `json:"driver,omitempty"`  // 550.54.15
	Library string       `json:"library,omitempty"` // NVML's version
	CUDA    string       `json:"cuda,omitempty"`    // newest CUDA that the driver serves: 12.4
	Devices []NVMLDevice `json:"devices,omitempty"` // in NVML's order
}

// NVMLDevice is one GPU. Absent figures are those that the GPU does not tell.
type NVMLDevice struct {
	Index        int      `json:"index"`
	Error        string   `json:"error,omitempty"` // this GPU could not be asked; an NVMLError
	Name         string   `json:"name,omitempty"`
	Address      string   `json:"address,omitempty"`      // 0000:01:00.0
	Architecture string   `json:"architecture,omitempty"` // CUDA's compute capability: 8.0
	MIG          bool     `json:"mig,omitempty"`          // split into instances, each a GPU to CUDA
	MemoryBytes  uint64   `json:"memory_bytes,omitempty"`
	PowerMilliW  uint64   `json:"power_mw,omitempty"`  // of the whole board, a mean over about the last second
	EnergyMilliJ uint64   `json:"energy_mj,omitempty"` // since the driver was loaded; newer GPUs only
	LimitMilliW  uint64   `json:"limit_mw,omitempty"`  // the power limit in force
	Celsius      uint32   `json:"celsius,omitempty"`   // of the chip
	Throttle     []string `json:"throttle,omitempty"`  // why the clocks are lowered, see NVMLThrottle
}

// The errors of NVML that have a remedy of their own, in its header's words.
const (
	NVMLNoLibrary       = "library not found"
	NVMLMissingFunction = "function not found"
	NVMLNotLoaded       = "driver not loaded"
	NVMLNoPermission    = "no permission"
	NVMLMismatch        = "driver and library versions differ"
	NVMLNoPower         = "power cables are not attached"
	NVMLLost            = "GPU is lost"
)

// ParseNVML reads a report and refuses what is too long, of another version, or beyond
// what a machine can hold.
func ParseNVML(report []byte) (NVMLReport, error) {
	if len(report) > MaxNVMLBytes {
		return NVMLReport{}, fmt.Errorf("parse NVML report: %d bytes; at most %d", len(report), MaxNVMLBytes)
	}
	var r NVMLReport
	if err := json.Unmarshal(report, &r); err != nil {
		return NVMLReport{}, fmt.Errorf("parse NVML report: %w", err)
	}
	if r.Version != NVMLVersion {
		return NVMLReport{}, fmt.Errorf("parse NVML report: version %d; want %d", r.Version, NVMLVersion)
	}
	if len(r.Devices) > maxNVMLDevices {
		return NVMLReport{}, fmt.Errorf("parse NVML report: %d GPUs; at most %d", len(r.Devices), maxNVMLDevices)
	}
	r.Error, r.Driver, r.Library, r.CUDA = printable(r.Error), printable(r.Driver), printable(r.Library), printable(r.CUDA)
	for n := range r.Devices {
		d := &r.Devices[n]
		if d.MemoryBytes > maxMemoryBytes || max(d.PowerMilliW, d.LimitMilliW) > maxNVMLMilliW || len(d.Throttle) > maxNVMLThrottle {
			return NVMLReport{}, fmt.Errorf("parse NVML report: GPU %d has figures that no GPU has", n)
		}
		d.Error, d.Name, d.Architecture = printable(d.Error), printable(d.Name), printable(d.Architecture)
		d.Address = PCIAddress(d.Address)
		for i := range d.Throttle {
			d.Throttle[i] = printable(d.Throttle[i])
		}
	}
	return r, nil
}

// longDomain is NVML's way to write a PCI address, with eight digits for the domain.
var longDomain = regexp.MustCompile(`^0000([0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7])$`)

// PCIAddress brings an address to sysfs's form, 0000:01:00.0; "" for what is none.
func PCIAddress(s string) string {
	s = strings.ToLower(s)
	if m := longDomain.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	if !pciAddress.MatchString(s) {
		return ""
	}
	return s
}

// mergeNVML adds what the library told to the GPUs that the kernel showed. What only the
// library sees (under WSL, or without sysfs) becomes an accelerator too.
func mergeNVML(found []Accelerator, r NVMLReport) []Accelerator {
	if r.Error != "" {
		trouble := nvmlTrouble(r.Error)
		for n := range found {
			if a := &found[n]; a.nvidiaCard() && a.State == Present {
				a.Fact = trouble
			}
		}
		return found
	}
	// On a Jetson NVML speaks of the GPU that the device tree named.
	jetson := slices.ContainsFunc(found, func(a Accelerator) bool { return a.Vendor == "nvidia" && a.Kind == GPU && !a.nvidiaCard() })
	for _, d := range r.Devices {
		n := slices.IndexFunc(found, func(a Accelerator) bool { return a.nvidiaCard() && a.Address == d.Address })
		if n < 0 {
			if d.Error != "" || d.Address == "" || jetson {
				continue // nothing is known of it but that it troubles NVML, or it is known already
			}
			found = append(found, Accelerator{Kind: GPU, Vendor: "nvidia", Address: d.Address, Providers: nvidiaProviders(), Fact: Fact{State: Present}})
			n = len(found) - 1
		}
		found[n].tell(d, r.Driver)
	}
	slices.SortFunc(found, func(a, b Accelerator) int { return cmp.Compare(a.Address, b.Address) })
	return found
}

// nvidiaCard says whether NVML would speak of it: Jetson's GPU has no PCI address.
func (a *Accelerator) nvidiaCard() bool {
	return a.Vendor == "nvidia" && a.Kind == GPU && pciAddress.MatchString(a.Address)
}

// tell takes over what NVML says of a GPU. What the files say is wrong with it stays.
func (a *Accelerator) tell(d NVMLDevice, driver string) {
	if d.Error != "" {
		if a.State == Present {
			a.Fact = nvmlTrouble(d.Error)
		}
		return
	}
	a.Model, a.MemoryBytes, a.Architecture = cmp.Or(d.Name, a.Model), d.MemoryBytes, d.Architecture
	if driver != "" {
		a.Driver = "nvidia " + driver
	}
	if a.State != Present {
		return
	}
	switch {
	case tooOldForCUDA(driver):
		a.Fact = oldDriver(driver)
	case d.MIG:
		a.MemoryBytes = 0 // a job has an instance's, and which one is not told here
		a.Why = "it is split into instances (MIG), of which jobs use the first; its memory is unknown, because NVML tells that of all together"
		a.Fix = "`sudo nvidia-smi -mig 0` gives them all of it"
	case d.MemoryBytes == 0:
		a.Why, a.Fix = "its memory is unknown, because NVIDIA's library doesn't tell it", "install a newer driver, then restart"
	}
}

func tooOldForCUDA(driver string) bool {
	major, ok := driverMajor(driver)
	return ok && major < oldestNVIDIADriver
}

// nvmlTrouble is the fact of GPUs that NVML could not be asked about.
func nvmlTrouble(err string) Fact {
	why := "NVIDIA's library says: " + err
	switch err {
	case NVMLNoLibrary:
		return unusable("NVIDIA's libraries are not found, which CUDA needs beside the kernel's driver",
			"install the driver's libraries (Debian: libnvidia-ml1 and libcuda1); in a container, start it with NVIDIA's container toolkit (--gpus all)")
	case NVMLNotLoaded:
		return unusable(why, "load it (`sudo modprobe nvidia`), or install the driver anew for this kernel and restart")
	case NVMLMismatch:
		return unusable(why, "restart the machine: the driver was updated while the old one was loaded")
	case NVMLNoPermission:
		return unusable(why, "add the user to the group video, then log in again")
	case NVMLNoPower:
		return unusable(why, "switch the machine off and attach the card's power cables")
	case NVMLLost:
		return unusable(why, "restart the machine; if it happens again, look at its power, heat and seat (`dmesg | grep Xid`)")
	case NVMLMissingFunction:
		return unknown(why+"; the driver is too old", fmt.Sprintf("install NVIDIA's driver %d or newer, then restart", oldestNVIDIADriver))
	}
	return unknown(why, "see what `nvidia-smi` says, install the driver anew, and restart")
}
