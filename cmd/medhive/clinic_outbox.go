package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
)

func newClinicOutbox(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use:   "outbox",
		Short: "List what goes to archives and record systems, and how far it is",
		Example: `  medhive clinic outbox
  medhive clinic outbox retry pacs`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			list := []outbox.Delivery{}
			if err := s.callSite(c.Context(), name, "GET", "/deliveries", nil, &list); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), list)
			}
			return printDeliveries(c.OutOrStdout(), list, time.Now())
		},
	})
	clinicName(c, &name)
	c.AddCommand(newOutboxRetry(s), newOutboxWithdraw(s))
	return c
}

func newOutboxRetry(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use: "retry [DESTINATION]", Short: "Try deliveries now that wait or were given up", Example: "  medhive clinic outbox retry pacs",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var request site.RetryRequest
			if len(args) == 1 {
				request.Destination = args[0]
			}
			var done site.Retried
			if err := s.callSite(c.Context(), name, "POST", "/deliveries/retry", request, &done); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), done)
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "%d deliveries are tried now\n", done.Deliveries)
			return err
		},
	})
	clinicName(c, &name)
	return c
}

func newOutboxWithdraw(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use: "withdraw DESTINATION", Short: "Give up what a destination has not got", Example: "  medhive clinic outbox withdraw old-pacs",
		Long: "For a destination that is no more: what it has taken stays there.",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name one destination; see `medhive clinic outbox` and `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var done site.Retried
			if err := s.callSite(c.Context(), name, "POST", "/deliveries/withdraw", site.WithdrawRequest{Who: self(), Destination: args[0]}, &done); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), done)
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "%d deliveries were withdrawn\n", done.Deliveries)
			return err
		},
	})
	clinicName(c, &name)
	return c
}

func printDeliveries(w io.Writer, list []outbox.Delivery, now time.Time) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "nothing was to be delivered yet")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "TASK\tDESTINATION\tSTATE\tFILES\tATTEMPTS\tNEXT\tREASON")
	for _, d := range list {
		next := "-"
		if !d.State.Final() && d.Next.After(now) {
			next = "in " + d.Next.Sub(now).Round(time.Second).String()
		}
		kind := d.Task.Short()
		if d.Notice {
			kind += " (no result)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", kind, d.Destination, d.State, len(d.Items), d.Attempts, next, d.Fault)
	}
	return table.Flush()
}

func newClinicEcho(s *shared) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "echo DESTINATION",
		Short: "Ask a destination or an archive of the site file whether it answers",
		Example: `  medhive clinic echo pacs
  medhive clinic echo ehr --site /etc/medhive/site.toml`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name one destination or archive of the site file; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			conf, err := s.readSite(path)
			if err != nil {
				return err
			}
			begun := time.Now()
			said, err := site.Echo(c.Context(), conf, args[0])
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %s, in %v\n", args[0], said, time.Since(begun).Round(time.Millisecond))
			return err
		},
	}
	siteFlag(c, &path)
	return c
}

func newClinicFetch(s *shared) *cobra.Command {
	var name, from string
	c := s.reports(&cobra.Command{
		Use:   "fetch STUDYUID",
		Short: "Have an archive send a study to the running site, by C-MOVE or WADO-RS",
		Long: `The study then goes the way of any other: the rules choose a model. The archive must be
in the site file; for C-MOVE it must know the site's AE title and address.`,
		Example: `  medhive clinic fetch 1.2.840.113619.2.1 --from pacs`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || !site.IsUID(args[0]) {
				return usageError{fmt.Errorf("name one Study Instance UID; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			got, err := s.fetchStudy(c.Context(), name, site.FetchRequest{Study: args[0], From: from})
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), got)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s sent %d instances\nnext: medhive clinic worklist\n", got.Archive, got.Instances)
			return err
		},
	})
	clinicName(c, &name)
	c.Flags().StringVar(&from, "from", "", "archive of the site file (default: its only one)")
	return c
}
