package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// sameOnThisProcessor are harmless calls that only older processors' tables have.
func sameOnThisProcessor() []rule {
	return calls(allowed, unix.SYS_POLL, unix.SYS_EPOLL_WAIT, unix.SYS_ARCH_PRCTL, unix.SYS_TIME)
}

// opensOnThisProcessor are the other ways to open or change a file.
func opensOnThisProcessor() []rule {
	return calls(fails(unix.EACCES), unix.SYS_OPEN, unix.SYS_CREAT, unix.SYS_OPENAT2)
}

// forbiddenOnThisProcessor start a process, or are older names of calls that are refused
// on every processor.
func forbiddenOnThisProcessor() []rule {
	return append(calls(fails(unix.EACCES), unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_CREAT,
		unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT),
		except(fails(unix.EACCES), unix.SYS_OPEN, 1, unix.O_TRUNC, unix.O_TRUNC))
}
