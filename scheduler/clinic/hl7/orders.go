package hl7

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/scheduler"
)

// types are the messages that are taken: MSH-9, code and event.
var types = [][2]string{{"ORM", "O01"}, {"OMI", "O23"}, {"OML", "O21"}}

// Field names the place of an accession number in a message.
type Field string

// The places where hospitals put it. IHE's Scheduled Workflow uses the first two
// (RAD TF-2 4.4.4.1.2.5 for OBR-18, 4.4.4.1.3 for IPC-1).
const (
	IPC1  Field = "IPC-1"
	OBR18 Field = "OBR-18"
	OBR2  Field = "OBR-2"
	OBR3  Field = "OBR-3"
	ORC2  Field = "ORC-2"
	ORC3  Field = "ORC-3"
)

// placesOf say where each stands: segment and field.
var placesOf = map[Field]struct {
	segment string
	field   int
}{
	IPC1: {"IPC", 1}, OBR18: {"OBR", 18}, OBR2: {"OBR", 2}, OBR3: {"OBR", 3}, ORC2: {"ORC", 2}, ORC3: {"ORC", 3},
}

// usualPlaces are looked at where a clinic names none.
var usualPlaces = []Field{IPC1, OBR18}

// Valid reports whether a place is known.
func (f Field) Valid() bool {
	_, ok := placesOf[f]
	return ok
}

// ParseOrders reads the orders of a message: one for each ORC, each with the priority that
// its own TQ1, ORC-7, OBR-5 or OBR-27 states, the highest of them. Accession numbers are
// looked for at the given places, in order; none: where IHE puts them. One order without
// accession number and study refuses the whole message.
func ParseOrders(data []byte, places []Field, at time.Time) ([]Order, error) {
	m, err := parseMessage(data)
	if err != nil {
		return nil, err
	}
	return m.orders(places, at)
}

func (m message) orders(places []Field, at time.Time) ([]Order, error) {
	header := m.segments[0]
	kind := [2]string{m.value(header, 9, 1), m.value(header, 9, 2)}
	if !slices.Contains(types, kind) {
		return nil, ErrUnsupported
	}
	if len(places) == 0 {
		places = usualPlaces
	}
	groups := m.groups()
	if len(groups) == 0 {
		return nil, fmt.Errorf("%w: it has no ORC segment", ErrMalformed)
	}
	if len(groups) > maxOrders {
		return nil, fmt.Errorf("%w: it has more than %d orders", ErrMalformed, maxOrders)
	}
	orders := make([]Order, 0, len(groups))
	for _, group := range groups {
		order := m.order(group, places, at)
		if order.Accession == "" && order.StudyUID == "" {
			return nil, ErrIncomplete
		}
		if order.StudyUID != "" && !validUID(order.StudyUID) {
			return nil, fmt.Errorf("%w: its study is no UID", ErrMalformed)
		}
		orders = append(orders, order)
	}
	return orders, nil
}

// groups are the segments of each order: an ORC and what follows it. A segment that speaks
// for the whole message (ZDS, with which IHE's ORM names the study) is the last order's.
func (m message) groups() [][][]byte {
	var groups [][][]byte
	for _, segment := range m.segments[1:] {
		switch {
		case name(segment) == "ORC":
			groups = append(groups, [][]byte{segment})
		case len(groups) > 0:
			groups[len(groups)-1] = append(groups[len(groups)-1], segment)
		}
	}
	return groups
}

// order reads one group.
func (m message) order(group [][]byte, places []Field, at time.Time) Order {
	order := Order{Control: control(m.value(group[0], 1, 1), m.value(group[0], 5, 1)), At: at}
	for _, place := range places {
		where := placesOf[place]
		for _, segment := range group {
			if order.Accession == "" && name(segment) == where.segment {
				order.Accession = m.value(segment, where.field, 1)
			}
		}
	}
	for _, segment := range group {
		switch name(segment) {
		case "ORC":
			m.state(&order, segment, 7, 6)
		case "TQ1":
			m.state(&order, segment, 9, 1)
		case "OBR":
			m.state(&order, segment, 5, 1)
			m.state(&order, segment, 27, 6)
			if order.Procedure == "" {
				order.Procedure = m.value(segment, 4, 1)
			}
		case "IPC":
			order.setStudy(m.value(segment, 3, 1))
		case "ZDS":
			order.setStudy(m.value(segment, 1, 1))
		}
	}
	return order
}

func (o *Order) setStudy(uid string) {
	if o.StudyUID == "" {
		o.StudyUID = uid
	}
}

// state raises the order's priority to the highest that a field's repetitions name.
func (m message) state(o *Order, segment []byte, fieldNumber, component int) {
	for _, repetition := range m.repetitions(m.field(segment, fieldNumber)) {
		class, ok := priority(m.component(repetition, component))
		o.Stated = o.Stated || ok
		o.Priority = max(o.Priority, class)
	}
}

// priority reads a code of HL7 table 0485, or the word that some senders write in its place.
func priority(code string) (class scheduler.Class, ok bool) {
	switch strings.ToUpper(code) {
	case "":
		return scheduler.Routine, false
	case "S", "STAT":
		return scheduler.STAT, true
	case "A", "ASAP", "T", "P", "PREOP", "URGENT", "U", "HIGH":
		return scheduler.Urgent, true
	}
	return scheduler.Routine, true
}

// control reads ORC-1 (table 0119) and ORC-5 (table 0038): an order that is told to be
// cancelled or discontinued does not stand, by whichever of the two.
func control(code, status string) Control {
	switch code {
	case "CA", "OC", "CR", "DC", "OD", "DR":
		return Cancel
	}
	switch status {
	case "CA", "DC":
		return Cancel
	}
	return Place
}

// maxUIDBytes is the length of a UID (PS3.5 9.1).
const maxUIDBytes = 64

func validUID(uid string) bool {
	if len(uid) > maxUIDBytes || strings.HasPrefix(uid, ".") || strings.HasSuffix(uid, ".") || strings.Contains(uid, "..") {
		return false
	}
	return strings.Trim(uid, "0123456789.") == ""
}

// faultCode is the code of HL7 table 0357 and the word for an error of a message.
func faultCode(err error) (code, text string) {
	switch {
	case errors.Is(err, ErrUnsupported):
		return "200", "Unsupported message type"
	case errors.Is(err, ErrIncomplete):
		return "101", "Required field missing"
	case errors.Is(err, ErrMalformed):
		return "100", "Segment sequence error"
	}
	return "207", "Application internal error"
}

// rejected says whether sending the same message again can't help.
func rejected(err error) bool {
	return errors.Is(err, ErrUnsupported) || errors.Is(err, ErrIncomplete) || errors.Is(err, ErrMalformed)
}

// clean is what of a sender's field may stand in an answer: nothing that ends a segment or a frame.
func clean(field []byte) []byte {
	out := make([]byte, 0, min(len(field), maxFieldBytes))
	for _, c := range field[:cap(out)] {
		if c >= ' ' && c != 0x7F {
			out = append(out, c)
		}
	}
	return out
}
