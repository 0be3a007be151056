package models

import (
	"fmt"
	"math"
	"slices"
)

// Step is one declared transformation. Op decides which of the other fields count.
//
// Before the model, on a series or a picture unless said otherwise:
//
//	orient           To        three of L/R, A/P, S/I: where i, j and k increase towards; series only
//	resample         SpacingMM [i, j, k] in mm; Kernel "linear", "nearest" or "spline" (cubic
//	                 B-spline through the values); series only
//	resize           Size      [columns, rows]; Kernel "linear" or "nearest"; pictures only
//	rgb              Kind      "repeat" (grey three times) or "grey" (luma of RGB); pictures only
//	clip             Low, High values outside become the limit
//	window           Low, High scaled to 0–1 and clipped
//	normalise        Kind      "min-max" (to 0–1), "percentile" (Low, High in percent, clipped to
//	                 0–1), "z-score" (mean 0, standard deviation 1; Of "foreground" takes only the
//	                 values above Above and sets the others to 0) or "mean-std" (subtract Mean and
//	                 divide by Std: one of each, or one per channel)
//	crop-foreground  Above     threshold on the values as they are then; Margin in voxels; series only
//	pad              Multiple  every edge up to a multiple of it, or Size: edges up to at least it;
//	                 Where is "end" (also when empty) or "centre". Or Margin: so many voxels more
//	                 at both ends of every edge. Value is filled in
//	sliding-window   Size      of the window [i, j, k] or [i, j]; Overlap 0–0.9 of it; Kind
//	                 "gaussian" or "constant" blending. Says how the model is run; last step
//
// After the model:
//
//	argmax-in-graph    –       the output already holds labels
//	softmax, sigmoid   –       over the channels or classes; to each value
//	argmax             –       channel n is the n-th label of the manifest
//	threshold          Above   a voxel takes the label of its largest channel if that is above,
//	                   else 0; channel n is the n-th structure
//	largest-component  Label (0: each structure), Count (1 when 0) components that stay
//	min-component      Label, ML: smaller components become background
//	drop-border        Label: components that touch the first or last row or column of the
//	                   source's slices become background, as the air around a patient does
//	nms                Overlap (intersection over union), Above (least score), Count: boxes that
//	                   overlap a better one of their class more than that go
type Step struct {
	Op        string     `json:"op"`
	To        string     `json:"to,omitempty"`
	SpacingMM [3]float64 `json:"spacing_mm,omitzero"`
	Kernel    string     `json:"kernel,omitempty"`
	Kind      string     `json:"kind,omitempty"`
	Of        string     `json:"of,omitempty"`
	Low       float64    `json:"low,omitempty"`
	High      float64    `json:"high,omitempty"`
	Above     float64    `json:"above,omitempty"`
	Margin    int        `json:"margin,omitempty"`
	Multiple  int        `json:"multiple,omitempty"`
	Size      []int      `json:"size,omitempty"`
	Value     float64    `json:"value,omitempty"`
	Where     string     `json:"where,omitempty"`
	Mean      []float64  `json:"mean,omitempty"`
	Std       []float64  `json:"std,omitempty"`
	Overlap   float64    `json:"overlap,omitempty"`
	Label     uint8      `json:"label,omitempty"`
	Count     int        `json:"count,omitempty"`
	ML        float64    `json:"ml,omitempty"`
}

// Bounds of a step's parameters.
const (
	MaxEdge       = 4096 // voxels: pad, resize and window sizes
	MaxMultiple   = 256
	MaxOverlap    = 0.9
	MaxBoxes      = 1000 // that an nms step may leave
	MaxComponents = 255
)

var (
	preprocessOps  = []string{"orient", "resample", "resize", "rgb", "clip", "window", "normalise", "crop-foreground", "pad", "sliding-window"}
	postprocessOps = []string{"argmax-in-graph", "softmax", "sigmoid", "argmax", "threshold", "largest-component", "min-component", "drop-border", "nms"}
	seriesOps      = []string{"orient", "resample", "crop-foreground"}
	pictureOps     = []string{"resize", "rgb"}
)

// validatePreprocess checks each step and that it fits a model of that many axes.
func validatePreprocess(steps []Step, axes int, task string) error {
	for n, s := range steps {
		if !slices.Contains(preprocessOps, s.Op) || !s.knownBefore(axes) {
			return stepFault(n, s, preprocessOps)
		}
		if axes == 2 && slices.Contains(seriesOps, s.Op) || axes == 3 && slices.Contains(pictureOps, s.Op) {
			return fmt.Errorf("step %d (%s): not for a model of %d dimensions", n+1, s.Op, axes)
		}
		if s.Op == "sliding-window" && (n != len(steps)-1 || task != Segmentation) {
			return fmt.Errorf("step %d (%s): must be the last one, of a segmentation", n+1, s.Op)
		}
	}
	return nil
}

func stepFault(n int, s Step, known []string) error {
	return fmt.Errorf("step %d (%.40q): unknown, or a parameter is missing or out of range; known are %v", n+1, s.Op, known)
}

// knownBefore checks the parameters of a preprocessing step.
func (s Step) knownBefore(axes int) bool {
	switch s.Op {
	case "orient":
		return orientPattern.MatchString(s.To)
	case "resample":
		return min(s.SpacingMM[0], s.SpacingMM[1], s.SpacingMM[2]) > 0 && slices.Contains([]string{"linear", "nearest", "spline"}, s.Kernel)
	case "resize":
		return edges(s.Size, axes) && slices.Contains([]string{"linear", "nearest"}, s.Kernel)
	case "rgb":
		return s.Kind == "repeat" || s.Kind == "grey"
	case "clip", "window":
		return s.High > s.Low
	case "normalise":
		return s.knownNormalise()
	case "crop-foreground":
		return s.Margin >= 0
	case "pad":
		return s.knownPad(axes)
	case "sliding-window":
		return edges(s.Size, axes) && s.Overlap >= 0 && s.Overlap <= MaxOverlap && (s.Kind == "gaussian" || s.Kind == "constant")
	}
	return false
}

// knownPad asks for exactly one way of saying how far.
func (s Step) knownPad(axes int) bool {
	if s.Margin != 0 {
		return s.Margin > 0 && s.Margin <= MaxMultiple && s.Multiple == 0 && len(s.Size) == 0 && s.Where == ""
	}
	byMultiple, bySize := s.Multiple > 0 && s.Multiple <= MaxMultiple && len(s.Size) == 0, s.Multiple == 0 && edges(s.Size, axes)
	return (byMultiple || bySize) && slices.Contains([]string{"", "end", "centre"}, s.Where)
}

func (s Step) knownNormalise() bool {
	switch s.Kind {
	case "min-max":
		return true
	case "percentile":
		return s.Low >= 0 && s.High > s.Low && s.High <= 100
	case "z-score":
		return s.Of == "" || s.Of == "foreground"
	case "mean-std":
		positive := !slices.ContainsFunc(s.Std, func(v float64) bool { return !(v > 0) })
		return (len(s.Mean) == 1 || len(s.Mean) == 3) && len(s.Std) == len(s.Mean) && positive
	}
	return false
}

// edges are one size per axis, each from 1 to MaxEdge.
func edges(size []int, axes int) bool {
	return len(size) == axes && slices.Min(size) >= 1 && slices.Max(size) <= MaxEdge
}

// validatePostprocess checks each step, and that the chain leads from the output's type
// to what the task needs.
func validatePostprocess(steps []Step, task, outputType string, labels []Label) error {
	holdsLabels := outputType == "uint8"
	for n, s := range steps {
		if !slices.Contains(postprocessOps, s.Op) || !s.knownAfter() {
			return stepFault(n, s, postprocessOps)
		}
		if s.Label != 0 && !slices.ContainsFunc(labels, func(l Label) bool { return l.Value == s.Label }) {
			return fmt.Errorf("step %d (%s): label %d is not in labels", n+1, s.Op, s.Label)
		}
		var fits bool
		switch s.Op {
		case "argmax-in-graph", "largest-component", "min-component", "drop-border":
			fits = task == Segmentation && holdsLabels
		case "argmax", "threshold":
			fits = task == Segmentation && !holdsLabels
			holdsLabels = true
		case "softmax", "sigmoid":
			fits = (task == Segmentation || task == Classification) && !holdsLabels
		case "nms":
			fits = task == Detection
		}
		if !fits {
			return fmt.Errorf("step %d (%s): does not fit a %s from %s at that place", n+1, s.Op, task, outputType)
		}
	}
	if task == Segmentation && !holdsLabels {
		return fmt.Errorf("postprocess: an output of %s needs argmax or threshold to become labels", outputType)
	}
	return nil
}

// knownAfter checks the parameters of a postprocessing step.
func (s Step) knownAfter() bool {
	switch s.Op {
	case "threshold":
		return !math.IsNaN(s.Above)
	case "largest-component":
		return s.Count >= 0 && s.Count <= MaxComponents
	case "min-component":
		return s.ML > 0
	case "nms":
		return s.Overlap >= 0 && s.Overlap < 1 && s.Count > 0 && s.Count <= MaxBoxes
	}
	return true
}
