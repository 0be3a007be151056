package broker

import (
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/scheduler"
)

// Memory of bids that were not honoured, over all tasks of this clinic.
const (
	// maxAbsent bounds it: a node that comes under ever new names pushes out the oldest
	// entries, which weigh least by then.
	maxAbsent = 4096
	// strikeHalfLife is how soon a strike counts half: a node that was restarted is back
	// among the good ones within the hour.
	strikeHalfLife = 15 * time.Minute
	// forgottenBelow is a weight that changes no choice any more.
	forgottenBelow = 0.05
	// maxStrikes is where a node stops sinking: 4⁻⁶ of an honest one's weight, so that it is
	// still taken where nobody else is.
	maxStrikes = 6
)

// strikeOf is what a lost lease weighs against its node. A crash that the node tells of is
// half a strike; what the clinic called off, and a spare bid that was declined, is none.
func strikeOf(loss string) float64 {
	switch loss {
	case lossLapsed, lossSilent, lossRefused, lossDisputed:
		return 1
	case lossGaveUp, lossDeclined:
		return 0.5
	}
	return 0
}

// keptPromise is what an accepted result forgives.
const keptPromise = -1

// absentBucket maps a node's address to the JSON of its strike.
var absentBucket = []byte("broker.absent.v1")

// strike is what a node's broken promises weigh: Weight at At, halved with each
// strikeHalfLife since.
type strike struct {
	Weight float64   `json:"weight"`
	At     time.Time `json:"at"`
}

// now is the strike's weight at a moment. A clock that was set back adds nothing.
func (s strike) now(at time.Time) float64 {
	return s.Weight * math.Exp2(-max(0, at.Sub(s.At).Seconds())/strikeHalfLife.Seconds())
}

// absences remembers nodes that bid and did not deliver. It is safe for concurrent use.
type absences struct {
	clock scheduler.Clock

	mu    sync.Mutex // guards nodes
	nodes map[common.Address]strike
}

// weight is what a node's broken promises count now, as lost tries of scheduler.Candidate.
func (a *absences) weight(node common.Address) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return int(math.Round(a.nodes[node].now(a.clock.Now())))
}

func (a *absences) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.nodes)
}

// with is the node's strike after one of this weight more; a negative weight is a promise
// that was kept, and forgives as much.
func (a *absences) with(node common.Address, weight float64) strike {
	now := a.clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	return strike{Weight: min(maxStrikes, max(0, a.nodes[node].now(now)+weight)), At: now.UTC().Round(0)}
}

// set takes over what was persisted, and names the node that was dropped to make room.
func (a *absences) set(node common.Address, s strike) (dropped common.Address, full bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.Weight < forgottenBelow {
		delete(a.nodes, node)
		return node, false
	}
	a.nodes[node] = s
	if len(a.nodes) <= maxAbsent {
		return node, false
	}
	now, least := a.clock.Now(), math.Inf(1)
	for other, known := range a.nodes {
		if w := known.now(now); other != node && w < least {
			dropped, least = other, w
		}
	}
	delete(a.nodes, dropped)
	return dropped, true
}

// strikeNode persists a strike or a kept promise of a node. It is a judgement of the past:
// one that is lost in a crash costs nobody a task, so a failed write is only logged.
func (b *Broker) strikeNode(node common.Address, weight float64) {
	if weight < 0 && b.absent.weight(node) == 0 {
		return // an honest node's every result needs no write
	}
	s := b.absent.with(node, weight)
	dropped, full := b.absent.set(node, s)
	err := b.store.db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(absentBucket)
		if full {
			if err := bucket.Delete(dropped[:]); err != nil {
				return err
			}
		}
		if s.Weight < forgottenBelow {
			return bucket.Delete(node[:])
		}
		data, err := json.Marshal(s)
		if err != nil {
			return err
		}
		return bucket.Put(node[:], b.store.seal(absentBucket, node[:], data))
	})
	if err != nil {
		b.Log.Warn("a node's broken promise not persisted; it counts until the next start", "node", node, "error", err)
	}
}

// absences reads what an earlier process remembered.
func (s store) absences(clock scheduler.Clock) (*absences, error) {
	a := &absences{clock: clock, nodes: map[common.Address]strike{}}
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(absentBucket).ForEach(func(k, v []byte) error {
			data, err := s.open(absentBucket, k, v)
			if err != nil {
				return err
			}
			var known strike
			if err := json.Unmarshal(data, &known); err != nil || len(k) != common.AddressLength {
				return fmt.Errorf("memory of broken promises is damaged; restore the database from its backup: %w", err)
			}
			if len(a.nodes) < maxAbsent && known.Weight >= 0 && known.Weight <= maxStrikes {
				a.nodes[common.BytesToAddress(k)] = known
			}
			return nil
		})
	})
	return a, err
}
