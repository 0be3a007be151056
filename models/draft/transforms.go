package draft

import (
	"slices"
	"strings"

	"github.com/medhive/medhive/models"
)

// silent are transforms that say nothing about values or geometry here: reading, types,
// channels, and the way back, which MedHive goes by itself.
func silent(name string) bool {
	return slices.Contains([]string{"LoadImaged", "EnsureChannelFirstd", "AddChanneld", "EnsureTyped", "ToTensord", "CastToTyped", "ToDeviced",
		"Invertd", "SaveImaged", "DeleteItemsd", "SelectItemsd", "CopyItemsd"}, name)
}

// before translates one transform of the preprocessing.
func (b bundle) before(t map[string]any) {
	name := target(t)
	if silent(name) {
		return
	}
	step, ok := b.step(name, t)
	if !ok {
		b.todo("preprocess", "%s is not translated, or a parameter of it is computed; add a step that does the same, or leave it out knowingly", name)
		return
	}
	b.Manifest.Preprocess = append(b.Manifest.Preprocess, step)
}

// step translates transforms with the same meaning. MONAI's arrays are [i][j][k] from
// the slowest axis, ours name the fastest first, so that everything per axis is reversed.
func (b bundle) step(name string, t map[string]any) (s models.Step, ok bool) {
	switch name {
	case "Orientationd":
		axes, _ := b.value(t["axcodes"]).(string)
		letters := strings.Split(axes, "")
		slices.Reverse(letters)
		return models.Step{Op: "orient", To: strings.Join(letters, "")}, len(letters) == 3
	case "Spacingd":
		pixdim, ok := b.numbers(t["pixdim"])
		kernel, known := b.kernel(t["mode"])
		if !ok || len(pixdim) != 3 || !known {
			return s, false
		}
		return models.Step{Op: "resample", SpacingMM: [3]float64{pixdim[2], pixdim[1], pixdim[0]}, Kernel: kernel}, true
	case "ScaleIntensityd":
		return models.Step{Op: "normalise", Kind: "min-max"}, b.is(t, "minv", 0) && b.is(t, "maxv", 1) && t["factor"] == nil
	case "ScaleIntensityRanged":
		low, okLow := b.number(t["a_min"])
		high, okHigh := b.number(t["a_max"])
		clip, _ := b.value(t["clip"]).(bool)
		return models.Step{Op: "window", Low: low, High: high}, okLow && okHigh && clip && b.is(t, "b_min", 0) && b.is(t, "b_max", 1)
	case "ScaleIntensityRangePercentilesd":
		low, okLow := b.number(t["lower"])
		high, okHigh := b.number(t["upper"])
		clip, _ := b.value(t["clip"]).(bool)
		return models.Step{Op: "normalise", Kind: "percentile", Low: low, High: high}, okLow && okHigh && clip && b.is(t, "b_min", 0) && b.is(t, "b_max", 1)
	case "NormalizeIntensityd":
		s = models.Step{Op: "normalise", Kind: "z-score"}
		nonzero, known := b.value(t["nonzero"]).(bool)
		if nonzero {
			s.Of = "foreground"
		}
		return s, t["subtrahend"] == nil && t["divisor"] == nil && (known || t["nonzero"] == nil)
	case "CropForegroundd":
		margin := 0.0
		if t["margin"] != nil {
			if margin, ok = b.number(t["margin"]); !ok {
				return s, false
			}
		}
		return models.Step{Op: "crop-foreground", Margin: int(margin)}, t["select_fn"] == nil
	case "DivisiblePadd":
		k, ok := b.number(t["k"])
		return models.Step{Op: "pad", Multiple: int(k), Where: "centre"}, ok
	case "SpatialPadd":
		size, ok := b.edges(t["spatial_size"])
		s = models.Step{Op: "pad", Size: size, Where: "centre"}
		if method, _ := b.value(t["method"]).(string); method == "end" {
			s.Where = "end"
		}
		return s, ok
	}
	return s, false
}

// inferer translates a sliding window; a simple inferer needs no step.
func (b bundle) inferer() {
	t, ok := b.value(b.root["inferer"]).(map[string]any)
	if !ok {
		return
	}
	switch name := target(t); name {
	case "SimpleInferer":
	case "SlidingWindowInferer":
		size, ok := b.edges(t["roi_size"])
		overlap := 0.25 // MONAI's default
		if t["overlap"] != nil {
			var known bool
			overlap, known = b.number(t["overlap"])
			ok = ok && known
		}
		kind, isText := b.value(t["mode"]).(string)
		if t["mode"] == nil {
			kind, isText = "constant", true // MONAI's default
		}
		if !ok || !isText {
			b.todo("preprocess", "%s has computed parameters; add sliding-window as the last step", name)
			return
		}
		b.Manifest.Preprocess = append(b.Manifest.Preprocess, models.Step{Op: "sliding-window", Size: size, Overlap: overlap, Kind: kind})
	default:
		b.todo("preprocess", "the inferer %s is not translated; say how the model is run", name)
	}
}

// after translates one transform of the postprocessing.
func (b bundle) after(t map[string]any) {
	name := target(t)
	if silent(name) {
		return
	}
	yes := func(key string) bool { on, _ := b.value(t[key]).(bool); return on }
	steps := &b.Manifest.Postprocess
	switch {
	case name == "Activationsd" && yes("softmax"):
		*steps = append(*steps, models.Step{Op: "softmax"})
	case name == "Activationsd" && yes("sigmoid"):
		*steps = append(*steps, models.Step{Op: "sigmoid"})
	case name == "AsDiscreted" && yes("argmax"):
		*steps = append(*steps, models.Step{Op: "argmax"})
	case name == "AsDiscreted" && t["threshold"] != nil:
		above, ok := b.number(t["threshold"])
		if !ok {
			b.todo("postprocess", "%s has a computed threshold; add the step threshold", name)
			return
		}
		*steps = append(*steps, models.Step{Op: "threshold", Above: above})
	case name == "KeepLargestConnectedComponentd":
		labels, ok := b.numbers(t["applied_labels"])
		if !ok {
			*steps = append(*steps, models.Step{Op: "largest-component"})
			return
		}
		for _, l := range labels {
			*steps = append(*steps, models.Step{Op: "largest-component", Label: uint8(max(0, min(l, 255)))})
		}
	default:
		b.todo("postprocess", "%s is not translated; add a step that does the same, or leave it out knowingly", name)
	}
}

func (b bundle) number(v any) (float64, bool) {
	n, ok := b.value(v).(float64)
	return n, ok
}

// is reports whether a parameter has the value, or is left at a default that is it.
func (b bundle) is(t map[string]any, key string, want float64) bool {
	if t[key] == nil {
		return true
	}
	n, ok := b.number(t[key])
	return ok && n == want
}

// numbers reads a list of at most eight numbers, or one alone.
func (b bundle) numbers(v any) (list []float64, ok bool) {
	switch v := b.value(v).(type) {
	case float64:
		return []float64{v}, true
	case []any:
		for _, e := range v {
			n, isNumber := b.value(e).(float64)
			if !isNumber || len(list) == 8 {
				return nil, false
			}
			list = append(list, n)
		}
		return list, len(list) > 0
	}
	return nil, false
}

// edges reads a size per axis and turns it round.
func (b bundle) edges(v any) (size []int, ok bool) {
	list, ok := b.numbers(v)
	slices.Reverse(list)
	for _, n := range list {
		size = append(size, int(max(0, min(n, models.MaxEdge))))
	}
	if axes := b.Manifest.Axes(); len(size) == 1 {
		for len(size) < axes {
			size = append(size, size[0])
		}
	}
	return size, ok
}

// kernel translates the interpolation of an image; a list begins with the image's own.
func (b bundle) kernel(v any) (string, bool) {
	if v == nil {
		return "linear", true // MONAI's default
	}
	v = b.value(v)
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = b.value(list[0])
	}
	switch v {
	case "bilinear", "trilinear", "linear":
		return "linear", true
	case "nearest":
		return "nearest", true
	case 3.0:
		return "spline", true
	}
	return "", false
}
