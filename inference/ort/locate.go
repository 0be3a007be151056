package ort

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// EnvLibrary names the environment variable that overrides the search.
const EnvLibrary = "MEDHIVE_ORT_LIB"

// systemLibraryDir is where the distribution's packages put the library.
const systemLibraryDir = "/usr/lib/medhive"

// libraryNames are tried in each folder, in order.
func libraryNames() []string {
	if runtime.GOOS == "darwin" {
		return []string{"libonnxruntime.dylib"}
	}
	return []string{"libonnxruntime.so.1", "libonnxruntime.so"}
}

// Locate finds the ONNX Runtime library: the explicit path or, when that is empty,
// $MEDHIVE_ORT_LIB; else the first hit of lib/ beside the executable,
// /usr/lib/medhive, and packaging/runtime (what `make deps` installs) in the working
// directory, beside the executable or in any folder above either. An explicit path
// that holds no file is an error, not a reason to search on.
func Locate(explicit string) (string, error) {
	origin := "the given path"
	if explicit == "" {
		explicit, origin = os.Getenv(EnvLibrary), "$"+EnvLibrary
	}
	if explicit != "" {
		if isFile(explicit) {
			return explicit, nil
		}
		return "", fmt.Errorf("locate onnx runtime: %s names %q, which is no file; correct it, or leave it empty and run `make deps`", origin, explicit)
	}
	roots := searchRoots()
	for _, dir := range searchDirs(roots) {
		for _, name := range libraryNames() {
			if path := filepath.Join(dir, name); isFile(path) {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("locate onnx runtime: no %s beside the executable (lib/), in %s or in packaging/runtime; run `make deps` in the source tree, or install libonnxruntime 1.24 or newer and set %s to it",
		strings.Join(libraryNames(), " or "), systemLibraryDir, EnvLibrary)
}

// searchRoots are the executable's folder and the working directory, if known.
func searchRoots() (roots []string) {
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		roots = append(roots, filepath.Dir(exe))
	}
	if cwd, err := os.Getwd(); err == nil {
		roots = append(roots, cwd)
	}
	return roots
}

// searchDirs lists the folders to look into, best first.
func searchDirs(roots []string) (dirs []string) {
	if len(roots) > 0 {
		dirs = append(dirs, filepath.Join(roots[0], "lib"))
	}
	dirs = append(dirs, systemLibraryDir)
	node := filepath.Join("packaging", "runtime", "node_modules", "onnxruntime-node", "bin", "napi-v6", nodePlatform())
	for _, root := range roots {
		for dir := root; ; dir = filepath.Dir(dir) {
			dirs = append(dirs, filepath.Join(dir, node))
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return dirs
}

// nodePlatform is this machine in Node's words, as the npm package names its folders.
func nodePlatform() string {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	return filepath.Join(runtime.GOOS, arch)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
