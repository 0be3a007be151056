package chain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/eth"
	"github.com/ethereum/go-ethereum/eth/catalyst"
	"github.com/ethereum/go-ethereum/event"
)

const (
	// maxAdvance bounds one step of the clock: ten years, far beyond any delay.
	maxAdvance = 10 * 365 * 24 * time.Hour
	// advanceTries bounds how often a step of the clock is tried again when a
	// transaction comes in between.
	advanceTries = 32
	// retryInterval is how often transactions that a block left out are offered
	// again.
	retryInterval = 250 * time.Millisecond
	// newTxsBuffer holds announcements of transactions while one is read.
	newTxsBuffer = 64
)

// miner makes a block whenever transactions arrive. geth's own on-demand loop
// does so without a lock, and would race with a step of the clock.
type miner struct {
	backend *eth.Ethereum
	beacon  *catalyst.SimulatedBeacon
	log     *slog.Logger

	mu     sync.Mutex // guards beacon: one block or one step of the clock at a time
	cancel context.CancelFunc
	done   sync.WaitGroup // both goroutines
}

func newMiner(backend *eth.Ethereum, beacon *catalyst.SimulatedBeacon, log *slog.Logger) *miner {
	return &miner{backend: backend, beacon: beacon, log: log}
}

// Start begins block production; geth's node calls it.
func (m *miner) Start() error {
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	txs := make(chan core.NewTxsEvent, newTxsBuffer)
	subscription := m.backend.TxPool().SubscribeTransactions(txs, true)
	// One block up front: the genesis block's time is 1970.
	m.mu.Lock()
	m.commit()
	m.mu.Unlock()
	wake := make(chan struct{}, 1)
	m.done.Go(func() { m.listen(ctx, txs, subscription, wake) })
	m.done.Go(func() { m.produce(ctx, wake) })
	return nil
}

// Stop ends block production and waits for it; geth's node calls it.
func (m *miner) Stop() error {
	m.cancel()
	m.done.Wait()
	return m.beacon.Stop()
}

// listen turns announcements into wake-ups. It never waits for a block: the
// pool announces from the goroutine that a block has to wait for.
func (m *miner) listen(ctx context.Context, txs <-chan core.NewTxsEvent, subscription event.Subscription, wake chan<- struct{}) {
	defer subscription.Unsubscribe()
	for {
		select {
		case <-ctx.Done():
			return
		case <-subscription.Err():
			return
		case <-txs:
			select {
			case wake <- struct{}{}:
			default: // a wake-up is waiting already
			}
		}
	}
}

// produce makes a block at each wake-up, and offers left-overs again.
func (m *miner) produce(ctx context.Context, wake <-chan struct{}) {
	retry := time.NewTicker(retryInterval)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
			m.seal()
		case <-retry.C:
			if m.executable() > 0 {
				m.seal()
			}
		}
	}
}

// seal makes one block, unless another just took every transaction.
func (m *miner) seal() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.backend.TxPool().Sync(); err != nil {
		m.log.Warn("development chain: transaction pool does not answer", "error", err)
		return
	}
	if m.executable() > 0 {
		m.commit()
	}
}

// commit makes one block and writes it through to the disk: left alone, the
// database holds blocks back in memory, and a killed chain would forget them.
// The block can be seen some milliseconds before it is safe. Callers hold mu.
func (m *miner) commit() {
	m.beacon.Commit()
	m.sync()
}

// sync writes what the database holds back to the disk.
func (m *miner) sync() {
	if err := m.backend.ChainDb().SyncKeyValue(); err != nil {
		m.log.Warn("development chain: newest block may not be on disk; look for space there", "error", err)
	}
}

// executable counts the transactions that are ready for a block.
func (m *miner) executable() int {
	count, _ := m.backend.TxPool().Stats()
	return count
}

// advance moves the clock by at least d and returns the new chain time.
func (m *miner) advance(ctx context.Context, by time.Duration) (time.Time, error) {
	if by <= 0 || by > maxAdvance {
		return time.Time{}, fmt.Errorf("advance chain time by %s: must be above zero and at most %s", by, maxAdvance)
	}
	whole := (by + time.Second - 1).Truncate(time.Second)
	m.mu.Lock()
	defer m.mu.Unlock()
	var failure error
	for range advanceTries {
		if err := ctx.Err(); err != nil {
			return time.Time{}, fmt.Errorf("advance chain time by %s: %w", by, err)
		}
		if err := m.backend.TxPool().Sync(); err != nil {
			return time.Time{}, fmt.Errorf("advance chain time by %s: %w", by, err)
		}
		// The clock moves by an empty block, so what waits goes first.
		if m.executable() > 0 {
			m.commit()
			continue
		}
		if failure = m.beacon.AdjustTime(whole); failure == nil {
			m.sync()
			return m.now(), nil
		}
	}
	if failure == nil {
		failure = errors.New("transactions keep arriving; pause their senders and try again")
	}
	return time.Time{}, fmt.Errorf("advance chain time by %s: %w", by, failure)
}

// now is the newest block's time.
func (m *miner) now() time.Time {
	return time.Unix(int64(m.backend.BlockChain().CurrentBlock().Time), 0).UTC()
}

// devAPI is the namespace dev_ of the chain's JSON-RPC.
type devAPI struct{ miner *miner }

// AdvanceTime is dev_advanceTime: it takes seconds, moves the clock by them and
// returns the chain's new time as a Unix time in seconds.
func (a *devAPI) AdvanceTime(ctx context.Context, seconds uint64) (uint64, error) {
	if seconds == 0 || seconds > uint64(maxAdvance/time.Second) {
		return 0, fmt.Errorf("advance chain time: seconds must be from 1 to %d", uint64(maxAdvance/time.Second))
	}
	now, err := a.miner.advance(ctx, time.Duration(seconds)*time.Second)
	if err != nil {
		return 0, err
	}
	return uint64(now.Unix()), nil
}
