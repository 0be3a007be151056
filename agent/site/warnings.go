package site

import (
	"context"
	"slices"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

const (
	// lookEvery is how often a site looks at what it warns of.
	lookEvery = time.Minute
	// deliveryPatience is how long a result may wait for its destination before a person is
	// told: archives are down for maintenance for less.
	deliveryPatience = 30 * time.Minute
	// heldPatience is how long a held study may wait for a person's decision.
	heldPatience = 24 * time.Hour
	// nearlyFull is the part of the inbox from which a person is told.
	nearlyFull = 0.9
)

// watchSelf keeps the site's warnings on the clinic's board until ctx ends. They name
// destinations and numbers, and no patient.
func (s *Site) watchSelf(ctx context.Context) {
	if s.clinic == nil {
		return // in tests of the flow
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		s.clinic.Warnings().Hold("site", s.lookAround(time.Now()))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// lookAround is everything that is wrong now.
func (s *Site) lookAround(now time.Time) []warning.Warning {
	list := slices.Concat(deliveryWarnings(s.outbox.Health(), now), s.certificates(now))
	stored, err := s.inbox.Storage()
	if err != nil {
		list = append(list, warning.Of(warning.StateUnreadable, "inbox", "the inbox can't be measured: %v", pathless(err)))
	} else {
		list = append(list, inboxWarnings(stored, int64(s.conf.Intake.KeepFreeGiB)<<30)...)
	}
	held, err := s.book.List(worklist.Filter{States: []worklist.State{worklist.Held}})
	if err != nil {
		return append(list, warning.Of(warning.StateUnreadable, "worklist", "the worklist can't be read: %v", err))
	}
	return append(list, heldWarnings(held, now)...)
}

// deliveryWarnings are about results that don't reach their destinations; pure.
func deliveryWarnings(lines []outbox.Health, now time.Time) (list []warning.Warning) {
	for _, h := range lines {
		if h.Failed > 0 {
			list = append(list, warning.Of(warning.DeliveryGivenUp, h.Destination, "%d results for %s were given up", h.Failed, h.Destination))
		}
		if h.Waiting > 0 && !h.Oldest.IsZero() && now.Sub(h.Oldest) > deliveryPatience {
			w := warning.Of(warning.DeliveryWaits, h.Destination, "%d results wait for %s, the oldest for %v", h.Waiting, h.Destination, now.Sub(h.Oldest).Round(time.Minute))
			if h.Fault != "" {
				w = w.Do(string(h.Fault))
			}
			list = append(list, w)
		}
	}
	return list
}

// inboxWarnings judge the room for studies; keepFree is what the site leaves to others, in
// bytes. Pure.
func inboxWarnings(s inbox.Storage, keepFree int64) []warning.Warning {
	switch {
	case s.Limit > 0 && s.Bytes >= s.Limit || s.Free <= keepFree:
		return []warning.Warning{warning.Of(warning.InboxFull, "", "there is no room for further studies: %d GiB are kept, %d GiB of the disk are free", s.Bytes>>30, s.Free>>30).As(warning.Critical)}
	case s.Limit > 0 && float64(s.Bytes) >= nearlyFull*float64(s.Limit) || float64(s.Free)*nearlyFull <= float64(keepFree):
		return []warning.Warning{warning.Of(warning.InboxFull, "", "the room for studies is nearly used up: %d GiB are kept, %d GiB of the disk are free", s.Bytes>>30, s.Free>>30)}
	}
	return nil
}

// heldWarnings say that studies wait for a person; pure.
func heldWarnings(held []worklist.Case, now time.Time) []warning.Warning {
	late := 0
	for _, c := range held {
		if now.Sub(c.Changed) > heldPatience {
			late++
		}
	}
	if late == 0 {
		return nil
	}
	return []warning.Warning{warning.Of(warning.StudiesHeld, "", "%d of %d held studies wait for a person's decision for more than %v", late, len(held), heldPatience)}
}

// certificates looks at those that the site shows.
func (s *Site) certificates(now time.Time) (list []warning.Warning) {
	shown := map[string]string{"the DICOM door": s.conf.DICOM.TLS.Certificate, "the web door": s.conf.Web.TLS.Certificate,
		"the door for orders": s.conf.HL7.TLS.Certificate, "audit messages": s.conf.Audit.TLS.Certificate}
	for _, d := range s.conf.Destinations {
		shown["calls of "+d.Name] = d.TLS.Certificate
	}
	for _, a := range s.conf.Archives {
		shown["calls of "+a.Name] = a.TLS.Certificate
	}
	for what, path := range shown {
		list = append(list, agent.CertificateWarnings(what, path, now)...)
	}
	return list
}
