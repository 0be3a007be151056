package main

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"
)

// byteCount is a flag for a number of bytes, 0 or more.
type byteCount struct{ bytes *int64 }

func (b byteCount) String() string {
	if b.bytes == nil {
		return "0"
	}
	return strconv.FormatInt(*b.bytes, 10)
}

func (byteCount) Type() string { return "bytes" }

func (b byteCount) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return errors.New("want a number of bytes, such as 20000000000, or 0")
	}
	*b.bytes = n
	return nil
}

// sealedFlag bounds the disk that ciphertext takes.
func sealedFlag(c *cobra.Command, limit *int64) {
	c.Flags().Var(byteCount{limit}, "sealed-max", "bytes of disk that sealed studies and results may take together; what does not fit is refused (0: all but the last 256 MiB of the disk)")
}
