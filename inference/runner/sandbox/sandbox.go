// Package sandbox takes from a runner process what a model never needs: the network,
// files, most system calls, memory above a cap, core dumps. In: the library that stays
// readable, the provider, a cap. Out: a Confinement, the plain statement of what holds
// on this machine and what its kernel lacks; nothing that is missing goes unsaid. The
// package knows no study and no model.
package sandbox

import (
	"fmt"
	"strings"
)

// Mechanism is one thing that confines a runner, for people.
type Mechanism struct {
	Name  string `json:"name"`          // "network", "files", "system calls", "memory", "dumps"
	Holds bool   `json:"holds"`         // whether it was seen to hold
	Words string `json:"words"`         // what holds, or what does not and why
	Fix   string `json:"fix,omitempty"` // what an operator can do about what is missing
}

// Confinement is the statement about one runner: every mechanism, also those missing.
type Confinement []Mechanism

// Complete reports whether every mechanism holds.
func (c Confinement) Complete() bool { return len(c.Missing()) == 0 }

// Missing are the mechanisms that do not hold.
func (c Confinement) Missing() (missing []Mechanism) {
	for _, m := range c {
		if !m.Holds {
			missing = append(missing, m)
		}
	}
	return missing
}

// String is one line for a log: what holds, then what does not.
func (c Confinement) String() string {
	var holds, lacks []string
	for _, m := range c {
		if m.Holds {
			holds = append(holds, m.Words)
		} else {
			lacks = append(lacks, m.Words)
		}
	}
	line := strings.Join(holds, "; ")
	if len(lacks) > 0 {
		line += "; NOT CONFINED: " + strings.Join(lacks, "; ")
	}
	return strings.TrimPrefix(line, "; ")
}

// Facts are what was seen when a runner was confined, by itself and by its parent. An
// empty …Error with a false or zero fact means that nobody tried.
type Facts struct {
	Device bool `json:"device,omitempty"` // the provider is an accelerator: it needs files and calls that the CPU does not

	Namespace      bool   `json:"namespace,omitempty"` // a network namespace without interfaces
	NamespaceError string `json:"namespace_error,omitempty"`

	LandlockABI   int    `json:"landlock_abi,omitempty"` // of the kernel; 0 where it has none
	LandlockError string `json:"landlock_error,omitempty"`
	FilesClosed   bool   `json:"files_closed,omitempty"` // by trial: the root folder can't be opened

	Filter        bool   `json:"filter,omitempty"` // seccomp, on every thread
	FilterError   string `json:"filter_error,omitempty"`
	SocketsClosed bool   `json:"sockets_closed,omitempty"` // by trial: no socket can be made

	Dumps       bool   `json:"dumps,omitempty"` // core files and ptrace are off
	DumpsError  string `json:"dumps_error,omitempty"`
	MemoryBytes int64  `json:"memory_bytes,omitempty"` // the cap on private memory that was set, beyond the process's own
	MemoryError string `json:"memory_error,omitempty"`
	Cgroup      bool   `json:"cgroup,omitempty"` // a cgroup v2 with memory.max of its own
	CgroupError string `json:"cgroup_error,omitempty"`
}

// Describe puts the facts into words. It is pure.
func Describe(f Facts) Confinement {
	return Confinement{f.network(), f.files(), f.calls(), f.memory(), f.dumps()}
}

func (f Facts) network() Mechanism {
	m := Mechanism{Name: "network", Holds: f.Namespace || f.SocketsClosed}
	switch {
	case f.Namespace && f.SocketsClosed:
		m.Words = "no network: a namespace without interfaces, and no socket can be made"
	case f.Namespace:
		m.Words = "no network: a namespace without interfaces"
	case f.SocketsClosed:
		m.Words = "no network: no socket can be made (a namespace was refused" + because(f.NamespaceError) + ")"
	default:
		m.Words = "the network is NOT cut off: a namespace was refused" + because(f.NamespaceError) + ", and sockets can be made"
		m.Fix = "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or an AppArmor profile that grants userns)"
	}
	return m
}

// landlockFix is for kernels without it, and for those that have it switched off.
const landlockFix = "run a Linux kernel of 5.13 or newer with Landlock (CONFIG_SECURITY_LANDLOCK, and landlock in the boot parameter lsm=)"

func (f Facts) files() Mechanism {
	m := Mechanism{Name: "files", Holds: f.FilesClosed}
	switch {
	case f.FilesClosed && f.LandlockABI > 0 && f.LandlockError == "":
		m.Words = fmt.Sprintf("files: none writable, and only libraries readable (Landlock ABI %d)", f.LandlockABI)
		if f.Device {
			m.Words = fmt.Sprintf("files: none writable but the accelerator's device nodes, and only libraries and drivers readable (Landlock ABI %d)", f.LandlockABI)
		}
	case f.FilesClosed:
		m.Words = "files: none can be opened once the library is loaded (seccomp; Landlock is missing" + because(f.LandlockError) + ")"
		m.Fix = landlockFix
	default:
		m.Words = "files are NOT closed: Landlock is missing" + because(f.LandlockError)
		m.Fix = landlockFix
	}
	return m
}

func (f Facts) calls() Mechanism {
	m := Mechanism{Name: "system calls", Holds: f.Filter}
	switch {
	case f.Filter && f.Device:
		m.Words = "system calls: no program can be started, no socket made, no file's mode, owner, times or attributes changed, " +
			"no other process traced, signalled or given another priority or limit (seccomp deny-list, for accelerators)"
	case f.Filter:
		m.Words = "system calls: only those that computing needs (seccomp allow-list)"
	default:
		m.Words = "system calls are NOT filtered: seccomp is missing" + because(f.FilterError)
		m.Fix = "run a Linux kernel with CONFIG_SECCOMP_FILTER on amd64 or arm64"
	}
	return m
}

func (f Facts) memory() Mechanism {
	m := Mechanism{Name: "memory", Holds: f.MemoryBytes > 0 || f.Cgroup}
	limit := fmt.Sprintf("%d MiB", f.MemoryBytes>>20)
	const cgroupFix = "run the node as a systemd service with Delegate=memory and DelegateSubgroup=node, on cgroup v2"
	switch {
	case f.Cgroup && f.MemoryBytes > 0:
		m.Words = "memory: " + limit + " of private pages (RLIMIT_DATA), all pages by cgroup memory.max"
	case f.Cgroup:
		m.Words = "memory: all pages by cgroup memory.max; no RLIMIT_DATA" + because(f.MemoryError)
	case f.MemoryBytes > 0:
		m.Words = "memory: " + limit + " of private pages (RLIMIT_DATA); no cgroup" + because(f.CgroupError)
		m.Fix = cgroupFix
	default:
		m.Words = "memory is NOT limited" + because(f.MemoryError)
		m.Fix = cgroupFix
	}
	return m
}

func (f Facts) dumps() Mechanism {
	if f.Dumps {
		return Mechanism{Name: "dumps", Holds: true, Words: "no core files, no ptrace"}
	}
	return Mechanism{Name: "dumps", Words: "core files and ptrace are NOT off" + because(f.DumpsError), Fix: "run the node on Linux"}
}

// because appends a reason, where one is known.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}
