package dashboard

import (
	"strconv"

	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// Bounds of a list for programs.
const defaultListed, maxListed = 200, 5000

func answerCases(v *visit) (any, error) {
	q := v.R.URL.Query()
	f := worklist.Filter{Limit: defaultListed, StudyUID: q.Get("study")}
	for _, state := range q["state"] {
		f.States = append(f.States, worklist.State(state))
	}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxListed {
			return nil, refuse("limit %.20q: want 1 to %d", text, maxListed)
		}
		f.Limit = n
	}
	list, err := v.site.Worklist(f)
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []Entry{}
	}
	return list, v.lookedAtList(list)
}

func answerCase(v *visit) (any, error) {
	e, err := v.site.Case(v.R.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return e, v.site.Viewed(v.Who, e.ID, 0, "the case")
}

func answerResult(v *visit) (any, error) {
	e, err := v.site.Case(v.R.PathValue("id"))
	if err != nil {
		return nil, err
	}
	result, err := v.site.Result(e.ID)
	if err == nil && result == nil {
		err = ErrNothing
	}
	if err != nil {
		return nil, err
	}
	return result, v.site.Viewed(v.Who, e.ID, 0, "the result")
}

func answerRead(v *visit) (any, error) {
	var w Word
	if err := v.Decode(&w); err != nil {
		return nil, err
	}
	return v.site.Read(v.R.Context(), v.R.PathValue("id"), v.Who, w)
}

func answerDecide(v *visit) (any, error) {
	var d DecisionRequest
	if err := v.Decode(&d); err != nil {
		return nil, err
	}
	return v.decide(d)
}

func (v *visit) decide(d DecisionRequest) (worklist.Case, error) {
	return v.site.Decide(v.R.Context(), v.R.PathValue("id"), v.Who, quarantine.Decision{Choice: d.Choice, Regions: d.Regions}, d.Reason)
}

func answerRetry(v *visit) (any, error) {
	var d DestinationRequest
	if err := v.Decode(&d); err != nil {
		return nil, err
	}
	n, err := v.site.RetryNow(d.Destination)
	return Count{n}, err
}

func answerWithdraw(v *visit) (any, error) {
	var d DestinationRequest
	if err := v.Decode(&d); err != nil {
		return nil, err
	}
	return v.withdraw(d.Destination)
}

func (v *visit) withdraw(destination string) (Count, error) {
	if destination == "" {
		return Count{}, refuse("name the destination")
	}
	n, err := v.site.Withdraw(v.Who, destination)
	return Count{n}, err
}

// deliveries are without the folders, which may name a patient.
func (v *visit) deliveries(limit int) ([]outbox.Delivery, error) {
	list, err := v.site.Deliveries(limit)
	shown := make([]outbox.Delivery, len(list))
	for n, d := range list {
		d.Folder = ""
		shown[n] = d
	}
	return shown, err
}

// heldList is what waits, recorded as seen.
func (v *visit) heldList() ([]HeldCase, error) {
	list, err := v.site.Held(v.R.Context())
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(list))
	for n, h := range list {
		entries[n] = Entry{Case: h.Case}
	}
	if list == nil {
		list = []HeldCase{}
	}
	return list, v.lookedAtList(entries)
}

func answerExplain(v *visit) (any, error) {
	var q ExplainRequest
	if err := v.Decode(&q); err != nil {
		return nil, err
	}
	return v.explain(q)
}

// explain asks the rules; a study may be named by one of its cases.
func (v *visit) explain(q ExplainRequest) (Explanation, error) {
	study := q.Study
	if study == "" {
		return Explanation{}, refuse("name a study, or the id of a case")
	}
	id := ""
	if e, err := v.site.Case(study); err == nil {
		study, id = e.StudyUID, e.ID
	}
	x, err := v.site.Explain(study, q.Rules)
	if err != nil {
		return x, err
	}
	return x, v.site.Viewed(v.Who, id, 1, "the rules' dry run")
}
