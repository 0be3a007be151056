package inbox

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// one is the one path that fits a pattern below folder.
func one(t *testing.T, folder string, pattern ...string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(append([]string{folder, "studies"}, pattern...)...))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d paths, %v", len(found), err)
	}
	return found[0]
}

// TestALostSliceOfAnEarlierRevisionTakesNoLateOneWithIt: what came late and was acknowledged
// is handed out, also when a restart finds that what it was added to is damaged.
func TestALostSliceOfAnEarlierRevisionTakesNoLateOneWithIt(t *testing.T) {
	for _, starts := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			folder := t.TempDir()
			b := openInbox(t, folder, Config{})
			send(t, b, ct(study1, 1))
			finish(t, b, study1)
			if late := send(t, b, ct(study1, 2)); late.Revision != 1 {
				t.Fatalf("%+v", late)
			}
			for range starts {
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
				if err := os.RemoveAll(filepath.Join(one(t, folder, "*-1", imagesFolder), fileName(1))); err != nil {
					t.Fatal(err)
				}
				b = openInbox(t, folder, Config{})
			}
			if s := finish(t, b, study1); s.Revision != 1 || s.Instances != 1 || s.Late != 1 || objects(t, s)[ct(study1, 2).uid()] == nil {
				t.Errorf("after %d starts: %+v", starts, s)
			}
		})
	}
}

// TestADamagedRecordLosesNoOther: a bad byte in the record of a study costs at most the
// instance that it is of, whose file is put aside, and it is said.
func TestADamagedRecordLosesNoOther(t *testing.T) {
	const instances = 5
	for name, damage := range map[string]struct {
		at   float64 // in the journal
		held int     // at least
	}{"in the middle": {0.5, instances - 1}, "at the end": {0.99, instances - 1}} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			b := openInbox(t, folder, Config{})
			var uids []string
			for n := range instances {
				send(t, b, ct(study1, n+1))
				uids = append(uids, ct(study1, n+1).uid())
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			path := one(t, folder, "*", journalFile)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data[int(damage.at*float64(len(data)))] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			b, err = open(folder, [SecretBytes]byte{1}, Config{KeepFree: 1}, slog.New(slog.NewTextHandler(&said, nil)), system{})
			if err != nil {
				t.Fatal(err)
			}
			held := 0
			for _, there := range b.Holds(uids) {
				if there {
					held++
				}
			}
			aside, err := filepath.Glob(filepath.Join(folder, "studies", "*", asideFolder, "*"))
			if err != nil || held < damage.held || held+len(aside) != instances {
				t.Errorf("%d of %d instances, %d files put aside, %v", held, instances, len(aside), err)
			}
			if !strings.Contains(said.String(), "ERROR") {
				t.Errorf("nothing is said but %q", said.String())
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}

			b = openInbox(t, folder, Config{})
			for n := range instances {
				send(t, b, ct(study1, n+1))
			}
			if s := finish(t, b, study1); s.Instances != instances || len(objects(t, s)) != instances {
				t.Errorf("%+v", s)
			}
			if kept := send(t, b, ct(study1, instances)); !kept.Duplicate {
				t.Errorf("again: %+v", kept)
			}
		})
	}
}

// TestAStudyThatWasClosedTwiceIsFound: its closing was written, then its standing could not
// be, more was noted, and the process ended.
func TestAStudyThatWasClosedTwiceIsFound(t *testing.T) {
	folder := t.TempDir()
	b := openInbox(t, folder, Config{})
	send(t, b, ct(study1, 1))
	b.mu.Lock()
	r := b.arriving[b.seals.id(study1)]
	done := r.summary(b.config, Quiet)
	b.mu.Unlock()
	if _, err := r.journal.append(record{Done: &done}, record{Conflict: true}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = openInbox(t, folder, Config{})
	if s := next(t, b); s.StudyUID != study1 {
		t.Errorf("%+v", s)
	}
	if s, err := b.Study(study1, -1); err != nil || s.Instances != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestOneBrokenStudyStopsNoOther: the inbox opens, says which one it is, and goes on.
func TestOneBrokenStudyStopsNoOther(t *testing.T) {
	folder := t.TempDir()
	b := openInbox(t, folder, Config{})
	send(t, b, ct(study1, 1))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(one(t, folder, "*", imagesFolder)); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	b, err := open(folder, [SecretBytes]byte{1}, Config{KeepFree: 1}, slog.New(slog.NewTextHandler(&said, nil)), system{})
	if err != nil {
		t.Fatal(err)
	}
	if out := said.String(); !strings.Contains(out, b.Key(study1)) || !strings.Contains(out, "ERROR") || strings.Contains(out, folder) {
		t.Errorf("said %q", out)
	}
	send(t, b, ct("1.2.840.777.2", 1))
	if s := finish(t, b, "1.2.840.777.2"); s.Instances != 1 {
		t.Errorf("%+v", s)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

// syncedFolders notes which folders were made durable.
type syncedFolders struct {
	system
	names map[string]bool
}

func (d syncedFolders) syncFolder(path string) error {
	d.names[filepath.Base(path)] = true
	return d.system.syncFolder(path)
}

// TestOpeningMakesTheNamesOfStudiesDurable: a life that was killed between a study's new name
// and its sync leaves the next one a name that a power cut may take back.
func TestOpeningMakesTheNamesOfStudiesDurable(t *testing.T) {
	on := syncedFolders{names: map[string]bool{}}
	openOn(t, t.TempDir(), Config{}, on)
	if !on.names["studies"] {
		t.Errorf("synced: %v", on.names)
	}
}
