package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/route"
)

func newClinicRoute(s *shared) *cobra.Command {
	var path, rulesPath, name, calling, called, at string
	var explain bool
	c := s.reports(&cobra.Command{
		Use:   "route STUDY",
		Short: "Say what the routing rules make of a study, and why; nothing is sent or kept",
		Long: `STUDY is a folder, a zip or a DICOM file; no clinic need run. Or it is the Study Instance
UID of a study that a running site holds: then orders and what budgets have left count too.
--explain tells of each rule which of its conditions held and what it saw.`,
		Example: `  medhive clinic route --explain study.zip
  medhive clinic route --explain /data/study --calling-ae CT1 --at 2026-11-22T03:00:00Z
  medhive clinic route --explain study.zip --rules new-rules.toml`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name one study: a folder, a zip, a DICOM file or a UID; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			all := []site.Explanation{}
			if _, err := os.Stat(args[0]); err != nil && site.IsUID(args[0]) {
				var one site.Explanation
				if err := s.callSite(c.Context(), name, "GET", "/explain/"+url.PathEscape(args[0]), nil, &one); err != nil {
					return err
				}
				all = append(all, one)
			} else {
				rules, err := s.rulesAt(rulesPath, path)
				if err != nil {
					return err
				}
				now, err := moment(at)
				if err != nil {
					return usageError{err}
				}
				studies, err := inbox.Survey(c.Context(), args[0])
				if err != nil {
					return err
				}
				for _, study := range studies {
					study.Origin = inbox.Origin{Way: inbox.WaySubmit, CallingAE: calling, CalledAE: called}
					if calling != "" {
						study.Origin.Way = inbox.WayDIMSE
					}
					all = append(all, site.Explain(rules, study, now, nil))
				}
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), all)
			}
			for _, e := range all {
				if err := printExplanation(c.OutOrStdout(), e, explain); err != nil {
					return err
				}
			}
			return nil
		},
	})
	c.AddCommand(newRouteReload(s))
	siteFlag(c, &path)
	clinicName(c, &name)
	f := c.Flags()
	f.StringVar(&rulesPath, "rules", "", "file of rules (default: the one that the site file names)")
	f.StringVar(&calling, "calling-ae", "", "as if this AE title had sent it by DICOM")
	f.StringVar(&called, "called-ae", "", "as if it had been sent to this AE title")
	f.StringVar(&at, "at", "", "as if it were this time (RFC 3339)")
	f.BoolVar(&explain, "explain", false, "tell each rule's conditions")
	return c
}

func newRouteReload(s *shared) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "reload", Short: "Have the running site read its file of rules anew", Example: "  medhive clinic route reload",
		Long: "A faulty file changes nothing. Cases that are on their way keep the terms they were routed on.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var done site.Done
			if err := s.callSite(c.Context(), name, "POST", "/rules/load", site.Who{Who: self()}, &done); err != nil {
				return err
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), done.Done)
			return err
		},
	}
	clinicName(c, &name)
	return c
}

func (s *shared) rulesAt(rules, siteFile string) (route.Rules, error) {
	if rules == "" {
		conf, err := s.readSite(siteFile)
		if err != nil {
			return route.Rules{}, err
		}
		rules = conf.Rules
	}
	path, err := filepath.Abs(rules)
	if err != nil {
		return route.Rules{}, err
	}
	return site.ReadRules(path)
}

func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, errors.New("--at: want a time such as 2026-11-22T03:00:00+01:00")
	}
	return at, nil
}

func printExplanation(w io.Writer, e site.Explanation, explain bool) error {
	fmt.Fprintf(w, "study %s: %d instances, %v\n", e.Study, e.Facts.InstanceCount, e.Facts.Modalities)
	if explain {
		for _, line := range e.Lines {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
	for _, r := range e.Routes {
		where := "nowhere (silent or without destinations)"
		if len(r.Destinations) > 0 {
			where = fmt.Sprint(r.Destinations)
		}
		fmt.Fprintf(w, "=> %s by rule %s, %s (by %s), results %v to %s\n", r.Model, r.Rule, r.Priority, r.PriorityBy, r.Forms, where)
	}
	for _, stopped := range e.Stopped {
		fmt.Fprintf(w, "=> not by rule %s: %s\n", stopped.Rule, stopped.Reason)
	}
	if len(e.Routes) == 0 {
		_, err := fmt.Fprintln(w, "=> it is not analysed")
		return err
	}
	return nil
}
