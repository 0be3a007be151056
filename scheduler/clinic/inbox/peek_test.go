package inbox

import (
	"bytes"
	"compress/flate"
	"errors"
	"testing"
)

// Peek tells what a head says in each transfer syntax, and nothing of what is behind the
// pixels or within a sequence.
func TestPeek(t *testing.T) {
	want := map[uint32]string{tagPatientName: "Nightingale^Florence", tagPatientID: "4711", tagBirthDate: "18200512", tagStudy: "1.2.3"}
	for _, syntax := range []string{implicitLE, explicitLE, explicitBE, deflatedLE} {
		file := peekable(t, syntax)
		got := map[uint32]string{}
		if err := Peek(file, func(tag uint32, _ string, value []byte) { got[tag] += string(value) }); err != nil {
			t.Fatalf("%s: %v", syntax, err)
		}
		for tag, value := range want {
			if got[tag] != value {
				t.Errorf("%s: %08X is %q", syntax, tag, got[tag])
			}
		}
		if len(got[tagPixelData]) > 0 {
			t.Errorf("%s: it told the pixels", syntax)
		}
	}
	if err := Peek([]byte("no DICOM"), func(uint32, string, []byte) { t.Error("told") }); !errors.Is(err, ErrNotRead) {
		t.Errorf("no DICOM: %v", err)
	}
}

// peekable is a whole file of a transfer syntax.
func peekable(t testing.TB, syntax string) []byte {
	t.Helper()
	s := ct("1.2.3", 1)
	if syntax != deflatedLE {
		return append(part10Head(syntax, ctClass, s.uid(), ""), s.dataset(syntax)...)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(s.dataset(explicitLE)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return append(part10Head(syntax, ctClass, s.uid(), ""), packed.Bytes()...)
}

func FuzzPeek(f *testing.F) {
	for _, syntax := range []string{implicitLE, explicitLE, explicitBE, deflatedLE} {
		f.Add(peekable(f, syntax))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		told := 0
		err := Peek(file, func(_ uint32, _ string, value []byte) {
			if told++; len(value) > maxTextBytes {
				t.Errorf("%d bytes", len(value))
			}
		})
		if told > maxElements || (told == 0) != (err != nil) {
			t.Errorf("%d told, %v", told, err)
		}
	})
}
