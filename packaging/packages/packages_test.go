// Package packages holds what the packages ship to what the house promises of it: units that
// let a role do its work and little else, scripts that shells understand, users that the units
// name. It reads files alone; `make test-packages` installs and runs the packages.
package packages

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const systemd = "../systemd"

// worst is what a unit may score in `systemd-analyze security`, from 0 (closed) to 10.
const worst = 2.0

// unit reads a unit's settings; a key that is given more than once has all its values.
func unit(t *testing.T, path string) map[string][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	settings := map[string][]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == '[' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			t.Fatalf("%s: %q is no setting", path, line)
		}
		settings[key] = append(settings[key], value)
	}
	return settings
}

func units(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob(systemd + "/*.service")
	if err != nil || len(list) != 3 {
		t.Fatalf("units %q, %v; want those of node, clinic and coordinator", list, err)
	}
	return list
}

func role(path string) string {
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "medhive-"), ".service")
}

func TestUnitsStartTheirRole(t *testing.T) {
	for _, path := range units(t) {
		u, role := unit(t, path), role(path)
		user := "medhive"
		if role == "clinic" {
			user = "medhive-clinic"
		}
		for key, want := range map[string]string{
			"ExecStart":      fmt.Sprintf("/usr/bin/medhive %s run --config /etc/medhive/%s.toml", role, role),
			"Environment":    "MEDHIVE_HOME=/var/lib/" + user,
			"StateDirectory": user, "User": user, "Group": user,
			"Type": "notify", "NotifyAccess": "main", "Restart": "on-failure", "WatchdogSec": "2min", "UMask": "0077",
		} {
			if got := u[key]; !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %s=%q; want %q", role, key, got, want)
			}
		}
	}
}

// The runner needs a user namespace with a network of its own, Landlock, seccomp; the node its
// accelerators and the TPM. A unit that is closed further than that runs nothing.
func TestUnitsLeaveOpenWhatTheRunnerNeeds(t *testing.T) {
	for _, path := range units(t) {
		u, role := unit(t, path), role(path)
		if got := u["RestrictNamespaces"]; !slices.Equal(got, []string{"user net"}) {
			t.Errorf("%s: RestrictNamespaces=%q: a runner starts in a user and a network namespace", role, got)
		}
		calls := strings.Join(u["SystemCallFilter"], " ")
		for _, call := range []string{"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} {
			if !slices.Contains(strings.Fields(calls), call) {
				t.Errorf("%s: SystemCallFilter= lacks %s, with which a runner closes itself in", role, call)
			}
		}
		if _, set := u["MemoryDenyWriteExecute"]; set && role == "node" {
			t.Error("node: MemoryDenyWriteExecute= stops the drivers of accelerators, which compile kernels")
		}
	}
	node := unit(t, filepath.Join(systemd, "medhive-node.service"))
	for _, device := range []string{"char-drm rw", "char-kfd rw", "char-accel rw", "char-nvidia rw", "char-nvidia-uvm rw", "/dev/tpmrm0 rw"} {
		if !slices.Contains(node["DeviceAllow"], device) {
			t.Errorf("node: DeviceAllow= lacks %q", device)
		}
	}
	if !slices.Equal(node["DevicePolicy"], []string{"closed"}) {
		t.Errorf("node: DevicePolicy=%q; want closed", node["DevicePolicy"])
	}
}

// A unit that names a group which the system lacks does not start.
func TestSysusersMakeWhomTheUnitsName(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(systemd, "medhive.sysusers"))
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && (fields[0] == "u" || fields[0] == "g") {
			made[fields[1]] = true
		}
	}
	for _, path := range units(t) {
		u := unit(t, path)
		for _, name := range strings.Fields(strings.Join(slices.Concat(u["User"], u["Group"], u["SupplementaryGroups"]), " ")) {
			if !made[name] {
				t.Errorf("%s: nobody makes %s; sysusers makes %v", filepath.Base(path), name, slices.Sorted(maps.Keys(made)))
			}
		}
	}
}

var exposure = regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`)

// analyze is systemd's own judge where it is there: make test brings none, a machine that
// builds packages usually has it, and make test-packages always.
func analyze(t *testing.T, path string) (score float64, there bool) {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if errors.Is(err, exec.ErrNotFound) {
		return 0, false
	}
	out, err := exec.CommandContext(t.Context(), program, "security", "--offline=true", "--no-pager", path).CombinedOutput()
	found := exposure.FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("systemd-analyze %s: %v\n%s", path, err, out)
	}
	score, err = strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return score, true
}

func TestUnitsAreClosed(t *testing.T) {
	for _, path := range units(t) {
		absolute, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		if score, there := analyze(t, absolute); there && score > worst {
			t.Errorf("%s scores %.1f; want at most %.1f", filepath.Base(path), score, worst)
		}
		u := unit(t, path)
		for key, want := range map[string]string{
			"NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
			"ProtectKernelTunables": "yes", "ProtectKernelModules": "yes", "ProtectControlGroups": "yes", "RestrictSUIDSGID": "yes", "LockPersonality": "yes",
		} {
			if got := u[key]; !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %s=%q; want %q", filepath.Base(path), key, got, want)
			}
		}
	}
}

// Shells know how to read what runs as root on other people's machines.
func TestScriptsAreScripts(t *testing.T) {
	scripts, err := filepath.Glob("scripts/*")
	if err != nil || len(scripts) < 7 {
		t.Fatalf("scripts %q, %v", scripts, err)
	}
	for _, path := range append(scripts, "openrc/medhive") {
		if out, err := exec.CommandContext(t.Context(), "sh", "-n", path).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}

// Every file that the packages are to hold is there, or made by build.sh.
func TestContentsAreThere(t *testing.T) {
	source := regexp.MustCompile(`src: "@SOURCE@/([^"]+)"`)
	script := regexp.MustCompile(`"@SHARED@/scripts/([^"]+)"`)
	for _, list := range []string{"nfpm.yaml", "systemd.yaml", "openrc.yaml"} {
		text, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		found := source.FindAllSubmatch(text, -1)
		if len(found) == 0 {
			t.Errorf("%s names no file", list)
		}
		for _, f := range found {
			if _, err := os.Stat(filepath.Join("..", "..", string(f[1]))); err != nil {
				t.Errorf("%s: %v", list, err)
			}
		}
		for _, f := range script.FindAllSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("scripts", string(f[1]))); err != nil {
				t.Errorf("%s: %v", list, err)
			}
		}
	}
}
