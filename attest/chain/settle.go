package chain

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"
)

const (
	// raisePercent is what fees go up by at each raise. Pools take a replacement
	// from 10 % on, some from 12.5 %.
	raisePercent = 25
	// maxRaises bounds what a stuck transaction may come to cost: 1.25^10 is 9.3
	// times the fees of its first version, which were twice the base fee.
	maxRaises = 10
	// clearFactor is what each try to free a stuck slot offers more than the one
	// before: what lies there isn't known, so the offer doubles until it is taken.
	clearFactor = 2
	// clearTries bounds those offers: 2^8 times the present fees.
	clearTries = 8
	// takenLooks is how many looks in a row must show a slot used and none of our
	// transactions in a block, before another's is believed to be in it: a server
	// knows a nonce a moment before it knows the receipt.
	takenLooks = 8
)

// ErrReplaced says that another transaction of the same account took the place of
// the one that was waited for: by another process with that key, or by hand.
// Whether to send again depends on what that one did.
var ErrReplaced = errors.New("another transaction of this account took its place")

// ErrSent says that a transaction is with the servers and that nobody knows what became of it:
// it may still be mined.
var ErrSent = errors.New("it was sent: look for it before sending another")

// pace is how patiently transactions are waited for. Tests wait less.
type pace struct {
	// firstPoll and lastPoll bound the pause between two looks for a receipt,
	// which doubles: a development chain answers in milliseconds, mainnet every
	// 12 s.
	firstPoll, lastPoll time.Duration
	// raiseAfter is how long no block may take a transaction before its fees are
	// raised, and again after each raise.
	raiseAfter time.Duration
	// againAfter is how long a transaction lies with a server before the server
	// is given it again: pools forget, and a reorganisation may have dropped it.
	againAfter time.Duration
	// silence is how long no server may answer before the wait ends.
	silence time.Duration
	// minedWithin bounds the wait for a block, finalWithin that for finality
	// beyond it, where ctx has no earlier end.
	minedWithin, finalWithin time.Duration
}

// defaultPace suits chains with a block every second to every quarter of a minute.
func defaultPace() pace {
	return pace{
		firstPoll: 5 * time.Millisecond, lastPoll: 2 * time.Second,
		raiseAfter: time.Minute, againAfter: 15 * time.Second, silence: 5 * time.Minute,
		minedWithin: 30 * time.Minute, finalWithin: time.Hour,
	}
}

// wait is the state of one transaction's way into a final block.
type wait struct {
	*pending
	raised    time.Time    // when it was sent or its fees were raised
	given     time.Time    // when it was last handed over
	answered  time.Time    // when a server last answered
	raises    int          // how often its fees were raised
	stood     *common.Hash // the block that it stood in at the last look
	elsewhere int          // looks in a row at a slot that is used, but not by ours
}

// settle waits until one version of the transaction stands in a block that is
// final by the sender's rule, and looks after it until then.
func (s *sender) settle(ctx context.Context, signer Signer, sent *pending) (*types.Receipt, error) {
	within := s.pace.minedWithin
	if s.final != (Finality{}) {
		within += s.pace.finalWithin
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	now := time.Now()
	w := &wait{pending: sent, raised: now, given: now, answered: now}
	pause := s.pace.firstPoll
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		receipt, err := s.look(ctx, signer, w)
		switch {
		case err == nil:
			return receipt, nil
		case errors.Is(err, errNotYet):
			w.answered = time.Now()
		case errors.Is(err, ErrReplaced):
			return nil, fmt.Errorf("transaction %s: %w; look at the account's newest transactions, then try again", w.newest().Hash(), err)
		case ctx.Err() == nil && time.Since(w.answered) > s.pace.silence:
			return nil, fmt.Errorf("look for transaction %s: %w; %w", w.newest().Hash(), withoutURL(err), ErrSent)
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for transaction %s: %w; %w", w.newest().Hash(), ctx.Err(), ErrSent)
		case <-timer.C:
			pause = min(2*pause, s.pace.lastPoll)
		}
	}
}

// errNotYet says that servers answer and the transaction is not final.
var errNotYet = errors.New("not final yet")

// look returns the receipt if it is final, and else does what brings it there.
func (s *sender) look(ctx context.Context, signer Signer, w *wait) (*types.Receipt, error) {
	receipt, err := s.find(ctx, w.versions)
	if err != nil && !errors.Is(err, ethereum.NotFound) {
		return nil, err
	}
	if err == nil {
		if w.stood != nil && *w.stood != receipt.BlockHash {
			s.log.Info("a reorganisation of the chain moved a transaction to another block", "tx", receipt.TxHash, "block", receipt.BlockNumber)
		}
		w.stood, w.elsewhere = &receipt.BlockHash, 0
		final, err := s.isFinal(ctx, receipt.BlockNumber)
		if err != nil {
			return nil, err
		}
		if !final {
			w.raised, w.given = time.Now(), time.Now() // it is in a block: nothing to do but wait
			return nil, errNotYet
		}
		return receipt, nil
	}
	if w.stood != nil {
		s.log.Info("a reorganisation of the chain dropped a transaction, which is sent again", "tx", w.newest().Hash())
		w.stood, w.given = nil, time.Time{}
	}
	return nil, s.push(ctx, signer, w)
}

// push brings a transaction that stands in no block closer to one.
func (s *sender) push(ctx context.Context, signer Signer, w *wait) error {
	mined, err := s.rpc.NonceAt(ctx, w.account, nil)
	if err != nil {
		return err
	}
	if mined > w.nonce {
		if w.elsewhere++; w.elsewhere >= takenLooks {
			return ErrReplaced
		}
		return errNotYet
	}
	w.elsewhere = 0
	now := time.Now()
	switch {
	case now.Sub(w.raised) >= s.pace.raiseAfter && mined < w.nonce:
		w.raised = now
		if err := s.clear(ctx, signer, w.slot, mined); err != nil {
			s.log.Warn("a stuck transaction of an earlier process could not be replaced", "account", w.account, "nonce", mined, "error", withoutURL(err))
		}
	case now.Sub(w.raised) >= s.pace.raiseAfter && w.raises < maxRaises:
		w.raised, w.given = now, now
		if err := s.raise(ctx, signer, w); err != nil {
			s.log.Warn("the fees of a transaction that no block takes could not be raised", "tx", w.newest().Hash(), "error", withoutURL(err))
		}
	case now.Sub(w.given) >= s.pace.againAfter:
		w.given = now
		// A refusal here changes nothing: the next looks tell what became of it.
		if err := s.hand(ctx, w.newest()); err != nil {
			s.log.Debug("transaction was not taken again", "tx", w.newest().Hash(), "error", withoutURL(err))
		}
	}
	return errNotYet
}

// raise sends the transaction again with fees raised by raisePercent, or to
// today's if those are higher.
func (s *sender) raise(ctx context.Context, signer Signer, w *wait) error {
	tip, feeCap, err := s.fees(ctx)
	if err != nil {
		return err
	}
	before := w.newest()
	tip, feeCap = larger(tip, raised(before.GasTipCap())), larger(feeCap, raised(before.GasFeeCap()))
	next, err := signed(ctx, signer, types.NewTx(&types.DynamicFeeTx{
		ChainID: s.chainID, Nonce: w.nonce, GasTipCap: tip, GasFeeCap: larger(tip, feeCap), Gas: before.Gas(),
		To: before.To(), Value: before.Value(), Data: before.Data(),
	}), s.chainID)
	if err != nil {
		return err
	}
	// Kept before it is sent: the server may take it and fail to say so.
	w.raises, w.versions = w.raises+1, append(w.versions, next)
	s.log.Info("no block takes a transaction: sent again with higher fees", "tx", next.Hash(), "before", before.Hash(), "fee_cap_wei", feeCap)
	return s.hand(ctx, next)
}

// clear frees the slots from nonce first up to before's, which hold transactions
// that nobody here waits for, by empty transfers to the account itself.
func (s *sender) clear(ctx context.Context, signer Signer, before slot, first uint64) error {
	for nonce := first; nonce < before.nonce; nonce++ {
		s.submitting.Lock()
		watched := s.own[slot{before.account, nonce}]
		s.submitting.Unlock()
		if watched {
			continue // whoever waits for it raises its fees
		}
		if err := s.clearOne(ctx, signer, slot{before.account, nonce}); err != nil {
			return err
		}
	}
	return nil
}

// clearOne offers more and more for one slot until the server takes it.
func (s *sender) clearOne(ctx context.Context, signer Signer, place slot) error {
	tip, feeCap, err := s.fees(ctx)
	if err != nil {
		return err
	}
	var refused error
	for range clearTries {
		empty, err := signed(ctx, signer, types.NewTx(&types.DynamicFeeTx{
			ChainID: s.chainID, Nonce: place.nonce, GasTipCap: tip, GasFeeCap: feeCap, Gas: params.TxGas, To: &place.account, Value: new(big.Int),
		}), s.chainID)
		if err != nil {
			return err
		}
		refused = s.hand(ctx, empty)
		if refused == nil {
			s.log.Info("a transaction of an earlier process blocks the account: replaced by an empty one", "account", place.account, "nonce", place.nonce)
			return nil
		}
		if says(refused, "nonce too low") {
			return nil // a block took it meanwhile
		}
		if !nonceTaken(refused) {
			return refused
		}
		tip, feeCap = new(big.Int).Mul(tip, big.NewInt(clearFactor)), new(big.Int).Mul(feeCap, big.NewInt(clearFactor))
	}
	return refused
}

// raised is a fee after one raise, rounded up.
func raised(wei *big.Int) *big.Int {
	const whole = 100
	more := new(big.Int).Mul(wei, big.NewInt(raisePercent))
	more.Add(more, big.NewInt(whole-1))
	return more.Add(more.Quo(more, big.NewInt(whole)), wei)
}

func larger(a, b *big.Int) *big.Int {
	if a.Cmp(b) >= 0 {
		return a
	}
	return b
}

// find returns the receipt of the version that a block holds, once the server's
// newest block has caught up with it. Servers show a receipt a moment before its
// block is the newest, and a caller that reads in between would see the state
// from before its transaction.
func (s *sender) find(ctx context.Context, versions []*types.Transaction) (*types.Receipt, error) {
	for i := len(versions) - 1; i >= 0; i-- {
		receipt, err := s.rpc.TransactionReceipt(ctx, versions[i].Hash())
		if errors.Is(err, ethereum.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		newest, err := s.rpc.BlockNumber(ctx)
		if err != nil {
			return nil, err
		}
		if receipt.BlockNumber == nil || newest < receipt.BlockNumber.Uint64() {
			return nil, errNotYet
		}
		return receipt, nil
	}
	return nil, ethereum.NotFound
}

// isFinal says whether a block that holds the transaction is final by the rule.
func (s *sender) isFinal(ctx context.Context, block *big.Int) (bool, error) {
	if s.final.Finalized {
		head, err := s.rpc.HeaderByNumber(ctx, big.NewInt(rpc.FinalizedBlockNumber.Int64()))
		if errors.Is(err, ethereum.NotFound) {
			return false, nil // a young chain
		}
		if err != nil {
			return false, err
		}
		return head.Number.Cmp(block) >= 0, nil
	}
	if s.final.Confirmations == 0 {
		return true, nil
	}
	newest, err := s.rpc.BlockNumber(ctx)
	if err != nil {
		return false, err
	}
	return newest >= block.Uint64()+s.final.Confirmations, nil
}
