package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/config"
)

func newCoordinator(s *shared) *cobra.Command {
	return group("coordinator", "Challenge nodes, score them, publish epochs that anybody can recompute",
		"  medhive coordinator run\n  medhive coordinator verify demo-out", newCoordinatorRun(s), newCoordinatorStatus(s), newPprof(s, "coordinator", "", func(home, _ string) string { return agent.CoordinatorState(home) }), newCoordinatorVerify(s), newCoordinatorScores(s), newCoordinatorCosign(s), newCoordinatorChallenge(s), newCoordinatorEvidence(s))
}

func newCoordinatorRun(s *shared) *cobra.Command {
	words, table := config.NewCoordinator()
	return s.settled(table, &cobra.Command{
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
			signals, stop := hangups()
			defer stop()
			from, err := s.settle(c, table, string(table.Role), &words.Network)
			if err != nil {
				return err
			}
			home, network, err := s.where()
			if err != nil {
				return err
			}
			conf := agent.CoordinatorOf(*words)
			if conf.Network, err = agent.ReadNetwork(network); err != nil {
				return err
			}
			book := s.keepLog(agent.CoordinatorState(home))
			defer book.Close()
			conf.State, conf.NetworkPath, conf.Version, conf.Log = agent.CoordinatorState(home), network, version, s.log(slog.LevelInfo)
			coordinator, err := agent.StartCoordinator(c.Context(), conf)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "coordinator listens at %s\nan epoch lasts %v; its files go to %s\nnext: medhive node run\n",
				coordinator.Addresses()[0], conf.Epoch, coordinator.EpochsFolder())
			failure := attendance{signals, coordinator.Done(), from, rereadNothing(table, from, conf.Log), conf.Log, coordinator.Alive}.wait(c.Context(), "listening at "+coordinator.Addresses()[0])
			return errors.Join(failure, coordinator.Close())
		},
	})
}
