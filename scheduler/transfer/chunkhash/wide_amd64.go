//go:build cgo

package chunkhash

// #cgo CFLAGS: -O3 -Wno-psabi
// #include "blake3.h"
import "C"

import (
	"sync"
	"unsafe"
)

// leastWide is one group of sixteen BLAKE3 chunks; less does not fill the lanes.
const leastWide = 16 << 10

var usable = sync.OnceValue(func() bool { return C.medhive_blake3_usable() != 0 })

// wide hashes what is worth it and what this processor can.
func wide(b []byte) (sum [32]byte, ok bool) {
	if len(b) < leastWide || len(b) > C.MEDHIVE_BLAKE3_MAX || !usable() {
		return sum, false
	}
	C.medhive_blake3((*C.uint8_t)(unsafe.SliceData(b)), C.size_t(len(b)), (*C.uint8_t)(&sum[0]))
	return sum, true
}
