package outbox

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// maxHeadBytes is how far into a file its meta information may reach: ours has some hundred
// bytes.
const maxHeadBytes = 64 << 10

// meta is what a Part 10 file says of its object (PS3.10 table 7.1-1).
type meta struct{ class, instance, syntax string }

// maxUIDBytes is the longest UID (PS3.5 section 9.1).
const maxUIDBytes = 64

// The tags of the meta information that are of use here, element numbers of group 0002.
const (
	metaGroup     = 0x0002
	mediaClass    = 0x0002
	mediaInstance = 0x0003
	syntaxElement = 0x0010
)

// readMeta reads the meta information at the head of a file: explicit VR, little endian, after
// 128 bytes and "DICM". ok is false where it is none, or lacks one of the three.
func readMeta(head []byte) (m meta, ok bool) {
	const preamble, shortHeader, longHeader = 128, 8, 12
	if len(head) < preamble+4 || !bytes.Equal(head[preamble:preamble+4], []byte("DICM")) {
		return m, false
	}
	for b := head[preamble+4:]; len(b) >= shortHeader && binary.LittleEndian.Uint16(b) == metaGroup; {
		element, length, from := binary.LittleEndian.Uint16(b[2:]), int(binary.LittleEndian.Uint16(b[6:])), shortHeader
		switch string(b[4:6]) {
		case "OB", "OW", "UN", "UT", "SQ", "OD", "OF", "OL", "UC", "UR": // 32-bit lengths (PS3.5 section 7.1.2)
			if len(b) < longHeader {
				return m, false
			}
			long := binary.LittleEndian.Uint32(b[8:])
			if long > maxHeadBytes {
				return m, false
			}
			length, from = int(long), longHeader
		}
		if length > len(b)-from {
			return m, false
		}
		value := b[from : from+length]
		b = b[from+length:]
		switch element {
		case mediaClass:
			m.class = uid(value)
		case mediaInstance:
			m.instance = uid(value)
		case syntaxElement:
			m.syntax = uid(value)
		}
	}
	return m, m.class != "" && m.instance != "" && m.syntax != ""
}

// uid is a UID without its padding, or "" where it is none.
func uid(value []byte) string {
	text := strings.TrimRight(string(value), "\x00 ")
	if len(text) > maxUIDBytes || strings.Trim(text, "0123456789.") != "" {
		return ""
	}
	return text
}
