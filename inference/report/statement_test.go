package report

import (
	"math"
	"slices"
	"strings"
	"testing"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

// classes is a manifest with everything that a statement can hold.
func classes() models.Manifest {
	m := manifest()
	m.Classes = []models.Class{{Name: "Nodule", Code: &models.Code{Value: "27925004", Scheme: "SCT", Meaning: "Nodule"}, Threshold: 0.5}}
	return m
}

// spoken are contents of every kind, for reports to begin with.
func spoken() []Contents {
	m := classes()
	return []Contents{
		volumes(), regression(), {Outcome: Failed, Reason: "no answer"},
		{Boxes: []Box{{Name: "Nodule", Score: 1, Max: [3]float64{1, 2, 3}}}},
		{Probabilities: []Probability{{Name: "Nodule", Code: m.Classes[0].Code, Value: 0.75}}},
	}
}

// shortReports are reports about a source of one instance: what is fuzzed is short.
func shortReports(tb testing.TB) [][]byte {
	tb.Helper()
	src := Source{StudyUID: "1.2.3", SeriesUID: "1.2.4", FrameOfReferenceUID: "1.2.5", Modality: "MR",
		Instances: []dicom.Instance{{SOPClassUID: "1.2.840.10008.5.1.4.1.1.4", UID: "1.2.6"}}}
	var list [][]byte
	for n, c := range spoken() {
		var reference Reference
		if n == 0 {
			reference = options().Segmentation()
		}
		for _, picture := range []bool{false, true} {
			data, err := StructuredReport(src.Referred(picture), reference, c, classes(), options())
			if err != nil {
				tb.Fatal(err)
			}
			list = append(list, data)
		}
	}
	return list
}

// holds fails unless s is a statement that can be, and says all that elements say.
func holds(t *testing.T, s Statement, elements []*lib.Element, m models.Manifest) {
	t.Helper()
	if s.Outcome != Completed && s.Outcome != Failed && s.Outcome != NotApplicable {
		t.Errorf("outcome %q", s.Outcome)
	}
	if err := s.Agrees(s); err != nil {
		t.Errorf("a statement does not agree with itself: %v", err)
	}
	texts := []string{"", Warning, s.Reason, manufacturer, m.ID, m.Version, m.ID + " " + m.Version, m.Weights.SHA256.Short()}
	codes := []models.Code{languageEnglish, conceptDevice, outcomeSucceeded, outcomeFailed, outcomeNotApplicable}
	for _, modality := range []string{"CT", "MR", "PT", "NM", ""} {
		codes = append(codes, procedure(modality))
	}
	figures := 0
	for _, g := range s.Groups {
		texts = append(texts, g.Name)
		if g.Finding != nil {
			codes = append(codes, *g.Finding)
		}
		for _, f := range g.Figures {
			codes = append(codes, f.Concept, f.Unit)
			if figures++; math.IsNaN(f.Value) || math.IsInf(f.Value, 0) {
				t.Errorf("a figure is %v", f.Value)
			}
		}
	}
	for _, e := range s.Evaluations {
		codes = append(codes, e.Concept, e.Value)
	}
	if numbers := told(t, elements, texts, codes); numbers != figures {
		t.Errorf("the report holds %d numbers, its statement %d", numbers, figures)
	}
}

// told walks a tree that was accepted: each text and code value in it must be known. It
// returns how many numbers there are.
func told(t *testing.T, elements []*lib.Element, texts []string, codes []models.Code) (numbers int) {
	t.Helper()
	switch (&dicom.Object{Dataset: lib.Dataset{Elements: elements}}).String(tag.ValueType) {
	case "TEXT":
		if text := wholeText(elements, tag.TextValue); !slices.Contains(texts, text) {
			t.Errorf("the report says %q, and its statement does not", text)
		}
	case "CODE":
		if c := codeIn(elements, tag.ConceptCodeSequence); !slices.Contains(codes, c) {
			t.Errorf("the report says %+v, and its statement does not", c)
		}
	case "NUM":
		numbers++
	}
	for _, item := range dicom.Items(dicom.Find(elements, tag.ContentSequence)) {
		numbers += told(t, item, texts, codes)
	}
	return numbers
}

// Whatever bytes are read as a statement, it is one that can be stated.
func FuzzReadStatement(f *testing.F) {
	for _, data := range shortReports(f) {
		f.Add(data)
	}
	m := classes()
	f.Fuzz(func(t *testing.T, data []byte) {
		object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
		if err != nil {
			return
		}
		if s, err := ReadStatement(object.Dataset.Elements, m); err == nil {
			holds(t, s, object.Dataset.Elements, m)
		}
	})
}

// FuzzChangedReports changes a report's tree in place of its bytes, so that most inputs
// are reports that somebody could send: an edit is three bytes, as changed says.
func FuzzChangedReports(f *testing.F) {
	reports := shortReports(f)
	trees := make([][]*lib.Element, len(reports))
	for n, data := range reports {
		object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
		if err != nil {
			f.Fatal(err)
		}
		trees[n] = object.Dataset.Elements
		for op := range operations {
			f.Add(uint8(n), []byte{uint8(3 * n), uint8(op), uint8(op + n)})
		}
	}
	m := classes()
	f.Fuzz(func(t *testing.T, which uint8, edits []byte) {
		tree := plant(trees[int(which)%len(trees)])
		const most = 16
		for n := 0; n+3 <= len(edits) && n < 3*most; n += 3 {
			tree.change(t, edits[n], edits[n+1], edits[n+2])
		}
		elements := tree.elements(t)
		s, err := ReadStatement(elements, m)
		if err != nil {
			return
		}
		holds(t, s, elements, m)
	})
}

// node is a content item that can be changed.
type node struct {
	own      []*lib.Element // without what is below
	children []*node
}

func plant(elements []*lib.Element) *node {
	n := &node{}
	for _, e := range elements {
		if e.Tag != tag.ContentSequence {
			n.own = append(n.own, e)
			continue
		}
		for _, item := range dicom.Items(e) {
			n.children = append(n.children, plant(item))
		}
	}
	return n
}

func (n *node) elements(t *testing.T) []*lib.Element {
	list := slices.Clone(n.own)
	if len(n.children) > 0 {
		items := make([][]*lib.Element, len(n.children))
		for i, c := range n.children {
			items[i] = c.elements(t)
		}
		list = append(list, element(t, tag.ContentSequence, items))
	}
	return list
}

// all are n and what is below it, each with the item that it stands under.
func (n *node) all(parent *node, list [][2]*node) [][2]*node {
	list = append(list, [2]*node{n, parent})
	for _, c := range n.children {
		list = c.all(n, list)
	}
	return list
}

func (n *node) copy() *node {
	c := &node{own: slices.Clone(n.own)}
	for _, child := range n.children {
		c.children = append(c.children, child.copy())
	}
	return c
}

func (n *node) set(e *lib.Element) {
	n.own = slices.DeleteFunc(slices.Clone(n.own), func(old *lib.Element) bool { return old.Tag == e.Tag })
	n.own = append(n.own, e)
}

func element(t *testing.T, at tag.Tag, data any) *lib.Element {
	e, err := dicom.NewElement(at, data)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// operations is how many kinds of change there are.
const operations = 12

// maxNodes bounds a tree: copies of copies grow without end.
const maxNodes = 400

// change makes one change to the item of number where: op says which, with names
// another item or a value.
func (n *node) change(t *testing.T, where, op, with uint8) {
	list := n.all(nil, nil)
	at, parent := list[int(where)%len(list)][0], list[int(where)%len(list)][1]
	other := list[int(with)%len(list)][0]
	if parent == nil {
		parent = n
	}
	word := []string{"", "cancer", Warning, `a\b`, "TEXT", "CODE", "NUM", "CONTAINER", contains, obsContext, conceptMod, strings.Repeat("x", 2000), "1e999", "-0"}[int(with)%14]
	place := slices.Index(parent.children, at)
	switch op % operations {
	case 0:
		if place >= 0 {
			parent.children = slices.Delete(slices.Clone(parent.children), place, place+1)
		}
	case 1, 2: // below its parent or below another
		if op%operations == 2 {
			parent = other
		}
		if len(list)+len(at.all(nil, nil)) <= maxNodes {
			parent.children = append(parent.children, at.copy())
		}
	case 3:
		if place > 0 {
			parent.children[0], parent.children[place] = parent.children[place], parent.children[0]
		}
	case 4:
		at.set(element(t, tag.ValueType, []string{word}))
	case 5:
		at.set(element(t, tag.RelationshipType, []string{word}))
	case 6:
		at.set(element(t, tag.TextValue, []string{word}))
	case 7: // two texts in place of one
		at.set(element(t, tag.TextValue, append((&dicom.Object{Dataset: lib.Dataset{Elements: at.own}}).Strings(tag.TextValue), word)))
	case 8:
		at.set(element(t, tag.ConceptCodeSequence, [][]*lib.Element{{element(t, tag.CodeValue, []string{word}), element(t, tag.CodeMeaning, []string{"cancer"})}}))
	case 9: // what another item has
		for _, e := range other.own {
			if e.Tag == tag.ConceptNameCodeSequence {
				at.set(e)
			}
		}
	case 10:
		at.set(element(t, tag.MeasuredValueSequence, [][]*lib.Element{{element(t, tag.NumericValue, []string{word})}}))
	case 11:
		at.set(element(t, tag.GraphicData, slices.Repeat([]float64{float64(with) - 100, math.Inf(1), math.NaN()}[:1+with%3], int(with)%9)))
	}
}

// A text that has more values than one, or a code of two values, is not what was written.
func TestNothingIsSaidBesideTheStatement(t *testing.T) {
	object, err := dicom.Parse(dicom.File{Data: shortReports(t)[0]}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*node){
		"a second text": func(n *node) {
			n.set(element(t, tag.TextValue, append((&dicom.Object{Dataset: lib.Dataset{Elements: n.own}}).Strings(tag.TextValue), "cancer")))
		},
		"a longer code": func(n *node) {
			for _, item := range dicom.Items(dicom.Find(n.own, tag.ConceptNameCodeSequence)) {
				n.set(element(t, tag.ConceptNameCodeSequence, [][]*lib.Element{append(slices.Clone(item), element(t, tag.LongCodeValue, []string{"cancer"}))}))
			}
		},
	} {
		tree := plant(object.Dataset.Elements)
		want, err := ReadStatement(tree.elements(t), classes())
		if err != nil {
			t.Fatal(err)
		}
		changed := 0
		for number, at := range tree.all(nil, nil) {
			if value := (&dicom.Object{Dataset: lib.Dataset{Elements: at[0].own}}).String(tag.ValueType); value != "TEXT" {
				continue
			}
			again := plant(object.Dataset.Elements)
			spoil(again.all(nil, nil)[number][0])
			changed++
			if got, err := ReadStatement(again.elements(t), classes()); err == nil && want.Agrees(got) == nil {
				t.Errorf("%s in item %d is not noticed", name, number)
			}
		}
		if changed < 5 {
			t.Errorf("%s was tried in %d items only", name, changed)
		}
	}
}
