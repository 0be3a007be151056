package dicomweb

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

const (
	maxItems     = 10_000    // of a book; ended ones are pruned
	maxItemBytes = 512 << 10 // of one, with all that was added to it
	maxBookBytes = 64 << 20  // of all of them, as they lie on disk
	maxNewBytes  = 48 << 20  // … beyond which none is added: what was asked for can still go on
	endBytes     = 8 << 10   // by which what ends one may exceed that: it is how a full book gets room
	maxNamed     = 64        // studies and accession numbers of one
	lockPatience = 5 * time.Second
	keyBytes     = 32
)

// itemsBucket maps the keyed hash of a UID to a work item, sealed. sealBucket holds one value
// of fixed words, sealed with the same key, by which another key is noticed; books of before it
// have none.
var (
	itemsBucket = []byte("dicomweb.workitems.v1")
	sealBucket  = []byte("dicomweb.workitems.seal.v1")
	sealName    = []byte("key")
	sealWords   = []byte("the key of this book of work items")
)

// What is wrong with an item, or with all of them.
var (
	errKey  = errors.New("it was sealed with another key, or it is damaged; give the clinic the key file that belongs to its book")
	errItem = errors.New("its words can't be read") // the decoder's own may quote them
)

// Book is a Workitems on disk. Its values are sealed with a key that lies elsewhere, and its
// keys tell no UID. An item that can't be read is passed over in lists, and logged.
type Book struct {
	db      *bolt.DB
	aead    cipher.AEAD
	hashKey []byte
	changed func(Workitem)
	log     *slog.Logger
	most    int // bytes of all items, maxBookBytes
	mostNew int // maxNewBytes

	mu    sync.Mutex // held over a change and the word of it, so that changes are told in their order
	index *index     // of what is on disk; it has a lock of its own
}

// OpenBook opens the book at path, or makes it. changed, if set, is told of each new and each
// changed item once it is on disk; it must not call the book, and what it does not get to
// before a crash All tells at the next start. A key that is not the book's is noticed here.
// log may be nil.
func OpenBook(path string, secret [32]byte, changed func(Workitem), log *slog.Logger) (*Book, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: lockPatience})
	if err != nil {
		return nil, fmt.Errorf("open the book of work items: %w", pathless(err))
	}
	b := &Book{db: db, changed: changed, log: log, most: maxBookBytes, mostNew: maxNewBytes, index: newIndex()}
	if b.changed == nil {
		b.changed = func(Workitem) {}
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	err = b.prepare(secret)
	if err == nil {
		err = syncFolder(filepath.Dir(path)) // so that a new book is there after a power cut
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the book of work items: %w", err), db.Close())
	}
	return b, nil
}

// pathless drops the path of an error.
func pathless(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	return err
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return pathless(err)
	}
	return pathless(errors.Join(folder.Sync(), folder.Close()))
}

func (b *Book) prepare(secret [32]byte) error {
	sealing, err := hkdf.Key(sha256.New, secret[:], nil, "medhive/workitems/seal/1", keyBytes)
	if err != nil {
		return err
	}
	if b.hashKey, err = hkdf.Key(sha256.New, secret[:], nil, "medhive/workitems/name/1", keyBytes); err != nil {
		return err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return err
	}
	if b.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return err
	}
	return b.db.Update(b.load)
}

// load fills the index and holds the key against what it sealed.
func (b *Book) load(tx *bolt.Tx) error {
	items, err := tx.CreateBucketIfNotExists(itemsBucket)
	if err != nil {
		return err
	}
	seal, err := tx.CreateBucketIfNotExists(sealBucket)
	if err != nil {
		return err
	}
	sealed := seal.Get(sealName)
	if sealed != nil {
		if words, err := b.aead.Open(nil, nil, sealed, sealName); err != nil || !bytes.Equal(words, sealWords) {
			return errKey
		}
	}
	all, unread := 0, 0
	err = items.ForEach(func(name, value []byte) error {
		all++
		if len(name) != nameBytes {
			unread++
			return nil
		}
		item, err := b.open(name, value)
		if err != nil {
			unread++
			b.index.block(name, len(value))
			return nil
		}
		b.index.put(name, item, len(value))
		return nil
	})
	if err != nil {
		return err
	}
	if sealed == nil && all > 0 && unread == all {
		return errKey // nothing of an older book can be read
	}
	if unread > 0 {
		b.log.Error("work items can't be read: they are left as they are, ask for that work again", "items", unread)
	}
	if sealed != nil {
		return nil
	}
	return seal.Put(sealName, b.aead.Seal(nil, nil, sealWords, sealName))
}

// Close closes the file.
func (b *Book) Close() error { return b.db.Close() }

func (b *Book) name(uid string) []byte {
	h := hmac.New(sha256.New, b.hashKey)
	h.Write([]byte(uid))
	return h.Sum(nil)[:nameBytes]
}

// put writes an item and returns how many bytes it has on disk. fresh is of one that is added.
func (b *Book) put(tx *bolt.Tx, item Workitem, fresh bool) (size int, err error) {
	data, err := json.Marshal(item)
	if err != nil {
		return 0, err
	}
	// What is deeper could be written, and never read again.
	if len(data) > maxItemBytes || item.Attributes.depth() > maxDepth || len(item.StudyUIDs())+len(item.AccessionNumbers()) > maxNamed {
		return 0, errLarge
	}
	name := b.name(item.UID)
	sealed := b.aead.Seal(nil, nil, data, name)
	growth := len(sealed) - b.index.sizeOf(name)
	switch full := b.index.bytes() + growth; {
	case growth <= 0, item.State.final() && growth <= endBytes:
	case full > b.most, fresh && full > b.mostNew:
		return 0, ErrFull
	}
	return len(sealed), tx.Bucket(itemsBucket).Put(name, sealed)
}

func (b *Book) open(name, sealed []byte) (item Workitem, err error) {
	data, err := b.aead.Open(nil, nil, sealed, name)
	if err != nil {
		return item, errKey
	}
	if err := json.Unmarshal(data, &item); err != nil {
		return Workitem{}, errItem
	}
	return item, nil
}

// Create implements Workitems.
func (b *Book) Create(_ context.Context, item Workitem) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	name, size := b.name(item.UID), 0
	err := b.db.Update(func(tx *bolt.Tx) (err error) {
		if tx.Bucket(itemsBucket).Get(name) != nil {
			return ErrExists
		}
		if b.index.count() >= maxItems {
			return ErrFull
		}
		size, err = b.put(tx, item, true)
		return err
	})
	if err != nil {
		return fmt.Errorf("add a work item: %w", err)
	}
	b.index.put(name, item, size)
	b.changed(item)
	return nil
}

// Get implements Workitems.
func (b *Book) Get(_ context.Context, uid string) (Workitem, error) {
	return b.read(b.name(uid))
}

func (b *Book) read(name []byte) (item Workitem, err error) {
	err = b.db.View(func(tx *bolt.Tx) error {
		item, err = b.find(tx, name)
		return err
	})
	return item, err
}

func (b *Book) find(tx *bolt.Tx, name []byte) (Workitem, error) {
	sealed := tx.Bucket(itemsBucket).Get(name)
	if sealed == nil {
		return Workitem{}, ErrUnknown
	}
	item, err := b.open(name, sealed)
	if err != nil {
		return Workitem{}, fmt.Errorf("read a work item: %w", err)
	}
	return item, nil
}

// Change implements Workitems.
func (b *Book) Change(_ context.Context, uid string, change func(Workitem) (Workitem, error)) (next Workitem, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := 0
	err = b.db.Update(func(tx *bolt.Tx) error {
		item, err := b.find(tx, b.name(uid))
		if err != nil {
			return err
		}
		if next, err = change(item); err != nil {
			return err
		}
		next.UID = uid
		size, err = b.put(tx, next, false)
		return err
	})
	if err != nil {
		return Workitem{}, err
	}
	b.index.put(b.name(uid), next, size)
	b.changed(next)
	return next, nil
}

// All implements Workitems. It holds one item in memory at a time, and passes over one that
// can't be read.
func (b *Book) All(ctx context.Context, visit func(Workitem) bool) error {
	return b.visit(ctx, b.index.all(), visit)
}

// Open visits the items that have not ended, the oldest first, until visit returns false. It
// may change them.
func (b *Book) Open(ctx context.Context, visit func(Workitem) bool) error {
	return b.visit(ctx, b.index.open(), visit)
}

// Naming visits the items that have not ended and name a study or an accession number, the
// oldest first, until visit returns false. Others are not read. An empty name is nobody's.
func (b *Book) Naming(ctx context.Context, studyUID, accession string, visit func(Workitem) bool) error {
	return b.visit(ctx, b.index.naming(studyUID, accession), visit)
}

// visit reads each item by itself, so that visit may change the book.
func (b *Book) visit(ctx context.Context, order []itemName, visit func(Workitem) bool) error {
	for _, name := range order {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read the work items: %w", err)
		}
		item, err := b.read(name[:])
		switch {
		case errors.Is(err, ErrUnknown): // it was pruned a moment ago
		case errors.Is(err, errKey), errors.Is(err, errItem):
			b.index.spoil(name)
			b.log.Error("a work item can't be read: it is left as it is, ask for that work again", "error", err)
		case err != nil:
			return fmt.Errorf("read the work items: %w", err)
		case !visit(item):
			return nil
		}
	}
	return nil
}

// Prune forgets the items that ended before a time, and says how many those were.
func (b *Book) Prune(before time.Time) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.index.ended(before)
	err := b.db.Update(func(tx *bolt.Tx) error {
		for _, name := range old {
			if err := tx.Bucket(itemsBucket).Delete(name[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("prune the work items: %w", err)
	}
	for _, name := range old {
		b.index.remove(name[:])
	}
	return len(old), nil
}
