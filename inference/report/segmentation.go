// Package report turns what a model found into what a clinic receives: DICOM
// segmentations, a structured report, pictures, and a FHIR bundle. In: a read source,
// labels on its grid, figures, the model's manifest. Out: bytes.
// It copies identity only from what it is given, so that a de-identified study stays
// de-identified. Everything it writes says NOT FOR CLINICAL USE.
package report

import (
	"errors"
	"fmt"
	"strconv"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// Warning stands in every series description and in every picture.
const Warning = "NOT FOR CLINICAL USE"

const (
	segmentationStorage = "1.2.840.10008.5.1.4.1.1.66.4"
	manufacturer        = "MedHive"
	dicomDate           = "20060102"
	dicomTime           = "150405.000000"
	maxLO               = 64 // characters of a long string, PS3.5 section 6.2
	maxSH               = 16 // of a short one
)

// Series numbers of the results, beyond those that scanners give.
const (
	segmentationNumber = 901
	structuredNumber   = 902
	captureNumber      = 903
	documentNumber     = 904
)

var tagSegmentsOverlap = tag.Tag{Group: 0x0062, Element: 0x0013} // younger than the dictionary

// Segmentation writes a binary DICOM SEG (PS3.3 A.51) with a segment per structure
// of the manifest and a frame for each slice on which a structure appears. Labels
// must lie on the series' grid; values that the manifest does not name are an error.
func Segmentation(s *dicom.Series, labels *volume.Labels, m models.Manifest, opts Options) ([]byte, error) {
	if err := labels.Validate(); err != nil {
		return nil, fmt.Errorf("write segmentation: %w", err)
	}
	if labels.Size != s.Grid.Size || labels.Affine != s.Grid.Affine || len(s.Instances) != labels.Size[2] {
		return nil, errors.New("write segmentation: labels do not lie on the series' grid; map them back first")
	}
	return writeBinary(SeriesSource(s), labels, m, opts)
}

// PictureSegmentation writes the labels of a picture, [j][i] on its pixels, as
// Segmentation does those of a volume.
func PictureSegmentation(p *dicom.Picture, labels *volume.Labels, m models.Manifest, opts Options) ([]byte, error) {
	if labels.Size != [3]int{p.Columns, p.Rows, 1} || len(labels.Data) != p.Columns*p.Rows {
		return nil, errors.New("write segmentation: labels do not lie on the picture's pixels; map them back first")
	}
	return writeBinary(PictureSource(p), labels, m, opts)
}

// writeBinary writes labels that lie on the source's grid.
func writeBinary(src Source, labels *volume.Labels, m models.Manifest, opts Options) ([]byte, error) {
	if err := knownLabels(labels, m); err != nil {
		return nil, fmt.Errorf("write segmentation: %w", err)
	}
	frames, pixels := packFrames(labels, m.Structures())
	data, err := writeSegmentation(src, m, opts, raster{
		columns: labels.Size[0], rows: labels.Size[1], frames: frames, pixels: pixels,
	})
	if err != nil {
		return nil, fmt.Errorf("write segmentation: %w", err)
	}
	return data, nil
}

// raster is the pixel side of a segmentation.
type raster struct {
	columns, rows int
	frames        []frame
	pixels        []byte // one bit each, or one byte where fractional
	fractional    bool
}

func writeSegmentation(src Source, m models.Manifest, opts Options, r raster) ([]byte, error) {
	structures := m.Structures()
	if len(structures) == 0 {
		return nil, errors.New("the manifest names no structure")
	}
	if err := errors.Join(src.validate(), opts.validate()); err != nil {
		return nil, err
	}
	newUID := opts.uids(kindSegmentation)
	b := &builder{}
	b.identity(src, true)
	b.series(m, opts, series{modality: "SEG", number: segmentationNumber, uid: newUID()})
	b.text(tag.ContentLabel, "SEGMENTATION")
	b.text(tag.ContentDescription, SeriesDescription(m))
	b.text(tag.ContentCreatorName)
	b.text(tag.BurnedInAnnotation, "NO")
	b.equipment(m, opts)
	b.text(tag.ImageType, "DERIVED", "PRIMARY")
	b.text(tag.SOPClassUID, segmentationStorage)
	b.text(tag.SOPInstanceUID, newUID())
	if src.grid == nil {
		b.text(tag.PatientOrientation) // type 2 where no plane gives it
	}
	b.references(src)
	b.pixelModule(r, len(structures))
	b.segments(m, structures)
	b.functionalGroups(src, r.frames, newUID())
	if b.err != nil {
		return nil, b.err
	}
	return dicom.Encode(lib.Dataset{Elements: b.elements}, r.pixels)
}

// knownLabels wants every value of labels among those that the manifest names.
func knownLabels(labels *volume.Labels, m models.Manifest) error {
	known := [256]bool{0: true}
	for _, l := range m.Labels {
		known[l.Value] = true
	}
	for value, count := range count(labels) {
		if count > 0 && !known[value] {
			return fmt.Errorf("labels hold the value %d, which the manifest of %s does not name", value, m.ID)
		}
	}
	return nil
}

// count is the number of voxels of each label value.
func count(labels *volume.Labels) (counts [256]int) {
	for _, v := range labels.Data {
		counts[v]++
	}
	return counts
}

// SeriesDescription names model and version and ends in the warning.
func SeriesDescription(m models.Manifest) string {
	name := m.ID + " " + m.Version
	return shortened(name, maxLO-len(Warning)-1) + " " + Warning
}

// series is what differs between the series of a result.
type series struct {
	modality string
	number   int
	uid      string
}

func (b *builder) series(m models.Manifest, opts Options, s series) {
	date, clock := opts.Now.Format(dicomDate), opts.Now.Format(dicomTime)
	for _, t := range []tag.Tag{tag.SeriesDate, tag.ContentDate, tag.InstanceCreationDate} {
		b.text(t, date)
	}
	for _, t := range []tag.Tag{tag.SeriesTime, tag.ContentTime, tag.InstanceCreationTime} {
		b.text(t, clock)
	}
	b.text(tag.Modality, s.modality)
	b.text(tag.SeriesInstanceUID, s.uid)
	b.text(tag.SeriesNumber, strconv.Itoa(s.number))
	b.text(tag.SeriesDescription, SeriesDescription(m))
	b.text(tag.InstanceNumber, "1")
}

func (b *builder) equipment(m models.Manifest, opts Options) {
	software := []string{m.ID + " " + m.Version, "medhive " + opts.SoftwareVersion}
	b.text(tag.Manufacturer, manufacturer)
	b.text(tag.ManufacturerModelName, shortened(m.Title, maxLO))
	b.text(tag.DeviceSerialNumber, m.Weights.SHA256.Short())
	b.text(tag.SoftwareVersions, software...)
	b.items(tag.ContributingEquipmentSequence, func(i *builder) {
		i.items(tag.PurposeOfReferenceCodeSequence, code("109102", "DCM", "Processing Equipment"))
		i.text(tag.Manufacturer, manufacturer)
		i.text(tag.ManufacturerModelName, shortened(m.Title, maxLO))
		i.text(tag.SoftwareVersions, software...)
		i.text(tag.ContributionDateTime, opts.Now.Format(dicomDate+dicomTime))
		i.text(tag.ContributionDescription, "Automatic analysis, "+Warning)
	})
}

// pixelModule describes masks of one bit a pixel, or probabilities of one byte, of which
// the largest is certainty (PS3.3 C.8.20.2).
func (b *builder) pixelModule(r raster, structures int) {
	bits, kind, overlap := 1, "BINARY", "NO"
	if r.fractional {
		bits, kind = 8, "FRACTIONAL"
		b.text(tag.SegmentationFractionalType, "PROBABILITY")
		b.ints(tag.MaximumFractionalValue, models.ShareLevels)
		if structures > 1 {
			overlap = "YES" // a voxel may have a share of several
		}
	}
	b.ints(tag.SamplesPerPixel, 1)
	b.text(tag.PhotometricInterpretation, "MONOCHROME2")
	b.text(tag.NumberOfFrames, strconv.Itoa(len(r.frames)))
	b.ints(tag.Rows, r.rows)
	b.ints(tag.Columns, r.columns)
	b.ints(tag.BitsAllocated, bits)
	b.ints(tag.BitsStored, bits)
	b.ints(tag.HighBit, bits-1)
	b.ints(tag.PixelRepresentation, 0)
	b.text(tag.LossyImageCompression, "00")
	b.text(tag.SegmentationType, kind)
	element, err := dicom.NewPrivateElement(tagSegmentsOverlap, "CS", []string{overlap})
	if err != nil && b.err == nil {
		b.err = err
	}
	b.elements = append(b.elements, element)
}

// segments describes each structure; the number of a segment is its place in the
// manifest, from 1.
func (b *builder) segments(m models.Manifest, structures []models.Label) {
	fills := make([]func(*builder), len(structures))
	for n, l := range structures {
		fills[n] = func(i *builder) {
			category, kind := concept(l.Category), concept(l.Type)
			i.items(tag.SegmentedPropertyCategoryCodeSequence, category)
			i.ints(tag.SegmentNumber, n+1)
			i.text(tag.SegmentLabel, shortened(l.Name, maxLO))
			if m.Fractional {
				i.text(tag.SegmentDescription, countingRule(m.Cutoff()))
			}
			i.items(tag.SegmentationAlgorithmIdentificationSequence, func(a *builder) {
				a.items(tag.AlgorithmFamilyCodeSequence, code("123109", "DCM", "Artificial Intelligence"))
				a.text(tag.AlgorithmVersion, m.Version)
				a.text(tag.AlgorithmName, m.ID)
			})
			i.text(tag.SegmentAlgorithmType, "AUTOMATIC")
			i.text(tag.SegmentAlgorithmName, shortened(m.ID+" "+m.Version, maxLO))
			lab := cieLab(l.Color)
			i.ints(tag.RecommendedDisplayCIELabValue, lab[:]...)
			i.items(tag.SegmentedPropertyTypeCodeSequence, kind)
		}
	}
	b.items(tag.SegmentSequence, fills...)
}

// concept is a label's code; a label without one is a tissue.
func concept(c *models.Code) func(*builder) {
	if c == nil {
		return code("85756007", "SCT", "Tissue")
	}
	return code(c.Value, c.Scheme, c.Meaning)
}
