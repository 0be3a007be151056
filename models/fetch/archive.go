package fetch

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/store"
)

// archiveName is the tar in its download folder.
const archiveName = "package.tar"

// self reads the address of a tar as the one file of a source.
type self struct{ *HTTPS }

func (s self) Open(ctx context.Context, _ string, offset int64) (io.ReadCloser, int64, error) {
	return s.OpenSelf(ctx, offset)
}

// FetchArchive brings a package that is one tar on a web server. The tar is resumed like
// any file; if what was resumed turns out to be of another version, it is read once more
// from the start. Of a tar nothing is known before it is here, so it is bounded by what
// any package may have and by what the store could make room for.
func FetchArchive(ctx context.Context, into *store.Store, from *HTTPS, policy Policy, o Options) (store.Record, error) {
	key := models.DigestOf([]byte("tar " + from.base.String()))
	for again := false; ; again = true {
		staging, err := into.Resume(hex.EncodeToString(key[:]))
		if err != nil {
			return store.Record{}, fmt.Errorf("fetch a tar: %w", err)
		}
		_, statErr := os.Stat(filepath.Join(staging.Dir, archiveName+partSuffix))
		resumed := statErr == nil
		room, err := tarRoom(into)
		if err == nil {
			d := &download{from: self{from}, o: o.complete(), dir: staging.Dir}
			err = d.part(ctx, models.Part{Name: archiveName, Bytes: min(maxTarBytes, room), Optional: true})
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("the server has no such file; check the address")
		}
		if err != nil {
			return store.Record{}, errors.Join(fmt.Errorf("fetch a tar: %w", err), staging.Close())
		}
		record, err := admitArchive(ctx, into, filepath.Join(staging.Dir, archiveName), policy, o)
		staging.Discard()
		if err = errors.Join(err, staging.Close()); err == nil || again || !resumed {
			return record, err
		}
	}
}

// FromFile brings a package that is a tar on this machine.
func FromFile(ctx context.Context, into *store.Store, path string, policy Policy, o Options) (store.Record, error) {
	return admitArchive(ctx, into, path, policy, o)
}

// tarRoom is how large a tar may be whose package the store could take in now. That a
// package is here already is not known before its tar is read.
func tarRoom(into *store.Store) (int64, error) {
	largest, err := into.Largest()
	return largest + maxTarFrame, err
}

// admitArchive unpacks a tar beside the store's packages and fetches from there.
func admitArchive(ctx context.Context, into *store.Store, path string, policy Policy, o Options) (record store.Record, err error) {
	f, err := os.Open(path)
	if err != nil {
		return record, fmt.Errorf("open model package: %w; name its folder or its tar", models.WithoutPath(err))
	}
	defer f.Close()
	staging, err := into.Stage()
	if err != nil {
		return record, err
	}
	defer func() { err = errors.Join(err, staging.Close()) }()
	room, err := tarRoom(into)
	if err != nil {
		return record, err
	}
	if err := Unpack(f, staging.Dir, room); err != nil {
		return record, err
	}
	o.Progress = nil // reading what is here already is no progress
	return Fetch(ctx, into, Folder(staging.Dir), policy, o)
}
