package agent

import (
	"context"
	"fmt"
	"log/slog"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

const (
	// reserveEvery is the pause between two looks at what nodes were promised. It costs the
	// chain nothing where nobody was promised much more.
	reserveEvery = 10 * time.Second
	// reserveAgain is when all of a day's nodes are looked at: they may have redeemed, and the
	// clinic deposited.
	reserveAgain = 30 * time.Minute
)

// pots is the JobEscrow, as a clinic that reserves needs it.
type pots interface {
	EscrowOf(ctx context.Context, clinic common.Address) (chain.Funds, error)
	ReservationOf(ctx context.Context, clinic, node common.Address) (chain.Funds, error)
	RedeemedGwei(ctx context.Context, clinic, node common.Address) (uint64, error)
	Reserve(ctx context.Context, clinic chain.Signer, reservations []chain.Reservation) (chain.Mined, error)
}

// reserver keeps a part of a clinic's deposit for each node that it works with: nodes count
// on nothing else. What is reserved comes back by `medhive clinic withdraw --node`.
type reserver struct {
	key  chain.Signer
	owed func() ([]broker.Owed, error)
	dial func(context.Context) (pots, error)
	now  func() time.Time
	log  *slog.Logger

	seen   map[common.Address]uint64 // the promise at the last look
	looked time.Time                 // when all were looked at
}

// busy are the nodes that worked for the clinic in the last day, and of these only such as
// were promised half a day's work more since they were looked at, unless it is time for all.
func (r *reserver) busy() (nodes []broker.Owed, all bool, err error) {
	owed, err := r.owed()
	if err != nil {
		return nil, false, err
	}
	now := r.now()
	all = now.Sub(r.looked) >= reserveAgain
	for _, o := range owed {
		if now.Sub(o.At) < scheduler.ReserveFor && (all || o.TotalGwei-min(o.TotalGwei, r.seen[o.Node]) >= max(1, o.RecentGwei/2)) {
			nodes = append(nodes, o)
		}
	}
	return nodes, all, nil
}

// look reserves what is missing, and returns for how many nodes it did.
func (r *reserver) look(ctx context.Context) (int, error) {
	nodes, all, err := r.busy()
	if err != nil || len(nodes) == 0 {
		return 0, err
	}
	escrow, err := r.dial(ctx)
	if err != nil {
		return 0, err
	}
	wanted, err := r.wanted(ctx, escrow, nodes)
	if err != nil {
		return 0, err
	}
	for at := 0; at < len(wanted); at += chain.MaxVouchers {
		batch := wanted[at:min(at+chain.MaxVouchers, len(wanted))]
		mined, err := escrow.Reserve(ctx, r.key, batch)
		if err != nil {
			return at, err
		}
		r.log.Info("a part of the deposit is reserved", "nodes", len(batch), "gas", mined.GasUsed)
	}
	if r.seen == nil || all {
		r.seen = map[common.Address]uint64{}
	}
	for _, o := range nodes {
		r.seen[o.Node] = o.TotalGwei
	}
	if all {
		r.looked = r.now()
	}
	return len(wanted), nil
}

// wanted is what the rule gives the nodes of what is free. A reservation that thaws is left
// alone: its owner takes it out.
func (r *reserver) wanted(ctx context.Context, escrow pots, nodes []broker.Owed) ([]chain.Reservation, error) {
	clinic := r.key.Address()
	deposit, err := escrow.EscrowOf(ctx, clinic)
	if err != nil {
		return nil, err
	}
	var kept []scheduler.Reserve
	var of []common.Address
	for _, o := range nodes {
		redeemed, err := escrow.RedeemedGwei(ctx, clinic, o.Node)
		if err != nil {
			return nil, err
		}
		own, err := escrow.ReservationOf(ctx, clinic, o.Node)
		if err != nil {
			return nil, err
		}
		if own.ThawingWei.Sign() > 0 {
			continue
		}
		kept = append(kept, scheduler.Reserve{DueGwei: o.TotalGwei - min(o.TotalGwei, redeemed), RecentGwei: o.RecentGwei, ReservedGwei: weiToGwei(own.FreeWei)})
		of = append(of, o.Node)
	}
	var wanted []chain.Reservation
	for n, gwei := range scheduler.Reservations(weiToGwei(deposit.FreeWei), kept) {
		if gwei > 0 {
			wanted = append(wanted, chain.Reservation{Node: of[n], Wei: GweiToWei(gwei)})
		}
	}
	return wanted, nil
}

// keepFunded tops the deposit up on a development chain, and reserves for nodes everywhere,
// until ctx ends.
func (c *Clinic) keepFunded(ctx context.Context) {
	if c.conf.Network.Contracts.Escrow == (common.Address{}) {
		return
	}
	var client *chain.Client // dialled when it is needed
	defer func() {
		if client != nil {
			client.Close()
		}
	}()
	r := reserver{key: c.key, owed: c.broker.Owed, now: time.Now, log: c.conf.Log, dial: func(ctx context.Context) (_ pots, err error) {
		if client == nil {
			client, err = c.conf.Network.Dial(ctx, c.conf.Log)
		}
		return client, err
	}}
	ticker := time.NewTicker(reserveEvery)
	defer ticker.Stop()
	var funded time.Time
	said := "" // one fault is told once
	for {
		var err error
		if c.conf.Network.DevelopmentKeys != "" && time.Since(funded) >= fundsEvery {
			funded = time.Now()
			if _, err = c.TopUp(ctx); err != nil {
				err = fmt.Errorf("no play money deposited: %w", err)
			}
		}
		if err == nil && !c.conf.KeepFree {
			_, err = r.look(ctx)
		}
		switch {
		case err == nil:
			said = ""
			c.warnings.Clear(warning.ReservesFail, "")
		case ctx.Err() == nil && err.Error() != said:
			said = err.Error()
			c.conf.Log.Warn("nothing is reserved for nodes; they do few studies without", "error", err)
			c.warnings.Raise(warning.Of(warning.ReservesFail, "", "nothing is reserved for nodes: %v", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// DepositFor moves wei of payer's HIVE into the escrow for a clinic that need not be of this
// machine.
func DepositFor(ctx context.Context, n Network, payer chain.Signer, clinic common.Address, wei *big.Int) (chain.Mined, error) {
	client, err := n.Dial(ctx, nil)
	if err != nil {
		return chain.Mined{}, err
	}
	defer client.Close()
	return client.DepositFor(ctx, payer, clinic, wei)
}
