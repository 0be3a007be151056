package dicom

import (
	"math"
)

// Tolerances of the geometry check. Positions and cosines are decimal strings of at
// most 16 characters, and scanners round them to 3–6 places.
const (
	cosineTolerance   = 1e-3 // of a direction cosine
	spacingTolerance  = 1e-3 // of a pixel spacing, relative
	positionTolerance = 0.01 // mm between slices that count as being at one place
	stepTolerance     = 0.05 // of a slice distance, relative to the median
	driftTolerance    = 0.25 // of a slice distance, between a slice and its place on the grid
	shiftTolerance    = 0.5  // of a pixel, between a slice and its place on the grid, sideways
)

// plane is one slice in the patient (PS3.3 C.7.6.2).
type plane struct {
	position [3]float64 // mm, LPS
	row      [3]float64 // direction in which the column index grows
	column   [3]float64 // direction in which the row index grows
	spacing  [2]float64 // mm between rows, between columns
	normal   [3]float64 // row × column
}

// readPlane reads where a frame lies.
func readPlane(v view) (plane, *Refusal) {
	var p plane
	position, ok := v.numbers(imagePosition)
	orientation, ok2 := v.numbers(imageOrientation)
	if !ok || !ok2 || len(position) != 3 || len(orientation) != 6 {
		return p, &Refusal{What: "slice has no position or orientation in the patient", Do: "send an axial, coronal or sagittal series with Image Position and Image Orientation"}
	}
	spacing, ok := v.numbers(pixelSpacing)
	if !ok || len(spacing) != 2 || !(spacing[0] > 1e-3) || !(spacing[1] > 1e-3) || max(spacing[0], spacing[1]) > 1000 {
		return p, &Refusal{What: "slice has no usable pixel spacing", Do: "send a series with Pixel Spacing"}
	}
	copy(p.position[:], position)
	copy(p.row[:], orientation[:3])
	copy(p.column[:], orientation[3:])
	copy(p.spacing[:], spacing)
	if math.Abs(dot(p.row, p.row)-1) > 2*cosineTolerance || math.Abs(dot(p.column, p.column)-1) > 2*cosineTolerance || math.Abs(dot(p.row, p.column)) > cosineTolerance {
		return p, &Refusal{What: "slice orientation is not two perpendicular unit vectors", Do: exportAgain}
	}
	p.row, p.column = scaled(p.row, 1/length(p.row)), scaled(p.column, 1/length(p.column))
	p.normal = cross(p.row, p.column)
	for _, v := range p.position {
		if math.Abs(v) > 1e5 {
			return p, &Refusal{What: "slice position lies far outside any scanner", Do: exportAgain}
		}
	}
	return p, nil
}

// sameAs refuses a plane that can't be in one volume with q.
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

func dot(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

func cross(a, b [3]float64) [3]float64 {
	return [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

func sub(a, b [3]float64) [3]float64 { return [3]float64{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }

func scaled(a [3]float64, by float64) [3]float64 { return [3]float64{a[0] * by, a[1] * by, a[2] * by} }

func length(a [3]float64) float64 { return math.Sqrt(dot(a, a)) }
