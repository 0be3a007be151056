package draft_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/draft"
	"github.com/medhive/medhive/models/reference"
)

// referenceWeights are a real ONNX file: one input t1, one output labels.
func referenceWeights(t testing.TB) []byte {
	t.Helper()
	p, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	return p.Weights
}

func fields(d draft.Draft) (list []string) {
	for _, todo := range d.Todo {
		list = append(list, todo.Field)
	}
	return list
}

func TestBareFile(t *testing.T) {
	weights := referenceWeights(t)
	d, err := draft.FromONNX(weights, draft.Facts{ID: "brain", Version: "1.0.0", Title: "Brain", License: "MIT", Modality: "MR"})
	if err != nil {
		t.Fatal(err)
	}
	m := d.Manifest
	if m.Weights.SHA256 != models.DigestOf(weights) || m.Weights.Bytes != int64(len(weights)) || m.Input.Name != "t1" || m.Output.Name != "labels" ||
		!slices.Equal(m.Input.Shape, []int64{1, 1, -1, -1, -1}) || m.Selection.Modality != "MR" {
		t.Errorf("%+v", m)
	}
	for _, want := range []string{"intended_use", "limits", "preprocess", "labels", "allowed_attributes", "CARD.md"} {
		if !slices.Contains(fields(d), want) {
			t.Errorf("%s is not on the list: %v", want, fields(d))
		}
	}
	for _, said := range []string{"id", "version", "license", "title", "selection.modality"} {
		if slices.Contains(fields(d), said) {
			t.Errorf("%s was said and is on the list", said)
		}
	}
	bare, err := draft.FromONNX(weights, draft.Facts{})
	if err != nil || !slices.Contains(fields(bare), "license") || !slices.Contains(fields(bare), "id") {
		t.Errorf("%v %v", err, fields(bare))
	}
	for name, data := range map[string][]byte{"text": []byte("hello"), "cut": weights[:1000], "nothing": nil} {
		if _, err := draft.FromONNX(data, draft.Facts{}); err == nil || !strings.Contains(err.Error(), "no ONNX file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDraftIsNoPackage(t *testing.T) {
	d, err := draft.FromONNX(referenceWeights(t), draft.Facts{ID: "brain", Version: "1.0.0", Title: "Brain", License: "MIT", Modality: "MR"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "brain")
	if err := d.Write(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := models.VerifyFolder(dir); err == nil {
		t.Error("a draft counts as a package")
	}
	text, err := os.ReadFile(filepath.Join(dir, draft.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := models.ParseManifest(text); err == nil || !strings.Contains(err.Error(), "limits") {
		t.Errorf("a draft counts as a manifest: %v", err)
	}
	todo, err := os.ReadFile(filepath.Join(dir, draft.TodoFile))
	if err != nil || strings.Count(string(todo), "- [ ]") != len(d.Todo) {
		t.Errorf("%v: %s", err, todo)
	}
	if err := d.Write(dir); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("somebody's work was overwritten: %v", err)
	}
	// A person completes it.
	p, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	m := p.Manifest
	m.ID, m.Weights, m.Example = d.Manifest.ID, d.Manifest.Weights, nil
	if text, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, models.ManifestFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := models.VerifyFolder(dir); err != nil || c.Manifest.ID != "brain" {
		t.Errorf("completed: %v", err)
	}
}

func TestIDFrom(t *testing.T) {
	for name, want := range map[string]string{
		"MeshNet GWM (5ch)": "meshnet-gwm-5ch", "3D-UNet": "d-unet", "": "", "___": "", "Spleen CT segmentation": "spleen-ct-segmentation", "Ärzte": "rzte",
	} {
		if got := draft.IDFrom(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// What a published MONAI bundle looks like: the shape of spleen_ct_segmentation's files.
const bundleMetadata = `{"schema": "https://github.com/Project-MONAI/", "version": "0.5.8", "name": "Spleen CT segmentation",
	"description": "A pre-trained model for volumetric (3D) segmentation of the spleen from CT image", "intended_use": "This is an example, not to be used for diagnostic purposes",
	"network_data_format": {"inputs": {"image": {"type": "image", "format": "hounsfield", "modality": "CT", "num_channels": 1, "spatial_shape": [96, 96, 96]}},
		"outputs": {"pred": {"type": "image", "format": "segmentation", "num_channels": 2, "channel_def": {"1": "spleen", "0": "background"}}}}}`

const bundleInference = `{"imports": ["$import glob"], "device": "$torch.device('cuda:0')", "spacing": [1.5, 1.5, 2.0],
	"preprocessing": {"_target_": "Compose", "transforms": [
		{"_target_": "LoadImaged", "keys": "image"},
		{"_target_": "EnsureChannelFirstd", "keys": "image"},
		{"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"},
		{"_target_": "monai.transforms.Spacingd", "keys": "image", "pixdim": "@spacing", "mode": "bilinear"},
		{"_target_": "ScaleIntensityRanged", "keys": "image", "a_min": -57, "a_max": 164, "b_min": 0, "b_max": 1, "clip": true},
		{"_target_": "GaussianSmoothd", "keys": "image", "sigma": 1},
		{"_target_": "RandFlipd", "_disabled_": true},
		{"_target_": "EnsureTyped", "keys": "image"}]},
	"inferer": {"_target_": "SlidingWindowInferer", "roi_size": [96, 96, 64], "sw_batch_size": 4, "overlap": 0.5, "mode": "gaussian"},
	"postprocessing": {"_target_": "Compose", "transforms": [
		{"_target_": "Activationsd", "keys": "pred", "softmax": true},
		{"_target_": "Invertd", "keys": "pred", "transform": "@preprocessing"},
		{"_target_": "AsDiscreted", "keys": "pred", "argmax": true},
		{"_target_": "KeepLargestConnectedComponentd", "keys": "pred", "applied_labels": [1]},
		{"_target_": "SaveImaged", "keys": "pred", "output_dir": "$os.getcwd()"}]}}`

func bundle(t *testing.T, metadata, inference string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{"configs/metadata.json": []byte(metadata), "configs/inference.json": []byte(inference), "models/model.onnx": referenceWeights(t)} {
		if len(data) == 0 {
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBundle(t *testing.T) {
	dir := bundle(t, bundleMetadata, bundleInference)
	if !draft.IsBundle(dir) || draft.IsBundle(t.TempDir()) {
		t.Error("what is a bundle?")
	}
	d, err := draft.FromMONAI(dir, draft.Facts{License: "Apache-2.0"})
	if err != nil {
		t.Fatal(err)
	}
	m := d.Manifest
	if m.ID != "spleen-ct-segmentation" || m.Version != "0.5.8" || m.License != "Apache-2.0" || m.Selection.Modality != "CT" || !strings.HasPrefix(m.IntendedUse, "This is an example") {
		t.Errorf("%+v", m)
	}
	if len(m.Labels) != 2 || m.Labels[0].Name != "background" || m.Labels[1] != (models.Label{Value: 1, Name: "spleen"}) {
		t.Errorf("labels %+v", m.Labels)
	}
	// Our axes run the other way round.
	before := []models.Step{
		{Op: "orient", To: "SAR"}, {Op: "resample", SpacingMM: [3]float64{2, 1.5, 1.5}, Kernel: "linear"}, {Op: "window", Low: -57, High: 164},
		{Op: "sliding-window", Size: []int{64, 96, 96}, Overlap: 0.5, Kind: "gaussian"},
	}
	if !reflect.DeepEqual(m.Preprocess, before) {
		t.Errorf("preprocess %+v, want %+v", m.Preprocess, before)
	}
	after := []models.Step{{Op: "softmax"}, {Op: "argmax"}, {Op: "largest-component", Label: 1}}
	if !reflect.DeepEqual(m.Postprocess, after) {
		t.Errorf("postprocess %+v, want %+v", m.Postprocess, after)
	}
	said := ""
	for _, todo := range d.Todo {
		said += todo.Field + ": " + todo.What + "\n"
	}
	for _, want := range []string{"GaussianSmoothd is not translated", "category and type codes", "limits: ", "allowed_attributes: "} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not on the list:\n%s", want, said)
		}
	}
	for _, unwanted := range []string{"RandFlipd", "Invertd", "intended_use"} {
		if strings.Contains(said, unwanted) {
			t.Errorf("%q is on the list", unwanted)
		}
	}
	if err := d.Write(filepath.Join(t.TempDir(), "spleen")); err != nil {
		t.Error(err)
	}
}

// What a stranger's bundle says is shown on a screen, and commands nothing there.
func TestBundleCommandsNoScreen(t *testing.T) {
	esc := `\u001b]0;owned\u0007`
	d, err := draft.FromMONAI(bundle(t, `{"name":"a`+esc+`b","intended_use":"`+esc+`","network_data_format":{"outputs":{"pred":{"channel_def":{"0":"`+esc+`"}}}}}`,
		`{"preprocessing":{"transforms":[{"_target_":"x.`+esc+`"}]}}`), draft.Facts{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{d.Manifest.Title, d.Manifest.IntendedUse, d.Card, fmt.Sprint(d.Manifest.Labels), fmt.Sprint(d.Todo)} {
		if strings.ContainsAny(text, "\x1b\x07") || !strings.Contains(text, "owned") && !strings.Contains(text, "Card") {
			t.Errorf("%q", text)
		}
	}
}

func TestWriteWhereNothingCanBe(t *testing.T) {
	d, err := draft.FromONNX(referenceWeights(t), draft.Facts{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(filepath.Join(file, "below")); err == nil || !strings.Contains(err.Error(), "not a directory; name another folder with --out") || strings.Contains(err.Error(), file) {
		t.Errorf("below a file: %v", err)
	}
}

func TestTransforms(t *testing.T) {
	for name, c := range map[string]struct {
		transform string
		want      models.Step // zero: on the list instead
	}{
		"min-max":             {`{"_target_":"ScaleIntensityd"}`, models.Step{Op: "normalise", Kind: "min-max"}},
		"min-max of ours":     {`{"_target_":"ScaleIntensityd","minv":0.0,"maxv":1.0}`, models.Step{Op: "normalise", Kind: "min-max"}},
		"another range":       {`{"_target_":"ScaleIntensityd","minv":-1}`, models.Step{}},
		"percentiles":         {`{"_target_":"ScaleIntensityRangePercentilesd","lower":1,"upper":99,"b_min":0,"b_max":1,"clip":true}`, models.Step{Op: "normalise", Kind: "percentile", Low: 1, High: 99}},
		"not clipped":         {`{"_target_":"ScaleIntensityRanged","a_min":0,"a_max":1,"b_min":0,"b_max":1}`, models.Step{}},
		"z-score":             {`{"_target_":"NormalizeIntensityd","channel_wise":true}`, models.Step{Op: "normalise", Kind: "z-score"}},
		"z-score of the rest": {`{"_target_":"NormalizeIntensityd","nonzero":true}`, models.Step{Op: "normalise", Kind: "z-score", Of: "foreground"}},
		"z-score, computed":   {`{"_target_":"NormalizeIntensityd","nonzero":"$x"}`, models.Step{}},
		"z-score, given":      {`{"_target_":"NormalizeIntensityd","subtrahend":3}`, models.Step{}},
		"crop":                {`{"_target_":"CropForegroundd","margin":4}`, models.Step{Op: "crop-foreground", Margin: 4}},
		"crop by a function":  {`{"_target_":"CropForegroundd","select_fn":"$lambda x: x > 3"}`, models.Step{}},
		"pad to a multiple":   {`{"_target_":"DivisiblePadd","k":16}`, models.Step{Op: "pad", Multiple: 16, Where: "centre"}},
		"pad to a size":       {`{"_target_":"SpatialPadd","spatial_size":[1,2,3],"method":"end"}`, models.Step{Op: "pad", Size: []int{3, 2, 1}, Where: "end"}},
		"spline":              {`{"_target_":"Spacingd","pixdim":[1,1,1],"mode":3}`, models.Step{Op: "resample", SpacingMM: [3]float64{1, 1, 1}, Kernel: "spline"}},
		"a computed mode":     {`{"_target_":"Spacingd","pixdim":[1,1,1],"mode":"$x"}`, models.Step{}},
		"a computed spacing":  {`{"_target_":"Spacingd","pixdim":"$x"}`, models.Step{}},
		"a missing reference": {`{"_target_":"Spacingd","pixdim":"@nowhere"}`, models.Step{}},
		"circles":             {`{"_target_":"Spacingd","pixdim":"@a"}`, models.Step{}},
		"an expression":       {`"$x"`, models.Step{}},
		"no target":           {`{}`, models.Step{}},
	} {
		config := `{"a":"@b","b":"@a","preprocessing":{"transforms":[` + c.transform + `]}}`
		d, err := draft.FromMONAI(bundle(t, `{"name":"x"}`, config), draft.Facts{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := d.Manifest.Preprocess; c.want.Op == "" && len(got) > 0 || c.want.Op != "" && !reflect.DeepEqual(got, []models.Step{c.want}) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestBundlesThatAreNone(t *testing.T) {
	whole := bundle(t, bundleMetadata, bundleInference)
	for name, c := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"no ONNX file": {func(dir string) error { return os.Remove(filepath.Join(dir, "models", "model.onnx")) }, "onnx_export"},
		"no metadata":  {func(dir string) error { return os.Remove(filepath.Join(dir, "configs", "metadata.json")) }, "metadata.json"},
		"metadata is text": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "configs", "metadata.json"), []byte("x"), 0o600)
		}, "metadata.json"},
		"endless config": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "configs", "inference.json"), make([]byte, 2<<20), 0o600)
		}, "more than"},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		if err := c.spoil(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := draft.FromMONAI(dir, draft.Facts{}); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v; want %q and no path", name, err, c.want)
		}
	}
	d, err := draft.FromMONAI(bundle(t, bundleMetadata, ""), draft.Facts{})
	if err != nil || !slices.Contains(fields(d), "preprocess, postprocess") {
		t.Errorf("YAML only: %v %v", err, fields(d))
	}
}
