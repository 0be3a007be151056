package worker

import (
	"context"
	"errors"
	"slices"

	"github.com/medhive/medhive/scheduler"
)

// errPreempted stops a run for an emergency; its job waits again.
var errPreempted = errors.New("an emergency goes first")

// ticket is a job in the queue, from its award to the end of its computation.
type ticket struct {
	scheduler.Waiting
	begin   chan struct{} // closed when its turn has come; a new one each time it waits
	stop    func(error)   // ends the run of its turn, and nothing else
	abandon func(error)   // ends the job

	yielding bool // its run was stopped for an emergency and is ending
	steady   bool // emergencies have overtaken it for long enough: this turn is not stopped
}

// turns is the queue of the jobs that a node has accepted, and those that compute. It is
// guarded by Worker.mu. On disk the queue is the jobs' records, whose class and time of
// acceptance are its order.
type turns struct {
	capacity, reserve int   // places for any job, and further ones for STAT alone
	held              error // nothing more begins, for this reason; nil: jobs begin
	waiting, working  []*ticket
}

// enter queues a job, which may begin at once.
func (q *turns) enter(t *ticket) {
	t.begin, t.yielding, t.steady = make(chan struct{}), false, false
	if q.held != nil {
		t.abandon(q.held)
		return
	}
	q.waiting = append(q.waiting, t)
	q.dispatch()
}

// leave takes a job out, wherever it is; the others move up.
func (q *turns) leave(t *ticket) {
	same := func(other *ticket) bool { return other == t }
	q.waiting = slices.DeleteFunc(q.waiting, same)
	q.working = slices.DeleteFunc(q.working, same)
	q.dispatch()
}

// giveBack ends every job that waits, and all that come while the reason stands.
func (q *turns) giveBack(reason error) {
	q.held = reason
	for _, t := range q.waiting {
		t.abandon(reason)
	}
	q.waiting = nil
}

// places are those that computing jobs take.
func (q *turns) places() (l load) {
	for _, t := range q.working {
		l.add(place{class: t.Class})
	}
	return l
}

// dispatch lets jobs begin while there is room, and stops others for emergencies that
// find none.
func (q *turns) dispatch() {
	for q.held == nil {
		taken := q.places()
		var queue []scheduler.Waiting
		var at []int
		emergencies := 0
		for n, t := range q.waiting {
			if t.Class == scheduler.STAT {
				emergencies++
			}
			if taken.admits(t.Class, q.capacity, q.reserve) {
				queue, at = append(queue, t.Waiting), append(at, n)
			}
		}
		next := scheduler.NextJob(queue)
		if next < 0 {
			q.makeWay(emergencies)
			return
		}
		t := q.waiting[at[next]]
		q.waiting = slices.Delete(q.waiting, at[next], at[next]+1)
		t.steady = t.Class < scheduler.STAT && emergencies > 0
		q.overtake(t.Class)
		q.working = append(q.working, t)
		close(t.begin)
	}
}

// overtake counts, for those who wait on, that a job of this class has begun.
func (q *turns) overtake(began scheduler.Class) {
	queue := make([]scheduler.Waiting, len(q.waiting))
	for n, t := range q.waiting {
		queue[n] = t.Waiting
	}
	scheduler.Overtake(queue, began)
	for n, t := range q.waiting {
		t.Waiting = queue[n]
	}
}

// makeWay stops as many runs as there are emergencies without a place: those of the
// lowest class first, and of a class the youngest, which lose least.
func (q *turns) makeWay(emergencies int) {
	for _, t := range q.working {
		if t.yielding {
			emergencies--
		}
	}
	for ; emergencies > 0; emergencies-- {
		var victim *ticket
		for _, t := range q.working {
			if t.yielding || t.steady || !t.Yields(scheduler.STAT) {
				continue
			}
			if victim == nil || t.Class < victim.Class || t.Class == victim.Class && t.Since.After(victim.Since) {
				victim = t
			}
		}
		if victim == nil {
			return
		}
		victim.yielding = true
		victim.Stops++
		victim.stop(errPreempted)
	}
}

// takeTurn waits until the job may compute. The run's context ends with the job's, and
// when an emergency needs the place. ended must be called after a turn that came.
func (w *Worker) takeTurn(j *job, waits func()) (run context.Context, ended func(), err error) {
	run, stop := context.WithCancelCause(j.ctx)
	w.mu.Lock()
	j.ticket.stop, j.ticket.abandon = stop, j.cancel
	w.turns.enter(j.ticket)
	begin := j.ticket.begin
	w.mu.Unlock()
	ended = func() {
		w.mu.Lock()
		w.turns.leave(j.ticket)
		w.mu.Unlock()
		stop(nil)
	}
	select {
	case <-begin:
		return run, ended, nil
	default:
		waits()
	}
	select {
	case <-begin:
		return run, ended, nil
	case <-j.ctx.Done():
		ended()
		return nil, nil, context.Cause(j.ctx)
	}
}
