package inference

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// The stages of Analyze, in order: keys of Findings.Phases and words for progress.
const (
	StageReading    = "reading"    // tar, DICOM, geometry
	StagePreprocess = "preprocess" // the manifest's steps
	StageInference  = "inference"  // ONNX Runtime alone
	StageReport     = "report"     // labels back on the source grid, volumes, SEG, picture
)

// The files of a result.
const (
	SegmentationFile = "seg.dcm"
	OverlayFile      = "overlay.png"
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
// start (0) and end (1) from Analyze's own goroutine. A study that the model can't take
// is a *dicom.Refusal; ctx ends the work at the next step or operator.
func Analyze(ctx context.Context, rt *ort.Runtime, sess *ort.Session, pkg models.Package, study []byte, progress func(stage string, done float64)) (Result, error) {
	if progress == nil {
		progress = func(string, float64) {}
	}
	phases := map[string]time.Duration{}
	stage := func(name string, work func() error) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		progress(name, 0)
		started := time.Now()
		if err := work(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		phases[name] = time.Since(started)
		progress(name, 1)
		return nil
	}
	var (
		series    *dicom.Series
		source    *volume.Image
		conformed *volume.Image
		labels    *volume.Labels
		result    Result
	)
	err := stage(StageReading, func() (err error) {
		series, source, err = readStudy(study, pkg.Manifest)
		return err
	})
	if err == nil {
		err = stage(StagePreprocess, func() (err error) {
			conformed, err = volume.Conform(source, pkg.Manifest.Preprocess)
			return err
		})
	}
	if err == nil {
		err = stage(StageInference, func() (err error) {
			labels, err = label(ctx, sess, pkg.Manifest, conformed)
			return err
		})
	}
	if err == nil {
		conformed = nil // its memory is free for the report
		err = stage(StageReport, func() (err error) {
			uids := report.UIDs(identity(study, pkg))
			result, err = describe(ctx, pkg.Manifest, series, source, labels, report.SegOptions{NewUID: uids, Now: time.Now(), SoftwareVersion: softwareVersion()})
			return err
		})
	}
	if err != nil {
		return Result{}, err
	}
	f := &result.Findings
	f.Model, f.Version, f.Weights = pkg.Manifest.ID, pkg.Manifest.Version, pkg.Manifest.Weights.SHA256
	f.Provider, f.Runtime, f.SeriesUID, f.Phases = sess.Provider(), rt.Version(), series.UID, phases
	return result, nil
}

// readStudy unpacks the tar and stacks the series that the manifest selects.
func readStudy(study []byte, m models.Manifest) (*dicom.Series, *volume.Image, error) {
	limits := dicom.DefaultLimits()
	files, err := dicom.ReadTar(bytes.NewReader(study), limits)
	if err != nil {
		return nil, nil, err
	}
	series, err := dicom.ReadSeries(files, dicom.Selection{
		Modality: m.Selection.Modality, MinSlices: m.Selection.MinSlices, MaxSpacingMM: m.Selection.MaxSpacingMM}, limits)
	if err != nil {
		return nil, nil, err
	}
	img, err := series.Image()
	return series, img, err
}

// label runs the model on a conformed image. The tensors are [1,1,k,j,i] and
// [1,k,j,i] (or [1,1,k,j,i], as the manifest says): volume's own order, so nothing moves.
func label(ctx context.Context, sess *ort.Session, m models.Manifest, img *volume.Image) (*volume.Labels, error) {
	edges := []int64{int64(img.Size[2]), int64(img.Size[1]), int64(img.Size[0])}
	shape := func(rank int) []int64 {
		s := make([]int64, rank)
		for i := range s {
			s[i] = 1
		}
		copy(s[max(0, rank-len(edges)):], edges[max(0, len(edges)-rank):])
		return s
	}
	labels := &volume.Labels{Grid: img.Grid, Data: make([]uint8, img.Voxels())}
	err := sess.Run(ctx,
		[]ort.Tensor{ort.Floats(shape(len(m.Input.Shape)), img.Data)},
		[]ort.Tensor{ort.Bytes(shape(len(m.Output.Shape)), labels.Data)})
	if err != nil {
		return nil, err
	}
	return labels, nil
}

// describe brings the labels home and writes what the clinic gets. The segmentation and
// the picture need nothing from each other, so they are made side by side.
func describe(ctx context.Context, m models.Manifest, series *dicom.Series, source *volume.Image, labels *volume.Labels, options report.SegOptions) (Result, error) {
	home, err := volume.MapLabels(labels, source.Grid)
	if err != nil {
		return Result{}, err
	}
	segments, err := measure(m, home)
	if err != nil {
		return Result{}, err
	}
	var seg, picture []byte
	work, _ := errgroup.WithContext(ctx)
	work.Go(func() (err error) {
		seg, err = report.Segmentation(series, home, m, options)
		return err
	})
	work.Go(func() (err error) {
		picture, err = report.Overlay(source, home, m)
		return err
	})
	if err := work.Wait(); err != nil {
		return Result{}, err
	}
	return Result{
		Findings: Findings{Segments: segments},
		Files:    []dicom.File{{Name: SegmentationFile, Data: seg}, {Name: OverlayFile, Data: picture}},
	}, nil
}

// identity seeds the UIDs of a result: the same study and model give the same ones, so a
// result that is made or delivered twice is recognised as one.
func identity(study []byte, pkg models.Package) models.Digest {
	h := sha256.New()
	h.Write(study)
	h.Write(pkg.Manifest.Weights.SHA256[:])
	return models.Digest(h.Sum(nil))
}

// softwareVersion is this program's, as Go's build recorded it.
func softwareVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unversioned"
}

// measure counts voxels per structure: volume = voxels × voxel volume. A value that the
// manifest does not list means that weights and manifest disagree.
func measure(m models.Manifest, labels *volume.Labels) ([]Segment, error) {
	var counts [256]int
	for _, v := range labels.Data {
		counts[v]++
	}
	for _, l := range m.Labels {
		if l.Value == 0 {
			counts[0] = 0
		}
	}
	segments := make([]Segment, 0, len(m.Labels))
	for _, l := range m.Structures() {
		segments = append(segments, Segment{Label: l.Value, Name: l.Name, Code: *l.Type,
			VoxelCount: counts[l.Value], VolumeML: float64(counts[l.Value]) * labels.VoxelML()})
		counts[l.Value] = 0
	}
	for value, n := range counts {
		if n > 0 {
			return nil, fmt.Errorf("the model gave label %d, which its manifest does not list; ask its publisher", value)
		}
	}
	return segments, nil
}
