package site

import (
	"time"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// action is what the site does next for a case.
type action string

// The actions.
const (
	rest     action = ""         // it waits for a time, a person or the outbox
	decide   action = "decide"   // let the rules choose models
	submit   action = "submit"   // take it the whole way through the market, or join it there
	handOver action = "handOver" // give its result to the outbox
)

// next is what to do for a case now; where it rests, at is when to look again, zero for
// never by itself. It is the same before and after a restart: every action may be begun
// anew, since what it does is named by the case.
func next(c worklist.Case, now time.Time) (do action, at time.Time) {
	switch c.State {
	case worklist.Received:
		return decide, time.Time{}
	case worklist.Routed:
		if c.NextTry.After(now) {
			return rest, c.NextTry
		}
		return submit, time.Time{}
	case worklist.Submitted:
		return submit, time.Time{}
	case worklist.Analysed:
		return handOver, time.Time{}
	}
	return rest, time.Time{}
}

// places are how many cases may be in the market at once. Emergencies have some of their
// own, so that none waits behind routine ones that nobody bids for.
type places struct {
	any, reserved int // free
}

// statShare is which part of the places is there for emergencies besides.
const statShare = 4

func newPlaces(workers int) places { return places{any: workers, reserved: max(1, workers/statShare)} }

// take gives a case a place; reserved says that it is one for emergencies, to be given back
// as such.
func (p *places) take(class scheduler.Class) (reserved, ok bool) {
	switch {
	case p.any > 0:
		p.any--
		return false, true
	case p.reserved > 0 && class == scheduler.STAT:
		p.reserved--
		return true, true
	}
	return false, false
}

func (p *places) giveBack(reserved bool) {
	if reserved {
		p.reserved++
	} else {
		p.any++
	}
}

// Pauses between tries: they double from the first to the last.
const (
	firstPause = 5 * time.Second
	lastPause  = 10 * time.Minute
	// maxAttempts is how often a study is submitted before it counts as not analysed: with
	// these pauses, three hours pass.
	maxAttempts = 25
)

// pauseAfter is how long to wait after the n-th failure, from 1.
func pauseAfter(n int) time.Duration {
	pause := firstPause
	for ; n > 1 && pause < lastPause; n-- {
		pause *= 2
	}
	return min(pause, lastPause)
}
