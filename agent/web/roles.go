package web

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what a visitor may do: each role may do what those below it may.
type Role int

// Nobody needs no rights: the login page and what it is made of. Least is the first of Roles.
const (
	Nobody Role = 0
	Least  Role = 1
)

// Roles are the names of a dashboard's roles, from the least; the first is role 1.
type Roles []string

// Parse reads a role's name.
func (list Roles) Parse(name string) (Role, error) {
	if at := slices.Index(list, name); at >= 0 {
		return Least + Role(at), nil
	}
	last := len(list) - 1
	return Nobody, fmt.Errorf("role %.20q: want %s or %s", name, strings.Join(list[:last], ", "), list[last])
}

// rank is a role by its name; nobody's where it is none.
func (list Roles) rank(name string) Role {
	r, err := list.Parse(name)
	if err != nil {
		return Nobody
	}
	return r
}

// most is the role that may do all.
func (list Roles) most() Role { return Role(len(list)) }

// name is a role's name; empty for nobody's.
func (list Roles) name(r Role) string {
	if r < Least || r > list.most() {
		return ""
	}
	return list[r-Least]
}
