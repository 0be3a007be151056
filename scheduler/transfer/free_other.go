//go:build !unix

package transfer

import "math"

// freeBytes is not asked here: the write that does not fit fails by itself.
func freeBytes(string) (int64, error) { return math.MaxInt64, nil }
