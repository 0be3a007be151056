package dimse

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Object is one instance to be sent. Open gives its bare data set in TransferSyntaxUID.
type Object struct {
	SOPClassUID, SOPInstanceUID, TransferSyntaxUID string
	Open                                           func() (io.ReadCloser, error)
}

// Sent is what became of one object: Err is nil when the peer has it (status success or a
// warning), a *StatusError when it refused it, a *RefusedSyntaxError when it takes no such
// objects, else why it could not be read.
type Sent struct {
	SOPInstanceUID string
	Status         uint16 // as the peer answered; 0 too where it was not asked
	Err            error
}

// Send stores objects at a peer (C-STORE), in their order. Each is sent in its own transfer
// syntax. The error is nil when something became of each object, good or bad: see each Sent.
// With an error, the objects beyond the Sents returned are as they were. progress may be nil.
func Send(ctx context.Context, remote Remote, objects []Object, progress func(done, of int)) ([]Sent, error) {
	sent := make([]Sent, 0, len(objects))
	report := func(s Sent) {
		sent = append(sent, s)
		if progress != nil {
			progress(len(sent), len(objects))
		}
	}
	for len(sent) < len(objects) {
		rest := objects[len(sent):]
		if first := rest[0]; !validUID(first.SOPClassUID) || !validUID(first.SOPInstanceUID) || !validUID(first.TransferSyntaxUID) {
			report(Sent{SOPInstanceUID: first.SOPInstanceUID, Err: errors.New("an object without valid UIDs: make it again")})
			continue
		}
		batch, offers := propose(rest)
		if err := sendBatch(ctx, remote, batch, offers, report); err != nil {
			return sent, fmt.Errorf("send objects: %d of %d: %w", len(sent), len(objects), err)
		}
	}
	return sent, nil
}

// kind is what a presentation context is negotiated for.
type kind struct{ class, syntax string }

func kindOf(o Object) kind { return kind{o.SOPClassUID, o.TransferSyntaxUID} }

// propose offers a context for each class and syntax. It takes as many objects as one
// association has contexts for, and stops before one without UIDs.
func propose(objects []Object) ([]Object, []offer) {
	seen := map[kind]bool{}
	var offers []offer
	for n, o := range objects {
		if !validUID(o.SOPClassUID) || !validUID(o.SOPInstanceUID) || !validUID(o.TransferSyntaxUID) {
			return objects[:n], offers
		}
		if seen[kindOf(o)] {
			continue
		}
		if len(offers) == maxContexts {
			return objects[:n], offers
		}
		seen[kindOf(o)] = true
		offers = append(offers, offer{id: byte(2*len(offers) + 1), class: o.SOPClassUID, syntaxes: []string{o.TransferSyntaxUID}})
	}
	return objects, offers
}

// sendBatch sends objects over one association. It ends early, without error, after an
// object that broke the association because it could not be read.
func sendBatch(ctx context.Context, remote Remote, batch []Object, offers []offer, report func(Sent)) error {
	c, err := dial(ctx, remote, offers, nil)
	if err != nil {
		return err
	}
	defer c.close()
	ids := map[kind]byte{}
	for id, terms := range c.contexts {
		ids[kind(terms)] = id
	}
	message := uint16(0)
	for _, o := range batch {
		if err := ctx.Err(); err != nil {
			return c.explain("send an object", err)
		}
		id, ok := ids[kindOf(o)]
		if !ok {
			report(Sent{SOPInstanceUID: o.SOPInstanceUID, Err: &RefusedSyntaxError{SOPClassUID: o.SOPClassUID, TransferSyntaxUID: o.TransferSyntaxUID}})
			continue
		}
		s := Sent{SOPInstanceUID: o.SOPInstanceUID}
		content, err := o.Open()
		if err != nil {
			s.Err = fmt.Errorf("%w: %w", errSource, err)
			report(s)
			continue
		}
		message++
		s.Status, err = c.sendObject(id, o, message, content)
		switch {
		case err == nil:
			s.Err = outcome(s.Status)
			report(s)
		case errors.Is(err, errSource) && ctx.Err() == nil:
			s.Err = c.explain("send an object", err)
			report(s)
			return nil
		default:
			return c.explain("send an object", err)
		}
	}
	c.release()
	return nil
}

// sendObject sends one object, which it closes, and waits for its status.
func (c *call) sendObject(id byte, o Object, message uint16, content io.ReadCloser) (uint16, error) {
	request := command{field: storeRQ, class: o.SOPClassUID, instance: o.SOPInstanceUID, messageID: message, dataSet: true}
	if err := errors.Join(c.link.send(id, request, content), content.Close()); err != nil {
		return 0, err
	}
	answer, err := c.answer(message, storeRQ)
	if err != nil {
		return 0, err
	}
	return answer.status, c.skipData(id, answer)
}
