package deface

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	dcm "github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/testdata"
)

// realHead is the project's own scan: T1, 1 mm, the chin and the tip of the nose cut off by
// its field of view.
func realHead(t testing.TB) *volume.Image {
	t.Helper()
	files, err := dcm.LoadZip(testdata.T1Study(), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	series, err := dcm.ReadSeries(files, dcm.Selection{Modality: "MR", MinSlices: 20, MaxSpacingMM: 3}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	img, err := series.Image()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// Places of the real head in mm (LPS), read off its slices. Of the brain those are chosen
// that lie nearest to the face.
var (
	facial = map[string][3]float64{
		"nose": {0, -88, -42}, "left eye": {33, -66, -38}, "right eye": {-33, -66, -38}, "upper jaw": {0, -82, -68}, "left cheek": {40, -62, -62}, "right cheek": {-40, -62, -62},
	}
	cerebral = map[string][3]float64{
		"frontal pole": {8, -68, 0}, "orbital gyrus": {25, -55, -14}, "left temporal pole": {40, -18, -40}, "right temporal pole": {-40, -18, -40},
		"pons": {0, 25, -40}, "cerebellum": {20, 65, -60}, "vertex": {0, 30, 75},
	}
)

// turned is a rotation about the axes of the patient, in degrees: pitch about the axis from
// ear to ear, roll about the nose, yaw about the neck.
func turned(img *volume.Image, pitch, roll, yaw float64) (*volume.Image, func([3]float64) [3]float64) {
	around := func(axis int, degrees float64) (m [3][3]float64) {
		s, c := math.Sincos(degrees * math.Pi / 180)
		a, b := (axis+1)%3, (axis+2)%3
		m[axis][axis], m[a][a], m[a][b], m[b][a], m[b][b] = 1, c, -s, s, c
		return m
	}
	move := func(p [3]float64) [3]float64 {
		for _, m := range [][3][3]float64{around(0, pitch), around(1, roll), around(2, yaw)} {
			p = [3]float64{m[0][0]*p[0] + m[0][1]*p[1] + m[0][2]*p[2], m[1][0]*p[0] + m[1][1]*p[1] + m[1][2]*p[2], m[2][0]*p[0] + m[2][1]*p[1] + m[2][2]*p[2]}
		}
		return p
	}
	out := &volume.Image{Grid: img.Grid, Data: img.Data}
	for column := range 4 {
		p := move([3]float64{img.Affine[0][column], img.Affine[1][column], img.Affine[2][column]})
		for row := range 3 {
			out.Affine[row][column] = p[row]
		}
	}
	return out, move
}

// changed is an image with other values.
func changed(img *volume.Image, of func(p [3]float64, v float32) float32) *volume.Image {
	out := &volume.Image{Grid: img.Grid, Data: make([]float32, len(img.Data))}
	for n, v := range img.Data {
		p := img.Position([3]float64{float64(n % img.Size[0]), float64(n / img.Size[0] % img.Size[1]), float64(n / img.Size[0] / img.Size[1])})
		out.Data[n] = of(p, v)
	}
	return out
}

// stored is the same image with its axes in another order, some of them the other way round:
// the way that slices lie in a file says nothing of the patient.
func stored(img *volume.Image, order [3]int, flipped [3]bool) *volume.Image {
	out := &volume.Image{Grid: img.Grid, Data: make([]float32, len(img.Data))}
	for axis, from := range order {
		out.Size[axis] = img.Size[from]
		for row := range 3 {
			step := img.Affine[row][from]
			if flipped[axis] {
				out.Affine[row][3] += step * float64(img.Size[from]-1)
				step = -step
			}
			out.Affine[row][axis] = step
		}
	}
	for n := range out.Data {
		at, from := [3]int{n % out.Size[0], n / out.Size[0] % out.Size[1], n / out.Size[0] / out.Size[1]}, [3]int{}
		for axis := range 3 {
			if flipped[axis] {
				at[axis] = out.Size[axis] - 1 - at[axis]
			}
			from[order[axis]] = at[axis]
		}
		out.Data[n] = img.Data[(from[2]*img.Size[1]+from[1])*img.Size[0]+from[0]]
	}
	return out
}

func resampled(t testing.TB, img *volume.Image, mm [3]float64) *volume.Image {
	t.Helper()
	out, err := volume.Resample(img, mm, "linear")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// However the head lies and however it was scanned, eyes, nose and mouth are before the
// plane, and the brain is behind it.
func TestRealHead(t *testing.T) {
	head := realHead(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	top := float32(0)
	for _, v := range head.Data {
		top = max(top, v)
	}
	stay := func(p [3]float64) [3]float64 { return p }
	axes := func(order [3]int, flipped [3]bool) *volume.Image { return stored(head, order, flipped) }
	type scan struct {
		img  *volume.Image
		move func([3]float64) [3]float64
	}
	scans := map[string]scan{
		"as it is":          {head, stay},
		"slices of 5 mm":    {resampled(t, head, [3]float64{1, 1, 5}), stay},
		"voxels of 2 mm":    {resampled(t, head, [3]float64{2, 2, 2}), stay},
		"other units":       {changed(head, func(_ [3]float64, v float32) float32 { return 0.01*v - 3 }), stay},
		"noise":             {changed(head, func(_ [3]float64, v float32) float32 { return max(0, v+0.04*top*float32(rnd.NormFloat64())) }), stay},
		"a coil in front":   {changed(head, func(p [3]float64, v float32) float32 { return v * float32(1-0.3*p[1]/110) }), stay},
		"a coil behind":     {changed(head, func(p [3]float64, v float32) float32 { return v * float32(1+0.3*p[1]/110) }), stay},
		"sagittal slices":   {axes([3]int{1, 2, 0}, [3]bool{false, true, false}), stay},
		"coronal slices":    {axes([3]int{0, 2, 1}, [3]bool{false, true, true}), stay},
		"feet last":         {axes([3]int{0, 1, 2}, [3]bool{true, true, true}), stay},
		"columns first":     {axes([3]int{1, 0, 2}, [3]bool{true, false, false}), stay},
		"without the crown": {changed(head, func(p [3]float64, v float32) float32 { return v * bit(p[2] < 75) }), stay},
	}
	for name, turn := range map[string][3]float64{
		"chin down 15°": {-15, 0, 0}, "chin up 15°": {15, 0, 0}, "leaning 15°": {0, 15, 0}, "looking aside 15°": {0, 0, 15}, "all of it": {8, -8, 8},
	} {
		img, move := turned(head, turn[0], turn[1], turn[2])
		scans[name] = scan{img, move}
	}
	for name, s := range scans {
		t.Run(name, func(t *testing.T) {
			p, err := Find(s.img, "MR")
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("brain %.0f ml, head %.0f ml, face %.0f ml, plane at %.1f mm", p.BrainML, p.HeadML, p.FaceML, p.Offset)
			for what, at := range facial {
				if !p.Face(s.move(at)) {
					t.Errorf("the %s stays, %.1f mm behind the plane", what, p.Offset-p.along(s.move(at)))
				}
			}
			for what, at := range cerebral {
				if p.Face(s.move(at)) {
					t.Errorf("the %s goes, %.1f mm before the plane", what, p.along(s.move(at))-p.Offset)
				}
			}
		})
	}
}

func bit(b bool) float32 {
	if b {
		return 1
	}
	return 0
}

// phantom is a head of ellipsoids in HU with a face in front, of a size: skin, a skull,
// a brain, a jaw, a nose and a neck.
func phantom(scale, mm float64) *volume.Image {
	edge := int(300 / mm)
	img := &volume.Image{Grid: volume.Grid{Size: [3]int{edge, edge, edge}, Affine: [4][4]float64{{mm, 0, 0, -150}, {0, mm, 0, -150}, {0, 0, mm, -190}, {0, 0, 0, 1}}}}
	img.Data = make([]float32, img.Voxels())
	in := func(p [3]float64, x, y, z, a, b, c float64) bool {
		p = [3]float64{(p[0]/scale - x) / a, (p[1]/scale - y) / b, (p[2]/scale - z) / c}
		return p[0]*p[0]+p[1]*p[1]+p[2]*p[2] < 1
	}
	return changed(img, func(p [3]float64, _ float32) float32 {
		switch {
		case in(p, 0, 0, 0, 66, 84, 62): // the brain
			return 35
		case in(p, 0, 0, 0, 72, 90, 68), in(p, 0, -62, -85, 34, 34, 30) && !in(p, 0, -60, -80, 24, 26, 24): // the skull and the jaw
			return 900
		case in(p, 0, 0, 0, 78, 97, 75), in(p, 0, -55, -60, 52, 50, 62), in(p, 0, -106, -52, 12, 16, 18), in(p, 0, 10, -130, 55, 55, 90): // skin, face, nose, neck
			return 45
		}
		return -1000
	})
}

// A CT of an adult and of a child.
func TestPhantomCT(t *testing.T) {
	for name, scale := range map[string]float64{"adult": 1, "child": 0.82} {
		p, err := Find(phantom(scale, 3), "CT")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Logf("%s: brain %.0f ml, head %.0f ml, face %.0f ml", name, p.BrainML, p.HeadML, p.FaceML)
		for what, at := range map[string][3]float64{"nose": {0, -118, -52}, "chin": {0, -90, -100}, "left eye": {30, -88, -42}} {
			if !p.Face([3]float64{at[0] * scale, at[1] * scale, at[2] * scale}) {
				t.Errorf("%s: the %s stays", name, what)
			}
		}
		// The brain's surface nearest to the face.
		for degrees := range 360 {
			s, c := math.Sincos(float64(degrees) * math.Pi / 180)
			if at := [3]float64{0, 84 * c * scale, 62 * s * scale}; p.Face(at) {
				t.Fatalf("%s: the brain at %v goes", name, at)
			}
		}
	}
}

// What shows no head is told, and nothing is cut from it.
func TestNoHead(t *testing.T) {
	grid := volume.Grid{Size: [3]int{80, 80, 80}, Affine: [4][4]float64{{3}, {0, 3}, {0, 0, 3}, {0, 0, 0, 1}}}
	filled := func(of func(n int) float32) *volume.Image {
		img := &volume.Image{Grid: grid, Data: make([]float32, grid.Voxels())}
		for n := range img.Data {
			img.Data[n] = of(n)
		}
		return img
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	long := phantom(1, 3)
	for row := range 3 {
		long.Affine[row][2] *= 2
	}
	head := realHead(t)
	for name, c := range map[string]struct {
		img      *volume.Image
		modality string
	}{
		"nothing":          {filled(func(int) float32 { return 0 }), "MR"},
		"noise":            {filled(func(int) float32 { return float32(rnd.Float64()) }), "MR"},
		"air":              {filled(func(int) float32 { return -1000 }), "CT"},
		"a block":          {filled(func(int) float32 { return 40 }), "CT"},
		"a body's length":  {long, "CT"},
		"another modality": {head, "PT"},
		"the neck alone":   {changed(phantom(1, 3), func(p [3]float64, v float32) float32 { return v*bit(p[2] < -80) - 1000*bit(p[2] >= -80) }), "CT"},
	} {
		if p, err := Find(c.img, c.modality); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if _, err := Find(&volume.Image{}, "MR"); err == nil {
		t.Error("an invalid image: no error")
	}
}

// Growing and shrinking are each other's mirror, and never cross.
func TestMasks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMask([3]int{rapid.IntRange(1, 6).Draw(t, "i"), rapid.IntRange(1, 6).Draw(t, "j"), rapid.IntRange(1, 6).Draw(t, "k")})
		copy(m.in, rapid.SliceOfN(rapid.Bool(), len(m.in), len(m.in)).Draw(t, "in"))
		by := rapid.IntRange(0, 3).Draw(t, "by")
		grown, shrunk, largest, filled := m.grown(by), m.shrunk(by), m.largest(), m.filled()
		for n, in := range m.in {
			i, j, k := n%m.size[0], n/m.size[0]%m.size[1], n/m.size[0]/m.size[1]
			near := false
			for o, there := range m.in {
				a, b, c := o%m.size[0], o/m.size[0]%m.size[1], o/m.size[0]/m.size[1]
				near = near || there && max(i-a, a-i, j-b, b-j, k-c, c-k) <= by
			}
			if grown.in[n] != near {
				t.Fatalf("grown by %d at %d: %v", by, n, grown.in[n])
			}
			if shrunk.in[n] && !in || largest.in[n] && !in || in && !filled.in[n] {
				t.Fatalf("at %d: in %v, shrunk %v, largest %v, filled %v", n, in, shrunk.in[n], largest.in[n], filled.in[n])
			}
		}
		if m.count() > 0 && largest.count() == 0 {
			t.Fatal("nothing is the largest part")
		}
	})
}
