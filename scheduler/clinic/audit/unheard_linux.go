package audit

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// breakUnheard sets how long what a connection sent may go without the other side's
// acknowledgement before the connection breaks (TCP_USER_TIMEOUT, tcp(7)). The system's own
// patience is a quarter of an hour.
func breakUnheard(after time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var err error
		broken := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(after.Milliseconds()))
		})
		if broken != nil {
			return broken
		}
		return err
	}
}
