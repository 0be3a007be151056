package device

import "golang.org/x/sys/unix"

// mayUse says whether this process may read and write a node, without opening it: to
// open a GPU wakes it.
func mayUse(path string) error { return unix.Access(path, unix.R_OK|unix.W_OK) }

// freeBytes is how much an unprivileged user may still write below a mount point.
func freeBytes(mount string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(mount, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
