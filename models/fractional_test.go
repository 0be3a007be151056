package models_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

// probabilities turns the good manifest into one of probabilities.
func probabilities(channels int, post string) func(map[string]any) {
	return all(at("fractional", true), at("output", map[string]any{"name": "y", "type": "float32", "shape": []any{1, channels, -1, -1, -1}}),
		at("postprocess", parsed(post)))
}

func TestFractionalSegmentations(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("manifest.schema.json")
	if err != nil {
		t.Fatal(err)
	}

	for name, c := range map[string]struct {
		bend   func(map[string]any)
		fault  string // empty: accepted
		schema bool   // refuses it too
	}{
		"softmax and argmax":    {bend: probabilities(2, `[{"op": "softmax"}, {"op": "argmax"}]`)},
		"shares from the graph": {bend: probabilities(2, `[{"op": "argmax"}]`)},
		"sigmoid and threshold": {bend: probabilities(1, `[{"op": "sigmoid"}, {"op": "threshold", "above": 0.5}]`)},
		"of a picture": {bend: all(picture("segmentation", `{"name": "y", "type": "float32", "shape": [1, 1, -1, -1]}`, `[{"op": "threshold", "above": 0.5}]`),
			at("labels", []any{background, lung}), at("fractional", true))},
		"labels have none":        {bend: at("fractional", true), fault: "float32", schema: true},
		"classes have none":       {bend: all(fitting["classification"], at("fractional", true)), fault: "float32", schema: true},
		"largest component":       {bend: probabilities(2, `[{"op": "argmax"}, {"op": "largest-component"}]`), fault: "largest-component", schema: true},
		"smallest component":      {bend: probabilities(2, `[{"op": "argmax"}, {"op": "min-component", "ml": 1}]`), fault: "min-component", schema: true},
		"borders":                 {bend: probabilities(2, `[{"op": "argmax"}, {"op": "drop-border"}]`), fault: "drop-border", schema: true},
		"certainty is not enough": {bend: probabilities(1, `[{"op": "sigmoid"}, {"op": "threshold", "above": 1}]`), fault: "no probability"},
		"less than impossible":    {bend: probabilities(1, `[{"op": "threshold", "above": -0.1}]`), fault: "no probability"},
		"no rest after sigmoid":   {bend: probabilities(2, `[{"op": "sigmoid"}, {"op": "argmax"}]`), fault: "threshold in place of argmax"},
		"nothing counts":          {bend: probabilities(2, `[{"op": "softmax"}]`), fault: "which voxels count"},
		"not said":                {bend: all(probabilities(2, `[{"op": "argmax"}, {"op": "largest-component"}]`), at("fractional", false))},
	} {
		m := good()
		c.bend(m)
		text := encode(t, m)
		if _, err := models.ParseManifest(text); (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v; want %q", name, err, c.fault)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err != nil) != c.schema {
			t.Errorf("%s: the schema says %v", name, err)
		}
	}
}

// A share counts from Least on exactly where it is above the threshold.
func TestCutoffIsAboveTheThreshold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		above := rapid.Float64Range(0, 0.999).Draw(rt, "above")
		m := models.Manifest{Postprocess: []models.Step{{Op: "sigmoid"}, {Op: "threshold", Above: above}}}
		c := m.Cutoff()
		for share := range models.ShareLevels + 1 {
			if counts := float64(share) > above*models.ShareLevels; counts != (share >= c.Least) {
				rt.Fatalf("share %d/255 with a threshold of %v: %+v", share, above, c)
			}
		}
	})
	if c := (models.Manifest{Postprocess: []models.Step{{Op: "softmax"}, {Op: "argmax"}}}).Cutoff(); c != (models.Cutoff{Least: 1, Rest: true}) {
		t.Errorf("argmax: %+v", c)
	}
}
