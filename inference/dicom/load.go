package dicom

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// LoadFiles reads a study: a folder with everything below it, a zip, or a single
// file. DICOMDIR, dot files and whatever is not a Part 10 file, such as the viewer
// on a disc, are left out; if nothing remains, that is a Refusal. Links are not
// followed. Files come back sorted by name.
func LoadFiles(path string, lim Limits) ([]File, error) {
	lim = lim.OrDefault()
	info, err := os.Stat(path)
	if err != nil {
		return nil, &Refusal{What: "study cannot be opened", Do: "check the path and its permissions", Err: withoutPath(err)}
	}
	if info.IsDir() {
		return loadFolder(path, lim, takeWhole)
	}
	if info.Size() > lim.MaxTotalBytes {
		return nil, tooLarge(lim)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &Refusal{What: "study cannot be read", Do: "check its permissions", Err: withoutPath(err)}
	}
	return LoadBytes(filepath.Base(path), data, lim)
}

// LoadBytes is LoadFiles for one file in memory, a zip or an instance of that name.
func LoadBytes(name string, data []byte, lim Limits) ([]File, error) {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06")) {
		return LoadZip(data, lim)
	}
	if !isPart10(data) {
		return nil, errNoDICOM
	}
	return []File{{Name: name, Data: data}}, nil
}

var errNoDICOM = &Refusal{What: "no DICOM file found", Do: "give the folder or zip that holds the exported series"}

func tooLarge(lim Limits) *Refusal {
	return &Refusal{What: "study is too large", Where: fmt.Sprintf("the limits are %d files and %d MiB", lim.MaxFiles, lim.MaxTotalBytes>>20), Do: "send the series that matters only"}
}

// withoutPath drops the path from a file error, as it may name a patient.
func withoutPath(err error) error {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

func isPart10(head []byte) bool {
	return len(head) >= preambleBytes+len(magic) && string(head[preambleBytes:preambleBytes+len(magic)]) == magic
}

// unwanted says whether a slash-separated name is skipped without a look inside.
func unwanted(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || part == "__MACOSX" {
			return true
		}
	}
	return strings.EqualFold(path.Base(name), "DICOMDIR")
}

func loadFolder(root string, lim Limits, take taker) ([]File, error) {
	var names []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return withoutPath(err)
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return withoutPath(err)
		}
		if relative = filepath.ToSlash(relative); relative == "." {
			return nil
		}
		if unwanted(relative) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.Type().IsRegular() {
			names = append(names, relative)
		}
		if len(names) > 2*lim.MaxFiles {
			return tooLarge(lim)
		}
		return nil
	})
	if err != nil {
		refusal := asRefusal(err)
		if refusal.Err != nil {
			refusal = &Refusal{What: "study folder cannot be read", Do: "check its permissions", Err: refusal.Err}
		}
		return nil, refusal
	}
	return readAll(names, lim, take, func(n int) (io.ReadCloser, int64, error) {
		file, err := os.Open(filepath.Join(root, filepath.FromSlash(names[n])))
		if err != nil {
			return nil, 0, withoutPath(err)
		}
		info, err := file.Stat()
		if err != nil {
			return nil, 0, errors.Join(withoutPath(err), file.Close())
		}
		return file, info.Size(), nil
	})
}

// maxDeflateRatio is a little more than deflate can reach (1032 : 1); an entry that
// declares more is lying.
const maxDeflateRatio = 1100

// LoadZip is LoadFiles for a zip in memory.
func LoadZip(data []byte, lim Limits) ([]File, error) {
	lim = lim.OrDefault()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, &Refusal{What: "zip is damaged", Do: "make the zip again", Err: err}
	}
	var names []string
	var entries []*zip.File
	for _, entry := range archive.File {
		if entry.Mode().IsRegular() && !strings.HasSuffix(entry.Name, "/") && !unwanted(entry.Name) {
			names = append(names, entry.Name)
			entries = append(entries, entry)
		}
	}
	if len(names) > 2*lim.MaxFiles {
		return nil, tooLarge(lim)
	}
	return readAll(names, lim, takeWhole, func(n int) (io.ReadCloser, int64, error) {
		entry := entries[n]
		if entry.UncompressedSize64/maxDeflateRatio > entry.CompressedSize64 {
			return nil, 0, &Refusal{What: "zip entry declares an impossible size", Do: "make the zip again"}
		}
		body, err := entry.Open()
		return body, int64(min(entry.UncompressedSize64, 1<<62)), err
	})
}

// taker makes a File of a body of size bytes, of which head has been read.
type taker func(head []byte, body io.Reader, size int64) (File, error)

// takeWhole reads the body into memory.
func takeWhole(head []byte, body io.Reader, size int64) (File, error) {
	damaged := func(err error) error { return &Refusal{What: "file is damaged", Do: exportAgain, Err: err} }
	data := make([]byte, max(size, int64(len(head))))
	copy(data, head)
	if _, err := io.ReadFull(body, data[len(head):]); err != nil {
		return File{}, damaged(err)
	}
	// One byte more than declared makes the reader check size and checksum.
	if extra, err := body.Read(make([]byte, 1)); extra != 0 || !errors.Is(err, io.EOF) {
		return File{}, damaged(err)
	}
	return File{Data: data}, nil
}

// readAll opens and takes every name on all threads, skips what is not DICOM and
// enforces the limits on what is.
func readAll(names []string, lim Limits, take taker, open func(n int) (io.ReadCloser, int64, error)) ([]File, error) {
	files := make([]File, len(names))
	var total, count atomic.Int64
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for n, name := range names {
		group.Go(func() error {
			where := func(r *Refusal) *Refusal { return r.at("file %d of %d", n+1, len(names)) }
			body, size, err := open(n)
			if err != nil {
				return where(asRefusal(err))
			}
			defer body.Close() // only read from: nothing is lost by a failed close
			head := make([]byte, preambleBytes+len(magic))
			if _, err := io.ReadFull(body, head); err != nil || !isPart10(head) {
				return nil
			}
			if size > lim.MaxFileBytes || total.Add(size) > lim.MaxTotalBytes || count.Add(1) > int64(lim.MaxFiles) {
				return tooLarge(lim)
			}
			file, err := take(head, body, size)
			if err != nil {
				return where(asRefusal(err))
			}
			file.Name = name
			files[n] = file
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, asRefusal(err)
	}
	files = slices.DeleteFunc(files, func(f File) bool { return f.Data == nil && f.disk == nil })
	if len(files) == 0 {
		return nil, errNoDICOM
	}
	slices.SortStableFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}
