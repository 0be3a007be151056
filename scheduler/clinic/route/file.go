package route

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// maxFileBytes bounds a file of rules or settings.
const maxFileBytes = 1 << 20

// file is a file of rules.
type file struct {
	Zone  string `toml:"zone"` // IANA name; empty: UTC
	Rules []Rule `toml:"rule"`
}

// Parse reads rules from TOML: zone = "Europe/Berlin", then [[rule]] for each. Unknown
// keys are refused.
func Parse(data []byte) (Rules, error) {
	var f file
	if err := DecodeStrict(data, &f); err != nil {
		return Rules{}, fmt.Errorf("read the rules: %w", err)
	}
	zone, err := Zone(f.Zone)
	if err != nil {
		return Rules{}, fmt.Errorf("read the rules: %w", err)
	}
	rules, err := Compile(f.Rules, zone)
	if err != nil {
		return Rules{}, fmt.Errorf("read the rules: %w", err)
	}
	return rules, nil
}

// Zone is the zone of an IANA name; empty is UTC.
func Zone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	return loadZone(name)
}

// DecodeStrict reads TOML of at most 1 MiB into a struct. A key that the struct does not
// have is refused with the nearest one that it has.
func DecodeStrict(data []byte, into any) error {
	if len(data) > maxFileBytes {
		return fmt.Errorf("%d bytes: at most %d are taken", len(data), maxFileBytes)
	}
	meta, err := toml.NewDecoder(bytes.NewReader(data)).Decode(into)
	if err != nil {
		var parse toml.ParseError
		if errors.As(err, &parse) {
			return fmt.Errorf("line %d: %s", parse.Position.Line, parse.Message)
		}
		return err
	}
	var faults []error
	unknown := meta.Undecoded()
	for _, key := range unknown {
		if len(key) > 1 && slices.ContainsFunc(unknown, func(k toml.Key) bool { return slices.Equal(k, key[:len(key)-1]) }) {
			continue // its table is not known, which says it all
		}
		faults = append(faults, unknownKey(key, keysAt(reflect.TypeOf(into), key[:len(key)-1])))
	}
	return errors.Join(faults...)
}

func unknownKey(key toml.Key, known []string) error {
	if near := Nearest(key[len(key)-1], known); near != "" {
		return fmt.Errorf("%.100s is not known; did you mean %q?", key, near)
	}
	return fmt.Errorf("%.100s is not known; known here are %s", key, strings.Join(known, ", "))
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
