package main

import (
	"bytes"
	"encoding/binary"
)

// body collects elements in Explicit VR Little Endian (PS3.5 chapter 7). The
// caller adds them in ascending order of tags.
type body struct{ bytes.Buffer }

// long are the VRs with a 32-bit length (PS3.5 section 7.1.2).
var long = map[string]bool{"OB": true, "OW": true, "SQ": true, "UN": true, "UT": true}

// raw adds a value as it stands, padded to an even length.
func (b *body) raw(tag uint32, vr string, value []byte) {
	le := binary.LittleEndian
	if len(value)%2 != 0 {
		pad := byte(' ')
		if vr == "UI" || vr == "OB" || vr == "UN" {
			pad = 0
		}
		value = append(bytes.Clone(value), pad)
	}
	head := le.AppendUint16(nil, uint16(tag>>16))
	head = append(le.AppendUint16(head, uint16(tag)), vr...)
	if long[vr] {
		head = le.AppendUint32(append(head, 0, 0), uint32(len(value)))
	} else {
		head = le.AppendUint16(head, uint16(len(value)))
	}
	b.Write(head)
	b.Write(value)
}

// text adds a string in Latin 1 (ISO_IR 100).
func (b *body) text(tag uint32, vr, value string) { b.raw(tag, vr, latin1(value)) }

func (b *body) short(tag uint32, value uint16) {
	b.raw(tag, "US", binary.LittleEndian.AppendUint16(nil, value))
}

// sequence adds items; each is filled by a function.
func (b *body) sequence(tag uint32, items ...func(*body)) {
	var value bytes.Buffer
	for _, fill := range items {
		var item body
		fill(&item)
		head := []byte{0xFE, 0xFF, 0x00, 0xE0}
		value.Write(binary.LittleEndian.AppendUint32(head, uint32(item.Len())))
		value.Write(item.Bytes())
	}
	b.raw(tag, "SQ", value.Bytes())
}

// latin1 encodes text whose every rune is below 256.
func latin1(text string) []byte {
	var out []byte
	for _, r := range text {
		out = append(out, byte(r))
	}
	return out
}

// partTen puts preamble and file meta information before a data set (PS3.10 chapter 7).
func partTen(class, instance string, dataset []byte) []byte {
	var meta body
	meta.raw(0x00020001, "OB", []byte{0, 1})
	meta.text(0x00020002, "UI", class)
	meta.text(0x00020003, "UI", instance)
	meta.text(0x00020010, "UI", "1.2.840.10008.1.2.1")
	meta.text(0x00020012, "UI", "1.3.6.1.4.1.32473.1.1")
	meta.text(0x00020013, "SH", "TESTDATA_1")
	var file body
	file.Write(make([]byte, 128))
	file.WriteString("DICM")
	file.raw(0x00020000, "UL", binary.LittleEndian.AppendUint32(nil, uint32(meta.Len())))
	file.Write(meta.Bytes())
	file.Write(dataset)
	return file.Bytes()
}
