package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// follower reads the lines behind a number as they are written, file after file.
type follower struct {
	keys   keys
	folder string
	after  uint64 // number of the last line that was handed out
	check  checker

	name  string
	file  *os.File // nil: none is open
	s     scanner
	whole bool // a later file was there before this one was read to its end: nothing comes any more
}

// next is the line after the last, or ok false if it is not there yet.
func (f *follower) next() (line Line, ok bool, err error) {
	for {
		if f.file == nil {
			opened, err := f.open("")
			if err != nil || !opened {
				return line, false, err
			}
		}
		before := f.s.offset
		one, err := f.s.next()
		switch {
		case errors.Is(err, io.EOF), err == nil && one.torn: // it may grow, or another file goes on
			moved, err := f.move(before, err == nil)
			if err != nil || !moved {
				return line, false, err
			}
			continue
		case err != nil:
			return line, false, fmt.Errorf("read the audit log's file %s: %w", f.name, pathless(err))
		}
		if what := f.check.check(one, false); what != "" && one.Kind != Gap {
			return line, false, fmt.Errorf("%w: %s line %d: %s", ErrBroken, f.name, one.Number, what)
		}
		if one.Sequence <= f.after {
			continue
		}
		f.after = one.Sequence
		return one.Line, true, nil
	}
}

// open opens the file behind name, or the one that holds the line after the last.
func (f *follower) open(behind string) (bool, error) {
	files, err := listFiles(f.folder)
	if err != nil || len(files) == 0 {
		return false, err
	}
	name := ""
	for i, candidate := range files {
		first, _ := firstOf(candidate)
		switch {
		case behind == "" && (first <= f.after+1 || i == 0):
			name = candidate
		case behind != "" && candidate == behind && i+1 < len(files):
			name = files[i+1]
		}
	}
	if name == "" {
		return false, nil
	}
	file, err := os.Open(filepath.Join(f.folder, name))
	if err != nil {
		return false, fmt.Errorf("read the audit log's file %s: %w", name, pathless(err))
	}
	f.close()
	f.name, f.file, f.whole = name, file, false
	f.s = scanner{keys: f.keys, name: name, r: bufio.NewReaderSize(file, maxLineBytes)}
	return true, nil
}

// move goes on to the next file once this one has been read to its end since that one is
// there; else it goes back to offset, behind the last whole line, to look again.
func (f *follower) move(offset int64, torn bool) (again bool, err error) {
	if f.whole && !torn {
		return f.open(f.name)
	}
	if !f.whole {
		files, err := listFiles(f.folder)
		if err != nil {
			return false, err
		}
		f.whole = len(files) > 0 && files[len(files)-1] != f.name
		again = f.whole
	}
	if _, err := f.file.Seek(offset, io.SeekStart); err != nil {
		return false, fmt.Errorf("read the audit log's file %s: %w", f.name, pathless(err))
	}
	if torn {
		f.s.number--
	}
	f.s.offset = offset
	f.s.r.Reset(f.file)
	return again, nil
}

func (f *follower) close() {
	if f.file != nil {
		_ = f.file.Close() // only read
		f.file = nil
	}
}
