package inference

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
)

// The stages of Analyze, in order: keys of Findings.Phases and words for progress.
const (
	StageReading    = "reading"    // tar, DICOM, geometry
	StagePreprocess = "preprocess" // the manifest's steps
	StageInference  = "inference"  // ONNX Runtime, window by window where the manifest says so
	StageReport     = "report"     // back on the source grid, measurements, SEG, report, picture
)

// NewSession loads the package's model on a provider that its manifest permits, and
// holds the model to the manifest's input and output. threads as in ort.Options.
func NewSession(rt *ort.Runtime, pkg models.Package, provider string, threads int) (*ort.Session, error) {
	m := pkg.Manifest
	if !slices.Contains(m.Providers, provider) {
		return nil, fmt.Errorf("model %s permits the providers %v, not %.40q; choose one of them", pkg.Name(), m.Providers, provider)
	}
	port := func(t models.Tensor) []ort.Port { return []ort.Port{{Name: t.Name, Type: t.Type, Shape: t.Shape}} }
	s, err := rt.NewSession(pkg.Weights, ort.Options{Provider: provider, Threads: threads, Inputs: port(m.Input), Outputs: port(m.Output)})
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", pkg.Name(), err)
	}
	return s, nil
}

// Analyze runs the model on the study, a tar of DICOM instances in any order. sess must
// come from NewSession with the same package. progress, if not nil, hears each stage's
// start (0) and end (1), and how far the windows are between, from Analyze's own
// goroutine; while it does not return, the work waits. A study that the model can't take
// is a *dicom.Refusal; one that was read and turns out to be of no use to the model is a
// Result whose Outcome says so. ctx ends the work at the next step, window or operator.
func Analyze(ctx context.Context, rt *ort.Runtime, sess *ort.Session, pkg models.Package, study []byte, progress func(stage string, done float64)) (Result, error) {
	return NewAnalysis(pkg, study, progress).all(ctx, rt, sess)
}

// all takes the stages one after the other.
func (a *Analysis) all(ctx context.Context, rt *ort.Runtime, sess *ort.Session) (Result, error) {
	if err := a.Prepare(ctx); err != nil {
		return Result{}, err
	}
	if err := a.Infer(ctx, sess); err != nil {
		return Result{}, err
	}
	return a.Report(ctx, rt, sess)
}

// Analysis is one study on its way through a model. Prepare, Infer and Report are called
// once each and in this order; several Analyses may be in different stages at a time, so
// that one is read and another written while a third computes. One Analysis is not safe
// for concurrent use.
type Analysis struct {
	pkg      models.Package
	study    []byte
	progress func(stage string, done float64)
	phases   map[string]time.Duration
	room     int // bytes that a segmentation may have

	source    source
	conformed *volume.Image
	answer    answer
	examined  *labelmap.Set // nil where nobody asked for labels
	outcome   string        // Completed until something says otherwise
	reason    string
}

// source is what was read: a series or a picture, and its values.
type source struct {
	series  *dicom.Series // nil for a picture
	picture *dicom.Picture
	image   *volume.Image // of a picture, k is the channel
}

// uid is the source series.
func (s source) uid() string {
	if s.series != nil {
		return s.series.UID
	}
	return s.picture.SeriesUID
}

// NewAnalysis prepares nothing yet. study and progress as in Analyze.
func NewAnalysis(pkg models.Package, study []byte, progress func(stage string, done float64)) *Analysis {
	if progress == nil {
		progress = func(string, float64) {}
	}
	return &Analysis{pkg: pkg, study: study, progress: progress, phases: map[string]time.Duration{}, room: segmentationRoom, outcome: Completed}
}

// stage times one stage and turns what only concerns this study into an outcome.
func (a *Analysis) stage(ctx context.Context, name string, work func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.progress(name, 0)
	started := time.Now()
	err := work()
	switch {
	case errors.Is(err, volume.ErrUnsuited):
		a.outcome, a.reason = NotApplicable, reasonOf(name, err)
	case errors.Is(err, volume.ErrNotFinite), errors.Is(err, volume.ErrNoProbability):
		a.outcome, a.reason = Failed, reasonOf(name, err)
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	a.phases[name] = time.Since(started)
	a.progress(name, 1)
	return nil
}

// reasonOf is an error as a result states it.
func reasonOf(stage string, err error) string {
	text := strings.Map(func(c rune) rune {
		if !unicode.IsGraphic(c) {
			return ' '
		}
		return c
	}, stage+": "+err.Error())
	for len(text) > maxReasonBytes {
		_, last := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-last]
	}
	return text
}

// Prepare reads the study and runs the manifest's steps on it. A study that the model
// can't take is a *dicom.Refusal.
func (a *Analysis) Prepare(ctx context.Context) error {
	if err := a.stage(ctx, StageReading, a.read); err != nil {
		return err
	}
	return a.stage(ctx, StagePreprocess, a.conform)
}

// read unpacks the tar and reads what the manifest selects.
func (a *Analysis) read() error {
	m := a.pkg.Manifest
	limits := dicom.DefaultLimits()
	files, err := dicom.OpenTar(a.study, limits)
	if err != nil {
		return err
	}
	want := dicom.Selection{Modality: modalityOf(files, m.Selection, limits), MinSlices: m.Selection.MinSlices, MaxSpacingMM: m.Selection.MaxSpacingMM}
	if m.Axes() == 2 {
		p, err := dicom.ReadPicture(files, want, limits)
		if err != nil {
			return err
		}
		a.source = source{picture: p, image: pictureImage(p)}
		return nil
	}
	series, err := dicom.ReadSeries(files, want, limits)
	if err != nil {
		return err
	}
	img, err := series.Image()
	a.source = source{series: series, image: img}
	return err
}

// modalityOf settles which of a selection's alternatives a study is read as: the first
// one, in the manifest's order, that some file has.
func modalityOf(files []dicom.File, want models.Selection, limits dicom.Limits) string {
	alternatives := want.Modalities()
	if len(alternatives) == 1 {
		return want.Modality
	}
	best := len(alternatives)
	for _, f := range files {
		o, err := dicom.Parse(f, limits)
		if err != nil {
			continue // told when the study is read
		}
		if n := slices.Index(alternatives, o.String(tag.Modality)); n >= 0 {
			best = min(best, n)
		}
	}
	if best == len(alternatives) {
		return want.Modality
	}
	return alternatives[best]
}

// pictureImage lays a picture on a grid: mm where the spacing is known, else pixels.
func pictureImage(p *dicom.Picture) *volume.Image {
	grid := volume.Grid{Size: [3]int{p.Columns, p.Rows, p.Channels}, Affine: [4][4]float64{2: {2: 1}, 3: {3: 1}}}
	for axis, mm := range [2]float64{p.SpacingMM[1], p.SpacingMM[0]} {
		if mm == 0 {
			mm = 1
		}
		grid.Affine[axis][axis] = mm
	}
	return &volume.Image{Grid: grid, Data: p.Data}
}

// conform runs the manifest's steps and holds the outcome to the model's input.
func (a *Analysis) conform() error {
	m := a.pkg.Manifest
	run := volume.Conform
	if m.Axes() == 2 {
		run = volume.ConformPicture
	}
	img, err := run(a.source.image, m.Preprocess)
	if err != nil {
		return err
	}
	if err := fits(m, img.Size); err != nil {
		return err
	}
	a.conformed = img
	return nil
}

// fits compares the conformed image, or the window that moves over it, with the edges
// that the manifest fixes.
func fits(m models.Manifest, size [3]int) error {
	if w, sliding := window(m); sliding {
		channels := size[2]
		if size = w.Size; m.Axes() == 2 {
			size[2] = channels
		}
	}
	for n, have := range inputShape(m, size) {
		if want := m.Input.Shape[n]; want >= 0 && want != have {
			return fmt.Errorf("edge %d of the conformed image is %d, the model takes %d: %w", n+1, have, want, volume.ErrUnsuited)
		}
	}
	return nil
}
