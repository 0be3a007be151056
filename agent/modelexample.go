package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/agreement"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/scheduler/clinic"
)

// The files that MakeExample writes into a package folder.
const (
	exampleStudy    = "example.tar"
	exampleFindings = "example.json"
	exampleLabels   = "example.labels" // of a segmentation
)

// maxExampleStudy is what a manifest allows an example's study.
const maxExampleStudy = 256 << 20

// ModelExample is what MakeExample found.
type ModelExample struct {
	Model    string             `json:"model"`
	Findings inference.Findings `json:"findings"`
	Picture  string             `json:"picture,omitempty"` // path
	Bytes    int64              `json:"bytes"`             // of the study
	Took     time.Duration      `json:"took_ns"`
}

// MakeExample runs the model of a package folder on a study with the CPU provider and
// makes study and findings the package's example. The study goes through the clinic's
// de-identification with the manifest's allow-list first; only a tar is taken as it is.
// Whether the findings are right is for a person to judge, from the picture, which is
// written to that path unless it is empty and is no part of the package.
func MakeExample(ctx context.Context, folder, study, picture string, bench ModelBench) (ModelExample, error) {
	entry, err := catalog.OfFolder(folder)
	if err != nil {
		return ModelExample{}, err
	}
	pkg, err := entry.Load()
	if err != nil {
		return ModelExample{}, err
	}
	out := ModelExample{Model: entry.Name()}
	payload, err := stripped(ctx, study, pkg)
	if err != nil {
		return out, err
	}
	if len(payload) > maxExampleStudy {
		return out, fmt.Errorf("make an example: de-identified, the study has %d MB, the limit is %d MB; choose a smaller one", len(payload)/1e6, maxExampleStudy/1_000_000)
	}
	o, err := bench.options()
	if err != nil {
		return out, err
	}
	o.Package = pkg
	process, err := runner.Start(ctx, o)
	if err != nil {
		return out, err
	}
	started := time.Now()
	result, err := process.Examine(ctx, payload)
	if err = errors.Join(err, process.Close()); err != nil {
		return out, err
	}
	if found := agreement.OutcomeOf(result.Findings); found != inference.Completed {
		return out, fmt.Errorf("make an example: the model's outcome on this study is %s (%s); choose a study that it is made for, or mend the manifest's steps", found, result.Findings.Reason)
	}
	out.Took, out.Bytes, out.Findings = time.Since(started), int64(len(payload)), result.Findings
	findings := result.Findings
	findings.Phases = nil // times are nobody's expectation
	text, err := json.MarshalIndent(findings, "", "  ")
	if err != nil {
		return out, fmt.Errorf("write example: %w", err)
	}
	files := map[string][]byte{exampleStudy: payload, exampleFindings: append(text, '\n')}
	for _, f := range result.Files {
		switch {
		case f.Name == inference.LabelsFile:
			files[exampleLabels] = f.Data
		case f.Name == inference.OverlayFile && picture != "":
			if err := writeFileDurably(picture, f.Data, 0o644); err != nil {
				return out, err
			}
			out.Picture = picture
		}
	}
	for name, data := range files {
		if err := writeFileDurably(filepath.Join(folder, name), data, 0o644); err != nil {
			return out, err
		}
	}
	return out, nameExample(folder, files)
}

// nameExample puts the example's digests into the manifest, leaving the rest as it reads.
func nameExample(folder string, files map[string][]byte) error {
	path := filepath.Join(folder, models.ManifestFile)
	text, err := models.ReadBounded(path, models.MaxManifestBytes)
	if err != nil {
		return fmt.Errorf("name example: %w", models.WithoutPath(err))
	}
	m, err := models.ParseManifest(text)
	if err != nil {
		return err
	}
	named := func(name string) models.ExampleFile {
		data, ok := files[name]
		if !ok {
			return models.ExampleFile{}
		}
		return models.ExampleFile{File: name, SHA256: models.DigestOf(data), Bytes: int64(len(data))}
	}
	example := models.Example{Input: named(exampleStudy), Expected: named(exampleFindings), Labels: named(exampleLabels)}
	if m.Example != nil {
		if *m.Example == example {
			return nil
		}
		m.Example = &example
		return writeManifest(path, m)
	}
	// A first example goes to the end, so that a manifest written by hand stays as it is.
	added, err := json.MarshalIndent(example, "  ", "  ")
	if err != nil {
		return fmt.Errorf("name example: %w", err)
	}
	body := strings.TrimRight(strings.TrimSuffix(strings.TrimSpace(string(text)), "}"), " \n\t")
	text = fmt.Appendf(nil, "%s,\n  \"example\": %s\n}\n", body, added)
	if _, err := models.ParseManifest(text); err != nil {
		return fmt.Errorf("name example: %w", err)
	}
	return writeFileDurably(path, text, 0o644)
}

// stripped is the study as a node would get it from a clinic.
func stripped(ctx context.Context, path string, pkg models.Package) (payload []byte, err error) {
	if strings.HasSuffix(path, ".tar") {
		if payload, err = models.ReadBounded(path, maxExampleStudy); err == nil {
			_, err = dicom.ReadTar(bytes.NewReader(payload), dicom.DefaultLimits())
		}
		if err != nil {
			return nil, fmt.Errorf("read the example study: %w; name a study's folder, zip or tar", models.WithoutPath(err))
		}
		return payload, nil
	}
	temporary, err := os.MkdirTemp("", "medhive-example-")
	if err != nil {
		return nil, fmt.Errorf("de-identify the example study: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	keys := filepath.Join(temporary, "key")
	if err := makeState(keys); err != nil {
		return nil, err
	}
	vault, err := clinic.OpenVault(filepath.Join(temporary, "identities.db"), keys)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, vault.Close()) }()
	study, err := clinic.Intake(ctx, path, pkg.Manifest.Selection, dicom.DefaultLimits())
	if err != nil {
		return nil, err
	}
	prepared, err := clinic.NewDoor(vault, dicom.DefaultLimits(), time.Now).Prepare(ctx, study, pkg)
	return prepared.Payload, err
}
