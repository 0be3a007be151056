package agent

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	bolt "go.etcd.io/bbolt"
	"go.opentelemetry.io/otel/attribute"

	"github.com/medhive/medhive/agent/trace"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/score"
)

// EpochReport is how one epoch ended.
type EpochReport struct {
	Number   uint64 `json:"epoch"`
	Folder   string `json:"folder"`
	Nodes    int    `json:"nodes"`
	Receipts int    `json:"receipts"`
	Root     string `json:"root"`
}

func report(b epoch.Bundle, folder string) EpochReport {
	return EpochReport{Number: b.Summary.Number, Folder: folder, Nodes: len(b.Summary.Lines), Receipts: len(b.Inputs.Receipts), Root: b.Summary.Root.Hex()}
}

// EpochsFolder is where epochs are published, one numbered folder each.
func (c *Coordinator) EpochsFolder() string { return EpochsFolder(c.conf.State) }

// published reads an epoch that this coordinator wrote.
func (c *Coordinator) published(number uint64) (epoch.Bundle, error) {
	return epoch.Read(c.archive.Dir(number))
}

// genesis is the chain's time when this coordinator's scoring began.
var (
	epochsBucket = []byte("coordinator.epochs")
	genesisKey   = []byte("genesis") // unix seconds
)

// CloseEpoch scores what came in since the epoch before, publishes the whole data
// set, and posts its root. The folder is on disk before the root is posted; a
// crash between the two is mended at the next start.
func (c *Coordinator) CloseEpoch(ctx context.Context) (EpochReport, error) {
	c.closing.Lock()
	defer c.closing.Unlock()
	span := c.tracer.Begin("epoch")
	r, err := c.closeEpoch(ctx, span)
	c.ends.note(err, time.Now())
	span.Set(attribute.Int64("medhive.epoch", int64(r.Number)), attribute.Int("medhive.nodes", r.Nodes), attribute.Int("medhive.receipts", r.Receipts))
	span.End(err)
	return r, err
}

// closeEpoch does it; c.closing is held.
func (c *Coordinator) closeEpoch(ctx context.Context, span *trace.Span) (EpochReport, error) {
	span.Enter("gather")
	base, err := c.base(ctx)
	if err != nil {
		return EpochReport{}, fmt.Errorf("close the next epoch: %w", err)
	}
	if len(base.Skipped) > 0 {
		c.conf.Log.Warn("epochs that the chain refused are skipped: their amounts end here, their statements count again", "epochs", base.Skipped, "goes on after", base.State.Number)
	}
	inputs, err := c.gather(ctx, base)
	if err != nil {
		return EpochReport{}, fmt.Errorf("close epoch %d: %w", base.Number(), err)
	}
	span.Enter("score")
	bundle, err := epoch.Build(inputs, base.State)
	if err != nil {
		return EpochReport{}, err
	}
	span.Enter("publish")
	if err := c.publish(ctx, bundle); err != nil {
		return EpochReport{}, err
	}
	if err := c.scores.enter(bundle); err != nil { // it follows from the archive, and the next start mends it
		c.conf.Log.Error("nodes are shown the epoch before", "error", err)
	}
	if c.canaries != nil {
		c.canaries.stir() // a canary clinic's time may be over
	}
	c.conf.Log.Info("epoch closed", "epoch", bundle.Summary.Number, "nodes", len(bundle.Summary.Lines), "receipts", len(inputs.Receipts), "root", bundle.Summary.Root)
	return report(bundle, c.archive.Dir(bundle.Summary.Number)), nil
}

// base is what the next epoch builds on. An epoch that the guardian vetoed or a dispute
// refused is none, nor is one that was built on it.
func (c *Coordinator) base(ctx context.Context) (epoch.Base, error) {
	active, err := c.chain.ActiveRoot(ctx)
	if err != nil {
		return epoch.Base{}, err
	}
	pending, err := c.chain.PendingRoot(ctx)
	if err != nil {
		return epoch.Base{}, err
	}
	for _, root := range []chain.Root{active, pending} {
		if err := c.own(root); err != nil {
			return epoch.Base{}, err
		}
	}
	return c.archive.Base(active.Epoch, func(s epoch.Summary) (bool, error) {
		if s.Root == (common.Hash{}) {
			return false, nil // there was nothing to claim, so it was never posted
		}
		return c.chain.Vetoed(ctx, s.Root, s.DatasetHash)
	})
}

// own wants that a root on chain is one that this coordinator published. It gives that epoch
// the files that an earlier version did not write: its claims are read from them.
func (c *Coordinator) own(posted chain.Root) error {
	if !posted.Posted() {
		return nil
	}
	err := c.archive.Complete(posted.Epoch)
	var root, dataset common.Hash
	if err == nil {
		root, dataset, err = c.archive.Roots(posted.Epoch)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("epoch %d stands on chain: %w", posted.Epoch, epoch.ErrBehind)
	case err != nil:
		return err
	case root != posted.Root || dataset != posted.DatasetHash:
		return fmt.Errorf("%w: of epoch %d it is %x, this coordinator published %s", errForeignRoot, posted.Epoch, posted.Root, root)
	}
	return nil
}

// errForeignRoot is a root on chain that is not of this coordinator's making: its poster's
// key is in other hands, or two coordinators share it.
var errForeignRoot = errors.New("the chain's root is not this coordinator's; verify that epoch, and have the guardian veto it and dismiss the poster if nobody of yours posted it")

// gather collects everything that the next epoch is computed from.
func (c *Coordinator) gather(ctx context.Context, base epoch.Base) (epoch.Inputs, error) {
	var in epoch.Inputs
	now, err := c.chain.ChainTime(ctx)
	if err != nil {
		return in, err
	}
	from := base.State.To
	if base.State.Number == 0 {
		if from, err = c.genesis(now); err != nil {
			return in, err
		}
	}
	allowed, err := c.chain.AllowedTotal(ctx)
	if err != nil {
		return in, err
	}
	checkers, err := c.checkers(ctx)
	if err != nil {
		return in, err
	}
	if err := c.beat(ctx); err != nil { // an outage until now belongs to this epoch
		return in, err
	}
	window, err := c.window(base, checkers)
	if err != nil {
		return in, err
	}
	registrations, block, err := c.registry.snapshot(ctx)
	if err != nil {
		return in, err
	}
	in = epoch.Inputs{
		ChainID: c.conf.Network.Contracts.ChainID, Registry: c.conf.Network.Contracts.Registry,
		Number: base.Number(), Skipped: base.Skipped, From: from, To: max(uint64(now.Unix()), from+1),
		Pool: score.Wei{Int: pool(allowed, base.State)}, Parameters: score.DefaultParameters(),
		RegistryBlock: block, Registrations: registrations, AnyClinic: true, Checkers: checkers,
		Window: window,
	}
	return in, c.addDevices(&in)
}

// window are the statements of the next epoch: what came in, what a refused epoch left, and
// the receipts that a re-run acquitted after their epoch.
func (c *Coordinator) window(base epoch.Base, checkers []common.Address) (epoch.Window, error) {
	sealed, err := c.store.Seal(base.Number())
	if err != nil {
		return epoch.Window{}, err
	}
	window, dropped := epoch.Join(base.Again, sealed).Admissible(checkers)
	if dropped > 0 {
		c.conf.Log.Warn("verdicts of coordinators that are no checkers any more do not count", "epoch", base.Number(), "verdicts", dropped)
	}
	acquitted, err := c.archive.Acquitted(base.State, window, c.conf.Network.Domain())
	if err != nil {
		return window, err
	}
	if len(acquitted) > 0 {
		c.conf.Log.Info("receipts of earlier epochs are paid after their re-runs", "epoch", base.Number(), "receipts", len(acquitted))
	}
	window.Receipts = append(window.Receipts, acquitted...)
	return window, nil
}

// checkers are the coordinators whose canaries and re-runs count: this one, and those that
// may co-sign.
func (c *Coordinator) checkers(ctx context.Context) ([]common.Address, error) {
	_, cosigners, err := c.chain.CoSigners(ctx)
	if err != nil {
		return nil, err
	}
	checkers := append(cosigners, c.key.Address())
	slices.SortFunc(checkers, common.Address.Cmp)
	return slices.Compact(checkers), nil
}

// pool is what may be shared out now: all that the contract allows by this time,
// less what earlier epochs gave.
func pool(allowed *big.Int, previous epoch.State) *big.Int {
	left := new(big.Int).Sub(allowed, previous.CumulativeTotal())
	if left.Sign() < 0 {
		return new(big.Int)
	}
	return left
}

// publish writes the bundle, then posts its root. Both can be done again.
func (c *Coordinator) publish(ctx context.Context, b epoch.Bundle) error {
	if err := b.Write(c.archive.Dir(b.Summary.Number)); err != nil {
		return err
	}
	return c.post(ctx, b)
}

// post puts the root on chain. The contract holds one waiting root: while an
// earlier epoch's waits out its activation delay, this one stays published and a
// later one, whose leaves hold everything that this one's do, takes its place.
func (c *Coordinator) post(ctx context.Context, b epoch.Bundle) error {
	if b.Summary.Root == ([32]byte{}) {
		return nil // no node has ever earned: there is nothing to claim
	}
	root := rootOf(b.Summary)
	enough, err := c.cosigned(ctx, &root)
	if err != nil {
		return fmt.Errorf("post the root of epoch %d: %w", b.Summary.Number, err)
	}
	if !enough {
		return nil
	}
	posted, err := c.chain.PostRoot(ctx, c.poster, root)
	if chain.Refused(err, "PendingRootExists") {
		c.conf.Log.Info("root is not posted: an earlier one waits for its activation", "epoch", b.Summary.Number)
		return nil
	}
	if err != nil {
		return fmt.Errorf("post the root of epoch %d: %w", b.Summary.Number, err)
	}
	if posted.Block > 0 {
		c.conf.Log.Info("root posted", "epoch", b.Summary.Number, "root", b.Summary.Root, "gas", posted.GasUsed)
	}
	return nil
}

// rootOf is a summary as it stands on chain.
func rootOf(s epoch.Summary) chain.Root {
	return chain.Root{Epoch: s.Number, Root: s.Root, DatasetHash: s.DatasetHash, TotalWei: s.CumulativeTotal.Int}
}

// resumeEpochs makes intake and archive agree, in case the database was restored
// from a backup, and posts the newest published root once more, in case a crash
// came between writing and posting. What stands on chain is not sent again; what
// the contract refuses, because a guardian vetoed it or the poster was dismissed,
// is reported and left alone.
func (c *Coordinator) resumeEpochs(ctx context.Context) error {
	c.archive = epoch.Archive(c.EpochsFolder())
	now, err := c.chain.ChainTime(ctx)
	if err != nil {
		return err
	}
	if _, err := c.genesis(now); err != nil {
		return err
	}
	sealed, err := c.store.LastSealed()
	if err != nil {
		return err
	}
	numbers, err := c.archive.Numbers()
	if err != nil {
		return err
	}
	for _, number := range numbers {
		if number <= sealed {
			continue
		}
		b, err := c.published(number)
		if err != nil {
			return err
		}
		if err := c.store.Adopt(b); err != nil {
			return err
		}
	}
	if _, err := c.base(ctx); errors.Is(err, epoch.ErrBehind) || errors.Is(err, errForeignRoot) {
		c.conf.Log.Error("no epoch can be closed; statements are taken and kept", "error", err)
		return nil
	} else if err != nil {
		return err
	}
	if len(numbers) == 0 {
		return nil
	}
	b, err := c.archive.Latest()
	if err != nil {
		return err
	}
	err = c.post(ctx, b)
	var refusal *chain.Refusal
	if errors.As(err, &refusal) { // a vetoed epoch must not take the whole coordinator down
		c.conf.Log.Error("the newest epoch's root stays off the chain; statements are taken and the next epoch goes on", "epoch", b.Summary.Number, "error", err)
		return nil
	}
	return err
}

// genesis notes the chain's time as the beginning of epoch 1, once.
func (c *Coordinator) genesis(now time.Time) (began uint64, err error) {
	err = c.db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(epochsBucket)
		if err != nil {
			return err
		}
		if data := b.Get(genesisKey); len(data) == 8 {
			began = binary.BigEndian.Uint64(data)
			return nil
		}
		began = uint64(now.Unix())
		return b.Put(genesisKey, binary.BigEndian.AppendUint64(nil, began))
	})
	if err != nil {
		return 0, fmt.Errorf("note the beginning of scoring: %w", err)
	}
	return began, nil
}

// epochLoop closes epochs by the clock, and posts the newest when its last co-signature has
// come. A failure is tried again at the next tick; nothing is lost, the window only grows.
func (c *Coordinator) epochLoop(ctx context.Context) {
	var tick <-chan time.Time // never, where epochs are closed by hand
	if c.conf.Epoch > 0 {
		ticker := time.NewTicker(c.conf.Epoch)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-tick:
			_, err = c.CloseEpoch(ctx)
		case <-c.signed:
			err = c.postNewest(ctx)
		}
		if ctx.Err() == nil {
			c.warnOfEpoch(err)
		}
		var refusal *chain.Refusal
		switch {
		case err == nil || ctx.Err() != nil:
		case errors.As(err, &refusal):
			c.conf.Log.Error("the epoch is published, but its root is refused", "error", err)
		default:
			c.conf.Log.Error("closing the epoch failed, trying again at the next", "error", err)
		}
	}
}

// postNewest posts the newest published root once more.
func (c *Coordinator) postNewest(ctx context.Context) error {
	c.closing.Lock()
	defer c.closing.Unlock()
	b, err := c.archive.Latest()
	if err != nil {
		return err
	}
	return c.post(ctx, b)
}
