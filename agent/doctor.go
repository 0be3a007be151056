package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/disk"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/inference/runner/sandbox"
	"github.com/medhive/medhive/models"
)

// CheckState is how a check went.
type CheckState string

// The states of a check, from good to bad.
const (
	CheckOK   CheckState = "ok"
	CheckWarn CheckState = "warn" // a node runs, but less well or less safely than it could
	CheckFail CheckState = "fail" // a node does not run
)

// Check is one thing that a node needs of its machine.
type Check struct {
	Name  string     `json:"name"`
	State CheckState `json:"state"`
	What  string     `json:"what"`            // what was seen
	Cause string     `json:"cause,omitempty"` // why it is not as it should be
	Fix   string     `json:"fix,omitempty"`   // what the operator can do
}

// Examination is everything that was checked.
type Examination struct {
	State  CheckState `json:"state"` // the worst of the checks
	Checks []Check    `json:"checks"`
}

func (e *Examination) add(checks ...Check) {
	e.Checks = append(e.Checks, checks...)
	for _, c := range checks {
		if c.State == CheckFail || e.State == CheckOK {
			e.State = c.State
		}
	}
}

// ErrUnfit says that a check failed.
var ErrUnfit = errors.New("this machine can't run a node as it is; mend what failed, then look again")

// Bounds of the checks.
const (
	// doctorStart is how long a runner may take to start, on a machine that swaps.
	doctorStart = time.Minute
	// doctorChain is how long a chain may take to answer.
	doctorChain = 5 * time.Second
	// leastDisk is less than one study with its sealed result takes.
	leastDisk = 512 << 20
	// goodDisk holds a few fetched models beside that.
	goodDisk = 5 << 30
	// clockSlack is how far in the future a chain's newest block may lie: above what
	// chains allow their own block producers.
	clockSlack = 30 * time.Second
)

// DoctorConfig says what to examine.
type DoctorConfig struct {
	Home        string
	NetworkPath string
	Provider    string   // that the node is to run on
	Library     string   // libonnxruntime; empty: found
	Runner      []string // command line of the runner; empty: this executable's own
	Reader      []string // command line of the reader of studies; empty: this executable's own
	NVML        []string // command line that asks NVIDIA's library (device.NVMLChild); empty: it is not asked
	Log         *slog.Logger
}

// Examine tries out what a node needs of this machine. It changes nothing but a file of
// its own that it removes again. The error is the context's.
func Examine(ctx context.Context, conf DoctorConfig) (Examination, error) {
	e := Examination{State: CheckOK}
	engine, trials := checkEngine(ctx, conf)
	e.add(engine...)
	e.add(checkReader(ctx, conf.Reader))
	e.add(checkDevices(ctx, conf, trials)...)
	e.add(checkPower(ctx, conf)...)
	e.add(checkMemory())
	e.add(checkTPM(ctx, ""))
	e.add(checkState(conf.Home)...)
	now := time.Now()
	synchronised, known := clockSynchronised()
	head, checks := checkNetwork(ctx, conf.NetworkPath)
	e.add(clockCheck(now, head, synchronised, known))
	e.add(checks...)
	return e, ctx.Err()
}

// checkEngine looks at everything that runs a model: library, runner, confinement,
// providers, of which the trials are given too.
func checkEngine(ctx context.Context, conf DoctorConfig) ([]Check, []runner.ProviderTrial) {
	library, err := ort.Locate(conf.Library)
	if err != nil {
		return []Check{{Name: "onnx runtime", State: CheckFail, What: "no library; the runner and the providers were not tried", Cause: err.Error(),
			Fix: "run `make deps`, or install libonnxruntime 1.24 or newer and name it with --ort-lib"}}, nil
	}
	o := runner.Options{Command: conf.Runner, Library: library, Threads: runtime.NumCPU(), Log: quiet(conf.Log)}
	if len(o.Command) == 0 {
		if o.Command, err = ownRunner(); err != nil {
			return []Check{{Name: "runner", State: CheckFail, What: "it was not started", Cause: err.Error(), Fix: "install medhive anew"}}, nil
		}
	}
	version, runnerChecks := checkRunner(ctx, o, conf.Home)
	found := Check{Name: "onnx runtime", State: CheckOK, What: fmt.Sprintf("version %s, %s", version, library)}
	if version == "" {
		found.What = library
		found.State, found.Cause, found.Fix = CheckWarn, "its version is unknown while no runner starts", "see the runner"
	}
	trials, err := runner.Discover(ctx, o)
	if err != nil {
		trials = nil // providerChecks then says that the wanted one was not tried
	}
	return slices.Concat([]Check{found}, runnerChecks, providerChecks(trials, conf.Provider, err)), trials
}

// checkRunner starts a runner with the first model that can be read.
func checkRunner(ctx context.Context, o runner.Options, home string) (version string, _ []Check) {
	pkg, err := firstModel(home)
	if err != nil {
		return "", []Check{{Name: "runner", State: CheckFail, What: "it was not started: no model can be read", Cause: err.Error(),
			Fix: "repair or remove the package that is named; see `medhive model list`"}}
	}
	o.Package = pkg
	ctx, cancel := context.WithTimeout(ctx, doctorStart)
	defer cancel()
	started := time.Now()
	process, err := runner.Start(ctx, o)
	if err != nil {
		return "", []Check{{Name: "runner", State: CheckFail, What: "it does not start with " + pkg.Name(), Cause: err.Error(),
			Fix: "see the cause; `medhive model validate " + pkg.Name() + " --verbose` tells more"}}
	}
	took := time.Since(started)
	version, confinement := process.RuntimeVersion(), process.Confinement()
	check := Check{Name: "runner", State: CheckOK, What: fmt.Sprintf("warm with %s in %v", pkg.Name(), took.Round(time.Millisecond))}
	if err := process.Close(); err != nil {
		check.State, check.Cause, check.Fix = CheckWarn, "it did not end well: "+err.Error(), "look for processes that are left over"
	}
	return version, append([]Check{check}, confinementChecks(confinement)...)
}

// firstModel is the first package of the catalog that can be read.
func firstModel(home string) (models.Package, error) {
	all, err := OpenCatalog(home)
	if err != nil {
		return models.Package{}, err
	}
	faults := []error{errors.New("no model is offered here")}
	for _, entry := range all.Offered() {
		pkg, err := entry.Load()
		if err == nil {
			return pkg, nil
		}
		faults = append(faults, err)
	}
	return models.Package{}, errors.Join(faults...)
}

// confinementChecks are one for each mechanism. What is missing is a warning: studies
// hold no identity, but a hostile model could do more than compute.
func confinementChecks(c sandbox.Confinement) (checks []Check) {
	for _, m := range c {
		check := Check{Name: "confinement: " + m.Name, State: CheckOK, What: strings.TrimPrefix(m.Words, m.Name+": ")}
		switch {
		case !m.Holds:
			check.State, check.Cause, check.Fix = CheckWarn, "this mechanism does not hold here", m.Fix
		case m.Fix != "":
			check.State, check.Cause, check.Fix = CheckWarn, "it holds by one mechanism where there could be two", m.Fix
		}
		checks = append(checks, check)
	}
	return checks
}

// providerChecks judge the wanted provider, and say which others there are. tried is why
// there are no trials, if so.
func providerChecks(trials []runner.ProviderTrial, wanted string, tried error) []Check {
	check := Check{Name: "provider " + wanted, State: CheckFail, What: "it was not tried", Cause: "this program knows no such provider",
		Fix: "name another with --provider: " + strings.Join(ort.KnownProviders(), ", ")}
	if tried != nil {
		check.Cause, check.Fix = tried.Error(), "see the runner"
	}
	var works, missing []string
	for _, t := range trials {
		switch {
		case t.Provider == wanted && t.Available:
			check.State, check.What, check.Cause, check.Fix = CheckOK, t.Words, "", ""
		case t.Provider == wanted:
			check.What, check.Cause, check.Fix = "it does not compute here", t.Words, t.Fix
		case t.Available:
			works = append(works, t.Provider)
		default:
			missing = append(missing, t.Provider+": "+t.Fix)
		}
	}
	if len(trials) == 0 {
		return []Check{check}
	}
	others := Check{Name: "other providers", State: CheckOK, What: "none works here"}
	if len(works) > 0 {
		others.What = "these work too: " + strings.Join(works, ", ")
	}
	if len(missing) > 0 {
		others.Fix = "only if you want one: " + strings.Join(missing, "; ")
	}
	return []Check{check, others}
}

// checkState tries to write where the node's state will lie, and looks for room there.
func checkState(home string) []Check {
	place := home
	for { // the folder itself may not be there yet
		if info, err := os.Stat(place); err == nil && info.IsDir() || filepath.Dir(place) == place {
			break
		}
		place = filepath.Dir(place)
	}
	const fix = "choose a folder of this user on a local disk with --home or $" + HomeVariable
	check := Check{Name: "state folder", State: CheckOK, What: "writable: " + home}
	if info, err := os.Stat(home); err == nil && !info.IsDir() {
		check.State, check.What, check.Cause, check.Fix = CheckFail, home, "it is no folder", fix
	} else if err := tryWriting(place); err != nil {
		check.State, check.What, check.Cause, check.Fix = CheckFail, home, err.Error(), fix
	}
	usage, err := disk.Usage(place)
	if err != nil {
		return []Check{check, {Name: "disk room", State: CheckWarn, What: "unknown", Cause: err.Error(), Fix: fix}}
	}
	return []Check{check, diskCheck(usage.Free)}
}

// tryWriting makes a file last in folder, and removes it.
func tryWriting(folder string) error {
	f, err := os.CreateTemp(folder, ".medhive-doctor-*")
	if err != nil {
		return fmt.Errorf("it can't be written: %w", models.WithoutPath(err))
	}
	_, err = f.WriteString("medhive doctor\n")
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

// diskCheck judges how many bytes are free.
func diskCheck(free uint64) Check {
	c := Check{Name: "disk room", State: CheckOK, What: fmt.Sprintf("%.1f GiB are free", float64(free)/(1<<30))}
	const fix = "free some, drop packages with `medhive model remove`, or choose another disk with --home"
	switch {
	case free < leastDisk:
		c.State, c.Cause, c.Fix = CheckFail, fmt.Sprintf("a study and its sealed result may need %d MiB", leastDisk>>20), fix
	case free < goodDisk:
		c.State, c.Cause, c.Fix = CheckWarn, fmt.Sprintf("fetched models need room too; %d GiB are enough for some", goodDisk>>30), fix
	}
	return c
}

// clockCheck judges this machine's time: receipts and promises are dated by it. head is
// when the chain's newest block was made; zero where that is unknown, or a toy.
func clockCheck(now, head time.Time, synchronised, known bool) Check {
	c := Check{Name: "clock", State: CheckOK, What: now.UTC().Format(time.RFC3339)}
	const fix = "let the system keep its time (timedatectl set-ntp true, or chrony)"
	switch {
	case !head.IsZero() && head.Sub(now) > clockSlack:
		c.State, c.Cause, c.Fix = CheckFail, fmt.Sprintf("it is %v behind the chain's newest block", head.Sub(now).Round(time.Second)), fix
	case known && !synchronised:
		c.State, c.Cause, c.Fix = CheckWarn, "the kernel says that nobody synchronises it; a wrong clock makes results late", fix
	case known:
		c.What += ", synchronised"
	}
	return c
}

// checkNetwork reads the network file and asks its chain. head is when the newest block
// was made; zero where the chain does not answer, or is a development chain, whose clock
// people move.
func checkNetwork(ctx context.Context, path string) (head time.Time, _ []Check) {
	n, err := ReadNetwork(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return head, []Check{{Name: "network file", State: CheckWarn, What: "there is none; the chain was not asked", Cause: "no network is configured yet",
			Fix: "name your network's file with --network, or start a local network with `medhive chain dev`"}}
	case err != nil:
		return head, []Check{{Name: "network file", State: CheckFail, What: "it can't be used; the chain was not asked", Cause: err.Error(),
			Fix: "get the file of your network anew"}}
	}
	file := Check{Name: "network file", State: CheckOK, What: fmt.Sprintf("chain %d, %d coordinator addresses", n.Contracts.ChainID, len(n.Coordinator))}
	if _, err := n.Peers(); err != nil {
		file.State, file.Cause, file.Fix = CheckFail, err.Error(), "get the file of your network anew"
	} else if len(n.Coordinator) == 0 {
		file.State, file.Cause, file.Fix = CheckWarn, "it names no coordinator, so nothing could be earned", "get the file of your network anew, or start `medhive coordinator run`"
	}
	ctx, cancel := context.WithTimeout(ctx, doctorChain)
	defer cancel()
	client, err := n.Dial(ctx, nil)
	if err == nil {
		defer client.Close()
		head, err = client.ChainTime(ctx)
	}
	if err != nil {
		return time.Time{}, []Check{file, {Name: "chain", State: CheckFail, What: "it does not answer as it should", Cause: err.Error(),
			Fix: "start it (`medhive chain dev` for a local one), or correct rpc in the network file"}}
	}
	answers := Check{Name: "chain", State: CheckOK, What: "it answers, and the contracts are there; its time is " + head.UTC().Format(time.RFC3339)}
	if n.DevelopmentKeys != "" {
		head = time.Time{}
	}
	return head, []Check{file, answers}
}
