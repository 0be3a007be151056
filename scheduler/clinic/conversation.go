package clinic

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// word is the first byte of a message between the clinic's daemon and its confined child.
// A message is word, length (4 bytes, big-endian) and as many bytes. Both ends are the same
// executable, so there is one version of it.
type word byte

const (
	// To the child: a study is wordIntake, files, wordAll, and then any number of orders; a
	// result is wordRestore, wordResult; a payload wordInspect, wordInstance, wordAll; an image wordView, wordObject.
	wordIntake  word = 'S' // intakeMessage
	wordObject  word = 'D' // one DICOM file
	wordArchive word = 'A' // one file as it was given: a zip or a DICOM file
	wordAll     word = 'E' // empty: those were all files
	wordOrder   word = 'O' // order
	wordInspect word = 'C' // terms; then the objects of a payload as wordInstance, and wordAll
	wordView    word = 'V' // viewMessage; then one DICOM file as wordObject. From the child: the view
	wordRestore word = 'B' // restoration
	wordResult  word = 'Z' // inference.Result.Encode
	// From the child.
	wordFacts    word = 'T' // facts: the study can be used; or a bearer
	wordInstance word = 'I' // one object of the payload, or of the restored result; to the child, one to inspect
	wordName     word = 'N' // the file's name, before its wordInstance
	wordDone     word = 'X' // empty: an order or a result is done
	wordRefusal  word = 'R' // refusalMessage: instead of facts, or of what is not done yet
	wordHeld     word = 'H' // heldMessage: a study's pixels are in doubt; in the place of a refusal
)

// maxMessageBytes bounds JSON: the identity of a task of 65,536 frames with a million UIDs.
const maxMessageBytes = 256 << 20

// maxNameBytes bounds the name of a restored file.
const maxNameBytes = 64

// objectHeaderBytes is what an object of the payload may have beyond its source: what
// the profile puts in, and pixels that were compressed are bounded by the limits.
const objectHeaderBytes = 16 << 20

// most is the longest message of a kind.
func (w word) most(lim dcm.Limits) int64 {
	switch w {
	case wordIntake, wordOrder, wordInspect, wordRestore, wordFacts:
		return maxMessageBytes
	case wordView:
		return maxViewBytes
	case wordObject:
		return lim.MaxFileBytes
	case wordArchive:
		return lim.MaxTotalBytes
	case wordResult:
		return inference.MaxResultBytes
	case wordInstance:
		return max(lim.MaxFileBytes, inference.MaxResultBytes) + objectHeaderBytes
	case wordName:
		return maxNameBytes
	case wordRefusal:
		return maxTextBytes
	case wordHeld:
		return maxHeldBytes
	}
	return 0
}

type intakeMessage struct {
	Selection models.Selection `json:"selection"`
	Picture   bool             `json:"picture,omitempty"`
	Policy    Policy           `json:"policy,omitzero"`
	Limits    dcm.Limits       `json:"limits"`
	// Bearer asks whose study it is alone, whether or not a model could take it.
	Bearer bool `json:"bearer,omitempty"`
}

// refusalMessage is an error in words. What is empty where it is no refusal.
type refusalMessage struct {
	Text  string `json:"text"`
	What  string `json:"what,omitempty"`
	Where string `json:"where,omitempty"`
	Do    string `json:"do,omitempty"`
}

// maxTextBytes bounds a refusal; maxTold each of its texts, in characters.
const (
	maxTextBytes = 64 << 10
	maxTold      = 1000
)

// told is an error that the child told of. Its words are our own program's, unless the
// child was taken over: they are made printable and short.
type told struct {
	text    string
	refusal *dcm.Refusal // nil if it is none
}

func (t *told) Error() string { return t.text }

// Unwrap gives the refusal to errors.As.
func (t *told) Unwrap() error {
	if t.refusal == nil {
		return nil
	}
	return t.refusal
}

// errTold stands in logs for what a confined child said.
var errTold = errors.New("the reader refused it; the worklist and the one who asked have its words")

// Loggable is err as it may stand in a log: the words of a confined child, which may have
// been taken over by the images that it read, are left out.
func Loggable(err error) error {
	var words *told
	var held *Held
	if errors.As(err, &words) || errors.As(err, &held) {
		return errTold
	}
	return err
}

// error is the message as an error of this process.
func (m refusalMessage) error() error {
	short := func(s string) string {
		if runes := []rune(printable(s)); len(runes) > maxTold {
			return string(runes[:maxTold])
		} else {
			return string(runes)
		}
	}
	t := &told{text: short(m.Text)}
	if m.What != "" {
		t.refusal = &dcm.Refusal{What: short(m.What), Where: short(m.Where), Do: short(m.Do)}
	}
	return t
}

// messageOf puts an error into words that another process can have.
func messageOf(err error) refusalMessage {
	m := refusalMessage{Text: err.Error()}
	var refusal *dcm.Refusal
	if errors.As(err, &refusal) {
		m.What, m.Where, m.Do = refusal.What, refusal.Where, refusal.Do
	}
	return m
}

// errStrange is what none of our own processes says.
var errStrange = errors.New("a message out of turn, or one that can't be")

// send writes one message.
func send(w io.Writer, kind word, payload []byte) error {
	if int64(len(payload)) > 1<<32-1 {
		return fmt.Errorf("send %d bytes: no message has so many", len(payload))
	}
	_, err := w.Write(binary.BigEndian.AppendUint32([]byte{byte(kind)}, uint32(len(payload))))
	if err == nil && len(payload) > 0 {
		_, err = w.Write(payload)
	}
	return err
}

// sendJSON writes a message of JSON.
func sendJSON(w io.Writer, kind word, v any) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return send(w, kind, payload)
}

// firstPiece is what a message may allocate on its word alone; the rest must arrive.
const firstPiece = 1 << 20

// hear reads one message of the given kinds. Its memory grows with what arrives.
func hear(r io.Reader, lim dcm.Limits, kinds ...word) (word, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	kind, length := word(head[0]), int64(binary.BigEndian.Uint32(head[1:]))
	if !slices.Contains(kinds, kind) || length > kind.most(lim) {
		return 0, nil, errStrange
	}
	payload := make([]byte, min(length, firstPiece))
	for read := int64(0); ; {
		n, err := io.ReadFull(r, payload[read:])
		if err != nil {
			return 0, nil, err
		}
		if read += int64(n); read == length {
			return kind, payload, nil
		}
		grown := make([]byte, min(length, 4*read))
		copy(grown, payload)
		payload = grown
	}
}

// hearJSON reads a message of JSON into v, or the refusal that came in its place.
func hearJSON(r io.Reader, lim dcm.Limits, kind word, v any) error {
	got, payload, err := hear(r, lim, kind, wordRefusal, wordHeld)
	if err != nil {
		return err
	}
	switch got {
	case wordRefusal:
		return refusalOf(payload)
	case wordHeld:
		return heldOf(payload)
	}
	if json.Unmarshal(payload, v) != nil {
		return errStrange
	}
	return nil
}

// refusalOf reads a refusal.
func refusalOf(payload []byte) error {
	var m refusalMessage
	if json.Unmarshal(payload, &m) != nil || m.Text == "" {
		return errStrange
	}
	return m.error()
}

// restoration is all that the restoring of one task's result needs: of this task alone,
// and no key.
type restoration struct {
	Identity   Identity      `json:"identity"`
	Task       models.Digest `json:"task"`
	Seed       models.Digest `json:"seed"` // of the objects that the clinic writes
	Namespaces Namespaces    `json:"namespaces"`
	Finished   time.Time     `json:"finished"` // by the receipt
	Limits     dcm.Limits    `json:"limits"`
}
