package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/fetch"
)

func newModel(s *shared) *cobra.Command {
	return group("model", "Models that this machine can run or ask for", `  medhive model list
  medhive model show t1-tissue
  medhive model fetch oci://registry.example/lungs:1.2.0
  medhive model validate lungs`,
		newModelList(s), newModelShow(s), newModelFetch(s), newModelPush(s), newModelValidate(s), newModelPin(s), newModelUnpin(s), newModelRollback(s),
		newModelRemove(s), newModelQuota(s), newModelTrust(s), newModelImport(s), newModelExample(s), newModelSign(s), newModelVerify(s))
}

// oneModel wants a single argument, named for people.
func oneModel(what, hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return usageError{fmt.Errorf("name one %s; %s", what, hint)}
		}
		return nil
	}
}

const seeList = "see `medhive model list`"

func newModelList(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:     "list",
		Short:   "List the models",
		Example: "  medhive model list --json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			list, faults, err := agent.ListModels(home)
			if err != nil {
				return err
			}
			for _, fault := range faults {
				fmt.Fprintf(c.ErrOrStderr(), "left out: %v\n", fault)
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), list)
			}
			return printModels(c.OutOrStdout(), list)
		},
	})
}

func printModels(w io.Writer, list []agent.ModelState) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "MODEL\tMODALITY\tLICENCE\tSIZE\tFROM\tPASSED ON\tTITLE")
	for _, m := range list {
		origin := m.Origin
		if m.Signed {
			origin += ", signed"
		}
		if m.Pinned {
			origin += ", pinned"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d kB\t%s\t%s\t%s\n", m.Name(), m.Selection.Modality, onScreen(m.License), m.Weights.Bytes/1000, origin, passedOn(m), onScreen(m.Title))
	}
	return table.Flush()
}

// onScreen leaves out of a stranger's text what commands a screen.
func onScreen(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsGraphic(r) {
			return r
		}
		return -1
	}, text)
}

// passedOn names the providers on which the model passed here, or says that it did not.
func passedOn(m agent.ModelState) string {
	passed := []string{}
	for _, v := range m.Validations {
		if v.Passed && !slices.Contains(passed, v.Provider) {
			passed = append(passed, v.Provider)
		}
	}
	switch {
	case len(passed) > 0:
		return strings.Join(passed, " ")
	case len(m.Validations) > 0:
		return "FAILED"
	}
	return "not tried"
}

func newModelShow(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:     "show MODEL",
		Short:   "Show a model's card, or its manifest with --json",
		Example: "  medhive model show t1-tissue\n  medhive model show t1-tissue --json",
		Args:    oneModel("model", seeList),
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
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\npackage %s\n", onScreen(string(p.Card)), p.Digest())
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

// Progress is shown once a command takes longer than a person waits in silence, and on
// a screen more often than in a log.
const (
	quietFor       = 2 * time.Second
	betweenLines   = 10 * time.Second
	betweenRedraws = 200 * time.Millisecond
)

// transferProgress returns a callback that shows a transfer on w, and its end.
func transferProgress(w io.Writer) (show func(fetch.Progress), done func()) {
	next, shown := time.Now().Add(quietFor), false
	show = func(p fetch.Progress) {
		now := time.Now()
		if now.Before(next) {
			return
		}
		shown = true
		line := fmt.Sprintf("%s: %d of %d MB (%d %%)", p.File, p.Done/1e6, p.Total/1e6, 100*p.Done/max(p.Total, 1))
		if terminal(w) {
			fmt.Fprintf(w, "\r\033[K%s", line)
			next = now.Add(betweenRedraws)
			return
		}
		fmt.Fprintln(w, line)
		next = now.Add(betweenLines)
	}
	return show, func() {
		if shown && terminal(w) {
			fmt.Fprint(w, "\r\033[K")
		}
	}
}
