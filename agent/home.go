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
)

// HomeVariable overrides where roles keep their state.
const HomeVariable = "MEDHIVE_HOME"

// lockTimeout is how long a role waits for its database before it concludes that
// another process has it.
const lockTimeout = 2 * time.Second

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
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(temporary.Name()) // fails once renamed, as it should
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
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
