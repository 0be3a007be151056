package report

import (
	"bytes"
	"image"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/testdata"
)

func TestCaptureShowsThePictureAboveTheWarning(t *testing.T) {
	series, img := readStudy(t, testdata.SmallStudy())
	picture, err := Draw(img, mapped(t, img), manifest())
	if err != nil {
		t.Fatal(err)
	}
	data, err := SecondaryCapture(SeriesSource(series), picture, manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, keep(t, "sc.dcm", data))
	object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if object.String(tag.BurnedInAnnotation) != "YES" || object.String(tag.SOPClassUID) != secondaryCaptureStorage {
		t.Error("it is no secondary capture with burned-in annotation")
	}
	columns, _ := object.Int(tag.Columns)
	rows, _ := object.Int(tag.Rows)
	if size := picture.Bounds().Size(); columns != size.X || rows != size.Y+bandHeight || len(object.Pixels) != columns*rows*rgb {
		t.Fatalf("%d × %d pixels in %d bytes from a picture of %v", columns, rows, len(object.Pixels), size)
	}
	if !bytes.Equal(object.Pixels[:len(object.Pixels)-columns*bandHeight*rgb], samples(picture)) {
		t.Error("the picture was changed")
	}
	above, err := Unbanded(object.Pixels, columns, rows)
	if err != nil || !bytes.Equal(above.Pix, picture.Pix) {
		t.Errorf("the picture does not come back from the capture (%v)", err)
	}
	for _, edges := range [][2]int{{columns, rows + 1}, {columns, bandHeight + minimumCapture - 1}, {minimumCapture - 1, rows}, {-1, -1}} {
		if _, err := Unbanded(object.Pixels, edges[0], edges[1]); err == nil {
			t.Errorf("a capture of %v pixels was taken", edges)
		}
	}
}

func TestCaptureIsWideEnoughForItsWarning(t *testing.T) {
	canvas, err := Banded(image.NewGray(image.Rect(5, 5, 5+minimumCapture, 5+minimumCapture)), manifest())
	if err != nil {
		t.Fatal(err)
	}
	foot := canvas.SubImage(image.Rect(0, minimumCapture, canvas.Bounds().Dx(), canvas.Bounds().Dy())).(*image.RGBA)
	lit := func(column int) (n int) {
		for y := foot.Bounds().Min.Y; y < foot.Bounds().Max.Y; y++ {
			if c := foot.RGBAAt(column, y); c.R > 128 {
				n++
			}
		}
		return n
	}
	ink := 0
	for x := range canvas.Bounds().Dx() {
		ink += lit(x)
	}
	if ink == 0 || lit(0)+lit(1)+lit(canvas.Bounds().Dx()-1)+lit(canvas.Bounds().Dx()-2) > 0 {
		t.Errorf("the text of %d bright pixels is cut off or not there", ink)
	}
	for _, edge := range []int{minimumCapture - 1, maximumCapture} {
		if _, err := Banded(image.NewUniform(background), manifest()); err == nil {
			t.Error("an endless picture was taken")
		}
		if _, err := Banded(image.NewGray(image.Rect(0, 0, edge, 100)), manifest()); err == nil {
			t.Errorf("a picture %d pixels wide was taken", edge)
		}
	}
}
