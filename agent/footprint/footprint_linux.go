package footprint

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// Release gives back the free part of the heap, and the pages of the own executable's code
// and constants. Those stay in the system's cache of files as long as it has room, so what
// runs next maps them again without reading the disk. It takes tens of milliseconds and may
// be called at any time, by one goroutine at a time. An error says what could not be given
// back; nothing depends on it.
func Release() (Released, error) {
	before, program, err := look()
	if err != nil {
		return Released{}, fmt.Errorf("release memory: %w", err)
	}
	debug.FreeOSMemory()
	for _, m := range program {
		err = errors.Join(err, m.giveBack())
	}
	after, _, lookErr := look()
	if err = errors.Join(err, lookErr); err != nil {
		err = fmt.Errorf("release memory: %w", err)
	}
	return Released{Before: before, After: after}, err
}

// look says what this process holds, and which mappings are its program's, never written.
func look() (Held, []mapping, error) {
	self, err := os.Readlink("/proc/self/exe") // ends in " (deleted)" after an upgrade, as the mappings' paths do
	if err != nil {
		return Held{}, nil, err
	}
	list, err := os.Open("/proc/self/smaps")
	if err != nil {
		return Held{}, nil, err
	}
	defer list.Close()
	all, err := readMaps(list)
	if err != nil {
		return Held{}, nil, err
	}
	var held Held
	var program []mapping
	for _, m := range all {
		held.Private += m.anonymous
		if m.path == self && m.untouched() {
			held.Program += m.resident
			program = append(program, m)
		}
	}
	return held, program, nil
}

// giveBack drops a mapping's pages from this process. Files of 2 MB pages would come back
// 2 MB at a time, for one instruction.
func (m mapping) giveBack() error {
	// A kernel built without huge pages refuses this advice, and needs none.
	_ = m.advise(unix.MADV_NOHUGEPAGE)
	return m.advise(unix.MADV_DONTNEED)
}

// advise is madvise(2) by addresses: what lies there is no Go memory.
func (m mapping) advise(advice uintptr) error {
	if _, _, failed := unix.Syscall(unix.SYS_MADVISE, m.from, m.to-m.from, advice); failed != 0 {
		return fmt.Errorf("mapping at %x: advice %d: %w", m.from, advice, failed)
	}
	return nil
}
