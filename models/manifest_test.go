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
	"face of a plate":     {all(at("defaced", true), at("selection.modality", "CR/DX")), "defaced"},
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
	"normalise's kind":    {step(`{"op": "normalise", "kind": "gauss"}`), "step 1"},
	"percentile over 100": {step(`{"op": "normalise", "kind": "percentile", "low": 1, "high": 101}`), "step 1"},
	"negative margin":     {step(`{"op": "crop-foreground", "above": 0.1, "margin": -1}`), "step 1"},
	"pad by nothing":      {step(`{"op": "pad"}`), "step 1"},
	"pad by too much":     {step(`{"op": "pad", "multiple": 257}`), "step 1"},
	"pad a wide margin":   {step(`{"op": "pad", "margin": 257}`), "step 1"},
	"pad less than none":  {step(`{"op": "pad", "margin": -4}`), "step 1"},
	"pad margin and size": {step(`{"op": "pad", "margin": 4, "multiple": 8}`), "step 1"},
	"unknown postprocess": {at("postprocess", []any{map[string]any{"op": "erode"}}), "step 1"},

	"task":                      {at("task", "triage"), "task"},
	"four dimensions":           {at("dimensions", 4), "dimensions"},
	"publisher without a kind":  {at("publisher", strings.Repeat("A", 43)+"="), "publisher"},
	"publisher's key too short": {at("publisher", "ed25519:AAAA"), "publisher"},
	"modality in small letters": {at("selection.modality", "ct"), "modality"},
	"modality after a slash":    {at("selection.modality", "CR/"), "modality"},
	"labels from scores":        {at("output.type", "float32"), "output"},
	"pad both ways":             {step(`{"op": "pad", "multiple": 8, "size": [8, 8, 8]}`), "step 1"},
	"pad somewhere":             {step(`{"op": "pad", "multiple": 8, "where": "left"}`), "step 1"},
	"pad to nothing":            {step(`{"op": "pad", "size": [8, 0, 8]}`), "step 1"},
	"z-score of something":      {step(`{"op": "normalise", "kind": "z-score", "of": "bone"}`), "step 1"},
	"no deviation":              {step(`{"op": "normalise", "kind": "mean-std", "mean": [1], "std": [0]}`), "step 1"},
	"window's overlap":          {step(`{"op": "sliding-window", "size": [8, 8, 8], "overlap": 0.95, "kind": "gaussian"}`), "step 1"},
	"window's blending":         {step(`{"op": "sliding-window", "size": [8, 8, 8], "kind": "square"}`), "step 1"},
	"huge window":               {step(`{"op": "sliding-window", "size": [8, 8, 5000], "kind": "constant"}`), "step 1"},
	"field of another step":     {at("postprocess", []any{map[string]any{"op": "largest-component", "count": 256}}), "step 1"},
	"no least volume":           {at("postprocess", []any{map[string]any{"op": "min-component"}}), "step 1"},
	"unknown measurement":       {at("measurements", []any{map[string]any{"kind": "mood", "label": 1, "unit": ucum("ml")}}), "measurements"},
	"measurement without unit":  {at("measurements", []any{map[string]any{"kind": "volume", "label": 1}}), "measurements"},
	"measured label above byte": {at("measurements", []any{map[string]any{"kind": "volume", "label": 300, "unit": ucum("ml")}}), "300"},
	"example without a digest":  {at("example", map[string]any{"input": map[string]any{"file": "x.tar", "bytes": 1}, "expected": map[string]any{"file": "y", "bytes": 1}}), "example"},
	"example in a folder":       {at("example", exampleOf("../x.tar")), "example"},
	"example's labels bare":     {all(at("example", exampleOf("x.tar")), at("example.labels", map[string]any{"file": "x", "bytes": 1})), "example"},
	"example's labels outside":  {all(at("example", exampleOf("x.tar")), at("example.labels", exampleOf("../x")["input"])), "example"},
	"labels of a class": {all(picture("classification", `{"name": "y", "type": "float32", "shape": [1, 2]}`, `[{"op": "softmax"}]`),
		at("classes", parsed(`[{"name": "yes"}, {"name": "no"}]`)), at("example", exampleOf("x.tar")), at("example.labels", exampleOf("labels.bin")["input"])), "example"},
	"margin below nothing": {at("tolerance.max_label_margin", -0.1), "max_label_margin"},
}

func ucum(code string) map[string]any {
	return map[string]any{"value": code, "scheme": "UCUM", "meaning": code}
}

func exampleOf(input string) map[string]any {
	file := func(name string) map[string]any {
		return map[string]any{"file": name, "sha256": "sha256:" + strings.Repeat("cd", 32), "bytes": 9}
	}
	return map[string]any{"input": file(input), "expected": file("findings.json")}
}

// all applies several changes.
func all(bends ...func(map[string]any)) func(map[string]any) {
	return func(m map[string]any) {
		for _, bend := range bends {
			bend(m)
		}
	}
}

// parsed is a JSON value for at.
func parsed(text string) any {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	return v
}

// picture turns the good manifest into one of another task on a picture.
func picture(task, output, post string) func(map[string]any) {
	return all(at("task", task), at("dimensions", 2), at("labels", nil), at("preprocess", []any{}),
		at("input.shape", parsed(`[1, 1, -1, -1]`)), at("output", parsed(output)), at("postprocess", parsed(post)))
}

// Manifests of every task and step, which Go and the schema accept.
var fitting = map[string]func(map[string]any){
	"scores": all(at("output", parsed(`{"name": "y", "type": "float32", "shape": [1, 2, -1, -1, -1]}`)),
		at("postprocess", parsed(`[{"op": "softmax"}, {"op": "argmax"}, {"op": "drop-border", "label": 1}, {"op": "largest-component", "count": 2}, {"op": "min-component", "ml": 0.5}]`))),
	"threshold": all(at("output", parsed(`{"name": "y", "type": "float32", "shape": [1, 1, -1, -1, -1]}`)),
		at("postprocess", parsed(`[{"op": "sigmoid"}, {"op": "threshold", "above": 0.5}]`))),
	"every step": at("preprocess", parsed(`[{"op": "orient", "to": "RAS"}, {"op": "resample", "spacing_mm": [1, 1, 1], "kernel": "spline"},
		{"op": "clip", "low": -1000, "high": 1000}, {"op": "window", "low": -1000, "high": 400}, {"op": "normalise", "kind": "z-score", "of": "foreground"},
		{"op": "normalise", "kind": "mean-std", "mean": [0.5], "std": [0.2]}, {"op": "pad", "size": [96, 96, 96], "where": "centre", "value": -1}, {"op": "pad", "margin": 4},
		{"op": "sliding-window", "size": [96, 96, 96], "overlap": 0.5, "kind": "gaussian"}]`)),
	"measurements": at("measurements", []any{
		map[string]any{"kind": "volume", "label": 1, "unit": ucum("mm3")}, map[string]any{"kind": "longest-diameter", "label": 1, "unit": ucum("cm")},
		map[string]any{"kind": "mean-hu", "label": 1, "unit": ucum("[hnsf'U]")}, map[string]any{"kind": "low-attenuation-share", "label": 1, "below": -950, "unit": ucum("%")}}),
	"defaced":               all(at("defaced", true), at("selection.modality", "PT/CT")),
	"example and publisher": all(at("example", exampleOf("study.tar")), at("publisher", "ed25519:"+strings.Repeat("A", 43)+"=")),
	"example with labels":   all(at("example", exampleOf("study.tar")), at("example.labels", exampleOf("labels.bin")["input"])),
	"margin":                at("tolerance.max_label_margin", 0.002),
	"two modalities":        at("selection.modality", "CR/DX"),
	"classification": all(picture("classification", `{"name": "y", "type": "float32", "shape": [1, 2]}`, `[{"op": "softmax"}]`),
		at("classes", parsed(`[{"name": "yes", "threshold": 0.5}, {"name": "no"}]`)),
		at("preprocess", parsed(`[{"op": "rgb", "kind": "grey"}, {"op": "resize", "size": [224, 224], "kernel": "linear"}]`))),
	"regression": all(picture("regression", `{"name": "y", "type": "float32", "shape": [1]}`, `[]`),
		at("measurements", []any{map[string]any{"kind": "value", "code": ucum("x"), "unit": ucum("1")}})),
	"detection": all(picture("detection", `{"name": "y", "type": "float32", "shape": [1, 100, 6]}`, `[{"op": "nms", "overlap": 0.3, "above": 0.1, "count": 20}]`),
		at("classes", parsed(`[{"name": "nodule"}]`))),
	"segmented picture": all(picture("segmentation", `{"name": "y", "type": "float32", "shape": [1, 2, -1, -1]}`, `[{"op": "argmax"}]`),
		at("labels", []any{background, lung})),
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
	for name, bend := range fitting {
		m := good()
		bend(m)
		if _, err := models.ParseManifest(encode(t, m)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
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

// Some rules stand in Go alone: a schema can't compare two fields or two elements.
func TestRulesBeyondTheSchema(t *testing.T) {
	for name, bend := range map[string]func(map[string]any){
		"percentiles cross": step(`{"op": "normalise", "kind": "percentile", "low": 60, "high": 40}`),
		"label twice":       at("labels", []any{background, lung, lung}),

		"window upside down":         step(`{"op": "window", "low": 1, "high": -1}`),
		"window before the end":      at("preprocess", parsed(`[{"op": "sliding-window", "size": [8, 8, 8], "kind": "constant"}, {"op": "pad", "multiple": 8}]`)),
		"window of another size":     all(at("input.shape", parsed(`[1, 1, 64, 64, 64]`)), step(`{"op": "sliding-window", "size": [64, 64, 32], "kind": "constant"}`)),
		"window of two edges":        step(`{"op": "sliding-window", "size": [8, 8], "kind": "constant"}`),
		"resize of a series":         step(`{"op": "resize", "size": [8, 8, 8], "kernel": "linear"}`),
		"orient of a picture":        all(fitting["segmented picture"], step(`{"op": "orient", "to": "RAS"}`)),
		"two means for one":          step(`{"op": "normalise", "kind": "mean-std", "mean": [1, 2], "std": [1, 1]}`),
		"largest of an unknown":      at("postprocess", parsed(`[{"op": "argmax-in-graph"}, {"op": "largest-component", "label": 9}]`)),
		"argmax of labels":           at("postprocess", parsed(`[{"op": "argmax"}]`)),
		"scores without argmax":      all(fitting["scores"], at("postprocess", parsed(`[{"op": "softmax"}]`))),
		"components before argmax":   all(fitting["scores"], at("postprocess", parsed(`[{"op": "min-component", "ml": 1}, {"op": "argmax"}]`))),
		"channels and labels differ": all(fitting["scores"], at("output.shape", parsed(`[1, 3, -1, -1, -1]`))),
		"boxes suppressed in labels": at("postprocess", parsed(`[{"op": "nms", "count": 3}]`)),
		"measures nothing":           at("measurements", []any{map[string]any{"kind": "volume", "label": 7, "unit": ucum("ml")}}),
		"volume in mm":               at("measurements", []any{map[string]any{"kind": "volume", "label": 1, "unit": ucum("mm")}}),
		"value of a segmentation":    at("measurements", []any{map[string]any{"kind": "value", "code": ucum("x"), "unit": ucum("1")}}),
		"classes of a segmentation":  at("classes", parsed(`[{"name": "yes"}]`)),
		"classification of none":     all(fitting["classification"], at("classes", nil)),
		"class twice":                all(fitting["classification"], at("classes", parsed(`[{"name": "yes"}, {"name": "yes"}]`))),
		"classes and output differ":  all(fitting["classification"], at("output.shape", parsed(`[1, 3]`))),
		"labels of a classification": all(fitting["classification"], at("labels", []any{background, lung})),
		"regression of nothing":      all(fitting["regression"], at("measurements", nil)),
		"detection without rows":     all(fitting["detection"], at("output.shape", parsed(`[1, -1, 6]`))),
		"detection of flat boxes":    all(fitting["detection"], at("dimensions", 3), at("input.shape", parsed(`[1, 1, -1, -1, -1]`))),
		"four channels":              all(fitting["classification"], at("input.shape", parsed(`[1, 4, -1, -1]`))),
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
	for _, file := range []string{"reference/manifest.json", "catalog/packages/ct-lung-bone/manifest.json", "catalog/packages/radiograph-quality/manifest.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for name, bend := range fitting {
		m := good()
		bend(m)
		if err := check(encode(t, m)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
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
	for _, bend := range fitting {
		m := good()
		bend(m)
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
