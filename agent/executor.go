package agent

import (
	"context"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/scheduler/worker"
)

// executor runs jobs in the pool's runner processes.
type executor struct {
	pool    *runner.Pool
	catalog *catalog.Catalog
}

func (e executor) Execute(ctx context.Context, job worker.Job, progress func(stage string, done float64)) (worker.Output, error) {
	pkg, err := e.catalog.Find(job.PackageDigest.String())
	if err != nil {
		return worker.Output{}, err
	}
	result, err := e.pool.Analyze(ctx, pkg, job.Payload, progress)
	if err != nil {
		return worker.Output{}, err
	}
	encoded, err := result.Encode()
	if err != nil {
		return worker.Output{}, err
	}
	return worker.Output{
		Result: encoded, Provider: result.Findings.Provider, Runtime: result.Findings.RuntimeName(),
		EnergyBasis: hwprobe.Unmeasured,
	}, nil
}
