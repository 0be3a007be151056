//go:build !linux

package runner

import (
	"os"
	"syscall"
)

// Only Linux lets a process limit itself this way; elsewhere the runner is a child that
// can be killed, and its Isolation says no more than that.

func confine(int64, bool) error { return nil }

func ownStdout(f *os.File) (*os.File, error) { return f, nil }

func isolated() *syscall.SysProcAttr { return nil }

func grouped() *syscall.SysProcAttr { return nil }
