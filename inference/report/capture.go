package report

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

const secondaryCaptureStorage = "1.2.840.10008.5.1.4.1.1.7"

// Layout of a capture, in pixels.
const (
	bandHeight     = 40 // at the foot, with warning, model and version
	minimumCapture = 64 // edge of the smallest picture that is worth one
	maximumCapture = 8192
	rgb            = 3 // bytes a pixel
)

// SecondaryCapture writes a picture as Secondary Capture Image Storage (PS3.3 A.8.1),
// RGB with 8 bits a sample, for viewers that show neither segmentations nor reports.
// The warning, the model and its version are burned into a band below the picture.
func SecondaryCapture(src Source, picture image.Image, m models.Manifest, opts Options) ([]byte, error) {
	if err := errors.Join(src.validate(), opts.validate()); err != nil {
		return nil, fmt.Errorf("write secondary capture: %w", err)
	}
	canvas, err := Banded(picture, m)
	if err != nil {
		return nil, fmt.Errorf("write secondary capture: %w", err)
	}
	newUID := opts.uids(kindCapture)
	b := &builder{}
	b.identity(src, false)
	b.series(m, opts, series{modality: "OT", number: captureNumber, uid: newUID()})
	b.text(tag.ConversionType, "WSD")
	b.equipment(m, opts)
	b.text(tag.ImageType, "DERIVED", "SECONDARY")
	b.text(tag.SOPClassUID, secondaryCaptureStorage)
	b.text(tag.SOPInstanceUID, newUID())
	b.text(tag.PatientOrientation)
	b.text(tag.Laterality)
	b.text(tag.BurnedInAnnotation, "YES")
	b.text(tag.LossyImageCompression, "00")
	b.text(tag.DerivationDescription, "Picture of an automatic analysis, "+Warning)
	b.sources(src)
	size := canvas.Bounds().Size()
	b.ints(tag.SamplesPerPixel, rgb)
	b.text(tag.PhotometricInterpretation, "RGB")
	b.ints(tag.PlanarConfiguration, 0)
	b.ints(tag.Rows, size.Y)
	b.ints(tag.Columns, size.X)
	b.ints(tag.BitsAllocated, 8)
	b.ints(tag.BitsStored, 8)
	b.ints(tag.HighBit, 7)
	b.ints(tag.PixelRepresentation, 0)
	if b.err != nil {
		return nil, fmt.Errorf("write secondary capture: %w", b.err)
	}
	data, err := dicom.Encode(lib.Dataset{Elements: b.elements}, samples(canvas))
	if err != nil {
		return nil, fmt.Errorf("write secondary capture: %w", err)
	}
	return data, nil
}

// sources lists what the picture was made from (PS3.3 C.7.6.1.1.4).
func (b *builder) sources(src Source) {
	objects := src.objects()
	fills := make([]func(*builder), len(objects))
	for n, in := range objects {
		fills[n] = func(i *builder) {
			instance(in)(i)
			i.items(tag.PurposeOfReferenceCodeSequence, code("121322", "DCM", "Source image for image processing operation"))
		}
	}
	b.items(tag.SourceImageSequence, fills...)
}

// Banded copies a picture above a band with the warning, the model and its version, on a
// canvas wide enough for its text: whoever painted the picture, the warning stands below
// it. The picture's edges must be from 64 to 8152 pixels long.
func Banded(picture image.Image, m models.Manifest) (*image.RGBA, error) {
	size := picture.Bounds().Size()
	if min(size.X, size.Y) < minimumCapture || max(size.X, size.Y) > maximumCapture-bandHeight {
		return nil, fmt.Errorf("a picture of %d × %d pixels; want edges from %d to %d", size.X, size.Y, minimumCapture, maximumCapture-bandHeight)
	}
	t, err := newTypesetter()
	if err != nil {
		return nil, err
	}
	defer t.close()
	width := max(size.X, t.width(t.text, bandText(m))+4*gap)
	canvas := image.NewRGBA(image.Rect(0, 0, width+width%2, size.Y+bandHeight)) // an even number of bytes
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(background), image.Point{}, draw.Src)
	op := draw.Over
	if whole, ok := picture.(*image.RGBA); ok && whole.Opaque() {
		op = draw.Src // a tenth of the time
	}
	draw.Draw(canvas, image.Rectangle{Max: size}.Add(image.Pt((width-size.X)/2, 0)), picture, picture.Bounds().Min, op)
	t.band(canvas, m)
	return canvas, nil
}

func bandText(m models.Manifest) string {
	return Warning + " · " + m.ID + " " + m.Version
}

// band writes the warning over the foot of the canvas.
func (t *typesetter) band(canvas *image.RGBA, m models.Manifest) {
	foot := canvas.Bounds()
	foot.Min.Y = foot.Max.Y - bandHeight
	draw.Draw(canvas, foot, image.NewUniform(color.Black), image.Point{}, draw.Src)
	text := bandText(m)
	t.write(canvas, t.text, text, (foot.Dx()-t.width(t.text, text))/2, foot.Max.Y-(bandHeight-textSize)/2-2, alarm)
}

// Unbanded is the picture in a capture's samples, RGB by pixel, without the band at its
// foot.
func Unbanded(pixels []byte, columns, rows int) (*image.RGBA, error) {
	if min(columns, rows-bandHeight) < minimumCapture || max(columns, rows) > maximumCapture || len(pixels) < columns*rows*rgb {
		return nil, errors.New("take a picture from a capture: its edges or its length are not those of one")
	}
	picture := image.NewRGBA(image.Rect(0, 0, columns, rows-bandHeight))
	for from, to := 0, 0; to < len(picture.Pix); from, to = from+rgb, to+4 {
		copy(picture.Pix[to:to+rgb:to+rgb], pixels[from:from+rgb])
		picture.Pix[to+rgb] = 255
	}
	return picture, nil
}

// samples are a picture's colours, RGB by pixel.
func samples(picture *image.RGBA) []byte {
	out := make([]byte, len(picture.Pix)/4*rgb)
	for from, to := 0, 0; to < len(out); from, to = from+4, to+rgb {
		copy(out[to:to+rgb:to+rgb], picture.Pix[from:from+rgb])
	}
	return out
}
