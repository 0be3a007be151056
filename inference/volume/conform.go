package volume

import (
	"errors"
	"fmt"
	"slices"

	"github.com/medhive/medhive/models"
)

// ErrUnsuited marks an image that a declared step can't work on: the study is sound,
// but this model has no use for it.
var ErrUnsuited = errors.New("the image does not suit the model")

// Conform runs a manifest's preprocessing steps in order, but for sliding-window, which
// says how the model is run. The result's grid says where each of its voxels lies in the
// patient, which is all that MapLabels needs. The input keeps its values. What the
// image's content rules out wraps ErrUnsuited.
//
// A picture is an image whose k counts channels; ConformPicture conforms it.
func Conform(img *Image, steps []models.Step) (*Image, error) { return conform(img, steps, false) }

// ConformPicture is Conform for a picture of Size [columns, rows, channels]: steps that
// change the grid work on columns and rows, and values are measured over all channels.
func ConformPicture(img *Image, steps []models.Step) (*Image, error) {
	return conform(img, steps, true)
}

func conform(img *Image, steps []models.Step, picture bool) (*Image, error) {
	if err := img.Validate(); err != nil {
		return nil, fmt.Errorf("conform: %w", err)
	}
	original := img
	for n, step := range steps {
		next, err := conformStep(img, step, img != original, picture)
		if err != nil {
			return nil, fmt.Errorf("preprocess step %d: %w", n+1, err)
		}
		img = next
	}
	return img, nil
}

// conformStep runs one step; owned says that img's values may be overwritten.
func conformStep(img *Image, step models.Step, owned, picture bool) (*Image, error) {
	switch step.Op {
	case "orient":
		return Reorient(img, step.To)
	case "resample":
		return resample(img, step.SpacingMM, step.Kernel, owned)
	case "crop-foreground":
		return CropForeground(img, float32(step.Above), step.Margin)
	case "pad":
		size := paddedSize(img.Size, step, picture)
		return Pad(img, size, step.Where == "centre" || step.Margin > 0, float32(step.Value))
	case "resize":
		if len(step.Size) != 2 {
			return nil, errors.New("resize: want columns and rows")
		}
		return Resize(img, [2]int(step.Size), step.Kernel)
	case "rgb":
		return convertChannels(img, step.Kind)
	case "sliding-window":
		return img, nil
	case "clip", "window", "normalise":
		if !owned {
			img = &Image{Grid: img.Grid, Data: slices.Clone(img.Data)}
		}
		return img, rescale(img, step)
	}
	return nil, fmt.Errorf("%.20q is unknown; update medhive", step.Op)
}

// rescale runs a step that changes values alone, in place.
func rescale(img *Image, step models.Step) error {
	low, high := float32(step.Low), float32(step.High)
	switch {
	case step.Op == "clip":
		return clip(img, low, high)
	case step.Op == "window":
		return window(img, low, high)
	case step.Kind == "min-max":
		return normaliseMinMax(img)
	case step.Kind == "percentile":
		return normalisePercentile(img, step.Low, step.High)
	case step.Kind == "z-score" && step.Of == "foreground":
		return normaliseForeground(img, float32(step.Above))
	case step.Kind == "z-score":
		return normaliseZScore(img)
	case step.Kind == "mean-std":
		return normaliseMeanStd(img, step.Mean, step.Std)
	}
	return fmt.Errorf("normalise: kind %.20q is unknown", step.Kind)
}
