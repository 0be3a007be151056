package inbox

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// disk is what the inbox does to its file system where that may be full or broken, so that
// a test can have it so.
type disk interface {
	// create makes a file that is not there yet.
	create(path string) (diskFile, error)
	// reopen opens a file to go on behind its first size bytes; what lies there is cut off.
	reopen(path string, size int64) (diskFile, error)
	syncFolder(path string) error
	// free is how many bytes a folder's file system has left.
	free(folder string) (int64, error)
}

// diskFile is a file that is being written.
type diskFile interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
	Close() error
}

// system is the machine's own disk.
type system struct{}

func (system) create(path string) (diskFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
}

func (system) reopen(path string, size int64) (diskFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() != size {
		err = f.Truncate(size)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// syncFolder makes new, renamed and removed names in a folder durable.
func (system) syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ofDisk is an error of the file system without the path in it; one that says that there is
// no room becomes ErrFull.
func ofDisk(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return ErrFull
	}
	var at *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &at):
		return at.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
