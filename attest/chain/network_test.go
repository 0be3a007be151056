package chain

import (
	"bytes"
	"context"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/medhive/medhive/attest/identity"
)

// network is one embedded chain with the real contracts and everyone's keys.
type network struct {
	t                                   testing.TB
	ctx                                 context.Context
	url                                 string
	faucet                              *identity.Key // holds all ether and, after the deployment, all HIVE
	advance                             func(context.Context, time.Duration) (time.Time, error)
	dev                                 *Dev // nil on another chain
	client                              *Client
	operator, poster, guardian, outside *identity.Key
	params                              Params
}

// newNetwork deploys on an embedded chain.
func newNetwork(t testing.TB) *network {
	t.Helper()
	return newNetworkUnder(t, DevOptions{})
}

// newNetworkUnder is newNetwork with a chain of one's choice.
func newNetworkUnder(t testing.TB, options DevOptions) *network {
	t.Helper()
	dev, err := StartDev(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	})
	return (&network{t: t, ctx: t.Context(), url: dev.URL(), faucet: dev.FaucetKey(), advance: dev.AdvanceTime, dev: dev}).deploy()
}

// deploy deploys with small round figures: 1 HIVE a second, a bond of 10.
func (n *network) deploy() *network {
	n.t.Helper()
	for _, key := range []**identity.Key{&n.operator, &n.poster, &n.guardian, &n.outside} {
		*key = n.key()
	}
	n.params = Params{
		RatePerSecondWei: hive(1),
		ActivationDelay:  24 * time.Hour,
		Bond:             hive(10),
		ExitThaw:         7 * 24 * time.Hour,
		RecipientDelay:   3 * 24 * time.Hour,
		BreakerWindow:    7 * 24 * time.Hour,
		EscrowThaw:       2 * 24 * time.Hour,
		ChallengeBond:    hive(5),
		ResolveWithin:    3 * 24 * time.Hour,
		Poster:           n.poster.Address(),
		Guardian:         n.guardian.Address(),
		InitialSupply:    hive(1000),

		ChallengerShareBps: 2500,
	}
	addresses, err := Deploy(n.ctx, n.url, n.faucet, n.params)
	if err != nil {
		n.t.Fatal(err)
	}
	if n.client, err = Dial(n.ctx, n.url, addresses); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(n.client.Close)
	for _, key := range []*identity.Key{n.operator, n.poster, n.guardian, n.outside} {
		n.must(n.client.Fund(n.ctx, n.faucet, key.Address(), hive(1)))
	}
	n.must(n.client.Transfer(n.ctx, n.faucet, n.operator.Address(), hive(100)))
	return n
}

func (n *network) must(mined Mined, err error) Mined {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
	return mined
}

func (n *network) refused(err error, name string) {
	n.t.Helper()
	if !Refused(err, name) {
		n.t.Fatalf("error %v, want refusal %s", err, name)
	}
}

func (n *network) key() *identity.Key {
	n.t.Helper()
	key, err := identity.Generate()
	if err != nil {
		n.t.Fatal(err)
	}
	return key
}

func (n *network) balance(account common.Address) *big.Int {
	n.t.Helper()
	balance, err := n.client.Balance(n.ctx, account)
	if err != nil {
		n.t.Fatal(err)
	}
	return balance
}

func (n *network) wait(d time.Duration) {
	n.t.Helper()
	before, err := n.client.ChainTime(n.ctx)
	if err != nil {
		n.t.Fatal(err)
	}
	after, err := n.advance(n.ctx, d)
	if err != nil {
		n.t.Fatal(err)
	}
	if after.Sub(before) < d {
		n.t.Fatalf("clock moved by %s, want %s", after.Sub(before), d)
	}
}

// register adds a node under the operator and returns it with its recipient.
func (n *network) register() (node *identity.Key, recipient common.Address) {
	n.t.Helper()
	node, recipient = n.key(), n.key().Address()
	n.must(n.client.Register(n.ctx, n.operator, node, recipient, "DE"))
	return node, recipient
}

// epoch is a tree of two leaves, and the root to post for it.
type epoch struct {
	root   Root
	leaves [2]Leaf
}

func twoLeaves(number uint64, a common.Address, aWei *big.Int, b common.Address, bWei *big.Int) epoch {
	left, right := Leaf{Node: a, CumulativeWei: aWei}, Leaf{Node: b, CumulativeWei: bWei}
	leftHash, rightHash := left.Hash(), right.Hash()
	left.Proof, right.Proof = [][32]byte{rightHash}, [][32]byte{leftHash}
	if bytes.Compare(leftHash[:], rightHash[:]) > 0 {
		leftHash, rightHash = rightHash, leftHash
	}
	return epoch{
		root: Root{
			Epoch:       number,
			Root:        [32]byte(crypto.Keccak256(leftHash[:], rightHash[:])),
			DatasetHash: [32]byte(crypto.Keccak256([]byte("data set"))),
			TotalWei:    new(big.Int).Add(aWei, bWei),
		},
		leaves: [2]Leaf{left, right},
	}
}

func (n *network) claim(leaf Leaf) (Payment, error) {
	return n.client.Claim(n.ctx, n.outside, leaf.Node, leaf.CumulativeWei, leaf.Proof)
}

// publish posts an epoch and waits its delay out.
func (n *network) publish(e epoch) Mined {
	n.t.Helper()
	mined := n.must(n.client.PostRoot(n.ctx, n.poster, e.root))
	n.wait(n.params.ActivationDelay)
	return mined
}
