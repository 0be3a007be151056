package site

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

const (
	// sweepEvery is how often what is no longer needed is looked for.
	sweepEvery = time.Hour
	// remembered is how long cases, deliveries and orders stay on record after their end: a
	// study that comes again within it is known.
	remembered = 180 * 24 * time.Hour
)

// sweep removes studies and results that were delivered long enough ago, until ctx ends.
func (s *Site) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := s.clear(time.Now()); err != nil {
			s.log.Error("what is no longer needed could not be removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// revision is one revision of a study.
type revision struct {
	study  string
	number int
}

// clear removes the images of studies and the files of results whose cases all ended before
// now less the time to keep them.
func (s *Site) clear(now time.Time) error {
	cases, err := s.book.List(worklist.Filter{})
	if err != nil {
		return err
	}
	needed := map[revision]bool{}
	lowest := map[string]int{} // by study, the first revision that is needed
	over := map[revision]worklist.Case{}
	for _, c := range cases {
		r := revision{c.StudyUID, c.Revision}
		if c.State.Open() || c.Changed.After(now.Add(-s.conf.Intake.Keep)) {
			needed[r] = true
			if n, there := lowest[r.study]; !there || r.number < n {
				lowest[r.study] = r.number
			}
		} else {
			over[r] = c
		}
	}
	var errs []error
	for r, c := range over {
		// What is removed takes all earlier revisions with it.
		if n, there := lowest[r.study]; !there || r.number < n {
			errs = append(errs, s.removeImages(r, c))
		}
	}
	for _, c := range cases {
		if !needed[revision{c.StudyUID, c.Revision}] {
			errs = append(errs, s.removeFiles(c))
		}
	}
	_, err = s.book.Prune(now.Add(-remembered))
	errs = append(errs, err)
	_, err = s.outbox.Prune(now.Add(-remembered))
	errs = append(errs, err)
	_, err = s.items.Prune(now.Add(-remembered))
	errs = append(errs, err)
	_, err = s.orders.Prune(now.Add(-remembered))
	return errors.Join(append(errs, err)...)
}

// removeImages removes one revision of a study, which may be gone already.
func (s *Site) removeImages(r revision, c worklist.Case) error {
	study, err := s.inbox.Study(r.study, r.number)
	if errors.Is(err, inbox.ErrUnknownStudy) {
		return nil
	}
	if err != nil {
		return err
	}
	e := entryOf(audit.Remove, c)
	e.Count, e.Reason = study.Instances, "the time to keep it is over"
	if err := s.record(e); err != nil {
		return err
	}
	return s.inbox.Remove(r.study, r.number)
}

// removeFiles removes what a case left in the spool and in quarantine.
func (s *Site) removeFiles(c worklist.Case) error {
	if err := s.held.Remove(s.unhurried(), c.ID); err != nil {
		return err
	}
	notice, err := s.declined(c)
	if err == nil {
		err = s.removeResult(notice)
	}
	if err != nil || c.Task.IsZero() {
		return err
	}
	return s.removeResult(c.Task)
}

// removeResult removes the files of a task and of the notice that it has no result, unless a
// case or a destination still needs them.
func (s *Site) removeResult(task models.Digest) error {
	for _, id := range s.tasks.of(task) {
		if other, err := s.book.Get(id); err == nil && other.State.Open() {
			return nil
		}
	}
	all, err := s.outbox.Of(task)
	if err != nil {
		return err
	}
	for _, d := range all {
		if !d.State.Final() {
			return nil
		}
	}
	folder := s.resultFolder(task)
	return errors.Join(pathless(os.RemoveAll(folder)), pathless(os.RemoveAll(folder+"-no-result")))
}
