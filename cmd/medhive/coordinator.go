package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
)

func newCoordinator(s *shared) *cobra.Command {
	return group("coordinator", "Challenge nodes, score them, publish epochs that anybody can recompute",
		"  medhive coordinator run\n  medhive coordinator verify demo-out", newCoordinatorRun(s), newCoordinatorStatus(s), newCoordinatorVerify(s), newCoordinatorScores(s), newCoordinatorCosign(s), newCoordinatorChallenge(s), newCoordinatorEvidence(s))
}

func newCoordinatorRun(s *shared) *cobra.Command {
	conf := agent.CoordinatorConfig{}
	c := &cobra.Command{
		Use:   "run",
		Short: "Run a coordinator until Ctrl-C",
		Long: `Takes in receipts and profiles, challenges the nodes' uptime, scores each epoch,
publishes its whole data set below --home and posts its root on the chain. Adds
its address to the network file, so that nodes and clinics of this machine find it.

Every clinic's countersignature counts, so a node and a clinic of one owner could
vouch for each other. With --canaries nodes are checked by tasks that this machine
made and computed itself, sent by clinics of its own, at the rates that their record
asks for: as many as every tenth of a new node's jobs, falling to every fiftieth. The
studies must be such as any node may see: with the verdicts they are given to anybody
who asks. One such clinic works at each --canary-listen, three where its port is 0,
under a name that lasts some epochs (--canary-life); what came of its canaries is
published when the name is over, so a node hears of a failed one that much later.
Canary clinics pay like any other: on a real network deposit for each, as the log
names them, from an account that nobody can trace to this coordinator, and give each
a network address of its own. What is not hidden: clinics at this coordinator's
address, clinics without a deposit, and that a clinic's name is new; a node that
works with care for clinics that it has known for months only is not caught.
With --rechecks 1 % of all tasks, and those whose results differ, are run again here
where their clinics allow it.`,
		Example: `  medhive coordinator run
  medhive coordinator run --epoch 1h --listen /ip4/127.0.0.1/tcp/9400
  medhive coordinator run --http 127.0.0.1:9404 --metrics 127.0.0.1:9503
  medhive coordinator run --canaries /srv/studies --canary-listen /ip4/192.0.2.1/tcp/9401,/ip4/198.51.100.7/tcp/9401 --rechecks`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.ContainsFunc(conf.Listen, func(a string) bool { return a != "" }) {
				return usageError{fmt.Errorf("--listen names no address, such as /ip4/127.0.0.1/tcp/9400; see `%s --help`", c.CommandPath())}
			}
			home, network, err := s.where()
			if err != nil {
				return err
			}
			if conf.Network, err = agent.ReadNetwork(network); err != nil {
				return err
			}
			conf.State, conf.NetworkPath, conf.Log = agent.CoordinatorState(home), network, s.log(slog.LevelInfo)
			coordinator, err := agent.StartCoordinator(c.Context(), conf)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "coordinator listens at %s\nan epoch lasts %v; its files go to %s\nnext: medhive node run\n",
				coordinator.Addresses()[0], conf.Epoch, coordinator.EpochsFolder())
			var failure error
			select {
			case <-c.Context().Done():
			case failure = <-coordinator.Done():
			}
			return errors.Join(failure, coordinator.Close())
		},
	}
	f := c.Flags()
	f.StringSliceVar(&conf.Listen, "listen", []string{"/ip4/127.0.0.1/tcp/0"}, "multiaddress to listen on, repeatable")
	reachFlags(c, &conf.Reach)
	f.StringSliceVar(&conf.Regions, "regions", agent.DefaultRegions(), "countries (ISO 3166) whose offers this host relays")
	f.StringVar(&conf.PosterKey, "poster-key", "", "file of the key that may post roots (default on a development chain: its own)")
	f.DurationVar(&conf.Epoch, "epoch", 24*time.Hour, "length of an epoch")
	f.DurationVar(&conf.ChallengeEvery, "challenge-every", 10*time.Minute, "mean time between two uptime challenges of one node")
	f.StringVar(&conf.Canaries, "canaries", "", "folder of studies that may be shown to any node: nodes are checked with tasks made of them (default: none are)")
	f.DurationVar(&conf.CanaryEvery, "canary-every", agent.DefaultCanaryEvery, "mean time between the draw of a canary and its submission")
	f.StringSliceVar(&conf.CanaryListen, "canary-listen", []string{"/ip4/127.0.0.1/tcp/0"}, "multiaddress where a clinic of canaries listens, repeatable, one for each; nodes must be able to reach it")
	f.Uint64Var(&conf.CanaryLife, "canary-life", agent.DefaultCanaryLife, "epochs that a clinic of canaries works under one name, on the average; its verdicts are published after")
	f.BoolVar(&conf.Rechecks, "rechecks", false, "run 1 % of all tasks again, and those whose results differ, where their clinics allow it")
	f.StringVar(&conf.Library, "ort-lib", "", "libonnxruntime that computes the right answers (default $MEDHIVE_ORT_LIB, or the one that make deps brings)")
	f.StringVar(&conf.Metrics, "metrics", "", "host:port where Prometheus may scrape /metrics (default: nowhere)")
	f.StringVar(&conf.HTTP, "http", "", "host:port where anybody may read what is published: /health, /v1/scores/NODE, /v1/epochs, /v1/epochs/N/bundle (default: nowhere)")
	f.DurationVar(&conf.ExamineEvery, "examine-every", 24*time.Hour, "mean time between two compute challenges of one node, 10 s each (0: none)")
	return c
}
