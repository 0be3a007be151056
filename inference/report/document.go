package report

import (
	"errors"
	"fmt"
	"image"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

const encapsulatedPDF = "1.2.840.10008.5.1.4.1.1.104.1"

const kindDocument = "document"

// Letterhead is whose study a document is about, in words for its pages. It is filled where
// the patient is known, never at a node; what is empty is left out.
type Letterhead struct {
	PatientName, PatientID, BirthDate string // the date as YYYYMMDD
	AccessionNumber, StudyDate        string // the date as YYYYMMDD
}

// Document writes the result as an Encapsulated PDF (PS3.3 A.45.1), for archives and people
// that have no viewer for the other forms: what it is about, what the model found, and
// picture, which may be nil. The warning stands on every page. The same result is the same
// bytes.
func Document(src Source, head Letterhead, c Contents, picture image.Image, m models.Manifest, opts Options) ([]byte, error) {
	if err := errors.Join(src.validate(), opts.validate()); err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	pages, err := Paper(head, c, picture, m, opts)
	if err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	newUID := opts.uids(kindDocument)
	b := &builder{}
	b.identity(src, false)
	b.series(m, opts, series{modality: "DOC", number: documentNumber, uid: newUID()})
	b.text(tag.ConversionType, "WSD")
	b.equipment(m, opts)
	b.text(tag.SOPClassUID, encapsulatedPDF)
	b.text(tag.SOPInstanceUID, newUID())
	b.text(tag.AcquisitionDateTime)
	b.text(tag.BurnedInAnnotation, "YES") // the pages name the patient
	b.text(tag.DocumentTitle, shortened(Warning+": automatic analysis by "+m.ID+" "+m.Version, maxST))
	b.items(tag.ConceptNameCodeSequence, coded(conceptReport))
	b.text(tag.VerificationFlag, "UNVERIFIED")
	b.sourceInstances(src)
	b.text(tag.MIMETypeOfEncapsulatedDocument, "application/pdf")
	b.add(tag.EncapsulatedDocument, pages)
	b.ints(tag.EncapsulatedDocumentLength, len(pages))
	if b.err != nil {
		return nil, fmt.Errorf("write document: %w", b.err)
	}
	data, err := dicom.Encode(lib.Dataset{Elements: b.elements}, nil)
	if err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	return data, nil
}

// maxST is the length of a short text in characters (PS3.5 table 6.2-1).
const maxST = 1024

// sourceInstances lists what the document was made from (PS3.3 C.24.2).
func (b *builder) sourceInstances(src Source) {
	objects := src.objects()
	fills := make([]func(*builder), len(objects))
	for n, in := range objects {
		fills[n] = instance(in)
	}
	b.items(tag.SourceInstanceSequence, fills...)
}
