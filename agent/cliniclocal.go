package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/store"
	"github.com/medhive/medhive/scheduler/broker"
)

// errNoRunner refuses a fallback that can't be kept.
var errNoRunner = errors.New("this clinic can't run models itself: it finds no ONNX Runtime; run `make deps`, name the library with --ort-lib, or leave --local-by out")

// localHolder is under which name a clinic's own runner holds packages of the store.
const localHolder = "clinic-runner"

// localRunner is a clinic's own runner, for what no node has done in time. It runs nothing
// before its first job. A model must have passed its example here first, as on a node. It
// is safe for concurrent use.
type localRunner struct {
	home    string
	runtime string
	command []string
	log     *slog.Logger

	mu       sync.Mutex // guards the fields below
	pool     *runner.Pool
	packages *store.Store
	closed   bool
}

// newLocalRunner is nil where there is no ONNX Runtime.
func newLocalRunner(home string, conf ClinicConfig) (*localRunner, error) {
	library, err := ort.Locate(conf.Library)
	if err != nil && conf.Library != "" {
		return nil, err // it was named
	}
	if err != nil {
		conf.Log.Debug("this clinic has no runner of its own", "reason", err)
		return nil, nil
	}
	command := conf.Runner
	if len(command) == 0 {
		if command, err = ownRunner(); err != nil {
			return nil, err
		}
	}
	return &localRunner{home: home, runtime: library, command: command, log: conf.Log}, nil
}

// open makes the pool at the first job.
func (l *localRunner) open() (*runner.Pool, *store.Store, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, errors.New("the clinic is closing; its next start goes on")
	}
	if l.pool != nil {
		return l.pool, l.packages, nil
	}
	packages, err := OpenStore(l.home)
	if err != nil {
		return nil, nil, err
	}
	l.packages = packages
	l.pool = runner.NewPool(runner.Options{Command: l.command, Library: l.runtime, Provider: ort.CPU, Lanes: 1, Log: l.log})
	return l.pool, l.packages, nil
}

// run does one job and returns its encoded result.
func (l *localRunner) run(ctx context.Context, models *catalog.Catalog, job broker.LocalJob) ([]byte, error) {
	pool, packages, err := l.open()
	if err != nil {
		return nil, err
	}
	entry, err := models.Entry(job.Package.String())
	if err != nil {
		return nil, err
	}
	pkg, err := entry.Load()
	if err != nil {
		return nil, err
	}
	if err := l.prove(ctx, pool, packages, entry, pkg); err != nil {
		return nil, fmt.Errorf("the clinic's own runner: model %s: %w", entry.Name(), err)
	}
	result, err := pool.Do(ctx, runner.Job{Package: pkg, Study: job.Payload, Priority: priorityOf(job.Class), Progress: job.Progress})
	if err != nil {
		return nil, fmt.Errorf("the clinic's own runner: %w", err)
	}
	return result.Encode()
}

// prove wants that the model's example gave the expected findings here, or runs it.
func (l *localRunner) prove(ctx context.Context, pool *runner.Pool, packages *store.Store, entry catalog.Entry, pkg models.Package) error {
	process, err := pool.Warm(ctx, pkg)
	if err != nil {
		return err
	}
	judge := &offers{home: l.home, holder: localHolder, packages: packages, pool: pool, provider: ort.CPU, runtime: process.RuntimeVersion(), log: l.log}
	known, err := judge.circumstances(entry.Digest)
	switch {
	case err != nil:
		return err
	case known.verdict.Time.IsZero():
		return judge.validate(ctx, entry)
	case !known.verdict.Passed:
		return fmt.Errorf("it did not pass validation (%s); repair it, then `medhive model validate %s`", known.verdict.Detail, entry.Name())
	}
	return nil
}

// close ends the runner's processes.
func (l *localRunner) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.pool == nil {
		return nil
	}
	return l.pool.Close()
}
