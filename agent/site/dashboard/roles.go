package dashboard

import "fmt"

// Role is what a user may do. Each role may do what those below it may.
type Role int

// The roles, from the least.
const (
	Viewer   Role = iota + 1 // sees worklist, cases, rules and deliveries
	Reader                   // accepts and rejects results, asks for a case again
	Releaser                 // sees held pictures, releases, blacks out and refuses
	Admin                    // retries and withdraws deliveries, reads the rules anew, reads and exports the audit log
)

var roleNames = map[Role]string{Viewer: "viewer", Reader: "reader", Releaser: "releaser", Admin: "admin"}

// String is the role's name in the file of users.
func (r Role) String() string { return roleNames[r] }

// ParseRole reads a role's name.
func ParseRole(name string) (Role, error) {
	for r, n := range roleNames {
		if n == name {
			return r, nil
		}
	}
	return 0, fmt.Errorf("role %.20q: want viewer, reader, releaser or admin", name)
}

// MarshalText implements encoding.TextMarshaler.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Role) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRole(string(text))
	return err
}
