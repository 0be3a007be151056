package broker

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// TaskStatus is one line of a clinic's status.
type TaskStatus struct {
	Task     models.Digest   `json:"task"`
	Of       models.Digest   `json:"of,omitzero"`    // of a copy: the task that was submitted
	Copy     int             `json:"copy,omitempty"` // of a copy: its number, from 0
	State    scheduler.State `json:"state"`
	Class    string          `json:"class"`
	Node     common.Address  `json:"node,omitzero"`
	Fence    uint64          `json:"fence"`
	Round    uint32          `json:"round"`
	Bids     int             `json:"bids"`
	Deadline time.Time       `json:"deadline"`
	LocalBy  time.Time       `json:"local_by,omitzero"` // the clinic's own runner begins
	Owed     int             `json:"owed,omitempty"`    // nodes that are still to be told of a cancellation
	Reason   string          `json:"reason,omitempty"`
}

func (r record) status() TaskStatus {
	return TaskStatus{Task: r.Task.ID, Of: r.Parent, Copy: r.Copy, State: r.Task.State, Class: r.Class.String(),
		Node: r.Task.Lease.Node, Fence: r.Task.Fence, Round: r.Task.Round, Bids: max(r.Bade, len(r.Bids)), Deadline: r.Task.Deadline,
		LocalBy: r.Task.LocalBy, Owed: len(r.Withdrawals), Reason: r.Task.Reason}
}

// Tasks lists the newest tasks in the database and every copy of one, the newest first: up to
// limit lines, 0 for all. Tasks that ended retention ago are gone.
func (b *Broker) Tasks(limit int) ([]TaskStatus, error) { return b.store.newest(limit) }

// ReadTasks is Broker.Tasks of a database that no broker has open, or that was opened to be
// read only. secret is Config.Secret of the broker that wrote it.
func ReadTasks(db *bbolt.DB, secret [32]byte, limit int) ([]TaskStatus, error) {
	aead, err := sealer(secret)
	if err != nil {
		return nil, fmt.Errorf("task status: %w", err)
	}
	return store{db, aead}.newest(limit)
}

func (s store) newest(limit int) (list []TaskStatus, err error) {
	list = []TaskStatus{}
	err = s.db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket(tasksBucket) == nil {
			return nil // no broker has opened this database yet
		}
		ages := tx.Bucket(ageBucket)
		if ages == nil { // of a broker of the time before the index
			list, err = s.newestOfAll(tx, limit)
			return err
		}
		c := ages.Cursor()
		for k, _ := c.Last(); k != nil && (limit <= 0 || len(list) < limit); k, _ = c.Prev() {
			if len(k) != ageKeyBytes {
				return fmt.Errorf("an index key of %d bytes; restore the database from its backup", len(k))
			}
			r, err := s.record(tx, models.Digest(k[8:]))
			if err != nil {
				return err
			}
			list = append(list, r.status())
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("task status: %w", err)
	}
	return list, nil
}

func (s store) newestOfAll(tx *bbolt.Tx, limit int) ([]TaskStatus, error) {
	list := []TaskStatus{}
	err := s.each(tx, func(r record) error {
		list = append(list, r.status())
		return nil
	})
	slices.SortFunc(list, func(a, b TaskStatus) int { return b.Deadline.Compare(a.Deadline) })
	if limit > 0 {
		list = list[:min(limit, len(list))]
	}
	return list, err
}

// ErrAmbiguous says that several tasks have the name.
var ErrAmbiguous = errors.New("several tasks begin so; write more of the id")

// Family is the one task whose id begins with these hex digits, with all of its copies in
// their order. A copy's own id names its whole family. ErrUnknownTask or ErrAmbiguous where
// there is no such one.
func (b *Broker) Family(begin string) ([]TaskStatus, error) {
	begin = strings.ToLower(strings.TrimPrefix(begin, "sha256:"))
	id, err := b.store.named(begin)
	if err != nil {
		return nil, fmt.Errorf("task %.80q: %w", begin, err)
	}
	_, copies, err := b.store.families(id)
	if err != nil {
		return nil, err
	}
	var list []TaskStatus
	for _, r := range copies {
		list = append(list, r.status())
	}
	return list, nil
}

// named is the submitted id of the one family that has a task whose id begins so.
func (s store) named(begin string) (found models.Digest, err error) {
	whole, err := hex.DecodeString(begin + "0"[:len(begin)%2])
	if err != nil || begin == "" {
		return found, ErrUnknownTask
	}
	err = s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(tasksBucket).Cursor()
		for k, _ := c.Seek(whole); k != nil && strings.HasPrefix(hex.EncodeToString(k), begin); k, _ = c.Next() {
			id, err := digestKey(k)
			if err != nil {
				return err
			}
			r, err := s.record(tx, id)
			switch {
			case err != nil:
				return err
			case !found.IsZero() && found != r.family():
				return ErrAmbiguous
			}
			found = r.family()
		}
		return nil
	})
	if err == nil && found.IsZero() {
		err = ErrUnknownTask
	}
	return found, err
}
