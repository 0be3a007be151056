package dimse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"
)

// Remote is a peer to call.
type Remote struct {
	Address             string        // host:port
	CalledAE, CallingAE string        // its title and ours
	TLS                 *tls.Config   // nil: plain TCP
	Timeout             time.Duration // longest silence of the peer; 0: 30 s
}

// RefusedSyntaxError says that a peer takes no objects of a class in a transfer syntax, or
// no messages of the class at all (an empty TransferSyntaxUID).
type RefusedSyntaxError struct{ SOPClassUID, TransferSyntaxUID string }

// Error implements error.
func (e *RefusedSyntaxError) Error() string {
	if e.TransferSyntaxUID == "" {
		return fmt.Sprintf("peer does not support class %s: enable it there", e.SOPClassUID)
	}
	return fmt.Sprintf("peer takes no objects of class %s in transfer syntax %s: enable both there", e.SOPClassUID, e.TransferSyntaxUID)
}

// call is an association that we asked for. It is for one goroutine.
type call struct {
	link     *link
	contexts map[byte]agreed // accepted
	ctx      context.Context // of the call's one function
	stop     func() bool
}

// dial asks a peer for an association.
func dial(ctx context.Context, remote Remote, offers []offer, roles []role) (*call, error) {
	if !validAE(remote.CalledAE) || !validAE(remote.CallingAE) {
		return nil, fmt.Errorf("AE titles %q and %q: want 1 to %d printable ASCII characters each; correct them, and try again", remote.CalledAE, remote.CallingAE, maxAE)
	}
	longest := remote.Timeout
	if longest <= 0 {
		longest = defaultClientSilent
	}
	conn, err := connect(ctx, remote, longest)
	if err != nil {
		return nil, fmt.Errorf("call the peer: %w", err)
	}
	c := &call{link: newLink(conn, longest, defaultPDU), ctx: ctx}
	c.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	if err := c.associate(remote, offers, roles); err != nil {
		c.close()
		return nil, c.explain("ask for an association", err)
	}
	return c, nil
}

func connect(ctx context.Context, remote Remote, longest time.Duration) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: longest}
	conn, err := dialer.DialContext(ctx, "tcp", remote.Address)
	if err != nil || remote.TLS == nil {
		return conn, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(true) // under TLS the link does not see it
	}
	config := remote.TLS
	if config.ServerName == "" && !config.InsecureSkipVerify {
		host, _, err := net.SplitHostPort(remote.Address)
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		config = config.Clone()
		config.ServerName = host
	}
	secured := tls.Client(conn, config)
	hurried, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if err := secured.HandshakeContext(hurried); err != nil {
		return nil, errors.Join(fmt.Errorf("TLS: %w", err), conn.Close())
	}
	return secured, nil
}

// associate exchanges request and answer.
func (c *call) associate(remote Remote, offers []offer, roles []role) error {
	request := associate{version: 1, called: remote.CalledAE, calling: remote.CallingAE, context: applicationContext, offers: offers, roles: roles, maxLength: c.link.limit}
	if _, err := c.link.patient.Write(request.encode()); err != nil {
		return fmt.Errorf("write to the peer: %w", err)
	}
	kind, length, err := c.link.pduStart()
	if err != nil {
		return err
	}
	body, err := c.link.body(length, maxAssociatePDU)
	if err != nil {
		return err
	}
	switch kind {
	case pduAssociateAC:
		answer, err := parseAssociate(body, true)
		if err != nil {
			return err
		}
		c.contexts = accepted(offers, answer)
		return c.link.takesAtMost(answer.maxLength)
	case pduAssociateRJ:
		if len(body) != shortPDU {
			return breach(abortInvalidParameter, "a rejection of %d bytes", len(body))
		}
		return &RejectedError{Result: body[1], Source: body[2], Reason: body[3]}
	case pduAbort:
		aborted := &AbortedError{}
		if len(body) == shortPDU {
			aborted.Source, aborted.Reason = body[2], body[3]
		}
		return aborted
	}
	return breach(abortUnexpected, "PDU %02X where an answer to our request should be", kind)
}

// accepted gives the contexts that a peer agreed to, of those that it was offered and with a
// syntax that it was offered.
func accepted(offers []offer, answer associate) map[byte]agreed {
	contexts := map[byte]agreed{}
	for _, got := range answer.offers {
		for _, o := range offers {
			if o.id == got.id && got.result == contextAccepted && len(got.syntaxes) == 1 && slices.Contains(o.syntaxes, got.syntaxes[0]) {
				contexts[o.id] = agreed{class: o.class, syntax: got.syntaxes[0]}
			}
		}
	}
	return contexts
}

// answer reads the answer to the one request that is open.
func (c *call) answer(message, field uint16) (command, error) {
	got, _, err := c.link.readCommand()
	if errors.Is(err, errReleased) {
		err = breach(abortUnexpected, "release where an answer should be")
	}
	if err != nil {
		return command{}, err
	}
	if got.field != field|answerFlag || got.messageID != message {
		return command{}, breach(abortUnexpected, "message %04X where the answer to %04X should be", got.field, field)
	}
	return got, nil
}

// skipData passes over the data set that a message may have.
func (c *call) skipData(id byte, message command) error {
	if !message.dataSet {
		return nil
	}
	_, err := c.link.data(id).skip()
	return err
}

// within waits for the peer's next byte.
func (c *call) within(wait time.Duration) bool {
	usual := c.link.patient.longest
	c.link.patient.longest = wait
	_, err := c.link.in.Peek(1)
	c.link.patient.longest = usual
	return err == nil
}

// release ends the association in good order. All work is done: a peer that does not answer
// changes nothing.
func (c *call) release() {
	if _, err := c.link.patient.Write(short(pduReleaseRQ)); err != nil {
		return
	}
	c.link.patient.longest = min(c.link.patient.longest, hangUp)
	if kind, length, err := c.link.pduStart(); err == nil && kind == pduReleaseRP {
		_, _ = io.CopyN(io.Discard, c.link.in, int64(min(length, shortPDU)))
	}
}

// close ends the connection.
func (c *call) close() {
	c.stop()
	_ = c.link.conn.Close()
}

// explain wraps the error that ended a call, after a word to the peer.
func (c *call) explain(doing string, err error) error {
	if cause := c.ctx.Err(); cause != nil {
		return fmt.Errorf("%s: %w", doing, cause)
	}
	var aborted *AbortedError
	var rejected *RejectedError
	if !errors.As(err, &aborted) && !errors.As(err, &rejected) {
		c.link.abort(err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Echo verifies that a peer answers (C-ECHO, PS3.7 section 9.1.5).
func Echo(ctx context.Context, remote Remote) error {
	c, err := dial(ctx, remote, []offer{{id: 1, class: verification, syntaxes: []string{implicitLittleEndian}}}, nil)
	if err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	defer c.close()
	if _, ok := c.contexts[1]; !ok {
		return c.explain("echo", &RefusedSyntaxError{SOPClassUID: verification})
	}
	if err := c.link.send(1, command{field: echoRQ, class: verification, messageID: 1}, nil); err != nil {
		return c.explain("echo", err)
	}
	answer, err := c.answer(1, echoRQ)
	if err == nil {
		err = outcome(answer.status)
	}
	if err != nil {
		return c.explain("echo", err)
	}
	c.release()
	return nil
}
