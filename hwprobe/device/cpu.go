package device

import (
	"bufio"
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/cpuid/v2"
	"github.com/shirou/gopsutil/v3/common"
	"github.com/shirou/gopsutil/v3/cpu"
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

// readCPU describes the processor; what the kernel doesn't tell stays absent.
func (t tree) readCPU(ctx context.Context) CPU {
	ctx = withRoots(ctx, t.Roots)
	c := CPU{Arch: runtime.GOARCH, ISA: isaOf(t.cpuFeatures()), Fact: Fact{State: Present}}
	if infos, err := cpu.InfoWithContext(ctx); err == nil {
		c.Model = coreModels(infos)
	}
	if n, err := cpu.CountsWithContext(ctx, false); err == nil {
		c.Cores = n
	}
	if n, err := cpu.CountsWithContext(ctx, true); err == nil {
		c.Threads = n
	}
	if limit := t.cpuQuota(); limit > 0 && limit < float64(c.Threads) {
		c.LimitThreads = limit
	}
	if c.Threads == 0 { // no /proc: this process at least knows its own share
		c.Threads, c.Cores = runtime.NumCPU(), cpuid.CPU.PhysicalCores
		c.Model = cpuid.CPU.BrandName
		c.ISA = isaOf(lowered(cpuid.CPU.FeatureSet()))
		c.Fact = unknown("/proc/cpuinfo can't be read; this is what the processor tells this process itself", "mount /proc, or start the container with it")
	}
	return c
}

// cpuQuota is the least number of threads' time that a control group around this process
// grants; 0 without one.
func (t tree) cpuQuota() (least float64) {
	for _, group := range t.cgroups() {
		if n, ok := parseQuota(fact(t.Sys, "fs/cgroup", group, "cpu.max")); ok && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// parseQuota reads cpu.max: "200000 100000" is two threads' time, "max 100000" no limit.
// It has two decimals, so that a profile's text is the same everywhere.
func parseQuota(s string) (threads float64, ok bool) {
	quota, period, _ := strings.Cut(s, " ")
	q, err := strconv.ParseUint(quota, 10, 40)
	if err != nil {
		return 0, false
	}
	p, err := strconv.ParseUint(period, 10, 32)
	if err != nil || q == 0 || p == 0 {
		return 0, false
	}
	const cent = 100
	return math.Ceil(float64(q)*cent/float64(p)) / cent, true
}

// coreModels names each kind of core once: boards have slow ones beside fast ones.
func coreModels(infos []cpu.InfoStat) string {
	var models []string
	for _, info := range infos {
		if name := printable(info.ModelName); name != "" && !slices.Contains(models, name) {
			models = append(models, name)
		}
	}
	const most = 4
	return strings.Join(models[:min(len(models), most)], " + ")
}

// cpuFeatures are the first processor's feature words.
func (t tree) cpuFeatures() []string {
	f, err := os.Open(filepath.Join(t.Proc, "cpuinfo"))
	if err != nil {
		return nil
	}
	defer f.Close()
	return parseFeatures(io.LimitReader(f, maxCPUInfoBytes))
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
