package chain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/ethclient"
)

const (
	// gasHeadroom is added to each estimate, over a quarter of it. A root that
	// becomes due between estimate and block costs the first claim or post its
	// activation, 140,000 gas at most; what isn't used isn't paid.
	gasHeadroom = 150_000
	// gasMark bounds a random addition to the gas limit. It tells two transactions
	// of the same account and content apart, which would else have one hash: two
	// processes that pay the same at once would take one payment for both.
	gasMark = 1 << 12
	// poolRetry and poolTries bound the wait, 5 s in all, for a server's pool that
	// does not know yet of ether that its newest block shows, or of a nonce that
	// another process took.
	poolRetry = 25 * time.Millisecond
	poolTries = 200
)

// Mined is a transaction that stands in a block, final by the client's rule, and
// succeeded.
type Mined struct {
	Tx      common.Hash
	Block   uint64
	GasUsed uint64
	FeeWei  *big.Int // wei of ether that the sender paid
}

// sender has transactions signed, sends them and stays with them until they are
// mined and final: it raises the fees of those that no block takes, sends those
// again that a reorganisation dropped, and frees nonces that earlier processes
// left stuck.
type sender struct {
	rpc      *ethclient.Client
	chainID  *big.Int
	refusals refusals
	final    Finality
	pace     pace
	log      *slog.Logger

	// submitting is held from choosing an account's nonce until its transaction
	// is with the server, so that two calls with one key don't take the same. It
	// guards own.
	submitting sync.Mutex
	// own is every nonce that a call in this process is waiting for.
	own map[slot]bool
}

// slot is the place of one transaction: a chain holds one of each.
type slot struct {
	account common.Address
	nonce   uint64
}

// newSender asks the chain for its id, and so proves that it answers.
func newSender(ctx context.Context, url string, options ...Option) (*sender, error) {
	settings := connection{servers: []string{url}, pace: defaultPace(), log: slog.New(slog.DiscardHandler)}
	for _, option := range options {
		option(&settings)
	}
	client, err := dialRPC(ctx, settings.servers...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	chainID, err := client.ChainID(ctx)
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("ask the RPC server for its chain: %w; is the chain running? start it, or correct rpc in the network file", withoutURL(err))
	}
	return &sender{
		rpc: client, chainID: chainID, refusals: newRefusals(), final: settings.final, pace: settings.pace, log: settings.log,
		own: make(map[slot]bool),
	}, nil
}

// send executes data at to (nil creates a contract) with value wei of ether,
// and returns the receipt of the final, successful transaction. A contract's
// refusal is a *Refusal, before anything was paid where the estimate sees it.
func (s *sender) send(ctx context.Context, signer Signer, to *common.Address, value *big.Int, data []byte) (*types.Receipt, error) {
	if signer == nil {
		return nil, errors.New("no key to sign the transaction with")
	}
	message := ethereum.CallMsg{From: signer.Address(), To: to, Value: value, Data: data}
	sent, err := s.submit(ctx, signer, message)
	if err != nil {
		return nil, s.refusals.explain(err)
	}
	defer s.release(sent.slot)
	receipt, err := s.settle(ctx, signer, sent)
	if err != nil {
		return nil, err
	}
	if receipt.Status != types.ReceiptStatusSuccessful {
		// Run it again where it failed, to hear why.
		message.Gas = sent.newest().Gas()
		_, err := s.rpc.CallContract(ctx, message, receipt.BlockNumber)
		if err == nil {
			err = errors.New("it failed in its block but not when repeated; look whether another transaction was first")
		}
		return nil, fmt.Errorf("transaction %s failed: %w", receipt.TxHash, s.refusals.explain(err))
	}
	return receipt, nil
}

// pending is one slot's transaction, in all versions that were sent: they differ
// in fees alone, and a block takes at most one of them.
type pending struct {
	slot
	versions []*types.Transaction // the newest last
}

func (p *pending) newest() *types.Transaction { return p.versions[len(p.versions)-1] }

// submit estimates, signs and hands over one transaction.
func (s *sender) submit(ctx context.Context, signer Signer, message ethereum.CallMsg) (*pending, error) {
	tx, err := s.draft(ctx, message)
	if err != nil {
		return nil, err
	}
	s.submitting.Lock()
	defer s.submitting.Unlock()
	retry := time.NewTicker(poolRetry)
	defer retry.Stop()
	for tries := 0; ; tries++ {
		if tx.Nonce, err = s.freeNonce(ctx, message.From); err != nil {
			return nil, err
		}
		ready, err := signed(ctx, signer, types.NewTx(&tx), s.chainID)
		if err != nil {
			return nil, err
		}
		err = s.deliver(ctx, message.From, ready)
		if err == nil {
			place := slot{message.From, tx.Nonce}
			s.own[place] = true
			return &pending{slot: place, versions: []*types.Transaction{ready}}, nil
		}
		if !nonceTaken(err) || tries == poolTries {
			return nil, fmt.Errorf("send transaction: %w", err)
		}
		// Another process with this key was faster: its nonce is seen in a moment.
		select {
		case <-retry.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("send transaction: %w", err)
		}
	}
}

// freeNonce is the first nonce that neither a block, nor the server's pool, nor a
// call of this process holds. Each of them lags behind another for a moment: the
// pool behind its newest block, and its count behind what it just took. Nothing is
// remembered beyond that, since a reorganisation may give nonces back. Callers hold
// submitting.
func (s *sender) freeNonce(ctx context.Context, account common.Address) (uint64, error) {
	waiting, err := s.rpc.PendingNonceAt(ctx, account)
	if err != nil {
		return 0, fmt.Errorf("ask for the nonce of %s: %w", account, err)
	}
	mined, err := s.rpc.NonceAt(ctx, account, nil)
	if err != nil {
		return 0, fmt.Errorf("ask for the nonce of %s: %w", account, err)
	}
	nonce := max(waiting, mined)
	for place := range s.own {
		if place.account == account {
			nonce = max(nonce, place.nonce+1)
		}
	}
	return nonce, nil
}

// draft is message with gas and fees, but for its nonce.
func (s *sender) draft(ctx context.Context, message ethereum.CallMsg) (types.DynamicFeeTx, error) {
	estimate, err := s.rpc.EstimateGas(ctx, message)
	if err != nil {
		return types.DynamicFeeTx{}, err
	}
	tip, feeCap, err := s.fees(ctx)
	if err != nil {
		return types.DynamicFeeTx{}, err
	}
	value := message.Value
	if value == nil {
		value = new(big.Int)
	}
	return types.DynamicFeeTx{
		ChainID:   s.chainID,
		GasTipCap: tip,
		GasFeeCap: feeCap,
		Gas:       estimate + estimate/4 + gasHeadroom + rand.Uint64N(gasMark),
		To:        message.To,
		Value:     value,
		Data:      message.Data,
	}, nil
}

// deliver hands tx over. A server's pool follows its newest block a moment later:
// an account that was just funded has its ether in the block and none in the
// pool. So a refusal that the block's own balance contradicts is asked again.
func (s *sender) deliver(ctx context.Context, from common.Address, tx *types.Transaction) error {
	retry := time.NewTicker(poolRetry)
	defer retry.Stop()
	for range poolTries {
		err := s.hand(ctx, tx)
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
	return s.hand(ctx, tx)
}

// hand gives tx to the server; one that has it already is no fault.
func (s *sender) hand(ctx context.Context, tx *types.Transaction) error {
	err := s.rpc.SendTransaction(ctx, tx)
	if err != nil && says(err, "already known", "known transaction", "already imported") {
		return nil
	}
	return err
}

// nonceTaken reports whether a server refused a transaction because its slot is
// full. JSON-RPC carries words only.
func nonceTaken(err error) bool {
	return says(err, "nonce too low", "replacement transaction underpriced", "could not replace existing")
}

// says reports whether an error holds one of the texts.
func says(err error, texts ...string) bool {
	said := strings.ToLower(err.Error())
	for _, text := range texts {
		if strings.Contains(said, text) {
			return true
		}
	}
	return false
}

// release ends the watch over a slot.
func (s *sender) release(place slot) {
	s.submitting.Lock()
	defer s.submitting.Unlock()
	delete(s.own, place)
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
