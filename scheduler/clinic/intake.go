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

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/clinic/burnin"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Intake reads a folder, a zip or a file and picks the series that fits want. It
// refuses (dcm.Refusal) whatever a model could not use or the clinic should not
// send, before anything is prepared: no DICOM, more than one patient or study,
// no series of the modality, a broken geometry, text that may be burned in. Of
// several series that fit, the one with the most slices is taken, then the one
// with the lowest UID. ctx ends the work between two files. The bytes are parsed in
// this process; see Door.Intake for a process of their own.
func Intake(ctx context.Context, path string, want models.Selection, lim dcm.Limits) (*Study, error) {
	return intake(ctx, path, intakeMessage{Selection: want, Limits: lim})
}

// IntakePicture does as Intake for a model that takes one two-dimensional image: the
// study's only one of the modality.
func IntakePicture(ctx context.Context, path string, want models.Selection, lim dcm.Limits) (*Study, error) {
	return intake(ctx, path, intakeMessage{Selection: want, Picture: true, Limits: lim})
}

func intake(ctx context.Context, path string, m intakeMessage) (*Study, error) {
	files, err := dcm.OpenFiles(path, m.Limits)
	if err != nil {
		return nil, fmt.Errorf("take in the study: %w", err)
	}
	r, err := read(ctx, files, m)
	if err != nil {
		return nil, fmt.Errorf("take in the study: %w", asHeld(err))
	}
	who := newKnown()
	for n, f := range files {
		data, err := f.Content()
		if err != nil {
			return nil, fmt.Errorf("take in the study: %w", at(place(n, len(files)), err))
		}
		who.file(data, m.Policy)
	}
	return newStudy(r.facts(), m.Selection, m.Policy, m.Limits, r, who), nil
}

// read parses files and picks what fits. A refusal says what is wrong.
func read(ctx context.Context, files []dcm.File, m intakeMessage) (*reading, error) {
	objects, err := parseAll(ctx, files, m.Limits)
	if err != nil {
		return nil, err
	}
	if err := onePatient(objects); err != nil {
		return nil, err
	}
	choose := pick
	if m.Picture {
		choose = pickPicture
	}
	r, err := choose(files, objects, m.Selection, m.Limits)
	if err != nil {
		return nil, err
	}
	r.policy = m.Policy
	if r.devices, err = burnin.Devices(); err != nil {
		return nil, err
	}
	if refusal := r.policy.named(r.taken); refusal != nil {
		return nil, refusal
	}
	for n, o := range r.taken {
		where := place(n, len(r.taken))
		if refusal := unsendable(o.Dataset.Elements); refusal != nil {
			return nil, at(where, refusal)
		}
		if refusal := remapped(o.Dataset.Elements); refusal != nil {
			return nil, at(where, refusal)
		}
		for _, t := range []tag.Tag{tag.SOPInstanceUID, tag.SeriesInstanceUID, tag.StudyInstanceUID} {
			if len(o.String(t)) > maxUIDBytes {
				return nil, &dcm.Refusal{What: "a UID is longer than DICOM allows", Where: where, Do: "export the study from the PACS again"}
			}
		}
	}
	return r, r.flagged(ctx)
}

// flagged has all images looked at if the header of one is in doubt already: a person gets
// to see everything at once.
func (r *reading) flagged(ctx context.Context) error {
	if r.policy.Released || !slices.ContainsFunc(r.taken, func(t taken) bool { return len(doubts(t.Dataset.Elements)) > 0 }) {
		return nil
	}
	return r.screen(ctx)
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
		if b.StudyUID == "" {
			return &dcm.Refusal{What: "the image has no Study Instance UID", Where: place(n, len(objects)), Do: "export the study from the PACS again"}
		}
		if a.StudyUID != b.StudyUID || a.PatientID != b.PatientID || a.Issuer != b.Issuer {
			return &dcm.Refusal{What: "the files belong to more than one study or patient", Where: place(n, len(objects)), Do: "submit one study at a time"}
		}
	}
	return nil
}

// pick tries each series of the wanted modality, the largest first. If none
// fits, the fault of the largest one is what helps most.
func pick(files []dcm.File, objects []*dcm.Object, want models.Selection, lim dcm.Limits) (*reading, error) {
	members, count := map[string][]int{}, map[string]int{}
	for n, o := range objects {
		if want.Takes(first(o.Dataset.Elements, tag.Modality)) {
			uid := first(o.Dataset.Elements, tag.SeriesInstanceUID)
			members[uid] = append(members[uid], n)
			count[uid] += max(o.FrameCount(), 1)
		}
	}
	uids := make([]string, 0, len(members))
	for uid := range members {
		uids = append(uids, uid)
	}
	slices.SortFunc(uids, func(a, b string) int {
		return cmp.Or(-cmp.Compare(count[a], count[b]), cmp.Compare(a, b))
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
		return &reading{series: series, taken: ofSeries(series), limits: lim}, nil
	}
	if len(faults) > 0 {
		return nil, faults[0]
	}
	_, err := dcm.ReadSeries(files, selectionOf(want, nil), lim) // says what is there instead
	return nil, cmp.Or(err, errNoSeries)
}

// pickPicture takes the one image of the wanted modalities. Of images of several
// modalities none is taken: which is meant would be a guess.
func pickPicture(files []dcm.File, objects []*dcm.Object, want models.Selection, lim dcm.Limits) (*reading, error) {
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
	return &reading{picture: picture, taken: []taken{{Object: picture.Instance.Object}}, limits: lim}, nil
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
