package chain

import (
	"bufio"
	"context"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/ethclient"
)

func TestDevStartsFastAndCloses(t *testing.T) {
	began := time.Now()
	dev, err := StartDev(t.Context(), DevOptions{})
	if err != nil {
		t.Fatal(err)
	}
	up := time.Since(began)
	client, err := ethclient.DialContext(t.Context(), dev.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	head, err := client.HeaderByNumber(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if age := time.Since(unix(head.Time)); age > time.Minute || age < -time.Minute {
		t.Fatalf("a fresh chain's clock is %s off", age)
	}
	began = time.Now()
	if err := dev.Close(); err != nil {
		t.Fatal(err)
	}
	down := time.Since(began)
	t.Logf("up in %s, closed in %s", up, down)
	if up > 2*time.Second || down > 5*time.Second {
		t.Fatalf("up in %s, closed in %s", up, down)
	}
	if err := dev.Close(); err != nil {
		t.Fatalf("a second close: %v", err)
	}
}

func TestDevRefusesToListenBeyondLoopback(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:0", "example.org:0", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:65536"} {
		if dev, err := StartDev(t.Context(), DevOptions{Listen: listen}); err == nil {
			dev.Close()
			t.Errorf("listened on %q", listen)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if dev, err := StartDev(ended, DevOptions{}); err == nil {
		dev.Close()
		t.Error("started with a context that had ended")
	}
}

func TestDevSaysWhyItCannotStart(t *testing.T) {
	first, err := StartDev(t.Context(), DevOptions{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	taken := strings.TrimPrefix(first.URL(), "http://")
	if second, err := StartDev(t.Context(), DevOptions{Listen: taken}); err == nil {
		second.Close()
		t.Fatal("two chains on one port")
	} else if !strings.Contains(err.Error(), "another port") {
		t.Fatalf("port taken: %v", err)
	}
	if second, err := StartDev(t.Context(), DevOptions{DataDir: first.stack.DataDir()}); err == nil {
		second.Close()
		t.Fatal("two chains in one folder")
	} else if !strings.Contains(err.Error(), "another folder") {
		t.Fatalf("folder taken: %v", err)
	}
}

// fundOne sends 1 wei to an address, which shows that the chain makes blocks.
func fundOne(t *testing.T, dev *Dev, to common.Address) Mined {
	t.Helper()
	s, err := newSender(t.Context(), dev.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer s.rpc.Close()
	receipt, err := s.send(t.Context(), dev.FaucetKey(), &to, big.NewInt(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	return asMined(receipt)
}

func TestDevKeepsItsBlocksOverRestarts(t *testing.T) {
	dir, to := t.TempDir(), common.Address{9}
	var faucet common.Address
	for round := range 3 {
		dev, err := StartDev(t.Context(), DevOptions{DataDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if round > 0 && dev.FaucetKey().Address() != faucet {
			t.Fatal("the faucet's key changed")
		}
		faucet = dev.FaucetKey().Address()
		fundOne(t, dev, to)
		wantBalance(t, dev, to, int64(round+1))
		if err := dev.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func wantBalance(t testing.TB, dev *Dev, account common.Address, want int64) {
	t.Helper()
	if balance := balanceOf(t, dev, account); balance != want {
		t.Fatalf("balance %d, want %d", balance, want)
	}
}

// balanceOf is an account's wei of ether.
func balanceOf(t testing.TB, dev *Dev, account common.Address) int64 {
	t.Helper()
	client, err := ethclient.DialContext(t.Context(), dev.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	balance, err := client.BalanceAt(t.Context(), account, nil)
	if err != nil {
		t.Fatal(err)
	}
	return balance.Int64()
}

// childDir is how the test below tells a copy of this program to be a chain.
const childDir = "MEDHIVE_TEST_CHAIN_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(runChild(dir))
	}
	os.Exit(m.Run())
}

// runChild serves a chain until its standard input ends.
func runChild(dir string) int {
	dev, err := StartDev(context.Background(), DevOptions{DataDir: dir})
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	defer dev.Close()
	os.Stdout.WriteString(dev.URL() + "\n")
	bufio.NewReader(os.Stdin).ReadByte()
	return 0
}

func TestDevKeepsItsBlocksWhenKilled(t *testing.T) {
	dir := t.TempDir()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), executable)
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = os.Stderr
	hold, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	faucet, err := faucetKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSender(t.Context(), strings.TrimSpace(url))
	if err != nil {
		t.Fatal(err)
	}
	defer s.rpc.Close()
	to := common.Address{7}
	const payments = 20
	for range payments {
		if _, err := s.send(t.Context(), faucet, &to, big.NewInt(1), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait() // its error is the kill
	dev, err := StartDev(t.Context(), DevOptions{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	// The newest block may have been seen before it was on disk.
	kept := balanceOf(t, dev, to)
	if kept < payments-1 || kept > payments {
		t.Fatalf("%d of %d payments outlived the kill", kept, payments)
	}
	fundOne(t, dev, to)
	wantBalance(t, dev, to, kept+1)
}

// The clock moves while others send: no transaction is lost, none fails.
func TestDevClockMovesUnderLoad(t *testing.T) {
	dev, err := StartDev(t.Context(), DevOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	s, err := newSender(t.Context(), dev.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer s.rpc.Close()
	const senders, each = 4, 10
	to := common.Address{5}
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for range each {
				if _, err := s.send(t.Context(), dev.FaucetKey(), &to, big.NewInt(1), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	before := dev.miner.now()
	const steps = 10
	for range steps {
		if _, err := dev.AdvanceTime(t.Context(), time.Hour); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
	wantBalance(t, dev, to, senders*each)
	if moved := dev.miner.now().Sub(before); moved < steps*time.Hour {
		t.Fatalf("clock moved by %s, want %d hours", moved, steps)
	}
	for _, bad := range []time.Duration{0, -time.Second, maxAdvance + 1} {
		if _, err := dev.AdvanceTime(t.Context(), bad); err == nil {
			t.Errorf("clock moved by %s", bad)
		}
	}
}
