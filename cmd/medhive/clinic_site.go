package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/site"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// clinicFile, siteFile and rulesFile are what `clinic init` writes.
const (
	clinicFile = "clinic.toml"
	siteFile   = "site.toml"
	rulesFile  = "rules.toml"
)

// siteFlag names the site file.
func siteFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "site", "", "site file (default HOME/"+siteFile+")")
}

// readSite reads the site file that was named, or the one below the home folder.
func (s *shared) readSite(path string) (site.Config, error) {
	if path == "" {
		home, err := s.homeDir()
		if err != nil {
			return site.Config{}, err
		}
		path = filepath.Join(filepath.Dir(agent.SettingsOf(home, string(config.RoleClinic), config.RoleClinic)), siteFile)
	}
	return site.Read(path)
}

// siteDoor is the folder of a running site's local door.
func (s *shared) siteDoor(name string) (string, error) {
	home, err := s.homeDir()
	return site.Folder(agent.ClinicState(home, name)), err
}

// noSite says what to do where no site runs.
func noSite(err error) error {
	if errors.Is(err, api.ErrNobody) {
		return fmt.Errorf("no clinic with a site runs here: %w; start `medhive clinic run --site %s`", err, siteFile)
	}
	return err
}

// callSite asks a running site.
func (s *shared) callSite(ctx context.Context, name, method, path string, in, out any) error {
	door, err := s.siteDoor(name)
	if err != nil {
		return err
	}
	return noSite(api.Send(ctx, door, method, path, in, out))
}

// self is who gives a command, for the audit log.
func self() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return fmt.Sprintf("uid-%d", os.Getuid())
}

func newClinicInit(s *shared) *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "init",
		Short: "Write commented files: a clinic's settings, its site and its routing rules",
		Long: `Writes ` + clinicFile + ` (how it takes part in the market), ` + siteFile + ` (doors, archives, destinations)
and ` + rulesFile + ` (which study gets which model) with every setting commented. Nothing that is
there is overwritten. Run by root where the package is installed, it sets up the installed
service.`,
		Example: `  medhive clinic init
  medhive clinic init --dir /etc/medhive`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := agent.SetupHome(s.home, config.RoleClinic)
			if err != nil {
				return err
			}
			if folder == "" {
				folder = filepath.Dir(agent.SettingsOf(home, string(config.RoleClinic), config.RoleClinic))
			}
			if err := agent.WriteSettings(home, clinicFiles(folder)); err != nil {
				return err
			}
			start := "medhive clinic run"
			switch {
			case folder == filepath.Dir(agent.SettingsPath(config.RoleClinic)):
				start = "sudo systemctl enable --now medhive-clinic"
			case folder != home:
				start += " --config " + filepath.Join(folder, clinicFile)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "wrote %s, %s and %s in %s\nnext: edit them; medhive clinic echo DESTINATION and medhive clinic route --explain STUDY try them;\nthen %s\n", clinicFile, siteFile, rulesFile, folder, start)
			return err
		},
	}
	c.Flags().StringVar(&folder, "dir", "", "folder for the files (default HOME)")
	return c
}

// clinicFiles are what a clinic is set up with, by their paths.
func clinicFiles(folder string) map[string]string {
	words, table := config.NewClinic()
	words.Site = siteFile
	if k, ok := table.Key("site"); ok {
		k.Origin = config.FromFlag
	}
	return map[string]string{
		filepath.Join(folder, clinicFile): table.File(), filepath.Join(folder, siteFile): site.Example(), filepath.Join(folder, rulesFile): site.ExampleRules(),
	}
}

// runSite is a clinic with its doors, until ctx ends.
func (s *shared) runSite(ctx context.Context, w io.Writer, conf agent.ClinicConfig, path string, attend attendance) error {
	settings, err := s.readSite(path)
	if err != nil {
		return err
	}
	if conf, err = s.clinicOf(conf, slog.LevelInfo); err != nil {
		return err
	}
	running, err := site.Start(ctx, conf, settings)
	if err != nil {
		return err
	}
	status, err := running.Status()
	if err != nil {
		return errors.Join(err, running.Close())
	}
	if status.DICOM != "" {
		fmt.Fprintf(w, "takes studies as %s at %s (DICOM)\n", status.AETitle, status.DICOM)
	}
	if status.Web != "" {
		fmt.Fprintf(w, "takes studies and orders at %s/dicom-web\n", status.Web)
	}
	if status.Dashboard != "" {
		fmt.Fprintf(w, "shows its worklist at %s\n", status.Dashboard)
	}
	if status.Orders != "" {
		fmt.Fprintf(w, "takes orders at %s (HL7)\n", status.Orders)
	}
	fmt.Fprintf(w, "clinic takes studies by %d rules\nnext: send a study (%s), then medhive clinic worklist --name %s\n", status.Rules, sendWords(status), conf.Name)
	attend.alive = func(context.Context) error { _, err := running.Status(); return err }
	err = attend.wait(ctx, fmt.Sprintf("taking studies by %d rules", status.Rules))
	return errors.Join(err, running.Close())
}

// doorWords says where a site takes studies and orders.
func doorWords(s site.Status) string {
	words := []string{}
	for _, door := range [][2]string{{"DICOM " + s.AETitle, s.DICOM}, {"DICOMweb", s.Web}, {"HL7", s.Orders}} {
		if door[1] != "" {
			words = append(words, door[0]+" at "+door[1])
		}
	}
	if s.Watched > 0 {
		words = append(words, fmt.Sprintf("%d watched folders", s.Watched))
	}
	return strings.Join(words, ", ")
}

// siteRows are a site's lines of the status.
func siteRows(s site.Status) [][2]string {
	cases := []string{}
	for _, state := range worklist.States() {
		if n := s.Cases[state]; n > 0 {
			cases = append(cases, fmt.Sprintf("%d %s", n, state))
		}
	}
	rows := [][2]string{
		{"rules", fmt.Sprint(s.Rules)},
		{"cases", orDash(strings.Join(cases, ", "))},
		{"inbox", fmt.Sprintf("%d MiB of studies, %d GiB of the disk are free, %d come in", s.Inbox.Bytes>>20, s.Inbox.Free>>30, s.Inbox.Arriving)},
	}
	for _, h := range s.Outbox {
		rows = append(rows, [2]string{"to " + h.Destination, fmt.Sprintf("%d wait, %d to be committed, %d given up %s", h.Waiting, h.Committing, h.Failed, h.Fault)})
	}
	return rows
}

// sendWords is how a person can send a first study.
func sendWords(s site.Status) string {
	host, port, err := net.SplitHostPort(s.DICOM)
	if err != nil {
		return "medhive clinic submit STUDY"
	}
	return fmt.Sprintf("dcmsend -aec %s %s %s FILES", s.AETitle, host, port)
}

func newClinicWorklist(s *shared) *cobra.Command {
	var name, again string
	var states []string
	var limit int
	c := s.reports(&cobra.Command{
		Use:   "worklist [CASE]",
		Short: "List a running site's cases and where they stand",
		Long: `A case is one study as one model sees it. CASE is the beginning of a case's id and shows
one case whole. --again tries one anew that ended without a result. The list names
patients: it is for the clinic's own people.`,
		Example: `  medhive clinic worklist
  medhive clinic worklist --state held,delivering
  medhive clinic worklist --again 3f9a01c2
  medhive clinic worklist 3f9a01c2 --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case again != "":
				var one worklist.Case
				if err := s.callSite(c.Context(), name, "POST", "/cases/"+again+"/again", site.Who{Who: self()}, &one); err != nil {
					return err
				}
				return s.showCase(c.OutOrStdout(), site.Entry{Case: one})
			case len(args) == 1:
				var one site.Entry
				if err := s.callSite(c.Context(), name, "GET", "/cases/"+args[0], nil, &one); err != nil {
					return err
				}
				return s.showCase(c.OutOrStdout(), one)
			}
			query := fmt.Sprintf("/cases?limit=%d", limit)
			for _, state := range states {
				query += "&state=" + state
			}
			list := []site.Entry{}
			if err := s.callSite(c.Context(), name, "GET", query, nil, &list); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), list)
			}
			return printCases(c.OutOrStdout(), list, time.Now())
		},
	})
	clinicName(c, &name)
	c.Flags().StringSliceVar(&states, "state", nil, "only cases in these states, such as held or delivering")
	c.Flags().StringVar(&again, "again", "", "try this case anew, which ended without a result")
	c.Flags().IntVar(&limit, "limit", agent.TasksListed, "list so many of the newest")
	return c
}

func (s *shared) showCase(w io.Writer, e site.Entry) error {
	if s.asJSON {
		return printJSON(w, e)
	}
	return printCases(w, []site.Entry{e}, time.Now())
}

func printCases(w io.Writer, list []site.Entry, now time.Time) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no cases; send a study, or look at `medhive clinic route --explain STUDY`")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "CASE\tSTATE\tAGE\tPRIORITY\tPATIENT\tSTUDY\tMODEL\tRULE\tREASON")
	for _, e := range list {
		state := string(e.State)
		if e.Progress.Stage != "" {
			state += fmt.Sprintf(" (%s %.0f %%)", e.Progress.Stage, 100*e.Progress.Done)
		}
		model := e.Model
		if model == "" {
			model = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.ID, state, now.Sub(e.Changed).Round(time.Second), e.Terms.Priority,
			orDash(e.Subject.PatientID), orDash(strings.Join(e.Subject.Modalities, "+")+" "+e.Subject.Description), model, orDash(e.Rule), e.Reason)
	}
	return table.Flush()
}

func orDash(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return "-"
	}
	return text
}
