// Package dimse speaks DICOM's own network protocol, both ends of it: the upper layer of
// PS3.8 and the messages of PS3.7. In: associations of modalities and archives that a list
// of peers allows, or objects to send and questions to ask. Out: each object's data set as a
// stream for a Receiver, whose nil is what the sender is told; or what the peer answered.
// It holds no data set in memory, changes none, stores none, and logs neither identities nor
// instance UIDs.
package dimse

import (
	"context"
	"errors"
	"io"
	"net/netip"
)

// Priority is what a request asks for (0000,0700), PS3.7 section 9.1.1.1.
type Priority uint16

// Priorities by their values on the wire.
const (
	Medium Priority = 0x0000
	High   Priority = 0x0001
	Low    Priority = 0x0002
)

// Incoming says of one object what the network knows of it (PS3.7 section 9.1.1). It names
// a patient's instance: not for logs.
type Incoming struct {
	CallingAE, CalledAE string
	Address             netip.Addr // the peer's
	Association         uint64     // counts up from 1 while the process runs
	SOPClassUID         string
	SOPInstanceUID      string
	TransferSyntaxUID   string // as negotiated; the data set is encoded in it
	Priority            Priority
	MoveOriginator      string // AE title that asked for a C-MOVE hither; empty otherwise
}

// Receiver takes objects. Receive reads the bare data set (no preamble, no group 0002) to
// its end and returns nil only once it is safe on disk: the peer may then forget it. Its
// errors become a DIMSE status by the sentinels below, and are logged; what it left unread is
// skipped. data is an io.WriterTo with large writes. Receive is called by many associations
// at once, and in order within one.
type Receiver interface {
	Receive(ctx context.Context, in Incoming, data io.Reader) error
}

// What a Receiver's error tells the peer (PS3.4 table B.2-1); any other one is a processing
// failure (0110), which a peer may try again.
var (
	ErrOutOfResources   = errors.New("out of resources")                  // A700
	ErrDataSetMismatch  = errors.New("data set does not match its class") // A900
	ErrCannotUnderstand = errors.New("cannot understand the data set")    // C000
	ErrNotAuthorized    = errors.New("not authorized")                    // 0124
)

// Reference names an instance by class and UID.
type Reference struct{ SOPClassUID, SOPInstanceUID string }

// Commitment is what an archive says of a request (PS3.4 section J.3.3): it will keep
// Committed, and not the Failed ones.
type Commitment struct {
	CallingAE      string // whose report it is
	TransactionUID string
	Committed      []Reference
	Failed         []FailedReference
}

// FailedReference is an instance that an archive will not keep.
type FailedReference struct {
	Reference
	Reason uint16 // Failure Reason (0008,1197), PS3.3 C.14.1.1; 0112: no such instance
}
