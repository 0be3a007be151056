package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/models"
)

// changed is what the commands that decide about a model print.
type changed struct {
	Model string `json:"model"`
	From  string `json:"from,omitempty"`
	Done  string `json:"done"`

	WaitsFor []string `json:"waits_for,omitempty"` // who must let go first
}

// followNote follows every change that a running node learns of by itself.
const followNote = "nodes that run follow within seconds"

func (s *shared) tell(c *cobra.Command, out changed, line string) error {
	if s.asJSON {
		return printJSON(c.OutOrStdout(), out)
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), line)
	return err
}

func newModelPin(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:   "pin MODEL",
		Short: "Make one version the one that counts for its model, and keep it",
		Long: `A node offers only the pinned version of a model, and never evicts it; other
versions stay where they are. Without a pin the newest version counts.`,
		Example: "  medhive model pin lungs@1.2.0",
		Args:    oneModel("model with its version", seeList),
		RunE: func(c *cobra.Command, args []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			name, err := agent.PinModel(home, args[0])
			if err != nil {
				return err
			}
			return s.tell(c, changed{Model: name, Done: "pinned"}, name+" is pinned; "+followNote)
		},
	})
}

func newModelUnpin(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:     "unpin ID",
		Short:   "Let the newest version of a model count again",
		Example: "  medhive model unpin lungs",
		Args:    oneModel("model id", seeList),
		RunE: func(c *cobra.Command, args []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			packages, err := agent.OpenStore(home)
			if err != nil {
				return err
			}
			id, _, _ := strings.Cut(args[0], "@")
			if err := packages.Unpin(id); err != nil {
				return err
			}
			return s.tell(c, changed{Model: id, Done: "unpinned"}, id+" is no longer pinned; "+followNote)
		},
	})
}

func newModelRollback(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:   "rollback ID",
		Short: "Go back to the last older version that passed validation here",
		Long: `Pins the newest version that is older than the one that counts now and that
passed validation on this machine. Once more goes back further.`,
		Example: "  medhive model rollback lungs",
		Args:    oneModel("model id", seeList),
		RunE: func(c *cobra.Command, args []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			from, to, err := agent.RollBackModel(home, args[0])
			if err != nil {
				return err
			}
			return s.tell(c, changed{Model: to, From: from, Done: "pinned"}, from+" is rolled back: "+to+" is pinned; "+followNote)
		},
	})
}

func newModelRemove(s *shared) *cobra.Command {
	var force bool
	c := s.reports(&cobra.Command{
		Use:   "remove MODEL",
		Short: "Delete a fetched model",
		Long: `A model that a node offers goes as soon as the node has ended its jobs on it; it
bids for no further ones meanwhile.`,
		Example: "  medhive model remove lungs@1.1.0",
		Args:    oneModel("model with its version", seeList),
		RunE: func(c *cobra.Command, args []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			r, err := agent.RemoveModel(home, args[0], force)
			if err != nil {
				return err
			}
			if len(r.WaitsFor) > 0 {
				return s.tell(c, changed{Model: r.Model, Done: "leaving", WaitsFor: r.WaitsFor}, fmt.Sprintf("%s goes as soon as %s lets go of it: a running node does so after its jobs, within seconds; one that is stopped, when it starts again", r.Model, strings.Join(r.WaitsFor, ", ")))
			}
			return s.tell(c, changed{Model: r.Model, Done: "removed"}, r.Model+" is removed")
		},
	})
	c.Flags().BoolVar(&force, "force", false, "at once, also when a node holds it (its jobs on it fail) or it is pinned")
	return c
}

func newModelQuota(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:   "quota [GB]",
		Short: "Show or set how much room fetched models may take",
		Long: `When a new model does not fit, the least recently used ones go; those that a node
holds or that are pinned never do. GB are 1e9 bytes.`,
		Example: "  medhive model quota\n  medhive model quota 50",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("want at most one number of GB; see `medhive model quota --help`")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			packages, err := agent.OpenStore(home)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				const most = 1 << 20 // a petabyte of models is a typing error
				gb, err := strconv.ParseFloat(args[0], 64)
				if err != nil || !(gb > 0 && gb < most) {
					return usageError{fmt.Errorf("%q is no number of GB; write for instance `medhive model quota 50`", args[0])}
				}
				if err := packages.SetQuota(int64(gb * 1e9)); err != nil {
					return err
				}
			}
			used, quota, err := packages.Usage()
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), map[string]int64{"used_bytes": used, "quota_bytes": quota})
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%.3f of %.3f GB used\n", float64(used)/1e9, float64(quota)/1e9)
			return err
		},
	})
}

func newModelTrust(s *shared) *cobra.Command {
	var name string
	var remove bool
	c := s.reports(&cobra.Command{
		Use:   "trust [KEY]",
		Short: "Show, add or remove publishers whose signature is enough to fetch a model",
		Long: `KEY is a publisher as manifests name it (ed25519:…) or a minisign public key (RW…).
Get it from the publisher by a way that nobody else writes on.`,
		Example: "  medhive model trust\n  medhive model trust RWQ… --name 'Radiology, City Hospital'\n  medhive model trust --remove ed25519:…",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || remove && len(args) == 0 {
				return usageError{fmt.Errorf("name one key; see `medhive model trust` for those that are trusted")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			packages, err := agent.OpenStore(home)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				key, err := models.ParsePublisher(args[0])
				if err != nil {
					return usageError{err}
				}
				if remove {
					err = packages.Distrust(key)
				} else {
					err = packages.Trust(key, name)
				}
				if err != nil {
					return err
				}
			}
			trusted, err := packages.Trusted()
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), trusted)
			}
			for _, key := range slices.Sorted(maps.Keys(trusted)) {
				fmt.Fprintf(c.OutOrStdout(), "%s  %s\n", key, trusted[key])
			}
			if len(trusted) == 0 {
				fmt.Fprintln(c.OutOrStdout(), "no publisher is trusted; add one with `medhive model trust KEY --name WHO`")
			}
			return nil
		},
	})
	c.Flags().StringVar(&name, "name", "", "what you call the publisher")
	c.Flags().BoolVar(&remove, "remove", false, "trust this key no longer")
	return c
}
