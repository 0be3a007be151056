package panel

import (
	"context"
	"time"

	"github.com/medhive/medhive/agent/history"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/hwprobe"
)

// Node is what a dashboard shows and does. Its methods may be called by many at once.
type Node interface {
	Figures
	Ownership
	// Status is the node at this moment.
	Status(context.Context) (Status, error)
	// Warnings are what is not as it should be, the worst first.
	Warnings() []warning.Warning
	// Earnings are those of the last days, the newest line first.
	Earnings(ctx context.Context, days int) (Earnings, error)
	// Scores are those of the newest epochs, at most limit, the newest first.
	Scores(limit int) ([]Score, error)
	// Models are those of this machine.
	Models() ([]Model, error)
	// Profile is what was measured of the machine.
	Profile() hwprobe.Profile
	// Network is whom the node is connected to, and how it is reached.
	Network() Network
	// Log are the newest lines of at least a severity, at most limit, the newest first.
	Log(least Severity, limit int) []Line
	// SetMode drains, pauses or resumes.
	SetMode(Mode) error
	// Changed is closed at the next change of anything that live pages show.
	Changed() <-chan struct{}
}

// Figures are how the node's figures went.
type Figures interface {
	Series() []history.Series
	Read(name string, from, until time.Time, most int) (history.Span, error)
}

// The names of the series that pages show.
const (
	Watts   = "watts"
	Celsius = "celsius"
	TOPS    = "tops"
	Proved  = "tops_proved"
	Busy    = "busy"
	Done    = "jobs_done"
	Failed  = "jobs_failed"
)

// Series are those of a node. Their ids are in its database and stay.
func Series() []history.Series {
	return []history.Series{
		{ID: 1, Name: Watts, Unit: "W", Does: "Power of the machine, as far as its sensors tell"},
		{ID: 2, Name: Celsius, Unit: "°C", Does: "Temperature of the hottest part that computes"},
		{ID: 3, Name: TOPS, Unit: "TOPS", Does: "Sustained int8 rate, as it was measured last"},
		{ID: 4, Name: Proved, Unit: "TOPS", Does: "Rate that the last examination proved"},
		{ID: 5, Name: Busy, Unit: "%", Does: "Share of the time in which a job had a runner"},
		{ID: 6, Name: Done, Unit: "jobs", Does: "Jobs whose results were taken", Total: true},
		{ID: 7, Name: Failed, Unit: "jobs", Does: "Jobs that failed or were disputed", Total: true},
	}
}

// Mode is what an operator asks of a node.
type Mode string

// The modes.
const (
	Working  Mode = "working"
	Draining Mode = "draining" // finishes what it has and takes no more
	Paused   Mode = "paused"   // takes nothing new
)

// Status is a node on one screen.
type Status struct {
	Name         string        `json:"name"` // of its state folder
	Version      string        `json:"version,omitempty"`
	Address      string        `json:"address"`
	Peer         string        `json:"peer"`
	Recipient    string        `json:"recipient"`
	Jurisdiction string        `json:"jurisdiction"`
	Tier         string        `json:"tier"`
	Accelerators []string      `json:"accelerators"`
	TOPS         float64       `json:"tops"` // sustained int8
	Provider     string        `json:"provider"`
	Runtime      string        `json:"ort_version"`
	Verified     string        `json:"verified"` // what the last examination proved
	Power        string        `json:"power"`
	Energy       string        `json:"energy"` // of the last job, or why it isn't known
	PriceGwei    uint64        `json:"price_gwei"`
	Mode         Mode          `json:"mode"`
	Closed       string        `json:"closed,omitempty"` // why it takes no new work at this moment
	Jobs         []Job         `json:"jobs"`
	Ended        []Ended       `json:"ended"` // the newest first
	Capacity     int           `json:"capacity"`
	StatPlaces   int           `json:"stat_places"` // further ones, for STAT alone
	Waiting      int           `json:"waiting"`
	Queue        int           `json:"queue"` // how many may wait
	Undelivered  int           `json:"undelivered"`
	Done         uint64        `json:"done"`
	Failed       uint64        `json:"failed"`
	Disputed     uint64        `json:"disputed"`
	Outbox       int           `json:"outbox"` // receipts that the coordinator has not taken yet
	Peers        int           `json:"peers"`
	Earned       Earned        `json:"earned"`
	ClaimedWei   string        `json:"claimed_wei"` // "unknown" while the chain does not answer
	Watts        *float64      `json:"watts"`       // null where no sensor tells
	WattsBasis   string        `json:"watts_basis"`
	Celsius      *float64      `json:"celsius"` // null where no sensor tells
	Up           time.Duration `json:"up_ns"`
}

// Job is one that the node has. There is no patient in it: the node knows none.
type Job struct {
	Task  string  `json:"task"` // the beginning of its id
	Class string  `json:"class,omitempty"`
	Stage string  `json:"stage"`
	Done  float64 `json:"done"` // of the stage, 0 to 1
}

// Ended is a job that has ended since the start.
type Ended struct {
	Task    string    `json:"task"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome"`        // paid, unsigned, failed, revoked or cancelled
	Text    string    `json:"text,omitempty"` // why
	Gwei    uint64    `json:"price_gwei,omitempty"`
}

// Earned is what a node earned of late by countersigned receipts, in gwei of HIVE; days are
// those of UTC.
type Earned struct {
	TodayGwei    uint64 `json:"today_gwei"`
	TodayStudies uint64 `json:"today_studies"`
	WeekGwei     uint64 `json:"week_gwei"` // of seven days, today's included
	WeekStudies  uint64 `json:"week_studies"`
	PayableGwei  uint64 `json:"payable_gwei"` // a redemption of vouchers would pay so much now
}

// Earnings are what a node earned in some days.
type Earnings struct {
	Days     int           `json:"days"`
	Lines    []EarnedLine  `json:"lines"`
	Epochs   []EpochReward `json:"epochs"`
	Vouchers *Vouchers     `json:"vouchers,omitempty"` // absent where clinics don't pay by voucher
	// Rewards of the network since ever, in wei; "" while it is not known.
	ClaimedWei   string `json:"claimed_wei"`
	ClaimableWei string `json:"claimable_wei"`
	PendingWei   string `json:"pending_wei"`
	// What the operator reckons with; 0 where they don't.
	Currency string   `json:"currency,omitempty"`
	PerHIVE  float64  `json:"per_hive,omitempty"`
	PerKWh   float64  `json:"per_kwh,omitempty"`
	Notes    []string `json:"notes,omitempty"` // what could not be found out, and why
}

// EarnedLine is what one model earned on one day (UTC).
type EarnedLine struct {
	Day      string  `json:"day"` // 2026-11-21
	Model    string  `json:"model"`
	Studies  uint64  `json:"studies"`
	Clinics  int     `json:"clinics"`
	Gwei     uint64  `json:"gwei"`
	Joules   float64 `json:"joules"`   // of the jobs that a sensor measured
	Measured uint64  `json:"measured"` // how many those were
}

// EpochReward is what an epoch rewarded, by the factor that earned it, in wei of HIVE.
type EpochReward struct {
	Epoch        uint64 `json:"epoch"`
	Day          string `json:"day"`
	Wei          string `json:"reward_wei"`
	Compute      string `json:"compute_wei"`
	Availability string `json:"availability_wei"`
	Quality      string `json:"quality_wei"`
	Network      string `json:"network_wei"`
}

// Vouchers sum up what clinics owe and paid, in gwei of HIVE, since ever.
type Vouchers struct {
	Clinics       int    `json:"clinics"`
	OwedGwei      uint64 `json:"owed_gwei"`
	VoucheredGwei uint64 `json:"vouchered_gwei"`
	RedeemedGwei  uint64 `json:"redeemed_gwei"`
	PayableGwei   uint64 `json:"payable_gwei"`
	UnsignedGwei  uint64 `json:"unsigned_gwei"`
	UncoveredGwei uint64 `json:"uncovered_gwei"`
	Stopped       int    `json:"stopped"` // clinics that get no more bids until they pay
}

// Score is how an epoch scored the node.
type Score struct {
	Epoch     uint64           `json:"epoch"`
	From      time.Time        `json:"from"`
	To        time.Time        `json:"to"`
	Tier      int              `json:"tier"`
	Open      bool             `json:"open"` // the gate: it is paid
	Factors   []Factor         `json:"factors"`
	Factor    float64          `json:"factor"` // w·f, 0 to 1
	RewardWei string           `json:"reward_wei"`
	Explained []score.Sentence `json:"explained"`
}

// Factor is one of the four of a score.
type Factor struct {
	Name   string  `json:"name"` // compute, availability, quality or network
	Value  float64 `json:"value"`
	Weight float64 `json:"weight"`
}

// Model is one of this machine.
type Model struct {
	Name           string       `json:"name"` // id@version
	Package        string       `json:"package"`
	Origin         string       `json:"origin"`  // built-in, store or a folder
	Offered        bool         `json:"offered"` // the node bids with it
	Why            string       `json:"why,omitempty"`
	StudiesPerHour float64      `json:"studies_per_hour,omitempty"` // of its example; 0: not timed
	Validations    []Validation `json:"validations"`
}

// Validation is a verdict on a model's example.
type Validation struct {
	Provider string    `json:"provider"`
	Runtime  string    `json:"ort_version"`
	Time     time.Time `json:"time"`
	Passed   bool      `json:"passed"`
	Detail   string    `json:"detail,omitempty"`
}

// Network is whom a node is connected to, and how it is reached.
type Network struct {
	Peer string `json:"peer"`
	// Reachability is public, private or unknown: whether others can open a connection to it.
	Reachability string     `json:"reachability"`
	Addresses    []string   `json:"addresses"` // that it tells others
	Relayed      bool       `json:"relayed"`   // of these, some lead through a relay
	Peers        []PeerLine `json:"peers"`
}

// PeerLine is one connected peer.
type PeerLine struct {
	Peer      string        `json:"peer"`
	Role      string        `json:"role,omitempty"` // coordinator, bootstrap; empty: a node or clinic
	Address   string        `json:"address"`        // of the first connection
	Inbound   bool          `json:"inbound"`        // the other one opened it
	Relayed   bool          `json:"relayed"`
	Latency   time.Duration `json:"latency_ns"` // 0: not measured
	Since     time.Time     `json:"since"`
	Transport string        `json:"transport"` // tcp, quic-v1
}
