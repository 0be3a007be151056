package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// smallDisk is a disk that is full when so many bytes have been written.
type smallDisk struct {
	system
	mu   sync.Mutex
	left int64
}

type smallFile struct {
	diskFile
	disk *smallDisk
}

func (d *smallDisk) create(path string) (diskFile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left <= 0 {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	f, err := d.system.create(path)
	return smallFile{f, d}, err
}

func (d *smallDisk) reopen(path string, size int64) (diskFile, error) {
	f, err := d.system.reopen(path, size)
	return smallFile{f, d}, err
}

// Write writes what fits, as a real disk does.
func (f smallFile) Write(b []byte) (int, error) {
	f.disk.mu.Lock()
	fits := min(int64(len(b)), f.disk.left)
	f.disk.left -= fits
	f.disk.mu.Unlock()
	n, err := f.diskFile.Write(b[:fits])
	if err == nil && fits < int64(len(b)) {
		err = &fs.PathError{Op: "write", Path: "somewhere", Err: syscall.ENOSPC}
	}
	return n, err
}

// Sync does nothing: no power is cut here.
func (smallFile) Sync() error { return nil }

// TestAFullDiskRefusesAndLeavesNothing fills the disk at any byte: what was acknowledged is
// there and whole, also after a restart, and nothing else is.
func TestAFullDiskRefusesAndLeavesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		folder := t.TempDir()
		on := &smallDisk{left: int64(rapid.IntRange(0, 60_000).Draw(rt, "bytes"))}
		b := openOn(t, folder, Config{}, on)
		kept := map[string]bool{}
		for n := range 12 {
			s := ct([]string{study1, "1.2.840.777.2"}[n%2], n)
			_, err := sendBy(b, s, 0)
			switch {
			case err == nil:
				kept[s.uid()] = true
			case !errors.Is(err, ErrFull) || strings.Contains(err.Error(), folder):
				rt.Fatalf("instance %d: %v", n, err)
			}
		}
		left := 0
		for _, p := range b.Arriving() {
			left += p.Instances
		}
		if left != len(kept) {
			rt.Fatalf("%d instances are there, %d were acknowledged", left, len(kept))
		}
		if err := b.Close(); err != nil {
			rt.Fatal(err)
		}
		again := openInbox(t, folder, Config{})
		checkKept(rt, again, kept)
	})
}

// checkKept finishes both studies of a test and wants exactly the instances that were
// acknowledged, each with its pixels.
func checkKept(t *rapid.T, b *Inbox, kept map[string]bool) {
	found := map[string]bool{}
	finished := 0
	for _, p := range b.Arriving() {
		if p.Instances == 0 {
			continue
		}
		if err := b.Finish(p.StudyUID); err != nil {
			t.Fatal(err)
		}
		finished++
	}
	for range finished {
		s, err := b.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if s.Instances == 0 {
			t.Fatal("an empty study was handed out")
		}
		files, err := filepath.Glob(filepath.Join(s.Folder, "*"))
		if err != nil || len(files) != s.Instances {
			t.Fatalf("%d files, %d instances, %v", len(files), s.Instances, err)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			h, err := readHead(data, "", true)
			if err != nil || int64(len(data)) != h.pixelsEnd {
				t.Fatalf("a file is not whole: %d bytes of %d, %v", len(data), h.pixelsEnd, err)
			}
			var number byte
			if _, err := fmt.Sscan(h.text(tagInstanceNumber), &number); err != nil {
				t.Fatal(err)
			}
			if pixels := data[len(data)-2048:]; !bytes.Equal(pixels, bytes.Repeat([]byte{number}, 2048)) {
				t.Fatalf("slice %d has other pixels", number)
			}
			if !kept[h.instance()] {
				t.Fatal("an instance is there that was not acknowledged")
			}
			found[h.instance()] = true
		}
	}
	if len(found) != len(kept) {
		t.Fatalf("%d instances are there, %d were acknowledged", len(found), len(kept))
	}
}

// powerDisk remembers what a power cut would leave of the files of a disk.
type powerDisk struct {
	system
	mu    sync.Mutex
	files map[string]*powerFile
}

// powerFile is a file as it is on the platters: so many bytes of it, and its name or not.
type powerFile struct {
	diskFile
	disk   *powerDisk
	size   int64
	synced int64
	named  bool
}

func newPowerDisk() *powerDisk { return &powerDisk{files: map[string]*powerFile{}} }

func (d *powerDisk) create(path string) (diskFile, error) {
	f, err := d.system.create(path)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	// A file of a folder that is renamed into its place later is there under both names.
	path = strings.Replace(path, makingSuffix, "", 1)
	d.files[path] = &powerFile{diskFile: f, disk: d}
	return d.files[path], nil
}

// reopen goes on with a file that this disk made.
func (d *powerDisk) reopen(path string, size int64) (diskFile, error) {
	f, err := d.system.reopen(path, size)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.files[path]
	if known == nil { // of an earlier life: on disk
		known = &powerFile{disk: d, size: size, synced: size, named: true}
		d.files[path] = known
	}
	known.diskFile = f
	return known, nil
}

func (d *powerDisk) syncFolder(path string) error {
	path = strings.Replace(path, makingSuffix, "", 1)
	d.mu.Lock()
	for name, f := range d.files {
		f.named = f.named || filepath.Dir(name) == path
	}
	d.mu.Unlock()
	return nil
}

func (f *powerFile) Write(b []byte) (int, error) {
	n, err := f.diskFile.Write(b)
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.size += int64(n)
	return n, err
}

func (f *powerFile) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.synced = f.size
	return nil
}

// cut does to the files what a power cut may do: of what was not synced some is there, some
// is not, and some is zeros. chance picks.
func (d *powerDisk) cut(chance *rand.Rand) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, f := range d.files {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if !f.named && chance.IntN(2) == 0 {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		if f.size == f.synced {
			continue
		}
		size := f.size // its length may be there, and what it holds not
		if chance.IntN(2) == 0 {
			size = f.synced + chance.Int64N(f.size-f.synced+1)
		}
		if err := os.Truncate(path, size); err != nil {
			return err
		}
		if chance.IntN(2) == 0 {
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = file.WriteAt(make([]byte, size-f.synced), f.synced)
			if err = errors.Join(err, file.Close()); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestAPowerCutLosesNothingThatWasAcknowledged cuts the power while instances are on their
// way, at any moment that a sender can see.
func TestAPowerCutLosesNothingThatWasAcknowledged(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		folder := t.TempDir()
		on := newPowerDisk()
		b := openOn(t, folder, Config{}, on)
		kept := map[string]bool{}
		count := rapid.OneOf(rapid.IntRange(1, 12), rapid.IntRange(20, 60)).Draw(rt, "instances") // many: files are made ahead
		for n := range count {
			s := ct([]string{study1, "1.2.840.777.2"}[n%2], n)
			if _, err := sendBy(b, s, 0); err != nil {
				rt.Fatal(err)
			}
			kept[s.uid()] = true
		}
		// One more is written, and its record too, when the power goes: nothing is synced.
		torn := ct(study1, 99)
		halfKept(rt, b, torn)
		if rapid.Bool().Draw(rt, "one behind it is safe") {
			s := ct(study1, 100)
			if _, err := sendBy(b, s, 0); err != nil {
				rt.Fatal(err)
			}
			kept[s.uid()] = true
		}
		if err := b.Close(); err != nil {
			rt.Fatal(err)
		}
		if err := on.cut(rand.New(rand.NewPCG(1, rapid.Uint64().Draw(rt, "seed")))); err != nil {
			rt.Fatal(err)
		}
		again := openInbox(t, folder, Config{})
		if again.Holds([]string{torn.uid()})[0] {
			kept[torn.uid()] = true // all of it happened to be on disk
		}
		checkKept(rt, again, kept)
	})
}

// halfKept does what keep does for an instance, up to the moment before anything is synced.
func halfKept(t *rapid.T, b *Inbox, s slice) {
	in, err := look(context.Background(), s.instance(explicitLE), bytes.NewReader(s.dataset(explicitLE)), 1<<20, make(chan struct{}, 1))
	if err != nil {
		t.Fatal(err)
	}
	at, err := b.seat(context.Background(), b.seals.id(s.study), Origin{}, in.head)
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := b.openSeat(at.arriving, at.entry.Number, filepath.Join(at.arriving.images(), fileName(at.entry.Number)))
	if err != nil {
		t.Fatal(err)
	}
	top := part10Head(explicitLE, ctClass, s.uid(), "")
	if _, err := file.Write(top); err != nil {
		t.Fatal(err)
	}
	k := kept{Number: at.entry.Number, UID: s.uid(), Class: ctClass, Syntax: explicitLE, Skip: len(top), Series: s.series, Likeness: in.head.likeness()}
	check := crc32.Checksum(top, castagnoli())
	size, err := in.drain(func(part []byte) error {
		check = crc32.Update(check, castagnoli(), part)
		_, err := file.Write(part)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	k.Check, k.Bytes = check, size+int64(len(top))
	if _, err := at.arriving.note(k, in.head); err != nil {
		t.Fatal(err)
	}
	b.rise(at, false)
}

// faultyDisk is a disk of which some syncs fail.
type faultyDisk struct {
	system
	mu    sync.Mutex
	fails func() bool // guarded by mu
}

type faultyFile struct {
	diskFile
	disk *faultyDisk
}

func (d *faultyDisk) sync() error {
	d.mu.Lock()
	fails := d.fails()
	d.mu.Unlock()
	if fails {
		return syscall.EIO
	}
	return nil // no power is cut here
}

func (d *faultyDisk) create(path string) (diskFile, error) {
	f, err := d.system.create(path)
	return faultyFile{f, d}, err
}

func (d *faultyDisk) reopen(path string, size int64) (diskFile, error) {
	f, err := d.system.reopen(path, size)
	return faultyFile{f, d}, err
}

func (d *faultyDisk) syncFolder(string) error { return d.sync() }

func (f faultyFile) Sync() error { return f.disk.sync() }

// TestAFaultyDiskAcknowledgesNothingThatItLost lets syncs of files, folders and records fail:
// what was acknowledged is there after a restart, and nothing else is.
func TestAFaultyDiskAcknowledgesNothingThatItLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		folder := t.TempDir()
		chance := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(rt, "seed")))
		rate := rapid.IntRange(2, 30).Draw(rt, "one sync in so many fails")
		on := &faultyDisk{fails: func() bool { return false }}
		b := openOn(t, folder, Config{}, on)
		on.fails = func() bool { return chance.IntN(rate) == 0 }
		kept := map[string]bool{}
		for n := range 15 {
			s := ct([]string{study1, "1.2.840.777.2"}[n%2], n)
			_, err := sendBy(b, s, 0)
			switch {
			case err == nil:
				kept[s.uid()] = true
			case !errors.Is(err, syscall.EIO) && !errors.Is(err, errBroken):
				rt.Fatalf("instance %d: %v", n, err)
			}
		}
		if err := b.Close(); err != nil {
			rt.Fatal(err)
		}
		checkKept(rt, openInbox(t, folder, Config{}), kept)
	})
}
