package fetch

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/medhive/medhive/models"
)

// Folder is a package folder on this machine.
type Folder string

// Open implements Source. Only plain files below the folder are opened.
func (d Folder) Open(_ context.Context, name string, offset int64) (io.ReadCloser, int64, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, 0, Final(fmt.Errorf("open the package's folder: %w", models.WithoutPath(err)))
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err != nil {
		return nil, 0, notThere(err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, Final(fmt.Errorf("%s is no plain file", name))
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, 0, notThere(err)
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, offset, nil
}

func notThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fs.ErrNotExist
	}
	return Final(models.WithoutPath(err))
}

// Bounds of a tar: what a package may have, and a little for headers.
const (
	maxEntries  = 32 // files, layers, and the folders that people pack with them
	maxTarFrame = 1 << 20
	maxTarBytes = models.MaxWeightsBytes + 512<<20 + models.MaxCardBytes + models.MaxManifestBytes + maxTarFrame
)

// Unpack writes the files of a package's tar into dir, at most limit bytes in all. The
// package's files lie at the top of the tar or in one folder. Nothing in it decides where
// on disk it goes, and nothing gets larger than it is in the tar: a sparse file is refused.
func Unpack(archive io.Reader, dir string, limit int64) error {
	limit = min(limit, maxTarBytes)
	r := tar.NewReader(io.LimitReader(archive, maxTarBytes))
	folder, files := "", 0
	for n := 1; ; n++ {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpack model package: %w; fetch it again, and unpack it first if it is compressed", err)
		}
		if n > maxEntries {
			return fmt.Errorf("unpack model package: more than %d files; this is no model package", maxEntries)
		}
		if header.Typeflag == tar.TypeDir {
			continue // makes nothing
		}
		parent, name := filepath.Split(filepath.Clean("/" + header.Name))
		if files++; files == 1 {
			folder = parent
		}
		switch {
		case header.Typeflag != tar.TypeReg || sparse(header):
			return fmt.Errorf("unpack model package: entry %d is no plain file; pack it again, as plain files", n)
		case parent != folder || filepath.Dir(filepath.Clean(parent)) != "/":
			return fmt.Errorf("unpack model package: entry %d lies in another folder; this is no model package", n)
		case header.Size > models.MaxWeightsBytes:
			return fmt.Errorf("unpack model package: entry %d has %d bytes; no file of a model package has more than %d", n, header.Size, int64(models.MaxWeightsBytes))
		case header.Size > limit:
			return fmt.Errorf("unpack model package: with entry %d it has more bytes than the store has room for; raise that with `medhive model quota`, or unpin a model", n)
		}
		limit -= header.Size
		if err := unpackFile(r, filepath.Join(dir, filepath.Base(name)), header.Size); err != nil {
			return fmt.Errorf("unpack model package: entry %d: %w", n, models.WithoutPath(err))
		}
	}
}

// sparse says whether a file's bytes are not all in the archive.
func sparse(header *tar.Header) bool {
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// unpackFile writes exactly size bytes.
func unpackFile(r io.Reader, path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, r, size)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return errors.Join(err, f.Close())
}
