package runner

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/runner/sandbox"
	"github.com/medhive/medhive/models"
)

// kind is the first byte of a frame. A frame is kind, length (4 bytes, big-endian) and
// as many bytes of payload.
type kind byte

const (
	// To the child.
	kindInit    kind = 'I' // initMessage as JSON: first
	kindWeights kind = 'W' // the ONNX file: second
	kindJob     kind = 'J' // a study as tar; one at a time
	kindExamine kind = 'E' // a package's example, as a job; its result has the labels, too
	kindTurn    kind = 'T' // empty: the job may compute; answers progress{inference, 0}
	// From the child.
	kindReady    kind = 'R' // readyMessage as JSON: once, after the session is loaded
	kindProgress kind = 'P' // progressMessage as JSON
	kindResult   kind = 'O' // inference.Result.Encode: ends a job
	kindFailure  kind = 'F' // failureMessage as JSON: ends a job or the start
)

const (
	frameHeader     = 5
	maxMessageBytes = models.MaxManifestBytes + 64<<10 // init holds the manifest
	maxShortBytes   = 8 << 10                          // ready, progress and failure
)

// maxStudyBytes bounds a study in tar: what the reader takes, plus a block and padding
// for each file.
func maxStudyBytes() int64 {
	l := dicom.DefaultLimits()
	return min(l.MaxTotalBytes+int64(l.MaxFiles)*1536+1024, 1<<32-1)
}

// limit is the longest payload of a kind; 0 for unknown kinds.
func (k kind) limit() int64 {
	switch k {
	case kindInit:
		return maxMessageBytes
	case kindWeights:
		return models.MaxWeightsBytes
	case kindJob, kindExamine:
		return maxStudyBytes()
	case kindTurn:
		return 0
	case kindReady, kindProgress, kindFailure:
		return maxShortBytes
	case kindResult:
		return inference.MaxResultBytes
	}
	return 0
}

type initMessage struct {
	Library      string          `json:"library"`
	Provider     string          `json:"provider"`
	Threads      int             `json:"threads"`
	MemoryBytes  int64           `json:"memory_bytes"`
	TimeoutMilli int64           `json:"timeout_ms"`
	Trial        bool            `json:"trial,omitempty"` // no model follows: try the provider and say how that went
	Manifest     models.Manifest `json:"manifest"`
}

type readyMessage struct {
	Runtime  string        `json:"runtime"`
	Provider string        `json:"provider"`
	Facts    sandbox.Facts `json:"facts"` // what confines the child
}

type progressMessage struct {
	Stage string  `json:"stage"`
	Done  float64 `json:"done"`
}

type failureMessage struct {
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitempty"`
	What   string `json:"what,omitempty"` // of a refusal
	Where  string `json:"where,omitempty"`
	Do     string `json:"do,omitempty"`
}

// errFrame is a stream that breaks the protocol.
var errFrame = errors.New("frame out of protocol")

// errUnsendable is a message that no frame can hold; nothing of it was sent.
var errUnsendable = errors.New("it can't be sent to a runner")

// writeFrame sends one frame.
func writeFrame(w io.Writer, k kind, payload []byte) error {
	if int64(len(payload)) > k.limit() {
		return fmt.Errorf("%w: a frame of kind %q has %d bytes; the limit is %d", errUnsendable, rune(k), len(payload), k.limit())
	}
	header := binary.BigEndian.AppendUint32([]byte{byte(k)}, uint32(len(payload)))
	if _, err := w.Write(header); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

// writeMessage sends v as JSON.
func writeMessage(w io.Writer, k kind, v any) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnsendable, err)
	}
	return writeFrame(w, k, payload)
}

// firstPiece is what a frame may allocate on its word alone; the rest must arrive.
const firstPiece = 1 << 20

// readFrame receives one frame of the allowed kinds. Its memory grows with what arrives,
// not with what the header claims.
func readFrame(r io.Reader, allowed ...kind) (kind, []byte, error) {
	var header [frameHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, nil, err
	}
	k, length := kind(header[0]), int64(binary.BigEndian.Uint32(header[1:]))
	if !strings.ContainsRune(string(kinds(allowed)), rune(k)) || length > k.limit() {
		return 0, nil, fmt.Errorf("%w: kind %q with %d bytes; expected one of %q", errFrame, rune(k), length, kinds(allowed))
	}
	payload := make([]byte, min(length, firstPiece))
	read := 0
	for {
		n, err := io.ReadFull(r, payload[read:])
		if read += n; err != nil {
			return 0, nil, fmt.Errorf("payload of kind %q ends after %d of %d bytes: %w", rune(k), read, length, io.ErrUnexpectedEOF)
		}
		if int64(read) == length {
			return k, payload, nil
		}
		grown := make([]byte, min(length, int64(read)*4))
		copy(grown, payload)
		payload = grown
	}
}

// kinds is the allowed set as text.
func kinds(allowed []kind) []byte {
	text := make([]byte, len(allowed))
	for i, k := range allowed {
		text[i] = byte(k)
	}
	return text
}

// parseMessage reads a JSON payload strictly.
func parseMessage(payload []byte, v any) error {
	dec := json.NewDecoder(strings.NewReader(string(payload)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", errFrame, err)
	}
	return nil
}
