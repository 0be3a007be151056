package inbox

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// TestFilesMadeAheadAreNoneOfTheStudys: a study of many instances is handed out with its own
// files only, and so is one that a crash interrupted.
func TestFilesMadeAheadAreNoneOfTheStudys(t *testing.T) {
	for name, crash := range map[string]bool{"handed out": false, "interrupted": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				folder := t.TempDir()
				b := openInbox(t, folder, Config{})
				const instances = 30
				for n := range instances {
					if _, err := sendBy(b, ct(study1, n), 0); err != nil {
						t.Fatal(err)
					}
				}
				files, err := filepath.Glob(filepath.Join(folder, "studies", "*", imagesFolder, "*"))
				if err != nil || len(files) <= instances {
					t.Fatalf("%d files, so none was made ahead; %v", len(files), err)
				}
				if crash {
					if err := b.Close(); err != nil {
						t.Fatal(err)
					}
					b = openInbox(t, folder, Config{})
				}
				s := next(t, b)
				if names, err := os.ReadDir(s.Folder); err != nil || len(names) != instances || s.Instances != instances {
					t.Errorf("%d files and %d instances, want %d; %v", len(names), s.Instances, instances, err)
				}
			})
		})
	}
}

// TestAFileMadeAheadThatCanNotBeOpenedIsRemoved: as when a process has too many files open. The
// sender is refused and comes again; the study has no empty file.
func TestAFileMadeAheadThatCanNotBeOpenedIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := &crowdedDisk{}
		b := openOn(t, t.TempDir(), Config{}, on)
		const instances = 30
		refused := 0
		for n := range instances {
			for tries := 0; ; tries++ {
				_, err := sendBy(b, ct(study1, n), 0)
				if err == nil {
					break
				}
				if refused++; !errors.Is(err, syscall.EMFILE) || tries > 0 {
					t.Fatalf("instance %d: %v", n, err)
				}
			}
		}
		s := next(t, b)
		if names, err := os.ReadDir(s.Folder); err != nil || len(names) != instances || s.Instances != instances || refused == 0 {
			t.Errorf("%d files and %d instances, want %d, %d times refused; %v", len(names), s.Instances, instances, refused, err)
		}
	})
}

// crowdedDisk can't open every second file that is there.
type crowdedDisk struct {
	system
	asked atomic.Int64
}

func (d *crowdedDisk) reopen(path string, size int64) (diskFile, error) {
	if d.asked.Add(1)%2 == 0 {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.EMFILE}
	}
	return d.system.reopen(path, size)
}

// TestTakenBlanks: whatever is taken and prepared in whatever order, each number is its
// taker's alone, and none is left when it is over.
func TestTakenBlanks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		folder := t.TempDir()
		on := &stingyDisk{left: rapid.IntRange(0, 200).Draw(rt, "files that the disk takes")}
		var s blanks
		taken := map[string]bool{}
		numbers := rapid.Permutation(between(1, rapid.IntRange(1, 120).Draw(rt, "numbers"))).Draw(rt, "order")
		for _, number := range numbers {
			path := filepath.Join(folder, fileName(number))
			var err error
			if s.take(number) {
				_, err = os.Stat(path)
			} else {
				err = os.WriteFile(path, nil, 0o600)
			}
			if err != nil {
				rt.Fatal(err)
			}
			taken[fileName(number)] = true
			if more := s.prepare(on, folder, slog.New(slog.DiscardHandler)); more != nil {
				more()
			}
		}
		if err := s.clear(on, folder); err != nil {
			rt.Fatal(err)
		}
		left, err := os.ReadDir(folder)
		if err != nil || len(left) != len(taken) {
			rt.Errorf("%d files, %d taken, %v", len(left), len(taken), err)
		}
		if s.prepare(on, folder, slog.New(slog.DiscardHandler)) != nil {
			rt.Error("more are made after the end")
		}
	})
}

func between(first, last int) (list []int) {
	for n := first; n <= last; n++ {
		list = append(list, n)
	}
	return list
}

// stingyDisk has room for so many files.
type stingyDisk struct {
	system
	left int
}

func (d *stingyDisk) create(path string) (diskFile, error) {
	if d.left--; d.left < 0 {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	return d.system.create(path)
}

func (d *stingyDisk) syncFolder(path string) error {
	if d.left%5 == 4 {
		return errors.New("a folder that can't be synced")
	}
	return d.system.syncFolder(path)
}
