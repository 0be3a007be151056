package broker

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
)

// Disclosure says who can read a study from now on: the content key is about to leave the
// clinic, sealed to them.
type Disclosure struct {
	Task    models.Digest // that was submitted, also of a copy
	To      common.Address
	Fence   uint64
	Payload models.Digest // SHA-256 of the plaintext
	Bytes   int64         // of it
	// Again says that the node had the key before it was restarted; Recheck that a coordinator
	// gets it, and a node's result, to run the task again.
	Again, Recheck bool
}

// disclose has the clinic's record written before a key leaves: without it the key stays.
func (b *Broker) disclose(r record, d Disclosure) error {
	if b.Disclose == nil {
		return nil
	}
	d.Task, d.Payload, d.Bytes = r.Task.ID, r.PayloadHash, r.PayloadBytes
	if !r.Parent.IsZero() {
		d.Task = r.Parent
	}
	if err := b.Disclose(d); err != nil {
		return fmt.Errorf("record the disclosure: %w", err)
	}
	return nil
}
