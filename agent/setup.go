package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/medhive/medhive/agent/config"
)

// Permissions of a file of settings: a person's own, and that of an installed service, which
// its group may read.
const (
	ownSettings       = 0o600
	installedSettings = 0o640
)

// NodeSetup says where a new node is set up.
type NodeSetup struct {
	Home  string
	Name  string        // of the folder below it
	File  string        // where the settings go; nothing must be there
	Words *config.Table // the settings, with what was chosen set
	TPM   string        // as FirstBootConfig.TPM
}

// SettingsOf is where a home's role of this name keeps its settings: an installed service's lie
// in /etc.
func SettingsOf(home, name string, role config.Role) string {
	if filepath.Clean(home) == InstalledHome(role) && name == string(role) {
		return SettingsPath(role)
	}
	return filepath.Join(home, name+".toml")
}

// SetupHome is the home that a new role of this machine gets: the named one, $MEDHIVE_HOME, that
// of the installed service, where this user may set it up, or the user's own.
func SetupHome(named string, role config.Role) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	installed := InstalledHome(role)
	if _, err := os.Stat(installed); err == nil && os.Getenv(HomeVariable) == "" && os.Geteuid() == 0 {
		return installed, nil
	}
	return DefaultHome()
}

// SetUpNode writes a node's settings and makes its keys. What it makes belongs to who owns the
// home, so that root can do it for the service's user.
func SetUpNode(ctx context.Context, s NodeSetup) (FirstBoot, error) {
	if err := s.Words.Load(config.Source{}); err != nil { // the bounds of what was chosen
		return FirstBoot{}, err
	}
	if _, err := os.Lstat(s.File); err == nil {
		return FirstBoot{}, fmt.Errorf("%s is there already; edit it, or move it away and try again", s.File)
	}
	if err := os.MkdirAll(s.Home, 0o700); err != nil {
		return FirstBoot{}, fmt.Errorf("make the folder of the node: %w; choose another with --home", err)
	}
	state := NodeState(s.Home, s.Name)
	boot, err := RunFirstBoot(ctx, FirstBootConfig{State: state, TPM: s.TPM, Vouchers: []string{filepath.Join(installedFolder, "voucher.json"), filepath.Join(s.Home, "voucher.json")}})
	if err != nil {
		return boot, err
	}
	if err := WriteSettings(s.Home, map[string]string{s.File: s.Words.File()}); err != nil {
		return boot, err
	}
	return boot, handOver(s.Home, state)
}

// WriteSettings writes files of settings, of which none may be there. Those of an installed
// service belong to root and to the group of its home, which may read them; others to who owns
// the home.
func WriteSettings(home string, files map[string]string) error {
	for path := range files {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already; edit it, or move it away and try again", path)
		}
	}
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("make the folder of the settings: %w; choose another with --home or --dir", err)
		}
		mode := os.FileMode(ownSettings)
		if filepath.Dir(path) == installedFolder {
			mode = installedSettings
		}
		if err := writeFileDurably(path, []byte(text), mode); err != nil {
			return fmt.Errorf("%w; run this as a user who may write there, or choose another place with --home or --dir", err)
		}
		owner, group, found := ownerOf(home)
		if !found {
			continue
		}
		if mode == installedSettings {
			owner = 0
		}
		if err := os.Lchown(path, owner, group); err != nil {
			return fmt.Errorf("let the service read %s: %w; run `chown` yourself", path, err)
		}
	}
	return nil
}

// ownerOf is the user and group that root makes files for in a home; not found where this user
// is not root, or the home is root's own.
func ownerOf(home string) (uid, gid int, found bool) {
	info, err := os.Stat(home)
	if err != nil || os.Geteuid() != 0 {
		return 0, 0, false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return 0, 0, false
	}
	return int(owner.Uid), int(owner.Gid), true
}

// handOver gives the state that root made for a service to the service's user. That user may
// write in the home, so nothing is followed out of it.
func handOver(home, state string) error {
	uid, gid, found := ownerOf(home)
	if !found {
		return nil
	}
	below, err := filepath.Rel(home, state)
	if err != nil {
		return fmt.Errorf("hand the node over to its user: %w", err)
	}
	folder, err := os.OpenRoot(home)
	if err != nil {
		return fmt.Errorf("hand the node over to its user: %w", err)
	}
	err = fs.WalkDir(folder.FS(), below, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, folder.Lchown(path, uid, gid))
	})
	if err = errors.Join(err, folder.Close()); err != nil {
		return fmt.Errorf("hand the node over to its user: %w; run `chown -R` on %s yourself", err, state)
	}
	return nil
}
