package agent

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/medhive/medhive/agent/config"
)

// serviceUser is nobody's number on a usual system.
const serviceUser = 64123

// servicesHome is a home that belongs, where the test may do that, to a service's user; owner is
// whose it is.
func servicesHome(t *testing.T) (home string, owner uint32) {
	t.Helper()
	home = filepath.Join(t.TempDir(), "medhive")
	if err := os.Mkdir(home, 0o750); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		return home, uint32(os.Geteuid())
	}
	if err := os.Chown(home, serviceUser, serviceUser); err != nil {
		t.Fatal(err)
	}
	return home, serviceUser
}

// What root sets up for a service is the service's; what anybody sets up is their own.
func TestANodeBelongsToWhoOwnsItsHome(t *testing.T) {
	home, owner := servicesHome(t)
	_, table := config.NewNode()
	s := NodeSetup{Home: home, Name: "node", File: filepath.Join(home, "node.toml"), Words: table, TPM: "none"}
	boot, err := SetUpNode(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if boot.Sealed {
		t.Error("a key is said to be sealed without a TPM")
	}
	seen := 0
	err = filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		seen++
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != owner {
			t.Errorf("%s belongs to %d, want %d", path, stat.Uid, owner)
		}
		if path != home && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o: others may look", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil || seen < 4 {
		t.Fatalf("%d files, %v: want home, settings, state and key", seen, err)
	}
	if _, err := SetUpNode(t.Context(), s); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second set-up: %v", err)
	}
}

// A setting that can't be meant makes nothing, so that the next try starts from nothing.
func TestAWrongSettingMakesNothing(t *testing.T) {
	home := t.TempDir()
	_, table := config.NewNode()
	if err := table.Set("jurisdiction", "Germany"); err != nil {
		t.Fatal(err)
	}
	_, err := SetUpNode(t.Context(), NodeSetup{Home: home, Name: "node", File: filepath.Join(home, "node.toml"), Words: table, TPM: "none"})
	if err == nil || !strings.Contains(err.Error(), "ISO 3166") {
		t.Errorf("got %v, want what is wrong", err)
	}
	if left, err := os.ReadDir(home); err != nil || len(left) != 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

// Members of the home's group may ask a role where the home is open to them and nobody else.
func TestAStateIsOpenToItsHomesGroupAlone(t *testing.T) {
	for mode, want := range map[os.FileMode]os.FileMode{0o750: 0o710, 0o755: 0o700, 0o700: 0o700, 0o770: 0o700} {
		home := filepath.Join(t.TempDir(), "home")
		state := filepath.Join(home, "node")
		if err := os.MkdirAll(state, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(home, mode); err != nil {
			t.Fatal(err)
		}
		if err := openToGroup(state); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(state); err != nil || info.Mode().Perm() != want {
			t.Errorf("home %o: state %v, %v; want %o", mode, info.Mode().Perm(), err, want)
		}
	}
}

func TestWhereHomesAndSettingsAre(t *testing.T) {
	t.Setenv(HomeVariable, "/srv/hive")
	for _, r := range config.Roles() {
		if home, err := HomeFor(r); err != nil || home != "/srv/hive" {
			t.Errorf("%s: home %q, %v; want the variable's", r, home, err)
		}
		if home, err := SetupHome("", r); err != nil || home != "/srv/hive" {
			t.Errorf("%s: home of a new one %q, %v; want the variable's", r, home, err)
		}
		if path := SettingsOf(InstalledHome(r)+"/", string(r), r); path != "/etc/medhive/"+string(r)+".toml" {
			t.Errorf("%s: an installed one's settings are at %s", r, path)
		}
		if path := SettingsOf(InstalledHome(r), "second", r); path != InstalledHome(r)+"/second.toml" {
			t.Errorf("%s: those of another name are at %s", r, path)
		}
	}
	if path := SettingsOf("/srv/hive", "node", config.RoleNode); path != "/srv/hive/node.toml" {
		t.Errorf("settings at %s", path)
	}
	if home, err := SetupHome("/named", config.RoleNode); err != nil || home != "/named" {
		t.Errorf("home %q, %v; want the named one", home, err)
	}
}
