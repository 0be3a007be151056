package intake

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
)

// NewestProfiles are the newest profiles of all nodes that ever sent one, by node. It reads
// the whole log.
func (b *Bolt) NewestProfiles() ([]attest.SignedProfile, error) {
	newest := map[common.Address]attest.SignedProfile{}
	err := b.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketLog)).ForEach(func(_, value []byte) error {
			if len(value) > 0 && value[0] != entryJSON {
				return nil // no profile
			}
			e, err := decodeEntry(value)
			if err != nil {
				return err
			}
			if e.Profile != nil {
				newest[e.Profile.Statement.Node] = *e.Profile // PutProfile lets only newer ones in
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the newest profiles: %w; restore the store from its backup", err)
	}
	var list []attest.SignedProfile
	for _, node := range slices.SortedFunc(maps.Keys(newest), common.Address.Cmp) {
		list = append(list, newest[node])
	}
	return list, nil
}
