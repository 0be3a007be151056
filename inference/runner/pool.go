package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v3/mem"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
)

// DefaultLanes is how many processes of one model a pool runs at once. While one computes
// another reads the next study or reports the last one; a third would only hold memory.
const DefaultLanes = 2

// DefaultLaneIdle is longer than the gap between studies of a busy clinic, and short for
// a process that nobody needs.
const DefaultLaneIdle = time.Minute

// Pool keeps runners of several models warm within a memory budget, replaces those that
// die, and hands jobs to them: one job computes at a time, and successive jobs overlap
// in everything else. A runner is charged its whole cap, since it may claim that at any
// moment; where the budget is short, the least recently used idle one goes. It is safe
// for concurrent use.
type Pool struct {
	o      Options
	stile  turnstile
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	keep   sync.WaitGroup // closing and warming in the background

	mu      sync.Mutex // guards the fields below, and all of every place and lane
	places  map[models.Digest]*place
	uses    uint64        // a clock that ticks with each use of a lane
	changed chan struct{} // closed, and made anew, when a lane came free or went
	stats   int           // Stat jobs that wait for a lane: the others leave every lane to them
	warned  bool          // about what the machine lacks to confine a runner
	changes []change      // of quarantines, that OnQuarantine has not heard of
	telling bool          // somebody hands them over
}

// place is one model's.
type place struct {
	pkg    models.Package // empty until a job names it, where the place is a quarantine of an earlier life
	lanes  []*lane
	record record

	retired bool // no runner waits for the next job
}

// lane is one runner, from the decision to start it to its end.
type lane struct {
	place    *place
	process  *Process // nil while it starts
	charge   int64    // bytes of the budget
	used     uint64   // when it was last given back
	busy     bool
	warming  bool // it starts for whoever comes first
	priority Priority
	giveWay  func() // ends its job so that it can be done again; nil while there is none
}

// Job is a study for a model.
type Job struct {
	Package  models.Package
	Study    []byte // a tar, see inference.Analyze
	Priority Priority
	Examine  bool                             // the study is the package's example: the result also has inference.LabelsFile
	Trial    bool                             // also where the model is quarantined: a success lifts that
	Progress func(stage string, done float64) // may be nil
}

// NewPool makes an empty pool. o.Package is ignored: it comes with each job. Close ends
// it.
func NewPool(o Options) *Pool {
	ctx, cancel := context.WithCancel(context.Background())
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Lanes = cmp.Or(max(o.Lanes, 0), DefaultLanes)
	o.LaneIdle = cmp.Or(max(o.LaneIdle, 0), DefaultLaneIdle)
	if o.BudgetBytes <= 0 { // nobody chose one, so that a single runner must fit in any case
		o.BudgetBytes = max(machineBudget(), o.MemoryBytes)
	}
	p := &Pool{o: o, ctx: ctx, cancel: cancel, places: map[models.Digest]*place{}, changed: make(chan struct{})}
	p.remember(o.Quarantines)
	return p
}

// machineBudget is three quarters of the machine's memory: the rest is the daemon's, the
// system's and the pages of files. Where it can't be told, there is no budget.
func machineBudget() int64 {
	m, err := mem.VirtualMemory()
	if err != nil {
		return math.MaxInt64
	}
	return int64(m.Total / 4 * 3)
}

var (
	errPoolClosed = errors.New("the runner pool is closed")
	// errGaveWay is the cause with which a job makes room for a Stat job; it is done again.
	errGaveWay = errors.New("a more urgent job needs this runner's place")
)

// Warm starts the model's runner, if there is none, and waits until it is ready. The
// Process stays the pool's: read from it, but leave jobs and Close to the pool.
func (p *Pool) Warm(ctx context.Context, pkg models.Package) (*Process, error) {
	p.mu.Lock()
	if place, ok := p.places[pkg.Digest()]; ok {
		for _, l := range place.lanes {
			if l.process != nil && l.process.usable() {
				defer p.mu.Unlock()
				return l.process, nil
			}
		}
	}
	p.mu.Unlock()
	l, err := p.acquire(ctx, Job{Package: pkg}, nil)
	if err != nil {
		return nil, err
	}
	process := l.process
	p.giveBack(l)
	return process, nil
}

// Analyze runs a study as a routine job; see Do.
func (p *Pool) Analyze(ctx context.Context, pkg models.Package, study []byte, progress func(stage string, done float64)) (inference.Result, error) {
	return p.Do(ctx, Job{Package: pkg, Study: study, Progress: progress})
}

// Do runs a job on a warm runner of its model, starting one if need be, and returns its
// result, a *Failure, a *Quarantine, or ctx's error: the computation ends at once with
// ctx, whatever the graph does. A runner that died while idle is replaced without a word.
// A job that gave way to a Stat job goes on where it stood, or begins anew; its progress
// may then repeat.
func (p *Pool) Do(ctx context.Context, j Job) (inference.Result, error) {
	for {
		result, err := p.once(ctx, j)
		switch {
		case !errors.Is(err, errGaveWay):
			return result, err
		case ctx.Err() != nil:
			return inference.Result{}, fmt.Errorf("analyze: %w", ctx.Err())
		case p.ctx.Err() != nil:
			return inference.Result{}, errPoolClosed
		}
	}
}

// once is one try of a job. errGaveWay means that it was ended to be done again.
func (p *Pool) once(ctx context.Context, j Job) (inference.Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	giveWay := func() { cancel(errGaveWay) }
	stop := context.AfterFunc(p.ctx, giveWay)
	defer stop()
	l, err := p.acquire(ctx, j, giveWay)
	var result inference.Result
	if err == nil {
		result, err = l.process.analyze(ctx, request{j.Study, j.Examine, j.Progress}, p.stile.newTurn(j.Priority, giveWay))
		p.settle(l, j.Study, err)
	}
	if err != nil && errors.Is(context.Cause(ctx), errGaveWay) {
		err = errGaveWay
	}
	return result, err
}

// settle draws the consequences of a job's end.
func (p *Pool) settle(l *lane, study []byte, err error) {
	usable := l.process.usable()
	var failure *Failure
	var digest models.Digest
	if !usable && errors.As(err, &failure) {
		digest = models.DigestOf(study)
	}
	p.mu.Lock()
	switch {
	case err == nil:
		if lifted := l.place.record.succeed(); lifted != nil {
			p.tell(*lifted, false)
		}
	case failure != nil && p.ctx.Err() == nil:
		p.blame(l.place, digest, failure)
	}
	p.mu.Unlock()
	p.giveBack(l)
	if !usable {
		p.rewarm(l.place)
	}
}

// Quarantined lists the models that this pool does not run for now, by name.
func (p *Pool) Quarantined() (list []Quarantine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pl := range p.places {
		if q := pl.record.quarantine; q != nil {
			list = append(list, *q)
		}
	}
	slices.SortFunc(list, func(a, b Quarantine) int { return cmp.Or(cmp.Compare(a.Model, b.Model), a.Since.Compare(b.Since)) })
	return list
}

// Release lifts a model's quarantine and reports whether there was one.
func (p *Pool) Release(model models.Digest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	pl, ok := p.places[model]
	if !ok || pl.record.quarantine == nil {
		return false
	}
	p.tell(*pl.record.succeed(), false)
	return true
}

// Retire ends the runners of a model that is not offered any more; one that works ends
// after its job. A further job on the model brings it back.
func (p *Pool) Retire(model models.Digest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pl, ok := p.places[model]
	if !ok {
		return
	}
	pl.retired = true // its busy lanes end when they are given back
	for _, l := range slices.Clone(pl.lanes) {
		if !l.busy {
			p.discard(l)
		}
	}
}

// Close ends all runners, also in the middle of a job, and waits for them.
func (p *Pool) Close() error {
	p.cancel()
	p.mu.Lock()
	for _, pl := range p.places {
		for _, l := range slices.Clone(pl.lanes) {
			if !l.busy { // the others' users give them back, soon
				p.discard(l)
			}
		}
	}
	for len(p.lanes()) > 0 {
		changed := p.changed
		p.mu.Unlock()
		<-changed
		p.mu.Lock()
	}
	p.mu.Unlock()
	p.keep.Wait()
	return nil
}

// lanes are those of all models. The caller holds mu.
func (p *Pool) lanes() (all []*lane) {
	for _, pl := range p.places {
		all = append(all, pl.lanes...)
	}
	return all
}

// charge is what lanes take of the budget.
func charge(lanes []*lane) (sum int64) {
	for _, l := range lanes {
		sum += l.charge
	}
	return sum
}

// announce wakes everybody who waits for a lane. The caller holds mu.
func (p *Pool) announce() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// discard takes an idle lane out and closes its process. The caller holds mu.
func (p *Pool) discard(l *lane) {
	l.place.lanes = slices.DeleteFunc(l.place.lanes, func(other *lane) bool { return other == l })
	if l.process != nil {
		p.keep.Go(func() { _ = l.process.Close() })
	}
	p.announce()
}

// giveBack returns a lane after use.
func (p *Pool) giveBack(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.uses++
	l.busy, l.warming, l.giveWay, l.used = false, false, nil, p.uses
	if p.ctx.Err() != nil || l.place.retired || !l.process.usable() {
		p.discard(l)
		return
	}
	if used := l.used; len(l.place.lanes) > 1 {
		time.AfterFunc(p.o.LaneIdle, func() { p.thin(l, used) })
	}
	p.announce()
}

// thin closes a lane that was not used since, unless it is its model's last one.
func (p *Pool) thin(l *lane, used uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() == nil && !l.busy && l.used == used && len(l.place.lanes) > 1 && slices.Contains(l.place.lanes, l) {
		p.discard(l)
	}
}
