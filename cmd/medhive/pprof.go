package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/api"
)

// newPprof looks into a running role; state is where the role of that name has its folder. named
// roles have a --name, a coordinator has none.
func newPprof(s *shared, role, named string, state func(home, name string) string) *cobra.Command {
	name, out, span := named, "", api.DefaultSampling
	kinds := strings.Join(api.Profiles(), ", ")
	c := &cobra.Command{
		Use:   "pprof KIND",
		Short: "Write a profile of the running " + role + " for `go tool pprof`: " + kinds,
		Long: `Looks at what the running process does: cpu for so long as --for says, heap and allocs at
its memory, goroutine at what it waits for, trace at everything it does (for go tool trace).
The role answers at a socket in its folder that only its own user may open. A profile has
names of functions and figures, and no data.`,
		Example: "  medhive " + role + " pprof cpu --for 30s\n  medhive " + role + " pprof heap --out heap.pprof && go tool pprof -top heap.pprof",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(api.Profiles(), args[0]) {
				return usageError{fmt.Errorf("name one kind of profile: %s; see `%s --help`", kinds, c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			if out == "" {
				out = role + "-" + args[0] + ".pprof"
			}
			if out == "-" {
				return api.ReadProfile(c.Context(), state(home, name), args[0], span, c.OutOrStdout())
			}
			if err := writeWhole(out, func(w io.Writer) error {
				return api.ReadProfile(c.Context(), state(home, name), args[0], span, w)
			}); err != nil {
				return err
			}
			tool := "pprof -top"
			if args[0] == "trace" {
				tool = "trace"
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s written\nnext: go tool %s %s\n", out, tool, out)
			return err
		},
	}
	f := c.Flags()
	if named != "" {
		f.StringVar(&name, "name", named, "name of the "+role+"'s state folder below --home")
	}
	f.DurationVar(&span, "for", api.DefaultSampling, fmt.Sprintf("how long cpu and trace look, from 1s to %v", api.MaxSampling))
	f.StringVar(&out, "out", "", "file to write, - for stdout (default "+role+"-KIND.pprof)")
	return c
}

// writeWhole writes a whole file or none. One that is there is left alone.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is there already, or its folder can't be read; name another file with --out", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".profile-*")
	if err != nil {
		return fmt.Errorf("write the profile: %w; name a file with --out", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
