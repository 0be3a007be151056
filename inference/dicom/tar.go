package dicom

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// firstBuffer is what is allocated for a declared file before its bytes arrive.
const firstBuffer = 1 << 20

// WriteTar packs files in their order. Equal files make equal bytes: there are no
// times, owners or modes but fixed ones.
func WriteTar(w io.Writer, files []File) error {
	out := tar.NewWriter(w)
	for n, f := range files {
		if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Mode: 0o644, Size: int64(len(f.Data))}); err != nil {
			return fmt.Errorf("pack file %d of %d: %w", n+1, len(files), err)
		}
		if _, err := out.Write(f.Data); err != nil {
			return fmt.Errorf("pack file %d of %d: %w", n+1, len(files), err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("pack files: %w", err)
	}
	return nil
}

// ReadTar unpacks what WriteTar made. Anything but regular files with relative
// names, and anything over the limits, is refused.
func ReadTar(r io.Reader, lim Limits) ([]File, error) {
	in := tar.NewReader(r)
	return unpack(in, lim, func(size int64) ([]byte, error) {
		data := bytes.NewBuffer(make([]byte, 0, min(size, firstBuffer)))
		_, err := io.Copy(data, in)
		return data.Bytes(), err
	})
}

// OpenTar is ReadTar for an archive in memory, without a copy: the files alias it.
func OpenTar(archive []byte, lim Limits) ([]File, error) {
	r := bytes.NewReader(archive)
	return unpack(tar.NewReader(r), lim, func(size int64) ([]byte, error) {
		at := int64(len(archive)) - int64(r.Len())
		if size > int64(r.Len()) {
			return nil, io.ErrUnexpectedEOF
		}
		return archive[at : at+size : at+size], nil
	})
}

// unpack lists the files of an archive; body gives the bytes of the current one.
func unpack(in *tar.Reader, lim Limits, body func(size int64) ([]byte, error)) ([]File, error) {
	lim = lim.OrDefault()
	var files []File
	var total int64
	for {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		refuse := func(what string, err error) *Refusal {
			return &Refusal{What: what, Where: fmt.Sprintf("file %d", len(files)+1), Do: "send the study again", Err: err}
		}
		if err != nil {
			return nil, refuse("study archive is damaged", err)
		}
		if head.Typeflag != tar.TypeReg || sparse(head) || !filepath.IsLocal(head.Name) {
			return nil, refuse("study archive holds something that is not a plain file", nil)
		}
		if total += head.Size; head.Size < 0 || head.Size > lim.MaxFileBytes || total > lim.MaxTotalBytes || len(files) >= lim.MaxFiles {
			return nil, tooLarge(lim)
		}
		data, err := body(head.Size)
		if err != nil || int64(len(data)) != head.Size {
			return nil, refuse("study archive is damaged", err)
		}
		files = append(files, File{Name: head.Name, Data: data})
	}
}

// sparse says whether a file's bytes are not all in the archive.
func sparse(head *tar.Header) bool {
	for key := range head.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}
