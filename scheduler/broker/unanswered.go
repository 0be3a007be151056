package broker

import (
	"slices"
	"time"
)

// Awards that get no yes.
const (
	// spareLife is how long a bid that was not chosen may be awarded: as long as nodes
	// usually hold their place. A fresh round takes a fraction of a second, an award to a
	// node that has gone all of AwardTimeout.
	spareLife = 5 * time.Second
	// patientAfter so many awards in a row without a yes the spares are worth nothing: they
	// stand behind the same cut, or the market is full. The next award needs a fresh round,
	// after a pause of firstPause that doubles up to maxPause.
	patientAfter = 3
	firstPause   = time.Second
	maxPause     = 10 * time.Second
)

// pauseAfter is how long a task waits before it is offered again, after so many awards in a
// row without a yes.
func pauseAfter(unanswered int) time.Duration {
	if unanswered < patientAfter {
		return 0
	}
	pause := firstPause
	for range unanswered - patientAfter {
		if pause *= 2; pause >= maxPause {
			return maxPause
		}
	}
	return pause
}

// noYes counts an award that ended without a yes, in the loop.
func (t *task) noYes() {
	t.unanswered++
	pause := pauseAfter(t.unanswered)
	if pause == 0 {
		return
	}
	t.pauseUntil = t.b.Clock.Now().Add(pause)
	t.answerAll("three awards in a row got no answer; bid again in the next round")
	t.bids = nil
}

// stale reports whether a bid is too old to be awarded. Its own round is never longer.
func (t *task) stale(in bidder, now time.Time) bool {
	return now.Sub(in.at) > max(spareLife, t.b.BidWindow, t.b.STATWindow)
}

// dropStale forgets bids that no longer come into question, so that they take nobody's
// place.
func (t *task) dropStale(now time.Time) {
	t.bids = slices.DeleteFunc(t.bids, func(in bidder) bool {
		if !t.stale(in, now) {
			return false
		}
		in.answer(false, "the round is long over; bid again in the next one")
		return true
	})
}
