package runner

import (
	"regexp"
	"strings"
	"sync"
)

// maxStderr is how much of a child's stderr is kept: its beginning, where a crash says
// what it is.
const maxStderr = 64 << 10

// complaint keeps the beginning of a child's stderr. It may hold data of a study, so it
// is only looked at for known words and never logged.
type complaint struct {
	mu   sync.Mutex // guards text
	text []byte
}

// Write keeps what fits and takes the rest.
func (c *complaint) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, p[:min(len(p), maxStderr-len(c.text))]...)
	return len(p), nil
}

func (c *complaint) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.text)
}

// ownFunction finds functions of this project at the start of a stack line. Arguments
// follow in brackets and are left out.
var ownFunction = regexp.MustCompile(`(?m)^github\.com/medhive/medhive/([\w/]+(?:\.\(\*\w+\))?(?:\.\w+)+)(?:\[\.\.\.\])?\(`)

// cause puts a crash into a few words that hold no data: kind and the function in which
// it happened.
func cause(stderr string) string {
	kind := ""
	for _, line := range strings.Split(stderr, "\n") {
		switch {
		case strings.HasPrefix(line, "panic:"):
			kind = "panic"
		case strings.HasPrefix(line, "fatal error:"):
			kind = "fatal error"
		case strings.HasPrefix(line, "SIGSEGV"), strings.HasPrefix(line, "SIGABRT"), strings.HasPrefix(line, "SIGBUS"), strings.HasPrefix(line, "SIGILL"):
			kind, _, _ = strings.Cut(line, ":")
		}
		if kind != "" {
			break
		}
	}
	if kind == "" {
		return ""
	}
	if f := ownFunction.FindStringSubmatch(stderr); f != nil {
		return kind + " in " + printable(f[1])
	}
	return kind
}
