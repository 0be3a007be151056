package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

func newClinic(s *shared) *cobra.Command {
	return group("clinic", "Have studies analysed; nothing that names a patient leaves",
		"  medhive clinic submit study.zip --out results", newClinicSubmit(s))
}

func newClinicSubmit(s *shared) *cobra.Command {
	conf, job := agent.ClinicConfig{}, agent.Submission{}
	var events bool
	var priority string
	c := s.reports(&cobra.Command{
		Use:   "submit STUDY",
		Short: "De-identify a study, have it analysed by a node, and write the results",
		Long: `STUDY is a folder, a zip or one DICOM file. The study is de-identified and sealed
here, analysed by one node, and its results are written to --out under the
patient's own identity. Asking twice for the same study and model gives the same
task: an interrupted submission goes on where it was. A STAT study stops routine
and urgent ones on its node until it is done; they then go on where they stood.`,
		Example: `  medhive clinic submit study.zip
  medhive clinic submit study.zip --priority stat
  medhive clinic submit /data/study --model t1-tissue --out results --price-ceiling-gwei 2000000`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name one study: a folder, a zip or a DICOM file; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) (err error) {
			if job.Priority, err = scheduler.ParseClass(priority); err != nil {
				return usageError{fmt.Errorf("--priority: %w", err)}
			}
			home, network, err := s.where()
			if err != nil {
				return err
			}
			if conf.Network, err = agent.ReadNetwork(network); err != nil {
				return err
			}
			conf.State, conf.Log = agent.ClinicState(home, conf.Name), s.log(slog.LevelWarn)
			conf.Events = progressPrinter(c.ErrOrStderr(), events)
			clinic, err := agent.StartClinic(c.Context(), conf)
			if err != nil {
				return err
			}
			job.Path = args[0]
			report, err := clinic.Submit(c.Context(), job)
			if err := errors.Join(err, clinic.Close()); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), report)
			}
			return printReport(c.OutOrStdout(), report)
		},
	})
	f := c.Flags()
	f.StringVar(&conf.Name, "name", "clinic", "name of the clinic's state folder below --home")
	f.StringSliceVar(&conf.Listen, "listen", []string{"/ip4/127.0.0.1/tcp/0"}, "multiaddress to listen on, repeatable")
	f.StringVar(&job.Model, "model", "t1-tissue", "model to run: id or id@version; see `medhive model list`")
	f.StringVar(&job.Out, "out", "results", "folder for the results")
	f.StringSliceVar(&job.Residency, "residency", []string{"DE"}, "countries (ISO 3166) that the study may be processed in")
	f.Uint64Var(&job.PriceCeilingGwei, "price-ceiling-gwei", 10_000_000, "highest price, in gwei of HIVE (1e-9 token)")
	f.StringVar(&priority, "priority", "routine", "routine, urgent (before routine ones that wait) or stat (an emergency: stops the others)")
	f.DurationVar(&job.Within, "within", 10*time.Minute, "deadline; after it the task ends as expired")
	f.DurationVar(&conf.Lease, "lease", broker.DefaultLease, "how long a silent node keeps the job")
	f.StringVar(&conf.Namespaces.Patient, "patient-namespace", "", "URI under which your record system knows patient identifiers, for fhir.json")
	f.StringVar(&conf.Namespaces.Accession, "accession-namespace", "", "URI under which your record system knows accession numbers, for fhir.json")
	f.BoolVar(&events, "events", false, "print progress as one JSON object a line on stderr")
	return c
}

// progressPrinter tells on w what happens to the task: one line an event, or one
// line that is redrawn for progress when w is a terminal.
func progressPrinter(w io.Writer, asJSON bool) func(broker.Event) {
	redraw := terminal(w)
	return func(e broker.Event) {
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
	fmt.Fprintf(w, "analysed by %s with %s (ONNX Runtime %s) in %v\n", r.Winner, r.Provider, r.RuntimeVersion, r.Phases.Total.Round(time.Millisecond))
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
