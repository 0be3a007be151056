package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/agreement"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/labelmap"
	"github.com/medhive/medhive/models/store"
)

// maxVerdictText bounds what is kept of a verdict's reasons.
const maxVerdictText = 400

// ModelBench is where models are tried out on this machine.
type ModelBench struct {
	Library     string   // libonnxruntime; empty: found
	Runner      []string // command line of the runner; empty: this executable's own
	Threads     int      // 0: all
	MemoryBytes int64    // cap of the runner; 0: what the manifest asks for
	Log         *slog.Logger
}

// options are those of a runner, but for package and provider.
func (b ModelBench) options() (o runner.Options, err error) {
	o = runner.Options{Command: b.Runner, Threads: b.Threads, MemoryBytes: b.MemoryBytes, Log: quiet(b.Log)}
	if len(o.Command) == 0 {
		if o.Command, err = ownRunner(); err != nil {
			return o, err
		}
	}
	if o.Threads <= 0 {
		o.Threads = runtime.NumCPU()
	}
	o.Library, err = ort.Locate(b.Library)
	return o, err
}

// ownRunner is this executable as a runner.
func ownRunner() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the runner's program: %w", err)
	}
	return []string{self, "runner"}, nil
}

// ModelVerdict is what a person hears of one validation.
type ModelVerdict struct {
	Model string `json:"model"`
	store.Validation
	Took time.Duration `json:"took_ns"` // of the example, without the start of the runner

	ran bool // the model gave findings, so the verdict is about the model and not about this moment
}

// ErrNotValidated says that a model did not pass everywhere it was tried.
var ErrNotValidated = errors.New("the model did not pass; a node does not offer it on that provider")

// ValidateModel runs the package's example on the given providers, or on every one of
// this machine that the manifest permits, compares with the expected findings by the
// manifest's tolerance, and keeps the verdicts in the home's store. ref is a model of the
// catalog or a package folder. ErrNotValidated if any verdict is a failure.
func ValidateModel(ctx context.Context, home, ref string, providers []string, bench ModelBench, tell func(text string)) ([]ModelVerdict, error) {
	for _, provider := range providers {
		if known := ort.KnownProviders(); !slices.Contains(known, provider) {
			return nil, fmt.Errorf("there is no provider %.40q; choose one of %s", provider, strings.Join(known, ", "))
		}
	}
	entry, err := findModel(home, ref)
	if err != nil {
		return nil, err
	}
	try, err := loadTrial(entry)
	if err != nil {
		return nil, err
	}
	o, err := bench.options()
	if err != nil {
		return nil, err
	}
	if len(providers) == 0 {
		tell("trying which providers this machine has")
		if providers, err = available(ctx, o, entry.Manifest.Providers); err != nil {
			return nil, err
		}
	}
	packages, err := OpenStore(home)
	if err != nil {
		return nil, err
	}
	var verdicts []ModelVerdict
	failed := false
	for _, provider := range providers {
		tell("running the example on " + provider)
		v, err := try.alone(ctx, o, provider)
		if err != nil {
			return verdicts, err
		}
		if err := packages.Record(v.Validation); err != nil {
			return verdicts, err
		}
		verdicts, failed = append(verdicts, v), failed || !v.Passed
	}
	if failed {
		return verdicts, ErrNotValidated
	}
	return verdicts, nil
}

// findModel looks ref up: a package folder, or a model of the home's catalog.
func findModel(home, ref string) (catalog.Entry, error) {
	if _, err := os.Stat(filepath.Join(ref, models.ManifestFile)); ref != "" && err == nil {
		return catalog.OfFolder(ref)
	}
	all, err := OpenCatalog(home)
	if err != nil {
		return catalog.Entry{}, err
	}
	return all.Entry(ref)
}

// available are the providers that both work here and are permitted.
func available(ctx context.Context, o runner.Options, permitted []string) ([]string, error) {
	trials, err := runner.Discover(ctx, o)
	if err != nil {
		return nil, err
	}
	var both, remedies []string
	for _, t := range trials {
		switch {
		case !slices.Contains(permitted, t.Provider):
		case t.Available:
			both = append(both, t.Provider)
		default:
			remedies = append(remedies, t.Provider+": "+t.Fix)
		}
	}
	if len(both) == 0 {
		return nil, fmt.Errorf("no provider that the manifest permits works here (%s); or ask the publisher to permit cpu", strings.Join(remedies, "; "))
	}
	return both, nil
}

// trial is a package with its example, ready to be run.
type trial struct {
	pkg    models.Package
	study  []byte
	expect inference.Findings
	labels *labelmap.Set // nil where the package brings none
}

// loadTrial reads and verifies package and example.
func loadTrial(e catalog.Entry) (trial, error) {
	example, err := e.Example()
	if err != nil {
		return trial{}, err
	}
	t := trial{study: example.Study}
	if t.expect, err = decodeFindings(example.Expected); err != nil {
		return trial{}, fmt.Errorf("model %s: its example's findings: %w; ask its publisher", e.Name(), err)
	}
	if example.Labels != nil {
		labels, err := labelmap.Decode(example.Labels)
		if err != nil {
			return trial{}, fmt.Errorf("model %s: its example's labels: %w; ask its publisher", e.Name(), err)
		}
		t.labels = &labels
	}
	if t.pkg, err = e.Load(); err != nil {
		return trial{}, err
	}
	return t, nil
}

// decodeFindings reads findings.json with all the bounds of a stranger's result.
func decodeFindings(data []byte) (inference.Findings, error) {
	var result bytes.Buffer
	if err := dicom.WriteTar(&result, []dicom.File{{Name: findingsName, Data: data}}); err != nil {
		return inference.Findings{}, err
	}
	r, err := inference.DecodeResult(result.Bytes())
	return r.Findings, err
}

// alone tries the package in a runner of its own. An error means that there is no
// verdict: the context ended.
func (t trial) alone(ctx context.Context, o runner.Options, provider string) (v ModelVerdict, err error) {
	o.Package, o.Provider = t.pkg, provider
	process, err := runner.Start(ctx, o)
	if err != nil {
		if ctx.Err() != nil {
			return v, err
		}
		return t.verdict(provider, "unknown", 0, err), nil
	}
	defer func() { err = errors.Join(err, process.Close()) }()
	return t.with(ctx, provider, process.RuntimeVersion(), func(ctx context.Context, study []byte) (inference.Result, error) {
		return process.Examine(ctx, study)
	})
}

// with runs the example through analyze and judges it.
func (t trial) with(ctx context.Context, provider, version string, analyze func(context.Context, []byte) (inference.Result, error)) (ModelVerdict, error) {
	started := time.Now()
	result, err := analyze(ctx, t.study)
	took := time.Since(started)
	if ctx.Err() != nil {
		return ModelVerdict{}, ctx.Err()
	}
	ran, seen := err == nil, ""
	if ran {
		seen, err = t.judge(result, provider)
	}
	v := t.verdict(provider, version, took, err)
	if v.ran = ran; v.Passed {
		v.Detail = seen
	}
	return v, nil
}

// judge compares a result with what the example expects. seen says how closely they agree.
func (t trial) judge(result inference.Result, provider string) (seen string, err error) {
	if result.Findings.Provider != provider {
		return "", fmt.Errorf("it ran on %.40q instead", result.Findings.Provider)
	}
	m := t.pkg.Manifest
	bounds := agreement.BoundsOf(m)
	found := agreement.Findings(bounds, t.expect, result.Findings)
	switch {
	case t.labels != nil && len(found) == 0:
		got, err := agreement.LabelsOf(result)
		if err != nil {
			return "", err
		}
		seen, found = agreement.Labels(m, bounds, *t.labels, got)
	case m.TaskKind() == models.Segmentation:
		seen = "by extents alone: the package brings no labels; make its example anew with `medhive model example`"
	}
	if len(found) > 0 {
		return "", errors.New(agreement.Sentences(found))
	}
	return seen, nil
}

// verdict is a failure where there is a reason.
func (t trial) verdict(provider, version string, took time.Duration, reason error) ModelVerdict {
	v := ModelVerdict{Model: t.pkg.Name(), Took: took, Validation: store.Validation{
		Package: t.pkg.Digest(), Provider: provider, Runtime: version, Time: time.Now().UTC(), Passed: reason == nil}}
	if reason != nil {
		v.Detail = reason.Error()
		v.Detail = strings.ToValidUTF8(v.Detail[:min(len(v.Detail), maxVerdictText)], "")
	}
	return v
}
