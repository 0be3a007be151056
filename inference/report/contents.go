package report

import (
	"errors"
	"fmt"
	"math"

	"github.com/medhive/medhive/models"
)

// The outcomes of a run.
const (
	Completed     = "completed"      // also when empty
	Failed        = "failed"         // the model could not give a result
	NotApplicable = "not-applicable" // the study is none that the model takes
)

// Contents is what a model found, in the figures that a report states.
type Contents struct {
	Outcome       string // one of the outcomes
	Reason        string // of an outcome other than Completed, for a person
	Measurements  []Measurement
	Probabilities []Probability
	Boxes         []Box
}

// Measurement is one figure.
type Measurement struct {
	Concept, Unit models.Code // what was measured, and its UCUM unit
	Segment       uint8       // value of the label that was measured; 0: the whole image
	SegmentName   string      // the label's name, or what else was measured
	Value         float64     // finite
}

// Probability is the model's belief in a class, 0 to 1.
type Probability struct {
	Name  string
	Code  *models.Code
	Value float64
}

// Box is one place that a detection found.
type Box struct {
	Name     string
	Score    float64    // 0 to 1
	Min, Max [3]float64 // mm, LPS; of a picture: column and row in pixels, 0
}

// maxItems bounds what one report states.
const maxItems = 4096

// outcome is Outcome with its default filled in.
func (c Contents) outcome() string {
	if c.Outcome == "" {
		return Completed
	}
	return c.Outcome
}

func (c Contents) validate() error {
	switch o := c.outcome(); {
	case o != Completed && o != Failed && o != NotApplicable:
		return fmt.Errorf("outcome %.40q is none of %s, %s, %s", o, Completed, Failed, NotApplicable)
	case o != Completed && len(c.Measurements)+len(c.Probabilities)+len(c.Boxes) > 0:
		return fmt.Errorf("an outcome that is %s states figures", o)
	}
	if n := len(c.Measurements) + len(c.Probabilities) + len(c.Boxes); n > maxItems {
		return fmt.Errorf("%d findings; the limit is %d", n, maxItems)
	}
	for n, m := range c.Measurements {
		if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) || m.Concept.Value == "" || m.Unit.Value == "" {
			return fmt.Errorf("measurement %d has no finite value, no concept or no unit", n+1)
		}
	}
	for n, p := range c.Probabilities {
		if !share(p.Value) || p.Name == "" {
			return fmt.Errorf("probability %d lies outside 0 to 1 or has no name", n+1)
		}
	}
	for n, box := range c.Boxes {
		if !share(box.Score) || box.Name == "" {
			return fmt.Errorf("box %d has a score outside 0 to 1 or no name", n+1)
		}
		for axis := range 3 {
			if !(box.Min[axis] <= box.Max[axis]) || math.IsInf(box.Max[axis]-box.Min[axis], 0) {
				return fmt.Errorf("box %d has no extent", n+1)
			}
		}
	}
	return nil
}

func share(v float64) bool { return v >= 0 && v <= 1 }

// Statement is what a structured report says, whoever wrote it.
type Statement struct {
	Outcome     string
	Reason      string
	Groups      []Group
	Evaluations []Evaluation
}

// Group is one measurement group: figures of one thing.
type Group struct {
	Name    string       // tracking identifier
	Segment int          // number in the referenced segmentation, from 1; 0: not of a segment
	Finding *models.Code // nil: not coded
	Box     *Box         // where it lies; its name and score are the group's own
	Figures []Figure
}

// Figure is one measured value.
type Figure struct {
	Concept, Unit models.Code
	Value         float64
}

// Evaluation is one coded judgement.
type Evaluation struct{ Concept, Value models.Code }

// Codes of the statements (PS3.16 annex D; SNOMED CT; UCUM).
func certainty() models.Code { return dcm("111012", "Certainty of Finding") }
func percent() models.Code   { return models.Code{Value: "%", Scheme: "UCUM", Meaning: "%"} }
func present() models.Code {
	return models.Code{Value: "52101004", Scheme: "SCT", Meaning: "Present"}
}
func absent() models.Code { return models.Code{Value: "2667000", Scheme: "SCT", Meaning: "Absent"} }

func dcm(value, meaning string) models.Code {
	return models.Code{Value: value, Scheme: "DCM", Meaning: meaning}
}

// State arranges contents into the groups and evaluations that a report of m holds.
// segmented says that there is a segmentation for the groups to refer to.
func (c Contents) State(m models.Manifest, segmented bool) (Statement, error) {
	if err := c.validate(); err != nil {
		return Statement{}, err
	}
	s := Statement{Outcome: c.outcome(), Reason: c.Reason}
	if s.Outcome == Completed && s.Reason != "" {
		return Statement{}, errors.New("a completed run states a reason")
	}
	for n, l := range m.Structures() {
		g := Group{Name: l.Name, Finding: l.Type, Figures: c.figures(func(f Measurement) bool { return f.Segment == l.Value })}
		if segmented {
			g.Segment = n + 1
		}
		if segmented || len(g.Figures) > 0 {
			s.Groups = append(s.Groups, g)
		}
	}
	named := map[string]bool{}
	for _, f := range c.Measurements {
		if name := f.SegmentName; f.Segment == 0 && !named[name] {
			named[name] = true
			s.Groups = append(s.Groups, Group{Name: whole(name), Figures: c.figures(func(f Measurement) bool { return f.Segment == 0 && f.SegmentName == name })})
		}
	}
	for _, p := range c.Probabilities {
		s.Groups = append(s.Groups, Group{Name: p.Name, Finding: p.Code, Figures: []Figure{{certainty(), percent(), p.Value * 100}}})
		if e, ok := evaluation(m, p); ok {
			s.Evaluations = append(s.Evaluations, e)
		}
	}
	for n, box := range c.Boxes {
		s.Groups = append(s.Groups, Group{
			Name: fmt.Sprintf("%s %d", box.Name, n+1), Finding: classCode(m, box.Name), Box: &Box{Min: box.Min, Max: box.Max},
			Figures: []Figure{{certainty(), percent(), box.Score * 100}},
		})
	}
	stated := 0
	for _, g := range s.Groups {
		stated += len(g.Figures)
	}
	if stated != len(c.Measurements)+len(c.Probabilities)+len(c.Boxes) {
		return Statement{}, fmt.Errorf("a measurement is of a label that the manifest of %s does not name", m.ID)
	}
	return s, nil
}

func (c Contents) figures(of func(Measurement) bool) []Figure {
	var list []Figure
	for _, f := range c.Measurements {
		if of(f) {
			list = append(list, Figure{Concept: f.Concept, Unit: f.Unit, Value: f.Value})
		}
	}
	return list
}

func whole(name string) string {
	if name == "" {
		return "Whole image"
	}
	return name
}

// evaluation is the judgement over a class that has a code and a threshold.
func evaluation(m models.Manifest, p Probability) (Evaluation, bool) {
	for _, c := range m.Classes {
		if c.Name == p.Name && c.Threshold > 0 && p.Code != nil {
			value := absent()
			if p.Value >= c.Threshold {
				value = present()
			}
			return Evaluation{Concept: *p.Code, Value: value}, true
		}
	}
	return Evaluation{}, false
}

func classCode(m models.Manifest, name string) *models.Code {
	for _, c := range m.Classes {
		if c.Name == name {
			return c.Code
		}
	}
	return nil
}
