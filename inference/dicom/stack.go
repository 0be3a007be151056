package dicom

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/volume"
)

// stacker puts the slices of one series in their order along the normal.
type stacker struct {
	series *Series
	files  int
	sel    Selection
	slices []slice
}

// slice is a frame with its place.
type slice struct {
	Instance
	plane plane
	along float64 // mm along the normal of the lead slice
}

// maxFrames bounds the frames of a series; a dynamic series of thousands of time
// points is far below.
const maxFrames = 1 << 16

// add takes the frames of one instance.
func (b *stacker) add(in Instance) *Refusal {
	if samples, _ := in.Object.Int(tag.SamplesPerPixel); samples > 1 || in.Object.String(tag.PhotometricInterpretation) == "PALETTE COLOR" {
		return &Refusal{What: "slice is in colour", Do: "send the original greyscale series"}
	}
	format, refusal := in.Object.format()
	switch {
	case refusal != nil:
		return refusal
	case format.Photometric != "MONOCHROME1" && format.Photometric != "MONOCHROME2":
		return &Refusal{What: "slice is not stored as MONOCHROME1 or MONOCHROME2", Do: "send the original greyscale series"}
	case format.frames > maxFrames-len(b.slices):
		return &Refusal{What: "series has too many frames", Where: fmt.Sprintf("the limit is %d", maxFrames), Do: "send the series that matters only"}
	}
	o := in.Object
	if o.String(tag.FrameOfReferenceUID) != b.series.FrameOfReferenceUID || o.String(tag.StudyInstanceUID) != b.series.StudyUID {
		return &Refusal{What: "slices belong to different studies or frames of reference", Do: "send one series, not several merged ones"}
	}
	in.format = format
	// Modality units such as HU mean the same in both, as inversion is for display; where
	// values have no unit, a model expects that bright means much.
	in.inverted = format.Photometric == "MONOCHROME1" && b.series.Modality != "CT" && b.series.Modality != "PT"
	for n, v := range views(o, format.frames) {
		in.Frame, in.view = n, v
		b.slices = append(b.slices, slice{Instance: in})
	}
	return nil
}

// stack orders what was added and builds the grid, if the slices form one.
func (b *stacker) stack() (volume.Grid, *Refusal) {
	for _, step := range []func() *Refusal{b.dropLocalisers, b.place, b.dropCopies, b.sort, b.separate} {
		if refusal := step(); refusal != nil {
			return volume.Grid{}, refusal
		}
	}
	for _, s := range b.slices {
		b.series.Instances = append(b.series.Instances, s.Instance)
	}
	count, least := len(b.slices), max(2, b.sel.MinSlices)
	if count < least {
		// A gap is told first where there is one: it is the better advice.
		if count > 2 {
			if refusal := b.checkSteps(); refusal != nil {
				return volume.Grid{}, refusal
			}
		}
		return volume.Grid{}, &Refusal{What: "series has too few slices", Where: fmt.Sprintf("%d, at least %d are needed", count, least), Do: "send the whole series, or choose another model"}
	}
	if refusal := b.checkSteps(); refusal != nil {
		return volume.Grid{}, refusal
	}
	return b.grid()
}

// where names the place of a slice for a person.
func (b *stacker) where(s slice) string {
	if s.format.frames > 1 {
		return fmt.Sprintf("file %d of %d, %s", s.File, b.files, frameOf(s.Frame, s.format.frames))
	}
	return fmt.Sprintf("file %d of %d", s.File, b.files)
}

// note remembers what was left out.
func (b *stacker) note(format string, args ...any) {
	b.series.Notes = append(b.series.Notes, fmt.Sprintf(format, args...))
}

// dropLocalisers leaves scout views out, unless the series holds nothing else.
func (b *stacker) dropLocalisers() *Refusal {
	localiser := func(s slice) bool { return s.view.is("LOCALIZER") }
	count := 0
	for _, s := range b.slices {
		if localiser(s) {
			count++
		}
	}
	if count > 0 && count < len(b.slices) {
		b.slices = slices.DeleteFunc(b.slices, localiser)
		b.note("%d localiser image(s) left out", count)
	}
	return nil
}

// place reads where each slice lies and how its values are scaled.
func (b *stacker) place() *Refusal {
	for n := range b.slices {
		s := &b.slices[n]
		lead := &b.slices[0]
		var refusal *Refusal
		if e, _ := s.view.grouped(tag.PlanePositionSequence, tag.ImagePositionPatient); s.format.frames > 1 && e == nil {
			return (&Refusal{What: "frames have no positions of their own in the patient", Do: "send the series as one file per slice, or as an enhanced multi-frame object"}).at("%s", b.where(*s))
		}
		if s.plane, refusal = readPlane(s.view); refusal != nil {
			return refusal.at("%s", b.where(*s))
		}
		s.Position = s.plane.position
		if s.scale, refusal = readScale(s.view); refusal != nil {
			return refusal.at("%s", b.where(*s))
		}
		if refusal := s.plane.sameAs(lead.plane); refusal != nil {
			return refusal.at("%s", b.where(*s))
		}
		if s.format.Rows != lead.format.Rows || s.format.Columns != lead.format.Columns {
			return (&Refusal{What: "slices differ in their matrix size", Do: "send one series, not several merged ones"}).at("%s", b.where(*s))
		}
		s.along = dot(s.Position, lead.plane.normal)
	}
	return nil
}

// dropCopies keeps the first of several equal instances of one identity and refuses
// unequal ones.
func (b *stacker) dropCopies() *Refusal {
	type identity struct{ uid, frame int }
	uids := map[string]int{} // by number: a UID of a stranger may be long
	number := 0
	seen := make(map[identity]slice, len(b.slices))
	kept := b.slices[:0]
	for n, s := range b.slices {
		if n == 0 || s.Object != b.slices[n-1].Object {
			known := false
			if number, known = uids[s.UID]; !known {
				number = len(uids)
				uids[s.UID] = number
			}
		}
		id := identity{number, s.Frame}
		other, again := seen[id]
		if !again {
			seen[id] = s
			kept = append(kept, s)
		} else if !s.sameImage(other) {
			return &Refusal{What: "two slices have the same identity and differ", Where: fmt.Sprintf("files %d and %d of %d", other.File, s.File, b.files), Do: "remove the wrong one"}
		}
	}
	if dropped := len(b.slices) - len(kept); dropped > 0 {
		b.note("%d identical duplicate(s) left out", dropped)
	}
	b.slices = kept
	return nil
}

// sameImage says whether two frames show the same at the same place.
func (s slice) sameImage(t slice) bool {
	if s.plane != t.plane || s.format != t.format || s.scale.slope != t.scale.slope || s.scale.intercept != t.scale.intercept || !s.scale.sameTable(t.scale) {
		return false
	}
	a, b := s.Object, t.Object
	switch {
	case a.fragments != nil && b.fragments != nil:
		return a.TransferSyntaxUID == b.TransferSyntaxUID && bytes.Equal(a.fragments.codestream(s.Frame), b.fragments.codestream(t.Frame))
	case a.fragments == nil && b.fragments == nil:
		one, _, refused := a.frame(s.format, s.Frame, new([]byte))
		two, _, refused2 := b.frame(t.format, t.Frame, new([]byte))
		return refused == nil && refused2 == nil && bytes.Equal(one, two)
	}
	return false
}

func (b *stacker) sort() *Refusal {
	slices.SortStableFunc(b.slices, func(s, t slice) int {
		return cmp.Or(cmp.Compare(s.along, t.along), cmp.Compare(s.File, t.File), cmp.Compare(s.Frame, t.Frame))
	})
	return nil
}

// grid is the volume of the sorted slices. Its third axis is the mean step between
// neighbours; each slice must lie at its place on it.
func (b *stacker) grid() (volume.Grid, *Refusal) {
	count := len(b.slices)
	lead, last := b.slices[0], b.slices[count-1]
	normal := lead.plane.normal
	travel := sub(last.Position, lead.Position)
	sideways := length(sub(travel, scaled(normal, dot(travel, normal))))
	pixel := min(lead.plane.spacing[0], lead.plane.spacing[1])
	if sideways > shiftTolerance*pixel {
		return volume.Grid{}, &Refusal{What: "slices are sheared against each other (gantry tilt)", Where: fmt.Sprintf("%.1f mm from the first to the last slice", sideways), Do: "send a series without gantry tilt, or one resampled by the scanner"}
	}
	step := scaled(travel, 1/float64(count-1))
	for n, s := range b.slices {
		off := sub(s.Position, [3]float64{
			lead.Position[0] + float64(n)*step[0], lead.Position[1] + float64(n)*step[1], lead.Position[2] + float64(n)*step[2]})
		along := dot(off, normal)
		if across := length(sub(off, scaled(normal, along))); across > shiftTolerance*pixel {
			return volume.Grid{}, &Refusal{What: "slices are shifted sideways against each other", Where: fmt.Sprintf("%.1f mm, %s", across, b.where(s)), Do: "send a series whose slices lie straight behind each other"}
		}
		if math.Abs(along) > driftTolerance*length(step) {
			return volume.Grid{}, &Refusal{What: "distance between slices varies", Where: fmt.Sprintf("slice %d of %d lies %.2f mm from its place", n+1, count, math.Abs(along)), Do: "send a series with equal slice distances"}
		}
	}
	grid := volume.Grid{Size: [3]int{lead.format.Columns, lead.format.Rows, count}}
	for row := range 3 {
		grid.Affine[row] = [4]float64{
			lead.plane.row[row] * lead.plane.spacing[1],
			lead.plane.column[row] * lead.plane.spacing[0],
			step[row],
			lead.Position[row],
		}
	}
	grid.Affine[3][3] = 1
	if err := grid.Validate(); err != nil {
		return grid, &Refusal{What: "series does not form a volume", Do: exportAgain, Err: err}
	}
	spacing := grid.Spacing()
	if largest := max(spacing[0], spacing[1], spacing[2]); b.sel.MaxSpacingMM > 0 && largest > b.sel.MaxSpacingMM*(1+spacingTolerance) {
		return grid, &Refusal{What: "voxels are too large", Where: fmt.Sprintf("%.2f mm, at most %.2f mm makes sense for this model", largest, b.sel.MaxSpacingMM), Do: "send a thin-slice series"}
	}
	return grid, nil
}

// checkSteps compares the distances between neighbours with their median.
func (b *stacker) checkSteps() *Refusal {
	steps := make([]float64, len(b.slices)-1)
	for n := range steps {
		steps[n] = b.slices[n+1].along - b.slices[n].along
		if steps[n] < positionTolerance {
			return &Refusal{What: "two slices lie at the same place", Where: b.between(n), Do: "remove the duplicate, or send one series without repeated acquisitions"}
		}
	}
	sorted := slices.Clone(steps)
	slices.Sort(sorted)
	median := sorted[len(sorted)/2]
	for n, step := range steps {
		missing := math.Round(step/median) - 1
		if missing >= 1 && math.Abs(step/median-missing-1) < 2*stepTolerance*(missing+1) {
			return &Refusal{What: fmt.Sprintf("%.0f slice(s) missing", missing), Where: b.between(n), Do: "send the whole series"}
		}
	}
	for n, step := range steps {
		if math.Abs(step-median) > max(stepTolerance*median, positionTolerance) {
			return &Refusal{What: "distance between slices varies", Where: fmt.Sprintf("%.2f mm instead of %.2f mm %s", step, median, b.between(n)), Do: "send a series with equal slice distances"}
		}
	}
	return nil
}

// between names two neighbours for a person.
func (b *stacker) between(n int) string {
	s, t := b.slices[n], b.slices[n+1]
	if s.format.frames > 1 || t.format.frames > 1 {
		return fmt.Sprintf("between slices %d and %d of %d (file %d frame %d and file %d frame %d of %d files)", n+1, n+2, len(b.slices), s.File, s.Frame+1, t.File, t.Frame+1, b.files)
	}
	return fmt.Sprintf("between slices %d and %d of %d (files %d and %d of %d)", n+1, n+2, len(b.slices), s.File, t.File, b.files)
}
