package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/hwprobe"
)

// NodeStatus is a node on one screen.
type NodeStatus struct {
	Address        string        `json:"address"`
	Peer           string        `json:"peer"`
	Recipient      string        `json:"recipient"`
	Jurisdiction   string        `json:"jurisdiction"`
	Tier           string        `json:"tier"`
	TOPS           float64       `json:"tops"` // sustained int8
	Provider       string        `json:"provider"`
	RuntimeVersion string        `json:"ort_version"`
	Power          string        `json:"power"`
	Energy         string        `json:"energy"`       // of the last job, or why it isn't known
	ProfileMode    string        `json:"profile_mode"` // brief, quick or full
	ProfileAt      time.Time     `json:"profile_at"`   // when the machine was measured
	Certified      bool          `json:"certified"`
	Verified       string        `json:"verified"`  // what the last examination proved of the profile
	Explained      []string      `json:"explained"` // why the tier is what it is, and what would help
	PriceGwei      uint64        `json:"price_gwei"`
	Mode           string        `json:"mode"`             // working, draining or paused, as its operator said
	Closed         string        `json:"closed,omitempty"` // why it takes no new work at this moment
	Idle           bool          `json:"idle"`             // it may be stopped without a loss
	Running        int           `json:"running"`          // jobs, in their places or on their way back
	Waiting        int           `json:"waiting"`          // of them, for their turn
	Undelivered    int           `json:"undelivered"`      // of them, results on their way to their clinics
	Queue          int           `json:"queue"`            // how many may wait
	Notices        uint64        `json:"notices"`          // sent since the start
	Capacity       int           `json:"capacity"`         // jobs at once
	StatPlaces     int           `json:"stat_places"`      // further ones, for STAT alone
	Done           uint64        `json:"done"`
	Failed         uint64        `json:"failed"`
	Disputed       uint64        `json:"disputed"`
	Outbox         int           `json:"outbox"` // receipts that the coordinator has not taken yet
	Peers          int           `json:"peers"`
	ClaimedWei     string        `json:"claimed_wei"`     // "unknown" while the chain does not answer
	Score          *NodeScore    `json:"score,omitempty"` // of the newest epoch; absent before the first
	Warnings       []string      `json:"warnings"`
	Up             time.Duration `json:"up_ns"`
}

// statusTimeout bounds what status asks elsewhere: the chain, and the coordinator.
const statusTimeout = 2 * time.Second

// Address is the node's EVM address, made of the same key as its peer id.
func (n *Node) Address() common.Address { return n.key.Address() }

// Status is a snapshot.
func (n *Node) Status() NodeStatus {
	s := NodeStatus{
		Address: n.key.Address().Hex(), Peer: n.host.ID().String(), Recipient: n.recipient.Hex(), Jurisdiction: n.conf.Jurisdiction,
		Tier: n.profile.Tier.String(), TOPS: n.profile.TOPS.Median, Provider: n.profile.TOPS.Provider, RuntimeVersion: n.profile.TOPS.Runtime,
		Power: n.profile.Watts.String(), Energy: n.energy.String(), PriceGwei: n.conf.PriceGwei, Peers: len(n.host.Network().Peers()),
		ProfileMode: string(n.profile.Mode), ProfileAt: n.profile.At, Certified: n.profile.Certified, Verified: n.examinee.String(), Explained: hwprobe.Explain(n.profile),
		ClaimedWei: "unknown", Up: time.Since(n.started), Warnings: n.models.omissions(),
	}
	for _, f := range n.profile.Flags {
		s.Warnings = append(s.Warnings, fmt.Sprintf("the measurement of this machine is %s: %s", f.Code, f.Text))
	}
	if age := n.profile.Age(time.Now()); age > ProfileLife {
		s.Warnings = append(s.Warnings, fmt.Sprintf("this machine was measured %.0f days ago; a restart measures it anew", age.Hours()/24))
	}
	for _, q := range n.pool.Quarantined() {
		s.Warnings = append(s.Warnings, fmt.Sprintf("model %s is not offered since %s: %d runners failed in a row, the last one: %s; repair the package or the driver, then `medhive model validate %s`",
			q.Model, q.Since.UTC().Format(time.RFC3339), q.Tries, q.Reason, q.Model))
	}
	ctx, cancel := context.WithTimeout(context.Background(), statusTimeout)
	defer cancel()
	if claimed, err := n.chain.Claimed(ctx, n.key.Address()); err == nil {
		s.ClaimedWei = claimed.String()
	} else {
		s.Warnings = append(s.Warnings, fmt.Sprintf("the chain does not answer: %v", err))
	}
	var warnings []string
	s.Score, warnings = n.score(ctx)
	s.Warnings = append(s.Warnings, warnings...)
	work, err := n.worker.Status()
	if err != nil {
		s.Warnings = append(s.Warnings, err.Error())
		return s
	}
	s.Capacity, s.StatPlaces = work.Capacity, work.StatPlaces
	s.Running, s.Done, s.Failed, s.Disputed, s.Outbox = len(work.Jobs), work.Totals.Accepted, work.Totals.Failed, work.Totals.Disputed, work.WaitingReceipts
	s.Mode, s.Closed, s.Idle, s.Waiting, s.Undelivered, s.Queue = string(work.Mode), work.Closed, work.Idle, work.Waiting, work.Undelivered, work.Queue
	s.Notices = n.worker.Stats().Notices
	if work.Unsigned > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("%d results were taken by clinics that did not sign for them; their receipts are kept, and %d clinics get no bids for it", work.Unsigned, work.Avoided))
	}
	if n.payments != nil {
		if t := sumVouchers(n.worker.Accounts()); t.Stopped > 0 {
			s.Warnings = append(s.Warnings, fmt.Sprintf("%d clinics get no more bids: they owe vouchers, or more than their deposits cover; see `medhive node earnings --json`", t.Stopped))
		}
	}
	if s.Peers == 0 {
		s.Warnings = append(s.Warnings, "no peer is connected: check that the coordinator runs and the network file names it")
	}
	return s
}
