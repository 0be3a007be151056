package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// retryPause is how long a task's loop waits after a write to disk failed.
const retryPause = time.Second

// announceAgain is when an offer with too few bids is published again: a heartbeat of
// gossip later, and half a bid window before the choice. The pause doubles from then on.
const announceAgain = 700 * time.Millisecond

// bidder is a bid that was taken, and where its node waits for the answer.
type bidder struct {
	bid   scheduler.Bid
	peer  peer.ID
	reply chan *wire.BidReply // holds one; nil for a bid whose node was answered
}

// task runs one task. Its loop is the only one that reads or writes the fields
// below calls; everybody else asks through do.
type task struct {
	b     *Broker
	id    models.Digest
	done  chan struct{} // closed when the task has ended
	calls chan func()

	rec       record
	bids      []bidder
	windowEnd time.Time // of the current round: then choose, or offer again
	anyBid    bool      // a bid of this round came: windowEnd is the bid window's
	awarding  bool      // a dialogue with the leaseholder is under way
	receiving bool      // its result is coming in
	retryAt   time.Time // a write failed: nothing happens before
	phases    phaseClock
}

// phaseClock holds when each phase began in this process.
type phaseClock struct{ offered, accepted, running, returning time.Time }

func newTask(b *Broker, r record) *task {
	return &task{b: b, id: r.Task.ID, rec: r, done: make(chan struct{}), calls: make(chan func())}
}

// do runs f in the task's loop and returns its error.
func (t *task) do(ctx context.Context, f func() error) error {
	result := make(chan error, 1)
	select {
	case t.calls <- func() { result <- f() }:
		return <-result
	case <-t.done:
		// The loop has ended and nothing changes any more; f may read.
		return f()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.b.ctx.Done():
		return errors.New("the clinic is shutting down; try again later")
	}
}

// save persists a change of the record; memory follows only what was written.
func (t *task) save(change func(*record)) error {
	written, err := t.b.store.update(t.id, func(r *record) error {
		*r = t.rec.clone()
		change(r)
		return nil
	})
	if err != nil {
		t.b.Log.Error("task not persisted; it waits and tries again", "task", t.id.Short(), "error", err)
		return fmt.Errorf("persist task %s: %w", t.id.Short(), err)
	}
	t.rec = written
	return nil
}

// clone copies what a change may alter in place.
func (r record) clone() record {
	tries := make(map[common.Address]int, len(r.Tries))
	for node, n := range r.Tries {
		tries[node] = n
	}
	r.Tries, r.Bids = tries, slices.Clone(r.Bids)
	return r
}

// loop lives from start to the task's end or the broker's.
func (t *task) loop() {
	b := t.b
	if t.rec.Task.State == scheduler.Leased || t.rec.Task.State == scheduler.Running {
		b.hold(t.rec.Task.Lease.Node, +1)
	}
	for {
		if err := t.step(); err != nil {
			t.retryAt = b.Clock.Now().Add(retryPause)
		}
		if t.rec.Task.State.Final() {
			t.finish()
			return
		}
		select {
		case f := <-t.calls:
			f()
		case <-b.Clock.After(t.nextTimer().Sub(b.Clock.Now())):
		case <-b.ctx.Done():
			t.answerAll("the clinic is shutting down")
			return
		}
	}
}

// nextTimer is when something happens by itself.
func (t *task) nextTimer() time.Time {
	if t.retryAt.After(t.b.Clock.Now()) {
		return t.retryAt
	}
	next := t.rec.Task.Deadline
	switch t.rec.Task.State {
	case scheduler.Offered:
		if t.windowEnd.Before(next) {
			next = t.windowEnd
		}
	case scheduler.Leased, scheduler.Running:
		if e := t.rec.Task.Lease.Expiry; e.Before(next) {
			next = e
		}
	}
	return next
}

// step does whatever the state and the time ask for.
func (t *task) step() error {
	now := t.b.Clock.Now()
	if now.Before(t.retryAt) {
		return nil
	}
	if next, changed := t.rec.Task.Tick(now); changed {
		if err := t.drop(next, LeaseLost); err != nil {
			return err
		}
	}
	switch t.rec.Task.State {
	case scheduler.Open:
		if t.hasFreshSpare() {
			return t.award()
		}
		return t.offer()
	case scheduler.Offered:
		return t.collect(now)
	case scheduler.Leased:
		if !t.awarding {
			t.negotiate() // after a restart: the same award again
		}
	}
	return nil
}

// offer starts a round.
func (t *task) offer() error {
	next, err := t.rec.Task.Offer()
	if err != nil {
		return err
	}
	if err := t.save(func(r *record) { r.Task = next }); err != nil {
		return err
	}
	b, now := t.b, t.b.Clock.Now()
	if t.phases.offered.IsZero() {
		t.phases.offered = now
	}
	// Late rounds are patient: nobody may be there for a while.
	wait := b.RoundWait * time.Duration(min(max(t.rec.Task.Round, 3)-2, 5))
	t.windowEnd, t.anyBid = now.Add(wait), false
	expires := now.Add(min(wait, scheduler.MaxOfferLife))
	known := b.Market.Peers(t.rec.Residency)
	threshold := scheduler.Threshold(known, scheduler.LotteryWanted, t.rec.Task.Round)
	o := t.rec.offer(b.Key.Address(), wire.HostAddresses(b.Host), expires, threshold)
	b.emit(t.rec, Offered, Event{Text: fmt.Sprintf("round %d, to %d connected members in %v", t.rec.Task.Round, known, t.rec.Residency)})
	b.running.Go(func() {
		ctx, cancel := context.WithTimeout(b.ctx, wait)
		defer cancel()
		t.announce(ctx, o)
	})
	return nil
}

// announce publishes an offer, and again while bids are wanted: a node that had just
// joined a relay's mesh was not sent the first and, being in the mesh now, is not told of
// it either. Who has bid takes no notice.
func (t *task) announce(ctx context.Context, o scheduler.Offer) {
	b := t.b
	for pause := announceAgain; ; pause *= 2 {
		if err := b.Market.Publish(ctx, o, b.Key); err != nil {
			if b.ctx.Err() == nil {
				b.Log.Warn("offer not published; the next round tries again", "task", t.id.Short(), "round", o.Round, "error", err)
			}
			return
		}
		select {
		case <-b.Clock.After(pause):
		case <-ctx.Done():
			return
		}
		wanted := false
		err := t.do(ctx, func() error {
			wanted = t.rec.Task.State == scheduler.Offered && t.rec.Task.Round == o.Round && len(t.candidates()) < scheduler.LotteryWanted
			return nil
		})
		if err != nil || !wanted {
			return
		}
		o.Expires = o.Expires.Add(-time.Millisecond) // gossip knows a message by its content
	}
}

// collect ends the round when its window is over or enough bids are in.
func (t *task) collect(now time.Time) error {
	live := len(t.candidates())
	enough := live >= scheduler.LotteryWanted
	if now.Before(t.windowEnd) && !enough {
		return nil
	}
	if live > 0 {
		return t.award()
	}
	return t.offer()
}

// take adds a bid to the task, in the loop.
func (t *task) take(in bidder) error {
	now := t.b.Clock.Now()
	if t.rec.Task.State.Final() {
		return fmt.Errorf("task %s is %s: %w", t.id.Short(), t.rec.Task.State, scheduler.ErrFinal)
	}
	o := t.rec.offer(t.b.Key.Address(), nil, now, 0)
	if err := scheduler.Eligible(o, in.bid, now); err != nil {
		return err
	}
	if at := slices.IndexFunc(t.bids, func(known bidder) bool { return known.bid.Node == in.bid.Node }); at >= 0 {
		t.bids[at].answer(false, "a newer bid of this node replaces it")
		t.bids = slices.Delete(t.bids, at, at+1)
	}
	if len(t.bids) >= maxBids {
		return fmt.Errorf("task %s has %d bids, it takes no more in this round", t.id.Short(), maxBids)
	}
	t.bids = append(t.bids, in)
	t.b.emit(t.rec, BidTaken, Event{Node: in.bid.Node, Price: in.bid.PriceGwei,
		Text: fmt.Sprintf("%d gwei, promised in %v, tier %d, %s", in.bid.PriceGwei, in.bid.Promise, in.bid.Tier, in.bid.Jurisdiction)})
	if t.rec.Task.State == scheduler.Offered && !t.anyBid {
		window := t.b.BidWindow
		if t.rec.Class == scheduler.STAT {
			window = t.b.STATWindow
		}
		t.anyBid = true
		if end := now.Add(window); end.Before(t.windowEnd) {
			t.windowEnd = end
		}
	}
	return nil
}

// hasFreshSpare reports whether a losing bid of a node that has not failed this
// task is left over.
func (t *task) hasFreshSpare() bool {
	return slices.ContainsFunc(t.bids, func(in bidder) bool { return t.rec.Tries[in.bid.Node] == 0 })
}

// candidates are the bids that may win now. A node that lost this task comes into
// question only in a round where nobody else bid.
func (t *task) candidates() []scheduler.Candidate {
	var list []scheduler.Candidate
	fewest := -1
	for _, in := range t.bids {
		tries := t.rec.Tries[in.bid.Node]
		if fewest < 0 || tries < fewest {
			fewest = tries
		}
		list = append(list, scheduler.Candidate{Bid: in.bid, Score: t.b.Score(in.bid.Node), Busy: t.b.holding(in.bid.Node), Failed: tries})
	}
	return slices.DeleteFunc(list, func(c scheduler.Candidate) bool { return c.Failed > fewest })
}

// award chooses a bid, persists the lease and only then talks to its node.
func (t *task) award() error {
	candidates := t.candidates()
	chosen := scheduler.Choose(t.rec.Class, candidates, t.b.Random())
	if chosen < 0 {
		t.dropBids(candidates)
		return t.offer()
	}
	node := candidates[chosen].Bid.Node
	at := slices.IndexFunc(t.bids, func(in bidder) bool { return in.bid.Node == node })
	won := t.bids[at]
	next, err := t.rec.Task.Award(node, t.b.Clock.Now(), t.b.Lease)
	if err != nil {
		return err
	}
	err = t.save(func(r *record) {
		r.Task = next
		r.Winner = &winner{Bid: won.bid, Peer: won.peer}
		r.note(t.bids, node)
	})
	if err != nil {
		return err
	}
	t.b.hold(node, +1)
	t.bids = slices.Delete(t.bids, at, at+1)
	won.answer(true, "")
	t.answerAll("another node was chosen; this bid is kept as a spare")
	t.b.emit(t.rec, Awarded, Event{Price: won.bid.PriceGwei, Text: fmt.Sprintf("chosen among %d bids, fence %d, lease %v", len(candidates), next.Fence, t.b.Lease)})
	t.negotiate()
	return nil
}

// dropBids forgets bids that nobody would choose.
func (t *task) dropBids(worthless []scheduler.Candidate) {
	t.bids = slices.DeleteFunc(t.bids, func(in bidder) bool {
		return slices.ContainsFunc(worthless, func(c scheduler.Candidate) bool { return c.Bid.Node == in.bid.Node })
	})
}

// note records the bids for the outcome's summary.
func (r *record) note(bids []bidder, won common.Address) {
	for n := range r.Bids {
		r.Bids[n].Won = r.Bids[n].Node == won
	}
	for _, in := range bids {
		s := BidSummary{Node: in.bid.Node, PriceGwei: in.bid.PriceGwei, PromiseMS: in.bid.Promise.Milliseconds(),
			Tier: in.bid.Tier, Jurisdiction: in.bid.Jurisdiction, Won: in.bid.Node == won}
		if at := slices.IndexFunc(r.Bids, func(known BidSummary) bool { return known.Node == s.Node }); at >= 0 {
			r.Bids[at] = s
		} else if len(r.Bids) < maxBids {
			r.Bids = append(r.Bids, s)
		}
	}
}

// answer tells a waiting node how its bid went; later calls say nothing.
func (in *bidder) answer(won bool, reason string) {
	if in.reply == nil {
		return
	}
	in.reply <- &wire.BidReply{Task: in.bid.Task[:], Won: won, Reason: reason}
	in.reply = nil
}

func (t *task) answerAll(reason string) {
	for n := range t.bids {
		t.bids[n].answer(false, reason)
	}
}

// drop persists that the lease ended without a result; next is the task after it.
func (t *task) drop(next scheduler.Task, kind Kind) error {
	lease, held := t.rec.Task.Lease, t.rec.Task.State == scheduler.Leased || t.rec.Task.State == scheduler.Running
	err := t.save(func(r *record) {
		r.Task = next
		r.Winner = nil
		if held {
			r.Tries[lease.Node]++
		}
	})
	if err != nil {
		return err
	}
	if held {
		t.b.hold(lease.Node, -1)
		t.b.emit(t.rec, kind, Event{Node: lease.Node, Fence: lease.Fence, Text: next.Reason})
	}
	t.awarding, t.receiving = false, false
	t.phases.accepted, t.phases.running, t.phases.returning = time.Time{}, time.Time{}, time.Time{}
	return nil
}

// release ends the lease numbered fence, in the loop; other fences are ignored.
func (t *task) release(fence uint64, kind Kind, reason string) error {
	next, err := t.rec.Task.Release(fence, wire.Reason(reason))
	if err != nil {
		return err
	}
	return t.drop(next, kind)
}

// finish tidies up after the last state was persisted.
func (t *task) finish() {
	b := t.b
	t.answerAll(fmt.Sprintf("the task is %s", t.rec.Task.State))
	b.tidy(t.rec)
	b.emit(t.rec, Finished, Event{Text: t.rec.Task.Reason})
	b.mu.Lock()
	delete(b.tasks, t.id)
	b.mu.Unlock()
	close(t.done)
}

// tidy drops what an ended task needs no more. Without its key the ciphertext is
// noise, whoever kept a copy.
func (b *Broker) tidy(r record) {
	if err := b.Blobs.Delete(context.WithoutCancel(b.ctx), payloadBlob(r.Task.ID)); err != nil {
		b.Log.Warn("sealed payload of an ended task not deleted", "task", r.Task.ID.Short(), "error", err)
		return
	}
	_, err := b.store.update(r.Task.ID, func(r *record) error {
		r.ContentKey = nil
		if r.Task.State != scheduler.Resulted {
			r.ResultKey = nil
		}
		return nil
	})
	if err != nil {
		b.Log.Warn("keys of an ended task not dropped; the next start tries again", "task", r.Task.ID.Short(), "error", err)
	}
}

// hold counts the live leases of a node.
func (b *Broker) hold(node common.Address, by int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[node] += by; b.held[node] <= 0 {
		delete(b.held, node)
	}
}

func (b *Broker) holding(node common.Address) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held[node]
}
