package dimse

import (
	"encoding/binary"
	"fmt"
)

// Command fields (0000,0100), PS3.7 section E.1. An answer's has the high bit set.
const (
	storeRQ    = 0x0001
	findRQ     = 0x0020
	moveRQ     = 0x0021
	echoRQ     = 0x0030
	eventRQ    = 0x0100 // N-EVENT-REPORT
	actionRQ   = 0x0130 // N-ACTION
	cancelRQ   = 0x0FFF
	answerFlag = 0x8000
)

// noDataSet is the Command Data Set Type (0000,0800) of a message without data set.
const noDataSet = 0x0101

// Statuses (PS3.7 annex C, PS3.4 table B.2-1 and section C.4).
const (
	statusSuccess         = 0x0000
	statusCancelled       = 0xFE00
	statusPending         = 0xFF00
	statusPendingWarning  = 0xFF01
	statusProcessing      = 0x0110
	statusNoSuchInstance  = 0x0112
	statusInvalidInstance = 0x0117
	statusNoSuchClass     = 0x0122
	statusNotAuthorized   = 0x0124
	statusUnrecognized    = 0x0211
	statusOutOfResources  = 0xA700
	statusMismatch        = 0xA900
	statusCannot          = 0xC000
)

// maxCommand bounds a command set: its longest attributes are lists of tags and comments,
// and a few hundred bytes are usual.
const maxCommand = 16 << 10

// command is the part of a command set that we use (PS3.7 section E.1). Of a class or
// instance, Affected and Requested are one field: no message has both.
type command struct {
	field         uint16
	class         string // Affected (0000,0002) or Requested (0000,0003)
	instance      string // Affected (0000,1000) or Requested (0000,1001)
	messageID     uint16 // (0000,0110); of an answer: Being Responded To (0000,0120)
	dataSet       bool
	hasStatus     bool
	status        uint16
	priority      Priority
	destination   string // (0000,0600)
	originator    string // (0000,1030)
	eventOrAction uint16 // (0000,1002) or (0000,1008)

	remaining, completed, failed, warnings uint16 // (0000,1020) to (0000,1023)
}

func (c command) answer() bool { return c.field&answerFlag != 0 }

// requested says whether a message names class and instance as requested, not affected.
func (c command) requested() bool { return c.field == actionRQ }

// respond makes the answer to c.
func (c command) respond(status uint16) command {
	return command{field: c.field | answerFlag, class: c.class, instance: c.instance, messageID: c.messageID, hasStatus: true, status: status, eventOrAction: c.eventOrAction}
}

// encode gives the command set, always in Implicit VR Little Endian (PS3.7 section 6.3.1).
func (c command) encode() []byte {
	var body []byte
	text := func(element uint16, value string, pad byte) {
		if value == "" {
			return
		}
		if len(value)%2 == 1 {
			value += string(pad)
		}
		body = appendCommandElement(body, element, []byte(value))
	}
	number := func(element, value uint16) {
		body = appendCommandElement(body, element, binary.LittleEndian.AppendUint16(nil, value))
	}
	if c.requested() {
		text(0x0003, c.class, 0)
	} else {
		text(0x0002, c.class, 0)
	}
	number(0x0100, c.field)
	if c.answer() || c.field == cancelRQ {
		number(0x0120, c.messageID)
	} else {
		number(0x0110, c.messageID)
	}
	text(0x0600, c.destination, ' ')
	switch c.field {
	case storeRQ, findRQ, moveRQ:
		number(0x0700, uint16(c.priority))
	}
	if c.dataSet {
		number(0x0800, 0x0001)
	} else {
		number(0x0800, noDataSet)
	}
	if c.hasStatus {
		number(0x0900, c.status)
	}
	if c.requested() {
		text(0x1001, c.instance, 0)
	} else {
		text(0x1000, c.instance, 0)
	}
	switch c.field {
	case eventRQ, eventRQ | answerFlag:
		number(0x1002, c.eventOrAction)
	case actionRQ, actionRQ | answerFlag:
		number(0x1008, c.eventOrAction)
	}
	text(0x1030, c.originator, ' ')
	out := appendCommandElement(make([]byte, 0, len(body)+12), 0x0000, binary.LittleEndian.AppendUint32(nil, uint32(len(body))))
	return append(out, body...)
}

func appendCommandElement(out []byte, element uint16, value []byte) []byte {
	out = append(out, 0, 0)
	out = binary.LittleEndian.AppendUint16(out, element)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(value)))
	return append(out, value...)
}

// parseCommand reads a command set. Elements stand in ascending order, as anywhere in
// DICOM; those that we do not use are passed over.
func parseCommand(set []byte) (command, error) {
	c := command{}
	hasField, hasType, last := false, false, -1
	if len(set) > maxCommand {
		return c, breach(abortInvalidParameter, "command of %d bytes", len(set))
	}
	for rest := set; len(rest) > 0; {
		const head = 8
		if len(rest) < head {
			return c, breach(abortInvalidParameter, "command ends within an element")
		}
		group, element, length := binary.LittleEndian.Uint16(rest), binary.LittleEndian.Uint16(rest[2:]), binary.LittleEndian.Uint32(rest[4:])
		if group != 0 || int(element) <= last {
			return c, breach(abortInvalidParameter, "command element (%04X,%04X) out of place", group, element)
		}
		if uint64(length) > uint64(len(rest)-head) {
			return c, breach(abortInvalidParameter, "command element (0000,%04X) of %d bytes where %d are left", element, length, len(rest)-head)
		}
		last = int(element)
		value := rest[head : head+length]
		rest = rest[head+length:]
		if err := c.take(element, value); err != nil {
			return c, err
		}
		hasField = hasField || element == 0x0100
		hasType = hasType || element == 0x0800
	}
	if !hasField || !hasType {
		return c, breach(abortInvalidParameter, "command lacks its field or data set type")
	}
	if c.answer() != c.hasStatus {
		return c, breach(abortInvalidParameter, "command %04X: a status where none belongs, or none where one does", c.field)
	}
	return c, nil
}

// take reads one element of a command.
func (c *command) take(element uint16, value []byte) error {
	number := func(into *uint16) error {
		if len(value) != 2 {
			return breach(abortInvalidParameter, "command element (0000,%04X) of %d bytes, want 2", element, len(value))
		}
		*into = binary.LittleEndian.Uint16(value)
		return nil
	}
	switch element {
	case 0x0002, 0x0003:
		c.class = uidOrNothing(value)
	case 0x1000, 0x1001:
		c.instance = uidOrNothing(value)
	case 0x0100:
		return number(&c.field)
	case 0x0110, 0x0120:
		return number(&c.messageID)
	case 0x0700:
		return number((*uint16)(&c.priority))
	case 0x0800:
		var kind uint16
		err := number(&kind)
		c.dataSet = kind != noDataSet
		return err
	case 0x0900:
		c.hasStatus = true
		return number(&c.status)
	case 0x1002, 0x1008:
		return number(&c.eventOrAction)
	case 0x1020:
		return number(&c.remaining)
	case 0x1021:
		return number(&c.completed)
	case 0x1022:
		return number(&c.failed)
	case 0x1023:
		return number(&c.warnings)
	case 0x0600:
		c.destination = trimAE(value)
	case 0x1030:
		// Of use to a person only; whatever is no title is dropped.
		if title := trimAE(value); validAE(title) {
			c.originator = title
		}
	}
	return nil
}

// uidOrNothing drops what is no UID: the message is then refused by its status, and the
// next one may be sound.
func uidOrNothing(value []byte) string {
	if text := trimUID(value); validUID(text) {
		return text
	}
	return ""
}

// StatusError is a peer's answer that is neither success nor warning (PS3.7 annex C).
type StatusError struct{ Status uint16 }

// Error implements error.
func (e *StatusError) Error() string {
	meaning := "see its conformance statement"
	switch {
	case e.Status>>8 == 0xA7:
		meaning = "it is out of resources; try again later"
	case e.Status>>8 == 0xA9:
		meaning = "the object is not what its class says"
	case e.Status == 0xA801:
		meaning = "it does not know the destination; add that AE title there"
	case e.Status>>12 == 0xC:
		meaning = "it cannot understand the object or the question"
	case e.Status == statusNotAuthorized:
		meaning = "we are not allowed to; grant it there"
	case e.Status == statusNoSuchClass:
		meaning = "it does not support the class"
	case e.Status == statusProcessing:
		meaning = "it failed in processing; try again later"
	case e.Status == statusCancelled:
		meaning = "it was cancelled"
	}
	return fmt.Sprintf("peer answers with status %04X: %s", e.Status, meaning)
}

// outcome is nil for success and warnings (PS3.7 section C.1): with the latter, too, the
// peer has done what was asked.
func outcome(status uint16) error {
	switch {
	case status == statusSuccess, status>>12 == 0xB, status == 0x0001, status == 0x0107, status == 0x0116:
		return nil
	}
	return &StatusError{Status: status}
}
