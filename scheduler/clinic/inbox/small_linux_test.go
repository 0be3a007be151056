package inbox

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// smallFolder names, in the environment of a child, where it mounts a small file system.
const smallFolder = "MEDHIVE_INBOX_SMALL"

// smallBytes hold the inbox's own files and some of the slices.
const smallBytes = 400 << 10

// TestAFullFileSystem fills a real file system of 400 KiB, in namespaces of a child's own:
// what fits is there, the rest is refused with ErrFull, and nothing is half-stored. Where the
// system allows no such namespaces, TestAFullDiskRefusesAndLeavesNothing stands alone.
func TestAFullFileSystem(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), smallFolder+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		t.Logf("%s", out)
	case errors.As(err, &exit) && exit.ExitCode() != exitNoMount:
		t.Errorf("%v: %s", err, out)
	default:
		t.Logf("this system lets no user mount a file system: %v %s", err, out)
	}
}

// exitNoMount is the exit status of a child that may not mount.
const exitNoMount = 77

// fillSmall is the child's part.
func fillSmall(folder string) error {
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", smallBytes)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitNoMount)
	}
	b, err := Open(folder, [SecretBytes]byte{1}, Config{KeepFree: 1}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	kept, full := 0, 0
	for n := range 200 {
		s := ct(study1, n)
		_, err := sendBy(b, s, 0)
		switch {
		case err == nil:
			kept++
		case errors.Is(err, ErrFull):
			full++
		default:
			return fmt.Errorf("instance %d: %w", n, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "studies", "*", imagesFolder, "*"))
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(path string) bool { // those that were made ahead
		info, err := os.Stat(path)
		return err == nil && info.Size() == 0
	})
	if kept == 0 || full == 0 || len(files) != kept || b.Arriving()[0].Instances != kept {
		return fmt.Errorf("%d kept, %d refused, %d files", kept, full, len(files))
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if h, err := readHead(data, "", true); err != nil || h.pixelsEnd != int64(len(data)) {
			return fmt.Errorf("a file of %d bytes is not whole: %w", len(data), err)
		}
	}
	if err := b.Close(); err != nil {
		return err
	}
	if b, err = Open(folder, [SecretBytes]byte{1}, Config{KeepFree: 1}, slog.New(slog.DiscardHandler)); err != nil {
		return fmt.Errorf("open it again on the full file system: %w", err)
	}
	fmt.Printf("%d kept, %d refused", kept, full)
	return b.Close()
}
