// Package config is what a person may set of a role: node, clinic or coordinator. Each key
// stands once, with its default, unit, meaning and bounds; from it come the reading of TOML
// files, environment variables and flags, the commented default file and the reference. In:
// files, environment, flags. Out: one typed struct per role, and where each value came from.
// It starts nothing, and never holds a secret, only the path of the file that does.
package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// Role is who the settings are for; it is the name of the role's command too.
type Role string

// The roles that have settings.
const (
	RoleNode        Role = "node"
	RoleClinic      Role = "clinic"
	RoleCoordinator Role = "coordinator"
)

// Roles are all of them, in the order of the reference.
func Roles() []Role { return []Role{RoleNode, RoleClinic, RoleCoordinator} }

// Origin says where a value came from; the later ones win.
type Origin string

// The origins of a value.
const (
	FromDefault     Origin = "default"
	FromFile        Origin = "file"
	FromCredential  Origin = "credential" // the service manager handed it over under the key's name
	FromEnvironment Origin = "environment"
	FromFlag        Origin = "flag"
)

// Key is one thing that may be set.
type Key struct {
	Name    string // in the file; the flag is --Name
	Type    string // string, integer, number, boolean, duration, strings, path or secret
	Default string // as the file would have it, in TOML
	Absent  string // what the default comes to, where it does not say so itself
	Unit    string // of the value; empty: none
	Meaning string
	Live    bool // takes effect on a reload; else on the next start
	Secret  bool // names a file that must not be read by others
	Private bool // the value itself tells something: it is not shown where others look
	Origin  Origin

	flag     *pflag.Flag
	everyone bool         // its flag is every command's, so this table does not define it
	check    func() error // nil: any value of the type will do
	where    string       // FILE:LINE or the like, once it has an origin
}

// Variable is the environment variable of a key of a role.
func (k *Key) Variable(r Role) string {
	return prefix(r) + strings.ToUpper(strings.ReplaceAll(k.Name, "-", "_"))
}

func prefix(r Role) string { return "MEDHIVE_" + strings.ToUpper(string(r)) + "_" }

// Value is the key's present value in TOML.
func (k *Key) Value() string { return literal(k.Type, k.flag.Value) }

// Shown is the value for a report or a log.
func (k *Key) Shown() string {
	if k.Private && k.Value() != k.Default {
		return `"(set)"`
	}
	return k.Value()
}

// Group are keys that belong together.
type Group struct {
	Title string
	Text  string // for who writes a file for the first time
	Keys  []*Key
}

// Table binds the keys of a role to the fields of its struct. It is not safe for concurrent
// use.
type Table struct {
	Role   Role
	Groups []Group
	flags  *pflag.FlagSet
	// whole looks at values that only together make sense; nil: none do.
	whole func() error
}

func newTable(r Role) *Table {
	return &Table{Role: r, flags: pflag.NewFlagSet(string(r), pflag.ContinueOnError)}
}

// Keys are all keys in the order of the reference.
func (t *Table) Keys() (keys []*Key) {
	for _, g := range t.Groups {
		keys = append(keys, g.Keys...)
	}
	return keys
}

// Key finds a key.
func (t *Table) Key(name string) (*Key, bool) {
	for _, k := range t.Keys() {
		if k.Name == name {
			return k, true
		}
	}
	return nil, false
}

func (t *Table) names() (names []string) {
	for _, k := range t.Keys() {
		names = append(names, k.Name)
	}
	return names
}

// Flags gives a command a flag for each key, but for those that every command has; where keys
// are named, for those alone.
func (t *Table) Flags(of *pflag.FlagSet, keys ...string) {
	for _, k := range t.Keys() {
		if !k.everyone && (len(keys) == 0 || slices.Contains(keys, k.Name)) {
			of.AddFlag(k.flag)
		}
	}
}

// group begins the next group of keys.
func (t *Table) group(title, text string) {
	t.Groups = append(t.Groups, Group{Title: title, Text: text})
}

// trait is what distinguishes a key.
type trait func(*Key)

// live takes effect on a reload.
func live(k *Key) { k.Live = true }

// private is a value that is not for everybody, such as an address that lets who knows it write.
func private(k *Key) { k.Private = true }

// everyone's flag belongs to the program, not to the role's command.
func everyone(k *Key) { k.everyone = true }

func unit(u string) trait { return func(k *Key) { k.Unit = u } }

// absent says what an empty value, or 0, comes to.
func absent(text string) trait { return func(k *Key) { k.Absent = text } }

// checked refuses values; the error says what is wanted.
func checked(check func() error) trait { return func(k *Key) { k.check = check } }

// add takes the flag of this name, which was just defined, as a key.
func (t *Table) add(name, kind string, traits []trait) {
	k := &Key{Name: name, Type: kind, Origin: FromDefault, flag: t.flags.Lookup(name)}
	k.Meaning = k.flag.Usage
	k.Default = k.Value()
	for _, apply := range traits {
		apply(k)
	}
	last := &t.Groups[len(t.Groups)-1]
	last.Keys = append(last.Keys, k)
}

// The types of keys, in the words of the reference.
const (
	typeText     = "string"
	typeTexts    = "strings"
	typeInteger  = "integer"
	typeNumber   = "number"
	typeBoolean  = "boolean"
	typeDuration = "duration"
	typePath     = "path"
	typeSecret   = "secret"
)

func (t *Table) text(into *string, name, standard, meaning string, traits ...trait) {
	t.flags.StringVar(into, name, standard, meaning)
	t.add(name, typeText, traits)
}

func (t *Table) texts(into *[]string, name string, standard []string, meaning string, traits ...trait) {
	t.flags.StringSliceVar(into, name, standard, meaning)
	t.add(name, typeTexts, traits)
}

func (t *Table) count(into *int, name string, standard int, meaning string, traits ...trait) {
	t.flags.IntVar(into, name, standard, meaning)
	t.add(name, typeInteger, traits)
}

func (t *Table) amount(into *uint64, name string, standard uint64, meaning string, traits ...trait) {
	t.flags.Uint64Var(into, name, standard, meaning)
	t.add(name, typeInteger, traits)
}

func (t *Table) bytes(into *int64, name string, standard int64, meaning string, traits ...trait) {
	*into = standard
	t.flags.Var(byteCount{into}, name, meaning)
	t.add(name, typeInteger, append([]trait{unit("bytes")}, traits...))
}

func (t *Table) number(into *float64, name string, standard float64, meaning string, traits ...trait) {
	t.flags.Float64Var(into, name, standard, meaning)
	t.add(name, typeNumber, append(traits, checkedAlso(func() error { return finite(*into) })))
}

func (t *Table) boolean(into *bool, name string, standard bool, meaning string, traits ...trait) {
	t.flags.BoolVar(into, name, standard, meaning)
	t.add(name, typeBoolean, traits)
}

func (t *Table) duration(into *time.Duration, name string, standard time.Duration, meaning string, traits ...trait) {
	t.flags.DurationVar(into, name, standard, meaning)
	t.add(name, typeDuration, append(traits, checkedAlso(func() error {
		if *into < 0 {
			return fmt.Errorf("%v is before now; want a duration of 0 or more, such as 90s or 24h", *into)
		}
		return nil
	})))
}

// path is relative to the file that names it, or to the working folder of who gives a flag.
func (t *Table) path(into *string, name, standard, meaning string, traits ...trait) {
	t.flags.StringVar(into, name, standard, meaning)
	t.add(name, typePath, traits)
}

// secret is the path of a file that holds a secret, or credential:NAME for one that the
// service manager hands over. After Load it is a path, or empty.
func (t *Table) secret(into *string, name, meaning string, traits ...trait) {
	t.flags.StringVar(into, name, "", meaning)
	t.add(name, typeSecret, append(traits, func(k *Key) { k.Secret = true }))
}

// checkedAlso adds a check before the one that is there.
func checkedAlso(first func() error) trait {
	return func(k *Key) {
		then := k.check
		k.check = func() error {
			if err := first(); err != nil || then == nil {
				return err
			}
			return then()
		}
	}
}

// Set sets a key to a value in words, as its flag would; lists are separated by commas.
func (t *Table) Set(name, value string) error {
	k, known := t.Key(name)
	if !known {
		return unknown(t.Role, name, t.names())
	}
	if err := set(k, value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	k.Origin = FromFlag
	return nil
}

// Check says what is wrong with the present value of a key.
func (t *Table) Check(name string) error {
	k, known := t.Key(name)
	switch {
	case !known:
		return unknown(t.Role, name, t.names())
	case k.check == nil:
		return nil
	}
	return k.check()
}
