package agent

import (
	"context"
	"errors"
	"log/slog"
	randv2 "math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"

	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/trace"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/models/catalog"
)

// canaries checks nodes with tasks that were made for it. A canary clinic is a clinic like any
// other, with a key, a host and a broker of its own; nodes meet it in the market. Several are
// at work at once, each for some epochs, and what came of their canaries is published when
// their name is not used any more.
type canaries struct {
	conf    CoordinatorConfig
	rates   canary.Rates
	key     *identity.Key // the coordinator's: it signs the verdicts
	domain  attest.Domain
	secret  [secretBytes]byte
	book    checkBook
	refs    *canary.References
	store   intake.Store
	window  func() (epoch.Window, error) // what came in since the newest epoch
	host    host.Host                    // the coordinator's own
	catalog *catalog.Catalog
	local   *localRunner                        // computes the right answers; nil without ONNX Runtime
	epoch   func() uint64                       // the newest one that was published
	owner   func(common.Address) common.Address // a node's operator, by the registry
	drawn   chan dueCheck                       // receipts' draws on their way to the disk
	tracer  *trace.Tracer                       // nil where no collector is named
	log     *slog.Logger

	mu     sync.Mutex              // guards the fields below, and each slot's favoured
	own    map[common.Address]bool // the addresses that are or were canary clinics', of the last knownIdentities
	unfit  map[string]bool         // study and package that don't fit
	spent  canary.Accounts
	counts CheckCounts
	recent map[[32]byte]attest.SignedReceipt // the last maxRecent receipts, by hash
	order  [][32]byte                        // of them, the oldest first

	taking sync.Mutex          // guards the fields below
	busy   map[string]dueCheck // checks that are being made, by their number
	more   chan struct{}       // closed and replaced when there may be more to do
}

// maxRecent is how many receipts are remembered: node and clinic both hand them in, and a
// clinic's verdict on one comes soon after it.
const maxRecent = 4096

// remember reports whether a receipt is new; k.mu is held.
func (k *canaries) remember(hash [32]byte, s attest.SignedReceipt) bool {
	if _, known := k.recent[hash]; known {
		return false
	}
	if len(k.order) >= maxRecent {
		delete(k.recent, k.order[0])
		k.order = k.order[1:]
	}
	k.recent[hash], k.order = s, append(k.order, hash)
	return true
}

func (c *Coordinator) openCanaries(ctx context.Context) (err error) {
	if c.conf.Canaries == "" && !c.conf.Rechecks {
		return nil
	}
	k := &canaries{
		conf: c.conf, rates: canary.DefaultRates(), key: c.key, domain: c.conf.Network.Domain(), store: c.taken, window: c.store.Open, host: c.host,
		owner: c.registry.operator, epoch: c.newestEpoch, drawn: make(chan dueCheck, maxDue), tracer: c.tracer, log: c.conf.Log,
		own: map[common.Address]bool{}, unfit: map[string]bool{}, recent: map[[32]byte]attest.SignedReceipt{},
		busy: map[string]dueCheck{}, more: make(chan struct{}),
	}
	if err := k.complete(); err != nil {
		return err
	}
	if k.secret, err = loadSecret(filepath.Join(c.conf.State, "canary.key")); err != nil {
		return err
	}
	if k.book, err = openCheckBook(c.db); err != nil {
		return err
	}
	if k.refs, err = canary.NewReferences(c.db); err != nil {
		return err
	}
	home := filepath.Dir(c.conf.State)
	if k.catalog, err = OpenCatalog(home); err != nil {
		return err
	}
	if k.local, err = newLocalRunner(home, ClinicConfig{Library: c.conf.Library, Runner: c.conf.Runner, Log: c.conf.Log}); err != nil {
		return err
	}
	if err := errors.Join(k.recognise(), k.sweep()); err != nil {
		return err
	}
	k.conf.Network.Coordinator = c.Addresses()
	c.canaries = k
	c.taken.tell(k.hear, k.judged)
	c.loops.Go(func() { k.keep(ctx) })
	c.loops.Go(func() { k.work(ctx) })
	return nil
}

// complete gives what was left open its default, and refuses what can't work.
func (k *canaries) complete() error {
	if len(k.conf.CanaryListen) == 0 {
		k.conf.CanaryListen = []string{"/ip4/127.0.0.1/tcp/0"}
	}
	if k.conf.CanaryEvery <= 0 {
		k.conf.CanaryEvery = DefaultCanaryEvery
	}
	if k.conf.CanaryLife == 0 {
		k.conf.CanaryLife = DefaultCanaryLife
	}
	if k.conf.canaryLinger == 0 {
		k.conf.canaryLinger = canaryLinger
	}
	if k.conf.Canaries != "" && k.conf.Network.DevelopmentKeys == "" {
		return reachable(k.conf.CanaryListen)
	}
	return nil
}

// sweep drops what a process before left half done: references and files of canaries that
// nobody will judge, and draws of windows that are closed.
func (k *canaries) sweep() error {
	flights, err := k.book.flights()
	if err != nil {
		return err
	}
	files, err := k.book.heldFiles()
	if err != nil {
		return err
	}
	var studies [][32]byte
	for _, f := range flights {
		studies = append(studies, f.Study)
		for _, name := range []common.Hash{f.Study, f.Answer} {
			files[blobName(name)] = true
		}
	}
	return errors.Join(k.refs.Keep(studies), keepOnly(heldFolder(k.conf.State), files), thinEvidence(evidenceFolder(k.conf.State), maxEvidenceDisk),
		k.book.forgetDraws(k.epoch()))
}

// DefaultCanaryEvery is the mean pause between the draw of a canary and its submission.
const DefaultCanaryEvery = config.CanaryEvery

// newestEpoch is the number of the epoch that was published last.
func (c *Coordinator) newestEpoch() uint64 {
	numbers, err := c.archive.Numbers()
	if err != nil || len(numbers) == 0 {
		return 0 // what is wrong is told where epochs are closed
	}
	return slices.Max(numbers)
}

// hear draws what is checked of a receipt that has just been stored. It does not wait: a draw
// that finds no room is a check less.
func (k *canaries) hear(hash [32]byte, s attest.SignedReceipt) {
	r := s.Receipt
	took := max(0, r.FinishedAt.Sub(r.StartedAt))
	k.mu.Lock()
	own := k.own[r.Clinic]
	if !k.remember(hash, s) {
		k.mu.Unlock()
		return
	}
	if own {
		k.spent.Checks += took
	} else {
		k.spent.Jobs += took
	}
	k.mu.Unlock()
	if own {
		return
	}
	for _, d := range k.plan(s) {
		k.draw(d)
	}
}

// plan is what is checked of a receipt: the same whenever it is asked, as long as the node's
// record is.
func (k *canaries) plan(s attest.SignedReceipt) (list []dueCheck) {
	r := s.Receipt
	key := canary.Key{Node: r.Node, Model: r.ManifestDigest, Provider: r.Provider} // receipts name the manifest: it stands for the package
	h, err := k.book.history(key)
	if err != nil {
		k.log.Error("a node's record of checks is not readable; it counts as new", "node", r.Node, "error", err)
	}
	plan := k.rates.Plan(h, canary.DrawsOf(k.secret, r.Task))
	plan.Rerun = plan.Rerun || !s.Acceptance.Accepted // who is right is always looked at
	if !k.conf.Rechecks {
		plan = plan.WithoutRerun()
	}
	if plan.Canary && k.conf.Canaries != "" {
		list = append(list, k.canaryOf(key, r.Task[:]))
	}
	if plan.Rerun {
		list = append(list, dueCheck{Key: key, Rerun: &rerun{s}, Of: r.Task, At: time.Now()})
	}
	return list
}

// canaryOf has a node get a canary at a time of its own. of is the task that it was drawn for,
// or empty.
func (k *canaries) canaryOf(key canary.Key, of []byte) dueCheck {
	d := dueCheck{Key: key, At: time.Now().Add(pauseOf(k.conf.CanaryEvery, randv2.Float64()))}
	copy(d.Of[:], of)
	return d
}

// judged has a task run again where a clinic found that nodes' results differ.
func (k *canaries) judged(v attest.Verdict) {
	k.mu.Lock()
	s, known := k.recent[v.Receipt]
	k.mu.Unlock()
	if d, wanted := k.disputed(v, s); wanted && known {
		k.draw(d)
	}
}

// disputed is the re-run of a task on whose results its clinic's nodes differ. A canary's
// right answer is known already.
func (k *canaries) disputed(v attest.Verdict, s attest.SignedReceipt) (d dueCheck, wanted bool) {
	k.mu.Lock()
	own := k.own[v.Clinic]
	k.mu.Unlock()
	wanted = k.conf.Rechecks && !own && v.Kind == attest.CheckReplica && v.Result != attest.JudgedValid
	return dueCheck{Key: canary.Key{Node: v.Node, Model: v.Manifest, Provider: v.Provider}, Rerun: &rerun{s}, Of: v.Task, At: time.Now()}, wanted
}

func (k *canaries) draw(d dueCheck) {
	k.count(d, func(c *CheckCount) { c.Drawn++ })
	select {
	case k.drawn <- d:
	default:
		k.count(d, func(c *CheckCount) { c.Dropped++ })
		k.log.Warn("a check was drawn and is left out: more wait than are made", "node", d.Key.Node)
	}
}

// keep writes draws to disk until ctx ends: the intake does not wait for it. What an earlier
// process drew and had not written is drawn again first.
func (k *canaries) keep(ctx context.Context) {
	if err := k.redraw(ctx); err != nil && ctx.Err() == nil {
		k.log.Error("checks of receipts from before the start are not drawn again", "error", err)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-k.drawn:
			k.enter(d)
		}
	}
}

// enter puts a draw into the book.
func (k *canaries) enter(d dueCheck) {
	switch err := k.book.add(d, k.epoch()); {
	case errors.Is(err, errDrawn):
	case err != nil:
		k.count(d, func(c *CheckCount) { c.Dropped++ })
		k.log.Warn("a check was drawn and is left out", "node", d.Key.Node, "reason", err)
	default:
		k.stir()
	}
}

// redraw draws for what came in since the newest epoch. The draws are the same as before, and
// the book knows which it has.
func (k *canaries) redraw(ctx context.Context) error {
	w, err := k.window()
	if err != nil {
		return err
	}
	receipts := map[[32]byte]attest.SignedReceipt{}
	for _, s := range w.Receipts {
		hash := s.Receipt.Hash(k.domain)
		receipts[hash] = s
		k.mu.Lock()
		own := k.own[s.Receipt.Clinic]
		fresh := k.remember(hash, s)
		k.mu.Unlock()
		if own || !fresh {
			continue
		}
		for _, d := range k.plan(s) {
			k.enter(d)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for _, v := range w.Verdicts {
		s, known := receipts[v.Verdict.Receipt]
		if d, wanted := k.disputed(v.Verdict, s); wanted && known {
			k.enter(d)
		}
	}
	return nil
}

// CheckCount is what became of one kind of checks since the start.
type CheckCount struct {
	Drawn   uint64 `json:"drawn"`
	Made    uint64 `json:"made"`
	Dropped uint64 `json:"dropped"` // no room, or it could not be made
}

// CheckCounts are those of both kinds.
type CheckCounts struct {
	Canaries CheckCount `json:"canaries"`
	Reruns   CheckCount `json:"reruns"`
}

func (k *canaries) count(d dueCheck, change func(*CheckCount)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if d.Rerun == nil {
		change(&k.counts.Canaries)
	} else {
		change(&k.counts.Reruns)
	}
}

// Checks counts the coordinator's checks since it started.
func (c *Coordinator) Checks() CheckCounts {
	if c.canaries == nil {
		return CheckCounts{}
	}
	c.canaries.mu.Lock()
	defer c.canaries.mu.Unlock()
	return c.canaries.counts
}

// Checked is what jobs and the coordinator's checks of them computed since it started: jobs by
// the nodes' receipts, checks by those of its canaries and by its own runner's time. What
// clinics have nodes compute twice is in the clinics' own metrics.
func (c *Coordinator) Checked() canary.Accounts {
	if c.canaries == nil {
		return canary.Accounts{}
	}
	return c.canaries.accounts()
}

func (k *canaries) accounts() canary.Accounts {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.spent
}
