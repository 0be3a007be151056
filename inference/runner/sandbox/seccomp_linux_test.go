//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// call is a system call as a filter sees it: struct seccomp_data.
type call struct {
	number    uintptr
	processor uint32
	args      [6]uint64
}

// run is the kernel's classic BPF machine, as far as these filters need it.
func run(t testing.TB, program []unix.SockFilter, c call) verdict {
	t.Helper()
	data := binary.LittleEndian.AppendUint32(nil, uint32(c.number))
	data = binary.LittleEndian.AppendUint32(data, c.processor)
	data = binary.LittleEndian.AppendUint64(data, 0)
	for _, a := range c.args {
		data = binary.LittleEndian.AppendUint64(data, a)
	}
	var a uint32
	for pc := 0; pc < len(program); pc++ {
		jump := func(taken bool) {
			if taken {
				pc += int(program[pc].Jt)
			} else {
				pc += int(program[pc].Jf)
			}
		}
		switch in := program[pc]; in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = binary.LittleEndian.Uint32(data[in.K:])
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			a &= in.K
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			jump(a == in.K)
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			jump(a >= in.K)
		case unix.BPF_RET | unix.BPF_K:
			return verdict(in.K)
		default:
			t.Fatalf("instruction %#x at %d", in.Code, pc)
		}
	}
	t.Fatal("the filter has no end")
	return 0
}

const somePID = 4711

func TestFilterVerdicts(t *testing.T) {
	here := func(number uintptr, args ...uint64) call {
		c := call{number: number, processor: auditArch}
		copy(c.args[:], args)
		return c
	}
	refused, denied := fails(unix.EACCES), fails(unix.EPERM)
	const threadFlags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD
	for name, c := range map[string]struct {
		call           call
		onCPU, onOther verdict
	}{
		"read":                      {here(unix.SYS_READ), allowed, allowed},
		"a thread":                  {here(unix.SYS_CLONE, threadFlags), allowed, allowed},
		"a process":                 {here(unix.SYS_CLONE, uint64(unix.SIGCHLD)), denied, denied},
		"flags beyond 32 bits":      {here(unix.SYS_CLONE, 1<<32|threadFlags), denied, denied},
		"clone3":                    {here(unix.SYS_CLONE3), fails(unix.ENOSYS), fails(unix.ENOSYS)},
		"execve":                    {here(unix.SYS_EXECVE), refused, refused},
		"execveat":                  {here(unix.SYS_EXECVEAT), ended, ended},
		"ptrace":                    {here(unix.SYS_PTRACE), ended, ended},
		"mount":                     {here(unix.SYS_MOUNT), ended, ended},
		"bpf":                       {here(unix.SYS_BPF), ended, ended},
		"keyctl":                    {here(unix.SYS_KEYCTL), ended, ended},
		"socket":                    {here(unix.SYS_SOCKET), refused, refused},
		"connect":                   {here(unix.SYS_CONNECT), refused, refused},
		"openat":                    {here(unix.SYS_OPENAT), refused, allowed},
		"openat2":                   {here(unix.SYS_OPENAT2), refused, fails(unix.ENOSYS)},
		"opening to cut":            {here(unix.SYS_OPENAT, 0, 0, unix.O_RDONLY|unix.O_TRUNC), refused, refused},
		"cutting":                   {here(unix.SYS_TRUNCATE), refused, refused},
		"ioctl":                     {here(unix.SYS_IOCTL), denied, allowed},
		"unlinkat":                  {here(unix.SYS_UNLINKAT), denied, allowed},
		"a signal to itself":        {here(unix.SYS_TGKILL, somePID, somePID, 6), allowed, allowed},
		"a signal to another":       {here(unix.SYS_TGKILL, 1, 1, 9), denied, denied},
		"a signal to some thread":   {here(unix.SYS_TKILL, 1, 9), refused, refused},
		"a queued one to itself":    {here(unix.SYS_RT_SIGQUEUEINFO, somePID, 6), denied, allowed},
		"a queued one to another":   {here(unix.SYS_RT_SIGQUEUEINFO, 1, 9), denied, denied},
		"and to a thread of it":     {here(unix.SYS_RT_TGSIGQUEUEINFO, 1, 1, 9), denied, denied},
		"a descriptor of a process": {here(unix.SYS_PIDFD_SEND_SIGNAL), refused, refused},
		"a file's mode":             {here(unix.SYS_FCHMODAT), refused, refused},
		"by descriptor":             {here(unix.SYS_FCHMOD), refused, refused},
		"by the newest call":        {here(unix.SYS_FCHMODAT2), refused, refused},
		"a file's owner":            {here(unix.SYS_FCHOWNAT), refused, refused},
		"a file's times":            {here(unix.SYS_UTIMENSAT), refused, refused},
		"a file's attribute":        {here(unix.SYS_SETXATTR), refused, refused},
		"a file's attribute gone":   {here(unix.SYS_REMOVEXATTRAT), refused, refused},
		"a file's flags":            {here(unix.SYS_IOCTL, 3, unix.FS_IOC_SETFLAGS), denied, denied},
		"a file's flags, disguised": {here(unix.SYS_IOCTL, 3, 1<<32|unix.FS_IOC_SETFLAGS), denied, denied},
		"priority":                  {here(unix.SYS_SETPRIORITY), refused, refused},
		"priority on disks":         {here(unix.SYS_IOPRIO_SET), refused, refused},
		"its own processors":        {here(unix.SYS_SCHED_SETAFFINITY, 0, 8), denied, allowed},
		"another's processors":      {here(unix.SYS_SCHED_SETAFFINITY, 1, 8), denied, denied},
		"another's scheduling":      {here(unix.SYS_SCHED_SETATTR, 1), denied, denied},
		"sharing a core's secret":   {here(unix.SYS_PRCTL, unix.PR_SCHED_CORE), denied, denied}, "kill": {here(unix.SYS_KILL, 1, 9), refused, refused},
		"reading limits":                {here(unix.SYS_PRLIMIT64, 0, 2, 0, 0xc000), allowed, allowed},
		"setting limits":                {here(unix.SYS_PRLIMIT64, 0, 2, 0xc000, 0), denied, allowed},
		"setting its own by number":     {here(unix.SYS_PRLIMIT64, somePID, 2, 0xc000, 0), denied, allowed},
		"setting another's limits":      {here(unix.SYS_PRLIMIT64, 1, 2, 0xc000, 0), denied, denied},
		"memory":                        {here(unix.SYS_MMAP, 0, 4096, unix.PROT_READ|unix.PROT_WRITE), allowed, allowed},
		"new code":                      {here(unix.SYS_MMAP, 0, 4096, unix.PROT_READ|unix.PROT_EXEC), denied, allowed},
		"memory made code":              {here(unix.SYS_MPROTECT, 0, 4096, unix.PROT_EXEC), denied, allowed},
		"a copy of a descriptor":        {here(unix.SYS_FCNTL, 1, unix.F_DUPFD_CLOEXEC), allowed, allowed},
		"whom a pipe signals":           {here(unix.SYS_FCNTL, 1, unix.F_SETOWN, 1), denied, denied},
		"whom, disguised":               {here(unix.SYS_FCNTL, 1, 1<<32|unix.F_SETOWN_EX, 1), denied, denied},
		"naming a mapping":              {here(unix.SYS_PRCTL, unix.PR_SET_VMA), allowed, allowed},
		"naming a thread":               {here(unix.SYS_PRCTL, unix.PR_SET_NAME), allowed, allowed},
		"dumpable again":                {here(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1), denied, allowed},
		"another processor's numbering": {call{number: unix.SYS_READ, processor: auditArch ^ 1}, ended, ended},
		"x32's numbering":               {here(1<<30 | unix.SYS_READ), ended, ended},
	} {
		for device, want := range map[bool]verdict{false: c.onCPU, true: c.onOther} {
			rules, other := filter(device, somePID)
			if got := run(t, assemble(auditArch, rules, other), c.call); got != want {
				t.Errorf("%s, device %v: %#x; want %#x", name, device, got, want)
			}
		}
	}
}

// What no rule names gets the answer for all others; a filter is never too long for the
// kernel, and every jump stays inside.
func TestFilterIsWhole(t *testing.T) {
	for _, device := range []bool{false, true} {
		rules, other := filter(device, somePID)
		program := assemble(auditArch, rules, other)
		const kernelLimit = 4096 // BPF_MAXINSNS
		if len(program) > kernelLimit {
			t.Errorf("%d instructions", len(program))
		}
		named := map[uintptr]bool{}
		for i, r := range rules {
			if named[r.number] && rules[i-1].number != r.number {
				t.Errorf("device %v: call %d has rules in two places; only the first counts", device, r.number)
			}
			named[r.number] = true
		}
		rapid.Check(t, func(rt *rapid.T) {
			c := call{number: uintptr(rapid.Uint32Range(0, 1<<30-1).Draw(rt, "number")), processor: auditArch}
			for i := range c.args {
				c.args[i] = rapid.Uint64().Draw(rt, "argument")
			}
			if got := run(t, program, c); !named[c.number] && got != other {
				rt.Errorf("call %d: %#x; want %#x", c.number, got, other)
			}
		})
	}
}
