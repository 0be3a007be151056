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
	arg       int     // the argument that narrows the rule, -1 for none
	mask      uint32  // of the argument's lower half
	want      uint32  // (argument & mask) == want is the condition
	whole     bool    // and so is an upper half of 0
	otherwise verdict // where the condition, and that of every rule of the number, fails
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
	return rule{number: number, verdict: allowed, arg: arg, mask: mask, want: want, whole: true, otherwise: fails(unix.EPERM)}
}

// except is a call that is allowed unless an argument, masked, is want. The argument must
// be one of which the kernel reads 32 bits: the upper half of a register hides nothing.
func except(v verdict, number uintptr, arg int, mask, want uint32) rule {
	return rule{number: number, verdict: v, arg: arg, mask: mask, want: want, otherwise: allowed}
}

// every is the mask of a whole argument.
const every = uint32(math.MaxUint32)

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
// an error. Landlock does not cover what describes a file (its mode, owner, times and
// attributes), nor, before version 3, cutting one; and no kernel's Landlock covers the
// priorities of other processes.
func harmful() []rule {
	return calls(fails(unix.EACCES),
		unix.SYS_EXECVE, unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT4, unix.SYS_ACCEPT,
		unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_KILL, unix.SYS_TKILL,
		unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT, unix.SYS_TRUNCATE,
		unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_SETXATTRAT, unix.SYS_FILE_SETATTR,
		unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_REMOVEXATTRAT,
		unix.SYS_SETPRIORITY, unix.SYS_IOPRIO_SET, unix.SYS_PROCESS_MADVISE)
}

// inodeFlags are the ioctl requests that change a file's attributes through a descriptor
// that only reads: FS_IOC_SETFLAGS and FS_IOC_FSSETXATTR of include/uapi/linux/fs.h, and
// the former as 32-bit programs know it.
func inodeFlags() []uint32 { return []uint32{unix.FS_IOC_SETFLAGS, 0x401c5820, 0x40046602} }

// withinItself are the calls that a vendor's library may make, but not upon another
// process, and not to change a file that it may read. pid is this process's. A thread
// other than the calling one has a number that no filter can tell from a stranger's, so
// it counts as one.
func withinItself(pid int) (list []rule) {
	own := uint32(pid)
	for _, number := range []uintptr{unix.SYS_PRLIMIT64, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETSCHEDULER, unix.SYS_SCHED_SETPARAM,
		unix.SYS_SCHED_SETATTR, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES} {
		list = append(list, only(number, 0, every, 0), only(number, 0, every, own)) // 0: whoever calls
	}
	for _, number := range []uintptr{unix.SYS_TGKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO} {
		list = append(list, only(number, 0, every, own))
	}
	for _, command := range []uint32{unix.F_SETOWN, unix.F_SETOWN_EX} {
		list = append(list, except(fails(unix.EPERM), unix.SYS_FCNTL, 1, every, command)) // whom a descriptor signals
	}
	for _, request := range inodeFlags() {
		list = append(list, except(fails(unix.EPERM), unix.SYS_IOCTL, 1, every, request))
	}
	list = append(list, except(fails(unix.EPERM), unix.SYS_PRCTL, 0, every, unix.PR_SCHED_CORE))
	// An old Landlock lets those cut a file who may read it. openat2 hides its flags from a
	// filter; told that it does not exist, a library takes openat.
	list = append(list, except(fails(unix.EACCES), unix.SYS_OPENAT, 2, unix.O_TRUNC, unix.O_TRUNC))
	return append(list, calls(fails(unix.ENOSYS), unix.SYS_OPENAT2)...)
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
		rules = append(append(append(append(rules, hostile()...), harmful()...), forbiddenOnThisProcessor()...), withinItself(pid)...)
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
			load(low),
			{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: r.mask},
			unless(r.want, 1),
			answer(r.verdict),
		}
		if r.whole {
			body = append([]unix.SockFilter{load(low + 4), unless(0, uint8(len(body)))}, body...)
		}
		if i+1 < len(rules) && rules[i+1].number == r.number {
			body = append(body, load(atNumber)) // the next alternative looks at the number again
		} else {
			body = append(body, answer(r.otherwise))
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
