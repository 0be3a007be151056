package transfer

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// put stores n bytes in two writes.
func put(t *testing.T, f *Folder, name string, n int) error {
	t.Helper()
	return f.Put(t.Context(), name, func(w io.Writer) error {
		for _, part := range []int{n / 2, n - n/2} {
			if _, err := w.Write(make([]byte, part)); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestFolderKeepsItsQuota(t *testing.T) {
	dir := t.TempDir()
	f, err := NewFolderWithin(dir, 1000)
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		do   func() error
		want error
		used int64
	}{
		{func() error { return put(t, f, "a", 600) }, nil, 600},
		{func() error { return put(t, f, "b", 500) }, ErrNoRoom, 600},
		{func() error { return put(t, f, "b", 400) }, nil, 1000},
		{func() error { return put(t, f, "c", 1) }, ErrNoRoom, 1000},
		{func() error { return f.Delete(t.Context(), "a") }, nil, 400},
		{func() error { return f.Delete(t.Context(), "a") }, nil, 400},
		{func() error { return put(t, f, "b", 100) }, nil, 100},
		{func() error { return put(t, f, "c", 900) }, nil, 1000},
	}
	for n, s := range steps {
		if err := s.do(); !errors.Is(err, s.want) || f.used != s.used {
			t.Errorf("step %d: %d bytes in use, want %d: %v", n+1, f.used, s.used, err)
		}
	}
	if err := f.Room(); !errors.Is(err, ErrNoRoom) {
		t.Errorf("whoever asks is told: %v", err)
	}
	again, err := NewFolderWithin(dir, 1000)
	if err != nil || again.used != 1000 {
		t.Fatalf("opened again: %d bytes in use: %v", again.used, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v in the folder, want b and c: %v", entries, err)
	}
}

func TestFolderLeavesTheDiskSomeRoom(t *testing.T) {
	f, err := NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	left := int64(keepFreeBytes + checkEveryBytes/2)
	f.free = func(string) (int64, error) { return left, nil }
	written := 0
	err = f.Put(t.Context(), "a", func(w io.Writer) error {
		part := make([]byte, 1<<20)
		for range 2 * checkEveryBytes / len(part) {
			n, err := w.Write(part)
			written += n
			if left -= int64(n); err != nil {
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, ErrNoRoom) || written > checkEveryBytes || f.used != 0 {
		t.Errorf("%d bytes were written onto a full disk, %d are in use: %v", written, f.used, err)
	}
	f.free = func(string) (int64, error) { return keepFreeBytes, nil }
	if err := f.Room(); err != nil {
		t.Errorf("with 256 MiB left: %v", err)
	}
	f.free = func(string) (int64, error) { return keepFreeBytes - 1, nil }
	if err := put(t, f, "b", 10); !errors.Is(err, ErrNoRoom) {
		t.Errorf("a small blob: %v", err)
	}
	if err := f.Room(); !errors.Is(err, ErrNoRoom) {
		t.Errorf("whoever asks is told: %v", err)
	}
}

func TestFolderRemovesWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, partialPrefix+"123")
	if err := os.WriteFile(left, make([]byte, 10), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) || f.used != 0 {
		t.Errorf("it is still there, %d bytes in use: %v", f.used, err)
	}
}

func TestFolderListsItsBlobs(t *testing.T) {
	dir := t.TempDir()
	f, err := NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Somebody's notes"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b.payload", "a.payload"} {
		err := f.Put(t.Context(), name, func(w io.Writer) error {
			if names, err := f.List(t.Context()); err != nil || slices.Contains(names, name) || len(names) > 1 {
				t.Errorf("while %s is put: %v: %v", name, names, err)
			}
			_, err := w.Write([]byte("sealed"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	names, err := f.List(t.Context())
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"a.payload", "b.payload"}) {
		t.Errorf("%v: %v", names, err)
	}
}
