package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/notify"
)

func newNotify(s *shared) *cobra.Command {
	return group("notify", "Messages to the operator by webhook, e-mail or ntfy", "  medhive notify test node", newNotifyTest(s))
}

func newNotifyTest(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "test ROLE",
		Short: "Send a test message by every way that a role's settings name",
		Long: `Reads the settings of the node, the clinic or the coordinator as its run command would, and
sends one message by each way. Exits with 1 where one was not taken.`,
		Example: `  medhive notify test node
  MEDHIVE_NODE_NOTIFY_NTFY=https://ntfy.sh/my-topic medhive notify test node`,
		Args: roleArg(0),
		RunE: func(c *cobra.Command, args []string) error {
			settings, err := s.notices(c, config.Role(args[0]))
			if err != nil {
				return err
			}
			if !settings.Any() {
				return fmt.Errorf("nobody is told: the settings of the %s name no way; set notify-webhook, notify-mail-server or notify-ntfy, see `medhive config default %s`", args[0], args[0])
			}
			machine, err := os.Hostname()
			if err != nil {
				machine = "" // the message then names the role alone
			}
			outcome := notify.Try(c.Context(), settings, notify.Who{Role: args[0], Machine: machine}, time.Now())
			var faults []error
			for _, way := range slices.Sorted(maps.Keys(outcome)) {
				if err := outcome[way]; err != nil {
					faults = append(faults, err)
					continue
				}
				if _, err := fmt.Fprintf(c.OutOrStdout(), "%s: taken\n", way); err != nil {
					return err
				}
			}
			if len(faults) > 0 {
				return fmt.Errorf("%w; correct the settings of the %s and try again", errors.Join(faults...), args[0])
			}
			return nil
		},
	}
}

// notices are how a role's operator is told, as its settings say.
func (s *shared) notices(c *cobra.Command, role config.Role) (notify.Settings, error) {
	var table *config.Table
	var of *config.Notices
	switch role {
	case config.RoleClinic:
		words, t := config.NewClinic()
		table, of = t, &words.Notices
	case config.RoleCoordinator:
		words, t := config.NewCoordinator()
		table, of = t, &words.Notices
	default:
		words, t := config.NewNode()
		table, of = t, &words.Notices
	}
	s.role = role
	_, err := s.settle(c, table, string(role), new(string))
	return of.Settings(), err
}
