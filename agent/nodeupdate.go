package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"aead.dev/minisign"

	"github.com/medhive/medhive/agent/update"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/scheduler/worker"
)

// Updates are how a node is brought up to date.
type Updates struct {
	Place   string // https address, or absolute path of a folder; empty: not at all
	Key     string // public key of minisign
	Channel string
	Auto    bool // take what is found, and not only tell
	Every   time.Duration
}

// UpdateFolder is where versions are kept below a home.
func UpdateFolder(home string) update.Folder { return update.Open(filepath.Join(home, "update")) }

// UpdateConfig is what an update needs to know of this machine.
type UpdateConfig struct {
	Updates
	Home        string
	Running     string // version of the node, or that its next start runs
	Machine     string // the node's address
	Provider    string // that models are validated on
	Library     string // libonnxruntime; empty: found
	Threads     int
	MemoryBytes int64
	Log         *slog.Logger
}

// proofWithin is how long a version may take to prove itself: doctor and all models, once, on a
// slow machine.
const proofWithin = 15 * time.Minute

// NewUpdater looks for versions and brings them. Whether a package manager keeps the installed
// program is asked once, here.
func NewUpdater(ctx context.Context, conf UpdateConfig) (*update.Updater, error) {
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(conf.Key)); err != nil {
		return nil, errors.New("update-key is no public key of minisign; correct it")
	}
	source, err := update.NewSource(conf.Place, nil)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	u := &update.Updater{
		Folder: UpdateFolder(conf.Home), Source: source, Key: key, Channel: conf.Channel, Running: conf.Running, Machine: conf.Machine,
		OS: runtime.GOOS, Arch: runtime.GOARCH, Program: self, ProofWithin: proofWithin, Now: time.Now, Log: quiet(conf.Log),
		Proof: func(context.Context) ([]string, error) {
			return []string{UpdateCommand, UpdateProofCommand, "--home", update.HomePlace, "--models", conf.Home, "--provider", conf.Provider,
				"--ort-lib", conf.Library, "--threads", strconv.Itoa(conf.Threads), "--memory", strconv.FormatInt(conf.MemoryBytes, 10)}, nil
		},
	}
	if owner, owned := update.Owner(ctx, InstalledProgram(self), update.Asked); owned {
		u.Packaged = &owner
	}
	return u, nil
}

// The hidden command by which a version proves itself. Every version has it: older ones call it.
const (
	UpdateCommand      = "update"
	UpdateProofCommand = "prove"
)

// InstalledProgram is the program that an update never touches: the one that started this one, or
// this one.
func InstalledProgram(self string) string {
	if base := os.Getenv(update.BaseVariable); base != "" {
		return base
	}
	return self
}

// ProveVersion has this program show what it can do on this machine: what the doctor finds in an
// empty home, and every model of another home on its example. It records no verdict.
func ProveVersion(ctx context.Context, doctor DoctorConfig, modelsHome string, bench ModelBench) ([]update.Proof, error) {
	found, err := Examine(ctx, doctor)
	if err != nil {
		return nil, err
	}
	var list []update.Proof
	for _, check := range found.Checks {
		list = append(list, update.Proof{Name: "check " + check.Name, OK: check.State != CheckFail, Why: check.What})
	}
	all, err := OpenCatalog(modelsHome)
	if err != nil {
		return nil, err
	}
	o, err := bench.options()
	if err != nil {
		return nil, err
	}
	for _, entry := range all.List() {
		proof := update.Proof{Name: "model " + entry.Name()}
		var v ModelVerdict
		try, err := loadTrial(entry)
		if err == nil {
			v, err = try.alone(ctx, o, doctor.Provider)
		}
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			proof.Why = err.Error()
		default:
			proof.OK, proof.Why = v.Passed, v.Detail
		}
		list = append(list, proof)
	}
	return list, nil
}

// ErrRestart says that a node stops to start anew as another version.
var ErrRestart = errors.New("the node restarts as another version")

// upkeep is what a node knows of newer versions.
type upkeep struct {
	mu      sync.Mutex // guards the fields below
	finding update.Finding
	looked  time.Time
	failure string
	proving bool // this version has yet to prove itself
}

// prove says that this version has yet to prove itself, or that it is over.
func (k *upkeep) prove(yes bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.proving = yes
}

func (k *upkeep) keep(f update.Finding, err error, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failure = ""; err != nil {
		k.failure = err.Error()
		return
	}
	k.finding, k.looked = f, now
}

// words are the line of the status; empty where nobody looks.
func (k *upkeep) words(now time.Time) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch f := k.finding; {
	case k.proving:
		return fmt.Sprintf("new; it proves itself by being healthy for %s", update.ProvedAfter)
	case k.failure != "":
		return "the last look failed: " + k.failure
	case k.looked.IsZero():
		return ""
	case f.State == update.Current:
		return fmt.Sprintf("up to date, looked %.0f min ago", now.Sub(k.looked).Minutes())
	case f.Why != "":
		return fmt.Sprintf("%s is there: %s", f.Newest, f.Why)
	default:
		return fmt.Sprintf("%s is there", f.Newest)
	}
}

// keepUpdated has this version prove itself, and looks for newer ones, until ctx ends.
func (n *Node) keepUpdated(ctx context.Context) {
	if n.conf.Updates.Place == "" {
		return
	}
	folder := UpdateFolder(homeOf(n.conf))
	if err := folder.Recover(ctx, nodeWork{n.worker}); err != nil {
		n.conf.Log.Error("an earlier update was not ended", "error", err)
	}
	if record, err := folder.Read(); err == nil && record.OnProbation(n.conf.Version) && !n.proveHealthy(ctx, folder) {
		return
	}
	u, err := NewUpdater(ctx, UpdateConfig{
		Updates: n.conf.Updates, Home: homeOf(n.conf), Running: n.conf.Version, Machine: n.key.Address().Hex(), Provider: n.profile.TOPS.Provider,
		Library: n.conf.Library, Threads: n.conf.Threads, MemoryBytes: n.conf.MemoryBytes, Log: n.conf.Log,
	})
	if err != nil {
		n.conf.Log.Error("nobody looks for updates", "error", err)
		return
	}
	lookEvery(ctx, n.conf.Updates.Every, func(ctx context.Context) { n.lookForUpdate(ctx, u) })
}

// healthEvery is how often a version that has to prove itself is looked at.
const healthEvery = 30 * time.Second

// proveHealthy waits until this version was healthy for as long as it must, and says whether it
// was. One that was not within its time is left for the version before it.
func (n *Node) proveHealthy(ctx context.Context, folder update.Folder) bool {
	look := time.NewTicker(healthEvery)
	defer look.Stop()
	n.upkeep.prove(true)
	defer n.upkeep.prove(false)
	p := update.Probe{Started: time.Now()}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-look.C:
		}
		unhealthy := n.Alive(ctx)
		var err error
		switch p.See(time.Now(), unhealthy == nil) {
		case update.Proven:
			if err = folder.Proved(n.conf.Version); err == nil {
				n.conf.Log.Info("the new version has proved itself", "version", n.conf.Version)
				return true
			}
		case update.Hopeless:
			if err = folder.Failed(n.conf.Version, fmt.Sprintf("it was not healthy for %s at a stretch within %s: %v", update.ProvedAfter, update.ProveWithin, unhealthy), time.Now()); err == nil {
				n.askRestart()
				return false
			}
		}
		if err != nil {
			n.conf.Log.Error("whether the new version is healthy is not kept", "error", err)
		}
	}
}

// lookForUpdate makes one look, tells of it, and takes what is found if the operator wants that.
func (n *Node) lookForUpdate(ctx context.Context, u *update.Updater) {
	f, err := u.Check(ctx)
	if ctx.Err() != nil {
		return
	}
	if err == nil && n.conf.Updates.Auto && f.Taken() {
		if err = u.Apply(ctx, f, nodeWork{n.worker}); err == nil {
			n.askRestart()
			return
		}
	}
	if err == nil && n.conf.Updates.Auto && f.State == update.Restart {
		if err = u.Rest(ctx, f, nodeWork{n.worker}); err == nil {
			n.askRestart()
			return
		}
	}
	if ctx.Err() != nil {
		return
	}
	n.upkeep.keep(f, err, time.Now())
	if err != nil {
		n.conf.Log.Warn("looking for an update failed", "error", err)
	}
	record, unread := u.Folder.Read()
	n.warnings.Hold("update", updateWarnings(f, record, errors.Join(err, unread)))
}

// updateWarnings are what an operator hears of updates; pure.
func updateWarnings(f update.Finding, r update.Record, err error) (list []warning.Warning) {
	switch {
	case err != nil:
		list = append(list, warning.Of(warning.UpdateFailed, "", "%v", err))
	case r.Failure != "":
		list = append(list, warning.Of(warning.UpdateFailed, "", "on %s: %s", r.FailedAt.Format(time.DateTime), r.Failure))
	}
	switch {
	case f.State != update.Available && f.State != update.Restart && f.State != update.Stranded:
	case f.Manager != nil:
		list = append(list, warning.Of(warning.UpdateAvailable, "", "version %s is there, and %s runs", f.Newest, f.Running).Do("run `"+f.Manager.Command+"`"))
	default:
		list = append(list, warning.Of(warning.UpdateAvailable, "", "%s", strings.TrimSuffix(fmt.Sprintf("version %s is there, and %s runs; %s", f.Newest, f.Running, f.Why), "; ")))
	}
	return list
}

// restartUpdated restarts the node where its next start runs another version.
func (n *Node) restartUpdated() (any, error) {
	r, err := UpdateFolder(homeOf(n.conf)).Read()
	if err != nil {
		return nil, err
	}
	if r.Active == nil || r.Active.Version == n.conf.Version {
		return nil, fmt.Errorf("the next start runs %s too; there is nothing to restart for", n.conf.Version)
	}
	n.askRestart()
	return struct {
		Version string `json:"version"`
	}{r.Active.Version}, nil
}

// askRestart has who runs the node close it and start it anew.
func (n *Node) askRestart() {
	select {
	case n.done <- ErrRestart:
	default: // it ends anyway
	}
}

// idlePoll is how often a node that drains for an update is looked at.
const idlePoll = time.Second

// nodeWork is a node's work as an update sees it.
type nodeWork struct{ worker *worker.Worker }

func (w nodeWork) Working(context.Context) (bool, error) {
	return w.worker.Mode() == worker.Working, nil
}

func (w nodeWork) Resume(context.Context) error { return w.worker.Resume() }

// Drain waits for as long as the jobs take: none is hurried or cut off.
func (w nodeWork) Drain(ctx context.Context) error {
	if w.worker.Mode() == worker.Working {
		if err := w.worker.Drain(); err != nil {
			return err
		}
	}
	look := time.NewTicker(idlePoll)
	defer look.Stop()
	for {
		status, err := w.worker.Status()
		if err != nil {
			return err
		}
		if status.Idle {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the node is still at work: %w", context.Cause(ctx))
		case <-look.C:
		}
	}
}
