package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/store"
	"github.com/medhive/medhive/scheduler/worker"
)

// A node offers a model only if its example gave the expected findings here, on the
// provider and the ONNX Runtime that will run its jobs. The verdict is kept by package,
// provider and runtime in the home's store, so the example runs once and not at each
// start; another version of the library asks anew. The embedded model is no exception,
// but its example is a low-resolution part of a head (64 slices of 36²) that takes a
// fraction of a second instead of the seconds of a whole study: the nodes of `medhive
// demo` share a home, and the first one's verdict serves all. Judging in the background
// would let a node bid before it knows.

// warmRunners starts a runner for every model that this node may run, so that the
// first job finds library and weights loaded, and keeps those that pass.
func (n *Node) warmRunners(ctx context.Context) (err error) {
	command := n.conf.Runner
	if len(command) == 0 {
		if command, err = ownRunner(); err != nil {
			return err
		}
	}
	n.pool = runner.NewPool(runner.Options{
		Command: command, Library: n.conf.Library, Provider: n.conf.Provider, Threads: n.conf.Threads,
		MemoryBytes: n.conf.MemoryBytes, BudgetBytes: n.memoryBudget(), Log: n.conf.Log,
		Example: n.exampleStudy,
	})
	// Holds of an earlier life that was killed end here; this life takes its own.
	if err := n.packages.ReleaseAll(n.holder()); err != nil {
		return err
	}
	var faults []error
	n.ready = map[models.Digest]worker.Model{}
	for _, entry := range n.catalog.Offered() {
		model, err := n.admitModel(ctx, entry)
		if ctx.Err() != nil {
			return fmt.Errorf("start node: %w", context.Cause(ctx))
		}
		if err != nil {
			n.conf.Log.Error("model is left out", "model", entry.Name(), "error", err)
			n.leftOut = append(n.leftOut, fmt.Sprintf("model %s is not offered: %v", entry.Name(), err))
			faults = append(faults, fmt.Errorf("model %s: %w", entry.Name(), err))
			continue
		}
		n.ready[entry.Digest] = model
	}
	if len(n.ready) == 0 {
		return fmt.Errorf("no model can run here: %w", errors.Join(faults...))
	}
	return nil
}

// exampleStudy is what the pool runs before it quarantines a model: three bad studies
// of a stranger are no fault of the model.
func (n *Node) exampleStudy(pkg models.Package) ([]byte, error) {
	e, err := n.catalog.Entry(pkg.Digest().String())
	if err != nil {
		return nil, err
	}
	study, _, err := e.Example()
	return study, err
}

// holder is under which name this node holds packages of the store.
func (n *Node) holder() string { return "node " + n.conf.Name }

// admitModel holds the package, warms its runner and wants a passed validation.
func (n *Node) admitModel(ctx context.Context, e catalog.Entry) (m worker.Model, err error) {
	if e.Origin == catalog.InStore {
		if err := n.packages.Hold(e.Digest, n.holder()); err != nil {
			return m, err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, n.packages.Release(e.Digest, n.holder()))
			}
		}()
	}
	pkg, err := e.Load()
	if err != nil {
		return m, err
	}
	verdict, known, err := n.verdict(e.Digest)
	if err != nil {
		return m, err
	}
	if known && !verdict.Passed {
		return m, fmt.Errorf("it did not pass validation (%s); repair it, then `medhive model validate %s`", verdict.Detail, e.Name())
	}
	process, err := n.pool.Warm(ctx, pkg)
	if err != nil {
		return m, fmt.Errorf("its runner does not start: %w; remove or repair the package, then start again", err)
	}
	if !known {
		if err := n.validate(ctx, e); err != nil {
			return m, err
		}
	}
	n.conf.Log.Info("runner is warm", "model", e.Name(), "isolation", process.Isolation())
	return worker.Model{ManifestDigest: pkg.ManifestDigest(), WeightsDigest: pkg.Manifest.Weights.SHA256}, nil
}

// verdict is the newest one on this package, provider and runtime.
func (n *Node) verdict(d models.Digest) (store.Validation, bool, error) {
	all, err := n.packages.Validations(d)
	if err != nil {
		return store.Validation{}, false, err
	}
	at := slices.IndexFunc(all, func(v store.Validation) bool {
		return v.Provider == n.profile.TOPS.Provider && v.Runtime == n.profile.TOPS.Runtime
	})
	if at < 0 {
		return store.Validation{}, false, nil
	}
	return all[at], true, nil
}

// validate runs the example in the warm runner and keeps the verdict.
func (n *Node) validate(ctx context.Context, e catalog.Entry) error {
	try, err := loadTrial(e)
	if err != nil {
		return err
	}
	v, err := try.with(ctx, n.profile.TOPS.Provider, n.profile.TOPS.Runtime, func(ctx context.Context, study []byte) (inference.Result, error) {
		return n.pool.Analyze(ctx, try.pkg, study, nil)
	})
	if err != nil {
		return err
	}
	if !v.ran { // a crash or a time limit may lie with this moment: the next start tries again
		return fmt.Errorf("its example did not run (%s); look into that, then start again", v.Detail)
	}
	if err := n.packages.Record(v.Validation); err != nil {
		return err
	}
	if !v.Passed {
		return fmt.Errorf("it did not pass validation (%s); repair it, then `medhive model validate %s`", v.Detail, e.Name())
	}
	n.conf.Log.Info("model validated", "model", e.Name(), "provider", v.Provider, "runtime", v.Runtime, "took", v.Took)
	return nil
}
