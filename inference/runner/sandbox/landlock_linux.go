package sandbox

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The environment variables by which a parent asks its child to close its files. They
// are gone from the child's environment once that has happened.
const (
	envLibrary = "MEDHIVE_RUNNER_LIBRARY" // the runtime library: its folder stays readable
	envDevice  = "MEDHIVE_RUNNER_DEVICE"  // "1": an accelerator's nodes and drivers stay open
)

// noLibrary asks for closed files without a library.
const noLibrary = "-"

// Ask is the environment that makes a child's CloseFiles close them. A child that loads
// no library gives "" for it.
func Ask(library string, device bool) []string {
	if library == "" {
		library = noLibrary
	}
	env := []string{envLibrary + "=" + library}
	if device {
		env = append(env, envDevice+"=1")
	}
	return env
}

// CloseFiles shuts this process into a Landlock domain in which only what Ask named, the
// system's libraries and a few descriptions of the processor can be read and nothing be
// written. A domain holds for one thread and those that it starts, and Go has several
// threads already: so the calling thread enters it and executes the program anew, with
// the same arguments and streams. CloseFiles therefore does not return where it works; it
// returns nil in the program's second life (or where nobody asked), and an error where
// the kernel has no Landlock, after which the process is as open as before.
func CloseFiles() error {
	library := os.Getenv(envLibrary)
	if library == "" {
		return nil
	}
	abi, err := landlockABI()
	if err != nil {
		return err
	}
	runtime.LockOSThread() // for good: the thread goes on as the whole process, or not at all
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if err := enterLandlock(abi, openings(library, os.Getenv(envDevice) != "")); err != nil {
		return err
	}
	kept := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, envLibrary+"=") || strings.HasPrefix(v, envDevice+"=")
	})
	return fatal{fmt.Errorf("execute the runner inside its Landlock domain: %w", syscall.Exec(selfExe, os.Args, kept))}
}

// selfExe names this program also where its file was replaced meanwhile.
const selfExe = "/proc/self/exe"

// fatal marks an error after which the process is neither open nor closed.
type fatal struct{ error }

// Unwrap gives the cause.
func (f fatal) Unwrap() error { return f.error }

// IsFatal reports whether CloseFiles left the process in a state in which it must end.
func IsFatal(err error) bool {
	var f fatal
	return errors.As(err, &f)
}

// landlockABI is the version of Landlock that the kernel speaks, from 1.
func landlockABI() (int, error) {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch errno {
	case 0:
		return int(abi), nil
	case unix.ENOSYS:
		return 0, errors.New("this kernel was built without Landlock")
	case unix.EOPNOTSUPP:
		return 0, errors.New("this kernel has Landlock switched off")
	}
	return 0, fmt.Errorf("ask for Landlock: %w", errno)
}

// The rights of an opening. Landlock denies every right that it handles and that no
// opening grants.
const (
	readOnly  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	runnable  = readOnly | unix.LANDLOCK_ACCESS_FS_EXECUTE
	deviceUse = readOnly | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	// onFiles are the rights that a file has; the others make sense on folders only.
	onFiles = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// handledFiles are the rights on files that a version of Landlock knows: include/uapi/linux/landlock.h.
func handledFiles(abi int) uint64 {
	rights := uint64(unix.LANDLOCK_ACCESS_FS_REFER - 1) // version 1: every right below REFER
	if abi >= 2 {
		rights |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		rights |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= 5 {
		rights |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return rights
}

// opening is a file or folder that stays open to the runner.
type opening struct {
	path   string
	rights uint64
}

// openings lists what stays open; what does not exist on this machine is passed over
// later.
func openings(library string, device bool) []opening {
	list := []opening{{selfExe, runnable}}
	if library != noLibrary {
		list = append(list, opening{filepath.Dir(resolve(library)), readOnly})
	}
	if loader := interpreter(); loader != "" {
		list = append(list, opening{loader, runnable}, opening{filepath.Dir(resolve(loader)), readOnly})
	}
	read := []string{
		// The C and C++ libraries that ONNX Runtime is linked to.
		"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
		// What the processor is, for ONNX Runtime and for Go.
		"/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/sys/kernel/mm/transparent_hugepage",
		// What this process is: glibc measures its stack, dataLimit its memory.
		"/proc/self/status", "/proc/self/maps",
		// The time zone, for the dates in a report.
		"/etc/localtime", "/usr/share/zoneinfo",
	}
	if device {
		for _, path := range []string{"/dev/null", "/dev/zero", "/dev/dri", "/dev/kfd", "/dev/accel", "/dev/dxg"} {
			list = append(list, opening{path, deviceUse})
		}
		nvidia, _ := filepath.Glob("/dev/nvidia*") // fails on a bad pattern only
		for _, path := range nvidia {
			list = append(list, opening{path, deviceUse})
		}
		// Drivers describe themselves here, and vendors install their libraries here.
		read = append(read, "/sys", "/proc/driver", "/proc/devices", "/proc/modules", "/proc/self", "/usr/share", "/usr/local/cuda", "/opt", "/etc/vulkan", "/etc/OpenCL", "/etc/nvidia")
		for _, name := range []string{"LD_LIBRARY_PATH", "VK_ICD_FILENAMES"} {
			for _, path := range filepath.SplitList(os.Getenv(name)) {
				if path == "" {
					continue
				}
				if name == "VK_ICD_FILENAMES" {
					path = filepath.Dir(path) // the driver lies beside its description
				}
				read = append(read, path)
			}
		}
	}
	for _, path := range read {
		list = append(list, opening{path, readOnly})
	}
	return list
}

// resolve follows links, where that works.
func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// interpreter is the dynamic loader that the kernel executes with this program, or "".
func interpreter() string {
	f, err := elf.Open(selfExe)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			text, err := io.ReadAll(io.LimitReader(p.Open(), unix.PathMax))
			if err != nil {
				return ""
			}
			return strings.TrimRight(string(text), "\x00")
		}
	}
	return ""
}

// enterLandlock puts the calling thread into a domain with these openings, without TCP
// (from version 4), and without signals and abstract sockets to the world outside (from
// version 6).
func enterLandlock(abi int, list []opening) error {
	attr := unix.LandlockRulesetAttr{Handled_access_fs: handledFiles(abi)}
	size := unsafe.Sizeof(attr.Handled_access_fs)
	if abi >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
		size = unsafe.Offsetof(attr.Scoped)
	}
	if abi >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
		size = unsafe.Offsetof(attr.Quiet_access_fs)
	}
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return fmt.Errorf("make a Landlock rule set: %w", errno)
	}
	defer func() { _ = unix.Close(int(set)) }()
	for _, o := range list {
		if err := addOpening(int(set), abi, o); err != nil {
			return err
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0); errno != 0 {
		return fmt.Errorf("enter the Landlock domain: %w", errno)
	}
	return nil
}

// addOpening grants one opening; a path that is not there needs none.
func addOpening(set, abi int, o opening) error {
	fd, err := unix.Open(o.path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil // absent, or closed to us already
	}
	defer func() { _ = unix.Close(fd) }()
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return fmt.Errorf("look at a Landlock opening: %w", err)
	}
	rights := o.rights & handledFiles(abi)
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= onFiles
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("add a Landlock opening: %w", errno)
	}
	return nil
}
