package chain

import (
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/contracts/bindings/timelock"
	"github.com/medhive/medhive/attest/identity"
)

// timelocked deploys with a timelock of a day, proposed to by the operator.
func (n *network) timelocked() *Client {
	n.t.Helper()
	p := n.params
	p.Timelock = Timelock{Delay: 24 * time.Hour, Proposers: []common.Address{n.operator.Address()}}
	addresses, err := Deploy(n.ctx, n.url, n.faucet, p)
	if err != nil {
		n.t.Fatal(err)
	}
	client, err := Dial(n.ctx, n.url, addresses)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(client.Close)
	return client
}

func TestTheTimelockAdministersAndTheDeployerHasNoPowerLeft(t *testing.T) {
	timelockAdministers(newNetwork(t))
}

func timelockAdministers(n *network) {
	t := n.t
	client := n.timelocked()
	deployer := n.faucet
	roles, err := client.Roles(n.ctx)
	if err != nil || roles.Owner != client.Addresses().Timelock || roles.Poster != n.poster.Address() || roles.Guardian != n.guardian.Address() {
		t.Fatalf("%+v, %v", roles, err)
	}
	token, minter := client.Addresses().Token, client.token.PackMint(deployer.Address(), hive(1))
	_, err = client.Perform(n.ctx, deployer, Call{token, minter})
	n.refused(err, "AccessControlUnauthorizedAccount")
	_, err = client.Perform(n.ctx, deployer, Call{token, client.token.PackGrantRole([32]byte{}, deployer.Address())})
	n.refused(err, "AccessControlUnauthorizedAccount")
	change := client.AppointCall(n.outside.Address(), n.guardian.Address())
	_, err = client.Perform(n.ctx, deployer, change)
	n.refused(err, "OwnableUnauthorizedAccount")
	_, err = client.Schedule(n.ctx, deployer, change)
	n.refused(err, "AccessControlUnauthorizedAccount")

	if _, err := client.Execute(n.ctx, n.outside, change); err == nil {
		t.Fatal("executed what was never proposed")
	}
	waiting, err := client.Schedule(n.ctx, n.operator, change)
	if err != nil {
		t.Fatal(err)
	}
	again, err := client.Schedule(n.ctx, n.operator, change)
	if err != nil || again != waiting {
		t.Fatalf("proposed twice: %+v, %+v, %v", waiting, again, err)
	}
	_, err = client.Execute(n.ctx, n.outside, change)
	n.refused(err, "TimelockUnexpectedOperationState")
	n.wait(24 * time.Hour)
	n.must(client.Execute(n.ctx, n.outside, change)) // anyone
	if roles, err = client.Roles(n.ctx); err != nil || roles.Poster != n.outside.Address() {
		t.Fatalf("%+v, %v", roles, err)
	}
	// The same change can be proposed again later.
	if next, err := client.Schedule(n.ctx, n.operator, change); err != nil || next.ID == waiting.ID || next.Round != 1 {
		t.Fatalf("%+v, %v", next, err)
	}
}

func TestARootNeedsItsCoSigners(t *testing.T) {
	n := newNetwork(t)
	signers := ascending([]*identity.Key{n.key(), n.key(), n.key()})
	list := []common.Address{signers[2].Address(), signers[0].Address(), signers[1].Address()} // in any order
	if _, err := n.client.CoSignersCall(list, 4); err == nil {
		t.Fatal("four of three were asked for")
	}
	call, err := n.client.CoSignersCall(list, 2)
	if err != nil {
		t.Fatal(err)
	}
	n.must(n.client.Perform(n.ctx, n.faucet, call))
	threshold, known, err := n.client.CoSigners(n.ctx)
	if err != nil || threshold != 2 || len(known) != 3 || known[0] != signers[0].Address() {
		t.Fatalf("%d of %v, %v", threshold, known, err)
	}
	node, _ := n.register()
	n.wait(time.Hour)
	root := twoLeaves(1, node.Address(), hive(1), n.outside.Address(), hive(1)).root
	domain := attest.EpochDomain(n.client.sender.chainID, n.client.Addresses().Distributor)
	cosign := func(key *identity.Key, total *big.Int) []byte {
		t.Helper()
		statement := attest.EpochStatement{Epoch: root.Epoch, Root: root.Root, DatasetHash: root.DatasetHash, CumulativeTotal: total}
		sig, err := attest.Sign(statement.Hash(domain), key.ECDSA())
		if err != nil {
			t.Fatal(err)
		}
		return sig[:]
	}
	post := func(cosignatures ...[]byte) error {
		root.Cosignatures = cosignatures
		_, err := n.client.PostRoot(n.ctx, n.poster, root)
		return err
	}
	first, second := cosign(signers[0], root.TotalWei), cosign(signers[1], root.TotalWei)
	n.refused(post(), "TooFewCosignatures")
	n.refused(post(first), "TooFewCosignatures")
	n.refused(post(first, first), "CosignersNotAscending")
	n.refused(post(second, first), "CosignersNotAscending")
	n.refused(post(first, cosign(signers[1], hive(2000))), "NotCosigner") // of another total
	if err := post(first, second); err != nil {
		t.Fatal(err)
	}
	posted, err := n.client.PostedRoot(n.ctx, 1)
	if err != nil || !posted.same(root) {
		t.Fatalf("%+v, %v", posted, err)
	}
	if none, err := n.client.PostedRoot(n.ctx, 2); err != nil || none.Posted() {
		t.Fatalf("%+v, %v", none, err)
	}
}

func TestAChallengedRootWaitsForTheArbiter(t *testing.T) { challengedRoot(newNetwork(t)) }

func challengedRoot(n *network) {
	t := n.t
	node, _ := n.register()
	n.wait(time.Hour)
	challenger := n.key()
	n.must(n.client.Fund(n.ctx, n.faucet, challenger.Address(), hive(1)))
	n.must(n.client.Transfer(n.ctx, n.faucet, challenger.Address(), n.params.ChallengeBond))
	arbiter := n.faucet
	root := twoLeaves(1, node.Address(), hive(1), n.outside.Address(), hive(1)).root
	n.must(n.client.PostRoot(n.ctx, n.poster, root))
	challenge := func() uint64 {
		t.Helper()
		_, id, err := n.client.ChallengeRoot(n.ctx, challenger, root.Root, [32]byte{7})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	id := challenge()
	dispute, err := n.client.Dispute(n.ctx, id)
	if err != nil || dispute.State != DisputeOpen || dispute.Epoch != 1 || dispute.Subject != root.Root || dispute.Challenger != challenger.Address() {
		t.Fatalf("%+v, %v", dispute, err)
	}
	if n.balance(challenger.Address()).Sign() != 0 {
		t.Fatal("no bond was taken")
	}
	n.wait(n.params.ActivationDelay + time.Hour)
	if active, err := n.client.ActiveRoot(n.ctx); err != nil || active.Posted() {
		t.Fatalf("the challenged root is active: %+v, %v", active, err)
	}
	_, err = n.client.Lapse(n.ctx, n.outside, id)
	n.refused(err, "DeadlineAhead")
	_, err = n.client.Resolve(n.ctx, challenger, id, true, new(big.Int))
	n.refused(err, "NotArbiter")
	n.must(n.client.Resolve(n.ctx, arbiter, id, true, new(big.Int)))
	vetoed, err := n.client.Vetoed(n.ctx, root.Root, root.DatasetHash)
	if err != nil || !vetoed || n.balance(challenger.Address()).Cmp(n.params.ChallengeBond) != 0 {
		t.Fatalf("vetoed: %t, the challenger holds %s, %v", vetoed, n.balance(challenger.Address()), err)
	}

	// A root that is right: nobody decides, the challenge lapses, and it is active.
	root = twoLeaves(1, node.Address(), hive(2), n.outside.Address(), hive(1)).root
	n.must(n.client.PostRoot(n.ctx, n.poster, root))
	id = challenge()
	n.wait(n.params.ResolveWithin)
	n.must(n.client.Lapse(n.ctx, n.outside, id))
	if active, err := n.client.ActiveRoot(n.ctx); err != nil || !active.same(root) {
		t.Fatalf("%+v, %v", active, err)
	}
	status, err := n.client.Status(n.ctx)
	if err != nil || status.Disputes != 2 || len(status.Open) != 0 || !status.Active.same(root) {
		t.Fatalf("%+v, %v", status, err)
	}
}

func TestASlashedNodeIsOutUntilItsBondIsWhole(t *testing.T) {
	n := newNetwork(t)
	node, recipient := n.register()
	challenger := n.key()
	n.must(n.client.Fund(n.ctx, n.faucet, challenger.Address(), hive(1)))
	n.must(n.client.Transfer(n.ctx, n.faucet, challenger.Address(), n.params.ChallengeBond))
	block, err := n.client.sender.rpc.BlockNumber(n.ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, id, err := n.client.ChallengeNode(n.ctx, challenger, node.Address(), [32]byte{1}, [32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	n.must(n.client.Exit(n.ctx, n.operator, node.Address())) // it tries to get away
	n.must(n.client.Resolve(n.ctx, n.faucet, id, true, hive(4)))
	if got, want := n.balance(challenger.Address()), new(big.Int).Add(n.params.ChallengeBond, hive(1)); got.Cmp(want) != 0 {
		t.Fatalf("the challenger holds %s, want its bond and a quarter of 4 HIVE", got)
	}
	n.wait(n.params.ExitThaw)
	n.must(n.client.WithdrawBond(n.ctx, n.outside, node.Address()))
	if n.balance(recipient).Cmp(hive(6)) != 0 {
		t.Fatalf("%s wei of the bond came back, want 6 HIVE", n.balance(recipient))
	}

	second, _ := n.register()
	n.must(n.client.Transfer(n.ctx, n.faucet, challenger.Address(), n.params.ChallengeBond))
	_, id, err = n.client.ChallengeNode(n.ctx, challenger, second.Address(), [32]byte{1}, [32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	found, err := n.client.Node(n.ctx, second.Address())
	if err != nil || found.Disputes != 1 || !found.Active() {
		t.Fatalf("%+v, %v", found, err)
	}
	n.must(n.client.Resolve(n.ctx, n.faucet, id, true, hive(1)))
	if found, err = n.client.Node(n.ctx, second.Address()); err != nil || found.Active() || found.SlashedWei.Cmp(hive(1)) != 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	n.must(n.client.RestoreBond(n.ctx, n.operator, second.Address()))
	if found, err = n.client.Node(n.ctx, second.Address()); err != nil || !found.Active() {
		t.Fatalf("%+v, %v", found, err)
	}
	// The registry as it was before any of this.
	then, err := n.client.SnapshotAt(n.ctx, block)
	if err != nil || len(then) != 1 || !then[0].Active() || then[0].Withdrawn {
		t.Fatalf("%+v, %v", then, err)
	}
}

func TestContractsWithoutATimelockSaySo(t *testing.T) {
	n := newNetwork(t)
	if _, err := n.client.Schedule(n.ctx, n.operator, n.client.AppointCall(n.poster.Address(), n.guardian.Address())); err == nil || errors.As(err, new(*Refusal)) {
		t.Fatalf("error %v", err)
	}
}

// A stolen proposer's key schedules what it likes, by a program of its own: everyone
// sees what it is, and another proposer stops it.
func TestAThiefsOperationIsSeenAndCancelled(t *testing.T) {
	n := newNetwork(t)
	client := n.timelocked()
	if waiting, err := client.Operations(n.ctx); err != nil || len(waiting) != 0 {
		t.Fatalf("%+v, %v", waiting, err)
	}
	a, lock := client.Addresses(), timelock.NewTimelock()
	robbery := client.token.PackGrantRole(roleID("MINTER_ROLE"), n.outside.Address())
	propose := func(salt byte) {
		t.Helper()
		n.must(client.Perform(n.ctx, n.operator, Call{a.Timelock, lock.PackScheduleBatch(
			[]common.Address{a.Token, n.outside.Address()}, []*big.Int{new(big.Int), new(big.Int)}, [][]byte{robbery, []byte("what is this")}, [32]byte{}, [32]byte{salt}, big.NewInt(86400))}))
	}
	propose(1)
	propose(2)
	honest, err := client.Schedule(n.ctx, n.operator, client.AppointCall(n.outside.Address(), n.guardian.Address()))
	if err != nil {
		t.Fatal(err)
	}
	status, err := client.Status(n.ctx)
	if err != nil || len(status.Operations) != 3 {
		t.Fatalf("%+v, %v", status.Operations, err)
	}
	theft := status.Operations[0]
	if len(theft.Calls) != 2 || !theft.Calls[0].Known() || theft.Calls[0].Contract != "HiveToken" || theft.Calls[1].Known() || theft.Ready.IsZero() {
		t.Fatalf("%+v", theft)
	}
	if said := strings.Join(theft.Calls[0].Lines(), "\n"); !strings.Contains(said, "MINTER_ROLE") || !strings.Contains(said, n.outside.Address().Hex()) {
		t.Fatalf("it says %s", said)
	}
	_, err = client.Cancel(n.ctx, n.outside, theft.ID)
	n.refused(err, "AccessControlUnauthorizedAccount")
	n.must(client.Cancel(n.ctx, n.operator, theft.ID))
	_, err = client.Cancel(n.ctx, n.operator, theft.ID)
	n.refused(err, "TimelockUnexpectedOperationState")
	n.wait(24 * time.Hour)
	n.must(client.Execute(n.ctx, n.outside, client.AppointCall(n.outside.Address(), n.guardian.Address())))
	left, err := client.Operations(n.ctx)
	if err != nil || len(left) != 1 || left[0].ID == theft.ID || left[0].ID == honest.ID {
		t.Fatalf("%+v, %v", left, err)
	}
	propose(1) // again: it is listed once, as one
	if left, err = client.Operations(n.ctx); err != nil || len(left) != 2 || len(left[0].Calls) != 2 {
		t.Fatalf("%+v, %v", left, err)
	}
	if _, err := n.client.Cancel(n.ctx, n.operator, theft.ID); err == nil || errors.As(err, new(*Refusal)) {
		t.Fatalf("without a timelock: %v", err)
	}
}

// Events of more blocks than one request asks for are found, each once.
func TestEventsAreFoundOverManySearches(t *testing.T) {
	n := newNetwork(t)
	client := n.timelocked()
	if _, err := client.Schedule(n.ctx, n.operator, client.AppointCall(n.outside.Address(), n.guardian.Address())); err != nil {
		t.Fatal(err)
	}
	head, err := client.sender.rpc.BlockNumber(n.ctx)
	if err != nil {
		t.Fatal(err)
	}
	event := timelock.NewTimelock().GetABI().Events["CallScheduled"].ID
	client.addresses.DeployBlock = n.client.Addresses().DeployBlock // of the contracts before
	if head-client.addresses.DeployBlock < logSearches {
		t.Fatalf("%d blocks fit one request", head)
	}
	for _, blocks := range []uint64{1, 2, 1000} {
		logs, err := client.eventsBy(n.ctx, client.Addresses().Timelock, event, blocks)
		if err != nil || len(logs) != 1 || logs[0].BlockNumber > head {
			t.Fatalf("by %d blocks: %d events, %v", blocks, len(logs), err)
		}
	}
}
