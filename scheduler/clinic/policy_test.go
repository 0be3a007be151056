package clinic

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

func TestPrivateAttributesAreWrittenAndRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := PrivateAttribute{
			Group:   uint16(rapid.IntRange(0x0004, 0x7FFE).Draw(rt, "group"))*2 + 1,
			Creator: rapid.StringMatching(`[A-Z][A-Z ,.0-9]{0,40}[A-Z]`).Draw(rt, "creator"), Element: rapid.Byte().Draw(rt, "element"),
		}
		data, err := json.Marshal([]PrivateAttribute{a})
		if err != nil {
			rt.Fatal(err)
		}
		var back []PrivateAttribute
		if err := json.Unmarshal(data, &back); err != nil || back[0] != a {
			rt.Fatalf("%s comes back as %v, %v", data, back, err)
		}
	})
	for _, wrong := range []string{"", "0019", "0019,SIEMENS", "0018,SIEMENS,0C", "0019,,0C", "0007,X,01", "FFFF,X,01", "0019, X,01", "0019,X,100", "19g,X,01", "0019,a\\b,01"} {
		if a, err := ParsePrivateAttribute(wrong); err == nil {
			t.Errorf("%q is read as %v", wrong, a)
		}
	}
}

func TestPoliciesAreBounded(t *testing.T) {
	some := Redaction{X: 1, Y: 2, Width: 3, Height: 4}
	with := func(change func(*Redaction)) Policy {
		r := some
		change(&r)
		return Policy{Redactions: []Redaction{r}}
	}
	for name, tc := range map[string]struct {
		policy Policy
		ok     bool
	}{
		"none":              {Policy{}, true},
		"all images":        {Policy{Redactions: []Redaction{some}}, true},
		"one":               {with(func(r *Redaction) { r.SOPInstanceUID, r.Frame = "1.2.3", 7 }), true},
		"the widest":        {with(func(r *Redaction) { r.X, r.Width = 0, maxEdge }), true},
		"no width":          {with(func(r *Redaction) { r.Width = 0 }), false},
		"beyond the edge":   {with(func(r *Redaction) { r.X, r.Width = 2, maxEdge-1 }), false},
		"an overflow":       {with(func(r *Redaction) { r.Y, r.Height = 1<<62, 1<<62 }), false},
		"left of it":        {with(func(r *Redaction) { r.X = -1 }), false},
		"a frame below one": {with(func(r *Redaction) { r.Frame = -1 }), false},
		"too many":          {Policy{Redactions: slices.Repeat([]Redaction{some}, maxRedactions+1)}, false},
		"no creator":        {Policy{Private: []PrivateAttribute{{0x0019, "", 1}}}, false},
		"an even group":     {Policy{Private: []PrivateAttribute{{0x0018, "X", 1}}}, false},
		"too many private":  {Policy{Private: slices.Repeat([]PrivateAttribute{{0x0019, "X", 1}}, maxPrivate+1)}, false},
		"revision below 0":  {Policy{Revision: -1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := tc.policy.Validate(); (err == nil) != tc.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A policy is part of a task's name where it changes what leaves, in whatever order it is
// written; the tasks of no policy keep the names they had.
func TestTasksAreNamedByTheirPolicy(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	task := func(p Policy) string {
		study, err := d.Under(p).Intake(t.Context(), smallStudy, pkg.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		ready := prepare(t, d, study, pkg)
		id, err := d.vault.Get(ready.Task)
		if err != nil {
			t.Fatal(err)
		}
		if p.RetainDates != (id.ShiftDays != 0) || id.Policy.Revision != p.Revision {
			t.Errorf("the vault remembers %+v and %d days of %+v", id.Policy, id.ShiftDays, p)
		}
		if named := d.vault.names.Task(study.StudyUID, study.SeriesUID, pkg.Digest()); (named == ready.Task) == p.changes() {
			t.Errorf("%+v: the task is %s, without policy %s", p, ready.Task.Short(), named.Short())
		}
		return ready.Task.String()
	}
	a, b := PrivateAttribute{0x0019, "ONE", 1}, PrivateAttribute{0x0019, "TWO", 2}
	seen := map[string]string{}
	for name, p := range map[string]Policy{
		"none": {}, "dates": {RetainDates: true}, "device": {RetainDevice: true}, "characteristics": {RetainCharacteristics: true},
		"private": {Private: []PrivateAttribute{a, b}}, "less private": {Private: []PrivateAttribute{a}}, "revision": {Revision: 1}, "next revision": {Revision: 2},
		"black": {Redactions: []Redaction{{X: 1, Width: 2, Height: 2}}},
	} {
		got := task(p)
		if other := seen[got]; other != "" {
			t.Errorf("%s and %s are one task", name, other)
		}
		seen[got] = name
	}
	for name, p := range map[string]Policy{"none": {Released: true}, "dates": {RetainDates: true, Released: true}, "private": {Private: []PrivateAttribute{b, a, b}}} {
		if got := seen[task(p)]; got != name {
			t.Errorf("another way to write %q is %q", name, got)
		}
	}
}

// A private attribute leaves if its creator in the same item is listed with it, and if its
// value can be judged.
func TestListedPrivateAttributesLeave(t *testing.T) {
	private := func(element uint16) tag.Tag { return tag.Tag{Group: 0x0019, Element: element} }
	names := NewPseudonyms([SecretBytes]byte{1})
	listed := Policy{Private: []PrivateAttribute{{0x0019, "QUIRKY MR", 0x0C}, {0x0019, "QUIRKY MR", 0x0D}}}
	creator := textElement(private(0x0010), "LO", "QUIRKY MR")
	for name, tc := range map[string]struct {
		elements []*dicom.Element
		policy   Policy
		leaves   []tag.Tag
	}{
		"listed":                  {[]*dicom.Element{creator, textElement(private(0x100C), "IS", "1000")}, listed, []tag.Tag{private(0x10), private(0x100C)}},
		"in another block":        {[]*dicom.Element{textElement(private(0x00E1), "LO", "QUIRKY MR "), textElement(private(0xE10C), "IS", "1000")}, listed, []tag.Tag{private(0xE1), private(0xE10C)}},
		"not listed":              {[]*dicom.Element{creator, textElement(private(0x100E), "IS", "1000")}, listed, nil},
		"no list":                 {[]*dicom.Element{creator, textElement(private(0x100C), "IS", "1000")}, Policy{}, nil},
		"another's block":         {[]*dicom.Element{textElement(private(0x0010), "LO", "OTHER MR"), textElement(private(0x100C), "IS", "1000")}, listed, nil},
		"no creator":              {[]*dicom.Element{textElement(private(0x100C), "IS", "1000")}, listed, nil},
		"two creators":            {[]*dicom.Element{textElement(private(0x0010), "LO", "QUIRKY MR", "Müßiggang"), textElement(private(0x100C), "IS", "1000")}, listed, nil},
		"another group":           {[]*dicom.Element{textElement(tag.Tag{Group: 0x0021, Element: 0x10}, "LO", "QUIRKY MR"), textElement(tag.Tag{Group: 0x0021, Element: 0x100C}, "IS", "1000")}, listed, nil},
		"with the name":           {[]*dicom.Element{creator, textElement(private(0x100C), "LO", "of müßiggang")}, listed, nil},
		"in other characters":     {[]*dicom.Element{creator, textElement(private(0x100C), "LO", "\x1b$B;3ED\x1b(B")}, listed, nil},
		"bytes":                   {[]*dicom.Element{creator, dataElement(private(0x100C), "UN", []byte{1, 2, 3, 4})}, listed, []tag.Tag{private(0x10), private(0x100C)}},
		"bytes with the name":     {[]*dicom.Element{creator, dataElement(private(0x100C), "OB", []byte("x M\xfc\xdfiggang y"))}, listed, nil},
		"bytes with it in UTF-16": {[]*dicom.Element{creator, dataElement(private(0x100C), "OB", []byte("H\x00G\x00S\x00-\x007\x007\x004\x001\x009\x000\x002\x00"))}, listed, nil},
		"a name's VR":             {[]*dicom.Element{creator, textElement(private(0x100C), "PN", "Anybody")}, listed, nil},
		"a sequence":              {[]*dicom.Element{creator, sequence(private(0x100C), []*dicom.Element{textElement(tag.CodeValue, "SH", "x")})}, listed, nil},
		"a date":                  {[]*dicom.Element{creator, textElement(private(0x100C), "DA", "20240311")}, listed, nil},
		"one of two":              {[]*dicom.Element{creator, textElement(private(0x100C), "LO", "HGS-7741902"), textElement(private(0x100D), "DS", "1.5")}, listed, []tag.Tag{private(0x10), private(0x100D)}},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustDeidentifyUnder(t, slice(tc.elements...), names, tc.policy, mustAllow(t)).Dataset.Elements
			var left []tag.Tag
			for _, e := range out {
				if tag.IsPrivate(e.Tag.Group) {
					left = append(left, e.Tag)
				}
			}
			if !slices.Equal(left, tc.leaves) {
				t.Errorf("%v left, want %v", left, tc.leaves)
			}
		})
	}
	// A creator in the data set reserves nothing in an item.
	item := slice(creator, sequence(tag.DerivationImageSequence, []*dicom.Element{textElement(private(0x100C), "IS", "1000")}))
	out := mustDeidentifyUnder(t, item, names, listed, mustAllow(t, "DerivationImageSequence")).Dataset.Elements
	items, _ := itemsOf(find(out, tag.DerivationImageSequence))
	if len(items) != 1 || len(items[0]) != 0 {
		t.Errorf("the item holds %v", items)
	}
}

// An object that leaves under every option is a valid one, and the node's reader takes it.
func TestObjectsOfEveryOptionConform(t *testing.T) {
	d := newDoor(t)
	pkg := measuring(t, func(m *models.Manifest) {
		m.AllowedAttrs = append(m.AllowedAttrs, "StudyDate", "StudyTime", "SeriesDate", "AcquisitionDate", "AcquisitionTime", "ContentDate", "ContentTime",
			"PatientAge", "PatientSex", "PatientSize", "PatientWeight", "EthnicGroup", "DeviceSerialNumber", "StationName", "Manufacturer", "BodyPartExamined")
	})
	policy := Policy{RetainDates: true, RetainDevice: true, RetainCharacteristics: true, Released: true, Revision: 1,
		Private: []PrivateAttribute{{0x0029, "WUNIBALD MEDCOM", 0x10}, {0x0029, "WUNIBALD MEDCOM", 0x11}}, Redactions: []Redaction{{X: 1, Y: 1, Width: 5, Height: 2}}}
	study, err := d.Under(policy).Intake(t.Context(), smallStudy, pkg.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	files, err := dcm.ReadTar(bytes.NewReader(prepare(t, d, study, pkg).Payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	data, err := files[0].Content()
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, data)
	object := parsed(t, data)
	for tg, want := range map[tag.Tag]string{tag.PatientAge: "063Y", tag.PatientSex: "F", tag.DeviceSerialNumber: "SN-660173-QX", tag.StudyTime: "142233.417000"} {
		if got := object.String(tg); got != want {
			t.Errorf("%v is %q, want %q", tg, got, want)
		}
	}
	if date := object.String(tag.StudyDate); len(date) != 8 || date == "20240311" {
		t.Errorf("the study's date is %q", date)
	}
	if at := object.Pixels[2*(36+1) : 2*(36+6)]; !bytes.Equal(at, make([]byte, len(at))) {
		t.Errorf("the region holds %v", at)
	}
}
