package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
)

// What people are told is fixed, and what the log gets holds no words of a destination.
func TestWhatAnErrorTells(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for _, c := range []struct {
		name  string
		err   error
		fault Fault
		cause string
	}{
		{"a carrier's own word", fmt.Errorf("send: %w", &Failure{Fault: NoRoom, Err: errors.New("status A700")}), NoRoom, "status A700"},
		{"without a cause", &Failure{Fault: NotTaken}, NotTaken, ""},
		{"nobody listens", fmt.Errorf("send to /srv/mueller: %w", refused), Unreachable, "dial: connection refused"},
		{"cut off", fmt.Errorf("send: %w", io.ErrUnexpectedEOF), Unreachable, "*fmt.wrapError"},
		{"too slow", context.DeadlineExceeded, Unreachable, "context.deadlineExceededError"},
		{"a stranger's words", errors.New("550 Mustermann^Max"), Other, "*errors.errorString"},
	} {
		if fault, cause := faultOf(c.err), causeOf(c.err); fault != c.fault || cause != c.cause {
			t.Errorf("%s: %q, %q", c.name, fault, cause)
		}
	}
}
