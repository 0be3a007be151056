package hl7

import (
	"bytes"
	"fmt"
	"strings"
)

// Bounds of one message; beyond them it is malformed.
const (
	maxSegments     = 2000
	maxOrders       = 100
	maxFieldBytes   = 256 // of a value that is read; the others are passed over
	minHeaderBytes  = len(`MSH|^~\&|`)
	segmentNameSize = 3
)

// separators are the characters that a message's MSH-1 and MSH-2 name.
type separators struct {
	field, component, repetition, escape, subcomponent byte
}

// message is a parsed message: segments that still lie in its bytes.
type message struct {
	separators
	segments [][]byte
}

// parseMessage splits a message into segments and reads its separators. It reads no field.
func parseMessage(data []byte) (message, error) {
	var m message
	if len(data) < minHeaderBytes || !bytes.HasPrefix(data, []byte("MSH")) {
		return m, fmt.Errorf("%w: it does not begin with MSH", ErrMalformed)
	}
	m.separators = separators{data[3], data[4], data[5], data[6], data[7]}
	set := data[3:8]
	for i, c := range set {
		if c <= ' ' || c >= 0x7F || isWordByte(c) || bytes.IndexByte(set, c) != i {
			return m, fmt.Errorf("%w: its separators are none", ErrMalformed)
		}
	}
	for len(data) > 0 {
		end := bytes.IndexAny(data, "\r\n")
		line := data
		if end >= 0 {
			line, data = data[:end], data[end+1:]
		} else {
			data = nil
		}
		if len(line) == 0 {
			continue
		}
		if len(line) < segmentNameSize || len(line) > segmentNameSize && line[segmentNameSize] != m.separators.field {
			return m, fmt.Errorf("%w: segment %d has no name", ErrMalformed, len(m.segments)+1)
		}
		if len(m.segments) == maxSegments {
			return m, fmt.Errorf("%w: it has more than %d segments", ErrMalformed, maxSegments)
		}
		m.segments = append(m.segments, line)
	}
	return m, nil
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// name is a segment's.
func name(segment []byte) string { return string(segment[:segmentNameSize]) }

// field is the n-th field of a segment, as it stands, with all its repetitions. MSH counts its
// separator as the first.
func (m message) field(segment []byte, n int) []byte {
	if name(segment) == "MSH" {
		if n == 1 {
			return []byte{m.separators.field}
		}
		n--
	}
	for ; n > 0; n-- {
		i := bytes.IndexByte(segment, m.separators.field)
		if i < 0 {
			return nil
		}
		segment = segment[i+1:]
	}
	if i := bytes.IndexByte(segment, m.separators.field); i >= 0 {
		segment = segment[:i]
	}
	return segment
}

// repetitions are those of a field.
func (m message) repetitions(field []byte) [][]byte {
	if len(field) == 0 {
		return nil
	}
	return bytes.Split(field, []byte{m.repetition})
}

// component is the n-th component of one repetition of a field, its first subcomponent, with
// escapes resolved and outer spaces gone. A value that is too long is none.
func (m message) component(repetition []byte, n int) string {
	for ; n > 1; n-- {
		i := bytes.IndexByte(repetition, m.separators.component)
		if i < 0 {
			return ""
		}
		repetition = repetition[i+1:]
	}
	for _, end := range []byte{m.separators.component, m.subcomponent} {
		if i := bytes.IndexByte(repetition, end); i >= 0 {
			repetition = repetition[:i]
		}
	}
	if len(repetition) > maxFieldBytes {
		return ""
	}
	value := strings.TrimSpace(m.unescape(string(repetition)))
	if value == `""` { // HL7's way to say that a value is deleted
		return ""
	}
	return value
}

// value is the n-th component of a field's first repetition.
func (m message) value(segment []byte, fieldNumber, n int) string {
	all := m.repetitions(m.field(segment, fieldNumber))
	if len(all) == 0 {
		return ""
	}
	return m.component(all[0], n)
}

// unescape resolves the escapes of the separators themselves (HL7 v2.5.1 2.7.1). Others stay.
func (m message) unescape(text string) string {
	e := string(m.escape)
	if !strings.Contains(text, e) {
		return text
	}
	return strings.NewReplacer(
		e+"F"+e, string(m.separators.field), e+"S"+e, string(m.separators.component), e+"T"+e, string(m.subcomponent),
		e+"R"+e, string(m.repetition), e+"E"+e, e,
	).Replace(text)
}
