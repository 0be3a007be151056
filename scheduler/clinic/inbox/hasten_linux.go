package inbox

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// hasten asks the system to begin bringing size bytes of a file to disk, so that a sync finds
// less to do. It promises nothing, and nothing depends on it.
func hasten(file diskFile, from, size int64) {
	system, ok := file.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := system.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SyncFileRange(int(fd), from, size, unix.SYNC_FILE_RANGE_WRITE) })
	}
}
