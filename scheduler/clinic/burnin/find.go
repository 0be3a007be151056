package burnin

import (
	"cmp"
	"math"
	"slices"
)

// Threshold is the least score of what Find returns. The package's tests print how many
// lines it finds and how often it sees one where there is none.
const Threshold = 0.82

// leastContrast is what strokes stand out by at least, of 256 levels.
const leastContrast = 22

// Sizes: a plane is looked at as it is, halved and quartered, while it has so many pixels
// along its shorter edge.
const (
	mostScale = 4
	leastEdge = 96
)

// maxRegions bounds what Find returns.
const maxRegions = 64

// Find returns the lines of text in a frame, the likeliest first, at most 64. It sees rows
// of five letters and more, 5 to 160 pixels high, brighter or darker than what they cover,
// upright, upside down and along the frame's height. An invalid frame is an error.
func Find(f Frame) ([]Region, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	var found []Region
	for scale, p := 1, level(f); scale <= mostScale && (scale == 1 || min(p.width, p.height) >= leastEdge); scale, p = 2*scale, p.halved() {
		for _, polar := range []plane{p, p.inverted()} {
			for _, c := range polar.strokes().candidates() {
				if c.Score >= Threshold {
					found = append(found, c.enlarged(scale))
				}
			}
		}
	}
	return merged(found), nil
}

func (r Region) enlarged(by int) Region {
	r.X, r.Y, r.Width, r.Height = r.X*by, r.Y*by, r.Width*by, r.Height*by
	return r
}

// candidate is a row of glyphs that may be text.
type candidate struct {
	Region
	features
}

// candidates are all rows of glyphs in a plane of strokes, at every threshold.
func (p plane) candidates() []candidate {
	var found []candidate
	for _, t := range p.thresholds() {
		list, ok := p.glyphs(t)
		if !ok {
			continue
		}
		for _, l := range lines(list) {
			found = append(found, candidate{Region: l.region(), features: l.features()})
		}
		for n, g := range list {
			list[n] = g.turned()
		}
		for _, l := range lines(list) {
			r := l.region()
			r.X, r.Y, r.Width, r.Height = r.Y, r.X, r.Height, r.Width
			found = append(found, candidate{Region: r, features: l.features()})
		}
	}
	for n := range found {
		found[n].Score = found[n].score()
	}
	return found
}

// Nine of ten pixels of an image are no text: what their strokes stay below is its noise.
const (
	noiseShare  = 0.9
	aboveNoise  = 1.5
	mostCutting = 200 // a higher threshold cuts into the strokes of full contrast
)

// thresholds are from where on strokes count: noise decides on the first, and each next
// one doubles it, since bright letters run together with what is less bright.
func (p plane) thresholds() []uint8 {
	var counts [top + 1]int
	for _, v := range p.pix {
		counts[v]++
	}
	noise, below := 0, 0
	for ; noise < top && float64(below) < noiseShare*float64(len(p.pix)); noise++ {
		below += counts[noise]
	}
	var list []uint8
	for t := max(leastContrast, int(aboveNoise*float64(noise))); t < mostCutting; t *= 2 {
		list = append(list, uint8(t))
	}
	return list
}

// merged joins regions that overlap and puts the likeliest first.
func merged(list []Region) []Region {
	slices.SortFunc(list, func(a, b Region) int {
		return cmp.Or(-cmp.Compare(a.Score, b.Score), cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X), cmp.Compare(a.Width, b.Width))
	})
	var out []Region
	for _, r := range list {
		for again := true; again; {
			n := slices.IndexFunc(out, r.meets)
			if again = n >= 0; again {
				r = r.With(out[n])
				out = slices.Delete(out, n, n+1)
			}
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Region) int {
		return cmp.Or(-cmp.Compare(a.Score, b.Score), cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X))
	})
	return out[:min(len(out), maxRegions)]
}

func (r Region) meets(o Region) bool {
	return r.X < o.X+o.Width && o.X < r.X+r.Width && r.Y < o.Y+o.Height && o.Y < r.Y+r.Height
}

// What the score needs at least: fewer pieces or fewer strokes than that are no letters,
// however straight they lie.
const (
	leastPieces  = 3
	leastDensity = 0.5
	leastAligned = 0.6 // share of letters whose upper edges lie on two lines; their feet need half of it
)

// score is the logistic function of what letters have and structures of the body have not:
// they stand on a line, have one height, several strokes each, and are many. The weights
// are those of a logistic regression on the lines of the tests' images, half of them with
// text drawn in.
func (f features) score() float64 {
	if f.pieces < leastPieces || f.density < leastDensity || f.tops < leastAligned || f.bottoms < leastAligned/2 {
		return 0
	}
	z := 2.6*math.Log(float64(f.pieces)) + 3.1*math.Log(float64(f.letters)) + 6.1*f.bottoms + 5.9*f.tops +
		5.2*math.Log(f.density) + 2.5*math.Log(f.contrast) + 2.7*math.Log(max(f.coverage, 0.03)) + 0.6*f.straight - 27
	return 1 / (1 + math.Exp(-z))
}
