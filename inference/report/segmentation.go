// Package report turns label volumes into what a clinic receives: a DICOM
// segmentation that refers to the source slices, and a picture that a person can
// judge. In: a read series, labels on its grid, the model's manifest. Out: bytes.
// It copies identity only from the source data set, so that a de-identified study
// stays de-identified. Everything it writes says NOT FOR CLINICAL USE.
package report

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"time"

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
	resultSeriesNumber  = "901" // beyond the numbers that scanners give
	dicomDate           = "20060102"
	dicomTime           = "150405.000000"
	maxLO               = 64 // characters of a long string, PS3.5 section 6.2
)

var tagSegmentsOverlap = tag.Tag{Group: 0x0062, Element: 0x0013} // younger than the dictionary

// SegOptions are what a segmentation needs and cannot be computed from its inputs.
type SegOptions struct {
	NewUID          func() string // a new UID at each call; called three times
	Now             time.Time     // creation time
	SoftwareVersion string        // version of this program
}

// UIDs returns a generator of UIDs under 2.25 (PS3.5 annex B.2) that depend on the
// seed alone, so that the same result, made again, has the same identity.
func UIDs(seed models.Digest) func() string {
	var count uint64
	return func() string {
		count++
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(seed[:], count))
		sum[6], sum[8] = sum[6]&0x0F|0x80, sum[8]&0x3F|0x80 // RFC 9562 version 8
		return "2.25." + new(big.Int).SetBytes(sum[:16]).String()
	}
}

// Segmentation writes a binary DICOM SEG (PS3.3 A.51) with a segment per structure
// of the manifest and a frame for each slice on which a structure appears. Labels
// must lie on the series' grid; values that the manifest does not name are an error.
func Segmentation(s *dicom.Series, labels *volume.Labels, m models.Manifest, opts SegOptions) ([]byte, error) {
	if err := checkInputs(s, labels, m); err != nil {
		return nil, fmt.Errorf("write segmentation: %w", err)
	}
	if opts.NewUID == nil || opts.Now.IsZero() {
		return nil, errors.New("write segmentation: options need NewUID and Now")
	}
	structures := m.Structures()
	frames, pixels := packFrames(labels, structures)
	b := &builder{}
	b.identity(s)
	b.series(m, opts)
	b.equipment(m, opts)
	b.text(tag.ImageType, "DERIVED", "PRIMARY")
	b.text(tag.SOPClassUID, segmentationStorage)
	b.text(tag.SOPInstanceUID, opts.NewUID())
	b.references(s)
	b.pixelModule(labels.Grid, len(frames))
	b.segments(m, structures)
	b.functionalGroups(s, frames, opts.NewUID())
	if b.err != nil {
		return nil, fmt.Errorf("write segmentation: %w", b.err)
	}
	data, err := dicom.Encode(lib.Dataset{Elements: b.elements}, pixels)
	if err != nil {
		return nil, fmt.Errorf("write segmentation: %w", err)
	}
	return data, nil
}

func checkInputs(s *dicom.Series, labels *volume.Labels, m models.Manifest) error {
	if err := labels.Validate(); err != nil {
		return err
	}
	if labels.Size != s.Grid.Size || labels.Affine != s.Grid.Affine || len(s.Instances) != labels.Size[2] {
		return errors.New("labels do not lie on the series' grid; map them back first")
	}
	known := [256]bool{0: true}
	for _, l := range m.Labels {
		known[l.Value] = true
	}
	for value, count := range count(labels) {
		if count > 0 && !known[value] {
			return fmt.Errorf("labels hold the value %d, which the manifest of %s does not name", value, m.ID)
		}
	}
	if len(m.Structures()) == 0 {
		return errors.New("the manifest names no structure")
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

// builder collects elements and keeps the first error.
type builder struct {
	elements []*lib.Element
	err      error
}

func (b *builder) add(t tag.Tag, data any) {
	element, err := dicom.NewElement(t, data)
	if err != nil {
		if b.err == nil {
			b.err = fmt.Errorf("attribute %s: %w", t, err)
		}
		return
	}
	b.elements = append(b.elements, element)
}

func (b *builder) text(t tag.Tag, values ...string) { b.add(t, values) }
func (b *builder) ints(t tag.Tag, values ...int)    { b.add(t, values) }

// items adds a sequence; each function fills one item.
func (b *builder) items(t tag.Tag, fills ...func(*builder)) {
	list := make([][]*lib.Element, len(fills))
	for n, fill := range fills {
		item := &builder{}
		fill(item)
		list[n] = item.elements
		if b.err == nil {
			b.err = item.err
		}
	}
	b.add(t, list)
}

// code fills one coded concept (PS3.3 section 8.8).
func code(value, scheme, meaning string) func(*builder) {
	return func(b *builder) {
		b.text(tag.CodeValue, value)
		b.text(tag.CodingSchemeDesignator, scheme)
		b.text(tag.CodeMeaning, shortened(meaning, maxLO))
	}
}

func shortened(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit])
	}
	return text
}

// identity copies patient, study and frame of reference from the source.
func (b *builder) identity(s *dicom.Series) {
	source := s.Instances[0].Object
	for _, t := range []tag.Tag{
		tag.PatientName, tag.PatientID, tag.PatientBirthDate, tag.PatientSex,
		tag.StudyDate, tag.StudyTime, tag.AccessionNumber, tag.ReferringPhysicianName,
		tag.StudyID, tag.PositionReferenceIndicator,
	} { // all of type 2: present, perhaps empty
		b.text(t, source.Strings(t)...)
	}
	for _, t := range []tag.Tag{tag.PatientIdentityRemoved, tag.DeidentificationMethod, tag.StudyDescription, tag.PatientAge} {
		if values := source.Strings(t); len(values) > 0 {
			b.text(t, values...)
		}
	}
	if removed := source.Element(tag.DeidentificationMethodCodeSequence); removed != nil {
		b.elements = append(b.elements, removed)
	}
	b.text(tag.StudyInstanceUID, s.StudyUID)
	b.text(tag.FrameOfReferenceUID, s.FrameOfReferenceUID)
}

// SeriesDescription names model and version and ends in the warning.
func SeriesDescription(m models.Manifest) string {
	name := m.ID + " " + m.Version
	return shortened(name, maxLO-len(Warning)-1) + " " + Warning
}

func (b *builder) series(m models.Manifest, opts SegOptions) {
	date, clock := opts.Now.Format(dicomDate), opts.Now.Format(dicomTime)
	for _, t := range []tag.Tag{tag.SeriesDate, tag.ContentDate, tag.InstanceCreationDate} {
		b.text(t, date)
	}
	for _, t := range []tag.Tag{tag.SeriesTime, tag.ContentTime, tag.InstanceCreationTime} {
		b.text(t, clock)
	}
	b.text(tag.Modality, "SEG")
	b.text(tag.SeriesInstanceUID, opts.NewUID())
	b.text(tag.SeriesNumber, resultSeriesNumber)
	b.text(tag.SeriesDescription, SeriesDescription(m))
	b.text(tag.InstanceNumber, "1")
	b.text(tag.ContentLabel, "SEGMENTATION")
	b.text(tag.ContentDescription, SeriesDescription(m))
	b.text(tag.ContentCreatorName)
	b.text(tag.BurnedInAnnotation, "NO")
}

func (b *builder) equipment(m models.Manifest, opts SegOptions) {
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
		i.text(tag.ContributionDescription, "Automatic segmentation, "+Warning)
	})
}

// references lists the source series with all its instances (PS3.3 C.12.1.1.19).
func (b *builder) references(s *dicom.Series) {
	instances := make([]func(*builder), len(s.Instances))
	for n, in := range s.Instances {
		instances[n] = reference(in)
	}
	b.items(tag.ReferencedSeriesSequence, func(i *builder) {
		i.text(tag.SeriesInstanceUID, s.UID)
		i.items(tag.ReferencedInstanceSequence, instances...)
	})
}

func reference(in dicom.Instance) func(*builder) {
	return func(b *builder) {
		b.text(tag.ReferencedSOPClassUID, in.SOPClassUID)
		b.text(tag.ReferencedSOPInstanceUID, in.UID)
	}
}

// pixelModule describes one bit per pixel (PS3.3 C.8.20.2).
func (b *builder) pixelModule(g volume.Grid, frames int) {
	b.ints(tag.SamplesPerPixel, 1)
	b.text(tag.PhotometricInterpretation, "MONOCHROME2")
	b.text(tag.NumberOfFrames, strconv.Itoa(frames))
	b.ints(tag.Rows, g.Size[1])
	b.ints(tag.Columns, g.Size[0])
	b.ints(tag.BitsAllocated, 1)
	b.ints(tag.BitsStored, 1)
	b.ints(tag.HighBit, 0)
	b.ints(tag.PixelRepresentation, 0)
	b.text(tag.LossyImageCompression, "00")
	b.text(tag.SegmentationType, "BINARY")
	overlap, err := dicom.NewPrivateElement(tagSegmentsOverlap, "CS", []string{"NO"})
	if err != nil && b.err == nil {
		b.err = err
	}
	b.elements = append(b.elements, overlap)
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

func decimalString(v float64) string {
	// A DS has at most 16 characters (PS3.5 section 6.2).
	for digits := 12; digits > 0; digits-- {
		if text := strconv.FormatFloat(v, 'g', digits, 64); len(text) <= 16 {
			return text
		}
	}
	return "0"
}

func decimals(values ...float64) []string {
	list := make([]string, len(values))
	for n, v := range values {
		list[n] = decimalString(v)
	}
	return list
}
