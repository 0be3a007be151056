package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/prometheus/client_golang/prometheus"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/health"
	"github.com/medhive/medhive/agent/notify"
	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/agent/trace"
	"github.com/medhive/medhive/agent/warning"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/directory"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
)

// ClinicState is where a clinic of this name keeps its keys, vault and tasks.
func ClinicState(home, name string) string { return filepath.Join(home, name) }

// clinicKeyFile is a clinic's identity.
const clinicKeyFile = "clinic.key"

// taskKeyFile is the key of a clinic's task database. It lies with the vault's keys, apart
// from the database.
const taskKeyFile = "vault-key/tasks.key"

// ClinicConfig is what a clinic needs to start.
type ClinicConfig struct {
	Name    string
	State   string // folder of this role; vault and its key lie in folders of their own below it
	Listen  []string
	Network Network
	Reach   Reach
	Lease   time.Duration // how long a silent node keeps a job; 0: the market's default
	// Regions are whose nodes' notices the clinic collects from its start; those of a
	// submission come to them. An emergency finds a node at once among those it knows.
	Regions []string
	// Serve lets others hand studies to this clinic at its local door, and delivers what an
	// earlier life of it owes.
	Serve   bool
	Metrics string // host:port where Prometheus may scrape; empty: only at the local door
	Health  string // host:port where anybody may ask whether it works; empty: nowhere
	Traces  string // collector of OpenTelemetry, such as http://127.0.0.1:4318; empty: that of the environment, or none
	Version string // of this program, for metrics
	Library string // libonnxruntime of its own runner; empty: found, or none
	Runner  []string
	// Checks say how often a second node does a task too, so that their results can be
	// compared. Zero: only where a submission asks for replicas.
	Checks canary.Rates
	// Rechecks lets the coordinator run tasks again: what was sent and what came back is kept
	// for an hour after the delivery, and given to it. De-identified studies leave for it then.
	Rechecks bool
	// Notify is how the operator is told of warnings; zero: not at all.
	Notify notify.Settings
	// KeepFree reserves nothing of the deposit by itself; nodes then lend a few studies, until
	// money is reserved for them by hand.
	KeepFree bool
	// SealedMax bounds the bytes of all sealed studies and results on the disk; 0: what the
	// disk has, less 256 MiB.
	SealedMax int64
	// Namespaces are what the clinic's record system calls its identifiers, for fhir.json.
	Namespaces clinic.Namespaces
	Events     func(broker.Event) // may be nil; called in order
	// Disclose is told before a node or coordinator gets the key of a study; an error keeps the
	// key. May be nil.
	Disclose func(broker.Disclosure) error
	// Meters are shown with the clinic's own figures, Checkups asked with its own health.
	Meters   []prometheus.Collector
	Checkups []health.Check
	Log      *slog.Logger
	// Reader is the program that parses studies and results in confinement, with its
	// arguments: see clinic.Serve. nil is this executable.
	Reader []string

	// Of a coordinator's canary clinic: the home whose models it runs (empty: that of State),
	// what its results are judged by before they are countersigned, and whom it prefers.
	home  string
	check func(encoded []byte) error
	score func(common.Address) float64

	dress func(host.Host) host.Host // what a test puts around the host to listen in; nil: nothing
}

// Clinic is a running clinic.
type Clinic struct {
	conf     ClinicConfig
	domain   attest.Domain
	started  time.Time
	tracer   *trace.Tracer // nil where no collector is named
	warnings *warning.Board
	notices  *notify.Notifier // nil where nobody is told
	health   *health.Monitor
	checkup  *health.Port // nil without a Health address
	key      *identity.Key
	secret   [secretBytes]byte
	db       *bolt.DB
	errands  errands
	checks   *verification
	vault    *clinic.Vault
	door     *clinic.Door
	catalog  *catalog.Catalog
	local    *localRunner // nil without ONNX Runtime
	feed     *feed
	roster   *roster
	known    *directory.Directory // nodes, by their notices
	joined   *joined
	host     host.Host // joined's, or what a test put around it
	market   *market.Market
	broker   *broker.Broker
	api      *api.Server
	profiles *api.Server    // pprof, for the owner alone
	scrape   *metricsServer // nil without a Metrics address

	reading    chan struct{} // a token for each study that is being read
	delivering sync.Mutex    // one delivery at a time

	following sync.Mutex // guards followed
	followed  map[string]bool

	ctx   context.Context // ends when the clinic closes
	stop  context.CancelFunc
	loops sync.WaitGroup
}

// StartClinic opens state, joins the market and resumes tasks that an earlier run
// left open. The caller closes it.
func StartClinic(ctx context.Context, conf ClinicConfig) (*Clinic, error) {
	if conf.dress != nil {
		return startClinic(ctx, conf, conf.dress)
	}
	return startClinic(ctx, conf, func(h host.Host) host.Host { return h })
}

// startClinic starts a clinic on the host that dress makes of the real one; tests
// listen in there. The steps below are the order of the start; Close goes back in reverse.
func startClinic(ctx context.Context, conf ClinicConfig, dress func(host.Host) host.Host) (_ *Clinic, err error) {
	conf.Log = quiet(conf.Log)
	c := &Clinic{conf: conf, domain: conf.Network.Domain(), started: time.Now(), feed: newFeed(), health: health.New("clinic"),
		reading: make(chan struct{}, maxReading), followed: map[string]bool{}}
	c.ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	starting := context.AfterFunc(ctx, c.stop) // until it has started, ctx ends everything
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	joinMarket := func(ctx context.Context) error { return c.joinMarket(ctx, dress) }
	for _, step := range []func(context.Context) error{c.openHealth, c.openState, c.openRoster, joinMarket, c.openBroker, c.openDoor} {
		if err := step(c.ctx); err != nil {
			return nil, err
		}
	}
	if !starting() {
		return nil, fmt.Errorf("start clinic: %w", context.Cause(ctx))
	}
	c.health.Started(c.healthChecks()...)
	c.loops.Go(func() { c.roster.keep(c.ctx) })
	c.loops.Go(func() { c.joined.keepConnected(c.ctx) })
	c.loops.Go(func() { c.keepFunded(c.ctx) })
	c.loops.Go(func() { c.watchSelf(c.ctx) })
	if err := c.owesVerdicts(); err != nil {
		return nil, err
	}
	if err := c.broker.Resume(c.ctx); err != nil {
		return nil, err
	}
	if conf.Serve {
		c.keepWarm()
		err = c.runErrands(c.ctx)
	}
	return c, err
}

// keepWarm holds connections to nodes that could do what this clinic has models for, since
// an emergency has no time for a handshake.
func (c *Clinic) keepWarm() {
	for _, e := range c.catalog.List() {
		c.broker.KeepWarm(scheduler.Offer{Package: e.Digest, Residency: c.conf.Regions, MemoryBytes: e.Manifest.Requirements.MemoryBytes,
			CeilingGwei: math.MaxUint64}) // the price is judged when there is a study
	}
}

// openRoster reads who is registered. Bids of others are refused.
func (c *Clinic) openRoster(ctx context.Context) (err error) {
	if c.roster, err = openRoster(c.conf.State, c.conf.Network, c.conf.Log); err == nil {
		c.roster.begin(ctx)
		c.known = directory.NewListed(0, c.roster.operator)
	}
	return err
}

func (c *Clinic) joinMarket(ctx context.Context, dress func(host.Host) host.Host) (err error) {
	if c.joined, err = c.conf.Reach.join(c.conf.State, c.key, c.conf.Listen, c.conf.Network, p2p.Options{Hub: true}, c.conf.Log); err != nil {
		return err
	}
	c.host = dress(c.joined.host)
	c.market, err = market.New(ctx, c.host, market.Options{AllowNode: c.roster.admits, Log: c.conf.Log})
	if err != nil {
		return err
	}
	return c.follow(c.conf.Regions)
}

// follow keeps the notices of the regions' nodes, from now on.
func (c *Clinic) follow(regions []string) error {
	c.following.Lock()
	defer c.following.Unlock()
	var fresh []string
	for _, region := range regions {
		if !c.followed[region] && scheduler.ValidRegion(region) {
			fresh = append(fresh, region)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	notices, err := c.market.Notices(c.ctx, fresh)
	if err != nil {
		return err
	}
	for _, region := range fresh {
		c.followed[region] = true
	}
	c.loops.Go(func() {
		for n := range notices {
			if err := c.observe(n); err != nil {
				c.conf.Log.Debug("notice not kept", "node", n.Notice.Node, "error", err)
			}
		}
	})
	return nil
}

// observe keeps a notice, unless it puts its node elsewhere than the registry does.
func (c *Clinic) observe(n market.ReceivedNotice) error {
	if at := c.roster.jurisdiction(n.Notice.Node); at != n.Notice.Jurisdiction {
		return fmt.Errorf("it says %.8q, the registry %.8q: %w", n.Notice.Jurisdiction, at, scheduler.ErrResidency)
	}
	return c.known.Observe(n.Notice, n.Node, time.Now())
}

func (c *Clinic) openBroker(ctx context.Context) (err error) {
	if c.tracer, err = trace.Open(ctx, c.conf.Traces, "clinic"); err != nil {
		return err
	}
	blobs, err := transfer.NewFolderWithin(filepath.Join(c.conf.State, "sealed"), c.conf.SealedMax)
	if err != nil {
		return err
	}
	conf := broker.Config{
		Host: c.host, Market: c.market, DB: c.db, Blobs: blobs, Key: c.key, Domain: c.domain, Secret: c.secret,
		Directory: c.known, Operator: c.roster.operator, Jurisdiction: c.roster.jurisdiction,
		Check: func(task models.Digest, receipt attest.Receipt, encoded []byte) error {
			if c.conf.check != nil {
				return c.conf.check(encoded)
			}
			return c.check(ctx, task, receipt, encoded)
		},
		Vouchers: c.conf.Network.Vouchers(), Replicate: c.checks.doubts, Lapsed: c.checks.lapsed,
		Score: c.conf.score, Events: c.publish, Disclose: c.conf.Disclose, Lease: c.conf.Lease, Log: c.conf.Log,
	}
	if conf.Score == nil {
		conf.Score = c.graded()
	}
	if c.conf.Rechecks {
		coordinators, err := c.conf.Network.coordinators()
		if err != nil {
			return err
		}
		conf.Rechecks = broker.Rechecks{Keep: broker.DefaultRecheckKeep, Bytes: broker.DefaultRecheckBytes, Coordinators: coordinators}
	}
	if c.local != nil {
		conf.Local = func(ctx context.Context, job broker.LocalJob) ([]byte, error) {
			return c.local.run(ctx, c.catalog, job)
		}
	}
	c.broker, err = broker.New(conf)
	return err
}

// publish hands an event to who asked for it at the start, and to who listens now.
func (c *Clinic) publish(e broker.Event) {
	if c.conf.Events != nil {
		c.conf.Events(e)
	}
	c.feed.publish(e)
	c.tracer.Clinic(e)
}

func (c *Clinic) openHealth(context.Context) error {
	return openHealth(c.health, c.conf.Health, &c.checkup, c.conf.Log)
}

// openState opens everything that lies on disk.
func (c *Clinic) openState(context.Context) (err error) {
	if err := makeState(c.conf.State); err != nil {
		return err
	}
	c.warnings = openWarnings(c.conf.State, c.conf.Log)
	if c.notices, err = openNotices(c.conf.Notify, c.warnings, warning.Clinic, c.conf.State, c.conf.Log); err != nil {
		return err
	}
	if c.key, err = identity.LoadOrCreate(filepath.Join(c.conf.State, clinicKeyFile)); err != nil {
		return err
	}
	if c.db, err = openState(filepath.Join(c.conf.State, "tasks.db")); err != nil {
		return err
	}
	for _, folder := range []string{"vault", "vault-key"} {
		if err := makeState(filepath.Join(c.conf.State, folder)); err != nil {
			return err
		}
	}
	c.vault, err = clinic.OpenVault(filepath.Join(c.conf.State, "vault", "identities.db"), filepath.Join(c.conf.State, "vault-key"))
	if err != nil {
		return err
	}
	if c.secret, err = loadSecret(filepath.Join(c.conf.State, taskKeyFile)); err != nil {
		return err
	}
	if c.errands, err = openErrands(c.db, c.secret); err != nil {
		return err
	}
	if c.checks, err = openVerification(c.db, c.key, c.domain, c.conf.Checks, c.secret, c.conf.Log); err != nil {
		return err
	}
	if len(c.conf.Reader) == 0 {
		if c.conf.Reader, err = ownReader(); err != nil {
			return err
		}
	}
	c.door = clinic.NewDoor(c.vault, dicom.DefaultLimits(), time.Now).WithNamespaces(c.conf.Namespaces).
		Confined(clinic.Confine{Command: c.conf.Reader, Log: c.conf.Log})
	home := c.conf.home
	if home == "" {
		home = filepath.Dir(c.conf.State)
	}
	if c.catalog, err = OpenCatalog(home); err != nil {
		return err
	}
	c.local, err = newLocalRunner(home, c.conf)
	return err
}

// Vault is where the clinic keeps who its tasks are about; it is the clinic's to close.
func (c *Clinic) Vault() *clinic.Vault { return c.vault }

// Model finds a model of this machine by id or id@version.
func (c *Clinic) Model(ref string) (models.Package, error) { return c.catalog.Find(ref) }

// Models are the names by which Model finds those of this machine.
func (c *Clinic) Models() []string {
	var names []string
	for _, e := range c.catalog.List() {
		names = append(names, e.Manifest.ID, e.Name())
	}
	return names
}

// CanRun says that the clinic has a runner of its own; see Submission.LocalAfter.
func (c *Clinic) CanRun() bool { return c.local != nil }

// ownReader is this executable as a confined reader.
func ownReader() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the reader's program: %w", err)
	}
	return []string{self, "reader"}, nil
}

// Close ends the loops and lets go of state. Open tasks resume at the next start.
func (c *Clinic) Close() error {
	var errs []error
	c.health.Stopped()
	c.stop()
	if c.api != nil {
		errs = append(errs, c.api.Close())
	}
	if c.profiles != nil {
		errs = append(errs, c.profiles.Close())
	}
	if c.scrape != nil {
		errs = append(errs, c.scrape.Close())
	}
	if c.broker != nil {
		errs = append(errs, c.broker.Close())
	}
	endTraces(c.tracer, c.conf.Log)
	if c.market != nil {
		errs = append(errs, c.market.Close())
	}
	c.loops.Wait()
	if c.local != nil {
		errs = append(errs, c.local.close())
	}
	if c.joined != nil {
		errs = append(errs, c.joined.close())
	}
	if c.vault != nil {
		errs = append(errs, c.vault.Close())
	}
	if c.db != nil {
		errs = append(errs, c.db.Close())
	}
	errs = append(errs, closeHealth(c.checkup))
	return errors.Join(errs...)
}

// check judges a node's result before the clinic countersigns: it must decode, be
// of this task's model, and restore to the study that was sent.
func (c *Clinic) check(ctx context.Context, task models.Digest, receipt attest.Receipt, encoded []byte) error {
	result, err := inference.DecodeResult(encoded)
	if err != nil {
		return err
	}
	identity, err := c.vault.Get(task)
	if err != nil {
		return err
	}
	if named := result.Findings.Model + "@" + result.Findings.Version; named != identity.Model {
		return fmt.Errorf("result is of %.100q, the task asked for %s", named, identity.Model)
	}
	if err := c.door.CheckReceipt(task, receipt, result.Findings); err != nil {
		return err
	}
	_, err = c.door.Restore(ctx, task, result, receipt.FinishedAt)
	if errors.Is(err, clinic.ErrNotJudged) {
		err = fmt.Errorf("%w: %w", broker.ErrNotJudged, err)
	}
	return err
}
