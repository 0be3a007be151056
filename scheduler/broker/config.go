package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/directory"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
)

// Defaults of Config.
const (
	DefaultLease = 10 * time.Second
	// DefaultBidWindow, after the first bid, outlasts three gossip heartbeats, by
	// which a node that has just joined hears of the offer.
	DefaultBidWindow      = 1500 * time.Millisecond
	DefaultSTATWindow     = 100 * time.Millisecond // the same for an emergency
	DefaultRoundWait      = 2 * time.Second        // for the first bid of a round
	DefaultAwardTimeout   = 3 * time.Second        // for a node's yes
	DefaultMaxAttempts    = 8                      // awards of one task
	DefaultMaxResultBytes = 256 << 20
	maxBids               = 64               // kept of one task
	maxJudging            = 4                // results judged at once, bounds memory
	maxPatience           = 24 * time.Hour   // longest deadline of a task
	replyTimeout          = 10 * time.Second // for one message of a peer
)

// LocalJob is a task for the clinic's own runner.
type LocalJob struct {
	Task, Package models.Digest
	Class         scheduler.Class
	Payload       []byte                           // plaintext; it is wiped when Local returns and must not be kept
	Progress      func(stage string, done float64) // may be called from any goroutine
}

// Config is what a broker needs. Host, Market, DB, Blobs and Key must be set.
type Config struct {
	Host   host.Host
	Market *market.Market
	DB     *bbolt.DB
	Blobs  transfer.BlobStore
	Key    *identity.Key
	Domain attest.Domain
	// Vouchers is the domain of what nodes are paid by, an attest.VoucherDomain. One without
	// an escrow: nodes get receipts alone.
	Vouchers attest.Domain
	// Secret seals every record of the database, with its content keys, so that a copy of
	// the file tells nothing. Zero leaves records readable, as they were before.
	Secret [32]byte

	// Directory knows nodes by their notices: an emergency asks the best of them directly.
	// nil: every task is announced on gossip.
	Directory *directory.Directory
	// Operator tells who runs a node, from the registry. Many names of one operator count
	// as one bidder, and copies of a task go to distinct operators. Not ok: the node is not
	// registered, and its bid is refused. nil: every node is its own operator.
	Operator func(node common.Address) (operator common.Address, ok bool)
	// Jurisdiction tells where the registry has a node, as ISO 3166-1 alpha-2; "" is
	// unknown. A node that says otherwise is not asked, and its bid is refused: residency
	// does not rest on its word. nil: it does.
	Jurisdiction func(node common.Address) string
	// Local is the clinic's own runner, which makes the result when the nodes were given
	// until Submission.LocalBy. nil: there is none, and the deadline ends such a task.
	Local func(ctx context.Context, job LocalJob) ([]byte, error)

	// Check judges a decrypted result and what its receipt says of the run before it is
	// accepted; an error disputes the receipt with its text, which must not speak of a
	// patient. The receipt's signer, task, price and hashes were checked. nil accepts.
	// ErrNotJudged leaves the result undecided: the node offers it again. A local result is
	// not judged: it is the clinic's own. task is the id that was submitted, also of a copy.
	Check func(task models.Digest, receipt attest.Receipt, result []byte) error
	// Replicate says whether a second node is to do the task too, so that their results can
	// be compared; it is asked before an award, in the task's loop, and must not wait. Such a
	// task ends like one that was submitted as Replicated. nil: never.
	Replicate func(Doubt) bool
	// Lapsed is called in the transaction that ends a lease whose node made a promise and let
	// it lapse; what it writes is written with it or not at all. nil: nobody wants to know.
	Lapsed func(tx *bbolt.Tx, lapse Lapse) error
	// Rechecks are what is kept so that a coordinator may run tasks again.
	Rechecks Rechecks
	// Score is a node's quality in [0,1]; nil counts everyone as 1.
	Score func(node common.Address) float64
	// Disclose is called before a content key leaves the clinic, outside the task's loop; an
	// error keeps the key. What it is told should be on disk when it returns. nil: nobody
	// keeps a record.
	Disclose func(Disclosure) error
	// Events hears every step. It is called in order for one task and must not block.
	Events func(Event)
	Clock  scheduler.Clock
	Random func() float64 // uniform in [0,1); nil: the runtime's generator
	Log    *slog.Logger

	Lease          time.Duration // a node must report at least this often; it does so three times as often
	BidWindow      time.Duration
	STATWindow     time.Duration
	RoundWait      time.Duration
	AwardTimeout   time.Duration
	MaxAttempts    int
	MaxResultBytes int64
}

func (c *Config) fill() error {
	if c.Host == nil || c.Market == nil || c.DB == nil || c.Blobs == nil || c.Key == nil {
		return errors.New("start broker: host, market, database, ciphertext store and key must be set")
	}
	if c.Operator == nil {
		c.Operator = func(node common.Address) (common.Address, bool) { return node, true }
	}
	if c.Check == nil {
		c.Check = func(models.Digest, attest.Receipt, []byte) error { return nil }
	}
	if c.Score == nil {
		c.Score = func(common.Address) float64 { return 1 }
	}
	if c.Events == nil {
		c.Events = func(Event) {}
	}
	if c.Clock == nil {
		c.Clock = scheduler.SystemClock{}
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&c.Lease, DefaultLease}, {&c.BidWindow, DefaultBidWindow}, {&c.STATWindow, DefaultSTATWindow},
		{&c.RoundWait, DefaultRoundWait}, {&c.AwardTimeout, DefaultAwardTimeout}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if c.MaxAttempts <= 0 {
		c.MaxAttempts = DefaultMaxAttempts
	}
	if c.MaxResultBytes <= 0 {
		c.MaxResultBytes = DefaultMaxResultBytes
	}
	return nil
}

// Submission is a task to be done. Task is the caller's idempotent id: submitting
// it twice makes one task.
type Submission struct {
	Task           models.Digest
	Payload        []byte // plaintext; it is sealed before Submit returns and not kept
	PackageDigest  models.Digest
	WeightsDigest  models.Digest
	ManifestDigest models.Digest
	Priority       scheduler.Class
	Deadline       time.Time
	Residency      []string // ISO 3166-1 alpha-2; at least one
	MinTier        uint8
	MinTrust       scheduler.Trust
	PriceCeiling   uint64 // gwei of HIVE for the whole task, and for each of its copies
	MemoryBytes    int64  // what the model needs
	// Providers are the execution providers whose results are tolerated; none named: any.
	Providers []string

	// Copying says whether several nodes get the task: Hedged pays the first result and
	// calls the others off, Replicated pays and keeps every result. Copies is how many, 0
	// and 1 meaning two; Once has one. Copies never share a node, an operator or a subnet,
	// and wait for others where there are not enough.
	Copying scheduler.Copying
	Copies  int
	// LocalBy is when the clinic's own runner begins, while a node that holds the task may
	// still be first. Zero: never.
	LocalBy time.Time
}

// providerName is how the market writes an execution provider.
var providerName = regexp.MustCompile(fmt.Sprintf("^[a-z0-9-]{1,%d}$", scheduler.MaxProviderName))

func (s Submission) validate(now time.Time) error {
	switch {
	case s.Task.IsZero() || s.PackageDigest.IsZero() || s.WeightsDigest.IsZero() || s.ManifestDigest.IsZero():
		return errors.New("task id and the digests of package, weights and manifest must be set")
	case len(s.Payload) == 0 || int64(len(s.Payload)) > scheduler.MaxPayloadBytes:
		return fmt.Errorf("payload has %d bytes; want 1 to %d", len(s.Payload), int64(scheduler.MaxPayloadBytes))
	case !s.Deadline.After(now) || s.Deadline.Sub(now) > maxPatience:
		return fmt.Errorf("deadline is in %v; want more than 0 and at most %v", s.Deadline.Sub(now), maxPatience)
	case s.Priority > scheduler.STAT:
		return fmt.Errorf("%v: want routine, urgent or STAT", s.Priority)
	case len(s.Residency) == 0 || len(s.Residency) > scheduler.MaxRegions:
		return fmt.Errorf("residency set has %d regions; name 1 to %d where the data may go", len(s.Residency), scheduler.MaxRegions)
	case s.Copying > scheduler.Replicated || s.Copies < 0 || s.Copies > scheduler.MaxCopies || s.Copying == scheduler.Once && s.Copies > 1:
		return fmt.Errorf("%d copies, %v; want one, or 2 to %d hedged or replicated", s.Copies, s.Copying, scheduler.MaxCopies)
	case len(s.Providers) > scheduler.MaxProviders || slices.ContainsFunc(s.Providers, func(p string) bool { return !providerName.MatchString(p) }):
		return fmt.Errorf("execution providers %.100q: name at most %d, such as cpu", s.Providers, scheduler.MaxProviders)
	case !s.LocalBy.IsZero() && !s.LocalBy.Before(s.Deadline):
		return errors.New("the clinic's own runner begins at the deadline or after it; give it time before")
	}
	for _, region := range s.Residency {
		if !scheduler.ValidRegion(region) {
			return fmt.Errorf("residency %.8q: want an ISO 3166-1 code such as DE", region)
		}
	}
	return nil
}

// copies is how many tasks the submission makes.
func (s Submission) copies() int { return s.Copying.Copies(s.Copies) }
