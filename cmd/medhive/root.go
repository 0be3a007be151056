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

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/logbook"
)

// Exit codes, the same for every command.
const (
	exitOK      = 0
	exitFailure = 1  // the work failed; the message says what to do
	exitUsage   = 2  // the command line was wrong
	exitUpdate  = 3  // medhive update --check: there is an update
	exitRestart = 75 // a node ends to be started anew as another version, by its service manager
)

// shared holds the flags that every command has.
type shared struct {
	home    string
	network string
	role    config.Role // whose command was given; the node's where it is no role's
	asJSON  bool
	verbose bool
	stderr  io.Writer
	book    *logbook.Book // of a role that runs; nil otherwise
}

// usageError marks a wrong command line, as opposed to work that failed.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(stdin, stderr)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	var coded exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "medhive: %s\n", spoken(err))
		return exitUsage
	case errors.As(err, &coded):
		if coded.text != "" {
			fmt.Fprintf(stderr, "medhive: %s\n", spoken(err))
		}
		return coded.code
	default:
		fmt.Fprintf(stderr, "medhive: %s\n", spoken(err))
		return exitFailure
	}
}

func newRoot(stdin io.Reader, stderr io.Writer) *cobra.Command {
	s := &shared{stderr: stderr}
	root := &cobra.Command{
		Use:   "medhive",
		Short: "A task market for medical-imaging models",
		Long: `medhive joins a clinic that has scans and no GPU with machines that have a GPU
and no work. Studies leave the clinic de-identified and sealed to one node;
results come back as DICOM under the patient's own identity; nodes are paid
through a contract. Not a medical device: results are NOT FOR CLINICAL USE.`,
		Example: `  medhive demo                          the whole way on this machine, in a minute
  medhive probe                         what this machine is worth
  medhive clinic submit study.zip       analyse a study
  medhive doctor                        whether a node can run here
  medhive node run                      earn with this machine`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRun: func(c *cobra.Command, _ []string) {
			s.role = roleOf(c)
		},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&s.home, "home", "", "folder for keys and state (default $MEDHIVE_HOME, an installed service's, or ~/.local/state/medhive)")
	flags.StringVar(&s.network, "network", "", "network file (default HOME/network.json or /etc/medhive/network.json)")
	flags.BoolVarP(&s.verbose, "verbose", "v", false, "log details on stderr")
	root.SetFlagErrorFunc(flagFault)
	root.AddCommand(newDemo(s), newChain(s), newNode(s), newVendor(s), newClinic(s), newCoordinator(s),
		newProbe(s), newProbeMeasure(stdin), newProbeProve(stdin), newDoctor(s), newModel(s), newVersion(s), newConfig(s), newRunner(stdin), newReader(stdin), newProbeNVML(stdin), newManual(), newStatus(s), newEarnings(s), newLogs(s), newWarnings(s), newNotify(s), newSupportBundle(s), newUpdate(s))
	return root
}

// roleOf is whose command it is.
func roleOf(c *cobra.Command) config.Role {
	words := strings.Fields(c.CommandPath())
	for _, r := range config.Roles() {
		if len(words) > 1 && words[1] == string(r) {
			return r
		}
	}
	return config.RoleNode
}

// reports gives a command the --json flag.
func (s *shared) reports(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&s.asJSON, "json", false, "print the report as JSON")
	return c
}

// log is structured and goes to stderr; quiet commands show warnings only.
func (s *shared) log(level slog.Level) *slog.Logger {
	if s.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(s.logged(), &slog.HandlerOptions{Level: level}))
}

func (s *shared) homeDir() (string, error) {
	if s.home != "" {
		return s.home, nil
	}
	return agent.HomeFor(s.role)
}

// where resolves the home folder and the network file.
func (s *shared) where() (home, network string, err error) {
	if home, err = s.homeDir(); err != nil {
		return "", "", err
	}
	if s.network != "" {
		return home, s.network, nil
	}
	return home, agent.FindNetwork(home), nil
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// typos is how many letters a mistyped command may be off to be guessed.
const typos = 2

// noArgs is cobra's own check with an exit code for usage and a next step.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	near := ""
	c.SuggestionsMinimumDistance = typos
	if known := c.SuggestionsFor(args[0]); len(known) > 0 {
		near = fmt.Sprintf(" did you mean `%s %s`?", c.CommandPath(), strings.Join(known, "` or `"+c.CommandPath()+" "))
	}
	return usageError{fmt.Errorf("%q is not understood;%s see `%s --help`", args[0], near, c.CommandPath())}
}

// group is a command that only holds others.
func group(use, short, example string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Example: example,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(children...)
	return c
}

// terminal reports whether w is a screen that can redraw a line.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
