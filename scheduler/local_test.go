package scheduler

import (
	"errors"
	"testing"
	"time"

	"github.com/medhive/medhive/models"
)

func withRunner(attempts int) Task {
	t := NewTask(models.DigestOf([]byte("task")), epoch.Add(time.Hour), attempts)
	t.LocalBy = epoch.Add(time.Minute)
	return t
}

func must(t *testing.T) func(Task, error) Task {
	return func(task Task, err error) Task {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return task
	}
}

func TestLocal(t *testing.T) {
	ok, late := must(t), epoch.Add(time.Minute)
	fresh := withRunner(1)
	if fresh.WantsLocal(epoch) || !fresh.WantsLocal(late) {
		t.Error("the clinic's runner begins when nodes have had their time")
	}
	if _, err := fresh.LocalResult(epoch); !errors.Is(err, ErrTransition) {
		t.Errorf("a result before its time: %v", err)
	}
	if _, err := fresh.Award(alice, late, term); !errors.Is(err, ErrTransition) {
		t.Errorf("an award while the clinic's runner has it: %v", err)
	}
	if NewTask(fresh.ID, fresh.Deadline, 1).WantsLocal(epoch.Add(59 * time.Minute)) {
		t.Error("a clinic without a runner wants one")
	}

	// A node that holds the task may be first, or be last.
	held := ok(ok(fresh.Award(alice, epoch, 2*time.Minute)).Accept(alice, 1, epoch, 2*time.Minute))
	if first := ok(held.Result(alice, 1, late)); first.WantsLocal(late) {
		t.Error("a task with a result wants another")
	}
	done := ok(held.LocalResult(late))
	if done.State != Local || !done.State.Final() || done.Lease != (Lease{}) || !done.Undelivered() {
		t.Errorf("after its run: %+v", done)
	}
	if err := done.Holds(alice, 1, late); !errors.Is(err, ErrFinal) {
		t.Errorf("the node's late result: %v", err)
	}
	taken := ok(done.Deliver())
	if taken.State != Local || taken.Undelivered() {
		t.Errorf("taken over: %+v", taken)
	}
	if _, err := taken.Deliver(); err == nil {
		t.Error("taken over twice")
	}
	if _, err := done.Reopen(epoch.Add(2*time.Hour), 1); !errors.Is(err, ErrFinal) {
		t.Errorf("a local result is made again: %v", err)
	}
}

// TestAttemptsUsedUpWithRunner: where the clinic has a runner, used-up attempts do not fail
// the task; the runner has its turn at once, and its failure is the end.
func TestAttemptsUsedUpWithRunner(t *testing.T) {
	ok := must(t)
	lost := ok(ok(ok(withRunner(1).Award(alice, epoch, term)).Accept(alice, 1, epoch, term)).Release(1, "it was lost"))
	if lost.State != Open || !lost.WantsLocal(epoch) {
		t.Fatalf("after the last attempt: %+v", lost)
	}
	if _, err := lost.Award(bob, epoch, term); !errors.Is(err, ErrTransition) {
		t.Errorf("one award too many: %v", err)
	}
	if made := ok(lost.LocalResult(epoch)); made.State != Local {
		t.Errorf("%+v", made)
	}
	failed := ok(lost.LocalFailed("no memory"))
	if failed.State != Failed || failed.Reason == "" {
		t.Errorf("after its failure: %+v", failed)
	}
	again := ok(failed.Reopen(epoch.Add(time.Hour), 1))
	if again.State != Open || !again.LocalBy.IsZero() {
		t.Errorf("taken up again: %+v", again)
	}
	// With attempts left, nodes go on.
	if on := ok(withRunner(2).LocalFailed("no memory")); on.State != Open || on.WantsLocal(epoch.Add(time.Minute)) {
		t.Errorf("after an early failure: %+v", on)
	}
	// The deadline ends it all the same.
	if ended, changed := lost.Tick(epoch.Add(time.Hour)); !changed || ended.State != Expired {
		t.Errorf("at its deadline: %+v", ended)
	}
	if _, err := lost.LocalResult(epoch.Add(time.Hour)); err == nil {
		t.Error("a result after the deadline")
	}
}
