package dimse

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// answering is a peer that accepts one association, says what it was told to, and lets go.
func answering(t *testing.T, class string, said wire) Remote {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	acceptance := associate{accept: true, version: 1, called: "PACS", calling: "MEDHIVE", context: applicationContext, offers: []offer{{id: 1, class: class, syntaxes: []string{implicitLittleEndian}}}}
	var talking sync.WaitGroup
	talking.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return // nobody called
		}
		defer conn.Close()
		if _, err := conn.Write(append(append(acceptance.encode(), said...), short(pduReleaseRP)...)); err != nil {
			t.Error(err)
		}
		_, _ = io.Copy(io.Discard, conn)
	})
	t.Cleanup(func() {
		_ = listener.Close()
		talking.Wait()
	})
	return Remote{Address: listener.Addr().String(), CalledAE: "PACS", CallingAE: "MEDHIVE", Timeout: time.Minute}
}

// TestHowAMoveEnds: a peer that gave up in the middle has not sent the study.
func TestHowAMoveEnds(t *testing.T) {
	for _, c := range []struct {
		name              string
		status            uint16
		completed, failed byte
		fault             bool
	}{
		{"all sent", statusSuccess, 7, 0, false},
		{"some failed, by a warning", 0xB000, 5, 2, false},
		{"some failed, by a failure", 0xA702, 5, 2, false},
		{"all failed", 0xA702, 0, 7, true},
		{"cancelled in the middle", statusCancelled, 5, 0, true},
		{"given up in the middle", 0xC001, 5, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := command{field: moveRQ, class: studyRootMove, messageID: 1}.respond(c.status).encode()
			answer = appendCommandElement(answer, 0x1021, []byte{c.completed, 0})
			answer = appendCommandElement(answer, 0x1022, []byte{c.failed, 0})
			remote := answering(t, studyRootMove, wire{}.pdu(pduData, fragmentOf(1, 3, answer)))
			result, err := Move(t.Context(), remote, MoveRequest{StudyUID: "1.2.3", Destination: "MEDHIVE"})
			if result.Completed != int(c.completed) || result.Failed != int(c.failed) || result.Status != c.status {
				t.Errorf("%+v", result)
			}
			if status := (*StatusError)(nil); errors.As(err, &status) != c.fault {
				t.Errorf("error %v", err)
			}
		})
	}
}
