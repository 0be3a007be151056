// Package vulkan gives tests a graphics processor in software, so that WebGPU is a second
// real provider without a GPU. In: what `make test-tools` brought. Out: a test that runs
// in a process of its own, or the words of what is needed.
package vulkan

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// inChild marks the process that has a graphics processor: the loader reads where
// libraries lie once, when a process starts.
const inChild = "MEDHIVE_TEST_WITH_VULKAN"

// Environment is what a process needs to find the processor. It is nil where there is none;
// the test's log then says what is needed. Tests run two folders below the root.
func Environment(t *testing.T) map[string]string {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join("..", "..", ".tools", "vulkan"))
	if err != nil {
		t.Fatal(err)
	}
	description := filepath.Join(folder, "vk_swiftshader_icd.json")
	if _, err := os.Stat(description); err != nil {
		t.Log("needs a graphics processor in software: run `make test-tools` on Linux x86-64")
		return nil
	}
	return map[string]string{"LD_LIBRARY_PATH": folder, "VK_ICD_FILENAMES": description}
}

// Here reports whether this process has the processor. If not, it runs the test, which has
// to be a top-level one, in a process that has, and fails it unless it passes there.
func Here(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inChild) != "" {
		return true
	}
	environment := Environment(t)
	if environment == nil {
		return false
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	again.Env = append(os.Environ(), inChild+"=1")
	for name, value := range environment {
		again.Env = append(again.Env, name+"="+value)
	}
	out, err := again.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "PASS: "+t.Name()) {
		t.Errorf("in a process of its own: %v", err)
	}
	return false
}
