package agent

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/intake"
)

// ledgerOfNodes is a NodeRegistry in memory that counts who asks.
type ledgerOfNodes struct {
	mu       sync.Mutex // guards what follows
	nodes    []common.Address
	searches int
	down     error
}

func (l *ledgerOfNodes) Snapshot(context.Context) ([]chain.Node, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var rows []chain.Node
	for _, n := range l.nodes {
		rows = append(rows, chain.Node{HotKey: n, Operator: common.Address{1}, Jurisdiction: "DE"})
	}
	return rows, 100, l.down
}

func (l *ledgerOfNodes) Nodes(context.Context, uint64, uint64) ([]common.Address, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.searches++
	return l.nodes, l.down
}

func (l *ledgerOfNodes) searched() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.searches
}

// desk is a registry over a ledger, with the clock in the test's hand.
type desk struct {
	*registry
	ledger *ledgerOfNodes
	clock  time.Time
}

func newDesk(t *testing.T, nodes ...common.Address) *desk {
	t.Helper()
	d := &desk{ledger: &ledgerOfNodes{nodes: nodes}, clock: time.Unix(1_790_000_000, 0)}
	d.registry = newRegistry(d.ledger, quiet(nil))
	d.now = func() time.Time { return d.clock }
	if _, _, err := d.snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func refusedByName(err error, node common.Address) bool {
	var refused *intake.Refusal
	return errors.As(err, &refused) && strings.Contains(refused.Text, node.Hex()) && strings.Contains(refused.Text, "not registered; have its operator register it")
}

func TestAFloodOfStrangersCostsOneLookASecond(t *testing.T) {
	member := common.Address{0xaa}
	d := newDesk(t, member)
	if err := d.admit(t.Context(), member); err != nil || d.ledger.searched() != 0 {
		t.Fatalf("a node of the snapshot: %v after %d looks", err, d.ledger.searched())
	}
	if first := (common.Address{1}); !refusedByName(d.admit(t.Context(), first), first) {
		t.Fatal("a stranger is not refused by name")
	}
	for i := range 1000 {
		if err := d.admit(t.Context(), common.Address{2, byte(i >> 8), byte(i)}); !errors.Is(err, intake.ErrBusy) {
			t.Fatalf("stranger %d within the second: %v, want it put off", i, err)
		}
	}
	if n := d.ledger.searched(); n != 1 {
		t.Fatalf("%d looks for 1001 strangers", n)
	}
	newcomer := common.Address{3}
	d.ledger.nodes = append(d.ledger.nodes, newcomer)
	d.clock = d.clock.Add(registryPause)
	for range 2 {
		if err := d.admit(t.Context(), newcomer); err != nil {
			t.Fatalf("a node that was registered since: %v", err)
		}
	}
	if n := d.ledger.searched(); n != 2 {
		t.Fatalf("%d looks, want 2", n)
	}
}

func TestWhatCantBeKnownIsPutOff(t *testing.T) {
	member, stranger := common.Address{0xaa}, common.Address{1}
	d := newDesk(t, member)
	d.ledger.down = errors.New("connection refused")
	for range 2 { // the second within the pause
		if err := d.admit(t.Context(), stranger); !errors.Is(err, intake.ErrBusy) {
			t.Fatalf("while the registry does not answer: %v", err)
		}
	}
	if err := d.admit(t.Context(), member); err != nil || d.ledger.searched() != 1 {
		t.Errorf("a known node: %v; %d looks, want 1", err, d.ledger.searched())
	}
	d.clock = d.clock.Add(registryFresh)
	if rows, err := d.recent(t.Context()); err == nil || len(rows) != 1 {
		t.Errorf("recent gives %d rows and %v, want the old row and the error", len(rows), err)
	}
	d.ledger.down = nil
	if err := d.admit(t.Context(), stranger); !refusedByName(err, stranger) {
		t.Errorf("after the registry is back: %v", err)
	}
}

func TestThoseWhoWaitShareOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.now = time.Now
		end, err := d.begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var waiting sync.WaitGroup
		for i := range 50 {
			stranger := common.Address{1, byte(i)}
			waiting.Go(func() {
				if err := d.admit(t.Context(), stranger); !refusedByName(err, stranger) {
					t.Errorf("stranger %d: %v", i, err)
				}
			})
		}
		synctest.Wait()
		<-time.After(time.Millisecond)
		end()
		waiting.Wait()
		if n := d.ledger.searched(); n != 1 {
			t.Errorf("%d looks for those who waited together", n)
		}
	})
}

// A node that registers while the coordinator runs is relayed as soon as it was looked for,
// and a crowd of strangers does not burden the chain.
func TestRelayLearnsOfNodesAndKeepsStrangersOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.now = time.Now                              // the bubble's
		d.ledger.nodes = append(d.ledger.nodes, anna) // since the snapshot
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); d.lookUp(ctx) }()
		if d.relays(anna) {
			t.Error("a node was relayed before anybody looked for it")
		}
		if synctest.Wait(); !d.relays(anna) {
			t.Error("a registered node is not relayed")
		}
		<-time.After(2 * registryPause)
		before := d.ledger.searched()
		for range 1000 {
			d.relays(bert)
		}
		synctest.Wait()
		if d.relays(bert) || d.ledger.searched()-before > 1 {
			t.Errorf("a stranger: relayed %t, %d searches for 1,000 notices", d.relays(bert), d.ledger.searched()-before)
		}
		stop()
		<-done
	})
}
