package dicomweb

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Bounds of what is looked at before an object is handed on.
const (
	maxMetaBytes   = 64 << 10 // preamble and group 0002; real ones have some hundred bytes
	maxLookedBytes = 1 << 20  // up to the Study Instance UID, which stands near the beginning
	maxNesting     = 32       // sequences within sequences
)

// Transfer syntaxes whose data set is not explicit little endian (PS3.5 annex A).
const (
	implicitLittleEndian = "1.2.840.10008.1.2"
	deflatedExplicit     = "1.2.840.10008.1.2.1.99"
	explicitBigEndian    = "1.2.840.10008.1.2.2"
)

// The elements that are looked for.
const (
	mediaSOPClassUID    = 0x0002_0002
	mediaSOPInstanceUID = 0x0002_0003
	transferSyntaxUID   = 0x0002_0010
	studyInstanceUID    = 0x0020_000D
)

// What stands within sequences (PS3.5 section 7.5).
const (
	itemTag         = 0xFFFE_E000
	itemEnd         = 0xFFFE_E00D
	sequenceEnd     = 0xFFFE_E0DD
	undefinedLength = 0xFFFF_FFFF
)

// errHead is what peek refuses an object with.
var errHead = errors.New("not a DICOM file as PS3.10 has it")

// head is what an object says of itself: group 0002 (PS3.10 section 7.1) and, where it was
// asked for, the study it belongs to.
type head struct {
	Reference
	TransferSyntaxUID string
	StudyUID          string
}

// uidForm is what a UID may be (PS3.5 section 9.1), less the rule about leading zeros, which
// real devices break.
var uidForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)

const maxUID = 64 // characters, PS3.5 section 9.1

func validUID(s string) bool { return len(s) <= maxUID && uidForm.MatchString(s) }

// peek reads the head of the Part 10 file r, and its Study Instance UID where study is set.
// whole gives the file from its first byte on.
func peek(r io.Reader, study bool) (h head, whole io.Reader, err error) {
	var seen bytes.Buffer
	looked := io.TeeReader(r, &seen)
	h, next, err := readMeta(looked)
	if err == nil && study {
		h.StudyUID, err = readStudyUID(io.MultiReader(bytes.NewReader(next), looked), h.TransferSyntaxUID)
	}
	return h, io.MultiReader(&seen, r), err
}

// readMeta reads preamble and group 0002, and the tag of whatever follows: next.
func readMeta(r io.Reader) (h head, next []byte, err error) {
	w := &walker{r: r, order: binary.LittleEndian, left: maxMetaBytes}
	const preamble = 128
	magic, err := w.take(preamble + len("DICM"))
	if err != nil {
		return head{}, nil, fmt.Errorf("%w: it ends within the preamble: %w", errHead, err)
	}
	if string(magic[preamble:]) != "DICM" {
		return head{}, nil, fmt.Errorf("%w: no DICM after the preamble", errHead)
	}
	fields := map[uint32]*string{
		mediaSOPClassUID: &h.SOPClassUID, mediaSOPInstanceUID: &h.SOPInstanceUID, transferSyntaxUID: &h.TransferSyntaxUID,
	}
	for {
		if next, err = w.take(4); errors.Is(err, io.EOF) {
			next, err = nil, nil // a head with nothing behind it: whoever keeps it decides
			break
		} else if err != nil {
			return head{}, nil, fmt.Errorf("%w: %w", errHead, err)
		}
		tag := w.tag(next)
		if tag>>16 != 0x0002 {
			break
		}
		length, err := w.length(tag)
		if err != nil {
			return head{}, nil, fmt.Errorf("%w: %w", errHead, err)
		}
		if field := fields[tag]; field != nil {
			*field, err = w.uid(length)
		} else {
			err = w.skip(int64(length))
		}
		if err != nil {
			return head{}, nil, fmt.Errorf("%w: (%04X,%04X): %w", errHead, tag>>16, tag&0xFFFF, err)
		}
	}
	if h.SOPClassUID == "" || h.SOPInstanceUID == "" || h.TransferSyntaxUID == "" {
		return head{}, nil, fmt.Errorf("%w: group 0002 lacks class, instance or transfer syntax", errHead)
	}
	return h, next, nil
}

// readStudyUID walks the data set r up to the Study Instance UID; empty means that it has
// none.
func readStudyUID(r io.Reader, syntax string) (string, error) {
	w := &walker{r: r, order: binary.LittleEndian, left: maxLookedBytes}
	switch syntax {
	case implicitLittleEndian:
		w.implicit = true
	case explicitBigEndian:
		w.order = binary.BigEndian
	case deflatedExplicit:
		w.r = flate.NewReader(r)
	}
	for {
		raw, err := w.take(4)
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("%w: %w", errHead, err)
		}
		tag := w.tag(raw)
		if tag > studyInstanceUID {
			return "", nil // elements ascend (PS3.5 section 7.1)
		}
		length, err := w.length(tag)
		switch {
		case err != nil:
		case tag == studyInstanceUID:
			var uid string
			if uid, err = w.uid(length); err == nil {
				return uid, nil
			}
		case length == undefinedLength:
			err = w.skipSequence(0)
		default:
			err = w.skip(int64(length))
		}
		if err != nil {
			return "", fmt.Errorf("%w: (%04X,%04X): %w", errHead, tag>>16, tag&0xFFFF, err)
		}
	}
}

// walker reads elements one after the other and keeps none but those it is asked for.
type walker struct {
	r        io.Reader
	order    binary.ByteOrder
	implicit bool
	vr       string // of the last element; empty where the syntax names none
	left     int64  // bytes that may still be read
}

var errLong = errors.New("longer than a head may be")

// take reads n bytes; io.EOF only where there is none at all.
func (w *walker) take(n int) ([]byte, error) {
	if w.left -= int64(n); w.left < 0 {
		return nil, errLong
	}
	data := make([]byte, n)
	_, err := io.ReadFull(w.r, data)
	return data, err
}

func (w *walker) skip(n int64) error {
	if w.left -= n; w.left < 0 {
		return errLong
	}
	_, err := io.CopyN(io.Discard, w.r, n)
	return whole(err)
}

// whole turns an end in the midst of an element into what it is.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (w *walker) tag(raw []byte) uint32 {
	return uint32(w.order.Uint16(raw))<<16 | uint32(w.order.Uint16(raw[2:]))
}

// length reads what stands between a tag and its value (PS3.5 section 7.1.2 and 7.1.3).
func (w *walker) length(tag uint32) (uint32, error) {
	raw, err := w.take(4)
	if err != nil {
		return 0, whole(err)
	}
	w.vr = ""
	if w.implicit || tag>>16 == 0xFFFE {
		return w.order.Uint32(raw), nil
	}
	switch w.vr = string(raw[:2]); w.vr {
	case "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV":
		if raw, err = w.take(4); err != nil {
			return 0, whole(err)
		}
		return w.order.Uint32(raw), nil
	}
	if raw[0] < 'A' || raw[0] > 'Z' || raw[1] < 'A' || raw[1] > 'Z' {
		return 0, errors.New("no value representation")
	}
	return uint32(w.order.Uint16(raw[2:])), nil
}

// uid reads a value of length bytes that has to be a UID.
func (w *walker) uid(length uint32) (string, error) {
	if length > maxUID+1 {
		return "", errors.New("too long for a UID")
	}
	raw, err := w.take(int(length))
	if err != nil {
		return "", whole(err)
	}
	s := strings.TrimRight(string(raw), "\x00 ")
	if !validUID(s) {
		return "", errors.New("no UID")
	}
	return s, nil
}

// skipSequence reads to the end of a sequence of undefined length. One of unknown
// representation is implicit little endian within (PS3.5 section 6.2.2, note 2).
func (w *walker) skipSequence(depth int) error {
	if depth > maxNesting {
		return errors.New("sequences too deep")
	}
	if w.vr != "UN" {
		return w.skipItems(depth)
	}
	within := &walker{r: w.r, order: binary.LittleEndian, implicit: true, left: w.left}
	err := within.skipItems(depth)
	w.left = within.left
	return err
}

func (w *walker) skipItems(depth int) error {
	for {
		tag, length, err := w.next()
		switch {
		case err != nil:
			return err
		case tag == sequenceEnd:
			return nil
		case tag != itemTag:
			return errors.New("something else than an item in a sequence")
		case length == undefinedLength:
			err = w.skipItem(depth)
		default:
			err = w.skip(int64(length))
		}
		if err != nil {
			return err
		}
	}
}

// skipItem reads to the end of an item of undefined length.
func (w *walker) skipItem(depth int) error {
	for {
		tag, length, err := w.next()
		switch {
		case err != nil:
			return err
		case tag == itemEnd:
			return nil
		case length == undefinedLength:
			err = w.skipSequence(depth + 1)
		default:
			err = w.skip(int64(length))
		}
		if err != nil {
			return err
		}
	}
}

func (w *walker) next() (tag, length uint32, err error) {
	raw, err := w.take(4)
	if err != nil {
		return 0, 0, whole(err)
	}
	tag = w.tag(raw)
	length, err = w.length(tag)
	return tag, length, err
}
