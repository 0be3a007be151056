package clinic

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// answer is what an honest node makes of a payload.
func answer(t testing.TB, payload []byte, pkg models.Package) inference.Result {
	t.Helper()
	files, err := dcm.ReadTar(bytes.NewReader(payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	series, err := dcm.ReadSeries(files, dcm.Selection{Modality: "MR", MinSlices: 2, MaxSpacingMM: 100}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	labels := &volume.Labels{Grid: series.Grid, Data: make([]uint8, series.Grid.Voxels())}
	for n := range labels.Data {
		labels.Data[n] = uint8(n / 7 % 3)
	}
	seg, err := report.Segmentation(series, labels, pkg.Manifest, report.Options{
		Seed: models.DigestOf(payload), Now: stamp(), SoftwareVersion: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	var counts [256]int
	for _, v := range labels.Data {
		counts[v]++
	}
	var segments []inference.Segment
	for _, l := range pkg.Manifest.Structures() {
		segments = append(segments, inference.Segment{Label: l.Value, Name: l.Name, Code: *l.Type,
			VoxelCount: counts[l.Value], VolumeML: float64(counts[l.Value]) * series.Grid.VoxelML()})
	}
	return inference.Result{
		Findings: inference.Findings{Model: pkg.Manifest.ID, Version: pkg.Manifest.Version, Weights: pkg.Manifest.Weights.SHA256,
			Provider: "cpu", Runtime: "1.30.0", SeriesUID: series.UID, Segments: segments},
		Files: []dcm.File{{Name: segmentationFile, Data: seg}, {Name: overlayFile, Data: picture(t)}},
	}
}

func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 80, 64))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parsed(t testing.TB, data []byte) *dcm.Object {
	t.Helper()
	o, err := dcm.Parse(dcm.File{Name: "x", Data: data}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func restored(t testing.TB, d *Door, task models.Digest, result inference.Result) map[string][]byte {
	t.Helper()
	files, err := d.Restore(t.Context(), task, result, stamp())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string][]byte{}
	for _, f := range files {
		byName[f.Name] = f.Data
	}
	return byName
}

func TestRestoredResultHasTheClinicsIdentity(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 60)
	study := takeIn(t, t1Study, pkg)
	ready := prepare(t, d, study, pkg)
	result := answer(t, ready.Payload, pkg)
	files := restored(t, d, ready.Task, result)
	if len(files) != 5 {
		t.Fatalf("got %d files, want five", len(files))
	}
	source, sent, got := imagesOf(study)[0], parsed(t, result.Files[0].Data), parsed(t, files[segmentationFile])
	for _, tg := range []tag.Tag{
		tag.PatientName, tag.PatientID, tag.PatientBirthDate, tag.PatientSex, tag.PatientAge, tag.StudyDate, tag.StudyTime, tag.StudyID,
		tag.AccessionNumber, tag.ReferringPhysicianName, tag.StudyDescription, tag.StudyInstanceUID, tag.FrameOfReferenceUID,
	} {
		if want := source.String(tg); got.String(tg) != want || want == "" {
			t.Errorf("%v is %q, in the source it is %q", tg, got.String(tg), want)
		}
	}
	if !strings.Contains(got.String(tag.PatientName), "ü") {
		t.Error("the name lost its letters")
	}
	for _, tg := range []tag.Tag{tag.SOPInstanceUID, tag.SeriesInstanceUID} {
		if got.String(tg) != sent.String(tg) || !strings.HasPrefix(got.String(tg), "2.25.") {
			t.Errorf("%v is %q, the node made %q", tg, got.String(tg), sent.String(tg))
		}
	}
	for _, tg := range []tag.Tag{tag.PatientIdentityRemoved, tag.DeidentificationMethod, tag.DeidentificationMethodCodeSequence} {
		if got.Element(tg) != nil {
			t.Errorf("%v is still there", tg)
		}
	}
	referenced := got.Sequence(tag.ReferencedSeriesSequence)
	if len(referenced) != 1 || first(referenced[0], tag.SeriesInstanceUID) != study.SeriesUID {
		t.Fatal("the reference to the series does not lead back")
	}
	instances, _ := itemsOf(find(referenced[0], tag.ReferencedInstanceSequence))
	var own, back []string
	for n, item := range instances {
		own = append(own, imagesOf(study)[n].String(tag.SOPInstanceUID))
		back = append(back, first(item, tag.ReferencedSOPInstanceUID))
	}
	slices.Sort(own)
	slices.Sort(back)
	if len(back) != study.Slices() || !slices.Equal(own, back) {
		t.Error("the references to the slices don't lead back")
	}
	if text := got.String(tag.SeriesDescription); !strings.Contains(text, report.Warning) || !strings.Contains(text, pkg.Manifest.Version) {
		t.Errorf("the series is described as %q", text)
	}
	if !bytes.Equal(got.Pixels, sent.Pixels) {
		t.Error("the segmentation's pixels were changed")
	}
	conforms(t, files[segmentationFile])
	inUTF8, err := dcm.Encode(source.Dataset, source.Pixels) // dcentvfy compares bytes, not characters
	if err != nil {
		t.Fatal(err)
	}
	sameStudy(t, files[segmentationFile], inUTF8)
	var findings struct {
		SeriesUID string `json:"series_uid"`
	}
	if err := json.Unmarshal(files[findingsFile], &findings); err != nil || findings.SeriesUID != study.SeriesUID {
		t.Errorf("the findings name series %q (%v)", findings.SeriesUID, err)
	}
}

// sameStudy runs dcentvfy: both objects must agree on patient, study and frame of reference.
func sameStudy(t *testing.T, a, b []byte) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{"a.dcm": a, "b.dcm": b} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dciodvfy, err := exec.LookPath("dciodvfy")
	if err != nil {
		t.Fatal("dciodvfy is missing: install dicom3tools, or run make test-tools")
	}
	if dciodvfy, err = filepath.EvalSymlinks(dciodvfy); err != nil { // its sister lies beside it
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(filepath.Dir(dciodvfy), "dcentvfy"), filepath.Join(dir, "a.dcm"), filepath.Join(dir, "b.dcm")).CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("Error")) {
		t.Errorf("dcentvfy: %v\n%s", err, out)
	}
}

func TestResultOfAStrangersStudyIsRefused(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	elsewhere := newDoor(t)
	other := prepare(t, elsewhere, takeIn(t, smallStudy, pkg), pkg)
	if _, err := d.Restore(t.Context(), ready.Task, answer(t, other.Payload, pkg), stamp()); !refused(err) {
		t.Errorf("a result for another clinic: got %v", err)
	}
	if _, err := d.Restore(t.Context(), other.Task, answer(t, other.Payload, pkg), stamp()); !errors.Is(err, ErrUnknownTask) {
		t.Errorf("a task of another clinic: got %v", err)
	}
}

func refused(err error) bool {
	var refusal *dcm.Refusal
	return errors.As(err, &refusal)
}

// referring returns elements with the reference to the source series replaced.
func referring(elements []*dicom.Element, item ...*dicom.Element) dicom.Dataset {
	return with(dicom.Dataset{Elements: elements}, sequence(tag.ReferencedSeriesSequence, item))
}

func TestHostileSegmentationsAreRefused(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	study := takeIn(t, smallStudy, pkg)
	ready := prepare(t, d, study, pkg)
	honest := answer(t, ready.Payload, pkg)
	seg := parsed(t, honest.Files[0].Data)
	put := func(e *dicom.Element) dicom.Dataset { return with(seg.Dataset, e) }
	sentUID := d.vault.names.UID(imagesOf(study)[0].String(tag.SOPInstanceUID))
	for name, tc := range map[string]struct {
		ds     dicom.Dataset
		pixels []byte
	}{
		"other class":              {put(textElement(tag.SOPClassUID, "UI", mrImageStorage)), seg.Pixels},
		"other modality":           {put(textElement(tag.Modality, "CS", "MR")), seg.Pixels},
		"other study":              {put(textElement(tag.StudyInstanceUID, "UI", "2.25.7")), seg.Pixels},
		"the series as its study":  {put(textElement(tag.StudyInstanceUID, "UI", d.vault.names.UID(study.SeriesUID))), seg.Pixels},
		"no series":                {put(textElement(tag.SeriesInstanceUID, "UI")), seg.Pixels},
		"no study":                 {put(textElement(tag.StudyInstanceUID, "UI")), seg.Pixels},
		"unknown frame":            {put(textElement(tag.FrameOfReferenceUID, "UI", "2.25.7")), seg.Pixels},
		"unknown reference":        {referring(seg.Dataset.Elements, textElement(tag.SeriesInstanceUID, "UI", "1.2.840.99.1")), seg.Pixels},
		"the clinic's own UID":     {referring(seg.Dataset.Elements, textElement(tag.SeriesInstanceUID, "UI", study.SeriesUID)), seg.Pixels},
		"a slice's UID as its own": {put(textElement(tag.SOPInstanceUID, "UI", sentUID)), seg.Pixels},
		"an original as its own":   {put(textElement(tag.SOPInstanceUID, "UI", imagesOf(study)[0].String(tag.SOPInstanceUID))), seg.Pixels},
		"a root of somebody else":  {put(textElement(tag.SeriesInstanceUID, "UI", "1.2.276.0.7")), seg.Pixels},
		"a structure of its own":   {put(sequence(tag.SegmentSequence, []*dicom.Element{textElement(tag.SegmentLabel, "LO", "Tumour")})), seg.Pixels},
		"more rows":                {put(dataElement(tag.Rows, "US", []int{60000})), seg.Pixels},
		"more frames":              {put(textElement(tag.NumberOfFrames, "IS", "99999999")), seg.Pixels},
		"negative frames":          {put(textElement(tag.NumberOfFrames, "IS", "-1")), seg.Pixels},
		"wide pixels":              {put(dataElement(tag.BitsAllocated, "US", []int{16})), seg.Pixels},
		"fewer pixels":             {seg.Dataset, seg.Pixels[:len(seg.Pixels)-2]},
		"no pixels":                {seg.Dataset, nil},
		"byte pixels":              {put(dataElement(tag.BitsAllocated, "US", []int{8})), slices.Repeat(seg.Pixels, 8)},
		"fractions":                {put(textElement(tag.SegmentationType, "CS", "FRACTIONAL")), seg.Pixels},
		"an endless text":          {put(textElement(tag.ContentDescription, "LO", strings.Repeat("x", 65))), seg.Pixels},
		"an escape sequence":       {put(textElement(tag.ContentDescription, "LO", "\x1b]0;owned\a")), seg.Pixels},
		"writing turned round":     {put(textElement(tag.ContentDescription, "LO", "a\u202eb")), seg.Pixels},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := dcm.Encode(tc.ds, tc.pixels)
			if err != nil {
				t.Fatal(err)
			}
			hostile := honest
			hostile.Files = []dcm.File{{Name: segmentationFile, Data: data}}
			if _, err := d.Restore(t.Context(), ready.Task, hostile, stamp()); !refused(err) {
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
}

func TestHostileResultsAreRefused(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	for name, spoil := range map[string]func(*inference.Result){
		"no files":          func(r *inference.Result) { r.Files = nil },
		"a picture alone":   func(r *inference.Result) { r.Files = r.Files[1:] },
		"another file":      func(r *inference.Result) { r.Files = append(r.Files, dcm.File{Name: "run.sh"}) },
		"a path":            func(r *inference.Result) { r.Files[1].Name = "../overlay.png" },
		"two segmentations": func(r *inference.Result) { r.Files = append(r.Files, r.Files[0]) },
		"no DICOM":          func(r *inference.Result) { r.Files[0].Data = []byte("nothing") },
		"no PNG":            func(r *inference.Result) { r.Files[1].Data = []byte("<svg/>") },
		"a tiny picture":    func(r *inference.Result) { r.Files[1].Data = blankPicture(t, 8, 8) },
		"a wall of pixels":  func(r *inference.Result) { r.Files[1].Data = blankPicture(t, 8000, 3000) },
		"a huge picture":    func(r *inference.Result) { r.Files[1].Data = hugePicture(r.Files[1].Data) },
		"another series":    func(r *inference.Result) { r.Findings.SeriesUID = "2.25.1" },
		"another model":     func(r *inference.Result) { r.Findings.Model = "t2-tissue" },
	} {
		t.Run(name, func(t *testing.T) {
			result := answer(t, ready.Payload, pkg)
			spoil(&result)
			if _, err := d.Restore(t.Context(), ready.Task, result, stamp()); !refused(err) {
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
}

func blankPicture(t *testing.T, columns, rows int) []byte {
	t.Helper()
	data, err := report.PNG(image.NewGray(image.Rect(0, 0, columns, rows)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// hugePicture declares 2^31-1 columns.
func hugePicture(good []byte) []byte {
	bad := bytes.Clone(good)
	copy(bad[16:], []byte{0x7F, 0xFF, 0xFF, 0xFF})
	return bad
}

// What a result has no business to say is left out, wherever it stands.
func TestResultsSayNothingBeyondTheirList(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	result := answer(t, ready.Payload, pkg)
	const secret = "exfiltrated"
	seg := parsed(t, result.Files[0].Data)
	ds := dicom.Dataset{Elements: slices.Concat(seg.Dataset.Elements, []*dicom.Element{
		textElement(tag.Tag{Group: 0x0009, Element: 0x0010}, "LO", secret),
		textElement(tag.Tag{Group: 0x0009, Element: 0x1001}, "UT", secret),
		textElement(tag.PatientComments, "LT", secret),
		textElement(tag.ImageComments, "LT", secret),
		textElement(tag.InstitutionName, "LO", secret),
	})}
	ds = with(with(ds, textElement(tag.ContentCreatorName, "PN", secret)), textElement(tag.PatientName, "PN", secret))
	segments := seg.Sequence(tag.SegmentSequence)
	segments[0] = slices.Concat(segments[0], []*dicom.Element{
		textElement(tag.PatientID, "LO", secret), textElement(tag.Tag{Group: 0x0011, Element: 0x1001}, "LO", secret),
	})
	ds = with(ds, sequence(tag.SegmentSequence, segments...))
	data, err := dcm.Encode(ds, seg.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	result.Files[0].Data = data
	result.Files[1].Data = slices.Concat(result.Files[1].Data, []byte(secret))
	for name, data := range restored(t, d, ready.Task, result) {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s holds what the node smuggled", name)
		}
	}
}

// Whatever the node painted, the warning stands below it.
func TestPicturesAreDeliveredAboveTheWarning(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	result := answer(t, ready.Payload, pkg)
	painted := image.NewRGBA(image.Rect(0, 0, 700, 300))
	for n := range painted.Pix {
		painted.Pix[n] = 0xEE
	}
	var err error
	if fileNamed(t, result, overlayFile).Data, err = report.PNG(painted); err != nil {
		t.Fatal(err)
	}
	want, err := report.Banded(painted, pkg.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(bytes.NewReader(restored(t, d, ready.Task, result)[overlayFile]))
	if err != nil {
		t.Fatal(err)
	}
	if got.Bounds() != want.Bounds() || got.Bounds().Dy() <= 300 {
		t.Fatalf("the delivered picture has %v, want %v", got.Bounds(), want.Bounds())
	}
	lit := 0 // pixels of letters
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			r, g, b, _ := got.At(x, y).RGBA()
			if wr, wg, wb, _ := want.At(x, y).RGBA(); r != wr || g != wg || b != wb {
				t.Fatalf("pixel %d, %d is another one", x, y)
			}
			if y >= 300 && r > 0x8000 {
				lit++
			}
		}
	}
	if lit < 100 {
		t.Errorf("the band has %d bright pixels: the warning is not there", lit)
	}
}

func FuzzRestoreOfAnything(f *testing.F) {
	d, pkg := newDoor(f), packageFor(f, 2)
	study := takeIn(f, smallStudy, pkg)
	ready := prepare(f, d, study, pkg)
	honest := answer(f, ready.Payload, pkg)
	f.Add(honest.Files[0].Data)
	f.Add(honest.Files[0].Data[:1000])
	f.Fuzz(func(t *testing.T, seg []byte) {
		hostile := honest
		hostile.Files = []dcm.File{{Name: segmentationFile, Data: seg}}
		files, err := d.Restore(t.Context(), ready.Task, hostile, stamp())
		if err != nil {
			return
		}
		got := parsed(t, files[0].Data)
		if got.String(tag.StudyInstanceUID) != study.StudyUID || got.String(tag.PatientID) != imagesOf(study)[0].String(tag.PatientID) {
			t.Error("a result came back under another identity")
		}
	})
}
