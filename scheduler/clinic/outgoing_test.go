package clinic

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Who the study is of that takes its reader over.
const (
	stolenName  = "Wolkenstein^Oda"
	stolenBirth = "19470923"
	stolenID    = "HGS-7741902"
	stolenRoot  = "1.2.826.0.1.99.7."
)

// deeds are what a reader that was taken over does to an object before it hands it out.
func deeds() map[string]func(data []byte) []byte {
	change := func(edit func(o *dcm.Object)) func([]byte) []byte {
		return func(data []byte) []byte {
			o, err := dcm.Parse(dcm.File{Data: data}, dcm.DefaultLimits())
			if err != nil {
				panic(err)
			}
			edit(o)
			out, err := dcm.Encode(o.Dataset, o.Pixels)
			if err != nil {
				panic(err)
			}
			return out
		}
	}
	put := func(e *dicom.Element) func([]byte) []byte {
		return change(func(o *dcm.Object) { o.Dataset = with(o.Dataset, e) })
	}
	return map[string]func([]byte) []byte{
		"a comment":                    put(textElement(tag.PatientComments, "LT", stolenName)),
		"the name in an allowed text":  put(textElement(tag.SequenceName, "SH", "oda")),
		"the long name there":          put(textElement(tag.SequenceName, "SH", "xWOLKENSTEINx")),
		"the birth date as a number":   put(textElement(tag.SliceThickness, "DS", stolenBirth)),
		"the ID in its place":          put(textElement(tag.PatientID, "LO", stolenID)),
		"the birth date in its place":  put(textElement(tag.PatientBirthDate, "DA", stolenBirth)),
		"its own UID":                  put(textElement(tag.FrameOfReferenceUID, "UI", stolenRoot+"4")),
		"a UID that spells":            put(textElement(tag.FrameOfReferenceUID, "UI", "2.25.19470923")),
		"another instance":             put(textElement(tag.SOPInstanceUID, "UI", "2.25.19470923")),
		"a private attribute":          put(textElement(tag.Tag{Group: 0x0029, Element: 0x0010}, "LO", "X")),
		"an item of a sequence":        put(sequence(tag.RequestAttributesSequence, []*dicom.Element{textElement(tag.RequestedProcedureID, "SH", "x")})),
		"blanks behind a text":         put(textElement(tag.Modality, "CS", "MR  ")),
		"a number behind the last":     put(dataElement(tag.Rows, "US", []int{numberOfRows, 19470923 % 65536})),
		"another VR":                   put(textElement(tag.SliceThickness, "LO", "1")),
		"an overlay":                   put(dataElement(tag.Tag{Group: 0x6000, Element: 0x3000}, "OW", []byte(stolenName+" "))),
		"another method":               put(textElement(tag.DeidentificationMethod, "LO", "none")),
		"a claim of another class":     put(textElement(tag.SOPClassUID, "UI", secondaryCapture)),
		"the name among the pixels":    change(func(o *dcm.Object) { o.Pixels = slices.Concat([]byte("Wolkenstein "), o.Pixels[12:]) }),
		"bits above the highest":       change(func(o *dcm.Object) { o.Pixels = slices.Clone(o.Pixels); o.Pixels[1] |= 0x40 }),
		"pixels behind the last":       change(func(o *dcm.Object) { o.Pixels = slices.Concat(o.Pixels, []byte("Wolkenst")) }),
		"fewer pixels":                 change(func(o *dcm.Object) { o.Pixels = o.Pixels[2:] }),
		"bytes behind the end":         func(data []byte) []byte { return append(slices.Clone(data), "oda"...) },
		"a preamble":                   func(data []byte) []byte { return slices.Concat([]byte("oda "), data[4:]) },
		"another writer":               func(data []byte) []byte { return bytes.Replace(data, []byte("MEDHIVE_1"), []byte("oda-oda-x"), 1) },
		"words where DICM stands":      func(data []byte) []byte { return bytes.Replace(data, []byte("DICM"), []byte("ODA!"), 1) },
		"no DICOM":                     func([]byte) []byte { return []byte(stolenName) },
		"nothing":                      func([]byte) []byte { return nil },
		"a length that ends elsewhere": func(data []byte) []byte { data = slices.Clone(data); data[exactPreamble+8] ^= 0x12; return data },
	}
}

// numberOfRows is what the images of the stolen study have.
const numberOfRows = 64

// playSmuggler is a reader that was taken over by the study it read: it tells the daemon that
// it is nobody's, and does a deed to each object. Any other work it does honestly: the child
// that inspects is another process, which has not met the study.
func playSmuggler(in io.Reader, out io.Writer, deed func([]byte) []byte) error {
	ahead := bufio.NewReader(in)
	first, err := ahead.Peek(1)
	if err != nil || word(first[0]) != wordIntake {
		return serve(ahead, out)
	}
	from, to := io.Pipe()
	var both errgroup.Group
	both.Go(func() error { err := serve(ahead, to); return errors.Join(err, to.Close()) })
	both.Go(func() error {
		for {
			kind, payload, err := hear(from, dcm.DefaultLimits(), wordFacts, wordInstance, wordDone, wordRefusal, wordHeld)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if kind == wordInstance {
				payload = deed(payload)
			}
			if kind == wordFacts {
				payload = anonymousFacts(payload)
			}
			if err = errors.Join(err, send(out, kind, payload)); err != nil {
				return err
			}
		}
	})
	return both.Wait()
}

func anonymousFacts(payload []byte) []byte {
	var f facts
	if err := json.Unmarshal(payload, &f); err != nil {
		panic(err)
	}
	f.Patient, f.Attributes = header{StudyUID: f.StudyUID}, nil
	payload, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return payload
}

// stolenStudy writes a study of somebody into a folder.
func stolenStudy(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	for n, data := range sourceBytes(t, smallStudy) {
		o := parsed(t, data)
		for _, e := range []*dicom.Element{
			textElement(tag.PatientName, "PN", stolenName), textElement(tag.PatientID, "LO", stolenID), textElement(tag.PatientBirthDate, "DA", stolenBirth),
			textElement(tag.FrameOfReferenceUID, "UI", stolenRoot+"4"), textElement(tag.SequenceName, "SH", "*tfl3d1"),
		} {
			o.Dataset = with(o.Dataset, e)
		}
		out, err := dcm.Encode(o.Dataset, o.Pixels)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, string(rune('a'+n))), out, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func stolenModel(t testing.TB) models.Package {
	return measuring(t, func(m *models.Manifest) { m.AllowedAttrs = append(m.AllowedAttrs, "SequenceName") })
}

// Whatever a reader that was taken over writes into its objects: nothing leaves, and the
// refusal says so without a word of it.
func TestWhatATakenOverReaderWritesDoesNotLeave(t *testing.T) {
	t.Parallel()
	folder, pkg := stolenStudy(t), stolenModel(t)
	for name := range deeds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := confined(t, newDoor(t), "reader-smuggles "+name)
			study := takeInApart(t, d, folder, pkg)
			ready, err := d.Prepare(t.Context(), study, pkg)
			var refusal *dcm.Refusal
			if name == "the name in an allowed text" { // too short a word to be told from others
				if err != nil {
					t.Errorf("a text of three letters: %v", err)
				}
				return
			}
			if !errors.As(err, &refusal) || !strings.Contains(refusal.What, "may not leave") || !strings.Contains(refusal.Do, "nothing was sent") {
				t.Fatalf("got %v, want a refusal", err)
			}
			if len(ready.Payload) > 0 {
				t.Error("there is a payload")
			}
			for _, secret := range []string{"olkenst", "oda", stolenBirth, "7741902"} {
				if strings.Contains(strings.ToLower(err.Error()), strings.ToLower(secret)) {
					t.Errorf("the refusal says %q: %v", secret, err)
				}
			}
		})
	}
}

// What an honest reader makes of the same study leaves, and every attribute that is taken
// from it or emptied besides.
func TestWhatIsMissingMayLeave(t *testing.T) {
	t.Parallel()
	d, pkg := newDoor(t), stolenModel(t)
	study := takeIn(t, stolenStudy(t), pkg)
	o, i := ordered(t, d, study, pkg)
	var object []byte
	if err := study.images.strip(t.Context(), o, func(data []byte) error { object = data; return i.object(data) }); err != nil {
		t.Fatal(err)
	}
	if err := i.done(); err != nil {
		t.Fatal(err)
	}
	for _, e := range parsed(t, object).Dataset.Elements {
		if slices.Contains([]tag.Tag{tag.SOPClassUID, tag.SOPInstanceUID, tag.StudyInstanceUID, tag.SeriesInstanceUID, tag.Rows, tag.Columns,
			tag.BitsAllocated, tag.BitsStored, tag.HighBit, tag.PixelRepresentation, tag.SamplesPerPixel, tag.PhotometricInterpretation}, e.Tag) {
			continue // without these it is no object of any class
		}
		for what, change := range map[string]func(dicom.Dataset) dicom.Dataset{
			"gone":  func(ds dicom.Dataset) dicom.Dataset { return lacking(ds, e.Tag) },
			"empty": func(ds dicom.Dataset) dicom.Dataset { return with(ds, empty(e)) },
		} {
			clear(i.seen)
			if err := i.object(edited(t, object, change)); err != nil {
				t.Errorf("%s %s: %v", e.Tag, what, err)
			}
		}
	}
}

func lacking(ds dicom.Dataset, t tag.Tag) dicom.Dataset {
	return dicom.Dataset{Elements: slices.DeleteFunc(slices.Clone(ds.Elements), func(e *dicom.Element) bool { return e.Tag == t })}
}

// ordered is the order that a door gives for a study, and an inspection by its terms.
func ordered(t testing.TB, d *Door, study *Study, pkg models.Package) (order, *inspection) {
	t.Helper()
	o := order{Allow: pkg.Manifest.AllowedAttrs, Patient: d.vault.names.patientOf(study.facts.Patient), UIDs: map[string]string{}}
	for _, uid := range study.facts.UIDs {
		o.UIDs[uid] = d.vault.names.UID(uid)
	}
	i, err := newInspection(termsOf(study, o, d.limits))
	if err != nil {
		t.Fatal(err)
	}
	return o, i
}

// An object of which one byte is another one is refused, unless the byte is of a pixel or of
// a value that an honest object could have there.
func TestOneByteIsEnough(t *testing.T) {
	t.Parallel()
	d, pkg := newDoor(t), stolenModel(t)
	study := takeIn(t, stolenStudy(t), pkg)
	o, i := ordered(t, d, study, pkg)
	var object []byte
	if err := study.images.strip(t.Context(), o, func(data []byte) error { object = data; return nil }); err != nil {
		t.Fatal(err)
	}
	pixels := pixelsAt(object)
	rapid.Check(t, func(r *rapid.T) {
		at, value := rapid.IntRange(0, pixels-1).Draw(r, "at"), rapid.Byte().Draw(r, "value")
		changed := slices.Clone(object)
		changed[at] = value
		clear(i.seen)
		if i.object(changed) != nil {
			return
		}
		// It may leave: then it is what the profile and the writer make of its own elements.
		elements, _, err := readExact(changed)
		if err != nil {
			r.Fatal(err)
		}
		for _, e := range elements {
			if structured, known := structureOf(mrImageStorage)[e.Tag]; !known && !i.allow.tags[e.Tag] && !slices.ContainsFunc(i.Policy.marks(), sameTag(e)) {
				r.Errorf("%s left (%v)", e.Tag, structured)
			}
		}
	})
}

// What the strict reader takes from anybody, it takes without a panic, and what is inspected
// and may leave is written again byte for byte.
func FuzzInspection(f *testing.F) {
	d, pkg := newDoor(f), stolenModel(f)
	study := takeIn(f, stolenStudy(f), pkg)
	o, i := ordered(f, d, study, pkg)
	if err := study.images.strip(f.Context(), o, func(data []byte) error { f.Add(data[:min(len(data), pixelsAt(data))]); f.Add(data); return nil }); err != nil {
		f.Fatal(err)
	}
	find := study.known.search(o)
	f.Fuzz(func(t *testing.T, data []byte) {
		i, err := newInspection(i.terms)
		if err != nil {
			t.Fatal(err)
		}
		_ = find.finds(data)
		if i.object(data) != nil {
			return
		}
		elements, pixels, err := readExact(data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := dcm.Encode(dicom.Dataset{Elements: elements}, pixels)
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("it may leave and is written otherwise (%v)", err)
		}
	})
}

// The search finds what is known as it is written, and nothing in innocent bytes.
func TestSearchOfWhatIsKnown(t *testing.T) {
	k := newKnown()
	k.value(tag.PatientName, "PN", []string{"Müller-Wójcik^Oda Maria"}, Policy{})
	k.value(tag.PatientID, "LO", []string{"7741902"}, Policy{})
	k.value(tag.InstitutionName, "LO", []string{"Axial Basic Profile MR"}, Policy{})
	k.value(tag.PatientBirthDate, "DA", []string{"19470923"}, Policy{})
	k.value(tag.StudyDescription, "LO", []string{"cranium"}, Policy{})
	k.uid("1.2.826.0.1")
	for text, want := range map[string]bool{
		"LO\x08\x00 MARIA x": true, "LO\x06\x00wójcik": true, "Maria": true, "Mari": false, "oda": false,
		"DS\x08\x0019470923": true, "0.19470923": false, "-19470923": false, "19470923.5": false, "119470923": false, "7741902": true, "77419021": true,
		"1.2.826.0.1": true, "1.2.826.0.12.5": false, "cranium": false, "axial": false, "PROFILE": false, "": false,
		"UI\x0c\x001.2.826.0.1\x00": true,
	} {
		s := k.search(order{Patient: "MH-AAAA"})
		if got := s.finds([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	// What a pseudonym holds by chance is nobody's name.
	if k.search(order{Patient: "MH-XMARIAX"}).finds([]byte("MH-XMARIAX")) {
		t.Error("the pseudonym was taken for a name")
	}
	// A date that another of the study's became is let out.
	k.value(tag.StudyDate, "DA", []string{"19470924"}, Policy{})
	if k.search(order{ShiftDays: -1}).finds([]byte("19470923")) || !k.search(order{ShiftDays: -2}).finds([]byte("19470923")) {
		t.Error("moved dates")
	}
}

// A text is found in the character set that its file has it in (the writer takes UTF-8 only), in any case, whatever VR the
// file claims, and a date with the time behind it.
func TestSearchOfWhatIsWrittenOtherwise(t *testing.T) {
	file := func(elements ...*dicom.Element) []byte {
		elements = append([]*dicom.Element{textElement(tag.SOPClassUID, "UI", mrImageStorage), textElement(tag.SOPInstanceUID, "UI", "1.2.3")}, elements...)
		data, err := dcm.Encode(dicom.Dataset{Elements: elements}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for _, c := range []struct {
		what  string
		file  []byte
		texts map[string]bool
	}{
		{"ISO 8859-1", bytes.Replace(file(textElement(tag.PatientName, "PN", "M~llerin^Oda")), []byte("~"), []byte{0xfc}, 1), map[string]bool{"M\xfcllerin": true, "M\xdcLLERIN": true, "Müllerin": true, "MÜLLERIN": true, "Mullerin": false}},
		{"UTF-8", file(textElement(tag.PatientName, "PN", "Übelacker^Oda")), map[string]bool{"\xdcbelacker": true, "\xfcbelacker": true, "ÜBELACKER": true}},
		{"Cyrillic", file(textElement(tag.PatientName, "PN", "Соколов^Oda")), map[string]bool{"соколов": true, "СОКОЛОВ": true, "Соколов": true, "Соколо": false}},
		{"ISO 8859-5", bytes.Replace(file(textElement(tag.PatientName, "PN", "~~~~~~~~^Oda")), []byte("~~~~~~~~"), []byte("\xc1\xde\xda\xde\xdb\xde\xd2\xd2"), 1), map[string]bool{"\xc1\xde\xda\xde\xdb\xde\xd2\xd2": true, "\xc1\xde\xda\xde\xdb\xde\xd2 ": false}},
		{"a name as code", file(textElement(tag.PatientName, "CS", "WOLKENSTEIN")), map[string]bool{"wolkenstein": true}},
		{"an ID as number", file(textElement(tag.PatientID, "IS", "7741902")), map[string]bool{"7741902": true}},
		{"a date", file(textElement(tag.StudyDate, "DA", "20260102")), map[string]bool{
			"2026010212": true, "20260102123000.000000": true, "20260102123000.000000+01000": true, "2026010": false, "20260102.5": false, "2026010312": false,
		}},
	} {
		k := newKnown()
		k.file(c.file, Policy{})
		s := k.search(order{Patient: "MH-AAAA", ShiftDays: -400})
		for text, want := range c.texts {
			for where, object := range map[string]string{"head": text, "pixels": "\xE0\x7F\x10\x00OW\x00\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(text)+4))) + "\x01\x02" + text + "\x03\x04"} {
				if where == "pixels" && len(text) < shortestInPixels {
					continue
				}
				if got := s.finds([]byte(object)); got != want {
					t.Errorf("%s, %q in the %s: %v", c.what, text, where, got)
				}
			}
		}
	}
}

// A header of pixels that is made of numbers before the pixels does not make the search blind
// for short words behind it.
func TestWhatLooksLikePixelsIsSearchedAsTheHead(t *testing.T) {
	k := newKnown()
	k.value(tag.PatientName, "PN", []string{"Kern^Oda"}, Policy{})
	s := k.search(order{})
	header := func(behind int) string {
		return "\xE0\x7F\x10\x00OW\x00\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(behind)))
	}
	real := header(6) + "123456"
	hidden := "LO\x04\x00KERN" + real
	if !s.finds([]byte(header(len(hidden)) + hidden)) {
		t.Error("the name was not found behind a header that is none")
	}
	if s.finds([]byte(header(6) + "1kern6")) {
		t.Error("a short word was looked for among pixels")
	}
	k.value(tag.PatientName, "PN", []string{"\xb8\xd2\xd0\xdd^\xbf\xd5\xe2\xe0\xde\xd2\xd8\xe7"}, Policy{}) // ISO 8859-5: as UTF-8 twice as long
	s = k.search(order{})
	if s.finds([]byte(header(6)+"\x01\xb8\xd2\xd0\xdd\x02")) || !s.finds([]byte(header(10)+"\x01\xbf\xd5\xe2\xe0\xde\xd2\xd8\xe7\x02")) {
		t.Error("the length of a text among pixels is not that of its bytes there")
	}
}

// Who is called as something in every image is, and who as nobody is, is analysed all the same:
// what repeats a name in the header stays, and the pixels keep their meaning.
func TestNamesThatAreWordsOfImages(t *testing.T) {
	t.Parallel()
	pkg := stolenModel(t)
	for _, name := range []string{"Head^Axial", "Mono^Chrome", "MONOCHROME2^NORM", "ANONYMIZED^REMOVED", "Patient^Profile"} {
		folder := t.TempDir()
		for n, data := range sourceBytes(t, smallStudy) {
			data = edited(t, data, func(ds dicom.Dataset) dicom.Dataset {
				for _, e := range []*dicom.Element{
					textElement(tag.PatientName, "PN", name), textElement(tag.PatientBirthDate, "DA", dummyDate), textElement(tag.PatientID, "LO", dummyTime),
					textElement(tag.BodyPartExamined, "CS", "HEAD"), textElement(tag.SequenceName, "SH", "head_1"),
				} {
					ds = with(ds, e)
				}
				return ds
			})
			if err := os.WriteFile(filepath.Join(folder, string(rune('a'+n))), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d := newDoor(t)
		study := takeIn(t, folder, pkg)
		if _, err := d.Prepare(t.Context(), study, pkg); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		o, _ := ordered(t, d, study, pkg)
		if err := study.images.strip(t.Context(), o, func(data []byte) error {
			if got := first(parsed(t, data).Dataset.Elements, tag.PhotometricInterpretation); got != "MONOCHROME2" {
				t.Errorf("%s: the pixels are %q", name, got)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// What the second reader's end means is not laid on the first one's study.
func TestAnInspectionThatWasTooSlowIsNoVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		fault   *runner.Failure
		verdict string
	}{
		"too slow": {&runner.Failure{Reason: runner.Timeout}, ""},
		"broken":   {&runner.Failure{Reason: runner.Memory}, "the payload broke the process that reads it again"},
	} {
		var talk bytes.Buffer
		if err := send(&talk, wordInstance, []byte("an object")); err != nil {
			t.Fatal(err)
		}
		far := &remote{cell: deaf{&talk}, limits: dcm.DefaultLimits(), log: slog.New(slog.DiscardHandler), objects: 1}
		err := far.strip(t.Context(), order{}, func([]byte) error { return far.notInspected(c.fault) })
		var refusal *dcm.Refusal
		switch refused := errors.As(err, &refusal); {
		case c.verdict == "" && (refused || !isOurs(err)):
			t.Errorf("%s: it is a verdict: %v", name, err)
		case c.verdict != "" && (!refused || !strings.Contains(refusal.What, c.verdict) || refusal.Do != doExport):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// deaf is a child that has said all before it is asked.
type deaf struct{ io.Reader }

func (deaf) Write(p []byte) (int, error) { return len(p), nil }
func (deaf) Close() error                { return nil }
func (deaf) Broken() error               { return &runner.Failure{Reason: runner.Protocol} }

// What the inspection costs of a study of the T1 model's size, beside the whole.
func BenchmarkInspection(b *testing.B) {
	near, pkg := newDoor(b), packageFor(b, 60)
	study := takeIn(b, t1Study, pkg)
	o, _ := ordered(b, near, study, pkg)
	var objects [][]byte
	total := 0
	if err := study.images.strip(b.Context(), o, func(data []byte) error { objects = append(objects, data); total += len(data); return nil }); err != nil {
		b.Fatal(err)
	}
	b.Run("inspect", func(b *testing.B) {
		b.SetBytes(int64(total))
		for b.Loop() {
			_, i := ordered(b, near, study, pkg)
			for _, data := range objects {
				if err := i.object(data); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("search", func(b *testing.B) {
		b.SetBytes(int64(total))
		for b.Loop() {
			s := study.known.search(o)
			for _, data := range objects {
				if s.finds(data) {
					b.Fatal("found")
				}
			}
		}
	})
}
