package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
)

func newChain(s *shared) *cobra.Command {
	conf := agent.ChainConfig{}
	dev := &cobra.Command{
		Use:   "dev",
		Short: "Serve a private EVM chain on loopback, with the contracts deployed",
		Long: `Serves an Ethereum chain with JSON-RPC on loopback, deploys HiveToken,
NodeRegistry, RewardDistributor, Disputes and JobEscrow on its first start, and
writes the network file that coordinator, nodes and clinics read. Play money: its faucet key is
public. Blocks survive a restart. Stop with Ctrl-C.`,
		Example: `  medhive chain dev
  medhive chain dev --listen 127.0.0.1:8545`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, network, err := s.where()
			if err != nil {
				return err
			}
			conf.Home, conf.NetworkPath, conf.Log = home, network, s.log(slog.LevelInfo)
			chain, err := agent.StartChain(c.Context(), conf)
			if err != nil {
				return err
			}
			n := chain.Network()
			fmt.Fprintf(c.OutOrStdout(), "chain %v answers at %s\nnetwork file: %s\nnext: medhive coordinator run\n", n.Contracts.ChainID, n.RPC, network)
			<-c.Context().Done()
			return chain.Close()
		},
	}
	dev.Flags().StringVar(&conf.Listen, "listen", "127.0.0.1:8545", "loopback address of the JSON-RPC server")
	return group("chain", "The chain that receipts are rooted on", "  medhive chain dev\n  medhive chain status", dev, newChainAdvance(s),
		newChainDeploy(s), newChainStatus(s), newChainRegister(s), newChainRecipient(s), newChainExit(s), newChainWithdrawBond(s), newChainRestoreBond(s),
		newChainVeto(s), newChainChallenge(s), newChainDispute(s), newChainGovern(s), newChainSign(s), newChainSend(s))
}

func newChainAdvance(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "advance DURATION",
		Short: "Move a dev chain's clock forward, for instance past a root's activation delay",
		Long: `Only a chain that ` + "`medhive chain dev`" + ` serves has this; a real chain's clock is its own.
Nothing but the block time changes.`,
		Example: "  medhive chain advance 24h",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				if by, err := time.ParseDuration(args[0]); err == nil && by > 0 {
					return nil
				}
			}
			return usageError{fmt.Errorf("name one duration above zero, such as 24h; see `%s --help`", c.CommandPath())}
		},
		RunE: func(c *cobra.Command, args []string) error {
			_, path, err := s.where()
			if err != nil {
				return err
			}
			network, err := agent.ReadNetwork(path)
			if err != nil {
				return err
			}
			by, err := time.ParseDuration(args[0])
			if err != nil {
				return err
			}
			now, err := agent.AdvanceChain(c.Context(), network, by)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "the chain's clock shows %s\n", now.UTC().Format(time.RFC3339))
			return err
		},
	}
}
