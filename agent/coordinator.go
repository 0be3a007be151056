package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	bolt "go.etcd.io/bbolt"
	"go.opentelemetry.io/otel/attribute"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/health"
	"github.com/medhive/medhive/agent/notify"
	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/agent/trace"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/compute"
	"github.com/medhive/medhive/attest/enrolment"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/attest/uptime"
	"github.com/medhive/medhive/scheduler/market"
)

// CoordinatorState is where the coordinator of a home keeps its key and intake.
func CoordinatorState(home string) string { return filepath.Join(home, "coordinator") }

// CoordinatorConfig is what a coordinator needs to start.
type CoordinatorConfig struct {
	State          string // folder of this role; epochs are published below it
	NetworkPath    string // the network file that its address is added to; empty: none
	Network        Network
	Reach          Reach
	Listen         []string
	PosterKey      string        // file of the key that posts roots; empty: the development chain's
	Epoch          time.Duration // length of an epoch; 0: only when CloseEpoch is called
	ChallengeEvery time.Duration // mean time between two challenges of one node; with thousands of nodes it is longer, see uptime.Spread
	ExamineEvery   time.Duration // mean time between two compute challenges of one node; 0: only when ExamineAll is called
	ExamineLength  time.Duration // of a compute challenge at the claimed rate; 0: challenge.Length
	Regions        []string      // whose offers and notices this host relays, so that small networks hold together; nil: DefaultRegions
	// Canaries is a folder of studies (each a folder, a zip or a DICOM file) that may be shown
	// to any node: canaries are made of them. Empty: none are sent.
	Canaries     string
	CanaryEvery  time.Duration   // mean time from the draw of a canary to its submission; 0: DefaultCanaryEvery
	CanaryListen []string        // where canary clinics listen, one at each, or several where a port is 0; nil: free ports of this machine's loopback
	CanaryLife   uint64          // epochs that a canary clinic works for on the average, before what its nodes did is published; 0: DefaultCanaryLife
	Notify       notify.Settings // how the operator is told of warnings; zero: not at all
	Rechecks     bool            // run tasks again whose clinics allow it
	Library      string          // libonnxruntime of its own runner; empty: found
	Runner       []string        // program of its own runner; nil: this executable
	Reader       []string        // program that parses studies in confinement; nil: this executable
	Metrics      string          // host:port where Prometheus may scrape; empty: only at the local door
	Health       string          // host:port where anybody may ask whether it works; empty: nowhere, or at HTTP
	Traces       string          // collector of OpenTelemetry, such as http://127.0.0.1:4318; empty: that of the environment, or none
	Version      string          // of this program, for metrics
	HTTP         string          // host:port where anybody may read what is published, see publicDoor; empty: nowhere
	Log          *slog.Logger

	canaryLinger time.Duration // how long a canary clinic stays after its last canary; 0: canaryLinger
}

// Coordinator is a running coordinator.
type Coordinator struct {
	conf       CoordinatorConfig
	warnings   *warning.Board
	notices    *notify.Notifier // nil where nobody is told
	health     *health.Monitor
	checkup    *health.Port // nil without a Health address
	ends       epochCounts
	key        *identity.Key
	poster     *identity.Key
	db         *bolt.DB
	chain      *chain.Client
	registry   *registry
	joined     *joined
	host       host.Host // joined's
	market     *market.Market
	store      *intake.Bolt
	taken      *taken
	intake     *intake.Server
	tracer     *trace.Tracer // nil where no collector is named
	canaries   *canaries     // nil where nothing is checked
	challenger *uptime.Challenger
	examiner   *compute.Examiner
	seen       *seenNodes
	deviceBook *enrolment.Book
	devices    *enrolment.Server

	started time.Time
	door    *api.Server    // the local one
	debug   *api.Server    // pprof, for the owner alone
	scrape  *metricsServer // nil without a Metrics address
	public  *metricsServer // nil without an HTTP address

	archive epoch.Archive
	scores  *scoreBook
	closing sync.Mutex    // one epoch at a time
	signed  chan struct{} // filled when an epoch has all co-signatures that it needs

	stop   context.CancelFunc
	loops  sync.WaitGroup
	failed chan error // holds the first loop's failure
	why    atomic.Pointer[string]
}

// DefaultRegions are the countries whose offers a coordinator relays unless told otherwise.
func DefaultRegions() []string { return config.Regions() }

// StartCoordinator opens state, takes statements, challenges nodes and closes
// epochs until it is closed. An epoch that a crash left half published is
// finished first. Once it has started, ctx no longer matters to it.
func StartCoordinator(ctx context.Context, conf CoordinatorConfig) (_ *Coordinator, err error) {
	conf.Log = quiet(conf.Log)
	if conf.Regions == nil {
		conf.Regions = DefaultRegions()
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	release := context.AfterFunc(ctx, stop) // a start that nobody waits for any more ends
	c := &Coordinator{conf: conf, stop: stop, failed: make(chan error, 1), signed: make(chan struct{}, 1), started: time.Now(), health: health.New("coordinator")}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	for _, step := range []func(context.Context) error{c.openHealth, c.openState, c.openChain, c.joinMarket, c.resumeEpochs, c.keepScores, c.takeStatements, c.challengeNodes, c.examineNodes, c.enrolDevices, c.announce, c.openCanaries, c.openDoors} {
		if err := step(running); err != nil {
			return nil, err
		}
	}
	if !release() {
		return nil, fmt.Errorf("start coordinator: %w", context.Cause(ctx))
	}
	c.health.Started(c.healthChecks()...)
	serveRewards(c.host, c.archive.Proof)
	serveEvidence(c.host, evidenceFolder(c.conf.State))
	serveBundles(c.host, c.archive, (&cosignerPeers{ask: c.chain.CoSigners, now: time.Now}).include, c.conf.Log)
	c.takeCosignatures(running)
	c.loops.Go(func() { c.epochLoop(running) })
	c.loops.Go(func() { c.watchSelf(running) })
	return c, nil
}

func (c *Coordinator) openHealth(context.Context) error {
	return openHealth(c.health, c.conf.Health, &c.checkup, c.conf.Log)
}

func (c *Coordinator) openState(context.Context) (err error) {
	if err := errors.Join(makeState(c.conf.State), openToGroup(c.conf.State)); err != nil {
		return err
	}
	c.warnings = openWarnings(c.conf.State, c.conf.Log)
	if c.notices, err = openNotices(c.conf.Notify, c.warnings, warning.Coordinator, c.conf.State, c.conf.Log); err != nil {
		return err
	}
	if c.key, err = identity.LoadOrCreate(filepath.Join(c.conf.State, "coordinator.key")); err != nil {
		return err
	}
	if c.conf.PosterKey != "" {
		c.poster, err = identity.Load(c.conf.PosterKey)
	} else if c.poster, err = c.conf.Network.developmentKey("poster.key"); errors.Is(err, errRealNetwork) {
		err = errors.New("name the key that may post roots with --poster-key")
	}
	if err != nil {
		return err
	}
	if c.db, err = openState(filepath.Join(c.conf.State, "coordinator.db")); err != nil {
		return err
	}
	c.store, err = intake.NewBolt(c.db)
	return err
}

func (c *Coordinator) openChain(ctx context.Context) (err error) {
	if c.chain, err = c.conf.Network.Dial(ctx, c.conf.Log); err != nil {
		return err
	}
	c.registry = newRegistry(c.chain, c.conf.Log)
	_, _, err = c.registry.snapshot(ctx) // may take long on an old network: better now than at the door
	return err
}

// joinMarket relays offers and notices: with few nodes the mesh needs somebody in the
// middle. The coordinator reads none of them; notices of who is not registered end here.
func (c *Coordinator) joinMarket(ctx context.Context) (err error) {
	if c.joined, err = c.conf.Reach.join(c.conf.State, c.key, c.conf.Listen, c.conf.Network, p2p.Options{Hub: true, Relay: true, Registered: c.registry.lists}, c.conf.Log); err != nil {
		return err
	}
	c.host = c.joined.host
	c.loops.Go(func() { c.joined.keepConnected(ctx) })
	if len(c.Addresses()) == 0 {
		return fmt.Errorf("coordinator listens nowhere (%q); name a multiaddress with --listen, such as /ip4/127.0.0.1/tcp/9400", c.conf.Listen)
	}
	if c.market, err = market.New(ctx, c.host, market.Options{AllowNode: c.registry.relays, Log: c.conf.Log}); err != nil {
		return err
	}
	c.loops.Go(func() { c.registry.lookUp(ctx) })
	return c.market.Relay(c.conf.Regions)
}

func (c *Coordinator) takeStatements(ctx context.Context) error {
	claims, err := openClaims(c.db, c.store.NewestProfiles)
	if err != nil {
		return err
	}
	if c.tracer, err = trace.Open(ctx, c.conf.Traces, "coordinator"); err != nil {
		return err
	}
	c.taken = newTaken(c.store, claims, c.tracer)
	c.intake = intake.New(c.taken, c.conf.Network.Domain(), intake.Options{Admit: c.registry.admit, Checkers: c.checkers, Wallets: c.chain, Log: c.conf.Log})
	if err := c.beat(ctx); err != nil { // before anything is asked
		return err
	}
	c.loops.Go(func() { c.keepBeating(ctx) })
	c.intake.Start(c.host)
	return nil
}

// challengeNodes asks every registered node that was ever seen whether it is up.
func (c *Coordinator) challengeNodes(ctx context.Context) (err error) {
	c.seen, err = openSeenNodes(c.db, c.host)
	if err != nil {
		return err
	}
	c.challenger, err = uptime.NewChallenger(c.host, uptime.ChallengerOptions{
		Domain: c.conf.Network.Domain(), Ledger: c.store, Targets: c.targets, Interval: c.conf.ChallengeEvery, Epoch: cmp.Or(c.conf.Epoch, 24*time.Hour), Most: intake.MaxChallenges, Log: c.conf.Log,
	})
	if err != nil {
		return err
	}
	c.loops.Go(func() {
		if err := c.challenger.Run(ctx); err != nil {
			c.fail(fmt.Errorf("uptime challenges ended: %w, then start the coordinator again", err))
		}
	})
	return nil
}

// fail keeps the first reason why the coordinator can't go on.
func (c *Coordinator) fail(err error) {
	c.conf.Log.Error("the coordinator can't go on", "error", err)
	text := err.Error()
	c.why.CompareAndSwap(nil, &text)
	c.health.Changed()
	select {
	case c.failed <- err:
	default: // the first is told already
	}
}

// failure is the first reason why the coordinator can't go on; empty: it does.
func (c *Coordinator) failure() string {
	if why := c.why.Load(); why != nil {
		return *why
	}
	return ""
}

// Done receives the reason when a loop that the coordinator can't do without has
// ended by itself. Whoever started it closes it then; it takes statements until
// that happens.
func (c *Coordinator) Done() <-chan error { return c.failed }

// targets are the active nodes whose peer id is known.
func (c *Coordinator) targets(ctx context.Context) []uptime.Target {
	registrations, err := c.registry.recent(ctx)
	if err != nil && ctx.Err() == nil {
		c.conf.Log.Warn("the registry does not answer: challenging the nodes that were there before", "error", err)
	}
	var list []uptime.Target
	for _, r := range registrations {
		id, known, err := c.seen.registered(r.Node)
		if err != nil {
			c.conf.Log.Error("the list of nodes can't be written", "error", err)
		}
		if r.Active && known {
			list = append(list, uptime.Target{Node: r.Node, Peer: id})
		}
	}
	return list
}

// ChallengeAll asks every node once, now, and returns when the outcomes are recorded.
func (c *Coordinator) ChallengeAll(ctx context.Context) error { return c.challenger.Trigger(ctx) }

// announce adds this coordinator to the network file, for the roles of this machine.
func (c *Coordinator) announce(context.Context) error {
	if c.conf.NetworkPath == "" {
		return nil
	}
	network, err := ReadNetwork(c.conf.NetworkPath)
	if err != nil {
		return err
	}
	network.Coordinator = c.Addresses()
	return WriteNetwork(c.conf.NetworkPath, network)
}

// Addresses are where nodes and clinics reach this coordinator.
func (c *Coordinator) Addresses() []string { return p2p.Addresses(c.host) }

// Close ends the loops and lets go of state.
func (c *Coordinator) Close() error {
	var errs []error
	c.health.Stopped()
	c.stop()
	if c.door != nil {
		errs = append(errs, c.door.Close())
	}
	if c.debug != nil {
		errs = append(errs, c.debug.Close())
	}
	for _, door := range []*metricsServer{c.scrape, c.public} {
		if door != nil {
			errs = append(errs, door.Close())
		}
	}
	if c.intake != nil {
		c.intake.Close()
	}
	if c.devices != nil {
		c.devices.Close()
	}
	endTraces(c.tracer, c.conf.Log)
	if c.market != nil {
		errs = append(errs, c.market.Close())
	}
	c.loops.Wait()
	if c.joined != nil {
		errs = append(errs, c.joined.close())
	}
	if c.chain != nil {
		c.chain.Close()
	}
	if c.db != nil {
		errs = append(errs, c.db.Close())
	}
	errs = append(errs, closeHealth(c.checkup))
	return errors.Join(errs...)
}

// taken is the intake's store, and remembers what came in since the start so that
// somebody can wait for it.
type taken struct {
	intake.Store
	claims claims
	tracer *trace.Tracer
	counts statementCounts

	mu     sync.Mutex                           // guards the fields below
	hear   func([32]byte, attest.SignedReceipt) // is told of each receipt that is stored, and must not wait; nil: nobody
	judged func(attest.Verdict)                 // of each verdict, likewise
	seen   map[[32]byte]bool
	more   chan struct{} // closed and replaced when seen grows
}

func newTaken(store intake.Store, claims claims, tracer *trace.Tracer) *taken {
	return &taken{Store: store, claims: claims, tracer: tracer, seen: map[[32]byte]bool{}, more: make(chan struct{})}
}

// Put implements intake.Store.
func (t *taken) Put(ctx context.Context, statements []intake.Statement) []error {
	ends := make([]func(error), len(statements))
	for i, s := range statements {
		ends[i] = func(error) {}
		if s.Receipt != nil {
			r := &s.Receipt.Receipt
			ends[i] = t.tracer.Around(r.Task, "receipt", attribute.String("medhive.node", r.Node.Hex()), attribute.Int64("medhive.fence", int64(r.Fence)))
		}
		if s.Verdict != nil {
			v := &s.Verdict.Verdict
			ends[i] = t.tracer.Around(v.Task, "verdict", attribute.String("medhive.node", v.Node.Hex()), attribute.Int64("medhive.fence", int64(v.Fence)),
				attribute.String("medhive.check", string(v.Kind)), attribute.String("medhive.result", string(v.Result)))
		}
	}
	errs := t.Store.Put(ctx, statements)
	t.mu.Lock()
	hear, judged := t.hear, t.judged
	t.mu.Unlock()
	for i, s := range statements {
		ends[i](errs[i])
		t.counts.note(s, errs[i])
		if errs[i] != nil {
			continue
		}
		if s.Receipt != nil && hear != nil {
			hear(s.Digest, *s.Receipt)
		}
		if s.Verdict != nil && judged != nil {
			judged(s.Verdict.Verdict)
		}
		key := s.Digest
		if s.Profile != nil {
			if errs[i] = t.claims.note(*s.Profile); errs[i] != nil {
				continue
			}
			key = common.BytesToHash(s.Profile.Statement.Node[:])
		}
		t.note(key)
	}
	return errs
}

// tell has others told of each receipt and each verdict from now on.
func (t *taken) tell(hear func([32]byte, attest.SignedReceipt), judged func(attest.Verdict)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hear, t.judged = hear, judged
}

// maxNoted bounds what is remembered; waiting is for the demo and for tests.
const maxNoted = 10_000

func (t *taken) note(key [32]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.seen) < maxNoted {
		t.seen[key] = true
	}
	close(t.more)
	t.more = make(chan struct{})
}

func (t *taken) await(ctx context.Context, key [32]byte) error {
	for {
		t.mu.Lock()
		seen, more := t.seen[key], t.more
		t.mu.Unlock()
		if seen {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("wait for a statement at the coordinator: %w", context.Cause(ctx))
		}
	}
}

// AwaitReceipt returns once the receipt is stored here.
func (c *Coordinator) AwaitReceipt(ctx context.Context, r attest.Receipt) error {
	return c.taken.await(ctx, r.Hash(c.conf.Network.Domain()))
}

// AwaitNode returns once the node has connected and its profile is stored here.
func (c *Coordinator) AwaitNode(ctx context.Context, node common.Address) error {
	return c.taken.await(ctx, common.BytesToHash(node[:]))
}
