// Package quarantine keeps the studies that a clinic's reader held back, until a person has
// decided on each. In: what was held, with the pictures to look at. Out: a list, the
// pictures, and what the decision adds to the study's policy. Everything is sealed on disk
// before a call returns; the pictures show patients and never leave this store but to the
// clinic's own screens.
package quarantine

import (
	"time"

	"github.com/medhive/medhive/scheduler/clinic"
)

// Case is a held study of one rule and model.
type Case struct {
	ID       string      `json:"id"`       // the case's name in logs: an HMAC, hexadecimal
	StudyUID string      `json:"study"`    // the clinic's own
	Revision int         `json:"revision"` // of the study
	Rule     string      `json:"rule"`     // that chose the model; may be empty
	Model    string      `json:"model"`    // "id@version"
	Held     clinic.Held `json:"held"`
	HeldAt   time.Time   `json:"held_at"`            // set by Hold
	Decision *Decision   `json:"decision,omitempty"` // nil while it waits for one
}

// Choice is what a person makes of a held study.
type Choice string

// The choices.
const (
	Release Choice = "release" // the pixels show nobody: it may go as it is
	Redact  Choice = "redact"  // it may go with the named regions blacked out; see clinic.Held on frames without a picture
	Refuse  Choice = "refuse"  // it stays
)

// Decision is what a person decided, who, when and why.
type Decision struct {
	Choice  Choice             `json:"choice"`
	Regions []clinic.Redaction `json:"regions,omitempty"` // of Redact
	Who     string             `json:"who"`               // the clinic's user
	Reason  string             `json:"reason,omitempty"`
	At      time.Time          `json:"at"` // set by Decide
}

// Policy is what the study's policy becomes by the decision.
func (d Decision) Policy(p clinic.Policy) clinic.Policy {
	if d.Choice == Refuse {
		return p
	}
	p.Released = true
	p.Redactions = append(append([]clinic.Redaction(nil), p.Redactions...), d.Regions...)
	return p
}
