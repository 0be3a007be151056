package intake

import (
	"path/filepath"
	"testing"
)

// The open window is what came after the newest line.
func TestOpenIsWhatCameAfterTheLine(t *testing.T) {
	store, _ := openStore(t, filepath.Join(t.TempDir(), "coordinator.db"))
	open := func(want int) {
		t.Helper()
		w, err := store.Open()
		must(t, err)
		if len(w.Receipts) != want {
			t.Errorf("%d receipts are in the open window; want %d", len(w.Receipts), want)
		}
	}
	open(0)
	store.put(t, receipt(t, "scan 1", "node", "clinic", 1, ""))
	open(1)
	_, err := store.Seal(1)
	must(t, err)
	open(0)
	store.put(t, receipt(t, "scan 2", "node", "clinic", 1, ""))
	open(1)
}
