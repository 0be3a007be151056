package inbox

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// Bounds of what is read of a head before anything is believed.
const (
	// firstLook holds the head of most objects; a longer one makes the look larger, up to
	// maxHeadBytes.
	firstLook    = 32 << 10
	maxHeadBytes = 4 << 20
	maxMetaBytes = 64 << 10 // group 0002 with somebody's private information
	maxElements  = 20_000   // of the head, those inside skipped sequences included
	maxNesting   = 32       // sequences within sequences that are skipped
	maxUIDBytes  = 128      // DICOM's limit is 64; some writers exceed it
	maxTextBytes = 4 << 10  // of one attribute; the longest that is asked for has five parts of 64 characters
)

const undefinedLength = 0xFFFFFFFF

// Tags as group<<16 | element.
const (
	tagMetaLength        = 0x00020000
	tagTransferSyntax    = 0x00020010
	tagCharacterSet      = 0x00080005
	tagClass             = 0x00080016
	tagInstance          = 0x00080018
	tagStudyDate         = 0x00080020
	tagStudyTime         = 0x00080030
	tagContentTime       = 0x00080033
	tagAccession         = 0x00080050
	tagModality          = 0x00080060
	tagManufacturer      = 0x00080070
	tagInstitution       = 0x00080080
	tagReferrer          = 0x00080090
	tagStation           = 0x00081010
	tagStudyDescription  = 0x00081030
	tagSeriesDescription = 0x0008103E
	tagManufacturerModel = 0x00081090
	tagPatientName       = 0x00100010
	tagPatientID         = 0x00100020
	tagIssuer            = 0x00100021
	tagBirthDate         = 0x00100030
	tagSex               = 0x00100040
	tagAge               = 0x00101010
	tagBodyPart          = 0x00180015
	tagStudy             = 0x0020000D
	tagSeries            = 0x0020000E
	tagStudyID           = 0x00200010
	tagInstanceNumber    = 0x00200013
	tagPosition          = 0x00200032
	tagFrames            = 0x00280008
	tagRows              = 0x00280010
	tagColumns           = 0x00280011
	tagBitsStored        = 0x00280101
	tagBurnedIn          = 0x00280301
	tagRequestingService = 0x00321033
	tagRequestedPriority = 0x00401003
	tagPixelData         = 0x7FE00010
	tagItem              = 0xFFFEE000
	tagItemEnd           = 0xFFFEE00D
	tagSequenceEnd       = 0xFFFEE0DD
)

// vrOf is the VR of an attribute that is read (PS3.6), "" for all others.
func vrOf(tag uint32) string {
	switch tag {
	case tagClass, tagInstance, tagStudy, tagSeries:
		return "UI"
	case tagCharacterSet, tagModality, tagSex, tagBodyPart, tagBurnedIn:
		return "CS"
	case tagStudyDate, tagBirthDate:
		return "DA"
	case tagStudyTime, tagContentTime:
		return "TM"
	case tagAccession, tagStation, tagStudyID, tagRequestedPriority:
		return "SH"
	case tagManufacturer, tagInstitution, tagStudyDescription, tagSeriesDescription, tagManufacturerModel,
		tagPatientID, tagIssuer, tagRequestingService:
		return "LO"
	case tagReferrer, tagPatientName:
		return "PN"
	case tagAge:
		return "AS"
	case tagInstanceNumber, tagFrames:
		return "IS"
	case tagPosition:
		return "DS"
	case tagRows, tagColumns, tagBitsStored:
		return "US"
	}
	return ""
}

// head is what the inbox reads of an object: its top level, up to the pixels.
type head struct {
	syntax string            // Transfer Syntax UID
	meta   int               // bytes before the data set: preamble and group 0002
	values map[uint32][]byte // of those attributes that vrOf knows, without padding; US as decimal text
	// pixelsEnd is where uncompressed pixels end in the file or the bare data set, which
	// then has at least so many bytes; 0: not known.
	pixelsEnd int64
}

func (h head) text(tag uint32) string { return string(h.values[tag]) }

func (h head) class() string    { return h.text(tagClass) }
func (h head) instance() string { return h.text(tagInstance) }
func (h head) study() string    { return h.text(tagStudy) }

// How reading a head can end early.
var (
	errMore    = errors.New("the head goes on")
	errForeign = errors.New("not DICOM")
)

// readHead reads the head of an object from its first bytes. syntax is the transfer syntax
// of a bare data set; empty: data begins with the preamble of a Part 10 file. all says that
// data is the whole object. errMore asks for more of it.
func readHead(data []byte, syntax string, all bool) (head, error) {
	h := head{syntax: syntax, values: map[uint32][]byte{}}
	if syntax == "" {
		if err := h.readMeta(data, all); err != nil {
			return h, err
		}
	}
	body := data[h.meta:]
	w := walker{data: body, all: all, elements: maxElements, order: binary.LittleEndian}
	switch {
	case h.syntax == "1.2.840.10008.1.2":
		w.implicit = true
	case h.syntax == "1.2.840.10008.1.2.2":
		w.order = binary.BigEndian
	case h.syntax == "1.2.840.10008.1.2.1.99":
		w.data, w.all = inflated(body, all)
	case !plainUID(h.syntax):
		return h, errForeign
	}
	err := h.walk(&w)
	if h.pixelsEnd > 0 {
		h.pixelsEnd += int64(h.meta)
	}
	if h.syntax == "1.2.840.10008.1.2.1.99" {
		h.pixelsEnd = 0 // it would be of the unpacked data
	}
	if all && errors.Is(err, errMore) {
		err = errForeign // a deflated data set is cut off, or has a head of more than maxHeadBytes
	}
	if err == nil && (!plainUID(h.class()) || !plainUID(h.instance()) || !plainUID(h.study())) {
		err = errForeign
	}
	return h, err
}

// preambleBytes come before the letters DICM and group 0002 (PS3.10 section 7.1).
const (
	preambleBytes = 128
	magic         = "DICM"
)

// readMeta reads preamble and group 0002, which is always Explicit VR Little Endian.
func (h *head) readMeta(data []byte, all bool) error {
	short := errMore
	if all {
		short = errForeign
	}
	if len(data) < preambleBytes+len(magic) {
		return short
	}
	if string(data[preambleBytes:preambleBytes+len(magic)]) != magic {
		return errForeign
	}
	w := walker{data: data[:min(len(data), maxMetaBytes)], at: preambleBytes + len(magic), all: all || len(data) >= maxMetaBytes,
		elements: maxElements, order: binary.LittleEndian}
	for {
		if len(w.data)-w.at < 8 && !w.all {
			return short
		}
		if len(w.data)-w.at < 8 || binary.LittleEndian.Uint16(w.data[w.at:]) != 0x0002 {
			break
		}
		e, err := w.next()
		if err != nil {
			return err
		}
		value, err := w.value(e)
		if err != nil {
			return err
		}
		if e.tag == tagTransferSyntax {
			h.syntax = trimmed(value)
		}
	}
	h.meta = w.at
	if h.syntax == "" {
		return errForeign
	}
	return nil
}

// headEnd is the last group that is needed. What comes behind it is read as far as it is at
// hand, and nothing of it is missed if it isn't.
const headEnd = 0x0028

// walk reads the top level.
func (h *head) walk(w *walker) error {
	for {
		if w.at == len(w.data) && w.all {
			return nil
		}
		start := w.at
		e, err := w.next()
		if err == nil && e.tag == tagPixelData {
			if e.length != undefinedLength {
				h.pixelsEnd = int64(w.at) + int64(e.length)
			}
			return nil
		}
		if err == nil {
			err = h.take(w, e)
		}
		if err != nil {
			// Past the groups that are needed, what can't be read any further is left alone.
			if past := len(w.data)-start >= 2 && w.order.Uint16(w.data[start:]) > headEnd; past {
				return nil
			}
			return err
		}
	}
}

// take remembers the value of an element that is asked for, and skips any other.
func (h *head) take(w *walker, e element) error {
	vr := vrOf(e.tag)
	if vr == "" || e.length == undefinedLength || e.length > maxTextBytes {
		return w.skip(e)
	}
	value, err := w.value(e)
	if err != nil {
		return err
	}
	if _, twice := h.values[e.tag]; twice {
		return nil // PS3.5 section 7.1 knows each once; the first counts
	}
	switch {
	case vr == "US" && len(value) >= 2:
		h.values[e.tag] = appendInt(nil, int(w.order.Uint16(value)))
	case vr == "US":
	default:
		h.values[e.tag] = []byte(trimmed(value))
	}
	return nil
}

// trimmed is a value without its padding (PS3.5 section 6.2).
func trimmed(value []byte) string { return strings.Trim(string(value), " \x00") }

func appendInt(b []byte, n int) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}

// plainUID says that a text can be a UID as they are found in files: DICOM's alphabet is
// digits and dots (PS3.5 section 9), some writers' is larger.
func plainUID(s string) bool {
	if s == "" || len(s) > maxUIDBytes {
		return false
	}
	for _, b := range []byte(s) {
		if b <= ' ' || b > '~' || b == '\\' {
			return false
		}
	}
	return true
}

// inflated unpacks the beginning of a deflated data set (PS3.5 annex A.5), up to
// maxHeadBytes; whole says that it is all of it.
func inflated(packed []byte, all bool) (data []byte, whole bool) {
	var out bytes.Buffer
	_, err := io.CopyN(&out, flate.NewReader(bytes.NewReader(packed)), maxHeadBytes)
	return out.Bytes(), all && errors.Is(err, io.EOF)
}
