package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// DropDumps takes core files and ptrace from this process: both would show a study's
// pixels.
func DropDumps() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("switch core files off: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("switch ptrace off: %w", err)
	}
	return nil
}

// DropFileWriting makes every write to a file fail, whoever opened it.
func DropFileWriting() error {
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("switch file writing off: %w", err)
	}
	return nil
}

// LimitMemory lets this process map `more` bytes of private writable memory beyond what
// it has: the Go runtime, thread stacks and the library's own pages are there before a
// job and are no part of its cap.
func LimitMemory(more int64) error {
	has, err := privateBytes()
	if err != nil {
		return fmt.Errorf("limit memory: %w", err)
	}
	limit := has + uint64(more)
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
		return fmt.Errorf("limit memory to %d bytes: %w", limit, err)
	}
	return nil
}

// privateBytes is what RLIMIT_DATA counts: private writable mappings.
func privateBytes() (uint64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, errors.New("/proc/self/status can't be read")
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if value, ok := strings.CutPrefix(line, "VmData:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 50)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmData in /proc/self/status")
}

// FilesClosed tries whether files are closed now, by the root folder.
func FilesClosed() bool {
	fd, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return errors.Is(err, unix.EACCES)
}

// SocketsClosed tries whether a socket can't be made now.
func SocketsClosed() bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		_ = unix.Close(fd)
	}
	return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)
}

// LandlockABI is the version of Landlock that the kernel speaks, or 0 and why it has none.
func LandlockABI() (int, error) { return landlockABI() }
