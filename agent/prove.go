package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/compute"
	"github.com/medhive/medhive/hwprobe/challenge"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/worker"
)

// ProveCommand is the hidden command of this program that computes challenges.
const ProveCommand = "probe-prove"

const (
	// examinationGap is the least time between two examinations of this node, so that a
	// coordinator can't keep it from working.
	examinationGap = 10 * time.Minute
	// freeWithin is how long running jobs may take to end before an examination.
	freeWithin = 5 * time.Minute
	// freeEvery is the pause between two looks at whether they have.
	freeEvery = 200 * time.Millisecond
)

var (
	examinedBucket = []byte("node.examined")
	examinedKey    = []byte("last")
)

// examinee is the node's side of examinations.
type examinee struct {
	responder *compute.Responder
	resting   atomic.Bool                              // no bids are made: the machine is being examined
	last      atomic.Pointer[attest.SignedExamination] // the coordinator's newest word; nil: none yet
}

// answerExaminations lets the coordinator examine what this node's profile claims.
func (n *Node) answerExaminations(context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	last, err := n.lastExamination()
	if err != nil {
		return err
	}
	n.examinee.last.Store(last)
	child := challenge.Child{Command: []string{self, ProveCommand}, Library: n.conf.Library, Provider: n.conf.Provider, Threads: n.conf.Threads}
	n.examinee.responder, err = compute.NewResponder(compute.ResponderOptions{
		Key: n.key.ECDSA(), Domain: n.conf.Network.Domain(), Allow: n.isCoordinator, Log: n.conf.Log,
		Claims:  func() compute.Claims { return claimsOf(n.profile, n.profile.Digest()) },
		Machine: func(ctx context.Context) (compute.Machine, error) { return child.Start(ctx) },
		Ready:   n.rest, Gap: examinationGap, Result: n.examined,
	})
	if err != nil {
		return err
	}
	n.examinee.responder.Start(n.host)
	return nil
}

// model says what the worker may promise of a package: nothing while the node rests.
func (n *Node) model(pkg models.Digest) (worker.Model, bool) {
	if n.examinee.resting.Load() {
		return worker.Model{}, false
	}
	return n.models.model(pkg)
}

// holdings are what this node's notices name: what it would bid for now.
func (n *Node) holdings() []scheduler.Holding {
	if n.examinee.resting.Load() {
		return nil
	}
	return n.models.holdings()
}

// rest makes no more bids until release, and returns when the last job has ended: a job
// would cost the examination its figure, and the examination the job its time.
func (n *Node) rest(ctx context.Context) (release func(), err error) {
	n.examinee.resting.Store(true)
	release = func() { n.examinee.resting.Store(false) }
	ctx, cancel := context.WithTimeout(ctx, freeWithin)
	defer cancel()
	ticker := time.NewTicker(freeEvery)
	defer ticker.Stop()
	for {
		s, err := n.worker.Status()
		if err == nil && s.Used == 0 && !n.models.looking.Load() {
			return release, nil
		}
		select {
		case <-ctx.Done():
			release()
			return nil, errors.Join(fmt.Errorf("wait for the last job to end: %w", ctx.Err()), err)
		case <-ticker.C:
		}
	}
}

// examined keeps the coordinator's word, unless there is a newer one.
func (n *Node) examined(s attest.SignedExamination) {
	if last := n.examinee.last.Load(); last != nil && s.Examination.AskedAt.Before(last.Examination.AskedAt) {
		return
	}
	n.examinee.last.Store(&s)
	data, err := json.Marshal(s)
	if err == nil {
		err = n.db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists(examinedBucket)
			if err != nil {
				return err
			}
			return b.Put(examinedKey, data)
		})
	}
	if err != nil {
		n.conf.Log.Error("the outcome of an examination can't be kept", "error", err)
	}
	n.conf.Log.Info("this machine was examined", "subject", s.Examination.Subject, "outcome", s.Examination.Outcome, "figure", s.Examination.Figure())
}

// lastExamination is the coordinator's word from before the start, nil where there is none.
func (n *Node) lastExamination() (last *attest.SignedExamination, err error) {
	err = n.db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(examinedBucket)
		if b == nil {
			return nil
		}
		s, err := attest.DecodeSignedExamination(b.Get(examinedKey))
		last = &s
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the last examination: %w; restore the node's database", err)
	}
	return last, nil
}

// String is the newest outcome in a line.
func (e *examinee) String() string {
	s := e.last.Load()
	if s == nil {
		return "not examined yet; the coordinator does it at a time of its own"
	}
	x := s.Examination
	when := x.AskedAt.UTC().Format(time.RFC3339)
	const mops, gib = 1e6, 1 << 30
	switch {
	case x.Outcome == attest.Proved && x.Subject == attest.MemorySize:
		return fmt.Sprintf("%.1f GiB of accelerator memory proved at %s", float64(x.Figure())/gib, when)
	case x.Outcome == attest.Proved:
		return fmt.Sprintf("%.3f TOPS proved at %s, %.3f claimed; up to %g times what is proved counts", float64(x.Figure())/mops, when, float64(x.ClaimMOPS)/mops, challenge.Slack)
	}
	return fmt.Sprintf("the examination of its %s at %s ended as %s; %s", subjectWords(x.Subject), when, x.Outcome, outcomeWords(x.Outcome))
}

func subjectWords(s attest.Subject) string {
	if s == attest.MemorySize {
		return "accelerator's memory"
	}
	return "rate"
}

// outcomeWords say what an outcome other than proved means for a node, and what to do.
func outcomeWords(o attest.Outcome) string {
	switch o {
	case attest.OwnOutage:
		return "the coordinator itself was cut off, which counts against nobody: nothing is to be done"
	case attest.False:
		return "the answer was not the work, so its claim counts for nothing until seven proofs have come in: run `medhive doctor`, replace what computes wrongly, and measure again with `medhive probe`"
	case attest.Unable:
		return "this node said that it can't, which counts as missed; after three in a row the claim counts for nothing: see its log, run `medhive doctor`, and measure again with `medhive probe`"
	}
	return "it was not ready or too slow; after three in a row the claim counts for nothing: allow it shorter or fewer jobs, run `medhive doctor`, and measure again with `medhive probe`"
}
