package audit

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/testdata/peers"
)

// A connection to a machine that has vanished must break before what was sent on it counts
// as arrived.
func TestUnheardConnectionsBreakBeforeTheirLinesSettle(t *testing.T) {
	certificates := peers.NewCertificates(t)
	r := newRepository(t, certificates.ServerTLS(t), nil)
	l, _ := newPlace(t).open(t, 0)
	for _, settle := range []time.Duration{0, time.Minute, time.Millisecond} {
		s, err := NewShipper(ShipperConfig{Log: l, Address: r.listener.Addr().String(), TLS: certificates.ClientTLS(t), Cursor: t.TempDir() + "/shipped", Settle: settle})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := s.dialer().DialContext(t.Context(), "tcp", s.conf.Address)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := conn.(*tls.Conn).NetConn().(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var unheard int
		var asked error
		if err := raw.Control(func(fd uintptr) {
			unheard, asked = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
		}); err != nil || asked != nil {
			t.Fatal(err, asked)
		}
		if got := time.Duration(unheard) * time.Millisecond; got < leastUnheard || got > leastUnheard && got >= s.conf.Settle {
			t.Errorf("lines settle after %s, an unheard connection breaks after %s", s.conf.Settle, got)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
