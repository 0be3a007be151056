package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/score"
)

// scoresReport is what --json prints.
type scoresReport struct {
	agent.ScoreHead
	Lines     []epoch.Line     `json:"lines"`
	Explained []score.Sentence `json:"explained,omitempty"` // of the one node that was asked for
}

func newCoordinatorScores(s *shared) *cobra.Command {
	var folder string
	c := s.reports(&cobra.Command{
		Use:   "scores [NODE]",
		Short: "Show how the newest epoch scored the nodes, or explain one node's score line by line",
		Long: `Reads the newest epoch that this coordinator published, or that lies in the folder
of --epochs. Without NODE it lists every node, the best paid first; with NODE, the
address of one, it says what each factor is made of, what would earn more, what
threatens the node, and what lifts a suspension.

A node sees the same of itself with ` + "`medhive node status`" + `. The words follow from
the published numbers alone; ` + "`medhive coordinator verify`" + ` recomputes those.`,
		Example: `  medhive coordinator scores
  medhive coordinator scores 0x8ba1f109551bD432803012645Ac136ddd64DBA72
  medhive coordinator scores --epochs epochs --json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && !common.IsHexAddress(args[0]) {
				return usageError{fmt.Errorf("name one node by its address (0x and 40 hexadecimal digits), or none; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if folder == "" {
				home, err := s.homeDir()
				if err != nil {
					return err
				}
				folder = agent.EpochsFolder(agent.CoordinatorState(home))
			}
			report, err := readScores(folder, args)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), report)
			}
			return printScores(c.OutOrStdout(), report)
		},
	})
	c.Flags().StringVar(&folder, "epochs", "", "folder of the epochs (default: this home's coordinator's)")
	return c
}

// readScores is the newest epoch below folder: of all nodes, or of the named one.
func readScores(folder string, node []string) (report scoresReport, err error) {
	report.ScoreHead, report.Lines, err = agent.Scores(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return report, errors.New("no epoch has been published there yet: wait for the coordinator to close one, or name a folder of epochs with --epochs")
	}
	if err != nil {
		return report, err
	}
	if len(node) == 0 {
		slices.SortStableFunc(report.Lines, func(a, b epoch.Line) int { return b.Reward.Cmp(a.Reward.Int) })
		return report, nil
	}
	who := common.HexToAddress(node[0])
	at := slices.IndexFunc(report.Lines, func(l epoch.Line) bool { return l.Node == who })
	if at < 0 {
		return report, fmt.Errorf("epoch %d has no line of %s: it was not registered then; `medhive coordinator scores` lists who was", report.Epoch, who)
	}
	report.Lines = report.Lines[at : at+1]
	report.Explained = agent.PublishedScore{ScoreHead: report.ScoreHead, Line: report.Lines[0]}.Explained()
	return report, nil
}

func printScores(w io.Writer, r scoresReport) error {
	fmt.Fprintf(w, "epoch %d, %s to %s: weights c %s, a %s, q %s, n %s\n", r.Epoch, chainTime(r.From), chainTime(r.To), short(r.Weights.C), short(r.Weights.A), short(r.Weights.Q), short(r.Weights.N))
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprint(table, "node\ttier\tc\ta\tq\tn\tjobs\tdisputed\tHIVE\tgate\n")
	for _, l := range r.Lines {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n", l.Node, l.Tier, short(l.Factors.C), short(l.Factors.A), short(l.Factors.Q), short(l.Factors.N), l.Accepted, l.Disputed, l.Reward.HIVE(), l.Gate)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	table = tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range sentenceRows(r.Explained) {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	return table.Flush()
}

// scoreRows are the rows of a node's own score; none before the first.
func scoreRows(s *agent.NodeScore) [][2]string {
	if s == nil {
		return nil
	}
	head := [2]string{"score", fmt.Sprintf("epoch %d, to %s: %s", s.Epoch, chainTime(s.To), s.Line.Gate)}
	return append([][2]string{head}, sentenceRows(s.Explained)...)
}

// sentenceRows mark what is more than a fact.
func sentenceRows(said []score.Sentence) (rows [][2]string) {
	for _, s := range said {
		text := s.Text
		if s.Mood != score.MoodFact {
			text = string(s.Mood) + ": " + text
		}
		rows = append(rows, [2]string{"  " + s.About, text})
	}
	return rows
}

func short(p score.Parts) string { return fmt.Sprintf("%.3f", float64(p)/float64(score.One)) }

func chainTime(unix uint64) string {
	return time.Unix(int64(unix), 0).UTC().Format("2006-01-02 15:04")
}
