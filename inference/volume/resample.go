package volume

import (
	"fmt"
	"math"
)

// sameSpacingMM is the difference below which two spacings count as equal.
const sameSpacingMM = 1e-3

// MinSpacingMM and MaxSpacingMM bound what Resample is asked for, and so its memory.
const (
	MinSpacingMM = 0.1
	MaxSpacingMM = 20
)

// Resample changes the distance between voxels and keeps the axes. The new grid
// has the old one's centre and, to half a voxel, its extent; beyond the outermost
// old centres the outermost value continues. Kernel is "linear" (trilinear, no
// smoothing before reduction), "nearest" or "spline" (see spline.go). An image that
// already has the spacing within 0.001 mm is returned as it is.
func Resample(img *Image, spacingMM [3]float64, kernel string) (*Image, error) {
	return resample(img, spacingMM, kernel, false)
}

// resample is Resample; owned says that img's values may be overwritten.
func resample(img *Image, spacingMM [3]float64, kernel string, owned bool) (*Image, error) {
	if err := img.Validate(); err != nil {
		return nil, fmt.Errorf("resample: %w", err)
	}
	if kernel != "linear" && kernel != "nearest" && kernel != "spline" {
		return nil, fmt.Errorf("resample: kernel %.20q is unknown; use linear, nearest or spline", kernel)
	}
	old := img.Spacing()
	same := true
	size := img.Size
	var ratio [3]float64
	for n, want := range spacingMM {
		if !(want >= MinSpacingMM && want <= MaxSpacingMM) {
			return nil, fmt.Errorf("resample: spacing %v mm is outside %v–%v mm", want, MinSpacingMM, MaxSpacingMM)
		}
		same = same && math.Abs(old[n]-want) < sameSpacingMM
		ratio[n] = want / old[n]
		edge := max(1, math.Round(float64(img.Size[n])/ratio[n]))
		if edge > MaxVoxels {
			return nil, fmt.Errorf("resample to %v mm: the grid would be too large: %w", spacingMM, ErrUnsuited)
		}
		size[n] = int(edge)
	}
	if same {
		return img, nil
	}
	out, err := sample(img, size, ratio, kernel, owned)
	if err != nil {
		return nil, fmt.Errorf("resample to %v mm: %w: %w", spacingMM, err, ErrUnsuited)
	}
	return out, nil
}

// sample takes size values along each axis, ratio voxels apart and around the same centre.
func sample(img *Image, size [3]int, ratio [3]float64, kernel string, owned bool) (*Image, error) {
	target := Grid{Size: size, Affine: img.Affine}
	var first [3]float64
	for n := range 3 {
		first[n] = float64(img.Size[n]-1)/2 - float64(size[n]-1)/2*ratio[n]
		for row := range 3 {
			target.Affine[row][n] *= ratio[n]
		}
	}
	origin := img.Position(first)
	for row := range 3 {
		target.Affine[row][3] = origin[row]
	}
	if err := target.Validate(); err != nil {
		return nil, err
	}
	out := &Image{Grid: target, Data: make([]float32, target.Voxels())}
	if kernel == "spline" {
		splineSample(out, img, first, ratio, owned)
		return out, nil
	}
	var taps [3][]tap
	for n := range 3 {
		taps[n] = tapsAlong(size[n], img.Size[n], first[n], ratio[n], kernel)
	}
	interpolate(out, img, taps)
	return out, nil
}

// tap names the two source voxels along one axis and the weight of the second.
type tap struct {
	a, b   int
	weight float32
}

func tapsAlong(target, source int, first, ratio float64, kernel string) []tap {
	taps := make([]tap, target)
	for n := range taps {
		at := min(max(first+float64(n)*ratio, 0), float64(source-1))
		if kernel == "nearest" {
			nearest := int(math.Round(at))
			taps[n] = tap{a: nearest, b: nearest}
			continue
		}
		a := int(at)
		taps[n] = tap{a: a, b: min(a+1, source-1), weight: float32(at - float64(a))}
	}
	return taps
}

// interpolate is trilinear: first between rows and slices into one line, then along i.
func interpolate(out, img *Image, taps [3][]tap) {
	columns, plane := img.Size[0], img.Size[0]*img.Size[1]
	parallel(0, out.Size[2], func(k int) {
		line := make([]float32, columns)
		tk := taps[2][k]
		for j, tj := range taps[1] {
			w00, w01 := (1-tj.weight)*(1-tk.weight), tj.weight*(1-tk.weight)
			w10, w11 := (1-tj.weight)*tk.weight, tj.weight*tk.weight
			r00 := img.Data[tk.a*plane+tj.a*columns:][:columns]
			r01 := img.Data[tk.a*plane+tj.b*columns:][:columns]
			r10 := img.Data[tk.b*plane+tj.a*columns:][:columns]
			r11 := img.Data[tk.b*plane+tj.b*columns:][:columns]
			for i := range line {
				line[i] = w00*r00[i] + w01*r01[i] + w10*r10[i] + w11*r11[i]
			}
			row := out.Data[(k*out.Size[1]+j)*out.Size[0]:][:out.Size[0]]
			for i, ti := range taps[0] {
				row[i] = line[ti.a] + (line[ti.b]-line[ti.a])*ti.weight
			}
		}
	})
}
