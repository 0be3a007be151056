package agent

import (
	"context"
	"errors"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/params"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
)

func TestAClaimIsWorthItsFee(t *testing.T) {
	const token = params.Ether
	whole := func(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(token)) }
	fee := big.NewInt(token / 1000) // 0.001 ether
	for name, c := range map[string]struct {
		policy ClaimPolicy
		amount *big.Int
		want   bool
	}{
		"no threshold":                 {ClaimPolicy{}, big.NewInt(1), true},
		"at the threshold":             {ClaimPolicy{MinimumWei: whole(2)}, whole(2), true},
		"below the threshold":          {ClaimPolicy{MinimumWei: whole(2)}, whole(1), false},
		"worth just 20 fees":           {ClaimPolicy{PriceWei: big.NewInt(token / 100), TimesGas: 20}, whole(2), true},
		"worth less":                   {ClaimPolicy{PriceWei: big.NewInt(token / 100), TimesGas: 20}, whole(1), false},
		"worth it, below the minimum":  {ClaimPolicy{MinimumWei: whole(5), PriceWei: whole(1), TimesGas: 20}, whole(4), false},
		"price unknown, minimum holds": {ClaimPolicy{MinimumWei: whole(1), PriceWei: new(big.Int), TimesGas: 20}, whole(1), true},
	} {
		if got := c.policy.worthwhile(c.amount, fee); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// What is worth a claim stays so when it grows or gas gets cheaper.
func TestWorthIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(what string) *big.Int { return new(big.Int).SetUint64(rapid.Uint64().Draw(t, what)) }
		p := ClaimPolicy{MinimumWei: draw("minimum"), PriceWei: draw("price"), TimesGas: rapid.Uint64Range(0, 1000).Draw(t, "times")}
		amount, fee := draw("amount"), draw("fee")
		if !p.worthwhile(amount, fee) {
			return
		}
		if !p.worthwhile(new(big.Int).Add(amount, draw("more")), new(big.Int).Sub(fee, big.NewInt(int64(rapid.IntRange(0, 1).Draw(t, "less"))))) {
			t.Fatal("more money at a lower fee is no longer worth it")
		}
	})
}

// earned has the node's first reward active on chain.
func (v *village) earned(node *villager, task string) {
	v.t.Helper()
	v.must(node.work(task))
	v.must(v.ChallengeAll(v.t.Context()))
	_, err := v.chain.Advance(v.t.Context(), time.Hour)
	v.must(err)
	_, err = v.CloseEpoch(v.t.Context())
	v.must(err)
	_, err = v.chain.Advance(v.t.Context(), chain.MinActivationDelay)
	v.must(err)
}

// payer is a fresh key with ether.
func (v *village) payer() *identity.Key {
	v.t.Helper()
	key, err := identity.Generate()
	v.must(err)
	faucet, err := v.conf.Network.developmentKey("faucet.key")
	v.must(err)
	_, err = v.Coordinator.chain.Fund(v.t.Context(), faucet, key.Address(), devEther())
	v.must(err)
	return key
}

func TestAnybodyClaimsForANodeAndTheColdAddressIsPaid(t *testing.T) {
	v := newVillage(t, time.Hour)
	ctx := t.Context()
	node := v.villager()
	node.register()
	node.answer()
	node.connect()
	v.must(node.profile())
	n, err := ReadNetwork(v.conf.NetworkPath)
	v.must(err)
	claimant, err := OpenClaimant(ctx, n, Reach{})
	v.must(err)
	defer func() { v.must(claimant.Close()) }()
	payer := v.payer()
	if _, err := claimant.Quote(ctx, node.key.Address(), payer.Address()); !errors.Is(err, ErrNothingEarned) {
		t.Fatalf("before the first epoch: %v", err)
	}
	v.earned(node, "the first study")

	quote, err := claimant.Quote(ctx, node.key.Address(), payer.Address())
	v.must(err)
	recipient, err := v.Coordinator.chain.RecipientOf(ctx, node.key.Address())
	v.must(err)
	if quote.AmountWei.Sign() <= 0 || quote.PaidWei.Sign() != 0 || quote.LaterWei.Sign() != 0 || quote.Recipient != recipient || quote.Gas == 0 || quote.PayerWei.Cmp(quote.FeeWei) <= 0 {
		t.Fatalf("%+v", quote)
	}
	report, err := claimant.Send(ctx, payer, quote)
	v.must(err)
	held, err := v.Coordinator.chain.Balance(ctx, recipient)
	v.must(err)
	if report.AmountWei.Cmp(quote.AmountWei) != 0 || held.Cmp(quote.AmountWei) != 0 || report.Recipient != recipient {
		t.Fatalf("%+v; the cold address holds %s", report, held)
	}
	if report.GasUsed > quote.Gas {
		t.Errorf("%d gas were used, %d estimated", report.GasUsed, quote.Gas)
	}
	if _, err := claimant.Quote(ctx, node.key.Address(), payer.Address()); !errors.Is(err, ErrPaidAlready) {
		t.Fatalf("after the claim: %v", err)
	}
	if _, err := claimant.Send(ctx, payer, quote); !errors.Is(err, ErrPaidAlready) { // a second button press
		t.Fatalf("the same claim again: %v", err)
	}
	if _, err := claimant.Quote(ctx, common.Address{1}, payer.Address()); !errors.Is(err, ErrNothingEarned) {
		t.Fatalf("a stranger: %v", err)
	}
}

// The same for a payer whose key is on another machine, which asks no chain.
func TestAClaimIsSignedElsewhere(t *testing.T) {
	v := newVillage(t, time.Hour)
	ctx := t.Context()
	node := v.villager()
	node.register()
	node.answer()
	node.connect()
	v.must(node.profile())
	v.earned(node, "the first study")
	n, err := ReadNetwork(v.conf.NetworkPath)
	v.must(err)
	claimant, err := OpenClaimant(ctx, n, Reach{})
	v.must(err)
	defer func() { v.must(claimant.Close()) }()
	payer, client := v.payer(), v.Coordinator.chain
	quote, err := claimant.Quote(ctx, node.key.Address(), payer.Address())
	v.must(err)
	unsigned, err := claimant.Unsigned(ctx, quote)
	v.must(err)
	if _, err := unsigned.Sign(ctx, node.key); err == nil {
		t.Fatal("signed by another than who pays")
	}
	raw, err := unsigned.Sign(ctx, payer)
	v.must(err)
	mined, err := client.Broadcast(ctx, raw)
	v.must(err)
	again, err := client.Broadcast(ctx, raw)
	if err != nil || again.Tx != mined.Tx {
		t.Fatalf("sent twice: %+v, %+v, %v", mined, again, err)
	}
	held, err := client.Balance(ctx, quote.Recipient)
	v.must(err)
	if held.Cmp(quote.AmountWei) != 0 {
		t.Fatalf("the cold address holds %s, want %s", held, quote.AmountWei)
	}
}

func TestANodeClaimsByItselfOnlyWhatIsWorthIt(t *testing.T) {
	v := newVillage(t, time.Hour)
	ctx := t.Context()
	party := v.villager()
	party.register()
	party.answer()
	party.connect()
	v.must(party.profile())
	v.earned(party, "the first study")
	n, err := ReadNetwork(v.conf.NetworkPath)
	v.must(err)
	thrifty := new(big.Int).Mul(big.NewInt(1_000_000), big.NewInt(params.Ether))
	node := &Node{key: party.key, host: party.host, chain: v.Coordinator.chain, conf: NodeConfig{Network: n, Claims: ClaimPolicy{MinimumWei: thrifty}, Log: quiet(nil)}}
	v.must(node.claimIfWorthwhile(ctx))
	paid, err := node.chain.Claimed(ctx, party.key.Address())
	v.must(err)
	if paid.Sign() != 0 {
		t.Fatalf("%s wei were claimed below the threshold", paid)
	}
	node.conf.Claims.MinimumWei = nil
	v.must(node.claimIfWorthwhile(ctx))
	if paid, err = node.chain.Claimed(ctx, party.key.Address()); err != nil || paid.Sign() <= 0 {
		t.Fatalf("%v wei were claimed, %v", paid, err)
	}
	// The root is the same, so nobody is asked: without a coordinator it knows as much.
	node.conf.Network.Coordinator = nil
	if err := node.claimIfWorthwhile(ctx); !errors.Is(err, ErrPaidAlready) {
		t.Fatalf("again: %v", err)
	}
}

// A hundred looks a root are one question, answered yes or no; what went wrong is
// asked again.
func TestTheCoordinatorIsAskedOnceARoot(t *testing.T) {
	asked, away := 0, errors.New("the coordinator is away")
	answers := map[byte]error{1: nil, 2: ErrNothingEarned, 3: away}
	var memory leafMemory
	find := memory.once(func(_ context.Context, active chain.Root) (chain.Leaf, error) {
		asked++
		return chain.Leaf{Node: common.Address{active.Root[0]}}, answers[active.Root[0]]
	})
	for _, step := range []struct {
		root byte
		want error
		asks int
	}{{1, nil, 1}, {1, nil, 1}, {3, away, 2}, {3, away, 3}, {1, nil, 3}, {2, ErrNothingEarned, 4}, {2, ErrNothingEarned, 4}, {1, nil, 5}} {
		leaf, err := find(t.Context(), chain.Root{Root: [32]byte{step.root}})
		if !errors.Is(err, step.want) || asked != step.asks {
			t.Errorf("root %d: %v after %d questions, want %v after %d", step.root, err, asked, step.want, step.asks)
		}
		if err == nil && leaf.Node[0] != step.root {
			t.Errorf("root %d: the leaf of root %d", step.root, leaf.Node[0])
		}
	}
}

func TestASignerIsOpenedFromOnePlace(t *testing.T) {
	dir := t.TempDir()
	hot, err := identity.LoadOrCreate(filepath.Join(dir, "hot.key"))
	if err != nil {
		t.Fatal(err)
	}
	cold, err := keystore.NewKeyStore(filepath.Join(dir, "cold"), keystore.LightScryptN, keystore.LightScryptP).ImportECDSA(hot.ECDSA(), "pass phrase")
	if err != nil {
		t.Fatal(err)
	}
	path := cold.URL.Path
	for name, c := range map[string]SignerConfig{
		"a plain key": {Key: filepath.Join(dir, "hot.key")},
		"a keystore":  {Keystore: path, Password: strings.NewReader("pass phrase\r\nnot this")},
	} {
		signer, err := OpenSigner(c)
		if err != nil || signer.Address() != hot.Address() {
			t.Errorf("%s: %v, %v", name, signer, err)
		}
	}
	for name, c := range map[string]SignerConfig{
		"nothing":              {},
		"two places":           {Key: "a", Keystore: path},
		"no password":          {Keystore: path},
		"wrong password":       {Keystore: path, Password: strings.NewReader("Pass phrase")},
		"endless password":     {Keystore: path, Password: strings.NewReader(strings.Repeat("x", maxPasswordBytes+1))},
		"no such key":          {Key: filepath.Join(dir, "none.key")},
		"no such keystore":     {Keystore: filepath.Join(dir, "none.json"), Password: strings.NewReader("x")},
		"a key as a keystore":  {Keystore: filepath.Join(dir, "hot.key"), Password: strings.NewReader("x")},
		"no external signer":   {Clef: filepath.Join(dir, "clef.ipc")},
		"no signer answers":    {Clef: "http://127.0.0.1:1/s3cret"},
		"keystore is a folder": {Keystore: dir, Password: strings.NewReader("x")},
	} {
		_, err := OpenSigner(c)
		if err == nil {
			t.Errorf("%s: opened", name)
			continue
		}
		if said := err.Error(); strings.Contains(said, dir) || strings.Contains(said, "s3cret") || strings.Contains(said, "ass phrase") {
			t.Errorf("%s: the error tells too much: %s", name, said)
		}
	}
}
