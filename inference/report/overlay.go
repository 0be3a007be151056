package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"golang.org/x/image/font"

	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// Layout of the picture, in pixels.
const (
	columns      = 6   // three positions, each plain and labelled
	positions    = 3   // per plane
	panelEdge    = 240 // of the longest body edge shown
	gap          = 6
	headHeight   = 64
	footHeight   = 56
	contextMM    = 12 // shown around the labels
	fillOpacity  = 0.42
	edgeOpacity  = 0.9
	lowPercent   = 1
	highPercent  = 99.5
	headroom     = 1.3 // white lies so much above the brightest structure
	titleSize    = 22
	textSize     = 16
	letterSize   = 13
	minimumWidth = 900
)

var (
	background = color.RGBA{14, 16, 20, 255}
	ink        = color.RGBA{232, 234, 238, 255}
	faint      = color.RGBA{150, 156, 166, 255}
	alarm      = color.RGBA{255, 120, 90, 255}
)

// Overlay is Draw's picture as a PNG.
func Overlay(img *volume.Image, labels *volume.Labels, m models.Manifest) ([]byte, error) {
	picture, err := Draw(img, labels, m)
	if err != nil {
		return nil, err
	}
	return PNG(picture)
}

// PNG encodes a picture, fast rather than small.
func PNG(picture image.Image) ([]byte, error) {
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("write picture: %w", err)
	}
	return out.Bytes(), nil
}

// Draw paints axial, coronal and sagittal slices, each plain and with its labels, at
// least 900 pixels wide. It follows the radiological convention: the patient's right
// is on the left. Labels lie on the image's grid. Model, version, volumes in ml and
// the warning are burned in; nothing of the patient is.
func Draw(img *volume.Image, labels *volume.Labels, m models.Manifest) (*image.RGBA, error) {
	if err := img.Validate(); err != nil {
		return nil, fmt.Errorf("draw overlay: %w", err)
	}
	if err := labels.Validate(); err != nil {
		return nil, fmt.Errorf("draw overlay: %w", err)
	}
	if img.Size != labels.Size {
		return nil, fmt.Errorf("draw overlay: image of %v voxels, labels of %v", img.Size, labels.Size)
	}
	s := newScene(img, labels, m)
	rows := s.rows()
	width, height := 0, headHeight
	for _, r := range rows {
		width = max(width, columns*(r.width+gap)+gap)
		height += r.height + gap
	}
	width = max(width, minimumWidth)
	canvas := image.NewRGBA(image.Rect(0, 0, width, height+footHeight))
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(background), image.Point{}, draw.Src)

	type job struct {
		view     view
		at       image.Point
		slice    float64
		labelled bool
	}
	var jobs []job
	top := headHeight
	for _, r := range rows {
		cell := (width - gap) / columns
		for n := range positions {
			for side := range 2 {
				left := gap + (2*n+side)*cell + (cell-gap-r.width)/2
				jobs = append(jobs, job{r, image.Pt(left, top), r.slices[n], side == 1})
			}
		}
		top += r.height + gap
	}
	each(len(jobs), func(n int) { s.paint(canvas, jobs[n].view, jobs[n].at, jobs[n].slice, jobs[n].labelled) })

	t, err := newTypesetter()
	if err != nil {
		return nil, fmt.Errorf("draw overlay: %w", err)
	}
	defer t.close()
	for _, j := range jobs {
		if !j.labelled {
			t.letters(canvas, j.view, j.at)
		}
	}
	t.head(canvas, m)
	t.legend(canvas, labels, m, height)
	return canvas, nil
}

// letters marks where the panel's edges lie in the patient.
func (t *typesetter) letters(canvas *image.RGBA, v view, at image.Point) {
	middle := at.Y + v.height/2 + letterSize/3
	for n, place := range [4]image.Point{
		{at.X + 4, middle},
		{at.X + v.width - 4 - t.width(t.letter, v.letters[1]), middle},
		{at.X + v.width/2 - 4, at.Y + letterSize + 1},
		{at.X + v.width/2 - 4, at.Y + v.height - 4},
	} {
		// A dark rim keeps the letter readable on fat and bone.
		for _, shift := range [4]image.Point{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
			t.write(canvas, t.letter, v.letters[n], place.X+shift.X, place.Y+shift.Y, color.Black)
		}
		t.write(canvas, t.letter, v.letters[n], place.X, place.Y, ink)
	}
}

func (t *typesetter) head(canvas *image.RGBA, m models.Manifest) {
	right := canvas.Bounds().Dx() - 2*gap - t.width(t.title, Warning)
	t.write(canvas, t.title, Warning, right, 40, alarm)
	title := m.Title
	for len(title) > 0 && t.width(t.title, title) > right-4*gap {
		title = shortened(title, len([]rune(title))-1)
	}
	t.write(canvas, t.title, title, 2*gap, 30, ink)
	t.write(canvas, t.text, "model "+m.ID+", version "+m.Version+", weights "+m.Weights.SHA256.Short(), 2*gap, 53, faint)
}

// legend names each structure with its colour and volume.
func (t *typesetter) legend(canvas *image.RGBA, labels *volume.Labels, m models.Manifest, top int) {
	counts := count(labels)
	x, base := 2*gap, top+footHeight/2+textSize/3
	for _, l := range m.Structures() {
		swatch := image.Rect(x, base-textSize+3, x+textSize, base+3)
		draw.Draw(canvas, swatch, image.NewUniform(color.RGBA{l.Color[0], l.Color[1], l.Color[2], 255}), image.Point{}, draw.Src)
		x += textSize + 8
		text := fmt.Sprintf("%s %.1f ml", l.Name, float64(counts[l.Value])*labels.VoxelML())
		t.write(canvas, t.text, text, x, base, ink)
		x += t.width(t.text, text) + 28
	}
	note := "radiological convention: patient's right is on the left"
	if left := canvas.Bounds().Dx() - 2*gap - t.width(t.text, note); left > x {
		t.write(canvas, t.text, note, left, base, faint)
	}
}

func (t *typesetter) write(canvas *image.RGBA, face font.Face, text string, x, baseline int, c color.Color) {
	d := font.Drawer{Dst: canvas, Src: image.NewUniform(c), Face: face}
	d.Dot.X, d.Dot.Y = fixedPixels(x), fixedPixels(baseline)
	d.DrawString(text)
}
