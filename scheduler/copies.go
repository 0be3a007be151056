package scheduler

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/ethereum/go-ethereum/common"
	"github.com/medhive/medhive/models"
)

// Copying is how many nodes do a task at once, and why.
type Copying uint8

// The ways to copy a task.
const (
	Once       Copying = iota // one node
	Hedged                    // several race, the first good result is taken and paid
	Replicated                // several do it and their results are compared, each is paid
)

// MaxCopies bounds the copies of one task: two that race, three that are compared and
// one that breaks a tie.
const MaxCopies = 4

// copyDomain keeps the ids of copies apart from every other hash of the system.
const copyDomain = "medhive/copy/1\x00"

// The refusals among copies of one task.
var (
	ErrSameNode     = errors.New("the node already has a copy of this task")
	ErrSameOperator = errors.New("another node of its operator already has a copy of this task")
	ErrSameSubnet   = errors.New("another node of its subnet already has a copy of this task")
	ErrCopyLost     = errors.New("another copy of the task has won; drop this work")
	ErrNoCopy       = errors.New("this is no copy of the task")
)

// String is the name of the way for people.
func (c Copying) String() string {
	if names := [...]string{"once", "hedged", "replicated"}; int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("copying %d", uint8(c))
}

// Copies is how many copies are made where wanted were asked for (0: the usual number):
// one, or 2 to MaxCopies.
func (c Copying) Copies(wanted int) int {
	if c != Hedged && c != Replicated {
		return 1
	}
	return min(max(wanted, 2), MaxCopies)
}

// CopyID is the task id of the n-th copy: the parent's own for 0, and
// SHA-256(domain ‖ parent ‖ n as 4 bytes big endian) for the others.
func CopyID(parent models.Digest, n int) models.Digest {
	if n == 0 {
		return parent
	}
	var index [4]byte
	binary.BigEndian.PutUint32(index[:], uint32(n))
	h := sha256.New()
	h.Write([]byte(copyDomain))
	h.Write(parent[:])
	h.Write(index[:])
	return models.Digest(h.Sum(nil))
}

// Group is the persistent state of a copied task: its copies are CopyID(Parent, 0) to
// CopyID(Parent, Copies-1), each a Task of its own.
type Group struct {
	Parent  models.Digest `json:"parent"`
	Copying Copying       `json:"copying"`
	Copies  int           `json:"copies"`
	Winner  models.Digest `json:"winner,omitzero"` // of a race: the copy whose result was taken
	// Wanted is set where copies were added to a task so that they check its result: how many
	// there are to be. 0: the task was submitted with all of its copies.
	Wanted int `json:"wanted,omitempty"`
}

// Has reports whether a task is one of the group's copies.
func (g Group) Has(id models.Digest) bool {
	for n := range g.Copies {
		if CopyID(g.Parent, n) == id {
			return true
		}
	}
	return false
}

// Win lets a copy's result be taken, and is persisted with it in one step. Of a race only
// one copy wins; the same one may ask again. Every replica may win.
func (g Group) Win(id models.Digest) (Group, error) {
	switch {
	case !g.Has(id):
		return g, fmt.Errorf("task %s is not of %s: %w", id.Short(), g.Parent.Short(), ErrNoCopy)
	case g.Copying == Replicated:
		return g, nil
	case !g.Winner.IsZero() && g.Winner != id:
		return g, fmt.Errorf("task %s: %s has won: %w", id.Short(), g.Winner.Short(), ErrCopyLost)
	}
	g.Winner = id
	return g, nil
}

// Seat is where a copy runs.
type Seat struct {
	Node     common.Address
	Operator common.Address // zero: unknown, the node is taken for its own operator
	Subnet   string         // as Subnet names it; empty: unknown
}

// Spread checks that a candidate shares neither node, operator nor subnet with those that
// have a copy of the same task already; nil or a named refusal.
func Spread(taken []Seat, candidate Seat) error {
	for _, seat := range taken {
		if err := seat.clashes(candidate); err != nil {
			return err
		}
	}
	return nil
}

func (s Seat) clashes(other Seat) error {
	switch {
	case s.Node == other.Node:
		return ErrSameNode
	case s.operator() == other.operator():
		return ErrSameOperator
	case s.Subnet != "" && s.Subnet == other.Subnet:
		return ErrSameSubnet
	}
	return nil
}

func (s Seat) operator() common.Address {
	if s.Operator == (common.Address{}) {
		return s.Node
	}
	return s.Operator
}

// Bits of an address that name the network of one site or customer.
const (
	subnetBits4 = 24
	subnetBits6 = 48 // what a provider gives to one customer, RFC 6177
)

// Subnet names the network of an address: its /24, or its /48 of IPv6. It is empty where
// the address says nothing about where a node stands: loopback and the like.
func Subnet(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast() || a.IsMulticast() {
		return ""
	}
	bits := subnetBits4
	if a.Is6() {
		bits = subnetBits6
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}
