package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/chain"
)

// deployWords are the flags of a deployment, as they were typed.
type deployWords struct {
	rpc, proposers, executors                        []string
	final, poster, guardian, treasury                string
	rate, bond, challengeBond, supply                string
	activation, breaker, exitThaw, recipient, escrow time.Duration
	resolve, delay                                   time.Duration
	share                                            uint16
}

func newChainDeploy(s *shared) *cobra.Command {
	w, sign := new(deployWords), new(signing)
	c := s.reports(&cobra.Command{
		Use:   "deploy",
		Short: "Deploy the contracts of a new network on any EVM chain, and write its network file",
		Long: `Deploys HiveToken, Timelock, NodeRegistry, RewardDistributor, Disputes and JobEscrow,
makes the distributor the token's only minter, and gives the administration to the
timelock: the key that deploys has no power left. Nine transactions, each waited for;
then every role is read back from the chain, and a deployment where one differs is
not written down.

The poster is the coordinator's key and is on its machine; the guardian, who vetoes a
wrong root within the activation delay, and the proposers, who administer through the
timelock, are other people's. attest/contracts/THREATS.md says what a thief of each
key can do, for how long, and who stops it. Everything but who holds these roles is
fixed for good.`,
		Example: `  medhive chain deploy --rpc https://rpc.example.org --poster 0x… --guardian 0x… --proposer 0x… --treasury 0x… --clef ~/.clef/clef.ipc`,
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, network, err := s.where()
			if err != nil {
				return err
			}
			conf := agent.DeployConfig{NetworkPath: network, Log: s.log(slog.LevelInfo)}
			if err := w.into(&conf); err != nil {
				return err
			}
			signer, err := sign.open(c)
			if err != nil {
				return err
			}
			if err := conf.Params.Validate(); err != nil {
				return usageError{err}
			}
			if err := printPlan(c.ErrOrStderr(), conf, signer.Address()); err != nil {
				return err
			}
			if err := sign.confirm(c, "deploy this for good?"); err != nil {
				return err
			}
			n, err := agent.DeployNetwork(c.Context(), conf, signer)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), n)
			}
			return printDeployed(c.OutOrStdout(), n, network)
		},
	})
	w.flags(c)
	sign.flags(c)
	return c
}

func (w *deployWords) flags(c *cobra.Command) {
	standard := chain.DefaultParams(common.Address{}, common.Address{})
	f := c.Flags()
	f.StringSliceVar(&w.rpc, "rpc", nil, "http(s) address of the chain's JSON-RPC, repeatable: those after the first are asked when it does not answer")
	f.StringVar(&w.final, "final", "finalized", "when a transaction counts as done: finalized, or how many blocks confirm it")
	f.StringVar(&w.poster, "poster", "", "account that posts roots: the coordinator's")
	f.StringVar(&w.guardian, "guardian", "", "account that vetoes them; not the poster")
	f.StringSliceVar(&w.proposers, "proposer", nil, "account that may propose to the timelock, and cancel, repeatable")
	f.StringSliceVar(&w.executors, "executor", nil, "account that may carry out what has waited, repeatable (default: anyone)")
	f.DurationVar(&w.delay, "timelock-delay", 48*time.Hour, "how long what is proposed waits in the open")
	f.StringVar(&w.treasury, "treasury", "", "account that gets the first tokens, and bonds that are lost; not the deployer's hot key")
	f.StringVar(&w.supply, "supply", chain.FormatHive(standard.InitialSupply), "first tokens, in HIVE, from which bonds are lent")
	f.StringVar(&w.rate, "rate", chain.FormatHive(standard.RatePerSecondWei), "upper bound of all rewards, in HIVE a second")
	f.StringVar(&w.bond, "bond", chain.FormatHive(standard.Bond), "each node's bond, in HIVE")
	f.StringVar(&w.challengeBond, "challenge-bond", chain.FormatHive(standard.ChallengeBond), "a challenger's bond, in HIVE")
	f.Uint16Var(&w.share, "challenger-share", standard.ChallengerShareBps, "a challenger's part of what is slashed, in 1/10,000")
	f.DurationVar(&w.activation, "activation-delay", standard.ActivationDelay, "how long a root waits before it pays")
	f.DurationVar(&w.breaker, "breaker-window", standard.BreakerWindow, "how much time's rewards claims may take out at once")
	f.DurationVar(&w.exitThaw, "exit-thaw", standard.ExitThaw, "between a node's exit and its bond's return")
	f.DurationVar(&w.recipient, "recipient-delay", standard.RecipientDelay, "between proposing a node's recipient and paying it")
	f.DurationVar(&w.escrow, "escrow-thaw", standard.EscrowThaw, "between a clinic's wish to withdraw its deposit and the money")
	f.DurationVar(&w.resolve, "resolve-within", standard.ResolveWithin, "how long a dispute may stay open; longer than the timelock's delay")
}

// into reads the words.
func (w *deployWords) into(conf *agent.DeployConfig) (err error) {
	if len(w.rpc) == 0 {
		return usageError{errors.New("name the chain's JSON-RPC with --rpc")}
	}
	conf.RPC, conf.RPCMore = w.rpc[0], w.rpc[1:]
	if err := conf.Final.UnmarshalText([]byte(w.final)); err != nil {
		return usageError{fmt.Errorf("--final: %w", err)}
	}
	p := &conf.Params
	p.ActivationDelay, p.BreakerWindow, p.ExitThaw = w.activation, w.breaker, w.exitThaw
	p.RecipientDelay, p.EscrowThaw, p.ResolveWithin, p.ChallengerShareBps = w.recipient, w.escrow, w.resolve, w.share
	if p.Poster, err = address("--poster", w.poster); err != nil {
		return err
	}
	if p.Guardian, err = address("--guardian", w.guardian); err != nil {
		return err
	}
	if w.treasury == "" {
		return usageError{errors.New("name who gets the first tokens with --treasury: the deployer's key is to keep nothing")}
	}
	if p.Treasury, err = address("--treasury", w.treasury); err != nil {
		return err
	}
	if len(w.proposers) == 0 {
		return usageError{errors.New("name who may propose to the timelock with --proposer: without a timelock one key could mint and slash at once")}
	}
	p.Timelock.Delay = w.delay
	if p.Timelock.Proposers, err = addresses("--proposer", w.proposers); err != nil {
		return err
	}
	if p.Timelock.Executors, err = addresses("--executor", w.executors); err != nil {
		return err
	}
	if p.InitialSupply, err = hiveFlag("--supply", w.supply); err != nil {
		return err
	}
	if p.RatePerSecondWei, err = hiveFlag("--rate", w.rate); err != nil {
		return err
	}
	if p.Bond, err = hiveFlag("--bond", w.bond); err != nil {
		return err
	}
	p.ChallengeBond, err = hiveFlag("--challenge-bond", w.challengeBond)
	return err
}

// addresses reads a list of EVM addresses.
func addresses(what string, texts []string) (list []common.Address, err error) {
	for _, text := range texts {
		one, err := address(what, text)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

func printPlan(w io.Writer, conf agent.DeployConfig, deployer common.Address) error {
	p, keeps := conf.Params, ", pays the gas, keeps no power"
	if p.Treasury == deployer {
		keeps = ", pays the gas, AND KEEPS THE TREASURY: a thief of this key has all its tokens"
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"deployer", deployer.Hex() + keeps},
		{"poster", p.Poster.Hex()},
		{"guardian", p.Guardian.Hex()},
		{"proposers", fmt.Sprint(p.Timelock.Proposers)},
		{"timelock", p.Timelock.Delay.String()},
		{"treasury", fmt.Sprintf("%s, gets %s HIVE", p.Treasury, chain.FormatHive(p.InitialSupply))},
		{"rewards", fmt.Sprintf("at most %s HIVE a second; a root waits %s", chain.FormatHive(p.RatePerSecondWei), p.ActivationDelay)},
		{"bonds", fmt.Sprintf("%s HIVE a node, %s a challenger", chain.FormatHive(p.Bond), chain.FormatHive(p.ChallengeBond))},
		{"done when", conf.Final.String()},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	return table.Flush()
}

func printDeployed(w io.Writer, n agent.Network, path string) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range contractRows(n.Contracts) {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "network file: %s\nnext: medhive coordinator run --poster-key FILE\n", path)
	return err
}

func contractRows(a chain.Addresses) [][2]string {
	rows := [][2]string{
		{"chain", fmt.Sprint(a.ChainID)}, {"HiveToken", a.Token.Hex()}, {"NodeRegistry", a.Registry.Hex()},
		{"RewardDistributor", a.Distributor.Hex()}, {"Disputes", a.Disputes.Hex()}, {"JobEscrow", a.Escrow.Hex()},
	}
	if a.Timelock != (common.Address{}) {
		rows = append(rows, [2]string{"Timelock", a.Timelock.Hex()})
	}
	return rows
}
