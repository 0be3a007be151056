package agent

import (
	"context"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/store"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/worker"
)

// priorityOf is how a pool treats a class of the market.
func priorityOf(c scheduler.Class) runner.Priority {
	switch c {
	case scheduler.STAT:
		return runner.Stat
	case scheduler.Urgent:
		return runner.Urgent
	default:
		return runner.Routine
	}
}

// executor runs jobs in the pool's runner processes. It holds a job's package in the
// store meanwhile, so that no fetch evicts it.
type executor struct {
	pool     *runner.Pool
	models   *offers
	packages *store.Store
	holder   string // under which name packages are held
	energy   *energy
}

func (e executor) Execute(ctx context.Context, job worker.Job, progress func(stage string, done float64)) (worker.Output, error) {
	entry, err := e.models.Entry(job.PackageDigest.String())
	if err != nil {
		return worker.Output{}, err
	}
	if entry.Origin == catalog.InStore {
		if err := e.packages.Hold(entry.Digest, e.holder); err != nil {
			return worker.Output{}, err
		}
		// A hold too many costs room until the node ends; the job's result is worth more.
		defer func() { _ = e.packages.Release(entry.Digest, e.holder) }()
	}
	pkg, err := entry.Load()
	if err != nil {
		return worker.Output{}, err
	}
	result, energy, err := e.energy.of(progress, func(progress func(stage string, done float64)) (inference.Result, error) {
		return e.pool.Do(ctx, runner.Job{Package: pkg, Study: job.Payload, Priority: priorityOf(job.Class), Progress: progress})
	})
	if err != nil {
		return worker.Output{}, err
	}
	encoded, err := result.Encode()
	if err != nil {
		return worker.Output{}, err
	}
	return worker.Output{
		Result: encoded, Provider: result.Findings.Provider, Runtime: result.Findings.RuntimeName(),
		EnergyMilliJ: energy.milliJ, EnergyBasis: energy.basis,
	}, nil
}
