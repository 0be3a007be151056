package dicomweb

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// writer writes elements of a transfer syntax, as a sender would.
type writer struct {
	bytes.Buffer
	order    binary.AppendByteOrder
	implicit bool
}

func (w *writer) number16(n uint16) { w.Write(w.order.AppendUint16(nil, n)) }
func (w *writer) number32(n uint32) { w.Write(w.order.AppendUint32(nil, n)) }

// head writes what stands before a value.
func (w *writer) head(tag uint32, vr string, length uint32) {
	w.number16(uint16(tag >> 16))
	w.number16(uint16(tag))
	switch {
	case w.implicit || tag>>16 == 0xFFFE:
		w.number32(length)
	case strings.Contains("OB OW SQ UN UT", vr):
		w.WriteString(vr + "\x00\x00")
		w.number32(length)
	default:
		w.WriteString(vr)
		w.number16(uint16(length))
	}
}

func (w *writer) text(tag uint32, vr, value string) {
	if len(value)%2 != 0 {
		value += map[bool]string{true: "\x00", false: " "}[vr == "UI"]
	}
	w.head(tag, vr, uint32(len(value)))
	w.WriteString(value)
}

// sequence writes items of undefined length in one, each with the same content.
func (w *writer) sequence(tag uint32, items int, content func()) {
	w.head(tag, "SQ", undefinedLength)
	for range items {
		w.head(itemTag, "", undefinedLength)
		content()
		w.head(itemEnd, "", 0)
	}
	w.head(sequenceEnd, "", 0)
}

const (
	someClass    = "1.2.840.10008.5.1.4.1.1.4"
	someInstance = "1.2.3.4.5"
	someStudy    = "1.2.3"
	explicit     = "1.2.840.10008.1.2.1"
	jpegLossless = "1.2.840.10008.1.2.4.70"
)

// part10 is a file of the syntax with the data set that fill writes.
func part10(syntax, instance string, fill func(*writer)) []byte {
	meta := &writer{order: binary.LittleEndian}
	meta.text(0x0002_0001, "OB", "\x00\x01")
	meta.text(mediaSOPClassUID, "UI", someClass)
	meta.text(mediaSOPInstanceUID, "UI", instance)
	meta.text(transferSyntaxUID, "UI", syntax)
	set := &writer{order: binary.LittleEndian, implicit: syntax == implicitLittleEndian}
	if syntax == explicitBigEndian {
		set.order = binary.BigEndian
	}
	fill(set)
	data := set.Bytes()
	if syntax == deflatedExplicit {
		var packed bytes.Buffer
		w, _ := flate.NewWriter(&packed, flate.BestSpeed) // the level is one of its own
		_, _ = w.Write(data)                              // into memory
		_ = w.Close()
		data = packed.Bytes()
	}
	return append(append(append(make([]byte, 128), "DICM"...), meta.Bytes()...), data...)
}

// plainFile is a small file of an instance in someStudy.
func plainFile(instance string) []byte {
	return part10(explicit, instance, func(w *writer) {
		w.text(0x0008_0016, "UI", someClass)
		w.text(0x0010_0010, "PN", "Invented^Person")
		w.text(studyInstanceUID, "UI", someStudy)
		w.text(0x7FE0_0010, "OW", strings.Repeat("\x07\x00", 512))
	})
}

func TestPeekFindsTheStudyInEverySyntax(t *testing.T) {
	deep := func(w *writer) {
		w.text(0x0008_0005, "CS", "ISO_IR 192")
		w.sequence(0x0008_1140, 2, func() {
			w.text(0x0008_1155, "UI", "1.9")
			w.text(studyInstanceUID, "UI", "9.9.9") // within a sequence: another study
			w.sequence(0x0040_A170, 1, func() { w.text(0x0008_0104, "LO", "meaning") })
		})
		w.text(studyInstanceUID, "UI", someStudy)
		w.text(0x0020_000E, "UI", "1.2.3.1")
	}
	unknown := func(w *writer) {
		w.head(0x0009_1010, "UN", undefinedLength)
		within := &writer{order: binary.LittleEndian, implicit: true}
		within.head(itemTag, "", undefinedLength)
		within.text(0x0009_1011, "LO", "private")
		within.head(itemEnd, "", 0)
		within.head(sequenceEnd, "", 0)
		w.Write(within.Bytes())
		w.text(studyInstanceUID, "UI", someStudy)
	}
	for name, c := range map[string]struct {
		syntax string
		fill   func(*writer)
		study  string
	}{
		"explicit":                  {explicit, deep, someStudy},
		"implicit":                  {implicitLittleEndian, deep, someStudy},
		"big endian":                {explicitBigEndian, deep, someStudy},
		"deflated":                  {deflatedExplicit, deep, someStudy},
		"compressed pixels":         {jpegLossless, deep, someStudy},
		"sequence of unknown VR":    {explicit, unknown, someStudy},
		"no study":                  {explicit, func(w *writer) { w.text(0x0020_000E, "UI", "1.2") }, ""},
		"no data set":               {explicit, func(*writer) {}, ""},
		"a value longer than bytes": {explicit, func(w *writer) { w.head(0x0008_0005, "UT", 1<<31) }, "refused"},
		"endless sequence":          {explicit, func(w *writer) { w.head(0x0008_1140, "SQ", undefinedLength) }, "refused"},
		"no VR":                     {explicit, func(w *writer) { w.WriteString("\x08\x00\x05\x00\x00\x00\x00\x00") }, "refused"},
		"a study that is no UID":    {explicit, func(w *writer) { w.text(studyInstanceUID, "UI", "a/b") }, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			file := part10(c.syntax, someInstance, c.fill)
			h, whole, err := peek(bytes.NewReader(file), true)
			if c.study == "refused" {
				if !errors.Is(err, errHead) {
					t.Fatalf("want a refusal, got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := head{Reference{someClass, someInstance}, c.syntax, c.study}
			if h != want {
				t.Errorf("got %+v, want %+v", h, want)
			}
			if back, err := io.ReadAll(whole); err != nil || !bytes.Equal(back, file) {
				t.Errorf("the file comes on with other bytes (%v)", err)
			}
		})
	}
}

func TestPeekRefusesWhatIsNoFile(t *testing.T) {
	good := plainFile(someInstance)
	for name, data := range map[string][]byte{
		"nothing":             nil,
		"a letter":            []byte("Dear doctor,"),
		"a bare data set":     good[132:],
		"a cut head":          good[:150],
		"a head of one field": append(make([]byte, 128), "DICM\x02\x00\x10\x00UI\x04\x001.2\x00"...),
		"an endless head":     append(append(make([]byte, 128), "DICM\x02\x00\x02\x01OB\x00\x00\xFF\xFF\xFF\x7F"...), make([]byte, 1<<17)...),
	} {
		if _, _, err := peek(bytes.NewReader(data), false); !errors.Is(err, errHead) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A hostile nesting of sequences ends before the stack does.
func TestPeekBoundsDepth(t *testing.T) {
	file := part10(explicit, someInstance, func(w *writer) {
		for range 10_000 {
			w.head(0x0008_1140, "SQ", undefinedLength)
			w.head(itemTag, "", undefinedLength)
		}
	})
	if _, _, err := peek(bytes.NewReader(file), true); !errors.Is(err, errHead) {
		t.Errorf("ten thousand sequences within each other: %v", err)
	}
}

// Whatever stands before the study, its UID is found and no byte is lost.
func TestPeekFindsTheStudyBehindAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		syntax := rapid.SampledFrom([]string{explicit, implicitLittleEndian, explicitBigEndian, deflatedExplicit, jpegLossless}).Draw(t, "syntax")
		uid := rapid.StringMatching(`[1-9][0-9]{0,8}(\.[1-9][0-9]{0,8}){0,5}`).Draw(t, "study")
		tags := rapid.SliceOfNDistinct(rapid.Uint32Range(0x0008_0000, 0x0020_000C), 0, 12, rapid.ID[uint32]).Draw(t, "tags")
		file := part10(syntax, someInstance, func(w *writer) {
			for _, tag := range tags {
				if rapid.Bool().Draw(t, "sequence") {
					w.sequence(tag, rapid.IntRange(0, 3).Draw(t, "items"), func() {
						w.text(0x0008_0104, "LO", rapid.StringN(0, 40, 80).Draw(t, "inner"))
					})
				} else {
					w.text(tag, rapid.SampledFrom([]string{"LO", "UT", "OB", "DA"}).Draw(t, "vr"), rapid.StringN(0, 40, 80).Draw(t, "value"))
				}
			}
			w.text(studyInstanceUID, "UI", uid)
			w.text(0x7FE0_0010, "OW", "pixels")
		})
		h, whole, err := peek(bytes.NewReader(file), true)
		if err != nil || h.StudyUID != uid {
			t.Fatalf("got %q, %v, want %q", h.StudyUID, err, uid)
		}
		if back, err := io.ReadAll(whole); err != nil || !bytes.Equal(back, file) {
			t.Fatalf("the file comes on with other bytes (%v)", err)
		}
	})
}

func FuzzPeek(f *testing.F) {
	for _, syntax := range []string{explicit, implicitLittleEndian, explicitBigEndian, deflatedExplicit} {
		f.Add(part10(syntax, someInstance, func(w *writer) {
			w.sequence(0x0008_1140, 1, func() { w.text(0x0008_1155, "UI", "1.9") })
			w.text(studyInstanceUID, "UI", someStudy)
		}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, whole, err := peek(bytes.NewReader(data), true)
		if err != nil {
			return
		}
		if !validUID(h.SOPInstanceUID) || !validUID(h.TransferSyntaxUID) || h.StudyUID != "" && !validUID(h.StudyUID) {
			t.Fatalf("took %+v", h)
		}
		if back, err := io.ReadAll(whole); err != nil || !bytes.Equal(back, data) {
			t.Fatalf("the file comes on with other bytes (%v)", err)
		}
	})
}
