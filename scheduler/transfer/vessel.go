package transfer

import (
	"fmt"
	"math"
	"sync"
)

// Vessel is the place of one job's plaintext on a machine whose operator shall not
// find it on a disk: pages of their own outside Go's heap, so that the collector
// neither copies nor keeps them, left out of core dumps, locked against swapping
// where the system allows it, and wiped by Close. No file or descriptor leads to
// them. It is for one user at a time.
type Vessel struct {
	mem    []byte
	locked bool
	used   int // bytes from the start that may hold something
	unmap  func([]byte) error

	once     sync.Once
	closeErr error
}

// NewVessel maps size bytes, all zero. Memory is taken as it is filled, not before.
// Whoever makes a vessel closes it.
func NewVessel(size int64) (*Vessel, error) {
	if size < 0 || size > math.MaxInt {
		return nil, fmt.Errorf("memory for a payload of %d bytes: %w", size, ErrTooLarge)
	}
	if size == 0 {
		return &Vessel{locked: true}, nil
	}
	mem, locked, err := mapPages(int(size))
	if err != nil {
		return nil, fmt.Errorf("memory for a payload of %d bytes: %w; the machine needs more free memory, or the node a smaller payload limit", size, err)
	}
	return &Vessel{mem: mem, locked: locked, unmap: unmapPages}, nil
}

// Bytes is the whole vessel. No slice of it may be read or written after Close: the
// pages are gone then, and the process would end.
func (v *Vessel) Bytes() []byte {
	v.used = len(v.mem)
	return v.mem
}

// Locked says whether the system promised never to swap the pages out. It does not
// where RLIMIT_MEMLOCK is too small.
func (v *Vessel) Locked() bool { return v.locked }

// Close wipes the plaintext and gives the pages back. Closing again does nothing.
func (v *Vessel) Close() error {
	v.once.Do(func() {
		if v.mem == nil {
			return
		}
		clear(v.mem[:v.used]) // pages that were never written stay untaken
		if err := v.unmap(v.mem); err != nil {
			v.closeErr = fmt.Errorf("give back a payload's memory: %w", err)
		}
		v.mem, v.used = nil, 0
	})
	return v.closeErr
}
