package epoch

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
)

// BundleFile is an epoch as it travels: one gzip member (RFC 1952, no name, no time) around
// a tar archive (POSIX.1-1988 ustar, mode 0644, owner 0, time 0) of InputsFile and then
// SummaryFile, exactly. `tar xzf` gives the folder back. The same epoch is the same archive,
// byte for byte; its address is the SHA-256 of its first file, which stands on chain as the
// dataset hash and does not depend on how well anybody compresses.
const BundleFile = "bundle.tar.gz"

// MaxBundleBytes bounds a bundle before it is read. Statements shrink to about a third:
// what is random in them, signatures and hashes, is written as hex.
const MaxBundleBytes = 256 << 20

// ErrBundle says that a file is no bundle, or not the one that was asked for.
var ErrBundle = errors.New("this is not the epoch's bundle; take it from another coordinator")

// pack writes the bundle of the two files.
func pack(w io.Writer, inputs, summary []byte) error {
	zip := gzip.NewWriter(w)
	archive := tar.NewWriter(zip)
	for _, f := range []struct {
		name string
		data []byte
	}{{InputsFile, inputs}, {SummaryFile, summary}} {
		if err := archive.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}); err != nil {
			return fmt.Errorf("write bundle: %s: %w", f.name, err)
		}
		if _, err := archive.Write(f.data); err != nil {
			return fmt.Errorf("write bundle: %s: %w", f.name, err)
		}
	}
	if err := errors.Join(archive.Close(), zip.Close()); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}

// Unpack writes the two files of a bundle into the empty folder dir. The inputs must have
// the hash want; the zero hash takes any. Nothing of either file is interpreted, so a
// stranger's bundle costs no more than its bounded bytes. A bundle of another shape or
// hash is ErrBundle.
func Unpack(r io.Reader, dir string, want common.Hash) error {
	limited := &io.LimitedReader{R: r, N: MaxBundleBytes + 1}
	packed := bufio.NewReader(limited)
	zip, err := gzip.NewReader(packed)
	if err != nil {
		return fmt.Errorf("unpack bundle: %w: %w", err, ErrBundle)
	}
	zip.Multistream(false)
	archive := tar.NewReader(zip)
	for _, f := range []struct {
		name  string
		limit int64
		want  common.Hash
	}{{InputsFile, MaxInputsBytes, want}, {SummaryFile, MaxSummaryBytes, common.Hash{}}} {
		head, err := archive.Next()
		if err != nil || head.Name != f.name || head.Typeflag != tar.TypeReg || head.Size > f.limit {
			return fmt.Errorf("unpack bundle: %s is missing, or larger than %d bytes: %w", f.name, f.limit, ErrBundle)
		}
		if err := unpackFile(archive, filepath.Join(dir, f.name), head.Size, f.want); err != nil {
			return err
		}
	}
	if _, err := archive.Next(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("unpack bundle: something follows %s: %w", SummaryFile, ErrBundle)
	}
	// To the end of the gzip member, where its checksum is compared, and of the file.
	rest, err := io.Copy(io.Discard, io.LimitReader(zip, 1))
	if _, more := packed.Peek(1); err != nil || rest > 0 || !errors.Is(more, io.EOF) || limited.N == 0 {
		return fmt.Errorf("unpack bundle: it does not end where its archive does: %w", ErrBundle)
	}
	return nil
}

// watched remembers the error of its reader, so that a stranger's fault is told from that
// of the own disk.
type watched struct {
	io.Reader
	fault error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.fault = err
	}
	return n, err
}

func unpackFile(from io.Reader, path string, size int64, want common.Hash) error {
	hash, source := sha256.New(), &watched{Reader: from}
	err := writeSynced(path, func(w io.Writer) error {
		n, err := io.Copy(io.MultiWriter(w, hash), io.LimitReader(source, size))
		if err == nil && n != size {
			source.fault = io.ErrUnexpectedEOF
		}
		return err
	})
	if source.fault != nil {
		return fmt.Errorf("unpack bundle: %s: %w: %w", filepath.Base(path), source.fault, ErrBundle)
	}
	if err != nil {
		return fmt.Errorf("unpack bundle: %w", err)
	}
	if got := common.Hash(hash.Sum(nil)); want != (common.Hash{}) && got != want {
		return fmt.Errorf("unpack bundle: %s has hash %s, want %s: %w", filepath.Base(path), got, want, ErrBundle)
	}
	return nil
}

// Complete adds to epoch n's folder what an earlier version did not write: the bundle and
// the proofs. It changes no file that is there; fs.ErrNotExist when the epoch is not here.
func (a Archive) Complete(n uint64) error {
	var missing []string
	for _, name := range []string{BundleFile, ProofsFile} {
		if _, err := os.Stat(a.file(n, name)); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	b, err := Read(a.Dir(n))
	if err != nil {
		return err
	}
	for _, name := range missing {
		content := b.Summary.writeProofs
		if name == BundleFile {
			content = func(w io.Writer) error { return packFolder(w, a.Dir(n)) }
		}
		temp := a.file(n, "."+name)
		if err := errors.Join(os.RemoveAll(temp), writeSynced(temp, content)); err != nil {
			return fmt.Errorf("complete epoch %d: %w", n, err)
		}
		if err := os.Rename(temp, a.file(n, name)); err != nil {
			return fmt.Errorf("complete epoch %d: %w", n, err)
		}
	}
	return syncFolder(a.Dir(n))
}

// packFolder writes the bundle of the files as they stand in dir.
func packFolder(w io.Writer, dir string) error {
	inputs, err := readBounded(filepath.Join(dir, InputsFile), MaxInputsBytes)
	if err != nil {
		return err
	}
	summary, err := readBounded(filepath.Join(dir, SummaryFile), MaxSummaryBytes)
	if err != nil {
		return err
	}
	return pack(w, inputs, summary)
}
