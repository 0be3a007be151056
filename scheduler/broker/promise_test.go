package broker

import (
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
)

// The node's promise is on disk before its key goes out, and comes with the lapse; a lease of
// the time before promises lapses without a word to the coordinator, and the next lease does
// not inherit the promise of the one before.
func TestAPromiseIsKeptWithItsLease(t *testing.T) {
	clock := &stoppedClock{time.Unix(1_800_000_000, 0)}
	tk := quietTask(clock)
	tk.persist(t)
	var told []Lapse
	tk.b.Lapsed = func(_ *bbolt.Tx, l Lapse) error { told = append(told, l); return nil }
	pledge := attest.Pledge{At: clock.now.UTC(), NodeSig: attest.Signature{7}}
	node := common.HexToAddress("0x01")
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	at := key.PeerID()
	lapse := func(pledge attest.Pledge) {
		t.Helper()
		next, err := tk.rec.Task.Award(node, clock.now, tk.b.Lease)
		if err == nil {
			err = tk.save(func(r *record) { r.Task, r.Winner = next, &winner{Peer: at} })
		}
		if err == nil {
			err = tk.accepted(next.Lease, pledge)
		}
		if err != nil {
			t.Fatal(err)
		}
		if kept, err := tk.b.store.load(tk.id); err != nil || kept.Winner.Promise != pledge {
			t.Fatalf("on disk: %+v, %v", kept.Winner, err)
		}
		clock.now = clock.now.Add(tk.b.Lease + time.Second)
		over, changed := tk.rec.Task.Tick(clock.now)
		if !changed {
			t.Fatal("the lease goes on")
		}
		if err := tk.drop(over, LeaseLost, lossLapsed); err != nil {
			t.Fatal(err)
		}
	}
	lapse(pledge)
	if len(told) != 1 || told[0].Promise != pledge || told[0].Fence != 1 {
		t.Fatalf("%+v", told)
	}
	lapse(attest.Pledge{})
	if len(told) != 1 {
		t.Errorf("a lapse without a promise was told: %+v", told[1])
	}
}
