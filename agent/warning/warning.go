// Package warning is what a role tells its operator without being asked: values with a
// code, a severity, a text, what to do, and since when. In: what the role's own loops find
// out. Out: one board, which the command line, the local API, the metrics, the dashboard and
// the notifications read alike. It decides nothing, and never holds a patient's data, a key
// or more of an address than its host.
package warning

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/medhive/medhive/agent/redaction"
)

// Code names a kind of warning, in the words of the catalogue.
type Code string

// Severity says how soon a person should look.
type Severity string

// The severities, from mild to bad.
const (
	Notice   Severity = "notice"   // good to know; nothing is lost by waiting
	Caution  Severity = "warning"  // the role works, but less well, or not for long
	Critical Severity = "critical" // it does not do its work now, or something is being lost
)

// Rank is higher for what is worse; 0 for what is no severity.
func (s Severity) Rank() int {
	return 1 + slices.Index([]Severity{Notice, Caution, Critical}, s)
}

// Warning is one thing that is not as it should be.
type Warning struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	Text     string   `json:"text"`
	Fix      string   `json:"fix"` // what the operator can do
	// Subject is which of several, such as a model or a destination; empty where there is one
	// thing only. Code and Subject together name a warning.
	Subject string    `json:"subject,omitempty"`
	Since   time.Time `json:"since"` // when it began, over restarts
}

// Of is a warning with severity and fix from the catalogue.
func Of(code Code, subject, format string, args ...any) Warning {
	w := Warning{Code: code, Subject: subject, Text: fmt.Sprintf(format, args...)}
	if kind, known := Find(code); known {
		w.Severity, w.Fix = kind.Severity, kind.Fix
	}
	return w
}

// Do is the same warning with a better fix than the catalogue's.
func (w Warning) Do(fix string) Warning {
	w.Fix = fix
	return w
}

// As is the same warning with another severity than the catalogue's.
func (w Warning) As(s Severity) Warning {
	w.Severity = s
	return w
}

// Bounds of what is shown: texts hold errors of other programs.
const (
	maxText    = 600 // bytes
	maxFix     = 600
	maxSubject = 128
)

// clean is the warning as it may be shown to anybody who may see the board.
func (w Warning) clean(r *redaction.Redactor) Warning {
	kind, _ := Find(w.Code)
	w.Text = redaction.Line(r.Text(w.Text), maxText)
	w.Fix = redaction.Line(cmp.Or(w.Fix, kind.Fix), maxFix)
	w.Subject = redaction.Line(r.Text(w.Subject), maxSubject)
	if w.Severity.Rank() == 0 {
		w.Severity = cmp.Or(kind.Severity, Caution)
	}
	return w
}

// Worst is the highest severity of a list; empty when nothing is wrong.
func Worst(list []Warning) (worst Severity) {
	for _, w := range list {
		if w.Severity.Rank() > worst.Rank() {
			worst = w.Severity
		}
	}
	return worst
}

// byUrgency puts the worst first, and of those the oldest.
func byUrgency(a, b Warning) int {
	return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), a.Since.Compare(b.Since), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Subject, b.Subject))
}
