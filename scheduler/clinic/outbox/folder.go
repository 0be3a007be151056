package outbox

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/medhive/medhive/models"
)

// Folder is the carrier into a folder that others read. Each result gets a folder of its own
// below root, of the same name as the one that it comes from; it appears whole. root is never
// made: a share that is not mounted must not be mistaken for an empty disk.
func Folder(root string) Carrier { return folder{root} }

type folder struct{ root string }

// Rights of what others are to read.
const (
	sharedFolder = 0o750
	sharedFile   = 0o640
)

// Takes is true for every form.
func (folder) Takes(Form) bool { return true }

// Carry copies the items.
func (f folder) Carry(ctx context.Context, items []Item, taken func(Item) error) error {
	if len(items) == 0 {
		return nil
	}
	name := filepath.Base(filepath.Dir(items[0].Path))
	if err := f.copy(ctx, name, items); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &Failure{Fault: faultOfDisk(err), Err: withoutPath(err)}
	}
	for _, i := range items {
		if err := taken(i); err != nil {
			return err
		}
	}
	return nil
}

// copy brings items into the folder name below root, durably.
func (f folder) copy(ctx context.Context, name string, items []Item) error {
	if _, err := os.Stat(f.root); err != nil {
		return err
	}
	to, staging := filepath.Join(f.root, name), filepath.Join(f.root, ".staging-"+name)
	if err := errors.Join(os.RemoveAll(staging), os.Mkdir(staging, sharedFolder)); err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	for _, i := range items {
		if err := copyFile(ctx, filepath.Join(staging, i.File), i); err != nil {
			return err
		}
	}
	if err := syncFolder(staging); err != nil {
		return err
	}
	_, err := os.Stat(to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.Rename(staging, to)
	case err == nil: // from an attempt before, or other forms of the same result: file by file
		for _, i := range items {
			if err := os.Rename(filepath.Join(staging, i.File), filepath.Join(to, i.File)); err != nil {
				return err
			}
		}
		err = syncFolder(to)
	}
	if err != nil {
		return err
	}
	return syncFolder(f.root)
}

// copyFile copies an item and makes sure of what arrived.
func copyFile(ctx context.Context, to string, i Item) error {
	from, err := os.Open(i.Path)
	if err != nil {
		return err
	}
	defer from.Close()
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, sharedFile)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, h), untilDone{ctx, from})
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if models.Digest(h.Sum(nil)) != i.SHA256 {
		return fmt.Errorf("copy %s: it changed meanwhile", i.File)
	}
	return nil
}

// untilDone reads until ctx ends.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func faultOfDisk(err error) Fault {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return NoRoom
	case errors.Is(err, fs.ErrPermission):
		return Denied
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EIO), errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.ENOTCONN):
		return Unreachable
	}
	return Other
}
