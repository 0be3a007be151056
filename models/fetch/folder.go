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
	maxTarFiles = 16
	maxTarBytes = models.MaxWeightsBytes + 512<<20 + models.MaxCardBytes + models.MaxManifestBytes + 1<<20
)

// Unpack writes the files of a package's tar into dir. The package's files lie at the
// top of the tar or in one folder. Nothing in it decides where on disk it goes.
func Unpack(archive io.Reader, dir string) error {
	r := tar.NewReader(io.LimitReader(archive, maxTarBytes))
	folder := ""
	for n := 0; ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpack model package: %w; fetch it again", err)
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		parent, name := filepath.Split(filepath.Clean("/" + header.Name))
		if n++; n == 1 {
			folder = parent
		}
		switch {
		case header.Typeflag != tar.TypeReg:
			return fmt.Errorf("unpack model package: entry %d is no plain file; this is no model package", n)
		case n > maxTarFiles:
			return fmt.Errorf("unpack model package: more than %d files; this is no model package", maxTarFiles)
		case parent != folder || filepath.Dir(filepath.Clean(parent)) != "/":
			return fmt.Errorf("unpack model package: entry %d lies in another folder; this is no model package", n)
		}
		if err := unpackFile(r, filepath.Join(dir, filepath.Base(name)), header.Size); err != nil {
			return fmt.Errorf("unpack model package: entry %d: %w", n, models.WithoutPath(err))
		}
	}
}

func unpackFile(r io.Reader, path string, size int64) error {
	if size > models.MaxWeightsBytes {
		return fmt.Errorf("it has %d bytes; the limit is %d", size, int64(models.MaxWeightsBytes))
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
