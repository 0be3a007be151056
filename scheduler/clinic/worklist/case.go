// Package worklist holds what a clinic owes: a case for each study, revision and model, from
// the rule that chose it to the word of the radiologist who read the result. In: events. Out:
// the case's next state, from a pure machine that allows no way back but the named ones, and
// a book on disk that is sealed and durable before it answers. It does no work itself, knows
// no network, and its errors name a case by an id that says nothing of the patient.
package worklist

import (
	"encoding/json"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic"
)

// State is where a case stands.
type State string

// The states, from intake to the reader's word.
const (
	Received    State = "received"     // the study is complete; no rule has looked at it
	Routed      State = "routed"       // a rule chose a model; it waits to be submitted
	Held        State = "held"         // a person is to look at it
	Submitted   State = "submitted"    // the market has it, or is about to
	Analysed    State = "analysed"     // the checked result is in the spool
	Delivering  State = "delivering"   // the outbox has it
	Delivered   State = "delivered"    // every destination has it
	NotAnalysed State = "not-analysed" // there will be no result, or none until a person asks again
	Refused     State = "refused"      // it may not or can't be analysed
	Accepted    State = "accepted"     // the reader agreed with the result
	Rejected    State = "rejected"     // the reader did not
)

// States are all of them, in the order of a case's life.
func States() []State {
	return []State{Received, Routed, Held, Submitted, Analysed, Delivering, Delivered, NotAnalysed, Refused, Accepted, Rejected}
}

// Open says that something is still to be done for a case, by the clinic or by a person who
// looks at what is held. A delivered case is not open, though its reader may still speak.
func (s State) Open() bool {
	switch s {
	case Received, Routed, Held, Submitted, Analysed, Delivering:
		return true
	}
	return false
}

// Case is one study as one model is to see it. It names the patient: all but ID, StudyKey,
// Revision, Rule, Model, State and the figures are for the clinic's own screens only.
type Case struct {
	ID       string  `json:"id"`        // 12 hex digits: its name for logs; see Book.ID
	StudyKey string  `json:"study_key"` // the study's name for logs
	StudyUID string  `json:"study"`
	Revision int     `json:"revision,omitempty"` // of the study, from 0
	Subject  Subject `json:"subject,omitzero"`

	Rule  string `json:"rule,omitempty"`
	Model string `json:"model,omitempty"` // id or id@version
	Terms Terms  `json:"terms,omitzero"`
	// Policy is the rule's, and what a person added who released the study.
	Policy clinic.Policy `json:"policy,omitzero"`

	State State         `json:"state"`
	Task  models.Digest `json:"task,omitzero"` // of the market, once it is known
	// Reason says why it is held, refused, not analysed or tried again, in words of the
	// product without any of the patient.
	Reason   string    `json:"reason,omitempty"`
	Attempts int       `json:"attempts,omitempty"` // how often it was submitted
	NextTry  time.Time `json:"next_try,omitzero"`  // of a routed case that is tried again; zero: now
	By       string    `json:"by,omitempty"`       // who released, refused or asked again last
	// Outcome is what the analysis came to: completed, failed or not-applicable.
	Outcome   string  `json:"outcome,omitempty"`
	PriceGwei uint64  `json:"price_gwei,omitempty"` // what the nodes are owed for it
	Reading   Reading `json:"reading,omitzero"`

	At      Times     `json:"at,omitzero"`
	Changed time.Time `json:"changed,omitzero"`
	// Sequence is that of its last change in the book; see Book.Since.
	Sequence uint64 `json:"-"`
}

// Subject is what the clinic's screens show of a study, also when its images are gone.
type Subject struct {
	PatientName string   `json:"patient_name,omitempty"`
	PatientID   string   `json:"patient_id,omitempty"`
	BirthDate   string   `json:"birth_date,omitempty"`
	Sex         string   `json:"sex,omitempty"`
	Accession   string   `json:"accession,omitempty"`
	StudyDate   string   `json:"study_date,omitempty"`
	Description string   `json:"description,omitempty"`
	Modalities  []string `json:"modalities,omitempty"`
	Instances   int      `json:"instances,omitempty"`
	Source      string   `json:"source,omitempty"` // way and calling AE title
}

// Terms are those of the rule as it stood when the case was routed: a later change of the
// rules does not change what is on its way.
type Terms struct {
	Priority         scheduler.Class   `json:"priority,omitempty"`
	PriorityBy       string            `json:"priority_by,omitempty"` // rule, order, requested or dimse
	Residency        []string          `json:"residency,omitempty"`   // ISO 3166-1 alpha-2
	PriceCeilingGwei uint64            `json:"price_ceiling_gwei,omitempty"`
	Within           time.Duration     `json:"within_ns,omitempty"`
	Copying          scheduler.Copying `json:"copying,omitempty"`
	Copies           int               `json:"copies,omitempty"`
	LocalAfter       time.Duration     `json:"local_after_ns,omitempty"` // 0: never
	Silent           bool              `json:"silent,omitempty"`         // analysed, and delivered nowhere
	Destinations     []string          `json:"destinations,omitempty"`   // names
	Forms            []string          `json:"forms,omitempty"`          // seg, sr, sc, pdf, fhir
	Notice           bool              `json:"notice,omitempty"`         // 'not analysed' is delivered too
	Order            string            `json:"order,omitempty"`          // UID of the work item that asked for it
	// More is for whoever routes; the book only keeps it.
	More json.RawMessage `json:"more,omitempty"`
}

// Reading is the word of the radiologist.
type Reading struct {
	Accepted bool   `json:"accepted,omitempty"`
	Code     string `json:"code,omitempty"` // coded reason of a rejection
	By       string `json:"by,omitempty"`
}

// Times are when a case came into its states, last; zero: never.
type Times struct {
	Received  time.Time `json:"received,omitzero"`
	Routed    time.Time `json:"routed,omitzero"`
	Held      time.Time `json:"held,omitzero"`
	Submitted time.Time `json:"submitted,omitzero"`
	Analysed  time.Time `json:"analysed,omitzero"`
	Delivered time.Time `json:"delivered,omitzero"`
	Ended     time.Time `json:"ended,omitzero"` // not analysed or refused
	Read      time.Time `json:"read,omitzero"`
}
