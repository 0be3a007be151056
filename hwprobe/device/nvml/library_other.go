//go:build !linux || !cgo

package nvml

import "github.com/medhive/medhive/hwprobe/device"

// library is nothing here: NVML is asked on Linux.
type library struct{}

func open(string) (library, string) { return library{}, device.NVMLNoLibrary }

func (library) close() {}

func (library) report() device.NVMLReport { return device.NVMLReport{Error: device.NVMLNoLibrary} }
