package chain

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest/identity"
)

// hurried has a client raise fees and send again within moments, and changes nothing else.
func hurried() Option {
	return func(c *connection) {
		c.pace.lastPoll = 20 * time.Millisecond
		c.pace.raiseAfter, c.pace.againAfter = 100*time.Millisecond, 100*time.Millisecond
	}
}

// dial is one more client of the network, as another process would have it.
func (n *network) dial(options ...Option) *Client {
	n.t.Helper()
	client, err := Dial(n.ctx, n.url, n.client.Addresses(), options...)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(client.Close)
	return client
}

// paying sends 1 wei from key in the background; the result comes by the channel.
func (n *network) paying(client *Client, key *identity.Key, to common.Address) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := client.Fund(n.ctx, key, to, big.NewInt(1))
		done <- err
	}()
	return done
}

func (n *network) received(done <-chan error) error {
	n.t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(2 * time.Minute):
		n.t.Fatal("the transaction is not done after two minutes")
		return nil
	}
}

// waiting lists what the chain's pool holds of an account.
func (n *network) waiting(account common.Address) []*types.Transaction {
	pending, queued := n.dev.miner.backend.TxPool().ContentFrom(account)
	return append(pending, queued...)
}

// raw hands a transaction over that no client waits for, as an earlier process left it.
func (n *network) raw(key *identity.Key, nonce uint64, wei, tip, feeCap int64) {
	n.t.Helper()
	to := key.Address()
	tx, err := types.SignNewTx(key.ECDSA(), types.LatestSignerForChainID(n.client.sender.chainID), &types.DynamicFeeTx{
		ChainID: n.client.sender.chainID, Nonce: nonce, GasTipCap: big.NewInt(tip), GasFeeCap: big.NewInt(feeCap), Gas: params.TxGas, To: &to, Value: big.NewInt(wei),
	})
	if err != nil {
		n.t.Fatal(err)
	}
	if err := n.client.sender.hand(n.ctx, tx); err != nil {
		n.t.Fatal(err)
	}
}

// reorganise takes the newest blocks off the chain and puts one more in their place.
// If drop is set, the chain has forgotten the transactions that were in them.
func (m *miner) reorganise(t testing.TB, depth uint64, drop bool) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	chain, pool := m.backend.BlockChain(), m.backend.TxPool()
	if err := pool.Sync(); err != nil {
		t.Fatal(err)
	}
	parent := chain.GetHeaderByNumber(chain.CurrentBlock().Number.Uint64() - depth)
	if parent == nil {
		t.Fatalf("the chain has fewer than %d blocks", depth)
	}
	if err := m.beacon.Fork(parent.Hash()); err != nil {
		t.Fatal(err)
	}
	if err := pool.Sync(); err != nil {
		t.Fatal(err)
	}
	if drop {
		m.beacon.Rollback()
	}
	for range depth + 1 {
		m.commit()
	}
}

// mine adds empty blocks.
func (n *network) mine(blocks int) {
	n.t.Helper()
	for range blocks {
		n.wait(time.Second)
	}
}

func (n *network) nonce(account common.Address) uint64 {
	n.t.Helper()
	nonce, err := n.client.sender.rpc.NonceAt(n.ctx, account, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	return nonce
}

func TestATransactionThatNoBlockTakesIsSentAgainWithHigherFees(t *testing.T) {
	n := newNetwork(t)
	to := common.Address{0xaa}
	n.dev.miner.mu.Lock() // no block is made
	done := n.paying(n.dial(hurried()), n.operator, to)
	var first *types.Transaction
	n.until(func() bool {
		for _, tx := range n.waiting(n.operator.Address()) {
			if first == nil {
				first = tx
			}
			if tx.GasFeeCap().Cmp(first.GasFeeCap()) > 0 && tx.GasTipCap().Cmp(first.GasTipCap()) > 0 {
				return true
			}
		}
		return false
	})
	before := len(n.waiting(n.operator.Address()))
	n.dev.miner.mu.Unlock()
	if err := n.received(done); err != nil {
		t.Fatal(err)
	}
	if before != 1 || balanceOf(t, n.dev, to) != 1 {
		t.Fatalf("%d transactions waited, %d wei were paid; want one of each", before, balanceOf(t, n.dev, to))
	}
}

func TestStuckTransactionsOfAnEarlierProcessAreReplaced(t *testing.T) {
	n := newNetwork(t)
	key, to := n.key(), common.Address{0xab}
	n.must(n.client.Fund(n.ctx, n.faucet, key.Address(), hive(1)))
	// Fees far below the base fee: the pool keeps them, and no block ever takes them.
	n.raw(key, 0, 1, 1, 1)
	n.raw(key, 1, 1, 1, 1)
	if err := n.received(n.paying(n.dial(hurried()), key, to)); err != nil {
		t.Fatal(err)
	}
	if balanceOf(t, n.dev, to) != 1 || n.nonce(key.Address()) != 3 {
		t.Fatalf("%d wei were paid under nonce %d, want 1 under 2", balanceOf(t, n.dev, to), n.nonce(key.Address())-1)
	}
}

func TestATransactionWhosePlaceAnotherTookIsReported(t *testing.T) {
	n := newNetwork(t)
	to := common.Address{0xac}
	account := n.operator.Address()
	n.dev.miner.mu.Lock()
	client := n.dial(func(c *connection) { c.pace.lastPoll = 20 * time.Millisecond })
	done := n.paying(client, n.operator, to)
	n.until(func() bool { return len(n.waiting(account)) == 1 })
	n.raw(n.operator, n.waiting(account)[0].Nonce(), 7, 1e12, 1e12)
	n.dev.miner.mu.Unlock()
	if err := n.received(done); !errors.Is(err, ErrReplaced) {
		t.Fatalf("error %v, want %v", err, ErrReplaced)
	}
	if paid := balanceOf(t, n.dev, to); paid != 0 {
		t.Fatalf("%d wei were paid by a transaction that was replaced", paid)
	}
	// The next one goes on from there.
	if err := n.received(n.paying(client, n.operator, to)); err != nil {
		t.Fatal(err)
	}
}

// Outcome: a payment in a block that a reorganisation of ten blocks takes away is
// sent again, reported once it is as deep as asked for in the new chain, and paid
// once. It holds whether the chain's pool remembers the transaction or not.
func TestAReorganisationOfTenBlocksLosesNoTransactionAndPaysNoneTwice(t *testing.T) {
	for name, drop := range map[string]bool{"the pool remembers": false, "the pool forgets": true} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t)
			to := common.Address{0xad}
			const depth = 10
			n.mine(depth) // so that there is something to go back to
			nonce := n.nonce(n.operator.Address())
			client := n.dial(hurried(), Until(Finality{Confirmations: depth}))
			done := n.paying(client, n.operator, to)
			n.until(func() bool { return balanceOf(t, n.dev, to) == 1 })
			n.mine(depth - 1) // one block short of final
			n.dev.miner.reorganise(t, depth, drop)
			n.until(func() bool { return balanceOf(t, n.dev, to) == 1 })
			select {
			case err := <-done:
				t.Fatalf("done before %d blocks confirm it again: %v", depth, err)
			default:
			}
			n.mine(depth + 1)
			if err := n.received(done); err != nil {
				t.Fatal(err)
			}
			if paid := balanceOf(t, n.dev, to); paid != 1 || n.nonce(n.operator.Address()) != nonce+1 {
				t.Fatalf("%d wei were paid by %d transactions, want one of each", paid, n.nonce(n.operator.Address())-nonce)
			}
		})
	}
}

func TestATransactionIsDoneWhenTheChainSaysThatItIsFinal(t *testing.T) {
	n := newNetwork(t)
	done := n.paying(n.dial(hurried(), Until(Finality{Finalized: true})), n.operator, common.Address{0xae})
	n.until(func() bool { return balanceOf(t, n.dev, common.Address{0xae}) == 1 })
	select {
	case err := <-done:
		t.Fatalf("done before its block was final: %v", err)
	case <-time.After(200 * time.Millisecond): // many looks
	}
	n.mine(64) // the embedded chain finalizes every 32 blocks
	if err := n.received(done); err != nil {
		t.Fatal(err)
	}
}

// Two processes with one key, as a running node and `medhive node claim` are.
func TestTwoProcessesMayUseOneKey(t *testing.T) {
	n := newNetwork(t)
	to := common.Address{0xaf}
	const each = 10
	var group sync.WaitGroup
	for _, client := range []*Client{n.dial(), n.dial()} {
		group.Go(func() {
			for range each {
				// A place that the other took in the same moment is told, and not paid for.
				for {
					_, err := client.Fund(n.ctx, n.operator, to, big.NewInt(1))
					if err == nil {
						break
					}
					if !errors.Is(err, ErrReplaced) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	group.Wait()
	if paid := balanceOf(t, n.dev, to); paid != 2*each {
		t.Fatalf("%d wei were paid, want %d", paid, 2*each)
	}
}

func TestARaiseIsTakenByPoolsAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "fee"))
		after := raised(before)
		least := new(big.Int).Mul(before, big.NewInt(1125)) // the strictest pools: 12.5 %
		most := new(big.Int).Mul(before, big.NewInt(1250))
		thousandfold := new(big.Int).Mul(after, big.NewInt(1000))
		if thousandfold.Cmp(least) < 0 || thousandfold.Cmp(most.Add(most, big.NewInt(1000))) > 0 {
			t.Fatalf("%s became %s", before, after)
		}
	})
}

func TestFinalityIsReadAsItIsWritten(t *testing.T) {
	for _, want := range []Finality{{}, {Confirmations: 12}, {Finalized: true}} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Finality
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{`"safe"`, `"-1"`, `"1e3"`, `""`, `"10001"`} {
		if err := json.Unmarshal([]byte(text), &Finality{}); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestTheWaitEndsWithItsContext(t *testing.T) {
	n := newNetwork(t)
	n.dev.miner.mu.Lock()
	defer n.dev.miner.mu.Unlock()
	ctx, cancel := context.WithCancel(n.ctx)
	done := make(chan error, 1)
	go func() {
		_, err := n.client.Fund(ctx, n.operator, common.Address{1}, big.NewInt(1))
		done <- err
	}()
	n.until(func() bool { return len(n.waiting(n.operator.Address())) == 1 })
	cancel()
	if err := n.received(done); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want the context's", err)
	}
}
