package inference

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/medhive/medhive/models"
)

// Bounds of an encoded result, checked before its parts are read.
const (
	MaxResultBytes   = 256 << 20 // a binary SEG of 1,000 slices of 512² with 7 segments has 230 MB, a fractional one of 900 with 1
	segmentationRoom = 224 << 20 // of it; findings, report and pictures share the rest
	maxFindingsBytes = 1 << 20
	maxResultFiles   = 16
	maxSegments      = 256 // labels are bytes
	maxPhases        = 16
	maxTextBytes     = 64
	maxProviderBytes = 40
	maxNameBytes     = 200
	maxReasonBytes   = 500
	maxVolumeML      = 1e6 // 1 m³
	maxFigure        = 1e9 // of a measurement, in any unit
	maxPlace         = 1e6 // of a box's corner: mm or pixels
	maxBoxes         = models.MaxBoxes
)

// validate bounds the figures that others build on and the texts that others print. One
// fault is enough: a stranger's findings could have hundreds.
func (f Findings) validate() error {
	for _, check := range []func() error{f.checkCounts, f.checkTexts, f.checkSegments, f.checkMeasurements, f.checkProbabilities, f.checkBoxes} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (f Findings) checkCounts() error {
	for _, c := range []struct {
		what       string
		have, most int
	}{
		{"segments", len(f.Segments), maxSegments}, {"phases", len(f.Phases), maxPhases},
		{"measurements", len(f.Measurements), models.MaxMeasures}, {"probabilities", len(f.Probabilities), models.MaxClasses},
		{"boxes", len(f.Boxes), maxBoxes},
	} {
		if c.have > c.most {
			return fmt.Errorf("%d %s; the limit is %d", c.have, c.what, c.most)
		}
	}
	figures := len(f.Segments) + len(f.Measurements) + len(f.Probabilities) + len(f.Boxes)
	switch f.Outcome {
	case "", Completed:
		if f.Reason != "" {
			return errors.New("a completed analysis gives a reason")
		}
	case Failed, NotApplicable:
		if figures > 0 || f.Reason == "" {
			return errors.New("an analysis that did not complete gives figures or no reason")
		}
	default:
		return errors.New("the outcome is unknown")
	}
	return nil
}

func (f Findings) checkTexts() error {
	faults := []error{
		checkText("model", f.Model, maxTextBytes), checkText("version", f.Version, maxTextBytes),
		checkText("provider", f.Provider, maxProviderBytes), checkText("runtime", f.Runtime, maxTextBytes),
		checkText("series UID", f.SeriesUID, maxTextBytes), checkText("reason", f.Reason, maxReasonBytes),
	}
	for phase := range f.Phases {
		faults = append(faults, checkText("a phase's name", phase, maxTextBytes))
	}
	return firstOf(faults...)
}

func (f Findings) checkSegments() error {
	for n, s := range f.Segments {
		if s.VoxelCount < 0 || !(s.VolumeML >= 0 && s.VolumeML < maxVolumeML) {
			return fmt.Errorf("segment %d of %d is out of range", n+1, len(f.Segments))
		}
		if err := firstOf(checkText("a segment's name", s.Name, maxNameBytes), checkCode(s.Code)); err != nil {
			return err
		}
	}
	return nil
}

// measureKinds are the kinds that this version knows.
var measureKinds = []string{models.MeasureVolume, models.MeasureDiameter, models.MeasureMeanHU, models.MeasureLowAttenuation, models.MeasureValue}

func (f Findings) checkMeasurements() error {
	for n, v := range f.Measurements {
		if !(v.Value >= -maxFigure && v.Value <= maxFigure) || !slices.Contains(measureKinds, v.Kind) {
			return fmt.Errorf("measurement %d of %d is unknown or out of range", n+1, len(f.Measurements))
		}
		if err := firstOf(checkCode(v.Code), checkCode(v.Unit)); err != nil {
			return err
		}
	}
	return nil
}

func (f Findings) checkProbabilities() error {
	for n, p := range f.Probabilities {
		if !(p.Value >= 0 && p.Value <= 1) {
			return fmt.Errorf("probability %d of %d is out of range", n+1, len(f.Probabilities))
		}
		if err := checkText("a class", p.Name, maxNameBytes); err != nil {
			return err
		}
		if p.Code != nil {
			if err := checkCode(*p.Code); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f Findings) checkBoxes() error {
	for n, b := range f.Boxes {
		sound := b.Score >= 0 && b.Score <= 1
		for axis := range 3 {
			sound = sound && b.Min[axis] >= -maxPlace && b.Min[axis] <= b.Max[axis] && b.Max[axis] <= maxPlace
		}
		if !sound {
			return fmt.Errorf("box %d of %d is out of range", n+1, len(f.Boxes))
		}
		if err := checkText("a class", b.Name, maxNameBytes); err != nil {
			return err
		}
	}
	return nil
}

func checkCode(c models.Code) error {
	return firstOf(checkText("a code", c.Value, maxTextBytes), checkText("a coding scheme", c.Scheme, maxTextBytes), checkText("a code's meaning", c.Meaning, maxNameBytes))
}

func firstOf(faults ...error) error {
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkText wants a text that can be printed as it is: bounded, and without control
// characters, escape sequences or marks that turn the writing round. The text itself
// is never repeated.
func checkText(what, text string, limit int) error {
	if len(text) > limit || !utf8.ValidString(text) {
		return fmt.Errorf("%s has %d bytes; want at most %d of UTF-8", what, len(text), limit)
	}
	if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsGraphic(c) }) {
		return fmt.Errorf("%s holds a character that can't be printed", what)
	}
	return nil
}
