//go:build !linux

package transfer

// mapPages takes Go's heap where the system's own calls are not known: nothing is
// locked or left out of dumps, and Vessel.Locked says so.
func mapPages(size int) (mem []byte, locked bool, err error) { return make([]byte, size), false, nil }

func unmapPages([]byte) error { return nil }
