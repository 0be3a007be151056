package chain

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient"
)

const (
	// gasHeadroom is added to each estimate, over a quarter of it. A root that
	// becomes due between estimate and block costs the first claim or post its
	// activation, 140,000 gas at most; what isn't used isn't paid.
	gasHeadroom = 150_000
	// firstPoll and lastPoll bound the pause between two looks for a receipt,
	// which doubles: a development chain answers in milliseconds, mainnet every
	// 12 s.
	firstPoll = 5 * time.Millisecond
	lastPoll  = 2 * time.Second
	// minedWithin bounds the wait for a receipt when ctx has no earlier end.
	minedWithin = 10 * time.Minute
	// poolRetry and poolTries bound the wait, 5 s in all, for a server's pool that
	// does not know yet of ether that its newest block shows.
	poolRetry = 25 * time.Millisecond
	poolTries = 200
	// maxPollFailures is how many failed looks in a row end the wait.
	maxPollFailures = 8
)

// Mined is a transaction that stands in a block and succeeded.
type Mined struct {
	Tx      common.Hash
	Block   uint64
	GasUsed uint64
	FeeWei  *big.Int // wei of ether that the sender paid
}

// sender signs transactions, sends them and waits until they are mined.
type sender struct {
	rpc      *ethclient.Client
	chainID  *big.Int
	refusals refusals

	// submitting is held from choosing an account's nonce until its transaction
	// is with the server, so that two calls with one key don't take the same. It
	// guards next.
	submitting sync.Mutex
	// next is the nonce after the last one that an account used here. A server's
	// own answer lags for a moment after each block, and a nonce used twice
	// would replace a transaction that someone waits for.
	next map[common.Address]uint64
}

// newSender asks the chain for its id, and so proves that it answers.
func newSender(ctx context.Context, url string) (*sender, error) {
	client, err := dialRPC(ctx, url)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	chainID, err := client.ChainID(ctx)
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("ask the RPC server for its chain: %w; is the chain running and its address right?", withoutURL(err))
	}
	return &sender{rpc: client, chainID: chainID, refusals: newRefusals(), next: make(map[common.Address]uint64)}, nil
}

// send executes data at to (nil creates a contract) with value wei of ether,
// and returns the receipt of the mined, successful transaction. A contract's
// refusal is a *Refusal, before anything was paid where the estimate sees it.
func (s *sender) send(ctx context.Context, key *ecdsa.PrivateKey, to *common.Address, value *big.Int, data []byte) (*types.Receipt, error) {
	if key == nil {
		return nil, errors.New("no key to sign the transaction with")
	}
	message := ethereum.CallMsg{From: crypto.PubkeyToAddress(key.PublicKey), To: to, Value: value, Data: data}
	tx, err := s.submit(ctx, key, message)
	if err != nil {
		return nil, s.refusals.explain(err)
	}
	receipt, err := s.mined(ctx, tx.Hash())
	if err != nil {
		s.forget(message.From)
		return nil, err
	}
	if receipt.Status != types.ReceiptStatusSuccessful {
		// Run it again where it failed, to hear why.
		message.Gas = tx.Gas()
		_, err := s.rpc.CallContract(ctx, message, receipt.BlockNumber)
		if err == nil {
			err = errors.New("it failed in its block but not when repeated; look whether another transaction was first")
		}
		return nil, fmt.Errorf("transaction %s failed: %w", tx.Hash(), s.refusals.explain(err))
	}
	return receipt, nil
}

// submit estimates, signs and hands over one transaction.
func (s *sender) submit(ctx context.Context, key *ecdsa.PrivateKey, message ethereum.CallMsg) (*types.Transaction, error) {
	estimate, err := s.rpc.EstimateGas(ctx, message)
	if err != nil {
		return nil, err
	}
	tip, feeCap, err := s.fees(ctx)
	if err != nil {
		return nil, err
	}
	s.submitting.Lock()
	defer s.submitting.Unlock()
	nonce, err := s.rpc.PendingNonceAt(ctx, message.From)
	if err != nil {
		return nil, fmt.Errorf("ask for the nonce of %s: %w", message.From, err)
	}
	nonce = max(nonce, s.next[message.From])
	tx, err := types.SignNewTx(key, types.LatestSignerForChainID(s.chainID), &types.DynamicFeeTx{
		ChainID:   s.chainID,
		Nonce:     nonce,
		GasTipCap: tip,
		GasFeeCap: feeCap,
		Gas:       estimate + estimate/4 + gasHeadroom,
		To:        message.To,
		Value:     message.Value,
		Data:      message.Data,
	})
	if err != nil {
		return nil, fmt.Errorf("sign transaction: %w", err)
	}
	if err := s.deliver(ctx, message.From, tx); err != nil {
		return nil, fmt.Errorf("send transaction: %w", err)
	}
	s.next[message.From] = nonce + 1
	return tx, nil
}

// deliver hands tx over. A server's pool follows its newest block a moment later:
// an account that was just funded has its ether in the block and none in the
// pool. So a refusal that the block's own balance contradicts is asked again.
func (s *sender) deliver(ctx context.Context, from common.Address, tx *types.Transaction) error {
	retry := time.NewTicker(poolRetry)
	defer retry.Stop()
	for range poolTries {
		err := s.rpc.SendTransaction(ctx, tx)
		if err == nil || !withoutFunds(err) {
			return err
		}
		balance, balanceErr := s.rpc.BalanceAt(ctx, from, nil)
		if balanceErr != nil || balance.Cmp(tx.Cost()) < 0 {
			return err
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return err
		}
	}
	return s.rpc.SendTransaction(ctx, tx)
}

// forget trusts the server again about an account's nonce: a transaction that
// was not seen mined may have been dropped, and what comes after would wait for
// it for ever.
func (s *sender) forget(account common.Address) {
	s.submitting.Lock()
	defer s.submitting.Unlock()
	delete(s.next, account)
}

// fees returns the tip and a cap of twice the base fee plus the tip, which
// stays valid through six full blocks in a row (EIP-1559).
func (s *sender) fees(ctx context.Context) (tip, feeCap *big.Int, err error) {
	tip, err = s.rpc.SuggestGasTipCap(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("ask for a tip: %w", err)
	}
	head, err := s.rpc.HeaderByNumber(ctx, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("ask for the newest block: %w", err)
	}
	if head.BaseFee == nil {
		return nil, nil, errors.New("the chain has no base fee: it runs rules from before 2021; use another chain")
	}
	feeCap = new(big.Int).Lsh(head.BaseFee, 1)
	return tip, feeCap.Add(feeCap, tip), nil
}

// mined waits until the transaction stands in a block.
func (s *sender) mined(ctx context.Context, hash common.Hash) (*types.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, minedWithin)
	defer cancel()
	pause := firstPoll
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for failures := 0; ; {
		receipt, err := s.settled(ctx, hash)
		switch {
		case err == nil:
			return receipt, nil
		case errors.Is(err, ethereum.NotFound):
			failures = 0
		default:
			if failures++; failures == maxPollFailures {
				return nil, fmt.Errorf("look for transaction %s: %w; it was sent: look for it before sending another", hash, withoutURL(err))
			}
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for transaction %s: %w; it was sent: look for it before sending another", hash, ctx.Err())
		case <-timer.C:
			pause = min(2*pause, lastPoll)
		}
	}
}

// settled returns a receipt once the server's newest block has caught up with
// it. Servers show a receipt a moment before its block is the newest, and a
// caller that reads in between would see the state from before its transaction.
func (s *sender) settled(ctx context.Context, hash common.Hash) (*types.Receipt, error) {
	receipt, err := s.rpc.TransactionReceipt(ctx, hash)
	if err != nil {
		return nil, err
	}
	newest, err := s.rpc.BlockNumber(ctx)
	if err != nil {
		return nil, err
	}
	if receipt.BlockNumber == nil || newest < receipt.BlockNumber.Uint64() {
		return nil, ethereum.NotFound
	}
	return receipt, nil
}

// call executes data at to without a transaction, in the newest block's state.
func (s *sender) call(ctx context.Context, to common.Address, data []byte) ([]byte, error) {
	answer, err := s.rpc.CallContract(ctx, ethereum.CallMsg{To: &to, Data: data}, nil)
	return answer, s.refusals.explain(err)
}

// asMined sums up a successful receipt.
func asMined(receipt *types.Receipt) Mined {
	fee := new(big.Int).SetUint64(receipt.GasUsed)
	if receipt.EffectiveGasPrice != nil {
		fee.Mul(fee, receipt.EffectiveGasPrice)
	}
	return Mined{Tx: receipt.TxHash, Block: receipt.BlockNumber.Uint64(), GasUsed: receipt.GasUsed, FeeWei: fee}
}
