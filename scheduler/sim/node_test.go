package sim_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/worker"
)

var (
	domain     = attest.Domain{ChainID: big.NewInt(1337), Registry: common.HexToAddress("0x01")}
	packageID  = models.DigestOf([]byte("package"))
	manifestID = models.DigestOf([]byte("manifest"))
	weightsID  = models.DigestOf([]byte("weights"))
)

// What every honest node is like, so that unequal shares are the market's doing.
const (
	price      = 1000
	promise    = 20 * time.Second
	jobTime    = 4 * time.Second // of the played inference, alone
	statPlaces = 1
	queue      = 2
)

// node is a member that works.
type node struct {
	*member
	worker *worker.Worker
	worked atomic.Int64 // jobs begun
	busy   atomic.Int64 // of them, those under way
	enmity enmity

	// Of the timeline alone:
	up      time.Time // since then
	down    bool      // its power is off
	crashed time.Time
	crashes int
}

func (w *world) newNode(index int, e enmity) *node {
	n := &node{member: w.newMember(index), enmity: e}
	if !e.mannerless() {
		w.join(n.member)
	}
	if e == peaceful {
		w.work(n)
	}
	return n
}

// restart brings a crashed node back: same key, same disk, same acquaintances.
func (w *world) restart(n *node) {
	w.t.Helper()
	knows := n.knows
	n.member = w.memberAs(n.index, n.key, n.blobs)
	n.knows = knows
	w.join(n.member)
	n.down = false
	w.work(n)
	n.connect()
}

// work starts the node's worker.
func (w *world) work(n *node) {
	w.t.Helper()
	n.up = time.Now()
	var err error
	n.worker, err = worker.New(worker.Config{
		Host: n.host, Market: n.market, DB: n.db, Blobs: n.blobs, Key: n.key, Domain: domain, Jurisdiction: region,
		Profile: worker.Profile{Tier: 1, MemoryBytes: 1 << 30, Provider: "cpu", Digest: models.DigestOf([]byte("profile"))}, PriceGwei: price, Promise: promise,
		Capacity: 1, StatPlaces: statPlaces, Queue: queue, Executor: n, Allow: w.registry.clinic,
		Holdings: func() []scheduler.Holding { return []scheduler.Holding{{Package: packageID}} },
		Models: func(d models.Digest) (worker.Model, bool) {
			return worker.Model{ManifestDigest: manifestID, WeightsDigest: weightsID}, d == packageID
		},
		Forward: func(context.Context, attest.SignedReceipt) error { return nil },
	})
	must(w.t, err)
	run, ctx := n.worker, n.ctx
	n.runs.Go(func() {
		if err := run.Run(ctx); err != nil {
			w.t.Errorf("worker %d: %v", n.index, err)
		}
	})
}

// analysis is what every honest executor returns for a payload.
func analysis(payload []byte) []byte { return fmt.Appendf(nil, "%d bytes read", len(payload)) }

var errNotAnalysis = errors.New("not an analysis of this payload")

// Execute implements worker.Executor: it takes the time of a job and computes nothing.
func (n *node) Execute(ctx context.Context, job worker.Job, progress func(string, float64)) (worker.Output, error) {
	if n.enmity != peaceful {
		return n.cheat(ctx)
	}
	const steps = 4
	n.worked.Add(1)
	n.busy.Add(1)
	defer n.busy.Add(-1)
	for step := range steps {
		progress("infer", float64(step)/steps)
		select {
		case <-time.After(jobTime / steps):
		case <-ctx.Done():
			return worker.Output{}, context.Cause(ctx)
		}
	}
	return worker.Output{Result: analysis(job.Payload), Provider: "cpu", Runtime: "played 1", EnergyBasis: "unmeasured"}, nil
}
