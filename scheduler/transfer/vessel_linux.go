package transfer

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapPages gives zeroed pages that no core dump has and no child inherits.
func mapPages(size int) (mem []byte, locked bool, err error) {
	mem, err = unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, false, err
	}
	for _, advice := range []int{unix.MADV_DONTDUMP, unix.MADV_DONTFORK} {
		if err := unix.Madvise(mem, advice); err != nil {
			return nil, false, errors.Join(err, unix.Munmap(mem))
		}
	}
	_ = unix.Madvise(mem, unix.MADV_HUGEPAGE) // faster where the kernel has it, no promise
	return mem, lockPages(mem), nil
}

// lockPages locks each page when it is first written, so that a payload that never
// comes costs no memory.
func lockPages(mem []byte) bool {
	_, _, errno := unix.Syscall(unix.SYS_MLOCK2, uintptr(unsafe.Pointer(unsafe.SliceData(mem))), uintptr(len(mem)), unix.MLOCK_ONFAULT)
	return errno == 0
}

func unmapPages(mem []byte) error { return unix.Munmap(mem) }
