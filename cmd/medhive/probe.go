package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
)

// probeFlags is the command line of a probe.
type probeFlags struct {
	quick, certify, explain bool
	picture                 string
	conf                    agent.ProbeConfig
}

func newProbe(s *shared) *cobra.Command {
	p := &probeFlags{}
	c := s.reports(&cobra.Command{
		Use:   "probe",
		Short: "Measure what this machine is worth: TOPS, watts, tier",
		Long: `Looks at the devices, runs dense int8 products through the execution provider that
runs the jobs, with fp32 and fp16 beside them, reads every power source there is,
times the installed models, and says which tier that is. --explain says why, and what
the next one needs. Below tier 1 a node still runs, as unqualified. Then every
execution provider is tried in a process of its own.

A quick probe measures 5 × 10 s; --certify measures 600 s and certifies the machine
if nothing disturbed or throttled it. What was measured is kept for the nodes of this
--home: they start without measuring again until a device, a driver, a source of power
or ONNX Runtime changes, or a month has passed; what was disturbed counts for an hour.`,
		Example: `  medhive probe --explain
  medhive probe --certify --picture probe.svg
  medhive probe --plug http://192.168.1.20 --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return s.runProbe(c, p) },
	})
	f := c.Flags()
	f.BoolVar(&p.quick, "quick", false, "5 × 10 s; this is the default")
	f.BoolVar(&p.certify, "certify", false, "600 s; certifies if no run of it was disturbed or throttled")
	f.DurationVar(&p.conf.Duration, "duration", 0, "a brief look of this length at int8 alone, for development")
	f.BoolVar(&p.explain, "explain", false, "say why the tier is what it is, and what the next one needs")
	f.StringVar(&p.picture, "picture", "", "write an SVG of TOPS, watts and temperature over time")
	f.StringVar(&p.conf.Provider, "provider", "cpu", "ONNX Runtime execution provider to measure; there is no silent fallback")
	f.IntVar(&p.conf.Threads, "threads", 0, "CPU threads (0: all)")
	powerFlags(c, &p.conf.Power)
	f.StringVar(&p.conf.Library, "ort-lib", "", "libonnxruntime (default $MEDHIVE_ORT_LIB, or the one that make deps brings)")
	return c
}

func (s *shared) runProbe(c *cobra.Command, p *probeFlags) (err error) {
	if p.conf.Home, err = s.homeDir(); err != nil {
		return err
	}
	if p.conf.Mode, err = p.mode(); err != nil {
		return err
	}
	p.conf.Log = s.log(slog.LevelWarn)
	p.conf.Progress = progress(c.ErrOrStderr())
	probed, err := agent.MeasureMachine(c.Context(), p.conf)
	if terminal(c.ErrOrStderr()) {
		fmt.Fprint(c.ErrOrStderr(), "\r\033[K")
	}
	if err != nil {
		return err
	}
	if p.picture != "" {
		if err := os.WriteFile(p.picture, hwprobe.Picture(probed.Trace, probed.Profile), 0o644); err != nil {
			return fmt.Errorf("write the picture: %w; choose another path", err)
		}
	}
	if probed.NotKept != "" {
		fmt.Fprintln(c.ErrOrStderr(), probed.NotKept)
	}
	trying, err := runnerOf(p.conf.Library)
	if err != nil {
		return err
	}
	trials, judged, err := tryProviders(c.Context(), trying, probed.Until, p.conf.Progress)
	if terminal(c.ErrOrStderr()) {
		fmt.Fprint(c.ErrOrStderr(), "\r\033[K")
	}
	if err != nil {
		return err
	}
	// What is shown says which accelerators can be used with what is installed; what is
	// stored says what the machine has, since that is compared at the next start.
	shown := probed.Profile
	shown.Devices = shown.Devices.Matched(asDeviceTrials(judged))
	if s.asJSON {
		return printJSON(c.OutOrStdout(), report{shown, trials, explained(p.explain, shown)})
	}
	err = errors.Join(printProfile(c.OutOrStdout(), shown), printProviders(c.OutOrStdout(), trials))
	for _, line := range explained(p.explain, shown) {
		fmt.Fprintln(c.OutOrStdout(), "- "+line)
	}
	if !p.explain {
		fmt.Fprintln(c.OutOrStdout(), "why, and what the next tier needs: medhive probe --explain")
	}
	return err
}

// mode is the one that the flags ask for.
func (p *probeFlags) mode() (hwprobe.Mode, error) {
	switch {
	case p.conf.Duration < 0:
		return "", usageError{fmt.Errorf("--duration %v is no length; see `medhive probe --help`", p.conf.Duration)}
	case p.quick && p.certify, p.conf.Duration > 0 && (p.quick || p.certify):
		return "", usageError{errors.New("--quick, --certify and --duration exclude each other; name one of them, see `medhive probe --help`")}
	case p.certify:
		return hwprobe.Full, nil
	case p.conf.Duration > 0:
		return hwprobe.Brief, nil
	default:
		return hwprobe.Quick, nil
	}
}

func explained(wanted bool, p hwprobe.Profile) []string {
	if !wanted {
		return nil
	}
	return hwprobe.Explain(p)
}

// progress redraws a line on a screen; elsewhere it says each stage once.
func progress(w io.Writer) func(stage string, done float64) {
	last := ""
	return func(stage string, done float64) {
		switch {
		case terminal(w):
			fmt.Fprintf(w, "\r\033[K%s %3.0f %%", stage, 100*done)
		case stage != last:
			fmt.Fprintf(w, "measuring: %s\n", stage)
		}
		last = stage
	}
}

// report is the JSON of a probe: the profile, how the providers did, and why.
type report struct {
	hwprobe.Profile
	Providers []runner.ProviderTrial `json:"providers"`
	Explained []string               `json:"explained,omitempty"`
}

func asDeviceTrials(trials []runner.ProviderTrial) (out []device.Trial) {
	for _, t := range trials {
		out = append(out, device.Trial{Provider: t.Provider, Works: t.Available, Fix: t.Fix})
	}
	return out
}

// runnerOf is this program's own runner.
func runnerOf(library string) (o runner.Options, err error) {
	self, err := os.Executable()
	if err != nil {
		return o, fmt.Errorf("find the runner's program: %w", err)
	}
	library, err = ort.Locate(library)
	return runner.Options{Command: []string{self, "runner"}, Library: library}, err
}

// leastTrial is less than the trial of any provider takes.
const leastTrial = 100 * time.Millisecond

// tryProviders has the runner try them until then; the zero time is no limit. A trial has
// half of what is left, so that one driver that hangs does not take it all. judged are
// those trials that came to an end.
func tryProviders(ctx context.Context, o runner.Options, until time.Time, progress func(stage string, done float64)) (all, judged []runner.ProviderTrial, err error) {
	names := ort.KnownProviders()
	for n, name := range names {
		progress("providers", float64(n)/float64(len(names)))
		limited, cancel := ctx, context.CancelFunc(func() {})
		if !until.IsZero() {
			limited, cancel = context.WithTimeout(ctx, max(leastTrial, time.Until(until)/2))
		}
		started := time.Now()
		trial, err := runner.Try(limited, o, name)
		late := limited.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil, nil, fmt.Errorf("try providers: %w", ctx.Err())
		case err != nil && late:
			all = append(all, runner.ProviderTrial{Provider: name, Words: "its trial took longer than a quick probe had left",
				Fix: "see `medhive doctor`: its trial took longer than a quick probe had left", Took: time.Since(started)})
			continue
		case err != nil:
			return nil, nil, err
		}
		all, judged = append(all, trial), append(judged, trial)
	}
	progress("providers", 1)
	return all, judged, nil
}

func printProviders(w io.Writer, trials []runner.ProviderTrial) error {
	fmt.Fprintln(w, "providers")
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, t := range trials {
		state := "works: " + t.Words
		if !t.Available {
			state = "unavailable: " + t.Fix
		}
		fmt.Fprintf(table, "  %s\t%s\n", t.Provider, state)
	}
	return table.Flush()
}

func printProfile(w io.Writer, p hwprobe.Profile) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range profileRows(p) {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, reason := range p.Reasons {
		fmt.Fprintf(w, "  %s\n", reason.Text)
	}
	return nil
}

// profileRows are the profile as a table; what is unknown says so.
func profileRows(p hwprobe.Profile) (rows [][2]string) {
	add := func(name, format string, values ...any) {
		rows = append(rows, [2]string{name, fmt.Sprintf(format, values...)})
	}
	cpu := p.Devices.CPU
	add("processor", "%s (%s), %d threads %s", orUnknown(cpu.Model), cpu.Arch, cpu.Threads, strings.Join(cpu.ISA, " "))
	if total := p.Devices.Memory.TotalBytes; total > 0 {
		add("memory", "%.1f GiB", float64(total)/(1<<30))
	} else {
		add("memory", "unknown")
	}
	for _, a := range p.Devices.Accelerators {
		add(a.Kind, "%s", accelerator(a))
	}
	figure := func(f hwprobe.TOPS) string {
		text := fmt.Sprintf("%.3f TOPS sustained, %.3f in the best second", f.Median, f.Best)
		if f.LastQuarter > 0 {
			text += fmt.Sprintf(", last quarter %.2f of it", f.LastQuarter)
		}
		return text
	}
	add("int8", "%s, through %s on %d threads (ONNX Runtime %s)", figure(p.TOPS), p.TOPS.Provider, p.TOPS.Threads, p.TOPS.Runtime)
	if p.FP32 != nil {
		add("fp32", "%s", figure(*p.FP32))
	}
	if p.FP16 != nil {
		add("fp16", "%s", figure(*p.FP16))
	}
	add("power", "%s", p.Watts)
	if p.Watts.Basis != hwprobe.Unmeasured && p.Watts.Note != "" { // else the note is the figure's own words
		add("about power", "%s", p.Watts.Note)
	}
	if p.Around.MaxCelsius != nil {
		add("temperature", "%.0f °C at most", *p.Around.MaxCelsius)
	}
	for _, m := range p.Models {
		if m.Error != "" {
			add("model", "%s: not timed: %s", m.Model, m.Error)
			continue
		}
		add("model", "%s: %.0f examples an hour (%.3f s each)", m.Model, m.StudiesPerHour, m.Seconds)
	}
	for _, f := range p.Flags {
		add("flag", "%s: %s", f.Code, f.Text)
	}
	certified := "no"
	if p.Certified {
		certified = "yes"
	}
	add("certified", "%s (%s probe, %.0f s)", certified, p.Mode, p.TOPS.Seconds)
	add("tier", "%s", p.Tier)
	return rows
}

func accelerator(a device.Accelerator) string {
	text := hwprobe.NameOf(a) + " at " + a.Address
	if a.MemoryBytes > 0 {
		text += fmt.Sprintf(", %.1f GiB", float64(a.MemoryBytes)/(1<<30))
	}
	if a.Driver != "" {
		text += ", driver " + a.Driver
	}
	if a.State != device.Present {
		text += fmt.Sprintf(": %s, %s; %s", a.State, a.Why, a.Fix)
	}
	return text
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// newProbeMeasure is the process in which a machine is measured. It ends with whoever
// started it.
func newProbeMeasure(stdin io.Reader) *cobra.Command {
	return &cobra.Command{
		Use:    agent.MeasureCommand,
		Short:  "Measure in isolation (started by a node or a probe, not by people)",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return hwprobe.Serve(c.Context(), stdin, c.OutOrStdout(), func() { os.Exit(exitFailure) })
		},
	}
}

// newNodeProfile shows what a running node tells the coordinator of its machine.
func newNodeProfile(s *shared) *cobra.Command {
	return s.asksNode("profile", "Print what a running node tells the coordinator of its machine, as JSON, without its signature", "/profile", func(w io.Writer, body []byte) error {
		var p json.RawMessage = body
		return printJSON(w, p)
	})
}

// newNodeMetrics prints what Prometheus would scrape.
func newNodeMetrics(s *shared) *cobra.Command {
	return s.asksNode("metrics", "Print a running node's metrics, as Prometheus reads them", "/metrics", func(w io.Writer, body []byte) error {
		_, err := w.Write(body)
		return err
	})
}

// age is a person's word for how long ago something was.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%.0f days ago", d.Hours()/day.Hours())
	case d >= 2*time.Hour:
		return fmt.Sprintf("%.0f hours ago", d.Hours())
	default:
		return fmt.Sprintf("%.0f minutes ago", d.Minutes())
	}
}
