package audit

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What stands before a DICOM audit message on its way to a repository (PS3.15 A.6, RFC 5424).
const (
	syslogPriority = 10<<3 | 5 // facility security/authorization (10), severity notice (5)
	syslogID       = "DICOM+RFC3881"
	syslogApp      = "medhive"
	byteOrderMark  = "\xEF\xBB\xBF" // says that what follows is UTF-8
	syslogTime     = "2006-01-02T15:04:05.000Z07:00"
)

// syslogMessage is a message as RFC 5424 has it, framed for TLS as RFC 5425 has it: its length
// in octets, a space, the message.
func syslogMessage(host string, process int, at time.Time, message []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<%d>1 %s %s %s %d %s - %s", syslogPriority, at.UTC().Format(syslogTime), printable(host), syslogApp, process, syslogID, byteOrderMark)
	b.Write(message)
	return append([]byte(strconv.Itoa(b.Len())+" "), b.Bytes()...)
}

// maxHostBytes is the length of a host's name (RFC 5424 6).
const maxHostBytes = 255

// printable is a host's name as a header may hold it: printable ASCII without spaces.
func printable(host string) string {
	host = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, host)
	if host == "" {
		return "-"
	}
	return host[:min(len(host), maxHostBytes)]
}
