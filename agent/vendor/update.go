package vendor

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"aead.dev/minisign"

	"github.com/medhive/medhive/agent/update"
)

// Release is what a vendor says of a new version.
type Release struct {
	Dir     string // holds the programs, as medhive-VERSION-GOOS-GOARCH; the manifest is written there
	Channel string
	Version string
	Minimum string
	Rollout int // percent
	Notes   string
	Valid   time.Duration // of the manifest; a new one must be signed before that
}

// program is how the file of a platform is called.
var program = regexp.MustCompile(`^medhive-(.+)-([a-z0-9]+)-([a-z0-9]+)$`)

// maxManifest bounds the manifest before, in bytes.
const maxManifest = 64 << 10

// SignUpdate writes the manifest of a channel and its signature. Its sequence is one above that
// of the manifest before it in the folder, so the folder is kept from release to release; a
// rollout grows by signing again with a larger share.
func (b *Bench) SignUpdate(r Release, now time.Time) (update.Manifest, error) {
	key, err := b.imageKey()
	if err != nil {
		return update.Manifest{}, err
	}
	m := update.Manifest{
		Kind: update.Kind, Format: update.Format, Channel: r.Channel, Version: r.Version, Minimum: r.Minimum,
		Issued: now.UTC().Truncate(time.Second), Expires: now.Add(r.Valid).UTC().Truncate(time.Second), Rollout: r.Rollout, Notes: r.Notes,
	}
	path := filepath.Join(r.Dir, r.Channel+".json")
	if m.Sequence, err = nextSequence(path); err != nil {
		return m, err
	}
	if m.Files, err = programs(r.Dir, r.Version); err != nil {
		return m, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, fmt.Errorf("write the manifest: %w", err)
	}
	text = append(text, '\n')
	if _, err := update.Parse(text); err != nil {
		return m, fmt.Errorf("machines would refuse this manifest: %w", err)
	}
	hashed := minisign.NewReader(bytes.NewReader(text))
	if _, err := io.Copy(io.Discard, hashed); err != nil {
		return m, fmt.Errorf("sign the manifest: %w", err)
	}
	comment := fmt.Sprintf("timestamp:%d\tfile:%s\thashed", now.Unix(), filepath.Base(path))
	signature := hashed.SignWithComments(key, comment, "signature of a medhive vendor")
	// A machine that comes between the two finds a signature that does not fit, and looks again.
	return m, errors.Join(replace(path, text), replace(path+update.SignatureSuffix, signature))
}

func nextSequence(path string) (uint64, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 1, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the manifest before: %w", pathless(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxManifest+1))
	if err != nil {
		return 0, fmt.Errorf("read the manifest before: %w", pathless(err))
	}
	before, err := update.Parse(text)
	if err != nil {
		return 0, fmt.Errorf("the manifest before: %w; restore it: machines refuse a sequence below the one they saw", err)
	}
	return before.Sequence + 1, nil
}

// programs are the files of a version, one for each platform.
func programs(dir, version string) (list []update.File, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("look for programs: %w", pathless(err))
	}
	for _, e := range entries {
		words := program.FindStringSubmatch(e.Name())
		if words == nil || words[1] != version || !e.Type().IsRegular() {
			continue
		}
		f := update.File{Name: e.Name(), OS: words[2], Arch: words[3]}
		if f.Bytes, f.SHA256, err = sum(filepath.Join(dir, e.Name())); err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Name(), err)
		}
		list = append(list, f)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no program of version %s lies there; put them in as medhive-%s-linux-amd64 and so on", version, version)
	}
	return list, nil
}

func sum(path string) (length int64, digest update.Digest, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, digest, pathless(err)
	}
	defer file.Close()
	hash := sha256.New()
	length, err = io.Copy(hash, file)
	return length, update.Digest(hash.Sum(nil)), err
}

// replace writes a file so that a reader sees the old bytes or the new ones.
func replace(path string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), pathless(err))
	}
	defer os.Remove(temporary.Name()) // fails once renamed, as it should
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Chmod(0o644), temporary.Sync(), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), pathless(err))
	}
	return nil
}
