package compute

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/models"
)

// Protocol is the stream of one examination. Frames (attest.WriteFrame), JSON but for the
// opening, C being the coordinator and N the node:
//
//	C offer       id, work, profile
//	N reply       ready, or why not
//	C word        the seed: the work begins, and with it the coordinator's clock
//	N reply       memory only: the table is filled
//	C word        memory only: the nonce that begins the walk
//	N commitment  signed
//	C word        the nonce that picks what is opened
//	N opening     bytes
//	C outcome     the signed examination
const Protocol protocol.ID = "/medhive/compute/1"

// OutcomeProtocol carries one frame, the signed examination, from the coordinator to a node
// that did not hear it at the end of Protocol: whatever it missed or declined.
const OutcomeProtocol protocol.ID = "/medhive/compute/outcome/1"

// maxWord bounds every small frame in bytes.
const maxWord = 1 << 10

// offer announces an examination. It names all but the seed, so that nothing of it can be
// computed before it begins.
type offer struct {
	ID      common.Hash    `json:"id"`
	Work    challenge.Work `json:"work"`
	Profile models.Digest  `json:"profile"` // whose claim is examined
}

// word is 32 bytes that the node could not know before.
type word struct {
	Value common.Hash `json:"value"`
}

// reply is the node's, where no statement is due.
type reply struct {
	Ready  bool   `json:"ready"`
	Reason Reason `json:"reason,omitempty"`
}

// Reason is why a node does not begin.
type Reason string

// The reasons. Each is a strike: that a node is unable is its own word.
const (
	ReasonBusy    Reason = "busy"    // its jobs do not end in time, or it was examined just now, which the coordinator knows too
	ReasonProfile Reason = "profile" // it stands by another profile
	ReasonUnable  Reason = "unable"  // its provider has no such challenge
	ReasonRefused Reason = "refused" // the work is out of the bounds of its claim
)

// workDigest is what commitments and records name a work by.
func workDigest(w challenge.Work) models.Digest {
	text, err := json.Marshal(w)
	if err != nil { // numbers and a word: always JSON
		return models.Digest{}
	}
	return models.DigestOf(text)
}

// subjectOf is a work's kind in the statements' words.
func subjectOf(w challenge.Work) attest.Subject {
	if w.Kind == challenge.Memory {
		return attest.MemorySize
	}
	return attest.ComputeRate
}

// sizeOf is a work's size in the statements' unit.
func sizeOf(w challenge.Work) uint64 {
	if w.Kind == challenge.Memory {
		return w.TableBytes()
	}
	const unit = 1e6
	return uint64(w.Operations() / unit)
}

func send(w io.Writer, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode frame: %w", err)
	}
	return attest.WriteFrame(w, data)
}

func receive(r io.Reader, v any) error {
	data, err := attest.ReadFrame(r, maxWord)
	if err != nil {
		return err
	}
	return decodeFrame(data, v)
}

func decodeFrame(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("decode frame: %w", err)
	}
	return nil
}
