//go:build unix

package p2p

import (
	"math"
	"syscall"
)

// openFiles is how many files this process may open. The Go runtime has raised that to the
// hard limit when the process started.
func openFiles() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return otherFiles // nothing is known: what every system allows
	}
	return int(min(uint64(limit.Cur), math.MaxInt32))
}
