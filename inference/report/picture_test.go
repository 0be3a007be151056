package report

import (
	"image"
	"image/color"
	"testing"

	"github.com/medhive/medhive/inference/volume"
)

func TestPicturesAreDrawnWithLabelsAndBoxes(t *testing.T) {
	p := chest(t)
	for n := range p.Data {
		p.Data[n] = float32(n % p.Columns)
	}
	labels := &volume.Labels{Grid: volume.Grid{Size: [3]int{p.Columns, p.Rows, 1}}, Data: make([]uint8, p.Columns*p.Rows)}
	for n := range labels.Data {
		if n/p.Columns < p.Rows/2 {
			labels.Data[n] = 2
		}
	}
	box := Box{Name: "Nodule", Score: 0.9, Min: [3]float64{48, 60}, Max: [3]float64{80, 70}}
	drawn, err := DrawPicture(p, labels, Contents{Boxes: []Box{box}, Probabilities: []Probability{{Name: "Frontal", Value: 0.875}}}, manifest())
	if err != nil {
		t.Fatal(err)
	}
	data, err := PNG(drawn)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, "picture.png", data)
	scale := float64(pictureEdge) / float64(p.Columns)
	at := func(column, row float64) color.RGBA {
		return drawn.RGBAAt((drawn.Bounds().Dx()-pictureEdge)/2+int(column*scale), headHeight+int(row*scale))
	}
	if c := at(90, 20); c.B <= c.R {
		t.Errorf("grey matter is drawn as %v, want its blue", c)
	}
	if c := at(90, 75); c.R != c.G || c.G != c.B || c.R < 200 {
		t.Errorf("an unlabelled bright pixel is drawn as %v", c)
	}
	if c := at(64, 60.1); c != alarm {
		t.Errorf("the box's upper edge is drawn as %v", c)
	}
	if _, err := DrawPicture(p, &volume.Labels{Data: make([]uint8, 3)}, Contents{}, manifest()); err == nil {
		t.Error("labels of another picture were taken")
	}
}

func TestPicturesOfManyFiguresStayOnTheScreen(t *testing.T) {
	p := chest(t)
	p.Columns, p.Rows, p.Data = 4000, 3, make([]float32, 12000)
	var c Contents
	for range 300 {
		c.Probabilities = append(c.Probabilities, Probability{Name: "Class", Value: 0.5})
		c.Boxes = append(c.Boxes, Box{Name: "Box", Max: [3]float64{9000, 9000}})
	}
	drawn, err := DrawPicture(p, nil, c, manifest())
	if err != nil {
		t.Fatal(err)
	}
	if size := drawn.Bounds().Size(); size.X > maximumCapture || size.Y > 600 {
		t.Errorf("the picture is %v", size)
	}
	if _, err := Banded(image.Image(drawn), manifest()); err != nil {
		t.Error(err)
	}
}
