package worker_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// Whoever hears of a task can offer one of the same name, under the same fence. Neither keeps
// the other's from being bid for, done, found again after a kill, delivered or paid.
func TestTasksOfOneNameAreTwo(t *testing.T) {
	t.Parallel()
	places := func(_ *node, c *worker.Config) { c.Capacity = 2 }
	thief, honest := newClinic(t), newClinic(t)
	n := newNode(t, func(n *node, c *worker.Config) {
		places(n, c)
		n.executor.run = until(nil)
	})
	stolen := thief.newTask("one name", scheduler.Routine)
	stolen.offer.Round = 80_000
	must(t, thief.ask(n, stolen, nil))
	must(t, thief.award(n, stolen))
	namesake := honest.give(n, "one name", scheduler.Routine)
	n.started()
	n.started()
	silence := func(*task, *attest.SignedReceipt) *wire.ResultAck { return nil }
	for _, c := range []*clinic{thief, honest} {
		c.regrants(n)
		c.answer(func() { c.onResult = silence })
	}
	again := n.restart(n.kill(), places)
	thief.awaitResult(stolen)
	honest.awaitResult(namesake)
	if files := again.files(); len(files) != 2 {
		t.Errorf("on disk: %v, want two sealed results", files)
	}
	for _, c := range []*clinic{thief, honest} {
		c.answer(func() { c.onResult = nil })
		again.events.await(t, "a receipt of each", func(e worker.Event) bool { return e.Kind == worker.Receipt && e.Clinic == c.key.Address() })
	}
	again.eventually("nothing is left", func() bool { return again.status().Idle && len(again.files()) == 0 })
	if s := again.status(); s.Totals.Accepted != 2 || s.Totals.Failed != 0 {
		t.Errorf("%+v", s.Totals)
	}
}

// A withdrawal stops the task of that name that is its own.
func TestCancelOfANamesake(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	thief, honest := newClinic(t), newClinic(t)
	n := newNode(t, func(n *node, c *worker.Config) {
		c.Capacity = 2
		n.executor.run = until(finish)
	})
	namesake := honest.give(n, "one name", scheduler.Routine)
	stolen := thief.give(n, "one name", scheduler.Routine)
	n.started()
	n.started()
	if held, err := thief.cancelTask(n, stolen, stolen.fence); err != nil || !held {
		t.Errorf("held %v, %v", held, err)
	}
	close(finish)
	honest.awaitResult(namesake)
	if count[*wire.ResultHeader](thief, stolen) > 0 {
		t.Error("the task that was withdrawn was done")
	}
}

func TestRoundIsBounded(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	x := c.newTask("round and round", scheduler.Routine)
	x.offer.Round = math.MaxUint32
	if err := c.ask(n, x, nil); err == nil || !strings.Contains(err.Error(), "terms") {
		t.Errorf("%v", err)
	}
}

// An award that comes a second time while the first is being written is not said yes to
// before it is on disk.
func TestYesIsSaidWhenItIsOnDisk(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	x := c.newTask("twice", scheduler.Routine)
	must(t, c.ask(n, x, nil))
	tx, err := n.db.Begin(true) // the disk is busy
	must(t, err)
	said := make(chan error, 2)
	for range 2 {
		s := c.dial(n, wire.AwardProtocol)
		c.sendAward(s, n, x)
		go func() {
			defer s.Close()
			_, err := wire.Expect[*wire.Accept](s.Reader, wire.MaxControl, n.key.Address())
			if err == nil {
				err = s.Send(c.grant(x, n, x.bid.HPKEKey))
			}
			said <- err
		}()
		n.eventually("it has the award", func() bool { return len(n.status().Jobs) == 1 })
	}
	early := false
	select {
	case <-said:
		early = true
	case <-time.After(500 * time.Millisecond): // a yes too early comes within a round trip
	}
	must(t, tx.Rollback())
	if early {
		t.Fatal("it said yes before the award was on disk")
	}
	must(t, <-said)
	must(t, <-said)
	c.awaitResult(x)
}
