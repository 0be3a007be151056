package report

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/color"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata"
)

// tissueVolumes are contents with one volume of each structure.
func tissueVolumes() Contents {
	var c Contents
	for _, l := range manifest().Structures() {
		c.Measurements = append(c.Measurements, Measurement{Concept: volumeCode(), Unit: millilitre(), Segment: l.Value, SegmentName: l.Name, Value: 512.25 * float64(l.Value)})
	}
	return c
}

func letterhead() Letterhead {
	return Letterhead{PatientName: "Müller^Änne", PatientID: "4711", BirthDate: "19500102", AccessionNumber: "A-1", StudyDate: "20260304"}
}

func chequered() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 400, 300))
	for y := range 300 {
		for x := range 400 {
			img.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x/16%2) * 200, 255})
		}
	}
	return img
}

func TestDocumentIsValidAndBelongsToTheStudy(t *testing.T) {
	series, _ := readStudy(t, testdata.T1Study())
	src := SeriesSource(series)
	data, err := Document(src, letterhead(), tissueVolumes(), chequered(), manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	path := keep(t, "doc.dcm", data)
	conforms(t, path)
	report, err := StructuredReport(src, Reference{}, tissueVolumes(), manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	consistent(t, path, keep(t, "sr-beside-doc.dcm", report))
	again, err := Document(src, letterhead(), tissueVolumes(), chequered(), manifest(), options())
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("the same result is another document: %v", err)
	}
	object, err := dicom.Parse(dicom.File{Name: "doc.dcm", Data: data}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if got := object.Strings(tag.MIMETypeOfEncapsulatedDocument); len(got) != 1 || got[0] != "application/pdf" {
		t.Errorf("MIME type %q", got)
	}
	if got := object.Strings(tag.SeriesDescription); len(got) != 1 || !strings.Contains(got[0], Warning) {
		t.Errorf("series description %q lacks the warning", got)
	}
	pages, ok := object.Element(tag.EncapsulatedDocument).Value.GetValue().([]byte)
	if !ok || !bytes.HasPrefix(pages, []byte("%PDF-")) {
		t.Fatalf("no PDF inside")
	}
	if folder := os.Getenv("MEDHIVE_KEEP"); folder != "" {
		keep(t, "doc.pdf", pages)
	}
}

// streams inflates the streams of a PDF: its pages' contents are among them.
func streams(t *testing.T, pdf []byte) (list [][]byte) {
	t.Helper()
	for _, at := range regexp.MustCompile(`(?s)stream\r?\n`).FindAllIndex(pdf, -1) {
		r, err := zlib.NewReader(bytes.NewReader(pdf[at[1]:]))
		if err != nil {
			continue // an end
		}
		data, err := io.ReadAll(io.LimitReader(r, 64<<20))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, data)
	}
	return list
}

// drawn is a text as a page's contents hold it: UTF-16, escaped.
func drawn(text string) []byte {
	var b []byte
	for _, c := range utf16.Encode([]rune(text)) {
		for _, half := range []byte{byte(c >> 8), byte(c)} {
			if half == '(' || half == ')' || half == '\\' {
				b = append(b, '\\')
			}
			b = append(b, half)
		}
	}
	return b
}

// contents are the streams that draw text.
func contents(t *testing.T, pdf []byte) (list [][]byte) {
	for _, s := range streams(t, pdf) {
		if bytes.Contains(s, []byte("Tj")) && bytes.Contains(s, []byte("BT ")) {
			list = append(list, s)
		}
	}
	return list
}

func TestPaperSaysWhatTheReportSays(t *testing.T) {
	many := tissueVolumes()
	for n := range 200 {
		many.Boxes = append(many.Boxes, Box{Name: "Nodule", Score: 0.5, Max: [3]float64{float64(n), 1, 1}})
	}
	for _, c := range []struct {
		name     string
		contents Contents
		head     Letterhead
		want     []string
		never    []string
		pages    int // at least
	}{
		{"figures", tissueVolumes(), letterhead(), []string{"White matter", "512.25 milliliter", "4711", "Müller Änne", "1950-01-02", "t1-tissue 1.0.0"}, nil, 1},
		{"failed", Contents{Outcome: Failed, Reason: "no node took it"}, letterhead(), []string{"The analysis failed: no node took it"}, []string{"Findings of the model"}, 1},
		{"not applicable", Contents{Outcome: NotApplicable, Reason: "no head"}, Letterhead{}, []string{"does not apply to this study: no head"}, []string{"Patient ID"}, 1},
		{"a name in letters that the font lacks", tissueVolumes(), Letterhead{PatientName: "山田^太郎", PatientID: "7"}, []string{"see the study; the name is in letters"}, []string{"????"}, 1},
		{"many pages", many, letterhead(), []string{"Nodule 200", "50 %"}, nil, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			pdf, err := Paper(c.head, c.contents, nil, manifest(), options())
			if err != nil {
				t.Fatal(err)
			}
			pages := contents(t, pdf)
			if len(pages) < c.pages {
				t.Errorf("%d pages, want at least %d", len(pages), c.pages)
			}
			whole := bytes.Join(pages, nil)
			for _, text := range c.want {
				if !bytes.Contains(whole, drawn(text)) {
					t.Errorf("no page says %q", text)
				}
			}
			for _, text := range c.never {
				if bytes.Contains(whole, drawn(text)) {
					t.Errorf("a page says %q", text)
				}
			}
			for n, page := range pages {
				if bytes.Count(page, drawn(Warning)) < 2 {
					t.Errorf("page %d lacks the warning at its head or its foot", n+1)
				}
			}
		})
	}
}

func TestDocumentRefusesWhatItCannotSay(t *testing.T) {
	series, _ := readStudy(t, testdata.SmallStudy())
	src := SeriesSource(series)
	for _, c := range []struct {
		name     string
		contents Contents
		picture  image.Image
		opts     Options
	}{
		{"no seed", Contents{}, nil, Options{Now: time.Now()}},
		{"figures of a failure", Contents{Outcome: Failed, Boxes: []Box{{Name: "x"}}}, nil, options()},
		{"a picture without pixels", Contents{}, image.NewRGBA(image.Rectangle{}), options()},
		{"a measurement of no label", Contents{Measurements: []Measurement{{Concept: volumeCode(), Unit: millilitre(), Segment: 77, Value: 1}}}, nil, options()},
	} {
		if _, err := Document(src, Letterhead{}, c.contents, c.picture, manifest(), c.opts); err == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
	if _, err := Document(Source{}, Letterhead{}, Contents{}, nil, models.Manifest{}, options()); err == nil {
		t.Error("no source: no error")
	}
}

func FuzzPaper(f *testing.F) {
	f.Add("Müller^Änne", "no node took it", "White matter")
	f.Add("山田", "\x00\xff(\\)", "\U0001F9E0")
	f.Fuzz(func(t *testing.T, name, reason, class string) {
		m := manifest()
		m.Title = class
		c := Contents{Outcome: Failed, Reason: reason}
		pdf, err := Paper(Letterhead{PatientName: name, PatientID: reason}, c, nil, m, options())
		if err != nil {
			t.Fatal(err)
		}
		for n, page := range contents(t, pdf) {
			if !bytes.Contains(page, drawn(Warning)) {
				t.Errorf("page %d lacks the warning", n+1)
			}
		}
	})
}
