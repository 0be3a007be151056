package agent

import (
	"context"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/scheduler/broker"
)

// clinicChainEvery is how often a clinic asks the chain about itself: its deposit lasts for
// hours, and reservations look more often.
const clinicChainEvery = 5 * time.Minute

// Warnings is the clinic's board; a site holds its own warnings there too.
func (c *Clinic) Warnings() *warning.Board { return c.warnings }

// watchSelf keeps the board up to date until ctx ends.
func (c *Clinic) watchSelf(ctx context.Context) {
	if c.notices != nil {
		c.loops.Go(func() { c.notices.Run(ctx) })
	}
	var asked time.Time
	lookEvery(ctx, selfEvery, func(ctx context.Context) {
		c.look()
		if now := time.Now(); now.Sub(asked) >= clinicChainEvery {
			asked = now
			c.lookAtChain(ctx, now)
		}
	})
}

// look holds what the clinic sees by itself, and lists everything that is up.
func (c *Clinic) look() []warning.Warning {
	list := append(peerWarnings(c.host), diskWarnings(c.conf.State)...)
	if c.conf.Serve && len(c.conf.Regions) > 0 && c.known.Len() == 0 && time.Since(c.started) > noticesPatience {
		list = append(list, warning.Of(warning.NoNodes, "", "no node's notice of the %d regions that this clinic follows is in force; %d nodes are registered", len(c.conf.Regions), c.roster.size()))
	}
	c.warnings.Hold("clinic", list)
	return c.warnings.List()
}

// noticesPatience is how long nodes' notices may take to come in after the start: they are
// recalled from peers, and renewed within minutes.
const noticesPatience = 5 * time.Minute

// lookAtChain holds what the chain tells.
func (c *Clinic) lookAtChain(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, 2*doctorChain)
	defer cancel()
	client, err := c.conf.Network.Dial(ctx, c.conf.Log)
	if err != nil {
		c.warnings.Hold("chain", []warning.Warning{warning.Of(warning.ChainUnreachable, "", "the chain does not answer: %v", err)})
		return
	}
	defer client.Close()
	c.warnings.Hold("chain", chainWarnings(ctx, client, c.conf.Network.DevelopmentKeys != "", now))
	if c.conf.Network.Contracts.Escrow == (common.Address{}) {
		return
	}
	free, err := client.EscrowOf(ctx, c.key.Address())
	if err != nil {
		return // that the chain does not answer is told above, at the next look at the latest
	}
	owed, err := c.broker.Owed()
	c.holdVouchers(err)
	if err != nil {
		return
	}
	c.warnings.Hold("money", depositWarnings(free, owed, now))
}

// holdVouchers says whether what the clinic owes could be read, until it is looked at again.
func (c *Clinic) holdVouchers(unread error) {
	var list []warning.Warning
	if unread != nil {
		list = append(list, warning.Of(warning.StateUnreadable, "vouchers", "%v", unread))
	}
	c.warnings.Hold("vouchers", list)
}

// depositWarnings say whether the free deposit holds another day like the last; pure. It does
// not count what is reserved for single nodes: with all of it reserved no new node lends much.
func depositWarnings(free chain.Funds, owed []broker.Owed, now time.Time) []warning.Warning {
	recent := new(big.Int)
	for _, o := range owed {
		if now.Sub(o.At) < 24*time.Hour {
			recent.Add(recent, GweiToWei(o.RecentGwei))
		}
	}
	switch {
	case recent.Sign() == 0:
		return nil // it has no work to pay for
	case free.FreeWei.Sign() == 0:
		return []warning.Warning{warning.Of(warning.DepositLow, "", "the free deposit is empty, and the last day's studies cost %s HIVE", score.Wei{Int: recent}.HIVE()).As(warning.Critical)}
	case free.FreeWei.Cmp(recent) < 0:
		return []warning.Warning{warning.Of(warning.DepositLow, "", "the free deposit of %s HIVE is less than the last day's studies cost (%s HIVE)", score.Wei{Int: free.FreeWei}.HIVE(), score.Wei{Int: recent}.HIVE())}
	}
	return nil
}
