package dicomweb

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// StepError is what a work item does not allow: the status of PS3.4 table CC.2.1-2, and how
// PS3.18 chapter 11 says it.
type StepError struct {
	Code   uint16 // such as C300
	Status int    // of HTTP
	Words  string // of the Warning header
}

func (e *StepError) Error() string { return fmt.Sprintf("%s (%04X)", e.Words, e.Code) }

// What a work item refuses.
var (
	errFinal       = &StepError{0xC300, http.StatusBadRequest, "The submitted request is inconsistent with the current state of the Workitem."}
	errTransaction = &StepError{0xC301, http.StatusBadRequest, "The Transaction UID is incorrect."}
	errMissing     = &StepError{0xC301, http.StatusBadRequest, "The Transaction UID is missing."}
	errTaken       = &StepError{0xC302, http.StatusConflict, "The submitted request is inconsistent with the state of the UPS Instance."}
	errBack        = &StepError{0xC303, http.StatusBadRequest, "The submitted request is inconsistent with the state of the UPS Instance."}
	errIncomplete  = &StepError{0xC304, http.StatusConflict, "The submitted request is inconsistent with the state of the UPS Instance."}
	errEnded       = &StepError{0xC300, http.StatusConflict, "The submitted request is inconsistent with the state of the UPS Instance."}
	errUnclaimed   = &StepError{0xC310, http.StatusConflict, "The submitted request is inconsistent with the state of the UPS Instance."}
	errNotClaimed  = &StepError{0xC310, http.StatusConflict, "The target URI did not reference a claimed Workitem."}
	errLarge       = &StepError{0x0213, http.StatusRequestEntityTooLarge, "The Workitem is larger or deeper than this service keeps."} // resource limitation
	errCompleted   = &StepError{0xC311, http.StatusConflict, "The submitted request is inconsistent with the state of the UPS Instance."}
)

// Warnings that go with a success (B304, B306).
const (
	warnCanceled  = "The UPS is already in the requested state of CANCELED."
	warnCompleted = "The UPS is already in the requested state of COMPLETED."
)

// NewWorkitem is a scheduled one with what a RIS sent (N-CREATE, PS3.4 section CC.2.5). An
// error names the attribute that is missing or cannot be, for whoever wrote the request.
func NewWorkitem(uid string, attributes Dataset, now time.Time) (Workitem, error) {
	set := attributes.clone()
	if !validUID(uid) {
		return Workitem{}, fmt.Errorf("create a work item: its UID is none")
	}
	for tag, allowed := range map[string][]string{
		tagSOPClass: {"", upsPush}, tagState: {"", string(Scheduled)}, tagTransaction: {""},
		tagPriority: {"HIGH", "MEDIUM", "LOW"}, tagReadiness: {"INCOMPLETE", "UNAVAILABLE", "READY"},
	} {
		if !slices.Contains(allowed, set.Text(tag)) {
			return Workitem{}, fmt.Errorf("create a work item: (%s,%s) must be one of %q", tag[:4], tag[4:], allowed)
		}
	}
	for _, tag := range []string{tagStepLabel, tagScheduledStart} {
		if set.Text(tag) == "" {
			return Workitem{}, fmt.Errorf("create a work item: (%s,%s) is missing", tag[:4], tag[4:])
		}
	}
	for _, tag := range []string{tagProgressInformation, tagPerformedProcedure} {
		if len(set.Items(tag)) > 0 {
			return Workitem{}, fmt.Errorf("create a work item: (%s,%s) must be empty", tag[:4], tag[4:])
		}
	}
	for _, tag := range []string{tagSOPClass, tagSOPInstance, tagState, tagTransaction, tagModified} {
		delete(set, tag)
	}
	return Workitem{UID: uid, State: Scheduled, Attributes: set, Created: now.UTC(), Changed: now.UTC()}, nil
}

// Update sets attributes (N-SET, PS3.4 section CC.2.6). Who works on the item names its
// transaction; nobody may while it is in a final state.
func (w Workitem) Update(transaction string, changes Dataset, now time.Time) (Workitem, error) {
	switch {
	case w.State.final():
		return w, errFinal
	case w.State == Scheduled && transaction != "":
		return w, errNotClaimed
	case w.State == InProgress && transaction == "":
		return w, errMissing
	case w.State == InProgress && transaction != w.Transaction:
		return w, errTransaction
	}
	next := w
	next.Attributes = w.Attributes.clone()
	if next.Attributes == nil {
		next.Attributes = Dataset{}
	}
	for tag, e := range changes.clone() {
		switch tag {
		case tagSOPClass, tagSOPInstance, tagState:
			return w, &StepError{0x0106, http.StatusBadRequest, "The submitted request sets what an update may not."} // invalid attribute value
		case tagTransaction, tagModified:
		default:
			next.Attributes[tag] = e
		}
	}
	next.Changed = now.UTC()
	return next, nil
}

// ChangeState claims, completes or cancels (N-ACTION, PS3.4 table CC.1.1-2). warning is for
// who asks for the state that it is in.
func (w Workitem) ChangeState(to State, transaction string, now time.Time) (next Workitem, warning string, err error) {
	switch {
	case to == Scheduled:
		return w, "", errBack
	case to != InProgress && !to.final():
		return w, "", &StepError{0x0106, http.StatusBadRequest, "The Procedure Step State is none."}
	case transaction == "":
		return w, "", errMissing
	case to == InProgress:
		return w.claim(transaction, now)
	case w.State == Scheduled:
		return w, "", errUnclaimed
	case transaction != w.Transaction:
		return w, "", errTransaction
	case w.State == to && to == Canceled:
		return w, warnCanceled, nil
	case w.State == to:
		return w, warnCompleted, nil
	case w.State.final():
		return w, "", errEnded
	}
	next = w
	if to == Completed && !w.performed() {
		return w, "", errIncomplete
	}
	if to == Canceled {
		next = w.canceledAt(now)
	}
	next.State, next.Changed = to, now.UTC()
	return next, "", nil
}

func (w Workitem) claim(transaction string, now time.Time) (Workitem, string, error) {
	switch {
	case !validUID(transaction):
		return w, "", errTransaction
	case w.State == InProgress:
		return w, "", errTaken
	case w.State.final():
		return w, "", errEnded
	}
	w.State, w.Transaction, w.Changed = InProgress, transaction, now.UTC()
	return w, "", nil
}

// canceledAt says when it was canceled, where nobody said so yet: a canceled item needs it
// (PS3.4 table CC.2.5-3).
func (w Workitem) canceledAt(now time.Time) Workitem {
	w.Attributes = w.Attributes.clone()
	if w.Attributes == nil {
		w.Attributes = Dataset{}
	}
	information := Dataset{}
	if items := w.Attributes.Items(tagProgressInformation); len(items) > 0 {
		information = items[0]
	}
	if information.Text(tagCancellationTime) == "" {
		information[tagCancellationTime] = dateTime(now)
	}
	w.Attributes[tagProgressInformation] = sequence(information)
	return w
}

// performed says whether what a completed item must have is there (PS3.4 section
// CC.2.5.1.1).
func (w Workitem) performed() bool {
	items := w.Attributes.Items(tagPerformedProcedure)
	if len(items) == 0 {
		return false
	}
	done := items[0]
	return done.Text(tagPerformedStart) != "" && done.Text(tagPerformedEnd) != "" &&
		len(done.Items(tagPerformedStations)) > 0 && len(done.Items(tagPerformedCodes)) > 0 && done[tagOutputInformation].VR == "SQ"
}

// RequestCancel is what anybody may do (N-ACTION, PS3.4 section CC.2.2): an item that nobody
// has begun is canceled at once, with the reasons that why holds; the performer of one in
// progress is asked to, and decides.
func (w Workitem) RequestCancel(why Dataset, now time.Time) (next Workitem, warning string, err error) {
	switch w.State {
	case Completed:
		return w, "", errCompleted
	case Canceled:
		return w, warnCanceled, nil
	case InProgress:
		next = w
		if next.CancelAsked.IsZero() {
			next.CancelAsked = now.UTC()
		}
		return next, "", nil
	}
	next = w.canceledAt(now)
	information := next.Attributes.Items(tagProgressInformation)[0]
	for _, tag := range []string{tagCancellationReason, tagDiscontinuation} {
		if e, ok := why.clone()[tag]; ok {
			information[tag] = e
		}
	}
	next.State, next.Changed = Canceled, now.UTC()
	return next, "", nil
}

// Output is what a performed item made: instances of one series.
type Output struct {
	StudyUID, SeriesUID string
	Instances           []Reference
	RetrieveAE          string // where they are to be had
}

// Performed is what a completed item tells.
type Performed struct {
	Begun   time.Time
	Station Code // who did it
	Done    Code // what was done
	Outputs []Output
}

// Progress says how far its performer is: percent from 0 to 100, and words for a person.
func (w Workitem) Progress(percent int, words string, now time.Time) (Workitem, error) {
	information := Dataset{}
	if items := w.Attributes.Items(tagProgressInformation); len(items) > 0 {
		information = items[0].clone()
	}
	information[tagProgress] = text("DS", strconv.Itoa(min(max(percent, 0), 100)))
	information[tagProgressDescription] = text("ST", words)
	return w.Update(w.Transaction, Dataset{tagProgressInformation: sequence(information)}, now)
}

// Complete ends an item in progress with what was made.
func (w Workitem) Complete(p Performed, now time.Time) (Workitem, error) {
	outputs := Element{VR: "SQ"}
	for _, o := range p.Outputs {
		var references []Dataset
		for _, r := range o.Instances {
			references = append(references, Dataset{tagReferencedClass: text("UI", r.SOPClassUID), tagReferencedInstance: text("UI", r.SOPInstanceUID)})
		}
		outputs.Items = append(outputs.Items, Dataset{
			tagTypeOfInstances: text("CS", "DICOM"), tagStudyUID: text("UI", o.StudyUID), tagSeriesUID: text("UI", o.SeriesUID),
			tagReferencedSOPSequence: sequence(references...), tagRetrieval: sequence(Dataset{tagRetrieveAE: text("AE", o.RetrieveAE)}),
		})
	}
	next, err := w.Update(w.Transaction, Dataset{tagPerformedProcedure: sequence(Dataset{
		tagPerformedStart: dateTime(p.Begun), tagPerformedEnd: dateTime(now), tagPerformedStations: sequence(p.Station.dataset()),
		tagPerformedCodes: sequence(p.Done.dataset()), tagOutputInformation: outputs,
	})}, now)
	if err != nil {
		return w, err
	}
	if next, _, err = next.ChangeState(Completed, w.Transaction, now); err != nil {
		return w, err
	}
	return next, nil
}

// Cancel ends an item in progress without a result, with words for a person.
func (w Workitem) Cancel(words string, now time.Time) (Workitem, error) {
	next, _, err := w.ChangeState(Canceled, w.Transaction, now)
	if err != nil {
		return w, err
	}
	next.Attributes.Items(tagProgressInformation)[0][tagCancellationReason] = text("LT", words)
	return next, nil
}
