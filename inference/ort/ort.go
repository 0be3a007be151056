// Package ort runs ONNX models through ONNX Runtime, which it loads from a shared
// library at run time. In: a library's path, a model's bytes, tensors in memory.
// Out: tensors in memory. The execution provider is always named by the caller: an
// operator that it lacks is an error, never a quiet detour over the CPU. The package
// reads no study and knows no model package.
package ort

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	binding "github.com/yalue/onnxruntime_go"
)

// process guards the one ONNX Runtime environment that the library allows in a
// process. The binding keeps it in package variables, so its guard is one, too.
var process environment

type environment struct {
	mu   sync.Mutex // guards all fields and every call that starts or ends the environment
	path string     // resolved path of the loaded library, "" when none is loaded
	open int        // Runtimes that share it
}

// Runtime is a loaded ONNX Runtime library. It is safe for concurrent use.
type Runtime struct {
	lib   string
	close sync.Once
}

// Open loads the library at lib and starts its environment. A process holds one
// environment: a second Open of the same file shares it, of another file fails.
func Open(lib string) (*Runtime, error) {
	path, err := filepath.EvalSymlinks(lib)
	if err != nil {
		return nil, fmt.Errorf("open onnx runtime %s: %w; run `make deps`, or set %s to libonnxruntime.so", lib, err, EnvLibrary)
	}
	// dlopen runs whatever it is given, and a directory or device hangs or confuses it.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open onnx runtime %s: not a regular file; set %s to libonnxruntime.so", lib, EnvLibrary)
	}
	process.mu.Lock()
	defer process.mu.Unlock()
	if process.open > 0 && process.path != path {
		return nil, fmt.Errorf("open onnx runtime %s: this process already runs %s; close that one first", path, process.path)
	}
	if process.open == 0 {
		binding.SetSharedLibraryPath(path)
		// Every failure also comes back as an error; a second copy on stderr helps nobody.
		if err := binding.InitializeEnvironment(binding.WithLogLevelFatal()); err != nil {
			return nil, fmt.Errorf("open onnx runtime %s: %w; it must be a build of 1.24 or newer for this machine: run `make deps`", path, err)
		}
		process.path = path
	}
	process.open++
	return &Runtime{lib: path}, nil
}

// Version is the library's own, such as "1.30.0".
func (r *Runtime) Version() string { return binding.GetVersion() }

// Library is the resolved path of the shared library.
func (r *Runtime) Library() string { return r.lib }

// Close gives this Runtime's share back; the last one ends the environment. Sessions
// must be closed before. A second Close does nothing.
func (r *Runtime) Close() error {
	var err error
	r.close.Do(func() {
		process.mu.Lock()
		defer process.mu.Unlock()
		if process.open--; process.open > 0 {
			return
		}
		process.path = ""
		if e := binding.DestroyEnvironment(); e != nil && !errors.Is(e, binding.NotInitializedError) {
			err = fmt.Errorf("close onnx runtime: %w", e)
		}
	})
	return err
}
