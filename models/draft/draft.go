// Package draft turns somebody else's model into a package that a person has to
// complete: a manifest with what the files prove, and a list of what only a person can
// know. In: a bare ONNX file, or a MONAI bundle. Out: a folder with a draft that no
// other part of MedHive takes for a manifest. It guesses no meaning and runs nothing.
package draft

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/onnx"
)

// The files of a draft beside the weights and the card. The manifest's own name is left
// for the one that a person completed.
const (
	ManifestFile = "manifest.draft.json"
	TodoFile     = "TODO.md"
)

// weightsFile is what imported weights are called.
const weightsFile = "model.onnx"

// Facts are what the importing person says; all may be empty.
type Facts struct {
	ID       string // lower-case words with hyphens
	Version  string // semantic version
	Title    string
	License  string // SPDX expression
	Modality string // DICOM (0008,0060)
}

// Todo is one thing that a person has to fill in.
type Todo struct {
	Field string `json:"field"` // of the manifest, or a file
	What  string `json:"what"`
}

// Draft is an incomplete package.
type Draft struct {
	Manifest models.Manifest
	Info     onnx.Info
	Todo     []Todo
	Card     string

	weights []byte
}

func (d *Draft) todo(field, format string, args ...any) {
	d.Todo = append(d.Todo, Todo{field, fmt.Sprintf(format, args...)})
}

// FromONNX drafts a package around a bare ONNX file.
func FromONNX(weights []byte, facts Facts) (Draft, error) {
	d := Draft{weights: weights}
	if len(weights) > models.MaxWeightsBytes {
		return d, fmt.Errorf("the model has %d bytes; the limit is %d", len(weights), int64(models.MaxWeightsBytes))
	}
	var err error
	if d.Info, err = onnx.Inspect(weights); err != nil {
		return d, err
	}
	d.identify(facts)
	if err := d.ports(); err != nil {
		return d, err
	}
	d.describe(facts)
	d.Card = card(d)
	return d, nil
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

// IDFrom makes a model id out of a file's or person's name for it; it may be empty.
func IDFrom(name string) string {
	id := strings.Trim(unfit.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return strings.Trim(strings.TrimLeft(id, "0123456789-"), "-")
}

func (d *Draft) identify(facts Facts) {
	d.Manifest = models.Manifest{
		Schema: models.Schema, ID: facts.ID, Version: facts.Version, Title: facts.Title, License: facts.License,
		Weights:   models.Weights{File: weightsFile, SHA256: models.DigestOf(d.weights), Bytes: int64(len(d.weights))},
		Selection: models.Selection{Modality: facts.Modality},
		Limits:    []string{}, Preprocess: []models.Step{}, Postprocess: []models.Step{}, Labels: []models.Label{},
		// What may leave a clinic is decided per model; the rest follows from the output.
		AllowedAttrs: []string{}, Providers: []string{"cpu"},
	}
	for field, missing := range map[string]bool{"id": facts.ID == "", "version": facts.Version == "", "title": facts.Title == "", "license": facts.License == ""} {
		if missing {
			d.todo(field, "%s", map[string]string{
				"id": "lower-case words joined by hyphens", "version": "a semantic version such as 1.0.0",
				"title":   "one line for people",
				"license": "the SPDX expression of the weights; without a licence that allows it, nobody may pass them on"}[field])
		}
	}
	slices.SortFunc(d.Todo, func(a, b Todo) int { return strings.Compare(a.Field, b.Field) })
}

// ports takes input and output from the graph, and says what it can't be used for.
func (d *Draft) ports() error {
	if len(d.Info.Inputs) != 1 || len(d.Info.Outputs) == 0 {
		return fmt.Errorf("the model has %d inputs and %d outputs; want one input and at least one output: export the model so that everything else is a constant of the graph",
			len(d.Info.Inputs), len(d.Info.Outputs))
	}
	in, out := d.Info.Inputs[0], d.Info.Outputs[0]
	d.Manifest.Input = models.Tensor{Name: in.Name, Type: in.Type, Shape: in.Shape}
	d.Manifest.Output = models.Tensor{Name: out.Name, Type: out.Type, Shape: out.Shape}
	switch len(in.Shape) {
	case 4:
		d.Manifest.Dimensions = 2
	case 5:
	default:
		d.todo("input.shape", "the graph says %v; want [1,C,H,W] for pictures or [1,1,D,H,W] for a series, -1 where the edge is free", in.Shape)
	}
	if in.Type != "float32" {
		d.todo("input.type", "the graph takes %s; export it with a float32 input", in.Type)
	}
	if len(out.Shape) == 0 {
		d.todo("output.shape", "the graph does not say; -1 stands for an edge of the image")
	}
	if n := len(in.Shape); n > 0 && in.Shape[0] == -1 {
		d.Manifest.Input.Shape[0] = 1 // a batch of one
		if len(out.Shape) > 1 && out.Shape[0] == -1 {
			d.Manifest.Output.Shape[0] = 1
		}
	}
	if len(d.Info.Outputs) > 1 {
		names := make([]string, len(d.Info.Outputs))
		for n, o := range d.Info.Outputs {
			names[n] = o.Name
		}
		d.todo("output", "the graph has the outputs %s; name the one that counts", strings.Join(names, ", "))
	}
	return nil
}

// describe lists what no ONNX file tells.
func (d *Draft) describe(facts Facts) {
	d.todo("task", "segmentation (also when left out), classification, detection or regression")
	d.todo("intended_use", "what the model is for, in a sentence")
	d.todo("limits", "what it is not and where it fails, in sentences; begin with what it must not be used for")
	if facts.Modality == "" {
		d.todo("selection.modality", "DICOM modality: CT, MR, or alternatives such as CR/DX")
	}
	d.todo("selection.min_slices, selection.max_spacing_mm", "fewer slices and larger voxels than these are refused")
	d.todo("preprocess", "every step between the DICOM values and the graph's input, in order, exactly as the model was trained; among them orient")
	d.todo("postprocess", "the steps from the graph's output to labels, for instance argmax")
	d.todo("labels", "every value of the output with a name and, but for background, codes for category and type (SNOMED CT)")
	d.todo("allowed_attributes", "DICOM keywords that may leave a clinic: those that the model needs, and no other")
	d.todo("providers", "add cuda, openvino, … once the model passed there; cpu is set")
	d.todo("tolerance", "min_dice between two providers (0.99 is usual), and max_label_margin where the graph gives scores: labels may differ only where the best two are closer")
	d.todo("requirements.memory_bytes", "peak memory of one study, with room to spare: a runner that needs more is stopped")
	d.todo(models.CardFile, "replace every line that begins with TODO")
}

// answered takes points off the list.
func (d *Draft) answered(fields ...string) {
	d.Todo = slices.DeleteFunc(d.Todo, func(t Todo) bool { return slices.Contains(fields, t.Field) })
}

// card is the beginning of a model card.
func card(d Draft) string {
	return fmt.Sprintf(`# %s

**NOT FOR CLINICAL USE.** Not a medical device.

TODO: what the model does, on what it was trained, by whom, under which licence.
TODO: how good it is, measured on what, by whom; figures, not adjectives.
TODO: where it fails.

- Graph: %d nodes, opset %d, %d initialisers (%.1f MB), made by %s.
- Input %s %s %v; output %s %s %v.
`, orTodo(d.Manifest.Title), d.Info.Nodes, d.Info.Opsets[""], d.Info.Initialisers, float64(d.Info.InitialiserBytes)/1e6, orTodo(d.Info.Producer),
		d.Info.Inputs[0].Name, d.Info.Inputs[0].Type, d.Manifest.Input.Shape, d.Info.Outputs[0].Name, d.Info.Outputs[0].Type, d.Manifest.Output.Shape)
}

func orTodo(text string) string {
	if text == "" {
		return "TODO"
	}
	return text
}

// Text is the draft of the manifest.
func (d Draft) Text() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d.Manifest); err != nil {
		return nil, fmt.Errorf("write draft: %w", err)
	}
	if _, err := models.ParseManifest(b.Bytes()); err == nil {
		return nil, errors.New("write draft: it looks complete without a person having seen it; report this as a fault")
	}
	return b.Bytes(), nil
}

// Write makes the folder dir with the draft. A folder that is there already stays as it
// is, so that nobody's work is lost.
func (d Draft) Write(dir string) error {
	text, err := d.Text()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("folder %s is there already; name another with --out", filepath.Base(dir))
	}
	var todo bytes.Buffer
	fmt.Fprintf(&todo, "# To complete\n\nFill these in, save %s as %s, and delete this file.\n\n", ManifestFile, models.ManifestFile)
	for _, t := range d.Todo {
		fmt.Fprintf(&todo, "- [ ] `%s`: %s\n", t.Field, t.What)
	}
	err = os.MkdirAll(filepath.Dir(dir), 0o755)
	if err == nil {
		err = os.Mkdir(dir, 0o755)
	}
	if err != nil {
		return fmt.Errorf("write draft: %w; name another folder with --out", models.WithoutPath(err))
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{weightsFile, d.weights}, {models.CardFile, []byte(d.Card)}, {TodoFile, todo.Bytes()}, {ManifestFile, text}} {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.data, 0o644); err != nil {
			err = errors.Join(models.WithoutPath(err), os.RemoveAll(dir)) // half a draft would stand in the way of the next
			return fmt.Errorf("write draft: %s: %w; make room, or name another folder with --out", f.name, err)
		}
	}
	return nil
}
