package outbox

import (
	"errors"
	"slices"
	"time"
)

// ErrOtherResult says that a task has another result already, at least on its way.
var ErrOtherResult = errors.New("another result of this task is on its way already")

// maxAsked is how many commitments are remembered: the answer to an old one still counts.
const maxAsked = 8

// The steps of a delivery. Each returns what it becomes and changes nothing that it was given.

// open says that something may still happen to it.
func (d Delivery) open() bool { return d.State == Waiting || d.State == Committing }

// unsettled says that it did not end as it should, or not yet.
func (d Delivery) unsettled() bool { return d.State != Delivered && d.State != Withdrawn }

// pending are the items that the destination has not acknowledged.
func (d Delivery) pending() (list []Item) {
	for _, i := range d.Items {
		if !i.Taken {
			list = append(list, i)
		}
	}
	return list
}

// started is a new delivery.
func started(p Parcel, destination string, items []Item, now time.Time, life time.Duration) Delivery {
	return Delivery{
		Task: p.Task, Notice: p.Notice, Destination: destination, Cases: []string{p.Case}, State: Waiting, Items: items,
		Since: now, Next: now, GiveUp: now.Add(life), Folder: p.Folder, Priority: p.Priority,
	}
}

// joined is d when a parcel of the same task comes again for the same destination: files
// that it does not have yet are sent too, and none that it has. A later notice takes the place
// of one that nobody has.
func (d Delivery) joined(p Parcel, items []Item, now time.Time, life time.Duration) (Delivery, error) {
	if d.Notice && d.State == Withdrawn {
		return d, nil
	}
	d.Cases, d.Items = slices.Clone(d.Cases), slices.Clone(d.Items)
	if !slices.Contains(d.Cases, p.Case) {
		d.Cases = append(d.Cases, p.Case)
	}
	d.Priority = max(d.Priority, p.Priority)
	var fresh []Item
	for _, i := range items {
		at := slices.IndexFunc(d.Items, func(had Item) bool { return had.File == i.File })
		switch {
		case at < 0:
			fresh = append(fresh, i)
		case d.Items[at].SHA256 == i.SHA256:
		case !d.Notice:
			return d, ErrOtherResult
		case slices.ContainsFunc(d.Items, func(had Item) bool { return had.Taken }):
			return d, nil // the earlier notice stands: one word of each task is enough
		default:
			d.Items[at] = i
		}
	}
	d.Folder = p.Folder
	if len(fresh) > 0 {
		d.Items = append(d.Items, fresh...)
		slices.SortStableFunc(d.Items, func(a, b Item) int { return place(a.Form) - place(b.Form) })
		d = d.retried(now, life)
	}
	return d, nil
}

// place is a form's in the order of sending.
func place(f Form) int { return slices.Index(Forms(), f) }

// trimmed is d without the items that its destination can't have.
func (d Delivery) trimmed(takes func(Form) bool) Delivery {
	d.Items = slices.DeleteFunc(slices.Clone(d.Items), func(i Item) bool { return !i.Taken && !takes(i.Form) })
	return d
}

// acknowledged is d when the destination has taken a file.
func (d Delivery) acknowledged(taken Item) Delivery {
	d.Items = slices.Clone(d.Items)
	for n := range d.Items {
		if d.Items[n].File == taken.File {
			d.Items[n].Taken, d.Items[n].Report = true, taken.Report
		}
	}
	return d
}

// missed is d after an attempt that failed; pause is how long it waits for the next.
func (d Delivery) missed(fault Fault, now time.Time, pause time.Duration) Delivery {
	d.Attempts++
	d.Fault = fault
	if fault == NothingWanted || fault == FilesChanged || !now.Before(d.GiveUp) {
		return d.ended(Failed, now)
	}
	d.State, d.Next = Waiting, now.Add(pause)
	if d.Next.After(d.GiveUp) {
		d.Next = d.GiveUp // one last time
	}
	return d
}

// carried is d when every item was taken and no commitment is wanted.
func (d Delivery) carried(now time.Time) Delivery {
	d.Attempts++
	d.Fault = ""
	return d.ended(Delivered, now)
}

// asking is d when the archive is about to be asked whether it keeps the objects, perhaps
// again.
func (d Delivery) asking(transaction string, now time.Time, within time.Duration) Delivery {
	if d.State == Committing {
		d.Attempts++
		d.Fault = NotAnswered
	}
	d.Asked = append(slices.Clone(d.Asked), transaction)
	d.Asked = d.Asked[max(0, len(d.Asked)-maxAsked):]
	d.State, d.Next = Committing, now.Add(within)
	return d
}

// answered is d with an archive's word. What it lost is sent again, after pause.
func (d Delivery) answered(c Commitment, now time.Time, pause time.Duration) Delivery {
	d.Items = slices.Clone(d.Items)
	lost, all := false, true
	for n := range d.Items {
		i := &d.Items[n]
		switch {
		case slices.Contains(c.Lost, i.SOPInstanceUID):
			i.Taken, i.Committed, lost = false, false, true
		case slices.Contains(c.Kept, i.SOPInstanceUID):
			i.Taken, i.Committed = true, true
		}
		all = all && i.Committed
	}
	switch {
	case all:
		return d.carried(now)
	case lost:
		return d.missed(NotCommitted, now, pause)
	}
	return d // it said nothing of some: it is asked again when the time is up
}

// retried is d with a new life, as from the start but for what was taken.
func (d Delivery) retried(now time.Time, life time.Duration) Delivery {
	d.State, d.Next, d.GiveUp, d.EndedAt, d.Attempts = Waiting, now, now.Add(life), time.Time{}, 0
	return d
}

func (d Delivery) ended(s State, now time.Time) Delivery {
	d.State, d.EndedAt, d.Next = s, now, time.Time{}
	return d
}

// due says that d is to be tried at now. Where the clock was set back by more than any pause
// is long, what was to come in that time is due.
func (d Delivery) due(now time.Time, longest time.Duration) bool {
	return d.open() && (!d.Next.After(now) || d.Next.After(now.Add(longest)))
}

// pauseAfter is how long to wait after the n-th failure in a row, from 1: first, doubled up to
// last, shortened by up to a half; chance is in [0,1).
func pauseAfter(n int, first, last time.Duration, chance float64) time.Duration {
	pause := first
	for ; n > 1 && pause < last; n-- {
		pause *= 2
	}
	pause = min(pause, last)
	return pause - time.Duration(chance*float64(pause)/2)
}
