package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
)

func newNode(s *shared) *cobra.Command {
	return group("node", "Earn with this machine: run models for clinics", `  medhive node run
  medhive node status`, newNodeRun(s), newNodeStatus(s), newNodeDrain(s), newNodePause(s), newNodeResume(s), newNodeProfile(s), newNodeMetrics(s), newNodeEarnings(s), newNodeClaim(s), newNodeConsent(s))
}

func newNodeRun(s *shared) *cobra.Command {
	conf, claims := agent.NodeConfig{}, new(claimWords)
	c := &cobra.Command{
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
			home, network, err := s.where()
			if err != nil {
				return err
			}
			if conf.Network, err = agent.AwaitCoordinator(c.Context(), network, conf.Reach, func(text string) { fmt.Fprintln(c.ErrOrStderr(), text) }); err != nil {
				return err
			}
			if conf.Claims, err = claims.policy(conf.Network.DevelopmentKeys != ""); err != nil {
				return err
			}
			conf.State, conf.Log = agent.NodeState(home, conf.Name), s.log(slog.LevelInfo)
			fmt.Fprintln(c.ErrOrStderr(), "looking at this machine; at the first start it is measured for about a minute …")
			node, err := agent.StartNode(c.Context(), conf)
			if err != nil {
				return err
			}
			status := node.Status()
			fmt.Fprintf(c.OutOrStdout(), "node %s is bidding (%s, %.2f TOPS, %s)\npaid to %s\nlook: medhive node status --name %s\n",
				status.Address, status.Tier, status.TOPS, status.Provider, status.Recipient, conf.Name)
			select {
			case <-c.Context().Done():
				return node.Close()
			case err := <-node.Done():
				return errors.Join(err, node.Close())
			}
		},
	}
	f := c.Flags()
	f.StringVar(&conf.Name, "name", "node", "name of this node's state folder below --home")
	f.StringSliceVar(&conf.Listen, "listen", []string{"/ip4/127.0.0.1/tcp/0"}, "multiaddress to listen on, repeatable; use /ip4/0.0.0.0/tcp/9401 to be reached from elsewhere")
	reachFlags(c, &conf.Reach)
	natFlag(c, &conf.Reach)
	sealedFlag(c, &conf.SealedMax)
	f.StringVar(&conf.Recipient, "recipient", "", "cold address that rewards are paid to")
	f.StringVar(&conf.Jurisdiction, "jurisdiction", "DE", "ISO 3166 code of the country that the machine stands in")
	f.Uint64Var(&conf.PriceGwei, "price-gwei", 1_000_000, "asking price of one study, in gwei of HIVE (1e-9 token)")
	f.DurationVar(&conf.Promise, "promise", time.Minute, "how soon after the award a job that is alone here has its result; bids add as much for each job before it and for a STAT job that may stop it; clinics prefer the sooner, and a late one costs quality")
	f.IntVar(&conf.Threads, "threads", 0, "CPU threads for inference (0: all)")
	f.StringVar(&conf.Provider, "provider", "cpu", "ONNX Runtime execution provider; there is no silent fallback")
	f.Int64Var(&conf.MemoryBytes, "memory", 4<<30, "memory cap of one runner process, in bytes; two jobs overlap where three quarters of the machine's memory hold two of them")
	f.DurationVar(&conf.ProbeDuration, "probe-duration", 0, "measure int8 for this long instead of 5 × 10 s at the first start, for development")
	f.StringVar(&conf.Metrics, "metrics", "", "host:port where Prometheus may scrape /metrics (default: only the command node metrics)")
	powerFlags(c, &conf.Power)
	paymentFlags(c, &conf.Payment)
	f.IntVar(&conf.Queue, "queue", 4, "jobs that it accepts beyond those it does at once, to be done in their turn")
	f.StringVar(&conf.Limits.Hours, "hours", "", "opening hours in this machine's zone, such as \"Mon-Fri 18:00-08:00, Sat-Sun\" (default: always); what runs is finished")
	f.Float64Var(&conf.Limits.MaxWatts, "max-watts", 0, "take no new work while the machine takes more than so many watts, as far as its sensors tell (0: no limit)")
	f.Float64Var(&conf.Limits.MaxCelsius, "max-temperature", 0, "take no new work while a processor or card is hotter than so many °C (0: no limit)")
	claims.flags(c)
	f.BoolVar(&conf.ShareModels, "share-models", false, "give signed packages of the store to peers that ask by digest (medhive model fetch peer:…); their licences must allow it")
	f.StringVar(&conf.Library, "ort-lib", "", "libonnxruntime (default $MEDHIVE_ORT_LIB, or the one that make deps brings)")
	return c
}

func newNodeStatus(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use:   "status",
		Short: "Show a running node on one screen",
		Example: `  medhive node status
  medhive node status --name second --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			var status agent.NodeStatus
			if err := api.Call(c.Context(), agent.NodeState(home, name), "GET", "/status", &status); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), status)
			}
			return printNodeStatus(c.OutOrStdout(), status)
		},
	})
	c.Flags().StringVar(&name, "name", "node", "name of the node's state folder below --home")
	return c
}

func printNodeStatus(w io.Writer, n agent.NodeStatus) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"address", n.Address},
		{"peer", n.Peer},
		{"recipient", n.Recipient},
		{"jurisdiction", n.Jurisdiction},
		{"tier", n.Tier},
		{"int8", fmt.Sprintf("%.3f TOPS sustained through %s (ONNX Runtime %s)", n.TOPS, n.Provider, n.RuntimeVersion)},
		{"power", n.Power},
		{"energy", n.Energy},
		{"profile", fmt.Sprintf("measured %s (%s, certified: %t)", age(time.Since(n.ProfileAt)), n.ProfileMode, n.Certified)},
		{"verified", n.Verified},
		{"price", fmt.Sprintf("%d gwei of HIVE a study", n.PriceGwei)},
		{"mode", mode(n)},
		{"queue", fmt.Sprintf("%d waiting (room for %d), %d results on their way", n.Waiting, n.Queue, n.Undelivered)},
		{"notices", fmt.Sprintf("%d sent since the start", n.Notices)},
		{"jobs", fmt.Sprintf("%d running (room for %d, and %d more if STAT), %d done, %d disputed, %d failed", n.Running, n.Capacity, n.StatPlaces, n.Done, n.Disputed, n.Failed)},
		{"receipts", fmt.Sprintf("%d waiting for the coordinator", n.Outbox)},
		{"peers", fmt.Sprint(n.Peers)},
		{"claimed", n.ClaimedWei + " wei"},
		{"up", n.Up.Round(time.Second).String()},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	for _, row := range scoreRows(n.Score) {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	for _, warning := range n.Warnings {
		fmt.Fprintf(table, "warning\t%s\n", warning)
	}
	return table.Flush()
}

// mode is what a node takes on now.
func mode(n agent.NodeStatus) string {
	if n.Closed == "" {
		return n.Mode + ": bidding"
	}
	return n.Mode + ": no new work: " + n.Closed
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
