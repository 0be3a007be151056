package hl7

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// MaxOrders is how many names a book holds: an order is filed under its accession number and
// under its study.
const MaxOrders = 400_000

// ErrFull says that a book holds as many orders as it may.
var ErrFull = errors.New("the book of orders is full; let old orders be forgotten sooner")

// ErrWrongKey says that a book was sealed with another key.
var ErrWrongKey = errors.New("the key does not fit the book of orders; put the key back from your backup")

// errUnread is of one order; it names nobody.
var errUnread = errors.New("it was damaged or moved")

// Labels of what is derived from the clinic's secret, and of the two names of an order.
const (
	sealLabel  = "medhive/hl7/orders/seal/1"
	nameLabel  = "medhive/hl7/orders/name/1"
	accession  = "accession\x00"
	study      = "study\x00"
	lockWait   = time.Second
	stampBytes = 8
)

// sealBucket holds one value of fixed words under the book's key, by which another key is
// noticed; books of before it have none.
var (
	ordersBucket = []byte("hl7.orders.v1")
	sealBucket   = []byte("hl7.orders.seal.v1")
	sealName     = []byte("key")
	sealWords    = []byte("the key of this book of orders")
)

// Book keeps orders until their study comes. A key is the HMAC of an accession number or
// study, a value the time in the clear and the order under AES-256-GCM.
type Book struct {
	db      *bbolt.DB
	aead    cipher.AEAD
	nameKey []byte
	limit   int // of names
	log     *slog.Logger

	mu    sync.Mutex // held while the book is changed; guards filed
	filed int        // names
}

// OpenBook opens or makes the book at path under keys derived from the clinic's secret; it is
// ErrWrongKey where another secret made it. log may be nil.
func OpenBook(path string, secret [32]byte, log *slog.Logger) (*Book, error) {
	sealKey, err := hkdf.Key(sha256.New, secret[:], nil, sealLabel, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the orders: %w", err)
	}
	nameKey, err := hkdf.Key(sha256.New, secret[:], nil, nameLabel, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the orders: %w", err)
	}
	block, err := aes.NewCipher(sealKey)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the orders: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the orders: %w", err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, errors.New("open the book of orders: another process uses it; stop the other clinic")
	}
	if err != nil {
		return nil, fmt.Errorf("open the book of orders: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	book := &Book{db: db, aead: aead, nameKey: nameKey, limit: MaxOrders, log: log}
	err = db.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists(ordersBucket)
		if err != nil {
			return err
		}
		book.filed = bucket.Stats().KeyN
		return book.checkKey(tx)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the book of orders: %w", err), db.Close())
	}
	return book, nil
}

// checkKey holds the key against what it sealed: the words, or in a book without them the
// orders, of which any may be damaged.
func (b *Book) checkKey(tx *bbolt.Tx) error {
	seal, err := tx.CreateBucketIfNotExists(sealBucket)
	if err != nil {
		return err
	}
	if sealed := seal.Get(sealName); sealed != nil {
		if words, err := b.aead.Open(nil, nil, sealed, sealName); err != nil || !bytes.Equal(words, sealWords) {
			return ErrWrongKey
		}
		return nil
	}
	orders := tx.Bucket(ordersBucket).Cursor()
	for name, value := orders.First(); name != nil; name, value = orders.Next() {
		if _, err = b.open(name, value); err == nil {
			break
		}
	}
	if err != nil {
		return ErrWrongKey // there are orders, and none can be read
	}
	return seal.Put(sealName, b.aead.Seal(nil, nil, sealWords, sealName))
}

// Close lets go of the book.
func (b *Book) Close() error { return b.db.Close() }

// after is the order as it stands when it follows an earlier one of the same name. A message
// that tells of the order's progress (SC, as the examination begins) mostly names no priority:
// then that which was ordered stays.
func (o Order) after(earlier Order) Order {
	another := o.StudyUID != "" && earlier.StudyUID != "" && o.StudyUID != earlier.StudyUID
	if o.Control == Place && !o.Stated && earlier.Control == Place && !another {
		o.Priority, o.Stated = earlier.Priority, earlier.Stated
	}
	return o
}

// Keep files orders, all or none, each over what was filed under its names, less a priority
// that only the earlier one states. They are on disk when it returns nil.
func (b *Book) Keep(ctx context.Context, orders []Order) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("keep orders: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	filed := b.filed
	err := b.db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(ordersBucket)
		for _, order := range orders {
			for _, name := range b.names(order.Accession, order.StudyUID) {
				next := order
				if value := bucket.Get(name); value == nil {
					filed++
				} else if earlier, err := b.open(name, value); err == nil { // one that can't be read is replaced
					next = order.after(earlier)
				}
				if filed > b.limit {
					return ErrFull
				}
				value, err := b.seal(name, next)
				if err != nil {
					return err
				}
				if err := bucket.Put(name, value); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep orders: %w", err)
	}
	b.filed = filed
	return nil
}

// Find is the order of a study: by its UID, else by its accession number; found is false if
// there is none. The newest counts, and it may be cancelled. An order that names another study
// is not this one's, whatever its accession number. One that can't be read is passed over, and
// logged: its study is analysed as if nothing had been ordered.
func (b *Book) Find(accession, studyUID string) (order Order, found bool, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(ordersBucket)
		for _, name := range b.names(accession, studyUID) {
			value := bucket.Get(name)
			if value == nil {
				continue
			}
			filed, err := b.open(name, value)
			if err != nil {
				b.log.Error("an order can't be read: its study is taken as without one; have the order sent again", "error", err)
				continue
			}
			if filed.StudyUID != "" && studyUID != "" && filed.StudyUID != studyUID {
				continue
			}
			if !found || filed.At.After(order.At) {
				order, found = filed, true
			}
		}
		return nil
	})
	if err != nil {
		return Order{}, false, fmt.Errorf("find an order: %w", err)
	}
	return order, found, nil
}

// Prune forgets what was filed before a time and returns how many names that were.
func (b *Book) Prune(before time.Time) (int, error) {
	forgotten := 0
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(ordersBucket)
		var old [][]byte
		err := bucket.ForEach(func(name, value []byte) error {
			if len(value) < stampBytes || stamp(value).Before(before) {
				old = append(old, name)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, name := range old {
			if err := bucket.Delete(name); err != nil {
				return err
			}
		}
		forgotten = len(old)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("forget old orders: %w", err)
	}
	b.filed -= forgotten
	return forgotten, nil
}

// names are the keys of an order, the study's first.
func (b *Book) names(accessionNumber, studyUID string) [][]byte {
	var names [][]byte
	for _, part := range []struct{ label, value string }{{study, studyUID}, {accession, accessionNumber}} {
		if part.value != "" {
			mac := hmac.New(sha256.New, b.nameKey)
			mac.Write([]byte(part.label + part.value))
			names = append(names, mac.Sum(nil))
		}
	}
	return names
}

// seal writes an order as its time (seconds since 1970, big endian), which the seal binds
// together with the name, and the ciphertext.
func (b *Book) seal(name []byte, order Order) ([]byte, error) {
	plain, err := json.Marshal(order)
	if err != nil {
		return nil, err
	}
	value := binary.BigEndian.AppendUint64(nil, uint64(order.At.Unix()))
	return b.aead.Seal(value, nil, plain, append(append([]byte(nil), name...), value...)), nil
}

func (b *Book) open(name, value []byte) (Order, error) {
	var order Order
	if len(value) < stampBytes {
		return order, errUnread
	}
	plain, err := b.aead.Open(nil, nil, value[stampBytes:], append(append([]byte(nil), name...), value[:stampBytes]...))
	if err != nil || json.Unmarshal(plain, &order) != nil {
		return Order{}, errUnread
	}
	return order, nil
}

func stamp(value []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(value[:stampBytes])), 0)
}
