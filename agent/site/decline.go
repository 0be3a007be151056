package site

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// What destinations are told where the worklist has other words: a person's, or an error's.
const (
	toldDeclined = "a person at the clinic decided that the study is not analysed"
	toldRefused  = "the study can't be analysed as it is; the clinic's worklist says why"
	toldTried    = "the study could not be handed over for analysis"
)

// declined names the notice that a case's study was refused before a task was made of it: the
// same for the same case, and nothing that anybody else could make.
func (s *Site) declined(c worklist.Case) (task models.Digest, err error) {
	key, err := s.keys.of("declined")
	if err != nil {
		return task, err
	}
	name, err := json.Marshal([]any{c.StudyUID, c.Revision, c.Rule, c.Model})
	if err != nil {
		return task, err
	}
	mac := hmac.New(sha256.New, key[:])
	mac.Write(name) // a hash never fails
	return models.Digest(mac.Sum(nil)), nil
}

// decline tells a case's destinations that its study is not analysed, where its rule says so.
// It comes before the case ends, and may be begun anew after a crash: the same case, time and
// reason make the same objects, and a destination that was told is told nothing more. Where no
// object can be made, as of images that nobody can read, the worklist alone says it.
func (s *Site) decline(ctx context.Context, c worklist.Case, at time.Time, reason string) error {
	if c.Model == "" || !c.Terms.Notice || c.Terms.Silent || len(c.Terms.Destinations) == 0 {
		return nil
	}
	s.telling.Lock() // rules that share model and destinations tell once
	defer s.telling.Unlock()
	task, err := s.declined(c)
	if err != nil {
		return err
	}
	told, err := s.informed(c)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(c.Terms.Destinations), func(name string) bool { return slices.Contains(told, name) })
	if len(left) == 0 {
		return nil
	}
	study, err := s.inbox.Study(c.StudyUID, c.Revision)
	if errors.Is(err, inbox.ErrUnknownStudy) {
		return nil // nobody knows any more whose it was
	}
	if err != nil {
		return err
	}
	if err := s.supersede(c, task, c.Revision-1); err != nil {
		return err
	}
	folder, err := s.analyst.Decline(ctx, agent.Declined{
		Path: study.Folder, StudyUID: c.StudyUID, Model: c.Model, Out: s.spool(), Task: task, At: at.UTC(), Reason: reason,
	})
	if errors.Is(err, agent.ErrNoNotice) {
		s.log.Warn("no object can be made that says that a study is not analysed; the worklist says it", "case", c.ID, "error", clinic.Loggable(err))
		return nil
	}
	if err != nil {
		return err
	}
	c.Terms.Destinations = left
	return s.put(c, task, folder, true)
}

// informed are the destinations that know what became of this revision of a study with the model,
// or will: that it is not analysed, by this case or by another one, or by a later revision's
// result.
func (s *Site) informed(c worklist.Case) (names []string, err error) {
	same, err := s.alike(c)
	if err != nil {
		return nil, err
	}
	for _, other := range same {
		if other.Revision > c.Revision && !other.At.Analysed.IsZero() {
			names = append(names, other.Terms.Destinations...)
		}
		task, err := s.declined(other)
		if err != nil {
			return nil, err
		}
		deliveries, err := s.outbox.Of(task)
		if err != nil {
			return nil, err
		}
		for _, d := range deliveries {
			if other.Revision == c.Revision {
				names = append(names, d.Destination)
			}
		}
	}
	return names, nil
}

// alike are the cases of the study and model of c.
func (s *Site) alike(c worklist.Case) ([]worklist.Case, error) {
	cases, err := s.book.List(worklist.Filter{StudyUID: c.StudyUID})
	return slices.DeleteFunc(cases, func(other worklist.Case) bool { return other.Model != c.Model }), err
}

// supersede withdraws what a case's destinations have not got yet of notices on the same study
// and model up to a revision: they get its result, or a notice of its own under task.
func (s *Site) supersede(c worklist.Case, task models.Digest, revision int) error {
	same, err := s.alike(c)
	if err != nil {
		return err
	}
	_, err = s.outbox.Withdraw(func(d outbox.Delivery) bool {
		return d.Notice && d.Task != task && slices.Contains(c.Terms.Destinations, d.Destination) &&
			slices.ContainsFunc(same, func(other worklist.Case) bool {
				return other.Revision <= revision && slices.Contains(d.Cases, other.ID)
			})
	})
	return err
}
