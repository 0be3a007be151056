// Package inference turns a study and a model package into findings: it reads the
// series, conforms it as the manifest says, runs ONNX Runtime, maps the labels back and
// writes a DICOM segmentation and a picture. In: a tar of DICOM instances, a verified
// package, a loaded session. Out: a Result. It reads no other file, keeps nothing, opens
// no socket; the runner package puts it into a process that can be killed.
package inference

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

// Bounds of an encoded result, checked before its parts are read.
const (
	MaxResultBytes   = 256 << 20 // a binary SEG of 1,000 slices of 512² with 7 segments has 230 MB
	maxFindingsBytes = 1 << 20
	maxResultFiles   = 16
	maxSegments      = 256 // labels are bytes
	maxPhases        = 16
	maxTextBytes     = 64
	maxProviderBytes = 40
	maxNameBytes     = 200
	maxVolumeML      = 1e6 // 1 m³
)

// findingsFile is the first entry of an encoded result.
const findingsFile = "findings.json"

// Findings is what a model saw in a study, in figures.
type Findings struct {
	Model     string                   `json:"model"`   // manifest id
	Version   string                   `json:"version"` // of the model
	Weights   models.Digest            `json:"weights"`
	Provider  string                   `json:"provider"`   // execution provider that computed
	Runtime   string                   `json:"runtime"`    // ONNX Runtime's version
	SeriesUID string                   `json:"series_uid"` // as the study that came in names it
	Segments  []Segment                `json:"segments"`   // in the manifest's order, without background
	Phases    map[string]time.Duration `json:"phase_ns"`   // see the Stage constants
}

// Segment is one structure's extent on the source grid.
type Segment struct {
	Label      uint8       `json:"label"`
	Name       string      `json:"name"`
	Code       models.Code `json:"code"` // segmented property type
	VoxelCount int         `json:"voxels"`
	VolumeML   float64     `json:"volume_ml"`
}

// Result is everything that goes back to the clinic.
type Result struct {
	Findings Findings
	Files    []dicom.File // seg.dcm and overlay.png
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

// validate bounds the figures that others build on and the texts that others print.
func (f Findings) validate() error {
	if len(f.Segments) > maxSegments || len(f.Phases) > maxPhases {
		return fmt.Errorf("%d segments and %d phases; the limits are %d and %d", len(f.Segments), len(f.Phases), maxSegments, maxPhases)
	}
	faults := []error{
		checkText("model", f.Model, maxTextBytes), checkText("version", f.Version, maxTextBytes),
		checkText("provider", f.Provider, maxProviderBytes), checkText("runtime", f.Runtime, maxTextBytes),
		checkText("series UID", f.SeriesUID, maxTextBytes),
	}
	for phase := range f.Phases {
		faults = append(faults, checkText("a phase's name", phase, maxTextBytes))
	}
	for n, s := range f.Segments {
		if s.VoxelCount < 0 || !(s.VolumeML >= 0 && s.VolumeML < maxVolumeML) {
			faults = append(faults, fmt.Errorf("segment %d of %d is out of range", n+1, len(f.Segments)))
		}
		faults = append(faults,
			checkText("a segment's name", s.Name, maxNameBytes), checkText("a segment's code", s.Code.Value, maxTextBytes),
			checkText("a coding scheme", s.Code.Scheme, maxTextBytes), checkText("a code's meaning", s.Code.Meaning, maxNameBytes))
	}
	// One is enough: a stranger's findings could have hundreds.
	if n := slices.IndexFunc(faults, func(err error) bool { return err != nil }); n >= 0 {
		return faults[n]
	}
	return nil
}

// checkText wants a text that can be printed as it is: bounded, and without control
// characters, escape sequences or marks that turn the writing round. The text itself
// is never repeated.
func checkText(what, text string, limit int) error {
	if len(text) > limit || !utf8.ValidString(text) {
		return fmt.Errorf("%s has %d bytes; want at most %d of UTF-8", what, len(text), limit)
	}
	if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsGraphic(c) }) {
		return fmt.Errorf("%s holds a character that can't be printed", what)
	}
	return nil
}
