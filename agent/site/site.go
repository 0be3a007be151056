// Package site makes one product of a clinic's rooms: what arrives by DICOM, DICOMweb, HL7
// or in a folder becomes a study, rules make cases of it, each case is analysed by the
// agent's clinic, and its files are sent to the clinic's archives. In: a site file and a
// clinic's configuration. Out: doors, workers and a typed API for commands and pages. It
// holds no rule of routing, of DICOM or of delivery; those are the rooms'.
package site

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/web"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/clinic/audit"
	"github.com/medhive/medhive/scheduler/clinic/dicomweb"
	"github.com/medhive/medhive/scheduler/clinic/hl7"
	"github.com/medhive/medhive/scheduler/clinic/inbox"
	"github.com/medhive/medhive/scheduler/clinic/outbox"
	"github.com/medhive/medhive/scheduler/clinic/quarantine"
	"github.com/medhive/medhive/scheduler/clinic/route"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
	"github.com/medhive/medhive/scheduler/settings"
)

// Folder is where a clinic's site keeps its state, below the clinic's own.
func Folder(state string) string { return filepath.Join(state, "site") }

// analyst takes one study the whole way through the market, and a reader's word on the result
// back to it; see agent.Clinic.
type analyst interface {
	Submit(ctx context.Context, s agent.Submission) (agent.Report, error)
	Read(ctx context.Context, task models.Digest, f agent.ReaderFeedback) (stated bool, err error)
	Cancel(ctx context.Context, ref string) (broker.TaskStatus, error)
	// Decline makes the files that say that a study was refused.
	Decline(ctx context.Context, d agent.Declined) (folder string, err error)
	// View makes a picture of a frame of one image, from 0.
	View(ctx context.Context, file []byte, frame int) (png []byte, err error)
}

// Site is a running site.
type Site struct {
	conf    Config
	state   string // the clinic's
	folder  string // the site's own
	started time.Time
	log     *slog.Logger
	keys    secrets

	audit   *audit.Log
	book    *worklist.Book
	held    *quarantine.Store
	orders  *hl7.Book
	items   *dicomweb.Book
	inbox   *inbox.Inbox
	outbox  *outbox.Outbox
	shipper *audit.Shipper // nil without a collector

	clinic   *agent.Clinic // nil in tests of the flow
	analyst  analyst
	rules    atomic.Pointer[route.Rules]
	deciding sync.Mutex // one decision at a time: budgets are read and charged in one step
	telling  sync.Mutex // one notice on refused studies at a time
	judging  sync.Mutex // one decision of a person on a held case at a time
	ledger   *ledger
	tasks    tasks
	progress progress
	images   *images
	verified verification
	unread   unread
	promises promises
	asked    chan struct{} // holds one: a work item has changed
	heard    tallies       // what became of messages at the door for orders
	refused  *refusals     // callers of the web door

	dicom, orderDoor net.Listener // nil where shut
	web              *web.Server
	local            *api.Server

	ctx   context.Context // ends when the site closes
	stop  context.CancelFunc
	loops sync.WaitGroup
}

// Start opens a clinic's site and the clinic itself. who is the clinic, with its state
// folder; its Disclose, Meters and Serve are the site's to set. The caller closes it.
func Start(ctx context.Context, who agent.ClinicConfig, conf Config) (_ *Site, err error) {
	s := newSite(ctx, who.State, conf, who.Log)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	for _, step := range []func() error{
		s.openRooms, func() error { return s.startClinic(ctx, who) }, s.checkRules, s.openDoors, s.begin,
	} {
		if err := step(); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("start the site: %w", context.Cause(ctx))
		}
	}
	return s, nil
}

func newSite(ctx context.Context, state string, conf Config, log *slog.Logger) *Site {
	s := &Site{conf: conf, state: state, folder: Folder(state), started: time.Now(), log: log, asked: make(chan struct{}, 1), images: newImages()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.refused = newRefusals(s.record, func(err error) { s.log.Error("a refused caller could not be recorded", "error", err) })
	s.ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	return s
}

// openRooms opens everything that lies on disk. The audit log comes first: the others record.
func (s *Site) openRooms() error {
	return inOrder(s.openFolders, s.openAudit, s.openBooks, s.openInbox, s.openOutbox, s.LoadRules)
}

// openDoors begins to listen.
func (s *Site) openDoors() error {
	return inOrder(s.openDICOM, s.openOrders, s.openWeb, s.openLocal)
}

func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// openFolders makes what is missing; the keys lie beside the vault's.
func (s *Site) openFolders() (err error) {
	for _, folder := range []string{s.state, filepath.Join(s.state, "vault"), filepath.Join(s.state, "vault-key"), s.folder, s.spool()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("make the site's folder: %w; choose another --home", pathless(err))
		}
	}
	s.keys, err = loadSecrets(filepath.Join(s.state, "vault-key"))
	return err
}

// spool is where the clinic writes results; the outbox sends them from there.
func (s *Site) spool() string { return filepath.Join(s.folder, "spool") }

// openBooks opens what is remembered of cases, held studies and orders.
func (s *Site) openBooks() error {
	var errs [4]error
	s.book, errs[0] = open(s, "worklist", func(path string, key [secretBytes]byte) (*worklist.Book, error) {
		return worklist.Open(path, key, nil)
	})
	s.held, errs[1] = open(s, "quarantine", func(path string, key [secretBytes]byte) (*quarantine.Store, error) {
		return quarantine.Open(path, key, time.Now)
	})
	s.orders, errs[2] = open(s, "orders", func(path string, key [secretBytes]byte) (*hl7.Book, error) {
		return hl7.OpenBook(path, key, s.log)
	})
	s.items, errs[3] = open(s, "workitems", func(path string, key [secretBytes]byte) (*dicomweb.Book, error) {
		return dicomweb.OpenBook(path, key, func(dicomweb.Workitem) { stir(s.asked) }, s.log)
	})
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	cases, err := s.book.List(worklist.Filter{})
	if err != nil {
		return err
	}
	s.ledger, s.unread.names = newLedger(cases), s.conf.listened()
	for _, c := range cases {
		s.tasks.note(c)
		s.unread.note(c)
	}
	return nil
}

// open opens a room's database under the room's key.
func open[T any](s *Site, room string, with func(path string, key [secretBytes]byte) (T, error)) (T, error) {
	key, err := s.keys.of(room)
	if err != nil {
		var none T
		return none, err
	}
	return with(filepath.Join(s.folder, room+".db"), key)
}

func (s *Site) openInbox() (err error) {
	key, err := s.keys.of("inbox")
	if err != nil {
		return err
	}
	in := s.conf.Intake
	conf := inbox.Config{
		Quiet: in.Quiet, LongestWait: in.LongestWait, Late: inbox.LateRule(in.Late), Conflict: inbox.KeepFirst,
		Ours:     s.ours,
		MaxBytes: int64(in.MaxGiB) << 30, KeepFree: int64(in.KeepFreeGiB) << 30,
	}
	if in.Conflict == "hold" {
		conf.Conflict = inbox.HoldStudy
	}
	s.inbox, err = inbox.Open(filepath.Join(s.folder, "inbox"), key, conf, s.log)
	return err
}

// startClinic starts the clinic that does the analyses.
func (s *Site) startClinic(ctx context.Context, who agent.ClinicConfig) (err error) {
	who.Serve, who.Disclose, who.Meters = true, s.disclosed, append(who.Meters, meters{s}.collector())
	who.Checkups = append(who.Checkups, s.checkup())
	s.clinic, err = agent.StartClinic(ctx, who)
	s.analyst = s.clinic
	return err
}

// LoadRules reads the file of the rules anew; a faulty one changes nothing.
func (s *Site) LoadRules() error {
	rules, err := ReadRules(s.conf.Rules)
	if err != nil {
		return err
	}
	if s.clinic != nil { // else it is checked once the clinic runs
		if err := s.checks(rules); err != nil {
			return err
		}
	}
	s.rules.Store(&rules)
	return nil
}

// ReadRules reads a file of routing rules.
func ReadRules(path string) (route.Rules, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxSiteFile {
		err = fmt.Errorf("it has %d bytes; is it the right file?", info.Size())
	}
	if err != nil {
		return route.Rules{}, fmt.Errorf("read the rules: %w; `medhive clinic init` writes a file of rules", pathless(err))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return route.Rules{}, fmt.Errorf("read the rules: %w", pathless(err))
	}
	return route.Parse(data)
}

func (s *Site) checkRules() error { return s.checks(*s.rules.Load()) }

func (s *Site) checks(rules route.Rules) error { return s.conf.meets(rules, s.clinic) }

// capable is the clinic, as rules need it.
type capable interface {
	Model(ref string) (models.Package, error)
	Models() []string // by id and by id@version
	CanRun() bool     // has a runner of its own
}

// meets wants that what the rules count on is there: models, destinations, and a runner of
// the clinic's own for rules that don't wait for the market.
func (c Config) meets(rules route.Rules, who capable) error {
	for _, model := range rules.Models() {
		if _, err := who.Model(model); err != nil {
			near := ""
			if name := settings.Nearest(model, who.Models()); name != "" {
				near = fmt.Sprintf("; did you mean %q?", name)
			}
			return fmt.Errorf("a rule names a model that can't be used: %w%s", err, near)
		}
	}
	for _, name := range rules.Destinations() {
		if _, err := c.DestinationNamed(name); err != nil {
			return fmt.Errorf("a rule: %w", err)
		}
	}
	if name := rules.Local(); name != "" && !who.CanRun() {
		return fmt.Errorf("rule %q has local-after, but this clinic can't run models itself: it finds no ONNX Runtime; run `make deps`, name the library with --ort-lib, or take local-after out of the rule", name)
	}
	return nil
}

// begin carries out what people decided just before an earlier life ended, and starts the
// loops.
func (s *Site) begin() error {
	if err := inOrder(func() error { return s.record(audit.Entry{Kind: audit.Start}) }, func() error { return s.recall(s.ctx) }); err != nil {
		return err
	}
	s.loops.Go(func() { s.collect(s.ctx) })
	s.loops.Go(func() { s.deliver(s.ctx) })
	s.loops.Go(func() { s.keepItems(s.ctx) })
	s.loops.Go(func() { s.sweep(s.ctx) })
	s.loops.Go(func() { s.watchSelf(s.ctx) })
	s.loops.Go(func() {
		d := desk{book: s.book, act: s.act, places: newPlaces(s.conf.Workers), log: s.log}
		d.run(s.ctx)
	})
	if err := s.listen(); err != nil {
		return err
	}
	if s.shipper != nil {
		s.loops.Go(func() {
			if err := s.shipper.Run(s.ctx); err != nil && s.ctx.Err() == nil {
				s.log.Error("audit messages are no longer sent; restart the site", "error", err)
			}
		})
	}
	for _, w := range s.conf.Watch {
		s.loops.Go(func() { s.watch(s.ctx, w) })
	}
	return nil
}

// Close shuts the doors, ends the loops and lets go of state. What is open goes on at the
// next start.
func (s *Site) Close() error {
	var errs []error
	s.stop()
	if s.local != nil {
		errs = append(errs, s.local.Close())
	}
	if s.web != nil {
		errs = append(errs, s.web.Close())
	}
	s.loops.Wait() // the DICOM and HL7 doors are loops
	s.refused.end()
	if s.clinic != nil {
		errs = append(errs, s.clinic.Close())
	}
	if s.inbox != nil {
		errs = append(errs, s.inbox.Close())
	}
	if s.outbox != nil {
		errs = append(errs, s.outbox.Close())
	}
	if s.items != nil {
		errs = append(errs, s.items.Close())
	}
	if s.orders != nil {
		errs = append(errs, s.orders.Close())
	}
	if s.held != nil {
		errs = append(errs, s.held.Close())
	}
	if s.book != nil {
		errs = append(errs, s.book.Close())
	}
	if s.audit != nil {
		errs = append(errs, s.record(audit.Entry{Kind: audit.Stop}), s.audit.Close())
	}
	return errors.Join(errs...)
}

// tasks knows whose a task of the market is.
type tasks struct {
	mu sync.Mutex // guards by
	by map[models.Digest][]string
}

// note remembers a case's task.
func (t *tasks) note(c worklist.Case) {
	if c.Task.IsZero() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = map[models.Digest][]string{}
	}
	t.by[c.Task] = add(t.by[c.Task], c.ID)
}

// of are the cases of a task.
func (t *tasks) of(task models.Digest) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.by[task]...)
}
