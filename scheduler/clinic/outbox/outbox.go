package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/medhive/medhive/models"
)

// Outbox holds what is to be delivered. Its methods may be called from any goroutine.
type Outbox struct {
	conf  Config
	store *store
	log   *slog.Logger
	wake  chan struct{} // holds one: something is due, or may be
	tell  chan struct{} // holds one: changes wait to be told

	mu        sync.Mutex // guards what follows, and that a delivery is read and written in one step
	unsettled map[key]Delivery
	changes   []Delivery // not told yet
	lanes     map[string]*lane
	running   map[key]context.CancelFunc // attempts
}

// lane is one destination: one attempt at a time, and a pause while it can't be reached.
type lane struct {
	busy     bool
	until    time.Time
	failures int // in a row, to reach it
}

// Open opens or makes the outbox in a file. secret seals what lies there. What an earlier life
// could not bring because the destination was away is due at once, and archives that owe their
// word are asked again: the process may have ended before the question was out.
func Open(file string, secret [32]byte, conf Config) (*Outbox, error) {
	conf = conf.orDefault()
	s, err := openStore(file, secret)
	if err != nil {
		return nil, err
	}
	unsettled, err := s.unsettled()
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	now := time.Now()
	for k, d := range unsettled {
		if d.State == Committing || d.State == Waiting && d.Fault == Unreachable {
			d.State, d.Next = Waiting, now
			unsettled[k] = d
		}
	}
	return &Outbox{
		conf: conf, store: s, log: conf.Log, unsettled: unsettled,
		wake: make(chan struct{}, 1), tell: make(chan struct{}, 1), lanes: map[string]*lane{}, running: map[key]context.CancelFunc{},
	}, nil
}

// Close lets go of the file, after Run has returned.
func (o *Outbox) Close() error { return o.store.db.Close() }

// Put takes a parcel over: what it returns is on disk. The same parcel again changes nothing,
// and a task's result reaches a destination once, whichever cases ask for it. A result
// withdraws the task's notices that are not delivered, and a notice that comes after a result
// is not taken: then there are no deliveries.
func (o *Outbox) Put(p Parcel) ([]Delivery, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	if !filepath.IsAbs(p.Folder) {
		return nil, fmt.Errorf("put a parcel of task %s: its folder has no absolute path", p.Task.Short())
	}
	items, err := readItems(p.Folder)
	if err != nil {
		return nil, fmt.Errorf("put a parcel of task %s: %w", p.Task.Short(), err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	had, err := o.store.of(p.Task)
	if err != nil {
		return nil, err
	}
	now, changed := time.Now().UTC().Round(0), map[key]Delivery{}
	for k, d := range had {
		if live, open := o.unsettled[k]; open { // it may be due sooner than the disk knows
			d, had[k] = live, live
		}
		switch {
		case !d.Notice && p.Notice:
			return nil, nil
		case d.Notice && !p.Notice && d.unsettled():
			changed[k] = d.ended(Withdrawn, now)
		}
	}
	var list []Delivery
	for _, to := range p.Destinations {
		k := o.store.keyOf(p.Task, p.Notice, to.Name)
		d, there := had[k]
		if done, twice := changed[k]; twice {
			d, there = done, true
		}
		wanted := chosen(items, to.Forms, p.Notice)
		if c := o.conf.Carriers[to.Name]; c != nil {
			wanted = slices.DeleteFunc(wanted, func(i Item) bool { return !c.Takes(i.Form) })
		}
		if !there {
			d = started(p, to.Name, wanted, now, o.conf.Life)
		} else if d, err = d.joined(p, wanted, now, o.conf.Life); err != nil {
			return nil, fmt.Errorf("put a parcel of task %s: %w; look at the first one", p.Task.Short(), err)
		}
		if !there || !reflect.DeepEqual(d, had[k]) {
			changed[k] = d
		}
		list = append(list, d)
	}
	return list, o.keep(changed)
}

// keep writes deliveries and makes them known. The caller holds o.mu.
func (o *Outbox) keep(changed map[key]Delivery) error {
	if err := o.store.write(changed); err != nil {
		return err
	}
	for _, k := range slices.SortedFunc(maps.Keys(changed), func(a, b key) int { return slices.Compare(a[:], b[:]) }) {
		d := changed[k]
		if d.unsettled() {
			o.unsettled[k] = d
		} else {
			delete(o.unsettled, k)
		}
		if stop := o.running[k]; stop != nil && d.State == Withdrawn {
			stop()
		}
		if o.conf.Changed != nil {
			o.changes = append(o.changes, d)
		}
	}
	stir(o.wake)
	stir(o.tell)
	return nil
}

func stir(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// change makes a step of an open delivery; one that has ended meanwhile stays as it is.
func (o *Outbox) change(k key, step func(Delivery) Delivery) (Delivery, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d, there := o.unsettled[k]
	if !there || !d.open() {
		return d, nil
	}
	d = step(d)
	return d, o.keep(map[key]Delivery{k: d})
}

// All are all deliveries, the newest first.
func (o *Outbox) All() ([]Delivery, error) {
	var list []Delivery
	err := o.store.each(func(_ key, d Delivery) error {
		list = append(list, d)
		return nil
	})
	slices.SortFunc(list, func(a, b Delivery) int { return cmp.Or(b.Since.Compare(a.Since), byName(a, b)) })
	return list, err
}

// Unsettled are the deliveries that are not at their destination: waiting, committing or given
// up, the oldest first. Unlike All it reads no disk.
func (o *Outbox) Unsettled() []Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.SortedFunc(maps.Values(o.unsettled), func(a, b Delivery) int { return cmp.Or(a.Since.Compare(b.Since), byName(a, b)) })
}

// Has says that an instance was put here once, whatever became of it: an archive that forwards
// studies may send a clinic its own results.
func (o *Outbox) Has(sopInstanceUID string) (bool, error) { return o.store.marked(sopInstanceUID) }

// Of are the deliveries of a task, by destination.
func (o *Outbox) Of(task models.Digest) ([]Delivery, error) {
	found, err := o.store.of(task)
	return slices.SortedFunc(maps.Values(found), byName), err
}

func byName(a, b Delivery) int {
	notices := map[bool]int{true: 1}
	return cmp.Or(cmp.Compare(a.Destination, b.Destination), cmp.Compare(notices[a.Notice], notices[b.Notice]), slices.Compare(a.Task[:], b.Task[:]))
}

// Retry tries the deliveries of which which says so at once, with a whole life before them:
// those that wait, and those that were given up. It returns how many they are.
func (o *Outbox) Retry(which func(Delivery) bool) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now, changed := time.Now().UTC().Round(0), map[key]Delivery{}
	for k, d := range o.unsettled {
		if o.running[k] == nil && which(d) {
			changed[k] = d.retried(now, o.conf.Life)
			if l := o.lanes[d.Destination]; l != nil {
				l.until = time.Time{}
			}
		}
	}
	return len(changed), o.keep(changed)
}

// Withdraw ends the deliveries that are not at their destination and of which which says so.
func (o *Outbox) Withdraw(which func(Delivery) bool) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now, changed := time.Now().UTC().Round(0), map[key]Delivery{}
	for k, d := range o.unsettled {
		if which(d) {
			changed[k] = d.ended(Withdrawn, now)
		}
	}
	return len(changed), o.keep(changed)
}

// Prune forgets deliveries that ended well before a time, and returns how many. Their tasks,
// put again, would be sent again.
func (o *Outbox) Prune(before time.Time) (int, error) { return o.store.prune(before) }

// Health is how one destination does.
type Health struct {
	Destination                 string
	Waiting, Committing, Failed int
	Oldest                      time.Time // since when the oldest of the waiting waits; zero: none does
	Fault                       Fault     // of the last attempt that failed, while something waits
}

// Health is one line for each destination that has something to wait for or has failed.
func (o *Outbox) Health() []Health {
	lines := map[string]*Health{}
	for _, d := range o.Unsettled() {
		h := lines[d.Destination]
		if h == nil {
			h = &Health{Destination: d.Destination}
			lines[d.Destination] = h
		}
		switch d.State {
		case Waiting:
			h.Waiting++
		case Committing:
			h.Committing++
		case Failed:
			h.Failed++
			continue
		}
		if h.Oldest.IsZero() {
			h.Oldest = d.Since
		}
		if d.Fault != "" {
			h.Fault = d.Fault
		}
	}
	var list []Health
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		list = append(list, *lines[name])
	}
	return list
}

// Committed takes an archive's word on what it keeps, whenever it comes. What belongs to no
// open delivery is of no matter.
func (o *Outbox) Committed(_ context.Context, c Commitment) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for k, d := range o.unsettled {
		if !d.open() || !slices.Contains(d.Asked, c.Transaction) {
			continue
		}
		now := time.Now().UTC().Round(0)
		d = d.answered(c, now, o.pause(d.Attempts+1))
		o.log.Info("an archive said what it keeps", "case", d.Cases[0], "task", d.Task.Short(), "destination", d.Destination, "state", string(d.State))
		return o.keep(map[key]Delivery{k: d})
	}
	return nil
}

// pause is how long to wait after the n-th failure.
func (o *Outbox) pause(n int) time.Duration {
	return pauseAfter(n, o.conf.First, o.conf.Last, rand.Float64())
}
