package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
)

// Blob is stored ciphertext, readable anywhere.
type Blob interface {
	io.ReaderAt
	io.Closer
}

// BlobStore keeps ciphertext under a name. Put is whole or nothing and durable
// when it returns; Delete of a missing name is no error.
type BlobStore interface {
	Put(ctx context.Context, name string, write func(io.Writer) error) error
	Open(ctx context.Context, name string) (Blob, error)
	Delete(ctx context.Context, name string) error
	// List names what is stored, in no order; what is being put is not among it.
	List(ctx context.Context) ([]string, error)
}

// keepFreeBytes is what a Folder leaves free on its disk: a state database that can't
// grow any more stops a role, a payload that is refused stops one task.
const keepFreeBytes = 256 << 20

// checkEveryBytes is how much is written between two looks at the disk.
const checkEveryBytes = 16 << 20

// Folder is a BlobStore in one directory of the machine's own disk, used by one
// process. It is safe for concurrent use.
type Folder struct {
	dir   string
	quota int64 // bytes of all blobs together; 0: whatever the disk has
	free  func(dir string) (int64, error)

	mu   sync.Mutex
	used int64 // bytes of whole and of growing blobs; guarded by mu
}

// blobName keeps names inside the folder.
var blobName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,127}$`)

// partialPrefix marks what was not finished; no blob's name begins so.
const partialPrefix = ".partial-"

// ErrNoBlob says that nothing is stored under a name.
var ErrNoBlob = errors.New("no ciphertext is stored under this name")

// ErrNoRoom says that a blob does not fit: into the quota, or onto the disk with
// 256 MiB left for everything else.
var ErrNoRoom = errors.New("no room for more ciphertext; free disk space, raise the quota, or wait until tasks have ended")

// NewFolder makes dir, readable by its owner only, if it is missing, and removes what
// a crash left half written.
func NewFolder(dir string) (*Folder, error) { return NewFolderWithin(dir, 0) }

// NewFolderWithin is NewFolder with a limit to the bytes of all blobs together; 0 is
// no limit but the disk's.
func NewFolderWithin(dir string, quotaBytes int64) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make ciphertext folder: %w; check the data directory's permissions", err)
	}
	f := &Folder{dir: dir, quota: quotaBytes, free: freeBytes}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read ciphertext folder: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), partialPrefix) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, fmt.Errorf("remove unfinished ciphertext: %w", err)
			}
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("read ciphertext folder: %w", err)
		}
		f.used += info.Size()
	}
	return f, nil
}

func (f *Folder) path(name string) (string, error) {
	if !blobName.MatchString(name) {
		return "", fmt.Errorf("ciphertext name %.80q: want lower-case letters, digits, dots and hyphens", name)
	}
	return filepath.Join(f.dir, name), nil
}

// take reserves n more bytes of the quota, or gives back what n < 0 says.
func (f *Folder) take(n int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n > 0 && f.quota > 0 && f.used+n > f.quota {
		return fmt.Errorf("%d of %d bytes are in use: %w", f.used, f.quota, ErrNoRoom)
	}
	f.used += n
	return nil
}

// Room is nil where another blob may begin, and else ErrNoRoom with the figures: who asks
// before it promises work need not fail at it.
func (f *Folder) Room() error {
	f.mu.Lock()
	used := f.used
	f.mu.Unlock()
	if f.quota > 0 && used >= f.quota {
		return fmt.Errorf("%d of %d bytes are in use: %w", used, f.quota, ErrNoRoom)
	}
	free, err := f.free(f.dir)
	if err != nil {
		return fmt.Errorf("look at the disk: %w", err)
	}
	if free < keepFreeBytes {
		return fmt.Errorf("%d bytes are free on the disk: %w", free, ErrNoRoom)
	}
	return nil
}

// bounded writes a growing blob inside the folder's bounds.
type bounded struct {
	f         *Folder
	w         io.Writer
	taken     int64 // of the quota
	unchecked int64 // written since the last look at the disk
}

func (b *bounded) Write(p []byte) (int, error) {
	if err := b.f.take(int64(len(p))); err != nil {
		return 0, err
	}
	b.taken += int64(len(p))
	if b.unchecked += int64(len(p)); b.unchecked >= checkEveryBytes || b.taken == int64(len(p)) {
		b.unchecked = 0
		if free, err := b.f.free(b.f.dir); err != nil {
			return 0, err
		} else if free < keepFreeBytes {
			return 0, fmt.Errorf("%d bytes are free on the disk: %w", free, ErrNoRoom)
		}
	}
	n, err := b.w.Write(p)
	if errors.Is(err, syscall.ENOSPC) {
		err = fmt.Errorf("%w: %w", err, ErrNoRoom)
	}
	return n, err
}

// Put implements BlobStore: a temporary file, fsync, rename, fsync of the folder.
func (f *Folder) Put(_ context.Context, name string, write func(io.Writer) error) (err error) {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(f.dir, partialPrefix+"*")
	if err != nil {
		return fmt.Errorf("store ciphertext: %w; check free space and permissions of the data directory", err)
	}
	w, whole := &bounded{f: f, w: tmp}, false
	defer func() {
		if err != nil && !whole {
			err = errors.Join(fmt.Errorf("store ciphertext: %w", err), ignoreClosed(tmp.Close()), ignoreMissing(os.Remove(tmp.Name())), f.take(-w.taken))
		}
	}()
	if err = write(w); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	replaced := sizeOf(path)
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	whole = true
	_ = f.take(-replaced) // giving back has no error
	if err := syncFolder(f.dir); err != nil {
		return fmt.Errorf("store ciphertext: %w", err)
	}
	return nil
}

// sizeOf is a blob's size, 0 if there is none.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Open implements BlobStore.
func (f *Folder) Open(_ context.Context, name string) (Blob, error) {
	path, err := f.path(name)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open ciphertext %.12s…: %w", name, ErrNoBlob)
	}
	if err != nil {
		return nil, fmt.Errorf("open ciphertext %.12s…: %w", name, err)
	}
	return file, nil
}

// List implements BlobStore. Files with names that no blob has are not listed.
func (f *Folder) List(context.Context) ([]string, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, fmt.Errorf("list ciphertext: %w; check the data directory's permissions", err)
	}
	var names []string
	for _, e := range entries {
		if blobName.MatchString(e.Name()) && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Delete implements BlobStore.
func (f *Folder) Delete(_ context.Context, name string) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	size := sizeOf(path)
	if err := os.Remove(path); errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("delete ciphertext %.12s…: %w", name, err)
	}
	return f.take(-size)
}
