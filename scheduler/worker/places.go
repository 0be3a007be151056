package worker

import (
	"time"

	"github.com/medhive/medhive/scheduler"
)

// place is what one job takes of a node.
type place struct {
	class scheduler.Class
	work  time.Duration // from award to result if it had the node to itself
}

// load is what a node holds, class by class: jobs, and bids that keep a place.
type load struct {
	jobs [scheduler.STAT + 1]int
	work [scheduler.STAT + 1]time.Duration
}

func (l *load) add(p place) {
	l.jobs[p.class]++
	l.work[p.class] += p.work
}

func (l *load) remove(p place) {
	l.jobs[p.class]--
	l.work[p.class] -= p.work
}

// total is how many places are taken.
func (l load) total() int {
	n := 0
	for _, jobs := range l.jobs {
		n += jobs
	}
	return n
}

// admits reports whether a job of this class finds a place among capacity places for
// any job and reserve more for STAT. STAT takes its own places first, and then what the
// others left; the others never take a place of STAT. So work that can wait does not keep
// an emergency out, nor does an emergency keep out the work that can wait.
func (l load) admits(class scheduler.Class, capacity, reserve int) bool {
	stat := l.jobs[scheduler.STAT]
	if class == scheduler.STAT {
		return l.total() < capacity+reserve
	}
	return l.total()-stat+max(0, stat-reserve) < capacity
}

// free is how many more jobs would find a place: any job, and a STAT job.
func (l load) free(capacity, reserve int) (free, stat int) {
	free = capacity - (l.total() - l.jobs[scheduler.STAT] + max(0, l.jobs[scheduler.STAT]-reserve))
	return max(0, free), max(0, capacity+reserve-l.total())
}

// promise is how long after its award a job may take on a node with this load. One job
// computes at a time, so all that is held comes first; before a STAT job only other STAT
// jobs do, since it stops the rest. A job that can be stopped leaves time for the STAT
// jobs that may still come: places that are kept for them count as taken.
func (l load) promise(p place, reserve int) time.Duration {
	if p.class == scheduler.STAT {
		return l.work[scheduler.STAT] + p.work
	}
	promise := max(l.work[scheduler.STAT], time.Duration(reserve)*p.work) + p.work
	for class := range scheduler.STAT {
		promise += l.work[class]
	}
	return promise
}

// Lanes is how many jobs at once have memory: as many as there are runners of jobBytes
// in budgetBytes, at least one and at most limit. Where either is unknown (0) it is limit.
func Lanes(budgetBytes, jobBytes int64, limit int) int {
	if budgetBytes <= 0 || jobBytes <= 0 {
		return limit
	}
	return int(max(1, min(int64(limit), budgetBytes/jobBytes)))
}
