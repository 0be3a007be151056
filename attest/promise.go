package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/models"
)

// Promise is a node's yes to one award: it will bring a result for this task under this
// lease. Who says later that the node brought nothing must show it, so that nobody can speak
// of promises that were never made.
type Promise struct {
	Task   models.Digest // task id, as the node knows it
	Fence  uint64        // fencing number of the lease, from 1
	Node   common.Address
	Clinic common.Address
	At     time.Time // the node's clock, in whole milliseconds
}

const promiseType = "Promise(bytes32 task,uint64 fence,address node,address clinic,uint64 at)"

var promiseTypeHash = crypto.Keccak256Hash([]byte(promiseType))

// Hash is the EIP-712 digest that the node signs.
func (p Promise) Hash(d Domain) [32]byte {
	var w words
	w.word(promiseTypeHash)
	w.word(p.Task)
	w.uint64(p.Fence)
	w.address(p.Node)
	w.address(p.Clinic)
	w.time(p.At)
	return d.digest(w.hash())
}

// Validate checks everything but the signature.
func (p Promise) Validate() error {
	var none common.Address
	switch {
	case p.Task.IsZero() || p.Fence == 0:
		return errors.New("promise: task or fence is empty; name the lease")
	case p.Node == none || p.Clinic == none || p.Node == p.Clinic:
		return fmt.Errorf("promise on task %s: node or clinic is the zero address, or they are one; name both", p.Task.Short())
	}
	return checkTime("promise", p.At)
}

// Pledge is what signs a Promise, without what the statement around it names already.
type Pledge struct {
	At      time.Time // Promise.At
	NodeSig Signature
}

// Verify checks that p.Node made the promise p, whose At is the pledge's.
func (g Pledge) Verify(d Domain, p Promise) error {
	p.At = g.At
	if err := p.Validate(); err != nil {
		return err
	}
	if err := d.verifySigner(p.Hash(d), g.NodeSig, p.Node); err != nil {
		return fmt.Errorf("promise on task %s: %w", p.Task.Short(), err)
	}
	return nil
}

// IsZero reports whether there is no pledge.
func (g Pledge) IsZero() bool { return g.At.IsZero() && g.NodeSig.IsZero() }

type pledgeJSON struct {
	AtMS    int64     `json:"at_ms"`
	NodeSig Signature `json:"node_sig"`
}

// MarshalJSON writes the canonical form.
func (g Pledge) MarshalJSON() ([]byte, error) {
	return json.Marshal(pledgeJSON{unixMilli(g.At), g.NodeSig})
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown keys are errors.
func (g *Pledge) UnmarshalJSON(data []byte) error {
	var j pledgeJSON
	if err := strict(data, &j); err != nil {
		return fmt.Errorf("pledge: %w", err)
	}
	*g = Pledge{fromMilli(j.AtMS), j.NodeSig}
	return nil
}

// AppendBinary appends the binary form to b: 74 bytes.
func (g Pledge) AppendBinary(b []byte) ([]byte, error) {
	a := appender{b: b}
	a.uint8(binaryVersion)
	a.time(g.At)
	a.signature(g.NodeSig)
	return a.done()
}

// UnmarshalBinary reads what AppendBinary wrote. It checks no signature.
func (g *Pledge) UnmarshalBinary(data []byte) error {
	r := reader{b: data}
	r.version()
	v := Pledge{At: r.time(), NodeSig: r.signature()}
	if err := r.done("pledge"); err != nil {
		return err
	}
	*g = v
	return nil
}
