package broker

import (
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
)

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// However many nodes of one operator send however slowly, others have places.
func TestOneOperatorDoesNotFillThePlacesForResults(t *testing.T) {
	u, one := newUploads(), common.HexToAddress("0x01")
	var given []func()
	for range maxUploadsOfOperator {
		give, busy := u.take(one)
		if busy != nil {
			t.Fatal("no place")
		}
		given = append(given, give)
	}
	_, busy := u.take(one)
	if busy == nil {
		t.Fatal("one operator has more places than its share")
	}
	for n := range maxUploads - maxUploadsOfOperator {
		if _, busy := u.take(common.BytesToAddress([]byte{2, byte(n)})); busy != nil {
			t.Fatalf("another operator has no place beside %d", n)
		}
	}
	if _, busy := u.take(common.HexToAddress("0xff")); busy == nil {
		t.Error("more results come in than memory and disk are bounded for")
	}
	given[0]()
	given[0]() // a second time gives nothing
	if !closed(busy) {
		t.Error("who waits is not told of a free place")
	}
	if _, busy := u.take(one); busy != nil {
		t.Error("a place that was given back is not free")
	}
	if _, busy := u.take(common.HexToAddress("0xff")); busy == nil {
		t.Error("one place was given back twice")
	}
}

// One copy of a race brings its result at a time, for raceTurn at most.
func TestCopiesOfARaceTakeTurns(t *testing.T) {
	p, now := newRaces(), time.Unix(1_800_000_000, 0)
	parent, first, second := models.DigestOf([]byte("parent")), models.DigestOf([]byte("first")), models.DigestOf([]byte("second"))
	give, busy, _ := p.take(parent, first, now)
	if busy != nil {
		t.Fatal("no turn")
	}
	_, busy, left := p.take(parent, second, now.Add(raceTurn/4))
	if busy == nil || left != raceTurn*3/4 {
		t.Fatalf("the second copy waits %v, want %v", left, raceTurn*3/4)
	}
	elsewhere, other, _ := p.take(first, second, now)
	if other != nil {
		t.Fatal("another task's race is held up")
	}
	elsewhere()
	give()
	if !closed(busy) {
		t.Error("who waits is not told that the turn has ended")
	}
	slow, busy, _ := p.take(parent, first, now)
	if busy != nil {
		t.Fatal("a turn that has ended is not free")
	}
	fast, busy, _ := p.take(parent, second, now.Add(raceTurn))
	if busy != nil {
		t.Fatal("a copy that drips keeps the others out for ever")
	}
	slow() // it must not end the turn of the one that overtook it
	if _, busy, _ := p.take(parent, first, now.Add(raceTurn)); busy == nil {
		t.Error("two copies have the turn")
	}
	fast()
	if len(p.turns) != 0 {
		t.Errorf("%d turns are left", len(p.turns))
	}
}
