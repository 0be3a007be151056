package dashboard

import "github.com/medhive/medhive/agent/web"

// Role is what a user may do. Each role may do what those below it may.
type Role int

// The roles, from the least.
const (
	Viewer   Role = iota + 1 // sees worklist, cases, rules and deliveries
	Reader                   // accepts and rejects results, asks for a case again
	Releaser                 // sees held pictures, releases, blacks out and refuses
	Admin                    // retries and withdraws deliveries, reads the rules anew, reads and exports the audit log
)

// roles are their names in the file of users.
var roles = web.Roles{"viewer", "reader", "releaser", "admin"}

// String is the role's name in the file of users; empty where it is none.
func (r Role) String() string {
	if r < Viewer || r > Admin {
		return ""
	}
	return roles[r-Viewer]
}

// ParseRole reads a role's name.
func ParseRole(name string) (Role, error) {
	r, err := roles.Parse(name)
	return Role(r), err
}

// MarshalText implements encoding.TextMarshaler.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Role) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRole(string(text))
	return err
}
