package clinic

import (
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

func TestBitsAreCountedFromAnyPlace(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		packed := rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(rt, "packed")
		from := rapid.IntRange(0, len(packed)*bitsPerByte).Draw(rt, "from")
		to := rapid.IntRange(from, len(packed)*bitsPerByte).Draw(rt, "to")
		want := 0
		for n := from; n < to; n++ {
			if packed[n/8]&(1<<(n%8)) != 0 {
				want++
			}
		}
		if got := countBits(packed, from, to); got != want {
			rt.Fatalf("bits %d to %d of %x: got %d, want %d", from, to, packed, got, want)
		}
	})
}

// refusedFor runs Restore and wants a refusal that has what in its words and says what to do.
func refusedFor(t *testing.T, d *Door, task models.Digest, result inference.Result, what string) {
	t.Helper()
	files, err := d.Restore(t.Context(), task, result, stamp())
	if !refused(err) || files != nil {
		t.Fatalf("got %d files and %v, want a refusal", len(files), err)
	}
	if text := err.Error(); !strings.Contains(text, what) || !strings.Contains(text, "another node") || strings.Contains(text, "\x1b") {
		t.Errorf("%q: want %q and what to do", text, what)
	}
}

// Whatever a node states of its segmentation is held against the segmentation.
func TestFalseFindingsAreRefused(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	honest := answer(t, ready.Payload, pkg)
	if _, err := d.Restore(t.Context(), ready.Task, honest, stamp()); err != nil {
		t.Fatalf("the honest one: %v", err)
	}
	for name, tc := range map[string]struct {
		spoil func(s []inference.Segment) []inference.Segment
		what  string
	}{
		"one voxel more": {func(s []inference.Segment) []inference.Segment { s[0].VoxelCount++; return s }, "number of voxels"},
		"no voxels":      {func(s []inference.Segment) []inference.Segment { s[1].VoxelCount, s[1].VolumeML = 0, 0; return s }, "number of voxels"},
		"voxels swapped": {func(s []inference.Segment) []inference.Segment {
			s[0].VoxelCount, s[1].VoxelCount = s[1].VoxelCount, s[0].VoxelCount
			return s
		}, "number of voxels"},
		"0.2 % more volume": {func(s []inference.Segment) []inference.Segment { s[0].VolumeML *= 1.002; return s }, "another volume"},
		"0.2 % less volume": {func(s []inference.Segment) []inference.Segment { s[1].VolumeML *= 0.998; return s }, "another volume"},
		"no volume":         {func(s []inference.Segment) []inference.Segment { s[0].VolumeML = 0; return s }, "another volume"},
		"another label":     {func(s []inference.Segment) []inference.Segment { s[0].Label = 7; return s }, "does not know"},
		"another name":      {func(s []inference.Segment) []inference.Segment { s[0].Name = "Tumour"; return s }, "does not know"},
		"names swapped":     {func(s []inference.Segment) []inference.Segment { s[0].Name, s[1].Name = s[1].Name, s[0].Name; return s }, "does not know"},
		"an escape in it":   {func(s []inference.Segment) []inference.Segment { s[0].Name += "\x1b[2J"; return s }, "does not know"},
		"another code":      {func(s []inference.Segment) []inference.Segment { s[0].Code.Value = "108369006"; return s }, "does not know"},
		"another meaning":   {func(s []inference.Segment) []inference.Segment { s[0].Code.Meaning = "Neoplasm"; return s }, "does not know"},
		"one missing":       {func(s []inference.Segment) []inference.Segment { return s[:1] }, "each structure"},
		"none":              {func([]inference.Segment) []inference.Segment { return nil }, "each structure"},
		"one twice":         {func(s []inference.Segment) []inference.Segment { return append(s, s[0]) }, "each structure"},
		"one for two":       {func(s []inference.Segment) []inference.Segment { s[1] = s[0]; return s }, "does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			result := honest
			result.Findings.Segments = tc.spoil(slices.Clone(honest.Findings.Segments))
			refusedFor(t, d, ready.Task, result, tc.what)
		})
	}
	t.Run("within what decimals round", func(t *testing.T) {
		result := honest
		result.Findings.Segments = slices.Clone(honest.Findings.Segments)
		result.Findings.Segments[0].VolumeML *= 1.0005
		if _, err := d.Restore(t.Context(), ready.Task, result, stamp()); err != nil {
			t.Error(err)
		}
	})
}

// within replaces e in item n of the sequence under t.
func within(ds dicom.Dataset, t tag.Tag, n int, e *dicom.Element) dicom.Dataset {
	items := dcm.Items(find(ds.Elements, t))
	items[n] = with(dicom.Dataset{Elements: items[n]}, e).Elements
	return with(ds, sequence(t, items...))
}

// without leaves the element with tag t out of item n of the sequence under of.
func without(ds dicom.Dataset, of tag.Tag, n int, t tag.Tag) dicom.Dataset {
	items := dcm.Items(find(ds.Elements, of))
	items[n] = slices.DeleteFunc(slices.Clone(items[n]), func(e *dicom.Element) bool { return e.Tag == t })
	return with(ds, sequence(of, items...))
}

func TestSegmentationsThatDontShowTheirFiguresAreRefused(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	honest := answer(t, ready.Payload, pkg)
	seg := parsed(t, honest.Files[0].Data)
	shared, perFrame, segments := tag.SharedFunctionalGroupsSequence, tag.PerFrameFunctionalGroupsSequence, tag.SegmentSequence
	measures := func(plane []string, step ...string) *dicom.Element {
		return sequence(tag.PixelMeasuresSequence, []*dicom.Element{textElement(tag.PixelSpacing, "DS", plane...), textElement(tag.SpacingBetweenSlices, "DS", step...)})
	}
	number := func(n int) *dicom.Element {
		return sequence(tag.SegmentIdentificationSequence, []*dicom.Element{dataElement(tag.ReferencedSegmentNumber, "US", []int{n})})
	}
	own := dcm.Items(find(seg.Sequence(shared)[0], tag.PixelMeasuresSequence))[0]
	plane, step := textOf(find(own, tag.PixelSpacing)), first(own, tag.SpacingBetweenSlices)
	flipped := slices.Clone(seg.Pixels)
	flipped[0] ^= 1
	fewer := slices.Clone(seg.Pixels)
	clear(fewer[:len(fewer)/4])
	items := seg.Sequence(segments)
	label := func(text string) *dicom.Element { return textElement(tag.SegmentLabel, "LO", text) }
	kind := func(value string) *dicom.Element {
		return sequence(tag.SegmentedPropertyTypeCodeSequence, []*dicom.Element{
			textElement(tag.CodeValue, "SH", value), textElement(tag.CodingSchemeDesignator, "SH", "SCT"), textElement(tag.CodeMeaning, "LO", "White Matter")})
	}
	const size, undescribed, unmeasured = "another size", "do not each name", "pixel measures once"
	for name, tc := range map[string]struct {
		ds     dicom.Dataset
		pixels []byte
		what   string
	}{
		"one bit flipped":           {seg.Dataset, flipped, "number of voxels"},
		"a quarter wiped":           {seg.Dataset, fewer, "number of voxels"},
		"a frame for another":       {within(seg.Dataset, perFrame, 0, number(2)), seg.Pixels, undescribed},
		"a frame for none":          {without(seg.Dataset, perFrame, 0, tag.SegmentIdentificationSequence), seg.Pixels, undescribed},
		"segment 0":                 {within(seg.Dataset, perFrame, 0, number(0)), seg.Pixels, undescribed},
		"segment 3 of 2":            {within(seg.Dataset, perFrame, 0, number(3)), seg.Pixels, undescribed},
		"a segment for all":         {within(seg.Dataset, shared, 0, number(1)), seg.Pixels, undescribed},
		"a frame of no slice":       {without(seg.Dataset, perFrame, 1, tag.DerivationImageSequence), seg.Pixels, undescribed},
		"a slice twice":             {within(seg.Dataset, perFrame, 1, find(seg.Sequence(perFrame)[0], tag.DerivationImageSequence)), seg.Pixels, undescribed},
		"a frame of its own size":   {within(seg.Dataset, perFrame, 1, measures(plane, step)), seg.Pixels, undescribed},
		"frames undescribed":        {with(seg.Dataset, sequence(perFrame)), seg.Pixels, undescribed},
		"larger pixels":             {within(seg.Dataset, shared, 0, measures([]string{"7", plane[1]}, step)), seg.Pixels, size},
		"thicker slices":            {within(seg.Dataset, shared, 0, measures(plane, "99")), seg.Pixels, size},
		"no measures":               {without(seg.Dataset, shared, 0, tag.PixelMeasuresSequence), seg.Pixels, unmeasured},
		"no step":                   {within(seg.Dataset, shared, 0, measures(plane)), seg.Pixels, unmeasured},
		"one edge":                  {within(seg.Dataset, shared, 0, measures(plane[:1], step)), seg.Pixels, unmeasured},
		"negative pixels":           {within(seg.Dataset, shared, 0, measures([]string{"-1", "-1"}, step)), seg.Pixels, unmeasured},
		"pixels of no size":         {within(seg.Dataset, shared, 0, measures([]string{"NaN", "1"}, step)), seg.Pixels, unmeasured},
		"endless pixels":            {within(seg.Dataset, shared, 0, measures([]string{"Inf", "1"}, step)), seg.Pixels, unmeasured},
		"a segment missing":         {with(seg.Dataset, sequence(segments, items[0])), seg.Pixels, "each structure"},
		"a segment twice":           {with(seg.Dataset, sequence(segments, items[0], items[0])), seg.Pixels, "does not know"},
		"segments in another order": {with(seg.Dataset, sequence(segments, items[1], items[0])), seg.Pixels, "does not know"},
		"another name":              {within(seg.Dataset, segments, 0, label("Tumour")), seg.Pixels, "does not know"},
		"an escape in the name":     {within(seg.Dataset, segments, 0, label("White matter\x1b[2J")), seg.Pixels, "screen"},
		"another code":              {within(seg.Dataset, segments, 0, kind("108369006")), seg.Pixels, "does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := dcm.Encode(tc.ds, tc.pixels)
			if err != nil {
				t.Fatal(err)
			}
			hostile := honest
			hostile.Files = []dcm.File{{Name: segmentationFile, Data: data}}
			refusedFor(t, d, ready.Task, hostile, tc.what)
		})
	}
}

// What an earlier version vaulted has neither spacing, labels nor providers: names
// and counts are checked all the same.
func TestEarlierVaultEntriesStillServe(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	id, err := d.vault.Get(ready.Task)
	if err != nil {
		t.Fatal(err)
	}
	id.SpacingMM, id.Labels, id.Providers = [3]float64{}, nil, nil
	if err := d.vault.Put(ready.Task, id); err != nil {
		t.Fatal(err)
	}
	honest := answer(t, ready.Payload, pkg)
	restored(t, d, ready.Task, honest)
	for what, spoil := range map[string]func(s *inference.Segment){
		"number of voxels": func(s *inference.Segment) { s.VoxelCount++ },
		"another volume":   func(s *inference.Segment) { s.VolumeML *= 2 },
		"does not know":    func(s *inference.Segment) { s.Name = "Tumour" },
	} {
		result := honest
		result.Findings.Segments = slices.Clone(honest.Findings.Segments)
		spoil(&result.Findings.Segments[0])
		refusedFor(t, d, ready.Task, result, what)
	}
}

// An entry that does not name the images can't have reports of the clinic's own, and the
// node's words don't stand in for them.
func TestReportsOfEarlierVaultEntriesAreLeftOut(t *testing.T) {
	d, pkg := newDoor(t), measuring(t, nil)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	id, err := d.vault.Get(ready.Task)
	if err != nil {
		t.Fatal(err)
	}
	id.Source = nil
	if err := d.vault.Put(ready.Task, id); err != nil {
		t.Fatal(err)
	}
	files := restored(t, d, ready.Task, reported(t, ready.Payload, pkg))
	if len(files) != 4 || files[segmentationFile] == nil || files[recordFile] == nil {
		t.Errorf("%d files are delivered, want segmentation, picture, findings and bundle", len(files))
	}
}

// The axial plane in which a diameter is measured may run along the slices' normal.
func TestDiametersFitIntoTheWholeImage(t *testing.T) {
	// 200 sagittal slices of 3 mm, each of 100 × 50 mm: the whole image is 610.3 mm across.
	id := Identity{Columns: 200, Rows: 50, Instances: 200, SpacingMM: [3]float64{0.5, 1, 3}}
	plate := Identity{Columns: 200, Rows: 50, Instances: 1, SpacingMM: [3]float64{0.5, 1, 0}} // 111.8 mm
	unknown := Identity{Columns: 200, Rows: 50, Instances: 200}
	w := models.Measure{Kind: models.MeasureDiameter, Unit: models.Code{Value: "mm", Scheme: "UCUM", Meaning: "millimeter"}}
	for _, c := range []struct {
		id    Identity
		value float64
		want  bool
	}{
		{id, 0, true}, {id, 111, true}, {id, 600, true}, {id, 610.3, true}, {id, 614, false}, {id, -1, false},
		{plate, 111.8, true}, {plate, 113, false}, {unknown, 9000, true},
	} {
		if got := c.id.possible(w, c.value, nil); got != c.want {
			t.Errorf("%g mm in %v × %v: possible is %v", c.value, c.id.SpacingMM, c.id.Instances, got)
		}
	}
}

func BenchmarkRestoreT1(b *testing.B) {
	d, pkg := newDoor(b), packageFor(b, 60)
	ready := prepare(b, d, takeIn(b, t1Study, pkg), pkg)
	result := answer(b, ready.Payload, pkg)
	for b.Loop() {
		if _, err := d.Restore(b.Context(), ready.Task, result, stamp()); err != nil {
			b.Fatal(err)
		}
	}
}
