package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/testdata/peers"
)

// rsyslogSettings take syslog by TLS from who has a certificate of the authority, and write of
// each message what stands in its header and its text.
const rsyslogSettings = `
global(workDirectory="%[1]s" maxMessageSize="64k" defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="%[2]s" defaultNetstreamDriverCertFile="%[3]s" defaultNetstreamDriverKeyFile="%[4]s")
module(load="imtcp" streamdriver.name="ossl" streamdriver.mode="1" streamdriver.authmode="x509/certvalid")
template(name="seen" type="string" string="%%syslogfacility-text%%|%%syslogseverity-text%%|%%hostname%%|%%app-name%%|%%msgid%%|%%msg%%\n")
input(type="imtcp" address="127.0.0.1" port="%[5]d")
action(type="omfile" file="%[1]s/messages" template="seen")
`

// A real rsyslog takes what we ship, whole and in order, and hears nothing in the clear.
func TestRsyslogTakesTheMessages(t *testing.T) {
	certificates := peers.NewCertificates(t)
	folder := t.TempDir()
	server := peers.NewServer(t, "rsyslogd", "", folder, func(port int) []string {
		settings := filepath.Join(folder, "rsyslog.conf")
		text := fmt.Sprintf(rsyslogSettings, folder, certificates.Authority, certificates.Server, certificates.ServerKey, port)
		if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"-n", "-f", settings, "-i", filepath.Join(folder, "pid")}
	})
	p := newPlace(t)
	l, _ := p.open(t, 4000)
	lines := everyLine()
	for _, line := range lines {
		if err := l.Append(t.Context(), line.Entry); err != nil {
			t.Fatal(err)
		}
	}
	s := ship(t, p, l, server.Address, certificates.ClientTLS(t), time.Hour)
	var got []string
	looks := time.NewTicker(20 * time.Millisecond)
	defer looks.Stop()
	for deadline := time.Now().Add(patience); len(got) < len(lines); <-looks.C {
		data, err := os.ReadFile(filepath.Join(folder, "messages"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		got = strings.SplitAfter(string(data), "\n")
		got = got[:len(got)-1]
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d messages came: %s", len(got), len(lines), server.Printed())
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if n, err := s.shipper.Behind(); n != 0 || err != nil {
		t.Errorf("rsyslog closed in good order, and %d lines count as on their way: %v", n, err)
	}
	for i, text := range got {
		message, ok := strings.CutPrefix(text, "authpriv|notice|aihost|medhive|"+syslogID+"|"+byteOrderMark)
		if !ok {
			message, ok = strings.CutPrefix(text, "authpriv|notice|aihost|medhive|"+syslogID+"|")
		}
		if !ok {
			t.Fatalf("message %d: %s", i+1, text)
		}
		n, err := parseMessage([]byte(message))
		if err == nil {
			err = n.conforms()
		}
		if err != nil {
			t.Fatalf("message %d: %v\n%s", i+1, err, text)
		}
		if line := n.children[len(n.children)-1].attrs["ParticipantObjectID"]; line != fmt.Sprint(i+1) {
			t.Fatalf("message %d is of line %s", i+1, line)
		}
	}
}
