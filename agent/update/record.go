package update

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// The names below a folder of updates.
const (
	recordFile  = "record.json"
	recordLock  = "record.lock"
	workLock    = "work.lock"
	versionsDir = "versions"
	scratchDir  = "trial"
	programName = "medhive"
	partSuffix  = ".part"
)

// Bounds of a record.
const (
	maxRecord = 256 << 10 // bytes
	maxBad    = 64        // versions, the newest
	maxReason = 600       // bytes
	maxLines  = 16        // channels whose sequence is remembered
)

// Stage is how far an update has come. It is written before the act that it names.
type Stage string

// The stages, in their order.
const (
	Idle        Stage = ""
	Downloading Stage = "downloading"
	Trying      Stage = "trying" // the version's own word, before the node is drained
	Draining    Stage = "draining"
	Proving     Stage = "proving"   // self-test and models, on the idle machine
	Switching   Stage = "switching" // the next start runs the new version
)

// Record is what outlives a process. It is replaced as a whole, so each of its states is one
// from which a program can be started.
type Record struct {
	Seen      map[string]Seen `json:"seen,omitempty"`   // by key and channel
	Active    *Installed      `json:"active,omitempty"` // what runs; absent: the program as it was installed
	Former    *Installed      `json:"former,omitempty"` // what to go back to; absent: likewise
	Probation *Probation      `json:"probation,omitempty"`
	Bad       []Bad           `json:"bad,omitempty"` // the newest last
	Stage     Stage           `json:"stage,omitempty"`
	Target    string          `json:"target,omitempty"` // version that the stage is about
	Resume    bool            `json:"resume,omitempty"` // the node took work before the update drained it
	Checked   time.Time       `json:"checked,omitzero"` // when a manifest was last seen and believed
	Failure   string          `json:"failure,omitempty"`
	FailedAt  time.Time       `json:"failed_at,omitzero"`
}

// Seen is the newest manifest of a channel, below which nothing is believed any more.
type Seen struct {
	Sequence uint64    `json:"sequence"`
	Digest   Digest    `json:"digest"` // of the manifest
	Issued   time.Time `json:"issued"`
}

// Installed is a version whose program lies in the folder.
type Installed struct {
	Version string    `json:"version"`
	SHA256  Digest    `json:"sha256"`
	At      time.Time `json:"at"`
}

// Probation is a version that has not proved itself yet.
type Probation struct {
	Starts int       `json:"starts"`         // that were not taken back by an orderly stop
	First  time.Time `json:"first,omitzero"` // of the starts
}

// Bad is a version that this machine takes no more.
type Bad struct {
	Version string    `json:"version"`
	SHA256  Digest    `json:"sha256"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
}

// Folder is where updates are kept: HOME/update.
type Folder struct{ dir string }

// Open is the folder, which need not exist.
func Open(dir string) Folder { return Folder{dir} }

// program is where a version's executable lies.
func (f Folder) program(version string) string {
	return filepath.Join(f.dir, versionsDir, version, programName)
}

// Read is the record; an empty one where there is none.
func (f Folder) Read() (r Record, err error) {
	file, err := os.Open(filepath.Join(f.dir, recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("read the record of updates: %w", pathless(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxRecord+1))
	if err == nil && len(text) > maxRecord {
		err = fmt.Errorf("it is larger than %d bytes", maxRecord)
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err == nil {
		err = r.valid()
	}
	if err != nil {
		return Record{}, fmt.Errorf("read the record of updates: %w; move %s away, the next check begins a new one", pathless(err), recordFile)
	}
	return r, nil
}

// valid keeps names that are made into paths from leading elsewhere.
func (r Record) valid() error {
	for _, i := range []*Installed{r.Active, r.Former} {
		if i != nil && !ValidVersion(i.Version) {
			return fmt.Errorf("%.80q is no version", i.Version)
		}
	}
	return nil
}

// Change reads the record, has it changed, and writes it durably, with nobody between.
func (f Folder) Change(change func(*Record) error) (Record, error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return Record{}, fmt.Errorf("make the folder of updates: %w", pathless(err))
	}
	unlock, err := f.lock(recordLock, unix.LOCK_EX)
	if err != nil {
		return Record{}, err
	}
	defer unlock()
	r, err := f.Read()
	if err != nil {
		return r, err
	}
	if err := change(&r); err != nil {
		return r, err
	}
	return r, f.write(r)
}

// lock takes a lock of the folder, which ends with the process at the latest.
func (f Folder) lock(name string, how int) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(f.dir, name), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the folder of updates: %w", pathless(err))
	}
	for {
		err = unix.Flock(int(file.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the folder of updates: %w", err), file.Close())
	}
	return func() { _ = file.Close() }, nil // closing it is what unlocks
}

func (f Folder) write(r Record) (err error) {
	if len(r.Bad) > maxBad {
		r.Bad = r.Bad[len(r.Bad)-maxBad:]
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the record of updates: %w", err)
	}
	temporary, err := os.CreateTemp(f.dir, "."+recordFile+".*")
	if err != nil {
		return fmt.Errorf("write the record of updates: %w", pathless(err))
	}
	defer os.Remove(temporary.Name()) // fails once renamed, as it should
	_, err = temporary.Write(append(text, '\n'))
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(f.dir, recordFile))
	}
	if err = cmp.Or(err, syncFolder(f.dir)); err != nil {
		return fmt.Errorf("write the record of updates: %w", pathless(err))
	}
	return nil
}

// bad is why a version is not taken any more, if so.
func (r Record) bad(version string, digest Digest) (Bad, bool) {
	at := slices.IndexFunc(r.Bad, func(b Bad) bool { return b.Version == version && b.SHA256 == digest })
	if at < 0 {
		return Bad{}, false
	}
	return r.Bad[at], true
}

// condemn remembers a version as bad.
func (r *Record) condemn(version string, digest Digest, reason string, now time.Time) {
	reason = clip(reason)
	if _, known := r.bad(version, digest); !known {
		r.Bad = append(r.Bad, Bad{version, digest, reason, now.UTC()})
	}
	r.fail(fmt.Sprintf("version %s: %s", version, reason), now)
}

// fail remembers what the last update came to.
func (r *Record) fail(text string, now time.Time) { r.Failure, r.FailedAt = clip(text), now.UTC() }

// Forgive forgets which versions were bad, so that they are tried again.
func (f Folder) Forgive() error {
	_, err := f.Change(func(r *Record) error {
		r.Bad, r.Failure, r.FailedAt = nil, "", time.Time{}
		return nil
	})
	return err
}

// goBack leaves the active version for the one before it.
func (r *Record) goBack() {
	r.Active, r.Former, r.Probation = r.Former, nil, nil
}

func clip(text string) string {
	if len(text) > maxReason {
		text = text[:maxReason]
	}
	return text
}

func syncFolder(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// pathless is an error of the file system without its path, which may name a person.
func pathless(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
