package demo

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// story tells a person what happens, line by line with the time since the start.
type story struct {
	start time.Time

	mu  sync.Mutex // guards out: roles speak from their own goroutines
	out io.Writer
}

func newStory(out io.Writer, start time.Time) *story {
	if out == nil {
		out = io.Discard
	}
	return &story{start: start, out: out}
}

// tell prints one line: seconds, who, what.
func (s *story) tell(who, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%7.2f s  %-12s %s\n", time.Since(s.start).Seconds(), who, fmt.Sprintf(format, args...))
}

// plain prints a line without a time.
func (s *story) plain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}
