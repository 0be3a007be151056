// Package dicomweb speaks DICOM's web services (PS3.18), both ends: a door for studies
// (STOW-RS) and for work that a RIS asks for (UPS-RS), and a client that stores, retrieves
// and searches. In: requests of strangers, bounded before they are read, or objects to send.
// Out: each object as a stream for a Receiver, whose nil is what the sender is told; work
// items for Workitems; or what the peer answered, looked into. It stores no object, changes
// none, listens nowhere by itself, and logs neither identities nor instance UIDs.
package dicomweb

import (
	"context"
	"errors"
	"io"
	"net/netip"
)

// Incoming says of one object what its request and its head tell (PS3.10 section 7.1). It
// names a patient's instance: not for logs.
type Incoming struct {
	Address           netip.Addr // the sender's, or its proxy's
	User              string     // as Config.User names the sender; may be empty
	Request           uint64     // counts up from 1 while the process runs: what came together
	SOPClassUID       string
	SOPInstanceUID    string
	TransferSyntaxUID string
	StudyUID          string // of the request's address; empty where it names no study
}

// Receiver takes objects. Receive reads a whole Part 10 file to its end and returns nil only
// once it is safe on disk: the sender may then forget it. An error of data other than io.EOF
// means that the file did not arrive whole; it must not be kept then. Errors become a failure
// reason by the sentinels below. It is called by many requests at once, and in order within
// one.
type Receiver interface {
	Receive(ctx context.Context, in Incoming, data io.Reader) error
}

// What a Receiver's error tells the sender, as its failure reason (PS3.18 table I.2-2, with
// PS3.7 annex C for 0111); any other one is a processing failure (0110), which a sender may
// try again.
var (
	ErrOutOfResources   = errors.New("out of resources")                           // A700
	ErrDataSetMismatch  = errors.New("data set does not match what was announced") // A900
	ErrCannotUnderstand = errors.New("cannot understand the object")               // C000
	ErrNotSupported     = errors.New("SOP class not supported")                    // 0122
	ErrConflict         = errors.New("another object is kept under the same name") // 0111
)

// Reference names an instance by class and UID.
type Reference struct{ SOPClassUID, SOPInstanceUID string }
