package runner

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// dataLimit is the RLIMIT_DATA that lets a process map `more` bytes of private writable
// memory beyond what it has: the Go runtime, thread stacks and the library's own pages
// are there before a job and are no part of its cap.
func dataLimit(more int64) (uint64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(status), "\n") {
		if value, ok := strings.CutPrefix(line, "VmData:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 50)
			return kb<<10 + uint64(more), err
		}
	}
	return 0, fmt.Errorf("no VmData in /proc/self/status")
}

// confine takes from this process what a runner never needs: core files and ptrace,
// which would show a study's pixels, memory above the cap, and, where the provider keeps
// no cache on disk, every byte written to a file.
func confine(memoryBytes int64, writesFiles bool) error {
	none := &unix.Rlimit{}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, none); err != nil {
		return fmt.Errorf("switch core files off: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("switch ptrace off: %w", err)
	}
	if !writesFiles {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, none); err != nil {
			return fmt.Errorf("switch file writing off: %w", err)
		}
	}
	limit, err := dataLimit(memoryBytes)
	if err != nil {
		return fmt.Errorf("limit memory: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
		return fmt.Errorf("limit memory to %d bytes: %w", limit, err)
	}
	return nil
}

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

// isolated asks for a process group of its own, so that a terminal's Ctrl-C reaches the
// daemon alone, and for a network namespace without any interface. The user namespace
// is what lets an ordinary user ask for that.
func isolated() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Setpgid:     true,
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
	}
}

// grouped is what every kernel grants.
func grouped() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
