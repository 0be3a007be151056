package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// SentReport is a DiagnosticReport that a record system took: what is needed to find it
// again, and to tell whether somebody has changed it.
type SentReport struct {
	// ID is the server's, empty where it did not say: the report is then found by its name.
	ID     string `json:"id,omitempty"`
	System string `json:"system"` // of its identifier
	Name   string `json:"name"`   // … and the value
	Status string `json:"status"` // as it was sent
}

// kindReport is the resource that people work with; its observations follow it.
const kindReport = "DiagnosticReport"

// sentReport is where the report of a transaction lies, by the server's answer; nil where the
// transaction has none. An answer that names no place, or a strange one, loses only the id.
func sentReport(transaction, answer []byte) *SentReport {
	var t transactionBundle
	var a struct {
		Entry []struct {
			Response struct {
				Location string `json:"location"`
			} `json:"response"`
		} `json:"entry"`
	}
	if json.Unmarshal(transaction, &t) != nil || json.Unmarshal(answer, &a) != nil || len(a.Entry) != len(t.Entry) {
		return nil
	}
	for n, e := range t.Entry {
		if kind, _, _ := strings.Cut(e.Request.URL, "/"); kind != kindReport {
			continue
		}
		own, err := identified(e.Resource, e.FullURL)
		r := &SentReport{ID: idIn(a.Entry[n].Response.Location), System: own.System, Name: own.Value}
		if err != nil || json.Unmarshal(e.Resource["status"], &r.Status) != nil {
			return nil
		}
		return r
	}
	return nil
}

// idIn is the id in an address of a report, such as DiagnosticReport/17/_history/2; "" if
// there is none. The rest of the address is of no matter: the server that was configured is
// asked, and no other.
func idIn(location string) string {
	parts := strings.Split(location, "/")
	at := slices.Index(parts, kindReport)
	if at < 0 || at+1 == len(parts) || !isName(parts[at+1]) || strings.Trim(parts[at+1], ".") == "" {
		return ""
	}
	return parts[at+1]
}

// Opinion is what a record system knows of a reader's word on a report.
type Opinion struct {
	Given    bool // somebody has accepted or rejected it; else the rest says nothing
	Accepted bool
	// Words are the codes and texts that stand beside a rejection, for whoever knows what they
	// mean: at most maxWords, each at most maxWordBytes. They may name a patient: for no log.
	Words []string
}

// Bounds of what is read of a reader's reasons.
const (
	maxWords     = 64
	maxWordBytes = 256
)

// Records asks one record system what became of reports.
type Records struct{ server records }

// NewRecords is for the server to which FHIR with the same value sends.
func NewRecords(server FHIRServer) Records { return Records{recordsOf(server)} }

// Look asks for a report. An error is a *Failure.
func (r Records) Look(ctx context.Context, sent SentReport) (Opinion, error) {
	place := r.server.Base.JoinPath(kindReport)
	if sent.ID != "" {
		place = place.JoinPath(sent.ID)
	} else {
		place.RawQuery = url.Values{"identifier": {sent.System + "|" + sent.Name}}.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, place.String(), nil)
	if err != nil {
		return Opinion{}, &Failure{Fault: Other, Err: errors.New("the server's address is none")}
	}
	answer, err := r.server.ask(request)
	if err != nil {
		return Opinion{}, err
	}
	report, err := reportIn(answer, sent)
	if err != nil {
		return Opinion{}, &Failure{Fault: Other, Err: err}
	}
	return opinionOf(report, sent.Status), nil
}

// resource is one of FHIR's, by its exact names.
type resource map[string]json.RawMessage

// text is a string of a resource; "" if it is none.
func (r resource) text(key string) (s string) {
	if json.Unmarshal(r[key], &s) != nil {
		return ""
	}
	return s
}

// reportIn finds the report that was sent in what a server answers, be it the report itself or
// the result of a search. What does not carry our identifier is another's report.
func reportIn(answer []byte, sent SentReport) (resource, error) {
	var top resource
	if json.Unmarshal(answer, &top) != nil {
		return nil, errors.New("the answer is no JSON of FHIR")
	}
	if sent.ID != "" {
		if top.text("id") != sent.ID || !top.isReport(sent) {
			return nil, errors.New("the answer is not the report that was sent")
		}
		return top, nil
	}
	var entries []struct {
		Resource resource `json:"resource"`
	}
	if top.text("resourceType") != "Bundle" || top["entry"] != nil && json.Unmarshal(top["entry"], &entries) != nil {
		return nil, errors.New("the answer is no result of a search")
	}
	var found []resource
	for _, e := range entries {
		if e.Resource.isReport(sent) {
			found = append(found, e.Resource)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("a search finds %d reports with the name of the one that was sent", len(found))
	}
	return found[0], nil
}

func (r resource) isReport(sent SentReport) bool {
	var names []identifier
	return r.text("resourceType") == kindReport && json.Unmarshal(r["identifier"], &names) == nil && slices.Contains(names, identifier{sent.System, sent.Name})
}

// opinionOf reads a report's status (FHIR R4, DiagnosticReport.status). Only a change counts:
// the report of a failed analysis is sent as cancelled. Preliminary, registered, partial and
// unknown are nobody's word.
func opinionOf(report resource, sent string) Opinion {
	status := report.text("status")
	if status == sent {
		return Opinion{}
	}
	switch status {
	case "final", "amended", "corrected", "appended":
		return Opinion{Given: true, Accepted: true}
	case "entered-in-error", "cancelled":
		return Opinion{Given: true, Words: report.words()}
	}
	return Opinion{}
}

// concept is a CodeableConcept.
type concept struct {
	Coding []struct {
		Code    string `json:"code"`
		Display string `json:"display"`
	} `json:"coding"`
	Text string `json:"text"`
}

func (c concept) words() (list []string) {
	for _, one := range c.Coding {
		list = append(list, one.Code, one.Display)
	}
	return append(list, c.Text)
}

// words are what conclusionCode and extensions say, in their order. What is none of FHIR is
// passed over: a reason that can't be read is no reason to miss a rejection.
func (r resource) words() []string {
	var conclusions []concept
	var extensions []struct {
		Code    string  `json:"valueCode"`
		String  string  `json:"valueString"`
		Concept concept `json:"valueCodeableConcept"`
	}
	var list []string
	if json.Unmarshal(r["conclusionCode"], &conclusions) == nil {
		for _, c := range conclusions {
			list = append(list, c.words()...)
		}
	}
	for _, key := range []string{"extension", "modifierExtension"} {
		if json.Unmarshal(r[key], &extensions) == nil {
			for _, e := range extensions {
				list = append(append(list, e.Code, e.String), e.Concept.words()...)
			}
		}
		extensions = nil
	}
	list = slices.DeleteFunc(list, func(word string) bool { return word == "" || len(word) > maxWordBytes })
	return list[:min(len(list), maxWords)]
}
