package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/config"
)

func newConfig(s *shared) *cobra.Command {
	return group("config", "Settings: every key with its meaning, what holds now, and whether a file is right", `  medhive config default node
  medhive config show node
  medhive config check node /etc/medhive/node.toml`,
		newConfigDefault(), newConfigShow(s), newConfigCheck(), newConfigReference())
}

// roleArg takes the name of a role, and most further words.
func roleArg(most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 || len(args) > 1+most || !slices.Contains(config.Roles(), config.Role(args[0])) {
			return usageError{fmt.Errorf("name one role: node, clinic or coordinator; see `%s --help`", c.CommandPath())}
		}
		return nil
	}
}

func newConfigDefault() *cobra.Command {
	return &cobra.Command{
		Use:     "default ROLE",
		Short:   "Print a commented file of settings in which everything is as it is without one",
		Example: "  medhive config default node > node.toml",
		Args:    roleArg(0),
		RunE: func(c *cobra.Command, args []string) error {
			table, _ := config.TableOf(config.Role(args[0])) // roleArg knows it
			_, err := io.WriteString(c.OutOrStdout(), table.File())
			return err
		},
	}
}

// setting is one key as `config show` tells it.
type setting struct {
	Key    string        `json:"key"`
	Value  string        `json:"value"` // TOML
	Origin config.Origin `json:"origin"`
	Live   bool          `json:"live"`
}

func newConfigShow(s *shared) *cobra.Command {
	all := false
	c := s.reports(&cobra.Command{
		Use:   "show ROLE",
		Short: "Show which settings hold, and where each came from",
		Long: `Shows what a role would start with now: its file, the environment of this shell and the
defaults. A role that runs may have been started with other flags and variables.`,
		Example: `  medhive config show node
  medhive config show clinic --all --json`,
		Args: roleArg(0),
		RunE: func(c *cobra.Command, args []string) error {
			table, _ := config.TableOf(config.Role(args[0])) // roleArg knows it
			s.role = table.Role
			from, err := s.settle(c, table, string(table.Role), new(string))
			if err != nil {
				return err
			}
			list := []setting{}
			for _, k := range table.Keys() {
				if all || s.asJSON || k.Origin != config.FromDefault {
					list = append(list, setting{k.Name, k.Shown(), k.Origin, k.Live})
				}
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), list)
			}
			return printSettings(c.OutOrStdout(), from.File, list)
		},
	})
	c.Flags().BoolVar(&all, "all", false, "also what is as it is by default")
	c.Flags().String(configFlag, "", "file of settings (default: the one that the role would read)")
	return c
}

func printSettings(w io.Writer, file string, list []setting) error {
	if file == "" {
		file = "none"
	}
	fmt.Fprintf(w, "file: %s\n", file)
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "everything is as it is by default; --all shows it")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, l := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\n", l.Key, l.Value, l.Origin)
	}
	return table.Flush()
}

func newConfigCheck() *cobra.Command {
	return &cobra.Command{
		Use:     "check ROLE FILE",
		Short:   "Look at a file of settings without starting anything",
		Example: "  medhive config check node /etc/medhive/node.toml",
		Args: func(c *cobra.Command, args []string) error {
			if err := roleArg(1)(c, args); err != nil || len(args) == 2 {
				return err
			}
			return usageError{fmt.Errorf("name the file, such as `%s %s %s.toml`", c.CommandPath(), args[0], args[0])}
		},
		RunE: func(c *cobra.Command, args []string) error {
			table, _ := config.TableOf(config.Role(args[0])) // roleArg knows it
			// What the service manager hands over is known to it alone.
			err := table.Load(config.Source{File: args[1], Credentials: os.Getenv(config.CredentialsVariable)})
			if err != nil {
				return fmt.Errorf("%w\nmend it, then look again; `medhive config default %s` shows every key", err, args[0])
			}
			set := []string{}
			for _, k := range table.Keys() {
				if k.Origin != config.FromDefault {
					set = append(set, k.Name)
				}
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s is right: it sets %d of %d keys (%s)\n", args[1], len(set), len(table.Keys()), strings.Join(set, ", "))
			return err
		},
	}
}

func newConfigReference() *cobra.Command {
	return &cobra.Command{
		Use:     "reference",
		Short:   "Print the reference of all settings as Markdown",
		Example: "  medhive config reference > configuration.md",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := io.WriteString(c.OutOrStdout(), config.Reference())
			return err
		},
	}
}
