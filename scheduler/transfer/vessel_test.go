package transfer

import (
	"bytes"
	"errors"
	"testing"
)

// closed closes a vessel and returns what its pages held when they were given back.
func closed(t *testing.T, v *Vessel) (held []byte) {
	t.Helper()
	unmap, times := v.unmap, 0
	v.unmap = func(mem []byte) error {
		held = bytes.Clone(mem)
		times++
		return unmap(mem)
	}
	size := len(v.mem)
	if err := v.Close(); err != nil || times != 1 || len(held) != size {
		t.Fatalf("%d of %d bytes were given back, %d times: %v", len(held), size, times, err)
	}
	return held
}

func TestVesselSizes(t *testing.T) {
	for _, size := range []int64{0, 1, 4096, ChunkBytes + 1} {
		v, err := NewVessel(size)
		if err != nil {
			t.Fatal(err)
		}
		if b := v.Bytes(); int64(len(b)) != size || !bytes.Equal(b, make([]byte, size)) {
			t.Errorf("%d bytes wanted: %d, or not zero", size, len(b))
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := NewVessel(-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("negative size: %v", err)
	}
}
