package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/store"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/worker"
)

// A node offers a model only if its example gave the expected findings here, on the
// provider and the ONNX Runtime that will run its jobs. The verdict is kept by package,
// provider and runtime in the home's store, so the example runs once and not at each
// start; another version of the library asks anew. The embedded model is no exception,
// but its example is a low-resolution part of a head (64 slices of 36²) that takes a
// fraction of a second instead of the seconds of a whole study: the nodes of `medhive
// demo` share a home, and the first one's verdict serves all. At the start, judging in the
// background would let a node bid before it knows; what comes later is judged beside the
// jobs and offered when it has passed.

// offers are the models that a node offers, as the home's catalog changes.
type offers struct {
	home     string
	holder   string // under which name packages of the store are held
	packages *store.Store
	pool     *runner.Pool
	provider string      // that runs the jobs
	runtime  string      // ONNX Runtime's version
	resting  func() bool // the machine is being examined: nothing may compute beside that
	log      *slog.Logger

	refreshing sync.Mutex  // one refresh at a time
	looking    atomic.Bool // a refresh is under way: an examination waits for its end

	mu      sync.RWMutex           // guards the fields below
	kept    map[models.Digest]bool // quarantines that the store knows of
	catalog *catalog.Catalog
	ready   map[models.Digest]*offered
	leftOut map[models.Digest]omission
}

// offered is one model that passed here.
type offered struct {
	entry   catalog.Entry
	facts   worker.Model
	leaving bool // no bids any more; its jobs end first
}

// omission is a model that is not offered, and what was known when that was decided: while
// nothing of it changes, trying again would end alike.
type omission struct {
	name   string
	reason error
	known  circumstances
}

// circumstances are what lets a model be offered, apart from its bytes.
type circumstances struct {
	verdict     store.Validation // zero: none on this provider and runtime
	quarantined bool
}

// same reports whether nothing has changed.
func (c circumstances) same(other circumstances) bool {
	return c.verdict.Time.Equal(other.verdict.Time) && c.verdict.Passed == other.verdict.Passed && c.quarantined == other.quarantined
}

// warmRunners starts a runner for every model that this node may run, so that the
// first job finds library and weights loaded, and keeps those that pass.
func (n *Node) warmRunners(ctx context.Context) (err error) {
	command := n.conf.Runner
	if len(command) == 0 {
		if command, err = ownRunner(); err != nil {
			return err
		}
	}
	o := &offers{
		home: homeOf(n.conf), holder: holderOf(n.conf), packages: n.packages,
		provider: n.profile.TOPS.Provider, runtime: n.profile.TOPS.Runtime, resting: n.examinee.resting.Load, log: n.conf.Log,
		kept: map[models.Digest]bool{}, ready: map[models.Digest]*offered{}, leftOut: map[models.Digest]omission{},
	}
	earlier, err := o.earlierQuarantines()
	if err != nil {
		return err
	}
	n.models = o
	n.pool = runner.NewPool(runner.Options{
		Command: command, Library: n.conf.Library, Provider: n.conf.Provider, Threads: n.conf.Threads,
		MemoryBytes: n.conf.MemoryBytes, BudgetBytes: n.memoryBudget(), Log: n.conf.Log,
		Example: o.exampleStudy, Quarantines: earlier, OnQuarantine: o.keepQuarantine,
	})
	o.pool = n.pool
	// Holds of an earlier life that was killed end here; this life takes its own.
	if err := n.packages.ReleaseAll(o.holder); err != nil {
		return err
	}
	if err := o.refresh(ctx, nobodyWorks); err != nil {
		return fmt.Errorf("start node: %w", err)
	}
	if len(o.ready) == 0 {
		var left []string
		for _, w := range o.omissions() {
			left = append(left, w.Text)
		}
		return fmt.Errorf("no model can run here: %s", strings.Join(left, "; "))
	}
	return nil
}

// nobodyWorks is what is known of jobs before there are any.
func nobodyWorks(models.Digest) bool { return false }

// model says what the worker may promise of a package: nothing while it is quarantined or
// about to go.
func (o *offers) model(pkg models.Digest) (worker.Model, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	m, ok := o.ready[pkg]
	if !ok || m.leaving || o.isQuarantined(pkg) {
		return worker.Model{}, false
	}
	return m.facts, true
}

// holdings are the packages that model knows, in the order of their digests.
func (o *offers) holdings() []scheduler.Holding {
	o.mu.RLock()
	packages := slices.SortedFunc(maps.Keys(o.ready), func(a, b models.Digest) int { return bytes.Compare(a[:], b[:]) })
	o.mu.RUnlock()
	var list []scheduler.Holding
	for _, pkg := range packages {
		if m, offered := o.model(pkg); offered {
			list = append(list, scheduler.Holding{Package: pkg, Promise: m.Promise})
		}
	}
	return list
}

// Entry finds a package that a job asks for: also one that is not offered any more.
func (o *offers) Entry(ref string) (catalog.Entry, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, m := range o.ready {
		if m.entry.Digest.String() == ref {
			return m.entry, nil
		}
	}
	return o.catalog.Entry(ref)
}

// omissions are the models that are not offered, each with its reason.
func (o *offers) omissions() (list []warning.Warning) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, m := range o.leftOut {
		list = append(list, warning.Of(warning.ModelLeftOut, m.name, "model %s is not offered: %v", m.name, m.reason))
	}
	slices.SortFunc(list, func(a, b warning.Warning) int { return strings.Compare(a.Subject, b.Subject) })
	return list
}

// exampleStudy is what the pool runs before it quarantines a model: three bad studies
// of a stranger are no fault of the model.
func (o *offers) exampleStudy(pkg models.Package) ([]byte, error) {
	e, err := o.Entry(pkg.Digest().String())
	if err != nil {
		return nil, err
	}
	t, err := e.Example()
	return t.Study, err
}

// admit holds the package, warms its runner and wants a passed validation.
func (o *offers) admit(ctx context.Context, e catalog.Entry, known circumstances) (m worker.Model, err error) {
	if e.Origin == catalog.InStore {
		if err := o.packages.Hold(e.Digest, o.holder); err != nil {
			return m, err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, o.packages.Release(e.Digest, o.holder))
			}
		}()
	}
	if known.quarantined {
		return m, fmt.Errorf("it is quarantined on this node: its runners failed in a row; repair the package or the driver, then `medhive model validate %s`", e.Name())
	}
	if !known.verdict.Time.IsZero() && !known.verdict.Passed {
		return m, fmt.Errorf("it did not pass validation (%s); repair it, then `medhive model validate %s`", known.verdict.Detail, e.Name())
	}
	pkg, err := e.Load()
	if err != nil {
		return m, err
	}
	process, err := o.pool.Warm(ctx, pkg)
	if err != nil {
		return m, fmt.Errorf("its runner does not start: %w; remove or repair the package, then `medhive model validate %s`", err, e.Name())
	}
	if known.verdict.Time.IsZero() {
		if err := o.validate(ctx, e); err != nil {
			o.pool.Retire(e.Digest)
			return m, err
		}
	}
	o.log.Info("runner is warm", "model", e.Name(), "isolation", process.Isolation())
	return worker.Model{ManifestDigest: pkg.ManifestDigest(), WeightsDigest: pkg.Manifest.Weights.SHA256}, nil
}

// circumstances are those of the package now.
func (o *offers) circumstances(d models.Digest) (c circumstances, err error) {
	all, err := o.packages.Validations(d)
	if err != nil {
		return c, err
	}
	for _, v := range all {
		if v.Provider == o.provider && v.Runtime == o.runtime {
			c.verdict = v
		}
	}
	c.quarantined = o.isQuarantined(d)
	return c, nil
}

// validate runs the example in the warm runner and keeps the verdict.
func (o *offers) validate(ctx context.Context, e catalog.Entry) error {
	try, err := loadTrial(e)
	if err != nil {
		return err
	}
	v, err := try.with(ctx, o.provider, o.runtime, func(ctx context.Context, study []byte) (inference.Result, error) {
		return o.pool.Do(ctx, runner.Job{Package: try.pkg, Study: study, Examine: true})
	})
	if err != nil {
		return err
	}
	if !v.ran { // a crash or a time limit may lie with this moment: the next start tries again
		return fmt.Errorf("its example did not run (%s); look into that, then `medhive model validate %s`", v.Detail, e.Name())
	}
	if err := o.packages.Record(v.Validation); err != nil {
		return err
	}
	if !v.Passed {
		return fmt.Errorf("it did not pass validation (%s); repair it, then `medhive model validate %s`", v.Detail, e.Name())
	}
	o.log.Info("model validated", "model", e.Name(), "provider", v.Provider, "runtime", v.Runtime, "took", v.Took)
	return nil
}
