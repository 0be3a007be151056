package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/config"
)

func newNode(s *shared) *cobra.Command {
	return group("node", "Earn with this machine: run models for clinics", `  medhive node run
  medhive node status`, newNodeInit(s), newNodeRun(s), newNodeStatus(s), newNodeDashboard(s), newNodeUser(s), newNodeDrain(s), newNodePause(s), newNodeResume(s), newNodeReload(s), newNodeProfile(s), newNodeMetrics(s), newPprof(s, "node", "node", agent.NodeState), newNodeEarnings(s), newNodeClaim(s), newNodeConsent(s), newNodeFirstBoot(s), newNodeBind(s))
}

func newNodeRun(s *shared) *cobra.Command {
	words, table := config.NewNode()
	return s.settled(table, &cobra.Command{
		Use:   "run",
		Short: "Run a node until Ctrl-C",
		Long: `Measures the machine, registers it, bids for jobs, runs them in an isolated
process, signs receipts and claims rewards. On a development network it makes
what it lacks (operator and recipient keys, bond) from the faucet and says so;
elsewhere name the cold address that is paid with --recipient.

Clinics pay by vouchers, which the node redeems from their deposits in the escrow: it stops
bidding for one that owes too much (--exposure-limit, --unsecured-credit). Clinics are on no
list: a node takes offers of every key, but lends little to those without a deposit, and
bids for clinics that it never worked for fill at most half of its places.`,
		Example: `  medhive node run
  medhive node run --name second --price-gwei 1500000 --threads 1
  medhive node run --hours "Mon-Fri 18:00-08:00, Sat-Sun" --max-temperature 80
  medhive node run --recipient 0x52908400098527886E0F7030069857D2E4169EE7 --jurisdiction DE`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			signals, stop := hangups()
			defer stop()
			from, err := s.settle(c, table, words.Name, &words.Network)
			if err != nil {
				return err
			}
			home, network, err := s.where()
			if err != nil {
				return err
			}
			conf := agent.NodeOf(*words)
			if conf.Updates.Place != "" {
				launch(home, conf.Library, s.log(slog.LevelInfo))
			}
			if conf.Network, err = agent.AwaitCoordinator(c.Context(), network, conf.Reach, func(text string) { fmt.Fprintln(c.ErrOrStderr(), text) }); err != nil {
				return settleUpdate(c.Context(), home, err)
			}
			if conf.Claims, err = agent.ClaimsOf(*words, conf.Network.DevelopmentKeys != ""); err != nil {
				return err
			}
			conf.Book = s.keepLog(agent.NodeState(home, conf.Name))
			defer conf.Book.Close()
			conf.State, conf.Version, conf.Log = agent.NodeState(home, conf.Name), version, s.log(slog.LevelInfo)
			conf.Settings = agent.NewNodeSettings(table, from)
			fmt.Fprintln(c.ErrOrStderr(), "looking at this machine; at the first start it is measured for about a minute …")
			node, err := agent.StartNode(c.Context(), conf)
			switch {
			case err != nil && c.Context().Err() != nil: // what was cut off in the middle says nothing
				return settleUpdate(c.Context(), home, errors.New("stopped before the node was bidding; start it again with `medhive node run`"))
			case err != nil:
				return err
			}
			status := node.Status()
			if url := node.DashboardURL(); url != "" {
				fmt.Fprintf(c.ErrOrStderr(), "the dashboard is at %s; `medhive node dashboard --name %s` prints a link that opens it\n", url, conf.Name)
			}
			fmt.Fprintf(c.OutOrStdout(), "node %s is bidding (%s, %.2f TOPS, %s)\npaid to %s\nlook: medhive node status --name %s\n",
				status.Address, status.Tier, status.TOPS, status.Provider, status.Recipient, conf.Name)
			err = attendance{hangups: signals, failed: node.Done(), from: from, reread: node.Reload, log: conf.Log, alive: node.Alive}.wait(c.Context(), "bidding as "+status.Address)
			return settleUpdate(c.Context(), home, errors.Join(err, node.Close()))
		},
	})
}

// powerFlags are what an operator says of the machine's power.
func powerFlags(c *cobra.Command, p *agent.PowerSources) {
	f := c.Flags()
	f.StringSliceVar(&p.Plugs, "plug", nil, "URL of a Shelly or Tasmota smart plug that feeds this machine, repeatable; together they must feed all of it and nothing else")
	f.Float64Var(&p.DeclaredWatts, "declared-watts", 0, "what the machine takes at work, if nothing measures it; shown as declared")
	f.Float64Var(&p.DeclaredIdleWatts, "declared-idle-watts", 0, "what it takes at rest")
}

// asksNode is a command that prints one answer of a running node's local door.
func (s *shared) asksNode(use, short, path string, show func(w io.Writer, body []byte) error) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: use, Short: short, Example: "  medhive node " + use,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			body, err := api.Read(c.Context(), agent.NodeState(home, name), "GET", path)
			if err != nil {
				return err
			}
			return show(c.OutOrStdout(), body)
		},
	}
	c.Flags().StringVar(&name, "name", "node", "name of the node's state folder below --home")
	return c
}
