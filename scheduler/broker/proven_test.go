package broker

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

func TestMemoryOfProvenNodesIsBounded(t *testing.T) {
	p := newProven()
	node := func(n int) common.Address {
		return common.BytesToAddress([]byte{1, byte(n >> 16), byte(n >> 8), byte(n)})
	}
	for n := range maxProven + 100 {
		p.add(node(n))
		p.add(node(n))
		if !p.has(node(n)) {
			t.Fatalf("node %d was forgotten at once", n)
		}
	}
	if len(p.nodes) != maxProven {
		t.Errorf("%d nodes are known, want %d", len(p.nodes), maxProven)
	}
}

// Accepted results of the time before tell who has proved itself; disputed ones do not.
func TestProvenNodesAreReadFromTheRecords(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "state.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := openStore(db, [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	good, bad := common.HexToAddress("0x01"), common.HexToAddress("0x02")
	receipt := func(node common.Address) attest.SignedReceipt {
		return attest.SignedReceipt{Receipt: attest.Receipt{Node: node}}
	}
	accepted := receipt(good)
	err = s.create(nil, []record{{Task: scheduler.Task{ID: models.DigestOf([]byte("task")), State: scheduler.Delivered}, Receipt: &accepted,
		Dispute: []attest.SignedReceipt{receipt(bad)}}})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(tx.DeleteBucket(openBucket), tx.DeleteBucket(provenBucket))
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // as it is taken over, and at the next start
		if s, err = openStore(db, [32]byte{1}); err != nil {
			t.Fatal(err)
		}
		p, err := s.loadProven()
		if err != nil {
			t.Fatal(err)
		}
		if !p.has(good) || p.has(bad) {
			t.Errorf("proven are %v", p.nodes)
		}
	}
}

// Who has proved nothing yet counts as new among the candidates; an accepted result ends that.
func TestCandidatesTellWhoIsNew(t *testing.T) {
	tk := quietTask(&stoppedClock{time.Unix(1_800_000_000, 0)})
	tk.bidFrom(1)
	tk.bidFrom(2)
	tk.b.proven.add(tk.bids[1].bid.Node)
	list := tk.candidates()
	if len(list) != 2 || !list[0].New || list[1].New {
		t.Errorf("%+v", list)
	}
}

// A node is proven from the moment that its result is accepted.
func TestAnAcceptedResultProvesItsNode(t *testing.T) {
	clock := &stoppedClock{time.Unix(1_800_000_000, 0)}
	tk := quietTask(clock)
	tk.persist(t)
	node := common.HexToAddress("0x01")
	next, err := tk.rec.Task.Award(node, clock.now, tk.b.Lease)
	if err != nil {
		t.Fatal(err)
	}
	if err := tk.save(func(r *record) { r.Task = next }); err != nil {
		t.Fatal(err)
	}
	if err := tk.accepted(next.Lease, attest.Pledge{}); err != nil || tk.b.proven.has(node) {
		t.Fatalf("proven by its yes: %v, %v", tk.b.proven.nodes, err)
	}
	c := &claim{header: &wire.ResultHeader{}, lease: next.Lease, arrived: clock.now}
	if err := tk.conclude(c, attest.SignedReceipt{Acceptance: attest.Acceptance{Accepted: true}}, "blob"); err != nil {
		t.Fatal(err)
	}
	if !tk.b.proven.has(node) {
		t.Error("its accepted result did not prove it")
	}
}
