package report

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"slices"

	"golang.org/x/image/draw"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// Layout of a drawn picture, in pixels.
const (
	pictureEdge = 720 // of its longer side
	lineHeight  = textSize + 6
	mostLines   = 12 // of figures; the report has all
	boxLine     = 2
)

// DrawPicture paints a picture at screen size with its labels, which may be nil and
// else lie on its pixels, and its boxes; figures stand below. Model, version and the
// warning are burned in; nothing of the patient is.
func DrawPicture(p *dicom.Picture, labels *volume.Labels, c Contents, m models.Manifest) (*image.RGBA, error) {
	if p.Columns < 1 || p.Rows < 1 || len(p.Data) != p.Channels*p.Columns*p.Rows || (p.Channels != 1 && p.Channels != 3) {
		return nil, errors.New("draw picture: its size does not fit its pixels")
	}
	if labels != nil && (labels.Size != [3]int{p.Columns, p.Rows, 1} || len(labels.Data) != p.Columns*p.Rows) {
		return nil, errors.New("draw picture: labels do not lie on its pixels")
	}
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("draw picture: %w", err)
	}
	t, err := newTypesetter()
	if err != nil {
		return nil, fmt.Errorf("draw picture: %w", err)
	}
	defer t.close()
	lines := c.lines()
	scale := float64(pictureEdge) / float64(max(p.Columns, p.Rows))
	size := image.Pt(max(1, int(float64(p.Columns)*scale)), max(1, int(float64(p.Rows)*scale)))
	canvas := image.NewRGBA(image.Rect(0, 0, max(size.X+2*gap, minimumWidth), headHeight+size.Y+gap+lineHeight*(len(lines)+1)))
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(background), image.Point{}, draw.Src)
	at := image.Pt((canvas.Bounds().Dx()-size.X)/2, headHeight)
	draw.ApproxBiLinear.Scale(canvas, image.Rectangle{Max: size}.Add(at), tinted(p, labels, m), image.Rect(0, 0, p.Columns, p.Rows), draw.Src, nil)
	for n, box := range c.Boxes {
		place := func(corner [3]float64) image.Point {
			return at.Add(image.Pt(int(corner[0]*scale), int(corner[1]*scale)))
		}
		frameBox(canvas, image.Rectangle{Min: place(box.Min), Max: place(box.Max)}.Intersect(canvas.Bounds()))
		t.write(canvas, t.letter, fmt.Sprintf("%d", n+1), place(box.Min).X+4, place(box.Min).Y+letterSize+2, alarm)
	}
	t.head(canvas, m)
	for n, line := range lines {
		t.write(canvas, t.text, line, 2*gap, headHeight+size.Y+gap+lineHeight*(n+1), ink)
	}
	return canvas, nil
}

// tinted is the picture in its own size, with labels in their colours over it.
func tinted(p *dicom.Picture, labels *volume.Labels, m models.Manifest) *image.RGBA {
	plane := p.Columns * p.Rows
	low, high := float32(0), float32(255) // of colour
	if p.Channels == 1 {
		low, high = windowed(p.Data)
	}
	var colors [256][3]float32
	var known [256]bool
	for _, l := range m.Structures() {
		known[l.Value], colors[l.Value] = true, [3]float32{float32(l.Color[0]), float32(l.Color[1]), float32(l.Color[2])}
	}
	out := image.NewRGBA(image.Rect(0, 0, p.Columns, p.Rows))
	each(p.Rows, func(j int) {
		for n := j * p.Columns; n < (j+1)*p.Columns; n++ {
			var v [3]float32
			for channel := range v {
				v[channel] = min(max((p.Data[n+plane*min(channel, p.Channels-1)]-low)*255/(high-low), 0), 255)
			}
			if labels != nil && known[labels.Data[n]] {
				v = mix(v, colors[labels.Data[n]], fillOpacity)
			}
			out.SetRGBA(n%p.Columns, j, color.RGBA{uint8(v[0]), uint8(v[1]), uint8(v[2]), 255})
		}
	})
	return out
}

// windowed are the values that become black and white: percentiles of a regular sample.
func windowed(data []float32) (low, high float32) {
	const samples = 100_000
	var sample []float32
	for n := 0; n < len(data); n += max(1, len(data)/samples) {
		sample = append(sample, data[n])
	}
	slices.Sort(sample)
	at := func(percent float64) float32 { return sample[int(percent/100*float64(len(sample)-1))] }
	low, high = at(lowPercent), at(highPercent)
	if !(high > low) {
		high = low + 1
	}
	return low, high
}

// frameBox draws the outline of a rectangle.
func frameBox(canvas *image.RGBA, r image.Rectangle) {
	for _, side := range [4]image.Rectangle{
		{r.Min, image.Pt(r.Max.X, r.Min.Y+boxLine)}, {image.Pt(r.Min.X, r.Max.Y-boxLine), r.Max},
		{r.Min, image.Pt(r.Min.X+boxLine, r.Max.Y)}, {image.Pt(r.Max.X-boxLine, r.Min.Y), r.Max},
	} {
		draw.Draw(canvas, side.Intersect(r), image.NewUniform(alarm), image.Point{}, draw.Src)
	}
}

// lines are the figures as a person reads them, the first of them where there are many.
func (c Contents) lines() []string {
	var lines []string
	for _, f := range c.Measurements {
		name := f.Concept.Meaning
		if f.SegmentName != "" {
			name = f.SegmentName + ", " + name
		}
		lines = append(lines, fmt.Sprintf("%s: %.4g %s", name, f.Value, f.Unit.Value))
	}
	for _, p := range c.Probabilities {
		lines = append(lines, fmt.Sprintf("%s: %.1f %%", p.Name, 100*p.Value))
	}
	for n, box := range c.Boxes {
		lines = append(lines, fmt.Sprintf("%d  %s: %.1f %%", n+1, box.Name, 100*box.Score))
	}
	if c.outcome() != Completed {
		lines = append(lines, c.outcome()+": "+shortened(c.Reason, 100))
	}
	if len(lines) > mostLines {
		lines = append(lines[:mostLines-1], fmt.Sprintf("and %d more: see the report", len(lines)-mostLines+1))
	}
	return lines
}
