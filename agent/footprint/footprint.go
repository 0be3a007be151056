// Package footprint makes a role that waits small. A start touches code and tables that
// nothing needs afterwards, and leaves a heap that is mostly free; Release gives both back to
// the system once the role is ready. In: nothing. Out: how much the process holds before and
// after. What is needed again comes back by itself, page by page, from the executable's file;
// nothing that was ever written is touched.
package footprint

// Held is what a process holds in memory, in bytes.
type Held struct {
	Program int64 // pages of its executable's code and constants
	Private int64 // its own: heap, stacks, what it wrote
}

// Released is what a release did.
type Released struct{ Before, After Held }
