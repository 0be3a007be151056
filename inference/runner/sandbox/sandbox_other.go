//go:build !linux

package sandbox

import (
	"errors"
	"runtime"
)

// Only Linux lets a process confine itself in these ways; elsewhere a runner is a child
// that can be killed, and its Confinement says no more than that.
func missing() error { return errors.New("not on " + runtime.GOOS) }

// Ask asks for nothing.
func Ask(string, bool) []string { return nil }

// CloseFiles does nothing.
func CloseFiles() error { return missing() }

// IsFatal never is.
func IsFatal(error) bool { return false }

// FilterCalls does nothing.
func FilterCalls(bool) error { return missing() }

// DropDumps does nothing.
func DropDumps() error { return missing() }

// DropFileWriting does nothing.
func DropFileWriting() error { return missing() }

// LimitMemory does nothing.
func LimitMemory(int64) error { return missing() }

// FilesClosed never are.
func FilesClosed() bool { return false }

// SocketsClosed never are.
func SocketsClosed() bool { return false }

// LandlockABI is none.
func LandlockABI() (int, error) { return 0, missing() }

// Cgroup never exists.
type Cgroup struct{}

// NewCgroup says so.
func NewCgroup(string, string, int64) (*Cgroup, error) { return nil, missing() }

// OwnCgroup is none.
func OwnCgroup() (string, error) { return "", missing() }

// FD is none.
func (*Cgroup) FD() int { return -1 }

// OutOfMemory never is.
func (*Cgroup) OutOfMemory() bool { return false }

// Remove has nothing to remove.
func (*Cgroup) Remove() error { return nil }

// CgroupRoot is where Linux mounts cgroup v2.
const CgroupRoot = "/sys/fs/cgroup"
