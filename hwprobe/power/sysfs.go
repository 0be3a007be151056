package power

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

const (
	// maxFileBytes bounds what is read of a file: an attribute of sysfs is one line, an
	// uevent file a dozen.
	maxFileBytes = 4096
	// maxEntries bounds a folder: a machine with more sensors or PCI functions than this
	// has fewer looked at.
	maxEntries = 1024
)

// The ways in which an attribute can't be read, in words that name no path.
var (
	errAbsent    = errors.New("it is not there")
	errForbidden = errors.New("this user may not read it")
	errGarbled   = errors.New("it holds no number")
)

// sysfs is a tree of attributes as the kernel lays them out below /sys.
type sysfs struct{ fs.FS }

// text is an attribute without the white space around it.
func (t sysfs) text(name ...string) (string, error) {
	raw, err := t.bytes(name...)
	return strings.TrimSpace(string(raw)), err
}

// bytes is the beginning of an attribute that need not be text.
func (t sysfs) bytes(name ...string) ([]byte, error) {
	f, err := t.Open(path.Join(name...))
	if err != nil {
		return nil, inWords(err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxFileBytes))
	if err != nil {
		return nil, inWords(err)
	}
	return raw, nil
}

// inWords is an error of a file without its path.
func inWords(err error) error {
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errAbsent
	case errors.Is(err, fs.ErrPermission):
		return errForbidden
	case errors.As(err, &at):
		return fmt.Errorf("reading it fails: %w", at.Err)
	default:
		return fmt.Errorf("reading it fails: %w", err)
	}
}

// count is an attribute that is a whole number of something, 0 or more.
func (t sysfs) count(name ...string) (uint64, error) {
	text, err := t.text(name...)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errGarbled
	}
	return n, nil
}

// size is an attribute that is a whole number, without its sign: some drivers report a
// current that leaves a battery as negative.
func (t sysfs) size(name ...string) (uint64, error) {
	text, err := t.text(name...)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "-"), 10, 64)
	if err != nil {
		return 0, errGarbled
	}
	return n, nil
}

// list names what is in a folder, sorted; nothing where it can't be read.
func (t sysfs) list(name string) []string {
	entries, err := fs.ReadDir(t.FS, name)
	if err != nil {
		return nil
	}
	names := make([]string, 0, min(len(entries), maxEntries))
	for _, e := range entries[:min(len(entries), maxEntries)] {
		names = append(names, e.Name())
	}
	return names
}

// property is one line KEY=value of a device's uevent file, "" where there is none.
func (t sysfs) property(device, key string) string {
	text, err := t.text(device, "uevent")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok && k == key {
			return v
		}
	}
	return ""
}
