// Package settings reads a person's TOML files strictly: site files, routing rules and the
// settings of roles. In: at most 1 MiB of text. Out: filled structs, or a table of values,
// and the line of each key. A key that nobody knows is an error that names its line and the
// nearest known key; nothing is passed over in silence. It knows no key itself.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// MaxBytes bounds a file of settings or rules.
const MaxBytes = 1 << 20

// Decode reads TOML into a struct. A key that the struct does not have is refused with its
// line and the nearest one that it has.
func Decode(data []byte, into any) error {
	meta, err := decode(data, into)
	if err != nil {
		return err
	}
	var faults []error
	unknown := meta.Undecoded()
	for _, key := range unknown {
		if len(key) > 1 && slices.ContainsFunc(unknown, func(k toml.Key) bool { return slices.Equal(k, key[:len(key)-1]) }) {
			continue // its table is not known, which says it all
		}
		fault := Unknown(key.String(), key[len(key)-1], keysAt(reflect.TypeOf(into), key[:len(key)-1]))
		if line := lineOf(data, key); line > 0 {
			fault = fmt.Errorf("line %d: %w", line, fault)
		}
		faults = append(faults, fault)
	}
	return errors.Join(faults...)
}

func decode(data []byte, into any) (toml.MetaData, error) {
	if len(data) > MaxBytes {
		return toml.MetaData{}, fmt.Errorf("%d bytes: at most %d are taken; is it the right file?", len(data), MaxBytes)
	}
	meta, err := toml.NewDecoder(bytes.NewReader(data)).Decode(into)
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return meta, fmt.Errorf("line %d: %s; correct the line", parse.Position.Line, parse.Message)
	}
	return meta, err
}

// Table is a file without structure: a value for each key of its top level.
type Table struct {
	Keys   []string // in the order of the file
	Values map[string]any
	data   []byte
}

// Read reads TOML whose keys the caller knows.
func Read(data []byte) (Table, error) {
	t := Table{data: data}
	meta, err := decode(data, &t.Values)
	if err != nil {
		return Table{}, err
	}
	for _, key := range meta.Keys() {
		if !slices.Contains(t.Keys, key[0]) {
			t.Keys = append(t.Keys, key[0])
		}
	}
	return t, nil
}

// Line is where a key stands, from 1; 0: it can't be told.
func (t Table) Line(key string) int { return lineOf(t.data, toml.Key{key}) }

// Unknown says that a word is no key here, and which known one was meant; shown is how the
// word stands in the file.
func Unknown(shown, word string, known []string) error {
	if near := Nearest(word, known); near != "" {
		return fmt.Errorf("%.100s is not known; did you mean %q?", shown, near)
	}
	return fmt.Errorf("%.100s is not known; known here are %s", shown, strings.Join(known, ", "))
}

// lineOf finds the line on which a key is set for the first time, or its table begins, from
// 1. It reads lines, not TOML: within a text of many lines it may be misled, and then names
// another line; 0: none.
func lineOf(data []byte, key toml.Key) int {
	var table []string
	number := 0
	for line := range bytes.Lines(data) {
		number++
		text := strings.TrimSpace(string(line))
		if header, ok := strings.CutPrefix(text, "["); ok {
			header, _, _ = strings.Cut(strings.TrimPrefix(header, "["), "]")
			table = steps(header)
			if slices.Equal(table, key) {
				return number
			}
			continue
		}
		name, _, found := strings.Cut(text, "=")
		if found && !strings.HasPrefix(text, "#") && slices.Equal(slices.Concat(table, steps(name)), key) {
			return number
		}
	}
	return 0
}

// steps are the parts of a dotted key, without spaces and quotes.
func steps(name string) []string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(p), `"'`)
	}
	return parts
}

// keysAt lists the keys that a type takes below path.
func keysAt(t reflect.Type, path toml.Key) []string {
	t = element(t)
	for _, step := range path {
		switch t.Kind() {
		case reflect.Map:
			t = element(t.Elem())
		case reflect.Struct:
			field, ok := fieldOf(t, step)
			if !ok {
				return nil
			}
			t = element(field)
		default:
			return nil
		}
	}
	var keys []string
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			if name := keyOf(t.Field(i)); name != "" {
				keys = append(keys, name)
			}
		}
	}
	return keys
}

func fieldOf(t reflect.Type, key string) (reflect.Type, bool) {
	for i := range t.NumField() {
		if strings.EqualFold(keyOf(t.Field(i)), key) {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}

// keyOf is the key under which a field stands in a file; empty: it does not.
func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	if name == "-" || !f.IsExported() {
		return ""
	}
	if name == "" {
		return f.Name
	}
	return name
}

// element is what a pointer points to or a list holds.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

// Nearest is the known word that differs from word by the fewest letters, if they are few
// enough to be a slip; empty: none is.
func Nearest(word string, known []string) string {
	const longest = 64 // longer words are no slips
	best, least := "", max(2, len(word)/3)+1
	if len(word) > longest {
		return ""
	}
	for _, candidate := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two words in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
