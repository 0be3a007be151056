package main

import (
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
)

// reachFlags are how a role meets others beyond its listen addresses.
func reachFlags(c *cobra.Command, r *agent.Reach) {
	f := c.Flags()
	f.BoolVar(&r.LAN, "lan", false, "also find roles on the local network, by multicast DNS")
	f.StringVar(&r.SwarmKey, "swarm-key", "", "file of the network's pre-shared key, if it has one (halves throughput, rules QUIC out)")
}

// natFlag is for roles that may stand behind a router that lets nobody in.
func natFlag(c *cobra.Command, r *agent.Reach) {
	c.Flags().BoolVar(&r.BehindNAT, "behind-nat", false, "nobody reaches this machine from outside: be passed on to by the network's relays from the start (otherwise it finds out by itself)")
}
