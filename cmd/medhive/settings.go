package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/config"
)

// settled gives a role's command the flags of its settings, and the one that names their file.
// Where keys are named, only those become flags.
func (s *shared) settled(t *config.Table, c *cobra.Command, keys ...string) *cobra.Command {
	t.Flags(c.Flags(), keys...)
	c.Flags().String(configFlag, "", fmt.Sprintf("file of settings (default HOME/NAME.toml, or %s for an installed service); see medhive config default %s", agent.SettingsPath(t.Role), t.Role))
	return c
}

// configFlag names a role's file of settings.
const configFlag = "config"

// source is where a command's settings come from: its flags, the environment, and the file of
// --config, or else the one that is where files of settings are.
func (s *shared) source(c *cobra.Command, role config.Role, name string) (config.Source, error) {
	from := config.Source{Environment: os.Environ(), Flags: c.Flags(), Credentials: os.Getenv(config.CredentialsVariable)}
	if named := c.Flags().Lookup(configFlag); named != nil && named.Changed {
		from.File = named.Value.String()
		return from, nil
	}
	home, err := s.homeDir()
	if err != nil {
		return from, err
	}
	path := agent.SettingsOf(home, name, role)
	switch _, err := os.Stat(path); {
	case err == nil:
		from.File = path
	case !errors.Is(err, fs.ErrNotExist):
		return from, fmt.Errorf("read settings: %w; name another file with --config", err)
	}
	return from, nil
}

// settle fills a role's settings. network is where the table keeps the network file's path.
func (s *shared) settle(c *cobra.Command, t *config.Table, name string, network *string) (config.Source, error) {
	from, err := s.source(c, t.Role, name)
	if err != nil {
		return from, err
	}
	err = t.Load(from)
	var wrong config.FlagError
	switch {
	case errors.As(err, &wrong):
		return from, usageError{fmt.Errorf("%w; see `%s --help`", err, c.CommandPath())}
	case err != nil:
		return from, fmt.Errorf("%w\nmend it, then try again; `medhive config check %s FILE` looks at a file, `medhive config default %s` shows every key", err, t.Role, t.Role)
	}
	if *network != "" {
		s.network = *network
	}
	return from, nil
}
