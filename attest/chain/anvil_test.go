package chain

import (
	"bufio"
	"context"
	"encoding/json"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/medhive/medhive/attest/identity"
)

// anvilProgram finds foundry's chain: on the path, or where the contracts' tools are
// installed.
func anvilProgram() string {
	if path, err := exec.LookPath("anvil"); err == nil {
		return path
	}
	for _, pattern := range []string{"../../.tools/bin/anvil", "../contracts/tools/node_modules/@foundry-rs/anvil-*/bin/anvil", "../contracts/node_modules/@foundry-rs/anvil-*/bin/anvil"} {
		found, err := filepath.Glob(pattern)
		if err == nil && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

var anvilListens = regexp.MustCompile(`Listening on (127\.0\.0\.1:[0-9]+)`)

// newAnvil deploys on a chain of another maker; false says that there is none here.
func newAnvil(t *testing.T, arguments ...string) (*network, bool) {
	t.Helper()
	program := anvilProgram()
	if program == "" {
		t.Log("not run: anvil is not here; `make contracts-check` brings it, or install foundry")
		return nil, false
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, program, append([]string{"--port", "0", "--host", "127.0.0.1"}, arguments...)...)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		command.Wait() // its error is the kill
	})
	faucet, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	n := &network{t: t, ctx: ctx, faucet: faucet}
	lines := bufio.NewScanner(out)
	for n.url == "" && lines.Scan() {
		if found := anvilListens.FindStringSubmatch(lines.Text()); found != nil {
			n.url = "http://" + found[1]
		}
	}
	if n.url == "" {
		t.Fatalf("anvil ended before it listened: %v", lines.Err())
	}
	read := make(chan struct{})
	go func() { // it must not wait for a reader of its log
		defer close(read)
		for lines.Scan() {
		}
	}()
	t.Cleanup(func() { cancel(); <-read })
	n.anvil("anvil_setBalance", faucet.Address(), (*hexutil.Big)(hive(1000)))
	n.advance = func(ctx context.Context, by time.Duration) (time.Time, error) {
		n.anvil("evm_increaseTime", seconds(by))
		n.anvil("evm_mine")
		return n.client.ChainTime(ctx)
	}
	return n.deploy(), true
}

// anvil calls one of its own methods.
func (n *network) anvil(method string, arguments ...any) {
	n.t.Helper()
	client, err := dialRPC(n.ctx, n.url)
	if err != nil {
		n.t.Fatal(err)
	}
	defer client.Close()
	var answer json.RawMessage
	if err := client.Client().CallContext(n.ctx, &answer, method, arguments...); err != nil {
		n.t.Fatalf("%s: %v", method, err)
	}
}

// The flows that run on the embedded chain run on foundry's chain too.
func TestTheSameFlowsOnAnvil(t *testing.T) {
	for name, flow := range map[string]func(*network){
		"registration to payment": registrationToPayment,
		"deposit to redemption":   depositToRedemption,
		"challenged root":         challengedRoot,
		"timelock":                timelockAdministers,
	} {
		t.Run(name, func(t *testing.T) {
			if n, here := newAnvil(t); here {
				flow(n)
			}
		})
	}
}

// Anvil's reorganisations forget the transactions of the blocks that they replace.
func TestAReorganisationOfTenBlocksOnAnvil(t *testing.T) {
	n, here := newAnvil(t)
	if !here {
		return
	}
	const depth = 10
	to := common.Address{0xad}
	for range depth {
		n.anvil("evm_mine")
	}
	client := n.dial(hurried(), Until(Finality{Confirmations: depth}))
	nonce := n.nonce(n.operator.Address())
	done := n.paying(client, n.operator, to)
	n.until(func() bool { return n.ether(to) == 1 })
	for range depth - 1 {
		n.anvil("evm_mine")
	}
	n.anvil("anvil_reorg", depth, []any{})
	n.until(func() bool { return n.ether(to) == 1 }) // sent again by itself
	select {
	case err := <-done:
		t.Fatalf("done before %d blocks confirm it again: %v", depth, err)
	default:
	}
	for range depth {
		n.anvil("evm_mine")
	}
	if err := n.received(done); err != nil {
		t.Fatal(err)
	}
	if n.ether(to) != 1 || n.nonce(n.operator.Address()) != nonce+1 {
		t.Fatalf("%d wei were paid by %d transactions", n.ether(to), n.nonce(n.operator.Address())-nonce)
	}
}

// A transaction whose fees are under the base fee of every block that follows.
func TestFeesThatFellBehindAreRaisedOnAnvil(t *testing.T) {
	n, here := newAnvil(t)
	if !here {
		return
	}
	to := common.Address{0xae}
	n.anvil("evm_setAutomine", false)
	done := n.paying(n.dial(hurried()), n.operator, to)
	n.until(func() bool {
		count, err := n.client.sender.rpc.PendingTransactionCount(n.ctx)
		return err == nil && count == 1
	})
	n.anvil("anvil_setNextBlockBaseFeePerGas", (*hexutil.Big)(big.NewInt(5e9))) // its cap was twice 1 gwei or less
	n.anvil("evm_setAutomine", true)
	n.anvil("evm_mine")
	if err := n.received(done); err != nil {
		t.Fatal(err)
	}
	if n.ether(to) != 1 {
		t.Fatalf("%d wei were paid", n.ether(to))
	}
}

// ether is what an account holds, in wei.
func (n *network) ether(account common.Address) int64 {
	n.t.Helper()
	balance, err := n.client.EtherBalance(n.ctx, account)
	if err != nil {
		n.t.Fatal(err)
	}
	return balance.Int64()
}
