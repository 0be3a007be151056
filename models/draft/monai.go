package draft

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/medhive/medhive/models"
)

// maxBundleFile bounds the JSON files of a bundle.
const maxBundleFile = 1 << 20

// metadata is what is read of a MONAI bundle's configs/metadata.json.
type metadata struct {
	Version     string `json:"version"`
	Name        string `json:"name"`
	Description string `json:"description"`
	IntendedUse string `json:"intended_use"`
	Format      struct {
		Inputs  map[string]dataFormat `json:"inputs"`
		Outputs map[string]dataFormat `json:"outputs"`
	} `json:"network_data_format"`
}

type dataFormat struct {
	Format   string         `json:"format"`
	Modality string         `json:"modality"`
	Channels map[string]any `json:"channel_def"`
}

// IsBundle reports whether dir looks like a MONAI bundle.
func IsBundle(dir string) bool {
	_, err := models.ReadBounded(filepath.Join(dir, "configs", "metadata.json"), maxBundleFile)
	return !errors.Is(err, fs.ErrNotExist)
}

// FromMONAI drafts a package from a MONAI bundle: models/model.onnx, configs/metadata.json
// and configs/inference.json. Transforms whose meaning is the same here become steps;
// the others, and every expression, go on the list.
func FromMONAI(dir string, facts Facts) (Draft, error) {
	weights, err := models.ReadBounded(filepath.Join(dir, "models", "model.onnx"), models.MaxWeightsBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return Draft{}, errors.New("the bundle has no models/model.onnx; export it with `python -m monai.bundle onnx_export`, then import again")
	}
	if err != nil {
		return Draft{}, fmt.Errorf("read the bundle's model: %w; mend or export it, then import again", models.WithoutPath(err))
	}
	texts := map[string][]byte{}
	for _, name := range []string{"metadata.json", "inference.json"} {
		text, err := models.ReadBounded(filepath.Join(dir, "configs", name), maxBundleFile)
		if name == "inference.json" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if errors.Is(err, fs.ErrNotExist) {
			return Draft{}, fmt.Errorf("the bundle has no configs/%s; name the bundle's folder", name)
		}
		if err != nil {
			return Draft{}, fmt.Errorf("read the bundle's configs/%s: %w; mend it, then import again", name, models.WithoutPath(err))
		}
		texts[name] = text
	}
	return compose(weights, texts["metadata.json"], texts["inference.json"], facts)
}

// compose drafts from the contents of a bundle; inference is nil where there is none.
func compose(weights, metadataText, inferenceText []byte, facts Facts) (Draft, error) {
	var meta metadata
	if err := json.Unmarshal(metadataText, &meta); err != nil {
		return Draft{}, fmt.Errorf("read the bundle's configs/metadata.json: %w; mend it, then import again", err)
	}
	var inference map[string]any
	if inferenceText != nil {
		if err := json.Unmarshal(inferenceText, &inference); err != nil {
			return Draft{}, fmt.Errorf("read the bundle's configs/inference.json: %w; mend it, then import again", err)
		}
	}
	if versionOf := regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`); facts.Version == "" && versionOf.MatchString(meta.Version) {
		facts.Version = meta.Version
	}
	facts.Title = first(facts.Title, oneLine(meta.Name), oneLine(meta.Description))
	facts.ID = first(facts.ID, IDFrom(meta.Name))
	facts.Modality = first(facts.Modality, modality(meta))
	d, err := FromONNX(weights, facts)
	if err != nil {
		return d, err
	}
	d.bundleFacts(meta)
	b := bundle{Draft: &d, root: inference}
	if inferenceText == nil {
		b.todo("preprocess, postprocess", "the bundle has no configs/inference.json (YAML is not read); take the steps from there by hand")
	} else {
		b.steps()
	}
	return d, nil
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

const maxTitle = 120

// oneLine makes a stranger's text fit for a title: short, and without what commands a screen.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.Join(strings.Fields(text), " ")
	return strings.ToValidUTF8(text[:min(len(text), maxTitle)], "")
}

// modality names the one modality of the bundle's inputs, if DICOM has a name for it.
func modality(meta metadata) string {
	for _, in := range meta.Format.Inputs {
		switch strings.ToUpper(in.Modality) {
		case "CT":
			return "CT"
		case "MR", "MRI":
			return "MR"
		}
	}
	return ""
}

// bundleFacts takes texts and channel names from the metadata.
func (d *Draft) bundleFacts(meta metadata) {
	if use := oneLine(meta.IntendedUse); use != "" {
		d.Manifest.IntendedUse = use
		d.answered("intended_use")
	}
	for _, out := range meta.Format.Outputs {
		if len(out.Channels) == 0 || len(out.Channels) > 256 {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(out.Channels)) {
			name, isText := out.Channels[key].(string)
			n, err := strconv.ParseUint(key, 10, 8)
			if err != nil || !isText {
				continue
			}
			d.Manifest.Labels = append(d.Manifest.Labels, models.Label{Value: uint8(n), Name: oneLine(name)})
		}
		slices.SortFunc(d.Manifest.Labels, func(a, b models.Label) int { return int(a.Value) - int(b.Value) })
		d.answered("labels")
		d.todo("labels", "names come from the bundle; add category and type codes (SNOMED CT) and colours, and check the order")
		return
	}
}

// bundle walks an inference configuration.
type bundle struct {
	*Draft
	root map[string]any
}

// steps turns the transforms and the inferer into steps.
func (b bundle) steps() {
	b.answered("preprocess", "postprocess")
	for _, t := range b.transforms("preprocessing") {
		b.before(t)
	}
	b.inferer()
	for _, t := range b.transforms("postprocessing") {
		b.after(t)
	}
	b.todo("preprocess", "%d steps come from the bundle's configuration; compare each with it. MONAI's arrays run the other way: orient, spacing and sizes are turned round", len(b.Manifest.Preprocess))
	if len(b.Manifest.Postprocess) == 0 {
		b.todo("postprocess", "the steps from the graph's output to labels, for instance argmax")
	} else {
		b.todo("postprocess", "%d steps come from the bundle's configuration; compare each with it", len(b.Manifest.Postprocess))
	}
	if !slices.ContainsFunc(b.Manifest.Preprocess, func(s models.Step) bool { return s.Op == "orient" }) && b.Manifest.Axes() == 3 {
		b.todo("preprocess", "the bundle orients nothing: find out which way its arrays ran and add orient as the first step")
	}
}

const maxTransforms = 64

// transforms lists the transforms of one Compose.
func (b bundle) transforms(key string) (list []map[string]any) {
	compose, _ := b.root[key].(map[string]any)
	entries, _ := compose["transforms"].([]any)
	for n, e := range entries[:min(len(entries), maxTransforms)] {
		t, ok := b.value(e).(map[string]any)
		if !ok {
			b.todo(key, "transform %d is an expression; translate it by hand", n+1)
			continue
		}
		if disabled, _ := b.value(t["_disabled_"]).(bool); !disabled {
			list = append(list, t)
		}
	}
	return list
}

// value resolves a reference such as "@spacing" to a top-level entry; what MONAI would
// compute ("$…") stays unknown.
func (b bundle) value(v any) any {
	text, isText := v.(string)
	if !isText {
		return v
	}
	if name, ok := strings.CutPrefix(text, "@"); ok {
		found := b.root[name]
		if s, again := found.(string); again && (strings.HasPrefix(s, "@") || strings.HasPrefix(s, "$")) {
			return nil // one step is enough; configurations may run in circles
		}
		return found
	}
	if strings.HasPrefix(text, "$") {
		return nil
	}
	return v
}

// target is the transform's class without its module.
func target(t map[string]any) string {
	name, _ := t["_target_"].(string)
	return oneLine(name[strings.LastIndexByte(name, '.')+1:])
}
