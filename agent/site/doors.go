package site

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/scheduler/clinic/dimse"
	"github.com/medhive/medhive/scheduler/clinic/hl7"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/route"
)

// webBase is below which path the DICOMweb services stand.
const webBase = "/dicom-web"

// byWeb marks the inbox's associations that are requests of the web door: both doors count
// from 1.
const byWeb = 1 << 63

// openDICOM listens for C-STORE and C-ECHO.
func (s *Site) openDICOM() (err error) {
	if s.conf.DICOM.Listen == "" {
		return nil
	}
	conf := dimse.Config{
		AETitle: s.conf.DICOM.AETitle, MaxAssociations: s.conf.DICOM.MaxAssociations, Idle: s.conf.DICOM.Idle,
		MaxOfOne: s.conf.DICOM.MaxOfOne,
		Receiver: storing{s.inbox}, AssociationEnded: s.inbox.AssociationEnded, Log: s.log,
		Committed: func(ctx context.Context, report dimse.Commitment) error {
			defer s.promises.came(report.TransactionUID) // when it is on disk
			return s.outbox.Committed(ctx, commitmentOf(report))
		},
	}
	if s.conf.DICOM.Commit {
		conf.Holds = s.holds
	}
	if conf.Peers, err = callers(s.conf.DICOM); err != nil {
		return err
	}
	if conf.TLS, err = s.conf.DICOM.TLS.server(); err != nil {
		return err
	}
	if s.dicom, err = net.Listen("tcp", s.conf.DICOM.Listen); err != nil {
		return fmt.Errorf("open the DICOM door: %w; choose another dicom.listen in site.toml", err)
	}
	s.loops.Go(func() {
		if err := dimse.Serve(s.ctx, s.dicom, conf); err != nil && s.ctx.Err() == nil {
			s.log.Error("the DICOM door has closed; restart the site", "error", err)
		}
	})
	return nil
}

// holds says which instances are safe here, for a modality that asks for commitment.
func (s *Site) holds(_ context.Context, _ string, asked []dimse.Reference) (safe []dimse.Reference, err error) {
	uids := make([]string, len(asked))
	for n, r := range asked {
		uids[n] = r.SOPInstanceUID
	}
	for n, there := range s.inbox.Holds(uids) {
		if there {
			safe = append(safe, asked[n])
		}
	}
	return safe, nil
}

// openOrders listens for orders by HL7.
func (s *Site) openOrders() (err error) {
	if s.conf.HL7.Listen == "" {
		return nil
	}
	conf := hl7.Config{Keep: s.keepOrders, Accession: s.conf.HL7.Accession, Told: s.heard.note, Log: s.log}
	if conf.Peers, err = prefixes(s.conf.HL7.Peers); err != nil {
		return err
	}
	if conf.TLS, err = s.conf.HL7.TLS.server(); err != nil {
		return err
	}
	if s.orderDoor, err = net.Listen("tcp", s.conf.HL7.Listen); err != nil {
		return fmt.Errorf("open the door for orders: %w; choose another hl7.listen in site.toml", err)
	}
	s.loops.Go(func() {
		if err := hl7.Serve(s.ctx, s.orderDoor, conf); err != nil && s.ctx.Err() == nil {
			s.log.Error("the door for orders has closed; restart the site", "error", err)
		}
	})
	return nil
}

// keepOrders puts the orders of one message on disk, and into the audit log before.
func (s *Site) keepOrders(ctx context.Context, orders []hl7.Order) error {
	for _, o := range orders {
		err := s.record(audit.Entry{Kind: audit.Order, Way: "hl7", Reason: string(o.Control), Subject: &audit.Subject{StudyUID: o.StudyUID, Accession: o.Accession}})
		if err != nil {
			return err
		}
	}
	if err := s.orders.Keep(ctx, orders); err != nil {
		return err
	}
	for _, o := range orders {
		if o.Stated && o.Control == hl7.Place && o.Priority > scheduler.Routine {
			s.raise(o.StudyUID, o.Accession)
		}
	}
	return nil
}

// openWeb listens for STOW-RS and UPS-RS, and for those who open the dashboard.
func (s *Site) openWeb() (err error) {
	if s.conf.Web.Listen == "" {
		return nil
	}
	services, err := dicomweb.NewServer(dicomweb.Config{
		Receiver: posting{s.inbox}, Workitems: asking{s.items, s}, Base: webBase, Log: s.log,
		User:         func(r *http.Request) string { return callerOf(r.Context()) },
		RequestEnded: func(request uint64, _ int) { s.inbox.AssociationEnded(byWeb | request) },
	})
	if err != nil {
		return err
	}
	pages, err := s.dashboard()
	if err != nil {
		return err
	}
	if s.web, err = openWeb(s.conf.Web, services, pages, s.refused.note, s.log); err != nil {
		return err
	}
	s.loops.Go(func() {
		ticker := time.NewTicker(refusalPeriod)
		defer ticker.Stop()
		s.refused.run(s.ctx, ticker.C)
	})
	return nil
}

// watch takes what is laid into a folder until ctx ends.
func (s *Site) watch(ctx context.Context, w Watch) {
	err := s.inbox.Watch(ctx, inbox.Watching{Folder: w.Folder, Poll: w.Every})
	if err != nil && ctx.Err() == nil {
		s.log.Error("a folder is no longer watched; check it and restart the site", "error", err)
	}
}

// ordered adds to a study's facts what was ordered for it. asked is the UID of the work item
// that wants it, if one does.
func (s *Site) ordered(f route.Facts, study inbox.Study) (_ route.Facts, asked string, err error) {
	order, found, err := s.orders.Find(study.Facts.AccessionNumber, study.StudyUID)
	if err != nil {
		return f, "", err
	}
	if found && order.Stated && order.Control == hl7.Place {
		f.OrderPriority = order.Priority.String()
	}
	item, found, err := s.wanted(study.StudyUID, study.Facts.AccessionNumber)
	if err != nil || !found {
		return f, "", err
	}
	if item.priority > scheduler.Routine {
		f.OrderPriority = item.priority.String()
	}
	f.AskedModel = item.model
	return f, item.uid, nil
}
