package agent

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/epoch"
)

// maxAncestors bounds the way back to a settled epoch: the contract takes no number that is
// further ahead of the active one.
const maxAncestors = 1000

// held are states that whoever audits has recomputed before.
type held func(number uint64) (state epoch.State, there bool, err error)

// counted are the jobs that one epoch counts.
type counted struct {
	number uint64
	jobs   [][32]byte
}

// ancestors goes back from b over every epoch that it builds on, recomputes each and holds
// it against the chain, until it comes to the beginning, to a state that known has, or to
// an epoch whose root was claimed from: posted, not refused, and not after the active one.
// A state that was never posted binds nobody: without this, a coordinator could write any
// amounts into it. Of a settled epoch the state too must be what its inputs give; where its
// bundle is not to be had, the root binds the amounts and the rest is given, but a co-signer
// (strict) signs nothing then.
func (a *audit) ancestors(ctx context.Context, b epoch.Bundle, known held, strict bool) error {
	active, err := a.client.ActiveRoot(ctx)
	if err != nil {
		return err
	}
	paid := map[[32]byte]uint64{}
	a.count(paid, b.Summary.Number, a.jobs)
	for range maxAncestors {
		base := b.Inputs.Previous
		if base.Number == 0 || base.Number >= b.Summary.Number {
			return nil // nothing came before, or the recomputation has named it
		}
		settled, sound, err := a.settled(ctx, b, active)
		if err != nil || !sound {
			return err
		}
		state, there, err := known(base.Number)
		if err != nil {
			return err
		}
		if there {
			a.samePrevious(b, state)
			return nil
		}
		found := len(a.verdict.Differences)
		dir, err := a.bringBase(ctx, base)
		if err != nil && settled && !strict && ctx.Err() == nil {
			a.give(fmt.Sprintf("reputations and standing after epoch %d, which is not to be had here; the amounts are those of its root on chain", base.Number))
			return nil
		}
		if err != nil {
			return errors.Join(fmt.Errorf("epoch %d builds on epoch %d, which can't be recomputed: %w; bring it with --from a folder or a coordinator that holds both", b.Summary.Number, base.Number, err), ctx.Err())
		}
		if b, err = a.ancestor(ctx, dir, b, paid); err != nil {
			return err
		}
		if len(a.verdict.Differences) > found {
			return nil // nothing of that epoch is to be believed
		}
		if settled {
			if before := b.Inputs.Previous.Number; before > 0 {
				a.give(fmt.Sprintf("reputations and standing after epoch %d; amounts are settled on chain since epoch %d", before, base.Number))
			}
			return nil
		}
		for _, check := range a.checks() {
			if err := check(ctx, b); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("no settled epoch among the %d before epoch %d; the contract takes no number that far ahead", maxAncestors, b.Summary.Number)
}

// settled holds the base of b against the chain. sound is false where that showed a
// difference, behind which nothing is worth a look.
func (a *audit) settled(ctx context.Context, b epoch.Bundle, active chain.Root) (settled, sound bool, err error) {
	base := b.Inputs.Previous
	posted, err := a.client.PostedRoot(ctx, base.Number)
	if err != nil || !posted.Posted() {
		return false, err == nil, err
	}
	vetoed, err := a.client.Vetoed(ctx, posted.Root, posted.DatasetHash)
	if err != nil {
		return false, false, err
	}
	where := fmt.Sprintf("epoch %d previous", b.Summary.Number)
	switch same := posted.Root == base.Root && posted.DatasetHash == base.DatasetHash; {
	case same && vetoed:
		a.differ(where, "an epoch that the chain did not refuse", fmt.Sprintf("epoch %d, which was vetoed", base.Number))
		return false, false, nil
	case same:
		return base.Number <= active.Epoch, true, nil
	case vetoed: // what was refused was another's: this one was never posted
		return false, true, nil
	}
	a.differ(where, fmt.Sprintf("root %x of data set %x, as posted for epoch %d", posted.Root, posted.DatasetHash, base.Number), fmt.Sprintf("root %s of data set %s", base.Root, base.DatasetHash))
	return false, false, nil
}

// bringBase unpacks an epoch by the data set's hash that its successor names.
func (a *audit) bringBase(ctx context.Context, base epoch.State) (string, error) {
	number, bundle, err := a.source.open(ctx, base.Number)
	if err != nil {
		return "", err
	}
	defer bundle.Close()
	return a.unpack(bundle, number, base.DatasetHash)
}

// ancestor recomputes the epoch in dir, on which after builds, and removes the folder.
func (a *audit) ancestor(ctx context.Context, dir string, after epoch.Bundle, paid map[[32]byte]uint64) (b epoch.Bundle, err error) {
	var jobs [][32]byte
	err = a.auditor().Walk(ctx, []string{dir}, func(e epoch.Verified) {
		a.visit(e)
		b, jobs = e.Bundle, e.Jobs()
	})
	if err != nil {
		return b, err
	}
	a.samePrevious(after, b.State())
	number := after.Inputs.Previous.Number
	a.count(paid, number, jobs)
	a.behind = append(a.behind, counted{number, jobs})
	if err := os.RemoveAll(dir); err != nil {
		return b, fmt.Errorf("verify epoch %d: %w", number, err)
	}
	return b, nil
}

// samePrevious wants that b builds on state, to the last figure.
func (a *audit) samePrevious(b epoch.Bundle, state epoch.State) {
	if !epoch.SameState(state, b.Inputs.Previous) {
		a.differ(fmt.Sprintf("epoch %d previous", b.Summary.Number), fmt.Sprintf("the state after epoch %d as recomputed", b.Inputs.Previous.Number), "another state")
	}
}

// count wants that none of an epoch's jobs is counted by one that builds on it.
func (a *audit) count(paid map[[32]byte]uint64, number uint64, jobs [][32]byte) {
	for _, id := range jobs {
		if later, twice := paid[id]; twice {
			a.differ(fmt.Sprintf("epoch %d job %x", later, id[:4]), "every job once", fmt.Sprintf("counted in epoch %d already", number))
		}
		paid[id] = number
	}
}

// nothingHeld is for whoever audits without a past.
func nothingHeld(uint64) (state epoch.State, there bool, err error) { return state, false, nil }
