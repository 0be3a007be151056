package outbox

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// part10 is the head of a DICOM file and some bytes of a data set.
func part10(class, instance, syntax string) []byte {
	head := append(make([]byte, 128), "DICM"...)
	add := func(element uint16, vr, value string) {
		if len(value)%2 != 0 {
			value += "\x00"
		}
		head = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(head, 2), element)
		head = append(head, vr...)
		if vr == "OB" {
			head = binary.LittleEndian.AppendUint32(append(head, 0, 0), uint32(len(value)))
		} else {
			head = binary.LittleEndian.AppendUint16(head, uint16(len(value)))
		}
		head = append(head, value...)
	}
	add(1, "OB", "\x00\x01")
	add(2, "UI", class)
	add(3, "UI", instance)
	add(0x10, "UI", syntax)
	return append(head, 8, 0, 5, 0, 'C', 'S', 10, 0)
}

func TestReadMeta(t *testing.T) {
	whole := part10("1.2.840.10008.5.1.4.1.1.66.4", "2.25.7", "1.2.840.10008.1.2.1")
	got, ok := readMeta(whole)
	if want := (meta{"1.2.840.10008.5.1.4.1.1.66.4", "2.25.7", "1.2.840.10008.1.2.1"}); !ok || got != want {
		t.Errorf("%+v, %v", got, ok)
	}
	long := bytes.Replace(bytes.Clone(whole), []byte{'O', 'B', 0, 0, 2, 0, 0, 0}, []byte{'O', 'B', 0, 0, 255, 255, 255, 255}, 1)
	for name, data := range map[string][]byte{
		"empty": nil, "no DICM": make([]byte, 500), "cut in the meta information": whole[:180], "a length beyond all": long,
		"no instance": part10("1.2", "", "1.2"), "a UID of letters": part10("1.2", "a", "1.2"), "a UID too long": part10("1.2", "1.234567890123456789012345678901234567890123456789012345678901234567890", "1.2"),
	} {
		if got, ok := readMeta(data); ok {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
}

func FuzzReadMeta(f *testing.F) {
	f.Add(part10("1.2.840.10008.5.1.4.1.1.66.4", "2.25.7", "1.2.840.10008.1.2.1"))
	f.Add([]byte("DICM"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := readMeta(data)
		if !ok {
			return
		}
		for _, u := range []string{got.class, got.instance, got.syntax} {
			if u == "" || len(u) > maxUIDBytes || uid([]byte(u)) != u {
				t.Errorf("%q is no UID", u)
			}
		}
	})
}
