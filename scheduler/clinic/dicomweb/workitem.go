package dicomweb

import (
	"context"
	"errors"
	"time"
)

// State is a work item's Procedure Step State (0074,1000), PS3.4 section CC.1.1.
type State string

// The states of a work item. The last two are final.
const (
	Scheduled  State = "SCHEDULED"
	InProgress State = "IN PROGRESS"
	Completed  State = "COMPLETED"
	Canceled   State = "CANCELED"
)

func (s State) final() bool { return s == Completed || s == Canceled }

// Workitem is a unified procedure step: what a RIS asks for, and what became of it. Its
// attributes are identity: for the clinic's own eyes only.
type Workitem struct {
	UID         string    `json:"uid"`
	State       State     `json:"state"`
	Transaction string    `json:"transaction,omitempty"` // UID under which its performer holds it; nobody else learns it
	Attributes  Dataset   `json:"attributes"`            // all but UID, class, state and transaction (PS3.4 table CC.2.5-3)
	Created     time.Time `json:"created"`
	Changed     time.Time `json:"changed"`
	// Performer is who claimed it through the web door; empty while nobody did, and where the
	// clinic works on it itself. What another performs is the clinic's to leave alone.
	Performer string `json:"performer,omitempty"`
	// CancelAsked is when somebody asked for it to be canceled while it was in progress; the
	// performer decides.
	CancelAsked time.Time `json:"cancelAsked,omitzero"`
}

// Workitems holds the work items durably: every change is on disk before a call returns.
type Workitems interface {
	// Create adds a new one, or is ErrExists, or ErrFull.
	Create(ctx context.Context, item Workitem) error
	// Get is ErrUnknown for one that is not there.
	Get(ctx context.Context, uid string) (Workitem, error)
	// Change replaces one by what change makes of it, with no other change between. An error
	// of change is returned as it is, and changes nothing.
	Change(ctx context.Context, uid string, change func(Workitem) (Workitem, error)) (Workitem, error)
	// All visits them, the oldest first, until visit returns false. visit must not change any.
	All(ctx context.Context, visit func(Workitem) bool) error
}

// What Workitems may answer.
var (
	ErrExists  = errors.New("a work item of this UID exists")
	ErrUnknown = errors.New("no work item of this UID")
	ErrFull    = errors.New("the list of work items is full")
)

// Attributes of a work item (PS3.4 table CC.2.5-3).
const (
	tagSOPClass            = "00080016"
	tagSOPInstance         = "00080018"
	tagCodeValue           = "00080100"
	tagCodeScheme          = "00080102"
	tagCodeMeaning         = "00080104"
	tagLongCodeValue       = "00080119"
	tagURNCodeValue        = "00080120"
	tagTransaction         = "00081195"
	tagSeriesUID           = "0020000E"
	tagScheduledStart      = "00404005"
	tagModified            = "00404010"
	tagScheduledCodes      = "00404018"
	tagPerformedCodes      = "00404019"
	tagInputInformation    = "00404021"
	tagPerformedStations   = "00404028"
	tagOutputInformation   = "00404033"
	tagReadiness           = "00404041"
	tagPerformedStart      = "00404050"
	tagPerformedEnd        = "00404051"
	tagCancellationTime    = "00404052"
	tagReferencedRequests  = "0040A370"
	tagTypeOfInstances     = "0040E020"
	tagRetrieval           = "0040E021"
	tagRetrieveAE          = "00080054"
	tagState               = "00741000"
	tagProgressInformation = "00741002"
	tagProgress            = "00741004"
	tagProgressDescription = "00741006"
	tagDiscontinuation     = "0074100E"
	tagPriority            = "00741200"
	tagWorklistLabel       = "00741202"
	tagStepLabel           = "00741204"
	tagPerformedProcedure  = "00741216"
	tagCancellationReason  = "00741238"
)

// upsPush is the class of every work item, PS3.4 section CC.3.1.
const upsPush = "1.2.840.10008.5.1.4.34.6.1"

// StudyUIDs are the studies that are to be worked on, each once, in their order.
func (w Workitem) StudyUIDs() []string {
	var uids []string
	seen := map[string]bool{}
	for _, input := range w.Attributes.Items(tagInputInformation) {
		if uid := input.Text(tagStudyUID); validUID(uid) && !seen[uid] {
			seen[uid] = true
			uids = append(uids, uid)
		}
	}
	return uids
}

// AccessionNumbers are those of the requests that it answers to.
func (w Workitem) AccessionNumbers() []string {
	var numbers []string
	for _, request := range w.Attributes.Items(tagReferencedRequests) {
		if number := request.Text(tagAccessionNumber); number != "" {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// Priority is HIGH, MEDIUM or LOW.
func (w Workitem) Priority() string { return w.Attributes.Text(tagPriority) }

// Code is what was asked for, or done: a value within a scheme.
type Code struct{ Value, Scheme, Meaning string }

// Codes are the Scheduled Workitem Codes (0040,4018). Which of a clinic's models or rules one
// means is the clinic's to say.
func (w Workitem) Codes() []Code {
	var codes []Code
	for _, item := range w.Attributes.Items(tagScheduledCodes) {
		c := Code{item.Text(tagCodeValue), item.Text(tagCodeScheme), item.Text(tagCodeMeaning)}
		for _, longer := range []string{tagLongCodeValue, tagURNCodeValue} {
			if c.Value == "" {
				c.Value = item.Text(longer)
			}
		}
		if c.Value != "" {
			codes = append(codes, c)
		}
	}
	return codes
}

// maxShortCode is what Code Value (0008,0100) holds; longer ones stand in (0008,0119).
const maxShortCode = 16

func (c Code) dataset() Dataset {
	tag, vr := tagCodeValue, "SH"
	if len(c.Value) > maxShortCode {
		tag, vr = tagLongCodeValue, "UC"
	}
	return Dataset{tag: text(vr, c.Value), tagCodeScheme: text("SH", c.Scheme), tagCodeMeaning: text("LO", c.Meaning)}
}

func text(vr string, values ...string) Element { return Element{VR: vr, Strings: values} }

func sequence(items ...Dataset) Element { return Element{VR: "SQ", Items: items} }

// dateTime is t as a DT (PS3.5 section 6.2), in UTC.
func dateTime(t time.Time) Element {
	return text("DT", t.UTC().Format("20060102150405.000000")+"+0000")
}

// answer is w as a RIS may see it: never with its transaction (PS3.18 section 11.5.3.3).
func (w Workitem) answer() Dataset {
	set := w.Attributes.clone()
	if set == nil {
		set = Dataset{}
	}
	set[tagSOPClass] = text("UI", upsPush)
	set[tagSOPInstance] = text("UI", w.UID)
	set[tagState] = text("CS", string(w.State))
	set[tagModified] = dateTime(w.Changed)
	return set
}
