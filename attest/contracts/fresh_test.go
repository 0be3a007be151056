package contracts

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stale is what to do about every failure here.
const stale = "run attest/contracts/generate.sh and commit what it changes"

// TestBindingsAreFresh compares every source and every binding with the stamp
// that generate.sh wrote, without needing any of its tools.
func TestBindingsAreFresh(t *testing.T) {
	stamped, abigen := readStamp(t, "bindings/SOURCES.sha256")
	found := 0
	for _, pattern := range []string{"src/*.sol", "compile.js", "generate.sh", "package.json", "package-lock.json", "bindings/*/*.go", "bindings/storage.txt"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if len(names) == 0 {
			t.Errorf("no file matches %s", pattern)
		}
		for _, name := range names {
			found++
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(text)
			switch want, ok := stamped[filepath.ToSlash(name)]; {
			case !ok:
				t.Errorf("%s is not in the stamp; %s", name, stale)
			case want != hex.EncodeToString(sum[:]):
				t.Errorf("%s has changed since the bindings were made; %s", name, stale)
			}
		}
	}
	if found != len(stamped) {
		t.Errorf("the stamp names %d files, %d are there; %s", len(stamped), found, stale)
	}
	if pinned := pinnedGethVersion(t); pinned != abigen {
		t.Errorf("bindings were made by abigen %s, go.mod pins %s; %s", abigen, pinned, stale)
	}
}

// readStamp reads lines "hash  file" and one line "abigen version".
func readStamp(t *testing.T, name string) (sums map[string]string, abigen string) {
	t.Helper()
	sums = make(map[string]string)
	for _, line := range lines(t, name) {
		first, second, ok := strings.Cut(line, " ")
		if !ok {
			t.Fatalf("%s: cannot read line %q; %s", name, line, stale)
		}
		if first == "abigen" {
			abigen = second
			continue
		}
		sums[strings.TrimSpace(second)] = first
	}
	return sums, abigen
}

// pinnedGethVersion is the version of go-ethereum, and so of abigen, in go.mod.
func pinnedGethVersion(t *testing.T) string {
	t.Helper()
	for _, line := range lines(t, "../../go.mod") {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "github.com/ethereum/go-ethereum" {
			return fields[1]
		}
	}
	t.Fatal("go.mod does not pin go-ethereum")
	return ""
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out []string
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		out = append(out, scanner.Text())
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLockfileNamesNoRegistry keeps the lockfiles usable behind any mirror, with
// checksums.
func TestLockfileNamesNoRegistry(t *testing.T) {
	for _, name := range []string{"package-lock.json", "tools/package-lock.json"} {
		namesNoRegistry(t, name)
	}
}

func namesNoRegistry(t *testing.T, name string) {
	t.Helper()
	packages, sums := 0, 0
	for _, line := range lines(t, name) {
		if strings.Contains(line, `"resolved"`) {
			t.Fatalf("%s names a registry: %s; install with the .npmrc beside it", name, strings.TrimSpace(line))
		}
		if strings.Contains(line, `"node_modules/`) {
			packages++
		}
		if strings.Contains(line, `"integrity"`) {
			sums++
		}
	}
	if packages == 0 || packages != sums {
		t.Fatalf("%s has %d packages and %d checksums", name, packages, sums)
	}
}
