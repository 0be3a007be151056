// Package audit keeps a clinic's record of what it took in, disclosed, made, showed and let
// out: an append-only log of JSON lines, each bound to the one before by a keyed hash and on
// disk before Append returns. In go entries of fixed kinds; out come the record itself, a
// verdict on whether a line was changed, removed, cut or moved, and exports as FHIR
// AuditEvents and DICOM audit messages. Who the patient is stands in no line in the clear.
package audit

import (
	"errors"
	"time"
)

// Kind is what an entry records.
type Kind string

// The kinds of entries.
const (
	Intake     Kind = "intake"     // a study came in
	Order      Kind = "order"      // an order came in, by HL7 or UPS
	Disclosure Kind = "disclosure" // a de-identified payload went to a node
	Result     Kind = "result"     // a result came back and was taken or refused
	Delivery   Kind = "delivery"   // a result reached a destination
	View       Kind = "view"       // a person looked at a study, a result or a held picture
	Export     Kind = "export"     // data was handed out: this log, a backup, files
	Hold       Kind = "hold"       // a study was put into quarantine
	Release    Kind = "release"    // a person let a held study go, blacked out regions or refused it
	Verdict    Kind = "verdict"    // a reader accepted or rejected a result
	Remove     Kind = "remove"     // data was deleted
	Rotate     Kind = "rotate"     // a key was changed, a vault backed up or restored
	Configure  Kind = "configure"  // rules or settings were changed
	Login      Kind = "login"      // a person or a system was let in, or refused
	Start      Kind = "start"      // the clinic's service began
	Stop       Kind = "stop"       // the clinic's service ended

	Mended Kind = "mended" // written by the log itself: what a crash left of an unfinished line was cut; Count bytes
	Gap    Kind = "gap"    // written by the log itself: lines that were there are gone; Count lines, 0 if it can't be known
)

// Outcome is how it went (PS3.15 A.5.2, EventOutcomeIndicator).
type Outcome string

// The outcomes.
const (
	Success Outcome = ""        // 0
	Minor   Outcome = "minor"   // 4: it can be tried again
	Serious Outcome = "serious" // 8: refused or failed
)

// Entry is one thing that happened. Texts longer than MaxText are cut, control characters
// replaced. Only Subject may name a patient, and it is sealed.
type Entry struct {
	At      time.Time `json:"at"` // zero: now
	Kind    Kind      `json:"kind"`
	Outcome Outcome   `json:"outcome,omitempty"`
	Case    string    `json:"case,omitempty"`   // case id of the worklist, or the study's key
	Task    string    `json:"task,omitempty"`   // task id, hex
	Actor   string    `json:"actor,omitempty"`  // who did it: a user of the clinic, an AE title; empty or Service: the service itself
	Peer    string    `json:"peer,omitempty"`   // other side: a node's address, a destination's name
	Way     string    `json:"way,omitempty"`    // dimse, stow, folder, fhir, …
	Rule    string    `json:"rule,omitempty"`   // routing rule
	Basis   string    `json:"basis,omitempty"`  // consent or legal basis of a disclosure
	Model   string    `json:"model,omitempty"`  // id@version
	Hash    string    `json:"hash,omitempty"`   // SHA-256 of what was disclosed, received or delivered, hex
	Count   int       `json:"count,omitempty"`  // instances, regions, entries
	Reason  string    `json:"reason,omitempty"` // fixed words, never a patient's
	Subject *Subject  `json:"-"`                // sealed into the line; nil: none
}

// Service is the actor of what the clinic's service does by itself.
const Service = "medhive"

// MaxText is how many bytes of a text an entry keeps.
const MaxText = 256

// Subject says whose data it was. It lies sealed under the log's key, and leaves by an
// export only if the clinic wants it to.
type Subject struct {
	PatientID string `json:"patient,omitempty"`
	StudyUID  string `json:"study,omitempty"`
	Accession string `json:"accession,omitempty"`
}

// Head is the end of a log as it is remembered elsewhere, so that a cut tail is noticed.
type Head struct {
	Sequence uint64 `json:"sequence"` // of the last line, from 1; 0: no line yet
	Sum      string `json:"sum"`      // its keyed hash, hex; empty: no line yet
}

// Heads remembers the head of one log. Load says whether one was ever saved; Save is durable
// when it returns nil. HeadFile is one.
type Heads interface {
	Load() (head Head, known bool, err error)
	Save(Head) error
}

// ErrBroken says that a log can't be gone on with; its text names file and line.
var ErrBroken = errors.New("the audit log was changed or its key is another's")

// kinds are all kinds, for what reads words.
var kinds = map[Kind]bool{
	Intake: true, Order: true, Disclosure: true, Result: true, Delivery: true, View: true, Export: true, Hold: true,
	Release: true, Verdict: true, Remove: true, Rotate: true, Configure: true, Login: true, Start: true, Stop: true,
	Mended: true, Gap: true,
}
