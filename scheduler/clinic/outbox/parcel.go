package outbox

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/medhive/medhive/models"
)

// Form is one of the forms that a result has.
type Form string

// The forms, and which file of a delivered folder each is.
const (
	Segmentation Form = "seg"      // seg.dcm, DICOM SEG
	Report       Form = "sr"       // sr.dcm, DICOM structured report
	Capture      Form = "sc"       // sc.dcm, DICOM secondary capture
	Document     Form = "pdf"      // doc.dcm, DICOM encapsulated PDF
	Record       Form = "fhir"     // fhir.json, FHIR R4 bundle
	Picture      Form = "picture"  // overlay.png
	Findings     Form = "findings" // findings.json
)

// forms are the file names by form, in the order in which files are sent: a report refers to
// the segmentation, so that one goes first.
var forms = []struct {
	form Form
	file string
}{
	{Segmentation, "seg.dcm"}, {Report, "sr.dcm"}, {Capture, "sc.dcm"}, {Document, "doc.dcm"},
	{Record, "fhir.json"}, {Picture, "overlay.png"}, {Findings, "findings.json"},
}

// Forms are all forms.
func Forms() []Form {
	list := make([]Form, len(forms))
	for n, f := range forms {
		list[n] = f.form
	}
	return list
}

// IsDICOM says that files of the form are DICOM objects.
func (f Form) IsDICOM() bool {
	return f == Segmentation || f == Report || f == Capture || f == Document
}

// Parcel is what was made of one task, and where it goes.
type Parcel struct {
	Case   string        // the case's id for logs; nothing of a patient
	Task   models.Digest // one study, model and version: it reaches each destination once
	Notice bool          // the files say that there is no result
	Folder string        // absolute; as clinic.Delivery wrote it, and it stays until all is delivered
	// Priority orders what waits for one destination: the higher goes first.
	Priority int
	// Destinations by the names under which Config.Carriers has them.
	Destinations []Destination
}

// Destination is a place that is to have a result, and in which forms.
type Destination struct {
	Name string
	// Forms that the rule wants; none: all that the destination can take. A notice goes out in
	// every form that it has, whatever the rule wants of results.
	Forms []Form
}

// Bounds of a parcel.
const (
	maxDestinations = 64
	maxNameBytes    = 64
	maxCaseBytes    = 64
)

// namePattern keeps names of destinations and cases to what may stand in logs and on screens.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (p Parcel) validate() error {
	switch {
	case p.Task.IsZero():
		return errors.New("put a parcel: it names no task")
	case len(p.Case) > maxCaseBytes || !namePattern.MatchString(p.Case):
		return fmt.Errorf("put a parcel of task %s: its case is no id of 1 to %d letters and digits", p.Task.Short(), maxCaseBytes)
	case len(p.Destinations) > maxDestinations:
		return fmt.Errorf("put a parcel of task %s: %d destinations, the limit is %d; shorten the rule", p.Task.Short(), len(p.Destinations), maxDestinations)
	}
	for _, d := range p.Destinations {
		if len(d.Name) > maxNameBytes || !namePattern.MatchString(d.Name) {
			return fmt.Errorf("put a parcel of task %s: a destination has no name of 1 to %d letters and digits; name it so in the site's file", p.Task.Short(), maxNameBytes)
		}
		for _, f := range d.Forms {
			if !slices.Contains(Forms(), f) {
				return fmt.Errorf("put a parcel of task %s: destination %s wants the form %.20q; the forms are %v", p.Task.Short(), d.Name, f, Forms())
			}
		}
	}
	return nil
}

// State is how far a delivery is.
type State string

// The states of a delivery.
const (
	Waiting    State = "waiting"    // it is sent, or tried again, from Next on
	Committing State = "committing" // everything was taken; the archive has yet to promise that it keeps it
	Delivered  State = "delivered"
	Failed     State = "failed"    // given up; Retry tries again
	Withdrawn  State = "withdrawn" // a notice that nobody has yet, and a result came
)

// Final says that nothing more happens by itself.
func (s State) Final() bool { return s == Delivered || s == Failed || s == Withdrawn }

// Delivery is one result at one destination.
type Delivery struct {
	Task        models.Digest `json:"task"`
	Notice      bool          `json:"notice,omitempty"`
	Destination string        `json:"destination"`
	Cases       []string      `json:"cases"` // whose results these are: rules may share a task
	State       State         `json:"state"`
	Items       []Item        `json:"items"`
	Fault       Fault         `json:"fault,omitempty"` // of the last attempt, in fixed words
	Attempts    int           `json:"attempts,omitempty"`
	Since       time.Time     `json:"since"`
	Next        time.Time     `json:"next,omitzero"`    // when it is tried again, or the commitment is asked for again
	GiveUp      time.Time     `json:"give_up,omitzero"` // no attempt after it
	EndedAt     time.Time     `json:"ended,omitzero"`   // when it became final
	Asked       []string      `json:"asked,omitempty"`  // transaction UIDs of the commitments asked for, the newest last
	Folder      string        `json:"folder,omitempty"` // of the files; it may name a patient: for no log
	Priority    int           `json:"priority,omitempty"`
}

// Item is one file on its way to one destination.
type Item struct {
	Form   Form          `json:"form"`
	File   string        `json:"file"` // its name in the folder
	Bytes  int64         `json:"bytes"`
	SHA256 models.Digest `json:"sha256"`

	// Of a DICOM object, from its file meta information (PS3.10 section 7.1).
	SOPClassUID       string `json:"class,omitempty"`
	SOPInstanceUID    string `json:"instance,omitempty"`
	TransferSyntaxUID string `json:"syntax,omitempty"`

	Taken     bool `json:"taken,omitempty"`     // the destination has acknowledged it
	Committed bool `json:"committed,omitempty"` // … and promised to keep it

	// Report is where a record system put what was sent; nil of other forms.
	Report *SentReport `json:"report,omitempty"`

	Path string `json:"-"` // absolute; set for carriers
}
