package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/medhive/medhive/scheduler/settings"
)

// CredentialsVariable names the folder of what systemd's LoadCredential= hands to a service.
const CredentialsVariable = "CREDENTIALS_DIRECTORY"

// credentialPrefix marks a secret that the service manager hands over.
const credentialPrefix = "credential:"

// Source is where a role's values come from, beside their defaults. The zero value is none.
type Source struct {
	File        string         // TOML; empty: none
	Environment []string       // NAME=value, as os.Environ gives it
	Flags       *pflag.FlagSet // a command's, parsed; of its flags those count that were given; nil: none
	Credentials string         // folder of the service manager's credentials; empty: none
}

// FlagError is a fault of a flag, as opposed to one of a file or of the environment.
type FlagError struct{ error }

func (e FlagError) Unwrap() error { return e.error }

// Load fills the table's struct: flags before environment before file before default. Every
// fault that it finds is named with its place.
func (t *Table) Load(s Source) error {
	var faults []error
	given := t.takeFlags(s.Flags)
	named, err := t.takeEnvironment(s.Environment, given)
	faults = append(faults, err)
	folder := ""
	if s.File != "" {
		if folder, err = filepath.Abs(filepath.Dir(s.File)); err != nil {
			return fmt.Errorf("read settings: %w", err)
		}
		faults = append(faults, t.takeFile(s.File, folder, slices.Concat(given, named)))
	}
	for _, k := range t.Keys() {
		if k.Secret {
			faults = append(faults, k.findSecret(t.Role, s.Credentials))
		}
		if k.check == nil {
			continue
		}
		if err := k.check(); err != nil {
			err = fmt.Errorf("%s: %w", k.place(), err)
			if k.Origin == FromFlag {
				err = FlagError{err}
			}
			faults = append(faults, err)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if t.whole != nil {
		return t.whole()
	}
	return nil
}

// place is where a person finds a key's value.
func (k *Key) place() string {
	if k.where != "" {
		return k.where
	}
	return "--" + k.Name
}

// takeFlags notes which keys were given as flags. The flags of the table itself hold their
// values already; a program's own, and those of another parse, are copied.
func (t *Table) takeFlags(from *pflag.FlagSet) (given []string) {
	if from == nil {
		return nil
	}
	for _, k := range t.Keys() {
		f := from.Lookup(k.Name)
		if f == nil || !f.Changed {
			continue
		}
		if f != k.flag {
			copyValue(k, f)
		}
		k.Origin, k.where = FromFlag, "--"+k.Name
		given = append(given, k.Name)
	}
	return given
}

// copyValue takes a value over from a flag of the same type, which its own parse has checked.
func copyValue(k *Key, from *pflag.Flag) {
	if slice, ok := from.Value.(pflag.SliceValue); ok {
		if into, ok := k.flag.Value.(pflag.SliceValue); ok {
			_ = into.Replace(slice.GetSlice()) // of texts: it refuses nothing
			return
		}
	}
	_ = k.flag.Value.Set(from.Value.String()) // it was set by such a text
}

func (t *Table) takeEnvironment(environment, given []string) (named []string, _ error) {
	var faults []error
	byVariable, variables := map[string]*Key{}, []string{}
	for _, k := range t.Keys() {
		byVariable[k.Variable(t.Role)], variables = k, append(variables, k.Variable(t.Role))
	}
	for _, entry := range environment {
		variable, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(variable, prefix(t.Role)) {
			continue
		}
		k, known := byVariable[variable]
		if !known {
			faults = append(faults, fmt.Errorf("environment: %w", unknown(t.Role, variable, variables)))
			continue
		}
		if slices.Contains(given, k.Name) {
			continue
		}
		if err := set(k, value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", variable, err))
			continue
		}
		k.Origin, k.where = FromEnvironment, variable
		named = append(named, k.Name)
	}
	return named, errors.Join(faults...)
}

// unknown says what was meant, or where all keys stand: there are too many for a line.
func unknown(r Role, word string, known []string) error {
	if near := settings.Nearest(word, known); near != "" {
		return fmt.Errorf("%.100s is not known; did you mean %s?", word, near)
	}
	return fmt.Errorf("%.100s is not known; `medhive config default %s` shows what is", word, r)
}

func (t *Table) takeFile(path, folder string, taken []string) error {
	data, err := readFile(path)
	if err != nil {
		return fmt.Errorf("read settings: %w; write a file with `%s`, or name another with --config", err, t.Role.writes())
	}
	name := filepath.Base(path)
	table, err := settings.Read(data)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var faults []error
	for _, key := range table.Keys {
		where := fmt.Sprintf("%s:%d: %s", name, table.Line(key), key)
		k, known := t.Key(key)
		switch {
		case !known:
			faults = append(faults, fmt.Errorf("%s:%d: %w", name, table.Line(key), unknown(t.Role, key, t.names())))
		case slices.Contains(taken, key):
		default:
			if err := put(k, table.Values[key]); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", where, err))
				continue
			}
			k.Origin, k.where = FromFile, where
			k.resolve(folder)
		}
	}
	return errors.Join(faults...)
}

// writes is the command that writes a role's file.
func (r Role) writes() string {
	if r == RoleCoordinator {
		return "medhive config default coordinator > coordinator.toml"
	}
	return "medhive " + string(r) + " init"
}

// readFile reads a bounded file.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("it is no file")}
	}
	if info.Size() > settings.MaxBytes {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("it has %d bytes, at most %d are taken", info.Size(), settings.MaxBytes)}
	}
	return os.ReadFile(path)
}

// resolve makes a path of a file absolute, below the file's folder.
func (k *Key) resolve(folder string) {
	if k.Type != typePath && k.Type != typeSecret {
		return
	}
	path := k.flag.Value.String()
	if path == "" || filepath.IsAbs(path) || k.Type == typeSecret && strings.HasPrefix(path, credentialPrefix) {
		return
	}
	_ = k.flag.Value.Set(filepath.Join(folder, path)) // a text's flag refuses nothing
}
