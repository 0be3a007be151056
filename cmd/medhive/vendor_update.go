package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/vendor"
)

func newVendorSignUpdate(s *shared) *cobra.Command {
	r := vendor.Release{}
	c := s.reports(&cobra.Command{
		Use:   "sign-update VERSION",
		Short: "Write and sign the manifest by which machines update themselves",
		Long: `Writes CHANNEL.json and CHANNEL.json.minisig into the folder that machines look at
(update-url), for the programs medhive-VERSION-GOOS-GOARCH in it. Begin with a small share
of the machines and sign again with a larger one; the same machines stay in. A manifest that
is not renewed before it expires makes machines warn, so renew it in time.`,
		Example: `  medhive vendor sign-update 1.2.0 --dir /srv/updates --minimum 1.0.0 --rollout 5
  medhive vendor sign-update 1.2.0 --dir /srv/updates --minimum 1.0.0 --rollout 100`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name the version, such as 1.2.0; see `medhive vendor sign-update --help`")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			bench, err := s.openBench()
			if err != nil {
				return err
			}
			r.Version = args[0]
			m, err := bench.SignUpdate(r, time.Now())
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), m)
			}
			key, err := bench.ImageKey()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "signed %s of channel %s, number %d, for %d %% of the machines, %d platforms; sign again before %s\nmachines take it with update-key = %q\n",
				m.Version, m.Channel, m.Sequence, m.Rollout, len(m.Files), m.Expires.Format(time.DateOnly), key)
			return err
		},
	})
	const month = 30 * 24 * time.Hour
	f := c.Flags()
	f.StringVar(&r.Dir, "dir", ".", "folder of programs and manifests")
	f.StringVar(&r.Channel, "channel", "stable", "channel")
	f.StringVar(&r.Minimum, "minimum", "0.1.0", "the oldest version that can go to it in one step")
	f.IntVar(&r.Rollout, "rollout", 100, "percentage of the machines that may take it now")
	f.StringVar(&r.Notes, "notes", "", "what is new, for people")
	f.DurationVar(&r.Valid, "valid", month, "how long the manifest is valid")
	return c
}
