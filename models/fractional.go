package models

import (
	"errors"
	"fmt"
	"slices"
)

// ShareLevels is how many steps above 0 a delivered probability has: it is a whole number
// of 1/255, as eight bits hold it (DICOM PS3.3 C.8.20.2, Maximum Fractional Value).
const ShareLevels = 255

// Cutoff says when a voxel of a fractional segmentation counts to a structure. The
// structure of the largest share is taken, the first one in the manifest among equals, if
// that share is at least Least and, with Rest, above what the structures together leave
// of ShareLevels, which is the background's.
type Cutoff struct {
	Least int // of ShareLevels, 1 to 256
	Rest  bool
}

// Cutoff is the one of a fractional segmentation: that of its threshold, or of its argmax.
func (m Manifest) Cutoff() Cutoff {
	for _, s := range m.Postprocess {
		switch s.Op {
		case "threshold":
			return Cutoff{Least: int(s.Above*ShareLevels) + 1} // above, so the next whole number
		case "argmax":
			return Cutoff{Least: 1, Rest: true}
		}
	}
	return Cutoff{Least: ShareLevels + 1} // never
}

// validateFractional checks that probabilities can be delivered, and that what is counted
// can be counted again from them.
func (m Manifest) validateFractional() error {
	if !m.Fractional {
		return nil
	}
	if m.TaskKind() != Segmentation || m.Output.Type != "float32" {
		return errors.New("fractional: only a segmentation with a float32 output has probabilities; leave it out")
	}
	var argmax, softmax, sigmoid bool
	for _, s := range m.Postprocess {
		switch s.Op {
		case "softmax":
			softmax = true
		case "sigmoid":
			sigmoid = true
		case "argmax":
			argmax = true
		case "threshold":
			if !(s.Above >= 0 && s.Above < 1) {
				return fmt.Errorf("fractional: a threshold of %v is no probability; want 0 to less than 1", s.Above)
			}
		case "largest-component", "min-component", "drop-border":
			return fmt.Errorf("fractional: %s says nothing about probabilities; leave one of the two out", s.Op)
		}
	}
	// Where each channel has a probability of its own, none of them is what the others leave.
	if argmax && sigmoid && !softmax {
		return errors.New("fractional: sigmoid gives each structure a probability of its own; use threshold in place of argmax")
	}
	if !slices.ContainsFunc(m.Postprocess, func(s Step) bool { return s.Op == "argmax" || s.Op == "threshold" }) {
		return errors.New("fractional: needs argmax or threshold to say which voxels count")
	}
	return nil
}
