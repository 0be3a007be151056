package intake

import (
	"encoding/binary"
	"fmt"
	"math"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest/epoch"
)

// Open is what came in since the newest line: it will belong to the next epoch, or a part of
// it, and there may be more by then.
func (b *Bolt) Open() (epoch.Window, error) {
	var from uint64
	err := b.db.View(func(tx *bbolt.Tx) error {
		if key, value := tx.Bucket([]byte(bucketEpochs)).Cursor().Last(); key != nil {
			from = binary.BigEndian.Uint64(value)
		}
		return nil
	})
	if err == nil {
		var w epoch.Window
		if w, err = b.window(from, math.MaxUint64); err == nil {
			return w, nil
		}
	}
	return epoch.Window{}, fmt.Errorf("read the open window: %w", err)
}
