package clinic

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Declined is a study that no task was made of: it was refused before anything was vaulted.
type Declined struct {
	Folder   string        // of its images, one DICOM file each
	StudyUID string        // that the images must be of
	Task     models.Digest // names the notice, as a task names its result; the caller's choice
	At       time.Time     // when it was refused
	Reason   string        // in words of the product
}

// Decline makes what Notice makes, of a study that the vault knows nothing of: whose it is
// comes from its images, which a door with a confined child has read there. It refers to the
// images that were looked at. The same study, package and Declined give the same bytes.
func (d *Door) Decline(ctx context.Context, pkg models.Package, c Declined) ([]dcm.File, error) {
	b, err := d.bearer(ctx, c.Folder, pkg.Manifest.Selection)
	if err == nil && b.StudyUID != c.StudyUID {
		err = &dcm.Refusal{What: "the images belong to another study than the one that was refused", Do: exportAnew}
	}
	if err != nil {
		return nil, fmt.Errorf("say that a study is not analysed: %w", err)
	}
	id := Identity{
		StudyUID: b.StudyUID, SeriesUID: b.SeriesUID, Attributes: b.Attributes, Series: report.SeriesDescription(pkg.Manifest),
		Source: &Referred{Modality: b.Modality, Instances: b.Instances}, Manifest: ofResult(pkg.Manifest),
	}
	files, err := d.statement(id, pkg.Manifest, c.Task, c.At.UTC(), c.Reason)
	if err != nil {
		return nil, fmt.Errorf("say that a study is not analysed: %w", err)
	}
	return files, nil
}

// bearer is whose a study is, as its reader tells: valid says what is believed.
type bearer struct {
	StudyUID   string      `json:"study"`
	SeriesUID  string      `json:"series"`
	Modality   string      `json:"modality"`
	Instances  []Instance  `json:"instances"` // of the series, among the files that were read
	Attributes []Attribute `json:"attributes"`
}

func (b bearer) valid() bool {
	uid := func(s string) bool { return s != "" && len(s) <= maxUIDBytes && utf8.ValidString(s) }
	return uid(b.StudyUID) && uid(b.SeriesUID) && plainModality.MatchString(b.Modality) &&
		len(b.Instances) > 0 && len(b.Instances) <= mostLooked && len(b.Attributes) <= len(identityTags()) &&
		!slices.ContainsFunc(b.Instances, func(in Instance) bool { return !uid(in.UID) || !uid(in.Class) }) &&
		!slices.ContainsFunc(b.Attributes, func(a Attribute) bool { return !a.valid() })
}

// otherModality stands for one that is not stated, or is no code (PS3.3 C.7.3.1.1.1).
const otherModality = "OT"

// bearerOf reads what can be read of the files and tells whose study they are. They speak of
// the first series that want takes, else of the first of all; files of two patients are a
// refusal.
func bearerOf(files []dcm.File, want models.Selection, lim dcm.Limits) (bearer, error) {
	var objects []*dcm.Object
	var fault error
	for _, f := range files {
		o, err := dcm.Parse(f, lim)
		switch {
		case err != nil:
			fault = errors.Join(fault, err)
		case nameable(o):
			objects = append(objects, o)
		}
	}
	if len(objects) == 0 {
		var refusal *dcm.Refusal
		if errors.As(fault, &refusal) {
			return bearer{}, refusal
		}
		return bearer{}, errNoSeries
	}
	if err := onePatient(objects); err != nil {
		return bearer{}, err
	}
	lead := objects[max(0, slices.IndexFunc(objects, func(o *dcm.Object) bool { return want.Takes(first(o.Dataset.Elements, tag.Modality)) }))]
	b := bearer{
		StudyUID: lead.String(tag.StudyInstanceUID), SeriesUID: lead.String(tag.SeriesInstanceUID), Modality: lead.String(tag.Modality),
		Attributes: identityOf(lead.Dataset.Elements),
	}
	if !plainModality.MatchString(b.Modality) {
		b.Modality = otherModality
	}
	for _, o := range objects {
		if o.String(tag.SeriesInstanceUID) == b.SeriesUID {
			b.Instances = append(b.Instances, Instance{Class: o.String(tag.SOPClassUID), UID: o.String(tag.SOPInstanceUID)})
		}
	}
	return b, nil
}

// nameable says that a report can refer to an object.
func nameable(o *dcm.Object) bool {
	return !slices.ContainsFunc([]tag.Tag{tag.StudyInstanceUID, tag.SeriesInstanceUID, tag.SOPInstanceUID, tag.SOPClassUID}, func(t tag.Tag) bool {
		uid := o.String(t)
		return uid == "" || len(uid) > maxUIDBytes || !utf8.ValidString(uid)
	})
}

// Bounds of what is read to learn whose a study is: a study may have been refused for its
// size.
const (
	mostLooked      = 64
	mostLookedBytes = 256 << 20
)

// firstFiles reads the first files of a folder.
func firstFiles(folder string, lim dcm.Limits) (files []dcm.File, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, withoutPath(err)
	}
	left := min(mostLookedBytes, lim.MaxTotalBytes)
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, withoutPath(err)
		}
		if info.Size() > min(left, lim.MaxFileBytes) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, withoutPath(err)
		}
		files = append(files, dcm.File{Data: data})
		if left -= int64(len(data)); len(files) == mostLooked {
			break
		}
	}
	return files, nil
}

// bearer asks the door's reader whose study lies in a folder.
func (d *Door) bearer(ctx context.Context, folder string, want models.Selection) (b bearer, err error) {
	files, err := firstFiles(folder, d.limits)
	if err != nil {
		return b, err
	}
	if d.child == nil {
		return bearerOf(files, want, d.limits)
	}
	cell, err := d.open(ctx)
	if err != nil {
		return b, err
	}
	far := &remote{cell: cell, limits: d.limits, log: d.child.Log}
	b, err = far.bearer(ctx, intakeMessage{Selection: want, Limits: d.limits, Bearer: true}, files)
	return b, errors.Join(far.understood(err, brokeStudy, exportAnew), cell.Close())
}

func (r *remote) bearer(ctx context.Context, m intakeMessage, files []dcm.File) (b bearer, err error) {
	err = sendJSON(r.cell, wordIntake, m)
	for n := 0; n < len(files) && err == nil; n++ {
		if err = ctx.Err(); err == nil {
			err = send(r.cell, wordObject, files[n].Data)
		}
	}
	if err == nil {
		err = send(r.cell, wordAll, nil)
	}
	if err == nil {
		err = hearJSON(r.cell, r.limits, wordFacts, &b)
	}
	if err == nil && !b.valid() {
		err = errStrange
	}
	return b, err
}
