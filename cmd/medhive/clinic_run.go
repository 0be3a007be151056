package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
)

func newClinicRun(s *shared) *cobra.Command {
	conf := agent.ClinicConfig{Serve: true}
	c := &cobra.Command{
		Use:   "run",
		Short: "Run a clinic until Ctrl-C, which takes studies from `medhive clinic submit`",
		Long: `A clinic that runs knows the nodes by their notices, so that an emergency finds one
at once; does many studies at a time; and after a crash delivers what it owes to the
folders that were named, without being asked again. Its local door, a socket that only
this user may open, gives the tasks (GET /tasks), what happens as JSON lines (GET
/events) and metrics (GET /metrics).`,
		Example: `  medhive clinic run
  medhive clinic run --regions DE,FR --metrics 127.0.0.1:9502`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			clinic, err := s.startClinic(c.Context(), conf, slog.LevelInfo)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "clinic %s takes studies\nnext: medhive clinic submit STUDY --name %s\n", clinic.Status().Address, conf.Name)
			<-c.Context().Done()
			return clinic.Close()
		},
	}
	clinicFlags(c, &conf)
	c.Flags().StringSliceVar(&conf.Regions, "regions", []string{"DE"}, "countries (ISO 3166) whose nodes it gets to know from the start; those of a study come to them")
	c.Flags().StringVar(&conf.Metrics, "metrics", "", "host:port where Prometheus may scrape /metrics (default: only the command clinic metrics)")
	return c
}

func newClinicStatus(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use:   "status",
		Short: "Show a running clinic on one screen",
		Example: `  medhive clinic status
  medhive clinic status --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			var status agent.ClinicStatus
			if err := api.Call(c.Context(), agent.ClinicState(home, name), "GET", "/status", &status); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), status)
			}
			return printClinicStatus(c.OutOrStdout(), status)
		},
	})
	clinicName(c, &name)
	return c
}

func printClinicStatus(w io.Writer, s agent.ClinicStatus) error {
	runner := "none: it finds no ONNX Runtime, so --local-by can't be used"
	if s.Runner {
		runner = "ready for --local-by"
	}
	takes := "from `medhive clinic submit`"
	if !s.Serving {
		takes = "none beside its own one; `medhive clinic run` takes many"
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"address", s.Address},
		{"peer", s.Peer},
		{"studies", takes},
		{"own runner", runner},
		{"nodes", fmt.Sprintf("%d of the registry, %d with a notice in force (%s)", s.Listed, s.Known, strings.Join(s.Regions, " "))},
		{"peers", fmt.Sprint(s.Peers)},
		{"up", s.Up.Round(time.Second).String()},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	return table.Flush()
}

func newClinicMetrics(s *shared) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "metrics", Short: "Print a running clinic's metrics as Prometheus reads them", Example: "  medhive clinic metrics",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			body, err := api.Read(c.Context(), agent.ClinicState(home, name), "GET", "/metrics")
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(body)
			return err
		},
	}
	clinicName(c, &name)
	return c
}
