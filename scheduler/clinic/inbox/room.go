package inbox

import (
	"fmt"
	"sync/atomic"
)

// Storage is how full the inbox is.
type Storage struct {
	Bytes    int64 // of all studies that are kept
	Free     int64 // bytes that the file system has left
	Limit    int64 // Config.MaxBytes
	Arriving int   // studies that come in
	Waiting  int   // studies that are complete and not yet taken
}

// Storage says how full the inbox is.
func (b *Inbox) Storage() (Storage, error) {
	free, err := b.disk.free(b.folder)
	if err != nil {
		return Storage{}, fmt.Errorf("measure the inbox: %w", ofDisk(err))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return Storage{Bytes: b.room.used.Load(), Free: free, Limit: b.config.MaxBytes, Arriving: len(b.arriving), Waiting: len(b.waiting) + len(b.handed)}, nil
}

// room is the space that the inbox may take.
type room struct {
	disk     disk
	folder   string
	limit    int64 // of used; 0: none
	keepFree int64
	used     atomic.Int64
	unseen   atomic.Int64 // bytes that were taken since the file system was asked
}

// askEvery is after how many bytes the file system is asked again what it has left.
const askEvery = 8 << 20

// check asks whether there is room for anything.
func (r *room) check() error {
	r.unseen.Store(0)
	free, err := r.disk.free(r.folder)
	switch {
	case err != nil:
		return ofDisk(err)
	case free < r.keepFree:
		return ErrFull
	case r.limit > 0 && r.used.Load() >= r.limit:
		return ErrFull
	}
	return nil
}

// take counts n bytes as used, also where it refuses them.
func (r *room) take(n int64) error {
	if used := r.used.Add(n); r.limit > 0 && used > r.limit {
		return ErrFull
	}
	if r.unseen.Add(n) > askEvery {
		return r.check()
	}
	return nil
}

func (r *room) give(n int64) { r.used.Add(-n) }
