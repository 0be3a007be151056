// Package hl7 hears a hospital's orders: a bounded MLLP listener and a parser of HL7 v2
// messages ORM^O01, OMI^O23 and OML^O21 give, for an accession number or study, how urgent
// it is and whether it was cancelled. An order is on disk before it is acknowledged. The
// book of orders is sealed, its keys are keyed hashes; names, births and every other segment
// are passed over unread, and nothing of a message is ever logged.
package hl7

import (
	"errors"
	"time"

	"github.com/medhive/medhive/scheduler"
)

// Control is what an order asks for (HL7 table 0119, ORC-1).
type Control string

// What is told apart of table 0119.
const (
	Place  Control = "place"  // NW, XO, SC and others: the order stands
	Cancel Control = "cancel" // CA, OC, CR, DC, OD, DR: it does not any more
)

// Order is what an HL7 message says of one examination. Accession and StudyUID are the
// clinic's own: they identify, and stay out of logs.
type Order struct {
	Accession string          `json:"accession,omitempty"` // (0008,0050); empty if the message names none
	StudyUID  string          `json:"study,omitempty"`     // (0020,000D); empty if the message names none
	Procedure string          `json:"procedure,omitempty"` // universal service identifier (OBR-4.1); empty if none
	Control   Control         `json:"control"`
	Priority  scheduler.Class `json:"priority"`
	Stated    bool            `json:"stated,omitempty"` // the message states a priority; where not, Priority is routine
	At        time.Time       `json:"at"`               // when it was received
}

// Errors that decide the acknowledgement (HL7 tables 0008 and 0357).
var (
	ErrMalformed   = errors.New("the message is no HL7 v2 message that can be read")
	ErrUnsupported = errors.New("the message's type or event is not taken; send ORM^O01, OMI^O23 or OML^O21")
	ErrIncomplete  = errors.New("the order names neither an accession number nor a study")
)
