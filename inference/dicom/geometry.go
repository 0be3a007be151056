package dicom

import (
	"fmt"
	"math"
	"slices"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/volume"
)

// Tolerances of the geometry check. Positions and cosines are decimal strings of at
// most 16 characters, and scanners round them to 3–6 places.
const (
	cosineTolerance   = 1e-3 // of a direction cosine
	spacingTolerance  = 1e-3 // of a pixel spacing, relative
	positionTolerance = 0.01 // mm between slices that count as being at one place
	stepTolerance     = 0.05 // of a slice distance, relative to the median
)

// plane is one slice in the patient (PS3.3 C.7.6.2).
type plane struct {
	position [3]float64 // mm, LPS
	row      [3]float64 // direction in which the column index grows
	column   [3]float64 // direction in which the row index grows
	spacing  [2]float64 // mm between rows, between columns
	normal   [3]float64 // row × column
}

// readPlane reads the attributes of the image plane module.
func readPlane(o *Object) (plane, *Refusal) {
	var p plane
	position, ok := o.Float64s(tag.ImagePositionPatient)
	orientation, ok2 := o.Float64s(tag.ImageOrientationPatient)
	if !ok || !ok2 || len(position) != 3 || len(orientation) != 6 {
		return p, &Refusal{What: "slice has no position or orientation in the patient", Do: "send an axial, coronal or sagittal series with Image Position and Image Orientation"}
	}
	spacing, ok := o.Float64s(tag.PixelSpacing)
	if !ok || len(spacing) != 2 || !(spacing[0] > 1e-3) || !(spacing[1] > 1e-3) || max(spacing[0], spacing[1]) > 1000 {
		return p, &Refusal{What: "slice has no usable pixel spacing", Do: "send a series with Pixel Spacing"}
	}
	copy(p.position[:], position)
	copy(p.row[:], orientation[:3])
	copy(p.column[:], orientation[3:])
	copy(p.spacing[:], spacing)
	p.normal = cross(p.row, p.column)
	if math.Abs(dot(p.row, p.row)-1) > 2*cosineTolerance || math.Abs(dot(p.column, p.column)-1) > 2*cosineTolerance || math.Abs(dot(p.row, p.column)) > cosineTolerance {
		return p, &Refusal{What: "slice orientation is not two perpendicular unit vectors", Do: exportAgain}
	}
	for _, v := range p.position {
		if math.Abs(v) > 1e5 {
			return p, &Refusal{What: "slice position lies far outside any scanner", Do: exportAgain}
		}
	}
	return p, nil
}

func (p plane) sameAs(q plane) *Refusal {
	for n := range 3 {
		if math.Abs(p.row[n]-q.row[n]) > cosineTolerance || math.Abs(p.column[n]-q.column[n]) > cosineTolerance {
			return &Refusal{What: "slices differ in orientation", Do: "send one series, not a localiser or several merged ones"}
		}
	}
	for n := range 2 {
		if math.Abs(p.spacing[n]-q.spacing[n]) > spacingTolerance*q.spacing[n] {
			return &Refusal{What: "slices differ in pixel spacing", Do: "send one series, not several merged ones"}
		}
	}
	return nil
}

// stack sorts the slices along their normal and builds the grid, if they form one.
func (s *Series) stack(planes []plane, files int, sel Selection) (volume.Grid, error) {
	lead := planes[0]
	along := func(n Instance) float64 { return dot(n.Position, lead.normal) }
	slices.SortStableFunc(s.Instances, func(a, b Instance) int {
		if d := along(a) - along(b); d != 0 {
			return int(math.Copysign(1, d))
		}
		return a.File - b.File
	})
	count := len(s.Instances)
	if count < max(2, sel.MinSlices) {
		// A gap is told first where there is one: it is the better advice.
		if count > 2 {
			if refusal := s.checkSteps(along, files); refusal != nil {
				return volume.Grid{}, refusal
			}
		}
		return volume.Grid{}, &Refusal{What: "series has too few slices", Where: fmt.Sprintf("%d, at least %d are needed", count, max(2, sel.MinSlices)), Do: "send the whole series, or choose another model"}
	}
	if refusal := s.checkSteps(along, files); refusal != nil {
		return volume.Grid{}, refusal
	}
	firstAt, lastAt := s.Instances[0].Position, s.Instances[count-1].Position
	travel := sub(lastAt, firstAt)
	sideways := sub(travel, scaled(lead.normal, dot(travel, lead.normal)))
	if math.Sqrt(dot(sideways, sideways)) > 0.5*min(lead.spacing[0], lead.spacing[1]) {
		return volume.Grid{}, &Refusal{What: "slices are sheared against each other (gantry tilt)", Where: fmt.Sprintf("%.1f mm from the first to the last slice", math.Sqrt(dot(sideways, sideways))), Do: "send a series without gantry tilt, or one resampled by the scanner"}
	}
	grid := volume.Grid{Size: [3]int{s.format.columns, s.format.rows, count}}
	for row := range 3 {
		grid.Affine[row] = [4]float64{
			lead.row[row] * lead.spacing[1],
			lead.column[row] * lead.spacing[0],
			travel[row] / float64(count-1),
			firstAt[row],
		}
	}
	grid.Affine[3][3] = 1
	if err := grid.Validate(); err != nil {
		return grid, &Refusal{What: "series does not form a volume", Do: exportAgain, Err: err}
	}
	spacing := grid.Spacing()
	if largest := max(spacing[0], spacing[1], spacing[2]); sel.MaxSpacingMM > 0 && largest > sel.MaxSpacingMM*(1+spacingTolerance) {
		return grid, &Refusal{What: "voxels are too large", Where: fmt.Sprintf("%.2f mm, at most %.2f mm makes sense for this model", largest, sel.MaxSpacingMM), Do: "send a thin-slice series"}
	}
	return grid, nil
}

// checkSteps compares the distances between neighbours with their median.
func (s *Series) checkSteps(along func(Instance) float64, files int) *Refusal {
	steps := make([]float64, len(s.Instances)-1)
	place := func(n int) string {
		return fmt.Sprintf("between slices %d and %d of %d (files %d and %d of %d)", n+1, n+2, len(s.Instances), s.Instances[n].File, s.Instances[n+1].File, files)
	}
	uids := make(map[string]bool, len(s.Instances))
	for n, in := range s.Instances {
		if uids[in.UID] {
			return &Refusal{What: "two slices have the same identity", Where: fmt.Sprintf("file %d of %d", in.File, files), Do: "remove the duplicate"}
		}
		uids[in.UID] = true
		if n == 0 {
			continue
		}
		steps[n-1] = along(in) - along(s.Instances[n-1])
		if steps[n-1] < positionTolerance {
			return &Refusal{What: "two slices lie at the same place", Where: place(n - 1), Do: "remove the duplicate, or send one series without repeated acquisitions"}
		}
	}
	sorted := slices.Clone(steps)
	slices.Sort(sorted)
	median := sorted[len(sorted)/2]
	for n, step := range steps {
		missing := math.Round(step/median) - 1
		if missing >= 1 && math.Abs(step/median-missing-1) < 2*stepTolerance*(missing+1) {
			return &Refusal{What: fmt.Sprintf("%.0f slice(s) missing", missing), Where: place(n), Do: "send the whole series"}
		}
	}
	for n, step := range steps {
		if math.Abs(step-median) > max(stepTolerance*median, positionTolerance) {
			return &Refusal{What: "distance between slices varies", Where: fmt.Sprintf("%.2f mm instead of %.2f mm %s", step, median, place(n)), Do: "send a series with equal slice distances"}
		}
	}
	return nil
}

func dot(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

func cross(a, b [3]float64) [3]float64 {
	return [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

func sub(a, b [3]float64) [3]float64 { return [3]float64{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }

func scaled(a [3]float64, by float64) [3]float64 { return [3]float64{a[0] * by, a[1] * by, a[2] * by} }
