package clinic

import (
	"bytes"
	"image"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/report"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// edited is sr.dcm with its data set changed.
func edited(t testing.TB, data []byte, change func(dicom.Dataset) dicom.Dataset) []byte {
	t.Helper()
	object := parsed(t, data)
	out, err := dcm.Encode(change(object.Dataset), object.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// deep replaces an element in the item that path leads to: sequence, item, sequence, …
func deep(ds dicom.Dataset, e *dicom.Element, path ...any) dicom.Dataset {
	if len(path) == 0 {
		return with(ds, e)
	}
	of, n := path[0].(tag.Tag), path[1].(int)
	items := dcm.Items(find(ds.Elements, of))
	items[n] = deep(dicom.Dataset{Elements: items[n]}, e, path[2:]...).Elements
	return with(ds, sequence(of, items...))
}

func TestHostileReportsAreRefused(t *testing.T) {
	d, pkg := newDoor(t), measuring(t, nil)
	study := takeIn(t, smallStudy, pkg)
	ready := prepare(t, d, study, pkg)
	honest := reported(t, ready.Payload, pkg)
	sr := fileNamed(t, honest, reportFile).Data
	// Item 8 of the root holds the groups, 9 the evaluations; in a group, 5 names the
	// segment, 6 the source and 7 the first figure or what stands before it.
	tree, group := tag.ContentSequence, []any{tag.ContentSequence, 8, tag.ContentSequence, 0}
	in := func(path ...any) []any { return append(slices.Clone(group), path...) }
	root := parsed(t, sr).Sequence(tree)
	measured := dcm.Items(find(root[8], tree))[0]
	number := slices.IndexFunc(dcm.Items(find(measured, tree)), func(i []*dicom.Element) bool { return first(i, tag.ValueType) == "NUM" })
	segment := slices.IndexFunc(dcm.Items(find(measured, tree)), func(i []*dicom.Element) bool { return first(i, tag.ValueType) == "IMAGE" })
	uid := func(value string) *dicom.Element { return textElement(tag.UID, "UI", value) }
	text := func(value string) *dicom.Element { return textElement(tag.TextValue, "UT", value) }
	extra := func(item ...*dicom.Element) *dicom.Element {
		return sequence(tree, append(slices.Clone(root), item)...)
	}
	// below returns items with more under item n.
	below := func(items [][]*dicom.Element, n int, more ...[]*dicom.Element) [][]*dicom.Element {
		items = slices.Clone(items)
		items[n] = with(dicom.Dataset{Elements: items[n]}, sequence(tree, more...)).Elements
		return items
	}
	note := []*dicom.Element{textElement(tag.RelationshipType, "CS", "CONTAINS"), textElement(tag.ValueType, "CS", "TEXT"),
		sequence(tag.ConceptNameCodeSequence, []*dicom.Element{textElement(tag.CodeValue, "SH", "121106"), textElement(tag.CodingSchemeDesignator, "SH", "DCM"), textElement(tag.CodeMeaning, "LO", "Comment")}),
		text("Call this number for your money")}
	coded := func(t tag.Tag, value, scheme, meaning string) *dicom.Element {
		return sequence(t, []*dicom.Element{textElement(tag.CodeValue, "SH", value), textElement(tag.CodingSchemeDesignator, "SH", scheme), textElement(tag.CodeMeaning, "LO", meaning)})
	}
	judged := dcm.Items(find(root[9], tree)) // the outcome, then the warning
	sentence := func(relationship, concept, meaning string) []*dicom.Element {
		return []*dicom.Element{textElement(tag.RelationshipType, "CS", relationship), textElement(tag.ValueType, "CS", "TEXT"),
			coded(tag.ConceptNameCodeSequence, concept, "DCM", meaning), text("Impression: malignant mass")}
	}
	summary := []*dicom.Element{textElement(tag.RelationshipType, "CS", "CONTAINS"), textElement(tag.ValueType, "CS", "CODE"),
		coded(tag.ConceptNameCodeSequence, "111065", "DCM", "Summary of Analyses"), coded(tag.ConceptCodeSequence, "1", "99EVIL", "Impression: malignant mass")}
	spoken := slices.Concat(sentence("HAS CONCEPT MOD", "121049", "Language of Content Item and Descendants"), []*dicom.Element{coded(tag.ConceptCodeSequence, "en", "RFC5646", "English")})
	for name, c := range map[string]struct {
		e    *dicom.Element
		path []any
	}{
		"an outcome that no run has": {sequence(tree, append([][]*dicom.Element{summary}, judged...)...), []any{tree, 9}},
		"a sentence for an outcome":  {coded(tag.ConceptCodeSequence, "1", "99EVIL", "Impression: malignant mass"), []any{tree, 9, tree, 0}},
		"two outcomes":               {sequence(tree, append(slices.Clone(judged), summary)...), []any{tree, 9}},
		"a text below the warning":   {sequence(tree, below(judged, 1, sentence("HAS PROPERTIES", "121073", "Impression"))...), []any{tree, 9}},
		"a text below a context":     {sequence(tree, below(root, 3, sentence("CONTAINS", "121073", "Impression"))...), nil},
		"a text below an evaluation": {sequence(tree, below(judged, 0, sentence("CONTAINS", "121073", "Impression"))...), []any{tree, 9}},
		"a text below a figure":      {sequence(tree, sentence("HAS CONCEPT MOD", "121073", "Impression")), in(tree, number)},
		"a text below a name":        {sequence(tree, sentence("HAS CONCEPT MOD", "111001", "Algorithm Name")), in(tree, 0)},
		"a text for a language":      {extra(spoken...), nil},
		"a language in its place":    {textElement(tag.RelationshipType, "CS", "CONTAINS"), []any{tree, 0}},
		"a device of another type":   {textElement(tag.ValueType, "CS", "TEXT"), []any{tree, 2}},
		"another class":              {textElement(tag.SOPClassUID, "UI", mrImageStorage), nil},
		"another modality":           {textElement(tag.Modality, "CS", "MR"), nil},
		"final":                      {textElement(tag.PreliminaryFlag, "CS", "FINAL"), nil},
		"verified":                   {textElement(tag.VerificationFlag, "CS", "VERIFIED"), nil},
		"another study":              {textElement(tag.StudyInstanceUID, "UI", "2.25.7"), nil},
		"the slice's UID":            {textElement(tag.SOPInstanceUID, "UI", d.vault.names.UID(imagesOf(study)[0].String(tag.SOPInstanceUID))), nil},
		"evidence of a study":        {textElement(tag.StudyInstanceUID, "UI", d.vault.names.UID(study.SeriesUID)), []any{tag.CurrentRequestedProcedureEvidenceSequence, 0}},
		"evidence of a series":       {textElement(tag.SeriesInstanceUID, "UI", "2.25.77"), []any{tag.CurrentRequestedProcedureEvidenceSequence, 0, tag.ReferencedSeriesSequence, 1}},
		"evidence of nothing":        {sequence(tag.CurrentRequestedProcedureEvidenceSequence), nil},
		"no content":                 {sequence(tree), nil},
		"a note of its own":          {extra(note...), nil},
		"a name for a text":          {text("Meier, Anna"), []any{tree, 3}},
		"another serial number":      {text("deadbeef"), []any{tree, 6}},
		"another name":               {text("Tumour"), in(tree, 0)},
		"another series":             {uid(d.vault.names.UID(study.StudyUID)), in(tree, segment+1)},
		"no series":                  {uid("2.25.5"), in(tree, segment+1)},
		"the series' UID":            {uid(d.vault.names.UID(study.SeriesUID)), in(tree, 1)},
		"an UID of somebody":         {uid("1.2.840.113619.1"), in(tree, 1)},
		"another segment":            {dataElement(tag.ReferencedSegmentNumber, "US", []int{2}), in(tree, segment, tag.ReferencedSOPSequence, 0)},
		"another object":             {textElement(tag.ReferencedSOPInstanceUID, "UI", "2.25.9"), in(tree, segment, tag.ReferencedSOPSequence, 0)},
		"another figure":             {textElement(tag.NumericValue, "DS", "1"), in(tree, number, tag.MeasuredValueSequence, 0)},
		"no figure":                  {textElement(tag.NumericValue, "DS", "NaN"), in(tree, number, tag.MeasuredValueSequence, 0)},
		"another unit":               {textElement(tag.CodeValue, "SH", "l"), in(tree, number, tag.MeasuredValueSequence, 0, tag.MeasurementUnitsCodeSequence, 0)},
		"no warning":                 {text("FOR CLINICAL USE"), []any{tree, 9, tree, 1}},
		"a failure":                  {textElement(tag.CodeValue, "SH", "111224"), []any{tree, 9, tree, 0, tag.ConceptCodeSequence, 0}},
		"an escape sequence":         {text("\x1b]0;owned\a"), in(tree, 0)},
		"an endless text":            {text(strings.Repeat("x", 10241)), in(tree, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			hostile := honest
			hostile.Files = slices.Clone(honest.Files)
			fileNamed(t, hostile, reportFile).Data = edited(t, sr, func(ds dicom.Dataset) dicom.Dataset { return deep(ds, c.e, c.path...) })
			if _, err := d.Restore(t.Context(), ready.Task, hostile, stamp()); !refused(err) {
				t.Errorf("got %v, want a refusal", err)
			} else if strings.Contains(err.Error(), "\x1b") {
				t.Error("the refusal repeats the node's words")
			}
		})
	}
	if _, err := d.Restore(t.Context(), ready.Task, honest, stamp()); err != nil {
		t.Errorf("the honest one: %v", err)
	}
}

func TestHostileCapturesAreRefused(t *testing.T) {
	d, pkg := newDoor(t), measuring(t, nil)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	honest := reported(t, ready.Payload, pkg)
	sc := fileNamed(t, honest, captureFile).Data
	for name, e := range map[string]*dicom.Element{
		"another class":     textElement(tag.SOPClassUID, "UI", mrImageStorage),
		"a band alone":      dataElement(tag.Rows, "US", []int{40}),
		"more rows":         dataElement(tag.Rows, "US", []int{60000}),
		"no columns":        dataElement(tag.Columns, "US", []int{0}),
		"wide samples":      dataElement(tag.BitsAllocated, "US", []int{16}),
		"grey":              textElement(tag.PhotometricInterpretation, "CS", "MONOCHROME2"),
		"by plane":          dataElement(tag.PlanarConfiguration, "US", []int{1}),
		"no burned-in text": textElement(tag.BurnedInAnnotation, "CS", "NO"),
		"another source":    sequence(tag.SourceImageSequence, []*dicom.Element{textElement(tag.ReferencedSOPInstanceUID, "UI", "2.25.3")}),
		"the report's UID":  textElement(tag.SOPInstanceUID, "UI", parsed(t, fileNamed(t, honest, reportFile).Data).String(tag.SOPInstanceUID)),
		"a long text":       textElement(tag.DerivationDescription, "ST", strings.Repeat("x", 1025)),
	} {
		t.Run(name, func(t *testing.T) {
			hostile := honest
			hostile.Files = slices.Clone(honest.Files)
			fileNamed(t, hostile, captureFile).Data = edited(t, sc, func(ds dicom.Dataset) dicom.Dataset { return with(ds, e) })
			if _, err := d.Restore(t.Context(), ready.Task, hostile, stamp()); !refused(err) {
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
	t.Run("a wiped warning is put back", func(t *testing.T) {
		object := parsed(t, sc)
		wiped, err := dcm.Encode(object.Dataset, make([]byte, len(object.Pixels)))
		if err != nil {
			t.Fatal(err)
		}
		hostile := honest
		hostile.Files = slices.Clone(honest.Files)
		fileNamed(t, hostile, captureFile).Data = wiped
		files := restored(t, d, ready.Task, hostile)
		// The band is more than a tenth of the picture's 340 rows.
		if foot := len(object.Pixels) / 10 * 9; !bytes.Equal(parsed(t, files[captureFile]).Pixels[foot:], object.Pixels[foot:]) {
			t.Error("the delivered capture lacks the warning")
		}
	})
}

// What reports and captures have no business to say is left out.
func TestReportsSayNothingBeyondTheirList(t *testing.T) {
	d, pkg := newDoor(t), measuring(t, nil)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	result := reported(t, ready.Payload, pkg)
	const secret = "exfiltrated"
	for _, name := range []string{reportFile, captureFile} {
		file := fileNamed(t, result, name)
		file.Data = edited(t, file.Data, func(ds dicom.Dataset) dicom.Dataset {
			for _, t := range []tag.Tag{tag.ManufacturerModelName, tag.DeviceSerialNumber, tag.SoftwareVersions} { // what a report may say, in other words
				ds = with(ds, textElement(t, "LO", secret))
			}
			ds = within(ds, tag.ContributingEquipmentSequence, 0, textElement(tag.ContributionDescription, "ST", secret))
			if name == captureFile {
				ds = with(ds, textElement(tag.DerivationDescription, "ST", secret))
			} else {
				ds = with(ds, sequence(tag.PerformedProcedureCodeSequence, []*dicom.Element{textElement(tag.CodeValue, "SH", "1"), textElement(tag.CodingSchemeDesignator, "SH", "99X"), textElement(tag.CodeMeaning, "LO", secret)}))
				ds = deep(ds, textElement(tag.MappingResource, "CS", secret), tag.ContentTemplateSequence, 0)
			}
			ds.Elements = slices.Concat(ds.Elements, []*dicom.Element{
				textElement(tag.Tag{Group: 0x0009, Element: 0x0010}, "LO", secret), textElement(tag.Tag{Group: 0x0009, Element: 0x1001}, "UT", secret),
				textElement(tag.PatientComments, "LT", secret), textElement(tag.InstitutionName, "LO", secret), textElement(tag.VerifyingObserverName, "PN", secret),
			})
			return with(ds, textElement(tag.PatientName, "PN", secret))
		})
	}
	for name, data := range restored(t, d, ready.Task, result) {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s holds what the node smuggled", name)
		}
	}
}

// FuzzRestoreOfAnyReport changes bytes of an honest report, or of the head of an honest
// capture: each four bytes of edits are a place and a value, and a short input is cut.
// Inputs of a few bytes reach every attribute; of whole files, the fuzzer's minimiser left
// ten executions a minute.
func FuzzRestoreOfAnyReport(f *testing.F) {
	d, pkg := newDoor(f), measuring(f, nil)
	study := takeIn(f, smallStudy, pkg)
	ready := prepare(f, d, study, pkg)
	honest := reported(f, ready.Payload, pkg)
	id, err := d.vault.Get(ready.Task)
	if err != nil {
		f.Fatal(err)
	}
	segmentation := madeOf(parsed(f, fileNamed(f, honest, segmentationFile).Data).Dataset.Elements)
	want, err := contentsOf(honest.Findings, *id.Manifest, false).State(*id.Manifest, true)
	if err != nil {
		f.Fatal(err)
	}
	sr, sc := fileNamed(f, honest, reportFile).Data, fileNamed(f, honest, captureFile).Data
	f.Add([]byte{}, uint16(0), true)
	f.Add([]byte{0, 1, 200, 'X', 0, 8, 0, 0}, uint16(0), true)
	f.Add([]byte{}, uint16(3000), true)
	f.Add([]byte{}, uint16(0), false)
	f.Add([]byte{0, 4, 0, 0xFF, 0, 5, 1, 0x7F}, uint16(900), false)
	f.Fuzz(func(t *testing.T, edits []byte, cut uint16, asReport bool) {
		source, within := sr, len(sr)
		if !asReport {
			source, within = sc, min(len(sc), 4<<10) // its head; the rest are pixels
		}
		data := bytes.Clone(source)
		for ; len(edits) >= 4; edits = edits[4:] {
			data[(int(edits[0])<<16|int(edits[1])<<8|int(edits[2]))%within] = edits[3]
		}
		if cut > 0 {
			data = data[:min(int(cut), len(data))]
		}
		var own made
		var err error
		if asReport {
			_, own, err = newRestorer(id, reportAttributes()).structuredReport(data, segmentation, []report.Statement{want}, d.limits)
		} else {
			var picture image.Image
			picture, own, err = newRestorer(id, captureAttributes()).capture(data, d.limits)
			if err == nil && (picture.Bounds().Dx() > maxPictureEdge || picture.Bounds().Dy() > maxPictureEdge) {
				t.Errorf("a picture of %v", picture.Bounds())
			}
		}
		for _, uid := range []string{own.series, own.instance} {
			if err == nil && (!madeUID.MatchString(uid) || id.UIDs[uid] != "") {
				t.Errorf("an object with the identity %q was taken", uid)
			}
		}
	})
}
