package agent

import (
	"context"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/device"
)

// NodeStatus is a node on one screen.
type NodeStatus struct {
	Name           string            `json:"name"` // of its state folder
	Version        string            `json:"version"`
	Update         string            `json:"update,omitempty"` // what is known of newer versions; absent without a place to look
	Address        string            `json:"address"`
	Peer           string            `json:"peer"`
	Recipient      string            `json:"recipient"`
	Device         *NodeDevice       `json:"device,omitempty"` // the machine's TPM; absent without one
	Jurisdiction   string            `json:"jurisdiction"`
	Tier           string            `json:"tier"`
	Accelerators   []string          `json:"accelerators"` // what could compute, by name; the processor where there is nothing else
	TOPS           float64           `json:"tops"`         // sustained int8
	Provider       string            `json:"provider"`
	RuntimeVersion string            `json:"ort_version"`
	Power          string            `json:"power"`
	Energy         string            `json:"energy"`       // of the last job, or why it isn't known
	ProfileMode    string            `json:"profile_mode"` // brief, quick or full
	ProfileAt      time.Time         `json:"profile_at"`   // when the machine was measured
	Certified      bool              `json:"certified"`
	Verified       string            `json:"verified"`  // what the last examination proved of the profile
	Explained      []string          `json:"explained"` // why the tier is what it is, and what would help
	PriceGwei      uint64            `json:"price_gwei"`
	Mode           string            `json:"mode"`             // working, draining or paused, as its operator said
	Closed         string            `json:"closed,omitempty"` // why it takes no new work at this moment
	Idle           bool              `json:"idle"`             // it may be stopped without a loss
	Running        int               `json:"running"`          // jobs, in their places or on their way back
	Waiting        int               `json:"waiting"`          // of them, for their turn
	Undelivered    int               `json:"undelivered"`      // of them, results on their way to their clinics
	Queue          int               `json:"queue"`            // how many may wait
	Jobs           []JobLine         `json:"jobs"`             // the running ones, each
	Notices        uint64            `json:"notices"`          // sent since the start
	Capacity       int               `json:"capacity"`         // jobs at once
	StatPlaces     int               `json:"stat_places"`      // further ones, for STAT alone
	Done           uint64            `json:"done"`
	Failed         uint64            `json:"failed"`
	Disputed       uint64            `json:"disputed"`
	Outbox         int               `json:"outbox"` // receipts that the coordinator has not taken yet
	Peers          int               `json:"peers"`
	Earned         EarnedSpans       `json:"earned"`          // by countersigned receipts
	ClaimedWei     string            `json:"claimed_wei"`     // "unknown" while the chain does not answer
	Score          *NodeScore        `json:"score,omitempty"` // of the newest epoch; absent before the first
	Warnings       []warning.Warning `json:"warnings"`        // the worst first
	Up             time.Duration     `json:"up_ns"`
}

// JobLine is one running job. It tells what the node knows: there is no patient in it.
type JobLine struct {
	Task  string  `json:"task"`            // the beginning of its id
	Class string  `json:"class,omitempty"` // empty for a result of an earlier life that is being sent
	Stage string  `json:"stage"`
	Done  float64 `json:"done"` // of the stage, 0 to 1
}

// statusTimeout bounds what status asks elsewhere: the chain, and the coordinator.
const statusTimeout = 2 * time.Second

// Address is the node's EVM address, made of the same key as its peer id.
func (n *Node) Address() common.Address { return n.key.Address() }

// Status is a snapshot.
func (n *Node) Status() (s NodeStatus) {
	s = NodeStatus{
		Name: n.conf.Name, Accelerators: n.accelerators(), Jobs: []JobLine{}, Earned: n.earnedSpans(time.Now()),
		Address: n.key.Address().Hex(), Peer: n.host.ID().String(), Recipient: n.recipient.Hex(), Jurisdiction: n.conf.Jurisdiction,
		Tier: n.profile.Tier.String(), TOPS: n.profile.TOPS.Median, Provider: n.profile.TOPS.Provider, RuntimeVersion: n.profile.TOPS.Runtime,
		Power: n.profile.Watts.String(), Energy: n.energy.String(), PriceGwei: n.worker.Tariff().PriceGwei, Peers: len(n.host.Network().Peers()), Device: n.device.status(),
		ProfileMode: string(n.profile.Mode), ProfileAt: n.profile.At, Certified: n.profile.Certified, Verified: n.examinee.String(), Explained: hwprobe.Explain(n.profile),
		ClaimedWei: "unknown", Up: time.Since(n.started), Version: n.conf.Version, Update: n.upkeep.words(time.Now()),
	}
	defer func() { s.Warnings = n.warnings.List() }()
	n.warnOfMachine()
	ctx, cancel := context.WithTimeout(context.Background(), statusTimeout)
	defer cancel()
	if claimed, err := n.chain.Claimed(ctx, n.key.Address()); err == nil { // else the watch of the chain warns
		s.ClaimedWei = claimed.String()
	}
	var unknown error
	s.Score, unknown = n.score(ctx)
	n.warnOfScore(s.Score, unknown)
	work, err := n.worker.Status()
	n.warnOfWork(work, err)
	if err != nil {
		return s
	}
	s.Capacity, s.StatPlaces = work.Capacity, work.StatPlaces
	s.Running, s.Done, s.Failed, s.Disputed, s.Outbox = len(work.Jobs), work.Totals.Accepted, work.Totals.Failed, work.Totals.Disputed, work.WaitingReceipts
	s.Mode, s.Closed, s.Idle, s.Waiting, s.Undelivered, s.Queue = string(work.Mode), work.Closed, work.Idle, work.Waiting, work.Undelivered, work.Queue
	s.Notices = n.worker.Stats().Notices
	for _, j := range work.Jobs {
		s.Jobs = append(s.Jobs, JobLine{Task: j.Task.Short(), Class: j.Class, Stage: j.Stage, Done: j.Done})
	}
	return s
}

// accelerators are what could compute beside the processor, which alone is named where there
// is nothing else.
func (n *Node) accelerators() []string {
	list := []string{}
	for _, a := range n.profile.Devices.Accelerators {
		if a.State == device.Present {
			list = append(list, a.Model)
		}
	}
	if len(list) == 0 {
		list = append(list, n.profile.Devices.CPU.Model)
	}
	return list
}
