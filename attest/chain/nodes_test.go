package chain

import (
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"

	"github.com/medhive/medhive/attest"
)

func TestRegistrationIsBoundToEverythingItNames(t *testing.T) {
	n := newNetwork(t)
	now, err := n.client.ChainTime(n.ctx)
	if err != nil {
		t.Fatal(err)
	}
	node := n.key()
	honest := Registration{
		Operator: n.operator.Address(), HotKey: node.Address(), Recipient: n.key().Address(),
		Jurisdiction: "DE", Deadline: now.Add(time.Hour),
	}
	consent, err := honest.Sign(n.client.Domain(), node.ECDSA())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Registration)
		domain attest.Domain
		want   string
	}{
		"other recipient":    {func(r *Registration) { r.Recipient = n.outside.Address() }, n.client.Domain(), "ConsentNotByHotKey"},
		"other jurisdiction": {func(r *Registration) { r.Jurisdiction = "FR" }, n.client.Domain(), "ConsentNotByHotKey"},
		"other voucher":      {func(r *Registration) { r.Voucher[0] = 1 }, n.client.Domain(), "ConsentNotByHotKey"},
		"later deadline":     {func(r *Registration) { r.Deadline = now.Add(2 * time.Hour) }, n.client.Domain(), "ConsentNotByHotKey"},
		"other node":         {func(r *Registration) { r.HotKey = n.outside.Address() }, n.client.Domain(), "ConsentNotByHotKey"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := honest
			c.change(&changed)
			if _, err := n.client.RegisterWith(n.ctx, n.operator, changed, consent); !Refused(err, c.want) {
				t.Fatalf("error %v, want %s", err, c.want)
			}
		})
	}
	otherChain := n.client.Domain()
	otherChain.ChainID = big.NewInt(1)
	foreign, err := honest.Sign(otherChain, node.ECDSA())
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.client.RegisterWith(n.ctx, n.operator, honest, foreign)
	n.refused(err, "ConsentNotByHotKey")

	expired := honest
	expired.Deadline = now.Add(-time.Hour)
	late, err := expired.Sign(n.client.Domain(), node.ECDSA())
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.client.RegisterWith(n.ctx, n.operator, expired, late)
	n.refused(err, "ConsentExpired")
	if _, err := n.client.RegisterWith(n.ctx, n.outside, honest, consent); err == nil {
		t.Fatal("another operator used the consent")
	}

	n.must(n.client.RegisterWith(n.ctx, n.operator, honest, consent))
	_, err = n.client.RegisterWith(n.ctx, n.operator, honest, consent)
	n.refused(err, "AlreadyRegistered")
}

func TestRegistrationHashIsEIP712(t *testing.T) {
	registration := Registration{
		Operator: common.Address{1}, HotKey: common.Address{2}, Recipient: common.Address{3},
		Jurisdiction: "DE", Voucher: [32]byte{4}, Deadline: time.Unix(1_800_000_000, 0),
	}
	domain := attest.Domain{ChainID: big.NewInt(1337), Registry: common.Address{5}}
	got, err := registration.Hash(domain)
	if err != nil {
		t.Fatal(err)
	}
	golden, _, err := apitypes.TypedDataAndHash(apitypes.TypedData{
		Types: apitypes.Types{
			"EIP712Domain": {{Name: "name", Type: "string"}, {Name: "version", Type: "string"},
				{Name: "chainId", Type: "uint256"}, {Name: "verifyingContract", Type: "address"}},
			"Registration": {{Name: "operator", Type: "address"}, {Name: "hotKey", Type: "address"},
				{Name: "recipient", Type: "address"}, {Name: "jurisdiction", Type: "bytes2"},
				{Name: "voucher", Type: "bytes32"}, {Name: "deadline", Type: "uint256"}},
		},
		PrimaryType: "Registration",
		Domain: apitypes.TypedDataDomain{
			Name: attest.DomainName, Version: attest.DomainVersion,
			ChainId: (*math.HexOrDecimal256)(domain.ChainID), VerifyingContract: domain.Registry.Hex(),
		},
		Message: apitypes.TypedDataMessage{
			"operator": registration.Operator.Hex(), "hotKey": registration.HotKey.Hex(),
			"recipient": registration.Recipient.Hex(), "jurisdiction": []byte(registration.Jurisdiction),
			"voucher": registration.Voucher[:], "deadline": big.NewInt(registration.Deadline.Unix()),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if common.Hash(got) != common.BytesToHash(golden) {
		t.Fatalf("hash %x, want %x", got, golden)
	}
}

func TestNodesAreListedAndLookedUp(t *testing.T) {
	n := newNetwork(t)
	if node, err := n.client.Node(n.ctx, n.outside.Address()); err != nil || node.Registered() || node.Active() {
		t.Fatalf("a node that never registered: %+v, %v", node, err)
	}
	first, recipient := n.register()
	second, _ := n.register()
	nodes, err := n.client.Nodes(n.ctx, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes) != 2 || nodes[0] != first.Address() || nodes[1] != second.Address() {
		t.Fatalf("nodes %v", nodes)
	}
	node, err := n.client.Node(n.ctx, first.Address())
	if err != nil {
		t.Fatal(err)
	}
	if !node.Active() || node.Operator != n.operator.Address() || node.Recipient != recipient || node.Jurisdiction != "DE" {
		t.Fatalf("node %+v", node)
	}
	// To register in the same way again is no fault and costs nothing.
	mined, err := n.client.Register(n.ctx, n.operator, first, recipient, "DE")
	if err != nil || mined.Tx != (common.Hash{}) {
		t.Fatalf("second registration: %+v, %v", mined, err)
	}
	_, err = n.client.Register(n.ctx, n.operator, first, recipient, "FR")
	n.refused(err, "AlreadyRegistered")
}

func TestAChangeOfRecipientTakesItsDelay(t *testing.T) {
	n := newNetwork(t)
	hot := n.key()
	cold, next := n.key(), n.key().Address()
	n.must(n.client.Fund(n.ctx, n.faucet, cold.Address(), hive(1)))
	n.must(n.client.Register(n.ctx, n.operator, hot, cold.Address(), "DE"))
	recipient := func() common.Address {
		t.Helper()
		address, err := n.client.RecipientOf(n.ctx, hot.Address())
		if err != nil {
			t.Fatal(err)
		}
		return address
	}

	_, err := n.client.ProposeRecipient(n.ctx, n.outside, hot.Address(), next)
	n.refused(err, "NotOperator")
	_, err = n.client.ProposeRecipient(n.ctx, n.operator, hot.Address(), hot.Address())
	n.refused(err, "RecipientIsHotKey")
	n.must(n.client.ProposeRecipient(n.ctx, n.operator, hot.Address(), next))
	n.wait(n.params.RecipientDelay - time.Minute)
	if recipient() != cold.Address() {
		t.Fatal("the change did not wait")
	}
	// The cold address stops a change that it did not want.
	_, err = n.client.CancelRecipient(n.ctx, n.outside, hot.Address())
	n.refused(err, "NotOperatorOrRecipient")
	n.must(n.client.CancelRecipient(n.ctx, cold, hot.Address()))
	n.wait(time.Hour)
	if recipient() != cold.Address() {
		t.Fatal("a cancelled change took place")
	}

	n.must(n.client.ProposeRecipient(n.ctx, n.operator, hot.Address(), next))
	n.wait(n.params.RecipientDelay)
	if recipient() != next {
		t.Fatal("the change did not take place")
	}
	_, err = n.client.CancelRecipient(n.ctx, n.operator, hot.Address())
	n.refused(err, "NoRecipientProposed")
	// A further proposal starts from the recipient that took over.
	n.must(n.client.ProposeRecipient(n.ctx, n.operator, hot.Address(), cold.Address()))
	if recipient() != next {
		t.Fatal("a new proposal undid the change before it")
	}

	// Earnings from before the change go to who is recipient at the claim.
	n.wait(time.Hour)
	e := twoLeaves(1, hot.Address(), hive(5), n.outside.Address(), hive(1))
	n.publish(e)
	paid, err := n.claim(e.leaves[0])
	if err != nil || paid.Recipient != next {
		t.Fatalf("paid %+v: %v", paid, err)
	}
}

func TestTheBondThawsAndReturnsToTheRecipient(t *testing.T) {
	n := newNetwork(t)
	node, recipient := n.register()
	if n.balance(n.client.Addresses().Registry).Cmp(n.params.Bond) != 0 {
		t.Fatal("the registry does not hold the bond")
	}
	withdraw := func() error {
		_, err := n.client.WithdrawBond(n.ctx, n.outside, node.Address())
		return err
	}
	n.refused(withdraw(), "NotLeaving")
	_, err := n.client.Exit(n.ctx, n.outside, node.Address())
	n.refused(err, "NotOperator")
	n.must(n.client.Exit(n.ctx, n.operator, node.Address()))
	_, err = n.client.Exit(n.ctx, n.operator, node.Address())
	n.refused(err, "AlreadyLeaving")
	left, err := n.client.Node(n.ctx, node.Address())
	if err != nil || left.Active() || !left.Registered() {
		t.Fatalf("node after its exit: %+v, %v", left, err)
	}
	n.refused(withdraw(), "BondThawing")
	n.wait(n.params.ExitThaw)
	if err := withdraw(); err != nil {
		t.Fatal(err)
	}
	if n.balance(recipient).Cmp(n.params.Bond) != 0 {
		t.Fatalf("recipient holds %s, want the bond", n.balance(recipient))
	}
	n.refused(withdraw(), "BondAlreadyWithdrawn")

	// What was earned stays claimable after the exit.
	e := twoLeaves(1, node.Address(), hive(3), n.outside.Address(), hive(1))
	n.publish(e)
	if paid, err := n.claim(e.leaves[0]); err != nil || paid.Recipient != recipient {
		t.Fatalf("claim after the exit: %+v, %v", paid, err)
	}
}

func TestAnOperatorWithoutABondIsTold(t *testing.T) {
	n := newNetwork(t)
	_, err := n.client.Register(n.ctx, n.outside, n.key(), n.key().Address(), "DE")
	n.refused(err, "ERC20InsufficientBalance")
}
