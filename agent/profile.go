package agent

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/inference/ort"
)

// ProfileLife is how long a stored profile speaks for its machine, unless a part of it
// changes: dust, thermal paste and drivers work more slowly than this.
const ProfileLife = 30 * 24 * time.Hour

// FlaggedLife is how long a profile is used that something disturbed or throttled: long
// enough that a node which starts again and again does not measure each time.
const FlaggedLife = time.Hour

const (
	// quickBudget is what a quick probe takes at most on a machine that computes at all.
	quickBudget = 90 * time.Second
	// startBudget is what it takes of a node's first start, which is to bid within a minute:
	// windows of 5 s in place of 10 s. `medhive probe` takes the longer look.
	startBudget = 52 * time.Second
	// afterInt8 of it is kept for models and providers, afterModels for providers.
	afterInt8   = 14 * time.Second
	afterModels = 6 * time.Second
	// leastRating is what the models have even where the measurement took too long.
	leastRating = 2 * time.Second
)

// maxKept bounds a stored profile: the document and its trace.
const maxKept = 8 << 20

// PowerSources is what an operator says of the machine's power, beside what it tells.
type PowerSources struct {
	Plugs             []string // URLs of the Shelly or Tasmota plugs that feed all of it and nothing else
	DeclaredWatts     float64  // at work, by the operator's word; 0: not declared
	DeclaredIdleWatts float64  // at rest
}

// ProbeConfig says how this machine is measured.
type ProbeConfig struct {
	Home     string // profiles are kept there, for every node of the home
	Library  string // libonnxruntime; empty: found
	Provider string // empty: cpu
	Threads  int    // 0: all
	Mode     hwprobe.Mode
	Duration time.Duration // in brief mode
	Budget   time.Duration // of a quick probe, with all that follows; 0: quickBudget
	Power    PowerSources
	Self     string // this program; empty: this executable
	Runner   []string
	Roots    hwprobe.Roots
	// Progress, if set, hears the stage and how much of it is done, 0 to 1.
	Progress func(stage string, done float64)
	Log      *slog.Logger
}

// The hidden commands of this program that measure.
const (
	MeasureCommand = "probe-measure"
	NVMLCommand    = "probe-nvml"
)

// Probed is a measured machine.
type Probed struct {
	hwprobe.Report
	Library string // SHA-256 of the ONNX Runtime that was measured, hex
	Power   Powered

	Until   time.Time `json:"-"` // when a quick probe is to be over, with all that follows; zero: no limit
	NotKept string    `json:"-"` // why an older profile stays in its place; "" where it is kept
}

// Powered is how power could be measured when a machine was. It stays on the machine.
type Powered struct {
	Sources PowerSources
	Basis   power.Basis // of the best source that there was, whatever it then told
}

// complete fills in what is left open.
func (c ProbeConfig) complete() (_ ProbeConfig, err error) {
	if c.Self == "" {
		if c.Self, err = os.Executable(); err != nil {
			return c, fmt.Errorf("find this program: %w", err)
		}
	}
	if c.Library, err = ort.Locate(c.Library); err != nil {
		return c, err
	}
	if c.Provider == "" {
		c.Provider = ort.CPU
	}
	if c.Threads <= 0 {
		c.Threads = ort.Threads()
	}
	if c.Mode == "" {
		c.Mode = hwprobe.Brief
	}
	if c.Progress == nil {
		c.Progress = func(string, float64) {}
	}
	c.Log = quiet(c.Log)
	return c, nil
}

// options are the prober's.
func (c ProbeConfig) options() hwprobe.Options {
	return hwprobe.Options{
		Library: c.Library, Provider: c.Provider, Threads: c.Threads, Mode: c.Mode, Duration: c.Duration, Roots: c.Roots,
		NVML: []string{c.Self, NVMLCommand}, Plugs: c.Power.Plugs, DeclaredWatts: c.Power.DeclaredWatts, DeclaredIdleWatts: c.Power.DeclaredIdleWatts,
		Progress: func(stage hwprobe.Stage, done float64) { c.Progress(string(stage), done) },
	}
}

// basis is that of the best source of power that there is now.
func (c ProbeConfig) basis(ctx context.Context) power.Basis {
	meter, _ := power.Find(ctx, c.Roots, power.Config{
		Plugs: c.Power.Plugs, DeclaredWatts: c.Power.DeclaredWatts, DeclaredIdleWatts: c.Power.DeclaredIdleWatts,
		NVML: device.NVMLChild{Command: []string{c.Self, NVMLCommand}}.Watch,
	})
	defer func() { _ = meter.Close() }() // nothing is recorded
	return meter.Basis()
}

// MeasureMachine probes, in a process of its own, times the installed models unless the
// look is brief, and keeps the result for the nodes of the home. One measures at a time.
func MeasureMachine(ctx context.Context, conf ProbeConfig) (Probed, error) {
	conf, err := conf.complete()
	if err != nil {
		return Probed{}, err
	}
	unlock, err := lockProfiles(ctx, conf.Home, conf.Log)
	if err != nil {
		return Probed{}, err
	}
	defer unlock()
	return conf.measure(ctx)
}

func (c ProbeConfig) measure(ctx context.Context) (p Probed, err error) {
	if p.Library, err = digestFile(c.Library); err != nil {
		return Probed{}, err
	}
	options := c.options()
	if c.Mode == hwprobe.Quick {
		budget := cmp.Or(c.Budget, quickBudget)
		p.Until, options.Budget = time.Now().Add(budget), budget-afterInt8
	}
	p.Power = Powered{Sources: c.Power, Basis: c.basis(ctx)}
	child := hwprobe.Child{Command: []string{c.Self, MeasureCommand}}
	if p.Report, err = child.Probe(ctx, options); err != nil {
		return Probed{}, err
	}
	if c.Mode != hwprobe.Brief {
		if err := c.addModels(ctx, &p); err != nil {
			return Probed{}, err
		}
	}
	if old, err := c.kept(); err == nil && outranks(old, p, time.Now()) {
		p.NotKept = fmt.Sprintf("the certificate of %s stays for the nodes of this machine; this look at it is shown and not kept", old.Profile.At.Format(time.DateOnly))
		return p, nil
	}
	return p, c.keep(p)
}

// addModels times the models within what a quick probe has left. That they can't be timed
// costs the profile nothing but their figures; an error means that ctx ended.
func (c ProbeConfig) addModels(ctx context.Context, p *Probed) (err error) {
	var budget time.Duration
	if !p.Until.IsZero() {
		budget = max(leastRating, min(ratingTimes, time.Until(p.Until)-afterModels))
	}
	p.Profile.Models, err = c.timeModels(ctx, budget)
	if ctx.Err() != nil {
		return fmt.Errorf("time the models: %w", ctx.Err())
	}
	if err != nil { // which names files
		p.Profile.Lacking = append(p.Profile.Lacking, "models: they could not be timed; see `medhive model list`")
	}
	p.Profile.Judge()
	p.Profile.Fit()
	return nil
}

// MachineProfile is the stored profile where it still speaks for this machine, and a new
// one otherwise. Why it measured anew it tells the log.
func MachineProfile(ctx context.Context, conf ProbeConfig) (Probed, error) {
	conf, err := conf.complete()
	if err != nil {
		return Probed{}, err
	}
	unlock, err := lockProfiles(ctx, conf.Home, conf.Log)
	if err != nil {
		return Probed{}, err
	}
	defer unlock()
	kept, err := conf.kept()
	if err != nil {
		conf.Log.Info("this machine is measured", "reason", err)
		return conf.measure(ctx)
	}
	library, err := digestFile(conf.Library)
	if err != nil {
		return Probed{}, err
	}
	options := conf.options()
	reasons := outdated(kept, conf, present{library, conf.basis(ctx), hwprobe.Changes(kept.Profile.Devices, hwprobe.Devices(ctx, options)), time.Now()})
	if len(reasons) == 0 {
		conf.Log.Debug("the stored profile is used", "age", kept.Profile.Age(time.Now()).Round(time.Second))
		return kept, nil
	}
	conf.Log.Info("this machine is measured anew", "reasons", reasons)
	return conf.measure(ctx)
}

// profileName is safe in file names.
var profileName = regexp.MustCompile(`^[a-z0-9]{1,20}$`)

// path is where the profile of provider and threads is kept.
func (c ProbeConfig) path() (string, error) {
	if !profileName.MatchString(c.Provider) {
		return "", fmt.Errorf("provider %.20q has no profile; choose one that `medhive probe` lists", c.Provider)
	}
	return filepath.Join(profilesOf(c.Home), c.Provider+"-"+strconv.Itoa(c.Threads)+".json"), nil
}

// profilesOf is a home's folder of profiles.
func profilesOf(home string) string { return filepath.Join(home, "profiles") }

// keep stores the profile, and what it was measured with.
func (c ProbeConfig) keep(p Probed) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	document, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("keep the profile: %w", err)
	}
	return writeFileDurably(path, append(document, '\n'), 0o600)
}

// kept reads the stored profile. An error says why there is none to use.
func (c ProbeConfig) kept() (Probed, error) {
	path, err := c.path()
	if err != nil {
		return Probed{}, err
	}
	return readKept(path)
}

func readKept(path string) (Probed, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Probed{}, errors.New("it was not measured before with this provider and number of threads")
	}
	if err != nil {
		return Probed{}, fmt.Errorf("the stored profile can't be read: %w", pathless(err))
	}
	defer f.Close()
	document, err := io.ReadAll(io.LimitReader(f, maxKept))
	var p Probed
	if err == nil {
		err = json.Unmarshal(document, &p)
	}
	if err == nil && p.Profile.Version != hwprobe.ProfileVersion {
		err = fmt.Errorf("version %d; this program writes %d", p.Profile.Version, hwprobe.ProfileVersion)
	}
	if err != nil {
		return Probed{}, fmt.Errorf("the stored profile can't be used: %w", pathless(err))
	}
	return p, nil
}

// storedPower is what was said of power at the last measurement of this home.
func storedPower(home string) PowerSources {
	files, _ := filepath.Glob(filepath.Join(profilesOf(home), "*.json")) // none where nothing was measured
	var last Probed
	for _, f := range files {
		if p, err := readKept(f); err == nil && !p.Profile.At.Before(last.Profile.At) {
			last = p
		}
	}
	return last.Power.Sources
}

// pathless is an error of the file system without its path.
func pathless(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// digestFile is the SHA-256 of a file, hex.
func digestFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read libonnxruntime: %w", pathless(err))
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read libonnxruntime: %w", pathless(err))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// lockProfiles waits until nobody else of the home measures: two at once would each see
// half a machine. The folder is made on the way.
func lockProfiles(ctx context.Context, home string, log *slog.Logger) (unlock func(), err error) {
	dir := profilesOf(home)
	if err := makeState(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the profiles: %w; check the rights of --home", pathless(err))
	}
	waiting := time.AfterFunc(time.Second, func() { log.Info("another measurement of this machine runs; waiting for its end") })
	defer waiting.Stop()
	if err := lockFile(ctx, f); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for another measurement to end: %w", err), f.Close())
	}
	return func() { _ = f.Close() }, nil // closing gives the lock back
}
