// Package agent composes the roles of medhive (node, clinic, coordinator, dev
// chain) out of the rooms below it: it opens state, starts hosts and loops in one
// readable order, and stops them in reverse. In: a typed configuration per role.
// Out: a running role with a small API. It holds no rule of the market, of scoring
// or of DICOM.
package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/medhive/medhive/agent/config"
)

// HomeVariable overrides where roles keep their state.
const HomeVariable = "MEDHIVE_HOME"

// lockTimeout is how long a role waits for its database before it concludes that
// another process has it.
const lockTimeout = 2 * time.Second

// installedFolder holds the settings of installed services.
const installedFolder = "/etc/medhive"

// SettingsPath is the file of an installed role's settings.
func SettingsPath(role config.Role) string {
	return filepath.Join(installedFolder, string(role)+".toml")
}

// InstalledHome is where the installed service of a role keeps its state. A clinic's is its
// own, since it holds what names patients.
func InstalledHome(role config.Role) string {
	if role == config.RoleClinic {
		return "/var/lib/medhive-clinic"
	}
	return "/var/lib/medhive"
}

// HomeFor is $MEDHIVE_HOME; or the home of the role's installed service, where its settings are
// there and this user may read them; or medhive below the user's state folder.
func HomeFor(role config.Role) (string, error) {
	if os.Getenv(HomeVariable) == "" {
		if f, err := os.Open(SettingsPath(role)); err == nil {
			return InstalledHome(role), f.Close()
		}
	}
	return DefaultHome()
}

// DefaultHome is $MEDHIVE_HOME, or medhive below the user's state folder.
func DefaultHome() (string, error) {
	if dir := os.Getenv(HomeVariable); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "medhive"), nil
	}
	user, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a home folder: %w; set %s or --home", err, HomeVariable)
	}
	return filepath.Join(user, ".local", "state", "medhive"), nil
}

// makeState creates a role's private folder.
func makeState(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create state folder: %w; choose another with --home", err)
	}
	return nil
}

// Permissions of folders: of a home that its group may look into and nobody else, as an installed
// service's is, and of a role's folder that its group may pass through to the local door.
const (
	groupsHome  = 0o050
	passThrough = 0o710
)

// openToGroup lets the members of the home's group ask a role at its local door, where the home
// is open to them and to nobody else. The files in the folder stay the role's own.
func openToGroup(state string) error {
	info, err := os.Stat(filepath.Dir(state))
	if err != nil {
		return fmt.Errorf("look at the home folder: %w; choose another with --home", err)
	}
	if info.Mode().Perm()&0o077 != groupsHome {
		return nil
	}
	if err := os.Chmod(state, passThrough); err != nil {
		return fmt.Errorf("let the home's group ask this role: %w; the folder must be the role's own", err)
	}
	return nil
}

// openState opens the role's database, one process at a time.
func openState(path string) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("state %s is in use: another medhive runs with this --home or --name; stop it or name this one differently", filepath.Base(path))
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("open state %s: %w; it belongs to another user", filepath.Base(path), err)
	case err != nil:
		return nil, fmt.Errorf("open state %s: %w", filepath.Base(path), err)
	}
	return db, nil
}

// writeFileDurably replaces path so that a reader, or a crash, sees the old bytes
// or the new ones and nothing between.
func writeFileDurably(path string, data []byte, mode os.FileMode) error {
	return placeDurably(path, data, mode, os.Rename)
}

// writeNewDurably is writeFileDurably of a file that is not there yet: fs.ErrExist where
// another process was first, whose file stays.
func writeNewDurably(path string, data []byte, mode os.FileMode) error {
	return placeDurably(path, data, mode, os.Link)
}

func placeDurably(path string, data []byte, mode os.FileMode, place func(from, to string) error) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(temporary.Name()) // fails once renamed, as it should
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close())
	if err == nil {
		err = place(temporary.Name(), path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// syncFolder makes a rename in dir survive a power cut.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// quiet is a logger for nobody, where a caller gave none.
func quiet(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}
