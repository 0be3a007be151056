package attest

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// WriteFrame writes data behind its length, four bytes big-endian: the form in
// which statements travel on a stream.
func WriteFrame(w io.Writer, data []byte) error {
	if len(data) > math.MaxUint32 {
		return fmt.Errorf("write frame: %d bytes are too many", len(data))
	}
	framed := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(data)), uint32(len(data)))
	if _, err := w.Write(append(framed, data...)); err != nil {
		return fmt.Errorf("write frame of %d bytes: %w", len(data), err)
	}
	return nil
}

// ReadFrame reads one frame of at most limit bytes. A longer one is refused
// before any of it is read.
func ReadFrame(r io.Reader, limit int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("read frame: %w", err)
	}
	size := binary.BigEndian.Uint32(head[:])
	if uint64(size) > uint64(limit) {
		return nil, fmt.Errorf("read frame: %d bytes declared, the limit is %d; send one statement of this version", size, limit)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, fmt.Errorf("read frame of %d bytes: %w", size, err)
	}
	return data, nil
}
