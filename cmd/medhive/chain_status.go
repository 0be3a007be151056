package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/attest/chain"
)

func newChainStatus(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:     "status",
		Short:   "Show the contracts, who holds which role, the roots, and what waits in the timelock",
		Example: "  medhive chain status\n  medhive chain status --json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, client, err := s.onChain(c)
			if err != nil {
				return err
			}
			defer client.Close()
			status, err := client.Status(c.Context())
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), status)
			}
			return printChainStatus(c.OutOrStdout(), status)
		},
	})
}

func printChainStatus(w io.Writer, s chain.Status) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	owner, poster := s.Owner.Hex(), s.Poster.Hex()
	if s.Owner == s.Contracts.Timelock {
		owner += " (the timelock)"
	}
	if s.Poster == (common.Address{}) {
		poster = "none: dismissed"
	}
	rows := append(contractRows(s.Contracts), [][2]string{
		{"block", fmt.Sprintf("%d, of %s", s.Block, s.Time.Format(time.RFC3339))},
		{"owner", owner}, {"poster", poster}, {"guardian", s.Guardian.Hex()},
		{"co-signers", fmt.Sprintf("%d needed of %v", s.Threshold, s.CoSigners)},
		{"active root", rootRow(s.Active, "since")}, {"pending root", rootRow(s.Pending, "from")},
		{"allowed", chain.FormatHive(s.AllowedWei) + " HIVE may be promised by now"},
		{"claimable", chain.FormatHive(s.ClaimableWei) + " HIVE may leave at this moment"},
		{"disputes", fmt.Sprintf("%d ever, open: %v", s.Disputes, s.Open)},
	}...)
	for _, row := range rows {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, operation := range s.Operations {
		if err := printOperation(w, operation); err != nil {
			return err
		}
	}
	return nil
}

// printOperation says what the timelock will do, and how to stop it.
func printOperation(w io.Writer, o chain.Operation) error {
	lines := []string{fmt.Sprintf("operation %s can be carried out from %s (chain time); medhive chain govern cancel stops it:", o.ID, o.Ready.Format(time.RFC3339))}
	for _, deed := range o.Calls {
		for _, line := range deed.Lines() {
			lines = append(lines, "  "+line)
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func rootRow(r chain.Root, word string) string {
	if !r.Posted() {
		return "none"
	}
	return fmt.Sprintf("epoch %d, %s HIVE in all, %s %s, %s", r.Epoch, chain.FormatHive(r.TotalWei), word, r.ActiveAt.Format(time.RFC3339), common.Hash(r.Root))
}
