package runner

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/inference/runner/sandbox"
)

// ownStdout takes the protocol's stream away from descriptor 1 and points that at
// stderr: a library that prints to stdout then can't break a frame.
func ownStdout(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	if err := unix.Dup3(int(os.Stderr.Fd()), int(f.Fd()), 0); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "runner-out"), nil
}

// attributes are how a child is started: in a process group of its own, so that a
// terminal's Ctrl-C reaches the daemon alone; with namespace, in a network namespace
// without any interface, which an ordinary user may have inside a user namespace; and in
// the cgroup, if there is one.
func attributes(namespace bool, group *sandbox.Cgroup) *syscall.SysProcAttr {
	// A child that is stopped while its parent dies must wake to see that. SIGCONT does no
	// harm where the thread that started it ends, which is what the kernel really watches.
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGCONT}
	if namespace {
		attr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	}
	if group != nil {
		attr.UseCgroupFD, attr.CgroupFD = true, group.FD()
	}
	return attr
}

// deepen lets a pipe hold more at once than the kernel's 64 KiB: an ordinary user may have
// up to 1 MiB. It is for speed alone.
func deepen(pipe *os.File) {
	if raw, err := pipe.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
	}
}

// canNamespace says whether this system has network namespaces at all.
const canNamespace = true

// freeze stops a child in the middle of a computation; thaw lets it go on.
func freeze(p *os.Process) error { return p.Signal(unix.SIGSTOP) }
func thaw(p *os.Process) error   { return p.Signal(unix.SIGCONT) }
