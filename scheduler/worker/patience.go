package worker

import (
	"errors"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// A bid keeps a place until its clinic decides. A clinic that lets bids run out undecided
// costs a node its places for nothing, and a hostile one means to.
const (
	// strikesAllowed is how many undecided bids are forgiven: a partition or a crash of the
	// clinic leaves one.
	strikesAllowed = 1
	// strangersShare is the share of a node's places, one in so many, that bids for a clinic
	// may keep before it has given the node work.
	strangersShare = 4
	// firstBan is how long a node does not bid for a clinic after one more; it doubles up
	// to lastBan, which is short enough for an honest clinic that comes back.
	firstBan = 10 * time.Second
	lastBan  = 80 * time.Second
	// strikesLast is how long undecided bids are remembered.
	strikesLast = 10 * time.Minute
	// maxPatience bounds the clinics that are remembered.
	maxPatience = 1024
)

var errUndecided = errors.New("the clinic leaves bids undecided")

// patience is what a node has for one clinic's decisions.
type patience struct {
	strikes int       // bids in a row that ran out, those at the same time counted once
	last    time.Time // the latest
	awarded bool      // it has given this node work since
	open    int       // bids that keep a place now
}

// undecided notes a bid that kept its place from began to now and was not decided in time.
// Bids that were out together, as when a partition begins, are one strike.
func (p patience) undecided(began, now time.Time) patience {
	if now.Sub(p.last) > strikesLast {
		p.strikes = 0
	}
	if p.strikes == 0 || !began.Before(p.last) {
		p.strikes, p.last = p.strikes+1, now
	}
	p.awarded = false
	return p
}

// bannedUntil is when the clinic may have a bid again.
func (p patience) bannedUntil() time.Time {
	over := p.strikes - strikesAllowed
	if over <= 0 {
		return time.Time{}
	}
	return p.last.Add(min(lastBan, firstBan<<min(over-1, 8)))
}

// allows says whether the clinic may have one more bid on a node with so many places. One
// that has not given it work yet, or left a bid undecided since, keeps at most a quarter of
// them, and one in any case.
func (p patience) allows(places int, now time.Time) error {
	if now.Before(p.bannedUntil()) || !p.awarded && p.open >= max(1, places/strangersShare) {
		return errUndecided
	}
	return nil
}

// idle reports whether forgetting the clinic changes little.
func (p patience) idle(now time.Time) bool { return p.open == 0 && now.Sub(p.last) > strikesLast }

// change alters what the node has for a clinic; w.mu is held.
func (w *Worker) change(clinic common.Address, alter func(patience) patience) {
	w.patience[clinic] = alter(w.patience[clinic])
}

// knowsPatience makes room for a clinic; false where too many are remembered. First to be
// forgotten are the idle, then the stranger whose last strike is the oldest: who comes with
// fresh names loses nothing by it, and neither locks others out nor pushes out a clinic that
// the node has worked for. Those are bounded in number themselves. w.mu is held.
func (w *Worker) knowsPatience(clinic common.Address, now time.Time) bool {
	if _, known := w.patience[clinic]; known || len(w.patience) < maxPatience {
		return true
	}
	var oldest *common.Address
	for other, p := range w.patience {
		switch {
		case p.idle(now):
			delete(w.patience, other)
		case p.open == 0 && !w.hasSettled(other) && (oldest == nil || p.last.Before(w.patience[*oldest].last)):
			oldest = &other
		}
	}
	if len(w.patience) >= maxPatience && oldest != nil {
		delete(w.patience, *oldest)
	}
	return len(w.patience) < maxPatience || w.hasSettled(clinic)
}
