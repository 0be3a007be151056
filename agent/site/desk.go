package site

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// pendingCases is the worklist, as the desk needs it.
type pendingCases interface {
	// Pending are the open cases in the order in which they are to be worked on.
	Pending() ([]worklist.Case, error)
	// Changed is closed at the next change of any case.
	Changed() <-chan struct{}
}

// desk works on cases, several at a time and each by one goroutine.
type desk struct {
	book   pendingCases
	act    func(context.Context, worklist.Case, action) error
	places places
	log    *slog.Logger

	busy    map[string]bool      // cases that are worked on
	notTill map[string]time.Time // cases that failed in a way that is no step of theirs
	failed  map[string]int       // how often in a row
}

// ended is what a worker tells the desk.
type ended struct {
	id       string
	market   bool // it had a place
	reserved bool
	err      error
}

// run works until ctx ends, and returns when every worker has.
func (d *desk) run(ctx context.Context) {
	d.busy, d.notTill, d.failed = map[string]bool{}, map[string]time.Time{}, map[string]int{}
	done := make(chan ended)
	var workers sync.WaitGroup
	for {
		changed := d.book.Changed()
		wake, err := d.begin(ctx, &workers, done)
		if err != nil {
			d.log.Error("the worklist can't be read", "error", err)
			wake = time.Now().Add(firstPause)
		}
		select {
		case <-ctx.Done():
			go func() { workers.Wait(); close(done) }()
			for range done { // so that no worker waits to be heard
			}
			return
		case <-changed:
		case e := <-done:
			d.note(e)
		case <-after(wake):
		}
	}
}

// after is a channel that tells a time; the zero time is never.
func after(at time.Time) <-chan time.Time {
	if at.IsZero() {
		return nil
	}
	return time.After(time.Until(at))
}

// begin starts a worker for each case that has something to do and a place, and says when
// to look again.
func (d *desk) begin(ctx context.Context, workers *sync.WaitGroup, done chan<- ended) (wake time.Time, err error) {
	pending, err := d.book.Pending()
	if err != nil {
		return wake, fmt.Errorf("look for work: %w", err)
	}
	now := time.Now()
	for _, c := range pending {
		do, at := next(c, now)
		if held := d.notTill[c.ID]; held.After(now) {
			do, at = rest, held
		}
		if do == rest || d.busy[c.ID] {
			if !at.IsZero() && (wake.IsZero() || at.Before(wake)) {
				wake = at
			}
			continue
		}
		e := ended{id: c.ID, market: do == submit}
		if e.market {
			var ok bool
			if e.reserved, ok = d.places.take(c.Terms.Priority); !ok {
				continue
			}
		}
		d.busy[c.ID] = true
		workers.Go(func() {
			e.err = d.act(ctx, c, do)
			done <- e
		})
	}
	return wake, nil
}

// note frees what a worker had. One that failed without a step of its case gets a pause, so
// that a full disk is no busy loop.
func (d *desk) note(e ended) {
	delete(d.busy, e.id)
	if e.market {
		d.places.giveBack(e.reserved)
	}
	if e.err == nil {
		delete(d.notTill, e.id)
		delete(d.failed, e.id)
		return
	}
	d.failed[e.id]++
	pause := pauseAfter(d.failed[e.id])
	d.notTill[e.id] = time.Now().Add(pause)
	d.log.Warn("a case could not be worked on; it is tried again", "case", e.id, "in", pause, "error", e.err)
}
