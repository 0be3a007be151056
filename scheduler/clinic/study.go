package clinic

import (
	"context"
	"math"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Study is one series of one patient that a model can take, or one picture. Its images are
// where it was read: in the confined child of a door that has one. Close lets go of them.
type Study struct {
	StudyUID  string // the clinic's own
	SeriesUID string // the clinic's own
	Modality  string
	Picture   bool     // one two-dimensional image, not a series of slices
	Notes     []string // what of the series was left out, and why; no patient data

	facts     facts
	selection models.Selection
	policy    Policy // under which it was read, and will be stripped
	limits    dcm.Limits
	images    images
	known     *known // what may not stand in what leaves; the daemon's
}

// images are a study's pixels and attributes, wherever they are.
type images interface {
	// strip de-identifies; keep gets each object of the payload in its order.
	strip(ctx context.Context, o order, keep func(data []byte) error) error
	Close() error
}

// Close lets go of the images, and ends the process that read them.
func (r *reading) Close() error { return nil }

// Slices is how many slices the series has, or 1 for a picture.
func (s *Study) Slices() int { return len(s.facts.Instances) }

// Close ends the process that holds the images, if there is one. A second Close does
// nothing more.
func (s *Study) Close() error { return s.images.Close() }

func newStudy(f facts, want models.Selection, policy Policy, lim dcm.Limits, where images, who *known) *Study {
	who.told(f, policy)
	return &Study{
		StudyUID: f.StudyUID, SeriesUID: f.SeriesUID, Modality: f.Modality, Picture: f.Picture, Notes: f.Notes,
		facts: f, selection: want, policy: policy, limits: lim, images: where, known: who,
	}
}

// facts are what a study's reader tells the clinic's daemon. Where a child told it, the
// child may have been taken over by what it read: valid says what is believed.
type facts struct {
	StudyUID            string      `json:"study"`
	SeriesUID           string      `json:"series"`
	FrameOfReferenceUID string      `json:"frame_of_reference,omitempty"`
	Modality            string      `json:"modality"`
	Picture             bool        `json:"picture,omitempty"`
	Notes               []string    `json:"notes,omitempty"`
	Objects             int         `json:"objects"` // of the payload
	Rows                int         `json:"rows"`
	Columns             int         `json:"columns"`
	SpacingMM           [3]float64  `json:"spacing_mm"` // between columns, rows, slices; 0 where there is none or it is not known
	Instances           []Instance  `json:"instances"`  // slice by slice, along the normal
	Attributes          []Attribute `json:"attributes"`
	Patient             header      `json:"patient"`
	UIDs                []string    `json:"uids"` // all that the payload's objects hold, of the clinic's own
}

// Bounds of what a reader may tell.
const (
	maxUIDBytes  = 128     // DICOM's limit is 64; some writers exceed it
	maxUIDs      = 1 << 20 // a frame may refer to a few
	maxSlices    = 1 << 16 // what the reader takes of a series
	maxNotes     = 64
	maxAttribute = 10240 // characters of one value; the longest text of a patient is an LT
	maxValues    = 64
	maxEdge      = 65535 // rows and columns are US
)

// plainModality is what a Modality can be.
var plainModality = regexp.MustCompile(`^[A-Z]{2,16}$`)

// valid says that facts can be those of a study, whoever told them.
func (f facts) valid() bool {
	uid := func(s string) bool { return s != "" && len(s) <= maxUIDBytes && utf8.ValidString(s) }
	switch {
	case !uid(f.StudyUID), !uid(f.SeriesUID), len(f.FrameOfReferenceUID) > maxUIDBytes, !plainModality.MatchString(f.Modality):
		return false
	case f.Rows < 1 || f.Rows > maxEdge || f.Columns < 1 || f.Columns > maxEdge:
		return false
	case len(f.Instances) < 1 || len(f.Instances) > maxSlices || f.Objects < 1 || f.Objects > len(f.Instances) || f.Picture && len(f.Instances) != 1:
		return false
	case len(f.UIDs) > maxUIDs || len(f.Notes) > maxNotes || len(f.Attributes) > len(identityTags()):
		return false
	}
	for _, mm := range f.SpacingMM {
		if !(mm >= 0) || math.IsInf(mm, 1) {
			return false
		}
	}
	return slices.IndexFunc(f.UIDs, func(s string) bool { return !uid(s) }) < 0 &&
		slices.IndexFunc(f.Instances, func(in Instance) bool { return !uid(in.UID) || !uid(in.Class) || in.Frame < 0 || in.Sent < 0 }) < 0 &&
		slices.IndexFunc(f.Attributes, func(a Attribute) bool { return !a.valid() }) < 0 && f.Patient.valid()
}

// valid says that a can be put back into a result: a tag of the identity, with a VR of its
// own and texts of a length that DICOM knows.
func (a Attribute) valid() bool {
	t := tag.Tag{Group: a.Group, Element: a.Element}
	return slices.Contains(identityTags(), t) && a.VR == dictionaryVR(t) && len(a.Values) <= maxValues &&
		!slices.ContainsFunc(a.Values, func(v string) bool { return len(v) > 4*maxAttribute || !utf8.ValidString(v) })
}

func (h header) valid() bool {
	for _, s := range []string{h.PatientID, h.Issuer, h.PatientName, h.BirthDate, h.StudyUID} {
		if len(s) > 4*maxAttribute || !utf8.ValidString(s) {
			return false
		}
	}
	return true
}
