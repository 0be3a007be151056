package enrolment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/epoch"
)

// The buckets. Statements lie in their binary forms.
const (
	bucketVouchers = "device.vouchers" // digest → signed voucher
	bucketKeys     = "device.keys"     // device key → digest of its newest voucher
	bucketRevoked  = "device.revoked"  // digest ‖ vendor → signed revocation
	bucketProofs   = "device.proofs"   // node → newest signed proof
	bucketHolders  = "device.holders"  // device key → node that proved it last
)

// ErrNoVoucher says that no voucher of that device is known.
var ErrNoVoucher = errors.New("no vendor has vouched for this device")

// Book keeps what vendors say and what devices proved, in a bbolt file. It verifies nothing:
// the Server does, before it writes. It is safe for concurrent use.
type Book struct {
	db     *bbolt.DB
	domain attest.Domain
}

// OpenBook prepares its buckets in db, which the caller opens and closes.
func OpenBook(db *bbolt.DB, domain attest.Domain) (*Book, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{bucketVouchers, bucketKeys, bucketRevoked, bucketProofs, bucketHolders} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return fmt.Errorf("prepare bucket %s: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open the book of devices: %w; check the disk and the file's rights", err)
	}
	return &Book{db, domain}, nil
}

// update runs change in a transaction that it shares with others, and waits until it is durable.
func (b *Book) update(ctx context.Context, change func(tx *bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := b.db.Batch(change); err != nil {
		return fmt.Errorf("write the book of devices: %w", err)
	}
	return nil
}

// holds reports whether a bucket has the key. Statements that anybody may bring again are not
// written again: that would be a disk's work for a stranger's word.
func (b *Book) holds(bucket string, key []byte) (held bool, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		held = tx.Bucket([]byte(bucket)).Get(key) != nil
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("read the book of devices: %w", err)
	}
	return held, nil
}

// PutVoucher keeps a verified voucher. Of several for one device the one that was issued last
// is found by the device.
func (b *Book) PutVoucher(ctx context.Context, s attest.SignedDeviceVoucher) error {
	digest := s.Voucher.Hash(b.domain)
	if held, err := b.holds(bucketVouchers, digest[:]); held || err != nil {
		return err
	}
	form, err := s.AppendBinary(nil)
	if err != nil {
		return err
	}
	return b.update(ctx, func(tx *bbolt.Tx) error {
		vouchers, keys := tx.Bucket([]byte(bucketVouchers)), tx.Bucket([]byte(bucketKeys))
		if before := keys.Get(s.Voucher.Device[:]); before != nil {
			var stands attest.SignedDeviceVoucher
			if err := stands.UnmarshalBinary(vouchers.Get(before)); err != nil {
				return err
			}
			if stands.Voucher.IssuedAt.After(s.Voucher.IssuedAt) {
				return vouchers.Put(digest[:], form)
			}
		}
		return errors.Join(vouchers.Put(digest[:], form), keys.Put(s.Voucher.Device[:], digest[:]))
	})
}

// PutRevocation keeps a verified revocation, whether its voucher is known here or not.
func (b *Book) PutRevocation(ctx context.Context, s attest.SignedDeviceRevocation) error {
	if held, err := b.Revoked(s.Revocation.Voucher, s.Revocation.Vendor); held || err != nil {
		return err
	}
	form, err := s.AppendBinary(nil)
	if err != nil {
		return err
	}
	return b.update(ctx, func(tx *bbolt.Tx) error {
		revoked, key := tx.Bucket([]byte(bucketRevoked)), revokedKey(s.Revocation.Voucher, s.Revocation.Vendor)
		if revoked.Get(key) != nil {
			return nil // the first word stands, so that an epoch's inputs don't change for nothing
		}
		return revoked.Put(key, form)
	})
}

func revokedKey(voucher [32]byte, vendor common.Address) []byte {
	return append(voucher[:], vendor[:]...)
}

// Revoked reports whether the voucher's own vendor took it back.
func (b *Book) Revoked(voucher [32]byte, vendor common.Address) (bool, error) {
	return b.holds(bucketRevoked, revokedKey(voucher, vendor))
}

// Find is the newest voucher of a device; ErrNoVoucher if there is none.
func (b *Book) Find(device attest.DeviceKey) (s attest.SignedDeviceVoucher, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		digest := tx.Bucket([]byte(bucketKeys)).Get(device[:])
		if digest == nil {
			return ErrNoVoucher
		}
		return s.UnmarshalBinary(tx.Bucket([]byte(bucketVouchers)).Get(digest))
	})
	return s, err
}

// PutProof keeps a verified proof in place of the node's earlier one. former is the node that
// proved the same device before, if it is another one, and at when it did.
func (b *Book) PutProof(ctx context.Context, s attest.SignedDeviceProof) (former common.Address, at time.Time, err error) {
	form, err := s.AppendBinary(nil)
	if err != nil {
		return former, at, err
	}
	node, device := s.Proof.Node, s.Voucher.Voucher.Device
	err = b.update(ctx, func(tx *bbolt.Tx) error {
		former, at = common.Address{}, time.Time{} // bbolt may run it twice
		proofs, holders := tx.Bucket([]byte(bucketProofs)), tx.Bucket([]byte(bucketHolders))
		if holder := holders.Get(device[:]); holder != nil && !bytes.Equal(holder, node[:]) {
			var before attest.SignedDeviceProof
			if err := before.UnmarshalBinary(proofs.Get(holder)); err != nil {
				return err
			}
			if before.Voucher.Voucher.Device == device { // it has not moved to another device since
				former, at = common.BytesToAddress(holder), before.Proof.AskedAt
			}
		}
		return errors.Join(proofs.Put(node[:], form), holders.Put(device[:], node[:]))
	})
	return former, at, err
}

// Window is what the book adds to an epoch of these rows that ends at end: the proofs of the
// nodes that the registry has a voucher of, and what was taken back of these vouchers.
func (b *Book) Window(rows []epoch.Registration, end time.Time) (devices []attest.SignedDeviceProof, revoked []attest.SignedDeviceRevocation, err error) {
	asked := map[[32]byte]bool{}
	err = b.db.View(func(tx *bbolt.Tx) error {
		proofs, cursor := tx.Bucket([]byte(bucketProofs)), tx.Bucket([]byte(bucketRevoked)).Cursor()
		for _, r := range rows {
			form := proofs.Get(r.Node[:])
			if r.Voucher == (common.Hash{}) || form == nil {
				continue
			}
			var proof attest.SignedDeviceProof
			if err := proof.UnmarshalBinary(form); err != nil {
				return fmt.Errorf("proof of %s: %w", r.Node, err)
			}
			if proof.Proof.Voucher != r.Voucher || proof.Proof.AskedAt.Sub(end).Abs() > epoch.DeviceProofLife {
				continue
			}
			devices = append(devices, proof)
			if asked[r.Voucher] {
				continue
			}
			asked[r.Voucher] = true
			for key, form := cursor.Seek(r.Voucher[:]); key != nil && bytes.HasPrefix(key, r.Voucher[:]); key, form = cursor.Next() {
				var taken attest.SignedDeviceRevocation
				if err := taken.UnmarshalBinary(form); err != nil {
					return fmt.Errorf("revocation of %s: %w", r.Voucher, err)
				}
				revoked = append(revoked, taken)
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read the book of devices: %w; restore the store from its backup", err)
	}
	return devices, revoked, nil
}
