package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
)

// The pause before a runner that died is started again doubles from firstPause to
// longestPause; a finished job ends the series.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 30 * time.Second
)

// Pool keeps one warm runner for each model and replaces those that die. It is safe for
// concurrent use.
type Pool struct {
	o      Options
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	keep   sync.WaitGroup // the keepers

	mu    sync.Mutex // guards slots
	slots map[models.Digest]*slot
}

// slot is the place of one model's runner.
type slot struct {
	pkg models.Package

	mu      sync.Mutex // guards the fields below
	process *Process   // nil while none is warm
	err     error      // why the last start failed, nil while it is not known
	failed  int        // deaths and failed starts in a row
	changed chan struct{}
}

// NewPool makes an empty pool. o.Package is ignored: it comes with each job. Close ends
// it.
func NewPool(o Options) *Pool {
	ctx, cancel := context.WithCancel(context.Background())
	return &Pool{o: o, ctx: ctx, cancel: cancel, slots: map[models.Digest]*slot{}}
}

// errPoolClosed answers whoever comes late.
var errPoolClosed = errors.New("the runner pool is closed")

// Warm starts the model's runner, if there is none, and waits until it is ready. The
// Process stays the pool's: read from it, but leave jobs and Close to the pool.
func (p *Pool) Warm(ctx context.Context, pkg models.Package) (*Process, error) {
	s, err := p.slot(pkg)
	if err != nil {
		return nil, err
	}
	return s.await(ctx, p.ctx)
}

// Analyze runs a study on the model's warm runner, starting it if need be; see
// Process.Analyze. A runner that died while idle is replaced without a word.
func (p *Pool) Analyze(ctx context.Context, pkg models.Package, study []byte, progress func(stage string, done float64)) (inference.Result, error) {
	s, err := p.slot(pkg)
	if err != nil {
		return inference.Result{}, err
	}
	for {
		process, err := s.await(ctx, p.ctx)
		if err != nil {
			return inference.Result{}, err
		}
		select {
		case <-process.Dead():
			s.drop(process, true)
			continue
		default:
		}
		result, err := process.Analyze(ctx, study, progress)
		if err == nil {
			s.mu.Lock()
			s.failed = 0
			s.mu.Unlock()
		}
		return result, err
	}
}

// slot returns the model's place and starts its keeper with the first call.
func (p *Pool) slot(pkg models.Package) (*slot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return nil, errPoolClosed
	}
	s, ok := p.slots[pkg.Digest()]
	if !ok {
		s = &slot{pkg: pkg, changed: make(chan struct{})}
		p.slots[pkg.Digest()] = s
		p.keep.Go(func() { p.keepWarm(s) })
	}
	return s, nil
}

// keepWarm starts the runner, waits for its end, pauses and starts again.
func (p *Pool) keepWarm(s *slot) {
	for {
		o := p.o
		o.Package = s.pkg
		process, err := Start(p.ctx, o)
		if p.ctx.Err() != nil {
			if process != nil {
				_ = process.Close()
			}
			return
		}
		s.put(process, err)
		if err == nil {
			select {
			case <-process.Dead():
			case <-p.ctx.Done():
			}
			s.drop(process, p.ctx.Err() == nil)
			_ = process.Close()
		}
		pause := time.NewTimer(s.pause())
		select {
		case <-pause.C:
		case <-p.ctx.Done():
			pause.Stop()
			return
		}
	}
}

// put publishes a start's outcome.
func (s *slot) put(process *Process, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process, s.err = process, err; err != nil {
		s.failed++
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// drop takes a dead process away; the first to see it counts the death.
func (s *slot) drop(process *Process, died bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != process {
		return
	}
	if s.process = nil; died {
		s.failed++
	}
}

// pause is how long to wait before the next start.
func (s *slot) pause() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return pauseAfter(s.failed)
}

// pauseAfter is firstPause·2ⁿ⁻² after n failures in a row, at most longestPause; the first
// is repaired at once.
func pauseAfter(failed int) time.Duration {
	if failed <= 1 {
		return 0
	}
	pause := firstPause
	for range failed - 2 {
		if pause *= 2; pause >= longestPause {
			return longestPause
		}
	}
	return pause
}

// await returns the warm process, or the error of the newest failed start.
func (s *slot) await(ctx, pool context.Context) (*Process, error) {
	for {
		s.mu.Lock()
		process, err, changed := s.process, s.err, s.changed
		s.mu.Unlock()
		if process != nil {
			return process, nil
		}
		if err != nil {
			return nil, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a runner: %w", ctx.Err())
		case <-pool.Done():
			return nil, errPoolClosed
		}
	}
}

// Close ends all runners, also in the middle of a job, and waits for them.
func (p *Pool) Close() error {
	p.cancel()
	p.keep.Wait()
	return nil
}
