package clinic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Study is one series of one patient that a model can take, as the clinic has
// it: identifiers, original UIDs and pixels. It stays in the clinic's process.
type Study struct {
	StudyUID  string
	SeriesUID string
	Series    *dcm.Series  // nil if the model takes a picture
	Picture   *dcm.Picture // nil if it takes a series

	slices    []*dcm.Object // along the slice normal; of a picture, its one image
	selection models.Selection
}

// Slices is how many instances the series has, or 1 for a picture.
func (s *Study) Slices() int { return len(s.slices) }

// spacingMM is the distance between columns, rows and slices, 0 where there is none
// or it is not known.
func (s *Study) spacingMM() [3]float64 {
	if s.Picture != nil {
		return [3]float64{s.Picture.SpacingMM[1], s.Picture.SpacingMM[0], 0}
	}
	return s.Series.Grid.Spacing()
}

// source is the study as reports refer to it.
func (s *Study) source() report.Source {
	if s.Picture != nil {
		return report.PictureSource(s.Picture)
	}
	return report.SeriesSource(s.Series)
}

// Intake reads a folder, a zip or a file and picks the series that fits want. It
// refuses (dcm.Refusal) whatever a model could not use or the clinic should not
// send, before anything is prepared: no DICOM, more than one patient or study,
// no series of the modality, a broken geometry, text that may be burned in. Of
// several series that fit, the one with the most slices is taken, then the one
// with the lowest UID. ctx ends the work between two files.
func Intake(ctx context.Context, path string, want models.Selection, lim dcm.Limits) (*Study, error) {
	return intake(ctx, path, func(files []dcm.File, objects []*dcm.Object) (*Study, error) {
		return pick(files, objects, want, lim)
	}, lim)
}

// IntakePicture does as Intake for a model that takes one two-dimensional image: the
// study's only one of the modality.
func IntakePicture(ctx context.Context, path string, want models.Selection, lim dcm.Limits) (*Study, error) {
	return intake(ctx, path, func(files []dcm.File, objects []*dcm.Object) (*Study, error) {
		return pickPicture(files, objects, want, lim)
	}, lim)
}

func intake(ctx context.Context, path string, pick func([]dcm.File, []*dcm.Object) (*Study, error), lim dcm.Limits) (*Study, error) {
	files, err := dcm.OpenFiles(path, lim)
	if err != nil {
		return nil, fmt.Errorf("take in the study: %w", err)
	}
	objects, err := parseAll(ctx, files, lim)
	if err != nil {
		return nil, fmt.Errorf("take in the study: %w", err)
	}
	if err := onePatient(objects); err != nil {
		return nil, fmt.Errorf("take in the study: %w", err)
	}
	study, err := pick(files, objects)
	if err != nil {
		return nil, fmt.Errorf("take in the study: %w", err)
	}
	for n, o := range study.slices {
		if what, do, ok := quarantined(o.Dataset.Elements); !ok {
			return nil, fmt.Errorf("take in the study: %w", &dcm.Refusal{What: what, Where: place(n, len(study.slices)), Do: do})
		}
		if refusal := remapped(o.Dataset.Elements); refusal != nil {
			return nil, fmt.Errorf("take in the study: %w", at(place(n, len(study.slices)), refusal))
		}
	}
	return study, nil
}

// place names a file by its position: its name may hold a patient's.
func place(n, of int) string { return fmt.Sprintf("slice file %d of %d", n+1, of) }

// parseAll parses the files side by side; the first fault in their order counts.
func parseAll(ctx context.Context, files []dcm.File, lim dcm.Limits) ([]*dcm.Object, error) {
	objects := make([]*dcm.Object, len(files))
	faults := make([]error, len(files))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for n, f := range files {
		work.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			objects[n], faults[n] = dcm.Parse(f, lim)
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	for n, err := range faults {
		if err != nil {
			return nil, at(place(n, len(files)), err)
		}
	}
	return objects, nil
}

// at adds the place to a refusal of one file.
func at(where string, err error) error {
	var refusal *dcm.Refusal
	if !errors.As(err, &refusal) {
		return fmt.Errorf("%s: %w", where, err)
	}
	moved := *refusal
	if moved.Where == "" {
		moved.Where = where
	} else {
		moved.Where = where + ", " + moved.Where
	}
	return &moved
}

// onePatient refuses files that were mixed up: a result must have one identity.
func onePatient(objects []*dcm.Object) error {
	for n, o := range objects {
		a, b := headerOf(objects[0].Dataset.Elements), headerOf(o.Dataset.Elements)
		if b.studyUID == "" {
			return &dcm.Refusal{What: "the image has no Study Instance UID", Where: place(n, len(objects)), Do: "export the study from the PACS again"}
		}
		if a.studyUID != b.studyUID || a.patientID != b.patientID || a.issuer != b.issuer {
			return &dcm.Refusal{What: "the files belong to more than one study or patient", Where: place(n, len(objects)), Do: "submit one study at a time"}
		}
	}
	return nil
}

// pick tries each series of the wanted modality, the largest first. If none
// fits, the fault of the largest one is what helps most.
func pick(files []dcm.File, objects []*dcm.Object, want models.Selection, lim dcm.Limits) (*Study, error) {
	members := map[string][]int{}
	for n, o := range objects {
		if want.Takes(first(o.Dataset.Elements, tag.Modality)) {
			uid := first(o.Dataset.Elements, tag.SeriesInstanceUID)
			members[uid] = append(members[uid], n)
		}
	}
	uids := make([]string, 0, len(members))
	for uid := range members {
		uids = append(uids, uid)
	}
	slices.SortFunc(uids, func(a, b string) int {
		return cmp.Or(-cmp.Compare(len(members[a]), len(members[b])), cmp.Compare(a, b))
	})
	var faults []error
	for _, uid := range uids {
		own := make([]dcm.File, 0, len(members[uid]))
		for _, n := range members[uid] {
			own = append(own, files[n])
		}
		series, err := dcm.ReadSeries(own, selectionOf(want, objects[members[uid][0]]), lim)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		study := &Study{StudyUID: series.StudyUID, SeriesUID: series.UID, Series: series, selection: want}
		for _, instance := range series.Instances {
			// Frames of one multi-frame instance share their object.
			if !slices.Contains(study.slices, instance.Object) {
				study.slices = append(study.slices, instance.Object)
			}
		}
		return study, nil
	}
	if len(faults) > 0 {
		return nil, faults[0]
	}
	_, err := dcm.ReadSeries(files, selectionOf(want, nil), lim) // says what is there instead
	return nil, cmp.Or(err, errNoSeries)
}

// pickPicture takes the one image of the wanted modalities. Of images of several
// modalities none is taken: which is meant would be a guess.
func pickPicture(files []dcm.File, objects []*dcm.Object, want models.Selection, lim dcm.Limits) (*Study, error) {
	var lead *dcm.Object
	var own []dcm.File
	for n, o := range objects {
		modality := first(o.Dataset.Elements, tag.Modality)
		if !want.Takes(modality) || number(o.Dataset.Elements, tag.Rows) < 1 { // not the model's, or no image
			continue
		}
		if lead != nil && first(lead.Dataset.Elements, tag.Modality) != modality {
			return nil, &dcm.Refusal{What: "study holds more than one image that the model takes", Where: place(n, len(objects)), Do: "submit the one image that the model is for"}
		}
		own = append(own, files[n])
		lead = cmp.Or(lead, o)
	}
	if lead == nil {
		own = files // says what is there instead
	}
	picture, err := dcm.ReadPicture(own, selectionOf(want, lead), lim)
	if err != nil {
		return nil, err
	}
	return &Study{StudyUID: picture.StudyUID, SeriesUID: picture.SeriesUID, Picture: picture, slices: []*dcm.Object{picture.Instance.Object}, selection: want}, nil
}

// selectionOf is want for the reader, which takes one modality: that of lead, which
// may be nil.
func selectionOf(want models.Selection, lead *dcm.Object) dcm.Selection {
	s := dcm.Selection{Modality: want.Modality, MinSlices: want.MinSlices, MaxSpacingMM: want.MaxSpacingMM}
	if lead != nil {
		s.Modality = first(lead.Dataset.Elements, tag.Modality)
	}
	return s
}

var errNoSeries error = &dcm.Refusal{What: "no series fits the model", Do: "submit another study, or choose another model"}
