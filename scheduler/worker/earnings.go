package worker

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
)

// earnedBucket holds accepted receipts summed up by earnedKey.
var earnedBucket = []byte("worker.earned.v1")

// daysKept is how long earnings are told day by day: a tax year and what it takes to file.
const daysKept = 550

// day is a date in UTC as days since 1970.
type day uint32

func dayOf(t time.Time) day { return day(max(0, t.Unix()) / int64((24 * time.Hour).Seconds())) }

func (d day) time() time.Time {
	return time.Unix(int64(d)*int64((24*time.Hour).Seconds()), 0).UTC()
}

// earnedKey sorts by day: 4 bytes of the day big endian, 32 of the package, 20 of
// the clinic.
func earnedKey(d day, model models.Digest, clinic common.Address) []byte {
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(d)), model[:], clinic[:])
}

const (
	earnedDayEnd   = 4
	earnedModelEnd = earnedDayEnd + len(models.Digest{})
	earnedKeyBytes = earnedModelEnd + common.AddressLength
)

// earned is one sum.
type earned struct {
	Receipts uint64 `json:"receipts"`
	Gwei     uint64 `json:"gwei"`
	// MilliJ is the energy of those of the receipts that say one, and Measured how many do.
	// Sums from before there was either have none.
	MilliJ   uint64 `json:"milli_j,omitempty"`
	Measured uint64 `json:"measured,omitempty"`
}

// putEarned adds an accepted receipt to its day, in the transaction that ends its job, and
// drops a few of the sums that are too old.
func putEarned(tx *bbolt.Tx, model models.Digest, r *attest.SignedReceipt, now time.Time) error {
	bucket := tx.Bucket(earnedBucket)
	key := earnedKey(dayOf(now), model, r.Receipt.Clinic)
	var sum earned
	if data := bucket.Get(key); data != nil {
		if err := json.Unmarshal(data, &sum); err != nil {
			return fmt.Errorf("a day's earnings are damaged: %w; restore the database from its backup", err)
		}
	}
	sum.Receipts++
	sum.Gwei += r.Receipt.PriceGwei
	if r.Receipt.EnergyMilliJ > 0 {
		sum.MilliJ += r.Receipt.EnergyMilliJ
		sum.Measured++
	}
	data, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	if err := bucket.Put(key, data); err != nil {
		return err
	}
	return dropEarned(bucket, dayOf(now))
}

// dropEarned drops sums that are older than daysKept, a few at a time: one is added in each
// transaction, so it keeps up.
func dropEarned(bucket *bbolt.Bucket, today day) error {
	const atOnce = 4
	for range atOnce {
		oldest, _ := bucket.Cursor().First()
		if len(oldest) != earnedKeyBytes || day(binary.BigEndian.Uint32(oldest))+daysKept >= today {
			return nil
		}
		if err := bucket.Delete(oldest); err != nil {
			return err
		}
	}
	return nil
}

// Earned is what one model earned on one day (UTC), by accepted receipts.
type Earned struct {
	Day      time.Time     `json:"day"`   // its beginning
	Model    models.Digest `json:"model"` // digest of the package
	Receipts uint64        `json:"receipts"`
	Clinics  int           `json:"clinics"` // how many paid it
	Gwei     uint64        `json:"gwei"`
	MilliJ   uint64        `json:"milli_j"`  // energy of the receipts that say one
	Measured uint64        `json:"measured"` // how many say one
}

// Earnings lists what was earned since a day, the newest day first.
func (w *Worker) Earnings(since time.Time) ([]Earned, error) {
	var list []Earned
	err := w.store.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(earnedBucket).Cursor()
		for k, data := c.Seek(binary.BigEndian.AppendUint32(nil, uint32(dayOf(since)))); k != nil; k, data = c.Next() {
			if len(k) != earnedKeyBytes {
				return fmt.Errorf("a key of %d bytes", len(k))
			}
			var sum earned
			if err := json.Unmarshal(data, &sum); err != nil {
				return err
			}
			row := Earned{Day: day(binary.BigEndian.Uint32(k)).time(), Model: models.Digest(k[earnedDayEnd:earnedModelEnd])}
			if n := len(list); n == 0 || list[n-1].Day != row.Day || list[n-1].Model != row.Model {
				list = append(list, row)
			}
			last := &list[len(list)-1]
			last.Receipts += sum.Receipts
			last.Gwei += sum.Gwei
			last.MilliJ += sum.MilliJ
			last.Measured += sum.Measured
			last.Clinics++
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list earnings: %w; restore the database from its backup", err)
	}
	slices.SortStableFunc(list, func(a, b Earned) int { return b.Day.Compare(a.Day) })
	return list, nil
}
