package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/logbook"
	"github.com/medhive/medhive/agent/warning"
)

// keepLog has what s.log makes from now on kept: in memory, and in the role's folder too
// unless it goes to systemd's journal. A log that can't be kept keeps nobody from starting.
func (s *shared) keepLog(state string) *logbook.Book {
	path := logbook.Path(state)
	if f, ok := s.stderr.(*os.File); ok && logbook.InJournal(f, os.Getenv) {
		path = ""
	}
	book, err := logbook.Open(logbook.Options{Path: path})
	if err != nil {
		fmt.Fprintf(s.stderr, "the log is kept in memory alone: %v\n", err)
		book, _ = logbook.Open(logbook.Options{}) // memory alone does not fail
	}
	s.book = book
	return book
}

// logged is where a log goes.
func (s *shared) logged() io.Writer {
	if s.book == nil {
		return s.stderr
	}
	return io.MultiWriter(s.stderr, s.book)
}

// defaultLogLines fill a screen or three.
const defaultLogLines = 100

func newLogs(s *shared) *cobra.Command {
	var role, name string
	var follow bool
	var lines int
	c := &cobra.Command{
		Use:   "logs",
		Short: "Show what a role of this machine logged, and follow it with -f",
		Long: `Under systemd a role's log goes to the journal, which this command asks. Elsewhere the
role keeps it in its own folder, below log, in five files of at most 8 MiB. A log holds no
patient's data and no key.`,
		Example: `  medhive logs
  medhive logs -f
  medhive logs --role clinic -n 20`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			homes, err := agent.Homes(s.home)
			if err != nil {
				return err
			}
			if lines < 0 {
				return usageError{fmt.Errorf("-n %d: want 0 or more; see `%s --help`", lines, c.CommandPath())}
			}
			places, err := rolesAt(homes)
			if err != nil {
				return err
			}
			place, err := chooseRole(places, role, name)
			if err != nil {
				return err
			}
			return showLog(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), place, lines, follow)
		},
	}
	f := c.Flags()
	f.BoolVarP(&follow, "follow", "f", false, "go on with what comes, until Ctrl-C")
	f.IntVarP(&lines, "lines", "n", defaultLogLines, "show so many of the last lines first")
	f.StringVar(&role, "role", "", "node, clinic or coordinator (default: the one that is here; of several, the node)")
	f.StringVar(&name, "name", "", "name of the role's state folder, where there are several")
	return c
}

// chooseRole is the role that is meant: the first that fits.
func chooseRole(places []agent.RolePlace, role, name string) (agent.RolePlace, error) {
	var here []string
	for _, p := range places {
		if (role == "" || string(p.Role) == role) && (name == "" || p.Name == name) {
			return p, nil
		}
		here = append(here, fmt.Sprintf("%s (--role %s --name %s)", p.Role, p.Role, p.Name))
	}
	return agent.RolePlace{}, usageError{fmt.Errorf("no such role is here; there is %s", strings.Join(here, ", "))}
}

// showLog asks the journal where the role is an installed service of a machine with systemd,
// and else reads the role's own file.
func showLog(ctx context.Context, w, stderr io.Writer, p agent.RolePlace, lines int, follow bool) error {
	if journal, ok := journalOf(p); ok {
		args := []string{"--unit", "medhive-" + string(p.Role), "--lines", strconv.Itoa(lines), "--output", "cat", "--no-pager"}
		if follow {
			args = append(args, "--follow")
		}
		c := exec.CommandContext(ctx, journal, args...)
		c.Stdout, c.Stderr = w, stderr
		if err := c.Run(); err != nil && ctx.Err() == nil {
			return fmt.Errorf("ask the journal: %w; members of the group systemd-journal may read it", err)
		}
		return nil
	}
	path := logbook.Path(p.State)
	err := logbook.Print(w, path, lines)
	if err == nil && follow {
		err = logbook.Follow(ctx, w, path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the %s %s has no log of its own yet; start it with `medhive %s run`", p.Role, p.Name, p.Role)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("read the log of the %s: %w; it belongs to another user, try with sudo", p.Role, err)
	case err != nil:
		return fmt.Errorf("read the log of the %s: %w", p.Role, err)
	}
	return nil
}

// journalOf is the program that reads the journal, where a role's log is in it.
func journalOf(p agent.RolePlace) (string, bool) {
	if filepath.Dir(p.State) != agent.InstalledHome(config.Role(p.Role)) {
		return "", false
	}
	if _, err := os.Stat("/run/systemd/system"); err != nil { // see sd_booted(3)
		return "", false
	}
	journal, err := exec.LookPath("journalctl")
	return journal, err == nil
}

func newWarnings(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:   "warnings",
		Short: "List every warning that a role may show, what it means and what to do",
		Long: `The catalogue of warnings. ` + "`medhive status`" + ` shows those that are up now. Their codes
are the same in the local API, the metrics, the dashboard and the notifications.`,
		Example: `  medhive warnings
  medhive warnings --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if s.asJSON {
				return printJSON(c.OutOrStdout(), warning.Catalogue())
			}
			columns := width(c.OutOrStdout())
			for _, k := range warning.Catalogue() {
				const indent = 2
				if _, err := fmt.Fprintf(c.OutOrStdout(), "%s (%s)\n  %s\n  %s\n", k.Code, k.Severity, wrap(k.Means, columns, indent), wrap("fix: "+k.Fix, columns, indent)); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
