package epoch

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
)

// The files of an epoch's folder.
const (
	InputsFile  = "inputs.json" // Inputs: canonical JSON, one line; its SHA-256 stands on chain
	SummaryFile = "epoch.json"  // Summary: what follows, indented for people
)

// Beside them stand what is served to others, and follows from them: BundleFile and
// ProofsFile. Folders of earlier versions lack both; see Archive.Complete.

// Bounds of the files before they are read, and so when they are written. A receipt is
// about 2 kB, a node 0.6 kB of the inputs and, in a line, 1.3 to 2 kB of the summary: room
// for 200,000 statements of a quarter of a million nodes.
const (
	MaxInputsBytes  = 512 << 20
	MaxSummaryBytes = 512 << 20
)

// Write publishes the bundle as the folder dir, all or nothing: the files are
// written and synced beside it and the folder is renamed into place. Writing the
// same bundle again does nothing; another one under the same name is an error.
func (b Bundle) Write(dir string) error {
	inputs, err := b.Inputs.encode()
	if err != nil {
		return fmt.Errorf("write epoch %d: %w", b.Summary.Number, err)
	}
	summary, err := json.MarshalIndent(b.Summary, "", "  ")
	if err != nil {
		return fmt.Errorf("write epoch %d: %w", b.Summary.Number, err)
	}
	summary = append(summary, '\n')
	if len(inputs) > MaxInputsBytes || len(summary) > MaxSummaryBytes {
		return fmt.Errorf("write epoch %d: %d bytes of inputs and %d of lines, at most %d and %d can be read back; close epochs more often, so that each holds less", b.Summary.Number, len(inputs), len(summary), MaxInputsBytes, MaxSummaryBytes)
	}
	if there, err := os.ReadFile(filepath.Join(dir, SummaryFile)); err == nil {
		if bytes.Equal(there, summary) {
			return nil
		}
		return fmt.Errorf("write epoch %d: %s holds another epoch; move it away or choose another folder", b.Summary.Number, filepath.Base(dir))
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("write epoch %d: %w", b.Summary.Number, err)
	}
	temp, err := os.MkdirTemp(parent, ".epoch-*")
	if err != nil {
		return fmt.Errorf("write epoch %d: %w", b.Summary.Number, err)
	}
	defer os.RemoveAll(temp) // what is left when a step below fails
	if err := errors.Join(
		os.Chmod(temp, 0o755),
		writeSynced(filepath.Join(temp, InputsFile), write(inputs)),
		writeSynced(filepath.Join(temp, SummaryFile), write(summary)),
		writeSynced(filepath.Join(temp, BundleFile), func(w io.Writer) error { return pack(w, inputs, summary) }),
		writeSynced(filepath.Join(temp, ProofsFile), b.Summary.writeProofs),
		syncFolder(temp),
	); err != nil {
		return fmt.Errorf("write epoch %d: %w", b.Summary.Number, err)
	}
	if err := os.Rename(temp, dir); err != nil {
		return fmt.Errorf("write epoch %d: %w", b.Summary.Number, err)
	}
	return syncFolder(parent)
}

// write is data, as writeSynced takes it.
func write(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// writeSynced makes a new file, which is whole on disk when it returns nil.
func writeSynced(path string, content func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(content(f), f.Sync(), f.Close())
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Read loads an epoch's folder and checks that inputs.json has the hash that
// epoch.json names. It believes the rest; Verify does not. A folder that is not
// there is fs.ErrNotExist.
func Read(dir string) (Bundle, error) {
	b, raw, err := read(dir)
	if err != nil {
		return Bundle{}, err
	}
	if got := common.Hash(sha256.Sum256(raw)); got != b.Summary.DatasetHash {
		return Bundle{}, fmt.Errorf("read epoch %d: %s has hash %s, epoch.json names %s; fetch the folder again", b.Summary.Number, InputsFile, got, b.Summary.DatasetHash)
	}
	return b, nil
}

// read decodes both files; raw is inputs.json as it stands there.
func read(dir string) (b Bundle, raw []byte, err error) {
	raw, err = readBounded(filepath.Join(dir, InputsFile), MaxInputsBytes)
	if err != nil {
		return b, nil, err
	}
	if err := decodeStrict(raw, &b.Inputs); err != nil {
		return b, nil, fmt.Errorf("read epoch: %s: %w; fetch the folder again", InputsFile, err)
	}
	summary, err := readBounded(filepath.Join(dir, SummaryFile), MaxSummaryBytes)
	if err != nil {
		return b, nil, err
	}
	if err := decodeStrict(summary, &b.Summary); err != nil {
		return b, nil, fmt.Errorf("read epoch: %s: %w; fetch the folder again", SummaryFile, err)
	}
	return b, raw, nil
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read epoch: %s is missing; name the folder that holds it: %w", filepath.Base(path), fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("read epoch: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read epoch: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read epoch: %s has more than %d bytes; this is not an epoch of this version", filepath.Base(path), limit)
	}
	return data, nil
}

func decodeStrict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}
