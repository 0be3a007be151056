package dashboard

import "github.com/medhive/medhive/agent/web"

// User is who may open the dashboard.
type User struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
}

func usersFile(path string) web.UserFile {
	return web.UserFile{Path: path, Roles: roles, Command: "medhive clinic user", Whose: "the clinic's dashboard"}
}

// ReadUsers reads a file of users; one that is not there has none.
func ReadUsers(path string) ([]User, error) {
	lines, err := usersFile(path).Read()
	if err != nil {
		return nil, err
	}
	list := make([]User, len(lines))
	for n, l := range lines {
		list[n].Name = l.Name
		if list[n].Role, err = ParseRole(l.Role); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// AddUser writes a user into a file, in place of one of that name.
func AddUser(path, name string, role Role, password string) error {
	return usersFile(path).Add(name, role.String(), password)
}

// RemoveUser removes a user. What they have open ends with their next request.
func RemoveUser(path, name string) error { return usersFile(path).Remove(name) }
