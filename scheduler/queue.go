package scheduler

import "time"

// Waiting is a job in a node's queue.
type Waiting struct {
	Class Class
	Since time.Time // when its award was accepted; it keeps it when it is stopped and waits again
	// Overtaken counts the STAT jobs that began before it although it was due; Overtake
	// keeps it.
	Overtaken int
	// Stops counts how often it was stopped for a STAT job.
	Stops int
}

// Ageing of a queue.
const (
	// UrgentLead is how much younger an urgent job may be and still go before a routine
	// one. An older routine job goes first, so routine work waits for at most this much
	// urgent work.
	UrgentLead = 15 * time.Minute
	// MaxOvertaken is how many STAT jobs in a row may go before work that waits. An
	// emergency then waits for one other job in nine, on a node that did nothing but
	// emergencies until then.
	MaxOvertaken = 8
	// MaxStops is how often a job is stopped for STAT ones before it runs to its end.
	MaxStops = 3
)

// due orders the jobs that are not STAT: earliest first.
func (w Waiting) due() time.Time {
	if w.Class == Routine {
		return w.Since.Add(UrgentLead)
	}
	return w.Since
}

// NextJob is the index of the job that begins now, or -1 of an empty queue: STAT jobs in
// the order of their arrival; then the others, where an urgent job goes before routine ones
// that are less than UrgentLead older. Work that MaxOvertaken STAT jobs have gone before is
// next, so nothing starves. Among equals the first of the queue goes first.
func NextJob(queue []Waiting) int {
	stat, other, starved := -1, -1, false
	for n, w := range queue {
		switch {
		case w.Class >= STAT:
			if stat < 0 || w.Since.Before(queue[stat].Since) {
				stat = n
			}
		default:
			starved = starved || w.Overtaken >= MaxOvertaken
			if other < 0 || w.due().Before(queue[other].due()) {
				other = n
			}
		}
	}
	if stat >= 0 && !(starved && other >= 0) {
		return stat
	}
	return other
}

// Overtake keeps the count of who was overtaken, in place, when the job of class began
// and the others of the queue wait on.
func Overtake(waiting []Waiting, began Class) {
	for n := range waiting {
		switch {
		case began < STAT:
			waiting[n].Overtaken = 0
		case waiting[n].Class < STAT:
			waiting[n].Overtaken++
		}
	}
}

// Preempts reports whether a waiting job stops a running one: an emergency stops what is
// none.
func Preempts(running, waiting Class) bool { return waiting >= STAT && running < STAT }

// Yields reports whether a running job is stopped for a waiting one: as Preempts says, but
// no job more than MaxStops times.
func (w Waiting) Yields(waiting Class) bool {
	return Preempts(w.Class, waiting) && w.Stops < MaxStops
}
