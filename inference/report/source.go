package report

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// Source is the image that a result is about, as the result refers to it: a series
// of slices or one picture. Instances are in slice order; several of them may be
// frames of one object.
type Source struct {
	StudyUID            string
	SeriesUID           string
	FrameOfReferenceUID string // empty for a picture
	Modality            string
	Instances           []dicom.Instance

	grid      *volume.Grid // nil for a picture
	spacingMM [2]float64   // of a picture: between rows, columns; 0 is unknown
}

// SeriesSource describes a series that was read as a volume.
func SeriesSource(s *dicom.Series) Source {
	return Source{
		StudyUID: s.StudyUID, SeriesUID: s.UID, FrameOfReferenceUID: s.FrameOfReferenceUID,
		Modality: s.Modality, Instances: s.Instances, grid: &s.Grid,
	}
}

// PictureSource describes a picture: results refer to its pixels, not to a place in
// the patient.
func PictureSource(p *dicom.Picture) Source {
	return Source{
		StudyUID: p.StudyUID, SeriesUID: p.SeriesUID, Modality: p.Modality, Instances: []dicom.Instance{p.Instance}, spacingMM: p.SpacingMM,
	}
}

// Referred is s as far as a report refers to it, without pixels and without a patient:
// what a clinic writes a report of after the images are gone. picture says that s is one
// picture, not a series of slices. Instances need their classes and UIDs alone.
func (s Source) Referred(picture bool) Source {
	instances := make([]dicom.Instance, len(s.Instances))
	for n, in := range s.Instances {
		instances[n] = dicom.Instance{Object: &dicom.Object{}, SOPClassUID: in.SOPClassUID, UID: in.UID}
	}
	s.Instances, s.grid, s.spacingMM = instances, &volume.Grid{}, [2]float64{}
	if picture {
		s.grid = nil
	}
	return s
}

func (s Source) validate() error {
	if len(s.Instances) == 0 || s.Instances[0].Object == nil || s.StudyUID == "" || s.SeriesUID == "" {
		return errors.New("the source names no study, no series or no instance")
	}
	return nil
}

// Options are what a result needs and cannot be computed from its inputs.
type Options struct {
	// Seed is the identity of the result: every UID in it depends on the seed alone,
	// so that the same study and model give the same objects.
	Seed            models.Digest
	Now             time.Time // creation time
	SoftwareVersion string    // version of this program
}

// The kinds of object, each with UIDs of its own under one seed.
const (
	kindSegmentation = "segmentation"
	kindStructured   = "structured report"
	kindCapture      = "secondary capture"
	kindFHIR         = "fhir"
	kindDevice       = "device"
)

// uids is the generator of one kind of object.
func (o Options) uids(kind string) func() string {
	if kind == kindSegmentation {
		return UIDs(o.Seed)
	}
	return UIDs(derived(o.Seed, kind))
}

func derived(seed models.Digest, kind string) models.Digest {
	return models.DigestOf(slices.Concat(seed[:], []byte(kind)))
}

func (o Options) validate() error {
	if o.Seed.IsZero() || o.Now.IsZero() {
		return errors.New("options need Seed and Now")
	}
	return nil
}

// Reference names a segmentation for the report that speaks of it.
type Reference struct{ SeriesUID, InstanceUID string }

// Segmentation is the reference to the segmentation that these options make.
func (o Options) Segmentation() Reference {
	next := UIDs(o.Seed)
	series := next()
	return Reference{SeriesUID: series, InstanceUID: next()}
}

// UIDs returns a generator of UIDs under 2.25 (PS3.5 annex B.2) that depend on the
// seed alone, so that the same result, made again, has the same identity.
func UIDs(seed models.Digest) func() string {
	var count uint64
	return func() string {
		count++
		id := numberedUUID(seed, count)
		return "2.25." + new(big.Int).SetBytes(id[:]).String()
	}
}

// numberedUUID is number count under seed, of RFC 9562 version 8.
func numberedUUID(seed models.Digest, count uint64) [16]byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(seed[:], count))
	sum[6], sum[8] = sum[6]&0x0F|0x80, sum[8]&0x3F|0x80
	return [16]byte(sum[:16])
}

// identity copies patient and study from the source, and its frame of reference if
// it has one and the object is in it.
func (b *builder) identity(s Source, spatial bool) {
	source := s.Instances[0].Object
	tags := []tag.Tag{
		tag.PatientName, tag.PatientID, tag.PatientBirthDate, tag.PatientSex,
		tag.StudyDate, tag.StudyTime, tag.AccessionNumber, tag.ReferringPhysicianName, tag.StudyID,
	} // all of type 2: present, perhaps empty
	spatial = spatial && s.FrameOfReferenceUID != ""
	if spatial {
		tags = append(tags, tag.PositionReferenceIndicator)
	}
	for _, t := range tags {
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
	if spatial {
		b.text(tag.FrameOfReferenceUID, s.FrameOfReferenceUID)
	}
}

// objects are the instances without repeating one for each of its frames.
func (s Source) objects() []dicom.Instance {
	seen := make(map[string]bool, len(s.Instances))
	var list []dicom.Instance
	for _, in := range s.Instances {
		if !seen[in.UID] {
			seen[in.UID] = true
			list = append(list, in)
		}
	}
	return list
}

// references lists the source series with all its instances (PS3.3 C.12.1.1.19).
func (b *builder) references(s Source) {
	objects := s.objects()
	instances := make([]func(*builder), len(objects))
	for n, in := range objects {
		instances[n] = instance(in)
	}
	b.items(tag.ReferencedSeriesSequence, func(i *builder) {
		i.text(tag.SeriesInstanceUID, s.SeriesUID)
		i.items(tag.ReferencedInstanceSequence, instances...)
	})
}

// instance fills the reference to a whole object.
func instance(in dicom.Instance) func(*builder) {
	return func(b *builder) {
		b.text(tag.ReferencedSOPClassUID, in.SOPClassUID)
		b.text(tag.ReferencedSOPInstanceUID, in.UID)
	}
}

// reference fills the reference to an image: of an object of several frames, to one
// of them (PS3.3 table 10-3).
func reference(in dicom.Instance) func(*builder) {
	return func(b *builder) {
		instance(in)(b)
		if frame := frameNumber(in); frame > 0 {
			b.text(tag.ReferencedFrameNumber, strconv.Itoa(frame))
		}
	}
}

// frameNumber counts from 1; 0 means that the object has one frame only.
func frameNumber(in dicom.Instance) int {
	if in.Object.FrameCount() < 2 {
		return 0
	}
	return in.Frame + 1
}
