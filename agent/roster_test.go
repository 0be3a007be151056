package agent

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/directory"
	"github.com/medhive/medhive/scheduler/market"
)

var (
	anna, bert = common.HexToAddress("0xa1"), common.HexToAddress("0xb1")
	operator   = common.HexToAddress("0x0e")
	errAway    = errors.New("the chain is away")
)

// office answers for the registry and counts how often it is asked.
type office struct {
	mu    sync.Mutex // guards the fields below
	nodes []chain.Node
	err   error
	asked int
}

func (o *office) Snapshot(context.Context) ([]chain.Node, uint64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.nodes), 1, o.err
}

func (o *office) Node(_ context.Context, hot common.Address) (chain.Node, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	for _, n := range o.nodes {
		if n.HotKey == hot {
			return n, o.err
		}
	}
	return chain.Node{HotKey: hot}, o.err
}

func (o *office) Close() {}

func (o *office) looked() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked
}

func (o *office) register(node common.Address) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.nodes = append(o.nodes, chain.Node{HotKey: node, Operator: operator, Jurisdiction: "DE"})
}

func rosterAt(t *testing.T, state string, registry common.Address, o *office) *roster {
	t.Helper()
	r, err := openRoster(state, Network{Contracts: chain.Addresses{ChainID: 7, Registry: registry}}, quiet(nil))
	if err != nil {
		t.Fatal(err)
	}
	r.dial = func(context.Context) (rosterSource, error) { return o, nil }
	return r
}

func TestRosterGoesOnWithItsLastListAndIsNeverOpen(t *testing.T) {
	state, registry := t.TempDir(), common.HexToAddress("0x9e")
	o := &office{err: errAway}
	r := rosterAt(t, state, registry, o)
	r.begin(t.Context())
	if r.admits(anna) {
		t.Fatal("without any list a node was admitted")
	}
	o.err = nil
	o.register(anna)
	o.nodes = append(o.nodes, chain.Node{HotKey: bert, Operator: operator, ExitAt: time.Unix(1, 0)}) // is leaving
	r.begin(t.Context())
	if by, listed := r.operator(anna); !listed || by != operator || r.admits(bert) {
		t.Fatalf("anna is operated by %v (listed %t), bert is admitted: %t", by, listed, r.admits(bert))
	}
	o.err = errAway
	if r.begin(t.Context()); !r.admits(anna) {
		t.Error("an outage of the chain emptied the list")
	}
	if again := rosterAt(t, state, registry, o); !again.admits(anna) {
		t.Error("after a restart without the chain the list is gone")
	} else if at := again.jurisdiction(anna); at != "DE" || again.jurisdiction(bert) != "" {
		t.Errorf("after a restart anna stands in %q, bert, who is nobody, in %q", at, again.jurisdiction(bert))
	}
	if other := rosterAt(t, state, common.HexToAddress("0x9f"), o); other.admits(anna) {
		t.Error("another registry's list was taken")
	}
	earlier := fmt.Sprintf(`{"chain_id":7,"registry":%q,"nodes":{%q:%q}}`, registry, anna, operator)
	if err := os.WriteFile(filepath.Join(state, "registry.json"), []byte(earlier), 0o600); err != nil {
		t.Fatal(err)
	}
	if old := rosterAt(t, state, registry, o); !old.admits(anna) || old.jurisdiction(anna) != "" {
		t.Errorf("of a list without jurisdictions: admitted %t, and she stands in %q", old.admits(anna), old.jurisdiction(anna))
	}
	if err := os.WriteFile(filepath.Join(state, "registry.json"), []byte(`{"nodes":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if damaged := rosterAt(t, state, registry, o); damaged.admits(anna) {
		t.Error("a damaged list admits somebody")
	}
}

func TestRosterLearnsOfNewNodesSoonButAsksSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &office{}
		r := rosterAt(t, t.TempDir(), common.HexToAddress("0x9e"), o)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.keep(ctx) }()
		o.register(anna)
		if r.admits(anna) {
			t.Fatal("admitted before the chain was asked")
		}
		synctest.Wait()
		if !r.admits(anna) {
			t.Error("a question for her did not lead to a new list")
		}
		before := o.looked()
		for n := range 1000 { // strangers in crowds
			r.admits(common.BigToAddress(big.NewInt(int64(n + 1000))))
			<-time.After(rosterPause / 100)
		}
		if most := 11; o.looked()-before > most {
			t.Errorf("the chain was asked %d times for 1,000 strangers in %v, want at most %d", o.looked()-before, 10*rosterPause, most)
		}
		o.mu.Lock()
		o.nodes = nil // she deregisters
		o.mu.Unlock()
		<-time.After(rosterEvery + time.Minute)
		synctest.Wait()
		if r.admits(anna) {
			t.Error("who has left the registry is still admitted")
		}
		stop()
		<-done
	})
}

// A node that says it stands elsewhere than it is registered is not in the clinic's list, so
// that it is asked for no study that may not go there.
func TestClinicKeepsNoNoticeFromElsewhere(t *testing.T) {
	o := &office{}
	o.register(anna)
	c := &Clinic{roster: rosterAt(t, t.TempDir(), common.HexToAddress("0x9e"), o), known: directory.New(0)}
	c.roster.begin(t.Context())
	now := time.Now()
	for region, kept := range map[string]bool{"FR": false, "DE": true} {
		n := scheduler.Notice{Node: anna, Jurisdiction: region, Issued: now, Expires: now.Add(time.Minute)}
		if err := c.observe(market.ReceivedNotice{Notice: n, Node: "anna"}); kept != (err == nil) || !kept && !errors.Is(err, scheduler.ErrResidency) {
			t.Errorf("a notice from %s: %v", region, err)
		}
	}
	n := scheduler.Notice{Node: bert, Jurisdiction: "", Issued: now, Expires: now.Add(time.Minute)}
	if err := c.observe(market.ReceivedNotice{Notice: n, Node: "bert"}); err == nil || c.known.Len() != 1 {
		t.Errorf("a notice of nobody from nowhere: %v, %d are known", err, c.known.Len())
	}
}
