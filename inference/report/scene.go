package report

import (
	"image"
	"math"

	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// scene is what the panels are cut from. Panels follow the voxel axes nearest to
// the patient's, so an oblique scan is shown as it was taken.
type scene struct {
	img    *volume.Image
	labels *volume.Labels
	colors [256][3]float32
	known  [256]bool
	low    float32 // shown as black
	scale  float32 // from there to white, as 255 over the range

	axis    [3]int  // voxel axis nearest to L–R, A–P, S–I
	flip    [3]bool // that axis runs towards R, A or I
	spacing [3]float64
	from    [3]float64 // box shown, in voxels along each patient axis
	to      [3]float64
	pixelMM float64
}

// view is one plane: which patient axes run right and down in the panel, as signs
// towards L, P and S.
type view struct {
	across, down, through int       // patient axes: 0 L–R, 1 A–P, 2 S–I
	downFlip              bool      // down runs towards I
	letters               [4]string // left, right, top, bottom
	width, height         int
	slices                [positions]float64 // along through, in voxels
}

func newScene(img *volume.Image, labels *volume.Labels, m models.Manifest) *scene {
	s := &scene{img: img, labels: labels, spacing: img.Spacing()}
	for _, l := range m.Structures() {
		s.known[l.Value] = true
		s.colors[l.Value] = [3]float32{float32(l.Color[0]), float32(l.Color[1]), float32(l.Color[2])}
	}
	for n, letter := range img.Orientation() {
		axis := map[rune]int{'L': 0, 'R': 0, 'P': 1, 'A': 1, 'S': 2, 'I': 2}[letter]
		s.axis[axis] = n
		s.flip[axis] = letter == 'R' || letter == 'A' || letter == 'I'
	}
	s.window()
	s.frame()
	return s
}

// window finds the grey values that become black and white: percentiles of the
// labelled voxels, as brain, not fat, should use the range; of all voxels above air
// where nothing is labelled. A regular sample of the voxels is enough.
func (s *scene) window() {
	const bins, samples = 4096, 200_000
	step := max(1, len(s.img.Data)/samples)
	low, high := float32(math.Inf(1)), float32(math.Inf(-1))
	for n := 0; n < len(s.img.Data); n += step {
		low, high = min(low, s.img.Data[n]), max(high, s.img.Data[n])
	}
	s.low, s.scale = low, 0
	if !(high > low) {
		return
	}
	var all, labelled [bins]int
	total, inside := 0, 0
	for n := 0; n < len(s.img.Data); n += step {
		bin := int((s.img.Data[n] - low) / (high - low) * (bins - 1))
		if s.known[s.labels.Data[n]] {
			labelled[bin]++
			inside++
		}
		if bin > bins/100 { // without air
			all[bin]++
			total++
		}
	}
	at := func(histogram *[bins]int, total int, percent float64) float32 {
		seen := 0
		for n, c := range histogram {
			if seen += c; float64(seen) > percent/100*float64(total) {
				return low + float32(n)/(bins-1)*(high-low)
			}
		}
		return high
	}
	black, white := at(&all, total, lowPercent), at(&all, total, highPercent)
	if inside > samples/1000 {
		white = at(&labelled, inside, highPercent) * headroom
	}
	if white > black {
		s.low, s.scale = black, 255/(white-black)
	}
}

// frame chooses the box around the labels, or everything where there are none.
func (s *scene) frame() {
	size := s.labels.Size
	low, high, found := s.labelled()
	longest := 0.0
	for p := range 3 {
		n := s.axis[p]
		s.from[p], s.to[p] = 0, float64(size[n]-1)
		if found {
			margin := contextMM / s.spacing[n]
			s.from[p] = max(0, float64(low[n])-margin)
			s.to[p] = min(float64(size[n]-1), float64(high[n])+margin)
		}
		longest = max(longest, (s.to[p]-s.from[p]+1)*s.spacing[n])
	}
	s.pixelMM = longest / panelEdge
}

// labelled is the box, inclusive on both ends, of the voxels of a structure.
func (s *scene) labelled() (low, high [3]int, found bool) {
	size := s.labels.Size
	type span struct{ low, high [2]int }
	spans := make([]span, size[2])
	each(size[2], func(k int) {
		b := span{low: [2]int{size[0], size[1]}, high: [2]int{-1, -1}}
		for j := range size[1] {
			row := s.labels.Data[(k*size[1]+j)*size[0]:][:size[0]]
			first := 0
			for first < len(row) && !s.known[row[first]] {
				first++
			}
			if first == len(row) {
				continue
			}
			last := len(row) - 1
			for !s.known[row[last]] {
				last--
			}
			b.low = [2]int{min(b.low[0], first), min(b.low[1], j)}
			b.high = [2]int{max(b.high[0], last), j}
		}
		spans[k] = b
	})
	low = size
	for k, b := range spans {
		if b.high[0] >= 0 {
			low = [3]int{min(low[0], b.low[0]), min(low[1], b.low[1]), min(low[2], k)}
			high = [3]int{max(high[0], b.high[0]), max(high[1], b.high[1]), k}
			found = true
		}
	}
	return low, high, found
}

// rows are the three planes. Axial is seen from the feet, coronal from the front,
// sagittal from the patient's left.
func (s *scene) rows() []view {
	views := []view{
		{across: 0, down: 1, through: 2, letters: [4]string{"R", "L", "A", "P"}},
		{across: 0, down: 2, through: 1, downFlip: true, letters: [4]string{"R", "L", "S", "I"}},
		{across: 1, down: 2, through: 0, downFlip: true, letters: [4]string{"A", "P", "S", "I"}},
	}
	for n := range views {
		v := &views[n]
		extent := func(p int) int {
			return max(1, int(math.Round((s.to[p]-s.from[p]+1)*s.spacing[s.axis[p]]/s.pixelMM)))
		}
		v.width, v.height = extent(v.across), extent(v.down)
		for k := range positions {
			// A third, the middle and two thirds, moved off the very middle, where a
			// sagittal slice would show the gap between the hemispheres.
			share := [positions]float64{0.34, 0.52, 0.68}[k]
			v.slices[k] = math.Round(s.from[v.through] + share*(s.to[v.through]-s.from[v.through]))
		}
	}
	return views
}

// tap is where a panel pixel falls on a voxel axis: between a and a+1.
type tap struct {
	a, b   int // offsets into the data
	weight float32
}

func (s *scene) taps(p, pixels int, backwards bool, stride int) []tap {
	n := s.axis[p]
	list := make([]tap, pixels)
	for at := range list {
		share := (float64(at) + 0.5) * s.pixelMM / s.spacing[n]
		position := s.from[p] - 0.5 + share
		if backwards {
			position = s.to[p] + 0.5 - share
		}
		position = min(max(position, 0), float64(s.img.Size[n]-1))
		a := int(position)
		b := min(a+1, s.img.Size[n]-1)
		list[at] = tap{a: a * stride, b: b * stride, weight: float32(position - float64(a))}
	}
	return list
}

// paint draws one panel: grey values between their four neighbours, labels in their
// colour by the share of the neighbours that carry them, so that edges are smooth.
func (s *scene) paint(canvas *image.RGBA, v view, at image.Point, slice float64, labelled bool) {
	size := s.img.Size
	strides := [3]int{1, size[0], size[0] * size[1]}
	across := s.taps(v.across, v.width, s.flip[v.across], strides[s.axis[v.across]])
	down := s.taps(v.down, v.height, s.flip[v.down] != v.downFlip, strides[s.axis[v.down]])
	base := int(slice) * strides[s.axis[v.through]]
	for y, ty := range down {
		out := canvas.Pix[canvas.PixOffset(at.X, at.Y+y):]
		for x, tx := range across {
			p00, p01 := base+ty.a+tx.a, base+ty.a+tx.b
			p10, p11 := base+ty.b+tx.a, base+ty.b+tx.b
			w01, w11 := tx.weight*(1-ty.weight), tx.weight*ty.weight
			w00, w10 := 1-tx.weight-ty.weight+w11, ty.weight-w11
			d := s.img.Data
			grey := (w00*d[p00] + w01*d[p01] + w10*d[p10] + w11*d[p11] - s.low) * s.scale
			grey = min(max(grey, 0), 255)
			rgb := [3]float32{grey, grey, grey}
			if labelled {
				rgb = s.tint(rgb, [4]int{p00, p01, p10, p11}, [4]float32{w00, w01, w10, w11})
			}
			out[4*x], out[4*x+1], out[4*x+2], out[4*x+3] = uint8(rgb[0]), uint8(rgb[1]), uint8(rgb[2]), 255
		}
	}
}

// tint mixes label colours over a grey value. Where two neighbours disagree about
// half and half runs an edge, which is drawn stronger.
func (s *scene) tint(rgb [3]float32, at [4]int, weight [4]float32) [3]float32 {
	l := s.labels.Data
	v := [4]uint8{l[at[0]], l[at[1]], l[at[2]], l[at[3]]}
	if v[0] == v[1] && v[0] == v[2] && v[0] == v[3] {
		if !s.known[v[0]] {
			return rgb
		}
		return mix(rgb, s.colors[v[0]], fillOpacity)
	}
	var sum [3]float32
	var inside float32
	for n, value := range v {
		if s.known[value] {
			inside += weight[n]
			for c := range sum {
				sum[c] += weight[n] * s.colors[value][c]
			}
		}
	}
	if inside < 0.01 {
		return rgb
	}
	for c := range sum {
		sum[c] /= inside
	}
	// 4·p·(1−p) is 1 on the outline of all structures and 0 away from it.
	edge := 4 * inside * (1 - inside)
	return mix(rgb, sum, min(inside*fillOpacity+edge*(edgeOpacity-fillOpacity)*inside, 1))
}

func mix(under, over [3]float32, opacity float32) [3]float32 {
	for c := range under {
		under[c] += (over[c] - under[c]) * opacity
	}
	return under
}
