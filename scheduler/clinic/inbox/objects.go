package inbox

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Bounds of a folder or zip that is taken in one go.
const (
	maxObjects = 100_000
	// maxDirectoryBytes bounds the list of contents of a zip, which is read into memory as it
	// stands: some 100,000 names of 300 bytes.
	maxDirectoryBytes = 32 << 20
	// maxDepth of folders within folders.
	maxDepth = 32
)

// ErrNotReadable says that a folder, a zip or a file can't be taken in.
var ErrNotReadable = errors.New("it can't be read; check its path and rights, or export the study again")

// objectsOf gives every file of a folder, a zip or a file to use, in the order of their
// names; links are not followed. Names may say who the patient is.
func objectsOf(ctx context.Context, at string, use func(name string, body io.Reader) error) error {
	info, err := os.Stat(at)
	if err != nil {
		return fmt.Errorf("%w: %w", ofDisk(err), ErrNotReadable)
	}
	if info.IsDir() {
		root, err := os.OpenRoot(at)
		if err != nil {
			return fmt.Errorf("%w: %w", ofDisk(err), ErrNotReadable)
		}
		defer root.Close() // only read from
		left := maxObjects
		return folderObjects(ctx, root.FS(), ".", maxDepth, &left, use)
	}
	if !info.Mode().IsRegular() {
		return ErrNotReadable
	}
	file, err := os.Open(at)
	if err != nil {
		return fmt.Errorf("%w: %w", ofDisk(err), ErrNotReadable)
	}
	defer file.Close() // only read from
	return fileObjects(ctx, info.Name(), file, info.Size(), use)
}

// folderObjects goes through one folder.
func folderObjects(ctx context.Context, in fs.FS, folder string, depth int, left *int, use func(string, io.Reader) error) error {
	if depth < 0 {
		return nil
	}
	entries, err := fs.ReadDir(in, folder)
	if err != nil {
		return fmt.Errorf("%w: %w", ofDisk(err), ErrNotReadable)
	}
	for _, entry := range entries {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		name := path.Join(folder, entry.Name())
		switch {
		case unwanted(entry.Name()):
		case entry.IsDir():
			err = folderObjects(ctx, in, name, depth-1, left, use)
		case entry.Type().IsRegular():
			if *left--; *left < 0 {
				return ErrTooLarge
			}
			err = oneObject(in, name, use)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func oneObject(in fs.FS, name string, use func(string, io.Reader) error) error {
	file, err := in.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ofDisk(err), ErrNotReadable)
	}
	defer file.Close() // only read from
	return use(name, file)
}

// unwanted names are those of systems and of discs' lists of contents.
func unwanted(name string) bool {
	return strings.HasPrefix(name, ".") || strings.EqualFold(name, "DICOMDIR") || name == "__MACOSX"
}

// fileObjects is a zip's files, or the file itself.
func fileObjects(ctx context.Context, name string, file io.ReaderAt, size int64, use func(string, io.Reader) error) error {
	var start [4]byte
	if _, err := file.ReadAt(start[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", ofDisk(err), ErrNotReadable)
	}
	if string(start[:]) != "PK\x03\x04" && string(start[:]) != "PK\x05\x06" {
		return use(name, io.NewSectionReader(file, 0, size))
	}
	if err := smallDirectory(file, size); err != nil {
		return err
	}
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return ErrNotReadable
	}
	if len(archive.File) > maxObjects {
		return ErrTooLarge
	}
	for _, entry := range archive.File {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if !entry.Mode().IsRegular() || unwanted(path.Base(entry.Name)) || strings.HasPrefix(entry.Name, "__MACOSX/") {
			continue
		}
		body, err := entry.Open()
		if err != nil {
			return ErrNotReadable
		}
		err = use(entry.Name, body)
		_ = body.Close() // only read from; it says again what reading said
		if err != nil {
			return err
		}
	}
	return nil
}

// smallDirectory says whether the list of contents of a zip is small enough to be read. Its
// length stands in the end record (APPNOTE 4.3.16), in the last 64 KiB.
func smallDirectory(file io.ReaderAt, size int64) error {
	const endBytes, lengthAt = 22, 12
	tail := make([]byte, min(size, endBytes+1<<16))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", ofDisk(err), ErrNotReadable)
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || len(tail)-at < endBytes {
		return ErrNotReadable
	}
	// One of 4 GiB and more, which stands in another record then, says so by all ones.
	if binary.LittleEndian.Uint32(tail[at+lengthAt:]) > maxDirectoryBytes {
		return ErrTooLarge
	}
	return nil
}

// looksLikeDICOM reads the beginning of a file and gives it back with the rest.
func looksLikeDICOM(body io.Reader) (whole io.Reader, yes bool, err error) {
	start := make([]byte, preambleBytes+len(magic))
	n, _, err := fill(body, start)
	if err != nil {
		return nil, false, err
	}
	start = start[:n]
	yes = n == preambleBytes+len(magic) && string(start[preambleBytes:]) == magic
	return io.MultiReader(bytes.NewReader(start), body), yes, nil
}
