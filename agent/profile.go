package agent

import (
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
	"github.com/medhive/medhive/inference/ort"
)

// ProfileLife is how long a stored profile speaks for its machine, unless a part of it
// changes: dust, thermal paste and drivers work more slowly than this.
const ProfileLife = 30 * 24 * time.Hour

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
	child := hwprobe.Child{Command: []string{c.Self, MeasureCommand}}
	if p.Report, err = child.Probe(ctx, c.options()); err != nil {
		return Probed{}, err
	}
	if c.Mode != hwprobe.Brief {
		if p.Profile.Models, err = c.timeModels(ctx); err != nil {
			return Probed{}, err
		}
		p.Profile.Judge()
	}
	if old, err := c.kept(); err == nil && outranks(old, p, time.Now()) {
		return p, nil
	}
	return p, c.keep(p)
}

// outranks reports whether a stored profile stays although there is a newer one: a brief
// look at the same machine does not throw a certificate away.
func outranks(old, young Probed, now time.Time) bool {
	if young.Profile.Mode.Covers(old.Profile.Mode) {
		return false
	}
	asked := ProbeConfig{Mode: young.Profile.Mode}
	return len(outdated(old, asked, young.Library, hwprobe.Changes(old.Profile.Devices, young.Profile.Devices), now)) == 0
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
	reasons := outdated(kept, conf, library, hwprobe.Changes(kept.Profile.Devices, hwprobe.Devices(ctx, options)), time.Now())
	if len(reasons) == 0 {
		conf.Log.Debug("the stored profile is used", "age", kept.Profile.Age(time.Now()).Round(time.Second))
		return kept, nil
	}
	conf.Log.Info("this machine is measured anew", "reasons", reasons)
	return conf.measure(ctx)
}

// outdated says why a stored profile no longer speaks for the machine; pure.
func outdated(kept Probed, want ProbeConfig, library string, changes []string, now time.Time) (reasons []string) {
	p := kept.Profile
	if kept.Library != library {
		reasons = append(reasons, "ONNX Runtime is another one")
	}
	if !p.Mode.Covers(want.Mode) {
		reasons = append(reasons, fmt.Sprintf("it was a %s look; a %s one is wanted", p.Mode, want.Mode))
	}
	if p.Mode == hwprobe.Brief && p.TOPS.Seconds < want.Duration.Seconds() {
		reasons = append(reasons, fmt.Sprintf("it took %.1f s; %.1f s are wanted", p.TOPS.Seconds, want.Duration.Seconds()))
	}
	if age := now.Sub(p.At); age > ProfileLife {
		reasons = append(reasons, fmt.Sprintf("it is %.0f days old", age.Hours()/24))
	} else if age < -time.Minute {
		reasons = append(reasons, "it is from the future: a clock was wrong, then or now")
	}
	return append(reasons, changes...)
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
