package site

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

func TestWhatIsDoneNext(t *testing.T) {
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	want := map[worklist.State]action{
		worklist.Received: decide, worklist.Routed: submit, worklist.Submitted: submit, worklist.Analysed: handOver,
		worklist.Held: rest, worklist.Delivering: rest, worklist.Delivered: rest, worklist.NotAnalysed: rest,
		worklist.Refused: rest, worklist.Accepted: rest, worklist.Rejected: rest,
	}
	for _, state := range worklist.States() {
		do, known := want[state]
		if !known {
			t.Fatalf("%s: the test does not know the state", state)
		}
		if got, at := next(worklist.Case{State: state}, now); got != do || !at.IsZero() {
			t.Errorf("%s: %q at %v, want %q", state, got, at, do)
		}
	}
	later := now.Add(time.Minute)
	if got, at := next(worklist.Case{State: worklist.Routed, NextTry: later}, now); got != rest || at != later {
		t.Errorf("a case that waits: %q at %v", got, at)
	}
	if got, _ := next(worklist.Case{State: worklist.Routed, NextTry: later}, later); got != submit {
		t.Errorf("a case whose time has come: %q", got)
	}
}

func TestPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workers := rapid.IntRange(1, 20).Draw(t, "workers")
		p := newPlaces(workers)
		var taken []bool // reserved or not
		stat := 0
		for range rapid.IntRange(0, 80).Draw(t, "steps") {
			if len(taken) > 0 && rapid.Bool().Draw(t, "give back") {
				p.giveBack(taken[len(taken)-1])
				taken = taken[:len(taken)-1]
				continue
			}
			class := scheduler.Class(rapid.IntRange(0, 2).Draw(t, "class"))
			reserved, ok := p.take(class)
			if !ok {
				if class == scheduler.STAT && len(taken) < workers+1 {
					t.Fatalf("an emergency got no place beside %d of %d", len(taken), workers)
				}
				continue
			}
			if reserved && class != scheduler.STAT {
				t.Fatal("a routine case got a place for emergencies")
			}
			taken = append(taken, reserved)
			stat++
		}
		free := 0
		for _, reserved := range taken {
			if !reserved {
				free++
			}
		}
		if free > workers || len(taken) > workers+max(1, workers/statShare) {
			t.Fatalf("%d places taken, %d of them any, of %d", len(taken), free, workers)
		}
	})
}

func TestPausesDoubleToTheLast(t *testing.T) {
	for n, want := range map[int]time.Duration{0: firstPause, 1: firstPause, 2: 2 * firstPause, 4: 8 * firstPause, 8: lastPause, 1000: lastPause} {
		if got := pauseAfter(n); got != want {
			t.Errorf("after %d failures %v, want %v", n, got, want)
		}
	}
}

// shelf is a worklist in memory.
type shelf struct {
	mu      sync.Mutex // guards all
	cases   map[string]worklist.Case
	changed chan struct{}
}

func (s *shelf) Pending() (list []worklist.Case, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.cases {
		if c.State.Open() {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b worklist.Case) int { return int(b.Terms.Priority) - int(a.Terms.Priority) })
	return list, nil
}

func (s *shelf) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *shelf) set(c worklist.Case) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cases[c.ID] = c
	close(s.changed)
	s.changed = make(chan struct{})
}

func TestTheDeskGivesEmergenciesAPlaceAndPausesAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		book := &shelf{cases: map[string]worklist.Case{}, changed: make(chan struct{})}
		routine := func(id string) worklist.Case { return worklist.Case{ID: id, State: worklist.Routed} }
		for _, id := range []string{"a", "b", "c"} {
			book.set(routine(id))
		}
		var mu sync.Mutex // guards begun
		begun := map[string][]time.Duration{}
		start := time.Now()
		d := desk{book: book, places: newPlaces(2), log: slog.New(slog.DiscardHandler), act: func(ctx context.Context, c worklist.Case, _ action) error {
			mu.Lock()
			begun[c.ID] = append(begun[c.ID], time.Since(start))
			tries := len(begun[c.ID])
			mu.Unlock()
			if c.ID == "faulty" {
				if tries < 3 {
					return errors.New("the disk is full")
				}
			} else {
				select { // the market takes an hour
				case <-ctx.Done():
					return nil
				case <-time.After(time.Hour):
				}
			}
			c.State = worklist.Delivered
			book.set(c)
			return nil
		}}
		done := make(chan struct{})
		go func() { defer close(done); d.run(ctx) }()
		synctest.Wait()
		stat := worklist.Case{ID: "stat", State: worklist.Routed, Terms: worklist.Terms{Priority: scheduler.STAT}}
		book.set(stat)
		synctest.Wait()
		mu.Lock()
		if len(begun) != 3 || begun["stat"] == nil {
			t.Errorf("two routine cases and the emergency should be on their way: %v", begun)
		}
		mu.Unlock()
		<-time.After(61 * time.Minute) // virtual
		book.set(worklist.Case{ID: "faulty", State: worklist.Analysed})
		<-time.After(time.Hour + time.Minute)
		stop()
		<-done
		for id, tries := range begun {
			if id != "faulty" && len(tries) != 1 {
				t.Errorf("case %s was begun %d times", id, len(tries))
			}
		}
		if f := begun["faulty"]; len(f) != 3 || f[1]-f[0] != firstPause || f[2]-f[1] != 2*firstPause {
			t.Errorf("the faulty case was tried at %v", f)
		}
	})
}

func TestTheLedgerCountsWhatIsOpenWithWhatItMayCost(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	day, month := now.Truncate(24*time.Hour), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c := func(id string, state worklist.State, routed time.Time, paid uint64) worklist.Case {
		return worklist.Case{ID: id, Rule: "brain", State: state, PriceGwei: paid, At: worklist.Times{Routed: routed},
			Terms: worklist.Terms{PriceCeilingGwei: 100, Copying: scheduler.Replicated, Copies: 2}}
	}
	l := newLedger([]worklist.Case{
		c("open", worklist.Submitted, now, 0), c("done", worklist.Delivered, now, 70), c("earlier", worklist.Accepted, month.Add(time.Hour), 50),
		c("old", worklist.Delivered, month.Add(-time.Hour), 1000), c("failed", worklist.NotAnalysed, now, 0), c("refused", worklist.Refused, now, 0),
	})
	if got, want := l.spent(day, month)["brain"], (route.Use{DayCount: 2, MonthCount: 3, DayGwei: 270, MonthGwei: 320}); got != want {
		t.Errorf("spent %+v, want %+v", got, want)
	}
	l.note(c("open", worklist.NotAnalysed, now, 0))
	if got := l.spent(day, month)["brain"]; got.DayGwei != 70 || got.DayCount != 1 {
		t.Errorf("after it failed: %+v", got)
	}
}

func TestWhatRulesSeeOfAStudy(t *testing.T) {
	s := inbox.Study{
		Key: "0123456789ab", StudyUID: "1.2.3", Instances: 7,
		Origin: inbox.Origin{Way: inbox.WayDIMSE, CallingAE: "CT1", CalledAE: "MEDHIVE"},
		Facts: inbox.Facts{BirthDate: "20000101", StudyDate: "20200102", Sex: "F", StudyDescription: "Head", RequestedPriority: "STAT",
			Priority: scheduler.Urgent, AccessionNumber: "A1", PatientID: "P1"},
		Series: []inbox.Series{{Modality: "MR", BodyPart: "BRAIN", SOPClasses: []string{"1.1"}}, {Modality: "MR", Description: "T1", SOPClasses: []string{"1.1", "1.2"}}},
	}
	f := factsOf(s)
	if !slices.Equal(f.Modalities, []string{"MR"}) || !slices.Equal(f.SOPClasses, []string{"1.1", "1.2"}) || !slices.Equal(f.SeriesDescriptions, []string{"T1"}) {
		t.Errorf("lists: %+v", f)
	}
	if f.Way != "dimse" || f.CallingAE != "CT1" || f.DIMSEPriority != "high" || f.RequestedPriority != "STAT" || f.Age.String() != route.AgeBetween(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)).String() {
		t.Errorf("facts: %+v", f)
	}
	c := caseOf(s)
	if c.State != worklist.Received || c.Subject.PatientID != "P1" || c.Subject.Source != "dimse CT1" || c.StudyKey != s.Key {
		t.Errorf("case: %+v", c)
	}
	event, err := eventOf(route.Route{Rule: "r", Model: "m", OnFailure: route.Notice, Forms: []route.Form{route.SEG}}, worklist.Case{Revision: 2}, "", defaults().Market)
	if err != nil || event.Policy.Revision != 3 || !event.Terms.Notice || event.Terms.Within != time.Hour || len(event.Terms.Residency) != 1 || event.Terms.PriceCeilingGwei == 0 {
		t.Errorf("event: %+v, %v", event, err)
	}
}
