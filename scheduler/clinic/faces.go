package clinic

import (
	"errors"
	"slices"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/clinic/deface"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// noFace is why a study is held whose face should be removed and was not found.
const noFace = "the face could not be found in the scan, so that it could not be removed; released, the scan leaves with it"

// permits refuses what a policy asks of a study whose model was never tried on it.
func (p Policy) permits(m models.Manifest) *dcm.Refusal {
	if !p.Deface || m.Defaced {
		return nil
	}
	return &dcm.Refusal{
		What: "the face is to be removed, and the model was not measured on heads without one",
		Do:   "take face removal out of the rule, or choose a model whose manifest says \"defaced\"",
	}
}

// face is what parts the face from the rest of a series.
type face struct {
	deface.Plane
	grid   volume.Grid
	slices map[*dcm.Object]map[int]int // of an object's frame: its place in the series
}

// findFace looks for the face where the policy wants it removed; nil if it does not, or if a
// person let the study go without. A face that is not found leaves slices in doubt, which are
// shown with all others: who releases a study releases it from every doubt.
func (r *reading) findFace() (*face, []doubtful, error) {
	if !r.policy.Deface {
		return nil, nil, nil
	}
	if r.series == nil {
		return nil, nil, &dcm.Refusal{What: "the face is to be removed, and the image is no series of slices", Do: "take face removal out of the rule"}
	}
	img, err := r.series.Image()
	if err != nil {
		return nil, nil, err
	}
	plane, err := deface.Find(img, r.series.Modality)
	switch {
	case errors.Is(err, deface.ErrNotFound) && r.policy.Released:
		return nil, nil, nil
	case errors.Is(err, deface.ErrNotFound):
		doubts, err := r.faceless()
		return nil, doubts, err
	case err != nil:
		return nil, nil, &dcm.Refusal{What: "the face can't be looked for", Do: exportAnew, Err: err}
	}
	return r.before(plane), nil, nil
}

// before is the face of the series that was read, by the plane that parts it from the brain.
func (r *reading) before(plane deface.Plane) *face {
	f := &face{Plane: plane, grid: r.series.Grid, slices: map[*dcm.Object]map[int]int{}}
	for k, in := range r.series.Instances {
		if f.slices[in.Object] == nil {
			f.slices[in.Object] = map[int]int{}
		}
		f.slices[in.Object][in.Frame] = k
	}
	return f
}

// faceless puts some slices of a series in doubt.
func (r *reading) faceless() (all []doubtful, err error) {
	const shown = 5
	for n := range min(shown, len(r.series.Instances)) {
		in := r.series.Instances[(2*n+1)*len(r.series.Instances)/(2*min(shown, len(r.series.Instances)))]
		object, err := in.Object.Native(r.limits)
		if err != nil {
			return nil, err
		}
		elements := object.Dataset.Elements
		g, err := gridOf(elements)
		if err != nil {
			return nil, err
		}
		pixels, err := cleanPixels(elements, object.Pixels)
		if err != nil {
			return nil, err
		}
		d := doubtful{HeldImage: HeldImage{SOPInstanceUID: first(elements, tag.SOPInstanceUID), Rows: g.rows, Columns: g.columns, Reasons: []string{noFace}}}
		if g.frames > 1 {
			d.Frame = in.Frame + 1
		}
		size := len(pixels) / g.frames
		d.Wide, d.High, d.Grey = g.picture(pixels[in.Frame*size:(in.Frame+1)*size], first(elements, tag.PhotometricInterpretation) == "MONOCHROME1")
		all = append(all, d)
	}
	return all, nil
}

// remove returns an object's clean pixels with all before the plane filled, the air with the
// face: what a scanner writes there can show it too. The value is the darkest of the slice.
func (f *face) remove(t taken, elements []*dicom.Element, pixels []byte) ([]byte, error) {
	g, err := gridOf(elements)
	if err != nil {
		return nil, err
	}
	pixels = slices.Clone(pixels)
	size := len(pixels) / g.frames
	inverse := first(elements, tag.PhotometricInterpretation) == "MONOCHROME1"
	for number, k := range f.slices[t.Object] {
		if number >= g.frames || g.columns != f.grid.Size[0] || g.rows != f.grid.Size[1] {
			return nil, &dcm.Refusal{What: "the image has another size than its series", Do: exportAnew}
		}
		frame := pixels[number*size : (number+1)*size]
		fill := g.extreme(frame, inverse)
		for j := range g.rows {
			for i := range g.columns {
				if f.Face(f.grid.Position([3]float64{float64(i), float64(j), float64(k)})) {
					g.set(frame, j*g.columns+i, fill)
				}
			}
		}
	}
	return pixels, nil
}
