package site

import (
	"errors"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// raise gives cases that wait for a place the priority that an order asks for which came
// after their study was routed. Rule and terms stay: the same rule must grant the priority,
// and a case that was submitted already is not touched. The order is on disk before; what
// can't be raised here keeps the priority it has.
func (s *Site) raise(studyUID, accession string) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	waiting, err := s.book.Pending()
	if err != nil {
		s.log.Error("the worklist can't be read", "error", err)
		return
	}
	for _, c := range waiting {
		about := studyUID != "" && c.StudyUID == studyUID || studyUID == "" && accession != "" && c.Subject.Accession == accession
		if !about || c.State != worklist.Routed {
			continue
		}
		if err := s.raiseOne(c); err != nil {
			s.log.Warn("a case could not be given an order's priority", "case", c.ID, "error", err)
		}
	}
}

func (s *Site) raiseOne(c worklist.Case) error {
	study, err := s.inbox.Study(c.StudyUID, c.Revision)
	if errors.Is(err, inbox.ErrUnknownStudy) {
		return nil // its submission will say so
	}
	if err != nil {
		return err
	}
	facts, _, err := s.ordered(factsOf(study), study)
	if err != nil {
		return err
	}
	d := route.Decide(*s.rules.Load(), facts, time.Now(), nil) // its cost is set aside already
	for _, r := range d.Routes {
		if r.Rule != c.Rule || r.Model != c.Model || r.Priority <= c.Terms.Priority {
			continue
		}
		_, err := s.apply(c.ID, worklist.Raise{Priority: r.Priority, By: r.PriorityBy})
		if errors.Is(err, worklist.ErrNotAllowed) {
			return nil // it was submitted meanwhile
		}
		if err == nil {
			s.log.Info("a case that waits was given another priority", "case", c.ID, "priority", r.Priority.String(), "by", r.PriorityBy)
		}
		return err
	}
	return nil
}
