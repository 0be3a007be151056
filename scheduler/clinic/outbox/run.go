package outbox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// Run delivers until ctx ends: one attempt at a time at each destination, all destinations at
// once. What it was doing when ctx ended goes on at the next Run.
func (o *Outbox) Run(ctx context.Context) {
	var loops sync.WaitGroup
	defer loops.Wait()
	loops.Go(func() { o.tellChanges(ctx) })
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.wake:
		case <-timer.C:
		}
		starts, next := o.begin(ctx, time.Now())
		for _, s := range starts {
			loops.Go(func() { o.attempt(s) })
		}
		timer.Stop()
		if next > 0 {
			timer.Reset(next)
		}
	}
}

// tellChanges calls Config.Changed.
func (o *Outbox) tellChanges(ctx context.Context) {
	for {
		o.mu.Lock()
		changes := o.changes
		o.changes = nil
		o.mu.Unlock()
		for _, d := range changes {
			o.conf.Changed(d)
		}
		if len(changes) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-o.tell:
		}
	}
}

// attempt is one try that has been given its destination's lane.
type attempt struct {
	key         key
	destination string
	run         context.Context // of Run
	ctx         context.Context // … bounded to one attempt
	stop        context.CancelFunc
}

// begin takes the lanes that are free for what is due, and says how long until something else
// is; 0: nothing will be by itself.
func (o *Outbox) begin(ctx context.Context, now time.Time) (starts []attempt, next time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	longest := max(o.conf.Last, o.conf.CommitWithin)
	first := map[string]key{}
	for k, d := range o.unsettled {
		l := o.lane(d.Destination)
		if !d.open() || l.busy {
			continue // the end of the attempt wakes Run
		}
		wait := d.Next.Sub(now)
		if d.due(now, longest) {
			if wait = l.until.Sub(now); wait <= 0 {
				if before, there := first[d.Destination]; !there || o.sooner(k, before) {
					first[d.Destination] = k
				}
				continue
			}
		}
		if next == 0 || wait < next {
			next = wait
		}
	}
	for destination, k := range first {
		o.lane(destination).busy = true
		a := attempt{key: k, destination: destination, run: ctx}
		a.ctx, a.stop = context.WithTimeout(ctx, o.conf.Attempt)
		o.running[k] = a.stop
		starts = append(starts, a)
	}
	return starts, next
}

func (o *Outbox) lane(destination string) *lane {
	l := o.lanes[destination]
	if l == nil {
		l = &lane{}
		o.lanes[destination] = l
	}
	return l
}

// sooner orders what is due at one destination.
func (o *Outbox) sooner(a, b key) bool {
	x, y := o.unsettled[a], o.unsettled[b]
	return cmp.Or(cmp.Compare(y.Priority, x.Priority), x.Next.Compare(y.Next), x.Since.Compare(y.Since), bytes.Compare(a[:], b[:])) < 0
}

// attempt tries one delivery, notes what came of it and gives the lane back.
func (o *Outbox) attempt(a attempt) {
	defer a.stop()
	err := o.deliver(a)
	now := time.Now().UTC().Round(0)
	o.mu.Lock()
	defer o.mu.Unlock()
	defer stir(o.wake)
	delete(o.running, a.key)
	l := o.lane(a.destination)
	l.busy = false
	if a.run.Err() != nil {
		return // the process ends: no fault of the destination's
	}
	var fault Fault
	if err != nil {
		fault = faultOf(err)
	}
	if fault == Unreachable {
		l.failures++
		l.until = now.Add(o.pause(l.failures))
	} else if !fault.atHome() {
		*l = lane{}
		o.backAgain(a.destination, now)
	}
	d, there := o.unsettled[a.key]
	if err == nil || !there || !d.open() {
		return // delivered, or withdrawn meanwhile
	}
	o.log.Warn("a result could not be delivered yet", "case", d.Cases[0], "task", d.Task.Short(), "destination", d.Destination, "attempt", d.Attempts+1, "reason", string(fault), "cause", causeOf(err))
	if err := o.keep(map[key]Delivery{a.key: d.missed(fault, now, o.pause(d.Attempts+1))}); err != nil {
		o.log.Error("the outbox is not writable", "error", err)
		l.until = now.Add(o.conf.First) // or it would be tried again and again
	}
}

// backAgain makes everything due that waits for a destination only because it was away. The
// caller holds o.mu. It need not be on disk: a new start does the same.
func (o *Outbox) backAgain(destination string, now time.Time) {
	for k, d := range o.unsettled {
		if d.Destination == destination && d.State == Waiting && d.Fault == Unreachable && d.Next.After(now) {
			d.Next = now
			o.unsettled[k] = d
		}
	}
}

// deliver does all that is left to do for one delivery.
func (o *Outbox) deliver(a attempt) error {
	carrier := o.conf.Carriers[a.destination]
	if carrier == nil {
		return &Failure{Fault: NoCarrier}
	}
	d, err := o.change(a.key, func(d Delivery) Delivery { return d.trimmed(carrier.Takes) })
	if err != nil || !d.open() {
		return err
	}
	if len(d.Items) == 0 {
		return &Failure{Fault: NothingWanted}
	}
	for carried := 0; ; {
		pending := d.pending()
		if len(pending) == 0 {
			return o.conclude(a, carrier)
		}
		if carried == len(d.Items) {
			return &Failure{Fault: NotTaken, Err: errors.New("the carrier left files behind and says nothing of it")}
		}
		if err := locate(d.Folder, pending); err != nil {
			return err
		}
		err := carrier.Carry(a.ctx, pending, func(i Item) error {
			_, err := o.change(a.key, func(d Delivery) Delivery { return d.acknowledged(i) })
			return err
		})
		if err != nil {
			return err
		}
		carried = len(d.Items)
		// A parcel may have brought more forms meanwhile.
		if d, err = o.change(a.key, func(d Delivery) Delivery { return d.trimmed(carrier.Takes) }); err != nil || !d.open() {
			return err
		}
	}
}

// conclude ends a delivery whose items were all taken, or asks whether they are kept.
func (o *Outbox) conclude(a attempt, carrier Carrier) error {
	committer, commits := carrier.(Committer)
	var transaction string
	if commits {
		transaction = transactionUID()
	}
	late := false
	d, err := o.change(a.key, func(d Delivery) Delivery {
		now := time.Now().UTC().Round(0)
		late = len(d.Asked) > 0 && !now.Before(d.GiveUp)
		switch {
		case len(d.pending()) > 0 || late:
			return d // more forms may have come in this moment: they are due
		case commits:
			return d.asking(transaction, now, o.conf.CommitWithin)
		}
		return d.carried(now)
	})
	switch {
	case err != nil || len(d.pending()) > 0:
		return err
	case late:
		return &Failure{Fault: NotAnswered}
	case len(d.Cases) == 0:
		return nil // withdrawn in this moment
	case !commits:
		o.log.Info("delivered", "case", d.Cases[0], "task", d.Task.Short(), "destination", d.Destination, "files", len(d.Items))
		return nil
	case !d.open():
		return nil
	}
	answer, err := committer.Commit(a.ctx, transaction, d.Items)
	if err != nil || answer == nil {
		return err
	}
	return o.Committed(a.ctx, *answer)
}

// transactionUID is a UID of our own: 2.25 and a random number (PS3.5 annex B.2).
func transactionUID() string {
	var random [16]byte
	rand.Read(random[:]) // never fails, see crypto/rand
	return fmt.Sprintf("2.25.%s", new(big.Int).SetBytes(random[:]))
}
