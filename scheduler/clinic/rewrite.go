package clinic

import (
	"fmt"
	"image"

	"github.com/medhive/medhive/inference/report"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// writer makes the clinic's own report and pictures of one result, in place of those
// that the node made: a reader of the archive sees no word that the clinic did not write.
type writer struct {
	id      Identity
	options report.Options
	limits  dcm.Limits
}

func (o restoration) writer() writer {
	return writer{id: o.Identity, limits: o.Limits, options: report.Options{Seed: o.Seed, Now: o.Finished, SoftwareVersion: "clinic"}}
}

// rewrites says that the vault holds what the clinic's own objects need; an entry of an
// earlier version does not, and then the node's are left out.
func (id Identity) rewrites() bool { return id.Manifest != nil && id.Source != nil }

// report writes the structured report of checked contents.
func (w writer) report(segmentation made, contents report.Contents) ([]byte, error) {
	written, err := report.StructuredReport(w.id.source(), report.Reference{SeriesUID: segmentation.series, InstanceUID: segmentation.instance}, contents, *w.id.Manifest, w.options)
	if err != nil {
		return nil, because("the findings state what no report can", err)
	}
	return identified(w.id, reportFile, written, w.limits)
}

// capture writes the secondary capture of a checked picture.
func (w writer) capture(picture image.Image) ([]byte, error) {
	written, err := report.SecondaryCapture(w.id.source(), picture, *w.id.Manifest, w.options)
	if err != nil {
		return nil, because("the secondary capture shows no picture", err)
	}
	return identified(w.id, captureFile, written, w.limits)
}

// The years that a date of DICOM has (PS3.5 section 6.2) and an analysis can end in.
const (
	firstYear = 1970
	lastYear  = 9999
)

// dated refuses a time that the objects can't bear.
func (o restoration) dated() error {
	if year := o.Finished.Year(); year < firstYear || year > lastYear {
		return refuse("the receipt does not say when the analysis ended")
	}
	return nil
}

// identified puts patient and study into an object that the clinic wrote.
func identified(id Identity, name string, written []byte, lim dcm.Limits) ([]byte, error) {
	object, err := dcm.Parse(dcm.File{Name: name, Data: written}, lim)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return newRestorer(id, nil).write(object.Dataset.Elements, object.Pixels)
}

// source is the study as reports refer to it, from the vault.
func (id Identity) source() report.Source {
	s := report.Source{StudyUID: id.StudyUID, SeriesUID: id.SeriesUID, FrameOfReferenceUID: id.Source.FrameOfReferenceUID, Modality: id.Source.Modality}
	for _, in := range id.Source.Instances {
		s.Instances = append(s.Instances, dcm.Instance{SOPClassUID: in.Class, UID: in.UID})
	}
	return s.Referred(id.picture())
}
