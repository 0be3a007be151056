package dimse

import (
	"bytes"
	"context"
	"io"
	"maps"
	"reflect"
	"testing"
)

// FuzzConversation gives a server whatever a peer may send. It has to end, to answer in whole
// PDUs, to hold no more than it was given, and to take no object that has no end.
func FuzzConversation(f *testing.F) {
	object := opened().command(1, echo).command(3, store).data(3, []byte("an object"))
	f.Add([]byte(object.release()))
	f.Add([]byte(object.pdu(pduAbort, make([]byte, 4))))
	report := Commitment{TransactionUID: "2.25.1", Committed: []Reference{{ctClass, "1.2"}}, Failed: []FailedReference{{Reference{ctClass, "1.3"}, 0x0112}}}
	f.Add([]byte(opened().command(5, eventCommand(report, 1)).data(5, encodeReferences(report, implicitLittleEndian)).release()))
	ask := command{field: actionRQ, class: commitmentPush, instance: commitmentInstance, messageID: 1, dataSet: true, eventOrAction: actionRequest}
	f.Add([]byte(opened().command(5, ask).data(5, encodeReferences(report, implicitLittleEndian)).command(5, eventCommand(report, 1).respond(0)).release()))
	f.Fuzz(func(t *testing.T, sent []byte) {
		counted := &counter{}
		answers := talk(t, Config{
			Receiver: counted,
			Holds: func(_ context.Context, _ string, asked []Reference) ([]Reference, error) {
				return asked[:len(asked)/2], nil
			},
			Committed: func(context.Context, Commitment) error { return nil },
		}, sent)
		_, commands, _ := said(t, answers)
		taken := 0
		for _, c := range commands {
			if c.field == storeRQ|answerFlag && c.status == statusSuccess {
				taken++
			}
		}
		if taken > counted.objects || counted.bytes > int64(len(sent)) {
			t.Errorf("%d objects acknowledged, %d of %d bytes received, %d bytes sent", taken, counted.objects, counted.bytes, len(sent))
		}
	})
}

// counter counts objects that had an end, and all bytes.
type counter struct {
	objects int
	bytes   int64
}

func (c *counter) Receive(_ context.Context, _ Incoming, data io.Reader) error {
	n, err := io.Copy(io.Discard, data)
	c.bytes += n
	if err == nil {
		c.objects++
	}
	return err
}

// FuzzAssociate: what a server makes of a request is what the peer reads in the answer.
func FuzzAssociate(f *testing.F) {
	f.Add([]byte(opened()[pduHead:]))
	many := request()
	for n := range maxContexts {
		many.offers = append(many.offers, offer{id: byte(2*n + 1), class: ctClass, syntaxes: []string{explicitBigEndian, implicitLittleEndian}})
	}
	f.Add(many.encode()[pduHead:])
	f.Fuzz(func(t *testing.T, body []byte) {
		asked, err := parseAssociate(body, false)
		if err != nil {
			return
		}
		answer, contexts, _, err := negotiate(asked, loopback, terms{anyTitle: true, takeReports: true, answerAsked: true})
		if err != nil {
			return
		}
		read, err := parseAssociate(answer.encode()[pduHead:], true)
		if err != nil {
			t.Fatalf("our answer cannot be read: %v", err)
		}
		if got := accepted(asked.offers, read); !maps.Equal(got, contexts) {
			t.Errorf("peer reads %v, we hold %v", got, contexts)
		}
		for id, terms := range contexts {
			if !validUID(terms.class) || !validUID(terms.syntax) {
				t.Errorf("context %d: %q, %q", id, terms.class, terms.syntax)
			}
		}
	})
}

// FuzzAnswer: whatever a peer answers to our request for an association.
func FuzzAnswer(f *testing.F) {
	offers := []offer{{id: 1, class: ctClass, syntaxes: []string{explicitLittleEndian}}}
	answer, _, _, err := negotiate(request(offers...), loopback, terms{anyTitle: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(answer.encode(), wire{}.command(1, store.respond(0)).release()...))
	f.Add([]byte{pduAssociateRJ, 0, 0, 0, 0, 4, 0, 1, 1, 3})
	f.Fuzz(func(t *testing.T, said []byte) {
		c := &call{link: newLink(&tape{said: bytes.NewReader(said)}, defaultClientSilent, defaultPDU), ctx: t.Context(), stop: func() bool { return true }}
		if err := c.associate(Remote{CalledAE: "PACS", CallingAE: "MEDHIVE"}, offers, nil); err != nil {
			return
		}
		for id, terms := range c.contexts {
			if id != 1 || terms != (agreed{ctClass, explicitLittleEndian}) {
				t.Fatalf("agreed to %d %v", id, terms)
			}
		}
		if _, err := c.sendObject(1, Object{SOPClassUID: ctClass, SOPInstanceUID: "1.2"}, 2, io.NopCloser(bytes.NewReader([]byte("an object")))); err == nil {
			c.release()
		}
	})
}

// FuzzCommand: what can be read means the same when it is written again.
func FuzzCommand(f *testing.F) {
	for _, c := range []command{echo, store, store.respond(statusMismatch), {field: moveRQ, class: studyRootMove, destination: "AGENT", dataSet: true}, {field: cancelRQ, messageID: 7}} {
		f.Add(c.encode())
	}
	f.Fuzz(func(t *testing.T, set []byte) {
		c, err := parseCommand(set)
		if err != nil {
			return
		}
		again, err := parseCommand(c.encode())
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", c, err)
		}
		if again.field != c.field || again.class != c.class || again.instance != c.instance || again.messageID != c.messageID || again.dataSet != c.dataSet || again.status != c.status {
			t.Errorf("%+v became %+v", c, again)
		}
	})
}

// FuzzReport reads the data sets of messages: references, and a query's answer.
func FuzzReport(f *testing.F) {
	report := Commitment{TransactionUID: "2.25.1", Committed: []Reference{{ctClass, "1.2"}}, Failed: []FailedReference{{Reference{ctClass, "1.3"}, 0x0112}}}
	for _, syntax := range []string{implicitLittleEndian, explicitLittleEndian} {
		f.Add(encodeReferences(report, syntax))
		f.Add(Query{StudyUID: "1.2.3", PatientName: "Probe^Peter"}.identifier(syntax))
	}
	// The same in sequences and items without lengths.
	f.Add([]byte("\x08\x00\x95\x11\x06\x00\x00\x002.25.1\x08\x00\x99\x11\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff\x08\x00\x50\x11\x04\x00\x00\x001.2\x00\x08\x00\x55\x11\x04\x00\x00\x001.2\x00\xfe\xff\x0d\xe0\x00\x00\x00\x00\xfe\xff\xdd\xe0\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, syntax := range []string{implicitLittleEndian, explicitLittleEndian} {
			if c, err := parseReferences(content, syntax); err == nil {
				again, err := parseReferences(encodeReferences(c, syntax), syntax)
				if err != nil || !reflect.DeepEqual(again, c) {
					t.Errorf("%+v became %+v, %v", c, again, err)
				}
			}
			if s, err := parseStudy(content, syntax); err == nil && !validUID(s.StudyUID) {
				t.Errorf("a study without UID: %+v", s)
			}
		}
	})
}

// FuzzHead reads the head of a file that is to be sent.
func FuzzHead(f *testing.F) {
	f.Add(append(append(make([]byte, preamble), "DICM"...), "\x02\x00\x02\x00UI\x04\x001.2\x00\x02\x00\x03\x00UI\x04\x001.3\x00\x02\x00\x10\x00UI\x04\x001.4\x00\x08\x00"...))
	f.Fuzz(func(t *testing.T, head []byte) {
		o, start, err := parseHead(head)
		if err == nil && (start <= preamble || start >= int64(len(head)) || !validUID(o.TransferSyntaxUID)) {
			t.Errorf("object %+v from %d of %d", o, start, len(head))
		}
	})
}
