package intake

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// Seal draws the line under epoch n (from 1) and returns what belongs to
// it: everything stored since the line before. The line is durable before Seal
// returns, and sealing the same number again returns the same window, so a
// coordinator that dies between sealing and posting goes on where it was. A
// number may be left out only before the first line.
func (b *Bolt) Seal(n uint64) (epoch.Window, error) {
	var from, to uint64 // log sequences: after from, up to to
	err := b.db.Update(func(tx *bbolt.Tx) (err error) {
		lines := tx.Bucket([]byte(bucketEpochs))
		if key, value := lines.Cursor().Last(); key != nil {
			last := binary.BigEndian.Uint64(key)
			if n > last+1 {
				return fmt.Errorf("the last sealed epoch is %d; seal %d next", last, last+1)
			}
			from = binary.BigEndian.Uint64(value)
		}
		if value := lines.Get(number(n)); value != nil {
			from, to = 0, binary.BigEndian.Uint64(value)
			if before := lines.Get(number(n - 1)); before != nil {
				from = binary.BigEndian.Uint64(before)
			}
			return nil
		}
		if key, _ := lines.Cursor().First(); key != nil && n < binary.BigEndian.Uint64(key) {
			return errors.New("it was never sealed here and is over; its folder holds it")
		}
		if to, err = b.lineOf(tx); err != nil {
			return err
		}
		b.open = nil
		return lines.Put(number(n), number(to))
	})
	if err != nil {
		return epoch.Window{}, fmt.Errorf("seal epoch %d: %w", n, err)
	}
	w, err := b.window(from, to)
	if err != nil {
		return epoch.Window{}, fmt.Errorf("seal epoch %d: %w", n, err)
	}
	return w, nil
}

// window reads the log after from up to to. Of several profiles of one node the
// last counts: putProfile lets only newer ones in. Of a checker's words about one lease
// the last counts: putVerdict lets only what could not be checked at first be said again.
// The outages that were found until the line excuse what was asked in them.
func (b *Bolt) window(from, to uint64) (epoch.Window, error) {
	var w epoch.Window
	profiles := map[common.Address]attest.SignedProfile{}
	var outages []outage
	spoken := map[string]int{} // judgementKey → place in w.Verdicts
	err := b.db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket([]byte(bucketLog)).Cursor()
		for key, value := cursor.Seek(number(from + 1)); key != nil && binary.BigEndian.Uint64(key) <= to; key, value = cursor.Next() {
			e, err := decodeEntry(value)
			if err != nil {
				return fmt.Errorf("log entry %d: %w; restore the store from its backup", binary.BigEndian.Uint64(key), err)
			}
			switch {
			case e.Receipt != nil:
				w.Receipts = append(w.Receipts, *e.Receipt)
			case e.Profile != nil:
				profiles[e.Profile.Statement.Node] = *e.Profile
			case e.Challenge != nil:
				w.Challenges = append(w.Challenges, *e.Challenge)
			case e.Examination != nil:
				w.Examinations = append(w.Examinations, *e.Examination)
			case e.Outage != nil:
				outages = append(outages, *e.Outage)
			case e.Verdict != nil && e.Verdict.Verdict.Kind.NeedsConsent() && e.Verdict.Consent.IsZero():
				// Of an older version: nobody takes it any more.
			case e.Verdict != nil:
				about := string(judgementKey(&e.Verdict.Verdict))
				if at, again := spoken[about]; again {
					w.Verdicts[at] = *e.Verdict
					continue
				}
				spoken[about] = len(w.Verdicts)
				w.Verdicts = append(w.Verdicts, *e.Verdict)
			}
		}
		return nil
	})
	excuse(&w, outages)
	for _, node := range slices.SortedFunc(maps.Keys(profiles), common.Address.Cmp) {
		w.Profiles = append(w.Profiles, profiles[node])
	}
	return w, err
}

// sealedIn says in which epoch a log sequence was counted, if it was.
func sealedIn(tx *bbolt.Tx, sequence uint64) (n uint64, closed bool) {
	cursor := tx.Bucket([]byte(bucketEpochs)).Cursor()
	// Backwards from the newest line: replays are mostly young.
	for key, value := cursor.Last(); key != nil && binary.BigEndian.Uint64(value) >= sequence; key, value = cursor.Prev() {
		n, closed = binary.BigEndian.Uint64(key), true
	}
	return n, closed
}
