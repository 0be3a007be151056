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

// forbiddenOnThisProcessor start a process, or reach around the filter.
func forbiddenOnThisProcessor() []rule {
	return calls(fails(unix.EACCES), unix.SYS_FORK, unix.SYS_VFORK)
}
