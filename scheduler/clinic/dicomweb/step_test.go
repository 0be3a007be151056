package dicomweb

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const (
	lock      = "2.25.77" // transaction of who works on an item
	otherLock = "2.25.78"
	itemUID   = "2.25.1"
)

// asked is what a RIS sends to have a study worked on.
func asked() Dataset {
	return Dataset{
		tagTransaction: text("UI"), tagState: text("CS", "SCHEDULED"), tagPriority: text("CS", "HIGH"), tagStepLabel: text("LO", "Brain tissue"),
		tagReadiness: text("CS", "READY"), tagScheduledStart: text("DT", "20260304113000"), tagProgressInformation: {VR: "SQ"}, tagPerformedProcedure: {VR: "SQ"},
		tagPatientName: text("PN", "Invented^Person"), tagPatientID: text("LO", "4711"),
		tagScheduledCodes: sequence(Dataset{tagCodeValue: text("SH", "t1-tissue"), tagCodeScheme: text("SH", "99MEDHIVE"), tagCodeMeaning: text("LO", "White and grey matter")}),
		tagInputInformation: sequence(
			Dataset{tagStudyUID: text("UI", someStudy), tagSeriesUID: text("UI", "1.2.3.1")},
			Dataset{tagStudyUID: text("UI", someStudy), tagSeriesUID: text("UI", "1.2.3.2")},
			Dataset{tagStudyUID: text("UI", "1.2.4")}),
		tagReferencedRequests: sequence(Dataset{tagAccessionNumber: text("SH", "A-1")}, Dataset{}),
	}
}

// at is an item in a state, held under lock where it was begun.
func at(t testing.TB, s State) Workitem {
	t.Helper()
	item, err := NewWorkitem(itemUID, asked(), noon)
	if err == nil && s != Scheduled {
		item, _, err = item.ChangeState(InProgress, lock, noon)
	}
	if err == nil && s == Completed {
		item, err = item.Complete(performed(), noon)
	}
	if err == nil && s == Canceled {
		item, err = item.Cancel("the study is another's", noon)
	}
	if err != nil || item.State != s {
		t.Fatalf("%s: %v", item.State, err)
	}
	return item
}

func performed() Performed {
	return Performed{
		Begun: noon.Add(-time.Minute), Station: Code{"CLINIC", "99MEDHIVE", "the clinic"}, Done: Code{"a-model-of-a-long-name", "99MEDHIVE", "what was done"},
		Outputs: []Output{{StudyUID: someStudy, SeriesUID: "1.2.3.9", Instances: []Reference{{someClass, "1.2.3.9.1"}}, RetrieveAE: "PACS"}},
	}
}

func TestWorkitemSaysWhatIsWanted(t *testing.T) {
	item := at(t, Scheduled)
	if got := item.StudyUIDs(); !slices.Equal(got, []string{someStudy, "1.2.4"}) {
		t.Errorf("studies %v", got)
	}
	if got := item.AccessionNumbers(); !slices.Equal(got, []string{"A-1"}) || item.Priority() != "HIGH" {
		t.Errorf("accession numbers %v, priority %s", got, item.Priority())
	}
	if got := item.Codes(); !slices.Equal(got, []Code{{"t1-tissue", "99MEDHIVE", "White and grey matter"}}) {
		t.Errorf("codes %v", got)
	}
}

// TestEveryStepOfEveryState is PS3.4 table CC.1.1-2, row by row.
func TestEveryStepOfEveryState(t *testing.T) {
	states := []State{Scheduled, InProgress, Completed, Canceled}
	for name, c := range map[string]struct {
		step func(Workitem) (Workitem, string, error)
		want [4]string // by state: the next one, with a warning, or the code that refuses
	}{
		"claim with a transaction": {func(w Workitem) (Workitem, string, error) { return w.ChangeState(InProgress, otherLock, noon) },
			[4]string{"IN PROGRESS", "C302", "C300", "C300"}},
		"claim without": {func(w Workitem) (Workitem, string, error) { return w.ChangeState(InProgress, "", noon) },
			[4]string{"C301", "C301", "C301", "C301"}},
		"back": {func(w Workitem) (Workitem, string, error) { return w.ChangeState(Scheduled, lock, noon) },
			[4]string{"C303", "C303", "C303", "C303"}},
		"complete with the transaction": {func(w Workitem) (Workitem, string, error) {
			if w.State == InProgress {
				w.Attributes = w.Attributes.clone()
				w.Attributes[tagPerformedProcedure] = at(t, Completed).Attributes[tagPerformedProcedure]
			}
			return w.ChangeState(Completed, lock, noon)
		}, [4]string{"C310", "COMPLETED", "COMPLETED!", "C300"}},
		"complete what was not performed": {func(w Workitem) (Workitem, string, error) { return w.ChangeState(Completed, lock, noon) },
			[4]string{"C310", "C304", "COMPLETED!", "C300"}},
		"complete with another transaction": {func(w Workitem) (Workitem, string, error) { return w.ChangeState(Completed, otherLock, noon) },
			[4]string{"C310", "C301", "C301", "C301"}},
		"cancel with the transaction": {func(w Workitem) (Workitem, string, error) { return w.ChangeState(Canceled, lock, noon) },
			[4]string{"C310", "CANCELED", "C300", "CANCELED!"}},
		"cancel with another": {func(w Workitem) (Workitem, string, error) { return w.ChangeState(Canceled, otherLock, noon) },
			[4]string{"C310", "C301", "C301", "C301"}},
		"ask for its cancellation": {func(w Workitem) (Workitem, string, error) {
			return w.RequestCancel(Dataset{tagCancellationReason: text("LT", "why")}, noon)
		},
			[4]string{"CANCELED", "IN PROGRESS", "C311", "CANCELED!"}},
		"no state": {func(w Workitem) (Workitem, string, error) { return w.ChangeState("DONE", lock, noon) },
			[4]string{"0106", "0106", "0106", "0106"}},
	} {
		for n, state := range states {
			before := at(t, state)
			kept := before.Attributes.clone()
			next, warning, err := c.step(before)
			got := string(next.State)
			if warning != "" {
				got += "!"
			}
			if step, ok := errors.AsType[*StepError](err); ok {
				got = step.Error()[strings.LastIndex(step.Error(), "(")+1 : len(step.Error())-1]
				if !reflect.DeepEqual(next, before) {
					t.Errorf("%s of %s: refused, and changed", name, state)
				}
			}
			if got != c.want[n] {
				t.Errorf("%s of %s: %s, want %s (%v)", name, state, got, c.want[n], err)
			}
			if !reflect.DeepEqual(before.Attributes, kept) {
				t.Errorf("%s of %s changed the item that it was given", name, state)
			}
		}
	}
}

func TestCanceledItemsSayWhenAndWhy(t *testing.T) {
	byRIS, _, err := at(t, Scheduled).RequestCancel(Dataset{tagCancellationReason: text("LT", "wrong patient"), tagPatientID: text("LO", "other")}, noon)
	if err != nil {
		t.Fatal(err)
	}
	byUs := at(t, Canceled)
	for want, item := range map[string]Workitem{"wrong patient": byRIS, "the study is another's": byUs} {
		information := item.Attributes.Items(tagProgressInformation)[0]
		if information.Text(tagCancellationReason) != want || information.Text(tagCancellationTime) != "20260304120000.000000+0000" {
			t.Errorf("%+v", information)
		}
		if item.Attributes.Text(tagPatientID) != "4711" {
			t.Error("a reason changed the patient")
		}
	}
	begun, _, err := at(t, InProgress).RequestCancel(nil, noon.Add(time.Hour))
	if err != nil || !begun.CancelAsked.Equal(noon.Add(time.Hour)) {
		t.Errorf("%v, %v", begun.CancelAsked, err)
	}
	again, _, err := begun.RequestCancel(nil, noon.Add(2*time.Hour))
	if err != nil || !again.CancelAsked.Equal(begun.CancelAsked) {
		t.Errorf("asked again: %v, %v", again.CancelAsked, err)
	}
}

func TestCompletedItemsNameTheirOutput(t *testing.T) {
	item := at(t, InProgress)
	item, err := item.Progress(140, "the model runs", noon)
	if err != nil || item.Attributes.Items(tagProgressInformation)[0].Text(tagProgress) != "100" {
		t.Errorf("progress: %v", err)
	}
	if item, err = item.Complete(performed(), noon); err != nil {
		t.Fatal(err)
	}
	done := item.Attributes.Items(tagPerformedProcedure)[0]
	output := done.Items(tagOutputInformation)[0]
	if output.Text(tagStudyUID) != someStudy || output.Items(tagReferencedSOPSequence)[0].Text(tagReferencedInstance) != "1.2.3.9.1" ||
		output.Items(tagRetrieval)[0].Text(tagRetrieveAE) != "PACS" || done.Items(tagPerformedCodes)[0].Text(tagLongCodeValue) != "a-model-of-a-long-name" {
		t.Errorf("%+v", done)
	}
	if empty, err := at(t, InProgress).Complete(Performed{Begun: noon, Station: Code{"C", "99MEDHIVE", "c"}, Done: Code{"m", "99MEDHIVE", "m"}}, noon); err != nil || empty.State != Completed {
		t.Errorf("without output: %v", err)
	}
}

func TestUpdatesAreForWhoWorksOnIt(t *testing.T) {
	label := Dataset{tagStepLabel: text("LO", "another"), tagTransaction: text("UI", lock)}
	for name, c := range map[string]struct {
		state       State
		transaction string
		changes     Dataset
		code        uint16 // 0: taken
	}{
		"scheduled, by anybody":   {Scheduled, "", label, 0},
		"scheduled, as if begun":  {Scheduled, lock, label, 0xC310},
		"begun, by its performer": {InProgress, lock, label, 0},
		"begun, by nobody":        {InProgress, "", label, 0xC301},
		"begun, by somebody else": {InProgress, otherLock, label, 0xC301},
		"completed":               {Completed, lock, label, 0xC300},
		"canceled":                {Canceled, lock, label, 0xC300},
		"another state":           {InProgress, lock, Dataset{tagState: text("CS", "COMPLETED")}, 0x0106},
		"another UID":             {InProgress, lock, Dataset{tagSOPInstance: text("UI", "1.2")}, 0x0106},
		"another class":           {Scheduled, "", Dataset{tagSOPClass: text("UI", "1.2")}, 0x0106},
	} {
		next, err := at(t, c.state).Update(c.transaction, c.changes, noon.Add(time.Hour))
		var code uint16
		if step, ok := errors.AsType[*StepError](err); ok {
			code = step.Code
		}
		if code != c.code {
			t.Errorf("%s: %04X, want %04X", name, code, c.code)
		}
		if taken := next.Attributes.Text(tagStepLabel) == "another"; taken != (c.code == 0) || taken && !next.Changed.Equal(noon.Add(time.Hour)) {
			t.Errorf("%s: the label is %q", name, next.Attributes.Text(tagStepLabel))
		}
		if _, leaked := next.Attributes[tagTransaction]; leaked {
			t.Errorf("%s: the transaction became an attribute", name)
		}
	}
}

func TestNewWorkitemsWantWhatTheStandardWants(t *testing.T) {
	if _, err := NewWorkitem("Mueller", asked(), noon); err == nil {
		t.Error("a UID of none was taken")
	}
	for tag, values := range map[string][]string{
		tagSOPClass: {"1.2.840.10008.5.1.4.34.6.2"}, tagState: {"IN PROGRESS", "COMPLETED"}, tagTransaction: {lock}, tagPriority: {"", "STAT"},
		tagReadiness: {"", "yes"}, tagStepLabel: {""}, tagScheduledStart: {""},
	} {
		for _, value := range values {
			set := asked()
			set[tag] = text("LO", value)
			if _, err := NewWorkitem(itemUID, set, noon); err == nil || strings.Contains(err.Error(), "Invented") {
				t.Errorf("(%s) as %q: %v", tag, value, err)
			}
		}
	}
	for _, tag := range []string{tagProgressInformation, tagPerformedProcedure} {
		set := asked()
		set[tag] = sequence(Dataset{})
		if _, err := NewWorkitem(itemUID, set, noon); err == nil {
			t.Errorf("(%s) with an item was taken", tag)
		}
	}
}

// Whatever is asked of an item: a final state is never left, nobody but who began it changes
// it, and its transaction is never given out.
func TestNoStepLeadsOutOfAFinalState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		item, err := NewWorkitem(itemUID, asked(), noon)
		if err != nil {
			t.Fatal(err)
		}
		now := noon
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			now = now.Add(time.Second)
			before := item
			transaction := rapid.SampledFrom([]string{"", lock, otherLock}).Draw(t, "transaction")
			var next Workitem
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				to := rapid.SampledFrom([]State{Scheduled, InProgress, Completed, Canceled, "X"}).Draw(t, "to")
				next, _, err = item.ChangeState(to, transaction, now)
			case 1:
				next, err = item.Update(transaction, Dataset{tagStepLabel: text("LO", now.String())}, now)
			case 2:
				next, err = item.Complete(performed(), now)
			default:
				next, _, err = item.RequestCancel(nil, now)
			}
			switch {
			case before.State.final() && !reflect.DeepEqual(next, before):
				t.Fatalf("%s was left or changed", before.State)
			case err != nil && !reflect.DeepEqual(next, before):
				t.Fatalf("refused with %v, and changed", err)
			case before.State != Scheduled && next.Transaction != before.Transaction:
				t.Fatal("another became its performer")
			}
			answer := next.answer()
			if _, leaked := answer[tagTransaction]; leaked || next.Transaction != "" && strings.Contains(answer.Text(tagState), next.Transaction) {
				t.Fatal("the transaction is given out")
			}
			item = next
		}
	})
}
