package main

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/testdata"
)

// county is a network that was deployed by command on an EVM chain, by an operator
// who proposes to its timelock.
type county struct {
	*person
	network            string // its network file
	client             *chain.Client
	faucet, operator   *identity.Key
	operatorKey, other string // files
}

func newCounty(t *testing.T) *county {
	p := newPerson(t)
	p.start("chain", "chain", "dev", "--listen", "127.0.0.1:0").await("medhive coordinator run")
	dev, err := agent.ReadNetwork(agent.NetworkPath(p.home))
	if err != nil {
		t.Fatal(err)
	}
	c := &county{person: p, network: filepath.Join(p.home, "county", "network.json"), operatorKey: filepath.Join(p.home, "operator.key"), other: filepath.Join(p.home, "other.key")}
	faucet := filepath.Join(p.home, "chain", "faucet.key")
	if c.faucet, err = identity.Load(faucet); err != nil {
		t.Fatal(err)
	}
	if c.operator, err = identity.LoadOrCreate(c.operatorKey); err != nil {
		t.Fatal(err)
	}
	if _, err = identity.LoadOrCreate(c.other); err != nil {
		t.Fatal(err)
	}
	deploy := []string{"chain", "deploy", "--network", c.network, "--rpc", "http://127.0.0.1:1", "--rpc", dev.RPC, "--final", "0", "--key", faucet,
		"--poster", common.Address{1}.Hex(), "--guardian", common.Address{2}.Hex(), "--proposer", c.operator.Address().Hex(), "--timelock-delay", "24h"}
	if _, stderr, code := p.run(append(deploy, "--yes")...); code != exitUsage || !strings.Contains(stderr, "name who gets the first tokens with --treasury") {
		t.Fatalf("nobody keeps the treasury: exit %d\n%s", code, stderr)
	}
	deploy = append(deploy, "--treasury", c.faucet.Address().Hex())
	if _, stderr, code := p.run(deploy...); code != exitFailure || !strings.Contains(stderr, "nothing was sent") || !strings.Contains(stderr, "AND KEEPS THE TREASURY") {
		t.Fatalf("nobody said yes: exit %d\n%s", code, stderr)
	}
	var n agent.Network
	p.ask(&n, append(deploy, "--yes")...)
	if n, err = agent.ReadNetwork(c.network); err != nil {
		t.Fatal(err)
	}
	if c.client, err = n.Dial(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.client.Close)
	if _, stderr, code := p.run(append(deploy, "--yes")...); code != exitFailure || !strings.Contains(stderr, "there is a network file already") {
		t.Fatalf("the network file would be lost: exit %d\n%s", code, stderr)
	}
	return c
}

// on runs a command on the county's network that must succeed.
func (c *county) on(args ...string) string {
	c.t.Helper()
	stdout, stderr, code := c.run(append(args, "--network", c.network)...)
	if code != exitOK {
		c.t.Fatalf("medhive %s: exit %d\n%s", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// fails runs a command that must fail and say so in these words.
func (c *county) fails(words string, args ...string) {
	c.t.Helper()
	_, stderr, code := c.run(append(args, "--network", c.network)...)
	if code != exitFailure || !strings.Contains(stderr, words) {
		c.t.Errorf("medhive %s: exit %d, %q; want it to fail with %q", strings.Join(args, " "), code, stderr, words)
	}
}

func (c *county) status() chain.Status {
	c.t.Helper()
	status, err := c.client.Status(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return status
}

func TestANetworkIsDeployedGovernedAndJoinedByCommand(t *testing.T) {
	c := newCounty(t)
	if s := c.status(); s.Owner != s.Contracts.Timelock || s.Poster != (common.Address{1}) || s.Guardian != (common.Address{2}) {
		t.Fatalf("%+v", s)
	}
	if said := c.on("chain", "status"); !strings.Contains(said, "(the timelock)") || !strings.Contains(said, "JobEscrow") {
		t.Errorf("chain status says %s", said)
	}
	ctx := t.Context()
	bond, err := c.client.Bond(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ether, err := chain.ParseHive("1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.client.Fund(ctx, c.faucet, c.operator.Address(), ether); err != nil {
		t.Fatal(err)
	}

	// A node on one machine, its operator on another.
	consent := c.file("consent.json", []byte(c.on("node", "consent", "--operator", c.operator.Address().Hex(), "--recipient", common.Address{3}.Hex())))
	hot, err := identity.Load(filepath.Join(agent.NodeState(c.home, "node"), "node.key"))
	if err != nil {
		t.Fatal(err)
	}
	signs := []string{"--key", c.operatorKey, "--yes"}
	c.fails("holds 0 wei of HIVE", append([]string{"chain", "register", consent}, signs...)...)
	if _, err := c.client.Transfer(ctx, c.faucet, c.operator.Address(), bond); err != nil {
		t.Fatal(err)
	}
	c.fails("use that operator's key", "chain", "register", consent, "--key", c.other, "--yes")
	c.on(append([]string{"chain", "register", consent}, signs...)...)
	node, err := c.client.Node(ctx, hot.Address())
	if err != nil || !node.Active() || node.Recipient != (common.Address{3}) {
		t.Fatalf("%+v, %v", node, err)
	}
	address := hot.Address().Hex()
	c.challenges(address, signs)
	c.on(append([]string{"chain", "recipient", address, "--to", common.Address{4}.Hex()}, signs...)...)
	c.on(append([]string{"chain", "recipient", address, "--cancel"}, signs...)...)
	c.fails("nothing was taken", append([]string{"chain", "restore-bond", address}, signs...)...)
	c.on(append([]string{"chain", "exit", address}, signs...)...)
	c.fails("thaws until", append([]string{"chain", "withdraw-bond", address}, signs...)...)
	c.on("chain", "advance", "336h")
	c.on(append([]string{"chain", "withdraw-bond", address}, signs...)...)
	if held, err := c.client.Balance(ctx, common.Address{3}); err != nil || held.Cmp(bond) != 0 {
		t.Fatalf("the cold address holds %v of the bond, %v", held, err)
	}

	c.governs(signs)
}

// challenges disputes a receipt of a node and has nobody decide it in time.
func (c *county) challenges(node string, signs []string) {
	c.t.Helper()
	ctx := c.t.Context()
	bond, err := c.client.ChallengeBond(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	receipt, evidence := common.Hash{7}, c.file("evidence.json", []byte("what shows the fault"))
	challenge := append([]string{"chain", "challenge", node, "--receipt", receipt.Hex(), "--evidence", evidence}, signs...)
	c.fails("HIVE", challenge...) // it has no bond to put up
	if _, err := c.client.Transfer(ctx, c.faucet, c.operator.Address(), bond); err != nil {
		c.t.Fatal(err)
	}
	c.fails("is not in the registry", append([]string{"chain", "challenge", common.Address{9}.Hex(), "--receipt", receipt.Hex(), "--evidence", evidence}, signs...)...)
	c.fails("evidence is empty", append([]string{"chain", "challenge", node, "--receipt", receipt.Hex(), "--evidence", c.file("nothing.json", nil)}, signs...)...)
	if said := c.on(challenge...); !strings.Contains(said, "dispute 1 is open") {
		c.t.Fatalf("it says %s", said)
	}
	dispute, err := c.client.Dispute(ctx, 1)
	if err != nil || dispute.State != chain.DisputeOpen || dispute.Node.Hex() != node || dispute.Subject != receipt || dispute.Evidence != sha256.Sum256([]byte("what shows the fault")) {
		c.t.Fatalf("%+v, %v", dispute, err)
	}
	c.on("chain", "advance", "168h")
	c.on(append([]string{"chain", "dispute", "1", "--lapse"}, signs...)...)
	held, err := c.client.Balance(ctx, c.operator.Address())
	if err != nil || held.Cmp(bond) != 0 {
		c.t.Fatalf("the challenger holds %v, %v", held, err)
	}
}

// governs appoints another poster through the timelock.
func (c *county) governs(signs []string) {
	c.t.Helper()
	appoint := append([]string{"chain", "govern", "appoint", "--poster", common.Address{5}.Hex(), "--guardian", common.Address{2}.Hex()}, signs...)
	for range 2 { // the second run changes nothing
		if said := c.on(appoint...); !strings.Contains(said, "waits until") {
			c.t.Fatalf("it says %s", said)
		}
	}
	said := c.on("chain", "status")
	if !strings.Contains(said, "calls appoint(address,address) of RewardDistributor") || !strings.Contains(said, "poster_: "+common.Address{5}.Hex()) {
		c.t.Fatalf("chain status says %s", said)
	}
	waiting := c.status().Operations
	if len(waiting) != 1 {
		c.t.Fatalf("%+v", waiting)
	}
	operation := waiting[0].ID.Hex()
	c.fails("nothing was sent", "chain", "govern", "cancel", operation, "--key", c.operatorKey)
	c.on(append([]string{"chain", "govern", "cancel", operation}, signs...)...)
	c.fails("does not wait", append([]string{"chain", "govern", "cancel", operation}, signs...)...)
	c.on(appoint...)
	c.on("chain", "advance", "24h")
	c.on(appoint...)
	if poster := c.status().Poster; poster != (common.Address{5}) {
		c.t.Fatalf("the poster is %s", poster)
	}
	c.fails("no root is pending", append([]string{"chain", "veto"}, signs...)...)
	c.fails("there is no dispute 2", "chain", "dispute", "2")
	c.fails("names no coordinator", "node", "claim", "--yes")
}

// Earned by a real job, claimed by command: once by the hot key, and once, of the
// next epoch, by a payer whose key is on a machine that asks no chain.
func TestANodesRewardIsClaimedByCommand(t *testing.T) {
	w := newTown(t)
	w.start("frida", append(nodeArgs("frida"), "--claim-every", "0")...).await("medhive node status")
	var report agent.Report
	w.ask(&report, w.submitArgs(w.file("small.zip", testdata.SmallStudy()))...)
	w.coordinator.await("epoch closed", "receipts=1")
	w.day()
	w.coordinator.await("root posted")
	w.day()

	claim := []string{"node", "claim", "--name", "frida"}
	if _, stderr, code := w.run(claim...); code != exitFailure || !strings.Contains(stderr, "nothing was sent") {
		t.Fatalf("nobody said yes: exit %d\n%s", code, stderr)
	}
	if stdout, stderr, code := w.run(append(claim, "--json")...); code != exitFailure || stdout != "" || !strings.Contains(stderr, "this claim") {
		t.Fatalf("nobody saw what is asked: exit %d\n%s\n%s", code, stdout, stderr)
	}
	payer, err := identity.LoadOrCreate(filepath.Join(w.home, "payer.key"))
	if err != nil {
		t.Fatal(err)
	}
	network, err := agent.ReadNetwork(agent.NetworkPath(w.home))
	if err != nil {
		t.Fatal(err)
	}
	client, err := network.Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	faucet, err := identity.Load(filepath.Join(w.home, "chain", "faucet.key"))
	if err != nil {
		t.Fatal(err)
	}
	ether, err := chain.ParseHive("1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Fund(t.Context(), faucet, payer.Address(), ether); err != nil {
		t.Fatal(err)
	}
	unsigned := filepath.Join(w.home, "claim.json")
	if _, stderr, code := w.run(append(claim, "--unsigned", unsigned, "--from", payer.Address().Hex())...); code != exitOK {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	if _, stderr, code := w.run(append(claim, "--unsigned", unsigned, "--from", payer.Address().Hex())...); code != exitFailure || !strings.Contains(stderr, "name another file with --unsigned") {
		t.Fatalf("a claim that waits to be signed is lost: exit %d\n%s", code, stderr)
	}
	signs := []string{"--key", filepath.Join(w.home, "payer.key"), "--yes"}
	raw, stderr, code := w.run(append([]string{"chain", "sign", unsigned}, signs...)...)
	if code != exitOK || !strings.Contains(stderr, "calls claim(address,uint256,bytes32[]) of RewardDistributor") || !strings.Contains(stderr, "fee: at most") {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	w.signsNothingElse(unsigned, signs)
	var offline sent
	w.ask(&offline, "chain", "send", w.file("claim.hex", []byte(raw)))
	node := w.status("frida")
	held, err := client.Balance(t.Context(), common.HexToAddress(node.Recipient))
	if err != nil || held.Sign() <= 0 {
		t.Fatalf("the cold address holds %v, %v", held, err)
	}
	if _, err := os.Stat(unsigned); err != nil {
		t.Fatal(err)
	}
	// A later epoch, paid for by the node itself.
	w.coordinator.await("root posted")
	w.day()
	var online agent.ClaimReport
	w.ask(&online, append(claim, "--yes")...)
	after, err := client.Balance(t.Context(), common.HexToAddress(node.Recipient))
	if err != nil || after.Sub(after, held).Cmp(online.AmountWei) != 0 {
		t.Fatalf("the claim says %s wei, the cold address got %s, %v", online.AmountWei, after, err)
	}
}

// signsNothingElse shows that a cold key does not sign what nobody can read.
func (p *town) signsNothingElse(unsigned string, signs []string) {
	p.t.Helper()
	text, err := os.ReadFile(unsigned)
	if err != nil {
		p.t.Fatal(err)
	}
	tx, err := chain.DecodeUnsigned(text)
	if err != nil {
		p.t.Fatal(err)
	}
	tx.Data = []byte("what is this")
	other, err := json.Marshal(tx)
	if err != nil {
		p.t.Fatal(err)
	}
	strange := append([]string{"chain", "sign", p.file("strange.json", other)}, signs...)
	if stdout, stderr, code := p.run(strange...); code != exitFailure || stdout != "" || !strings.Contains(stderr, "UNKNOWN call") || !strings.Contains(stderr, "--blind") {
		p.t.Fatalf("exit %d\n%s\n%s", code, stdout, stderr)
	}
	if _, stderr, code := p.run(append(strange, "--blind")...); code != exitOK {
		p.t.Fatalf("exit %d\n%s", code, stderr)
	}
	elsewhere := append([]string{"chain", "sign", unsigned, "--network", filepath.Join(p.home, "none.json")}, signs...)
	if _, stderr, code := p.run(elsewhere...); code != exitFailure || !strings.Contains(stderr, "no network file") {
		p.t.Fatalf("a network file that was named is not there: exit %d\n%s", code, stderr)
	}
}
