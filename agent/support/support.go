// Package support gathers what somebody who helps an operator needs into one archive: what
// runs, how it is set, what it warns of and what it logged. In: sources, and the words that
// must not leave. Out: items that a person can read before they are written, and a tar.gz.
// Every item is bounded, goes through a strict redaction, and is held against the known words
// once more: what still has one is not written.
package support

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/medhive/medhive/agent/redaction"
)

// Bounds of a bundle: it is sent by mail.
const (
	maxItem  = 2 << 20 // bytes of one item, of which the end is kept
	maxItems = 64
	// askLimit is what one source has to answer.
	askLimit = 2 * time.Minute
)

// Source is one thing that is gathered.
type Source struct {
	Name string // of its file in the archive
	What string // for the list that a person reads first
	Read func(ctx context.Context) ([]byte, error)
}

// Item is what a source gave, redacted.
type Item struct {
	Name string
	What string
	Data []byte
}

// Words are what must not leave, in the forms in which they may stand in text. The zero value
// knows none.
type Words struct{ forms []string }

// shortest is the least characters of a word that is looked for: shorter ones are in every
// text.
const shortest = 4

// Text adds a word that a person may have typed, such as a name, an identifier or a password.
// A name of DICOM's (PS3.5 section 6.2.1.2) is looked for by its parts, too.
func (w *Words) Text(words ...string) {
	for _, word := range words {
		w.forms = append(w.forms, word, strings.ToLower(word), strings.ToUpper(word), quoted(word), url.QueryEscape(word), url.PathEscape(word))
		parts := strings.FieldsFunc(word, func(r rune) bool { return r == '^' || r == '=' || r == ' ' || r == ',' })
		if len(parts) > 1 {
			w.forms = append(w.forms, strings.Join(parts, " "))
			w.Text(parts...)
		}
	}
}

// Bytes adds what a file of a key holds: as it is, line by line, in hexadecimal and in base64.
func (w *Words) Bytes(data []byte) {
	w.forms = append(w.forms, hex.EncodeToString(data), strings.ToUpper(hex.EncodeToString(data)), base64.StdEncoding.EncodeToString(data),
		base64.RawURLEncoding.EncodeToString(data))
	if !utf8.Valid(data) {
		return
	}
	for line := range strings.Lines(string(data)) {
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"',:={}[]#", r) }) {
			if len(word) >= leastKey {
				w.forms = append(w.forms, word)
			}
		}
		if line = strings.TrimSpace(line); len(line) >= leastKey {
			w.forms = append(w.forms, line, quoted(line))
		}
	}
}

// leastKey is the length of a word in a key's file that may be a key: shorter ones are names
// of fields.
const leastKey = 8

// quoted is text as it stands inside a string of JSON.
func quoted(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		return text
	}
	return strings.Trim(string(data), `"`)
}

// list is every form that is long enough to be looked for.
func (w Words) list() []string {
	forms := slices.DeleteFunc(slices.Clone(w.forms), func(f string) bool { return utf8.RuneCountInString(strings.TrimSpace(f)) < shortest })
	slices.Sort(forms)
	return slices.Compact(forms)
}

// Gather reads every source and takes out what must not leave. A source that fails is an item
// that says why: what is missing is a part of the picture. The error is the context's.
func Gather(ctx context.Context, sources []Source, words Words) ([]Item, error) {
	r := redaction.Strict(words.list()...)
	var items []Item
	for _, s := range sources[:min(len(sources), maxItems)] {
		asking, cancel := context.WithTimeout(ctx, askLimit)
		data, err := s.Read(asking)
		cancel()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			data = fmt.Appendf(nil, "it could not be read: %v\n", err)
		}
		if len(data) > maxItem {
			_, end, _ := strings.Cut(string(data[len(data)-maxItem:]), "\n")
			data = []byte("(the beginning is left out)\n" + end)
		}
		items = append(items, Item{Name: s.Name, What: s.What, Data: []byte(r.Text(string(data)))})
	}
	return items, nil
}

// ErrLeak says that a known word is left in an item.
var ErrLeak = errors.New("a word that must not leave is still in it, so it is not written; please report this with the item's name alone")

// Check looks for known words that the redaction left.
func Check(items []Item, words Words) error {
	for _, item := range items {
		for _, word := range words.list() {
			if strings.Contains(string(item.Data), word) && !strings.Contains(redaction.Mark, word) {
				return fmt.Errorf("item %s: %w", item.Name, ErrLeak)
			}
		}
	}
	return nil
}

// Write writes the items as tar.gz, below a folder of this name.
func Write(w io.Writer, folder string, items []Item, now time.Time) error {
	packed := gzip.NewWriter(w)
	archive := tar.NewWriter(packed)
	for _, item := range items {
		head := tar.Header{Name: folder + "/" + item.Name, Mode: 0o600, Size: int64(len(item.Data)), ModTime: now, Format: tar.FormatPAX}
		if err := archive.WriteHeader(&head); err != nil {
			return fmt.Errorf("write %s: %w", item.Name, err)
		}
		if _, err := archive.Write(item.Data); err != nil {
			return fmt.Errorf("write %s: %w", item.Name, err)
		}
	}
	if err := errors.Join(archive.Close(), packed.Close()); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}
