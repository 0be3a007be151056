package agent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/medhive/medhive/agent/warning"
)

// maxPlaces bounds what is looked at of a home: it holds a folder for each role.
const maxPlaces = 256

// RolePlace is a role's folder.
type RolePlace struct {
	Role  warning.Role
	Name  string // of the folder
	State string // the folder
}

// RoleCall finds the roles that have a folder below these homes, whether they run or not, by
// the key that each makes at its first start. What can't be looked at is left out: a home may
// be another user's.
func RoleCall(homes ...string) []RolePlace {
	var list []RolePlace
	for _, home := range homes {
		entries, err := os.ReadDir(home)
		if err != nil {
			continue
		}
		for _, e := range entries[:min(len(entries), maxPlaces)] {
			state := filepath.Join(home, e.Name())
			for _, r := range roleKeys() {
				if _, err := os.Lstat(filepath.Join(state, r.key)); err == nil {
					list = append(list, RolePlace{Role: r.role, Name: e.Name(), State: state})
					break // a node's key may lie there in two forms
				}
			}
		}
	}
	order := []warning.Role{warning.Node, warning.Clinic, warning.Coordinator}
	slices.SortStableFunc(list, func(a, b RolePlace) int { return slices.Index(order, a.Role) - slices.Index(order, b.Role) })
	return list
}

// Closed are those homes that are there and that this user may not look into: what runs in them
// is not known.
func Closed(homes ...string) (list []string) {
	for _, home := range homes {
		if _, err := os.ReadDir(home); errors.Is(err, fs.ErrPermission) {
			list = append(list, home)
		}
	}
	return list
}

// roleKey is the file by which a role's folder is known.
type roleKey struct {
	role warning.Role
	key  string
}

func roleKeys() []roleKey {
	return []roleKey{{warning.Node, nodeKeyFile}, {warning.Node, sealedKeyFile}, {warning.Clinic, clinicKeyFile}, {warning.Coordinator, "coordinator.key"}}
}

// Homes are where roles of this machine may lie: the home alone that a person named, and else
// their own and those of the installed services.
func Homes(named string) ([]string, error) {
	if named != "" {
		return []string{named}, nil
	}
	own, err := DefaultHome()
	if err != nil || os.Getenv(HomeVariable) != "" {
		return []string{own}, err
	}
	homes := []string{own, "/var/lib/medhive", "/var/lib/medhive-clinic"}
	slices.Sort(homes[1:])
	return slices.Compact(homes), nil
}
