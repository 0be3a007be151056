package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// retryPause is how long a task's loop waits after a write to disk failed.
const retryPause = time.Second

// task runs one task. Its loop is the only one that reads or writes the fields
// below calls; everybody else asks through do.
type task struct {
	b          *Broker
	id, parent models.Digest
	done       chan struct{} // closed when the task has ended
	calls      chan func()
	late       sync.Mutex // guards the fields below once the loop has ended

	rec       record
	bids      []bidder
	round     round
	awarding  bool      // a dialogue with the leaseholder is under way
	receiving bool      // its result is coming in
	over      bool      // another copy has won the race
	spare     bool      // the clinic has made the result of another replica itself
	checks    bool      // another replica has its result: this one is there to check it
	since     time.Time // the node said yes, or this clinic came back to it
	local     *localRun
	caution   int // rounds since the last award in which only nodes with strikes had bid
	// unanswered counts the awards in a row that got no yes; pauseUntil is when the task may
	// be offered again after them. A restart forgets both.
	unanswered int
	pauseUntil time.Time
	retryAt    time.Time // a write failed: nothing happens before
	phases     phaseClock
}

// phaseClock holds when each phase began in this process.
type phaseClock struct{ offered, accepted, running, returning time.Time }

func newTask(b *Broker, r record) *task {
	return &task{b: b, id: r.Task.ID, parent: r.Parent, rec: r, done: make(chan struct{}), calls: make(chan func())}
}

// do runs f in the task's loop and returns its error.
func (t *task) do(ctx context.Context, f func() error) error {
	result := make(chan error, 1)
	select {
	case t.calls <- func() { result <- f() }:
		return <-result
	case <-t.done:
		// The loop has ended: the task refuses every step, one caller after the other.
		t.late.Lock()
		defer t.late.Unlock()
		return f()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.b.ctx.Done():
		return errors.New("the clinic is shutting down; try again later")
	}
}

// save persists a change of the record, and what is to be written with it; memory follows
// only what was written.
func (t *task) save(change func(*record), also ...func(*bbolt.Tx) error) error {
	written, err := t.b.store.update(t.id, func(r *record) error {
		// The loop owns all of the record but what is left to tell its nodes, what its copies
		// came to, and to whom it was given to be run again.
		kept := *r
		*r = t.rec.clone()
		r.Withdrawals, r.Granted, r.Grants = kept.Withdrawals, kept.Granted, kept.Grants
		r.Contested = r.Contested || kept.Contested
		change(r)
		return nil
	}, also...)
	if errors.Is(err, scheduler.ErrCopyLost) {
		return err // no fault of the disk
	}
	if err != nil {
		t.b.Log.Error("task not persisted; it waits and tries again", "task", t.id.Short(), "error", err)
		return fmt.Errorf("persist task %s: %w", t.id.Short(), err)
	}
	t.rec = written
	return nil
}

// clone copies what a change may alter in place.
func (r record) clone() record {
	tries := make(map[common.Address]int, len(r.Tries))
	for node, n := range r.Tries {
		tries[node] = n
	}
	r.Tries, r.Bids, r.Withdrawals = tries, slices.Clone(r.Bids), slices.Clone(r.Withdrawals)
	return r
}

// loop lives from start to the task's end or the broker's.
func (t *task) loop() {
	b := t.b
	defer t.stopLocal()
	if t.held() {
		b.hold(t.rec.Task.Lease.Node, +1)
		t.since = b.Clock.Now()
	}
	for {
		if err := t.step(); err != nil {
			t.retryAt = b.Clock.Now().Add(retryPause)
		}
		if t.rec.Task.State.Final() {
			t.finish()
			return
		}
		select {
		case f := <-t.calls:
			f()
		case <-b.Clock.After(t.nextTimer().Sub(b.Clock.Now())):
		case <-b.ctx.Done():
			t.answerAll("the clinic is shutting down")
			return
		}
	}
}

// held reports whether a node has the lease.
func (t *task) held() bool {
	return t.rec.Task.State == scheduler.Leased || t.rec.Task.State == scheduler.Running
}

// nextTimer is when something happens by itself.
func (t *task) nextTimer() time.Time {
	now := t.b.Clock.Now()
	if t.retryAt.After(now) {
		return t.retryAt
	}
	next := t.rec.Task.Deadline
	sooner := func(at time.Time) {
		if at.Before(next) {
			next = at
		}
	}
	local := t.rec.Task.WantsLocal(now)
	switch by := t.rec.Task.LocalBy; {
	case local && t.local == nil:
		return now
	case by.After(now):
		sooner(by)
	}
	if t.checks && !t.held() {
		sooner(t.b.takenBy(t.rec))
	}
	switch t.rec.Task.State {
	case scheduler.Open:
		if t.pauseUntil.After(now) {
			sooner(t.pauseUntil)
		}
	case scheduler.Offered:
		if !local {
			sooner(t.round.next(now))
		}
	case scheduler.Leased, scheduler.Running:
		sooner(t.rec.Task.Lease.Expiry)
	}
	return next
}

// step does whatever the state and the time ask for.
func (t *task) step() error {
	now := t.b.Clock.Now()
	if now.Before(t.retryAt) {
		return nil
	}
	if next, changed := t.rec.Task.Tick(now); changed {
		if err := t.drop(next, LeaseLost, lossLapsed); err != nil {
			return err
		}
	}
	switch final := t.rec.Task.State.Final(); {
	case t.over && !final:
		return t.withdraw(lostReason)
	case t.spare && !final && !t.held():
		return t.withdraw(spareReason)
	case t.checks && !final && !t.held() && !now.Before(t.b.takenBy(t.rec)):
		return t.withdraw(uncheckedReason)
	}
	if t.rec.Task.WantsLocal(now) {
		if err := t.runLocal(); err != nil {
			return err
		}
		if t.local != nil && !t.held() {
			return nil // no node is asked while the clinic does it itself
		}
		if t.rec.Task.State.Final() {
			return nil
		}
	}
	switch t.rec.Task.State {
	case scheduler.Open:
		switch {
		case now.Before(t.pauseUntil):
			return nil
		case t.unanswered < patientAfter && t.hasFreshSpare():
			return t.award()
		}
		return t.offer()
	case scheduler.Offered:
		return t.collect(now)
	case scheduler.Leased:
		if !t.awarding {
			t.negotiate() // after a restart: the same award again
		}
	}
	return nil
}

// ErrOverdue refuses to renew the lease of a node that reports and reports, but brings
// nothing.
var ErrOverdue = errors.New("the result is long overdue and the lease is not renewed any more; promise what you can keep")

// patience is how long after its yes a node may keep a lease by reporting: twice what it
// promised, so that it may be restarted once and begin again, and a lease more.
func patience(promise, lease time.Duration) time.Duration { return 2*promise + lease }

// renewed is the task after a report of its holder. A node that withholds its result loses
// the lease when the clinic's patience ends.
func (t *task) renewed(node common.Address, fence uint64, now time.Time) (scheduler.Task, error) {
	term := t.b.Lease
	if t.rec.Winner != nil && !t.waitsForOthers() {
		left := t.since.Add(patience(t.rec.Winner.Bid.Promise, t.b.Lease)).Sub(now)
		term = min(term, left)
	}
	if err := t.rec.Task.Holds(node, fence, now); err == nil && term <= 0 {
		return t.rec.Task, fmt.Errorf("task %s: fence %d: %w", t.id.Short(), fence, ErrOverdue)
	}
	return t.rec.Task.Renew(node, fence, now, term)
}

// drop persists that the lease ended without a result; next is the task after it.
func (t *task) drop(next scheduler.Task, kind Kind, loss string) error {
	lease, held := t.rec.Task.Lease, t.held()
	unanswered := t.rec.Task.State == scheduler.Leased
	was := t.rec.Winner
	blameless := loss == lossCalled
	// A node whose result was judged has its answer coming; others may still be at work.
	told := held && was != nil && next.State.Final() && (blameless || next.State == scheduler.Expired)
	var with []func(*bbolt.Tx) error
	if t.rec.Task.State == scheduler.Running && loss == lossLapsed && was != nil && !was.Promise.IsZero() && t.b.Lapsed != nil {
		lapse := Lapse{Task: t.id, Fence: lease.Fence, Node: lease.Node, Manifest: t.rec.Manifest, Provider: was.Bid.Provider, At: t.b.Clock.Now(), Promise: was.Promise}
		with = append(with, func(tx *bbolt.Tx) error { return t.b.Lapsed(tx, lapse) })
	}
	err := t.save(func(r *record) {
		r.Task = next
		r.Winner = nil
		if !held {
			return
		}
		if !blameless {
			r.Tries[lease.Node]++
		}
		if told {
			r.owe(*was, lease.Fence, next.Reason, t.b.Clock.Now())
		}
	}, with...)
	if err != nil {
		return err
	}
	t.left(lease, held, loss)
	if unanswered {
		t.noYes()
	}
	if held {
		t.b.emit(t.rec, kind, Event{Node: lease.Node, Fence: lease.Fence, Text: next.Reason})
	}
	if told {
		t.b.running.Go(func() { t.b.tellWithdrawn(t.id) })
	}
	return nil
}

// left tidies the loop's memory after a lease has ended, however it did.
func (t *task) left(lease scheduler.Lease, held bool, loss string) {
	if held {
		t.b.hold(lease.Node, -1)
		if !hasResult(t.rec.Task.State) || t.rec.Task.State == scheduler.Local {
			t.b.rise(t.rec)
		}
		if loss != "" {
			t.b.tally.count(func(s *Stats) { s.Losses[loss]++ })
			if weight := strikeOf(loss); weight > 0 {
				t.b.strikeNode(lease.Node, weight)
			}
		}
	}
	t.awarding, t.receiving = false, false
	t.phases.accepted, t.phases.running, t.phases.returning = time.Time{}, time.Time{}, time.Time{}
}

// release ends the lease numbered fence, in the loop; other fences are ignored.
func (t *task) release(fence uint64, kind Kind, loss, reason string) error {
	next, err := t.rec.Task.Release(fence, wire.Reason(reason))
	if err != nil {
		return err
	}
	return t.drop(next, kind, loss)
}

// withdraw cancels the task, in the loop. Whom to tell is written with it.
func (t *task) withdraw(reason string) error {
	next, err := t.rec.Task.Cancel(wire.Reason(reason))
	if err != nil {
		return err
	}
	return t.drop(next, CalledOff, lossCalled)
}

// finish tidies up after the last state was persisted.
func (t *task) finish() {
	b := t.b
	t.stopLocal()
	t.answerAll(fmt.Sprintf("the task is %s", t.rec.Task.State))
	b.tidy(t.rec)
	b.tally.count(func(s *Stats) { s.Ended[string(t.rec.Task.State)]++ })
	b.emit(t.rec, Finished, Event{Text: t.rec.Task.Reason})
	b.mu.Lock()
	delete(b.tasks, t.id)
	b.clear(t.parent)
	b.mu.Unlock()
	close(t.done)
}

// tidy drops what an ended task needs no more. Without its key the ciphertext is
// noise, whoever kept a copy.
func (b *Broker) tidy(r record) {
	if b.keepsPayload(r) {
		return // until it is delivered, or later
	}
	ended := []string{payloadBlob(r.Task.ID)}
	for _, d := range r.Disputed {
		ended = append(ended, d.Result.Blob)
	}
	if err := b.deleteAll(context.WithoutCancel(b.ctx), ended); err != nil {
		b.Log.Warn("sealed payload of an ended task not deleted", "task", r.Task.ID.Short(), "error", err)
		return
	}
	_, err := b.store.update(r.Task.ID, func(r *record) error {
		r.ContentKey, r.PayloadManifest, r.Disputed = nil, nil, nil
		if !r.Task.Undelivered() {
			r.ResultKey = nil
		}
		return nil
	})
	if err != nil {
		b.Log.Warn("keys of an ended task not dropped; the next start tries again", "task", r.Task.ID.Short(), "error", err)
	}
}

// hold counts the live leases of a node.
func (b *Broker) hold(node common.Address, by int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[node] += by; b.held[node] <= 0 {
		delete(b.held, node)
	}
}

func (b *Broker) holding(node common.Address) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held[node]
}
