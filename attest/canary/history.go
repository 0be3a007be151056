package canary

import (
	"encoding/binary"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

// MaxProviderBytes bounds a key's provider, as receipts do.
const MaxProviderBytes = attest.MaxProviderBytes

// Key names whose record counts: one node with one model package on one provider. Who was
// right with one of the three tells little of another (BOINC's host and app version).
type Key struct {
	Node     common.Address
	Model    models.Digest // of the package
	Provider string        // at most MaxProviderBytes
}

// Bytes is the key's fixed form for a database: node, model, the provider behind its length.
// Keys of one node lie together.
func (k Key) Bytes() []byte {
	provider := k.Provider[:min(len(k.Provider), MaxProviderBytes)]
	out := append(append([]byte{}, k.Node[:]...), k.Model[:]...)
	return append(binary.BigEndian.AppendUint16(out, uint16(len(provider))), provider...)
}

// History is what the checks of one key came to. The zero value is a newcomer's.
type History struct {
	Streak    uint64 `json:"streak,omitempty"` // consecutive valid checks, since the last invalid one
	Valid     uint64 `json:"valid,omitempty"`
	Invalid   uint64 `json:"invalid,omitempty"`
	Unchecked uint64 `json:"unchecked,omitempty"` // could not be checked: moves nothing
}

// After is the history with one more judgement. Unchecked neither lengthens a streak nor
// ends it.
func (h History) After(j attest.Judgement) History {
	switch j {
	case attest.JudgedValid:
		h.Valid++
		h.Streak++
	case attest.JudgedInvalid:
		h.Invalid++
		h.Streak = 0
	default:
		h.Unchecked++
	}
	return h
}
