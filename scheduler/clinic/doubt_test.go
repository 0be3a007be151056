package clinic

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/medhive/medhive/scheduler/clinic/burnin"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// burned draws words into the pixels of an uncompressed file of 16 bits.
func burned(t testing.TB, data []byte, words string, x, y int) []byte {
	t.Helper()
	o, err := dcm.Parse(dcm.File{Data: data}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	columns, rows := number(o.Dataset.Elements, tag.Columns), number(o.Dataset.Elements, tag.Rows)
	mask := image.NewAlpha(image.Rect(0, 0, columns, rows))
	d := font.Drawer{Dst: mask, Src: image.NewUniform(color.Alpha{A: 255}), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(words)
	out := bytes.Clone(data)
	for n, alpha := range mask.Pix {
		if alpha > 0 {
			binary.LittleEndian.PutUint16(out[o.PixelOffset+2*n:], 4000)
		}
	}
	return out
}

// theText lies in the pixels of annotated studies, within textRegion.
const theText = "DOE^JANE 1961-02-28"

var textRegion = Redaction{X: 8, Y: 10, Width: 140, Height: 18}

// annotated is a folder of 24 slices of the head; those from the tenth to the fifteenth show
// the text.
func annotated(t testing.TB) (folder string, named []string) {
	t.Helper()
	folder = t.TempDir()
	for n, data := range sourceBytes(t, t1Study)[60:84] {
		if n >= 10 && n < 16 {
			data = burned(t, data, theText, 10, 22)
			o, err := dcm.Parse(dcm.File{Data: data}, dcm.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			named = append(named, o.String(tag.SOPInstanceUID))
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%02d.dcm", n)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder, named
}

// heldBy is what a door holds back of a study; none if it lets it go.
func heldBy(t *testing.T, d *Door, path string, picture bool) (ready Prepared, held *Held) {
	t.Helper()
	pkg := measuring(t, nil)
	if picture {
		pkg = pictureModel(t)
	}
	study, err := d.Intake(t.Context(), path, pkg.Manifest)
	if err == nil {
		ready, err = d.Prepare(t.Context(), study, pkg)
		err = errors.Join(err, study.Close())
	}
	if err != nil && !errors.As(err, &held) {
		t.Fatal(err)
	}
	return ready, held
}

// Text in the pixels of slices whose headers say nothing holds the study, with pictures to
// look at, in this process and through a confined child.
func TestTextInPixelsHoldsTheStudy(t *testing.T) {
	folder, named := annotated(t)
	for name, d := range map[string]*Door{"here": newDoor(t), "confined": confined(t, newDoor(t), "reader")} {
		t.Run(name, func(t *testing.T) {
			_, held := heldBy(t, d, folder, false)
			if held == nil {
				t.Fatal("the study was let go")
			}
			if !refused(held) || strings.Contains(held.Error(), "JANE") || !strings.Contains(held.Error(), "quarantine") {
				t.Errorf("as a refusal: %v", held)
			}
			if len(held.Images)+held.Alike+held.Others != len(named) || held.Others != 0 {
				t.Fatalf("%d pictures, %d alike, %d others; want %d frames", len(held.Images), held.Alike, held.Others, len(named))
			}
			for _, i := range held.Images {
				if !strings.Contains(strings.Join(named, " "), i.SOPInstanceUID) || len(i.Regions) == 0 || i.Frame != 0 {
					t.Errorf("held %+v", i)
				}
				r, text := i.Regions[0], burnin.Region{X: textRegion.X, Y: textRegion.Y, Width: textRegion.Width, Height: textRegion.Height}
				if !r.Within(text) {
					t.Errorf("the region %+v is not where the text is", r)
				}
				picture, err := png.Decode(bytes.NewReader(i.Picture))
				if err != nil || picture.Bounds() != image.Rect(0, 0, i.Columns, i.Rows) {
					t.Errorf("its picture: %v", err)
				}
			}
		})
	}
}

// A person lets the study go, or has the text blacked out: then nothing else changes.
func TestReleasedAndBlackedOut(t *testing.T) {
	folder, named := annotated(t)
	d := newDoor(t)
	released, held := heldBy(t, d.Under(Policy{Released: true}), folder, false)
	if held != nil {
		t.Fatalf("released, and held for %v", held.Reasons)
	}
	everywhere, held := heldBy(t, d.Under(Policy{Redactions: []Redaction{textRegion}}), folder, false)
	if held != nil {
		t.Fatalf("without the text, and held for %v", held.Reasons)
	}
	var own []Redaction
	for _, uid := range named {
		own = append(own, Redaction{SOPInstanceUID: uid, X: textRegion.X, Y: textRegion.Y, Width: textRegion.Width, Height: textRegion.Height})
	}
	single, held := heldBy(t, d.Under(Policy{Redactions: own}), folder, false)
	if held != nil {
		t.Fatalf("without the text, and held for %v", held.Reasons)
	}
	if released.Task == everywhere.Task || single.Task == everywhere.Task {
		t.Error("what leaves differs, and the task does not")
	}
	before, after, exact := objectsOf(t, released.Payload), objectsOf(t, everywhere.Payload), objectsOf(t, single.Payload)
	text := image.Rect(textRegion.X, textRegion.Y, textRegion.X+textRegion.Width, textRegion.Y+textRegion.Height)
	for n, o := range before {
		g, err := gridOf(o.Dataset.Elements)
		if err != nil {
			t.Fatal(err)
		}
		least := g.extreme(o.Pixels, false)
		touched := o.String(tag.SOPInstanceUID) != ""
		shows := false
		for at := range g.rows * g.columns {
			was, all, one := g.value(o.Pixels, at), g.value(after[n].Pixels, at), g.value(exact[n].Pixels, at)
			if !image.Pt(at%g.columns, at/g.columns).In(text) {
				if was != all || was != one {
					t.Fatalf("slice %d: pixel %d changed outside the region", n, at)
				}
				continue
			}
			if all != least {
				t.Fatalf("slice %d: pixel %d is %d in the region, want %d", n, at, all, least)
			}
			shows = shows || was == 4000
			touched = touched && one == least
		}
		if touched != shows {
			t.Errorf("slice %d: text %v, blacked out %v", n, shows, touched)
		}
		if codes := dcm.Items(after[n].Element(tag.DeidentificationMethodCodeSequence)); len(codes) != 2 || first(codes[1], tag.CodeValue) != "113101" {
			t.Errorf("slice %d does not say that its pixels were cleaned", n)
		}
	}
}

// objectsOf are the objects of a payload.
func objectsOf(t testing.TB, payload []byte) (list []*dcm.Object) {
	t.Helper()
	files, err := dcm.ReadTar(bytes.NewReader(payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		o, err := dcm.Parse(f, dcm.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

// A header in doubt holds an image until a person has released it; what no person can
// release stays a refusal.
func TestHeadersInDoubt(t *testing.T) {
	pkg := pictureModel(t)
	for name, c := range map[string]struct {
		change []*dicom.Element
		held   bool
	}{
		"no word of burned-in text": {[]*dicom.Element{textElement(tag.BurnedInAnnotation, "CS")}, true},
		"burned-in text":            {[]*dicom.Element{textElement(tag.BurnedInAnnotation, "CS", "YES")}, true},
		"a scanned film":            {[]*dicom.Element{textElement(tag.ConversionType, "CS", "DF")}, true},
		"a screen":                  {[]*dicom.Element{textElement(tag.ImageType, "CS", "DERIVED", "PRIMARY", "SCREEN SAVE")}, true},
		"a screen capture":          {[]*dicom.Element{textElement(tag.SOPClassUID, "UI", secondaryCapture)}, false},
		"in colour":                 {[]*dicom.Element{textElement(tag.PhotometricInterpretation, "CS", "PALETTE COLOR")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := radiograph(t, c.change...)
			for kind, d := range map[string]*Door{"here": newDoor(t), "confined": confined(t, newDoor(t), "reader")} {
				_, err := d.Intake(t.Context(), path, pkg.Manifest)
				var held *Held
				if !refused(err) || errors.As(err, &held) != c.held {
					t.Fatalf("%s: %v", kind, err)
				}
				if c.held && (len(held.Images) != 1 || len(held.Images[0].Picture) == 0 || held.Images[0].Rows != 80 || len(held.Reasons) != 1) {
					t.Errorf("%s: held %+v", kind, held)
				}
				study, err := d.Under(Policy{Released: true}).Intake(t.Context(), path, pkg.Manifest)
				if c.held != (err == nil) {
					t.Errorf("%s: released, it comes to %v", kind, err)
				}
				if err == nil {
					if err := study.Close(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

// A region of an image that is not there is a mistake that would leave the text in.
func TestRegionsOfOtherImagesAreRefused(t *testing.T) {
	folder, named := annotated(t)
	pkg := measuring(t, nil)
	for name, r := range map[string]Redaction{
		"another image":                    {SOPInstanceUID: named[0] + ".1", X: 1, Y: 1, Width: 5, Height: 5},
		"outside":                          {SOPInstanceUID: named[0], X: 5000, Y: 1, Width: 5, Height: 5},
		"a frame too many":                 {SOPInstanceUID: named[0], Frame: 2, X: 1, Y: 1, Width: 5, Height: 5},
		"below the picture":                {SOPInstanceUID: named[0], X: 1, Y: 181, Width: 5, Height: 5},
		"outside of every image":           {X: 5000, Y: 1, Width: 5, Height: 5},
		"a frame too many for every image": {Frame: 2, X: 1, Y: 1, Width: 5, Height: 5},
	} {
		if _, err := newDoor(t).Under(Policy{Redactions: []Redaction{r}}).Intake(t.Context(), folder, pkg.Manifest); !refused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What no reader of ours says of a held study is not believed.
func TestStrangeHeldMessages(t *testing.T) {
	good := func() heldMessage {
		return heldMessage{Held: Held{Reasons: []string{seenText}}, Pictures: []doubtful{{
			HeldImage: HeldImage{SOPInstanceUID: "1.2.3", Rows: 8, Columns: 8, Reasons: []string{seenText}, Regions: []burnin.Region{{X: 1, Y: 1, Width: 4, Height: 4, Score: 0.9}}},
			Wide:      2, High: 2, Grey: []byte{1, 2, 3, 4},
		}}}
	}
	encoded := func(m heldMessage) error {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return heldOf(data)
	}
	var held *Held
	if err := encoded(good()); !errors.As(err, &held) || len(held.Images) != 1 {
		t.Fatalf("an honest message comes to %v", err)
	}
	for name, bend := range map[string]func(*heldMessage){
		"no reason":           func(m *heldMessage) { m.Reasons = nil },
		"a reason of colours": func(m *heldMessage) { m.Reasons = []string{"\x1b[31mred"} },
		"a long reason":       func(m *heldMessage) { m.Pictures[0].Reasons = []string{strings.Repeat("x", maxHeldText+1)} },
		"no picture":          func(m *heldMessage) { m.Pictures = nil },
		"too many pictures": func(m *heldMessage) {
			for range MaxHeldImages {
				m.Pictures = append(m.Pictures, m.Pictures[0])
			}
		},
		"fewer pixels":      func(m *heldMessage) { m.Pictures[0].Grey = m.Pictures[0].Grey[:3] },
		"a large picture":   func(m *heldMessage) { m.Pictures[0].Wide, m.Pictures[0].High = MaxHeldEdge+1, 0 },
		"no name":           func(m *heldMessage) { m.Pictures[0].SOPInstanceUID = "" },
		"a name of colours": func(m *heldMessage) { m.Pictures[0].SOPInstanceUID = "1.2\x1b[31m" },
		"a region outside":  func(m *heldMessage) { m.Pictures[0].Regions[0].X = 5 },
		"a negative region": func(m *heldMessage) { m.Pictures[0].Regions[0].Y = -1 },
		"a score above one": func(m *heldMessage) { m.Pictures[0].Regions[0].Score = 2 },
		"fewer than none":   func(m *heldMessage) { m.Others = -1 },
	} {
		m := good()
		bend(&m)
		if err := encoded(m); !errors.Is(err, errStrange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := heldOf([]byte("{")); !errors.Is(err, errStrange) {
		t.Errorf("no JSON: %v", err)
	}
}

// Of many frames with text in one place one picture is enough; of more than a person looks
// at, the number is kept.
func TestScreeningKeepsFewPictures(t *testing.T) {
	var s screening
	frame := func(x int, regions bool) doubtful {
		d := doubtful{HeldImage: HeldImage{SOPInstanceUID: "1.2.3", Rows: 5000, Columns: 5000, Reasons: []string{seenText}}, Wide: 1, High: 1, Grey: []byte{1}}
		if regions {
			d.Regions = []burnin.Region{{X: x, Y: 10, Width: 100, Height: 20, Score: 0.9}}
		}
		return d
	}
	for n := range 60 {
		s.add([]doubtful{frame(200*(n%3), true), frame(0, false)})
	}
	if h := s.Held; len(h.Pictures) != MaxHeldImages || h.Alike != 57 || len(h.Pictures)+h.Alike+h.Others != 120 || len(h.Reasons) != 1 {
		t.Errorf("%d pictures, %d alike, %d others, reasons %q", len(h.Pictures), h.Alike, h.Others, h.Reasons)
	}
}

// A picture stands for frames whose text is longer than its own: its regions are those of all.
func TestAPictureShowsWhereTheTextOfAllIs(t *testing.T) {
	var s screening
	for _, width := range []int{100, 140, 90} {
		s.add([]doubtful{{HeldImage: HeldImage{Rows: 500, Columns: 500, Reasons: []string{seenText}, Regions: []burnin.Region{{X: 50 - width/10, Y: 10, Width: width, Height: 20}}}}})
	}
	if h := s.Held; len(h.Pictures) != 1 || h.Alike != 2 || len(h.Pictures[0].Regions) != 1 {
		t.Fatalf("%+v", h)
	}
	if got, want := s.Held.Pictures[0].Regions[0], (burnin.Region{X: 36, Y: 10, Width: 140, Height: 20}); got != want {
		t.Errorf("the region is %+v, want %+v", got, want)
	}
}

// Whatever a reader says of a held study is believed as a whole, or not at all.
func FuzzHeldMessage(f *testing.F) {
	good, err := json.Marshal(heldMessage{Held: Held{Reasons: []string{seenText}}, Pictures: []doubtful{{
		HeldImage: HeldImage{SOPInstanceUID: "1.2.3", Rows: 8, Columns: 8, Reasons: []string{seenText}}, Wide: 2, High: 2, Grey: []byte{1, 2, 3, 4},
	}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var held *Held
		if err := heldOf(payload); errors.As(err, &held) != !errors.Is(err, errStrange) || held != nil && !held.valid() {
			t.Fatalf("%v", err)
		}
	})
}
