package main

import (
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/device"
)

// tpmFlag names the TPM.
func tpmFlag(c *cobra.Command, tpm *string) {
	c.Flags().StringVar(tpm, "tpm", "", "device file or socket of the TPM, or none (default $"+device.TPMVariable+", or "+device.DefaultTPM+")")
}

func newNodeFirstBoot(s *shared) *cobra.Command {
	var name string
	var conf agent.FirstBootConfig
	c := s.reports(&cobra.Command{
		Use:   "first-boot",
		Short: "Give this machine its identity",
		Long: `Makes what a machine lacks that starts for the first time: its device key, which
its TPM makes again whatever becomes of the disk, the node's key, sealed to the TPM so
that a copied disk is of no use elsewhere, and the vendor's voucher, if one was brought.
A machine without a TPM gets a key in a file and is trusted less. It needs no network,
and done again it changes nothing.`,
		Example: `  medhive node first-boot
  medhive node first-boot --voucher /media/voucher.json --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			conf.State = agent.NodeState(home, name)
			conf.Vouchers = []string{"/etc/medhive/voucher.json", filepath.Join(home, "voucher.json")}
			boot, err := agent.RunFirstBoot(c.Context(), conf)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), boot)
			}
			return printFirstBoot(c.OutOrStdout(), boot)
		},
	})
	c.Flags().StringVar(&name, "name", "node", "name of the node's state folder below --home")
	c.Flags().StringVar(&conf.Voucher, "voucher", "", "file of the vendor's voucher, in place of the one that was kept (default /etc/medhive/voucher.json or HOME/voucher.json, if there is one)")
	tpmFlag(c, &conf.TPM)
	return c
}

// deviceWords is what a node's machine can show of itself.
func deviceWords(d *agent.NodeDevice) string {
	switch {
	case d == nil:
		return "no TPM; the key lies in a file"
	case !d.ProvedAt.IsZero():
		return fmt.Sprintf("%s, vouched for by %s, proved %s", d.Device.Short(), d.Vendor, age(time.Since(d.ProvedAt)))
	case d.Why != "":
		return fmt.Sprintf("%s, trusted as software: %s", d.Device.Short(), d.Why)
	}
	return d.Device.Short() + ", not shown to the coordinator yet"
}

func printFirstBoot(w io.Writer, b agent.FirstBoot) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	row := func(name, text string) { fmt.Fprintf(table, "%s\t%s\n", name, text) }
	row("node", b.Node.Hex())
	row("peer", b.Peer)
	if b.Device != nil {
		row("device", fmt.Sprintf("%s (TPM by %s)", b.Device.Short(), b.Manufacturer))
	}
	where := "in a file; keep that to yourself"
	if b.Sealed {
		where = "sealed to this machine's TPM"
	}
	row("key", where)
	trust := string(b.Trust)
	if b.Vendor != nil {
		trust += ", by vendor " + b.Vendor.Hex()
	}
	if b.Why != "" {
		trust += ": " + b.Why
	}
	row("trust", trust)
	row("next", "`medhive node bind` says who is paid; `medhive node run` earns")
	return table.Flush()
}
