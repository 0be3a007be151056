package agent

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/score"
)

func scored(node common.Address, q score.Parts, gate score.Gate) PublishedScore {
	p := published(1, node)
	p.Line.Factors.Q, p.Line.Gate = q, gate
	return p
}

// clerk answers questions about scores as he is told.
type clerk struct {
	mu     sync.Mutex // guards asked and answer
	asked  int
	answer func(node common.Address) (PublishedScore, error)
}

func (c *clerk) ask(_ context.Context, node common.Address) (PublishedScore, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return c.answer(node)
}

func (c *clerk) says(answer func(common.Address) (PublishedScore, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

func TestGradesFollowTheCoordinator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node, clerk := common.Address{1}, &clerk{}
		clerk.says(func(n common.Address) (PublishedScore, error) { return scored(n, score.One/2, score.GateOpen), nil })
		g := newGrades(clerk.ask, quiet(nil))
		ctx, end := context.WithCancel(t.Context())
		var loop sync.WaitGroup
		loop.Go(func() { g.keep(ctx) })
		expect := func(when string, quality float64, asked int) {
			t.Helper()
			got := g.of(node)
			synctest.Wait()
			clerk.mu.Lock()
			defer clerk.mu.Unlock()
			if got != quality || clerk.asked != asked {
				t.Errorf("%s: %v after %d questions, want %v after %d", when, got, clerk.asked, quality, asked)
			}
		}
		later := func(d time.Duration) { <-time.After(d) }

		expect("the first choice does not wait", 1, 1)
		expect("the answer is there", 0.5, 1)
		later(gradeLife)
		clerk.says(func(n common.Address) (PublishedScore, error) { return scored(n, score.One/2, score.GateChecks), nil })
		expect("an old answer is asked for again", 0.5, 2)
		expect("suspended", 0.5*suspendedWith, 2)
		later(gradeLife)
		clerk.says(func(common.Address) (PublishedScore, error) { return PublishedScore{}, errors.New("no route") })
		expect("the coordinator is away", 0.5*suspendedWith, 3)
		expect("what was known stays", 0.5*suspendedWith, 3)
		later(gradePause)
		clerk.says(func(common.Address) (PublishedScore, error) { return PublishedScore{}, ErrNoScore })
		expect("asked again after a pause", 0.5*suspendedWith, 4)
		expect("a node that no epoch knows", 1, 4)
		end()
		loop.Wait()
	})
}

func TestGradesAreBounded(t *testing.T) {
	g := newGrades(func(context.Context, common.Address) (PublishedScore, error) { return PublishedScore{}, ErrNoScore }, quiet(nil))
	for i := range 3 * maxGrades { // nobody answers
		if q := g.of(common.Address{byte(i), byte(i >> 8), byte(i >> 16)}); q != 1 {
			t.Fatalf("node %d: %v", i, q)
		}
	}
	if len(g.known) > maxGrades || len(g.wanted) != maxWanted {
		t.Errorf("%d nodes are known, %d questions wait", len(g.known), len(g.wanted))
	}
}

func TestGradeOf(t *testing.T) {
	for gate, want := range map[score.Gate]float64{score.GateOpen: 1, score.GateNotRegistered: 1, score.GateNoEvidence: 1, score.GateQuality: suspendedWith, score.GateUptime: suspendedWith, score.GatePromises: suspendedWith} {
		if got := gradeOf(scored(common.Address{1}, score.One, gate)); got != want {
			t.Errorf("%q: %v, want %v", gate, got, want)
		}
	}
}
