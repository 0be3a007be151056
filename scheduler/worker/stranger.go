package worker

import (
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// A key costs nothing, so whoever is bounded by name alone comes with fresh names. A
// stranger is a clinic that has not countersigned a receipt of this node yet: that takes a
// whole job. Strangers together are bounded as one.
//
// strangersTogether is the share of a node's places, one in so many, that bids for all
// strangers may keep. The rest is for clinics that the node has worked for.
const strangersTogether = 2

// hasSettled reports whether a clinic is no stranger; w.mu is held.
func (w *Worker) hasSettled(clinic common.Address) bool { return w.clinics[clinic].Signed > 0 }

// openToStrangers is how many places bids for strangers keep now; w.mu is held.
func (w *Worker) openToStrangers() (open int) {
	for clinic, p := range w.patience {
		if p.open > 0 && !w.hasSettled(clinic) {
			open += p.open
		}
	}
	return open
}

// spares reports whether one more bid for this clinic leaves the others their part: half of
// the places, and one in any case, may be kept for strangers. w.mu is held.
func (w *Worker) spares(clinic common.Address) bool {
	return w.hasSettled(clinic) || w.openToStrangers() < max(1, (w.Capacity+w.Queue+w.StatPlaces)/strangersTogether)
}

// findPlace is the load that a bid finds, and the bids that are displaced for it. A node of
// one place gives it to a stranger's bid, and takes it back for a clinic that it has worked
// for: that bid is remembered, and its award is declined if the place is still gone. w.mu is
// held.
func (w *Worker) findPlace(p *pending) (after load, displaced []*pending, err error) {
	after = w.load
	admits := func() bool { return after.admits(p.place.class, w.Capacity+w.Queue, w.StatPlaces) }
	if admits() {
		return after, nil, nil
	}
	if !w.hasSettled(p.offer.Clinic) || w.openToStrangers() < after.total() {
		return after, nil, errNoPlace // it is work, or bids for clinics like this one, that fill the node
	}
	for _, other := range w.pending {
		if admits() {
			break
		}
		if other.reserved && !w.hasSettled(other.offer.Clinic) {
			after.remove(other.place)
			displaced = append(displaced, other)
		}
	}
	if !admits() {
		return after, nil, errNoPlace
	}
	return after, displaced, nil
}

// displace takes a bid's place back before its clinic has decided; that is no strike of the
// clinic's. w.mu is held.
func (w *Worker) displace(p *pending) {
	p.reserved = false
	w.load.remove(p.place)
	w.change(p.offer.Clinic, func(c patience) patience { c.open--; return c })
}

// remembersMore makes room for one more bid; w.mu is held. Bids of tasks that are over go
// first, then the oldest that keep no place and became no job, those of strangers before the
// others: who comes back to one of those is told that there is no bid.
func (w *Worker) remembersMore(now time.Time) bool {
	var oldest *pending
	for about, p := range w.pending {
		switch {
		case p.reserved || w.jobs[about] != nil:
		case !now.Before(p.offer.Deadline):
			delete(w.pending, about)
		case oldest == nil || w.forgottenBefore(p, oldest):
			oldest = p
		}
	}
	if len(w.pending) >= maxPending && oldest != nil {
		delete(w.pending, oldest.errand())
	}
	return len(w.pending) < maxPending
}

// forgottenBefore is the order in which bids are forgotten.
func (w *Worker) forgottenBefore(p, other *pending) bool {
	if settled := w.hasSettled(p.offer.Clinic); settled != w.hasSettled(other.offer.Clinic) {
		return !settled
	}
	return p.since.Before(other.since)
}
