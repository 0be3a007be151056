package agent

import (
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
	"github.com/libp2p/go-libp2p/core/peer"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/health"
	"github.com/medhive/medhive/agent/logbook"
	"github.com/medhive/medhive/agent/notify"
	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/agent/trace"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/uptime"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models/store"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/worker"
)

// NodeState is where a node of this name keeps its key and jobs.
func NodeState(home, name string) string { return filepath.Join(home, name) }

// statPlaces is how many jobs a node takes beyond those that fill it, if they are STAT:
// they stop the others, so one at a time is what an emergency gains from.
const statPlaces = 1

// NodeConfig is what a node needs to start.
type NodeConfig struct {
	Name          string
	State         string // folder of this role
	Listen        []string
	Network       Network
	Reach         Reach
	Recipient     string        // cold address; empty: what the registry says, or play money's own
	Jurisdiction  string        // ISO 3166-1 alpha-2
	PriceGwei     uint64        // gwei of HIVE for one study
	Promise       time.Duration // from award to result, for a job that is alone here; bids add what comes before; 0: the market's default
	Threads       int           // 0: all
	Provider      string
	MemoryBytes   int64           // cap of one runner; also what bids promise
	TPM           string          // device file or socket of the machine's TPM, or none; empty: the machine's own, if it has one
	ProbeDuration time.Duration   // of a brief TOPS measurement, for development; 0: a quick one, 5 × 10 s
	Power         PowerSources    // what the operator says of the machine's power
	Limits        Limits          // when it takes work, and what the machine may take meanwhile
	Queue         int             // accepted jobs that may wait for a place
	Roots         hwprobe.Roots   // where the machine is read; empty: its own /sys, /proc and /dev
	Metrics       string          // host:port where Prometheus may scrape; empty: only at the local door
	Health        string          // host:port where anybody may ask whether it works; empty: nowhere
	Traces        string          // collector of OpenTelemetry, such as http://127.0.0.1:4318; empty: that of the environment, or none
	Dashboard     DashboardDoor   // where its operator looks at it; zero: nowhere
	Version       string          // of this program, for metrics
	Updates       Updates         // how it is brought up to date; zero: not at all
	Payment       PaymentTerms    // what clinics may owe it, and when vouchers are redeemed
	Claims        ClaimPolicy     // when it claims by itself; zero: only when Claim is called
	Settings      *NodeSettings   // what the rest was made of, for Reload; nil: nothing can be read again
	Notify        notify.Settings // how the operator is told of warnings; zero: not at all
	Book          *logbook.Book   // the newest lines of its log, for the dashboard; may be nil
	Money         Money           // what the operator reckons earnings and power with
	ShareModels   bool            // give signed packages of the store to peers that ask by digest
	Library       string          // libonnxruntime; empty: found
	Runner        []string        // command line of the runner; empty: this executable's own
	SealedMax     int64           // bytes of all sealed results on the disk; 0: what the disk has, less 256 MiB
	Log           *slog.Logger
}

// Node is a running node.
type Node struct {
	conf      NodeConfig
	wrap      func(executor) worker.Executor
	started   time.Time
	key       *identity.Key
	device    *nodeDevice
	bindings  *bindings // nil without a dashboard
	recipient common.Address
	profile   hwprobe.Profile
	warnings  *warning.Board
	notices   *notify.Notifier // nil where nobody is told
	health    *health.Monitor
	checkup   *health.Port // nil without a Health address
	showcase  *showcase
	dashboard atomic.Pointer[operatorDoor] // nil without one
	db        *bolt.DB
	chain     *chain.Client
	packages  *store.Store // fetched packages, and the verdicts on all of them
	joined    *joined
	host      host.Host // joined's
	market    *market.Market
	pool      *runner.Pool
	energy    *energy
	gate      *gatehouse
	claims    atomic.Pointer[ClaimPolicy] // in force since a reload; nil: conf.Claims
	models    *offers
	worker    *worker.Worker
	payments  *payments     // nil where the network has no escrow
	tracer    *trace.Tracer // nil where no collector is named
	resends   *resends
	responder *uptime.Responder
	examinee  examinee
	leaves    leafMemory // the claim loop's
	door      *api.Server
	profiles  *api.Server    // pprof, for the owner alone
	scrape    *metricsServer // nil without a Metrics address
	upkeep    upkeep

	done  chan error // one value: why the node can't go on
	stop  context.CancelFunc
	loops sync.WaitGroup
}

// Done tells once why the node can't go on by itself; close it then.
func (n *Node) Done() <-chan error { return n.done }

// StartNode measures the machine, registers, and bids until it is closed. The
// steps below are the order of the start; Close goes back in reverse.
func StartNode(ctx context.Context, conf NodeConfig) (*Node, error) {
	return startNode(ctx, conf, func(e executor) worker.Executor { return e })
}

// startNode starts a node whose executor wrap may stand around; tests look on there.
func startNode(ctx context.Context, conf NodeConfig, wrap func(executor) worker.Executor) (_ *Node, err error) {
	conf.Log = quiet(conf.Log)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	starting := context.AfterFunc(ctx, stop) // until it has started, ctx ends everything
	n := &Node{conf: conf, wrap: wrap, started: time.Now(), stop: stop, done: make(chan error, 1), health: health.New("node"), showcase: newShowcase()}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	for _, step := range []func(context.Context) error{
		n.openHealth, n.openState, n.probe, n.watchPower, n.limit, n.enrol, n.joinMarket, n.warmRunners, n.keepStatements, n.startWorker, n.answerChallenges, n.answerExaminations, n.openDoor, n.openPanel,
	} {
		if err := step(running); err != nil {
			return nil, err
		}
	}
	if !starting() {
		return nil, fmt.Errorf("start node: %w", context.Cause(ctx))
	}
	n.health.Started(n.healthChecks()...)
	n.loops.Go(func() { n.joined.keepConnected(running) })
	n.loops.Go(func() { n.publishProfile(running) })
	n.loops.Go(func() { n.resends.run(running) })
	n.loops.Go(func() { n.watchModels(running) })
	n.loops.Go(func() { n.gate.watch(running) })
	n.loops.Go(func() { n.claimLoop(running) })
	n.loops.Go(func() { n.watchScore(running) })
	n.loops.Go(func() { n.watchSelf(running) })
	n.loops.Go(func() { n.keepDevice(running) })
	n.loops.Go(func() { n.keepUpdated(running) })
	if n.payments != nil {
		n.loops.Go(func() { n.payments.keep(running, n.worker) })
	}
	return n, nil
}

func (n *Node) openHealth(context.Context) error {
	return openHealth(n.health, n.conf.Health, &n.checkup, n.conf.Log)
}

func (n *Node) openState(ctx context.Context) (err error) {
	if err := errors.Join(makeState(n.conf.State), openToGroup(n.conf.State)); err != nil {
		return err
	}
	n.warnings = openWarnings(n.conf.State, n.conf.Log)
	if n.notices, err = openNotices(n.conf.Notify, n.warnings, warning.Node, n.conf.State, n.conf.Log); err != nil {
		return err
	}
	if n.key, err = NodeKey(ctx, n.conf.State, n.conf.TPM); err != nil {
		return err
	}
	if n.device, err = openDevice(ctx, n.conf); err != nil {
		return err
	}
	if n.db, err = openState(filepath.Join(n.conf.State, "node.db")); err != nil {
		return err
	}
	n.packages, err = OpenStore(homeOf(n.conf))
	return err
}

func (n *Node) probe(ctx context.Context) (err error) {
	if n.conf.Library, err = ort.Locate(n.conf.Library); err != nil {
		return err
	}
	if n.conf.Threads <= 0 {
		n.conf.Threads = ort.Threads()
	}
	mode := hwprobe.Quick
	if n.conf.ProbeDuration > 0 {
		mode = hwprobe.Brief
	}
	probed, err := MachineProfile(ctx, ProbeConfig{
		Home: homeOf(n.conf), Library: n.conf.Library, Provider: n.conf.Provider, Threads: n.conf.Threads, Mode: mode,
		Duration: n.conf.ProbeDuration, Budget: startBudget, Power: n.conf.Power, Roots: n.conf.Roots, Runner: n.conf.Runner, Log: n.conf.Log,
	})
	if err != nil {
		return err
	}
	n.profile = probed.Profile
	n.profile.Identity = hwprobe.Identity{Node: n.key.Address().Hex(), Trust: hwprobe.TrustSoftware}
	return nil
}

func (n *Node) enrol(ctx context.Context) (err error) {
	if n.chain, err = n.conf.Network.Dial(ctx, n.conf.Log); err != nil {
		return err
	}
	n.recipient, err = enrol(ctx, n.chain, n.conf, n.key, n.device)
	return err
}

func (n *Node) joinMarket(ctx context.Context) (err error) {
	if n.joined, err = n.conf.Reach.join(n.conf.State, n.key, n.conf.Listen, n.conf.Network, p2p.Options{}, n.conf.Log); err != nil {
		return err
	}
	n.host = n.joined.host
	if n.conf.ShareModels {
		serveModels(n.host, n.packages)
	}
	n.market, err = market.New(ctx, n.host, market.Options{Log: n.conf.Log})
	return err
}

func (n *Node) startWorker(ctx context.Context) error {
	warnOfSwap(n.conf.Log, checkMemory())
	blobs, err := transfer.NewFolderWithin(filepath.Join(n.conf.State, "sealed"), n.conf.SealedMax)
	if err != nil {
		return err
	}
	if n.tracer, err = trace.Open(ctx, n.conf.Traces, "node"); err != nil {
		return err
	}
	n.worker, err = worker.New(worker.Config{
		Host: n.host, Market: n.market, DB: n.db, Blobs: blobs, Key: n.key, Domain: n.conf.Network.Domain(),
		Jurisdiction: n.conf.Jurisdiction, PriceGwei: n.conf.PriceGwei, Promise: n.conf.Promise,
		Capacity: worker.Lanes(n.memoryBudget(), n.conf.MemoryBytes, runner.DefaultLanes), StatPlaces: statPlaces,
		Profile: worker.Profile{
			Tier: uint8(n.profile.Tier), Trust: scheduler.TrustSoftware, Digest: n.profile.Digest(), MemoryBytes: n.conf.MemoryBytes,
			Provider: n.profile.TOPS.Provider,
		},
		Queue: n.conf.Queue, Open: func(now time.Time) error { return errors.Join(n.gate.open(now), blobs.Room()) }, Holdings: n.holdings,
		Models: n.model, Executor: n.wrap(executor{n.pool, n.models, n.packages, n.models.holder, n.energy}), Forward: n.forward, Wallets: n.chain, Payment: n.workerPayment(), Events: func(e worker.Event) { n.tracer.Node(e); n.showcase.hear(e) }, Log: n.conf.Log,
	})
	if err != nil {
		return err
	}
	n.loops.Go(func() {
		if err := n.worker.Run(ctx); err != nil {
			n.done <- fmt.Errorf("the node's worker ended: %w; start the node again, its jobs resume", err)
		}
	})
	return nil
}

// memoryBudget is what all runners together may take, in bytes: three quarters of the
// machine's memory, since the rest is the daemon's, the system's and the pages of files,
// but a single runner in any case. 0 where the machine's memory is unknown.
func (n *Node) memoryBudget() int64 {
	memory := n.profile.Devices.Memory.TotalBytes
	if limit := n.profile.Devices.Memory.LimitBytes; limit > 0 {
		memory = min(memory, limit)
	}
	if memory == 0 {
		return 0
	}
	return max(int64(memory/4*3), n.conf.MemoryBytes)
}

func (n *Node) openDoor(context.Context) (err error) {
	mode := func(set func() error) api.Handler {
		return func(context.Context) (any, error) {
			if err := set(); err != nil {
				return nil, err
			}
			return n.Status(), nil
		}
	}
	n.door, err = api.Serve(n.conf.State, map[string]api.Handler{
		"GET /status":     func(context.Context) (any, error) { return n.Status(), nil },
		"GET /profile":    func(context.Context) (any, error) { return n.profile, nil },
		"POST /drain":     mode(n.worker.Drain),
		"POST /pause":     mode(n.worker.Pause),
		"POST /resume":    mode(n.worker.Resume),
		"POST /dashboard": n.linkDashboard,
		"POST /reload":    func(ctx context.Context) (any, error) { return n.reload(ctx) },
		"POST /restart":   func(context.Context) (any, error) { return n.restartUpdated() },
	}, api.Page{Pattern: "GET /metrics", Handler: n.metrics()}, api.Page{Pattern: "GET /earnings", Handler: api.Answer(n.serveEarnings)})
	if err == nil {
		n.profiles, err = api.ServeProfiles(n.conf.State)
	}
	if err == nil && n.conf.Metrics != "" {
		n.scrape, err = serveMetrics(n.conf.Metrics, n.metrics(), n.conf.Log)
	}
	return err
}

// coordinator is the peer that statements go to.
func (n *Node) coordinator() (peer.ID, error) {
	info, err := n.conf.Network.coordinator()
	return info.ID, err
}

// Close stops bidding, ends running jobs (their clinics are told), and lets go of
// everything. Receipts that are not forwarded yet go out at the next start.
func (n *Node) Close() error {
	if n.health != nil { // a test may stop a node that never started
		n.health.Stopped()
	}
	n.stop()
	errs := []error{n.closePanel()} // before what its pages ask
	n.loops.Wait()
	endTraces(n.tracer, n.conf.Log)
	if n.door != nil {
		errs = append(errs, n.door.Close())
	}
	if n.profiles != nil {
		errs = append(errs, n.profiles.Close())
	}
	if n.scrape != nil {
		errs = append(errs, n.scrape.Close())
	}
	if n.responder != nil {
		n.responder.Close()
	}
	if n.examinee.responder != nil {
		n.examinee.responder.Close()
	}
	if n.pool != nil {
		errs = append(errs, n.pool.Close())
	}
	if n.energy != nil {
		errs = append(errs, n.energy.close())
	}
	if n.market != nil {
		errs = append(errs, n.market.Close())
	}
	if n.joined != nil {
		errs = append(errs, n.joined.close())
	}
	if n.packages != nil {
		errs = append(errs, n.packages.ReleaseAll(holderOf(n.conf)))
	}
	if n.chain != nil {
		n.chain.Close()
	}
	if n.db != nil {
		errs = append(errs, n.db.Close())
	}
	errs = append(errs, closeHealth(n.checkup))
	return errors.Join(errs...)
}
