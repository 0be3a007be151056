package agent

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/score"
)

// grades is what a clinic's choice among bids knows of nodes' scores. It never waits: a
// node that was not asked about yet counts as one without history, and the answer is there
// for the next choice. Without a coordinator every node stays at what was last heard.
type grades struct {
	ask    func(ctx context.Context, node common.Address) (PublishedScore, error)
	log    *slog.Logger
	wanted chan common.Address

	mu    sync.Mutex // guards known
	known map[common.Address]grade
}

// grade is a node's quality in [0,1] until it is old.
type grade struct {
	quality float64
	until   time.Time // then it is asked for again
	asked   bool      // the question is on its way
}

const (
	maxGrades     = 20_000 // nodes; beyond, all is forgotten and asked anew
	maxWanted     = 256    // questions that wait; beyond, the next choice asks again
	gradeLife     = time.Hour
	gradePause    = 5 * time.Minute // after a coordinator that did not answer
	suspendedWith = 0.1             // what a closed gate leaves: enough for the jobs that can open it
)

func newGrades(ask func(context.Context, common.Address) (PublishedScore, error), log *slog.Logger) *grades {
	return &grades{ask: ask, log: log, wanted: make(chan common.Address, maxWanted), known: map[common.Address]grade{}}
}

// gradeOf is a line's quality: the factor q, a tenth of it while conduct or quality close
// the gate. A gate that is closed for another reason says nothing of the work.
func gradeOf(p PublishedScore) float64 {
	q := float64(p.Line.Factors.Q) / float64(score.One)
	switch p.Line.Gate {
	case score.GateQuality, score.GateChecks, score.GatePromises, score.GateUptime:
		return q * suspendedWith
	}
	return q
}

// of is a node's quality in [0,1] as far as it is known; 1 for one without history.
func (g *grades) of(node common.Address) float64 {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	known, here := g.known[node]
	if !here {
		if len(g.known) >= maxGrades {
			clear(g.known)
		}
		known.quality = 1
	}
	if !known.asked && !now.Before(known.until) {
		select {
		case g.wanted <- node:
			known.asked = true
		default: // the next choice asks again
		}
	}
	g.known[node] = known
	return known.quality
}

// keep asks for what is wanted, one at a time, until ctx ends.
func (g *grades) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case node := <-g.wanted:
			p, err := g.ask(ctx, node)
			g.learn(node, p, err)
		}
	}
}

// learn enters an answer. A coordinator's own outage is nobody's fault: what was known
// before stays.
func (g *grades) learn(node common.Address, p PublishedScore, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	known, here := g.known[node]
	if !here {
		known.quality = 1
	}
	known.asked, known.until = false, time.Now().Add(gradeLife)
	switch {
	case err == nil:
		known.quality = gradeOf(p)
	case errors.Is(err, ErrNoScore):
		known.quality = 1
	default:
		known.until = time.Now().Add(gradePause)
		g.log.Debug("the score of a node is not known, its bids count as before", "node", node, "error", err)
	}
	g.known[node] = known
}

// graded is the quality by which bids are chosen, kept up to date from the coordinator;
// nil, which counts everybody as 1, where the network has none.
func (c *Clinic) graded() func(common.Address) float64 {
	coordinator, err := c.conf.Network.coordinator()
	if err != nil {
		return nil
	}
	g := newGrades(func(ctx context.Context, node common.Address) (PublishedScore, error) {
		return askScore(ctx, c.host, coordinator.ID, node)
	}, c.conf.Log)
	c.loops.Go(func() { g.keep(c.ctx) })
	return g.of
}
