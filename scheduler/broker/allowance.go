package broker

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
)

// How much of its work a clinic lets coordinators see again. They draw one task of a hundred;
// three leave room for chance, and a coordinator whose key was stolen learns no more.
const (
	recheckShare     = 30     // thousandths of a grant that each kept task earns
	recheckGrant     = 1000   // thousandths
	maxRecheckCredit = 10_000 // saved up at most
	// maxGrants is how often one task is sent to the coordinator that was given it: a cut on
	// the way is no grant.
	maxGrants = 3
)

// Refusals of a re-run by what was granted before.
var (
	errGranted   = errors.New("this task was given to be run again before")
	errAllowance = errors.New("as many of this clinic's tasks as it allows were run again; a later one may be")
)

var allowanceKey = []byte("rechecks")

// Allowance is what coordinators may still run again, and what they were given since the
// database exists.
type Allowance struct {
	Credit  uint64 `json:"credit"`  // thousandths of a grant
	Granted uint64 `json:"granted"` // tasks, not counting those sent again after a cut
}

func (s store) allowance(tx *bbolt.Tx) (a Allowance, err error) {
	stored := tx.Bucket(metaBucket).Get(allowanceKey)
	if stored == nil {
		return Allowance{Credit: recheckGrant}, nil // one in advance
	}
	data, err := s.open(metaBucket, allowanceKey, stored)
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil {
		return a, fmt.Errorf("how many tasks may be run again is damaged: %w; restore the database from its backup", err)
	}
	return a, nil
}

// allow changes the allowance in a transaction.
func (s store) allow(tx *bbolt.Tx, change func(Allowance) (Allowance, error)) error {
	a, err := s.allowance(tx)
	if err == nil {
		a, err = change(a)
	}
	if err != nil {
		return err
	}
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return tx.Bucket(metaBucket).Put(allowanceKey, s.seal(metaBucket, allowanceKey, data))
}

// earned is the allowance after one more task that may be run again.
func (a Allowance) earned() Allowance {
	a.Credit = min(a.Credit+recheckShare, maxRecheckCredit)
	return a
}

// Left is how many tasks may be given now.
func (a Allowance) Left() uint64 { return a.Credit / recheckGrant }

// spent is the allowance after a grant. A task whose results differ costs nothing: who was
// right is what the clinic itself wants to know.
func (a Allowance) spent(contested bool) (Allowance, error) {
	a.Granted++
	if contested {
		return a, nil
	}
	if a.Credit < recheckGrant {
		return a, errAllowance
	}
	a.Credit -= recheckGrant
	return a, nil
}

// grant notes on disk, before any key leaves, that a coordinator is given a task. Each task is
// given to one, once; it may ask again where the transfer was cut.
func (b *Broker) grant(id models.Digest, coordinator common.Address) error {
	again := false
	_, err := b.store.update(id, func(r *record) error {
		again = r.Grants > 0
		if again && (r.Granted != coordinator || r.Grants >= maxGrants) {
			return errGranted
		}
		r.Granted, r.Grants = coordinator, r.Grants+1
		return nil
	}, func(tx *bbolt.Tx) error {
		if again {
			return nil
		}
		r, err := b.store.record(tx, id)
		if err != nil {
			return err
		}
		return b.store.allow(tx, func(a Allowance) (Allowance, error) { return a.spent(r.Contested) })
	})
	return err
}

// Allowance tells what of this clinic's tasks coordinators may run again, and how many they
// were given.
func (b *Broker) Allowance() (a Allowance, err error) {
	err = b.store.db.View(func(tx *bbolt.Tx) error {
		a, err = b.store.allowance(tx)
		return err
	})
	return a, err
}
