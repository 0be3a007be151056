package worker

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/scheduler"
)

// holding is the load of these jobs, each of a second.
func holding(classes ...scheduler.Class) (l load) {
	for _, c := range classes {
		l.add(place{c, time.Second})
	}
	return l
}

func TestPlaces(t *testing.T) {
	const routine, urgent, stat = scheduler.Routine, scheduler.Urgent, scheduler.STAT
	for name, test := range map[string]struct {
		held    load
		class   scheduler.Class
		admits  bool          // of two places and one for STAT
		promise time.Duration // of a job that takes a second
	}{
		"routine, idle":                         {holding(), routine, true, 2 * time.Second},
		"urgent, idle":                          {holding(), urgent, true, 2 * time.Second},
		"STAT, idle":                            {holding(), stat, true, time.Second},
		"routine after routine":                 {holding(routine), routine, true, 3 * time.Second},
		"routine, full":                         {holding(routine, routine), routine, false, 4 * time.Second},
		"urgent, full":                          {holding(routine, urgent), urgent, false, 4 * time.Second},
		"STAT although routine work fills it":   {holding(routine, routine), stat, true, time.Second},
		"STAT after STAT, routine work fills":   {holding(routine, routine, stat), stat, false, 2 * time.Second},
		"STAT after STAT":                       {holding(stat), stat, true, 2 * time.Second},
		"routine beside a STAT in its place":    {holding(routine, stat), routine, true, 3 * time.Second},
		"routine, STAT took a common place":     {holding(routine, stat, stat), routine, false, 4 * time.Second},
		"routine after the STAT of its promise": {holding(stat), routine, true, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.held.admits(test.class, 2, 1); got != test.admits {
				t.Errorf("admitted: %v, want %v", got, test.admits)
			}
			if got := test.held.promise(place{test.class, time.Second}, 1); got != test.promise {
				t.Errorf("promised in %v, want %v", got, test.promise)
			}
		})
	}
}

// Whatever comes and goes: the places are never overbooked, what can wait never takes the
// places of STAT, and a promise made is kept when the jobs are done one after the other,
// STAT first, with as many STAT jobs coming later as places are kept for.
func TestPlacesKeepWhatTheyPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity, reserve := rapid.IntRange(1, 4).Draw(t, "capacity"), rapid.IntRange(0, 2).Draw(t, "reserve")
		const work = time.Second
		var l load
		for range rapid.IntRange(0, 12).Draw(t, "offers") {
			p := place{scheduler.Class(rapid.IntRange(0, 2).Draw(t, "class")), work}
			if !l.admits(p.class, capacity, reserve) {
				continue
			}
			before := time.Duration(l.jobs[scheduler.STAT]) * work
			if p.class < scheduler.STAT {
				before = max(before, time.Duration(reserve)*work) + time.Duration(l.total()-l.jobs[scheduler.STAT])*work
			}
			if got := l.promise(p, reserve); got != before+work {
				t.Fatalf("promised in %v with %v to do before", got, before)
			}
			l.add(p)
			if others := l.total() - l.jobs[scheduler.STAT]; others > capacity || l.total() > capacity+reserve {
				t.Fatalf("%d jobs that can wait and %d in all on %d places and %d for STAT", others, l.total(), capacity, reserve)
			}
			if l.jobs[scheduler.STAT] == 0 && reserve > 0 && !l.admits(scheduler.STAT, capacity, reserve) {
				t.Fatal("work that can wait keeps STAT out")
			}
			if rapid.Bool().Draw(t, "ends") {
				l.remove(p)
			}
		}
	})
}

// What a notice says is what a bid would find.
func TestFreePlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity, reserve := rapid.IntRange(1, 4).Draw(t, "capacity"), rapid.IntRange(0, 2).Draw(t, "reserve")
		var l load
		for range rapid.IntRange(0, 8).Draw(t, "held") {
			if p := (place{class: scheduler.Class(rapid.IntRange(0, 2).Draw(t, "class"))}); l.admits(p.class, capacity, reserve) {
				l.add(p)
			}
		}
		for class := range scheduler.STAT + 1 {
			free, stat := l.free(capacity, reserve)
			if class == scheduler.STAT {
				free = stat
			}
			full := l
			for range free {
				if !full.admits(class, capacity, reserve) {
					t.Fatalf("%d places are said to be free for %v, and are not", free, class)
				}
				full.add(place{class: class})
			}
			if full.admits(class, capacity, reserve) {
				t.Fatalf("more than %d places are free for %v", free, class)
			}
		}
	})
}

func TestLanes(t *testing.T) {
	const gib = 1 << 30
	for name, test := range map[string]struct {
		budget, job int64
		want        int
	}{
		"room for many":        {64 * gib, 4 * gib, 2},
		"room for exactly two": {8 * gib, 4 * gib, 2},
		"room for one":         {7 * gib, 4 * gib, 1},
		"less than one":        {3 * gib, 4 * gib, 1},
		"unknown machine":      {0, 4 * gib, 2},
		"no cap of its own":    {8 * gib, 0, 2},
	} {
		if got := Lanes(test.budget, test.job, 2); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
