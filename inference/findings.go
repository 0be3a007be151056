// Package inference turns a study and a model package into findings: it reads what the
// manifest selects, conforms it, runs ONNX Runtime, brings the answer back to the source,
// measures it and writes DICOM and a picture. In: a tar of DICOM instances, a verified
// package, a loaded session. Out: a Result. It reads no other file, keeps nothing, opens
// no socket; the runner package puts it into a process that can be killed.
package inference

//go:generate go run ./internal/compose ../models/catalog/packages

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

// findingsFile is the first entry of an encoded result.
const findingsFile = "findings.json"

// The outcomes of an analysis.
const (
	Completed     = "completed"      // also where Outcome is empty
	Failed        = "failed"         // the model ran and gave nothing that can be used
	NotApplicable = "not-applicable" // the study was read and is of no use to this model
)

// Findings is what a model saw in a study, in figures. An outcome other than Completed
// has a reason and no figures.
type Findings struct {
	Model     string        `json:"model"`   // manifest id
	Version   string        `json:"version"` // of the model
	Weights   models.Digest `json:"weights"`
	Provider  string        `json:"provider"`   // execution provider that computed
	Runtime   string        `json:"runtime"`    // ONNX Runtime's version
	SeriesUID string        `json:"series_uid"` // as the study that came in names it

	Outcome string `json:"outcome,omitempty"` // one of the outcomes
	Reason  string `json:"reason,omitempty"`  // for a person

	Segments      []Segment     `json:"segments"`                // in the manifest's order, without background
	Measurements  []Measurement `json:"measurements,omitempty"`  // in the manifest's order
	Probabilities []Probability `json:"probabilities,omitempty"` // of each class, in the manifest's order
	Boxes         []Box         `json:"boxes,omitempty"`         // best first

	Phases map[string]time.Duration `json:"phase_ns"` // see the Stage constants
}

// Segment is one structure's extent on the source grid.
type Segment struct {
	Label      uint8       `json:"label"`
	Name       string      `json:"name"`
	Code       models.Code `json:"code"` // segmented property type
	VoxelCount int         `json:"voxels"`
	VolumeML   float64     `json:"volume_ml"` // 0 in a picture
}

// Measurement is one figure, in its unit.
type Measurement struct {
	Kind  string      `json:"kind"` // as models.Measure
	Code  models.Code `json:"code"` // what was measured
	Unit  models.Code `json:"unit"` // UCUM
	Label uint8       `json:"label,omitempty"`
	Value float64     `json:"value"`
}

// Probability is what the model gives a class, 0 to 1.
type Probability struct {
	Name  string       `json:"name"`
	Code  *models.Code `json:"code,omitempty"`
	Value float64      `json:"value"`
}

// Box is one thing that was detected.
type Box struct {
	Name  string     `json:"name"`  // of its class
	Score float64    `json:"score"` // 0 to 1
	Min   [3]float64 `json:"min"`   // mm in the patient (LPS); in a picture column and row
	Max   [3]float64 `json:"max"`   // in pixels from the top left corner, and 0
}

// Result is everything that goes back to the clinic.
type Result struct {
	Findings Findings
	Files    []dicom.File // see the File constants
}

// fileName is what a result's file may be called: no folder, no surprise.
var fileName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Encode writes the result as a tar: findings.json, then the files in order. Equal
// results give equal bytes.
func (r Result) Encode() ([]byte, error) {
	findings, err := json.Marshal(r.Findings)
	if err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	var buffer bytes.Buffer
	files := append([]dicom.File{{Name: findingsFile, Data: findings}}, r.Files...)
	if err := dicom.WriteTar(&buffer, files); err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	return buffer.Bytes(), nil
}

// DecodeResult reads what Encode wrote and trusts none of it: sizes, counts, names and
// figures are bounded. The files alias data.
func DecodeResult(data []byte) (Result, error) {
	if len(data) > MaxResultBytes {
		return Result{}, fmt.Errorf("decode result: %d bytes; the limit is %d", len(data), MaxResultBytes)
	}
	files, err := readResultTar(data)
	if err != nil {
		return Result{}, fmt.Errorf("decode result: %w", err)
	}
	if len(files) == 0 || files[0].Name != findingsFile {
		return Result{}, fmt.Errorf("decode result: the first entry is not %s", findingsFile)
	}
	if len(files[0].Data) > maxFindingsBytes {
		return Result{}, fmt.Errorf("decode result: %s has %d bytes; the limit is %d", findingsFile, len(files[0].Data), maxFindingsBytes)
	}
	r := Result{Files: files[1:]}
	dec := json.NewDecoder(bytes.NewReader(files[0].Data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r.Findings); err != nil {
		return Result{}, fmt.Errorf("decode result: %s: %w", findingsFile, err)
	}
	if err := r.Findings.validate(); err != nil {
		return Result{}, fmt.Errorf("decode result: %s: %w", findingsFile, err)
	}
	return r, nil
}

// readResultTar lists the entries without copying them: their bytes lie in data.
func readResultTar(data []byte) ([]dicom.File, error) {
	source := bytes.NewReader(data)
	reader := tar.NewReader(source)
	var files []dicom.File
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		at := int64(len(data)) - int64(source.Len())
		switch {
		case header.Typeflag != tar.TypeReg || !fileName.MatchString(header.Name):
			return nil, fmt.Errorf("entry %d is no plain file with a plain name", len(files)+1)
		case len(files) > maxResultFiles:
			return nil, fmt.Errorf("more than %d files", maxResultFiles)
		case header.Size > int64(source.Len()):
			return nil, fmt.Errorf("entry %d is cut short", len(files)+1)
		case slices.ContainsFunc(files, func(f dicom.File) bool { return f.Name == header.Name }):
			return nil, fmt.Errorf("entry %d repeats a name", len(files)+1)
		}
		files = append(files, dicom.File{Name: header.Name, Data: data[at : at+header.Size : at+header.Size]})
	}
}

// RuntimeName names the runtime as receipts do: "ONNX Runtime 1.30.0".
func (f Findings) RuntimeName() string { return "ONNX Runtime " + f.Runtime }
