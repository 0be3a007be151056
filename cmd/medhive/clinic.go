package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

func newClinic(s *shared) *cobra.Command {
	return group("clinic", "Have studies analysed; nothing that names a patient leaves", `  medhive clinic submit study.zip --out results
  medhive clinic tasks`,
		newClinicSubmit(s), newClinicInit(s), newClinicRun(s), newClinicRoute(s), newClinicWorklist(s), newClinicQuarantine(s), newClinicOutbox(s),
		newClinicEcho(s), newClinicFetch(s), newClinicRead(s), newClinicAudit(s), newClinicVault(s), newClinicUser(s), newClinicTasks(s), newClinicCancel(s), newClinicStatus(s), newClinicMetrics(s), newPprof(s, "clinic", "clinic", agent.ClinicState),
		newClinicFunds(s), newClinicDeposit(s), newClinicReserve(s), newClinicWithdraw(s))
}

func clinicName(c *cobra.Command, name *string) {
	c.Flags().StringVar(name, "name", "clinic", "name of the clinic's state folder below --home")
}

// startClinic starts a clinic as its flags say.
func (s *shared) startClinic(ctx context.Context, conf agent.ClinicConfig, level slog.Level) (*agent.Clinic, error) {
	conf, err := s.clinicOf(conf, level)
	if err != nil {
		return nil, err
	}
	return agent.StartClinic(ctx, conf)
}

// clinicOf fills in what the flags of every command say.
func (s *shared) clinicOf(conf agent.ClinicConfig, level slog.Level) (agent.ClinicConfig, error) {
	home, network, err := s.where()
	if err != nil {
		return conf, err
	}
	if conf.Network, err = agent.ReadNetwork(network); err != nil {
		return conf, err
	}
	conf.State, conf.Version, conf.Log = agent.ClinicState(home, conf.Name), version, s.log(level)
	return conf, nil
}

func newClinicSubmit(s *shared) *cobra.Command {
	words, table := config.NewClinic()
	job, way := agent.Submission{}, wayFlags{}
	var events bool
	var from string
	c := s.reports(&cobra.Command{
		Use:   "submit STUDY",
		Short: "De-identify a study, have it analysed by a node, and write the results",
		Long: `STUDY is a folder, a zip or one DICOM file. The study is de-identified and sealed
here, analysed by one node, and its results are written to --out under the
patient's own identity. Asking twice for the same study and model gives the same
task: an interrupted submission goes on where it was. A STAT study stops routine
and urgent ones on its node until it is done; they then go on where they stood.

Where ` + "`medhive clinic run`" + ` runs with this --name, it does the work and this command
only watches: the results are delivered also if it is interrupted.

STUDY may also be a Study Instance UID, where ` + "`medhive clinic run --site`" + ` runs: it is fetched
from an archive of the site file, its rules choose what --model leaves open, and the results
go to their destinations.`,
		Example: `  medhive clinic submit study.zip
  medhive clinic submit study.zip --priority stat --hedge
  medhive clinic submit 1.2.840.113619.2.1 --from pacs
  medhive clinic submit study.zip --local-by 10m --within 1h
  medhive clinic submit /data/study --model t1-tissue --out results --price-ceiling-gwei 2000000`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name one study: a folder, a zip or a DICOM file; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) (err error) {
			if err := way.apply(&job); err != nil {
				return err
			}
			if _, err := s.settle(c, table, words.Name, &words.Network); err != nil {
				return err
			}
			conf := agent.SubmitterOf(*words)
			if isStudy(args[0]) {
				request := site.FetchRequest{Study: args[0], From: from, Who: self(), Priority: job.Priority}
				if c.Flags().Changed("model") {
					request.Model = job.Model
				}
				return s.submitStudy(c, conf.Name, request)
			}
			job.Path, job.Tell = args[0], progressPrinter(c.ErrOrStderr(), events)
			report, err := s.submit(c.Context(), conf, job)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), report)
			}
			return printReport(c.OutOrStdout(), report)
		},
	})
	f := c.Flags()
	s.settled(table, c, config.SubmitterKeys()...)
	f.StringVar(&job.Model, "model", "t1-tissue", "model to run: id or id@version; see `medhive model list`")
	f.StringVar(&from, "from", "", "archive that a study's UID is fetched from (default: the only one of the site file)")
	f.StringVar(&job.Out, "out", "results", "folder for the results")
	f.StringSliceVar(&job.Residency, "residency", []string{"DE"}, "countries (ISO 3166) that the study may be processed in")
	f.Uint64Var(&job.PriceCeilingGwei, "price-ceiling-gwei", 10_000_000, "highest price, in gwei of HIVE (1e-9 token)")
	f.DurationVar(&job.Within, "within", 10*time.Minute, "deadline; after it the task ends as expired")
	f.StringSliceVar(&job.Providers, "provider", nil, "execution providers whose results you tolerate, such as cpu or cuda (default: any that the model permits)")
	way.define(c)
	f.BoolVar(&events, "events", false, "print progress as one JSON object a line on stderr")
	return c
}

// wayFlags are how a study finds its nodes.
type wayFlags struct {
	priority string
	hedge    bool
	replicas int
	localBy  time.Duration
}

func (w *wayFlags) define(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&w.priority, "priority", "routine", "routine, urgent (before routine ones that wait) or stat (an emergency: stops the others)")
	f.BoolVar(&w.hedge, "hedge", false, "let two nodes of distinct operators race; the first result counts and is paid")
	f.IntVar(&w.replicas, "replicas", 1, fmt.Sprintf("have so many nodes of distinct operators do it, up to %d; each is paid", scheduler.MaxCopies))
	f.DurationVar(&w.localBy, "local-by", 0, "if no node has delivered by then, run the model here; must be shorter than --within (0: never)")
}

// apply checks the flags and puts them into a submission.
func (w *wayFlags) apply(job *agent.Submission) (err error) {
	if job.Priority, err = scheduler.ParseClass(w.priority); err != nil {
		return usageError{fmt.Errorf("--priority: %w", err)}
	}
	switch {
	case w.replicas < 1 || w.replicas > scheduler.MaxCopies:
		return usageError{fmt.Errorf("--replicas %d: want 1 to %d", w.replicas, scheduler.MaxCopies)}
	case w.hedge && w.replicas > 1:
		return usageError{errors.New("--hedge pays one of two nodes and --replicas pays each: choose one of them")}
	case w.localBy < 0 || w.localBy > 0 && w.localBy >= job.Within:
		return usageError{fmt.Errorf("--local-by %v: want less than --within %v, so that there is time for it", w.localBy, job.Within)}
	}
	job.LocalAfter = w.localBy
	switch {
	case w.hedge:
		job.Copying = scheduler.Hedged
	case w.replicas > 1:
		job.Copying, job.Copies = scheduler.Replicated, w.replicas
	}
	return nil
}

// submit hands a study to the clinic that runs, or is that clinic for as long as it takes.
func (s *shared) submit(ctx context.Context, conf agent.ClinicConfig, job agent.Submission) (agent.Report, error) {
	home, err := s.homeDir()
	if err != nil {
		return agent.Report{}, err
	}
	if state := agent.ClinicState(home, conf.Name); agent.Serves(ctx, state) {
		return agent.HandOver(ctx, state, job)
	}
	clinic, err := s.startClinic(ctx, conf, slog.LevelWarn)
	if err != nil {
		return agent.Report{}, err
	}
	report, err := clinic.Submit(ctx, job)
	if err == nil {
		clinic.Settle(ctx)
	}
	return report, errors.Join(err, clinic.Close())
}

// progressPrinter tells on w what happens to the task: one line an event, or one
// line that is redrawn for progress when w is a terminal.
func progressPrinter(w io.Writer, asJSON bool) func(agent.FeedEvent) {
	redraw := terminal(w)
	return func(e agent.FeedEvent) {
		if asJSON {
			line, err := json.Marshal(e)
			if err == nil {
				fmt.Fprintf(w, "%s\n", line)
			}
			return
		}
		if e.Kind == broker.Progress {
			if redraw {
				fmt.Fprintf(w, "\r\033[K%s %3.0f %%", e.Sentence(), 100*e.Done)
			}
			return
		}
		if redraw {
			fmt.Fprint(w, "\r\033[K")
		}
		fmt.Fprintln(w, e.Sentence())
	}
}

// labelled names the structure that was measured, if it was one.
func labelled(r agent.Report, m inference.Measurement) string {
	for _, s := range r.Segments {
		if s.Label == m.Label {
			return ", " + s.Name
		}
	}
	return ""
}

func printReport(w io.Writer, r agent.Report) error {
	fmt.Fprintf(w, "task %s (%s): %s\n", r.Task, r.Priority, r.State)
	by := r.Winner
	if r.State == scheduler.Local {
		by = "this clinic's own runner"
	}
	fmt.Fprintf(w, "analysed by %s with %s (ONNX Runtime %s) in %v\n", by, r.Provider, r.RuntimeVersion, r.Phases.Total.Round(time.Millisecond))
	if r.Verified != "" {
		fmt.Fprintf(w, "checked: %s\n", r.Verified)
	}
	for _, note := range r.LeftOut {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	if r.Outcome != "" && r.Outcome != inference.Completed {
		fmt.Fprintf(w, "no figures: %s: %s\n", r.Outcome, r.Reason)
	}
	for _, segment := range r.Segments {
		fmt.Fprintf(w, "  %-24s %8.1f ml\n", segment.Name, segment.VolumeML)
	}
	for _, m := range r.Measurements {
		fmt.Fprintf(w, "  %-24s %8.4g %s\n", m.Code.Meaning+labelled(r, m), m.Value, m.Unit.Value)
	}
	for _, p := range r.Probabilities {
		fmt.Fprintf(w, "  %-24s %8.1f %%\n", p.Name, 100*p.Value)
	}
	for n, box := range r.Boxes {
		fmt.Fprintf(w, "  %-24s %8.1f %%\n", fmt.Sprintf("%s %d", box.Name, n+1), 100*box.Score)
	}
	for _, file := range r.Files {
		fmt.Fprintf(w, "wrote %s\n", file)
	}
	_, err := fmt.Fprintln(w, "NOT FOR CLINICAL USE")
	return err
}
