package scheduler

import (
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/medhive/medhive/models"
)

// State is where a task stands. The way is
// open → offered → leased → running → resulted → delivered; a lost lease leads
// back to open, and local, failed, expired and cancelled can end it on the way.
type State string

// The states of a task.
const (
	Open      State = "open"      // sealed and persisted, nobody was asked yet (again)
	Offered   State = "offered"   // an offer is out, bids may come
	Leased    State = "leased"    // awarded to one node that has not accepted yet
	Running   State = "running"   // accepted; progress renews the lease
	Resulted  State = "resulted"  // a result and its receipt were accepted and persisted
	Delivered State = "delivered" // the clinic has taken the result over
	Local     State = "local"     // the clinic's own runner made the result, nobody is paid
	Failed    State = "failed"    // attempts are used up
	Expired   State = "expired"   // the deadline passed without a result
	Cancelled State = "cancelled" // the clinic withdrew it
)

// Final reports whether no node can change the task any more.
func (s State) Final() bool {
	switch s {
	case Resulted, Delivered, Local, Failed, Expired, Cancelled:
		return true
	}
	return false
}

// held reports whether a node holds the task in this state.
func (s State) held() bool { return s == Leased || s == Running }

// The refusals of the state machine. They reach the peer as text.
var (
	ErrStaleFence = errors.New("stale fencing number: the task was leased again; drop this work")
	ErrNotHolder  = errors.New("another node holds the lease; drop this work")
	ErrNoLease    = errors.New("no lease is live for this task; bid for it")
	ErrLapsed     = errors.New("the lease has lapsed; drop this work and send progress in time")
	ErrFinal      = errors.New("the task has ended; drop this work")
	ErrTransition = errors.New("this step is not allowed in the task's state")
)

// Lease is the right of one node to work on a task until Expiry. Fence rises with
// every award of the task and is never reused.
type Lease struct {
	Node   common.Address `json:"node"`
	Fence  uint64         `json:"fence"`
	Expiry time.Time      `json:"expiry"`
}

// Task is a task's persistent state. Its methods return the next value and leave
// the receiver alone, so that a caller can persist before it acts.
type Task struct {
	ID          models.Digest `json:"id"`
	State       State         `json:"state"`
	Round       uint32        `json:"round"` // offers made so far
	Fence       uint64        `json:"fence"` // highest fencing number ever given
	Lease       Lease         `json:"lease,omitzero"`
	MaxAttempts int           `json:"max_attempts"`
	Deadline    time.Time     `json:"deadline"`
	// Pardons is how many awards that never got a yes are still not counted as attempts:
	// nodes behind a cut in the network use up none. Records of before have none.
	Pardons int    `json:"pardons,omitempty"`
	Reason  string `json:"reason,omitempty"` // why the last lease or the task ended
	// LocalBy is when the clinic stops waiting for nodes and starts its own runner; zero: never.
	LocalBy time.Time `json:"local_by,omitzero"`
	// Taken says of a local result that it was taken over, as delivered does of a node's.
	Taken bool `json:"taken,omitempty"`
}

// pardonsOfAttempt is how many awards without a yes are pardoned for each attempt: at the
// broker's pace, one in ten seconds, its eight attempts outlast a cut of ten minutes.
const pardonsOfAttempt = 8

// NewTask is an open task. maxAttempts bounds how many nodes may take it and lose it; with
// awards that nobody said yes to, it is awarded at most nine times as often.
func NewTask(id models.Digest, deadline time.Time, maxAttempts int) Task {
	attempts := max(1, maxAttempts)
	return Task{ID: id, State: Open, Deadline: deadline, MaxAttempts: attempts, Pardons: pardonsOfAttempt * attempts}
}

func (t Task) refuse(step string) error {
	if t.State.Final() {
		return fmt.Errorf("%s task %s in state %s: %w", step, t.ID.Short(), t.State, ErrFinal)
	}
	return fmt.Errorf("%s task %s in state %s: %w", step, t.ID.Short(), t.State, ErrTransition)
}

// Offer starts the next round: open or offered → offered.
func (t Task) Offer() (Task, error) {
	if t.State != Open && t.State != Offered {
		return t, t.refuse("offer")
	}
	t.State = Offered
	t.Round++
	return t, nil
}

// Award gives the task to node until now+term under the next fencing number:
// open or offered → leased. (Open, because a spare bid needs no new offer.)
func (t Task) Award(node common.Address, now time.Time, term time.Duration) (Task, error) {
	if t.State != Open && t.State != Offered {
		return t, t.refuse("award")
	}
	switch {
	case !now.Before(t.Deadline):
		return t, fmt.Errorf("award task %s: its deadline has passed: %w", t.ID.Short(), ErrTransition)
	case t.spent():
		return t, fmt.Errorf("award task %s: its %d attempts are used up: %w", t.ID.Short(), t.MaxAttempts, ErrTransition)
	case t.WantsLocal(now):
		return t, fmt.Errorf("award task %s: the clinic's own runner has it: %w", t.ID.Short(), ErrTransition)
	}
	t.Fence++
	t.State = Leased
	t.Lease = Lease{Node: node, Fence: t.Fence, Expiry: now.Add(term)}
	return t, nil
}

// Holds says whether node may act on the task under fence at this moment; nil or
// one of the named refusals.
func (t Task) Holds(node common.Address, fence uint64, now time.Time) error {
	switch {
	case fence < t.Fence:
		return fmt.Errorf("task %s: fence %d, current is %d: %w", t.ID.Short(), fence, t.Fence, ErrStaleFence)
	case t.State.Final():
		return fmt.Errorf("task %s is %s: %w", t.ID.Short(), t.State, ErrFinal)
	case !t.State.held() || fence != t.Lease.Fence:
		return fmt.Errorf("task %s: fence %d: %w", t.ID.Short(), fence, ErrNoLease)
	case node != t.Lease.Node:
		return fmt.Errorf("task %s: fence %d: %w", t.ID.Short(), fence, ErrNotHolder)
	case !now.Before(t.Lease.Expiry):
		return fmt.Errorf("task %s: fence %d: %w", t.ID.Short(), fence, ErrLapsed)
	}
	return nil
}

// Accept is the node's yes to its award: leased → running, with a fresh term.
func (t Task) Accept(node common.Address, fence uint64, now time.Time, term time.Duration) (Task, error) {
	if err := t.Holds(node, fence, now); err != nil {
		return t, err
	}
	if t.State != Leased {
		return t, t.refuse("accept")
	}
	t.State = Running
	t.Lease.Expiry = now.Add(term)
	return t, nil
}

// Renew moves the holder's expiry to now+term; it never shortens a lease.
func (t Task) Renew(node common.Address, fence uint64, now time.Time, term time.Duration) (Task, error) {
	if err := t.Holds(node, fence, now); err != nil {
		return t, err
	}
	if until := now.Add(term); until.After(t.Lease.Expiry) {
		t.Lease.Expiry = until
	}
	return t, nil
}

// Restore gives the persisted holder one whole fresh term after the clinic's own
// restart, so that the clinic's outage is nobody's strike.
func (t Task) Restore(now time.Time, term time.Duration) Task {
	if t.State.held() {
		t.Lease.Expiry = now.Add(term)
	}
	return t
}

// Result accepts the holder's result: running → resulted.
func (t Task) Result(node common.Address, fence uint64, now time.Time) (Task, error) {
	if err := t.Holds(node, fence, now); err != nil {
		return t, err
	}
	if t.State != Running {
		return t, t.refuse("take the result of")
	}
	t.State = Resulted
	t.Reason = ""
	return t, nil
}

// Release ends the lease numbered fence without a result: back to open, or to
// failed when the attempts are used up and the clinic has no runner of its own for it. An
// award that got no yes is no attempt while there are pardons.
func (t Task) Release(fence uint64, reason string) (Task, error) {
	if !t.State.held() || fence != t.Lease.Fence {
		return t, t.refuse("release")
	}
	if t.State == Leased && t.Pardons > 0 {
		t.Pardons--
		t.MaxAttempts++
	}
	t.Lease = Lease{}
	t.Reason = reason
	t.State = Open
	if t.spent() {
		t.Reason = fmt.Sprintf("all of its %d awards failed, the last one: %s", t.Fence, reason)
		if t.LocalBy.IsZero() {
			t.State = Failed
		}
	}
	return t, nil
}

// spent reports whether no further award is allowed.
func (t Task) spent() bool { return t.Fence >= uint64(t.MaxAttempts) }

// Tick applies the passing of time: a lapsed lease is released, and a task without
// a result expires at its deadline. It reports whether anything changed.
func (t Task) Tick(now time.Time) (Task, bool) {
	if t.State.Final() {
		return t, false
	}
	if !now.Before(t.Deadline) {
		t.State = Expired
		t.Lease = Lease{}
		t.Reason = joinReason("the deadline passed", t.Reason)
		return t, true
	}
	if t.State.held() && !now.Before(t.Lease.Expiry) {
		next, err := t.Release(t.Lease.Fence, "the node fell silent and its lease lapsed")
		return next, err == nil
	}
	return t, false
}

// joinReason keeps why the last try failed beside why the task ended.
func joinReason(ended, last string) string {
	if last == "" {
		return ended
	}
	return ended + "; before that: " + last
}

// Fail ends a task that can never be run, with the reason.
func (t Task) Fail(reason string) (Task, error) {
	if t.State.Final() {
		return t, t.refuse("fail")
	}
	t.State, t.Lease, t.Reason = Failed, Lease{}, reason
	return t, nil
}

// Cancel withdraws a task that has no result yet.
func (t Task) Cancel(reason string) (Task, error) {
	if t.State.Final() {
		return t, t.refuse("cancel")
	}
	t.State, t.Lease, t.Reason = Cancelled, Lease{}, reason
	return t, nil
}

// Reopen takes up again what ended without a result: failed, expired or cancelled →
// open. Fences go on rising, so nothing of the earlier tries is ever accepted. The caller
// sets LocalBy again where it has a runner.
func (t Task) Reopen(deadline time.Time, attempts int) (Task, error) {
	if t.State != Failed && t.State != Expired && t.State != Cancelled {
		return t, t.refuse("reopen")
	}
	t.State, t.Deadline, t.Reason, t.Lease, t.Round = Open, deadline, "", Lease{}, 0
	attempts = max(1, attempts)
	t.MaxAttempts, t.Pardons, t.LocalBy = int(t.Fence)+attempts, pardonsOfAttempt*attempts, time.Time{}
	return t, nil
}

// Deliver notes that the clinic took the result over: resulted → delivered; a local
// result stays local and is taken.
func (t Task) Deliver() (Task, error) {
	switch {
	case t.State == Resulted:
		t.State = Delivered
	case t.State == Local && !t.Taken:
		t.Taken = true
	default:
		return t, t.refuse("deliver")
	}
	return t, nil
}

// Undelivered reports whether a result waits to be taken over.
func (t Task) Undelivered() bool { return t.State == Resulted || t.State == Local && !t.Taken }
