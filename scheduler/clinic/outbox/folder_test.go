package outbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// located are the items of a result's folder, with their paths.
func located(t *testing.T, p Parcel) []Item {
	t.Helper()
	items, err := readItems(p.Folder)
	if err == nil {
		err = locate(p.Folder, items)
	}
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func TestFolderIsWholeOrNotThere(t *testing.T) {
	dir, shelf := t.TempDir(), t.TempDir()
	p := result(t, dir, 1)
	items := located(t, p)
	to := filepath.Join(shelf, filepath.Base(p.Folder))
	broken := items[1]
	broken.SHA256[0]++
	if err := Folder(shelf).Carry(t.Context(), []Item{items[0], broken}, nil); err == nil {
		t.Fatal("a file that changed on its way is taken")
	}
	if left, err := os.ReadDir(shelf); err != nil || len(left) != 0 {
		t.Errorf("half a result is on the shelf: %v, %v", left, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Folder(shelf).Carry(ended, items, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	var count int
	taken := func(Item) error { count++; return nil }
	for _, part := range [][]Item{items[:2], items[1:]} { // an attempt that could not note all that it did, and the next
		if err := Folder(shelf).Carry(t.Context(), part, taken); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(to)
	if err != nil || len(left) != len(items) || count != len(items)+1 {
		t.Errorf("%d files for %d items: %v", len(left), len(items), err)
	}
	if left, _ := os.ReadDir(shelf); len(left) != 1 {
		t.Errorf("a staging folder is left: %v", left)
	}
}

func TestFolderNeverMakesItsRoot(t *testing.T) {
	dir := t.TempDir()
	items := located(t, result(t, dir, 1))
	err := Folder(filepath.Join(dir, "not mounted")).Carry(t.Context(), items, func(Item) error { return nil })
	var failure *Failure
	if !errors.As(err, &failure) || failure.Fault != Unreachable {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "not mounted")); err == nil {
		t.Error("the folder was made")
	}
}

// The name of a result's folder is for no log, whichever step fails.
func TestFolderErrorsNameNoPath(t *testing.T) {
	dir := t.TempDir()
	p := result(t, dir, 1)
	items, root := located(t, p), filepath.Join(dir, "shared")
	if err := errors.Join(os.Mkdir(root, 0o700), os.WriteFile(filepath.Join(root, filepath.Base(p.Folder)), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	err := Folder(root).Carry(t.Context(), items, func(Item) error { return nil })
	if cause := causeOf(err); err == nil || cause == "" || strings.Contains(cause, filepath.Base(p.Folder)) {
		t.Errorf("%v, cause %q", err, cause)
	}
}

func TestFaultsOfDisks(t *testing.T) {
	for err, want := range map[error]Fault{
		os.ErrPermission: Denied, os.ErrNotExist: Unreachable, syscall.ESTALE: Unreachable, syscall.ENOSPC: NoRoom, syscall.EDQUOT: NoRoom, errors.New("x"): Other,
	} {
		if got := faultOfDisk(&os.PathError{Op: "open", Path: "/x", Err: err}); got != want {
			t.Errorf("%v: %s", err, got)
		}
	}
}
