package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
)

// Carrier brings files to one destination.
type Carrier interface {
	// Takes says whether the destination can have files of a form.
	Takes(Form) bool
	// Carry brings items that the destination has not acknowledged, in their order, and calls
	// taken for each when it has acknowledged it, one call at a time. An item may have reached the
	// destination before: the process may have been killed before it could note the
	// acknowledgement. The error is nil when all were taken; a *Failure tells why not.
	Carry(ctx context.Context, items []Item, taken func(Item) error) error
}

// Committer is a Carrier to an archive that promises to keep what it took (DICOM PS3.4
// annex J). A delivery there ends when all is committed.
type Committer interface {
	Carrier
	// Commit asks for the commitment of items under a transaction UID of ours. It returns the
	// answer where it comes at once; nil where it comes later, to Outbox.Committed.
	Commit(ctx context.Context, transaction string, items []Item) (*Commitment, error)
}

// Commitment is an archive's answer.
type Commitment struct {
	Transaction string   // UID
	Kept        []string // SOP Instance UIDs that the archive keeps
	Lost        []string // … that it does not
}

// Object is a DICOM file as a Sender takes it.
type Object struct {
	SOPClassUID, SOPInstanceUID, TransferSyntaxUID string
	Path                                           string // of the Part 10 file
}

// Sender is the sending side of C-STORE or STOW-RS for one destination.
type Sender interface {
	// Send brings objects, and calls taken with the index of each that the peer has acknowledged
	// with success or a warning, one call at a time.
	Send(ctx context.Context, objects []Object, taken func(n int) error) error
}

// CommitmentRequester asks for storage commitment at one destination; see Committer.
type CommitmentRequester interface {
	RequestCommitment(ctx context.Context, transaction string, objects []Object) (*Commitment, error)
}

// Objects is the carrier of DICOM objects. With a requester, which may be nil, a delivery ends
// when the archive has committed itself.
func Objects(sender Sender, requester CommitmentRequester) Carrier {
	if requester == nil {
		return objects{sender}
	}
	return committed{objects{sender}, requester}
}

type objects struct{ sender Sender }

func (objects) Takes(f Form) bool { return f.IsDICOM() }

func (c objects) Carry(ctx context.Context, items []Item, taken func(Item) error) error {
	return c.sender.Send(ctx, objectsOf(items), func(n int) error {
		if n < 0 || n >= len(items) {
			return errors.New("a sender acknowledges an object that it was not given")
		}
		return taken(items[n])
	})
}

type committed struct {
	objects
	requester CommitmentRequester
}

func (c committed) Commit(ctx context.Context, transaction string, items []Item) (*Commitment, error) {
	return c.requester.RequestCommitment(ctx, transaction, objectsOf(items))
}

func objectsOf(items []Item) []Object {
	list := make([]Object, len(items))
	for n, i := range items {
		list[n] = Object{SOPClassUID: i.SOPClassUID, SOPInstanceUID: i.SOPInstanceUID, TransferSyntaxUID: i.TransferSyntaxUID, Path: i.Path}
	}
	return list
}

// Fault is why an attempt did not end a delivery. The words are fixed: what a destination
// answers may repeat what it was sent.
type Fault string

// The faults.
const (
	Unreachable   Fault = "the destination can't be reached; check that it runs, its address and the network"
	Denied        Fault = "the destination takes nothing from this clinic; check titles, certificates and passwords on both sides"
	NotTaken      Fault = "the destination did not take a file; see its own log"
	SyntaxRefused Fault = "the destination takes no objects of a class or transfer syntax; choose other forms, or configure it"
	NotCommitted  Fault = "the destination does not commit itself to keep an object; see its own log"
	NotAnswered   Fault = "the destination did not answer whether it keeps the objects"
	NoRoom        Fault = "the destination has no room; make some"
	FilesChanged  Fault = "the files of the result are gone or were changed; put them back from a backup, or submit the study again"
	Unreadable    Fault = "the files of the result can't be read now; check the clinic's own disk"
	NoCarrier     Fault = "the site names no such destination; put it back into the site's file"
	NothingWanted Fault = "the result has none of the forms that the rule and the destination want; change the rule's forms"
	Other         Fault = "the destination could not be served; see the log"
)

// atHome says that a fault tells nothing of the destination: nothing was brought to it.
func (f Fault) atHome() bool {
	return f == NoCarrier || f == NothingWanted || f == FilesChanged || f == Unreadable
}

// Failure is an error of a carrier with the words that people are told.
type Failure struct {
	Fault Fault
	Err   error // for the log, in the carrier's own words: nothing of a patient; may be nil
}

// Error implements error. The cause is left out: people are told the fixed words.
func (f *Failure) Error() string { return string(f.Fault) }

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// causeOf is what a log may hold of an attempt's error: of others than carriers' own words and
// the network's, the type alone.
func causeOf(err error) string {
	var told *Failure
	if errors.As(err, &told) {
		if told.Err == nil {
			return ""
		}
		return told.Err.Error()
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return fmt.Sprintf("%s: %v", network.Op, network.Err)
	}
	return fmt.Sprintf("%T", err)
}

// faultOf is what an attempt's error tells people.
func faultOf(err error) Fault {
	var told *Failure
	var network net.Error
	switch {
	case errors.As(err, &told):
		return told.Fault
	case errors.As(err, &network), errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Unreachable
	}
	return Other
}
