package volume

import (
	"fmt"
	"math"
	"strings"
)

// directions are the letters of the LPS axes: towards plus and towards minus.
var directions = [3]string{"LR", "PA", "SI"}

// permutations are the ways in which three voxel axes lie along three patient axes.
var permutations = [6][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}

// Orientation names where i, j and k increase towards, each by its nearest patient
// axis: "LPS" for an unrotated axial DICOM stack. The convention is nibabel's.
func (g Grid) Orientation() string {
	axes, signs := g.nearestAxes()
	var name strings.Builder
	for n := range 3 {
		letter := directions[axes[n]][0]
		if signs[n] < 0 {
			letter = directions[axes[n]][1]
		}
		name.WriteByte(letter)
	}
	return name.String()
}

// nearestAxes assigns to each voxel axis a patient axis, so that the sum of the
// direction cosines is largest and no patient axis is taken twice.
func (g Grid) nearestAxes() (axes [3]int, signs [3]int) {
	spacing := g.Spacing()
	best := -1.0
	for _, p := range permutations {
		sum := 0.0
		for n, axis := range p {
			sum += math.Abs(g.Affine[axis][n]) / spacing[n]
		}
		if sum > best+1e-9 {
			best, axes = sum, p
		}
	}
	for n, axis := range axes {
		signs[n] = 1
		if g.Affine[axis][n] < 0 {
			signs[n] = -1
		}
	}
	return axes, signs
}

// Reorient turns an image by whole quarter turns and mirrorings of its axes, so
// that i, j and k increase towards the letters of to, such as "LIA". Every voxel
// keeps its value and its place in the patient. An image that already lies so is
// returned as it is.
func Reorient(img *Image, to string) (*Image, error) {
	if err := img.Validate(); err != nil {
		return nil, fmt.Errorf("reorient to %.3q: %w", to, err)
	}
	wantAxes, wantSigns, err := parseOrientation(to)
	if err != nil {
		return nil, err
	}
	axes, signs := img.nearestAxes()
	var l lattice
	target := Grid{Affine: img.Affine}
	identity := true
	origin := [3]float64{}
	for n := range 3 {
		for m := range 3 {
			if axes[m] != wantAxes[n] {
				continue
			}
			l.axis[n], l.step[n] = m, signs[m]*wantSigns[n]
			target.Size[n] = img.Size[m]
			if l.step[n] < 0 {
				l.origin[m] = img.Size[m] - 1
				origin[m] = float64(img.Size[m] - 1)
			}
			for row := range 3 {
				target.Affine[row][n] = img.Affine[row][m] * float64(l.step[n])
			}
			identity = identity && m == n && l.step[n] > 0
		}
	}
	if identity {
		return img, nil
	}
	place := img.Position(origin)
	for row := range 3 {
		target.Affine[row][3] = place[row]
	}
	return &Image{Grid: target, Data: gather(img.Data, img.Size, target.Size, l)}, nil
}

func parseOrientation(name string) (axes [3]int, signs [3]int, err error) {
	if len(name) != 3 {
		return axes, signs, fmt.Errorf("orientation %.10q: want three letters of L/R, A/P, S/I", name)
	}
	used := [3]bool{}
	for n := range 3 {
		found := false
		for axis, letters := range directions {
			at := strings.IndexByte(letters, name[n])
			if at < 0 || used[axis] {
				continue
			}
			axes[n], signs[n], found, used[axis] = axis, 1-2*at, true, true
		}
		if !found {
			return axes, signs, fmt.Errorf("orientation %q: want one letter each of L/R, A/P and S/I", name)
		}
	}
	return axes, signs, nil
}
