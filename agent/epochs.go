package agent

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

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
func (c *Coordinator) EpochsFolder() string { return filepath.Join(c.conf.State, "epochs") }

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
	previous, err := c.newest()
	if err != nil {
		return EpochReport{}, err
	}
	inputs, err := c.gather(ctx, previous)
	if err != nil {
		return EpochReport{}, fmt.Errorf("close epoch %d: %w", previous.Number+1, err)
	}
	bundle, err := epoch.Build(inputs, previous)
	if err != nil {
		return EpochReport{}, err
	}
	if err := c.publish(ctx, bundle); err != nil {
		return EpochReport{}, err
	}
	c.conf.Log.Info("epoch closed", "epoch", bundle.Summary.Number, "nodes", len(bundle.Summary.Lines), "receipts", len(inputs.Receipts), "root", bundle.Summary.Root)
	return report(bundle, c.archive.Dir(bundle.Summary.Number)), nil
}

// gather collects everything that the next epoch is computed from.
func (c *Coordinator) gather(ctx context.Context, previous epoch.State) (epoch.Inputs, error) {
	var in epoch.Inputs
	now, err := c.chain.ChainTime(ctx)
	if err != nil {
		return in, err
	}
	from := previous.To
	if previous.Number == 0 {
		if from, err = c.genesis(now); err != nil {
			return in, err
		}
	}
	allowed, err := c.chain.AllowedTotal(ctx)
	if err != nil {
		return in, err
	}
	window, err := c.store.Seal(previous.Number + 1)
	if err != nil {
		return in, err
	}
	registrations, block, err := c.registry.snapshot(ctx)
	if err != nil {
		return in, err
	}
	return epoch.Inputs{
		ChainID: c.conf.Network.Contracts.ChainID, Registry: c.conf.Network.Contracts.Registry,
		Number: previous.Number + 1, From: from, To: max(uint64(now.Unix()), from+1),
		Pool: score.Wei{Int: pool(allowed, previous)}, Parameters: score.DefaultParameters(),
		RegistryBlock: block, Registrations: registrations, AnyClinic: true, Window: window,
	}, nil
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
	posted, err := c.chain.PostRoot(ctx, c.poster.ECDSA(), chain.Root{
		Epoch: b.Summary.Number, Root: b.Summary.Root, DatasetHash: b.Summary.DatasetHash, TotalWei: b.Summary.CumulativeTotal.Int,
	})
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

// newest is the state that the next epoch builds on.
func (c *Coordinator) newest() (epoch.State, error) {
	b, err := c.archive.Latest()
	if errors.Is(err, fs.ErrNotExist) {
		return epoch.State{}, nil
	}
	if err != nil {
		return epoch.State{}, err
	}
	return b.State(), nil
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

// epochLoop closes epochs by the clock. A failure is tried again at the next tick;
// nothing is lost, the window only grows.
func (c *Coordinator) epochLoop(ctx context.Context) {
	if c.conf.Epoch <= 0 {
		return
	}
	ticker := time.NewTicker(c.conf.Epoch)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		_, err := c.CloseEpoch(ctx)
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
