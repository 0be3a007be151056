package sandbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// hierarchy makes a cgroup v2 tree of plain files, as far as NewCgroup looks at it. The
// test's own user owns it, which is what delegation to a user looks like.
func hierarchy(t *testing.T, controllers map[string]string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "cgroup.controllers"), []byte("cpu memory\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, subtree := range controllers {
		dir = filepath.Join(root, dir)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte(subtree+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestNewCgroupSaysWhatIsMissing(t *testing.T) {
	if _, err := NewCgroup(t.TempDir(), "/", 1<<30); err == nil || !strings.Contains(err.Error(), "cgroup v1") {
		t.Errorf("a machine without v2: %v", err)
	}
	root := hierarchy(t, map[string]string{"service": "cpu", "service/node": ""})
	_, err := NewCgroup(root, "/service/node", 1<<30)
	want := "no memory controller"
	if os.Geteuid() == 0 { // root owns everything, so it needs systemd's mark
		want = "delegated"
	}
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), root) {
		t.Errorf("without the controller: %v; want %q and no path", err, want)
	}
	if _, err := NewCgroup(root, "/../../etc", 1<<30); err == nil {
		t.Error("a place outside the hierarchy was taken")
	}
}

func TestMakeCgroup(t *testing.T) {
	root := hierarchy(t, map[string]string{"service": "cpu memory"})
	service := filepath.Join(root, "service")
	if !controlsMemory(service) || controlsMemory(root) {
		t.Error("the memory controller is not seen")
	}
	// Plain files stand in for the kernel's, which exist as soon as the folder does: a
	// missing one is an error here, and the folder goes again.
	if c, err := makeCgroup(service, 1<<30); err == nil || c != nil {
		t.Errorf("limits without their files: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(service, "medhive-runner-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What a killed node left behind goes with the next runner's start: empty ones that nobody
// holds, and nothing else.
func TestCgroupsAreSwept(t *testing.T) {
	root := hierarchy(t, map[string]string{
		"service/medhive-runner-lived-in": "", // holds files, as the kernel keeps one that holds a process
	})
	service := filepath.Join(root, "service")
	for _, name := range []string{"medhive-runner-left", "medhive-runner-held", "others"} {
		if err := os.Mkdir(filepath.Join(service, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	held, err := openLocked(filepath.Join(service, "medhive-runner-held"), unix.LOCK_SH)
	if err != nil {
		t.Fatal(err)
	}
	names := func() (list []string) {
		entries, err := os.ReadDir(service)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return list
	}
	// The limits' files are missing here, so that nothing new stays.
	if _, err := makeCgroup(service, 1<<30); err == nil {
		t.Error("limits without their files")
	}
	if got, want := names(), []string{"medhive-runner-held", "medhive-runner-lived-in", "others"}; !slices.Equal(got, want) {
		t.Errorf("a runner's start leaves %v; want %v", got, want)
	}
	if err := held.Close(); err != nil { // its node is killed
		t.Fatal(err)
	}
	sweepCgroups(service)
	if got, want := names(), []string{"medhive-runner-lived-in", "others"}; !slices.Equal(got, want) {
		t.Errorf("after that node's end %v; want %v", got, want)
	}
}

func TestOutOfMemory(t *testing.T) {
	dir := t.TempDir()
	c := &Cgroup{dir: dir}
	for text, want := range map[string]bool{"": false, "low 0\noom 3\noom_kill 0\n": false, "oom 1\noom_kill 1\noom_group_kill 1\n": true} {
		if err := os.WriteFile(filepath.Join(dir, "memory.events"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := c.OutOfMemory(); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
