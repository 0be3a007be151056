package audit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// maxFaults bounds what a report lists; the rest is counted.
const maxFaults = 100

// Fault is one place where a log is not what was written.
type Fault struct {
	File     string `json:"file"`
	Line     int    `json:"line"` // in the file, from 1; 0: the file as a whole, or its end
	Sequence uint64 `json:"sequence,omitempty"`
	What     string `json:"what"`
}

// Report is what a verification came to.
type Report struct {
	Files  int       `json:"files"`
	Lines  uint64    `json:"lines"`
	First  time.Time `json:"first,omitzero"`
	Last   time.Time `json:"last,omitzero"`
	Head   Head      `json:"head"`             // of the last line that was read
	Faults []Fault   `json:"faults,omitempty"` // the first hundred
	More   int       `json:"more_faults,omitempty"`
	// Unfinished is how many bytes stand at the end that are no whole line: a crash, or a
	// writer at work. Nobody was told that they were kept.
	Unfinished int64 `json:"unfinished_bytes,omitempty"`
	// Remembered says whether a remembered head was there to hold the end against. Without
	// one a tail that was cut can't be noticed.
	Remembered bool `json:"remembered"`
}

// Sound says whether nothing is wrong.
func (r Report) Sound() bool { return len(r.Faults) == 0 }

// checker holds each line against the one before.
type checker struct {
	last  Head
	begun bool
}

// check says what is wrong with a line; empty: nothing. It goes on behind a fault with what
// the line says of itself, so that one change is one fault or two and not a thousand.
func (c *checker) check(one found, start bool) string {
	before, begun := c.last, c.begun
	if one.fault != nil && one.Sum == "" {
		return one.fault.Error()
	}
	c.last, c.begun = Head{Sequence: one.Sequence, Sum: one.Sum}, true
	switch {
	case one.fault != nil:
		return one.fault.Error()
	case start && one.Sequence != 1 && (one.Kind != Gap || uint64(one.Count) != one.Sequence-1):
		return fmt.Sprintf("the log begins with line %d: those before it are gone", one.Sequence)
	case begun && one.Kind == Gap && (one.Previous != before.Sum || one.Sequence != before.Sequence+uint64(one.Count)+1):
		return "lines before it were removed, beside those that were gone already as it was written"
	case one.Kind == Gap && one.Count == 0:
		return "the remembered end of the log was gone when the service began: lines before this one may be missing"
	case one.Kind == Gap:
		return fmt.Sprintf("%d lines before this one were gone when the service began", one.Count)
	case begun && one.Sequence != before.Sequence+1:
		return fmt.Sprintf("it is line %d after line %d: lines were removed, added or moved", one.Sequence, before.Sequence)
	case begun && one.Previous != before.Sum:
		return "the line before it is not the one it was written after"
	case !begun && one.Sequence == 1 && one.Previous != zeroSum:
		return "it is line 1 and names a line before it"
	}
	return ""
}

// Verify reads a whole log and names each line that was changed, removed, added or moved. Head
// is the remembered one, read before the files; nil: there is none. Who has the key can
// forge all of it, and who can also take back the remembered head can cut it: keep a copy of
// the head elsewhere (on paper, with a notary) from time to time.
func Verify(ctx context.Context, folder string, key [32]byte, head *Head) (Report, error) {
	return verify(ctx, folder, key, head, func(float64) {})
}

// toldLines is after how many lines a verification tells how far it is.
const toldLines = 4096

// verify is Verify; told hears now and then what share of the log was read, 0 to 1.
func verify(ctx context.Context, folder string, key [32]byte, head *Head, told func(share float64)) (Report, error) {
	var r Report
	k, err := deriveKeys(key)
	if err != nil {
		return r, err
	}
	files, err := listFiles(folder)
	if err != nil {
		return r, err
	}
	r.Files, r.Remembered = len(files), head != nil
	sizes, all, err := sizesOf(folder, files)
	if err != nil {
		return r, err
	}
	read := int64(0) // of the files before
	var c checker
	seen := head == nil || head.Sequence == 0
	for i, name := range files {
		lines, whole := 0, int64(0)
		err := k.scanFile(ctx, folder, name, func(one found) error {
			if one.torn && i == len(files)-1 {
				r.Unfinished = one.end - whole
				return nil
			}
			lines, whole = one.Number, one.end
			if what := c.check(one, r.Lines == 0); what != "" {
				r.fault(Fault{File: name, Line: one.Number, Sequence: one.Sequence, What: what})
			}
			if first, _ := firstOf(name); one.Number == 1 && one.Sequence != first && one.fault == nil {
				r.fault(Fault{File: name, Line: 1, Sequence: one.Sequence, What: fmt.Sprintf("the file's name says that it begins with line %d", first)})
			}
			if r.Lines++; r.Lines%toldLines == 0 {
				told(min(1, float64(read+one.end)/float64(max(1, all)))) // the last file grows
			}
			if r.First.IsZero() {
				r.First = one.At
			}
			r.Last = one.At
			if head != nil && one.Sequence == head.Sequence && one.fault == nil {
				seen = one.Sum == head.Sum
			}
			return nil
		})
		if err != nil {
			return r, err
		}
		read += sizes[i]
		if lines == 0 && i < len(files)-1 {
			r.fault(Fault{File: name, What: "the file is empty"})
		}
	}
	r.Head = c.last
	if !seen {
		last := ""
		if len(files) > 0 {
			last = files[len(files)-1]
		}
		what := fmt.Sprintf("the log ends with line %d, and line %d is remembered: its end was cut", r.Head.Sequence, head.Sequence)
		if r.Head.Sequence >= head.Sequence {
			what = fmt.Sprintf("line %d is not the one that is remembered", head.Sequence)
		}
		r.fault(Fault{File: last, Sequence: head.Sequence, What: what})
	}
	return r, nil
}

// sizesOf are the lengths of files, in bytes.
func sizesOf(folder string, files []string) (sizes []int64, all int64, err error) {
	for _, name := range files {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			return nil, 0, fmt.Errorf("read the audit log's file %s: %w", name, pathless(err))
		}
		sizes, all = append(sizes, info.Size()), all+info.Size()
	}
	return sizes, all, nil
}

func (r *Report) fault(f Fault) {
	if len(r.Faults) == maxFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, f)
}
