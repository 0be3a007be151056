package dicom

import (
	"fmt"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// Picture is one two-dimensional image.
type Picture struct {
	Columns, Rows int
	// Channels is 1 for grey, in modality units with MONOCHROME1 inverted within the
	// range of its stored bits, so that bright means much; or 3 for red, green and
	// blue, each 0…255 whatever the file's depth and colour space.
	Channels int
	Data     []float32 // [channel][j][i]
	// SpacingMM is the distance between rows and between columns: in the patient where
	// the file says so (Pixel Spacing), else at the detector; 0 where it is unknown.
	SpacingMM           [2]float64
	Instance            Instance
	StudyUID, SeriesUID string
	Modality            string
}

// ReadPicture reads the one single-frame image of the selection's modality, such as
// a CR, DX, MG or XA. A study with several different ones is refused, as which of
// them is meant would be a guess. MinSlices does not matter. The error is a *Refusal.
func ReadPicture(files []File, sel Selection, lim Limits) (*Picture, error) {
	lim = lim.OrDefault()
	objects, err := parseStudy(files, lim)
	if err != nil {
		return nil, err
	}
	found, refusal := images(objects, sel.Modality)
	if refusal != nil {
		return nil, refusal
	}
	for n := range found {
		in := &found[n]
		if refusal := in.open(); refusal != nil {
			return nil, refusal.at("file %d of %d", in.File, len(files))
		}
	}
	for _, other := range found[1:] {
		if a, b := (slice{Instance: found[0]}), (slice{Instance: other}); a.UID != b.UID || !a.sameImage(b) {
			return nil, &Refusal{What: "study holds more than one image", Where: fmt.Sprintf("files %d and %d of %d", a.File, b.File, len(files)), Do: "send the one image that the model is for"}
		}
	}
	p, refusal := found[0].picture(sel, lim)
	if refusal != nil {
		return nil, refusal.at("file %d of %d", found[0].File, len(files))
	}
	return p, nil
}

// open reads what makes an instance a single-frame image.
func (in *Instance) open() *Refusal {
	var refusal *Refusal
	if in.format, refusal = in.Object.format(); refusal != nil {
		return refusal
	}
	if in.format.frames != 1 {
		return &Refusal{What: "image has several frames", Where: fmt.Sprintf("%d frames", in.format.frames), Do: "send a single-frame image"}
	}
	in.view = views(in.Object, 1)[0]
	in.inverted = in.format.Photometric == "MONOCHROME1"
	if position, ok := in.view.numbers(imagePosition); ok && len(position) == 3 {
		in.Position = [3]float64(position)
	}
	in.scale, refusal = readScale(in.view)
	return refusal
}

// picture decodes the image.
func (in *Instance) picture(sel Selection, lim Limits) (*Picture, *Refusal) {
	o, f := in.Object, in.format
	p := &Picture{
		Columns: f.Columns, Rows: f.Rows, Channels: 1, SpacingMM: spacingOf(in.view), Instance: *in,
		StudyUID: o.String(tag.StudyInstanceUID), SeriesUID: o.String(tag.SeriesInstanceUID), Modality: o.String(tag.Modality),
	}
	if largest := max(p.SpacingMM[0], p.SpacingMM[1]); sel.MaxSpacingMM > 0 && largest > sel.MaxSpacingMM*(1+spacingTolerance) {
		return nil, &Refusal{What: "pixels are too large", Where: fmt.Sprintf("%.2f mm, at most %.2f mm makes sense for this model", largest, sel.MaxSpacingMM), Do: "send the image at its full resolution"}
	}
	if f.Samples == 3 || f.Photometric == "PALETTE COLOR" {
		p.Channels = 3
	}
	if p.Channels*f.Rows*f.Columns > lim.MaxVoxels {
		return nil, &Refusal{What: "image is too large", Where: fmt.Sprintf("%d × %d pixels, the limit is %d million", f.Columns, f.Rows, lim.MaxVoxels>>20), Do: "send it at a lower resolution"}
	}
	raw, f, refusal := o.frame(f, 0, new([]byte))
	if refusal != nil {
		return nil, refusal
	}
	p.Data = make([]float32, p.Channels*f.Rows*f.Columns)
	switch {
	case p.Channels == 3:
		return p, colours(p.Data, raw, f, o)
	case f.Photometric == "MONOCHROME1" || f.Photometric == "MONOCHROME2":
		convert(p.Data, raw, f, in.scale, in.inverted)
		return p, nil
	}
	return nil, &Refusal{What: "image is neither grey nor in colour by its header", Do: "export as MONOCHROME2 or RGB"}
}

// spacingOf is the distance between rows and columns, 0 if it is unknown.
func spacingOf(v view) [2]float64 {
	for _, a := range []attribute{pixelSpacing, {top: tag.ImagerPixelSpacing}, {top: tag.NominalScannedPixelSpacing}} {
		if mm, ok := v.numbers(a); ok && len(mm) == 2 && mm[0] > 0 && mm[1] > 0 {
			return [2]float64(mm)
		}
	}
	return [2]float64{}
}
