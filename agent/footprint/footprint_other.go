//go:build !linux

package footprint

import "runtime/debug"

// Release gives the free part of the heap back to the system. What a process holds is only
// known on Linux.
func Release() (Released, error) {
	debug.FreeOSMemory()
	return Released{}, nil
}
