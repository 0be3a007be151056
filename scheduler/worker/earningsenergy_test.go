package worker

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
)

// TestEarningsSumUpMeasuredEnergy holds that only receipts that say an energy count as
// measured, and that a day's sum of an earlier version, which has none, is read.
func TestEarningsSumUpMeasuredEnergy(t *testing.T) {
	s, _ := newStore(t)
	w := &Worker{store: s}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	old, err := json.Marshal(map[string]uint64{"receipts": 3, "gwei": 30})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(earnedBucket).Put(earnedKey(dayOf(at), models.Digest{1}, common.Address{1}), old)
	}); err != nil {
		t.Fatal(err)
	}
	for _, milliJ := range []uint64{0, 1500, 2500} {
		r := receipt(10, true)
		r.Receipt.Clinic, r.Receipt.EnergyMilliJ = common.Address{1}, milliJ
		if err := s.db.Update(func(tx *bbolt.Tx) error { return putEarned(tx, models.Digest{1}, r, at) }); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.Earnings(at)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if e := list[0]; e.Receipts != 6 || e.Gwei != 60 || e.MilliJ != 4000 || e.Measured != 2 {
		t.Errorf("%+v; want 6 receipts for 60 gwei, of which 2 took 4000 mJ", e)
	}
}
