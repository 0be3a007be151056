package clinic

import (
	"bytes"
	"image"
	"image/png"
	"slices"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/report"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// documentFile is the result on pages, for those who have no viewer for its other forms.
const documentFile = "doc.dcm"

// document writes the pages of checked findings. files are those of the result that are
// restored already: their picture, with the warning below it, is shown.
func (w writer) document(f inference.Findings, files []dcm.File) ([]byte, error) {
	var picture image.Image
	if n := slices.IndexFunc(files, func(f dcm.File) bool { return f.Name == overlayFile }); n >= 0 {
		var err error
		if picture, err = png.Decode(bytes.NewReader(files[n].Data)); err != nil {
			return nil, because("the result's picture can't be put on a page", err)
		}
	}
	written, err := report.Document(w.id.source(), w.id.letterhead(), contentsOf(f, *w.id.Manifest, true), picture, *w.id.Manifest, w.options)
	if err != nil {
		return nil, because("the findings state what no page can", err)
	}
	return identified(w.id, documentFile, written, w.limits)
}

// letterhead is whose study it is, from the vault.
func (id Identity) letterhead() report.Letterhead {
	return report.Letterhead{
		PatientName: id.value(tag.PatientName), PatientID: id.value(tag.PatientID), BirthDate: id.value(tag.PatientBirthDate),
		AccessionNumber: id.value(tag.AccessionNumber), StudyDate: id.value(tag.StudyDate),
	}
}

// value is the first value of an attribute of the source, or "".
func (id Identity) value(t tag.Tag) string {
	for _, a := range id.Attributes {
		if a.Group == t.Group && a.Element == t.Element && len(a.Values) > 0 {
			return a.Values[0]
		}
	}
	return ""
}
