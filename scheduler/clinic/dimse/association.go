package dimse

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// association is one peer's, on a server. It is for one goroutine.
type association struct {
	server          *server
	link            *link
	contexts        map[byte]agreed
	peer            Peer
	from            netip.Addr
	number          uint64
	calling, called string
	messages        uint16 // of our own requests
	brought         bool   // the Receiver was given something

	stored, refused, bytes int64
}

// run answers messages until the peer releases the association, which is nil.
func (a *association) run(ctx context.Context) error {
	for {
		c, id, err := a.link.readCommand()
		if errors.Is(err, errReleased) {
			a.link.last(short(pduReleaseRP))
			return nil
		}
		if err != nil {
			return err
		}
		terms, ok := a.contexts[id]
		if !ok {
			return breach(abortInvalidParameter, "message in presentation context %d, which was not accepted", id)
		}
		if err := a.dispatch(ctx, id, terms, c); err != nil {
			return err
		}
	}
}

// dispatch answers one message. Its errors end the association.
func (a *association) dispatch(ctx context.Context, id byte, terms agreed, c command) error {
	switch {
	case c.field == echoRQ && terms.class == verification:
		return a.reply(id, c, statusSuccess)
	case c.field == storeRQ && storage(terms.class):
		return a.store(ctx, id, terms, c)
	case c.field == actionRQ && terms.class == commitmentPush && a.server.config.Holds != nil:
		return a.commit(ctx, id, terms, c)
	case c.field == eventRQ && terms.class == commitmentPush && a.server.config.Committed != nil:
		return a.committed(ctx, id, terms, c)
	}
	if c.dataSet {
		if _, err := a.link.data(id).skip(); err != nil {
			return err
		}
	}
	switch {
	case c.field == cancelRQ: // nothing of ours takes long
		return nil
	case c.field == eventRQ|answerFlag && terms.class == commitmentPush:
		return nil // the peer has our report
	case c.answer():
		return breach(abortUnexpected, "answer %04X to nothing", c.field)
	}
	return a.reply(id, c, statusUnrecognized)
}

func (a *association) reply(id byte, c command, status uint16) error {
	return a.link.send(id, c.respond(status), nil)
}

// store takes one object (C-STORE, PS3.7 section 9.1.1).
func (a *association) store(ctx context.Context, id byte, terms agreed, c command) error {
	status := uint16(statusSuccess)
	switch {
	case c.class != terms.class:
		status = statusNoSuchClass
	case c.instance == "":
		status = statusInvalidInstance
	case !c.dataSet:
		status = statusCannot
	}
	if c.dataSet {
		d := a.link.data(id)
		if status == statusSuccess {
			if err := a.receive(ctx, terms, c, d); err != nil {
				if d.err != nil || ctx.Err() != nil {
					return err
				}
				a.server.log.Warn("object refused", "association", a.number, "calling", a.calling, "error", err)
				status = statusOf(err)
			}
		}
		left, err := d.skip()
		if err != nil {
			return err
		}
		if status == statusSuccess && left > 0 {
			a.server.log.Error("object refused: the receiver did not read it to its end", "association", a.number, "left", left)
			status = statusProcessing
		}
	}
	if status == statusSuccess {
		a.stored++
	} else {
		a.refused++
	}
	return a.reply(id, c, status)
}

// receive hands an object to the Receiver.
func (a *association) receive(ctx context.Context, terms agreed, c command, d *data) error {
	a.brought = true
	err := a.server.config.Receiver.Receive(ctx, Incoming{
		CallingAE: a.calling, CalledAE: a.called, Address: a.from, Association: a.number,
		SOPClassUID: c.class, SOPInstanceUID: c.instance, TransferSyntaxUID: terms.syntax,
		Priority: c.priority, MoveOriginator: c.originator,
	}, d)
	a.bytes += d.taken
	if d.err != nil {
		return fmt.Errorf("receive an object: %w", d.err)
	}
	return err
}

// statusOf says a Receiver's error to the peer.
func statusOf(err error) uint16 {
	switch {
	case errors.Is(err, ErrOutOfResources):
		return statusOutOfResources
	case errors.Is(err, ErrDataSetMismatch):
		return statusMismatch
	case errors.Is(err, ErrCannotUnderstand):
		return statusCannot
	case errors.Is(err, ErrNotAuthorized):
		return statusNotAuthorized
	}
	return statusProcessing
}
