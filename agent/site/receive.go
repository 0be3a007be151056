package site

import (
	"context"
	"errors"
	"io"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/scheduler/clinic/dimse"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
)

// keeper is the inbox, as doors need it.
type keeper interface {
	Receive(ctx context.Context, from inbox.Origin, instance inbox.Instance, data io.Reader) (inbox.Kept, error)
}

// storing hands what comes by C-STORE to the inbox.
type storing struct{ inbox keeper }

// Receive implements dimse.Receiver.
func (s storing) Receive(ctx context.Context, in dimse.Incoming, data io.Reader) error {
	from := inbox.Origin{Way: inbox.WayDIMSE, CallingAE: in.CallingAE, CalledAE: in.CalledAE, Address: in.Address, Association: in.Association}
	if in.Priority == dimse.High {
		from.Priority = scheduler.Urgent
	}
	if in.MoveOriginator != "" {
		from.Way = inbox.WayFetch
	}
	_, err := s.inbox.Receive(ctx, from, inbox.Instance{SOPClassUID: in.SOPClassUID, SOPInstanceUID: in.SOPInstanceUID, TransferSyntaxUID: in.TransferSyntaxUID}, data)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, inbox.ErrFull):
		return dimse.ErrOutOfResources
	case errors.Is(err, inbox.ErrMismatch), errors.Is(err, inbox.ErrConflict):
		return dimse.ErrDataSetMismatch
	case errors.Is(err, inbox.ErrUnreadable), errors.Is(err, inbox.ErrTooLarge):
		return dimse.ErrCannotUnderstand
	}
	return err
}

// posting hands what comes by STOW-RS to the inbox.
type posting struct{ inbox keeper }

// Receive implements dicomweb.Receiver.
func (p posting) Receive(ctx context.Context, in dicomweb.Incoming, data io.Reader) error {
	from := inbox.Origin{Way: inbox.WaySTOW, CallingAE: callerOf(ctx), Address: in.Address, Association: byWeb | in.Request}
	_, err := p.inbox.Receive(ctx, from, inbox.Instance{SOPClassUID: in.SOPClassUID, SOPInstanceUID: in.SOPInstanceUID}, data)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, inbox.ErrFull):
		return dicomweb.ErrOutOfResources
	case errors.Is(err, inbox.ErrConflict):
		return dicomweb.ErrConflict
	case errors.Is(err, inbox.ErrMismatch):
		return dicomweb.ErrDataSetMismatch
	case errors.Is(err, inbox.ErrUnreadable), errors.Is(err, inbox.ErrTooLarge):
		return dicomweb.ErrCannotUnderstand
	}
	return err
}

// callers are who may call, as the DICOM door knows them.
func callers(door DICOM) ([]dimse.Peer, error) {
	secure, err := door.TLS.client()
	if err != nil {
		return nil, err
	}
	var known []dimse.Peer
	for _, p := range door.Peers {
		prefix, err := p.prefix()
		if err != nil {
			return nil, err
		}
		known = append(known, dimse.Peer{AETitle: p.AETitle, Prefix: prefix, Address: p.ReportTo, TLS: secure, Certificate: p.Certificate})
	}
	return known, nil
}
