package agent

import (
	"context"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/ethclient"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/contracts/bindings/rewarddistributor"
	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/attest/score"
)

// lie posts another root for the epoch than its inputs give: 1 token more for its first node.
func (v *village) lie(b epoch.Bundle) chain.Root {
	v.t.Helper()
	lines := slices.Clone(b.Summary.Lines)
	lines[0].Cumulative = score.Wei{Int: new(big.Int).Add(lines[0].Cumulative.Int, big.NewInt(1))}
	b.Summary.Lines = lines
	b.Summary.Root = epoch.NewTree(b.Summary.Leaves()).Root()
	v.must(os.RemoveAll(v.archive.Dir(b.Summary.Number)))
	v.must(b.Write(v.archive.Dir(b.Summary.Number)))
	root := rootOf(b.Summary)
	_, err := v.Coordinator.chain.PostRoot(v.t.Context(), v.poster, root)
	v.must(err)
	return root
}

// A lying root is challenged with the lines that differ; an honest one is not, since the
// bond would be lost; the root stays off until the dispute is over.
func TestAChallengeNeedsAFault(t *testing.T) {
	v, _ := working(t)
	n := v.chain.Network()
	n.Coordinator = v.Addresses()
	challenger := v.villager()
	faucet, err := n.developmentKey("faucet.key")
	v.must(err)
	_, err = v.Coordinator.chain.Fund(t.Context(), faucet, challenger.key.Address(), devEther())
	v.must(err)
	bond, err := v.Coordinator.chain.ChallengeBond(t.Context())
	v.must(err)
	_, err = v.Coordinator.chain.Transfer(t.Context(), faucet, challenger.key.Address(), bond)
	v.must(err)
	conf := func(number uint64) ChallengeConfig {
		return ChallengeConfig{
			Audit: AuditConfig{Network: n, Number: number}, Evidence: filepath.Join(t.TempDir(), "evidence.json"), Signer: challenger.key,
			Agree: func(RootEvidence, *big.Int, time.Time) error { return nil },
		}
	}
	if _, err := ChallengeRoot(t.Context(), conf(1)); err == nil || !strings.Contains(err.Error(), "only a waiting root") {
		t.Errorf("nothing waits: %v", err)
	}
	honest := v.close()
	if _, err := ChallengeRoot(t.Context(), conf(1)); !errors.Is(err, ErrNoFault) {
		t.Errorf("an honest root: %v, want ErrNoFault", err)
	}
	v.veto()
	lied := v.lie(honest)
	asked := conf(1)
	no := errors.New("no")
	asked.Agree = func(RootEvidence, *big.Int, time.Time) error { return no }
	if _, err := ChallengeRoot(t.Context(), asked); !errors.Is(err, no) {
		t.Errorf("without consent: %v", err)
	}
	if _, err := os.Stat(asked.Evidence); !errors.Is(err, fs.ErrNotExist) {
		t.Error("evidence was written without consent")
	}
	done, err := ChallengeRoot(t.Context(), conf(1))
	v.must(err)
	if found := strings.Join(done.Differences, "; "); !strings.Contains(found, "cumulative_wei") || !strings.Contains(found, "root") {
		t.Errorf("evidence: %s", found)
	}
	dispute, err := v.Coordinator.chain.Dispute(t.Context(), done.Dispute)
	v.must(err)
	if dispute.Subject != lied.Root || dispute.Evidence != done.Evidence {
		t.Errorf("on chain: %+v", dispute)
	}
	v.activate()
	if active, err := v.Coordinator.chain.ActiveRoot(t.Context()); err != nil || active.Posted() {
		t.Errorf("the challenged root is active: %+v, %v", active, err)
	}
}

// appoint names co-signers as the distributor's owner.
func (v *village) appoint(threshold uint8, signers ...common.Address) {
	v.t.Helper()
	ctx, n := v.t.Context(), v.chain.Network()
	owner, err := n.developmentKey("faucet.key")
	v.must(err)
	client, err := ethclient.DialContext(ctx, n.RPC)
	v.must(err)
	defer client.Close()
	nonce, err := client.PendingNonceAt(ctx, owner.Address())
	v.must(err)
	price, err := client.SuggestGasPrice(ctx)
	v.must(err)
	slices.SortFunc(signers, common.Address.Cmp)
	data := rewarddistributor.NewRewardDistributor().PackSetCosigners(signers, threshold)
	const gas = 1_000_000
	tx, err := owner.SignTransaction(ctx, types.NewTx(&types.LegacyTx{Nonce: nonce, To: &n.Contracts.Distributor, Gas: gas, GasPrice: price.Mul(price, big.NewInt(2)), Data: data}), new(big.Int).SetUint64(n.Contracts.ChainID))
	v.must(err)
	v.must(client.SendTransaction(ctx, tx))
	v.awaitMined(ctx, client, tx)
}

func (v *village) awaitMined(ctx context.Context, client *ethclient.Client, tx *types.Transaction) {
	v.t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		receipt, err := client.TransactionReceipt(ctx, tx.Hash())
		if err == nil {
			if receipt.Status != types.ReceiptStatusSuccessful {
				v.t.Fatal("the owner's transaction failed")
			}
			return
		}
		select {
		case <-ctx.Done():
			v.t.Fatal(ctx.Err())
		case <-ticker.C:
		}
	}
}

// With a threshold of one, a root waits for a second coordinator, which recomputes the
// epoch, signs it, and signs no other outcome of it.
func TestARootWaitsForItsCosigner(t *testing.T) {
	v, node := working(t)
	n := v.chain.Network()
	n.Coordinator = v.Addresses()
	conf := CosignConfig{State: filepath.Join(t.TempDir(), "coordinator"), Network: n}
	if _, err := Cosign(t.Context(), conf); err == nil || !strings.Contains(err.Error(), "does not name") {
		t.Fatalf("a co-signer that nobody named: %v", err)
	}
	second, err := identity.Load(filepath.Join(conf.State, "coordinator.key"))
	v.must(err)
	v.appoint(1, second.Address())
	first := v.close()
	if v.pending().Posted() {
		t.Fatal("the root was posted without its co-signature")
	}
	if !slices.Contains(first.Inputs.Checkers, second.Address()) || !slices.Contains(first.Inputs.Checkers, v.key.Address()) {
		t.Errorf("checkers: %v", first.Inputs.Checkers)
	}
	done, err := Cosign(t.Context(), conf)
	v.must(err)
	if !done.Signed || done.Have != 1 || done.Need != 1 || done.Number != 1 {
		t.Errorf("%+v", done)
	}
	v.awaitPending(1)
	if _, err := Cosign(t.Context(), conf); !errors.Is(err, ErrNothingNew) {
		t.Errorf("a second time: %v, want ErrNothingNew", err)
	}
	v.must(node.work("the second study"))
	v.activate()
	v.close()
	_, err = Cosign(t.Context(), conf)
	v.must(err)
	v.awaitPending(2)
	if numbers, err := cosignArchive(conf.State).Numbers(); err != nil || !slices.Equal(numbers, []uint64{1, 2}) {
		t.Errorf("kept epochs %v, %v", numbers, err)
	}
}

// awaitPending waits until the coordinator's loop has posted an epoch's root.
func (v *village) awaitPending(number uint64) {
	v.t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	late := time.After(time.Minute)
	for v.pending().Epoch != number {
		select {
		case <-ticker.C:
		case <-late:
			v.log.mu.Lock()
			defer v.log.mu.Unlock()
			v.t.Fatalf("the root of epoch %d is not posted:\n%s", number, v.log.text.String())
		}
	}
}

// A co-signer finds a lie before it signs.
func TestACosignerRefusesALie(t *testing.T) {
	v, _ := working(t)
	n := v.chain.Network()
	n.Coordinator = v.Addresses()
	conf := CosignConfig{State: filepath.Join(t.TempDir(), "coordinator"), Network: n}
	_, _ = Cosign(t.Context(), conf) // makes its key
	second, err := identity.Load(filepath.Join(conf.State, "coordinator.key"))
	v.must(err)
	v.appoint(1, second.Address())
	b := v.close()
	b.Inputs.Pool = score.Wei{Int: new(big.Int).Mul(b.Inputs.Pool.Int, big.NewInt(1000))} // more than the contract allows
	lie, err := epoch.Build(b.Inputs, b.Inputs.Previous)
	v.must(err)
	v.must(os.RemoveAll(v.archive.Dir(1)))
	v.must(lie.Write(v.archive.Dir(1)))
	if _, err := Cosign(t.Context(), conf); err == nil || !strings.Contains(err.Error(), "pool") {
		t.Errorf("a pool beyond the budget: %v", err)
	}
	if _, err := os.Stat(vowPath(conf.State)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it made a vow all the same")
	}
}

func TestAVowAllowsNoSecondOutcome(t *testing.T) {
	made := vow{Epoch: 7, Root: common.Hash{1}, DatasetHash: common.Hash{2}, TotalWei: "9"}
	for name, c := range map[string]struct {
		next vow
		ok   bool
	}{
		"the same again":   {made, true},
		"a later epoch":    {vow{Epoch: 8, Root: common.Hash{3}}, true},
		"another root":     {vow{7, common.Hash{3}, common.Hash{2}, "9"}, false},
		"another data set": {vow{7, common.Hash{1}, common.Hash{3}, "9"}, false},
		"another total":    {vow{7, common.Hash{1}, common.Hash{2}, "10"}, false},
		"an earlier epoch": {vow{Epoch: 6}, false},
		"the first of all": {vow{}, false},
	} {
		if err := made.allows(c.next); (err == nil) != c.ok || err != nil && !errors.Is(err, errEquivocation) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (vow{}).allows(made); err != nil {
		t.Errorf("the first vow: %v", err)
	}
}

// A co-signer remembers every job that it signed for: one that comes again is a difference,
// unless the epoch that counted it is skipped.
func TestACosignerSeesAJobPaidTwice(t *testing.T) {
	db, err := openState(filepath.Join(t.TempDir(), "cosigned.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	before := cosignedBefore{epoch.Archive(t.TempDir()), db}
	if err := notePaid(db, 3, [][32]byte{{1}, {2}}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		number  uint64
		skipped []uint64
		jobs    [][32]byte
		found   int
	}{
		"others":               {4, nil, [][32]byte{{3}, {4}}, 0},
		"one of epoch 3":       {4, nil, [][32]byte{{1}, {4}}, 1},
		"both":                 {9, []uint64{7, 8}, [][32]byte{{1}, {2}}, 2},
		"epoch 3 is skipped":   {4, []uint64{3}, [][32]byte{{1}, {2}}, 0},
		"the same epoch again": {3, nil, [][32]byte{{1}, {2}}, 0},
		"nothing is counted":   {4, nil, nil, 0},
	} {
		a := &audit{walk: newWalk(""), jobs: c.jobs}
		b := epoch.Bundle{Inputs: epoch.Inputs{Number: c.number, Skipped: c.skipped}, Summary: epoch.Summary{Number: c.number}}
		if err := before.compare(a, b); err != nil || len(a.verdict.Differences) != c.found {
			t.Errorf("%s: %v, %v", name, a.verdict.Differences, err)
		}
	}
}
