package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// byteCount is a number of bytes, 0 or more.
type byteCount struct{ bytes *int64 }

func (b byteCount) String() string {
	if b.bytes == nil {
		return "0"
	}
	return strconv.FormatInt(*b.bytes, 10)
}

func (byteCount) Type() string { return "bytes" }

func (b byteCount) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return errors.New("want a number of bytes, such as 20000000000, or 0")
	}
	*b.bytes = n
	return nil
}

func finite(n float64) error {
	if math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
		return fmt.Errorf("%v is no amount; want a number of 0 or more", n)
	}
	return nil
}

// literal is a value as TOML has it.
func literal(kind string, v pflag.Value) string {
	switch kind {
	case typeTexts:
		list, _ := v.(pflag.SliceValue) // texts defines no other
		quoted := []string{}
		for _, s := range list.GetSlice() {
			quoted = append(quoted, quote(s))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case typeInteger, typeBoolean:
		return v.String()
	case typeNumber:
		if s := v.String(); strings.ContainsAny(s, ".eEN") || strings.Contains(s, "Inf") {
			return s
		}
		return v.String() + ".0"
	case typeDuration:
		d, err := time.ParseDuration(v.String())
		if err != nil {
			return quote(v.String())
		}
		return quote(short(d))
	default:
		return quote(v.String())
	}
}

// short is a duration without the zeros that Go appends: 24h, not 24h0m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// quote is a TOML basic string.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// wants says what a key of a type takes, for who wrote something else.
func wants(kind string) string {
	switch kind {
	case typeTexts:
		return `a list of texts, such as ["a", "b"]`
	case typeInteger:
		return "a whole number, such as 4"
	case typeNumber:
		return "a number, such as 80.0"
	case typeBoolean:
		return "true or false"
	case typeDuration:
		return `a duration with its unit, such as "90s" or "24h"`
	case typePath:
		return `a path between quotes, such as "/etc/medhive/network.json"`
	case typeSecret:
		return `the path of a file between quotes, or "credential:NAME"`
	default:
		return "a text between quotes"
	}
}

// put sets a key to a value that stands in a file.
func put(k *Key, value any) error {
	unfit := fmt.Errorf("want %s", wants(k.Type))
	switch v := value.(type) {
	case []any:
		if k.Type != typeTexts {
			return unfit
		}
		list := make([]string, len(v))
		for i, one := range v {
			text, ok := one.(string)
			if !ok {
				return unfit
			}
			list[i] = text
		}
		slice, ok := k.flag.Value.(pflag.SliceValue)
		if !ok {
			return unfit
		}
		return slice.Replace(list)
	case string:
		if k.Type == typeInteger || k.Type == typeNumber || k.Type == typeBoolean || k.Type == typeTexts {
			return unfit
		}
		return set(k, v)
	case int64:
		if k.Type != typeInteger && k.Type != typeNumber {
			return unfit
		}
		return set(k, strconv.FormatInt(v, 10))
	case float64:
		if k.Type != typeNumber {
			return unfit
		}
		return set(k, strconv.FormatFloat(v, 'g', -1, 64))
	case bool:
		if k.Type != typeBoolean {
			return unfit
		}
		return set(k, strconv.FormatBool(v))
	default:
		return unfit
	}
}

// set sets a key to a value in words. Lists are separated by commas there.
func set(k *Key, text string) error {
	if slice, ok := k.flag.Value.(pflag.SliceValue); ok {
		list := []string{}
		if text != "" {
			list = strings.Split(text, ",")
		}
		return slice.Replace(list)
	}
	if k.flag.Value.Set(text) != nil {
		return fmt.Errorf("want %s", wants(k.Type))
	}
	return nil
}
