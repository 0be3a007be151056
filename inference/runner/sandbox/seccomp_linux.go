//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rule says what becomes of one system call. The first rule of a number decides.
type rule struct {
	number uintptr
	verdict
	arg  int    // the argument that narrows the rule, -1 for none
	mask uint32 // of the argument's lower half
	want uint32 // (argument & mask) == want, and an upper half of 0, is the condition; another value means EPERM
}

// verdict is what a filter returns: SECCOMP_RET_….
type verdict uint32

const (
	allowed verdict = unix.SECCOMP_RET_ALLOW
	ended   verdict = unix.SECCOMP_RET_KILL_PROCESS
)

// fails is a call that returns an error.
func fails(e unix.Errno) verdict { return unix.SECCOMP_RET_ERRNO | verdict(e) }

// calls makes unconditional rules.
func calls(v verdict, numbers ...uintptr) (list []rule) {
	for _, n := range numbers {
		list = append(list, rule{number: n, verdict: v, arg: -1})
	}
	return list
}

// only is a call that is allowed where an argument, masked, is want.
func only(number uintptr, arg int, mask, want uint32) rule {
	return rule{number, allowed, arg, mask, want}
}

// threads are the calls that start them. A new process needs the same call without
// CLONE_THREAD, and is refused. clone3 hides its flags from a filter; told that it does
// not exist, the C library takes clone.
func threads() []rule {
	return append(calls(fails(unix.ENOSYS), unix.SYS_CLONE3),
		only(unix.SYS_CLONE, 0, unix.CLONE_THREAD, unix.CLONE_THREAD))
}

// hostile are calls that no computation makes by accident: whoever makes one has taken
// the process over, and it ends.
func hostile() []rule {
	return calls(ended,
		unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD,
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE,
		unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
		unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_BPF, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT,
		unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
		unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_OPEN_BY_HANDLE_AT,
		unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETRESUID, unix.SYS_SETRESGID, unix.SYS_CAPSET, unix.SYS_SETHOSTNAME, unix.SYS_CLOCK_SETTIME)
}

// harmful are calls that a library may try with good intent and must do without: it gets
// an error.
func harmful() []rule {
	return calls(fails(unix.EACCES),
		unix.SYS_EXECVE, unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT4, unix.SYS_ACCEPT,
		unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_KILL)
}

// computing are the calls of Go's runtime, the C library and ONNX Runtime while they
// compute in memory and talk over pipes that are open already. pid is this process's.
func computing(pid int) []rule {
	list := calls(allowed,
		unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_CLOSE, unix.SYS_LSEEK,
		unix.SYS_FSTAT, unix.SYS_NEWFSTATAT, unix.SYS_DUP, unix.SYS_DUP3, unix.SYS_PIPE2, unix.SYS_PPOLL,
		unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
		unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_MADVISE, unix.SYS_BRK, unix.SYS_MINCORE,
		unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETCPU,
		unix.SYS_SET_ROBUST_LIST, unix.SYS_SET_TID_ADDRESS, unix.SYS_RSEQ, unix.SYS_MEMBARRIER,
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
		unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY,
		unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID,
		unix.SYS_GETRUSAGE, unix.SYS_SYSINFO, unix.SYS_UNAME, unix.SYS_GETRANDOM,
		unix.SYS_EXIT, unix.SYS_EXIT_GROUP)
	list = append(list, sameOnThisProcessor()...)
	every := uint32(math.MaxUint32)
	for _, command := range []uint32{unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL} {
		list = append(list, only(unix.SYS_FCNTL, 1, every, command)) // but none that sends signals
	}
	for _, what := range []uint32{unix.PR_SET_VMA, unix.PR_SET_NAME} {
		list = append(list, only(unix.SYS_PRCTL, 0, every, what)) // names of mappings and threads
	}
	return append(list,
		only(unix.SYS_TGKILL, 0, every, uint32(pid)), // a signal to itself: Go's pre-emption and abort
		only(unix.SYS_PRLIMIT64, 2, every, 0),        // limits can be read, not set
		only(unix.SYS_MMAP, 2, unix.PROT_EXEC, 0),    // all code is loaded by now
		only(unix.SYS_MPROTECT, 2, unix.PROT_EXEC, 0))
}

// filter is the program's rules and what becomes of every other call.
func filter(device bool, pid int) (rules []rule, other verdict) {
	if device {
		// A vendor's driver library makes calls that its maker alone knows.
		rules = append(append(append(rules, hostile()...), harmful()...), forbiddenOnThisProcessor()...)
		return append(rules, threads()...), allowed
	}
	opens := append(calls(fails(unix.EACCES), unix.SYS_OPENAT), opensOnThisProcessor()...)
	rules = append(append(append(rules, computing(pid)...), threads()...), opens...)
	return append(append(rules, hostile()...), harmful()...), fails(unix.EPERM)
}

// Offsets in struct seccomp_data: the number, the processor, the six arguments.
const (
	atNumber    = 0
	atProcessor = 4
	atArguments = 16
	argumentLen = 8
)

func load(at uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
}

func answer(v verdict) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: uint32(v)}
}

// unless skips over the next n instructions where the accumulator is not k.
func unless(k uint32, n uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jf: n}
}

// assemble writes the filter: foreign processors' calls end the process, then rule by
// rule, then other. Rules of one number must stand together; their conditions are
// alternatives.
func assemble(processor uint32, rules []rule, other verdict) []unix.SockFilter {
	program := []unix.SockFilter{
		load(atProcessor),
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: processor, Jt: 1},
		answer(ended),
		load(atNumber),
		// x32 calls carry bit 30 and are numbered on their own.
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: 1 << 30, Jf: 1},
		answer(ended),
	}
	for i, r := range rules {
		if r.arg < 0 {
			program = append(program, unless(uint32(r.number), 1), answer(r.verdict))
			continue
		}
		low := uint32(atArguments + argumentLen*r.arg)
		body := []unix.SockFilter{
			load(low + 4),
			unless(0, 4),
			load(low),
			{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: r.mask},
			unless(r.want, 1),
			answer(r.verdict),
		}
		if i+1 < len(rules) && rules[i+1].number == r.number {
			body = append(body, load(atNumber)) // the next alternative looks at the number again
		} else {
			body = append(body, answer(fails(unix.EPERM)))
		}
		program = append(program, unless(uint32(r.number), uint8(len(body))))
		program = append(program, body...)
	}
	return append(program, answer(other))
}

// FilterCalls installs the filter on every thread of this process, for good. On the CPU
// no file can be opened afterwards, so whatever is needed must be loaded before; with a
// device, vendors' libraries go on loading and Landlock alone closes files.
func FilterCalls(device bool) error {
	rules, other := filter(device, os.Getpid())
	program := assemble(auditArch, rules, other)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	// TSYNC carries the filter and the lost privileges to every other thread.
	failed, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return fmt.Errorf("install the system call filter: %w", errno)
	}
	if failed != 0 {
		return errors.New("install the system call filter: a thread has another one")
	}
	return nil
}
