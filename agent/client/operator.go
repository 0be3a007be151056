package client

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// Operator is a node's dashboard for programs. A viewer's token reads; an admin's, and whoever
// entered by a link, also steers.
type Operator struct{ door *door }

// NewOperator speaks to the dashboard at an address such as http://127.0.0.1:9402. Show a Token,
// or call Login or Enter before anything else.
func NewOperator(base string, options ...Option) (*Operator, error) {
	d, err := openDoor(base, options)
	if err != nil {
		return nil, err
	}
	d.bearer = true
	return &Operator{d}, nil
}

// Login begins a session by name and password, of `medhive node user add`.
func (o *Operator) Login(ctx context.Context, name, password string) error {
	return o.door.login(ctx, name, password)
}

// Enter begins a session by a link that `medhive node dashboard` or `medhive demo --serve`
// printed. It works once, and for ten minutes.
func (o *Operator) Enter(ctx context.Context, link string) error { return o.door.enter(ctx, link) }

// Mode is what an operator asks of a node.
type Mode string

// The modes.
const (
	Working  Mode = "working"
	Draining Mode = "draining" // finishes what it has and takes no more
	Paused   Mode = "paused"   // takes nothing new
)

// NodeStatus is a node at a moment.
type NodeStatus struct {
	Name        string        `json:"name"`
	Version     string        `json:"version,omitempty"`
	Address     string        `json:"address"` // EVM, by which it is scored
	Peer        string        `json:"peer"`    // libp2p
	Recipient   string        `json:"recipient"`
	Tier        string        `json:"tier"`
	TOPS        float64       `json:"tops"` // sustained int8
	PriceGwei   uint64        `json:"price_gwei"`
	Mode        Mode          `json:"mode"`
	Closed      string        `json:"closed,omitempty"` // why it takes no new work at this moment
	Jobs        []NodeJob     `json:"jobs"`
	Waiting     int           `json:"waiting"`
	Undelivered int           `json:"undelivered"` // results that their clinics have not taken yet
	Done        uint64        `json:"done"`
	Failed      uint64        `json:"failed"`
	Peers       int           `json:"peers"`
	Watts       *float64      `json:"watts"`   // nil: no sensor tells
	Celsius     *float64      `json:"celsius"` // likewise
	Up          time.Duration `json:"up_ns"`
}

// NodeJob is one job that a node has.
type NodeJob struct {
	Task  string  `json:"task"` // the beginning of its id
	Class string  `json:"class,omitempty"`
	Stage string  `json:"stage"`
	Done  float64 `json:"done"` // of the stage, 0 to 1
}

// Idle says that nothing of any job is left here.
func (s NodeStatus) Idle() bool { return len(s.Jobs) == 0 && s.Waiting == 0 && s.Undelivered == 0 }

// Status is the node at this moment.
func (o *Operator) Status(ctx context.Context) (s NodeStatus, err error) {
	return s, o.door.get(ctx, apiBase+"/status", nil, &s)
}

// SetMode drains, pauses or resumes. No job is dropped for it.
func (o *Operator) SetMode(ctx context.Context, m Mode) (s NodeStatus, err error) {
	return s, o.door.post(ctx, apiBase+"/mode", struct {
		Mode Mode `json:"mode"`
	}{m}, &s)
}

// Drain has the node take no more work, and waits until what it has is done and delivered.
func (o *Operator) Drain(ctx context.Context) (s NodeStatus, err error) {
	if s, err = o.SetMode(ctx, Draining); err != nil || s.Idle() {
		return s, err
	}
	return s, every(ctx, pollEvery, func() (bool, error) {
		s, err = o.Status(ctx)
		return s.Idle(), err
	})
}

// Earnings are what a node earned in some days.
type Earnings struct {
	Days   int           `json:"days"`
	Lines  []EarnedLine  `json:"lines"`  // by day and model, from countersigned receipts
	Epochs []EpochReward `json:"epochs"` // what the network rewarded
	// Rewards of the network since ever, in wei of HIVE, decimal; "" while it is not known.
	ClaimedWei   string   `json:"claimed_wei"`
	ClaimableWei string   `json:"claimable_wei"` // a claim would pay so much now
	PendingWei   string   `json:"pending_wei"`   // becomes claimable when the posted root counts
	Notes        []string `json:"notes,omitempty"`
}

// EarnedLine is what one model earned on one day (UTC).
type EarnedLine struct {
	Day     string  `json:"day"` // 2026-11-21
	Model   string  `json:"model"`
	Studies uint64  `json:"studies"`
	Gwei    uint64  `json:"gwei"`
	Joules  float64 `json:"joules"` // of the jobs that a sensor measured
}

// EpochReward is what an epoch rewarded, in wei of HIVE.
type EpochReward struct {
	Epoch uint64 `json:"epoch"`
	Day   string `json:"day"`
	Wei   string `json:"reward_wei"`
}

// Earnings are those of the last days, 1 to 500.
func (o *Operator) Earnings(ctx context.Context, days int) (e Earnings, err error) {
	return e, o.door.get(ctx, apiBase+"/earnings", url.Values{"days": {strconv.Itoa(days)}}, &e)
}

// NodeScore is how an epoch scored the node.
type NodeScore struct {
	Epoch     uint64     `json:"epoch"`
	Open      bool       `json:"open"` // the gate: it is paid
	Factors   []Factor   `json:"factors"`
	Factor    float64    `json:"factor"` // of all of them, 0 to 1
	RewardWei string     `json:"reward_wei"`
	Explained []Sentence `json:"explained"`
}

// Factor is one of the four of a score.
type Factor struct {
	Name   string  `json:"name"` // compute, availability, quality or network
	Value  float64 `json:"value"`
	Weight float64 `json:"weight"`
}

// Sentence is one reason of a score, for a person.
type Sentence struct {
	About string `json:"about"`
	Text  string `json:"text"`
}

// Scores are those of the newest epochs, at most limit (1 to 400), the newest first.
func (o *Operator) Scores(ctx context.Context, limit int) (list []NodeScore, err error) {
	return list, o.door.get(ctx, apiBase+"/scores", url.Values{"limit": {strconv.Itoa(limit)}}, &list)
}

// Warning is something that is not as it should be.
type Warning struct {
	Code     string    `json:"code"`
	Severity string    `json:"severity"` // notice, warning or critical
	Text     string    `json:"text"`
	Fix      string    `json:"fix"` // what the operator can do
	Subject  string    `json:"subject,omitempty"`
	Since    time.Time `json:"since"`
}

// Warnings are the node's, the worst first.
func (o *Operator) Warnings(ctx context.Context) (list []Warning, err error) {
	return list, o.door.get(ctx, apiBase+"/warnings", nil, &list)
}

// String is a warning on one line.
func (w Warning) String() string {
	return fmt.Sprintf("%s (%s): %s. %s", w.Code, w.Severity, w.Text, w.Fix)
}
