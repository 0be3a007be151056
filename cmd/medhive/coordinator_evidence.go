package main

import (
	"fmt"
	"io"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
)

func newCoordinatorEvidence(s *shared) *cobra.Command {
	conf, number, node := agent.EvidenceConfig{}, newestWord, ""
	c := s.reports(&cobra.Command{
		Use:   "evidence",
		Short: "Judge a coordinator's verdicts again from the evidence that it publishes",
		Long: `A coordinator sends nodes tasks whose answer it knows (canaries) and signs what came of
them. This command brings an epoch from its coordinator, fetches what each of these
verdicts rests on by its hash (the study, the right answer, the one that the node
signed for), and compares the answers anew. With --compute the right answer is computed
on this machine too. That the node was sent this very study is the coordinator's word:
it went out sealed, and only the two of them can tell. Verdicts on tasks that were run again rest on a patient's
study, which is shown to nobody: their evidence is held against the verdict only.

An operator whose node failed a check sees here why. Exits with 1 if the evidence of
any verdict says something else than the verdict.`,
		Example: `  medhive coordinator evidence
  medhive coordinator evidence --epoch 17 --node 0x2B5A… --compute
  medhive coordinator evidence --json --from /ip4/203.0.113.7/tcp/9400/p2p/16Uiu2HAm…`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			home, path, err := s.where()
			if err != nil {
				return err
			}
			if conf.Network, err = agent.ReadNetwork(path); err != nil {
				return err
			}
			if conf.Number, err = epochNumber(number); err != nil {
				return err
			}
			if node != "" && !common.IsHexAddress(node) {
				return usageError{fmt.Errorf("--node %.50q is no address; `medhive coordinator scores` lists them", node)}
			}
			conf.Home, conf.Node = home, common.HexToAddress(node)
			report := evidenceReport{Verdicts: []agent.CheckedVerdict{}}
			report.Epoch, err = agent.CheckEvidence(c.Context(), conf, func(v agent.CheckedVerdict) error {
				report.Verdicts = append(report.Verdicts, v)
				if s.asJSON {
					return nil
				}
				return printChecked(c.OutOrStdout(), v)
			})
			if err != nil {
				return err
			}
			if s.asJSON {
				err = printJSON(c.OutOrStdout(), report)
			} else {
				_, err = fmt.Fprintln(c.OutOrStdout(), report.summary())
			}
			if err == nil && report.count(agent.EvidenceDiffers) > 0 {
				err = fmt.Errorf("%d verdicts are not what their evidence says; do not trust this coordinator's checks, and tell the network's guardian", report.count(agent.EvidenceDiffers))
			}
			return err
		},
	})
	f := c.Flags()
	f.StringVar(&number, "epoch", newestWord, "the epoch whose verdicts are looked at, or the newest")
	f.StringVar(&node, "node", "", "the verdicts on this node alone")
	f.BoolVar(&conf.Compute, "compute", false, "compute the right answers here; takes a model's run for each canary")
	f.StringVar(&conf.Library, "ort-lib", "", "libonnxruntime for --compute (default: found)")
	sourceFlags(c, &conf.From, &conf.SwarmKey)
	return c
}

// evidenceReport is what --json prints.
type evidenceReport struct {
	Epoch    uint64                 `json:"epoch"`
	Verdicts []agent.CheckedVerdict `json:"verdicts"`
}

func (r evidenceReport) count(says string) (n int) {
	for _, v := range r.Verdicts {
		if v.Says == says {
			n++
		}
	}
	return n
}

func (r evidenceReport) summary() string {
	if len(r.Verdicts) == 0 {
		return fmt.Sprintf("epoch %d holds no verdict of a coordinator that was asked about", r.Epoch)
	}
	return fmt.Sprintf("epoch %d: %d verdicts, the evidence of %d holds, of %d says something else, of %d can't be judged here", r.Epoch, len(r.Verdicts),
		r.count(agent.EvidenceHolds), r.count(agent.EvidenceDiffers), r.count(agent.EvidenceUnverified))
}

func printChecked(w io.Writer, v agent.CheckedVerdict) error {
	reason := ""
	if v.Reason != "" {
		reason = " (" + v.Reason + ")"
	}
	_, err := fmt.Fprintf(w, "%s of %s, task %s: %s%s\n  evidence %s: %s\n", v.Kind, v.Node, v.Task.Short(), v.Result, reason, v.Says, v.Detail)
	return err
}
