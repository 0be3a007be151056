package scheduler

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func waited(class Class, minutes int) Waiting {
	return Waiting{Class: class, Since: epoch.Add(-time.Duration(minutes) * time.Minute)}
}

func TestNextJob(t *testing.T) {
	starved := waited(Routine, 30)
	starved.Overtaken = MaxOvertaken
	for name, c := range map[string]struct {
		queue []Waiting
		want  int
	}{
		"nobody waits":                         {nil, -1},
		"the first of equals":                  {[]Waiting{waited(Routine, 1), waited(Routine, 1)}, 0},
		"the longest waiting of a class":       {[]Waiting{waited(Routine, 1), waited(Routine, 9)}, 1},
		"urgent before routine":                {[]Waiting{waited(Routine, 14), waited(Urgent, 0)}, 1},
		"routine that waited long enough":      {[]Waiting{waited(Routine, 16), waited(Urgent, 0)}, 0},
		"older urgent before long waiting":     {[]Waiting{waited(Routine, 16), waited(Urgent, 2)}, 1},
		"STAT before all":                      {[]Waiting{waited(Routine, 600), waited(Urgent, 600), waited(STAT, 0)}, 2},
		"the older STAT":                       {[]Waiting{waited(STAT, 0), waited(STAT, 1)}, 1},
		"overtaken often enough":               {[]Waiting{waited(STAT, 5), starved}, 1},
		"its turn goes to the longest due":     {[]Waiting{starved, waited(STAT, 5), waited(Urgent, 40)}, 2},
		"a class of the future counts as STAT": {[]Waiting{waited(Urgent, 9), waited(STAT+1, 0)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := NextJob(c.queue); got != c.want {
				t.Errorf("job %d is next, want %d", got, c.want)
			}
		})
	}
}

func TestPreemption(t *testing.T) {
	for running := range STAT + 1 {
		for waiting := range STAT + 1 {
			if got, want := Preempts(running, waiting), waiting == STAT && running != STAT; got != want {
				t.Errorf("%v stops %v: %v", waiting, running, got)
			}
		}
	}
	job := waited(Routine, 0)
	for ; job.Yields(STAT); job.Stops++ {
		if job.Stops > MaxStops {
			t.Fatal("it yields for ever")
		}
	}
	if job.Stops != MaxStops || job.Yields(Urgent) || (Waiting{Class: STAT}).Yields(STAT) {
		t.Errorf("stopped %d times, want %d", job.Stops, MaxStops)
	}
}

// TestNothingStarves serves one job at a time while STAT jobs arrive faster than they can
// be done. Every job that waited from the start has its turn, and STAT jobs never wait for
// more than one other in nine.
func TestNothingStarves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var queue []Waiting
		for range rapid.IntRange(1, 6).Draw(t, "jobs") {
			queue = append(queue, waited(Class(rapid.IntRange(0, 1).Draw(t, "class")), rapid.IntRange(0, 60).Draw(t, "minutes")))
		}
		others, statInRow, now := len(queue), 0, epoch
		for turn := 1; others > 0; turn++ {
			if turn > 6*(MaxOvertaken+1) {
				t.Fatalf("%d jobs still wait after %d turns", others, turn)
			}
			now = now.Add(time.Minute)
			for range rapid.IntRange(1, 2).Draw(t, "emergencies") {
				queue = append(queue, Waiting{Class: STAT, Since: now})
			}
			next := NextJob(queue)
			began := queue[next]
			queue = slices.Delete(queue, next, next+1)
			Overtake(queue, began.Class)
			if began.Class == STAT {
				statInRow++
			} else {
				if statInRow < MaxOvertaken {
					t.Fatalf("a %v job went before an emergency after %d others", began.Class, statInRow)
				}
				others, statInRow = others-1, 0
			}
		}
	})
}

// TestUrgentFloodLetsRoutineThrough: without any STAT, routine work waits for at most
// UrgentLead of urgent work.
func TestUrgentFloodLetsRoutineThrough(t *testing.T) {
	queue := []Waiting{{Class: Routine, Since: epoch}}
	for minute := 0; ; minute++ {
		now := epoch.Add(time.Duration(minute) * time.Minute)
		if now.Sub(epoch) > UrgentLead+time.Minute {
			t.Fatal("routine work starves")
		}
		queue = append(queue, Waiting{Class: Urgent, Since: now})
		next := NextJob(queue)
		if queue[next].Class == Routine {
			if now.Sub(epoch) < UrgentLead {
				t.Errorf("it went before urgent work after %v", now.Sub(epoch))
			}
			return
		}
		queue = slices.Delete(queue, next, next+1)
	}
}
