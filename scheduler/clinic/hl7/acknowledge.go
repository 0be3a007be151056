package hl7

import (
	"bytes"
	"strings"
	"time"
)

// ackTime is the precision of MSH-7 in answers.
const ackTime = "20060102150405-0700"

// answers are the acknowledgements of a message that was kept (err nil) or not. In original
// mode that is one (AA, AE or AR); in enhanced mode (MSH-15 or 16 filled) the accept
// acknowledgement (CA, CE or CR), the application's, both or none, as the sender asks
// (HL7 v2.5.1 2.9).
func (m message) answers(conf Config, err error, id string) [][]byte {
	header := m.segments[0]
	accept, application := m.value(header, 15, 1), m.value(header, 16, 1)
	if accept == "" && application == "" {
		return [][]byte{m.answer(conf, "A", err, id)}
	}
	var out [][]byte
	if asked(accept, err) {
		out = append(out, m.answer(conf, "C", err, id))
	}
	if asked(application, err) {
		out = append(out, m.answer(conf, "A", err, id+".1"))
	}
	return out
}

// asked reads HL7 table 0155.
func asked(condition string, err error) bool {
	switch condition {
	case "AL":
		return true
	case "ER":
		return err != nil
	case "SU":
		return err == nil
	}
	return false
}

// answer writes one acknowledgement with the sender's separators. Mode is A or C.
func (m message) answer(conf Config, mode string, err error, id string) []byte {
	header := m.segments[0]
	code := mode + "A"
	switch {
	case err != nil && rejected(err):
		code = mode + "R"
	case err != nil:
		code = mode + "E"
	}
	event := m.value(header, 9, 2)
	s := m.separators
	f, c := string(s.field), string(s.component)
	kind := "ACK"
	if len(event) == len("O01") && isWord(event) {
		kind += c + event + c + "ACK"
	}
	var b bytes.Buffer
	b.WriteString("MSH")
	b.Write([]byte{s.field, s.component, s.repetition, s.escape, s.subcomponent})
	for _, field := range [][]byte{
		[]byte(m.own(conf.Application)), []byte(m.own(conf.Facility)), clean(m.field(header, 3)), clean(m.field(header, 4)),
		[]byte(conf.Now().Format(ackTime)), nil, []byte(kind), []byte(id), clean(m.field(header, 11)), clean(m.field(header, 12)),
	} {
		b.WriteString(f)
		b.Write(field)
	}
	b.WriteString("\rMSA" + f + code + f)
	b.Write(clean(m.field(header, 10)))
	b.WriteString("\r")
	if err != nil {
		fault, text := faultCode(err)
		b.WriteString(strings.Join([]string{"ERR", "", "", fault + c + text + c + "HL70357", "E"}, f) + "\r")
	}
	return b.Bytes()
}

func isWord(text string) bool {
	for i := range len(text) {
		if !isWordByte(text[i]) {
			return false
		}
	}
	return true
}

// own is a name of the clinic's own without what would end a field.
func (m message) own(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(string([]byte{m.separators.field, m.separators.component, m.repetition, m.escape, m.subcomponent}), r) {
			return -1
		}
		return r
	}, text)
}

// answerID is the control id of an answer: unique among those of this listener.
func answerID(at time.Time, n uint64) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	value := uint64(at.UnixMilli())<<16 | n&0xFFFF
	var b [13]byte // 64 bits in base 36
	for i := range b {
		b[len(b)-1-i] = digits[value%36]
		value /= 36
	}
	return string(b[:])
}
