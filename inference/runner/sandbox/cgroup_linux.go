package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// CgroupRoot is where systems mount cgroup v2.
const CgroupRoot = "/sys/fs/cgroup"

// libraryPages is what a runner's cgroup holds beyond its cap: pages of programs and
// libraries, page tables, pipes, and the process before its first job.
const libraryPages = 384 << 20

// cgroupNames are what the cgroups of runners are called.
const cgroupNames = "medhive-runner-*"

// Cgroup is a cgroup v2 with a memory.max, made for one runner.
type Cgroup struct {
	dir  string
	file *os.File // the folder, locked: whoever made it lives
}

// OwnCgroup is this process's place in the v2 hierarchy, such as "/system.slice/x.service".
func OwnCgroup() (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", errors.New("/proc/self/cgroup can't be read")
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			return path, nil
		}
	}
	return "", errors.New("this machine has no cgroup v2")
}

// NewCgroup makes a cgroup for memoryBytes of a runner, below root, beside or inside the
// cgroup own, where that was delegated to this process. It touches no cgroup that the
// system's manager keeps for itself. The error says what is missing, without a path.
func NewCgroup(root, own string, memoryBytes int64) (*Cgroup, error) {
	if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err != nil {
		return nil, errors.New("this machine has cgroup v1, or none")
	}
	self := filepath.Join(root, filepath.Clean("/"+own))
	reason := errors.New("no cgroup is delegated to this process")
	for _, parent := range []string{self, filepath.Dir(self)} {
		if len(parent) < len(root) || !delegated(parent) {
			continue
		}
		if !controlsMemory(parent) {
			reason = errors.New("the delegated cgroup has no memory controller for its children")
			continue
		}
		c, err := makeCgroup(parent, memoryBytes)
		if err == nil {
			return c, nil
		}
		reason = err
	}
	return nil, reason
}

// delegated reports whether a cgroup was handed over: marked so by systemd, or owned by
// this process's ordinary user.
func delegated(dir string) bool {
	mark := make([]byte, 8)
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		if n, err := unix.Getxattr(dir, name, mark); err == nil && string(mark[:n]) == "1" {
			return true
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid != 0 && int(stat.Uid) == os.Geteuid()
}

// controlsMemory reports whether the cgroup's children may have a memory.max.
func controlsMemory(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
	return err == nil && slices.Contains(strings.Fields(string(text)), "memory")
}

// openLocked opens a folder and locks it. The lock ends with the file or its process,
// also one that is killed.
func openLocked(dir string, how int) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), how); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// sweepCgroups takes away what runners of nodes that were killed left behind. A cgroup
// whose maker lives is locked, and the kernel keeps one in which somebody lives.
func sweepCgroups(parent string) {
	left, _ := filepath.Glob(filepath.Join(parent, cgroupNames)) // fails on a bad pattern only
	for _, dir := range left {
		if f, err := openLocked(dir, unix.LOCK_EX|unix.LOCK_NB); err == nil {
			_ = os.Remove(dir) // what stays is swept another time
			_ = f.Close()
		}
	}
}

// makeCgroup sweeps the parent, makes the child and sets its limits before anybody lives
// there.
func makeCgroup(parent string, memoryBytes int64) (_ *Cgroup, err error) {
	// Another node's sweep must not come between the making of a child and its lock.
	alone, err := openLocked(parent, unix.LOCK_EX)
	if err != nil {
		return nil, errors.New("the delegated cgroup can't be opened")
	}
	defer func() { _ = alone.Close() }()
	sweepCgroups(parent)
	dir, err := os.MkdirTemp(parent, cgroupNames)
	if err != nil {
		return nil, errors.New("the delegated cgroup takes no child")
	}
	c := &Cgroup{dir: dir}
	defer func() {
		if err != nil {
			_ = c.Remove()
		}
	}()
	if c.file, err = openLocked(dir, unix.LOCK_SH); err != nil {
		return nil, errors.New("the new cgroup can't be opened")
	}
	limits := []struct{ file, value string }{
		{"memory.max", strconv.FormatInt(memoryBytes+libraryPages, 10)},
		{"memory.oom.group", "1"},
		{"memory.swap.max", "0"},
	}
	for _, l := range limits {
		err := setLimit(filepath.Join(dir, l.file), l.value)
		if err != nil && l.file != "memory.swap.max" { // absent where the kernel has no swap
			return nil, fmt.Errorf("%s can't be set", l.file)
		}
	}
	return c, nil
}

// setLimit writes to a file that the kernel made with the cgroup.
func setLimit(path, value string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// FD is the descriptor that clone3 takes to start a process inside.
func (c *Cgroup) FD() int { return int(c.file.Fd()) }

// OutOfMemory reports whether the kernel killed somebody here for memory.
func (c *Cgroup) OutOfMemory() bool {
	text, err := os.ReadFile(filepath.Join(c.dir, "memory.events"))
	if err != nil {
		return false
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if count, ok := strings.CutPrefix(line, "oom_kill "); ok {
			return count != "0"
		}
	}
	return false
}

// Remove takes the cgroup away; its process must have ended.
func (c *Cgroup) Remove() error {
	if c.file != nil {
		_ = c.file.Close()
	}
	return os.Remove(c.dir)
}
