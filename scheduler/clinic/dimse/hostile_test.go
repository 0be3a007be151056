package dimse

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

// wire builds what a peer sends, byte by byte.
type wire []byte

func (w wire) pdu(kind byte, body []byte) wire {
	w = append(w, kind, 0)
	w = binary.BigEndian.AppendUint32(w, uint32(len(body)))
	return append(w, body...)
}

func fragmentOf(context, control byte, content []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(content)+2))
	return append(append(out, context, control), content...)
}

func (w wire) command(context byte, c command) wire {
	return w.pdu(pduData, fragmentOf(context, 3, c.encode()))
}

func (w wire) data(context byte, content []byte) wire {
	return w.pdu(pduData, fragmentOf(context, 2, content))
}

func (w wire) release() wire { return append(w, short(pduReleaseRQ)...) }

// opened is a peer that asked for an association with contexts 1 (echo), 3 (CT), 5
// (commitment).
func opened() wire {
	a := request(
		offer{id: 1, class: verification, syntaxes: []string{implicitLittleEndian}},
		offer{id: 3, class: ctClass, syntaxes: []string{explicitLittleEndian}},
		offer{id: 5, class: commitmentPush, syntaxes: []string{implicitLittleEndian}},
	)
	a.roles = []role{{commitmentPush, true, true}}
	return wire(a.encode())
}

var (
	echo  = command{field: echoRQ, class: verification, messageID: 1}
	store = command{field: storeRQ, class: ctClass, instance: "1.2.3", messageID: 2, dataSet: true}
)

// tape is a connection whose peer has said all it will ever say.
type tape struct {
	said    *bytes.Reader
	answers bytes.Buffer
}

func (t *tape) Read(p []byte) (int, error)       { return t.said.Read(p) }
func (t *tape) Write(p []byte) (int, error)      { return t.answers.Write(p) }
func (t *tape) Close() error                     { return nil }
func (t *tape) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (t *tape) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (t *tape) SetDeadline(time.Time) error      { return nil }
func (t *tape) SetReadDeadline(time.Time) error  { return nil }
func (t *tape) SetWriteDeadline(time.Time) error { return nil }

// talk gives a server all that a peer sends and returns what it answered.
func talk(t testing.TB, config Config, sent []byte) []byte {
	t.Helper()
	config.AETitle = "MEDHIVE"
	if config.Receiver == nil {
		config.Receiver = &shelf{}
	}
	s, err := newServer(config)
	if err != nil {
		t.Fatal(err)
	}
	s.waiting, s.greetings[loopback] = 1, 1
	conn := &tape{said: bytes.NewReader(sent)}
	s.converse(t.Context(), conn, loopback)
	s.background.Wait()
	if s.active != 0 || s.waiting != 0 || len(s.greetings) != 0 || len(s.lists) != 0 {
		t.Errorf("left behind: %d associations, %d greetings, %d lists", s.active, s.waiting, len(s.lists))
	}
	return conn.answers.Bytes()
}

// said reads the kinds of PDUs in answers; the commands among them, and what the last short
// one says.
func said(t testing.TB, answers []byte) (kinds []byte, commands []command, lastWord []byte) {
	t.Helper()
	for len(answers) > 0 {
		if len(answers) < pduHead || int(binary.BigEndian.Uint32(answers[2:])) > len(answers)-pduHead {
			t.Fatalf("answer ends within a PDU: %x", answers)
		}
		kind, body := answers[0], answers[pduHead:pduHead+binary.BigEndian.Uint32(answers[2:])]
		answers = answers[pduHead+len(body):]
		kinds = append(kinds, kind)
		switch kind {
		case pduData:
			if body[5]&1 == 0 { // a data set's
				continue
			}
			c, err := parseCommand(body[fragmentHead:])
			if err != nil {
				t.Fatalf("we answer with what is no command: %v", err)
			}
			commands = append(commands, c)
		case pduAssociateAC:
			if _, err := parseAssociate(body, true); err != nil {
				t.Fatalf("we answer with what is no acceptance: %v", err)
			}
		default:
			lastWord = body
		}
	}
	return kinds, commands, lastWord
}

// TestHostilePeers: each breach ends the association with the reason that PS3.8 has for it,
// and nothing of it is taken for an object.
func TestHostilePeers(t *testing.T) {
	long := make([]byte, maxCommand)
	for _, c := range []struct {
		name   string
		sent   wire
		kinds  []byte // of our answers
		reason byte   // of an abort
	}{
		{"silence", nil, nil, 0},
		{"another protocol", wire("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), []byte{pduAbort}, abortUnexpected},
		{"data before an association", wire{}.command(1, echo), []byte{pduAbort}, abortUnexpected},
		{"a request of 4 GiB", wire{pduAssociateRQ, 0, 0xFF, 0xFF, 0xFF, 0xFF}, []byte{pduAbort}, abortInvalidParameter},
		{"a short request", wire{}.pdu(pduAssociateRQ, make([]byte, 10)), []byte{pduAbort}, abortInvalidParameter},
		{"an item beyond the request", wire{}.pdu(pduAssociateRQ, append(make([]byte, associateTop), 0x10, 0, 0xFF, 0xFF)), []byte{pduAbort}, abortInvalidParameter},
		{"a second request", append(opened(), opened()...), []byte{pduAssociateAC, pduAbort}, abortUnexpected},
		{"unknown PDU", opened().pdu(0x42, nil), []byte{pduAssociateAC, pduAbort}, abortUnrecognized},
		{"a release of 4 GiB", append(opened(), pduReleaseRQ, 0, 0xFF, 0xFF, 0xFF, 0xFF), []byte{pduAssociateAC, pduAbort}, abortInvalidParameter},
		{"a PDU longer than we take", append(opened(), pduData, 0, 0x7F, 0xFF, 0xFF, 0xFF), []byte{pduAssociateAC, pduAbort}, abortInvalidParameter},
		{"a fragment beyond its PDU", opened().pdu(pduData, []byte{0, 0, 1, 0, 1, 3}), []byte{pduAssociateAC, pduAbort}, abortInvalidParameter},
		{"a fragment of length 0", opened().pdu(pduData, []byte{0, 0, 0, 0, 1, 3}), []byte{pduAssociateAC, pduAbort}, abortInvalidParameter},
		{"an empty PDU", opened().pdu(pduData, nil).command(1, echo), []byte{pduAssociateAC, pduAbort}, abortInvalidParameter},
		{"half a fragment", opened().pdu(pduData, []byte{0, 0}), []byte{pduAssociateAC, pduAbort}, abortInvalidParameter},
		{"a context that was not accepted", opened().command(9, echo), []byte{pduAssociateAC, pduAbort}, abortInvalidParameter},
		{"data without command", opened().data(3, []byte{1, 2}), []byte{pduAssociateAC, pduAbort}, abortUnexpected},
		{"a command without end", opened().pdu(pduData, fragmentOf(1, 1, long)).pdu(pduData, fragmentOf(1, 1, long)), []byte{pduAssociateAC, pduAbort}, abortInvalidParameter},
		{"a command that is none", opened().pdu(pduData, fragmentOf(1, 3, []byte("Dear colleague,"))), []byte{pduAssociateAC, pduAbort}, abortInvalidParameter},
		{"a command within an object", opened().command(3, store).command(3, store), []byte{pduAssociateAC, pduAbort}, abortUnexpected},
		{"an object in two contexts", opened().command(3, store).data(1, []byte{1, 2}), []byte{pduAssociateAC, pduAbort}, abortUnexpected},
		{"release within an object", opened().command(3, store).release(), []byte{pduAssociateAC, pduAbort}, abortUnexpected},
		{"an answer to nothing", opened().command(1, echo.respond(0)), []byte{pduAssociateAC, pduAbort}, abortUnexpected},
		{"an abort", opened().pdu(pduAbort, make([]byte, 4)), []byte{pduAssociateAC}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			received := &shelf{}
			kinds, _, last := said(t, talk(t, Config{Receiver: received, Holds: holdsNothing}, c.sent))
			if !bytes.Equal(kinds, c.kinds) {
				t.Fatalf("answers %x, want %x", kinds, c.kinds)
			}
			if len(last) == shortPDU && last[3] != c.reason {
				t.Errorf("abort for reason %d, want %d", last[3], c.reason)
			}
			if len(received.all()) != 0 {
				t.Error("something was taken for an object")
			}
		})
	}
}

func holdsNothing(context.Context, string, []Reference) ([]Reference, error) { return nil, nil }

// TestFaultyMessages: what is wrong with one message does not end the association.
func TestFaultyMessages(t *testing.T) {
	object := []byte("an object")
	other := store
	other.class = mrClass
	nameless := store
	nameless.instance = ""
	bare := store
	bare.dataSet = false
	action := command{field: actionRQ, class: commitmentPush, instance: commitmentInstance, messageID: 2, dataSet: true, eventOrAction: actionRequest}
	strange := action
	strange.eventOrAction = 7
	for _, c := range []struct {
		name   string
		sent   wire
		status uint16
	}{
		{"a good object", opened().command(3, store).data(3, object), statusSuccess},
		{"an object of another class", opened().command(3, other).data(3, object), statusNoSuchClass},
		{"an object without UID", opened().command(3, nameless).data(3, object), statusInvalidInstance},
		{"an object without data", opened().command(3, bare), statusCannot},
		{"a question", opened().command(1, command{field: findRQ, class: studyRootFind, messageID: 2, dataSet: true}).data(1, object), statusUnrecognized},
		{"a request for nothing", opened().command(5, action).data(5, object), statusArgument},
		{"another action", opened().command(5, strange).data(5, object), statusNoAction},
	} {
		t.Run(c.name, func(t *testing.T) {
			kinds, commands, _ := said(t, talk(t, Config{Holds: holdsNothing}, c.sent.command(1, echo).release()))
			if !bytes.Equal(kinds, []byte{pduAssociateAC, pduData, pduData, pduReleaseRP}) {
				t.Fatalf("answers %x", kinds)
			}
			if commands[0].status != c.status || commands[0].messageID != 2 || commands[1].status != statusSuccess {
				t.Errorf("answers %+v, want status %04X and an echo", commands, c.status)
			}
		})
	}
}

// TestCutOff: an object is taken at no point before its last byte came, and a Receiver that
// does not look at errors changes nothing about that.
func TestCutOff(t *testing.T) {
	whole := opened().command(3, store).pdu(pduData, fragmentOf(3, 0, []byte("an object "))).data(3, []byte("in two parts"))
	for end := range len(whole) {
		received := &careless{}
		_, commands, _ := said(t, talk(t, Config{Receiver: received}, whole[:end]))
		if len(commands) > 0 || received.ended > 0 {
			t.Fatalf("cut after %d of %d bytes: answered %+v, the receiver saw %d ends", end, len(whole), commands, received.ended)
		}
	}
	if _, commands, _ := said(t, talk(t, Config{Receiver: &careless{}}, whole)); len(commands) != 1 || commands[0].status != statusSuccess {
		t.Errorf("whole: answered %+v", commands)
	}
}

// careless reads to the end or an error, and calls both good. It takes whatever wraps io.EOF
// for an end.
type careless struct{ ended int }

func (c *careless) Receive(_ context.Context, _ Incoming, data io.Reader) error {
	for buffer := make([]byte, 5); ; {
		if _, err := data.Read(buffer); err != nil {
			if errors.Is(err, io.EOF) {
				c.ended++
			}
			return nil
		}
	}
}

// lazy reads nothing and calls that good.
type lazy struct{}

func (lazy) Receive(context.Context, Incoming, io.Reader) error { return nil }

func TestAnObjectThatWasNotReadIsNotTaken(t *testing.T) {
	_, commands, _ := said(t, talk(t, Config{Receiver: lazy{}}, opened().command(3, store).data(3, []byte("an object")).release()))
	if len(commands) != 1 || commands[0].status != statusProcessing {
		t.Errorf("answered %+v", commands)
	}
}

// TestDataSetsSurviveFragments: however an object is cut, on either side, it arrives whole,
// with each way to read it.
func TestDataSetsSurviveFragments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 1, 20_000).Draw(t, "content")
		most := rapid.SampledFrom([]int{smallestPDU, smallestPDU + 1, 4096, defaultPDU}).Draw(t, "most")
		conn := &tape{said: bytes.NewReader(nil)}
		out := newLink(conn, time.Minute, defaultPDU)
		if err := out.takesAtMost(uint32(most)); err != nil {
			t.Fatal(err)
		}
		source := io.Reader(bytes.NewReader(content))
		if rapid.Bool().Draw(t, "half reads") {
			source = iotest.HalfReader(source)
		}
		if err := out.send(3, store, source); err != nil {
			t.Fatal(err)
		}
		in := newLink(&tape{said: bytes.NewReader(conn.answers.Bytes())}, time.Minute, uint32(most))
		c, id, err := in.readCommand()
		if err != nil || id != 3 || c != store {
			t.Fatalf("%v, context %d, %+v", err, id, c)
		}
		d := in.data(id)
		var got []byte
		if rapid.Bool().Draw(t, "read") {
			got, err = io.ReadAll(struct{ io.Reader }{d})
		} else {
			var buffer bytes.Buffer
			_, err = d.WriteTo(&buffer)
			got = buffer.Bytes()
		}
		if len(content)%2 == 1 {
			content = append(content, 0)
		}
		if err != nil || !slices.Equal(got, content) {
			t.Fatalf("%v: %d bytes, want %d", err, len(got), len(content))
		}
		if _, _, err := in.readCommand(); !errors.Is(err, io.EOF) {
			t.Fatalf("after the object: %v", err)
		}
	})
}
