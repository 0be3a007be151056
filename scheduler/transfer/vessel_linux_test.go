package transfer

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// mapping is what the kernel says of the pages that hold b.
func mapping(t *testing.T, b []byte) (flags []string, resident string) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	found, at := false, uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	for line := range strings.Lines(string(maps)) {
		var from, to uintptr
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			found = from <= at && at < to
		}
		if rest, ok := strings.CutPrefix(line, "Rss:"); ok && found {
			resident = strings.TrimSpace(rest)
		}
		if rest, ok := strings.CutPrefix(line, "VmFlags:"); ok && found {
			return strings.Fields(rest), resident
		}
	}
	t.Fatal("the kernel knows no such mapping")
	return nil, ""
}

func TestVesselIsInNoDump(t *testing.T) {
	v, err := NewVessel(3<<20 + 5)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	flags, resident := mapping(t, v.mem)
	for flag, why := range map[string]string{"dd": "a core dump would have it", "dc": "a child would inherit it"} {
		if !slices.Contains(flags, flag) {
			t.Errorf("flags %v: %s", flags, why)
		}
	}
	if slices.Contains(flags, "lo") != v.Locked() {
		t.Errorf("flags %v, but Locked says %t", flags, v.Locked())
	}
	if resident != "0 kB" {
		t.Errorf("%s are taken before a byte was written", resident)
	}
}

func TestVesselIsWiped(t *testing.T) {
	v, err := NewVessel(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	copy(v.Bytes()[1000:], "a patient's pixels")
	if given := closed(t, v); !bytes.Equal(given, make([]byte, len(given))) {
		t.Error("plaintext is left in the pages that are given back")
	}
	if err := v.Close(); err != nil {
		t.Error("closed again:", err)
	}
	if v.Bytes() != nil {
		t.Error("a closed vessel still gives its pages")
	}
}
