package worker_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// walletForm is how the test's wallets sign: longer than a key's signature.
var walletForm = attest.WalletSignature(make([]byte, 130))

// walletChain is a chain with contract wallets.
type walletChain struct {
	mu     sync.Mutex // guards the fields below
	asked  int
	stands bool
	fault  error
}

func (f *walletChain) IsValidSignature(_ context.Context, _ common.Address, _ [32]byte, sig []byte) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return f.stands && string(sig) == string(walletForm), f.fault
}

func (f *walletChain) set(stands bool, fault error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stands, f.fault = stands, fault
}

func (f *walletChain) questions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// walletClinic countersigns as a contract wallet does.
func walletClinic(t *testing.T) *clinic {
	c := newClinic(t)
	c.settles(func(_ *task, honest *attest.SignedReceipt) []byte {
		signed := *honest
		signed.ClinicSig, signed.WalletSig = attest.Signature{}, walletForm
		return encode(t, signed)
	})
	return c
}

// A clinic whose account is a contract wallet finishes a job like any other: its
// countersignature is asked of the chain, and goes on to the coordinator.
func TestAClinicThatIsAWallet(t *testing.T) {
	t.Parallel()
	chain, sent := &walletChain{stands: true}, make(chan attest.SignedReceipt, 1)
	c := walletClinic(t)
	n := newNode(t, func(_ *node, conf *worker.Config) {
		conf.Wallets = chain
		conf.Forward = func(_ context.Context, r attest.SignedReceipt) error { sent <- r; return nil }
	})
	x := c.give(n, "signed by a wallet", scheduler.Routine)
	n.await(worker.Receipt, x.id)
	if r := <-sent; r.WalletSig != walletForm || r.VerifyWith(t.Context(), domain, chain) != nil {
		t.Errorf("forwarded as %+v", r)
	}
	if s := n.status(); s.Unsigned != 0 || s.Totals.Accepted != 1 {
		t.Errorf("%+v", s)
	}
}

// While the chain is silent the result is kept and offered again, also by the next process;
// nothing is counted against the clinic. What its wallet disowns is.
func TestAWalletThatCantBeAskedYet(t *testing.T) {
	t.Parallel()
	chain := &walletChain{fault: errors.New("connection refused")}
	c := walletClinic(t)
	asks := func(_ *node, conf *worker.Config) { conf.Wallets = chain }
	n := newNode(t, asks)
	x := c.give(n, "while the chain is silent", scheduler.Routine)
	n.eventually("the clinic is asked again", func() bool { return count[*wire.ResultHeader](c, x) > 2 })
	if s := n.status(); s.Unsigned != 0 || s.Totals.Failed != 0 || s.Undelivered != 1 || chain.questions() < 2 {
		t.Errorf("%+v", s)
	}
	n = n.restart(n.kill(), asks)
	chain.set(true, nil)
	n.await(worker.Receipt, x.id)
	chain.set(false, nil)
	x = c.give(n, "disowned", scheduler.Routine)
	n.await(worker.Unsigned, x.id)
	if s := n.status(); s.Unsigned != 1 || s.Totals.Accepted != 1 {
		t.Errorf("%+v", s)
	}
}

// A node that has no chain to ask takes keys' signatures only, as before.
func TestAWalletIsNoKey(t *testing.T) {
	t.Parallel()
	c, n := walletClinic(t), newNode(t, func(_ *node, conf *worker.Config) { conf.Promise = time.Minute })
	x := c.give(n, "nobody to ask", scheduler.Routine)
	n.await(worker.Unsigned, x.id)
}
