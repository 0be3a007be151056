package inference

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"math"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// The files of a result. Every result has the report; one that completed has pictures,
// unless it has no labels and is about a series; a segmentation has the first.
const (
	SegmentationFile = "seg.dcm"
	OverlayFile      = "overlay.png"
	ReportFile       = "sr.dcm"
	CaptureFile      = "sc.dcm"
)

// Report brings the answer home to the source and writes what the clinic gets.
func (a *Analysis) Report(ctx context.Context, rt *ort.Runtime, sess *ort.Session) (Result, error) {
	var result Result
	err := a.stage(ctx, StageReport, func() (err error) {
		result, err = a.describe(ctx)
		if errors.Is(err, volume.ErrUnsuited) { // which the report then says
			a.outcome, a.reason = NotApplicable, reasonOf(StageReport, err)
			result, err = a.describe(ctx)
		}
		return err
	})
	if err != nil {
		return Result{}, err
	}
	m, f := a.pkg.Manifest, &result.Findings
	f.Model, f.Version, f.Weights = m.ID, m.Version, m.Weights.SHA256
	f.Provider, f.Runtime, f.SeriesUID, f.Phases = sess.Provider(), rt.Version(), a.source.uid(), a.phases
	return result, nil
}

// describe gives the figures and the files.
func (a *Analysis) describe(ctx context.Context) (Result, error) {
	m := a.pkg.Manifest
	f := Findings{Outcome: a.outcome, Reason: a.reason}
	var home segmented
	var err error
	switch task := m.TaskKind(); {
	case a.outcome != Completed:
	case task == models.Segmentation:
		if home, err = a.bringHome(); err == nil {
			f.Segments, f.Measurements, err = a.measure(home.labels)
		}
	case task == models.Classification:
		f.Probabilities = probabilities(m, a.answer.values)
	case task == models.Regression:
		f.Measurements = measuredValues(m, a.answer.values)
	default:
		f.Boxes = homeBoxes(m, a.answer.boxes, a.conformed.Grid, a.source.image.Grid)
	}
	if err != nil {
		return Result{}, err
	}
	files, err := a.write(ctx, f, home)
	if err != nil {
		return Result{}, err
	}
	examined, err := a.examineDelivered(home.labels)
	return Result{Findings: f, Files: append(files, examined...)}, err
}

// segmented is a segmentation on the source's grid.
type segmented struct {
	labels *volume.Labels // nil where there is none
	shares *volume.Shares // of a fractional one; the labels are decided by them
}

// bringHome maps the model's answer back to the source and runs the manifest's steps on
// connected parts there: what is measured and delivered is what they leave.
func (a *Analysis) bringHome() (home segmented, err error) {
	m, grid := a.pkg.Manifest, a.source.image.Grid
	if a.source.picture != nil {
		grid.Size[2] = 1
	}
	if m.Fractional {
		if home.shares, err = volume.MapShares(a.answer.shares, grid); err != nil {
			return home, err
		}
		a.answer.shares = nil
		var values []uint8
		for _, l := range m.Structures() {
			values = append(values, l.Value)
		}
		home.labels = &volume.Labels{Grid: grid, Data: make([]uint8, grid.Voxels())}
		return home, volume.Decide(home.labels.Data, home.shares.Data, values, m.Cutoff())
	}
	if home.labels, err = volume.MapLabels(a.answer.labels, grid); err != nil {
		return home, err
	}
	a.answer.labels = nil
	filterComponents(m, home.labels)
	return home, nil
}

// write makes the files. They need nothing from each other, so they are made side by side.
func (a *Analysis) write(ctx context.Context, f Findings, home segmented) ([]dicom.File, error) {
	m, options := a.pkg.Manifest, report.Options{Seed: identity(a.study, a.pkg), Now: time.Now(), SoftwareVersion: softwareVersion()}
	contents := f.contents(m)
	var segmentation, overlay, capture, statement []byte
	var reference report.Reference
	work, _ := errgroup.WithContext(ctx)
	if home.labels != nil {
		reference = options.Segmentation()
		work.Go(func() (err error) {
			segmentation, err = a.source.segmentation(home, m, options)
			return err
		})
	}
	work.Go(func() error {
		picture, err := a.draw(home.labels, contents)
		if err != nil || picture == nil {
			return err
		}
		if overlay, err = report.PNG(picture); err != nil {
			return err
		}
		capture, err = report.SecondaryCapture(a.source.describe(), picture, m, options)
		return err
	})
	work.Go(func() (err error) {
		statement, err = report.StructuredReport(a.source.describe(), reference, contents, m, options)
		return err
	})
	if err := work.Wait(); err != nil {
		return nil, err
	}
	if len(segmentation) > a.room {
		return nil, fmt.Errorf("the segmentation has %d bytes, and a result has room for %d: %w", len(segmentation), a.room, volume.ErrUnsuited)
	}
	var files []dicom.File
	for _, file := range []dicom.File{{Name: SegmentationFile, Data: segmentation}, {Name: OverlayFile, Data: overlay},
		{Name: ReportFile, Data: statement}, {Name: CaptureFile, Data: capture}} {
		if file.Data != nil {
			files = append(files, file)
		}
	}
	return files, nil
}

// draw paints what a person can judge at a glance; nil where there is nothing to see.
func (a *Analysis) draw(labels *volume.Labels, c report.Contents) (image.Image, error) {
	m := a.pkg.Manifest
	switch {
	case a.outcome != Completed:
		return nil, nil
	case a.source.picture != nil:
		return report.DrawPicture(a.source.picture, labels, c, m)
	case labels != nil:
		return report.Draw(a.source.image, labels, m)
	}
	return nil, nil
}

// segmentation writes labels or shares that lie on the source.
func (s source) segmentation(home segmented, m models.Manifest, options report.Options) ([]byte, error) {
	switch {
	case s.series != nil && home.shares != nil:
		return report.FractionalSegmentation(s.series, home.shares, m, options)
	case s.series != nil:
		return report.Segmentation(s.series, home.labels, m, options)
	case home.shares != nil:
		return report.FractionalPictureSegmentation(s.picture, home.shares, m, options)
	}
	return report.PictureSegmentation(s.picture, home.labels, m, options)
}

// describe is the source as reports refer to it.
func (s source) describe() report.Source {
	if s.series != nil {
		return report.SeriesSource(s.series)
	}
	return report.PictureSource(s.picture)
}

// filterComponents runs the manifest's steps on connected parts.
func filterComponents(m models.Manifest, labels *volume.Labels) {
	for _, s := range m.Postprocess {
		for _, l := range m.Structures() {
			if s.Label != 0 && s.Label != l.Value {
				continue
			}
			switch s.Op {
			case "largest-component":
				volume.KeepLargest(labels, l.Value, max(1, s.Count))
			case "min-component":
				volume.DropSmaller(labels, l.Value, s.ML)
			case "drop-border":
				volume.DropBorder(labels, l.Value)
			}
		}
	}
}

// count counts voxels per structure: volume = voxels × voxel volume. A value that the
// manifest does not list means that weights and manifest disagree.
func count(m models.Manifest, labels *volume.Labels) ([]Segment, error) {
	counts := labels.Count()
	for _, l := range m.Labels {
		if l.Value == 0 {
			counts[0] = 0
		}
	}
	segments := make([]Segment, 0, len(m.Labels))
	for _, l := range m.Structures() {
		s := Segment{Label: l.Value, Name: l.Name, Code: *l.Type, VoxelCount: counts[l.Value]}
		if m.Axes() == 3 {
			s.VolumeML = float64(s.VoxelCount) * labels.VoxelML()
		}
		segments = append(segments, s)
		counts[l.Value] = 0
	}
	for value, n := range counts {
		if n > 0 {
			return nil, unlisted(value)
		}
	}
	return segments, nil
}

// measure counts the voxels and takes the figures that the manifest asks for. One that a
// structure without voxels, or a picture of unknown spacing, does not have is left out.
func (a *Analysis) measure(labels *volume.Labels) ([]Segment, []Measurement, error) {
	segments, err := count(a.pkg.Manifest, labels)
	if err != nil {
		return nil, nil, err
	}
	var list []Measurement
	for _, w := range a.pkg.Manifest.Measures {
		value, known, err := a.figure(w, labels, segments)
		if err != nil {
			return nil, nil, err
		}
		if known && math.Abs(value) <= maxFigure {
			list = append(list, Measurement{Kind: w.Kind, Code: w.Concept(), Unit: w.Unit, Label: w.Label, Value: w.InUnit(value)})
		}
	}
	return segments, list, nil
}

func (a *Analysis) figure(w models.Measure, labels *volume.Labels, segments []Segment) (value float64, known bool, err error) {
	voxels := 0
	for _, s := range segments {
		if s.Label == w.Label {
			voxels = s.VoxelCount
		}
	}
	switch w.Kind {
	case models.MeasureVolume:
		return float64(voxels) * labels.VoxelML(), true, nil
	case models.MeasureDiameter:
		p := a.source.picture
		return volume.LongestDiameter(labels, w.Label).MM, p == nil || min(p.SpacingMM[0], p.SpacingMM[1]) > 0, nil
	}
	if a.source.image.Size != labels.Size {
		return 0, false, nil // a picture in colour has no such units
	}
	r, err := volume.Measure(a.source.image, labels, w.Label, w.Below)
	if w.Kind == models.MeasureMeanHU {
		return r.Mean, r.Voxels > 0, err
	}
	return float64(r.Below) / float64(r.Voxels), r.Voxels > 0, err
}

func probabilities(m models.Manifest, values []float64) []Probability {
	list := make([]Probability, len(values))
	for n, v := range values {
		list[n] = Probability{Name: m.Classes[n].Name, Code: m.Classes[n].Code, Value: v}
	}
	return list
}

func measuredValues(m models.Manifest, values []float64) []Measurement {
	list := make([]Measurement, len(values))
	for n, w := range m.Values() {
		list[n] = Measurement{Kind: w.Kind, Code: w.Concept(), Unit: w.Unit, Value: values[n]}
	}
	return list
}

// homeBoxes brings boxes from voxels of the conformed grid to the patient, in mm, or to
// the picture's pixels. A box that is turned on the way becomes the smallest upright one
// around it; what lies outside the image is cut off.
func homeBoxes(m models.Manifest, boxes []volume.Box, conformed, home volume.Grid) []Box {
	list := make([]Box, 0, len(boxes))
	for _, b := range boxes {
		out := Box{Name: m.Classes[b.Class].Name, Score: b.Score}
		if m.Axes() == 2 {
			low, high := conformed.Between(b.Min, home), conformed.Between(b.Max, home)
			for n := range 2 {
				edge := float64(home.Size[n])
				out.Min[n], out.Max[n] = min(max(low[n], 0), edge), min(max(high[n], 0), edge)
			}
		} else {
			for n := range 3 {
				edge := float64(conformed.Size[n])
				b.Min[n], b.Max[n] = min(max(b.Min[n], 0), edge), min(max(b.Max[n], 0), edge)
			}
			out.Min, out.Max = conformed.Around(b.Min, b.Max)
		}
		list = append(list, out)
	}
	return list
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
