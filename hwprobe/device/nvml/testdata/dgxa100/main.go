// Command dgxa100 prints what go-nvml's mock of a DGX A100 tells, as the golden data of
// the tests beside it. It is a module of its own, so that go-nvml is no dependency of
// the product: its linker flags would leave symbols of the whole program unresolved.
//
//	go run . >../dgxa100.json
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxa100"
)

// gpu is one device of the mock, in the units of NVML.
type gpu struct {
	Name    string
	BusID   string
	Memory  uint64
	Major   int
	Minor   int
	MigMode int
}

// server is the machine.
type server struct {
	Driver  string
	Library string
	CUDA    int
	GPUs    []gpu
}

// must stops at what the mock refuses.
func must(ret nvml.Return) {
	if ret != nvml.SUCCESS {
		log.Fatal(ret)
	}
}

func main() {
	var s server
	var ret nvml.Return
	mock := dgxa100.New()
	must(mock.Init())
	s.Driver, ret = mock.SystemGetDriverVersion()
	must(ret)
	s.Library, ret = mock.SystemGetNVMLVersion()
	must(ret)
	s.CUDA, ret = mock.SystemGetCudaDriverVersion()
	must(ret)
	count, ret := mock.DeviceGetCount()
	must(ret)
	for n := range count {
		device, ret := mock.DeviceGetHandleByIndex(n)
		must(ret)
		var g gpu
		g.Name, ret = device.GetName()
		must(ret)
		memory, ret := device.GetMemoryInfo()
		must(ret)
		g.Memory = memory.Total
		g.BusID = device.(*dgxa100.Device).PciBusID // its GetPciInfo leaves the text empty
		g.Major, g.Minor, ret = device.GetCudaComputeCapability()
		must(ret)
		g.MigMode, _, ret = device.GetMigMode()
		must(ret)
		s.GPUs = append(s.GPUs, g)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	if err := out.Encode(s); err != nil {
		log.Fatal(err)
	}
}
