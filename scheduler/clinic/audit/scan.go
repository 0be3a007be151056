package audit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A log is a folder of files that are named by the number of their first line.
const (
	filePrefix = "audit-"
	fileSuffix = ".jsonl"
	fileDigits = 12
)

func fileName(first uint64) string {
	return fmt.Sprintf("%s%0*d%s", filePrefix, fileDigits, first, fileSuffix)
}

// firstOf is the number in a file's name.
func firstOf(name string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, filePrefix)
	digits, ok2 := strings.CutSuffix(digits, fileSuffix)
	if !ok || !ok2 || len(digits) < fileDigits {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil && n > 0 && fileName(n) == name
}

// listFiles are the log's files, oldest first. A folder that is not there has none.
func listFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the audit log: %w", pathless(err))
	}
	var names []string
	for _, e := range entries {
		if _, ok := firstOf(e.Name()); ok && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { // a number of more digits is larger
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return names, nil
}

// found is one line of a file as it was read: whole, or with what is wrong with it.
type found struct {
	Line
	end   int64 // offset of the byte after it
	fault error // nil: its own sum fits
	torn  bool  // it has no line end: the file stops in it
}

// scanFile reads a file's lines from an offset on, until tell returns an error.
func (k keys) scanFile(ctx context.Context, folder, name string, tell func(found) error) error {
	file, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		return fmt.Errorf("read the audit log's file %s: %w", name, pathless(err))
	}
	defer file.Close() // only read
	s := scanner{keys: k, name: name, r: bufio.NewReaderSize(file, maxLineBytes)}
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read the audit log's file %s: %w", name, err)
		}
		one, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the audit log's file %s: %w", name, pathless(err))
		}
		if err := tell(one); err != nil {
			return err
		}
	}
}

// scanner reads lines in order, of any length and with bounded memory.
type scanner struct {
	keys   keys
	name   string
	r      *bufio.Reader
	number int
	offset int64
}

// next is the next line, or io.EOF.
func (s *scanner) next() (found, error) {
	text, err := s.r.ReadSlice('\n')
	whole := err == nil
	length := int64(len(text))
	kept := text
	if errors.Is(err, bufio.ErrBufferFull) { // longer than any line: its end alone is wanted
		kept = nil
		for errors.Is(err, bufio.ErrBufferFull) {
			text, err = s.r.ReadSlice('\n')
			length += int64(len(text))
		}
		whole = err == nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return found{}, err
	}
	if length == 0 {
		return found{}, io.EOF
	}
	s.number++
	s.offset += length
	one := found{torn: !whole, end: s.offset}
	if !whole || kept == nil {
		one.fault = errTorn
	} else {
		one.Line, one.fault = s.keys.decode(kept[:len(kept)-1])
	}
	one.File, one.Number = s.name, s.number
	return one, nil
}

// Span bounds what is read by time; a zero end is open. From counts in, Until does not.
type Span struct{ From, Until time.Time }

func (s Span) holds(at time.Time) bool {
	return !at.Before(s.From) && (s.Until.IsZero() || at.Before(s.Until))
}

// Read hands out the lines of a span in their order. The first line that does not fit ends
// it with ErrBroken, see Verify; what a crash or a writer has not finished at the very end is left out.
func Read(ctx context.Context, folder string, key [32]byte, span Span, tell func(Line) error) error {
	k, err := deriveKeys(key)
	if err != nil {
		return err
	}
	files, err := listFiles(folder)
	if err != nil {
		return err
	}
	c := checker{}
	for i, name := range files {
		err := k.scanFile(ctx, folder, name, func(one found) error {
			if one.torn && i == len(files)-1 {
				return nil
			}
			if what := c.check(one, false); what != "" && one.Kind != Gap {
				return fmt.Errorf("%w: %s line %d: %s", ErrBroken, name, one.Number, what)
			}
			if span.holds(one.At) {
				return tell(one.Line)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
