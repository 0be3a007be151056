package worker

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/scheduler"
)

// line is a queue whose jobs write down what happens to them.
type line struct {
	turns
	now     time.Time
	stopped []*ticket
	gone    []*ticket
}

func newLine(capacity, reserve int) *line {
	return &line{turns: turns{capacity: capacity, reserve: reserve}, now: time.UnixMilli(1_800_000_000_000)}
}

// join queues a new job.
func (l *line) join(class scheduler.Class) *ticket {
	t := newTicket(class, l.now)
	t.stop = func(error) { l.stopped = append(l.stopped, t) }
	t.abandon = func(error) { l.gone = append(l.gone, t) }
	l.enter(t)
	l.now = l.now.Add(time.Second)
	return t
}

// yield is what a stopped run does: it leaves its place and waits again.
func (l *line) yield(t *ticket) {
	l.stopped = slices.DeleteFunc(l.stopped, func(other *ticket) bool { return other == t })
	l.leave(t)
	l.enter(t)
}

func (l *line) runs(t *ticket) bool { return slices.Contains(l.working, t) }

func begun(t *ticket) bool {
	select {
	case <-t.begin:
		return true
	default:
		return false
	}
}

const routine, urgent, stat = scheduler.Routine, scheduler.Urgent, scheduler.STAT

func TestQueueGoesByClass(t *testing.T) {
	l := newLine(1, 0)
	running := l.join(urgent)
	slow, quick := l.join(routine), l.join(urgent)
	if !l.runs(running) || l.runs(slow) || l.runs(quick) {
		t.Fatal("one place, and not the first job has it")
	}
	l.leave(running)
	if !l.runs(quick) || l.runs(slow) {
		t.Error("an urgent job waits for a routine one")
	}
	l.leave(quick)
	if !l.runs(slow) {
		t.Error("the routine job does not get its turn")
	}
}

func TestOldRoutineWorkGoesBeforeYoungUrgentWork(t *testing.T) {
	l := newLine(1, 0)
	running, slow := l.join(urgent), l.join(routine)
	l.now = l.now.Add(scheduler.UrgentLead)
	l.join(urgent)
	l.leave(running)
	if !l.runs(slow) {
		t.Error("urgent work keeps a routine job out for ever")
	}
}

func TestEmergencyStopsTheYoungestRoutineJob(t *testing.T) {
	l := newLine(3, 0)
	pressing, old, young := l.join(urgent), l.join(routine), l.join(routine)
	emergency := l.join(stat)
	if len(l.stopped) != 1 || l.stopped[0] != young {
		t.Fatalf("stopped %d jobs; want the youngest routine one", len(l.stopped))
	}
	if l.runs(emergency) {
		t.Fatal("the emergency runs beside a full node")
	}
	l.yield(young)
	if !l.runs(emergency) || !l.runs(old) || !l.runs(pressing) || l.runs(young) {
		t.Error("the place is not the emergency's")
	}
	l.leave(emergency)
	if !l.runs(young) || young.Stops != 1 {
		t.Error("the stopped job does not go on")
	}
}

func TestReservedPlaceSparesTheOthers(t *testing.T) {
	l := newLine(1, 1)
	slow := l.join(routine)
	if emergency := l.join(stat); !l.runs(emergency) || !l.runs(slow) || len(l.stopped) > 0 {
		t.Error("a job was stopped although a place was kept for the emergency")
	}
	second := l.join(stat)
	if l.runs(second) || len(l.stopped) != 1 {
		t.Error("the second emergency does not stop the routine job")
	}
}

// A stream of emergencies does not starve what waits: after MaxOvertaken of them it has a
// turn that is not stopped.
func TestEmergenciesDoNotStarveTheRest(t *testing.T) {
	l := newLine(1, 0)
	running := l.join(stat)
	slow := l.join(routine)
	for n := 0; !l.runs(slow); n++ {
		if n > scheduler.MaxOvertaken+1 {
			t.Fatalf("%d emergencies went before a routine job", n)
		}
		next := l.join(stat)
		l.leave(running)
		running = next
	}
	if l.join(stat); len(l.stopped) > 0 {
		t.Error("its turn is stopped again at once")
	}
}

func TestPauseGivesBackWhatWaits(t *testing.T) {
	l := newLine(1, 0)
	running, waiting := l.join(routine), l.join(routine)
	l.giveBack(errPaused)
	late := l.join(routine)
	if !slices.Equal(l.gone, []*ticket{waiting, late}) || !l.runs(running) {
		t.Errorf("%d jobs given back; want the two that did not run", len(l.gone))
	}
	l.leave(running)
	l.held = nil
	if next := l.join(routine); !l.runs(next) {
		t.Error("nothing begins after the pause")
	}
}

// Whatever comes, goes, is stopped or given up: no place is given twice, nobody waits while
// a place for them is free, and nothing is stopped without an emergency that waits for it.
func TestQueueKeepsItsPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLine(rapid.IntRange(1, 3).Draw(t, "capacity"), rapid.IntRange(0, 2).Draw(t, "reserve"))
		var all []*ticket
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				all = append(all, l.join(scheduler.Class(rapid.IntRange(0, 2).Draw(t, "class"))))
			case 2:
				if len(all) > 0 { // done, or given up while it waited
					at := rapid.IntRange(0, len(all)-1).Draw(t, "who ends")
					l.stopped = slices.DeleteFunc(l.stopped, func(other *ticket) bool { return other == all[at] })
					l.leave(all[at])
					all = slices.Delete(all, at, at+1)
				}
			case 3:
				if len(l.stopped) > 0 {
					l.yield(l.stopped[0])
				}
			}
			l.check(t, all)
		}
	})
}

func (l *line) check(t *rapid.T, all []*ticket) {
	taken := l.places()
	if others := taken.total() - taken.jobs[stat]; others > l.capacity || taken.total() > l.capacity+l.reserve {
		t.Fatalf("%d others and %d in all on %d places and %d", others, taken.total(), l.capacity, l.reserve)
	}
	if len(l.waiting)+len(l.working) != len(all) {
		t.Fatalf("%d wait and %d work of %d", len(l.waiting), len(l.working), len(all))
	}
	emergencies := 0
	for _, w := range l.waiting {
		if begun(w) || l.runs(w) {
			t.Fatal("a job that waits has begun")
		}
		if taken.admits(w.Class, l.capacity, l.reserve) {
			t.Fatalf("a %v job waits beside a free place", w.Class)
		}
		if w.Class == stat {
			emergencies++
		}
	}
	yielding := 0
	for _, w := range l.working {
		if !begun(w) {
			t.Fatal("a job that works has not begun")
		}
		if w.Stops > scheduler.MaxStops {
			t.Fatalf("stopped %d times", w.Stops)
		}
		if w.yielding {
			yielding++
		}
	}
	if yielding != len(l.stopped) {
		t.Fatalf("%d are being stopped, %d were told", yielding, len(l.stopped))
	}
	if emergencies > yielding && slices.ContainsFunc(l.working, func(w *ticket) bool { return !w.yielding && !w.steady && w.Yields(stat) }) {
		t.Fatalf("%d emergencies wait, only %d jobs make way", emergencies, yielding)
	}
}

func TestRefusalsHaveWords(t *testing.T) {
	for _, r := range reasons() {
		if got := word(errors.Join(errors.New("around it"), r.err)); got != r.word {
			t.Errorf("%v is counted as %q, want %q", r.err, got, r.word)
		}
	}
	if word(errors.New("what a stranger says")) != otherReason {
		t.Error("a stranger's words are counted as they come")
	}
}
