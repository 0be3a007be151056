package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/site"
)

func newClinicRun(s *shared) *cobra.Command {
	words, table := config.NewClinic()
	return s.settled(table, &cobra.Command{
		Use:   "run",
		Short: "Run a clinic until Ctrl-C, which takes studies from `medhive clinic submit`",
		Long: `A clinic that runs knows the nodes by their notices, so that an emergency finds one
at once; does many studies at a time; and after a crash delivers what it owes to the
folders that were named, without being asked again. Its local door, a socket that only
this user may open, gives the tasks (GET /tasks), what happens as JSON lines (GET
/events) and metrics (GET /metrics).

Nodes are paid by vouchers, which they redeem from this clinic's deposit (medhive clinic
deposit, medhive clinic funds); without one they do about twenty studies and stop. They
count on what is reserved for them: a clinic that runs reserves what it owes a node and
twice a day's work, in one transaction for all, so its account needs some ether. On a
development network the clinic deposits play money by itself.`,
		Example: `  medhive clinic run
  medhive clinic run --site site.toml
  medhive clinic run --regions DE,FR --metrics 127.0.0.1:9502`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			signals, stop := hangups()
			defer stop()
			from, err := s.settle(c, table, words.Name, &words.Network)
			if err != nil {
				return err
			}
			home, network, err := s.where()
			if err != nil {
				return err
			}
			book := s.keepLog(agent.ClinicState(home, words.Name))
			defer book.Close()
			conf, log := agent.ClinicOf(*words), s.log(slog.LevelInfo)
			attend := attendance{hangups: signals, from: from, reread: rereadNothing(table, from, log), log: log}
			if _, err := agent.AwaitCoordinator(c.Context(), network, conf.Reach, func(text string) { fmt.Fprintln(c.ErrOrStderr(), text) }); err != nil {
				return err
			}
			if words.Site != "" {
				return s.runSite(c.Context(), c.OutOrStdout(), conf, words.Site, attend)
			}
			clinic, err := s.startClinic(c.Context(), conf, slog.LevelInfo)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "clinic %s takes studies\nnext: medhive clinic submit STUDY --name %s\n", clinic.Status().Address, conf.Name)
			attend.alive = clinic.Alive
			err = attend.wait(c.Context(), "taking studies as "+clinic.Status().Address)
			return errors.Join(err, clinic.Close())
		},
	})
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
			whole := struct {
				agent.ClinicStatus
				Site *site.Status `json:"site,omitempty"`
			}{ClinicStatus: status}
			var doors site.Status
			switch err := s.callSite(c.Context(), name, "GET", "/status", nil, &doors); {
			case err == nil:
				whole.Site = &doors
			case !errors.Is(err, api.ErrNobody):
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), whole)
			}
			return printClinicStatus(c.OutOrStdout(), status, whole.Site)
		},
	})
	clinicName(c, &name)
	return c
}

func printClinicStatus(w io.Writer, s agent.ClinicStatus, doors *site.Status) error {
	runner := "none: it finds no ONNX Runtime, so --local-by can't be used"
	if s.Runner {
		runner = "ready for --local-by"
	}
	takes := "from `medhive clinic submit`"
	if !s.Serving {
		takes = "none beside its own one; `medhive clinic run` takes many"
	}
	again := "never; --rechecks allows it"
	if s.Rechecks != nil {
		again = fmt.Sprintf("%d tasks since ever, %d more may be now", s.Rechecks.Granted, s.Rechecks.Left())
	}
	if doors != nil {
		takes += "; " + doorWords(*doors)
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	rows := [][2]string{
		{"address", s.Address},
		{"peer", s.Peer},
		{"studies", takes},
		{"own runner", runner},
		{"run again", again},
		{"nodes", fmt.Sprintf("%d of the registry, %d with a notice in force (%s)", s.Listed, s.Known, strings.Join(s.Regions, " "))},
		{"peers", fmt.Sprint(s.Peers)},
		{"up", s.Up.Round(time.Second).String()},
	}
	if doors != nil {
		rows = append(rows, siteRows(*doors)...)
	}
	for _, row := range rows {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return printWarnings(w, s.Warnings, time.Now(), width(w))
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
