package compute

import (
	"context"
	"crypto/ecdsa"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/uptime"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/models"
)

// Target is a node to examine.
type Target struct {
	Node     common.Address
	Peer     peer.ID
	Operator common.Address // who stands behind it; nodes of one are examined together
	Claims   Claims
}

// ExaminerOptions say whom to examine, how often, and where outcomes go.
type ExaminerOptions struct {
	Key      *ecdsa.PrivateKey // the coordinator's: nodes get its word on the outcome
	Domain   attest.Domain
	Ledger   Ledger
	Targets  func(ctx context.Context) []Target // those with a claim; must end with ctx
	Interval time.Duration                      // mean time between two examinations of a node

	Gap         time.Duration       // least time between two examinations of a node, more than nodes insist on; 0: none
	Length      time.Duration       // of the work at the claimed rate; 0: challenge.Length
	ReadyWithin time.Duration       // how long a node may take to end its jobs; 0: 5 min
	Bandwidth   challenge.Bandwidth // that claimed memory must be read at; 0: challenge.DeviceBandwidth
	Parallel    int                 // groups at the same time; 0: 64

	// Online says whether the coordinator itself is connected; it is asked after an
	// examination got no answer. nil: some peer other than the node answers a ping.
	Online func(ctx context.Context, silent Target) bool
	Now    func() time.Time
	Rand   io.Reader // nil: crypto/rand; ids, seeds, nonces and times come from it
	Log    *slog.Logger
}

const (
	defaultReady    = 5 * time.Minute
	defaultParallel = 64 // most of a group's time goes by waiting for its nodes
	// ticks an interval: at each, a group is examined with a chance of one in ticks. What
	// was examined just now can be examined again right away, so nobody is ever safe.
	ticks = 64
	// groupSize bounds how many nodes of one operator are examined together. With more
	// than that the groups are drawn anew each time.
	groupSize = 8
	// memoryOneIn is how often a group is asked for memory instead of for its rate.
	memoryOneIn = 4
	// memoryShare of the claimed memory is asked for: drivers and displays have some of the
	// rest, the arenas that the runtime makes for products the remainder (reckoned as up to
	// 0.44 of the table, not measured). Who claims twice what there is can't hold it.
	memoryShare = 0.6
	// promptGap is the least time between two examinations of a node that new profiles of
	// its own bring about: each costs the coordinator a proof to verify.
	promptGap = 24 * time.Hour
)

// turn is a group whose time has come.
type turn struct {
	group    []Target
	prompted bool // by a new profile of one of them, and not by chance
}

// Examiner examines nodes at random times. Run is its loop; Trigger, Pause and Resume
// steer it, from tests too.
type Examiner struct {
	opts   ExaminerOptions
	host   host.Host
	verify chan struct{} // one proof is verified at a time: it uses all cores
	one    func(ctx context.Context, t turn) error

	random sync.Mutex // guards opts.Rand

	mu    sync.Mutex                   // guards busy and ended
	busy  map[common.Address]bool      // nodes under examination
	ended map[common.Address]time.Time // when a node's last examination ended, of those within Gap
}

// NewExaminer examines through h.
func NewExaminer(h host.Host, opts ExaminerOptions) (*Examiner, error) {
	if opts.Key == nil || opts.Ledger == nil || opts.Targets == nil || opts.Interval <= 0 {
		return nil, errors.New("compute examiner: key, ledger, targets and interval must be set")
	}
	if opts.Length <= 0 {
		opts.Length = challenge.Length
	}
	if opts.ReadyWithin <= 0 {
		opts.ReadyWithin = defaultReady
	}
	if opts.Bandwidth <= 0 {
		opts.Bandwidth = challenge.DeviceBandwidth
	}
	if opts.Parallel <= 0 {
		opts.Parallel = defaultParallel
	}
	if opts.Online == nil {
		opts.Online = func(ctx context.Context, silent Target) bool { return uptime.OthersAnswer(ctx, h, silent.Peer) }
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Rand == nil {
		opts.Rand = crand.Reader
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	e := &Examiner{opts: opts, host: h, verify: make(chan struct{}, 1), busy: map[common.Address]bool{}, ended: map[common.Address]time.Time{}}
	e.one = e.examine
	return e, e.recall()
}

// recall learns from the ledger who was examined just now, by an earlier coordinator too:
// asked again within its own gap, a node that did nothing wrong would turn it away.
func (e *Examiner) recall() error {
	ended, err := e.opts.Ledger.Ended(e.opts.Now().Add(-e.opts.Gap))
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for node, at := range ended {
		if at.After(e.ended[node]) {
			e.ended[node] = at
		}
	}
	return nil
}

// Run first closes what an earlier coordinator left open, and then examines until ctx
// ends, which is no error. It ends early only when an outcome can't be recorded.
func (e *Examiner) Run(ctx context.Context) error {
	if err := errors.Join(e.opts.Ledger.Abandon(ctx), e.recall()); err != nil {
		return err
	}
	under, running := errgroup.WithContext(ctx) // groups are examined beside each other: one that is slow holds up nobody
	under.SetLimit(e.opts.Parallel)
	err := e.loop(running, under)
	if failed := under.Wait(); ctx.Err() == nil {
		return errors.Join(err, failed)
	}
	return nil
}

// loop begins the examinations whose turn it is until ctx ends.
func (e *Examiner) loop(ctx context.Context, under *errgroup.Group) error {
	news := news{known: map[common.Address]models.Digest{}, prompted: map[common.Address]time.Time{}}
	for first := true; wait(ctx, e.opts.Interval/ticks); first = false {
		targets := e.opts.Targets(ctx)
		fresh := news.of(targets, first, e.opts.Now())
		groups, err := e.groups(targets)
		if err != nil {
			return err
		}
		turns, err := e.draw(groups, fresh)
		if err != nil {
			return err
		}
		for _, t := range turns {
			if !under.TryGo(func() error { return e.one(ctx, t) }) {
				e.opts.Log.Warn("as many examinations are under way as may be; a group waits for its next turn", "nodes", len(t.group))
			}
		}
	}
	return nil
}

// news knows whose profile has changed since it was looked at.
type news struct {
	known    map[common.Address]models.Digest
	prompted map[common.Address]time.Time // when a new profile last brought an examination about
}

// of are the nodes whose profile is new. Within promptGap of the last time a node's next
// one waits. What is there at the first look is news to nobody.
func (n news) of(targets []Target, first bool, now time.Time) map[common.Address]bool {
	maps.DeleteFunc(n.prompted, func(_ common.Address, at time.Time) bool { return now.Sub(at) >= promptGap })
	fresh := map[common.Address]bool{}
	for _, t := range targets {
		_, lately := n.prompted[t.Node]
		switch {
		case first:
		case n.known[t.Node] == t.Claims.Profile, lately:
			continue
		default:
			fresh[t.Node], n.prompted[t.Node] = true, now
		}
		n.known[t.Node] = t.Claims.Profile
	}
	return fresh
}

// draw keeps the groups whose turn it is: by chance, or because a profile in them is new.
func (e *Examiner) draw(groups [][]Target, fresh map[common.Address]bool) (drawn []turn, err error) {
	for _, g := range groups {
		n, err := e.number(ticks)
		if err != nil {
			return nil, err
		}
		if n == 0 || slices.ContainsFunc(g, func(t Target) bool { return fresh[t.Node] }) {
			drawn = append(drawn, turn{g, n != 0})
		}
	}
	return drawn, nil
}

// Trigger examines every target once, now, and returns when all outcomes are recorded. It
// works without Run.
func (e *Examiner) Trigger(ctx context.Context) error {
	groups, err := e.groups(e.opts.Targets(ctx))
	if err != nil {
		return err
	}
	return e.examineAll(ctx, groups)
}

func (e *Examiner) examineAll(ctx context.Context, groups [][]Target) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(e.opts.Parallel)
	for _, g := range groups {
		all.Go(func() error { return e.one(ctx, turn{group: g}) })
	}
	return all.Wait()
}

// groups parts the targets by operator, in groups of at most groupSize drawn at random.
func (e *Examiner) groups(targets []Target) (groups [][]Target, err error) {
	byOperator := map[common.Address][]Target{}
	for _, t := range targets {
		byOperator[t.Operator] = append(byOperator[t.Operator], t)
	}
	operators := make([]common.Address, 0, len(byOperator))
	for operator := range byOperator {
		operators = append(operators, operator)
	}
	slices.SortFunc(operators, common.Address.Cmp)
	for _, operator := range operators {
		nodes := byOperator[operator]
		slices.SortFunc(nodes, func(a, b Target) int { return a.Node.Cmp(b.Node) })
		for i := len(nodes) - 1; i > 0; i-- {
			j, err := e.number(i + 1)
			if err != nil {
				return nil, err
			}
			nodes[i], nodes[j] = nodes[j], nodes[i]
		}
		groups = slices.AppendSeq(groups, slices.Chunk(nodes, groupSize))
	}
	return groups, nil
}

// number is at random from 0 to n−1; the modulo's bias is under 2⁻⁴⁰ for any n here.
func (e *Examiner) number(n int) (int, error) {
	raw, err := e.word()
	return int(binary.BigEndian.Uint64(raw[:]) % uint64(n)), err
}

func (e *Examiner) word() (raw [32]byte, err error) {
	e.random.Lock()
	defer e.random.Unlock()
	if _, err := io.ReadFull(e.opts.Rand, raw[:]); err != nil {
		return raw, fmt.Errorf("draw for an examination: %w", err)
	}
	return raw, nil
}

// wait lets d pass; false when ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// claim takes the nodes of a group that nobody else examines at this moment, and that
// were not examined just now.
func (e *Examiner) claim(group []Target) (mine []Target) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range group {
		ended, before := e.ended[t.Node]
		if !e.busy[t.Node] && (!before || e.opts.Now().Sub(ended) >= e.opts.Gap) {
			e.busy[t.Node] = true
			mine = append(mine, t)
		}
	}
	return mine
}

func (e *Examiner) unclaim(group []Target) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range group {
		delete(e.busy, t.Node)
		e.ended[t.Node] = e.opts.Now()
	}
	maps.DeleteFunc(e.ended, func(_ common.Address, at time.Time) bool { return e.opts.Now().Sub(at) >= e.opts.Gap })
}

// examine asks a group at the same moment: each gets ready in its time, and when the last
// one has (or has failed to), all seeds leave together.
func (e *Examiner) examine(ctx context.Context, whose turn) error {
	group := e.claim(whose.group)
	defer e.unclaim(group)
	draw, err := e.number(memoryOneIn)
	if err != nil {
		return err
	}
	sittings := make([]*exam, 0, len(group))
	for _, t := range group {
		s, err := e.plan(t, draw == 0)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		s.record.Prompted = whose.prompted
		if err := e.opts.Ledger.Ask(ctx, s.record); err != nil {
			return err
		}
		sittings = append(sittings, s)
	}
	var ready sync.WaitGroup
	for _, s := range sittings {
		ready.Go(func() { s.failed = s.prepare(ctx) })
	}
	ready.Wait()
	together, ctx := errgroup.WithContext(ctx)
	for _, s := range sittings {
		together.Go(func() error {
			if s.failed == nil {
				s.failed = s.conduct(ctx)
			}
			return e.conclude(ctx, s)
		})
	}
	return together.Wait()
}

// plan draws an examination of a target; nil when it claims nothing that can be examined.
func (e *Examiner) plan(t Target, memory bool) (*exam, error) {
	id, err := e.word()
	if err != nil {
		return nil, err
	}
	w, err := challenge.ComputeWork(t.Claims.TOPS, e.opts.Length)
	if size := uint64(memoryShare * float64(t.Claims.MemoryBytes)); memory && size > 0 {
		w, err = challenge.MemoryWork(size, t.Claims.TOPS, e.opts.Bandwidth)
	}
	if err != nil {
		e.opts.Log.Debug("a node's claim can't be examined", "node", t.Node, "error", err)
		return nil, nil
	}
	return &exam{Examiner: e, target: t, work: w, record: attest.Examination{
		Node: t.Node, ID: id, Subject: subjectOf(w), ProfileDigest: t.Claims.Profile, ClaimMOPS: mopsOf(t.Claims.TOPS),
		Work: workDigest(w), Size: sizeOf(w), AskedAt: e.opts.Now(), Outcome: attest.Missed,
	}}, nil
}

// mopsOf is a rate in 10⁶ operations a second, as statements have it.
func mopsOf(tops float64) uint64 {
	const unit = 1e6
	return uint64(tops*unit + 0.5)
}

// conclude records what came out, and tells the node. An examination that is cut short
// because ctx ended stays open in the ledger: that was us.
func (e *Examiner) conclude(ctx context.Context, s *exam) error {
	defer s.close()
	switch {
	case s.failed == nil:
		s.record.Outcome = attest.Proved
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(s.failed, challenge.ErrFalse):
		s.record.Outcome = attest.False
	case errors.Is(s.failed, challenge.ErrUnable):
		s.record.Outcome = attest.Unable
	case errors.Is(s.failed, errDeclined): // it answered: the way to it is open
	case !e.opts.Online(ctx, s.target):
		s.record.Outcome = attest.OwnOutage
	}
	if ctx.Err() != nil { // it ended while others were pinged: what they said is worth nothing
		return ctx.Err()
	}
	if s.record.Outcome != attest.Proved {
		s.record.Answer, s.record.TookMS = nil, 0
	}
	if err := e.opts.Ledger.Record(ctx, s.record); err != nil {
		return fmt.Errorf("record the examination of %s: %w; check the coordinator's disk", s.target.Node, err)
	}
	e.opts.Log.Info("node examined", "node", s.target.Node, "subject", s.record.Subject, "outcome", s.record.Outcome, "figure", s.record.Figure(), "error", s.failed)
	s.tell(ctx)
	return nil
}
