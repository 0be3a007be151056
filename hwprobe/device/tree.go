package device

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Bounds of what is read from a tree: a kernel's file of facts has at most a page, a
// folder of devices at most some thousands of entries.
const (
	maxTextBytes = 64 << 10
	maxEntries   = 4096
)

// maxMemoryBytes is more memory than any device has: what tells more tells nonsense.
const maxMemoryBytes = 1 << 50

// tree is a machine's files, with the two questions that files can't answer.
type tree struct {
	Roots
	// usable says whether this process may read and write a device's node.
	usable func(path string) error
	// free is how many bytes an unprivileged user may still write to the file system
	// that is mounted there. Nil: nobody knows.
	free func(mount string) (uint64, error)
}

// text reads a small file of facts, without the white space around it.
func text(path ...string) (string, error) {
	f, err := os.Open(filepath.Join(path...))
	if err != nil {
		return "", err
	}
	defer f.Close()
	all, err := io.ReadAll(io.LimitReader(f, maxTextBytes))
	return strings.TrimSpace(string(all)), err
}

// fact is the text of a file, or "" where it can't be read.
func fact(path ...string) string {
	s, err := text(path...)
	if err != nil {
		return ""
	}
	return s
}

// number is the whole number that a file holds, decimal or with 0x. ok is false where
// there is none: nothing is ever taken for zero.
func number(path ...string) (n uint64, ok bool) {
	n, err := strconv.ParseUint(fact(path...), 0, 64)
	return n, err == nil
}

// memoryBytes is the size of a memory that a file holds; ok is false for zero and for
// more than a device can have.
func memoryBytes(path ...string) (n uint64, ok bool) {
	n, ok = number(path...)
	return n, ok && n > 0 && n <= maxMemoryBytes
}

// entries are the sorted names in a folder, at most maxEntries.
func entries(path ...string) ([]string, error) {
	f, err := os.Open(filepath.Join(path...))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(maxEntries)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	slices.Sort(names)
	return names, err
}

// exists says whether there is anything at this path.
func exists(path ...string) bool {
	_, err := os.Stat(filepath.Join(path...))
	return err == nil
}

// reason is why a file could not be read, without its path: errors reach logs.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it is not there"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not read it"
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// unknown is the fact of a thing that could not be looked at.
func unknown(because, fix string) Fact {
	return Fact{State: Unknown, Why: "unknown, because " + because, Fix: fix}
}

// unusable is the fact of a thing that is there and of no use as it is.
func unusable(why, fix string) Fact { return Fact{State: Unusable, Why: why, Fix: fix} }

// parseUevent reads the KEY=value lines of a device's uevent file. Keys repeat in no
// real one; the first counts.
func parseUevent(s string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(s) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if _, twice := values[key]; ok && key != "" && !twice {
			values[key] = printable(value)
		}
	}
	return values
}

// maxWords bounds a name that a device tells of itself.
const maxWords = 128

// printable is a device's own words, fit for a screen and a document: printable ASCII
// with single spaces, of bounded length.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == 0:
			return ' '
		case r < ' ' || r > '~':
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	return s[:min(len(s), maxWords)]
}

// node says whether this process can use a device's node below Dev. What it returns is
// present, or unusable with the reason and what to do; group is whose members may.
func (t tree) node(name, group string) Fact {
	path := filepath.Join(t.Dev, name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return unusable(fmt.Sprintf("its node /dev/%s is not there", name),
			fmt.Sprintf("if this is a container, give it the device (--device /dev/%s); otherwise load the driver anew or restart the machine", name))
	}
	if err := t.usable(path); err != nil {
		return unusable(fmt.Sprintf("this user may not use /dev/%s", name),
			fmt.Sprintf("add the user to the group %s (sudo usermod -aG %s USER), then log in again", group, group))
	}
	return Fact{State: Present}
}

// firstTrouble is the first of the facts that is not Present, or Present.
func firstTrouble(facts ...Fact) Fact {
	for _, f := range facts {
		if f.State != Present {
			return f
		}
	}
	return Fact{State: Present}
}
