//go:build cgo

package nvml

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>

// The two structures of NVML's interface that are read here (nvmlMemory_t, nvmlPciInfo_t).
typedef struct { unsigned long long total, free, used; } medhive_memory;
typedef struct { char legacy[16]; unsigned int domain, bus, device, id, subsystem; char bus_id[32]; } medhive_pci;

// One caller for each signature; f was looked up by its name.
static int medhive_call(void *f) { return ((int (*)(void))f)(); }
static int medhive_text(void *f, char *text, unsigned int length) { return ((int (*)(char *, unsigned int))f)(text, length); }
static int medhive_int(void *f, int *n) { return ((int (*)(int *))f)(n); }
static int medhive_count(void *f, unsigned int *n) { return ((int (*)(unsigned int *))f)(n); }
static int medhive_handle(void *f, unsigned int index, void **gpu) { return ((int (*)(unsigned int, void **))f)(index, gpu); }
static int medhive_gpu_text(void *f, void *gpu, char *text, unsigned int length) { return ((int (*)(void *, char *, unsigned int))f)(gpu, text, length); }
static int medhive_gpu_number(void *f, void *gpu, unsigned int *n) { return ((int (*)(void *, unsigned int *))f)(gpu, n); }
static int medhive_gpu_long(void *f, void *gpu, unsigned long long *n) { return ((int (*)(void *, unsigned long long *))f)(gpu, n); }
static int medhive_gpu_sensor(void *f, void *gpu, unsigned int sensor, unsigned int *n) { return ((int (*)(void *, unsigned int, unsigned int *))f)(gpu, sensor, n); }
static int medhive_gpu_pair(void *f, void *gpu, int *a, int *b) { return ((int (*)(void *, int *, int *))f)(gpu, a, b); }
static int medhive_gpu_memory(void *f, void *gpu, medhive_memory *m) { return ((int (*)(void *, medhive_memory *))f)(gpu, m); }
static int medhive_gpu_pci(void *f, void *gpu, medhive_pci *p) { return ((int (*)(void *, medhive_pci *))f)(gpu, p); }
*/
import "C"

import (
	"unsafe"

	"github.com/medhive/medhive/hwprobe/device"
)

// Sizes and bounds of the interface.
const (
	textBytes   = 96 // NVML_DEVICE_NAME_V2_BUFFER_SIZE, the longest text asked for
	maxGPUs     = 64
	chipSensor  = 0 // NVML_TEMPERATURE_GPU
	pciBusBytes = 32
)

// library is NVML, loaded and initialised.
type library struct{ handle unsafe.Pointer }

// places are where drivers put the library: where the loader looks, then WSL and NixOS.
func places() []string {
	return []string{"libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1", "/run/opengl-driver/lib/libnvidia-ml.so.1"}
}

// open loads and initialises the library; trouble says why that is impossible.
func open(path string) (l library, trouble string) {
	candidates := []string{path}
	if path == "" {
		candidates = places()
	}
	for _, candidate := range candidates {
		name := C.CString(candidate)
		l.handle = C.dlopen(name, C.RTLD_LAZY|C.RTLD_LOCAL)
		C.free(unsafe.Pointer(name))
		if l.handle != nil {
			break
		}
	}
	if l.handle == nil {
		return l, device.NVMLNoLibrary
	}
	start := l.find("nvmlInit_v2")
	if start == nil {
		return l, device.NVMLMissingFunction
	}
	if code := C.medhive_call(start); code != success {
		return l, words(int(code))
	}
	return l, ""
}

// close ends the use of the library. It stays loaded: the process ends soon.
func (l library) close() {
	if f := l.find("nvmlShutdown"); f != nil {
		C.medhive_call(f)
	}
}

// find looks up a function by the first of its names that this library has; nil when it
// has none.
func (l library) find(names ...string) unsafe.Pointer {
	for _, name := range names {
		c := C.CString(name)
		f := C.dlsym(l.handle, c)
		C.free(unsafe.Pointer(c))
		if f != nil {
			return f
		}
	}
	return nil
}

// report asks everything once.
func (l library) report() device.NVMLReport {
	r := device.NVMLReport{Driver: l.systemText("nvmlSystemGetDriverVersion"), Library: l.systemText("nvmlSystemGetNVMLVersion")}
	if f := l.find("nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"); f != nil {
		var n C.int
		if C.medhive_int(f, &n) == success {
			r.CUDA = cudaVersion(int(n))
		}
	}
	count, handle := l.find("nvmlDeviceGetCount_v2"), l.find("nvmlDeviceGetHandleByIndex_v2")
	if count == nil || handle == nil {
		r.Error = device.NVMLMissingFunction
		return r
	}
	var n C.uint
	if code := C.medhive_count(count, &n); code != success {
		r.Error = words(int(code))
		return r
	}
	for index := range min(int(n), maxGPUs) {
		var gpu unsafe.Pointer
		d := device.NVMLDevice{Index: index}
		if code := C.medhive_handle(handle, C.uint(index), &gpu); code != success {
			d.Error = words(int(code))
		} else {
			l.describe(gpu, &d)
		}
		r.Devices = append(r.Devices, d)
	}
	return r
}

// describe fills in what a GPU tells of itself.
func (l library) describe(gpu unsafe.Pointer, d *device.NVMLDevice) {
	if f := l.find("nvmlDeviceGetName"); f != nil {
		var text [textBytes]C.char
		if C.medhive_gpu_text(f, gpu, &text[0], textBytes) == success {
			d.Name = bounded(text[:])
		}
	}
	if f := l.find("nvmlDeviceGetPciInfo_v3"); f != nil {
		var p C.medhive_pci
		if C.medhive_gpu_pci(f, gpu, &p) == success {
			d.Address = device.PCIAddress(bounded(p.bus_id[:pciBusBytes]))
		}
	}
	if f := l.find("nvmlDeviceGetMemoryInfo"); f != nil {
		var m C.medhive_memory
		if C.medhive_gpu_memory(f, gpu, &m) == success {
			d.MemoryBytes = uint64(m.total)
		}
	}
	if f := l.find("nvmlDeviceGetCudaComputeCapability"); f != nil {
		var major, minor C.int
		if C.medhive_gpu_pair(f, gpu, &major, &minor) == success {
			d.Architecture = capability(int(major), int(minor))
		}
	}
	if f := l.find("nvmlDeviceGetMigMode"); f != nil {
		var now, next C.int
		d.MIG = C.medhive_gpu_pair(f, gpu, &now, &next) == success && now == 1
	}
	d.PowerMilliW = uint64(l.number(gpu, "nvmlDeviceGetPowerUsage"))
	d.LimitMilliW = uint64(l.number(gpu, "nvmlDeviceGetEnforcedPowerLimit"))
	d.EnergyMilliJ = l.long(gpu, "nvmlDeviceGetTotalEnergyConsumption")
	if f := l.find("nvmlDeviceGetTemperature"); f != nil {
		var celsius C.uint
		if C.medhive_gpu_sensor(f, gpu, chipSensor, &celsius) == success {
			d.Celsius = uint32(celsius)
		}
	}
	d.Throttle = device.NVMLThrottle(l.long(gpu, "nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"))
}

// number asks for one; 0 is what a GPU does not tell.
func (l library) number(gpu unsafe.Pointer, names ...string) uint32 {
	var n C.uint
	if f := l.find(names...); f == nil || C.medhive_gpu_number(f, gpu, &n) != success {
		return 0
	}
	return uint32(n)
}

func (l library) long(gpu unsafe.Pointer, names ...string) uint64 {
	var n C.ulonglong
	if f := l.find(names...); f == nil || C.medhive_gpu_long(f, gpu, &n) != success {
		return 0
	}
	return uint64(n)
}

func (l library) systemText(name string) string {
	f := l.find(name)
	if f == nil {
		return ""
	}
	var text [textBytes]C.char
	if C.medhive_text(f, &text[0], textBytes) != success {
		return ""
	}
	return bounded(text[:])
}

// bounded is a C string that may lack its end.
func bounded(text []C.char) string {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		if c == 0 {
			break
		}
		out = append(out, byte(c))
	}
	return string(out)
}
