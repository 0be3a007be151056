package agent

import (
	"cmp"
	"context"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/agent/history"
	"github.com/medhive/medhive/agent/panel"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/hwprobe"
)

// nodePanel is a node as its dashboard asks it.
type nodePanel struct{ n *Node }

var _ panel.Node = nodePanel{}

// statusFresh is how long the answers of chain and coordinator stand for a dashboard, whose
// pages renew themselves. What the node knows itself is always of now.
const statusFresh = 15 * time.Second

func (p nodePanel) status() NodeStatus {
	d := p.n.showcase
	d.mu.Lock()
	s, asked := d.status, d.asked
	d.mu.Unlock()
	if time.Since(asked) < statusFresh {
		return s
	}
	s = p.n.Status()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status, d.asked = s, time.Now()
	return s
}

// Status implements panel.Node.
func (p nodePanel) Status(context.Context) (panel.Status, error) {
	n, s := p.n, p.status()
	work, err := n.worker.Status()
	if err != nil {
		return panel.Status{}, err
	}
	out := panel.Status{
		Name: s.Name, Version: n.conf.Version, Address: s.Address, Peer: s.Peer, Recipient: s.Recipient, Jurisdiction: s.Jurisdiction, Tier: s.Tier,
		Accelerators: s.Accelerators, TOPS: s.TOPS, Provider: s.Provider, Runtime: s.RuntimeVersion, Verified: n.examinee.String(), Power: s.Power,
		Energy: n.energy.String(), PriceGwei: work.PriceGwei, Mode: panel.Mode(work.Mode), Closed: work.Closed, Jobs: []panel.Job{}, Ended: n.showcase.newestEnded(),
		Capacity: work.Capacity, StatPlaces: work.StatPlaces, Waiting: work.Waiting, Queue: work.Queue, Undelivered: work.Undelivered,
		Done: work.Totals.Accepted, Failed: work.Totals.Failed, Disputed: work.Totals.Disputed, Outbox: work.WaitingReceipts,
		Peers: len(n.host.Network().Peers()), Earned: panel.Earned(n.earnedSpans(time.Now())), ClaimedWei: s.ClaimedWei, Up: time.Since(n.started),
	}
	out.Watts, out.WattsBasis, out.Celsius = n.showcase.sensed()
	for _, j := range work.Jobs {
		out.Jobs = append(out.Jobs, panel.Job{Task: j.Task.Short(), Class: j.Class, Stage: j.Stage, Done: j.Done})
	}
	return out, nil
}

// Warnings implements panel.Node.
func (p nodePanel) Warnings() []warning.Warning { return p.n.warnings.List() }

// Series implements panel.Figures.
func (p nodePanel) Series() []history.Series { return p.n.showcase.history.Series() }

// Read implements panel.Figures.
func (p nodePanel) Read(name string, from, until time.Time, most int) (history.Span, error) {
	return p.n.showcase.history.Read(name, from, until, most)
}

// Profile implements panel.Node.
func (p nodePanel) Profile() hwprobe.Profile { return p.n.profile }

// Log implements panel.Node.
func (p nodePanel) Log(least panel.Severity, limit int) []panel.Line {
	if p.n.conf.Book == nil {
		return []panel.Line{}
	}
	return panel.Select(p.n.conf.Book.Newest(math.MaxInt), least, limit)
}

// Changed implements panel.Node.
func (p nodePanel) Changed() <-chan struct{} { return p.n.showcase.news() }

// SetMode implements panel.Node.
func (p nodePanel) SetMode(m panel.Mode) (err error) {
	switch m {
	case panel.Draining:
		err = p.n.worker.Drain()
	case panel.Paused:
		err = p.n.worker.Pause()
	default:
		err = p.n.worker.Resume()
	}
	p.n.showcase.tell()
	return err
}

// Earnings implements panel.Node.
func (p nodePanel) Earnings(ctx context.Context, days int) (panel.Earnings, error) {
	e, err := p.n.Earnings(ctx, days)
	if err != nil {
		return panel.Earnings{}, err
	}
	out := panel.Earnings{Days: e.Days, Lines: []panel.EarnedLine{}, Epochs: []panel.EpochReward{}, Currency: e.Money.Currency, PerHIVE: e.Money.PerHIVE, PerKWh: e.Money.PerKWh, Notes: e.Notes,
		ClaimedWei: decimal(e.Rewards.ClaimedWei), ClaimableWei: decimal(e.Rewards.ClaimableWei), PendingWei: decimal(e.Rewards.PendingWei)}
	for _, l := range e.Lines {
		out.Lines = append(out.Lines, panel.EarnedLine{Day: l.Day, Model: l.Model, Studies: l.Receipts, Clinics: l.Clinics, Gwei: l.Gwei, Joules: l.Joules, Measured: l.Measured})
	}
	slices.SortStableFunc(out.Lines, func(a, b panel.EarnedLine) int {
		return cmp.Or(strings.Compare(b.Day, a.Day), strings.Compare(a.Model, b.Model))
	})
	for _, r := range e.Epochs {
		out.Epochs = append(out.Epochs, panel.EpochReward{Epoch: r.Epoch, Day: r.Day, Wei: decimal(r.RewardWei), Compute: decimal(r.ComputeWei),
			Availability: decimal(r.AvailabilityWei), Quality: decimal(r.QualityWei), Network: decimal(r.NetworkWei)})
	}
	if v := e.Vouchers; v != nil {
		out.Vouchers = &panel.Vouchers{Clinics: v.Clinics, OwedGwei: v.OwedGwei, VoucheredGwei: v.VoucheredGwei, RedeemedGwei: v.RedeemedGwei,
			PayableGwei: v.PayableGwei, UnsignedGwei: v.UnsignedGwei, UncoveredGwei: v.UncoveredGwei, Stopped: v.Stopped}
	}
	return out, nil
}

// decimal writes a number; nothing where there is none.
func decimal(n *big.Int) string {
	if n == nil {
		return ""
	}
	return n.String()
}

// Scores implements panel.Node.
func (p nodePanel) Scores(limit int) ([]panel.Score, error) {
	_ = p.status() // which asks for the newest and remembers it
	kept, err := p.n.Scores(limit)
	if err != nil {
		return nil, err
	}
	list := []panel.Score{}
	for _, s := range kept {
		list = append(list, scoreView(s))
	}
	return list, nil
}

// scoreView is a published line as the dashboard shows it; pure.
func scoreView(s PublishedScore) panel.Score {
	part := func(p score.Parts) float64 { return float64(p) / float64(score.One) }
	f, w := s.Line.Factors, s.Weights
	return panel.Score{
		Epoch: s.Epoch, From: time.Unix(int64(s.From), 0).UTC(), To: time.Unix(int64(s.To), 0).UTC(), Tier: s.Line.Tier, Open: s.Line.Gate == score.GateOpen,
		Factor: part(s.Line.Factor), RewardWei: decimal(s.Line.Reward.Int), Explained: s.Explained(),
		Factors: []panel.Factor{
			{Name: "compute", Value: part(f.C), Weight: part(w.C)}, {Name: "availability", Value: part(f.A), Weight: part(w.A)},
			{Name: "quality", Value: part(f.Q), Weight: part(w.Q)}, {Name: "network", Value: part(f.N), Weight: part(w.N)},
		},
	}
}

// Models implements panel.Node.
func (p nodePanel) Models() ([]panel.Model, error) { return p.n.models.view(p.n.profile.Models) }

// view is the models of this machine as the dashboard shows them.
func (o *offers) view(rates []hwprobe.ModelRate) ([]panel.Model, error) {
	list := []panel.Model{}
	o.mu.RLock()
	entries := o.catalog.List()
	why := map[string]string{}
	for d, omitted := range o.leftOut {
		why[d.String()] = omitted.reason.Error()
	}
	o.mu.RUnlock()
	for _, e := range entries {
		_, offered := o.model(e.Digest)
		m := panel.Model{Name: e.Name(), Package: e.Digest.String(), Origin: e.Origin, Offered: offered, Why: why[e.Digest.String()], Validations: []panel.Validation{}}
		if m.Why == "" && !offered {
			m.Why = "it is being looked at, or it is about to go; see `medhive model list`"
		}
		for _, r := range rates {
			if r.Package == e.Digest && r.Error == "" && r.Provider == o.provider {
				m.StudiesPerHour = r.StudiesPerHour
			}
		}
		verdicts, err := o.packages.Validations(e.Digest)
		if err != nil {
			return nil, err
		}
		for _, v := range verdicts {
			m.Validations = append(m.Validations, panel.Validation{Provider: v.Provider, Runtime: v.Runtime, Time: v.Time, Passed: v.Passed, Detail: v.Detail})
		}
		list = append(list, m)
	}
	return list, nil
}

// Network implements panel.Node.
func (p nodePanel) Network() panel.Network {
	h := p.n.host
	out := panel.Network{Peer: h.ID().String(), Reachability: p.n.showcase.reachability(), Addresses: []string{}, Peers: []panel.PeerLine{}}
	for _, a := range h.Addrs() {
		out.Addresses = append(out.Addresses, a.String())
		out.Relayed = out.Relayed || overRelay(a)
	}
	roles := map[peer.ID]string{}
	for _, known := range p.n.joined.peers {
		roles[known.ID] = "bootstrap"
	}
	if coordinator, err := p.n.coordinator(); err == nil {
		roles[coordinator] = "coordinator"
	}
	for _, id := range h.Network().Peers() {
		connections := h.Network().ConnsToPeer(id)
		if len(connections) == 0 {
			continue
		}
		c := connections[0]
		out.Peers = append(out.Peers, panel.PeerLine{Peer: id.String(), Role: roles[id], Address: c.RemoteMultiaddr().String(), Inbound: c.Stat().Direction == network.DirInbound,
			Relayed: overRelay(c.RemoteMultiaddr()), Latency: h.Peerstore().LatencyEWMA(id), Since: c.Stat().Opened, Transport: c.ConnState().Transport})
	}
	slices.SortFunc(out.Peers, func(a, b panel.PeerLine) int {
		return cmp.Or(strings.Compare(b.Role, a.Role), a.Since.Compare(b.Since), strings.Compare(a.Peer, b.Peer))
	})
	return out
}

// overRelay reports whether an address leads through a relay.
func overRelay(a ma.Multiaddr) bool {
	_, err := a.ValueForProtocol(ma.P_CIRCUIT)
	return err == nil
}
