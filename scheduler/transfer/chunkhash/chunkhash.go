// Package chunkhash is BLAKE3 at the speed that a transfer needs. In: one ciphertext
// chunk. Out: its 32-byte hash, the same on every machine. Where the processor has
// AVX-512 and cgo is on, sixteen lanes of our own C compute it, faster than the library
// that serves all other machines and small inputs (BenchmarkSum holds them together):
// with the library alone transfer/1gib misses its goal.
package chunkhash

import "lukechampine.com/blake3"

// Sum is the BLAKE3 hash of b, 32 bytes of output, without a key.
func Sum(b []byte) [32]byte {
	if sum, ok := wide(b); ok {
		return sum
	}
	return blake3.Sum256(b)
}
