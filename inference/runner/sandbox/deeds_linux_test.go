package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain lets this binary be a process that closes itself in and then misbehaves.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "spy" {
		if err := spy(os.Args[2], os.Args[3], os.Args[4]); err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		fmt.Println("done")
		return
	}
	os.Exit(m.Run())
}

// spy confines itself as a runner does, for the CPU or a device, and does a deed.
func spy(profile, deed, target string) error {
	closing := CloseFiles()
	if IsFatal(closing) {
		return closing
	}
	if err := DropDumps(); err != nil {
		return err
	}
	if err := LimitMemory(256 << 20); err != nil {
		return err
	}
	if err := FilterCalls(profile == "device"); err != nil {
		return err
	}
	return deeds()[deed](target)
}

// deeds are what a runner never does, and two that it must be able to do.
func deeds() map[string]func(target string) error {
	open := func(flags int) func(string) error {
		return func(path string) error {
			fd, err := unix.Open(path, flags, 0o600)
			if err == nil {
				_ = unix.Close(fd)
			}
			return err
		}
	}
	call := func(number uintptr, args ...uintptr) func(string) error {
		return func(string) error {
			var a [6]uintptr
			copy(a[:], args)
			if _, _, errno := unix.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
				return errno
			}
			return nil
		}
	}
	return map[string]func(string) error{
		"read":     open(unix.O_RDONLY),
		"list":     open(unix.O_RDONLY | unix.O_DIRECTORY),
		"write":    open(unix.O_WRONLY),
		"create":   open(unix.O_WRONLY | unix.O_CREAT),
		"truncate": open(unix.O_WRONLY | unix.O_TRUNC),
		"remove":   func(path string) error { return unix.Unlink(path) },
		"connect": func(address string) error {
			c, err := net.Dial("tcp", address)
			if err == nil {
				_ = c.Close()
			}
			return err
		},
		"listen":  func(string) error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err },
		"execute": func(path string) error { return exec.Command(path).Run() },
		"replace": func(path string) error { return syscall.Exec(path, []string{path}, nil) },
		"cut":     open(unix.O_RDONLY | unix.O_TRUNC),
		"shorten": func(path string) error { return unix.Truncate(path, 0) },
		"chmod":   func(path string) error { return unix.Chmod(path, 0o644) },
		"fchmodat2": func(path string) error {
			return unix.Fchmodat(unix.AT_FDCWD, path, 0o644, unix.AT_SYMLINK_NOFOLLOW)
		},
		"chown":   func(path string) error { return unix.Chown(path, os.Getuid(), os.Getgid()) },
		"touch":   func(path string) error { return unix.Utimes(path, []unix.Timeval{{Sec: 1}, {Sec: 1}}) },
		"label":   func(path string) error { return unix.Setxattr(path, "user.medhive", []byte("1"), 0) },
		"unlabel": func(path string) error { return unix.Removexattr(path, "user.medhive") },
		"renice":  func(string) error { return unix.Setpriority(unix.PRIO_PROCESS, os.Getppid(), 19) },
		"idle":    call(unix.SYS_IOPRIO_SET, 1, uintptr(os.Getppid()), 3<<13), // IOPRIO_CLASS_IDLE
		"pin":     func(string) error { return unix.SchedSetaffinity(os.Getppid(), &unix.CPUSet{1}) },
		"restrict": func(string) error {
			return unix.Prlimit(os.Getppid(), unix.RLIMIT_CORE, &unix.Rlimit{Cur: 0, Max: unix.RLIM_INFINITY}, nil)
		},
		"queue":   call(unix.SYS_RT_SIGQUEUEINFO, uintptr(os.Getppid()), 0, 0),
		"tgkill":  call(unix.SYS_TGKILL, uintptr(os.Getppid()), uintptr(os.Getppid()), 0),
		"tkill":   call(unix.SYS_TKILL, uintptr(os.Getppid()), 0),
		"entrust": call(unix.SYS_FCNTL, 0, unix.F_SETOWN, uintptr(os.Getppid())),
		"fork":    call(unix.SYS_CLONE, uintptr(unix.SIGCHLD)),
		"ptrace":  call(unix.SYS_PTRACE, unix.PTRACE_ATTACH, uintptr(os.Getppid())),
		"mount":   call(unix.SYS_MOUNT),
		"bpf":     call(unix.SYS_BPF),
		"keyctl":  call(unix.SYS_KEYCTL),
		"unshare": call(unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
		"signal":  func(pid string) error { n, _ := strconv.Atoi(pid); return unix.Kill(n, unix.SIGTERM) },
		"unlimit": func(string) error {
			return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY})
		},
		"allocate": func(string) error {
			b, err := unix.Mmap(-1, 0, 512<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err == nil {
				_ = unix.Munmap(b)
			}
			return err
		},
		"compute": func(string) error { // threads and memory are what computing needs
			var work sync.WaitGroup
			for range 8 {
				work.Go(func() {
					runtime.LockOSThread()
					_ = make([]byte, 1<<20)
				})
			}
			work.Wait()
			return nil
		},
	}
}

// deed runs the spy and returns what it said, and the signal that ended it, if any.
func deed(t *testing.T, profile, name, target string) (said string, ended syscall.Signal) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "spy", profile, name, target)
	cmd.Env = Ask(filepath.Join(filepath.Dir(program), "libonnxruntime.so"), profile == "device")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			ended = status.Signal()
		}
	}
	return strings.TrimSpace(string(out)), ended
}

// What the issue names, on this machine's own kernel: files, the parent's home, sockets,
// programs, other processes.
func TestDeedsAreRefused(t *testing.T) {
	home := t.TempDir()
	secret := filepath.Join(home, "key")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(secret)
	if err != nil {
		t.Fatal(err)
	}
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	landlock := true
	if _, err := LandlockABI(); err != nil {
		t.Logf("files of an accelerator's runner stay open: %v", err)
		landlock = false
	}
	const refusedText, deniedText = "permission denied", "operation not permitted"
	for _, c := range []struct {
		deed, target string
		says         string // on either profile, unless …
		signal       syscall.Signal
		landlock     bool // only Landlock refuses it on a device
	}{
		{deed: "read", target: "/etc/passwd", says: refusedText, landlock: true},
		{deed: "read", target: secret, says: refusedText, landlock: true},
		{deed: "read", target: fmt.Sprintf("/proc/%d/environ", os.Getpid()), says: refusedText, landlock: true},
		{deed: "list", target: home, says: refusedText, landlock: true},
		{deed: "list", target: "/", says: refusedText, landlock: true},
		{deed: "write", target: secret, says: refusedText, landlock: true},
		{deed: "truncate", target: secret, says: refusedText, landlock: true},
		{deed: "create", target: filepath.Join(home, "new"), says: refusedText, landlock: true},
		{deed: "connect", target: server.Addr().String(), says: refusedText},
		{deed: "listen", says: refusedText},
		{deed: "replace", target: "/bin/true", says: refusedText},
		{deed: "fork", says: deniedText},
		{deed: "cut", target: secret, says: refusedText},
		{deed: "shorten", target: secret, says: refusedText},
		{deed: "chmod", target: secret, says: refusedText},
		{deed: "fchmodat2", target: secret, says: refusedText},
		{deed: "chown", target: secret, says: refusedText},
		{deed: "touch", target: secret, says: refusedText},
		{deed: "label", target: secret, says: refusedText},
		{deed: "unlabel", target: secret, says: refusedText},
		{deed: "renice", says: refusedText},
		{deed: "idle", says: refusedText},
		{deed: "pin", says: deniedText},
		{deed: "restrict", says: deniedText},
		{deed: "queue", says: deniedText},
		{deed: "tgkill", says: deniedText},
		{deed: "tkill", says: refusedText},
		{deed: "entrust", says: deniedText},
		{deed: "signal", target: strconv.Itoa(os.Getpid()), says: refusedText},
		{deed: "allocate", says: "cannot allocate memory"},
		{deed: "ptrace", signal: unix.SIGSYS},
		{deed: "mount", signal: unix.SIGSYS},
		{deed: "bpf", signal: unix.SIGSYS},
		{deed: "keyctl", signal: unix.SIGSYS},
		{deed: "unshare", signal: unix.SIGSYS},
		{deed: "compute", says: "done"},
	} {
		for _, profile := range []string{"cpu", "device"} {
			if c.landlock && profile == "device" && !landlock {
				continue // Describe says so, which TestDescribe holds
			}
			said, ended := deed(t, profile, c.deed, c.target)
			if ended != c.signal || !strings.Contains(said, c.says) || c.says != "done" && said == "done" {
				t.Errorf("%s %s on %s: said %q, ended by %q; want %q, %q", c.deed, c.target, profile, said, ended, c.says, c.signal)
			}
		}
	}
	for deedName, profile := range map[string]string{"remove": "cpu", "unlimit": "cpu", "execute": "cpu"} {
		if said, _ := deed(t, profile, deedName, secret); said == "done" || said == "" {
			t.Errorf("%s: said %q", deedName, said)
		}
	}
	if after, err := os.Stat(secret); err != nil || after.Mode() != before.Mode() || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the secret's mode or time was changed: %v, %v", after, err)
	}
	if text, err := os.ReadFile(secret); err != nil || string(text) != "secret" {
		t.Errorf("the secret was touched: %q, %v", text, err)
	}
}

// Landlock alone keeps a runner to libraries: what a device's profile may still open.
func TestLandlockLeavesLibrariesOpen(t *testing.T) {
	if _, err := LandlockABI(); err != nil {
		t.Logf("this kernel can't show it: %v", err)
		return
	}
	if said, _ := deed(t, "device", "list", "/usr/lib"); said != "done" {
		t.Errorf("the system's libraries: %q", said)
	}
	if said, _ := deed(t, "device", "create", "/usr/lib/new"); said == "done" {
		t.Error("a file was made beside the system's libraries")
	}
}

func TestHandledFilesGrow(t *testing.T) {
	const first = 1<<13 - 1 // the thirteen rights of version 1
	if got := handledFiles(1); got != first {
		t.Errorf("version 1: %#x; want %#x", got, first)
	}
	for abi := 1; abi < 12; abi++ {
		if older, newer := handledFiles(abi), handledFiles(abi+1); older&^newer != 0 {
			t.Errorf("version %d forgets rights of %d", abi+1, abi)
		}
	}
}
