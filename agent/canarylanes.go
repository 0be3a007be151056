package agent

import (
	"context"
	"errors"
	"log/slog"
	randv2 "math/rand/v2"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// rerunLanes is how many re-runs are made at once: one clinic that answers slowly does not
// keep the others' waiting.
const rerunLanes = 2

// laneTick is how often a lane looks whether its clinic's name is over.
const laneTick = time.Minute

// work makes checks until ctx ends: canaries in a lane for each canary clinic, re-runs in
// lanes of their own.
func (k *canaries) work(ctx context.Context) {
	var lanes sync.WaitGroup
	if k.conf.Canaries != "" {
		slots := slotsOf(k.conf.CanaryListen)
		k.dissolve(ctx, len(slots))
		for n, s := range slots {
			lanes.Go(func() { k.canaryLane(ctx, n, s) })
		}
	}
	if k.conf.Rechecks {
		for range rerunLanes {
			lanes.Go(func() { k.lane(ctx, k.mayRerun, k.rerun) })
		}
	}
	lanes.Wait()
	if k.local != nil {
		if err := k.local.close(); err != nil {
			k.log.Warn("the runner of checks did not end cleanly", "error", err)
		}
	}
}

// stir has every lane look again.
func (k *canaries) stir() {
	k.taking.Lock()
	defer k.taking.Unlock()
	close(k.more)
	k.more = make(chan struct{})
}

func (k *canaries) news() <-chan struct{} {
	k.taking.Lock()
	defer k.taking.Unlock()
	return k.more
}

// canaryLane makes the canaries of one clinic, one after the other.
func (k *canaries) canaryLane(ctx context.Context, n int, s *slot) {
	defer k.closeClinic(s)
	suits := func(d dueCheck) bool {
		if d.Rerun != nil {
			return false
		}
		id, err := k.book.identity(n)
		if err != nil {
			return false // told by rotate
		}
		if d.Flight != nil {
			return d.Flight.Identity == id.Number
		}
		for _, other := range k.busy { // one node that is slow does not hold all clinics
			if other.Rerun == nil && other.Key.Node == d.Key.Node {
				return false
			}
		}
		return id.Number == 0 || k.epoch() < id.Until
	}
	check := func(ctx context.Context, number []byte, due *dueCheck) error { return k.canary(ctx, n, s, number, due) }
	rotate := func() {
		if err := k.rotate(ctx, n, s); err != nil && ctx.Err() == nil {
			k.log.Error("a canary clinic's name can't be ended; its verdicts wait", "error", err)
		}
	}
	for ctx.Err() == nil {
		rotate()
		k.step(ctx, suits, check)
	}
}

// lane makes one check after the other of those that suit, each at its time.
func (k *canaries) lane(ctx context.Context, suits func(dueCheck) bool, check func(context.Context, []byte, *dueCheck) error) {
	for ctx.Err() == nil {
		k.step(ctx, suits, check)
	}
}

// mayRerun takes one re-run of a clinic at a time; k.taking is held.
func (k *canaries) mayRerun(d dueCheck) bool {
	if d.Rerun == nil {
		return false
	}
	for _, other := range k.busy {
		if other.Rerun != nil && other.clinic() == d.clinic() {
			return false
		}
	}
	return true
}

// step makes the check that is due first, or waits until there may be one.
func (k *canaries) step(ctx context.Context, suits func(dueCheck) bool, check func(context.Context, []byte, *dueCheck) error) {
	more := k.news() // before the book is read: nothing is missed
	number, due, wait := k.take(suits)
	if due != nil {
		k.attempt(ctx, number, *due, check)
		k.giveBack(number)
		return
	}
	select {
	case <-ctx.Done():
	case <-more:
	case <-time.After(min(wait, laneTick)):
	}
}

// take is the check that is due first of those that suit and nobody makes yet; it is the
// caller's until giveBack. Where none is due, wait is how long until the first is.
func (k *canaries) take(suits func(dueCheck) bool) (number []byte, due *dueCheck, wait time.Duration) {
	k.taking.Lock()
	defer k.taking.Unlock()
	number, due, err := k.book.next(func(number []byte, d dueCheck) bool {
		_, taken := k.busy[string(number)]
		return !taken && suits(d)
	})
	if err != nil {
		k.log.Error("the book of checks is not readable; checks pause", "error", err)
	}
	if due == nil {
		return nil, nil, laneTick
	}
	if wait := time.Until(due.At); wait > 0 && due.Flight == nil {
		return nil, nil, wait
	}
	k.busy[string(number)] = *due
	return number, due, 0
}

func (k *canaries) giveBack(number []byte) {
	k.taking.Lock()
	delete(k.busy, string(number))
	k.taking.Unlock()
	k.stir()
}

// attempt makes a check; one that fails for no fault of the node is tried again later, and
// dropped in the end. It is nobody's fault then.
func (k *canaries) attempt(ctx context.Context, number []byte, due dueCheck, check func(context.Context, []byte, *dueCheck) error) {
	err := check(ctx, number, &due)
	if err == nil {
		k.count(due, func(c *CheckCount) { c.Made++ })
		return
	}
	if ctx.Err() != nil {
		return
	}
	if due.Flight != nil {
		k.forget(*due.Flight)
	}
	due.Tries, due.Flight, due.At = due.Tries+1, nil, time.Now().Add(pauseOf(k.conf.CanaryEvery, randv2.Float64()))
	if lasting := errors.Is(err, errNoCheck); lasting || due.Tries >= checkTries {
		level := slog.LevelInfo
		if due.Rerun != nil {
			level = slog.LevelDebug // most clinics let nobody run their tasks again
		}
		k.count(due, func(c *CheckCount) { c.Dropped++ })
		k.log.Log(ctx, level, "a check could not be made", "node", due.Key.Node, "model", due.Key.Model.Short(), "reason", err)
		err = k.book.done(number, nil)
	} else {
		k.log.Debug("a check is tried again", "node", due.Key.Node, "error", err)
		err = k.book.put(number, due)
	}
	if err != nil {
		k.log.Error("the book of checks is not writable; checks pause", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(k.conf.CanaryEvery):
		}
	}
}

// forget drops what a canary left that nobody will judge.
func (k *canaries) forget(f flight) {
	held, err := k.book.heldFiles()
	var over []common.Hash
	for _, file := range []common.Hash{f.Study, f.Answer} {
		if err == nil && !held[blobName(file)] {
			over = append(over, file)
		}
	}
	if err = errors.Join(err, k.refs.Forget(f.Study), dropFiles(k.conf.State, over)); err != nil {
		k.log.Warn("what a canary left could not be removed; the next start does", "error", err)
	}
}

// dissolve ends the names of slots that are no more, because fewer addresses are given than
// before. A canary that was on its way from one is tried again from another.
func (k *canaries) dissolve(ctx context.Context, slots int) {
	identities, err := k.book.identities()
	for n, id := range identities {
		if n < slots || err != nil {
			continue
		}
		if err = k.book.ground(id.Number); err == nil {
			err = k.retire(ctx, n, id.Number)
		}
	}
	if err != nil && ctx.Err() == nil {
		k.log.Error("a canary clinic's name can't be ended; its verdicts wait", "error", err)
	}
}

// errNoCheck says that trying again would not help.
var errNoCheck = errors.New("this check can't be made here")
