package clinic

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/scheduler/clinic/burnin"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// reading is a study that was parsed, and of it what a model takes. It is made of
// strangers' bytes, and lives in the confined child where there is one.
type reading struct {
	series  *dcm.Series  // nil if the model takes a picture
	picture *dcm.Picture // nil if it takes a series
	taken   []taken      // what the payload will hold, in its order
	policy  Policy
	devices []burnin.Device // that write text into their images
	limits  dcm.Limits
}

// taken is an object of the payload.
type taken struct {
	*dcm.Object
	// frames are those that the series takes, from 0 and rising; the others stay at the
	// clinic. nil: the object has one.
	frames []int
}

// ofSeries lists the objects of a series along its normal, with the frames that it takes.
func ofSeries(s *dcm.Series) []taken {
	var list []taken
	place := map[*dcm.Object]int{}
	for _, in := range s.Instances {
		n, known := place[in.Object]
		if !known {
			n = len(list)
			place[in.Object] = n
			list = append(list, taken{Object: in.Object})
		}
		if in.Object.FrameCount() > 1 {
			list[n].frames = append(list[n].frames, in.Frame)
		}
	}
	for _, t := range list {
		slices.Sort(t.frames)
	}
	return list
}

// source is the study as reports refer to it.
func (r *reading) source() report.Source {
	if r.picture != nil {
		return report.PictureSource(r.picture)
	}
	return report.SeriesSource(r.series)
}

// facts are what the clinic's daemon needs to know of the study.
func (r *reading) facts() facts {
	source, lead := r.source(), r.taken[0].Dataset.Elements
	f := facts{
		StudyUID: source.StudyUID, SeriesUID: source.SeriesUID, Modality: source.Modality, FrameOfReferenceUID: source.FrameOfReferenceUID,
		Picture: r.picture != nil, Objects: len(r.taken), Rows: number(lead, tag.Rows), Columns: number(lead, tag.Columns),
		Attributes: identityOf(lead), Patient: headerOf(lead),
	}
	if r.picture != nil {
		f.SpacingMM = [3]float64{r.picture.SpacingMM[1], r.picture.SpacingMM[0], 0}
	} else {
		f.SpacingMM, f.Notes = r.series.Grid.Spacing(), r.series.Notes
	}
	frames := map[*dcm.Object][]int{}
	originals := map[string]bool{}
	for _, t := range r.taken {
		frames[t.Object] = t.frames
		collectUIDs(t.Dataset.Elements, originals)
	}
	for uid := range originals {
		f.UIDs = append(f.UIDs, uid)
	}
	slices.Sort(f.UIDs)
	for _, in := range source.Instances {
		named := Instance{Class: in.SOPClassUID, UID: in.UID}
		if sent, multiple := slices.BinarySearch(frames[in.Object], in.Frame); multiple {
			named.Frame, named.Sent = in.Frame+1, sent+1
		}
		f.Instances = append(f.Instances, named)
	}
	return f
}

// collectUIDs finds every UID that the profile may replace, to any depth.
func collectUIDs(elements []*dicom.Element, into map[string]bool) {
	for _, e := range elements {
		if outright(e) {
			continue
		}
		items, _ := itemsOf(e)
		for _, item := range items {
			collectUIDs(item, into)
		}
		if vrOf(e) != "UI" {
			continue
		}
		for _, uid := range textOf(e) {
			if uid != "" && len(uid) <= maxUIDBytes && !standardUID(uid) {
				into[uid] = true
			}
		}
	}
}

// order is what the clinic's daemon gives for a study to be stripped: names that it chose,
// and no key with which others could be made.
type order struct {
	Allow   []string          `json:"allow"`   // the manifest's allowed attributes
	Patient string            `json:"patient"` // the patient's pseudonym
	UIDs    map[string]string `json:"uids"`    // the clinic's own UID -> its substitute
	// ShiftDays moves the dates that leave, where any do.
	ShiftDays int `json:"shift_days,omitempty"`
}

// UID is the substitute; a UID that the daemon was not told of has none.
func (o order) UID(original string) string { return o.UIDs[original] }

func (o order) patientOf(header) string { return o.Patient }

func (o order) shiftOf(header) int { return o.ShiftDays }

// strip de-identifies the objects, a few side by side, and hands each to keep in the
// payload's order. Where pixels are in doubt, all objects are looked at, no more are handed
// over, and the error is a *heldMessage.
func (r *reading) strip(ctx context.Context, o order, keep func(data []byte) error) error {
	allow, err := NewAllowList(o.Allow)
	if err != nil {
		return err
	}
	before, faceless, err := r.findFace()
	if err != nil {
		return err
	}
	var inDoubt screening
	inDoubt.add(faceless)
	at := 0
	for part := range slices.Chunk(r.taken, runtime.GOMAXPROCS(0)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		data, doubts, faults := make([][]byte, len(part)), make([][]doubtful, len(part)), make([]error, len(part))
		var work errgroup.Group
		for n, t := range part {
			work.Go(func() error {
				data[n], doubts[n], faults[n] = r.stripOne(t, o, allow, before, place(at+n, len(r.taken)))
				return nil
			})
		}
		_ = work.Wait() // no call returns an error; faults holds them in order
		for n := range part {
			if faults[n] != nil {
				return faults[n]
			}
			if inDoubt.add(doubts[n]); inDoubt.frames > 0 {
				continue
			}
			if err := keep(data[n]); err != nil {
				return err
			}
		}
		at += len(part)
	}
	return inDoubt.error()
}

func (r *reading) stripOne(t taken, names substitutes, allow AllowList, before *face, where string) (data []byte, found []doubtful, err error) {
	elements, pixels, found, err := r.looked(t, where)
	if err != nil || len(found) > 0 {
		return nil, found, err
	}
	policy := r.policy
	policy.Redactions, policy.Deface = r.redactionsOf(elements), before != nil
	if before != nil {
		if pixels, err = before.remove(t, elements, pixels); err != nil {
			return nil, nil, at(where, err)
		}
	}
	elements, pixels, err = chosenFrames(elements, pixels, t.frames)
	if err != nil {
		return nil, nil, at(where, err)
	}
	clean, err := deidentify(dicom.Dataset{Elements: elements}, names, policy, allow)
	if err != nil {
		return nil, nil, at(where, err)
	}
	if data, err = dcm.Encode(clean.Dataset, pixels); err != nil {
		return nil, nil, fmt.Errorf("%s: write the instance: %w", where, err)
	}
	return data, nil, nil
}

// chosenFrames leaves the given frames, from 0 and rising, of an object of several, whose
// clean pixels these are; nil leaves all.
func chosenFrames(elements []*dicom.Element, pixels []byte, frames []int) ([]*dicom.Element, []byte, error) {
	all := number(elements, tag.NumberOfFrames)
	if frames == nil || len(frames) == all {
		return elements, pixels, nil
	}
	own := dcm.Items(find(elements, tag.PerFrameFunctionalGroupsSequence))
	size := len(pixels) / max(all, 1)
	if frames[len(frames)-1] >= min(all, len(own)) || size == 0 {
		return nil, nil, &dcm.Refusal{What: "the image describes fewer frames than it takes", Do: "export the study from the PACS again"}
	}
	items := make([][]*dicom.Element, len(frames))
	chosen := make([]byte, 0, len(frames)*size)
	for n, frame := range frames {
		items[n] = own[frame]
		chosen = append(chosen, pixels[frame*size:(frame+1)*size]...)
	}
	kept := slices.Clone(elements)
	for n, e := range kept {
		switch e.Tag {
		case tag.NumberOfFrames:
			kept[n] = textElement(e.Tag, "IS", fmt.Sprint(len(frames)))
		case tag.PerFrameFunctionalGroupsSequence:
			kept[n] = sequence(e.Tag, items...)
		}
	}
	return kept, chosen, nil
}
