package scheduler

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

var (
	epoch = time.Unix(1_700_000_000, 0)
	alice = common.HexToAddress("0xa1")
	bob   = common.HexToAddress("0xb0")
)

const term = 10 * time.Second

// run applies steps to an open task and wants each to be allowed.
func run(t *testing.T, steps ...func(Task) (Task, error)) Task {
	t.Helper()
	task := NewTask(models.DigestOf([]byte("task")), epoch.Add(time.Hour), 2)
	for n, step := range steps {
		var err error
		if task, err = step(task); err != nil {
			t.Fatalf("step %d: %v", n+1, err)
		}
	}
	return task
}

func offer(t Task) (Task, error)   { return t.Offer() }
func award(t Task) (Task, error)   { return t.Award(alice, epoch, term) }
func accept(t Task) (Task, error)  { return t.Accept(alice, t.Fence, epoch, term) }
func lose(t Task) (Task, error)    { return t.Release(t.Fence, "it was lost") }
func result(t Task) (Task, error)  { return t.Result(alice, t.Fence, epoch) }
func deliver(t Task) (Task, error) { return t.Deliver() }
func cancel(t Task) (Task, error)  { return t.Cancel("withdrawn") }
func reopen(t Task) (Task, error)  { return t.Reopen(epoch.Add(time.Hour), 2) }

func TestTaskStates(t *testing.T) {
	for name, c := range map[string]struct {
		steps []func(Task) (Task, error)
		state State
		fence uint64
	}{
		"new":              {nil, Open, 0},
		"offered":          {[]func(Task) (Task, error){offer}, Offered, 0},
		"offered again":    {[]func(Task) (Task, error){offer, offer}, Offered, 0},
		"leased":           {[]func(Task) (Task, error){offer, award}, Leased, 1},
		"running":          {[]func(Task) (Task, error){offer, award, accept}, Running, 1},
		"resulted":         {[]func(Task) (Task, error){offer, award, accept, result}, Resulted, 1},
		"delivered":        {[]func(Task) (Task, error){offer, award, accept, result, deliver}, Delivered, 1},
		"lost once":        {[]func(Task) (Task, error){offer, award, accept, lose}, Open, 1},
		"spare bid":        {[]func(Task) (Task, error){offer, award, lose, award}, Leased, 2},
		"attempts used up": {[]func(Task) (Task, error){offer, award, accept, lose, award, accept, lose}, Failed, 2},
		"no yes":           {[]func(Task) (Task, error){offer, award, lose, award, lose, award, lose, award, accept}, Running, 4},
		"cancelled":        {[]func(Task) (Task, error){offer, award, accept, cancel}, Cancelled, 1},
		"taken up again":   {[]func(Task) (Task, error){offer, award, accept, cancel, reopen, offer, award}, Leased, 2},
		"failed for good":  {[]func(Task) (Task, error){offer, award, accept, lose, award, accept, lose, reopen, offer, award, accept, lose, award, accept, lose}, Failed, 4},
	} {
		t.Run(name, func(t *testing.T) {
			if task := run(t, c.steps...); task.State != c.state || task.Fence != c.fence {
				t.Errorf("%s, fence %d; want %s, %d", task.State, task.Fence, c.state, c.fence)
			}
		})
	}
}

func TestTaskRefusals(t *testing.T) {
	running := run(t, offer, award, accept)
	moved := run(t, offer, award, accept, lose, award, accept)
	ended := run(t, offer, award, accept, result)
	for name, c := range map[string]struct {
		err, want error
	}{
		"old fence":            {moved.Holds(alice, 1, epoch), ErrStaleFence},
		"old fence, ended":     {ended.Holds(alice, 0, epoch), ErrStaleFence},
		"fence of the future":  {running.Holds(alice, 2, epoch), ErrNoLease},
		"another node":         {running.Holds(bob, 1, epoch), ErrNotHolder},
		"lapsed":               {running.Holds(alice, 1, epoch.Add(term)), ErrLapsed},
		"ended":                {ended.Holds(alice, 1, epoch), ErrFinal},
		"no lease":             {run(t, offer).Holds(alice, 0, epoch), ErrNoLease},
		"award while running":  {second(award(running)), ErrTransition},
		"accept twice":         {second(accept(running)), ErrTransition},
		"result before accept": {second(result(run(t, offer, award))), ErrTransition},
		"cancel after result":  {second(cancel(ended)), ErrFinal},
		"deliver nothing":      {second(deliver(running)), ErrTransition},
		"reopen while running": {second(reopen(running)), ErrTransition},
		"reopen a result":      {second(reopen(ended)), ErrFinal},
		"award past deadline":  {second(run(t, offer).Award(alice, epoch.Add(time.Hour), term)), ErrTransition},
	} {
		t.Run(name, func(t *testing.T) {
			if !errors.Is(c.err, c.want) {
				t.Errorf("got %v, want %v", c.err, c.want)
			}
		})
	}
}

func second(_ Task, err error) error { return err }

// TestLeaseMachine drives a task at random, as several nodes and an unreliable
// clock would, and checks what must always hold.
func TestLeaseMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := []common.Address{alice, bob, common.HexToAddress("0xc0")}
		task := NewTask(models.DigestOf([]byte("task")), epoch.Add(2*time.Minute), rapid.IntRange(1, 5).Draw(t, "attempts"))
		if rapid.Bool().Draw(t, "runner") {
			task.LocalBy = epoch.Add(time.Duration(rapid.IntRange(0, 150).Draw(t, "local by")) * time.Second)
		}
		now, results := epoch, 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			node := rapid.SampledFrom(nodes).Draw(t, "node")
			fence := rapid.Uint64Range(0, task.Fence+1).Draw(t, "fence")
			before := task
			var err error
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				task, err = task.Offer()
			case 1:
				task, err = task.Award(node, now, term)
				if err == nil && before.State.held() {
					t.Fatal("a second lease was given while one is live")
				}
				if err == nil && task.Fence != before.Fence+1 {
					t.Fatalf("fence went from %d to %d", before.Fence, task.Fence)
				}
			case 2:
				task, err = task.Accept(node, fence, now, term)
			case 3:
				task, err = task.Renew(node, fence, now, term)
				if err == nil && task.Lease.Expiry.Before(before.Lease.Expiry) {
					t.Fatal("a renewal shortened the lease")
				}
			case 4:
				task, err = task.Result(node, fence, now)
				if err == nil {
					results++
					if fence != before.Fence || node != before.Lease.Node || !now.Before(before.Lease.Expiry) {
						t.Fatal("a result was accepted without a live lease")
					}
				}
			case 5:
				task, err = task.Release(fence, "lost")
			case 6:
				now = now.Add(time.Duration(rapid.IntRange(0, 15).Draw(t, "seconds")) * time.Second)
				task, _ = task.Tick(now)
			case 7:
				task = task.Restore(now, term)
			case 8:
				task, err = task.LocalResult(now)
				if err == nil {
					results++
					if !before.WantsLocal(now) || task.Lease != (Lease{}) {
						t.Fatal("the clinic's own result was taken out of turn")
					}
				}
			case 9:
				task, err = task.LocalFailed("no memory")
			}
			if err != nil && task != before {
				t.Fatalf("a refused step changed the task: %v", err)
			}
			if task.MaxAttempts+task.Pardons != before.MaxAttempts+before.Pardons || task.Pardons < 0 {
				t.Fatalf("%d attempts and %d pardons became %d and %d", before.MaxAttempts, before.Pardons, task.MaxAttempts, task.Pardons)
			}
			if task.Pardons < before.Pardons && before.State != Leased {
				t.Fatalf("a loss was pardoned in state %s", before.State)
			}
			if task.Fence < before.Fence || task.Fence > uint64(task.MaxAttempts) {
				t.Fatalf("fence went from %d to %d of %d attempts", before.Fence, task.Fence, task.MaxAttempts)
			}
			if before.State.Final() && task != before {
				t.Fatalf("an ended task went from %s to %s", before.State, task.State)
			}
		}
		// Whatever happened, time alone ends it.
		for range 2 {
			task, _ = task.Tick(epoch.Add(time.Hour))
		}
		if !task.State.Final() || results > 1 {
			t.Fatalf("ended %s with %d results", task.State, results)
		}
	})
}

// TestPardonsEnd: nodes that never say yes use up no attempt, but not for ever; and once the
// pardons are gone, or in a record of before they were, each award counts.
func TestPardonsEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attempts, spare := rapid.IntRange(1, 10).Draw(t, "attempts"), rapid.IntRange(0, 3).Draw(t, "taken and lost")
		task := NewTask(models.DigestOf([]byte("task")), epoch.Add(time.Hour), attempts)
		if rapid.Bool().Draw(t, "of before") {
			task.Pardons = 0
		}
		spare = min(spare, attempts-1)
		want := attempts + task.Pardons
		for awards := 0; ; awards++ {
			next, err := task.Award(alice, epoch, term)
			if err != nil {
				if task.State != Failed || awards != want {
					t.Fatalf("%s after %d awards, want failed after %d: %v", task.State, awards, want, err)
				}
				return
			}
			if awards < spare {
				if next, err = next.Accept(alice, next.Fence, epoch, term); err != nil {
					t.Fatal(err)
				}
			}
			if task, err = next.Release(next.Fence, "lost"); err != nil {
				t.Fatal(err)
			}
			if task.State == Failed && awards+1 < want {
				t.Fatalf("failed after %d awards of %d", awards+1, want)
			}
		}
	})
}

// TestEveryReachableState explores all sequences of six steps with two nodes and
// two fences, so that no corner is left to chance.
func TestEveryReachableState(t *testing.T) {
	type step struct {
		name string
		do   func(Task) (Task, error)
	}
	steps := []step{{"offer", offer}, {"deliver", deliver}, {"cancel", cancel}, {"tick", func(t Task) (Task, error) {
		next, _ := t.Tick(epoch.Add(term))
		return next, nil
	}}}
	for _, node := range []common.Address{alice, bob} {
		steps = append(steps, step{"award", func(t Task) (Task, error) { return t.Award(node, epoch, term) }})
		for _, fence := range []uint64{1, 2} {
			steps = append(steps,
				step{"accept", func(t Task) (Task, error) { return t.Accept(node, fence, epoch, term) }},
				step{"result", func(t Task) (Task, error) { return t.Result(node, fence, epoch) }},
				step{"release", func(t Task) (Task, error) { return t.Release(fence, "lost") }})
		}
	}
	seen := map[string]bool{}
	frontier := []Task{NewTask(models.DigestOf([]byte("task")), epoch.Add(time.Hour), 2)}
	for range 8 {
		var next []Task
		for _, task := range frontier {
			for _, s := range steps {
				after, err := s.do(task)
				if err != nil {
					continue
				}
				if after.State == Resulted && task.State == Running && task.Lease.Fence != task.Fence {
					t.Fatalf("%s accepted an old fence in %+v", s.name, task)
				}
				if after.State.held() != (after.Lease != Lease{}) && !after.State.Final() {
					t.Fatalf("%s left %s with lease %+v", s.name, after.State, after.Lease)
				}
				after.Round = min(after.Round, 1) // rounds alone make no new state
				if key := fmt.Sprintf("%+v", after); !seen[key] {
					seen[key] = true
					next = append(next, after)
				}
			}
		}
		frontier = next
	}
	for _, want := range []State{Open, Offered, Leased, Running, Resulted, Delivered, Failed, Cancelled} {
		found := false
		for key := range seen {
			found = found || strings.Contains(key, "State:"+string(want)+" ")
		}
		if !found {
			t.Errorf("%s was never reached", want)
		}
	}
}
