package dicom

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
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
	lim = lim.orDefault()
	var files []File
	var total int64
	in := tar.NewReader(r)
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
		if head.Typeflag != tar.TypeReg || !filepath.IsLocal(head.Name) {
			return nil, refuse("study archive holds something that is not a plain file", nil)
		}
		if total += head.Size; head.Size < 0 || head.Size > lim.MaxFileBytes || total > lim.MaxTotalBytes || len(files) >= lim.MaxFiles {
			return nil, tooLarge(lim)
		}
		data := bytes.NewBuffer(make([]byte, 0, min(head.Size, firstBuffer)))
		if _, err := io.Copy(data, in); err != nil || int64(data.Len()) != head.Size {
			return nil, refuse("study archive is damaged", err)
		}
		files = append(files, File{Name: head.Name, Data: data.Bytes()})
	}
}
