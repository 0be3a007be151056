package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
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
}

// Folder is a BlobStore in one directory of the machine's own disk.
type Folder struct{ dir string }

// blobName keeps names inside the folder.
var blobName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,127}$`)

// ErrNoBlob says that nothing is stored under a name.
var ErrNoBlob = errors.New("no ciphertext is stored under this name")

// NewFolder makes dir, readable by its owner only, if it is missing.
func NewFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make ciphertext folder: %w; check the data directory's permissions", err)
	}
	return &Folder{dir: dir}, nil
}

func (f *Folder) path(name string) (string, error) {
	if !blobName.MatchString(name) {
		return "", fmt.Errorf("ciphertext name %.80q: want lower-case letters, digits, dots and hyphens", name)
	}
	return filepath.Join(f.dir, name), nil
}

// Put implements BlobStore: a temporary file, fsync, rename, fsync of the folder.
func (f *Folder) Put(_ context.Context, name string, write func(io.Writer) error) (err error) {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(f.dir, ".partial-*")
	if err != nil {
		return fmt.Errorf("store ciphertext: %w; check free space and permissions of the data directory", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("store ciphertext: %w", err), ignoreClosed(tmp.Close()), os.Remove(tmp.Name()))
		}
	}()
	if err = write(tmp); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(f.dir)
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

// Delete implements BlobStore.
func (f *Folder) Delete(_ context.Context, name string) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("delete ciphertext %.12s…: %w", name, err)
	}
	return nil
}
