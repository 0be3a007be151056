//go:build !linux

package runner

import (
	"errors"
	"os"
	"runtime"
	"syscall"

	"github.com/medhive/medhive/inference/runner/sandbox"
)

func ownStdout(f *os.File) (*os.File, error) { return f, nil }

func attributes(bool, *sandbox.Cgroup) *syscall.SysProcAttr { return nil }

const canNamespace = false

func freeze(*os.Process) error { return errors.New("a process can't be stopped on " + runtime.GOOS) }
func thaw(*os.Process) error   { return nil }

// deepen leaves a pipe as it is.
func deepen(*os.File) {}
