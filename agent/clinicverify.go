package agent

import (
	"context"
	"fmt"
	"slices"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/intake"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
)

// owesVerdicts hands the clinic's verdicts to the coordinator until the clinic closes. A
// network without one keeps them.
func (c *Clinic) owesVerdicts() error {
	peers, err := p2p.ParsePeers(c.conf.Network.Coordinator)
	if err != nil || len(peers) == 0 {
		return err
	}
	submit := func(ctx context.Context, statements []intake.Statement) []error {
		return intake.SubmitAll(ctx, c.host, peers[0].ID, statements)
	}
	again, err := openResends(c.db, func(ctx context.Context) (string, error) { return intake.Life(ctx, c.host, peers[0].ID) }, submit, c.conf.Log)
	if err != nil {
		return err
	}
	c.loops.Go(func() { again.run(c.ctx) })
	c.loops.Go(func() {
		c.checks.forward(c.ctx, func(ctx context.Context, statements []intake.Statement) []error {
			if err := again.keep(statements); err != nil {
				return slices.Repeat([]error{err}, len(statements))
			}
			return submit(ctx, statements)
		})
	})
	return nil
}

// verify compares the results of a task that several nodes did, before any of them reaches a
// folder. Where they differ without a majority one more node is asked. The outcome that it
// returns holds the result that counts; said is a sentence about it, empty where there was
// nothing to compare.
func (c *Clinic) verify(ctx context.Context, pkg models.Package, o broker.Outcome) (_ broker.Outcome, said string, err error) {
	for {
		results, places := copiesOf(o)
		a := judgeCopies(pkg.Manifest, c.key.Address(), c.domain, results)
		if a.tied && len(results) < scheduler.MaxCopies {
			more, err := c.oneMore(ctx, o)
			if err != nil {
				c.conf.Log.Warn("results of two nodes differ and no other could be asked", "task", o.Task.Short(), "reason", err)
			} else if grown, _ := copiesOf(more); len(grown) > len(results) {
				o = more
				continue
			}
		}
		if o.Result != nil { // else it was taken over before
			wrong := uncounted(o, places, a.verdicts)
			if err := c.broker.Judged(o.Task, wrong, a.tied || len(wrong) > 0); err != nil {
				return o, "", err
			}
			if err := c.checks.settle(o.Task, pkg.Digest(), results, a.verdicts, spent(o)); err != nil {
				return o, "", err
			}
		}
		if len(a.verdicts) == 0 {
			return o, "", nil
		}
		if a.tied {
			c.conf.Log.Warn("results of a task differ and nobody knows which is right; the first one is delivered", "task", o.Task.Short(), "results", len(results))
			return o, fmt.Sprintf("%d nodes did it and their results differ: read them with care", len(results)), nil
		}
		return choose(o, places[a.chosen]), verdictSentence(a.verdicts), nil
	}
}

// uncounted are the copies whose results are wrong: their nodes get a receipt and no money.
// Where nobody knows who is right, nobody's is.
func uncounted(o broker.Outcome, places []int, verdicts []attest.Verdict) (wrong []models.Digest) {
	for n, v := range verdicts {
		if v.Result == attest.JudgedInvalid {
			wrong = append(wrong, o.Copies[places[n]].Task)
		}
	}
	return wrong
}

// oneMore has one more node do the task, and waits for it.
func (c *Clinic) oneMore(ctx context.Context, o broker.Outcome) (broker.Outcome, error) {
	if err := c.broker.Extend(ctx, o.Task); err != nil {
		return o, err
	}
	return c.broker.Wait(ctx, o.Task)
}

// copiesOf are the results of nodes, decoded, and at which place of the outcome each stands.
func copiesOf(o broker.Outcome) (results []copyResult, places []int) {
	for n, one := range o.Copies {
		if one.State != scheduler.Resulted || one.Result == nil {
			continue
		}
		result, err := inference.DecodeResult(one.Result)
		if err != nil {
			continue // it was decoded when it was accepted; what a disk made of it since is no node's fault
		}
		results, places = append(results, copyResult{one.Receipt, result}), append(places, n)
	}
	return results, places
}

// choose makes one copy the outcome's.
func choose(o broker.Outcome, place int) broker.Outcome {
	chosen := o.Copies[place]
	chosen.Task, chosen.Copies = o.Task, o.Copies
	return chosen
}

func verdictSentence(verdicts []attest.Verdict) string {
	wrong := 0
	for _, v := range verdicts {
		if v.Result == attest.JudgedInvalid {
			wrong++
		}
	}
	if wrong == 0 {
		return fmt.Sprintf("%d nodes did it and their results agree", len(verdicts))
	}
	return fmt.Sprintf("%d nodes did it, %d of them with another result, which does not count", len(verdicts), wrong)
}
