package inbox

import "encoding/binary"

// Who wrote group 0002 (PS3.7 annex D.3.3.2): a UUID under 2.25, and a name of up to 16
// characters.
const (
	implementationUID     = "2.25.302113744817634206150512768190526433281"
	implementationVersion = "MEDHIVE_1"
)

// part10Head is preamble and group 0002 of a file that holds a data set in a transfer
// syntax (PS3.10 section 7.1). source is the title of who sent it, if it has one.
func part10Head(syntax, class, instance, source string) []byte {
	b := make([]byte, preambleBytes, 512)
	b = append(b, magic...)
	b = appendElement(b, tagMetaLength, "UL", make([]byte, 4), 0)
	start := len(b)
	b = append(b, 0x02, 0x00, 0x01, 0x00, 'O', 'B', 0, 0, 2, 0, 0, 0, 0, 1) // File Meta Information Version 1
	b = appendElement(b, 0x00020002, "UI", []byte(class), 0)
	b = appendElement(b, 0x00020003, "UI", []byte(instance), 0)
	b = appendElement(b, tagTransferSyntax, "UI", []byte(syntax), 0)
	b = appendElement(b, 0x00020012, "UI", []byte(implementationUID), 0)
	b = appendElement(b, 0x00020013, "SH", []byte(implementationVersion), ' ')
	if source != "" {
		b = appendElement(b, 0x00020016, "AE", []byte(source), ' ')
	}
	binary.LittleEndian.PutUint32(b[start-4:], uint32(len(b)-start))
	return b
}

// appendElement appends an element of a VR with a 16-bit length, in Explicit VR Little
// Endian, padded to an even length.
func appendElement(b []byte, tag uint32, vr string, value []byte, pad byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(tag>>16))
	b = binary.LittleEndian.AppendUint16(b, uint16(tag))
	b = append(b, vr...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)+len(value)%2))
	b = append(b, value...)
	if len(value)%2 != 0 {
		b = append(b, pad)
	}
	return b
}
