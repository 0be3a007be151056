package hwprobe

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/cpuid/v2"
	"github.com/shirou/gopsutil/v3/common"
	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/mem"
)

// maxCPUInfoBytes bounds /proc/cpuinfo: 1,024 threads of 2 KiB each.
const maxCPUInfoBytes = 2 << 20

// extensions are the CPU features that decide the speed of models, in the kernel's words.
func extensions() []string {
	return []string{
		"avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16",
		"asimd", "asimddp", "i8mm", "bf16", "sve", "sve2",
	}
}

// withRoots points gopsutil at the roots instead of at the process's environment.
func withRoots(ctx context.Context, r Roots) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{common.HostProcEnvKey: r.Proc, common.HostSysEnvKey: r.Sys})
}

// readCPU describes the processor; whatever can't be read stays absent.
func readCPU(ctx context.Context, r Roots) CPU {
	ctx = withRoots(ctx, r)
	c := CPU{Arch: runtime.GOARCH, ISA: readISA(filepath.Join(r.Proc, "cpuinfo"))}
	if infos, err := cpu.InfoWithContext(ctx); err == nil && len(infos) > 0 {
		c.Model = strings.Join(strings.Fields(infos[0].ModelName), " ")
	}
	if n, err := cpu.CountsWithContext(ctx, false); err == nil {
		c.Cores = n
	}
	if n, err := cpu.CountsWithContext(ctx, true); err == nil {
		c.Threads = n
	}
	if c.Threads == 0 { // no /proc: this process at least knows its own share
		c.Threads, c.Cores = runtime.NumCPU(), cpuid.CPU.PhysicalCores
		c.Model = cpuid.CPU.BrandName
		c.ISA = isaOf(lowered(cpuid.CPU.FeatureSet()))
	}
	return c
}

// readMemory is the machine's memory in bytes, or 0 when it can't be read.
func readMemory(ctx context.Context, r Roots) uint64 {
	m, err := mem.VirtualMemoryWithContext(withRoots(ctx, r))
	if err != nil {
		return 0
	}
	return m.Total
}

func readISA(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	return isaOf(parseFeatures(io.LimitReader(f, maxCPUInfoBytes)))
}

// parseFeatures returns the first processor's feature words of a cpuinfo file: "flags"
// on x86, "Features" on arm64.
func parseFeatures(r io.Reader) []string {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxCPUInfoBytes)
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if key = strings.TrimSpace(key); ok && (key == "flags" || key == "Features") {
			return strings.Fields(value)
		}
	}
	return nil
}

// isaOf keeps the extensions that matter, sorted.
func isaOf(features []string) []string {
	isa := slices.DeleteFunc(extensions(), func(x string) bool { return !slices.Contains(features, x) })
	slices.Sort(isa)
	return isa
}

// lowered brings cpuid's names near to the kernel's: "AVX512VNNI" has no underscore there.
func lowered(features []string) []string {
	spelled := map[string]string{"avx512vnni": "avx512_vnni", "avxvnni": "avx_vnni", "avx512bf16": "avx512_bf16", "avx512fp16": "avx512_fp16",
		"amxtile": "amx_tile", "amxint8": "amx_int8", "amxbf16": "amx_bf16", "fma3": "fma"}
	out := make([]string, len(features))
	for i, f := range features {
		out[i] = strings.ToLower(f)
		if kernel, ok := spelled[out[i]]; ok {
			out[i] = kernel
		}
	}
	return out
}
