package inbox

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	dcm "github.com/medhive/medhive/inference/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// raw is an element in Explicit VR Little Endian with a 32-bit length.
func raw(t uint32, vr string, length uint32, value ...byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(t>>16))
	b = binary.LittleEndian.AppendUint16(b, uint16(t))
	if vr != "" {
		b = append(b, vr...)
		b = append(b, 0, 0)
	}
	b = binary.LittleEndian.AppendUint32(b, length)
	return append(b, value...)
}

// withSequence is a slice with a sequence before its patient's name.
func withSequence(sequence ...[]byte) []byte {
	whole := ct(study1, 1).dataset(explicitLE)
	at := bytes.Index(whole, []byte{0x10, 0, 0x10, 0, 'P', 'N'})
	return append(append(bytes.Clone(whole[:at]), bytes.Join(sequence, nil)...), whole[at:]...)
}

func TestTheHeadIsFoundBehindAnything(t *testing.T) {
	deep := make([][]byte, 0, 100)
	for range maxNesting - 1 {
		deep = append(deep, raw(0x00081140, "SQ", undefinedLength), raw(tagItem, "", undefinedLength))
	}
	for range maxNesting - 1 {
		deep = append(deep, raw(tagItemEnd, "", 0), raw(tagSequenceEnd, "", 0))
	}
	for name, data := range map[string][]byte{
		"nothing":              withSequence(),
		"a sequence":           withSequence(raw(0x00081140, "SQ", 8), raw(tagItem, "", 0)),
		"sequences deep down":  withSequence(deep...),
		"an unknown sequence":  withSequence(raw(0x00091001, "UN", undefinedLength), raw(tagItem, "", undefinedLength), raw(0x00080050, "", 2, 'A', '7'), raw(tagItemEnd, "", 0), raw(tagSequenceEnd, "", 0)),
		"a large private blob": withSequence(raw(0x00091001, "OB", 1<<20, make([]byte, 1<<20)...)),
		"a name in a sequence": withSequence(raw(0x00081140, "SQ", undefinedLength), raw(tagItem, "", 12), []byte{0x10, 0, 0x10, 0, 'P', 'N', 4, 0, 'B', 'o', 'b', ' '}, raw(tagSequenceEnd, "", 0)),
		"rubbish past the head": append(ct(study1, 1).dataset(explicitLE)[:len(ct(study1, 1).dataset(explicitLE))-2048-12],
			append(raw(0x00291010, "UN", undefinedLength), []byte("what is this, and this?")...)...),
	} {
		h, err := readHead(data, explicitLE, true)
		if err != nil || h.study() != study1 || h.text(tagPatientName) != "Nightingale^Florence" || h.number(tagRows) != 32 {
			t.Errorf("%s: %v, patient %q, %d rows", name, err, h.text(tagPatientName), h.number(tagRows))
		}
		if got, err := look(t.Context(), Instance{TransferSyntaxUID: explicitLE}, &drip{data}, 1<<30, make(chan struct{}, 1)); err != nil || got.head.study() != study1 {
			t.Errorf("%s, in small parts: %v", name, err)
		}
	}
}

func TestWhatNoHeadMayBe(t *testing.T) {
	deep := make([][]byte, 0, 200)
	for range 2 * maxNesting {
		deep = append(deep, raw(0x00081140, "SQ", undefinedLength), raw(tagItem, "", undefinedLength))
	}
	many := make([][]byte, maxElements+1)
	for n := range many {
		many[n] = raw(0x00091001, "OB", 0)
	}
	for name, data := range map[string][]byte{
		"sequences without an end": withSequence(deep...),
		"too many elements":        withSequence(many...),
		"a length past the end":    withSequence(raw(0x00091001, "OB", 1<<31)),
		"no element in an item":    withSequence(raw(0x00081140, "SQ", undefinedLength), raw(0x00080050, "SQ", 0)),
	} {
		if _, err := readHead(data, explicitLE, true); !errors.Is(err, errForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADeflatedBombStaysSmall(t *testing.T) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(raw(0x00080005, "OB", 1<<30, make([]byte, 64<<20)...)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if data, _ := inflated(packed.Bytes(), true); len(data) > maxHeadBytes {
		t.Errorf("unpacked to %d bytes", len(data))
	}
	if _, err := look(t.Context(), Instance{TransferSyntaxUID: deflatedLE}, bytes.NewReader(packed.Bytes()), 1<<30, make(chan struct{}, 1)); !errors.Is(err, ErrUnreadable) {
		t.Errorf("%v", err)
	}
}

func TestTextsComeInUTF8(t *testing.T) {
	for name, c := range map[string]struct{ set, raw, want string }{
		"Latin":            {"ISO_IR 100", "Sch\xf6n^Anna", "Schön^Anna"},
		"Japanese, in two": {"\\ISO 2022 IR 87", "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "Yamada^Tarou=山田^太郎"},
		"a set of nobody":  {"ISO_IR 999", "Sch\xf6n^Anna", "Sch?n^Anna"},
	} {
		s := ct(study1, 1)
		s.patient = c.raw
		s.more = map[uint32]string{tagCharacterSet: c.set}
		h, err := readHead(s.dataset(explicitLE), explicitLE, true)
		if got := h.facts().PatientName; err != nil || got != c.want {
			t.Errorf("%s: %q, want %q, %v", name, got, c.want, err)
		}
	}
}

func FuzzHead(f *testing.F) {
	s := ct(study1, 1)
	for _, syntax := range []string{implicitLE, explicitLE, explicitBE} {
		f.Add(s.dataset(syntax), syntax, true)
	}
	f.Add(s.file(), "", true)
	f.Add(s.file()[:300], "", false)
	f.Add([]byte{0x4b, 0x4c, 0x04, 0}, deflatedLE, true)
	f.Add(withSequence(raw(0x00091001, "UN", undefinedLength), raw(tagItem, "", undefinedLength)), explicitLE, true)
	f.Fuzz(func(t *testing.T, data []byte, syntax string, all bool) {
		h, err := readHead(data, syntax, all)
		if all && errors.Is(err, errMore) {
			t.Fatal("asks for more where there is no more")
		}
		if err != nil {
			return
		}
		for _, uid := range []string{h.study(), h.instance(), h.class()} {
			if !plainUID(uid) {
				t.Fatalf("took %q for a UID", uid)
			}
		}
		if h.pixelsEnd < 0 || h.meta > len(data) {
			t.Fatalf("pixels end at %d, the data set begins at %d of %d", h.pixelsEnd, h.meta, len(data))
		}
		for _, text := range []string{h.facts().PatientName, h.series().Description} {
			if strings.ToValidUTF8(text, "") != text {
				t.Fatalf("%q is no UTF-8", text)
			}
		}
		_ = h.likeness()
		// The head of the file that the inbox would write reads the same.
		if syntax == "" {
			return
		}
		file := append(part10Head(h.syntax, h.class(), h.instance(), "CT1"), data...)
		again, err := readHead(file, "", all)
		if err != nil || again.study() != h.study() || again.syntax != h.syntax {
			t.Fatalf("with its head: %v, %q", err, again.syntax)
		}
		if object, err := dcm.Parse(dcm.File{Data: file}, dcm.Limits{}); err == nil && all {
			if uid := object.String(tag.StudyInstanceUID); uid != h.study() && !strings.Contains(h.study(), `\`) {
				t.Fatalf("the reader of whole objects reads study %q, the inbox %q", uid, h.study())
			}
		}
	})
}
