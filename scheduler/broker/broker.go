// Package broker is the clinic's side of the market: the single writer of its
// tasks. In: a payload with what it needs and what may be paid. Out: a checked
// result with a receipt that both sides signed, or a named final state. Every
// step is persisted before anybody hears of it. It never sees identity, and never
// trusts a node beyond its lease.
package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// Broker owns the tasks in its database. It is safe for concurrent use.
type Broker struct {
	Config
	store   store
	absent  *absences
	proven  *proven
	tally   *tally
	warm    *warmth
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup // task loops, dialogues and inbound streams
	uploads *uploads
	races   *races
	judging chan struct{} // one token per result that is judged
	runner  turns         // of the clinic's own runner
	unread  *unread
	sealing sync.Mutex // one Submit at a time: two of one id must not seal over each other

	mu     sync.Mutex // guards the fields below
	tasks  map[models.Digest]*task
	seats  map[models.Digest]seats // of copied tasks that run, by parent
	held   map[common.Address]int  // live leases by node
	closed bool

	answering chan struct{} // closed when nodes are answered
	answer    func()        // closes it
}

// New opens the broker's part of the database. Resume takes up what an earlier process left;
// where there is something, nodes are answered from then on. Close ends it.
func New(c Config) (*Broker, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	st, err := openStore(c.DB, c.Secret)
	if err != nil {
		return nil, err
	}
	absent, err := st.absences(c.Clock)
	if err != nil {
		return nil, fmt.Errorf("open task database: %w", err)
	}
	proven, err := st.loadProven()
	if err != nil {
		return nil, fmt.Errorf("open task database: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &Broker{
		Config: c, store: st, absent: absent, proven: proven, tally: newTally(), warm: newWarmth(), ctx: ctx, cancel: cancel,
		uploads: newUploads(), races: newRaces(), judging: make(chan struct{}, maxJudging), runner: newTurns(), unread: newUnread(),
		tasks: map[models.Digest]*task{}, seats: map[models.Digest]seats{}, held: map[common.Address]int{}, answering: make(chan struct{}),
	}
	b.answer = sync.OnceFunc(func() { close(b.answering) })
	if err := b.sweep(ctx); err != nil {
		cancel()
		return nil, err
	}
	records, err := st.pending()
	if err != nil {
		cancel()
		return nil, fmt.Errorf("open task database: %w", err)
	}
	if !slices.ContainsFunc(records, func(r record) bool { return !r.Task.State.Final() }) {
		b.answer() // there is nothing to resume
	}
	b.serve()
	b.running.Go(b.retire)
	b.running.Go(b.forget)
	if b.Directory != nil {
		b.running.Go(b.keepWarm)
	}
	return b, nil
}

// Submit seals the payload, persists the task and starts to offer it. When it
// returns nil, the task survives any crash. The same id again is the same task;
// one that ended without a result is taken up again, with fences that go on rising.
func (b *Broker) Submit(ctx context.Context, s Submission) error {
	if err := s.validate(b.Clock.Now()); err != nil {
		return fmt.Errorf("submit task %s: %w", s.Task.Short(), err)
	}
	b.sealing.Lock()
	defer b.sealing.Unlock()
	g, known, err := b.store.families(s.Task)
	if errors.Is(err, ErrUnknownTask) {
		return b.begin(ctx, s)
	}
	if err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	if known[0].PayloadHash != models.DigestOf(s.Payload) || known[0].Package != s.PackageDigest {
		return fmt.Errorf("submit task %s: this id stands for another payload or model; choose a fresh id", s.Task.Short())
	}
	return b.again(ctx, s, g, known)
}

// begin seals and persists a task that was never seen, all of its copies or none.
func (b *Broker) begin(ctx context.Context, s Submission) error {
	var group *scheduler.Group
	if s.Copying != scheduler.Once {
		group = &scheduler.Group{Parent: s.Task, Copying: s.Copying, Copies: s.copies()}
	}
	var records []record
	for n := range s.copies() {
		r, err := b.seal(ctx, s, n)
		if err != nil {
			return fmt.Errorf("submit task %s: %w", s.Task.Short(), err)
		}
		records = append(records, r)
	}
	if err := b.store.create(group, records); err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	for _, r := range records {
		b.sealed(r)
		if err := b.start(r); err != nil {
			return err
		}
	}
	return nil
}

func (b *Broker) sealed(r record) {
	b.tally.count(func(s *Stats) { s.Submitted++ })
	b.emit(r, Sealed, Event{Text: fmt.Sprintf("%d bytes as %s", r.PayloadBytes, r.PayloadCID)})
}

// again takes up a task that is known: what runs goes on, what has its result keeps it, and
// what ended without one is opened once more.
func (b *Broker) again(ctx context.Context, s Submission, g scheduler.Group, known []record) error {
	over := !g.Winner.IsZero()
	for _, r := range known {
		if g.Copying == scheduler.Replicated && r.Task.State == scheduler.Local {
			over = true // the clinic has its result, and asked no more nodes
		}
		if !r.Task.State.Final() {
			over = true
			if err := b.start(r); err != nil {
				return err
			}
		}
	}
	if over {
		return nil
	}
	s.Copying, s.Copies = g.Copying, g.Copies // as it was persisted
	for n, r := range known {
		reopened, err := r.Task.Reopen(s.Deadline, b.MaxAttempts)
		if err != nil {
			continue // it has its result
		}
		if err := b.ended(ctx, r.Task.ID); err != nil {
			return fmt.Errorf("submit task %s: %w", s.Task.Short(), err)
		}
		fresh, err := b.seal(ctx, s, n)
		if err != nil {
			return fmt.Errorf("submit task %s: %w", s.Task.Short(), err)
		}
		reopened.LocalBy = fresh.Task.LocalBy
		fresh.Task = reopened
		written, err := b.store.update(r.Task.ID, func(old *record) error {
			fresh.Withdrawals, fresh.Dispute = old.Withdrawals, old.Dispute // what was signed stays signed
			*old = fresh
			return nil
		})
		if err != nil {
			return fmt.Errorf("submit: %w", err)
		}
		b.sealed(written)
		if err := b.start(written); err != nil {
			return err
		}
	}
	return nil
}

// ended waits until nothing works on an ended task any more.
func (b *Broker) ended(ctx context.Context, id models.Digest) error {
	t, err := b.find(id)
	if err != nil {
		return nil // its loop is gone
	}
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Resume takes up every task that has not ended, with a whole fresh lease for
// those that a node holds: the clinic's outage is nobody's strike. Nodes are
// answered from then on: one that came before would be told that its task is unknown, and
// forget work that is done.
func (b *Broker) Resume(context.Context) error {
	records, err := b.store.pending()
	if err != nil {
		return fmt.Errorf("resume tasks: %w", err)
	}
	for _, r := range records {
		if len(r.Withdrawals) > 0 {
			id := r.Task.ID
			b.running.Go(func() { b.tellWithdrawn(id) })
		}
		if r.Task.State.Final() {
			if r.ContentKey != nil {
				b.tidy(r)
			}
			continue
		}
		if err := b.start(r); err != nil {
			return fmt.Errorf("resume tasks: %w", err)
		}
	}
	b.answer()
	return nil
}

// start runs the loop of a persisted task, unless one runs or it has ended.
func (b *Broker) start(r record) error {
	over, spare, checks, wanting := false, false, false, false
	if !r.Parent.IsZero() {
		if err := b.remember(r.Parent); err != nil {
			return fmt.Errorf("start task %s: %w", r.Task.ID.Short(), err)
		}
		over, spare, checks = b.raceOver(r), b.ownResult(r), b.onlyChecks(r) // the process before ended between the result and the calling off
		wanting = r.Copy == 0 && b.wanting(r)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errors.New("the broker is closed; start the clinic again")
	}
	if _, running := b.tasks[r.Task.ID]; running || r.Task.State.Final() {
		return nil
	}
	r.Task = r.Task.Restore(b.Clock.Now(), b.Lease)
	t := newTask(b, r)
	t.over, t.spare, t.checks = over, spare, checks
	b.tasks[r.Task.ID] = t
	b.running.Go(t.loop)
	if wanting {
		b.running.Go(func() { b.complete(r.Parent) }) // the process before ended while it sealed the next copy
	}
	return nil
}

// find is the running task of an id.
func (b *Broker) find(id models.Digest) (*task, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.tasks[id]
	if !ok {
		return nil, fmt.Errorf("task %s: %w", id.Short(), ErrUnknownTask)
	}
	return t, nil
}

// Wait returns the outcome once the task has ended, with or without a result; of a copied
// task, once every copy has.
func (b *Broker) Wait(ctx context.Context, id models.Digest) (Outcome, error) {
	g, copies, err := b.store.families(id)
	var outcomes []Outcome
	for err == nil && len(outcomes) < len(copies) {
		o, failed := b.waitFor(ctx, copies[len(outcomes)].Task.ID)
		if failed != nil {
			return Outcome{}, failed
		}
		outcomes = append(outcomes, o)
		g, copies, err = b.store.families(id) // by now it may have a winner, or one more copy
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("wait: %w", err)
	}
	if g.Parent.IsZero() {
		return outcomes[0], nil
	}
	return gather(g, outcomes), nil
}

// waitFor waits for one copy.
func (b *Broker) waitFor(ctx context.Context, id models.Digest) (Outcome, error) {
	if t, err := b.find(id); err == nil {
		select {
		case <-t.done:
		case <-ctx.Done():
			return Outcome{}, fmt.Errorf("wait for task %s: %w", id.Short(), context.Cause(ctx))
		case <-b.ctx.Done():
			return Outcome{}, fmt.Errorf("wait for task %s: the broker is closed; start the clinic again to resume", id.Short())
		}
	}
	r, err := b.store.load(id)
	if err != nil {
		return Outcome{}, fmt.Errorf("wait: %w", err)
	}
	if !r.Task.State.Final() {
		return Outcome{}, fmt.Errorf("wait for task %s: it is %s and not running; call Resume first", id.Short(), r.Task.State)
	}
	return b.outcome(ctx, r)
}

// Cancel withdraws a task that has no result yet, with all of its copies. It is persisted,
// and so is whom to tell: nodes that work on it hear of it now or when they are reached.
func (b *Broker) Cancel(ctx context.Context, id models.Digest, reason string) error {
	_, copies, err := b.store.families(id)
	if err != nil {
		return fmt.Errorf("cancel: %w", err)
	}
	live := 0
	for _, r := range copies {
		if len(copies) > 1 && r.Task.State.Final() {
			continue
		}
		live++
		t, err := b.find(r.Task.ID)
		if err != nil {
			return fmt.Errorf("cancel: %w", err)
		}
		if err := t.do(ctx, func() error { return t.withdraw(reason) }); err != nil {
			return fmt.Errorf("cancel: %w", err)
		}
	}
	if live == 0 {
		return fmt.Errorf("cancel task %s: %w", id.Short(), scheduler.ErrFinal)
	}
	return nil
}

// Close stops answering nodes and waits for every goroutine. Tasks stay in the
// database for the next Resume.
func (b *Broker) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.unserve()
	b.cancel()
	b.running.Wait()
	return nil
}
