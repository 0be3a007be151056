package broker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// tabsBucket holds what the clinic owes each node, by tabKey: the JSON of a scheduler.Tab,
// sealed where the clinic has a secret. Tabs are never retired: a total that was forgotten
// would fall.
var tabsBucket = []byte("broker.tabs.v1")

// tabKey is 32 bytes of the vouchers' domain and 20 of the node's address. Another escrow has
// paid nothing yet, so what the one before has paid must not be on its vouchers.
func tabKey(vouchers attest.Domain, node common.Address) []byte {
	escrow := vouchers.Separator()
	return slices.Concat(escrow[:], node[:])
}

// errNoVouchers says that a network has no escrow that would pay them.
var errNoVouchers = errors.New("this network has no escrow, so this clinic gives no vouchers")

// vouches reports whether this clinic pays by voucher.
func (c *Config) vouches() bool { return c.Vouchers.Registry != (common.Address{}) }

func (s store) tab(tx *bbolt.Tx, vouchers attest.Domain, node common.Address) (tab scheduler.Tab, err error) {
	key := tabKey(vouchers, node)
	stored := tx.Bucket(tabsBucket).Get(key)
	if stored == nil {
		return tab, nil
	}
	data, err := s.open(tabsBucket, key, stored)
	if err == nil {
		err = json.Unmarshal(data, &tab)
	}
	if err != nil {
		return tab, fmt.Errorf("what is owed to %s is damaged: %w; restore the database from its backup", node, err)
	}
	return tab, nil
}

func (s store) putTab(tx *bbolt.Tx, vouchers attest.Domain, node common.Address, tab scheduler.Tab) error {
	data, err := json.Marshal(tab)
	if err != nil {
		return fmt.Errorf("encode what is owed to %s: %w", node, err)
	}
	key := tabKey(vouchers, node)
	return tx.Bucket(tabsBucket).Put(key, s.seal(tabsBucket, key, data))
}

// charge puts an accepted result on its node's tab. It is part of the transaction that takes
// the result, so that each is charged exactly once, whenever the clinic is killed.
func (b *Broker) charge(node common.Address, priceGwei uint64, now time.Time) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		if !b.vouches() || priceGwei == 0 {
			return nil
		}
		tab, err := b.store.tab(tx, b.Vouchers, node)
		if err != nil {
			return err
		}
		return b.store.putTab(tx, b.Vouchers, node, tab.Charge(priceGwei, now))
	}
}

// voucher signs what is on disk of a node's tab; not ok where nothing is owed. A signature is
// never stored: the same tab gives the same one.
func (b *Broker) voucher(node common.Address) (v attest.SignedVoucher, ok bool, err error) {
	var tab scheduler.Tab
	err = b.store.db.View(func(tx *bbolt.Tx) error {
		tab, err = b.store.tab(tx, b.Vouchers, node)
		return err
	})
	if err != nil || tab.TotalGwei == 0 {
		return v, false, err
	}
	v.Voucher = attest.Voucher{Clinic: b.Key.Address(), Node: node, TotalGwei: tab.TotalGwei, At: tab.At}
	if v.ClinicSig, err = attest.Sign(v.Voucher.Hash(b.Vouchers), b.Key.ECDSA()); err != nil {
		return v, false, fmt.Errorf("sign voucher of %s: %w", node, err)
	}
	return v, true, nil
}

// voucherBytes is the voucher as it travels; nil where none is given. What is at fault with
// it keeps no receipt back: the node asks for the voucher again.
func (b *Broker) voucherBytes(node common.Address) []byte {
	if !b.vouches() {
		return nil
	}
	v, ok, err := b.voucher(node)
	var data []byte
	if err == nil && ok {
		data, err = json.Marshal(v)
	}
	if err != nil {
		b.Log.Error("no voucher was given", "node", node, "error", err)
		return nil
	}
	return data
}

// serveVoucher is VoucherRequest and VoucherReply: a node asks to be paid for what was
// accepted.
func (b *Broker) serveVoucher(s *wire.Stream) error {
	request, err := wire.Expect[*wire.VoucherRequest](s.Reader, wire.MaxControl, s.Peer)
	if err != nil {
		return err
	}
	clinic, err := wire.Address("clinic", request.Clinic)
	if err != nil {
		return err
	}
	node, err := wire.Address("node", request.Node)
	if err != nil {
		return err
	}
	if clinic != b.Key.Address() || node != s.Peer {
		return fmt.Errorf("%s asks for a voucher of %s for %s: %w", s.Peer, clinic, node, wire.ErrMalformed)
	}
	reply := &wire.VoucherReply{Clinic: request.Clinic, Node: request.Node}
	switch err := b.recall(node, request.Voucher); {
	case err != nil:
		reply.Reason = wire.Reason(err.Error())
	default:
		if reply.Voucher = b.voucherBytes(node); reply.Voucher == nil {
			reply.Reason = "nothing is owed to this node by this clinic's books"
		}
	}
	return s.Send(reply)
}

// recall takes up a voucher that a node shows, where this clinic signed it and its database
// knows less: then that is an older one, from a backup.
func (b *Broker) recall(node common.Address, shown []byte) error {
	if !b.vouches() {
		return errNoVouchers
	}
	if len(shown) == 0 {
		return nil
	}
	signed, err := attest.DecodeSignedVoucher(shown)
	if err != nil {
		return err
	}
	v := signed.Voucher
	if v.Clinic != b.Key.Address() || v.Node != node {
		return errors.New("the voucher that is shown is another's")
	}
	if err := signed.Verify(b.Vouchers); err != nil {
		return err
	}
	lifted := false
	err = b.store.db.View(func(tx *bbolt.Tx) error { // nearly always it is known, and costs no write
		tab, err := b.store.tab(tx, b.Vouchers, node)
		lifted = v.TotalGwei > tab.TotalGwei
		return err
	})
	if err != nil || !lifted {
		return err
	}
	err = b.store.db.Update(func(tx *bbolt.Tx) error {
		tab, err := b.store.tab(tx, b.Vouchers, node)
		if err != nil {
			return err
		}
		if tab, lifted = tab.Shown(v.TotalGwei, v.At); !lifted {
			return nil
		}
		return b.store.putTab(tx, b.Vouchers, node, tab)
	})
	if err == nil && lifted {
		b.Log.Warn("a node showed a voucher that this database does not know; was it restored from a backup? The voucher stands", "node", node)
	}
	return err
}

// Owed is what this clinic has promised one node.
type Owed struct {
	Node      common.Address `json:"node"`
	TotalGwei uint64         `json:"total_gwei"` // since ever
	At        time.Time      `json:"at"`         // of the newest voucher
	// RecentGwei was promised in the day before At, as far as the tab keeps charges one by one.
	RecentGwei uint64 `json:"recent_gwei,omitempty"`
}

// Owed lists what nodes were promised, by address.
func (b *Broker) Owed() ([]Owed, error) { return b.store.owed(b.Vouchers) }

func (s store) owed(vouchers attest.Domain) (list []Owed, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(tabsBucket)
		if bucket == nil {
			return nil // a database of the time before vouchers, open for reading
		}
		escrow := vouchers.Separator()
		c := bucket.Cursor()
		for k, _ := c.Seek(escrow[:]); bytes.HasPrefix(k, escrow[:]); k, _ = c.Next() {
			node := common.BytesToAddress(k[len(escrow):])
			tab, err := s.tab(tx, vouchers, node)
			if err != nil {
				return err
			}
			list = append(list, Owed{Node: node, TotalGwei: tab.TotalGwei, At: tab.At, RecentGwei: tab.RecentGwei()})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list vouchers: %w", err)
	}
	return list, nil
}

// ReadOwed lists the same from a database that no broker has open; it may be open for
// reading only.
func ReadOwed(db *bbolt.DB, secret [32]byte, vouchers attest.Domain) ([]Owed, error) {
	aead, err := sealer(secret)
	if err != nil {
		return nil, err
	}
	return store{db, aead}.owed(vouchers)
}
