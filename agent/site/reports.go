package site

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// unread knows the delivered cases on which nobody has given a word.
type unread struct {
	mu    sync.Mutex // guards what follows
	names []string   // destinations that are asked for readers' words; set before the first note
	by    map[string]unreadCase
}

// unreadCase is what a listener needs of a case.
type unreadCase struct {
	id           string
	delivered    time.Time
	destinations []string
}

// note follows a case.
func (u *unread) note(c worklist.Case) {
	u.mu.Lock()
	defer u.mu.Unlock()
	waiting := unreadCase{id: c.ID, delivered: c.At.Delivered}
	if c.State == worklist.Delivered && !c.Terms.Silent {
		waiting.destinations = slices.DeleteFunc(slices.Clone(c.Terms.Destinations), func(name string) bool { return !slices.Contains(u.names, name) })
	}
	if len(waiting.destinations) == 0 {
		delete(u.by, c.ID)
		return
	}
	if u.by == nil {
		u.by = map[string]unreadCase{}
	}
	u.by[c.ID] = waiting
}

// at are the cases that a destination got after a time, the oldest first. Those that no
// destination is asked for any more are forgotten.
func (u *unread) at(destination string, after time.Time) (list []unreadCase) {
	u.mu.Lock()
	defer u.mu.Unlock()
	forgotten := time.Now().Add(-remembered)
	for _, c := range u.by {
		if c.delivered.Before(forgotten) {
			delete(u.by, c.id)
		}
		if c.delivered.After(after) && slices.Contains(c.destinations, destination) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b unreadCase) int {
		return cmp.Or(a.delivered.Compare(b.delivered), cmp.Compare(a.id, b.id))
	})
	return list
}

const (
	// firstLook is the shortest pause between two looks at one report. Readers who have just
	// got a result are the likeliest to speak, so the pauses grow with its age.
	firstLook = 15 * time.Second
	// lastLook is the longest.
	lastLook = 6 * time.Hour
	// lookShare of a report's age is the pause before the next look at it.
	lookShare = 4
)

// lookAgain is how long a report rests that was delivered some time ago.
func lookAgain(age time.Duration) time.Duration { return min(max(age/lookShare, firstLook), lastLook) }

// listener asks one record system what readers said of the reports that it got. It remembers
// nothing over a restart: what it needs is in the worklist and the outbox.
type listener struct {
	destination string
	window      time.Duration // how long after the delivery
	unread      *unread
	// hear looks at one case's report and takes the word that is there. errSettled says that
	// there will be none.
	hear func(ctx context.Context, id string) error
	log  *slog.Logger

	looked   map[string]looked
	failures int // in a row, to reach the system
}

// looked is how far a listener is with one case.
type looked struct {
	next    time.Time
	fault   string // that the log names already
	settled bool
}

// errSettled says that a case needs no more looks.
var errSettled = errors.New("no word can come of this report")

// run looks until ctx ends.
func (l *listener) run(ctx context.Context) {
	for {
		pause := l.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// round looks once at each report that is due, and says how long to wait for the next round.
// A system that can't be reached is left alone, for longer each time.
func (l *listener) round(ctx context.Context) (pause time.Duration) {
	before := l.looked
	l.looked = map[string]looked{}
	waiting := l.unread.at(l.destination, time.Now().Add(-l.window))
	for _, c := range waiting {
		l.looked[c.id] = before[c.id]
	}
	for _, c := range waiting {
		state, now := l.looked[c.id], time.Now()
		if ctx.Err() != nil || state.settled || state.next.After(now) && !state.next.After(now.Add(lastLook)) {
			continue // later than any pause: the clock was set back, and it is due
		}
		err := l.hear(ctx, c.id)
		if ctx.Err() != nil {
			return firstLook
		}
		var failure *outbox.Failure
		if errors.As(err, &failure) && (failure.Fault == outbox.Unreachable || failure.Fault == outbox.Denied) {
			l.failures++
			pause = pauseAfter(l.failures)
			l.log.Warn("a record system can't be asked what readers say; it is asked again", "destination", l.destination, "in", pause, "reason", causeOf(err))
			return pause
		}
		l.failures = 0
		state.next, state.settled = now.Add(lookAgain(now.Sub(c.delivered))), errors.Is(err, errSettled)
		if fault := causeOf(err); fault != state.fault {
			if state.fault = fault; fault != "" {
				l.log.Warn("a report could not be looked at; it is tried again", "case", c.id, "destination", l.destination, "reason", fault)
			}
		}
		l.looked[c.id] = state
	}
	return firstLook
}

// causeOf is what the log may hold of a look that failed: a carrier's own words.
func causeOf(err error) string {
	var failure *outbox.Failure
	switch {
	case err == nil || errors.Is(err, errSettled):
		return ""
	case errors.As(err, &failure) && failure.Err != nil:
		return failure.Err.Error()
	}
	return err.Error()
}

// listened are the names of the record systems that are to be asked.
func (c Config) listened() (names []string) {
	for _, d := range c.Destinations {
		if d.feedback() > 0 {
			names = append(names, d.Name)
		}
	}
	return names
}

// listen starts a listener for each record system that is to be asked.
func (s *Site) listen() error {
	for _, d := range s.conf.Destinations {
		if d.feedback() == 0 {
			continue
		}
		l, err := s.listener(d)
		if err != nil {
			return err
		}
		s.loops.Go(func() { l.run(s.ctx) })
	}
	return nil
}

func (s *Site) listener(d Destination) (*listener, error) {
	server, err := recordServer(d)
	if err != nil {
		return nil, err
	}
	records := outbox.NewRecords(server)
	return &listener{destination: d.Name, window: d.feedback(), unread: &s.unread, log: s.log, hear: func(ctx context.Context, id string) error {
		return s.hear(ctx, records, d.Name, id)
	}}, nil
}

// hear looks at a case's report at one destination. What a reader said there counts as if
// they had said it here.
func (s *Site) hear(ctx context.Context, records outbox.Records, destination, id string) error {
	c, err := s.book.Get(id)
	if errors.Is(err, worklist.ErrUnknownCase) || err == nil && c.State != worklist.Delivered {
		return errSettled
	}
	if err != nil {
		return err
	}
	all, err := s.outbox.Of(c.Task)
	if err != nil {
		return err
	}
	report := reportAt(all, destination)
	if report == nil {
		return errSettled // the rule wants no record, or an earlier version sent it
	}
	look, done := context.WithTimeout(ctx, s.conf.Delivery.Timeout)
	defer done()
	opinion, err := records.Look(look, *report)
	if err != nil || !opinion.Given {
		return err
	}
	f := agent.ReaderFeedback{Accepted: opinion.Accepted}
	if !f.Accepted {
		f.Reason = reasonAmong(opinion.Words)
	}
	_, err = s.Read(ctx, id, "fhir:"+destination, f)
	switch {
	case errors.Is(err, worklist.ErrNotAllowed): // somebody was faster
		return errSettled
	case errors.Is(err, agent.ErrReadBefore):
		s.log.Warn("a record system has another word than the one that is published", "case", id, "destination", destination)
		return errSettled
	case err == nil:
		s.log.Info("a reader's word came from a record system", "case", id, "destination", destination, "accepted", f.Accepted)
	}
	return err
}

// reportAt is where a task's report lies at a destination; nil where it is not there.
func reportAt(all []outbox.Delivery, destination string) *outbox.SentReport {
	for _, d := range all {
		if d.Destination != destination || d.Notice || d.State != outbox.Delivered {
			continue
		}
		for _, i := range d.Items {
			if i.Report != nil {
				return i.Report
			}
		}
	}
	return nil
}

// reasonAmong is the published reason that one of a record system's words is, in any case
// and with hyphens or underscores for spaces.
func reasonAmong(words []string) string {
	spaces := strings.NewReplacer("-", " ", "_", " ")
	for _, word := range words {
		for _, reason := range attest.ReaderReasons() {
			if strings.EqualFold(strings.TrimSpace(spaces.Replace(word)), reason) {
				return reason
			}
		}
	}
	return attest.ReaderOther
}
