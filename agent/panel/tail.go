package panel

import (
	"cmp"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Severity of a log line.
type Severity string

// The severities of log lines, from mild to bad.
const (
	Debug Severity = "debug"
	Info  Severity = "info"
	Warn  Severity = "warn"
	Error Severity = "error"
)

var severities = []Severity{Debug, Info, Warn, Error}

// ParseSeverity reads a severity; empty is Info.
func ParseSeverity(text string) (Severity, bool) {
	s := cmp.Or(Severity(text), Info)
	return s, slices.Contains(severities, s)
}

// Line is one of the log.
type Line struct {
	At       time.Time `json:"at,omitzero"`
	Severity Severity  `json:"severity"`
	Text     string    `json:"text"`
	Fields   []Field   `json:"fields,omitempty"`
}

// Field is a key of a log line and its value.
type Field struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Bounds of a shown line.
const (
	tailLines  = 1000
	maxFields  = 16
	maxLogText = 500 // bytes of a text or a value
)

// Select are the lines of at least a severity, the newest first, at most limit, of lines as
// log/slog's text handler writes them, the oldest first.
func Select(written []string, least Severity, limit int) []Line {
	list := []Line{}
	for _, text := range slices.Backward(written) {
		if len(list) == limit {
			break
		}
		if l := parseLine(text); slices.Index(severities, l.Severity) >= slices.Index(severities, least) {
			list = append(list, l)
		}
	}
	return list
}

// parseLine reads a line of log/slog's text handler. One that is none is all text.
func parseLine(text string) Line {
	text = strings.TrimSpace(text)
	l := Line{Severity: Info}
	for rest := text; rest != ""; {
		key, after, ok := strings.Cut(rest, "=")
		key, err := unquoted(key)
		if !ok || err != nil || key == "" {
			return Line{Severity: Info, Text: cut(text)}
		}
		var value string
		if value, rest, ok = valueOf(after); !ok {
			return Line{Severity: Info, Text: cut(text)}
		}
		switch at, err := time.Parse(time.RFC3339Nano, value); {
		case key == slog.TimeKey && err == nil && l.At.IsZero():
			l.At = at
		case key == slog.LevelKey && len(l.Fields) == 0 && l.Text == "":
			l.Severity = severityOf(value)
		case key == slog.MessageKey && l.Text == "":
			l.Text = cut(value)
		case len(l.Fields) < maxFields:
			l.Fields = append(l.Fields, Field{cut(key), cut(value)})
		}
	}
	return l
}

// valueOf takes a value, quoted or not, from the beginning of a text.
func valueOf(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		value, rest, _ = strings.Cut(text, " ")
		return value, rest, true
	}
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", "", false
	}
	value, err = strconv.Unquote(quoted)
	return value, strings.TrimPrefix(text[len(quoted):], " "), err == nil
}

func unquoted(key string) (string, error) {
	if strings.HasPrefix(key, `"`) {
		return strconv.Unquote(key)
	}
	return key, nil
}

// severityOf reads a level, such as WARN or INFO+2.
func severityOf(word string) Severity {
	var l slog.Level
	if l.UnmarshalText([]byte(word)) != nil {
		return Info
	}
	switch {
	case l >= slog.LevelError:
		return Error
	case l >= slog.LevelWarn:
		return Warn
	case l >= slog.LevelInfo:
		return Info
	}
	return Debug
}

// cut bounds a text, which may be a stranger's, to one short line.
func cut(s string) string {
	if len(s) > maxLogText {
		s = s[:maxLogText] + "…"
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " ")
}
