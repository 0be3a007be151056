package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
)

// ClinicState is where a clinic of this name keeps its keys, vault and tasks.
func ClinicState(home, name string) string { return filepath.Join(home, name) }

// ClinicConfig is what a clinic needs to start.
type ClinicConfig struct {
	Name    string
	State   string // folder of this role; vault and its key lie in folders of their own below it
	Listen  []string
	Network Network
	Lease   time.Duration // how long a silent node keeps a job; 0: the market's default
	// Namespaces are what the clinic's record system calls its identifiers, for fhir.json.
	Namespaces clinic.Namespaces
	Events     func(broker.Event) // may be nil; called in order
	Log        *slog.Logger
	// Reader is the program that parses studies and results in confinement, with its
	// arguments: see clinic.Serve. nil is this executable.
	Reader []string
}

// Submission asks for one study to be analysed.
type Submission struct {
	Path             string // folder, zip or DICOM file
	Model            string // id or id@version
	Out              string // folder for the results
	Residency        []string
	Priority         scheduler.Class // of a task that is new; one that runs keeps its own
	PriceCeilingGwei uint64
	Within           time.Duration
}

// Report is how a submission ended.
type Report struct {
	Task           models.Digest       `json:"task"`
	State          scheduler.State     `json:"state"`
	Priority       string              `json:"priority"` // routine, urgent or STAT
	Winner         string              `json:"winner"`
	Fence          uint64              `json:"fence"`
	Bids           []broker.BidSummary `json:"bids"`
	Provider       string              `json:"provider"`
	RuntimeVersion string              `json:"ort_version"`
	// LeftOut says what of the study was not sent, and why: duplicates, localisers,
	// further echoes or time points.
	LeftOut []string `json:"left_out,omitempty"`
	// Outcome is "completed", or "failed" or "not-applicable" with a reason; then the
	// files say so and hold no figures.
	Outcome       string                  `json:"outcome,omitempty"`
	Reason        string                  `json:"reason,omitempty"`
	Segments      []inference.Segment     `json:"segments"`
	Measurements  []inference.Measurement `json:"measurements,omitempty"`
	Probabilities []inference.Probability `json:"probabilities,omitempty"`
	Boxes         []inference.Box         `json:"boxes,omitempty"`
	Folder        string                  `json:"folder"` // where the files were delivered
	Files         []string                `json:"files"`
	Receipt       attest.SignedReceipt    `json:"receipt"`
	Phases        Phases                  `json:"phases_ns"`
}

// Phases are the parts of a submission, each on the clinic's monotonic clock.
type Phases struct {
	Intake       time.Duration `json:"intake"`
	Deidentify   time.Duration `json:"deidentify"`
	Seal         time.Duration `json:"seal"`
	OfferToAward time.Duration `json:"offer_to_award"`
	Transfer     time.Duration `json:"transfer"`
	Inference    time.Duration `json:"inference"`
	Result       time.Duration `json:"result"`
	Deliver      time.Duration `json:"deliver"`
	Total        time.Duration `json:"total"`
}

// ErrNoResult is a task that ended without one; its text names state and reason.
var ErrNoResult = errors.New("the study was not analysed")

// Clinic is a running clinic.
type Clinic struct {
	conf    ClinicConfig
	domain  attest.Domain
	key     *identity.Key
	db      *bolt.DB
	vault   *clinic.Vault
	door    *clinic.Door
	catalog *catalog.Catalog
	host    host.Host
	market  *market.Market
	broker  *broker.Broker

	stop  context.CancelFunc
	loops sync.WaitGroup
}

// StartClinic opens state, joins the market and resumes tasks that an earlier run
// left open. The caller closes it.
func StartClinic(ctx context.Context, conf ClinicConfig) (*Clinic, error) {
	return startClinic(ctx, conf, func(h host.Host) host.Host { return h })
}

// startClinic starts a clinic on the host that dress makes of the real one; tests
// listen in there.
func startClinic(ctx context.Context, conf ClinicConfig, dress func(host.Host) host.Host) (_ *Clinic, err error) {
	conf.Log = quiet(conf.Log)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &Clinic{conf: conf, domain: conf.Network.Domain(), stop: stop}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := c.openState(); err != nil {
		return nil, err
	}
	if c.host, err = p2p.NewHostIn(conf.State, c.key, conf.Listen); err != nil {
		return nil, err
	}
	c.host = dress(c.host)
	if c.market, err = market.New(running, c.host, market.Options{Log: conf.Log}); err != nil {
		return nil, err
	}
	blobs, err := transfer.NewFolder(filepath.Join(conf.State, "sealed"))
	if err != nil {
		return nil, err
	}
	c.broker, err = broker.New(broker.Config{
		Host: c.host, Market: c.market, DB: c.db, Blobs: blobs, Key: c.key, Domain: c.domain,
		Check: func(task models.Digest, receipt attest.Receipt, encoded []byte) error {
			return c.check(running, task, receipt, encoded)
		},
		Events: conf.Events, Lease: conf.Lease, Log: conf.Log,
	})
	if err != nil {
		return nil, err
	}
	peers, err := conf.Network.Peers()
	if err != nil {
		return nil, err
	}
	c.loops.Go(func() { p2p.KeepConnected(running, c.host, peers, p2p.ReconnectEvery, conf.Log) })
	return c, c.broker.Resume(running)
}

// openState opens everything that lies on disk.
func (c *Clinic) openState() (err error) {
	if err := makeState(c.conf.State); err != nil {
		return err
	}
	if c.key, err = identity.LoadOrCreate(filepath.Join(c.conf.State, "clinic.key")); err != nil {
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
	if len(c.conf.Reader) == 0 {
		if c.conf.Reader, err = ownReader(); err != nil {
			return err
		}
	}
	c.door = clinic.NewDoor(c.vault, dicom.DefaultLimits(), time.Now).WithNamespaces(c.conf.Namespaces).
		Confined(clinic.Confine{Command: c.conf.Reader, Log: c.conf.Log})
	c.catalog, err = OpenCatalog(filepath.Dir(c.conf.State))
	return err
}

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
	c.stop()
	if c.broker != nil {
		errs = append(errs, c.broker.Close())
	}
	if c.market != nil {
		errs = append(errs, c.market.Close())
	}
	c.loops.Wait()
	if c.host != nil {
		errs = append(errs, c.host.Close())
	}
	if c.vault != nil {
		errs = append(errs, c.vault.Close())
	}
	if c.db != nil {
		errs = append(errs, c.db.Close())
	}
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

// Submit takes a study the whole way: intake, de-identification, sealing, the
// market, and delivery of the checked result. The same study and model again is
// the same task: an open one is joined, a delivered one is reported.
func (c *Clinic) Submit(ctx context.Context, s Submission) (Report, error) {
	start := time.Now()
	begun := start
	var report Report
	pkg, err := c.catalog.Find(s.Model)
	if err != nil {
		return report, err
	}
	study, err := c.door.Intake(ctx, s.Path, pkg.Manifest)
	if err != nil {
		return report, err
	}
	report.LeftOut = study.Notes
	if study.Picture {
		c.narrate("intake", fmt.Sprintf("one %s image", study.Modality))
	} else {
		c.narrate("intake", fmt.Sprintf("%d slices of one %s series, geometry checked", study.Slices(), study.Modality))
	}
	report.Phases.Intake = lap(&begun)
	prepared, err := c.door.Prepare(ctx, study, pkg)
	// The market may take hours; the images need not wait for it.
	if err = errors.Join(err, study.Close()); err != nil {
		return report, err
	}
	c.narrate("deidentify", fmt.Sprintf("PS3.15 Basic Profile, then %d allowed attributes; identity stays in the vault", len(pkg.Manifest.AllowedAttrs)))
	report.Task, report.Phases.Deidentify = prepared.Task, lap(&begun)
	err = c.broker.Submit(ctx, broker.Submission{
		Task: prepared.Task, Payload: prepared.Payload,
		PackageDigest: pkg.Digest(), WeightsDigest: pkg.Manifest.Weights.SHA256, ManifestDigest: pkg.ManifestDigest(),
		Priority: s.Priority, Deadline: time.Now().Add(s.Within), Residency: s.Residency,
		PriceCeiling: s.PriceCeilingGwei, MemoryBytes: pkg.Manifest.Requirements.MemoryBytes,
	})
	if err != nil {
		return report, err
	}
	report.Phases.Seal = lap(&begun)
	outcome, err := c.broker.Wait(ctx, prepared.Task)
	if err != nil {
		return report, fmt.Errorf("%w; nothing is lost, submit the same study again to go on", err)
	}
	report.add(outcome)
	report.Priority = outcome.Class.String()
	if outcome.State != scheduler.Resulted && outcome.State != scheduler.Delivered {
		err := fmt.Errorf("%w: task %s is %s: %s; submit it again to try anew; a report and a FHIR bundle that say so are in the folder of the results", ErrNoResult, prepared.Task.Short(), outcome.State, outcome.Reason)
		return report, errors.Join(err, c.notify(s.Out, pkg, outcome, &report))
	}
	lap(&begun)
	err = c.deliver(ctx, s.Out, outcome, &report)
	report.Phases.Deliver = lap(&begun)
	report.Phases.Total = time.Since(start)
	return report, err
}

// deliver gives the result its patient back and writes it once.
func (c *Clinic) deliver(ctx context.Context, out string, outcome broker.Outcome, report *Report) error {
	delivery, err := clinic.NewDelivery(c.vault, out)
	if err != nil {
		return err
	}
	if earlier, done, err := delivery.Find(outcome.Task); err != nil || done {
		return errors.Join(err, report.readDelivered(earlier.Folder), c.broker.Delivered(ctx, outcome.Task))
	}
	result, err := inference.DecodeResult(outcome.Result)
	if err != nil {
		return err
	}
	files, err := c.door.Restore(ctx, outcome.Task, result, outcome.Receipt.Receipt.FinishedAt)
	if err != nil {
		return err
	}
	placed, err := delivery.Deliver(outcome.Task, files)
	if err != nil {
		return err
	}
	report.describe(placed.Folder, result.Findings, files)
	if err := c.broker.Delivered(ctx, outcome.Task); err != nil {
		return err
	}
	report.State = scheduler.Delivered
	return nil
}

// notify leaves a report and a bundle in out that say why there is no result, so that
// who waits for one in the archive or the record system is told.
func (c *Clinic) notify(out string, pkg models.Package, outcome broker.Outcome, report *Report) error {
	delivery, err := clinic.NewDelivery(c.vault, out)
	if err != nil {
		return err
	}
	files, err := c.door.Notice(pkg, outcome.Task, string(outcome.State)+": "+outcome.Reason)
	if err != nil {
		return err
	}
	folder, err := delivery.Notify(outcome.Task, files)
	if err != nil {
		return err
	}
	report.Outcome, report.Reason = inference.Failed, outcome.Reason
	report.wrote(folder, files)
	return nil
}

func (c *Clinic) narrate(kind broker.Kind, text string) {
	if c.conf.Events != nil {
		c.conf.Events(broker.Event{Time: time.Now(), Kind: kind, Text: text})
	}
}

// lap returns the time since *from and moves it to now.
func lap(from *time.Time) time.Duration {
	now := time.Now()
	spent := now.Sub(*from)
	*from = now
	return spent
}
