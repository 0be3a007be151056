package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

// maxContentItems bounds a report that a stranger wrote before it is walked.
const maxContentItems = 16 * maxItems

// content is one content item as it was read.
type content struct {
	relationship, valueType string
	concept                 models.Code
	elements                []*lib.Element
	children                []content
}

// ReadStatement reads back what StructuredReport wrote for m, and nothing else: any
// item, text or code that it would not write is an error, so that a stranger's
// report can say only what the statement holds. What the UIDs in it refer to is the
// caller's to check. elements are a data set in UTF-8, perhaps hostile.
func ReadStatement(elements []*lib.Element, m models.Manifest) (Statement, error) {
	s, err := readStatement(elements, m)
	if err != nil {
		return Statement{}, fmt.Errorf("read structured report: %w", err)
	}
	return s, nil
}

func readStatement(elements []*lib.Element, m models.Manifest) (s Statement, err error) {
	budget := maxContentItems
	root, err := readContent(elements, &budget)
	if err != nil {
		return s, err
	}
	if root.relationship != "" || root.valueType != "CONTAINER" || root.concept != conceptReport {
		return s, errors.New("it is no imaging measurement report")
	}
	for _, c := range root.children {
		switch {
		case c.is(contains, "CONTAINER", conceptMeasurements):
			for _, group := range c.children {
				g, err := readGroup(group, m)
				if err != nil {
					return s, fmt.Errorf("measurement group %d: %w", len(s.Groups)+1, err)
				}
				s.Groups = append(s.Groups, g)
			}
		case c.is(contains, "CONTAINER", conceptQualitative):
			if err := s.readEvaluations(c.children); err != nil {
				return s, err
			}
		case !c.isContext(m):
			return s, errors.New("it holds a content item that no report has")
		}
	}
	if s.Outcome == "" {
		return s, errors.New("it does not state how the run ended")
	}
	return s, nil
}

// isContext says that an item is one of those that are the same in every report of m,
// in the relationship and of the type that it has there.
func (c content) isContext(m models.Manifest) bool {
	switch {
	case c.is(conceptMod, "CODE", conceptLanguage):
		return c.code() == languageEnglish
	case c.is(obsContext, "CODE", conceptObserverType):
		return c.code() == conceptDevice
	case c.is(obsContext, "UIDREF", conceptDeviceUID):
		return true // the caller's to check
	case c.is(obsContext, "TEXT", conceptDeviceName), c.is(obsContext, "TEXT", conceptDeviceMaker):
		return c.text() == manufacturer
	case c.is(obsContext, "TEXT", conceptDeviceModel):
		return c.text() == m.ID+" "+m.Version
	case c.is(obsContext, "TEXT", conceptDeviceSerial):
		return c.text() == m.Weights.SHA256.Short()
	case c.is(conceptMod, "CODE", conceptProcedure):
		return procedureCode(c.code())
	}
	return false
}

func procedureCode(c models.Code) bool {
	return slices.ContainsFunc([]string{"CT", "MR", "PT", "NM", ""}, func(modality string) bool { return procedure(modality) == c })
}

func (s *Statement) readEvaluations(items []content) error {
	warned := false
	for _, c := range items {
		switch {
		case c.is(contains, "CODE", conceptSummary) && s.Outcome == "":
			switch c.code() {
			case outcomeSucceeded:
				s.Outcome = Completed
			case outcomeFailed:
				s.Outcome = Failed
			case outcomeNotApplicable:
				s.Outcome = NotApplicable
			default:
				return errors.New("it ends in an outcome that no run has")
			}
		case c.is(contains, "TEXT", conceptComment) && !warned:
			if warned = c.text() == Warning; !warned {
				return errors.New("it does not begin its comments with the warning")
			}
		case c.is(contains, "TEXT", conceptComment) && s.Reason == "":
			s.Reason = c.text()
		case c.relationship == contains && c.valueType == "CODE":
			s.Evaluations = append(s.Evaluations, Evaluation{Concept: c.concept, Value: c.code()})
		default:
			return errors.New("it holds an evaluation that no report has")
		}
	}
	if !warned {
		return errors.New("it lacks the warning")
	}
	return nil
}

// readGroup reads one measurement group.
func readGroup(group content, m models.Manifest) (g Group, err error) {
	if !group.is(contains, "CONTAINER", conceptGroup) {
		return g, errors.New("it is none")
	}
	var surface []content
	for _, c := range group.children {
		switch {
		case c.is(obsContext, "TEXT", conceptTracking) && g.Name == "":
			g.Name = c.text()
		case c.is(obsContext, "UIDREF", conceptTrackingUID):
		case c.is(contains, "CODE", conceptFinding) && g.Finding == nil:
			finding := c.code()
			g.Finding = &finding
		case c.is(contains, "IMAGE", conceptSegment) && g.Segment == 0:
			if g.Segment = c.segment(); g.Segment < 1 {
				return g, errors.New("it names no segment")
			}
		case c.is(contains, "SCOORD", conceptRegion) && g.Box == nil:
			if g.Box, err = rectangle(c); err != nil {
				return g, err
			}
		case c.is(contains, "SCOORD3D", conceptSurface):
			surface = append(surface, c)
		case c.is(contains, "UIDREF", conceptSourceSeries), c.is(contains, "IMAGE", conceptSourceImage), c.is(contains, "IMAGE", conceptSource):
		case c.isAlgorithm(m):
		case c.relationship == contains && c.valueType == "NUM":
			f, err := readFigure(c, m)
			if err != nil {
				return g, err
			}
			g.Figures = append(g.Figures, f)
		default:
			return g, errors.New("it holds a content item that no group has")
		}
	}
	if surface != nil {
		if g.Box != nil {
			return g, errors.New("it lies at two places")
		}
		g.Box, err = enclosed(surface)
	}
	return g, err
}

func (c content) isAlgorithm(m models.Manifest) bool {
	return c.is(conceptMod, "TEXT", conceptAlgorithm) && c.text() == m.ID || c.is(conceptMod, "TEXT", conceptVersion) && c.text() == m.Version
}

func readFigure(c content, m models.Manifest) (Figure, error) {
	values := dicom.Items(dicom.Find(c.elements, tag.MeasuredValueSequence))
	if len(values) != 1 || slices.ContainsFunc(c.children, func(child content) bool { return !child.isAlgorithm(m) }) {
		return Figure{}, errors.New("a figure has no value, or says more than its value")
	}
	v, err := strconv.ParseFloat(wholeText(values[0], tag.NumericValue), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return Figure{}, errors.New("a figure is no number")
	}
	return Figure{Concept: c.concept, Unit: codeIn(values[0], tag.MeasurementUnitsCodeSequence), Value: v}, nil
}

// rectangle reads the box of a closed line on a picture.
func rectangle(c content) (*Box, error) {
	points := floats(c.elements, tag.GraphicData)
	if wholeText(c.elements, tag.GraphicType) != "POLYLINE" || len(points) != 10 || len(c.children) != 1 || !c.children[0].is(selectedFrom, "IMAGE", conceptSource) {
		return nil, errors.New("a region is no rectangle on a picture")
	}
	return &Box{Min: [3]float64{points[0], points[1]}, Max: [3]float64{points[4], points[5]}}, nil
}

// enclosed reads the box that polygons surround.
func enclosed(surface []content) (*Box, error) {
	box := &Box{Min: [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}, Max: [3]float64{math.Inf(-1), math.Inf(-1), math.Inf(-1)}}
	for _, c := range surface {
		points := floats(c.elements, tag.GraphicData)
		if wholeText(c.elements, tag.GraphicType) != "POLYGON" || len(points) != 15 {
			return nil, errors.New("a surface is no face of a box")
		}
		for n, v := range points {
			box.Min[n%3], box.Max[n%3] = min(box.Min[n%3], v), max(box.Max[n%3], v)
		}
	}
	if len(surface) != 6 {
		return nil, errors.New("a box has no six faces")
	}
	return box, nil
}

// readContent reads one content item and what is below it.
func readContent(elements []*lib.Element, budget *int) (content, error) {
	if *budget--; *budget < 0 {
		return content{}, fmt.Errorf("more than %d content items", maxContentItems)
	}
	c := content{
		relationship: wholeText(elements, tag.RelationshipType), valueType: wholeText(elements, tag.ValueType),
		concept: codeIn(elements, tag.ConceptNameCodeSequence), elements: elements,
	}
	for _, item := range dicom.Items(dicom.Find(elements, tag.ContentSequence)) {
		child, err := readContent(item, budget)
		if err != nil {
			return c, err
		}
		c.children = append(c.children, child)
	}
	if len(c.children) > 0 && !slices.Contains(branches(), c.valueType) {
		return c, errors.New("a content item that stands for itself has others below it")
	}
	return c, nil
}

// branches are the value types of the items that have others below them: sections,
// figures their algorithm, regions their image.
func branches() []string { return []string{"CONTAINER", "NUM", "SCOORD"} }

func (c content) is(relationship, valueType string, concept models.Code) bool {
	return c.relationship == relationship && c.valueType == valueType && c.concept == concept
}

func (c content) text() string      { return wholeText(c.elements, tag.TextValue) }
func (c content) code() models.Code { return codeIn(c.elements, tag.ConceptCodeSequence) }

// segment is the number of the one segment of an IMAGE item, or 0.
func (c content) segment() int {
	list := dicom.Items(dicom.Find(c.elements, tag.ReferencedSOPSequence))
	if len(list) != 1 || wholeText(list[0], tag.ReferencedSOPClassUID) != segmentationStorage {
		return 0
	}
	e := dicom.Find(list[0], tag.ReferencedSegmentNumber)
	if e == nil || e.Value == nil {
		return 0
	}
	if numbers, ok := e.Value.GetValue().([]int); ok && len(numbers) == 1 {
		return numbers[0]
	}
	return 0
}

// codeIn is the one code of a sequence, or none.
func codeIn(elements []*lib.Element, t tag.Tag) models.Code {
	list := dicom.Items(dicom.Find(elements, t))
	if len(list) != 1 {
		return models.Code{}
	}
	short, long := wholeText(list[0], tag.CodeValue), wholeText(list[0], tag.LongCodeValue)
	if short != "" && long != "" {
		return models.Code{} // two codes in one
	}
	return models.Code{Value: short + long, Scheme: wholeText(list[0], tag.CodingSchemeDesignator), Meaning: wholeText(list[0], tag.CodeMeaning)}
}

// wholeText is a text element without its padding, or "". Values after the first, which
// no report has, are not lost: they make the text another one.
func wholeText(elements []*lib.Element, t tag.Tag) string {
	return strings.Join((&dicom.Object{Dataset: lib.Dataset{Elements: elements}}).Strings(t), `\`)
}

func floats(elements []*lib.Element, t tag.Tag) []float64 {
	list, _ := (&dicom.Object{Dataset: lib.Dataset{Elements: elements}}).Float64s(t)
	return list
}

// How far equal figures may lie apart, as a part of them, and equal places in mm or
// pixels: a decimal string holds nine digits at least, graphic data single precision.
const (
	figureRounding = 1e-8
	placeRounding  = 1e-2
)

// Agrees is nil if t says what s says, but for rounding; else it names what differs,
// without repeating t.
func (s Statement) Agrees(t Statement) error {
	if s.Outcome != t.Outcome || unpadded(s.Reason, maxReason) != unpadded(t.Reason, maxReason) {
		return errors.New("the outcome differs")
	}
	if !slices.EqualFunc(s.Evaluations, t.Evaluations, func(a, b Evaluation) bool {
		return sameCode(a.Concept, b.Concept) && sameCode(a.Value, b.Value)
	}) {
		return errors.New("an evaluation differs")
	}
	if len(s.Groups) != len(t.Groups) {
		return fmt.Errorf("%d measurement groups instead of %d", len(t.Groups), len(s.Groups))
	}
	for n, g := range s.Groups {
		other := t.Groups[n]
		if unpadded(g.Name, maxReason) != unpadded(other.Name, maxReason) || g.Segment != other.Segment || (g.Finding == nil) != (other.Finding == nil) ||
			g.Finding != nil && !sameCode(*g.Finding, *other.Finding) || !samePlace(g.Box, other.Box) {
			return fmt.Errorf("measurement group %d is of something else", n+1)
		}
		if !slices.EqualFunc(g.Figures, other.Figures, sameFigure) {
			return fmt.Errorf("measurement group %d states other figures", n+1)
		}
	}
	return nil
}

func sameCode(a, b models.Code) bool {
	return a.Value == b.Value && a.Scheme == b.Scheme && unpadded(a.Meaning, maxLO) == unpadded(b.Meaning, maxLO)
}

// unpadded is a text as an attribute of at most limit characters gives it back: spaces
// around it count for nothing (PS3.5 section 6.2).
func unpadded(text string, limit int) string { return strings.Trim(shortened(text, limit), " ") }

func sameFigure(a, b Figure) bool {
	return sameCode(a.Concept, b.Concept) && sameCode(a.Unit, b.Unit) && math.Abs(a.Value-b.Value) <= figureRounding*math.Abs(a.Value)
}

func samePlace(a, b *Box) bool {
	if a == nil || b == nil {
		return a == b
	}
	for axis := range 3 {
		if math.Abs(a.Min[axis]-b.Min[axis]) > placeRounding || math.Abs(a.Max[axis]-b.Max[axis]) > placeRounding {
			return false
		}
	}
	return true
}
