package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
)

func newModel(s *shared) *cobra.Command {
	return group("model", "Models that this machine can run or ask for", "  medhive model list\n  medhive model show t1-tissue",
		newModelList(s), newModelShow(s))
}

func newModelList(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:     "list",
		Short:   "List the models",
		Example: "  medhive model list --json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := s.catalog()
			if err != nil {
				return err
			}
			if s.asJSON {
				manifests := []models.Manifest{}
				for _, entry := range all.List() {
					manifests = append(manifests, entry.Manifest)
				}
				return printJSON(c.OutOrStdout(), manifests)
			}
			table := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(table, "MODEL\tMODALITY\tLICENCE\tSIZE\tTITLE")
			for _, entry := range all.List() {
				m := entry.Manifest
				fmt.Fprintf(table, "%s\t%s\t%s\t%d kB\t%s\n", entry.Name(), m.Selection.Modality, m.License, m.Weights.Bytes/1000, m.Title)
			}
			for _, fault := range all.Faults() {
				fmt.Fprintf(c.ErrOrStderr(), "left out: %v\n", fault)
			}
			return table.Flush()
		},
	})
}

func newModelShow(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:     "show MODEL",
		Short:   "Show a model's card, or its manifest with --json",
		Example: "  medhive model show t1-tissue\n  medhive model show t1-tissue --json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name one model; see `medhive model list`")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			all, err := s.catalog()
			if err != nil {
				return err
			}
			p, err := all.Find(args[0])
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), struct {
					Package  models.Digest   `json:"package"`
					Manifest models.Manifest `json:"manifest"`
				}{p.Digest(), p.Manifest})
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\npackage %s\n", p.Card, p.Digest())
			return err
		},
	})
}

func (s *shared) catalog() (*catalog.Catalog, error) {
	home, err := s.homeDir()
	if err != nil {
		return nil, err
	}
	return agent.OpenCatalog(home)
}
