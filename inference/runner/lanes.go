package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/medhive/medhive/models"
)

// acquire waits for a lane of the job's model and takes it. giveWay, if not nil, ends the
// job so that it can be done again.
func (p *Pool) acquire(ctx context.Context, j Job, giveWay func()) (*lane, error) {
	if j.Priority == Stat {
		p.mu.Lock()
		p.stats++
		p.mu.Unlock()
		defer func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.stats--
			p.announce()
		}()
	}
	for {
		p.mu.Lock()
		l, victims, err := p.choose(j)
		if l != nil {
			l.giveWay = giveWay
		}
		changed := p.changed
		p.mu.Unlock()
		for _, v := range victims {
			_ = v.Close() // before the newcomer claims what they hold
		}
		switch {
		case err != nil:
			return nil, err
		case l != nil && l.process != nil:
			return l, nil
		case l != nil:
			return l, p.launch(ctx, l)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a runner: %w", ctx.Err())
		case <-p.ctx.Done():
			return nil, errPoolClosed
		}
	}
}

// choose takes an idle lane, or a new one without a process, or none where the job must
// wait. victims are idle runners that were taken out and must be closed first. The caller
// holds mu.
func (p *Pool) choose(j Job) (_ *lane, victims []*Process, _ error) {
	if p.ctx.Err() != nil {
		return nil, nil, errPoolClosed
	}
	pl, ok := p.places[j.Package.Digest()]
	if !ok {
		pl = &place{pkg: j.Package}
		p.places[j.Package.Digest()] = pl
	}
	if len(pl.lanes) == 0 {
		pl.pkg = j.Package
	}
	pl.retired = false
	if q := pl.record.quarantine; q != nil && !j.Trial {
		return nil, nil, q
	}
	if p.stats > 0 && j.Priority < Stat {
		return nil, nil, nil
	}
	for _, l := range slices.Clone(pl.lanes) {
		if l.busy {
			continue
		}
		if !l.process.usable() { // it died while idle, and nobody is to blame
			p.discard(l)
			continue
		}
		l.busy, l.priority = true, j.Priority
		return l, nil, nil
	}
	if slices.ContainsFunc(pl.lanes, func(l *lane) bool { return l.warming }) {
		return nil, nil, nil
	}
	limit := p.o.Lanes
	if j.Priority == Stat {
		limit++ // it does not wait for the routine jobs in front of it
	}
	if len(pl.lanes) >= limit {
		return nil, nil, nil
	}
	l := &lane{place: pl, busy: true, priority: j.Priority, charge: p.capOf(pl)}
	room, victims, err := p.makeRoom(l)
	if !room || err != nil {
		return nil, victims, err
	}
	pl.lanes = append(pl.lanes, l)
	return l, victims, nil
}

// capOf is what a runner of the model may claim.
func (p *Pool) capOf(pl *place) int64 {
	if p.o.MemoryBytes > 0 {
		return p.o.MemoryBytes
	}
	return pl.pkg.Manifest.Requirements.MemoryBytes
}

// makeRoom reports whether the newcomer fits into the budget. For a model's first lane,
// and for a Stat job, idle runners go, the least recently used first; for a Stat job, a
// job of a lower priority is asked to give way where that is not enough. The caller holds
// mu.
func (p *Pool) makeRoom(newcomer *lane) (room bool, victims []*Process, _ error) {
	budget := p.o.BudgetBytes
	if newcomer.charge > budget {
		return false, nil, fmt.Errorf("a runner of %s may take %d MiB, all runners together %d MiB; give the node a larger budget or its runners a lower cap",
			newcomer.place.pkg.Name(), newcomer.charge>>20, budget>>20)
	}
	all := p.lanes()
	charged := charge(all)
	if charged <= budget-newcomer.charge {
		return true, nil, nil
	}
	if len(newcomer.place.lanes) > 0 && newcomer.priority < Stat {
		return false, nil, nil
	}
	idle := slices.DeleteFunc(slices.Clone(all), func(l *lane) bool { return l.busy })
	slices.SortFunc(idle, func(a, b *lane) int { return int(int64(a.used) - int64(b.used)) })
	for _, l := range idle {
		l.place.lanes = slices.DeleteFunc(l.place.lanes, func(other *lane) bool { return other == l })
		victims = append(victims, l.process)
		if charged -= l.charge; charged <= budget-newcomer.charge {
			return true, victims, nil
		}
	}
	if newcomer.priority == Stat {
		for _, l := range all {
			if l.busy && l.giveWay != nil && l.priority < Stat {
				l.giveWay()
				break // the next one only if this one's end is not enough
			}
		}
	}
	return false, victims, nil
}

// launch starts the process of a new lane.
func (p *Pool) launch(ctx context.Context, l *lane) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(p.ctx, cancel)
	defer stop()
	o := p.o
	o.Package = l.place.pkg
	process, err := Start(ctx, o)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && p.ctx.Err() == nil {
		l.process = process
		p.warn(process)
		return nil
	}
	if err == nil {
		l.process, err = process, errPoolClosed
	}
	p.discard(l)
	if p.ctx.Err() != nil {
		return errPoolClosed
	}
	var failure *Failure
	if errors.As(err, &failure) {
		p.blame(l.place, models.Digest{}, failure)
	}
	return err
}

// warn says once what this machine lacks to confine its runners. The caller holds mu.
func (p *Pool) warn(process *Process) {
	if p.warned {
		return
	}
	p.warned = true
	for _, m := range process.Confinement().Missing() {
		p.o.Log.Warn("runners are confined less than they could be", "what", m.Name, "state", m.Words, "fix", m.Fix)
	}
}

// rewarm starts a runner in place of the last one of its model that died, so that the
// next job finds it ready. It tries once: the next job tries again and hears why not.
func (p *Pool) rewarm(pl *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil || p.stats > 0 || len(pl.lanes) > 0 || pl.retired || pl.record.quarantine != nil {
		return
	}
	l := &lane{place: pl, busy: true, warming: true, charge: p.capOf(pl)}
	if charge(p.lanes()) > p.o.BudgetBytes-l.charge {
		return // only into free room: nobody waits for it yet
	}
	pl.lanes = append(pl.lanes, l)
	p.keep.Go(func() {
		if p.launch(p.ctx, l) == nil {
			p.giveBack(l)
		}
	})
}
