package models_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

// good is a minimal valid manifest as a JSON object, for tests to bend.
func good() map[string]any {
	var m map[string]any
	if err := json.Unmarshal([]byte(`{
		"schema": "medhive.model/1", "id": "lung-mask", "version": "1.2.3", "title": "Lungs", "license": "MIT",
		"weights": {"file": "lung.onnx", "sha256": "sha256:`+strings.Repeat("ab", 32)+`", "bytes": 7},
		"intended_use": "Tests.", "limits": ["Not a medical device."],
		"selection": {"modality": "CT", "min_slices": 20, "max_spacing_mm": 5},
		"preprocess": [
			{"op": "orient", "to": "RAS"},
			{"op": "resample", "spacing_mm": [1, 1, 2.5], "kernel": "linear"},
			{"op": "normalise", "kind": "percentile", "low": 1, "high": 99},
			{"op": "crop-foreground", "above": 0.1, "margin": 2},
			{"op": "pad", "multiple": 16}],
		"input": {"name": "x", "type": "float32", "shape": [1, 1, -1, -1, -1]},
		"output": {"name": "y", "type": "uint8", "shape": [1, -1, -1, -1]},
		"labels": [
			{"value": 0, "name": "Background", "color": [0, 0, 0]},
			{"value": 1, "name": "Lung", "color": [1, 2, 3],
			 "category": {"value": "123037004", "scheme": "SCT", "meaning": "Anatomical Structure"},
			 "type": {"value": "39607008", "scheme": "SCT", "meaning": "Lung"}}],
		"postprocess": [{"op": "argmax-in-graph"}],
		"allowed_attributes": ["Rows"], "providers": ["cpu"],
		"tolerance": {"min_dice": 0.99, "max_label_margin": 0.002},
		"requirements": {"memory_bytes": 1000000}}`), &m); err != nil {
		panic(err)
	}
	return m
}

// at sets a value deep in a JSON object; nil deletes.
func at(path string, value any) func(map[string]any) {
	return func(m map[string]any) {
		keys := strings.Split(path, ".")
		for _, k := range keys[:len(keys)-1] {
			m = m[k].(map[string]any)
		}
		if last := keys[len(keys)-1]; value == nil {
			delete(m, last)
		} else {
			m[last] = value
		}
	}
}

// step replaces the preprocessing by one step.
func step(text string) func(map[string]any) {
	var s any
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		panic(err)
	}
	return at("preprocess", []any{s})
}

var lung = map[string]any{"value": 1, "name": "Lung", "color": []any{1, 2, 3},
	"category": map[string]any{"value": "1", "scheme": "SCT", "meaning": "m"}, "type": map[string]any{"value": "1", "scheme": "SCT", "meaning": "m"}}

func without(m map[string]any, key string) map[string]any {
	m = maps.Clone(m)
	delete(m, key)
	return m
}

var background = map[string]any{"value": 0, "name": "Background", "color": []any{0, 0, 0}}

// bent manifests, each with what the error must name. The schema has to agree on each.
var bent = map[string]struct {
	bend func(map[string]any)
	want string
}{
	"schema":              {at("schema", "medhive.model/2"), "schema"},
	"no id":               {at("id", nil), "id"},
	"id with capitals":    {at("id", "Lung"), "id"},
	"id too long":         {at("id", "a"+strings.Repeat("b", 64)), "id"},
	"version":             {at("version", "1.2"), "version"},
	"version with zeros":  {at("version", "01.2.3"), "version"},
	"no license":          {at("license", ""), "license"},
	"no intended use":     {at("intended_use", ""), "intended_use"},
	"no limits":           {at("limits", []any{}), "limits"},
	"unknown key":         {at("licence", "MIT"), "licence"},
	"weights in a folder": {at("weights.file", "../lung.onnx"), "weights.file"},
	"weights hidden":      {at("weights.file", ".onnx"), "weights.file"},
	"no digest":           {at("weights.sha256", nil), "sha256"},
	"zero digest":         {at("weights.sha256", strings.Repeat("0", 64)), "sha256"},
	"short digest":        {at("weights.sha256", "sha256:abcd"), "digest"},
	"no bytes":            {at("weights.bytes", 0), "bytes"},
	"no modality":         {at("selection.modality", ""), "modality"},
	"no slices":           {at("selection.min_slices", 0), "min_slices"},
	"negative spacing":    {at("selection.max_spacing_mm", -1), "max_spacing_mm"},
	"input's type":        {at("input.type", "uint8"), "input"},
	"input's rank":        {at("input.shape", []any{1, 1, -1, -1}), "input"},
	"output's type":       {at("output.type", "float32"), "output"},
	"output's rank":       {at("output.shape", []any{1, -1}), "output"},
	"no attributes":       {at("allowed_attributes", []any{}), "allowed_attributes"},
	"no providers":        {at("providers", []any{}), "providers"},
	"no memory":           {at("requirements.memory_bytes", 0), "memory_bytes"},
	"dice above one":      {at("tolerance.min_dice", 1.01), "min_dice"},
	"dice zero":           {at("tolerance.min_dice", 0), "min_dice"},
	"labels empty":        {at("labels", []any{}), "labels"},
	"only background":     {at("labels", []any{background}), "labels"},
	"no background":       {at("labels", []any{lung, map[string]any{"value": 2, "name": "x", "color": []any{0, 0, 0}, "category": lung["category"], "type": lung["type"]}}), "labels"},
	"label without code":  {at("labels", []any{background, without(lung, "type")}), "labels"},
	"label without name":  {at("labels", []any{background, without(lung, "name")}), "labels"},
	"label above a byte":  {at("labels", []any{background, map[string]any{"value": 256, "name": "x"}}), "256"},
	"unknown step":        {step(`{"op": "sharpen"}`), "step 1"},
	"orient's letters":    {step(`{"op": "orient", "to": "LXA"}`), "step 1"},
	"spacing zero":        {step(`{"op": "resample", "spacing_mm": [1, 0, 1], "kernel": "linear"}`), "step 1"},
	"kernel":              {step(`{"op": "resample", "spacing_mm": [1, 1, 1], "kernel": "cubic"}`), "step 1"},
	"normalise's kind":    {step(`{"op": "normalise", "kind": "z-score"}`), "step 1"},
	"percentile over 100": {step(`{"op": "normalise", "kind": "percentile", "low": 1, "high": 101}`), "step 1"},
	"negative margin":     {step(`{"op": "crop-foreground", "above": 0.1, "margin": -1}`), "step 1"},
	"pad by nothing":      {step(`{"op": "pad"}`), "step 1"},
	"pad by too much":     {step(`{"op": "pad", "multiple": 257}`), "step 1"},
	"unknown postprocess": {at("postprocess", []any{map[string]any{"op": "erode"}}), "step 1"},
}

func encode(t testing.TB, m map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestParseManifest(t *testing.T) {
	m, err := models.ParseManifest(encode(t, good()))
	if err != nil {
		t.Fatalf("the good one: %v", err)
	}
	if s := m.Structures(); len(s) != 1 || s[0].Name != "Lung" {
		t.Errorf("structures %v; want the lung alone", s)
	}
	for name, c := range bent {
		m := good()
		c.bend(m)
		if _, err := models.ParseManifest(encode(t, m)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want an error that names %q", name, err, c.want)
		}
	}
	text := encode(t, good())
	for name, text := range map[string][]byte{
		"trailing object": append(slices.Clone(text), text...),
		"empty":           nil,
		"not JSON":        []byte("id: lung-mask"),
		"too long":        append(slices.Clone(text), bytes.Repeat([]byte(" "), models.MaxManifestBytes)...),
	} {
		if _, err := models.ParseManifest(text); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Two rules stand in Go alone: a schema can't compare two fields or two elements.
func TestRulesBeyondTheSchema(t *testing.T) {
	for name, bend := range map[string]func(map[string]any){
		"percentiles cross": step(`{"op": "normalise", "kind": "percentile", "low": 60, "high": 40}`),
		"label twice":       at("labels", []any{background, lung, lung}),
	} {
		m := good()
		bend(m)
		if _, err := models.ParseManifest(encode(t, m)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSchemaAgreesWithGo(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("manifest.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(text []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	if err := check(encode(t, good())); err != nil {
		t.Errorf("the good one: %v", err)
	}
	reference, err := os.ReadFile("reference/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := check(reference); err != nil {
		t.Errorf("the reference model's: %v", err)
	}
	for name, c := range bent {
		m := good()
		c.bend(m)
		if check(encode(t, m)) == nil {
			t.Errorf("%s: the schema accepts what Go refuses", name)
		}
	}
}

// Whatever Go writes from an accepted manifest, Go and the schema accept again.
func TestManifestRoundTrip(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("manifest.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := good()
		at("id", rapid.StringMatching(`[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,3}`).Draw(rt, "id"))(m)
		at("version", rapid.StringMatching(`(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){2}(-[0-9a-z]{1,8})?`).Draw(rt, "version"))(m)
		at("selection.min_slices", rapid.IntRange(1, 5000).Draw(rt, "slices"))(m)
		at("tolerance.min_dice", rapid.Float64Range(0.01, 1).Draw(rt, "dice"))(m)
		first, err := models.ParseManifest(encode(t, m))
		if err != nil {
			rt.Fatal(err)
		}
		text, err := json.Marshal(first)
		if err != nil {
			rt.Fatal(err)
		}
		second, err := models.ParseManifest(text)
		if err != nil {
			rt.Fatalf("read back: %v", err)
		}
		again, _ := json.Marshal(second)
		if !bytes.Equal(text, again) {
			rt.Fatalf("%s\nbecame\n%s", text, again)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err == nil {
			err = schema.Validate(v)
		}
		if err != nil {
			rt.Fatalf("the schema refuses what Go wrote: %v", err)
		}
	})
}

func FuzzParseManifest(f *testing.F) {
	f.Add(encode(f, good()))
	for _, c := range bent {
		m := good()
		c.bend(m)
		f.Add(encode(f, m))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := models.ParseManifest(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatalf("an accepted manifest can't be written: %v", err)
		}
		if _, err := models.ParseManifest(again); err != nil && len(again) <= models.MaxManifestBytes {
			t.Fatalf("an accepted manifest is refused once written: %v", err)
		}
	})
}
