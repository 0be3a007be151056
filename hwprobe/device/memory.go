package device

import (
	"path"
	"strconv"
	"strings"
)

// readMemory is the machine's memory, and how much of it this process's control group
// grants, where that is less.
func (t tree) readMemory() Memory {
	s, err := text(t.Proc, "meminfo")
	if err != nil {
		return Memory{Fact: unknown("/proc/meminfo can't be read: "+reason(err), "mount /proc, or start the container with it")}
	}
	total, ok := parseMemTotal(s)
	if !ok {
		return Memory{Fact: unknown("/proc/meminfo has no MemTotal", "see `free`")}
	}
	m := Memory{TotalBytes: total, Fact: Fact{State: Present}}
	if limit := t.memoryLimit(); limit < total {
		m.LimitBytes = limit
	}
	return m
}

// noLimit is more than any machine has.
const noLimit = 1 << 60

// memoryLimit is the least that a control group around this process grants; noLimit
// without one.
func (t tree) memoryLimit() uint64 {
	least := uint64(noLimit)
	// Version 1, where a container sees its own group as the root.
	if n, ok := number(t.Sys, "fs/cgroup/memory/memory.limit_in_bytes"); ok && n > 0 {
		least = min(least, n)
	}
	for _, group := range t.cgroups() {
		if n, ok := number(t.Sys, "fs/cgroup", group, "memory.max"); ok && n > 0 { // "max" is no number
			least = min(least, n)
		}
	}
	return least
}

// cgroups are this process's control group of the unified hierarchy and those around it.
func (t tree) cgroups() []string {
	group := parseCgroup(fact(t.Proc, "self/cgroup"))
	groups := []string{group}
	for group != "/" {
		group = path.Dir(group)
		groups = append(groups, group)
	}
	return groups
}

// parseCgroup finds this process's group of the unified hierarchy in /proc/self/cgroup:
// "0::/system.slice/medhive.service".
func parseCgroup(s string) string {
	for line := range strings.Lines(s) {
		if group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return path.Clean("/" + group)
		}
	}
	return "/"
}

// parseMemTotal reads "MemTotal:  65536000 kB" of meminfo, in bytes.
func parseMemTotal(s string) (bytes uint64, ok bool) {
	for line := range strings.Lines(s) {
		rest, found := strings.CutPrefix(line, "MemTotal:")
		if !found {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) != 2 || fields[1] != "kB" {
			return 0, false
		}
		kib, err := strconv.ParseUint(fields[0], 10, 53) // 8 EiB fit after the shift
		return kib << 10, err == nil && kib > 0
	}
	return 0, false
}
